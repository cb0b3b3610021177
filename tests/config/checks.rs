//! Every check with a value that fails it and the exact line, and the values at its edges.

use std::time::Duration;

use hub::config::{LogFormat, Registration};

use crate::place::Place;

/// The one line that setting `name` to `value` gives, without the name.
fn fault(name: &str, value: &str) -> String {
    let lines = Place::new().env(name, value).lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let fault = lines[0].strip_prefix(&format!("{name}: "));
    fault.expect("the variable's name in front").to_owned()
}

fn accepts(name: &str, values: &[&str]) {
    for value in values {
        Place::new()
            // Room for every lifetime.
            .flag("session_max_age", "366d")
            .env(name, *value)
            .load();
    }
}

#[test]
fn bind_is_an_ip_address_with_a_port_or_a_kind_of_socket() {
    for value in [
        "localhost:8000",
        "127.0.0.1",
        ":8000",
        "8000",
        "",
        "127.0.0.1:65536",
    ] {
        let expected = format!(
            "{value:?} is not an IP address and a port; write it like 127.0.0.1:8000, [::1]:8000, unix:/path or systemd"
        );
        assert_eq!(fault("HUB_BIND", value), expected);
    }
    for value in ["unix:", "unix:hub.sock", "unix:/run/"] {
        let expected = format!(
            "{value:?} is not the whole path of a socket, of 107 bytes at most; write it like unix:/run/hub/hub.sock"
        );
        assert_eq!(fault("HUB_BIND", value), expected);
    }
    let good = ["0.0.0.0:80", "[::]:0", "127.0.0.1:0", "unix:/a", "systemd"];
    accepts("HUB_BIND", &good);
    for value in good {
        let config = Place::new().env("HUB_BIND", value).load().config;
        assert_eq!(config.bind.to_string(), value);
    }
}

#[test]
fn the_public_url_has_no_path_query_or_fragment() {
    for value in [
        "https://a.example/hub",
        "https://a.example?x",
        "https://a.example#x",
        "https://a.example//",
    ] {
        let expected = format!(
            "{value:?} has something behind host and port; write it like https://hub.example.com"
        );
        assert_eq!(fault("HUB_PUBLIC_URL", value), expected);
    }
    for (value, what) in [
        ("a.example/", "does not begin with http:// or https://"),
        ("ftp://a.example", "does not begin with http:// or https://"),
        ("https:///", "has something behind host and port"),
        ("https://", "has no valid host name"),
        ("https://:1", "has no valid host name"),
        ("https://a.example:x/", "has a port that is no number"),
        ("https://a.example:70000", "has a port above 65535"),
    ] {
        let expected = format!("{value:?} {what}; write it like https://hub.example.com");
        assert_eq!(fault("HUB_PUBLIC_URL", value), expected);
    }
    accepts(
        "HUB_PUBLIC_URL",
        &[
            "https://a.example/",
            "http://localhost:8000",
            "https://[::1]:1/",
        ],
    );
}

#[test]
fn a_trusted_proxy_and_whoever_is_exempt_is_a_network_or_an_address() {
    for value in ["10.0.0.0/33", "proxy.example", "10.0.0", "*"] {
        let expected = format!("{value:?} is not a network; write it like 10.0.0.0/8 or ::1");
        let given = format!("::1,{value}");
        assert_eq!(fault("HUB_THROTTLE_EXEMPT", &given), expected);
        let expected = format!("{expected}, or unix for those at a Unix socket");
        assert_eq!(fault("HUB_TRUSTED_PROXIES", &given), expected);
    }
    for (value, unix) in [("10.0.0.0/8, unix", true), ("10.0.0.0/8", false)] {
        let config = Place::new().env("HUB_TRUSTED_PROXIES", value).load().config;
        assert_eq!(config.trusted_proxies.networks().len(), 1);
        assert_eq!(config.trusted_proxies.trusts(None), unix);
    }
}

#[test]
fn a_cors_origin_is_exact() {
    for value in ["*", "https://*.example.com"] {
        let expected = format!(
            "{value:?} is a pattern; list each origin exactly, like https://app.example.com"
        );
        assert_eq!(fault("HUB_CORS_ORIGINS", value), expected);
    }
    for (value, what) in [
        ("null", "does not begin with http:// or https://"),
        ("https://a.example/", "has something behind host and port"),
        (
            "https://a.example/app",
            "has something behind host and port",
        ),
    ] {
        let expected = format!("{value:?} {what}; write it like https://hub.example.com");
        assert_eq!(fault("HUB_CORS_ORIGINS", value), expected);
    }
}

