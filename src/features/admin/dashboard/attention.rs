//! What needs attention, said in words with what to do: rules on what was found, pure.

use serde::Serialize;

use crate::http::figures::{grouped, size};
use crate::http::seen::Check;

/// Below this part of its file system free, in hundredths, the disk counts as nearly full: there is time left to act.
const LOW_DISK_HUNDREDTHS: u64 = 10;
/// With this much free it never does: no database of sessions grows by it in a week.
const AMPLE_DISK_BYTES: u64 = 20_000_000_000;
/// With less than this a busy hour can fill the disk, and then nobody can sign in.
pub const SHORT_DISK_BYTES: u64 = 500_000_000;
/// A backup older than this many days is of a Hub that people would not know again.
pub const OLD_BACKUP_DAYS: i64 = 7;

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings<'found> {
    /// How the request of whoever looks came in: a stranger's could have any header.
    pub way: Vec<Check>,
    /// Administrators that can sign in.
    pub administrators: u32,
    /// Those of them with a second factor.
    pub with_second_factor: u32,
    /// Sessions ended by reuse in the last seven days.
    pub reuses: u64,
    /// How many days old the newest backup is; `None` if there is none.
    pub backup_days: Option<i64>,
    /// Why the last scheduled backup failed, if it did.
    pub backup_failure: Option<&'found str>,
    /// Where backups are looked for.
    pub backups: &'found str,
    /// Bytes free and bytes in all on the disk of the data directory, if it tells.
    pub disk: Option<(u64, u64)>,
    /// Whether whoever looks may open the settings, where backups are made.
    pub may_open_settings: bool,
}

/// Something that needs attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matter {
    /// `bad` or `warn`.
    pub tone: &'static str,
    /// What it is.
    pub title: String,
    /// Why it matters, and what to do.
    pub text: String,
    /// Where that is done; empty where it is not done on a page.
    pub href: &'static str,
    /// The words of the link.
    pub action: &'static str,
}

impl Matter {
    fn new(tone: &'static str, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            tone,
            title: title.into(),
            text: text.into(),
            href: "",
            action: "",
        }
    }

    fn at(mut self, href: &'static str, action: &'static str) -> Self {
        (self.href, self.action) = (href, action);
        self
    }
}

/// Everything that needs attention, the worst first.
#[must_use]
pub fn matters(findings: &Findings<'_>) -> Vec<Matter> {
    let own = [
        reuse(findings.reuses),
        disk(findings.disk),
        second_factor(findings),
        failed_backup(findings),
        backup(findings),
    ];
    let mut matters: Vec<Matter> = own
        .into_iter()
        .flatten()
        .chain(way(&findings.way))
        .collect();
    matters.sort_by_key(|matter| matter.tone != "bad");
    matters
}

fn reuse(reuses: u64) -> Option<Matter> {
    let title = match reuses {
        0 => return None,
        1 => "A used token came again in the last 7 days".to_owned(),
        several => format!(
            "Used tokens came again {} times in the last 7 days",
            grouped(several)
        ),
    };
    let text = "Two may have held it. The session was ended for both; its page tells what happened from which address.";
    Some(
        Matter::new("bad", title, text).at("/admin/audit?action=session.reuse", "See each of them"),
    )
}

fn disk(disk: Option<(u64, u64)>) -> Option<Matter> {
    let (free, all) = disk?;
    let low = free < AMPLE_DISK_BYTES && free < all / 100 * LOW_DISK_HUNDREDTHS;
    let short = free < SHORT_DISK_BYTES;
    (low || short).then(|| {
        let text = format!(
            "{} of {} are free. On a full disk nobody can sign in or be signed out: make room on the disk of the data directory.",
            size(free),
            size(all)
        );
        let tone = if short { "bad" } else { "warn" };
        Matter::new(tone, "The disk is nearly full", text)
    })
}

/// What of the way does not fit the configuration.
fn way(checks: &[Check]) -> impl Iterator<Item = Matter> {
    let unfit = checks.iter().filter(|check| check.tone != "good");
    unfit.map(|check| Matter::new(check.tone, check.title.clone(), check.mend.clone()))
}

fn second_factor(findings: &Findings<'_>) -> Option<Matter> {
    let needed = findings.administrators > 0 && findings.with_second_factor == 0;
    let text = "A password is all that stands between a stranger and these pages. Add a second factor to your own account first.";
    needed.then(|| {
        Matter::new("warn", "No administrator has a second factor", text)
            .at("/account", "Your account")
    })
}

fn failed_backup(findings: &Findings<'_>) -> Option<Matter> {
    let failure = findings.backup_failure?;
    let text = format!("It is tried again. What stood in its way: {failure}.");
    let matter = Matter::new("bad", "The last scheduled backup failed", text);
    Some(at_backups(matter, findings))
}

