//! Who may, who did, and whether what must not be on disk is.
use super::{
    super::{KnownStudies, Mark, Site, SiteFault, head, scan, verify_audit},
    Ground, Part,
};
use crate::config::Role;
use std::collections::BTreeMap;

/// Files of the pseudonymous side that are looked through, at most so many bytes of them: the pack is made in seconds.
const MOST_BYTES: u64 = 256 << 20;

/// Who has which role.
pub(super) fn roles(site: &Site) -> Part {
    let roles = &site.settings.roles;
    let may = |role: Role| match role {
        Role::Linkage => "looks at two records side by side, and traces a row to its file",
        Role::Rights => "opens cases of people's rights",
        Role::Approver => "confirms cases and studies; splits and replaces the key",
        Role::Caseworker => "gets rows about the people of their own list",
        Role::Auditor => "reads the audit and this pack",
    };
    let rows = Role::ALL.iter().map(|role| {
        let holders = if site.settings.demo.is_some() {
            "everybody: a demonstration".to_owned()
        } else {
            match roles.holders_of(*role) {
                holders if holders.is_empty() => "nobody".to_owned(),
                holders => holders.join(", "),
            }
        };
        vec![role.word().to_owned(), may(*role).to_owned(), holders]
    });
    let both = roles.of_both_hands();
    let both = if both.is_empty() {
        "Nobody both changes keys and sees identities.".to_owned()
    } else {
        format!("By two roles, these both change keys and see identities: {}.", both.join(", "))
    };
    let confirm = if roles.one_person_may_confirm {
        "One person may confirm what they asked for themselves: cases, and studies. What came of it says so."
    } else {
        "What one person asks another confirms; a study's rows take two approvers, neither of them an author."
    };
    Part::new("roles", "Access: who may")
        .says(
            Ground::Built,
            "No role alone both changes keys and sees identities. Nobody has a role that the \
             configuration does not give by name.",
        )
        .says(Ground::Configured, both)
        .says(Ground::Configured, confirm)
        .says(
            Ground::Unknown,
            "Who may log on to the machine, and who may edit the configuration: whoever may, \
             gives roles.",
        )
        .lists(Ground::Configured, "Roles", &["role", "may", "held by"], rows.collect())
}

/// Who did what, and whether the record holds.
pub(super) fn audit(site: &Site) -> Result<Part, SiteFault> {
    let verified = verify_audit(site, None)?;
    let head = head(site)?;
    let proof = match &verified.chain {
        Ok(chain) => format!(
            "The chain of {} entries was followed and no entry is altered, dropped or moved; its last digest is {}.",
            chain.entries, chain.digest
        ),
        Err(bad) => format!("THE CHAIN DOES NOT HOLD: {bad:?}. `throughline audit verify` says more."),
    };
    let mut counts: BTreeMap<(String, String), (u64, u64, String)> = BTreeMap::new();
    site.catalog.each_audit(i64::MIN, |entry| {
        let count = counts.entry((entry.verb.clone(), entry.role.clone())).or_default();
        if entry.outcome == "refused" {
            count.1 += 1;
        } else {
            count.0 += 1;
        }
        count.2.clone_from(&entry.at);
        true
    })?;
    let rows = counts.into_iter().map(|((verb, role), (done, refused, last))| {
        vec![verb, role, done.to_string(), refused.to_string(), last]
    });
    Ok(Part::new("audit", "Access: who did")
        .says(Ground::Measured, proof)
        .says(
            Ground::Measured,
            format!(
                "A head over {} entries can be signed and kept elsewhere: `throughline \
             audit head --to FILE`.",
                head.entries
            ),
        )
        .says(
            Ground::Unknown,
            "Whether a signed head is kept where administrators of this machine cannot write: \
             without one, a chain that was written anew as a whole would not show.",
        )
        .lists(
            Ground::Measured,
            "Accesses by verb and role",
            &["verb", "role", "done", "refused", "last (UTC)"],
            rows.collect(),
        ))
}

/// Whether numbers of people stand where none may.
pub(super) fn leaks(site: &Site) -> Result<Part, SiteFault> {
    let data = &site.settings.data_dir;
    let mut paths: Vec<std::path::PathBuf> =
        site.catalog.lake_files()?.into_iter().map(|file| data.join(file.path)).collect();
    paths.reverse();
    let releases = data.join("releases/current/parquet");
    let of_release = std::fs::read_dir(&releases).into_iter().flatten().flatten().map(|entry| entry.path());
    let paths: Vec<std::path::PathBuf> = of_release.chain(paths).collect();
    let (mut looked, mut bytes, mut upns, mut others, mut unread) = (0_u64, 0_u64, 0, 0, 0);
    for path in &paths {
        let size = std::fs::metadata(path).map_or(0, |meta| meta.len());
        if bytes + size > MOST_BYTES {
            continue;
        }
        let found = scan(path, &KnownStudies::default(), false)?;
        (looked, bytes, unread) = (looked + 1, bytes + size, unread + found.unread.len());
        for mark in found.found {
            match mark.what {
                Mark::Upn => upns += mark.n,
                Mark::Uln | Mark::Nhs => others += mark.n,
                Mark::ExtractRows | Mark::Canary | Mark::LakeIds => {}
            }
        }
    }
    Ok(Part::new("leaks", "Proof that no identifier is on disk")
        .says(Ground::Built, "Tests plant names, numbers, birth dates and postcodes on one side of the door and \
             look for them in every byte of the other.")
        .says(
            Ground::Measured,
            format!(
                "Of {} files of the newest release and the lake {looked} were looked through now ({} MB), the newest first: {upns} pupil \
                 numbers, {others} numbers whose check digit would fit a learner or NHS number (one in six numbers of ten digits would by \
                 chance). {unread} could not be read.",
                paths.len(),
                bytes >> 20
            ),
        )
        .says(Ground::Unknown, "Whether the disk is encrypted: the lake and releases are not, by themselves; the \
             identity register is."))
}

/// By which ways anything leaves, and what is out.
pub(super) fn ways_out(site: &Site) -> Result<Part, SiteFault> {
    let today = site.wall_day().to_string();
    let rows = site.catalog.study_requests()?.into_iter().map(|request| {
        let state = match &request.extract {
            None => "asked for, not cut".to_owned(),
            Some(extract) => match &extract.closed_at {
                Some(at) => format!("closed {at}"),
                None if extract.expires < today => format!("OVERDUE since {}", extract.expires),
                None => format!("out until {}", extract.expires),
            },
        };
        let state = match request.outlived.first().filter(|_| request.is_out()) {
            Some(gone) => format!("{state}; CALL BACK: holds rows of somebody who had to go {}", gone.since),
            None => state,
        };
        let approvers: Vec<String> = request.approvals.iter().map(|(who, _)| who.clone()).collect();
        vec![request.study, request.requested_by, approvers.join(", "), state]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let policy = &site.settings.disclosure_policy;
    Ok(Part::new("ways_out", "Ways out and recipients")
        .says(Ground::Built, "Aggregates leave by one gate: small counts are hidden with as many others as it \
             takes, the rest rounded. Rows leave by `resolve` (to somebody who brought the list), `rights \
             access` (to the person) and `study release` (to an approved study, under pseudonyms of its own).")
        .says(Ground::Configured, format!("The policy of disclosure control is `{policy}`."))
        .lists(Ground::Measured, "Studies", &["study", "asked by", "approved by", "state"], rows))
}
