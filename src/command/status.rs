use super::{
    Exit, Halt, Verdict,
    screen::{Screen, table, thousands},
};
use crate::{
    catalog::{CatalogFault, SetAside},
    config::Settings,
    pipeline::Site,
};
use serde_json::json;
use std::collections::BTreeMap;

impl From<CatalogFault> for Halt {
    fn from(fault: CatalogFault) -> Self {
        Self::new(Exit::Failed, fault.to_string())
    }
}

/// What the sources gave, and how the last runs ended.
pub(super) fn status(settings: Settings, screen: &Screen) -> Verdict {
    let site = Site::open(settings)?;
    let (counts, runs, releases) =
        (site.catalog.latest_counts()?, site.catalog.runs(10)?, site.catalog.releases()?);
    let feeds = counts
        .iter()
        .map(|line| {
            let count = line.count;
            let n = thousands;
            vec![
                line.source.clone(),
                line.feed.clone(),
                n(count.read),
                n(count.accepted),
                n(count.unchanged),
                n(count.set_aside),
                n(count.cells_emptied),
            ]
        })
        .collect();
    screen.result("What each source gave when it was last read:");
    let header = ["source", "feed", "read", "new", "known", "set aside", "cells emptied"];
    screen.result(&table(&header, feeds, &[2, 3, 4, 5, 6]));
    screen.result("The last runs:");
    let lines = runs.iter().map(|run| {
        let ended = run.ended_at.clone().unwrap_or_else(|| "-".into());
        vec![
            run.id.to_string(),
            run.verb.clone(),
            run.source.clone(),
            run.state.clone(),
            run.started_at.clone(),
            ended,
            run.reason.clone(),
        ]
    });
    screen.result(&table(&["run", "verb", "source", "state", "from", "to", "why"], lines.collect(), &[0]));
    if let Some(release) = releases.first() {
        screen.result(&format!("Newest release: {} (as of {}).", release.id, release.as_of));
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|line| {
            let c = line.count;
            json!({ "source": line.source, "feed": line.feed, "read": c.read, "accepted": c.accepted,
                    "unchanged": c.unchanged, "set_aside": c.set_aside, "cells_emptied": c.cells_emptied,
                    "documents_set_aside": c.documents_set_aside })
        })
        .collect();
    screen.document(&json!({ "feeds": counts, "runs": runs, "releases": releases }));
    Ok(Exit::Done)
}

/// What was set aside, and where.
pub(super) fn quarantine(settings: Settings, source: Option<&str>, all: bool, screen: &Screen) -> Verdict {
    let site = Site::open(settings)?;
    let lines = site.catalog.quarantine(source)?;
    screen.document(&json!({ "quarantine": lines }));
    if lines.is_empty() {
        screen.result("Nothing was set aside.");
        return Ok(Exit::Done);
    }
    screen.result(&if all { every_line(&lines) } else { sums(&lines) });
    if !all {
        screen.say("Every place, by row and column: add --all. A document is the n-th matching file of the source's inbox in sorted order, or the n-th page.");
    }
    Ok(Exit::Done)
}

fn sums(lines: &[SetAside]) -> String {
    let mut by: BTreeMap<(String, String, String, String, String), (u64, String)> = BTreeMap::new();
    for line in lines {
        let key = (
            line.source.clone(),
            line.column.clone(),
            line.detail.clone(),
            line.consequence.clone(),
            line.hint.clone(),
        );
        let place = format!("document {} sheet {} row {}", line.document, line.sheet, line.row);
        by.entry(key).or_insert((0, place)).0 += 1;
    }
    let mut rows: Vec<_> = by.into_iter().collect();
    rows.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
    let rows = rows
        .into_iter()
        .map(|((source, column, detail, consequence, hint), (n, first))| {
            vec![thousands(n), source, column, detail, consequence.replace('_', " "), first, hint]
        })
        .collect();
    table(&["times", "source", "column", "problem", "so", "first at", "what to do"], rows, &[0])
}

fn every_line(lines: &[SetAside]) -> String {
    let rows = lines.iter().map(|line| {
        vec![
            line.source.clone(),
            line.feed.clone(),
            line.document.to_string(),
            line.sheet.to_string(),
            line.row.to_string(),
            line.column.clone(),
            line.detail.clone(),
            line.consequence.replace('_', " "),
        ]
    });
    table(
        &["source", "feed", "document", "sheet", "row", "column", "problem", "so"],
        rows.collect(),
        &[2, 3, 4],
    )
}
