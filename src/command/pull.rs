use super::{
    Exit, Halt, Verdict, estate, passed,
    screen::{Screen, counted, table, thousands},
    trial,
};
use crate::{
    config::Settings,
    fault::Count,
    pipeline::{self, Effect, PassedOver, PullOptions, PullReport, Site, SourceOutcome, passed_over},
};
use serde_json::json;

/// Pulls, and says what came and what was set aside.
pub(super) fn pull(mut settings: Settings, options: &PullOptions, screen: &Screen) -> Verdict {
    for name in &options.sources {
        if !settings.sources.iter().any(|source| source.name.as_str() == name) {
            let words = format!("there is no source `{name}` in {}", settings.file.display());
            return Err(Halt::new(Exit::Usage, words));
        }
    }
    let _estate = estate::play(&mut settings)?;
    let mut site = Site::open_to_write(settings, "pull")?;
    let report = {
        let mut bar = screen.bar();
        pipeline::pull(&mut site, options, &mut bar)?
    };
    let words = if options.effect == Effect::Publish { pull_words(&report) } else { trial::words(&report) };
    screen.result(&words);
    let asked = |passed: &PassedOver| {
        options.sources.is_empty() || options.sources.iter().any(|name| name == passed.source.as_str())
    };
    let mut passed = passed_over(&site.settings, &site.definitions);
    passed.retain(asked);
    passed::say(&passed, screen);
    let mut document = trial::document(&report);
    document["passed_over"] = passed::document(&passed);
    screen.document(&document);
    Ok(verdict(&report))
}

/// The code of a pull.
pub(super) fn verdict(report: &PullReport) -> Exit {
    let all =
        |outcome: fn(&SourceOutcome) -> bool| report.sources.iter().all(|source| outcome(&source.outcome));
    if report.is_whole() {
        Exit::Done
    } else if report.sources.iter().any(|source| source.outcome.is_held()) {
        Exit::Held
    } else if all(|outcome| matches!(outcome, SourceOutcome::Refused(_))) {
        Exit::Refused
    } else if all(|outcome| matches!(outcome, SourceOutcome::Failed(_) | SourceOutcome::Refused(_))) {
        Exit::Failed
    } else {
        Exit::Partly
    }
}

/// What came in one sentence, then a line per source.
pub(super) fn pull_words(report: &PullReport) -> String {
    let total = report.total();
    let came = match (report.is_whole(), total.accepted) {
        (true, 0) => "Every source was asked; none has anything new since it was last read.".to_owned(),
        (_, n) => format!("{} new or changed.", counted(n, "record is", "records are")),
    };
    let waiting: u64 = report.sources.iter().map(|source| source.waiting).sum();
    let waits = match waiting {
        0 => String::new(),
        n => format!(
            "\n{} still being copied: the next pull reads what is whole by then.",
            counted(n, "file is", "files are")
        ),
    };
    let withheld = withheld_in_words(report.total().withheld);
    format!("{came}{waits}{withheld}\n{}", pull_table(report))
}

/// What is said of records that are left out because somebody must not be held: how many.
pub(super) fn withheld_in_words(n: u64) -> String {
    match n {
        0 => String::new(),
        n => format!(
            "\n{} withheld: of people who must not be held. Which they were is not said.",
            counted(n, "record was", "records were")
        ),
    }
}

/// A name and what became of its records.
pub(super) fn counts_line(name: &str, count: &Count) -> Vec<String> {
    let Count { read, accepted, unchanged, set_aside, cells_emptied, gone, .. } = *count;
    let figures = [read, accepted, unchanged, set_aside, cells_emptied, gone].map(thousands);
    [vec![name.to_owned()], figures.to_vec()].concat()
}

/// The headers of those figures.
pub(super) const COUNTED: [&str; 6] =
    ["read", "new or changed", "as before", "set aside", "cells emptied", "rows gone"];

/// The same figures as data.
pub(super) fn counts_json(count: &Count) -> serde_json::Value {
    let Count { read, accepted, unchanged, set_aside, cells_emptied, documents_set_aside, gone, withheld } =
        *count;
    json!({ "read": read, "accepted": accepted, "unchanged": unchanged, "set_aside": set_aside,
            "cells_emptied": cells_emptied, "documents_set_aside": documents_set_aside, "gone": gone,
            "withheld": withheld })
}

/// A document with figures beside what they are of.
pub(super) fn with_counts(mut document: serde_json::Value, count: &Count) -> serde_json::Value {
    if let (Some(document), serde_json::Value::Object(counts)) =
        (document.as_object_mut(), counts_json(count))
    {
        document.extend(counts);
    }
    document
}

fn pull_table(report: &PullReport) -> String {
    let line =
        |name: &str, count: &Count, outcome: String| [counts_line(name, count), vec![outcome]].concat();
    let mut rows: Vec<Vec<String>> = report
        .sources
        .iter()
        .map(|source| {
            let outcome = match &source.outcome {
                SourceOutcome::Published => "whole".to_owned(),
                SourceOutcome::Partly => "partly: see quarantine".to_owned(),
                SourceOutcome::Tried(_) => "tried".to_owned(),
                SourceOutcome::Held => "held: nothing is published; see `throughline runs show`".to_owned(),
                SourceOutcome::Failed(why) => format!("failed: {why}"),
                SourceOutcome::Refused(why) => format!("not pulled: {why}"),
            };
            line(source.source.as_str(), &source.count, outcome)
        })
        .collect();
    rows.push(line("all", &report.total(), String::new()));
    let mut header = [&["source"][..], &COUNTED, &["outcome"]].concat();
    if report.is_whole() {
        // A column that says `whole` of every source says nothing.
        header.pop();
        for row in &mut rows {
            row.truncate(header.len());
        }
    }
    table(&header, rows, &[1, 2, 3, 4, 5, 6])
}

/// The same as data.
pub(super) fn pull_json(report: &PullReport) -> serde_json::Value {
    let sources: Vec<_> = report
        .sources
        .iter()
        .map(|source| {
            let (outcome, reason) = match &source.outcome {
                SourceOutcome::Published => ("published", ""),
                SourceOutcome::Partly => ("partly", ""),
                SourceOutcome::Held => ("held", "a guard said no; see `throughline runs show`"),
                SourceOutcome::Tried(_) => ("tried", "nothing is kept"),
                SourceOutcome::Failed(why) => ("failed", why.as_str()),
                SourceOutcome::Refused(why) => ("refused", why.as_str()),
            };
            let about = json!({ "source": source.source.as_str(), "outcome": outcome, "reason": reason,
                                "waiting": source.waiting });
            with_counts(about, &source.count)
        })
        .collect();
    json!({ "sources": sources })
}
