use super::{
    super::{Site, SiteFault, grown, take_reason},
    Right, RightsFault, asked_in, list, matched, may, note, open, rectified, refused, settled, told,
};
use crate::{
    catalog::{CaseEnd, Lock, LockFault, Note, RightsCase},
    config::Role,
    fault::failpoint,
    privacy::{
        Identified, Pseudonym,
        suppression::{Entry, Marks, Suppression, Wish},
    },
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

/// Writes the two forms of a copy of what is held, a document and plain words, where whoever confirms has said.
pub type WriteCopy<'a> = &'a mut dyn FnMut(&str, &str) -> io::Result<()>;

/// What came of a case that was confirmed.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// What was asked.
    pub right: Right,
    /// The certificate: numbers and our own words.
    pub certificate: Value,
}

/// A case that somebody confirms.
struct Case<'a> {
    id: i64,
    right: Right,
    who: &'a str,
    reason: String,
    opened: RightsCase,
    subjects: Vec<(String, Pseudonym)>,
    marks: Marks,
    correction: Vec<(String, String)>,
}

/// Carries out what a case asks. Nothing but what `copy` writes holds a name.
pub fn confirm(
    site: &mut Site,
    who: &str,
    id: i64,
    reason: &str,
    copy: Option<WriteCopy<'_>>,
) -> Result<Confirmed, SiteFault> {
    let about = format!("case {id}");
    may(site, who, Role::Approver, "rights confirm", &about)?;
    let case = match prepared(site, who, id, reason) {
        Ok(case) => case,
        Err(fault) => {
            refused(site, who, Role::Approver.word(), "rights confirm", &about)?;
            return Err(fault);
        }
    };
    let wish = match case.right {
        Right::Access => return given(site, &case, copy),
        Right::Rectify => return corrected(site, &case),
        Right::Object => Wish::Objected,
        Right::Restrict => Wish::Restricted,
        Right::Lift => Wish::Lifted,
        Right::Erase => Wish::Erased,
    };
    listed(site, &case, wish)
}

fn prepared<'a>(site: &mut Site, who: &'a str, id: i64, reason: &str) -> Result<Case<'a>, SiteFault> {
    let (opened, sealed) = open(site, id)?;
    if opened.opened_by == who && !site.settings.roles.one_person_may_confirm {
        return Err(RightsFault::Yours.into());
    }
    let reason = take_reason(site, reason)?;
    let right = Right::of(&opened.wish).ok_or(RightsFault::NoCase(id))?;
    let mut asked = asked_in(&site.key, id, &sealed)?;
    let (marks, correction) = (std::mem::take(&mut asked.marks), std::mem::take(&mut asked.correction));
    // The register may have grown since the case was opened.
    let (found, _) = matched::find(site, &marks)?;
    if found.learners > 1 {
        return Err(RightsFault::Ambiguous { case: id, learners: found.learners }.into());
    }
    let mut subjects: BTreeSet<(String, Pseudonym)> = found.subjects.into_iter().collect();
    subjects.extend(site.catalog.case_subjects(id)?);
    let subjects = subjects.into_iter().collect();
    Ok(Case { id, right, who, reason, opened, subjects, marks, correction })
}

/// Puts the person on the list, and carries the list out. The list is written first: from then on it holds, whatever
/// happens to this process.
fn listed(site: &mut Site, case: &Case<'_>, wish: Wish) -> Result<Confirmed, SiteFault> {
    // Nothing is read meanwhile: what is read later is read with the list.
    let _leases = leases(site)?;
    let _lock = site.lock("rights")?;
    let mut list = list(site)?;
    let entries = match entries(site, &list, case, wish) {
        Err(fault @ SiteFault::Rights(RightsFault::NotRestricted(_) | RightsFault::OneLearner(_))) => {
            let about = format!("case {}", case.id);
            refused(site, case.who, Role::Approver.word(), "rights confirm", &about)?;
            return Err(fault);
        }
        entries => entries?,
    };
    entries.into_iter().for_each(|entry| list.push(entry));
    failpoint("rights.begun")?;
    list.save(&site.settings.suppression_list, &site.key)?;
    failpoint("rights.listed")?;
    settled::settle_with(site, true)?;
    let (done, _) = site.catalog.case(case.id)?.ok_or(RightsFault::NoCase(case.id))?;
    let certificate = serde_json::from_str(&done.outcome).unwrap_or(Value::Null);
    Ok(Confirmed { right: case.right, certificate })
}

fn leases(site: &Site) -> Result<Vec<Lock>, SiteFault> {
    let sources = site.settings.sources.iter().map(|source| source.name.to_string());
    let lease = |source: String| match Lock::of_source(&site.settings.data_dir, &source) {
        Err(LockFault::SourceBusy) => Err(RightsFault::Busy(source).into()),
        lock => Ok(lock?),
    };
    sources.map(lease).collect()
}

/// What the list gains by a case: an entry about the person; or one that ends their restrictions.
fn entries(site: &Site, list: &Suppression, case: &Case<'_>, wish: Wish) -> Result<Vec<Entry>, SiteFault> {
    let (mut marks, year_six) = kept_marks(site, list, &case.subjects)?;
    let (stamp, by) = (site.stamp(), (case.opened.opened_by.as_str(), case.who));
    let mut restated = Vec::new();
    let mut entry = if wish == Wish::Lifted {
        let ends = list.restrictions_of(&marks, &case.marks);
        if ends.is_empty() {
            return Err(RightsFault::NotRestricted(case.id).into());
        }
        restated = restated_for_others(site, list, case, (&ends, &marks))?;
        Entry::new(wish, case.id, &stamp, by, &case.reason, Marks::default()).lifting(ends)
    } else {
        marks.add_all(&case.marks);
        let entry = Entry::new(wish, case.id, &stamp, by, &case.reason, marks);
        if wish == Wish::Restricted { entry.asked_with(case.marks.clone()) } else { entry }
    };
    for (source, subject) in &case.subjects {
        entry.add_subject(source, subject);
    }
    if wish == Wish::Objected && !case.subjects.is_empty() {
        entry.cohorts.push(year_six);
    }
    Ok(std::iter::once(entry).chain(restated).collect())
}

