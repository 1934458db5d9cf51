use super::{
    Exit, Halt, Verdict,
    screen::{Screen, table, thousands},
};
use crate::{
    catalog::{CatalogFault, RunEntry},
    config::Settings,
    pipeline::Site,
};
use serde_json::json;

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
    let header = ["source", "feed", "read", "new or changed", "as before", "set aside", "cells emptied"];
    screen.result(&table(&header, feeds, &[2, 3, 4, 5, 6]));
    screen.result("\nThe last ten runs, newest first; times are UTC:");
    screen.result(&runs_table(&runs));
    if let Some(release) = releases.first() {
        screen
            .result(&format!("\nNewest release: {}, as the records stood on {}.", release.id, release.as_of));
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

/// Runs, one a line.
pub(super) fn runs_table(runs: &[RunEntry]) -> String {
    let day_and_minute = |text: &str| text.replacen('T', " ", 1).chars().take(16).collect::<String>();
    let mut rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            let ended = run.ended_at.as_deref().map_or_else(|| "-".to_owned(), day_and_minute);
            let (verb, source, state) = (run.verb.clone(), run.source.clone(), run.state.clone());
            let began = day_and_minute(&run.started_at);
            vec![run.id.to_string(), verb, source, state, began, ended, run.reason.clone()]
        })
        .collect();
    let mut header = vec!["run", "verb", "source", "state", "began", "ended", "why"];
    if runs.iter().all(|run| run.reason.is_empty()) {
        header.pop();
        for row in &mut rows {
            row.truncate(header.len());
        }
    }
    table(&header, rows, &[0])
}
