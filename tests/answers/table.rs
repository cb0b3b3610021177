//! The routes, as the binary itself lists them, and as `tests/api/authorization.txt` has them.

use std::time::Duration;

use serde_json::Value;

use crate::asking::Call;
use crate::site::Site;

/// A route: its method and its pattern.
pub type Route = (String, String);

/// The table that says who may do what. A test of the library holds it to the routes of the sources; here it is held to the binary's.
const TABLE: &str = include_str!("../api/authorization.txt");

/// The setting that has the binary list its routes at its start.
pub const LISTING: (&str, &str) = ("HUB_LOG", "warn,hub::http::routes=debug");

/// Every row's method and pattern, sorted.
pub fn rows() -> Vec<Route> {
    let lines = TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut rows: Vec<Route> = lines
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            (
                words.next().expect("a method"),
                words.next().expect("a pattern"),
            )
        })
        .collect();
    rows.sort();
    rows
}

/// What a server that was started with [`LISTING`] serves, sorted.
pub fn routes(site: &Site) -> Vec<Route> {
    // Whoever is answered is answered after the listing was made; lines reach the log within milliseconds of that.
    assert_eq!(site.ask(&Call::new("GET", "/healthz")).status, 200);
    let mut listed: Vec<Route> = Vec::new();
    for _ in 0..200 {
        std::thread::sleep(Duration::from_millis(50));
        let routes: Vec<Route> = site.log().lines().filter_map(route).collect();
        if !routes.is_empty() && routes.len() == listed.len() {
            break;
        }
        listed = routes;
    }
    listed.sort();
    listed
}

fn route(line: &str) -> Option<Route> {
    let line: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| line[key].as_str().map(str::to_owned);
    if line["message"] != "route" {
        return None;
    }
    // A query is no part of what the table names.
    let pattern = text("pattern")?;
    let path = pattern.split('?').next().unwrap_or_default();
    Some((text("method")?, path.to_owned()))
}

/// Whether a route's pattern (`/a/<b>`, `/a/<b..>`) is for this path.
pub fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) =
        (pattern.split('/').collect(), path.split('/').collect());
    let same = |(part, segment): (&&str, &&str)| {
        part == segment || (part.starts_with('<') && !segment.is_empty())
    };
    pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
}

/// The methods that a path knows, as `Allow` names them.
pub fn methods(routes: &[Route], path: &str) -> Vec<&'static str> {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        .into_iter()
        .filter(|method| {
            let sent = if *method == "HEAD" { "GET" } else { method };
            routes
                .iter()
                .any(|(known, pattern)| known == sent && fits(pattern, path))
        })
        .collect()
}

#[test]
fn the_binary_serves_the_routes_of_the_table_and_no_other() {
    let site = Site::with(&[LISTING]);
    let (routes, rows) = (routes(&site), rows());
    let more: Vec<_> = routes
        .iter()
        .filter(|route| !rows.contains(route))
        .collect();
    let fewer: Vec<_> = rows.iter().filter(|row| !routes.contains(row)).collect();
    assert!(more.is_empty(), "the binary serves {more:?} as well");
    assert!(fewer.is_empty(), "the binary does not serve {fewer:?}");
    assert!(routes.len() > 70, "{}", routes.len());
}

#[test]
fn where_strangers_look_first_there_is_nothing() {
    let site = Site::with(&[]);
    for path in [
        "/.env",
        "/.git/config",
        "/.git/HEAD",
        "/.well-known/openid-configuration",
        "/_debug",
        "/actuator",
        "/actuator/env",
        "/actuator/health",
        "/admin.php",
        "/admin/api",
        "/admin/config",
        "/admin/debug",
        "/admin/export",
        "/admin/health",
        "/admin/login",
        "/admin/metrics",
        "/admin/static/style.css",
        "/api",
        "/api/",
        "/api/admin",
        "/api/admin/users",
        "/api/auth",
        "/api/auth/admin",
        "/api/auth/debug",
        "/api/auth/reset",
        "/api/auth/test",
        "/api/auth/token",
        "/api/auth/users",
        "/api/config",
        "/api/debug",
        "/api/docs",
        "/api/health",
        "/api/keys",
        "/api/metrics",
        "/api/routes",
        "/api/setup",
        "/api/swagger.json",
        "/api/test",
        "/api/users",
        "/api/v1/auth/login",
        "/backup",
        "/backups",
        "/config",
        "/console",
        "/database",
        "/db",
        "/debug",
        "/debug/pprof",
        "/debug/vars",
        "/dump",
        "/env",
        "/error",
        "/graphql",
        "/health",
        "/hub.db",
        "/hub.db-wal",
        "/hub.toml",
        "/info",
        "/internal",
        "/jwks.json",
        "/keys",
        "/log",
        "/logs",
        "/metrics",
        "/oauth/token",
        "/openapi.json",
        "/panic",
        "/phpinfo.php",
        "/register",
        "/reset",
        "/rocket",
        "/routes",
        "/secret.key",
        "/server-status",
        "/setup-token",
        "/shutdown",
        "/signup",
        "/static",
        "/static/",
        "/status",
        "/swagger",
        "/test",
        "/tests",
        "/token",
        "/trace",
        "/users",
        "/version",
        "/wp-login.php",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = site.ask(&Call::new(method, path));
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
            assert_eq!(answer.text(), r#"{"error":"Not found","code":"not_found"}"#);
        }
    }
}
