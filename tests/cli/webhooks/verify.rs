//! The code in `docs/webhooks.md` with which receivers check a message, run as it stands there.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::json;

use super::commands::stage;
use super::receiver::{Message, Receiver};

/// The first block of this language in the document.
fn code(language: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/webhooks.md");
    let text = fs::read_to_string(path).unwrap();
    let begin = format!("```{language}\n");
    let (_, rest) = text.split_once(&begin).expect("a block of code");
    rest.split_once("\n```").expect("its end").0.to_owned()
}

/// Whether a program that ends with 0 for a good message and with 1 for another one takes this one.
fn takes(program: &str, arguments: &[&str], secret: &str, message: &Message) -> bool {
    let given = json!({"secret": secret, "headers": message.headers, "body": message.body});
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("MESSAGE", given.to_string())
        .stdin(Stdio::null());
    let status = command.output().expect(program);
    match status.status.code() {
        Some(0) => true,
        Some(1) if status.stderr.is_empty() => false,
        _ => panic!("{program}: {status:?}"),
    }
}

#[test]
fn the_code_of_the_document_takes_what_the_hub_sends_and_nothing_else() {
    let stage = stage();
    let receiver = Receiver::new();
    let old = stage
        .run(&["webhook", "add", "crm", &receiver.url()])
        .good();
    let new = stage.run(&["webhook", "secret", "crm"]).good();
    let server = stage.serve();
    stage.add("bob", "USER");
    let message = receiver.next();
    assert_eq!(server.stop().0, 0);
    let script = format!(
        "{}\nconst m = JSON.parse(process.env.MESSAGE);\nprocess.exit(isFromHub(m.secret, m.headers, m.body) ? 0 : 1);",
        code("js").replace("export function", "function")
    );
    let node = ["--input-type=module", "-e", &*script];
    let script = format!(
        "{}\nimport json, os, sys\nm = json.loads(os.environ['MESSAGE'])\nsys.exit(0 if is_from_hub(m['secret'], m['headers'], m['body'].encode()) else 1)",
        code("python")
    );
    let python = ["-c", &*script];
    let other = format!("whsec_{}", "A".repeat(43) + "=");
    let changed = |header: &str, value: &str| {
        let mut changed = message.clone();
        changed.headers.insert(header.to_owned(), value.to_owned());
        changed
    };
    let forged = Message {
        body: message.body.replace("bob", "eve"),
        ..message.clone()
    };
    let bad = [
        forged,
        changed("webhook-timestamp", "1757172645"),
        changed("webhook-timestamp", "soon"),
        changed("webhook-id", "evt_0"),
        changed("webhook-signature", ""),
        changed("webhook-signature", "v1, v2,AAAA v1,AAAA"),
    ];
    for (program, arguments) in [("node", &node[..]), ("python3", &python[..])] {
        // Both secrets sign for a day.
        for secret in [old.trim(), new.trim()] {
            assert!(takes(program, arguments, secret, &message), "{program}");
        }
        assert!(!takes(program, arguments, &other, &message), "{program}");
        for message in &bad {
            assert!(
                !takes(program, arguments, new.trim(), message),
                "{program}: {message:?}"
            );
        }
    }
}
