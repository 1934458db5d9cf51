//! What systemd is told. Without `NOTIFY_SOCKET` all of it does nothing.
use sd_notify::NotifyState;
use std::time::Duration;

/// How often the service manager wants to hear that the loop turns, if it does.
pub(super) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

/// At work.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The loop turns; how things stand, for `systemctl status`.
pub(super) fn alive(words: &str) {
    tell(&[NotifyState::Watchdog, NotifyState::Status(words)]);
}

/// A new configuration is being read.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// Ending what is in hand.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("ending what is in hand")]);
}

fn tell(state: &[NotifyState<'_>]) {
    // A service manager that does not listen is no reason to stop.
    let _ = sd_notify::notify(state);
}
