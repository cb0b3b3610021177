//! Names and addresses that look or compare alike: one of them at most is somebody's.

use hub::types::email::Email;
use hub::types::entropy::{Entropy, SeededEntropy};
use hub::types::username::Username;

use crate::stage::{PASSWORD, Stage};

/// What is read as `Kevin-Sims1`, or is it after some folding that some program does.
const LOOKALIKES: [&str; 28] = [
    "kevin-sims1",
    "KEVIN-SIMS1",
    "kEVIN-sIMS1",
    "Kevin\u{2010}Sims1",
    "Kevin\u{2011}Sims1",
    "Kevin\u{ad}-Sims1",
    "Kev\u{131}n-S\u{131}ms1",
    "KEV\u{130}N-S\u{130}MS1",
    "kevi\u{307}n-sims1",
    "\u{212a}evin-Sims1",
    "Kevin-\u{17f}ims1",
    "Kevin-Sim\u{17f}1",
    "\u{ff2b}\u{ff45}\u{ff56}\u{ff49}\u{ff4e}-\u{ff33}\u{ff49}\u{ff4d}\u{ff53}\u{ff11}",
    "Kevin-Sims\u{ff11}",
    "Kevin-Sims\u{b9}",
    "Kevin-Sims\u{661}",
    "\u{1d40a}evin-Sims1",
    "\u{41a}evin-Sims1",
    "K\u{435}vin-Sims1",
    "Ke\u{200d}vin-Sims1",
    "Kevin\u{200b}-Sims1",
    "\u{feff}Kevin-Sims1",
    "Kevin-Sims1\u{2060}",
    "Kevin-Sims1 ",
    " Kevin-Sims1",
    "Kevin-Sims1\t",
    "Kevin-Sims1\0",
    "\u{202e}Kevin-Sims1",
];

/// One letter with its accent, and the same as two characters.
const TWINS: [[&str; 2]; 4] = [
    ["ren\u{e9}-1", "rene\u{301}-1"],
    ["\u{c5}sa-1", "A\u{30a}sa-1"],
    ["o\u{323}\u{307}-1", "\u{1ecd}\u{307}-1"],
    ["\u{fb01}nn-1", "finn\u{200c}-1"],
];

#[rocket::async_test]
async fn nobody_registers_a_name_that_reads_like_somebodys() {
    let stage = Stage::new().await;
    stage.register("Kevin-Sims1").await;
    for (at, name) in LOOKALIKES.into_iter().enumerate() {
        let email = format!("other{at}@example.com");
        let answer = stage.register_with(name, &email, PASSWORD).await;
        let status = if name.is_ascii() && name.trim() == name && !name.contains('\0') {
            409
        } else {
            400
        };
        assert_eq!(answer.status, status, "{name:?}: {}", answer.body);
    }
    for name in TWINS.into_iter().flatten() {
        let answer = stage
            .register_with(name, "twin@example.com", PASSWORD)
            .await;
        assert_eq!(answer.status, 400, "{name:?}: {}", answer.body);
    }
    assert_eq!(stage.number("SELECT count(*) FROM users"), 1);
    assert_eq!(stage.text("SELECT username FROM users"), "Kevin-Sims1");
}

#[rocket::async_test]
async fn nobody_signs_in_by_a_name_that_only_reads_like_theirs() {
    let stage = Stage::new().await;
    stage.register("Kevin-Sims1").await;
    for name in LOOKALIKES {
        let answer = stage.login_with(name, PASSWORD).await;
        let is_the_name = name.eq_ignore_ascii_case("Kevin-Sims1");
        let status = if is_the_name { 200 } else { 401 };
        assert_eq!(answer.status, status, "{name:?}: {}", answer.body);
    }
}

