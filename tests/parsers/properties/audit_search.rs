//! The filters of the audit's page: whatever was typed gives rows or mistakes, never an error of the database, and its address reads back.

use hub::features::admin::audit::search::{Place, Typed};
use hub::store::StoreError;
use rocket::form::Form;

use super::stage;

pub const WORDS: &[&str] = &[
    "\n",
    "user:1",
    "cli:1000",
    "system",
    "ann",
    "session.end",
    "session:",
    "0123456789abcdef",
    "203.0.113.7",
    "::ffff:1.2.3.4",
    "0123456789abcdef01234567",
    "2026-11-22",
    "T14:30",
    "Z",
    "262142-12-31",
    "25",
    "-1",
    "9223372036854775807",
    "%",
    "&",
    "' OR 1=1 --",
];

/// One field a line, in the order of the page.
pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    let mut lines = text.split('\n').map(str::to_owned);
    let mut next = || lines.next().unwrap_or_default();
    let typed = Typed {
        actor: next(),
        action: next(),
        target: next(),
        address: next(),
        request: next(),
        from: next(),
        to: next(),
        rows: next(),
        before: next(),
        after: next(),
    };
    let read = stage::with(|stage| stage.store.read::<_, StoreError>(|db| typed.read(db)));
    match read.expect("no text is an error of the database") {
        Ok(search) => {
            assert!([25, 50, 100].contains(&search.rows));
            if let (Some(since), Some(until)) = (search.filter.since, search.filter.until) {
                assert!(since < until);
            }
            assert_ne!(search.place, Place::Before(0));
        }
        Err(mistakes) => assert!(!mistakes.is_empty()),
    }
    let address = typed.query(Place::After(7));
    assert!(address.bytes().all(|byte| byte.is_ascii_graphic()));
    let again = Form::<Typed>::parse_encoded(address.trim_start_matches('?').into());
    let again = again.expect("our own address");
    let again = Typed {
        before: typed.before.clone(),
        ..again
    };
    let wanted = Typed {
        after: "7".to_owned(),
        ..typed
    };
    assert_eq!(again, wanted);
}
