//! Sections of a data protection impact assessment, filled in as far as the configuration goes.
use super::{super::Site, Ground, Part};
use std::collections::BTreeSet;

/// Statements of this part itself that nobody has said yet.
const ASKED_HERE: usize = 3;

/// The draft.
pub(super) fn draft(site: &Site, parts: &[Part]) -> Part {
    let sources = &site.settings.sources;
    let of = |pick: fn(&crate::config::Source) -> Vec<String>| -> String {
        let all: BTreeSet<String> = sources.iter().flat_map(pick).filter(|text| !text.is_empty()).collect();
        if all.is_empty() { "not said".to_owned() } else { all.into_iter().collect::<Vec<_>>().join(", ") }
    };
    let controllers = of(|source| vec![source.agreement.controller.clone()]);
    let purposes = of(|source| source.agreement.purposes.clone());
    let bases = of(|source| source.agreement.bases.clone());
    let entities: Vec<&str> = site
        .definitions
        .schemas
        .iter()
        .filter(|schema| !schema.public)
        .map(|schema| schema.title.as_str())
        .collect();
    let open: usize = parts
        .iter()
        .map(|part| part.statements.iter().filter(|one| one.ground == Ground::Unknown).count())
        .sum();
    let risks = [
        (
            "Somebody is known again in rows without a name",
            "pseudonyms of each study's own, places under pseudonyms, k-anonymity and uniqueness counted before \
                 rows are cut, coarsening, canaries, rows under a purpose with an audit entry",
        ),
        (
            "Somebody is known from a published figure",
            "one gate: primary and secondary suppression and rounding for tables; noise and a budget for questions",
        ),
        (
            "The key leaks",
            "file closed to others and outside the data; two halves; rotation; derived keys for studies",
        ),
        (
            "Two children are taken for one",
            "links are joined by evidence and parted by a person; over-merging is avoided where it cannot be \
                 undone; a release says how it was linked",
        ),
        (
            "A child is not counted because nobody knows of them",
            "unknown is a state of every table; the waterfall says how many are in each",
        ),
        (
            "Data is used for another purpose",
            "purposes travel with rows; every way out names one; single lookups are limited and noted",
        ),
        (
            "Somebody looks who may not",
            "roles by name, an entry of the audit before anything is shown, refusals too; a chain that shows \
                 alteration",
        ),
        (
            "A child's right is not met",
            "access, objection, restriction, rectification and erasure by cases with a certificate; a list \
                 outlives backups",
        ),
    ];
    let rows = risks.iter().map(|(risk, measure)| {
        vec![(*risk).to_owned(), (*measure).to_owned(), "to be judged by the controller".to_owned()]
    });
    Part::new("dpia", "Draft sections for a data protection impact assessment")
        .says(Ground::Configured, format!("Nature: records of education of children and young people, {} \
             sources, pulled, linked and pseudonymised by one program inside the controller's walls. What rows \
             are about: {}.", sources.len(), entities.join("; ")))
        .says(Ground::Configured, format!("Controllers: {controllers}. Purposes: {purposes}. Lawful bases: {bases}."))
        .says(Ground::Built, "Scope: whole Year 6 cohorts and whoever else was on a roll or in provision here; \
             to academic age 18, or 25 with a plan. Special categories: ethnicity, needs, and health where it is \
             a reason; criminal offence data where youth justice or custody is told.")
        .says(Ground::Built, "Necessity and proportion: columns that no connector lists are never read; names, \
             numbers, birth dates and postcodes never leave the identified side; a study gets columns that it \
             names and no others.")
        .says(Ground::Unknown, "Consultation: who among children, parents, schools and providers was asked, and \
             what they said.")
        .says(Ground::Unknown, "Whether a privacy notice tells of this use, and where it is.")
        .says(Ground::Unknown, "Advice of the data protection officer, residual risks, and who accepts them.")
        .says(Ground::Measured, format!("{} statements of this pack are marked unknown; they are listed at \
             its end.", open + ASKED_HERE))
        .lists(Ground::Built, "Risks and what is done about them", &["risk", "measures", "what is left"], rows.collect())
}