#[rocket::async_test]
async fn nobody_registers_an_address_that_reads_like_somebodys() {
    let stage = Stage::new().await;
    let first = "Kevin.Sims@Mail.Example.com";
    assert_eq!(
        stage.register_with("kevin", first, PASSWORD).await.status,
        201
    );
    for (at, (email, status)) in [
        ("kevin.sims@mail.example.com", 409),
        ("KEVIN.SIMS@MAIL.EXAMPLE.COM", 409),
        ("Kevin.Sims@mail.example.com", 409),
        ("Kev\u{131}n.S\u{131}ms@mail.example.com", 400),
        ("Kevin.Sims@ma\u{131}l.example.com", 400),
        ("Kevin.Sims@mail.\u{ff45}xample.com", 400),
        ("Kevin.Sims\u{ff20}mail.example.com", 400),
        ("Kevin.Sims@mail.example.com\u{200b}", 400),
        ("Kevin.Sims@mail.example\u{3002}com", 400),
        ("Kevin.Sims@mail.example.com.", 400),
        ("Kevin.Sims@mail.example.com\0", 400),
        ("Kevin.Sims@mail.example.com\r\nBcc: x@evil.example", 400),
        ("Kevin.Sims@mail.example.com,x@evil.example", 400),
        ("\u{212a}evin.Sims@mail.example.com", 400),
        ("Kevin.\u{17f}ims@mail.example.com", 400),
        ("\"Kevin.Sims\"@mail.example.com", 400),
        ("Kevin.Sims@mail.example.com@evil.example", 400),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = stage
            .register_with(&format!("other{at}"), email, PASSWORD)
            .await;
        assert_eq!(answer.status, status, "{email:?}: {}", answer.body);
    }
    // Mail goes to what was typed at first, and to nothing that was typed later.
    assert_eq!(stage.text("SELECT group_concat(email) FROM users"), first);
}

#[test]
fn the_form_that_is_compared_is_its_own_form_and_tells_no_two_spellings_apart() {
    let entropy = SeededEntropy::new(37);
    let letters: Vec<char> = ('a'..='z')
        .chain('A'..='Z')
        .chain("0123456789_-.+\u{131}\u{130}\u{212a}\u{17f}\u{e9}\u{301}\u{ff21}\u{200d}".chars())
        .collect();
    let (mut names, mut addresses) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = [0; 12];
        entropy.fill(&mut bytes);
        let pick = |byte: &u8| letters[usize::from(*byte) % letters.len()];
        let text: String = bytes.iter().map(pick).collect();
        let ascii: String = text.chars().filter(char::is_ascii).collect();
        for text in [text, ascii] {
            if let Ok(name) = Username::parse(&text) {
                names += 1;
                let key = Username::parse(&name.key()).expect("a name").key();
                assert_eq!(key, name.key());
                assert!(text.is_ascii(), "{text:?}");
                for spelling in [text.to_uppercase(), text.to_lowercase()] {
                    assert_eq!(Username::parse(&spelling).expect("a name").key(), key);
                }
            }
            let text = format!("{text}@{text}.example");
            if let Ok(email) = Email::parse(&text) {
                addresses += 1;
                let key = Email::parse(&email.key()).expect("an address").key();
                assert_eq!(key, email.key());
                for spelling in [text.to_uppercase(), text.to_lowercase()] {
                    assert_eq!(Email::parse(&spelling).expect("an address").key(), key);
                }
            }
        }
    }
    assert!(names > 5_000 && addresses > 2_000, "{names} {addresses}");
}

#[rocket::async_test]
async fn of_fifty_spellings_of_one_name_at_once_one_becomes_a_user() {
    let stage = Stage::without_limits().await;
    let spelling = |number: u32| -> String {
        let letters = "newcomer".chars().enumerate();
        letters
            .map(|(at, letter)| {
                let upper = number >> (at % 6) & 1 == 1;
                if upper {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                }
            })
            .collect()
    };
    let answers = rocket::futures::future::join_all((0..50).map(|number| {
        let (stage, name) = (&stage, spelling(number));
        async move {
            let email = format!("a{number}@example.com");
            stage.register_with(&name, &email, PASSWORD).await.status
        }
    }));
    let statuses = answers.await;
    let made = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(made, 1, "{statuses:?}");
    // Beyond the queue of hashes, some are told to come back.
    assert!(
        statuses
            .iter()
            .all(|status| matches!(status, 201 | 409 | 503)),
        "{statuses:?}"
    );
    assert_eq!(stage.number("SELECT count(*) FROM users"), 1);
    assert_eq!(stage.number("SELECT count(*) FROM sessions"), 1);
}
