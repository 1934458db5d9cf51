//! A pull that keeps nothing: what it would have come to, and what one page of each service looks like.
use super::{
    Exit, Halt, estate,
    pull::{COUNTED, counts_line, pull_json, verdict},
    quarantine::sums,
    screen::{Screen, table, thousands},
};
use crate::{
    catalog::SetAside,
    config::{Settings, Source},
    definitions::connector::Form,
    pipeline::{self, Effect, PullOptions, PullReport, Site, SourceOutcome, Trial},
};
use serde_json::{Value, json};

/// What a pull would have come to, source by source, and what would have been set aside.
pub(super) fn words(report: &PullReport) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for source in &report.sources {
        let outcome = match &source.outcome {
            SourceOutcome::Failed(why) => format!("would fail: {why}"),
            SourceOutcome::Refused(why) => format!("not pulled: {why}"),
            outcome => guards_of(outcome).first().map_or_else(
                || {
                    if source.count.accepted + source.count.gone == 0 {
                        "nothing new"
                    } else {
                        "would be published"
                    }
                    .to_owned()
                },
                |first| format!("would be held: {}", first.detail),
            ),
        };
        rows.push([counts_line(source.source.as_str(), &source.count), vec![outcome]].concat());
    }
    rows.push([counts_line("all", &report.total()), vec![String::new()]].concat());
    let header = [&["source"][..], &COUNTED, &["outcome"]].concat();
    let counts = table(&header, rows, &[1, 2, 3, 4, 5, 6]);
    format!("Only tried: nothing is kept, and no cursor has moved.\n{counts}{}", lines(report))
}

/// Asks each service for one page of each of its feeds, and says how it was read.
pub(super) fn connect(mut settings: Settings, screen: &Screen) -> Result<(Exit, Value), Halt> {
    let _estate = estate::play(&mut settings)?;
    let mut site = Site::open_to_write(settings, "check")?;
    let is_service = |source: &&Source| {
        let connector = site.definitions.connectors.get(&source.connector);
        connector.is_some_and(|connector| matches!(connector.form, Form::Rest(_)))
    };
    let sources: Vec<String> =
        site.settings.sources.iter().filter(is_service).map(|source| source.name.to_string()).collect();
    if sources.is_empty() {
        screen.result("No source is a service: there is nobody to ask.");
        return Ok((Exit::Done, json!({ "sources": [] })));
    }
    let options = PullOptions { sources, effect: Effect::Look, ..PullOptions::default() };
    let report = {
        let mut bar = screen.bar();
        pipeline::pull(&mut site, &options, &mut bar)?
    };
    let row = |source: &pipeline::SourceReport| {
        let said = match &source.outcome {
            SourceOutcome::Failed(why) => format!("failed: {why}"),
            SourceOutcome::Refused(why) => format!("not asked: {why}"),
            _ if source.count.read == 0 => "answers, with nothing on its first pages".to_owned(),
            _ => "answers".to_owned(),
        };
        let count = [source.count.read, source.count.set_aside, source.count.cells_emptied].map(thousands);
        [vec![source.source.to_string()], count.to_vec(), vec![said]].concat()
    };
    let rows = report.sources.iter().map(row).collect();
    let asked =
        table(&["source", "records seen", "set aside", "cells emptied", "what it says"], rows, &[1, 2, 3]);
    screen.result(&format!(
        "Each service was asked for the first page of each of its feeds; nothing is kept.\n{asked}{}",
        lines(&report)
    ));
    let exit = match verdict(&report) {
        Exit::Partly => Exit::Failed,
        exit => exit,
    };
    Ok((exit, document(&report)))
}

/// The same as data: with every place that was set aside.
pub(super) fn document(report: &PullReport) -> Value {
    let mut document = pull_json(report);
    let each = document["sources"].as_array_mut().into_iter().flatten().zip(&report.sources);
    for (shown, source) in each {
        let (guards, set_aside) = match &source.outcome {
            SourceOutcome::Tried(Trial { guards, set_aside }) => (json!(guards), json!(set_aside)),
            _ => (json!([]), json!([])),
        };
        shown["guards"] = guards;
        shown["places"] = set_aside;
    }
    document
}

fn guards_of(outcome: &SourceOutcome) -> &[SetAside] {
    match outcome {
        SourceOutcome::Tried(trial) => &trial.guards,
        _ => &[],
    }
}

fn lines(report: &PullReport) -> String {
    let all: Vec<SetAside> = report
        .sources
        .iter()
        .filter_map(|source| match &source.outcome {
            SourceOutcome::Tried(trial) => Some(trial.guards.iter().chain(&trial.set_aside).cloned()),
            _ => None,
        })
        .flatten()
        .collect();
    if all.is_empty() { String::new() } else { format!("\n\n{}", sums(&all)) }
}
