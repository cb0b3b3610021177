//! What each code of an error means and what to do about it, for the document of the API and its pages. A test holds the list to the document.

/// The code, and its meaning.
const MEANINGS: &[(&str, &str)] = &[
    (
        "authorization_required",
        "There is no access token: send it in one `Authorization: Bearer` header.",
    ),
    ("bad_request", "It is not HTTP as it should be."),
    ("bio_characters", "The bio has control characters."),
    ("bio_length", "The bio is too long."),
    ("body_too_large", "The body has more than 16 KiB."),
    ("email_form", "It is no address."),
    ("email_length", "The address is too long."),
    ("email_taken", "Somebody has this address."),
    ("headers_too_large", "The head of the request is too long."),
    (
        "internal_error",
        "A fault of the Hub; its log names the request's id.",
    ),
    (
        "invalid_credentials",
        "The name or the password is wrong; nobody learns which.",
    ),
    (
        "invalid_token",
        "It is none of this Hub's tokens, or one of the other kind.",
    ),
    (
        "login_failed",
        "A fault of the Hub; its log names the request's id.",
    ),
    (
        "logout_failed",
        "A fault of the Hub; its log names the request's id. Ask again.",
    ),
    (
        "method_not_allowed",
        "The path does not know this method; `Allow` names those that it knows.",
    ),
    (
        "misdirected_request",
        "The request names a host that is not the Hub's: use its public address.",
    ),
    (
        "missing_fields",
        "A field that must be there is missing, blank or no text.",
    ),
    ("no_data", "The body is no JSON object."),
    ("not_found", "There is no such path."),
    (
        "not_implemented",
        "A way of sending bodies that the Hub does not read.",
    ),
    (
        "password_change_failed",
        "A fault of the Hub; its log names the request's id.",
    ),
    (
        "password_changed",
        "The password was changed elsewhere: sign in with the new one.",
    ),
    (
        "password_is_identity",
        "The password is the name or the address again.",
    ),
    ("password_needs_digit", "The password has no digit."),
    ("password_needs_letter", "The password has no letter."),
    (
        "password_too_common",
        "The password is one that everybody tries first.",
    ),
    (
        "password_too_long",
        "The password has more than 128 characters.",
    ),
    (
        "password_too_short",
        "The password is too short; how long it must be can be configured.",
    ),
    (
        "profile_update_failed",
        "A fault of the Hub; its log names the request's id.",
    ),
    (
        "refresh_failed",
        "A fault of the Hub; the token is as good as before. Ask again.",
    ),
    (
        "refresh_token_required",
        "The body is no JSON object with a `refresh_token` in it.",
    ),
    (
        "registration_disabled",
        "Accounts are made by administrators only.",
    ),
    (
        "registration_failed",
        "A fault of the Hub; its log names the request's id.",
    ),
    ("request_timeout", "The request did not come whole in time."),
    (
        "session_expired",
        "The session is past its end: sign in again.",
    ),
    (
        "session_not_found",
        "There is no such session, or it is not the caller's.",
    ),
    (
        "session_revoked",
        "The session was ended, here or by an administrator: sign in again.",
    ),
    (
        "token_expired",
        "The token is past its time: renew it, or sign in again.",
    ),
    (
        "token_reused",
        "The refresh token was used before. Take the newest one; if the session was ended for it, sign in again.",
    ),
    (
        "too_many_requests",
        "Too many tries: `Retry-After` says when to come back.",
    ),
    (
        "unavailable",
        "Too much waits, or the disk takes no writes: `Retry-After` says when to come back.",
    ),
    (
        "unsupported_media_type",
        "The body is not `application/json`.",
    ),
    ("uri_too_long", "The address is too long."),
    (
        "url_form",
        "It is no http or https address that the Hub would link to.",
    ),
    (
        "user_disabled",
        "The account was disabled by an administrator.",
    ),
    ("user_not_found", "The account was deleted."),
    (
        "username_characters",
        "The name has other characters than letters, digits, `_` and `-`.",
    ),
    ("username_length", "The name is too short or too long."),
    ("username_taken", "Somebody has this name."),
    ("wrong_type", "A field is neither text nor null."),
];

/// The meaning of a code.
#[must_use]
pub fn meaning(code: &str) -> Option<&'static str> {
    let found = MEANINGS.iter().find(|(known, _)| *known == code);
    found.map(|(_, meaning)| *meaning)
}
