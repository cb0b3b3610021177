//! Whether the settings are good, and which of them are weak where strangers come.

use crate::cli::Failure;
use crate::cli::doctor::Patient;
use crate::cli::doctor::finding::{Check, Finding};
use crate::config::{Registration, SecondFactor};
use crate::front::Tls;

/// What is wrong with it, a line each.
pub(super) fn broken(failure: &Failure) -> Vec<Finding> {
    let lines = failure.text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| Finding {
            what: line.trim().to_owned(),
            ..Finding::new(
                Check::Configuration,
                "",
                "mend it and look again with `hub config check`; nothing else was looked at, for only it tells where",
            )
        })
        .collect()
}

pub(super) fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let config = patient.config;
    let mut findings = Vec::new();
    if let Some((cert, key)) = config.tls.files() {
        match Tls::load(cert, key) {
            Err(error) => findings.push(Finding::of_line(Check::Configuration, &error.to_string())),
            Ok(tls) => findings.extend(tls.out_of_time(patient.now.wall).map(|problem| {
                Finding::new(
                    Check::Configuration,
                    problem,
                    "renew it, then send HUP to the server",
                )
            })),
        }
    }
    let hint = |what: String, mend: &str| Finding::hint(Check::Configuration, what, mend);
    let everybody = config
        .throttle_exempt
        .iter()
        .find(|network| network.prefix_len() == 0);
    if let Some(network) = everybody {
        findings.push(hint(
            format!("throttle_exempt has {network}, so nobody's tries are counted"),
            "name the networks of load tests only",
        ));
    }
    if let Some(address) = config.metrics_bind
        && !address.ip().is_loopback()
        && config.metrics_token.is_none()
    {
        findings.push(hint(
            format!("whoever reaches {address} reads the metrics"),
            "set HUB_METRICS_TOKEN, or listen on 127.0.0.1",
        ));
    }
    // On one machine nobody else comes.
    if config.public_url.host().is_loopback() {
        return findings;
    }
    if config.registration == Registration::Open {
        findings.push(hint(
            format!("whoever reaches {} can make an account", config.public_url),
            "if they should not, set HUB_REGISTRATION=closed",
        ));
    }
    if config.admin_second_factor == SecondFactor::Optional {
        findings.push(hint(
            "administrators need no second factor".to_owned(),
            "set HUB_ADMIN_SECOND_FACTOR=required",
        ));
    }
    findings
}
