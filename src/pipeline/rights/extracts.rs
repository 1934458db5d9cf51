//! Extracts of studies that are out and hold somebody: found by cutting them again, in memory, while their release is there.
use super::{
    super::{Site, SiteFault},
    released,
};
use crate::{
    catalog::{HoldingExtract, StudyRequest},
    privacy::Pseudonym,
};
use serde_json::{Value, json};
use std::collections::HashSet;

/// The extracts that are out and hold a row of anybody of these people. One that cannot be looked into, because its release is
/// gone or names people under a key that was replaced since, is named as one that may.
pub(super) fn holding(site: &Site, subjects: &HashSet<Pseudonym>) -> Result<Vec<HoldingExtract>, SiteFault> {
    let mut found = Vec::new();
    if subjects.is_empty() {
        return Ok(found);
    }
    let names = released::every_name(site, subjects)?;
    for request in site.catalog.study_requests()?.into_iter().filter(StudyRequest::is_out) {
        let looked = looked_into(site, &request, &names);
        let Some(extract) = request.extract.filter(|_| looked != Some(false)) else { continue };
        found.push(HoldingExtract {
            request: request.id,
            study: request.study,
            release: request.release,
            cut_at: extract.cut_at,
            expires: extract.expires,
            is_certain: looked.is_some(),
        });
    }
    Ok(found)
}

/// Whether an extract holds a row of anybody so named. None where nobody can tell.
fn looked_into(site: &Site, request: &StudyRequest, names: &HashSet<Pseudonym>) -> Option<bool> {
    let manifest = site.settings.data_dir.join("releases").join(&request.release).join("manifest.json");
    if !released::is_of_key(&manifest, &site.key.fingerprint()) {
        return None;
    }
    #[cfg(feature = "warehouse")]
    let found = super::super::study::holds(site, request, names);
    #[cfg(not(feature = "warehouse"))]
    let found = names.is_empty().then_some(false);
    found
}

/// The extracts as a certificate lists them, each with what to do.
pub(super) fn told(extracts: &[HoldingExtract]) -> Value {
    let told = extracts.iter().map(|extract| {
        let holds = if extract.is_certain {
            "rows of the person"
        } else {
            "perhaps rows of the person: it could not be looked into"
        };
        json!({ "study": extract.study, "request": extract.request, "release": extract.release, "cut_at": extract.cut_at,
                "holds": holds, "what_to_do": format!(
                    "call it back from whoever has it, then `throughline study close {}`; release the study anew of the next release",
                    extract.study) })
    });
    told.collect()
}
