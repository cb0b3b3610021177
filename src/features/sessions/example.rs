//! Who and what stands in the examples of the document of the API. A test asks a Hub each of them and compares what it answers.

use serde_json::Value;
use utoipa::ToSchema;

use crate::features::sessions::issue::Pair;
use crate::features::users::model::{FREE_TIER, User};
use crate::http::openapi::example;
use crate::types::ids::UserId;
use crate::types::role::Role;
use crate::types::time::Timestamp;
use crate::types::token::TokenText;

/// When everything in the examples happens.
pub const TIME: Timestamp = Timestamp::from_micros(1_757_172_645_123_456);
/// A day later, in Unix seconds.
pub const ACCESS_EXPIRES: i64 = 1_757_259_045;
/// 30 days later, in Unix seconds.
pub const REFRESH_EXPIRES: i64 = 1_759_764_645;
/// A session.
pub const SESSION: &str = "598bef9af8a78e6e";
/// Its access token, signed by a key that was thrown away.
pub const ACCESS: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoxLCJ1c2VybmFtZSI6ImpvaG5kb2UxMjMiLCJlbWFpbCI6ImpvaG5AZXhhbXBsZS5jb20iLCJpYXQiOjE3NTcxNzI2NDUsImV4cCI6MTc1NzI1OTA0NSwianRpIjoiOTJhNDFmYzAtYWVmZC00ZWIzLTkwZDQtODBjZmQzNmM2NGM4IiwidHlwZSI6ImFjY2VzcyIsInNpZCI6IjU5OGJlZjlhZjhhNzhlNmUiLCJpc3MiOiJyZWdhcmRpbmd3b3JrLWh1YiIsImF1ZCI6InJlZ2FyZGluZ3dvcmstaHViL2FwaSJ9.yESJ230tV0agvPKTIX7hBewcat7BHIXk3doc1bFNvSk";
/// Its refresh token, by the same key.
pub const REFRESH: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoxLCJpYXQiOjE3NTcxNzI2NDUsImV4cCI6MTc1OTc2NDY0NSwianRpIjoiYmU3ZmJhZTAtOWYzMC00MDRlLWIzYjEtNjc2NmE0YzE2M2IyIiwidHlwZSI6InJlZnJlc2giLCJzaWQiOiI1OThiZWY5YWY4YTc4ZTZlIiwiZ2VuIjoxLCJpc3MiOiJyZWdhcmRpbmd3b3JrLWh1YiIsImF1ZCI6InJlZ2FyZGluZ3dvcmstaHViL3JlZnJlc2gifQ.ZcRwKwmL6vghg5apPjtHdDP7DsYzGgr7V-259YliCYA";
/// What the user tells about themselves after a change of their profile.
pub const BIO: &str = "Keeps bees.";
/// Their website after it.
pub const WEBSITE: &str = "https://example.com/john";

/// The user.
#[must_use]
pub fn user() -> User {
    User {
        id: UserId(1),
        username: "johndoe123".to_owned(),
        email: "john@example.com".to_owned(),
        email_verified: false,
        bio: None,
        profile_photo_url: None,
        website_url: None,
        created_at: TIME,
        updated_at: TIME,
        is_active: true,
        role: Role::User,
        premium_tier: FREE_TIER.to_owned(),
    }
}

/// The same after a change of their profile.
#[must_use]
pub fn changed_user() -> User {
    User {
        bio: Some(BIO.to_owned()),
        website_url: Some(WEBSITE.to_owned()),
        ..user()
    }
}

/// The answer that carries a pair.
#[must_use]
pub fn pair<U: serde::Serialize + ToSchema>(message: &'static str, user: U) -> Value {
    let pair = Pair {
        access: TokenText::new(ACCESS.to_owned()),
        refresh: TokenText::new(REFRESH.to_owned()),
    };
    example(&pair.body(message, user))
}
