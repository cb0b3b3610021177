//! Clients that refresh as fast as they are answered, alone and beside an ending of many sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::bail;
use serde_json::json;
use tokio::time::sleep;

use crate::growth::fill::ENDING;
use crate::growth::site::{Site, percentile_ms};
use crate::load::now;

/// How long they are watched alone.
const ALONE_SECONDS: u64 = 5;
/// An ending that has not come to its end by then is not going to.
const MAX_ENDING_SECONDS: u64 = 600;
/// How often the page of the ending is looked at.
const LOOK_EVERY_MS: u64 = 250;

/// Measures both; what came of it, in words.
pub async fn beside_an_ending(site: &Arc<Site>, clients: u32) -> anyhow::Result<String> {
    let mut tokens = Vec::new();
    for _ in 0..clients {
        tokens.push(site.sign_in().await?);
    }
    let wait = async {
        sleep(Duration::from_secs(ALONE_SECONDS)).await;
        Ok(String::new())
    };
    let (mut alone, tokens, _) = watch(site, tokens, wait).await?;
    let begun = now();
    let (mut beside, _, ended) = watch(site, tokens, Box::pin(end_all(site))).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let rate = |spans: &[Duration], seconds: f64| {
        f64::from(u32::try_from(spans.len()).unwrap_or(u32::MAX)) / seconds
    };
    Ok(format!(
        "{clients} clients refresh without a pause: alone {:.0} a second, p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms; \
         while {ended} ({seconds:.1} s) {:.0} a second, p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
        rate(&alone, Duration::from_secs(ALONE_SECONDS).as_secs_f64()),
        percentile_ms(&mut alone, 50),
        percentile_ms(&mut alone, 99),
        percentile_ms(&mut alone, 100),
        rate(&beside, seconds),
        percentile_ms(&mut beside, 50),
        percentile_ms(&mut beside, 99),
        percentile_ms(&mut beside, 100),
    ))
}

/// Lets the clients refresh, each on a task of its own, until `work` is done; how long each answer took.
async fn watch(
    site: &Arc<Site>,
    tokens: Vec<String>,
    work: impl Future<Output = anyhow::Result<String>>,
) -> anyhow::Result<(Vec<Duration>, Vec<String>, String)> {
    let over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = tokens
        .into_iter()
        .map(|token| tokio::spawn(refresh(Arc::clone(site), Arc::clone(&over), token)))
        .collect();
    let worked = work.await;
    over.store(true, Ordering::Relaxed);
    let mut all = Vec::new();
    let mut tokens = Vec::new();
    for client in clients {
        let (spans, token) = client.await??;
        all.extend(spans);
        tokens.push(token);
    }
    Ok((all, tokens, worked?))
}

async fn refresh(
    site: Arc<Site>,
    over: Arc<AtomicBool>,
    mut token: String,
) -> anyhow::Result<(Vec<Duration>, String)> {
    let mut spans = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let begun = now();
        let body = json!({"refresh_token": token});
        let pair = site.api("/api/auth/refresh", &body).await?;
        spans.push(begun.elapsed());
        pair["refresh_token"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut token);
    }
    Ok((spans, token))
}

/// Ends all sessions of one network, as an administrator does; the heading of its page when it is done.
async fn end_all(site: &Site) -> anyhow::Result<String> {
    let path = format!("/admin/sessions/revoke?which=all&q=ip:{ENDING}");
    let page = site.page(&path).await?;
    let shown = page.body.split("name=\"shown\" value=\"").nth(1);
    let Some(shown) = shown.and_then(|rest| rest.split('"').next()) else {
        bail!("{path} answered {} {}", page.status, page.location);
    };
    let shown = shown.to_owned();
    let query = format!("ip:{ENDING}");
    let fields = [("which", "all"), ("q", &*query), ("shown", &*shown)];
    let answer = site.send("/admin/sessions/revoke", &fields).await?;
    if answer.status != 303 {
        bail!("the ending answered {}", answer.status);
    }
    for _ in 0..MAX_ENDING_SECONDS * 1_000 / LOOK_EVERY_MS {
        let page = site.page(&answer.location).await?;
        let heading = page
            .body
            .split("<h1>")
            .nth(1)
            .and_then(|rest| rest.split('<').next());
        match heading {
            Some(heading) if heading.starts_with("Revoked") => {
                return Ok(heading.replace("Revoked", "it ended"));
            }
            Some(heading) if heading.starts_with("Stopped") => bail!("{heading}"),
            _ => sleep(Duration::from_millis(LOOK_EVERY_MS)).await,
        }
    }
    bail!("the ending did not come to its end")
}
