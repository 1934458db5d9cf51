//! A cell of somebody's identity, corrected beside what the source said. The source's words stay, and so does what came of
//! them in the lake, until the source corrects itself: the certificate says so.
use super::{
    super::{Site, SiteFault},
    Correction, RightsFault, matched,
};
use crate::{
    catalog::{Clearing, Replaced},
    conform::identity_given,
    link::Segment,
    privacy::{Identified, Identity, IdentityPlan, PersonKey, Pseudonym},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// What a line begins with that says what is right.
const CORRECT: &str = "correct ";

/// Who it is, and what is right instead.
pub(super) fn split(
    plan: &IdentityPlan,
    text: &str,
) -> Result<(Identified<Identity>, Correction), SiteFault> {
    let (mut who, mut right) = (Zeroizing::new(String::new()), Zeroizing::new(String::new()));
    if let Ok(Value::Object(mut fields)) = serde_json::from_str(text) {
        right.push_str(&fields.remove("correct").map(|value| value.to_string()).unwrap_or_default());
        who.push_str(&Value::Object(fields).to_string());
    } else {
        for line in text.lines() {
            match line.trim_start().strip_prefix(CORRECT) {
                Some(line) => right.push_str(&format!("{line}\n")),
                // A line stays where it was, so that it is told by its number.
                None => who.push_str(line),
            }
            who.push('\n');
        }
    }
    if right.trim().is_empty() {
        return Err(RightsFault::NoCorrection.into());
    }
    let (who, right) = (given(plan, &who)?, given(plan, &right)?);
    let fields = plan.fields.iter().enumerate();
    let correction = fields
        .filter_map(|(at, (name, _))| Some((name.to_string(), right.veiled().get(at)?.to_owned())))
        .collect();
    Ok((who, correction))
}

fn given(plan: &IdentityPlan, text: &str) -> Result<Identified<Identity>, SiteFault> {
    Ok(identity_given(plan, text).map_err(RightsFault::from)?)
}

/// What a source last said of a person, on its way to be said again.
struct Last {
    source: String,
    tenant: String,
    person: PersonKey,
    identity: Identity,
}

/// Adds to each source's sayings one with the corrected cells. Gives what was done, in numbers.
pub(super) fn correct(
    site: &mut Site,
    subjects: &[(String, Pseudonym)],
    correction: &[(String, String)],
) -> Result<Value, SiteFault> {
    let plan = site.definitions.identity.clone();
    let of: BTreeSet<Pseudonym> = subjects.iter().map(|(_, subject)| *subject).collect();
    let mut last: BTreeMap<Pseudonym, Last> = BTreeMap::new();
    matched::each_entry(site, |source, subject, (tenant, person), said| {
        if of.contains(&subject) {
            let identity = Identity(said.iter().map(|text| text.map(str::to_owned)).collect());
            let (source, tenant, person) =
                (source.to_owned(), tenant.to_owned(), PersonKey(person.to_owned()));
            last.insert(subject, Last { source, tenant, person, identity });
        }
    })?;
    let fields: Vec<&String> = correction.iter().map(|(field, _)| field).collect();
    let mut segments: BTreeMap<String, Segment> = BTreeMap::new();
    let seq = site.catalog.reserve_seqs(1)?;
    let corrected = last.len();
    for Last { source, tenant, person, mut identity } in last.into_values() {
        for (field, value) in correction {
            if let Some(cell) = plan.position(field).and_then(|at| identity.0.get_mut(at)) {
                *cell = Some(value.clone());
            }
        }
        let segment = segments.entry(source).or_insert_with(|| Segment::new(&plan));
        segment.push(&tenant, &Identified::new(person), &Identified::new(identity), seq);
    }
    let sources: Vec<String> = segments.keys().cloned().collect();
    if !segments.is_empty() {
        store(site, segments)?;
    }
    Ok(json!({ "fields": fields, "records_corrected": corrected, "sources_that_must_correct_it": sources,
               "note": "the correction stands in the register beside what the sources said; rows that came of the old cell stay until the source corrects it" }))
}

fn store(site: &mut Site, segments: BTreeMap<String, Segment>) -> Result<(), SiteFault> {
    let (data_dir, plan) = (site.settings.data_dir.clone(), site.definitions.identity.clone());
    let run = site.catalog.begin("rights", "", &site.stamp())?;
    let mut clearing = Clearing::default();
    for (source, segment) in segments {
        let seq = site.catalog.reserve_seqs(1)?;
        let file = segment.seal(&plan, &site.key, &data_dir, (run.id, seq), &source)?;
        clearing.written.push(Replaced { source, seq, files: vec![file] });
    }
    let stamp = site.stamp();
    site.catalog.clear(&run, &clearing, &stamp)?;
    Ok(())
}