#[test]
fn an_allowed_host_is_a_name_alone() {
    for value in [
        "*.example.com",
        "https://hub.lan",
        "hub.lan:8000",
        "hub.lan.",
        "user@hub.lan",
        "bücher.example",
    ] {
        let expected = format!(
            "{value:?} is not a host name; write it in ASCII (xn--… for others), without scheme, port and dot at the end, like hub.lan"
        );
        assert_eq!(fault("HUB_ALLOWED_HOSTS", value), expected);
    }
    let config = Place::new()
        .env("HUB_ALLOWED_HOSTS", "Hub.LAN, [2001:DB8::1]")
        .load()
        .config;
    let hosts: Vec<String> = config
        .allowed_hosts
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(hosts, ["hub.lan", "[2001:db8::1]"]);
}

#[test]
fn words_are_those_of_the_list() {
    let expected = "\"Open\" is unknown; write open or closed";
    assert_eq!(fault("HUB_REGISTRATION", "Open"), expected);
    let expected = "\"xml\" is unknown; write auto, text or json";
    assert_eq!(fault("HUB_LOG_FORMAT", "xml"), expected);
    assert_eq!(
        fault("HUB_DATA_DIR", ""),
        "is empty; write the path of a directory"
    );

    let config = Place::new()
        .env("HUB_REGISTRATION", "closed")
        .env("HUB_LOG_FORMAT", "json")
        .load()
        .config;
    assert_eq!(config.registration, Registration::Closed);
    assert_eq!(config.log_format, LogFormat::Json);
}

#[test]
fn a_log_filter_is_levels_and_targets() {
    let mend = "is no log filter; write off, error, warn, info, debug, trace or target=level";
    for (value, wrong) in [
        ("inof", "inof"),
        ("", ""),
        ("info,hub::store", "hub::store"),
        ("hub=loud", "hub=loud"),
        ("info,", ""),
    ] {
        assert_eq!(fault("HUB_LOG", value), format!("{wrong:?} {mend}"));
    }
    accepts(
        "HUB_LOG",
        &[
            "off",
            "WARN",
            "info,hub::store=debug",
            "warn, hub=trace",
            "hub[request]=debug",
        ],
    );
}

#[test]
fn numbers_keep_to_their_range() {
    for (name, least, most) in [
        ("HUB_PASSWORD_MIN_LENGTH", 8_u32, 64_u32),
        ("HUB_HASHING__MEMORY_KIB", 8, 65_536),
        ("HUB_HASHING__PASSES", 1, 10),
        ("HUB_HASHING__LANES", 1, 4),
        ("HUB_HASHING__THREADS", 0, 64),
        ("HUB_HASHING__QUEUE", 1, 1024),
        ("HUB_FRONT__MAX_CONNECTIONS", 1, 65_536),
        ("HUB_FRONT__MAX_CONNECTIONS_PER_NETWORK", 1, 65_536),
    ] {
        let below = least
            .checked_sub(1)
            .map_or("-1".to_owned(), |below| below.to_string());
        let above = (most + 1).to_string();
        for value in [
            &below,
            &above,
            "",
            "+9",
            "9.0",
            "nine",
            "99999999999999999999999",
        ] {
            let expected = format!(
                "{value:?} is not a whole number from {least} to {most}; write one in digits"
            );
            assert_eq!(fault(name, value), expected);
        }
        accepts(name, &[&least.to_string(), &most.to_string()]);
    }
}

#[test]
fn durations_keep_to_their_range() {
    for (name, (below, least), (most, above), range) in [
        ("HUB_ACCESS_TTL", ("0s", "1s"), ("24h", "25h"), "1s and 1d"),
        (
            "HUB_REFRESH_TTL",
            ("0s", "24h"),
            ("366d", "367d"),
            "1s and 366d",
        ),
        ("HUB_REFRESH_GRACE", ("", "0s"), ("60s", "61s"), "0s and 1m"),
        (
            "HUB_HASHING__QUEUE_WAIT",
            ("99ms", "100ms"),
            ("10s", "11s"),
            "100ms and 10s",
        ),
        (
            "HUB_FRONT__HEADER_DEADLINE",
            ("99ms", "100ms"),
            ("60s", "61s"),
            "100ms and 1m",
        ),
        (
            "HUB_FRONT__BODY_DEADLINE",
            ("99ms", "100ms"),
            ("60s", "61s"),
            "100ms and 1m",
        ),
        (
            "HUB_FRONT__IDLE_TIMEOUT",
            ("99ms", "100ms"),
            ("10m", "601s"),
            "100ms and 10m",
        ),
        ("HUB_FRONT__DRAIN", ("", "0s"), ("5m", "301s"), "0s and 5m"),
    ] {
        for value in [below, above] {
            if !value.is_empty() {
                let expected = format!("{value:?} is not between {range}; choose a value within");
                assert_eq!(fault(name, value), expected);
            }
        }
        accepts(name, &[least, most]);
        let expected = r#""10" has no unit; write 10s if you mean seconds, or use ms, m, h or d"#;
        assert_eq!(fault(name, "10"), expected);
    }
    let expected = r#""0s" is not between 1s and 366d; choose a value within"#;
    assert_eq!(fault("HUB_SESSION_MAX_AGE", "0s"), expected);
    let expected =
        r#""soon" is not a duration; write a whole number and ms, s, m, h or d, like 10s"#;
    assert_eq!(fault("HUB_SESSION_MAX_AGE", "soon"), expected);
}

