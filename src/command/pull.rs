use super::{
    Exit, Halt, Verdict, estate,
    screen::{Screen, counted, table, thousands, wrap},
    trial,
};
use crate::{
    config::Settings,
    fault::Count,
    pipeline::{self, Effect, LinkReport, PullOptions, PullReport, Site, SourceOutcome},
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
    screen.document(&trial::document(&report));
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
    format!("{came}{waits}\n{}", pull_table(report))
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
    let Count { read, accepted, unchanged, set_aside, cells_emptied, documents_set_aside, gone } = *count;
    json!({ "read": read, "accepted": accepted, "unchanged": unchanged, "set_aside": set_aside,
            "cells_emptied": cells_emptied, "documents_set_aside": documents_set_aside, "gone": gone })
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

/// Links, and says how many records found their learner.
pub(super) fn link(settings: Settings, screen: &Screen) -> Verdict {
    let mut site = Site::open_to_write(settings, "link")?;
    let report = {
        let mut bar = screen.bar();
        pipeline::link(&mut site, &mut bar)?
    };
    screen.result(&link_words(&report));
    screen.document(&link_json(&report));
    Ok(Exit::Done)
}

/// What linking found, in words and a table.
pub(super) fn link_words(report: &LinkReport) -> String {
    let rows = report
        .by_method
        .iter()
        .map(|(method, n)| vec![thousands(*n), in_words(method).to_owned(), (*method).to_owned()])
        .collect();
    let said = format!(
        "A child has an entry in each system that knows them. {} are {}.",
        counted(report.subjects, "such entry", "such entries"),
        counted(report.learners, "learner", "learners")
    );
    format!("{}\n{}", wrap(&said, 0), table(&["entries", "found their learner by", "rule"], rows, &[0]))
}

/// The same as data.
pub(super) fn link_json(report: &LinkReport) -> serde_json::Value {
    let methods: serde_json::Map<String, serde_json::Value> =
        report.by_method.iter().map(|(method, n)| ((*method).to_owned(), json!(n))).collect();
    let counts = |(all, linked): (u64, u64)| json!({ "subjects": all, "linked": linked });
    let sources: Vec<serde_json::Value> = report
        .drift
        .iter()
        .map(|drift| {
            json!({ "source": drift.source.as_str(), "now": counts(drift.now), "before": counts(drift.before),
                    "new": counts(drift.new), "lost": drift.lost })
        })
        .collect();
    json!({ "subjects": report.subjects, "learners": report.learners, "model": report.model, "by_method": methods,
            "sources": sources })
}

/// By what a subject found its learner, in words.
pub(super) fn in_words(method: &str) -> &'static str {
    match method {
        "local_key" => "the source's own number for the child",
        "upn" => "pupil number (UPN), and birth date or names beside it",
        "former_upn" => "a pupil number (UPN) held before, and birth date or names beside it",
        "uln" => "learner number (ULN), and birth date or names beside it",
        "name_birth_postcode" => "names, birth date and postcode",
        "name_birth" => "names and birth date, where only one child has them",
        "surname_birth_postcode" => "surname, birth date, postcode, and a short form of the forename",
        "forename_birth_postcode" => "forename, birth date and postcode",
        "weighed" => "weights of names, dates and addresses: likely, not certain",
        _ => "nothing: a learner of its own, for the time being",
    }
}
