use super::{
    Exit, Halt, Verdict, passed,
    pull::{COUNTED, counts_line, with_counts},
    schedule::Standing,
    screen::{Screen, table},
};
use crate::{
    catalog::{CatalogFault, RunEntry},
    config::Settings,
    pipeline::{Site, passed_over},
};
use chrono::{DateTime, Utc};
use serde_json::json;

impl From<CatalogFault> for Halt {
    fn from(fault: CatalogFault) -> Self {
        crate::pipeline::SiteFault::from(fault).into()
    }
}

/// What the sources gave, and how the last runs ended.
pub(super) fn status(settings: Settings, screen: &Screen) -> Verdict {
    let site = Site::open(settings)?;
    let standing = Standing::of(&site)?;
    screen.result(&format!("{}\n", standing.in_words(&site.settings)));
    let (counts, runs, releases) =
        (site.catalog.latest_counts()?, site.catalog.runs(10)?, site.catalog.releases()?);
    let feeds = counts
        .iter()
        .map(|line| [vec![line.source.clone()], counts_line(&line.feed, &line.count)].concat())
        .collect();
    screen.result("What each source gave when it was last read:");
    let header = [&["source", "feed"][..], &COUNTED].concat();
    screen.result(&table(&header, feeds, &[2, 3, 4, 5, 6, 7]));
    screen.result("\nThe last ten runs, newest first; times are UTC:");
    screen.result(&runs_table(&runs));
    if let Some(release) = releases.first() {
        let age = age_in_words(&release.published_at);
        screen.result(&format!(
            "\nNewest release: {}, as the records stood on {}; published {age}.",
            release.id, release.as_of
        ));
    }
    let passed = passed_over(&site.settings, &site.definitions);
    passed::say(&passed, screen);
    let counts: Vec<_> = counts
        .iter()
        .map(|line| with_counts(json!({ "source": line.source, "feed": line.feed }), &line.count))
        .collect();
    screen.document(&json!({ "feeds": counts, "runs": runs, "releases": releases,
                             "passed_over": passed::document(&passed), "schedule": standing.as_json(&site.settings) }));
    Ok(Exit::Done)
}

/// How long ago an instant of the catalog was.
fn age_in_words(stamp: &str) -> String {
    let Ok(at) = stamp.parse::<DateTime<Utc>>() else { return stamp.to_owned() };
    match (Utc::now() - at).num_hours() {
        ..1 => "within the last hour".to_owned(),
        1 => "an hour ago".to_owned(),
        hours @ 2..48 => format!("{hours} hours ago"),
        hours => format!("{} days ago", hours / 24),
    }
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