/// Restrictions that would end with a lift and were asked for somebody else, whose rows were once held as this person's:
/// stated again for them alone. While they still are held as one nobody can tell whose places may be told.
fn restated_for_others(
    site: &Site,
    list: &Suppression,
    case: &Case<'_>,
    (ends, theirs): (&[usize], &Marks),
) -> Result<Vec<Entry>, SiteFault> {
    let mut restated = Vec::new();
    for entry in ends.iter().map(|at| list.entry(*at)) {
        let Some(asked) = entry.asked() else {
            // An older list does not say who asked: whoever is known by no other key than this person's is this person.
            if entry.is_of_these_alone(theirs) {
                continue;
            }
            return Err(RightsFault::OneLearner(case.id).into());
        };
        if list.are_about(asked, &case.marks) {
            continue;
        }
        let (found, _) = matched::find(site, asked)?;
        if found.subjects.iter().any(|subject| case.subjects.contains(subject)) {
            return Err(RightsFault::OneLearner(case.id).into());
        }
        let (mut marks, _) = kept_marks(site, list, &found.subjects)?;
        marks.add_all(asked);
        let mut again = entry.restated(theirs, &case.subjects, &marks);
        found.subjects.iter().for_each(|(source, subject)| again.add_subject(source, subject));
        restated.push(again);
    }
    Ok(restated)
}

/// Everything by which sources have made people known: what they said, and what was kept of it when it went by age. With the
/// academic year of their Year 6; 0 where it is not known.
fn kept_marks(
    site: &Site,
    list: &Suppression,
    subjects: &[(String, Pseudonym)],
) -> Result<(Marks, i32), SiteFault> {
    let marked = Suppression::plan(&site.definitions.identity);
    let birth = site.definitions.identity.position("birth_date");
    let of: BTreeSet<Pseudonym> = subjects.iter().map(|(_, subject)| *subject).collect();
    let mut marks = Marks::default();
    let mut years: BTreeMap<i32, usize> = BTreeMap::new();
    matched::each_entry(site, |source, subject, (tenant, person), said| {
        if of.contains(&subject) {
            marks.add_person(&list.person(source, tenant, person));
            list.mark(&mut marks, &marked, said);
            let born = birth.and_then(|at| said.get(at).copied().flatten());
            if let Some(year) = born.and_then(grown::year_six) {
                *years.entry(year).or_default() += 1;
            }
        }
    })?;
    for grown in grown::everybody(site)?.iter().filter(|grown| of.contains(&grown.subject)) {
        marks.add_all(&grown.marks);
        *years.entry(grown.year_six).or_default() += usize::from(grown.year_six > 0);
    }
    let most = years.into_iter().max_by_key(|(_, times)| *times);
    Ok((marks, most.map_or(0, |(year, _)| year)))
}

/// Writes a copy of everything that is held. It is noted before it is written.
fn given(site: &mut Site, case: &Case<'_>, copy: Option<WriteCopy<'_>>) -> Result<Confirmed, SiteFault> {
    let write = copy.ok_or(RightsFault::NoPlace)?;
    let (about, people) = (format!("case {}", case.id), u64::from(!case.subjects.is_empty()));
    note(site, case.who, Role::Approver.word(), ("rights confirm", &about, people, "begun"))?;
    let (document, words, numbers) = told::everything(site, case.id, &case.subjects)?;
    let copy: Identified<(String, String)> = Identified::new((document, words));
    let (document, words) = copy.veiled();
    write(document, words)?;
    end(site, case, &numbers)
}

fn corrected(site: &mut Site, case: &Case<'_>) -> Result<Confirmed, SiteFault> {
    let _lock = site.lock("rights")?;
    let numbers = rectified::correct(site, &case.subjects, &case.correction)?;
    failpoint("rights.corrected")?;
    end(site, case, &numbers)
}

/// Ends a case that the list has nothing to do with.
fn end(site: &mut Site, case: &Case<'_>, numbers: &Value) -> Result<Confirmed, SiteFault> {
    let stamp = site.stamp();
    let mut certificate = json!({
        "certificate": case.right.word(),
        "case": case.id,
        "opened_at": case.opened.opened_at,
        "confirmed_at": stamp,
        "opened_by": { "user": case.opened.opened_by, "role": "rights" },
        "confirmed_by": { "user": case.who, "role": "approver" },
        "opened_and_confirmed_by_one_person": case.opened.opened_by == case.who,
        "records_under_sources": case.subjects.len(),
        "done": numbers,
    });
    certificate["digest"] = Value::String(super::certificate::digest(&certificate));
    let end = CaseEnd {
        id: case.id,
        who: case.who.to_owned(),
        reason: case.reason.clone(),
        outcome: certificate.to_string(),
    };
    let note = Note {
        who: case.who.to_owned(),
        role: Role::Approver.word(),
        verb: "rights confirm".to_owned(),
        about: format!("case {}", case.id),
        people: case.subjects.len() as u64,
        outcome: "done",
    };
    site.catalog.end_case(&end, "done", &note, &stamp)?;
    Ok(Confirmed { right: case.right, certificate })
}
