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
    let about = about(open);
    may_be_named_so(site, open).map_err(|words| refused(site, who, "study request", &about, words))?;
    may_be_cut(site, open, trial).map_err(|words| refused(site, who, "study request", &about, words))?;
    // The definition is kept as it was approved: it may say what is asked, and not about whom.
    let told = [&open.study.question, &open.study.lead, &open.study.institution];
    if let Some(what) = told.iter().find_map(|text| identifier_in(text, site.wall_day())) {
        return Err(StudyFault::Usage(format!(
            "{} seems to hold {what}: a study names no child",
            open.study.file
        )));
    }
    let risk = serde_json::to_string(&trial.risk).unwrap_or_default();
    let new = NewRequest {
        study: &open.study.name,
        release: &open.release,
        digest: &open.study.digest(),
        definition: &open.study.text,
        risk: &risk,
    };
    let stamp = site.stamp();
    let access = access(who, "study request", &about, trial.risk.learners, "done");
    Ok(site.catalog.request_study(&new, &access, &stamp).map_err(SiteFault::from)?)
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
    if !open.study.outputs.is_empty() && !is_invented(site) {
        return Err(outputs::NOT_YET.to_owned());
    }
    Ok(())
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

/// The request of this definition to this release.
pub(super) fn requested(site: &Site, open: &OpenStudy) -> Result<StudyRequest, StudyFault> {
    let digest = open.study.digest();
    let found = requests(site)?.into_iter().find(|one| one.digest == digest && one.release == open.release);
    found.ok_or_else(|| {
        StudyFault::Usage(
            "this definition has not been asked for of this release; a changed definition is another one: `throughline study \
             request DIR`"
                .to_owned(),
        )
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

/// How many approvals it takes.
pub(super) fn needed(site: &Site) -> usize {
    if one_is_enough(site) { 1 } else { 2 }
}
