//! The container image, as far as that can be tried without a container: what the `Dockerfile` says fits the sources and the binary, and the server
//! runs as that user in a root directory that holds nothing else.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::getuid;
use serde_json::json;

use crate::stage::Stage;

const DOCKERFILE: &str = include_str!("../../Dockerfile");
const IGNORED: &str = include_str!("../../.dockerignore");
const COMPOSE: &str = include_str!("../../compose.yaml");

/// The instructions of the last stage, or of the first: word and rest, lines that go on joined.
fn stage_of_image(last: bool) -> Vec<(String, String)> {
    let text = DOCKERFILE.replace("\\\n", " ");
    let lines: Vec<(String, String)> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(' ').expect("an instruction"))
        .map(|(word, rest)| (word.to_owned(), rest.to_owned()))
        .collect();
    let second = lines.iter().rposition(|(word, _)| word == "FROM").unwrap();
    assert!(second > 0, "two stages");
    if last {
        lines[second..].to_vec()
    } else {
        lines[..second].to_vec()
    }
}

/// What the image says once.
fn said(word: &str) -> String {
    let all: Vec<String> = stage_of_image(true)
        .into_iter()
        .filter_map(|(found, rest)| (found == word).then_some(rest))
        .collect();
    assert_eq!(all.len(), 1, "{word} stands there once: {all:?}");
    all[0].clone()
}

/// The words of `["/hub", "serve"]`.
fn words(list: &str) -> Vec<String> {
    serde_json::from_str(list).expect("the form with brackets: there is no shell")
}

/// The number of the image's user and group.
fn user() -> (u32, u32) {
    let user = said("USER");
    let (user, group) = user.split_once(':').expect("user and group");
    let number = |text: &str| text.parse::<u32>().expect("a number: no names are known");
    (number(user), number(group))
}

/// A variable of the image.
fn variable(name: &str) -> String {
    said("ENV")
        .split(' ')
        .find_map(|pair| pair.strip_prefix(&format!("{name}=")).map(str::to_owned))
        .unwrap_or_else(|| panic!("ENV has no {name}"))
}

#[test]
fn the_image_is_made_of_what_is_there_and_nothing_else_is_sent_to_the_build() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut copied: Vec<String> = stage_of_image(false)
        .into_iter()
        .filter(|(word, _)| word == "COPY")
        .flat_map(|(_, rest)| {
            let words: Vec<String> = rest.split(' ').map(str::to_owned).collect();
            words[..words.len() - 1].to_vec()
        })
        .collect();
    for path in &copied {
        assert!(root.join(path).exists(), "{path} is not there");
    }
    let mut sent: Vec<String> = IGNORED
        .lines()
        .filter_map(|line| line.strip_prefix('!').map(str::to_owned))
        .collect();
    assert!(IGNORED.lines().any(|line| line == "*"), "all else stays");
    copied.sort();
    sent.sort();
    assert_eq!(copied, sent);
    // What the manifest and the sources name has to be among it.
    for needed in [
        "src",
        "benches",
        "migrations",
        "static",
        "templates",
        "Cargo.lock",
    ] {
        assert!(copied.iter().any(|path| path == needed), "{needed}");
    }
    let rust = include_str!("../../Cargo.toml");
    let (_, version) = rust.split_once("rust-version = \"").unwrap();
    let (version, _) = version.split_once('"').unwrap();
    let from = &stage_of_image(false)[0].1;
    assert!(from.starts_with(&format!("rust:{version}-")), "{from}");
}

#[test]
fn the_image_says_what_the_binary_means() {
    assert_eq!(stage_of_image(true)[0].1, "scratch");
    let (user, group) = user();
    assert!(user >= 1_000 && group >= 1_000, "not root");
    let port = said("EXPOSE");
    assert!(variable("HUB_BIND").ends_with(&format!(":{port}")));
    let stage = Stage::empty();
    let printed = stage.run(&["config", "example"]).good();
    let default = format!("#bind = \"127.0.0.1:{port}\"\n");
    assert!(printed.contains(&default), "the default port is {port}");
    assert_eq!(words(&said("VOLUME")), [variable("HUB_DATA_DIR")]);
    let binary = words(&said("ENTRYPOINT"));
    let help = stage.run(&["--help"]).good();
    let check = said("HEALTHCHECK");
    let (_, check) = check.split_once("CMD ").expect("a command");
    let check = words(check);
    assert_eq!(check[0], binary[0]);
    for command in [&check[1], &words(&said("CMD"))[0]] {
        let line = format!("\n  {command} ");
        assert!(help.contains(&line), "hub has no {command}: {help}");
    }
}