#[test]
fn the_lifetimes_of_tokens_are_whole_seconds_and_the_grace_need_not_be() {
    for name in ["HUB_ACCESS_TTL", "HUB_REFRESH_TTL", "HUB_SESSION_MAX_AGE"] {
        let expected = "\"1500ms\" is not whole seconds; round it";
        assert_eq!(fault(name, "1500ms"), expected);
    }
    let config = Place::new()
        .env("HUB_REFRESH_GRACE", "1500ms")
        .load()
        .config;
    assert_eq!(config.refresh_grace, Duration::from_millis(1500));
}

#[test]
fn a_bare_number_in_the_file_is_no_duration_either() {
    let place = Place::new().config("refresh_grace = 10");
    let line = format!(
        r#"refresh_grace in {}: "10" has no unit; write 10s if you mean seconds, or use ms, m, h or d"#,
        place.text("given.toml")
    );
    assert_eq!(place.lines(), [line]);
}

#[test]
fn an_access_token_does_not_outlive_its_refresh_token() {
    let line = "access_ttl = 24h (default) and refresh_ttl = 1h (HUB_REFRESH_TTL): \
        access_ttl must not be longer than refresh_ttl; shorten the one or lengthen the other";
    assert_eq!(Place::new().env("HUB_REFRESH_TTL", "1h").lines(), [line]);
    Place::new().env("HUB_REFRESH_TTL", "24h").load();
}

#[test]
fn a_refresh_token_does_not_outlive_its_session() {
    let line = "refresh_ttl = 30d (default) and session_max_age = 29d (--session-max-age): \
        refresh_ttl must not be longer than session_max_age; shorten the one or lengthen the other";
    assert_eq!(Place::new().flag("session_max_age", "29d").lines(), [line]);
    Place::new().flag("session_max_age", "30d").load();
}

#[test]
fn a_lane_has_the_memory_that_argon2_needs() {
    let place = Place::new()
        .env("HUB_HASHING__MEMORY_KIB", "31")
        .env("HUB_HASHING__LANES", "4");
    let line = "hashing.memory_kib = 31 (HUB_HASHING__MEMORY_KIB) and hashing.lanes = 4 (HUB_HASHING__LANES): \
        Argon2 needs 8 KiB for each lane; raise the one or lower the other";
    assert_eq!(place.lines(), [line]);
    Place::new()
        .env("HUB_HASHING__MEMORY_KIB", "32")
        .env("HUB_HASHING__LANES", "4")
        .load();
}

#[test]
fn tls_needs_both_files_and_a_port() {
    let line = "tls.cert is empty (default) and tls.key = /k (HUB_TLS__KEY): \
        TLS needs both files; name the other one too, or leave both out";
    assert_eq!(Place::new().env("HUB_TLS__KEY", "/k").lines(), [line]);
    let both = || {
        Place::new()
            .env("HUB_TLS__KEY", "/k")
            .flag("tls.cert", "/c")
    };
    assert!(both().load().config.tls.files().is_some());
    assert!(Place::new().load().config.tls.files().is_none());
    let line = "bind = unix:/a (HUB_BIND) and tls.cert = /c (--tls-cert): \
        a Unix socket carries no TLS; listen on an address, or leave the certificate to the proxy";
    assert_eq!(both().env("HUB_BIND", "unix:/a").lines(), [line]);
    both().env("HUB_BIND", "systemd").load();
}

#[test]
fn the_proxy_protocol_needs_a_proxy() {
    let fault = fault("HUB_FRONT__PROXY_PROTOCOL", "yes");
    assert_eq!(fault, r#""yes" is unknown; write off or on"#);
    let place = || Place::new().env("HUB_FRONT__PROXY_PROTOCOL", "on");
    let line = "front.proxy_protocol = on (HUB_FRONT__PROXY_PROTOCOL) and trusted_proxies is empty (default): \
        nobody could connect; name the proxy that sends the header, or turn it off";
    assert_eq!(place().lines(), [line]);
    for proxies in ["::1", "unix"] {
        let loaded = place().env("HUB_TRUSTED_PROXIES", proxies).load();
        assert!(loaded.config.front.proxy_protocol);
    }
    assert!(!Place::new().load().config.front.proxy_protocol);
}

#[test]
fn a_refused_value_causes_no_further_conflict() {
    let place = Place::new()
        .env("HUB_ACCESS_TTL", "1")
        .env("HUB_REFRESH_TTL", "1h");
    let lines = place.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("HUB_ACCESS_TTL: "), "{lines:?}");
}

#[test]
fn a_long_or_many_lined_value_stays_on_one_short_line() {
    let line = fault("HUB_BIND", &"x\n".repeat(1000));
    assert!(line.len() < 200, "{line}");
}
