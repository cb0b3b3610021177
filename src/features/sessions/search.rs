//! The search field of a list of sessions: its words, and what is wrong with them. Pure; nothing that was typed is lost.
//!
//! `user:` a name, its beginning with `*`, or `#` and a number · `ip:` an address, its beginning, a network · `device:` part of what the client is
//! called · `id:` a session's id or its beginning · anything else is looked for in names, clients and addresses. Quotes keep blanks and colons.

use crate::features::sessions::store::many::{Filter, MAX_WORDS, Word};
use crate::types::ids::UserId;
use crate::types::network::Network;

/// Most characters of a search: four words of the longest names there are.
pub const MAX_CHARS: usize = 256;
/// Fewest digits of an id's beginning: fewer would show a page of strangers.
const MIN_ID_DIGITS: usize = 4;
/// Digits of a whole id.
const ID_DIGITS: usize = 16;

/// Adds to a filter what was typed.
///
/// # Errors
/// Every mistake, each as a sentence that names what is allowed.
pub fn read(typed: &str, filter: Filter) -> Result<Filter, Vec<String>> {
    let mut mistakes = Vec::new();
    if typed.chars().count() > MAX_CHARS {
        return Err(vec![format!(
            "Write at most {MAX_CHARS} characters; the search was not begun."
        )]);
    }
    // The database would take a null character for the end of the text.
    if typed.contains(char::is_control) {
        return Err(vec![
            "There is a character in the search that shows nothing; leave it out.".to_owned(),
        ]);
    }
    let mut filter = filter;
    let (words, closed) = split(typed);
    if !closed {
        mistakes.push("A quote has no end: write \" behind it, or leave it out.".to_owned());
    }
    let mut seen = Vec::new();
    for word in words {
        let read = match word.name {
            Some(name) if seen.contains(&name) => Err(format!(
                "{name}: stands there twice; write it once. Several words are met by the sessions that meet them all."
            )),
            Some(name) => {
                seen.push(name);
                named(name, &word.text, &mut filter)
            }
            None => free(&word, &mut filter),
        };
        mistakes.extend(read.err());
    }
    if mistakes.is_empty() {
        Ok(filter)
    } else {
        Err(mistakes)
    }
}

/// The words that are followed by a colon.
const NAMES: [&str; 4] = ["user", "ip", "device", "id"];

/// One word as it was typed.
struct Typed {
    /// What stood before the colon.
    name: Option<&'static str>,
    text: String,
    /// Whether its text was quoted.
    quoted: bool,
}

/// The words between the blanks, and whether every quote was closed.
fn split(typed: &str) -> (Vec<Typed>, bool) {
    let mut words = Vec::new();
    let mut rest = typed.trim_start();
    let mut closed = true;
    while !rest.is_empty() {
        let name = NAMES.into_iter().find(|name| {
            rest.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
                && rest[name.len()..].starts_with(':')
        });
        rest = &rest[name.map_or(0, |name| name.len() + 1)..];
        let quoted = rest.starts_with('"');
        let (text, behind) = if let Some(inside) = rest.strip_prefix('"') {
            inside.split_once('"').unwrap_or_else(|| {
                closed = false;
                (inside, "")
            })
        } else {
            rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()))
        };
        words.push(Typed {
            name,
            text: text.to_owned(),
            quoted,
        });
        rest = behind.trim_start();
    }
    (words, closed)
}

fn named(name: &'static str, text: &str, filter: &mut Filter) -> Result<(), String> {
    match name {
        "user" => user(text, filter),
        "ip" => {
            let network = text.parse::<Network>();
            filter.network =
                Some(network.map_err(|allowed| format!("After ip: write {allowed}."))?);
            Ok(())
        }
        "id" => {
            filter.keys = Some(keys(text).ok_or_else(|| {
                format!("After id: write a session's id of {ID_DIGITS} hex digits, or its first {MIN_ID_DIGITS} or more.")
            })?);
            Ok(())
        }
        _ if text.is_empty() => Err(
            "After device: write part of what the client is called, such as device:firefox."
                .to_owned(),
        ),
        _ => {
            filter.device = Some(text.to_owned());
            Ok(())
        }
    }
}

fn user(text: &str, filter: &mut Filter) -> Result<(), String> {
    let allowed = || {
        "After user: write a name, its beginning with a star such as user:ann*, or a number such as user:#7."
            .to_owned()
    };
    if let Some(number) = text.strip_prefix('#') {
        let plain = number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| plain);
        filter.user = Some(UserId(number.ok_or_else(allowed)?));
        return Ok(());
    }
    let (name, open) = match text.strip_suffix('*') {
        Some(start) => (start, true),
        None => (text, false),
    };
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if name.is_empty() || !name.bytes().all(is_part) {
        return Err(allowed());
    }
    let low = name.to_ascii_lowercase();
    let high = if open {
        format!("{low}\u{10ffff}")
    } else {
        low.clone()
    };
    filter.names = Some((low, high));
    Ok(())
}

