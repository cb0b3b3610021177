//! The administrators' pages on each of the databases. The site runs in this process and is asked in process, so the times are the server's own.

use hub::types::ids::SessionId;

use crate::arguments::Arguments;
use crate::growth::site::{Asked, Site};
use crate::progress;
use crate::told::put;
use crate::told::spread::number;
use crate::told::target::{Bound, Target};

/// How often each page is asked for, at most.
const TIMES: u32 = 30;
/// The same in a short run.
const QUICK_TIMES: u32 = 5;
/// The first page of the list may take so long with an index to stand on.
const MOST_MS: f64 = 50.0;

/// What is asked, what it is called in the table, and whether an index bounds its work, whatever the number of sessions.
const PAGES: [(&str, &str, bool); 16] = [
    ("first page, as it opens", "/admin/sessions", true),
    ("100 rows", "/admin/sessions?rows=100", true),
    ("by user", "/admin/sessions?sort=user&order=ascending", true),
    (
        "by device",
        "/admin/sessions?sort=device&order=descending",
        true,
    ),
    (
        "by address",
        "/admin/sessions?sort=address&order=ascending",
        true,
    ),
    (
        "by sign-in",
        "/admin/sessions?sort=started&order=descending",
        true,
    ),
    ("active", "/admin/sessions?status=active", true),
    (
        "expired, by user",
        "/admin/sessions?status=expired&sort=user&order=ascending",
        false,
    ),
    ("reuse detected", "/admin/sessions?status=reused", true),
    ("before 30 days", "/admin/sessions?used=before-30d", true),
    ("user:", "/admin/sessions?q=user:user7*", true),
    ("ip: a network", "/admin/sessions?q=ip:10.7.0.0/16", true),
    (
        "ip: half of all, active",
        "/admin/sessions?q=ip:10.&status=active",
        false,
    ),
    (
        "device: a fifth of all, by user",
        "/admin/sessions?q=device:firefox&sort=user&order=ascending",
        false,
    ),
    ("a word", "/admin/sessions?q=firefox", false),
    (
        "two words and a status",
        "/admin/sessions?q=user77+chrome&status=active",
        false,
    ),
];

/// One page on one database.
pub struct Page {
    name: &'static str,
    is_indexed: bool,
    asked: Asked,
}

/// Asks for every page, and for that of one session.
pub async fn measure(
    arguments: &Arguments,
    site: &Site,
    session: SessionId,
) -> anyhow::Result<Vec<Page>> {
    let one = format!("/admin/sessions/{session}");
    let pages = PAGES.iter().copied();
    let pages = pages.chain([("one session, with its lineage", one.as_str(), false)]);
    let times = if arguments.quick { QUICK_TIMES } else { TIMES };
    progress("growth: the administrators' pages");
    let mut measured = Vec::new();
    for (name, path, is_indexed) in pages {
        measured.push(Page {
            name,
            is_indexed,
            asked: site.time(path, times).await?,
        });
    }
    Ok(measured)
}

/// The table of one database; ratios are to the smallest one.
pub fn table(pages: &[Page], smallest: Option<&[Page]>) -> String {
    let mut text = String::from(
        "| page | median ms | p95 ms | bytes, before compression | ÷ the smallest database |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    for (at, page) in pages.iter().enumerate() {
        let small = smallest.and_then(|pages| pages.get(at));
        let ratio = small.map(|small| page.asked.median_ms / small.asked.median_ms);
        put(
            &mut text,
            format_args!(
                "| {}{} | {} | {} | {} | {} |\n",
                page.name,
                if page.is_indexed { "" } else { " ·" },
                number(Some(page.asked.median_ms), 1),
                number(Some(page.asked.p95_ms), 1),
                number(
                    Some(f64::from(
                        u32::try_from(page.asked.bytes).unwrap_or(u32::MAX)
                    )),
                    0
                ),
                number(ratio, 1),
            ),
        );
    }
    text
}

/// The slowest of the pages that have an index.
pub fn target(pages: &[Page], sessions: &str) -> Option<Target> {
    let indexed = pages.iter().filter(|page| page.is_indexed);
    let slowest =
        indexed.max_by(|one, other| one.asked.median_ms.total_cmp(&other.asked.median_ms))?;
    Some(Target::of_figure(
        &format!(
            "list of {sessions} sessions, the slowest filter or order with an index ({}), at the server",
            slowest.name
        ),
        &[slowest.asked.median_ms],
        (1, " ms"),
        Bound::AtMost(MOST_MS),
        0,
    ))
}
