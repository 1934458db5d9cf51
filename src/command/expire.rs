use super::{
    Exit, Halt, Verdict,
    person::user,
    screen::{Screen, counted, table, thousands, wrap},
};
use crate::{
    catalog::{Access, Removal},
    config::Settings,
    pipeline::{self, Asked, Cleared, Expiry, PastKeeping, Site},
};
use serde_json::json;
use std::fmt::Write as _;

/// Removes the releases and rows that have had their time.
pub(super) fn expire(settings: Settings, dry_run: bool, screen: &Screen) -> Verdict {
    let expiry = if dry_run {
        pipeline::expiry_counted(&Site::open(settings)?)?
    } else {
        pipeline::expire(&mut Site::open_to_write(settings, "expire")?, &user(), Asked::ByPerson)?
    };
    screen.result(&in_words(&expiry, dry_run));
    let rows: Vec<_> = expiry
        .rows
        .iter()
        .map(|past| {
            json!({ "source": past.source, "tenant": past.tenant, "ended": past.ended.to_string(),
                    "due": past.due.map(|day| day.to_string()), "held": past.held })
        })
        .collect();
    let cleared = &expiry.cleared;
    screen.document(&json!({ "dry_run": dry_run, "releases": expiry.releases, "rows": rows,
                             "removed": cleared.removals, "people": cleared.people, "run": cleared.run,
                             "identities_without_birth_date": cleared.undated, "identities_kept_for_a_plan": cleared.planned,
                             "releases_touched": cleared.releases }));
    Ok(Exit::Done)
}

/// Keeps a release whatever its age, or no longer.
pub(super) fn pin(settings: Settings, release: &str, reason: Option<&str>, screen: &Screen) -> Verdict {
    let mut site = Site::open(settings)?;
    let stamp = site.stamp();
    let who = user();
    let access = Access { about: release, ..pipeline::operator(&who, "pin") };
    let done = match reason {
        Some(reason) => {
            let reason = pipeline::take_reason(&site, reason)?;
            site.catalog.pin_release(release, &reason, &access, &stamp)
        }
        None => site.catalog.unpin_release(release, &Access { verb: "pin --remove", ..access }, &stamp),
    };
    let done = done?;
    screen.document(&json!({ "release": release, "pinned": reason.is_some(), "reason": reason }));
    match (done, reason) {
        (true, Some(_)) => screen.result(&format!("Release {release} is kept whatever its age.")),
        (true, None) => screen.result(&format!("Release {release} is kept as long as any other.")),
        (false, Some(_)) => return Err(Halt::new(Exit::Usage, format!("there is no release {release}"))),
        (false, None) => return Err(Halt::new(Exit::Usage, format!("release {release} is not pinned"))),
    }
    Ok(Exit::Done)
}

fn in_words(expiry: &Expiry, dry_run: bool) -> String {
    let mut out = match (expiry.releases.len() as u64, dry_run) {
        (0, _) => "No release has had its time.".to_owned(),
        (n, true) => format!("{} would go.", counted(n, "release", "releases")),
        (n, false) => format!("{} removed.", counted(n, "release was", "releases were")),
    };
    for release in &expiry.releases {
        let _ = write!(out, "\n  {} of {}", release.id, release.published_at);
    }
    out.push_str(&removed(&expiry.cleared, dry_run));
    out.push_str(&kept(&expiry.cleared));
    if expiry.rows.is_empty() {
        out.push_str("\nNo agreement has ended.");
        return out;
    }
    out.push_str("\n\nAgreements that have ended, and what is still held under them:\n");
    let rows = expiry.rows.iter().map(|past| {
        let whose = match past.tenant.as_str() {
            "" => past.source.clone(),
            tenant => format!("{} ({tenant})", past.source),
        };
        let due = past.due.map_or_else(|| "no rule".to_owned(), |day| day.to_string());
        vec![whose, past.ended.to_string(), due, held(past)]
    });
    out.push_str(&table(&["source", "ended", "rows go by", "held"], rows.collect(), &[]));
    out
}

/// What went of the rows, and which releases hold it still.
fn removed(cleared: &Cleared, dry_run: bool) -> String {
    if cleared.removals.is_empty() {
        return "\nNo row has had its time.".to_owned();
    }
    let total: u64 = cleared.removals.iter().map(|removal| removal.rows).sum();
    let (rows, people) = (counted(total, "row", "rows"), counted(cleared.people, "person", "people"));
    let mut out = match (dry_run, cleared.run) {
        (true, _) => format!("\n\n{rows} would go, and with them all there is of {people}:\n"),
        (false, run) => {
            let run = run.unwrap_or_default();
            format!("\n\n{rows} removed by run {run}, and with them all there was of {people}:\n")
        }
    };
    out.push_str(&removals_table(&cleared.removals));
    if !cleared.releases.is_empty() {
        let held = cleared.releases.join(", ");
        out.push('\n');
        out.push_str(&wrap(&format!("Releases made while they were there may hold them still: {held}."), 0));
    }
    out
}

/// Whose identities stay although others of their age have gone, or though nobody knows their age.
fn kept(cleared: &Cleared) -> String {
    let mut out = String::new();
    for (learners, why) in [
        (cleared.planned, "known beyond the age of others, for an education, health and care plan"),
        (cleared.undated, "known until a policy says otherwise: no source tells a birth date"),
    ] {
        if learners > 0 {
            let _ = write!(out, "\n{} {why}.", counted(learners, "learner stays", "learners stay"));
        }
    }
    out
}

/// Removed rows, a line for each source, entity and rule.
pub(super) fn removals_table(removals: &[Removal]) -> String {
    let why = |word: &str| match word {
        "agreement_ended" => "its agreement ended".to_owned(),
        "tenant_withdrew" => "the school withdrew".to_owned(),
        "past_the_age" => "past the age; rows and links stay".to_owned(),
        _ => "kept long enough".to_owned(),
    };
    let rows = removals.iter().map(|removal| {
        vec![removal.source.clone(), removal.entity.clone(), why(&removal.why), thousands(removal.rows)]
    });
    table(&["source", "what", "why", "rows"], rows.collect(), &[3])
}

/// Merges small files of the lake, or says which could be.
pub(super) fn compact(settings: Settings, dry_run: bool, screen: &Screen) -> Verdict {
    let done = if dry_run {
        pipeline::compaction(&Site::open(settings)?)?
    } else {
        pipeline::compact(&mut Site::open_to_write(settings, "compact")?)?
    };
    screen.document(&json!({ "dry_run": dry_run, "files": done.files, "into": done.into, "rows": done.rows,
                             "run": done.run }));
    let files = counted(done.files, "file", "files");
    screen.result(&match (done.files, dry_run) {
        (0, _) => "No entity and year has many small files.".to_owned(),
        (_, true) => {
            format!("{files} would become {}, of the same {} rows.", done.into, thousands(done.rows))
        }
        (_, false) => format!("{files} became {}, of the same {} rows.", done.into, thousands(done.rows)),
    });
    Ok(Exit::Done)
}

fn held(past: &PastKeeping) -> String {
    if !past.tenant.is_empty() {
        return "in the files of its source".to_owned();
    }
    if past.held.is_empty() {
        return "nothing".to_owned();
    }
    let parts = past.held.iter().map(|held| format!("{} {}", thousands(held.rows), held.entity));
    parts.collect::<Vec<_>>().join(", ")
}
