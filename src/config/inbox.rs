//! `[inbox]` and `[telemetry]`: small tables of their own.
use super::{
    daemon::Reader,
    raw::{RawInbox, RawTelemetry},
    schedule::span,
};
use reqwest::Url;
use std::time::Duration;

/// A copy over a slow network stands still for seconds, seldom for longer.
const SETTLE: Duration = Duration::from_secs(30);

impl Reader<'_> {
    /// How old a file must be before it is read; nothing in a demonstration that does not say.
    pub(super) fn settle(&mut self, raw: &RawInbox, demo: bool) -> Duration {
        match &raw.settle {
            Some(text) => self.take(text, span(text)).unwrap_or_default(),
            None if demo => Duration::ZERO,
            None => SETTLE,
        }
    }

    /// Where traces and metrics go.
    pub(super) fn otlp(&mut self, raw: &RawTelemetry) -> Option<Url> {
        let text = raw.otlp.as_ref()?;
        let hint = "write the collector's address without a path, as in http://127.0.0.1:4318";
        let wrong = || (format!("`{text}` is no address of a collector"), hint);
        let url = Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
        });
        self.take(text, url.ok_or_else(wrong))
    }
}
