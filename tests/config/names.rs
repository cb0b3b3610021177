//! Unknown names are refused with the nearest known one.

use crate::place::Place;

#[test]
fn an_unknown_variable_names_the_nearest_known_one() {
    for (name, nearest) in [
        ("HUB_BINDD", "HUB_BIND"),
        ("HUB_bind", "HUB_BIND"),
        ("HUB_HASHING_MEMORY_KIB", "HUB_HASHING__MEMORY_KIB"),
        ("HUB_CONFG", "HUB_CONFIG"),
        ("HUB_CONFIG_FILE", "HUB_LOG_FILE"),
        ("HUB_SECRET_KY_FILE", "HUB_SECRET_KEY_FILE"),
        ("HUB_", "HUB_LOG"),
    ] {
        let line = format!(
            "{name}: no such variable; the nearest known one is {nearest}: correct or unset it"
        );
        assert_eq!(Place::new().env(name, "x").lines(), [line]);
    }
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    for (content, key, nearest) in [
        ("bnid = 'x'", "bnid", "bind"),
        ("memory_kib = 9", "memory_kib", "hashing.memory_kib"),
        ("[front]\ndrian = '1s'", "front.drian", "front.drain"),
        ("[frnt]\ndrain = '1s'", "frnt.drain", "front.drain"),
        ("[server]", "server", "bind"),
        ("bind.port = 1", "bind", ""),
    ] {
        let place = Place::new().config(content);
        let file = place.text("given.toml");
        let line = match nearest {
            "" => format!("{key} in {file}: is neither text, number nor list; write one of these"),
            nearest => format!(
                "{key} in {file}: no such key; the nearest known one is {nearest}: correct or remove it"
            ),
        };
        assert_eq!(place.lines(), [line]);
    }
}

#[test]
fn a_table_with_a_value_is_told_to_be_a_table() {
    let place = Place::new().config("front = '10s'");
    let file = place.text("given.toml");
    let line = format!(
        "front in {file}: is a table of settings, no setting; write [front] and its keys below"
    );
    assert_eq!(place.lines(), [line]);
}

#[test]
fn an_unknown_flag_names_the_nearest_known_one() {
    let line = "--front-drian: no such flag; the nearest known one is --front-drain: use that";
    assert_eq!(Place::new().flag("front.drian", "1s").lines(), [line]);
}

#[test]
fn an_odd_name_cannot_break_the_line() {
    let lines = Place::new().env("HUB_A\nB", "x").lines();
    assert!(
        lines[0].starts_with(r#""HUB_A\nB": no such variable"#),
        "{lines:?}"
    );
    let lines = Place::new().config("\"bi\\nnd\" = 1").lines();
    assert!(lines[0].starts_with(r"bi\nnd in "), "{lines:?}");
}

#[test]
fn all_problems_are_told_at_once() {
    let place = Place::new()
        .config("bnid = 1\nregistration = 'maybe'\n[hashing]\nlanes = 5")
        .env("HUB_LGO", "x")
        .env("HUB_BIND", "x")
        .env("HUB_ACCESS_TTL", "2h")
        .env("HUB_REFRESH_TTL", "1h")
        .flag("lgo", "x");
    let places: Vec<String> = place
        .lines()
        .iter()
        .map(|line| line.split(": ").next().unwrap_or_default().to_owned())
        .collect();
    let file = place.text("given.toml");
    let expected = [
        "HUB_LGO".to_owned(),
        "--lgo".to_owned(),
        format!("bnid in {file}"),
        "HUB_BIND".to_owned(),
        format!("hashing.lanes in {file}"),
        format!("registration in {file}"),
        "access_ttl = 2h (HUB_ACCESS_TTL) and refresh_ttl = 1h (HUB_REFRESH_TTL)".to_owned(),
    ];
    assert_eq!(places, expected);
}
