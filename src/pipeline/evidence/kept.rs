//! Keys without keys, and how long things stay.
use super::{
    super::{Site, SiteFault, expiry_counted},
    Ground, Part,
};
use crate::{
    config::Keeping,
    privacy::{KeyKind, is_closed},
};
use std::path::Path;

/// Which keys there are, where they lie and since when: never the keys.
pub(super) fn keys(site: &Site) -> Result<Part, SiteFault> {
    let settings = &site.settings;
    let custody = if settings.key_files.len() == 2 { "in two halves" } else { "whole, in one file" };
    let kind = match site.key.kind() {
        KeyKind::Demo => "a demonstration's, which everybody can make",
        KeyKind::Real => "of the system's randomness",
    };
    let mut rows: Vec<Vec<String>> = vec![vec![
        "lake".to_owned(),
        site.key.fingerprint(),
        format!("{kind}; {custody}"),
        settings.key_files.iter().map(|file| closed(file)).collect::<Vec<_>>().join("; "),
    ]];
    let mut studies: Vec<String> =
        site.catalog.study_requests()?.into_iter().map(|request| request.study).collect();
    studies.sort();
    studies.dedup();
    for study in studies {
        let key = site.key.study(&study);
        rows.push(vec![
            format!("study {study}"),
            key.tag(),
            "derived from the lake's, by HKDF".to_owned(),
            "in no file unless `key study` wrote one".to_owned(),
        ]);
    }
    rows.push(vec![
        "register segments".to_owned(),
        "one each".to_owned(),
        "derived from the lake's, by HKDF".to_owned(),
        "in no file".to_owned(),
    ]);
    let changes = site.catalog.key_changes()?;
    let changed = changes.iter().map(|change| {
        vec![change.at.clone(), change.who.clone(), change.before.clone(), change.after.clone()]
    });
    let mut part = Part::new("keys", "Keys")
        .says(
            Ground::Built,
            "Pseudonyms are HMAC-SHA-256 under a 256-bit key. Without the key they lead to \
             nobody; with it every pupil number can be tried in a minute, so its custody is the protection.",
        )
        .says(Ground::Measured, format!("The key was replaced {} times.", changes.len()))
        .lists(
            Ground::Measured,
            "Inventory (fingerprints, never keys)",
            &["key", "known by", "made", "its file"],
            rows,
        )
        .lists(
            Ground::Measured,
            "Changes of key",
            &["when (UTC)", "who", "before", "after"],
            changed.collect(),
        );
    if settings.key_files.len() != 2 {
        part = part.says(
            Ground::Unknown,
            "The key is in one pair of hands: `throughline key split` puts it into \
             two. Whether that is meant is not said.",
        );
    }
    Ok(part.says(Ground::Unknown, "Where backups of the key are, and who can reach them."))
}

/// Whether a secret's file is closed to others.
fn closed(file: &Path) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if let Ok(meta) = std::fs::metadata(file) {
            let mode = meta.permissions().mode() & 0o777;
            let state = if is_closed(file, mode) { "closed to others" } else { "OPEN TO OTHERS" };
            return format!("{state} (mode {mode:03o}), outside the data folder");
        }
    }
    "cannot be looked at".to_owned()
}

/// How long rows, identities and releases stay, and what is overdue.
pub(super) fn retention(site: &Site) -> Result<Part, SiteFault> {
    let retention = &site.settings.retention;
    let mut rows = Vec::new();
    for schema in &site.definitions.schemas {
        let rule = match retention.rows.get(&schema.name) {
            Some(Keeping::Years(years)) => format!("{years} years after the row's own date"),
            Some(Keeping::Days(days)) => format!("{days} days after the row's own date"),
            None => "no rule: rows stay".to_owned(),
        };
        rows.push(vec![schema.name.clone(), rule]);
    }
    let without = rows.iter().filter(|row| row[1].starts_with("no rule")).count();
    let identities = retention.identities.map_or_else(
        || "Entries of the identity register stay, whatever the age.".to_owned(),
        |ages| {
            format!(
                "Entries of the identity register go at academic age {}, {} with an education, health and care plan.",
                ages.until, ages.with_plan
            )
        },
    );
    let ended = retention.after_agreement.map_or_else(
        || "No rule says when rows go whose agreement has ended.".to_owned(),
        |span| format!("Rows go {} days after their agreement ended.", span.as_secs() / 86_400),
    );
    let grounded = |has: bool| if has { Ground::Configured } else { Ground::Unknown };
    let expiry = expiry_counted(site)?;
    let part = Part::new("retention", "Retention")
        .says(Ground::Configured, identities)
        .says(grounded(retention.after_agreement.is_some()), ended)
        .says(
            Ground::Configured,
            format!(
                "The newest {} releases stay, and all younger than {} days; pinned ones stay.",
                retention.releases,
                retention.releases_for.as_secs() / 86_400
            ),
        )
        .says(
            Ground::Measured,
            format!(
                "{} releases have had their time, and {} sources or schools whose agreement ended still hold rows or wait for them to go. \
                 `throughline expire` carries it out.",
                expiry.releases.len(),
                expiry.rows.len()
            ),
        )
        .lists(Ground::Configured, "Rows", &["entity", "stays"], rows);
    Ok(if without > 0 {
        part.says(
            Ground::Unknown,
            format!(
                "How long rows of {without} entities stay: `[retention] policy` names a file that says it."
            ),
        )
    } else {
        part
    })
}