fn at_backups(matter: Matter, findings: &Findings<'_>) -> Matter {
    if findings.may_open_settings {
        matter.at("/admin/settings#backups", "See the backups")
    } else {
        matter
    }
}

fn backup(findings: &Findings<'_>) -> Option<Matter> {
    let place = findings.backups;
    let (title, text) = match findings.backup_days {
        None => (
            "There is no backup".to_owned(),
            format!(
                "Nothing lies in {place}. Make one under Settings or with hub backup, copy it to another machine, and keep secret.key apart from it."
            ),
        ),
        Some(days) if days >= OLD_BACKUP_DAYS => (
            format!("The last backup is {days} days old"),
            format!("Whoever signed up since would be gone. Newer ones are looked for in {place}."),
        ),
        Some(_) => return None,
    };
    Some(at_backups(Matter::new("warn", title, text), findings))
}

#[cfg(test)]
mod tests {
    use super::{Findings, matters};
    use crate::http::seen::Check;

    fn check(tone: &'static str, title: &str) -> Check {
        Check {
            tone,
            title: title.to_owned(),
            mend: "Mend it.".to_owned(),
        }
    }

    fn well() -> Findings<'static> {
        Findings {
            way: vec![check("good", "You come from there.")],
            administrators: 2,
            with_second_factor: 1,
            reuses: 0,
            backup_days: Some(0),
            backup_failure: None,
            backups: "/data/backups",
            disk: Some((500_000_000_000, 1_000_000_000_000)),
            may_open_settings: true,
        }
    }

    /// Titles with their tones.
    fn told(findings: &Findings<'_>) -> Vec<(String, &'static str)> {
        let matters = matters(findings).into_iter();
        matters.map(|matter| (matter.title, matter.tone)).collect()
    }

    #[test]
    fn where_all_is_well_nothing_is_said() {
        assert_eq!(told(&well()), []);
    }

    /// What is found, in which words it is told, and how seriously.
    type Case = (fn(&mut Findings<'_>), &'static str, &'static str);

    #[test]
    fn each_finding_is_said_by_itself() {
        let cases: [Case; 10] = [
            (
                |f| f.backup_failure = Some("no space"),
                "The last scheduled backup failed",
                "bad",
            ),
            (
                |f| f.reuses = 1,
                "A used token came again in the last 7 days",
                "bad",
            ),
            (
                |f| f.reuses = 1_200,
                "Used tokens came again 1,200 times in the last 7 days",
                "bad",
            ),
            (
                |f| f.with_second_factor = 0,
                "No administrator has a second factor",
                "warn",
            ),
            (|f| f.backup_days = None, "There is no backup", "warn"),
            (
                |f| f.backup_days = Some(7),
                "The last backup is 7 days old",
                "warn",
            ),
            (
                |f| f.disk = Some((15_000_000_000, 1_000_000_000_000)),
                "The disk is nearly full",
                "warn",
            ),
            (
                |f| f.disk = Some((400_000_000, 1_000_000_000)),
                "The disk is nearly full",
                "bad",
            ),
            (
                |f| f.way.push(check("warn", "This way")),
                "This way",
                "warn",
            ),
            (|f| f.way.push(check("bad", "That way")), "That way", "bad"),
        ];
        for (change, title, tone) in cases {
            let mut findings = well();
            change(&mut findings);
            assert_eq!(told(&findings), [(title.to_owned(), tone)]);
        }
    }

    #[test]
    fn what_is_no_trouble_is_not_made_one() {
        let fine = Findings {
            administrators: 0,
            with_second_factor: 0,
            backup_days: Some(6),
            disk: Some((21_000_000_000, 1_000_000_000_000)),
            ..well()
        };
        assert_eq!(told(&fine), []);
        assert_eq!(
            told(&Findings {
                disk: None,
                ..well()
            }),
            []
        );
    }

    #[test]
    fn who_may_open_the_settings_is_led_to_the_backups_and_nobody_else_is() {
        for (may_open_settings, href) in [(true, "/admin/settings#backups"), (false, "")] {
            let findings = Findings {
                backup_days: None,
                backup_failure: Some("no space"),
                may_open_settings,
                ..well()
            };
            let hrefs = matters(&findings).into_iter().map(|matter| matter.href);
            assert_eq!(hrefs.collect::<Vec<_>>(), [href, href]);
        }
    }

    #[test]
    fn the_worst_stands_first() {
        let findings = Findings {
            backup_days: None,
            with_second_factor: 0,
            reuses: 3,
            way: vec![check("bad", "That way")],
            ..well()
        };
        let tones: Vec<_> = told(&findings).into_iter().map(|(_, tone)| tone).collect();
        assert_eq!(tones, ["bad", "bad", "warn", "warn"]);
    }
}
