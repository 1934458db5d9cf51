use super::{
    Exit, Halt, Verdict,
    cli::Runs,
    expire::removals_table,
    person,
    pull::{COUNTED, counts_line, with_counts},
    screen::{Screen, counted, table, thousands, wrap},
    status::runs_table,
};
use crate::{
    catalog::RunDetail,
    config::Settings,
    pipeline::{self, Site},
};
use serde_json::json;

/// So many runs are listed.
const LISTED: usize = 30;

/// What happened, why a run is held, and what a person decides about it.
pub(super) fn runs(settings: Settings, what: Option<&Runs>, screen: &Screen) -> Verdict {
    match what {
        None => list(&Site::open(settings)?, screen),
        Some(Runs::Show { id }) => show(&Site::open(settings)?, *id, screen),
        Some(Runs::Approve { id, reason }) => decide(settings, *id, reason, true, screen),
        Some(Runs::Discard { id, reason }) => decide(settings, *id, reason, false, screen),
    }
}

fn list(site: &Site, screen: &Screen) -> Verdict {
    let runs = site.catalog.runs(LISTED)?;
    screen.document(&json!({ "runs": runs }));
    screen.result(&runs_table(&runs));
    if runs.iter().any(|run| run.state == "held") {
        screen.say("Held: `throughline runs show`, then `runs approve` or `runs discard` with a reason.");
    }
    Ok(Exit::Done)
}

/// One run; without a number the newest that is held, or else the newest.
fn show(site: &Site, id: Option<i64>, screen: &Screen) -> Verdict {
    let runs = site.catalog.runs(10_000)?;
    let newest = || runs.iter().find(|run| run.state == "held").or(runs.first()).map(|run| run.id);
    let detail = match id.or_else(newest) {
        Some(id) => site.catalog.run_detail(id)?,
        None => None,
    };
    let Some(mut detail) = detail else { return Err(Halt::new(Exit::Failed, "there is no such run")) };
    if let Some(decision) = &mut detail.decision {
        decision.reason = pipeline::reason_given(&site.key, &decision.reason);
    }
    let mut document = as_json(&detail);
    document["removed"] = json!(site.catalog.removals(detail.run.id)?);
    screen.document(&document);
    let run = &detail.run;
    screen.result(&format!("Run {}: {} {}, {}.", run.id, run.verb, run.source, run.state));
    if !run.reason.is_empty() {
        screen.result(&wrap(&format!("Why: {}.", run.reason), 0));
    }
    if let Some(decision) = &detail.decision {
        let said =
            format!("{} by {} at {}: {}", decision.verdict, decision.who, decision.at, decision.reason);
        screen.result(&wrap(&said, 0));
    }
    for guard in detail.faults.iter().filter(|fault| fault.consequence == "run_held") {
        let about = [guard.feed.as_str(), guard.column.as_str()].join(" ");
        let document =
            if guard.document > 0 { format!(" document {}", guard.document) } else { String::new() };
        let said = format!("{}{document}: {}; {}.", about.trim(), guard.detail, guard.hint);
        screen.result(&wrap(&format!("- {said}"), 2));
    }
    let rows = detail.counts.iter().map(|line| counts_line(&line.feed, &line.count)).collect();
    let header = [&["feed"][..], &COUNTED].concat();
    screen.result(&table(&header, rows, &[1, 2, 3, 4, 5, 6]));
    let removals = site.catalog.removals(run.id)?;
    if !removals.is_empty() {
        screen.result(&removals_table(&removals));
    }
    let stored: u64 = detail.files.iter().map(|file| file.rows).sum();
    let files = counted(detail.files.len() as u64, "file", "files");
    screen.result(&format!("{files} with {} rows.", thousands(stored)));
    if run.state == "held" {
        screen.say(&format!(
            "To publish it as it is: throughline runs approve {0} --reason \"...\"; to drop it: runs discard {0} --reason \"...\".",
            run.id
        ));
    }
    Ok(Exit::Done)
}

fn as_json(detail: &RunDetail) -> serde_json::Value {
    let counts: Vec<_> =
        detail.counts.iter().map(|line| with_counts(json!({ "feed": line.feed }), &line.count)).collect();
    let files: Vec<_> = detail
        .files
        .iter()
        .map(|file| json!({ "path": file.path, "kind": file.kind.word(), "entity": file.entity, "rows": file.rows }))
        .collect();
    let guards: Vec<_> = detail.faults.iter().filter(|fault| fault.consequence == "run_held").collect();
    json!({ "run": detail.run, "guards": guards, "decision": detail.decision, "feeds": counts, "files": files })
}

fn decide(settings: Settings, id: i64, reason: &str, approves: bool, screen: &Screen) -> Verdict {
    let mut site = Site::open_to_write(settings, "runs")?;
    let who = person::user();
    let verdict = if approves {
        pipeline::approve(&mut site, id, &who, reason)?
    } else {
        pipeline::discard(&mut site, id, &who, reason)?
    };
    let (exit, word, words) = match verdict {
        pipeline::Verdict::Published(count) => (
            Exit::Done,
            "published",
            format!(
                "Run {id} is published: {}.",
                counted(count.accepted, "record is new", "records are new or changed")
            ),
        ),
        pipeline::Verdict::Discarded => (
            Exit::Done,
            "discarded",
            format!("Run {id} is discarded; the next pull asks for the same again."),
        ),
        pipeline::Verdict::NotHeld => return Err(Halt::new(Exit::Failed, format!("run {id} is not held"))),
        pipeline::Verdict::Overtaken => {
            let words = format!("a newer run of the source is published; run {id} can only be discarded");
            return Err(Halt::new(Exit::Failed, words));
        }
    };
    screen.document(&json!({ "run": id, "outcome": word, "who": who }));
    screen.result(&words);
    Ok(exit)
}
