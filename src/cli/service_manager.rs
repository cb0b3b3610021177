//! What a service manager is told (systemd, with `Type=notify`): that the server serves, reads anew, stops. Without one nobody is.

use sd_notify::NotifyState;

/// From now on requests are answered: what was ordered after the server may start.
pub(super) fn serving() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is being read anew; `serving` follows.
pub(super) fn reading_anew() {
    match NotifyState::monotonic_usec_now() {
        // The time tells this reload from one before. A manager that waits for it takes neither without the other.
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => untold(&error),
    }
}

/// Running requests are finished, and then the process ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// A server that cannot say so serves all the same; the manager ends it when it has waited long enough, and this is why.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        untold(&error);
    }
}

fn untold(error: &std::io::Error) {
    tracing::warn!(%error, "the service manager could not be told (NOTIFY_SOCKET)");
}
