//! The yardstick: a bare JSON POST route behind Rocket's own server, run in a process of its own. And the same route behind the Hub's
//! front door, which shows what that costs or gains.

use std::net::Ipv4Addr;

use hub::front::{self, Limits};
use rocket::config::LogLevel;
use rocket::serde::json::Json;
use rocket::{Build, Config, Rocket, post, routes};
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

/// Serves the route on 127.0.0.1 by Rocket's own server until the process is ended.
pub fn serve(port: u16) -> anyhow::Result<()> {
    match rocket::execute(bare_route(port).launch()) {
        Ok(_) => Ok(()),
        Err(error) => anyhow::bail!("the hello server: {error}"),
    }
}

/// Serves the route on 127.0.0.1 behind the front door, on as many threads as Rocket takes, until the process is ended.
pub fn serve_behind_door(port: u16) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let never = std::future::pending();
        front::serve(listener, bare_route(port), Limits::default(), never).await?;
        Ok(())
    })
}

/// The route on a Rocket of its own.
pub fn bare_route(port: u16) -> Rocket<Build> {
    // Rocket's release defaults and nothing from files or the environment: the same yardstick everywhere.
    let config = Config {
        address: Ipv4Addr::LOCALHOST.into(),
        port,
        log_level: LogLevel::Off,
        ..Config::release_default()
    };
    rocket::custom(config).mount("/", routes![hello])
}
