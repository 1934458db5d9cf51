//! The metrics page, in the text format that Prometheus reads.
//!
//! Every figure is read from the catalog when it is asked for, so counters survive restarts and a scrape says what is
//! true. A label holds a name of our own configuration or definitions and nothing else: no school, no file, no code.
use super::outlook::Outlook;
use crate::{catalog::Measures, fault::Name};
use chrono::{DateTime, Utc};
use std::{
    fmt::{Display, Write as _},
    time::Duration,
};

/// What a page is made of.
pub(super) struct Figures {
    pub(super) measures: Measures,
    pub(super) missed: Vec<(String, u64)>,
    pub(super) outlook: Vec<Outlook>,
    pub(super) busy: Vec<Name>,
    pub(super) free: Option<u64>,
    pub(super) throttled: Duration,
    /// Days left of each source's agreement; negative when it has ended.
    pub(super) expires: Vec<(Name, i64)>,
    pub(super) now: DateTime<Utc>,
}

/// The page.
pub(super) fn page(figures: &Figures) -> String {
    let mut page = Page::default();
    sources(&mut page, figures);
    totals(&mut page, figures);
    let Figures { measures, now, .. } = figures;
    page.family("throughline_release_timestamp_seconds", "gauge", "When the newest release was published.");
    if let Some(at) = measures.released_at {
        page.sample(&[], at.timestamp());
    }
    page.family("throughline_release_age_seconds", "gauge", "Age of the newest release.");
    if let Some(at) = measures.released_at {
        page.sample(&[], (*now - at).num_seconds());
    }
    page.family(
        "throughline_throttled_seconds_total",
        "counter",
        "Waited because services asked for patience.",
    );
    page.sample(&[], figures.throttled.as_secs_f64());
    page.family("throughline_disk_free_bytes", "gauge", "Free space where the data lies.");
    if let Some(free) = figures.free {
        page.sample(&[], free);
    }
    page.family("throughline_loop_timestamp_seconds", "gauge", "The daemon's clock.");
    page.sample(&[], now.timestamp());
    page.family("throughline_build_info", "gauge", "The program's version.");
    page.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.text
}

fn sources(page: &mut Page, figures: &Figures) {
    page.family(
        "throughline_source_last_success_timestamp_seconds",
        "gauge",
        "When a pull was last published.",
    );
    for (source, at) in &figures.measures.last_success {
        page.sample(&[("source", source)], at.timestamp());
    }
    page.family(
        "throughline_source_cursor_age_seconds",
        "gauge",
        "Age of the oldest cursor: what changed since is not here.",
    );
    for (source, at) in &figures.measures.oldest_cursor {
        page.sample(&[("source", source)], (figures.now - *at).num_seconds());
    }
    page.family("throughline_source_next_slot_timestamp_seconds", "gauge", "When the source is pulled next.");
    for one in &figures.outlook {
        if let Some(next) = one.next {
            page.sample(&[("source", one.source.as_str())], next.timestamp());
        }
    }
    page.family(
        "throughline_source_late",
        "gauge",
        "1 where a slot has been waiting for longer than it should.",
    );
    for one in &figures.outlook {
        page.sample(&[("source", one.source.as_str())], u8::from(one.late_since.is_some()));
    }
    page.family("throughline_source_pulling", "gauge", "1 where the source is being pulled.");
    for one in &figures.outlook {
        page.sample(&[("source", one.source.as_str())], u8::from(figures.busy.contains(&one.source)));
    }
    page.family("throughline_source_ended", "gauge", "1 where the agreement was revoked or has expired.");
    for one in &figures.outlook {
        page.sample(&[("source", one.source.as_str())], u8::from(one.ended.is_some()));
    }
    page.family("throughline_source_agreement_days_left", "gauge", "Days until the agreement expires.");
    for (source, days) in &figures.expires {
        page.sample(&[("source", source.as_str())], days);
    }
    page.family(
        "throughline_source_slots_missed_total",
        "counter",
        "Slots that went by and that a later one covered.",
    );
    for (source, missed) in &figures.missed {
        page.sample(&[("source", source)], missed);
    }
}

fn totals(page: &mut Page, figures: &Figures) {
    page.family("throughline_records_total", "counter", "Records read, by what became of them.");
    for line in &figures.measures.totals {
        let count = line.count;
        for (outcome, n) in [
            ("accepted", count.accepted),
            ("unchanged", count.unchanged),
            ("set_aside", count.set_aside),
            ("withheld", count.withheld),
        ] {
            page.sample(&[("source", &line.source), ("feed", &line.feed), ("outcome", outcome)], n);
        }
    }
    page.family(
        "throughline_cells_emptied_total",
        "counter",
        "Cells that could not be read, in records that went on.",
    );
    for line in &figures.measures.totals {
        page.sample(&[("source", &line.source), ("feed", &line.feed)], line.count.cells_emptied);
    }
    page.family(
        "throughline_documents_set_aside_total",
        "counter",
        "Files and pages that could not be read.",
    );
    for line in &figures.measures.totals {
        page.sample(&[("source", &line.source), ("feed", &line.feed)], line.count.documents_set_aside);
    }
    page.family("throughline_rows_gone_total", "counter", "Rows that stood and that a pull said are gone.");
    for line in &figures.measures.totals {
        page.sample(&[("source", &line.source), ("feed", &line.feed)], line.count.gone);
    }
    page.family("throughline_runs", "gauge", "Pulls by how they stand; those held wait for a person.");
    for line in &figures.measures.runs {
        page.sample(&[("source", &line.source), ("state", &line.state)], line.runs);
    }
}

#[derive(Default)]
struct Page {
    text: String,
    name: &'static str,
}

impl Page {
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.name = name;
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let open = if at == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{open}{label}=\"{text}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, page};
    use crate::{
        catalog::{Measures, RunCount, Totals},
        fault::Count,
    };
    use std::time::Duration;

    #[test]
    fn every_line_is_a_comment_or_a_sample_and_labels_are_escaped() {
        let now: chrono::DateTime<chrono::Utc> = "2026-06-01T05:00:00Z".parse().unwrap();
        let count = Count { read: 5, accepted: 3, set_aside: 1, unchanged: 1, gone: 4, ..Count::default() };
        let text = page(&Figures {
            measures: Measures {
                totals: vec![Totals { source: "a\"b".into(), feed: "f".into(), count }],
                runs: vec![RunCount { source: "a".into(), state: "held".into(), runs: 2 }],
                last_success: vec![("a".into(), now)],
                released_at: Some(now),
                ..Measures::default()
            },
            missed: vec![],
            outlook: vec![],
            busy: vec![],
            free: Some(1),
            throttled: Duration::from_millis(1500),
            expires: vec![],
            now,
        });
        assert!(
            text.contains("throughline_records_total{source=\"a\\\"b\",feed=\"f\",outcome=\"accepted\"} 3\n")
        );
        assert!(text.contains("throughline_rows_gone_total{source=\"a\\\"b\",feed=\"f\"} 4\n"));
        assert!(text.contains("throughline_runs{source=\"a\",state=\"held\"} 2\n"));
        assert!(text.contains("throughline_throttled_seconds_total 1.5\n"));
        assert!(text.contains("throughline_release_age_seconds 0\n"));
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("throughline_") && value.parse::<f64>().is_ok(), "{line}");
        }
    }
}
