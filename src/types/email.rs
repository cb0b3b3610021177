//! An email address: of valid form, 254 bytes at most, unique without regard to case.

use std::fmt;

/// Most bytes of an address (RFC 5321, 4.5.3.1.3: a path is 256 octets with its brackets).
pub const MAX_BYTES: usize = 254;
/// Most bytes before the `@` (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;
/// Most bytes of one label of a domain (RFC 1035, 2.3.4).
const MAX_LABEL_BYTES: usize = 63;

/// An address as its owner typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

/// What was given is no address. The texts are part of the HTTP contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Not of the form `name@domain`.
    #[error("Invalid email format")]
    Form,
    /// More than [`MAX_BYTES`].
    #[error("Email must be at most 254 bytes")]
    Length,
}

impl Email {
    /// Parses an address of the form that a browser's `<input type="email">` takes (HTML Living Standard, 4.10.5.1.5), with a
    /// dot in the domain demanded, and no leading, trailing or doubled dot before the `@`.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if text.len() > MAX_BYTES {
            return Err(EmailError::Length);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Form)?;
        if is_local_part(local) && is_domain(domain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(EmailError::Form)
        }
    }

    /// As typed; mail goes to this form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two addresses are the same address.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

fn is_local_part(local: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    (1..=MAX_LOCAL_BYTES).contains(&local.len())
        && local.bytes().all(allowed)
        && local.split('.').all(|atom| !atom.is_empty())
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

impl fmt::Display for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Email, EmailError};

    #[test]
    fn addresses_are_kept_as_typed_and_compared_in_lower_case() {
        for text in [
            "a@b.co",
            "John.Doe+hub@Example.COM",
            "o'hara@mail.example.org",
        ] {
            assert_eq!(Email::parse(text).expect(text).as_str(), text);
        }
        let email = Email::parse("John@Example.COM").expect("valid");
        assert_eq!(email.key(), "john@example.com");
        assert_eq!(email.local_part(), "John");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@{}.com", "a".repeat(64), "b".repeat(200));
        for (text, error) in [
            ("", EmailError::Form),
            ("plain", EmailError::Form),
            ("@b.co", EmailError::Form),
            ("a@", EmailError::Form),
            ("a@localhost", EmailError::Form),
            ("a b@c.de", EmailError::Form),
            ("a@b..de", EmailError::Form),
            (".a@b.de", EmailError::Form),
            ("a@-b.de", EmailError::Form),
            ("a@b.de\n", EmailError::Form),
            ("a@b.de, c@d.ef", EmailError::Form),
            ("a@bücher.de", EmailError::Form),
            (&*long, EmailError::Length),
        ] {
            assert_eq!(Email::parse(text), Err(error), "{text:?}");
        }
    }
}
