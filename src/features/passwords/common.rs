//! Passwords that are guessed first: common and breached ones, the product's own words, the person's own names.

use std::cmp::Ordering;

/// Lower case, one a line, sorted bytewise, each ended by a line break; where they come from is in `common.LICENSE`.
const LIST: &str = include_str!("common.txt");

/// Words that stand on our own pages, so they are the first that a guesser of *this* service's passwords tries.
const PRODUCT_WORDS: [&str; 2] = ["regardingwork", "hub"];

/// Whether a password, in whatever case, is in the embedded list or is nothing but product words and digits (`hub12345678`).
///
/// Nothing is built at start and no copy of the password is made: the list is bisected where it lies in the binary.
#[must_use]
pub fn is_common(password: &str) -> bool {
    is_listed(password) || is_product_words_and_digits(password)
}

/// Whether a password, in whatever case, is the username, the e-mail address, the part of it before the `@`, or the username
/// and then digits only (`anna2024`).
#[must_use]
pub fn contains_identity(password: &str, username: &str, email: &str) -> bool {
    let local_part = email.rsplit_once('@').map_or(email, |(local, _)| local);
    let is_name = [username, email, local_part]
        .iter()
        .any(|name| !name.is_empty() && lower(password).eq(lower(name)));
    is_name
        || strip_word(password, username)
            .is_some_and(|rest| rest.chars().all(|character| character.is_ascii_digit()))
}

/// Bisects over byte offsets: every probe moves from the middle of what is left to the start of the line around it.
fn is_listed(password: &str) -> bool {
    let (mut low, mut high) = (0, LIST.len());
    while low < high {
        let middle = low.midpoint(high);
        let start = LIST.as_bytes()[low..middle]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(low, |line_break| low + line_break + 1);
        let Some(line) = LIST[start..high].lines().next() else {
            return false;
        };
        // The order of characters is the order of their UTF-8 bytes, so this is the order of the list.
        match lower(password).cmp(line.chars()) {
            Ordering::Equal => return true,
            Ordering::Less => high = start,
            Ordering::Greater => low = start + line.len() + 1,
        }
    }
    false
}

/// Whether nothing is left once product words and digits are taken away, and there was a word at all.
fn is_product_words_and_digits(password: &str) -> bool {
    let (mut rest, mut words) = (password, 0);
    while !rest.is_empty() {
        let word = PRODUCT_WORDS.iter().find_map(|word| strip_word(rest, word));
        if let Some(after) = word {
            words += 1;
            rest = after;
        } else if let Some(after) = rest.strip_prefix(|first: char| first.is_ascii_digit()) {
            rest = after;
        } else {
            return false;
        }
    }
    words > 0
}

/// What follows `word` at the start of a text, ignoring case; `None` when it does not start so or the word is empty.
fn strip_word<'text>(text: &'text str, word: &str) -> Option<&'text str> {
    let mut rest = text.chars();
    for expected in lower(word) {
        // A letter whose lower case is more than one character is in no word that we strip.
        if !rest.next()?.to_lowercase().eq([expected]) {
            return None;
        }
    }
    (!word.is_empty()).then_some(rest.as_str())
}

