//! What made-up people do, asked of the whole site in this process: so every session, every lineage and every audit row is what the Hub itself wrote.

use std::net::{IpAddr, SocketAddr};

use rocket::http::{Header, Method, Status};
use rocket::local::asynchronous::Client;
use serde_json::{Value, json};

use crate::cli::dev::people::Device;
use crate::cli::{Exit, Failure};
use crate::hub::Hub;

/// A pair of tokens that somebody holds, and with what.
#[derive(Clone)]
pub struct Held {
    device: Device,
    access: String,
    refresh: String,
}

impl Held {
    /// The same tokens in other hands.
    #[must_use]
    pub fn stolen_by(&self, device: Device) -> Self {
        Self {
            device,
            ..self.clone()
        }
    }
}

/// The way to the site.
pub struct Callers(Client);

impl Callers {
    /// Calls this site.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    /// The Hub behind the site.
    ///
    /// # Errors
    /// When there is none.
    pub fn hub(&self) -> Result<&Hub, Failure> {
        let hub = self.0.rocket().state();
        hub.ok_or_else(|| Failure::new(Exit::Failed, "the site holds no Hub"))
    }

    /// Signs in.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn sign_in(&self, name: &str, device: Device) -> Result<Held, Failure> {
        let body = json!({"username": name, "password": name});
        let (status, told) = self.ask("/api/auth/login", device, None, &body).await?;
        expect(status, Status::Ok, "a sign-in")?;
        held(device, &told)
    }

    /// Tries a password that is not theirs.
    ///
    /// # Errors
    /// When it is.
    pub async fn guess(&self, name: &str, device: Device) -> Result<(), Failure> {
        let body = json!({"username": name, "password": "summer 2024"});
        let (status, _) = self.ask("/api/auth/login", device, None, &body).await?;
        if status == Status::Ok {
            return Err(strange("a guess", status));
        }
        Ok(())
    }

    /// Renews the tokens.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn refresh(&self, held: &mut Held) -> Result<(), Failure> {
        let (status, told) = self.present(held).await?;
        expect(status, Status::Ok, "a refresh")?;
        *held = self::held(held.device, &told)?;
        Ok(())
    }

    /// Presents a used token again.
    ///
    /// # Errors
    /// When it is answered.
    pub async fn reuse(&self, held: &Held) -> Result<(), Failure> {
        let (status, _) = self.present(held).await?;
        expect(status, Status::Unauthorized, "a used token")
    }

    async fn present(&self, held: &Held) -> Result<(Status, Value), Failure> {
        let body = json!({"refresh_token": held.refresh});
        self.ask("/api/auth/refresh", held.device, None, &body)
            .await
    }

    /// Signs out.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn sign_out(&self, held: &Held) -> Result<(), Failure> {
        let bearer = Some(held.access.as_str());
        let (status, _) = self
            .ask("/api/auth/logout", held.device, bearer, &Value::Null)
            .await?;
        expect(status, Status::Ok, "a sign-out")
    }

    async fn ask(
        &self,
        path: &'static str,
        device: Device,
        bearer: Option<&str>,
        body: &Value,
    ) -> Result<(Status, Value), Failure> {
        let address: IpAddr = device.address.parse().map_err(|_| {
            let text = format!("{} is no address", device.address);
            Failure::new(Exit::Failed, text)
        })?;
        let mut request = self.0.req(Method::Post, path);
        request.set_remote(SocketAddr::new(address, 40_000));
        request.add_header(Header::new("User-Agent", device.agent));
        request.add_header(Header::new("Content-Type", "application/json"));
        if let Some(token) = bearer {
            request.add_header(Header::new("Authorization", format!("Bearer {token}")));
        }
        if !body.is_null() {
            request.set_body(body.to_string());
        }
        let response = request.dispatch().await;
        let status = response.status();
        let text = response.into_string().await.unwrap_or_default();
        Ok((status, serde_json::from_str(&text).unwrap_or_default()))
    }
}

fn held(device: Device, told: &Value) -> Result<Held, Failure> {
    let text = |key: &str| {
        let found = told.get(key).and_then(Value::as_str);
        found
            .map(str::to_owned)
            .ok_or_else(|| strange(key, Status::Ok))
    };
    Ok(Held {
        device,
        access: text("access_token")?,
        refresh: text("refresh_token")?,
    })
}

fn expect(status: Status, wanted: Status, what: &str) -> Result<(), Failure> {
    if status == wanted {
        Ok(())
    } else {
        Err(strange(what, status))
    }
}

fn strange(what: &str, status: Status) -> Failure {
    let text = format!(
        "the made-up story went wrong: {what} was answered with {}",
        status.code
    );
    Failure::new(Exit::Failed, text)
}