/// The keys whose digits begin so. An id is at most 63 bits.
fn keys(text: &str) -> Option<(i64, i64)> {
    let right = (MIN_ID_DIGITS..=ID_DIGITS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = u64::from_str_radix(text, 16).ok().filter(|_| right)?;
    let open_bits = u32::try_from((ID_DIGITS - text.len()) * 4).ok()?;
    let low = digits << open_bits;
    let high = low | (1_u64 << open_bits).wrapping_sub(1);
    // What begins with 8 to f is nobody's: a range that holds nothing.
    Some(match (i64::try_from(low), i64::try_from(high)) {
        (Ok(low), Ok(high)) => (low, high),
        _ => (1, 0),
    })
}

fn free(word: &Typed, filter: &mut Filter) -> Result<(), String> {
    if word.text.is_empty() {
        return Ok(());
    }
    // A bare number is more often part of a name than the beginning of an address.
    let network = word
        .text
        .parse::<Network>()
        .ok()
        .filter(|_| word.text.contains(['.', ':']));
    if !word.quoted
        && network.is_none()
        && let Some(name) = unknown_name(&word.text)
    {
        return Err(format!(
            "There is no word {name}: to search by. Write user:, ip:, device: or id:, or put \"{}\" into quotes.",
            word.text
        ));
    }
    if filter.words.len() == MAX_WORDS {
        return Err(format!(
            "Write at most {MAX_WORDS} words without a colon; put words that belong together into quotes."
        ));
    }
    filter.words.push(Word {
        text: word.text.clone(),
        network,
    });
    Ok(())
}

/// What stands before a colon, if it looks like a word to search by.
fn unknown_name(text: &str) -> Option<&str> {
    let (name, _) = text.split_once(':')?;
    let letters = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    letters.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::features::sessions::store::many::Filter;
    use crate::types::ids::UserId;

    fn good(typed: &str) -> Filter {
        read(typed, Filter::default()).expect(typed)
    }

    fn wrong(typed: &str) -> Vec<String> {
        read(typed, Filter::default()).expect_err(typed)
    }

    #[test]
    fn nothing_typed_is_no_filter() {
        for typed in ["", "  ", "\"\""] {
            assert_eq!(good(typed), Filter::default(), "{typed:?}");
        }
    }

    #[test]
    fn a_user_is_named_whole_by_its_beginning_or_by_number() {
        let names = |typed| good(typed).names;
        let pair = |low: &str, high: &str| Some((low.to_owned(), high.to_owned()));
        assert_eq!(names("user:Ann"), pair("ann", "ann"));
        assert_eq!(names("USER:al_*"), pair("al_", "al_\u{10ffff}"));
        assert_eq!(good("user:#17").user, Some(UserId(17)));
        assert_eq!(good("user:17").names, pair("17", "17"));
        for typed in [
            "user:",
            "user:*",
            "user:#",
            "user:#x",
            "user:#-1",
            "user:a%b",
            "user:é",
            "user:\"a b\"",
        ] {
            assert!(
                wrong(typed)[0].starts_with("After user: write a name"),
                "{typed}"
            );
        }
    }

    #[test]
    fn an_address_its_beginning_or_a_network_is_read() {
        for typed in [
            "ip:203.0.113.7",
            "ip:203.0.113.",
            "ip:203.0.113.0/24",
            "ip:2001:db8:",
            "IP:::1",
        ] {
            assert!(good(typed).network.is_some(), "{typed}");
        }
        for typed in ["ip:", "ip:home", "ip:1.2.3.4/40", "ip:' OR 1=1"] {
            assert!(
                wrong(typed)[0].starts_with("After ip: write an address"),
                "{typed}"
            );
        }
    }

    #[test]
    fn an_id_is_read_whole_or_from_its_fourth_digit_on() {
        assert_eq!(
            good("id:0123456789abcdef").keys,
            Some((0x0123_4567_89ab_cdef, 0x0123_4567_89ab_cdef))
        );
        assert_eq!(
            good("id:0AbC").keys,
            Some((0x0abc << 48, (0x0abd << 48) - 1))
        );
        assert_eq!(good("id:7fff").keys, Some((0x7fff << 48, i64::MAX)));
        assert_eq!(good("id:ffff").keys, Some((1, 0)));
        for typed in [
            "id:",
            "id:abc",
            "id:xyzw",
            "id:+123",
            "id:0123456789abcdef0",
        ] {
            assert!(wrong(typed)[0].starts_with("After id: write"), "{typed}");
        }
    }

    #[test]
    fn quotes_keep_blanks_and_colons() {
        assert_eq!(
            good("device:\"Firefox on Linux\"").device.as_deref(),
            Some("Firefox on Linux")
        );
        let words = good("\"a: b\" c").words;
        let texts: Vec<_> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["a: b", "c"]);
        assert!(wrong("device:\"Firefox")[0].contains("quote"));
        assert!(wrong("device:")[0].starts_with("After device:"));
    }

    #[test]
    fn other_words_are_looked_for_and_may_be_addresses_too() {
        for (typed, is_address) in [
            ("ann", false),
            ("10", false),
            ("10.1", true),
            ("203.0.113.", true),
            ("2001:db8::", true),
            ("::1", true),
        ] {
            let words = good(typed).words;
            assert_eq!(words.len(), 1);
            assert_eq!(words[0].text, typed);
            assert_eq!(words[0].network.is_some(), is_address, "{typed}");
        }
    }

    #[test]
    fn an_unknown_word_says_which_there_are() {
        let said = wrong("name:ann browser:x");
        assert_eq!(said.len(), 2);
        assert!(
            said[0].contains("no word name:") && said[0].contains("user:, ip:, device: or id:")
        );
        assert!(said[1].contains("no word browser:"));
    }

    #[test]
    fn what_is_too_much_is_said() {
        assert!(wrong("a b c d")[0].starts_with("Write at most 3 words"));
        assert!(wrong(&"x".repeat(257))[0].starts_with("Write at most 256 characters"));
        assert!(wrong("user:a user:b")[0].contains("twice"));
        for typed in ["\0", "a\0b", "\t", "a\nb", "\u{9b}"] {
            assert!(wrong(typed)[0].contains("shows nothing"), "{typed:?}");
        }
    }
}
