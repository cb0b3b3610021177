//! What somebody types for a second factor: six digits or a recovery code, whatever blanks and hyphens stand in it.

use hub::features::second_factors::model::Presented;
use hub::types::ids::UserId;

pub const WORDS: &[&str] = &[
    "123456",
    "123 456",
    "-",
    " ",
    "\u{a0}",
    "ABCD-EFGH-IJKL-MNOP",
    "abcdefghijklmnop",
    "QRSTUVWXYZ234567",
    "0",
    "1",
    "8",
    "=",
    "\u{661}",
    "\u{ff11}",
    "\0",
    "\u{17f}",
];

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    match Presented::parse(&text) {
        Ok(Presented::Code(code)) => {
            let digits = code.reveal();
            assert!(digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()));
            let again = Presented::parse(&format!(" {}-{} ", &digits[..3], &digits[3..]));
            assert!(matches!(again, Ok(Presented::Code(same)) if same.reveal() == digits));
        }
        Ok(Presented::Recovery(code)) => {
            let shown = code.reveal();
            assert_eq!(shown.len(), 19);
            let hash = code.hash(UserId(7));
            assert_ne!(hash, code.hash(UserId(8)));
            let small = shown.to_ascii_lowercase();
            let again = Presented::parse(&small);
            assert!(matches!(again, Ok(Presented::Recovery(same)) if same.hash(UserId(7)) == hash));
        }
        Err(error) => assert!(!error.to_string().contains(&*text) || text.len() < 60),
    }
}