#[test]
fn the_compose_file_fits_the_image() {
    let port = said("EXPOSE");
    // On this machine alone: it speaks plain HTTP.
    assert!(COMPOSE.contains(&format!("- \"127.0.0.1:{port}:{port}\"\n")));
    assert!(COMPOSE.contains(&format!("- data:{}\n", variable("HUB_DATA_DIR"))));
    for hardening in ["read_only: true", "- ALL", "- no-new-privileges:true"] {
        assert!(COMPOSE.contains(hardening), "{hardening}");
    }
    // Its settings are the Hub's.
    let mut stage = Stage::empty();
    let value = |name: &str| {
        let (_, rest) = COMPOSE.split_once(&format!("      {name}: ")).expect(name);
        rest.lines().next().unwrap().to_owned()
    };
    for name in ["HUB_PUBLIC_URL", "HUB_TRUSTED_PROXIES"] {
        stage.environment.push((name, value(name)));
    }
    let gateway = format!("gateway: {}\n", value("HUB_TRUSTED_PROXIES"));
    assert!(COMPOSE.contains(&gateway), "{gateway}");
    stage.run(&["config", "check"]).good();
}

/// What the binary needs to be started, if it is not a static one: the loader and the libraries of C.
fn libraries(binary: &Path) -> Vec<PathBuf> {
    let told = Command::new("ldd").arg(binary).output().unwrap();
    String::from_utf8(told.stdout)
        .unwrap()
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}

/// A root directory like the image's: the binary and an empty volume.
fn image(place: &Path) -> PathBuf {
    let root = place.join("image");
    let data = root.join(variable("HUB_DATA_DIR").trim_start_matches('/'));
    fs::create_dir_all(&data).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_hub"));
    fs::copy(binary, root.join("hub")).unwrap();
    for library in libraries(binary) {
        let to = root.join(library.strip_prefix("/").unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&library, to).unwrap();
    }
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let (user, group) = user();
    chown(&data, Some(user), Some(group)).expect("to be root");
    root
}

#[test]
fn the_server_runs_as_the_images_user_where_there_is_nothing_but_itself() {
    assert!(
        getuid().is_root(),
        "only root can change the root directory"
    );
    let stage = Stage::empty();
    fs::set_permissions(stage.place(), fs::Permissions::from_mode(0o755)).unwrap();
    let root = image(stage.place());
    // Here it is loopback alone; in a container it is the container's own network.
    let command = |bind: &str, arguments: &[String]| {
        let mut command = Command::new("chroot");
        command
            .arg(format!("--userspec={}", said("USER")))
            .arg(&root)
            .args(arguments)
            .env_clear()
            .env("HUB_DATA_DIR", variable("HUB_DATA_DIR"))
            .env("TMPDIR", variable("TMPDIR"))
            .env("HUB_BIND", bind)
            .env("PATH", "/usr/sbin:/usr/bin");
        command
    };
    let started = [words(&said("ENTRYPOINT")), words(&said("CMD"))].concat();
    let server = stage.start(command("127.0.0.1:0", &started));
    let bind = server.address.to_string();
    let check = said("HEALTHCHECK");
    let check = words(check.split_once("CMD ").unwrap().1);
    let told = command(&bind, &check).output().unwrap();
    assert!(told.status.success(), "{told:?}");
    // SQLite wants a temporary place for what it writes, and so does a backup: there is none but the volume.
    let account = json!({
        "username": "johndoe", "email": "john@example.com", "password": "correct horse 7",
    });
    let (status, answer) = server.ask("POST /api/auth/register", "", &account);
    assert_eq!(status, 201, "{answer}");
    let backup = ["/hub", "backup"].map(str::to_owned);
    let told = command(&bind, &backup).output().unwrap();
    assert!(told.status.success(), "{told:?}");
    let (code, _, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    assert!(
        !log.contains("\"WARN\"") && !log.contains("\"ERROR\""),
        "{log}"
    );
    let told = command(&bind, &check).output().unwrap();
    assert_eq!(told.status.code(), Some(1), "{told:?}");
}
