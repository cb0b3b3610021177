//! `{:?}` of whatever holds a secret shows none of it, in whatever form.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use hub::config::{Config, Sources};
use hub::crypto::hasher::StoredHash;
use hub::crypto::jwt::{RefreshFacts, Tokens};
use hub::crypto::keyring::{Purpose, Secret};
use hub::crypto::ring::{Lifetimes, Ring, SharedRing};
use hub::crypto::service_keys::{self, ServiceFacts, ServiceKeys};
use hub::crypto::totp::SecondFactorKeys;
use hub::crypto::webhook_keys::{WebhookFacts, WebhookKeys};
use hub::features::second_factors::model::{Presented, RecoveryCodes};
use hub::features::sessions::issue::Pair;
use hub::http::body::Field;
use hub::types::entropy::{Entropy, SeededEntropy};
use hub::types::held_value::HeldValue;
use hub::types::ids::{ServiceId, SessionId, UserId, WebhookId};
use hub::types::password::Password;
use hub::types::salt::Salt;
use hub::types::time::Timestamp;
use hub::types::token::TokenText;

use crate::scanner::{Secrets, assert_none};

const TEXT: &str = "canary-Debug word 1";

fn shown(value: &impl Debug) -> String {
    format!("{value:?}\n{value:#?}")
}

/// What shares a secret with a receiver.
fn of_webhooks(ring: &Arc<SharedRing>, salt: &Salt, secrets: &mut Secrets) -> [String; 4] {
    let webhooks = WebhookKeys::new(Arc::clone(ring));
    let webhook = WebhookFacts {
        id: WebhookId(1),
        salt,
        key: webhooks.present(),
    };
    let secret = webhooks.secret(webhook).expect("its key");
    let text = secret.shown();
    let digits = text.reveal().strip_prefix("whsec_").expect("a secret");
    let bytes = data_encoding::BASE64.decode(digits.as_bytes());
    secrets.add("a webhook's secret", bytes.expect("base64"));
    [
        shown(&webhooks),
        shown(&secret),
        shown(&text),
        shown(&webhook),
    ]
}

#[test]
fn the_debug_of_a_secret_does_not_show_it() {
    let entropy = SeededEntropy::new(5);
    let mut secrets = Secrets::default();
    let mut told = Vec::new();
    secrets.add("a text", TEXT);
    told.push(shown(&Password::new(TEXT)));
    told.push(shown(&StoredHash::from_row(TEXT.to_owned())));
    told.push(shown(&Field::Text(TEXT)));
    told.push(shown(&Pair {
        access: TokenText::new(TEXT.to_owned()),
        refresh: TokenText::new(TEXT.to_owned()),
    }));
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    let key = data_encoding::HEXLOWER.encode(&bytes);
    secrets.add("a key", bytes);
    let secret = || Secret::parse(&key, "here").expect("a key");
    told.push(shown(&secret()));
    for purpose in [Purpose::Access, Purpose::Refresh, Purpose::Jti] {
        let derived = secret().derive(purpose);
        secrets.add("a derived key", derived.reveal());
        told.push(shown(&derived));
    }
    let lifetimes = Lifetimes {
        access: Duration::from_secs(1),
        refresh: Duration::from_secs(1),
    };
    let ring = Arc::new(SharedRing::new(Ring::of_one(secret(), lifetimes)));
    told.push(shown(&ring.get()));
    let salt = Salt::generate(&entropy);
    secrets.add("a salt", salt.reveal());
    told.push(shown(&salt));
    let factors = SecondFactorKeys::new(Arc::clone(&ring));
    told.push(shown(&factors));
    let factor = factors
        .secret(factors.present(), UserId(1), &salt)
        .expect("its key");
    secrets.add("a second factor's secret", factor.reveal().as_str());
    told.push(shown(&factor));
    let services = ServiceKeys::new(Arc::clone(&ring));
    told.push(shown(&services));
    let service = ServiceFacts {
        id: ServiceId(1),
        salt: &salt,
        key: services.present(),
    };
    let token = services.token(service).expect("its key");
    let digits = token.reveal().rsplit('_').next().expect("digits");
    let bytes = data_encoding::HEXLOWER.decode(digits.as_bytes());
    secrets.add("a service's token", bytes.expect("hex"));
    told.push(shown(&token));
    told.push(shown(&service));
    let presented = shown(&service_keys::Presented::parse(token.reveal()));
    told.extend(of_webhooks(&ring, &salt, &mut secrets));
    let codes = RecoveryCodes::draw(&entropy);
    told.push(shown(&codes));
    for code in codes.reveal() {
        secrets.add("a recovery code", code.as_str());
        secrets.add("a recovery code", code.replace('-', ""));
        told.push(shown(&Presented::parse(&code)));
    }
    let value = HeldValue::generate(&entropy);
    secrets.add("a cookie's value", value.reveal());
    told.push(shown(&value));
    let hash = value.hash();
    secrets.add("a cookie's hash", hash.as_bytes());
    told.push(shown(&hash));
    let tokens = Tokens::new(ring);
    told.push(shown(&tokens));
    let facts = RefreshFacts {
        session: SessionId::generate(&entropy),
        user: UserId(1),
        salt: &salt,
        generation: 1,
        issued: 0,
        expires: 60,
        key: tokens.ring().present(),
    };
    let token = tokens.sign_refresh(&facts).expect("signed");
    secrets.add_token(token.reveal());
    let claims = tokens.read_refresh(token.reveal(), Timestamp::from_micros(0));
    told.push(shown(&token));
    told.push(shown(&facts));
    let sources = Sources {
        env: vec![("HUB_SECRET_KEY".to_owned(), key.clone())],
        ..Sources::default()
    };
    told.push(shown(&Config::load(&sources).expect("a configuration")));
    // These show the rest of themselves, without a word of what is missing.
    let claims = shown(&claims.expect("our own"));
    let scanner = secrets.scanner();
    for text in [claims, presented] {
        assert_none(&scanner.search("what Debug shows", text.as_bytes()));
    }
    assert_none(&scanner.search("what Debug shows", told.join("\n").as_bytes()));
    assert!(
        told.iter().all(|text| text.contains("redacted")),
        "{told:?}"
    );
}