/// Lower case character by character, so that no copy of a secret is left on the heap.
fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::{LIST, contains_identity, is_common, is_listed};

    /// What the rules for new passwords ask of every password.
    fn passes_the_other_rules(password: &str) -> bool {
        (8..=128).contains(&password.chars().count())
            && password.chars().any(char::is_alphabetic)
            && password.chars().any(|character| character.is_ascii_digit())
    }

    #[test]
    fn every_listed_password_is_caught_in_any_case() {
        for line in LIST.lines() {
            assert!(is_common(line), "{line}");
        }
        for line in LIST.lines().step_by(16) {
            assert!(is_listed(&line.to_ascii_uppercase()), "{line}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_unique_and_every_line_earns_its_place() {
        assert!(LIST.ends_with('\n') && !LIST.contains('\r'));
        assert!(LIST.lines().count() >= 3_000);
        assert!(LIST.lines().is_sorted_by(|one, next| one < next));
        for line in LIST.lines() {
            assert!(passes_the_other_rules(line), "{line}");
            assert_eq!(line, line.to_lowercase());
        }
    }

    #[test]
    fn the_first_and_the_last_line_are_found_and_their_neighbours_are_not() {
        let first = LIST.lines().next().unwrap();
        let last = LIST.lines().last().unwrap();
        for edge in [first, last] {
            assert!(is_common(edge));
            assert!(!is_common(&format!("{edge}\n")));
            assert!(!is_common(&format!("{edge}\u{10ffff}")));
            assert!(!is_common(&edge[..edge.len() - 1]));
        }
        for outside in ["", "\0", "\n", "\u{10ffff}", " 1", "~~~~~~~~1"] {
            assert!(!is_common(outside), "{outside:?}");
        }
    }

    #[test]
    fn well_known_passwords_are_caught_and_good_ones_are_not() {
        for bad in [
            "password1",
            "Password1",
            "PASSWORD123",
            "1qaz2wsx",
            "Qwerty123",
            "trustno1",
        ] {
            assert!(is_common(bad), "{bad}");
        }
        for good in [
            "password1 ",
            "correct horse 7 staple",
            "xK4#vulture-mast",
            "password1\0",
            "пароль-и-ещё-7",
        ] {
            assert!(!is_common(good), "{good}");
        }
    }

    #[test]
    fn letters_outside_ascii_are_compared_in_lower_case_too() {
        let line = LIST.lines().find(|line| line.contains('ü')).unwrap();
        assert!(is_common(&line.to_uppercase()));
    }

    #[test]
    fn product_words_with_nothing_but_digits_are_caught() {
        for bad in [
            "regardingwork1",
            "hub12345678",
            "RegardingWork2026",
            "1HUB23456",
            "2026regardingworkhub",
            "hubhubhub1",
        ] {
            assert!(is_common(bad), "{bad}");
        }
        for good in [
            "12345678",
            "github-77-mast",
            "hubcap-4-lantern",
            "regardingwork1 and a kettle",
            "hub\u{661}\u{662}\u{663}\u{664}\u{665}",
        ] {
            assert!(!is_common(good), "{good}");
        }
    }

    #[test]
    fn the_persons_own_names_are_caught_in_any_case() {
        let email = "Anna.Lind7@example.org";
        for bad in [
            "anna_lind7",
            "ANNA_LIND7",
            "anna_lind72024",
            "anna.lind7",
            "ANNA.lind7@Example.org",
        ] {
            assert!(contains_identity(bad, "Anna_Lind7", email), "{bad}");
        }
        for good in [
            "my anna_lind7",
            "anna_lind7!",
            "anna_lind",
            "anna.lind7@example.com",
            "example.org",
        ] {
            assert!(!contains_identity(good, "Anna_Lind7", email), "{good}");
        }
    }

    #[test]
    fn a_missing_name_matches_nothing() {
        assert!(!contains_identity("12345678", "", ""));
        assert!(!contains_identity("", "", "@"));
        assert!(contains_identity("lantern77", "anna", "lantern77"));
    }

    #[test]
    fn random_passwords_are_hardly_ever_refused() {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let mut state: u64 = 0x5eed;
        let mut draw = || {
            // Knuth's MMIX constants; the high bits are the good ones.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(ALPHABET[usize::try_from((state >> 33) % 36).unwrap()])
        };
        let refused = (0..100_000)
            .filter(|_| is_common(&(0..10).map(|_| draw()).collect::<String>()))
            .count();
        assert!(refused < 200, "{refused} of 100,000");
    }

    #[test]
    fn a_long_text_is_judged_like_any_other() {
        let words = "hub1".repeat(1 << 14);
        assert!(is_common(&words));
        assert!(!is_common(&format!("{words}x")));
        assert!(!is_common(&"a".repeat(1 << 20)));
        assert!(!contains_identity(&"a".repeat(1 << 20), "aaaa", "a@a"));
    }
}
