//! Who has no offer of a place: for the September that is coming, whom `resolve --view no_offer` lists, and for the last one.
use super::super::{
    Column, Release, ReportFault, Row, Section, Table, Time, Unit, column,
    parts::{self, Part, all_of, made_of, part},
    words::{academic_year, cell},
};
use super::{
    read::{self, Offers},
    section,
};
use crate::disclosure::Policy;

const PARTS: [&str; 7] = ["members", "made", "rest", "not_appropriate", "without", "none", "not_recorded"];

const COLUMNS: [Column; 10] = [
    column("learners", "young people", Unit::Count),
    column("offer_made", "offer made", Unit::Count),
    column("no_offer_made", "no offer made", Unit::Count),
    column("not_appropriate", "of them: an offer was not appropriate", Unit::Count),
    column("without_offer", "of them: no offer on record", Unit::Count),
    column("no_offer", "recorded that there is none", Unit::Count),
    column("not_recorded", "nothing recorded", Unit::Count),
    column("offer_made_rate", "with an offer", Unit::PerCent),
    column("offer_made_rate_low", "with an offer, at least", Unit::PerCent),
    column("offer_made_rate_high", "with an offer, at most", Unit::PerCent),
];

/// A year group. Where no source tells of its offers nothing is known but how many it are.
fn whole(offers: &Offers) -> (String, Part) {
    let without = vec![part("none", offers.none), part("not_recorded", offers.not_recorded)];
    // Offers that were not appropriate are few: they hide what lies beside them, and not how many had an offer.
    let rest = vec![part("not_appropriate", offers.not_appropriate), all_of("without", without)];
    let parts = vec![part("made", offers.made), all_of("rest", rest)];
    let whole = if offers.is_held {
        made_of("members", offers.members, parts)
    } else {
        part("members", offers.members)
    };
    (offers.year_group.to_string(), whole)
}

/// The rows of a September, and what is hidden in them.
fn rows(
    title: &str,
    population: &str,
    offers: &[Offers],
    policy: &Policy,
) -> Result<(Vec<Row>, Vec<String>), ReportFault> {
    let through = parts::through(title, population, "year", offers.iter().map(whole), policy)?;
    let time = Time::year(offers.first().map_or(0, |offer| offer.ay));
    let label = |key: &str| {
        let is_held = offers.iter().any(|offer| offer.is_held && offer.year_group.to_string() == key);
        if is_held { format!("Year {key}") } else { format!("Year {key}: no source tells of offers") }
    };
    let rows = through.rows(&PARTS, ("made", "members"), &time, label, policy);
    Ok((rows, through.notes()))
}

const NOT_HELD: &str = "Where no source tells of offers to a year group, nothing is known of it (x): that is not the same as none.";

/// The September that is coming: who still has no place.
pub(super) fn coming(
    release: &Release,
    policy: &Policy,
    short: &mut Vec<String>,
) -> Result<Section, ReportFault> {
    let september = release.year();
    let title = format!("No offer yet for September {september}");
    let offers = read::coming(release)?;
    if offers.is_empty() {
        let nobody = format!(
            "No source tells of any offer for September {september}, so of nobody it can be said here who has a place and who has none. \
             `resolve --view no_offer` lists everybody of Year 11 and Year 12 on an officer's list, and says the same beside each."
        );
        short.push(format!("No source tells of any offer for September {september} yet."));
        return Ok(Section { title, words: vec![nobody], table: None, notes: Vec::new(), chart: None });
    }
    let population = "young people in Year 11 and Year 12 by age who live here";
    let (rows, notes) = rows(&title, population, &offers, policy)?;
    let said = format!("on record so far for September {september}. Who they are: `resolve --view no_offer`");
    short.extend(rows.iter().find(|row| row.key == "11").map(|row| in_words(row, &said)));
    let table = Table {
        name: "offers_coming",
        title: title.clone(),
        population: population.to_owned(),
        rows_are: ("year_group", "year group"),
        said: &[],
        columns: COLUMNS.to_vec(),
        rows,
    };
    let words = format!(
        "The September that is still to come, and whom somebody can still help: as `resolve --view no_offer` lists them, by name and for an officer's \
         own list. It looks at {september} alone; the September that is past stands below."
    );
    Ok(section(&title, &[words, NOT_HELD.to_owned()], table, notes))
}

/// The newest September that is past, as published: the September Guarantee.
pub(super) fn guarantee(
    release: &Release,
    policy: &Policy,
    short: &mut Vec<String>,
) -> Result<Option<Section>, ReportFault> {
    let offers = read::offers(release)?;
    let Some(ay) = offers.first().map(|offer| offer.ay) else { return Ok(None) };
    let population = "young people in Year 11 and Year 12 by age who lived here on 30 September";
    let title = format!("The offer of a place by the end of September {ay}, after {}", academic_year(ay));
    let (rows, notes) = rows(&title, population, &offers, policy)?;
    let said = format!("on record by the end of September {ay}, which is past");
    short.extend(rows.iter().find(|row| row.key == "11").map(|row| in_words(row, &said)));
    let table = Table {
        name: "september_offers",
        title,
        population: population.to_owned(),
        rows_are: ("year_group", "year group"),
        said: &[],
        columns: COLUMNS.to_vec(),
        rows,
    };
    let words = format!(
        "The September Guarantee of {ay}. Of everybody, as published: nothing recorded counts as no offer. It is past: `resolve --view no_offer` \
         does not list them, for it looks at the September to come."
    );
    Ok(Some(section(
        &format!("September {ay}: who had no offer"),
        &[words, NOT_HELD.to_owned()],
        table,
        notes,
    )))
}

/// What the row of Year 11 comes to, and of which September.
fn in_words(row: &Row, said_of: &str) -> String {
    let [learners, rest, without, not_recorded] = [0, 2, 4, 6].map(|at| row.figures[at]);
    if learners.is_number() && rest.is_number() && !without.is_number() {
        return format!(
            "Of {} young people in Year 11, {} have no offer of a place {said_of}; for some of them none was appropriate, and how many may not be shown.",
            cell(learners, false),
            cell(rest, false)
        );
    }
    if !learners.is_number() || !without.is_number() {
        return format!(
            "How many in Year 11 have no offer of a place {said_of}, cannot be told: see the table of offers."
        );
    }
    let mut said = format!(
        "Of {} young people in Year 11, {} have no offer of a place {said_of}",
        cell(learners, false),
        cell(without, false)
    );
    if not_recorded.is_number() {
        said.push_str(&format!("; nothing at all is recorded of {} of them", cell(not_recorded, false)));
    }
    said.push('.');
    said
}
