//! The yardstick: a bare JSON POST route behind Rocket's own server, run in a process of its own.

use std::net::Ipv4Addr;

use rocket::config::LogLevel;
use rocket::serde::json::Json;
use rocket::{Config, post, routes};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Greeting {
    name: String,
}

#[derive(Serialize)]
struct Reply {
    hello: String,
}

#[post("/", data = "<greeting>")]
fn hello(greeting: Json<Greeting>) -> Json<Reply> {
    let hello = greeting.into_inner().name;
    Json(Reply { hello })
}

/// Serves the route on 127.0.0.1 until the process is ended.
pub fn serve(port: u16) -> anyhow::Result<()> {
    // Rocket's release defaults and nothing from files or the environment: the same yardstick everywhere.
    let config = Config {
        address: Ipv4Addr::LOCALHOST.into(),
        port,
        log_level: LogLevel::Off,
        ..Config::release_default()
    };
    let rocket = rocket::custom(config).mount("/", routes![hello]);
    match rocket::execute(rocket.launch()) {
        Ok(_) => Ok(()),
        Err(error) => anyhow::bail!("the hello server: {error}"),
    }
}
