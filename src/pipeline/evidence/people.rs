//! How many people are held, and in which state each is: nobody drops out of the count.
use super::{
    super::{Site, SiteFault, expiry_counted, grown, rights},
    Ground, Part,
};
use crate::{
    lake,
    privacy::{
        Pseudonym,
        suppression::{Suppression, Wish},
    },
};
use std::collections::HashSet;

/// Counts of people, never who.
pub(super) fn people(site: &Site) -> Result<Part, SiteFault> {
    let anchors = site.catalog.anchors()?;
    let mut held: HashSet<Pseudonym> = HashSet::new();
    rights::each_entry(site, |_, subject, _, _| {
        held.insert(subject);
    })?;
    let learners: HashSet<&Pseudonym> = held.iter().filter_map(|subject| anchors.get(subject)).collect();
    let unlinked = held.iter().filter(|subject| !anchors.contains_key(*subject)).count();
    let mut linked: HashSet<Pseudonym> = HashSet::new();
    for file in site.catalog.link_files()? {
        let links = lake::links_held(&site.settings.data_dir.join(file))?;
        linked.extend(links.into_iter().map(|link| link.learner));
    }
    let due = expiry_counted(site)?.cleared;
    let by_age = due.removals.iter().filter(|gone| gone.why == "past_the_age").map(|gone| gone.rows);
    let row = |state: &str, counted: &str, n: u64| vec![state.to_owned(), counted.to_owned(), n.to_string()];
    let mut rows = vec![
        row("rows in the lake, linked", "learners", linked.len() as u64),
        row(
            "known by name in the identity register",
            "records of a person under a source",
            held.len() as u64,
        ),
        row("of these, one person as far as is known", "learners", learners.len() as u64),
        row("of these, not yet linked with anybody", "records of a person under a source", unlinked as u64),
        row(
            "of the age at which the register forgets; they go with the next `expire`",
            "entries",
            by_age.sum(),
        ),
        row(
            "of that age, and waiting until a person runs `expire` for the first time",
            "learners",
            due.waiting,
        ),
        row("of that age, and known longer for an education, health and care plan", "learners", due.planned),
        row("of no known age: no source tells a birth date", "learners", due.undated),
        row(
            "no longer known by name, for their age; their rows stay",
            "records of a person under a source",
            grown::everybody(site)?.len() as u64,
        ),
    ];
    rows.extend(listed(site)?);
    let told = if due.waiting > 0 {
        format!(
            "The names of {} learners are past their time and wait: the first time, a person has to say that names go by age \
             (`throughline expire`).",
            due.waiting
        )
    } else {
        "No name waits for a person to say that it goes.".to_owned()
    };
    Ok(Part::new("people", "People by state").says(Ground::Measured, told).lists(
        Ground::Measured,
        "People, by what is held of them",
        &["state", "counted are", "how many"],
        rows,
    ))
}

/// People on the suppression list, by what they asked, where it holds.
fn listed(site: &Site) -> Result<Vec<Vec<String>>, SiteFault> {
    let list = Suppression::load(&site.settings.suppression_list, &site.key)?;
    let mut counts = [0_u64; 3];
    for (at, entry) in list.iter().flat_map(|list| list.since(0).iter().enumerate()) {
        let is_ended = list.as_ref().is_some_and(|list| list.is_ended(at));
        let place = match entry.wish {
            _ if is_ended || entry.case == 0 || entry.is_restated() => None,
            Wish::Erased => Some(0),
            Wish::Objected => Some(1),
            Wish::Restricted => Some(2),
            Wish::Lifted => None,
        };
        if let Some(place) = place {
            counts[place] += 1;
        }
    }
    let states = [
        "forgotten, as was asked: nothing of them is held",
        "only counted, as was asked: no row of them is held",
        "restricted, as was asked: no place is told of them",
    ];
    let rows = states.iter().zip(counts);
    Ok(rows
        .map(|(state, n)| vec![(*state).to_owned(), "cases carried out".to_owned(), n.to_string()])
        .collect())
}
