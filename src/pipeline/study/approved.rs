//! Who may say that rows are cut: two people, neither of them an author, or one where a small team's policy says so.
use super::{
    super::{Admission, Site, SiteFault, admit},
    APPROVER, Measured, OpenStudy, StudyFault, about, access, is_invented, one_is_enough, outputs, refused,
    requests,
};
use crate::{
    catalog::{NewRequest, StudyRequest},
    conform::identifier_in,
    study::Study,
};

/// Notes that a study asks for its rows. Refused where it could not have them anyway.
///
/// # Errors
/// [`StudyFault::Refused`]: dates, or too many learners alone. It is noted.
pub fn request_study(
    site: &mut Site,
    open: &OpenStudy,
    trial: &Measured,
    who: &str,
) -> Result<i64, StudyFault> {
    names_no_child(site, open)?;
    let about = about(open);
    may_be_named_so(site, open).map_err(|words| refused(site, who, "study request", &about, words))?;
    may_be_cut(site, open, trial).map_err(|words| refused(site, who, "study request", &about, words))?;
    let risk = serde_json::to_string(&trial.risk).unwrap_or_default();
    let new = NewRequest {
        study: &open.study.name,
        release: &open.release,
        digest: &open.binds,
        definition: &open.study.text,
        risk: &risk,
    };
    let stamp = site.stamp();
    let access = access(who, "study request", &about, trial.risk.learners, "done");
    Ok(site.catalog.request_study(&new, &access, &stamp).map_err(SiteFault::from)?)
}

/// The definition is kept as it was approved, comments and all, and its name is noted: it may say what is asked, and not about
/// whom. Says the line and never what stands there.
pub(super) fn names_no_child(site: &Site, open: &OpenStudy) -> Result<(), StudyFault> {
    let (study, today) = (&open.study, site.wall_day());
    let found = |file: &str, line: Option<usize>, what: &str| {
        let place = line.map_or_else(|| file.to_owned(), |at| format!("{file}:{}", at + 1));
        Err(StudyFault::Usage(format!("{place} seems to hold {what}: a study names no child")))
    };
    let mut is_of_dates = false;
    for (at, line) in study.text.lines().enumerate() {
        if line.trim_start().starts_with('[') {
            is_of_dates = line.trim_start().starts_with("[dates]");
        }
        // The days that a study begins and ends on look like any other.
        let mut line = line.to_owned();
        if is_of_dates {
            for day in [study.starts, study.ends] {
                line = line.replacen(&format!("\"{day}\""), "", 1);
            }
        }
        if let Some(what) = identifier_in(&line, today) {
            return found(&study.file, Some(at), what);
        }
    }
    for (output, sql) in &study.outputs {
        for (at, line) in sql.lines().enumerate() {
            if let Some(what) = identifier_in(line, today) {
                return found(&output.sql.display().to_string(), Some(at), what);
            }
        }
    }
    // And as it was read: a text over several lines, or with characters written another way.
    let told = [study.question.as_str(), &study.lead, &study.institution, &study.gateway];
    let read = study.conditions_in_words();
    let lists = study.authors.iter().chain(&study.approvals).chain(&study.lawful).map(String::as_str);
    let texts = told.into_iter().chain([read.as_str()]).chain(lists);
    texts.filter_map(|text| identifier_in(text, today)).try_for_each(|what| found(&study.file, None, what))
}

/// A study has the same pseudonyms whenever its rows are cut. Other columns under the same name could be laid beside those that were
/// cut before, learner by learner, and nothing would have been measured over both.
pub(super) fn may_be_named_so(site: &Site, open: &OpenStudy) -> Result<(), String> {
    let requests = requests(site).map_err(|fault| fault.to_string())?;
    let cut = requests.iter().filter(|one| one.study == open.study.name && one.extract.is_some());
    for request in cut {
        let before = Study::read(&request.study, &request.definition);
        if !before.is_ok_and(|before| before.asks_the_same(&open.study)) {
            return Err(format!(
                "rows of a study {} were cut with other columns or conditions, and the two could be joined learner by learner: give \
                 this one another name",
                open.study.name
            ));
        }
    }
    if open.study.outputs.is_empty() || is_invented(site) {
        return Ok(());
    }
    outputs::may_be_asked(site, open)
}

/// Why rows may not be cut today, whoever approves.
pub(super) fn may_be_cut(site: &Site, open: &OpenStudy, trial: &Measured) -> Result<(), String> {
    let (study, today) = (&open.study, site.wall_day());
    if today < study.starts || today > study.ends {
        return Err(format!(
            "the study runs from {} to {}: put `dates` right, and ask again",
            study.starts, study.ends
        ));
    }
    trial.refusal().map_or(Ok(()), Err)
}

/// The request of this definition to this release, with the approvals that count today.
pub(super) fn requested(site: &Site, open: &OpenStudy) -> Result<StudyRequest, StudyFault> {
    let requests = requests(site)?;
    let is_the_same = requests.iter().any(|one| {
        one.release == open.release && one.study == open.study.name && one.definition == open.study.text
    });
    let mut found = requests.into_iter().find(|one| one.digest == open.binds && one.release == open.release);
    if let Some(StudyRequest { approvals, requested_by, .. }) = &mut found {
        approvals.retain(|(who, _)| counts(site, open, requested_by, who));
    }
    found.ok_or_else(|| {
        let words = if is_the_same {
            "what an extract depends on is not what was asked for: since then its SQL, what a column is \
             (schemas/research.csv, a list of codes), the policy, the key or the program has changed. What is approved is what is cut: \
             ask again, `throughline study request DIR`"
        } else {
            "this definition has not been asked for of this release; a changed definition is another one: `throughline study \
             request DIR`"
        };
        StudyFault::Usage(words.to_owned())
    })
}

/// Approves a request. Gives how many have, and how many it takes.
///
/// # Errors
/// [`StudyFault::Refused`]: somebody without the role, an author, or whoever asked for it. It is noted.
pub fn approve_study(site: &mut Site, open: &OpenStudy, who: &str) -> Result<(usize, usize), StudyFault> {
    let request = requested(site, open)?;
    let about = about(open);
    if !site.settings.roles.may(who, APPROVER) {
        // Says so, and notes it.
        let wish = Admission { who, role: APPROVER, verb: "study approve", about: &about, people: 0 };
        admit(site, &wish)?;
    }
    let is_author = open.study.authors.iter().any(|author| author == who) || request.requested_by == who;
    if is_author && !one_is_enough(site) {
        let words =
            "whoever wrote a study or asked for its rows does not approve it: two others do".to_owned();
        return Err(refused(site, who, "study approve", &about, words));
    }
    let stamp = site.stamp();
    let access =
        crate::catalog::Access { role: APPROVER.word(), ..access(who, "study approve", &about, 0, "done") };
    site.catalog.approve_study(request.id, &access, &stamp).map_err(SiteFault::from)?;
    Ok((requested(site, open)?.approvals.len(), needed(site)))
}

/// Whether somebody's approval counts today: whoever lost the role, wrote the study or asked for it is not one of the two, whatever
/// held when they approved.
fn counts(site: &Site, open: &OpenStudy, requested_by: &str, who: &str) -> bool {
    let is_author = open.study.authors.iter().any(|author| author == who) || requested_by == who;
    site.settings.roles.may(who, APPROVER) && (!is_author || one_is_enough(site))
}

/// How many approvals it takes.
pub(super) fn needed(site: &Site) -> usize {
    if one_is_enough(site) { 1 } else { 2 }
}
