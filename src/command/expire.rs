use super::{
    Exit, Halt, Verdict,
    screen::{Screen, counted, table, thousands},
};
use crate::{
    config::Settings,
    pipeline::{self, Expiry, PastKeeping, Site},
};
use serde_json::json;
use std::fmt::Write as _;

/// Removes releases that have had their time, and says which rows have.
pub(super) fn expire(settings: Settings, dry_run: bool, screen: &Screen) -> Verdict {
    let expiry = if dry_run {
        pipeline::expiry(&Site::open(settings)?)?
    } else {
        pipeline::expire(&mut Site::open_to_write(settings, "expire")?)?
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
    screen.document(&json!({ "dry_run": dry_run, "releases": expiry.releases, "rows": rows }));
    Ok(Exit::Done)
}

/// Keeps a release whatever its age, or no longer.
pub(super) fn pin(settings: Settings, release: &str, reason: Option<&str>, screen: &Screen) -> Verdict {
    let mut site = Site::open(settings)?;
    let stamp = site.stamp();
    let done = match reason {
        Some(reason) => site.catalog.pin_release(release, reason, &stamp)?,
        None => site.catalog.unpin_release(release)?,
    };
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
    out.push_str("\nRows are named here and not removed by this verb.");
    out
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
