//! The secret key, and the token for the metrics, are used and never shown.

use hub::config::{Config, Loaded};

use crate::place::{Place, origin};

/// The digits 00 to 1f, distinct enough that any part of it would be found.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A part that is neither a path nor a number of this page.
const PART: &str = "0b0c0d0e0f";

fn assert_key(loaded: &Loaded) {
    let key = loaded.config.secret_key.as_ref().expect("a key");
    assert_eq!(key.reveal().to_vec(), (0..32).collect::<Vec<u8>>());
}

#[test]
fn without_a_setting_there_is_no_key() {
    let loaded = Place::new().load();
    assert!(loaded.config.secret_key.is_none());
    assert_eq!(
        origin(&loaded, "secret_key"),
        (String::new(), "default".to_owned())
    );
}

#[test]
fn the_key_comes_from_each_layer() {
    let place = Place::new();
    let path = place.write("key", format!("{KEY}\n"));
    let file = place.env("HUB_SECRET_KEY_FILE", &path).load();
    let expected = (
        "(hidden)".to_owned(),
        format!("HUB_SECRET_KEY_FILE ({path})"),
    );
    assert_eq!(origin(&file, "secret_key"), expected);
    for loaded in [
        file,
        Place::new()
            .env("HUB_SECRET_KEY", KEY.to_uppercase())
            .load(),
        Place::new().config(&format!("secret_key = '{KEY}'")).load(),
        Place::new().flag("secret_key", KEY).load(),
    ] {
        assert_key(&loaded);
    }
}

#[test]
fn the_key_is_not_in_debug_and_not_in_origins() {
    let loaded = Place::new().env("HUB_SECRET_KEY", KEY).load();
    let shown = format!("{loaded:?} {loaded:#?}");
    assert!(shown.contains("SecretKey(redacted)"));
    assert!(shown.contains("(hidden)"));
    assert!(!shown.contains(PART), "{shown}");
    // Nor as the list of bytes that a derived Debug would print.
    assert!(!shown.contains("11, 12, 13"), "{shown}");
}

#[test]
fn a_malformed_key_is_refused_without_showing_it() {
    let short = &KEY[..63];
    let odd = format!("{short}g");
    let wide = format!("{}ä", &KEY[..63]);
    let spaced = format!("{KEY} ");
    let no_digit = "has a character that is no hex digit; write 64 of 0-9 and a-f";
    for (key, fault) in [
        ("", "has 0 characters; write 64 hex digits"),
        (short, "has 63 characters; write 64 hex digits"),
        (&spaced, "has 65 characters; write 64 hex digits"),
        (&odd, no_digit),
        (&wide, no_digit),
    ] {
        let lines = Place::new().env("HUB_SECRET_KEY", key).lines();
        assert_eq!(lines, [format!("HUB_SECRET_KEY: {fault}")]);
    }
}

#[test]
fn no_shape_of_the_key_in_a_file_shows_it() {
    for content in [
        format!("secret_key = '{KEY}"),
        format!("secret_key = {KEY}"),
        format!("secret_key = ['{KEY}', '{KEY}']"),
        format!("secret_key = {{ value = '{KEY}' }}"),
        format!("secret_key = '{KEY}' trailing"),
        format!("secret_key = \"{KEY}\\q\""),
        format!("secret_key '{KEY}'"),
        format!("secret_key = '''\n{KEY}\n"),
        format!("secret_key = \"{KEY}\"\nsecret_key = \"{KEY}\""),
        format!("secret_kye = '{KEY}'"),
        format!("[secret_key]\nvalue = '{KEY}'"),
        "secret_key = 12345678901112131415".to_owned(),
        "secret_key = 123456789011121314151617181920".to_owned(),
        "secret_key = 1234567890111213.5".to_owned(),
    ] {
        let place = Place::new().config(&content);
        let error = Config::load(&place.sources).expect_err("a refused key");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(PART), "{content}: {shown}");
        assert!(!shown.contains("111213"), "{content}: {shown}");
    }
}

#[test]
fn a_password_in_an_address_is_not_shown() {
    for name in ["HUB_PUBLIC_URL", "HUB_CORS_ORIGINS"] {
        let lines = Place::new()
            .env(name, "https://me:hunter2@a.example")
            .lines();
        let line = format!("{name}: the address carries a user or a password; leave it out");
        assert_eq!(lines, [line]);
    }
}

#[test]
fn the_token_for_the_metrics_is_not_shown_and_fits_itself_alone() {
    let token = "b1c4e7f0a3d6-metrics";
    let loaded = Place::new().env("HUB_METRICS_TOKEN", token).load();
    let kept = loaded.config.metrics_token.as_ref().expect("a token");
    assert!(kept.fits(token));
    let longer = format!("{token}x");
    for other in ["", &token[1..], &longer, &token.to_uppercase()] {
        assert!(!kept.fits(other), "{other}");
    }
    let shown = format!("{loaded:?} {loaded:#?}");
    assert!(shown.contains("MetricsToken(redacted)"));
    assert!(!shown.contains("e7f0a3d6"), "{shown}");
    let expected = ("(hidden)".to_owned(), "HUB_METRICS_TOKEN".to_owned());
    assert_eq!(origin(&loaded, "metrics_token"), expected);
    for refused in [
        "b1c4e7f0a3d6-me",
        "b1c4e7f0 a3d6-metrics",
        "b1c4e7f0a3d6-metricß",
    ] {
        let lines = Place::new().env("HUB_METRICS_TOKEN", refused).lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("HUB_METRICS_TOKEN: has "), "{lines:?}");
        assert!(!lines[0].contains("e7f0"), "{lines:?}");
    }
}
