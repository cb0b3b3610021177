//! `GET /admin/users` with whatever can stand in its address: it finds what looking at each user would find, and never more.

use hub::types::entropy::{Entropy, SeededEntropy};
use hub::types::role::Role;
use rocket::http::RawStr;

use crate::browsing::Browser;
use crate::stage::Stage;

/// Names and addresses with signs that a pattern, a text or SQL could take for its own.
const PEOPLE: [(&str, &str); 8] = [
    ("a_b", "percent%sign@x.example"),
    ("a-b", "o'hara@x.example"),
    ("AxB", "under_score@y.example"),
    ("drop_table", "a+tag@x.example"),
    ("select-1", "star*@y.example"),
    ("union_all", "brace{}@x.example"),
    ("or_1--1", "back`tick@y.example"),
    ("Admin-2", "slash/x@x.example"),
];

async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.register_as("root", Role::SuperAdmin).await;
    for (name, email) in PEOPLE {
        let answer = stage
            .register_with(name, email, crate::stage::PASSWORD)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    stage
}

/// The names on a page of the list, sorted.
async fn listed(browser: &Browser<'_>, query: &str) -> Vec<String> {
    let page = browser.get(&format!("/admin/users?{query}")).await;
    assert!(matches!(page.status, 200 | 422), "{query}: {}", page.status);
    let rows = page.body.split("data-label=\"User\"").skip(1);
    let names = rows.filter_map(|row| row.split_once("<bdi>")?.1.split('<').next());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
}

fn naive(words: &str) -> Vec<String> {
    let words = words.trim().to_ascii_lowercase();
    let everybody = [("root", "root@example.com")].into_iter().chain(PEOPLE);
    let mut names: Vec<String> = everybody
        .filter(|(name, email)| {
            [name, email]
                .iter()
                .any(|text| text.to_ascii_lowercase().contains(&words))
        })
        .map(|(name, _)| name.to_owned())
        .collect();
    names.sort();
    names
}

#[rocket::async_test]
async fn a_search_finds_what_looking_at_each_user_finds() {
    let stage = stage().await;
    let root = Browser::of(&stage, "root").await;
    let entropy = SeededEntropy::new(30);
    let letters: Vec<char> = "aAbBxX_-%'\"\\*?[]{}+.@ 1;/`é\u{130}\u{202e}"
        .chars()
        .collect();
    let mut searches: Vec<String> = (0..120)
        .map(|_| {
            let mut bytes = [0; 4];
            entropy.fill(&mut bytes);
            let length = 1 + usize::from(bytes[0]) % 3;
            let picked = bytes[1..=length].iter();
            picked
                .map(|byte| letters[usize::from(*byte) % letters.len()])
                .collect()
        })
        .collect();
    let known = PEOPLE.iter().flat_map(|(name, email)| [*name, *email]);
    searches.extend(known.map(str::to_owned));
    let mut found = 0;
    for words in searches {
        let query = format!("q={}", RawStr::new(&words).percent_encode());
        let names = listed(&root, &query).await;
        assert_eq!(names, naive(&words), "{words:?}");
        found += usize::from(!names.is_empty());
    }
    assert!(found > 30, "{found}");
}

#[rocket::async_test]
async fn hostile_parameters_show_no_more_than_the_usual_list() {
    let stage = stage().await;
    let root = Browser::of(&stage, "root").await;
    let everybody = naive("");
    for hostile in [
        "' OR 1=1 --",
        "1; DROP TABLE users",
        "u.password_hash",
        "(SELECT password_hash FROM users)",
        "username_key, (SELECT 1)",
        "name'\"`",
        "-created",
        "NULL",
        "\0",
        "99999999999999999999",
        "-1",
        "0x10",
        "1e9",
        "a~1",
        "~",
        "{{7*7}}",
        "%",
        "\u{202e}",
    ] {
        let encoded = RawStr::new(hostile).percent_encode();
        for name in [
            "sort",
            "order",
            "rows",
            "after",
            "before",
            "role",
            "state",
            "second_factor",
            "unknown",
        ] {
            let names = listed(&root, &format!("{name}={encoded}")).await;
            let is_whole = names == everybody;
            let is_part = names.iter().all(|name| everybody.contains(name));
            assert!(is_whole || is_part, "{name}={hostile}: {names:?}");
            assert!(
                is_whole || !["sort", "order", "rows", "unknown"].contains(&name),
                "{name}={hostile}: {names:?}"
            );
        }
    }
    assert_eq!(stage.number("SELECT count(*) FROM users"), 9);
}
