//! By ward of the home: who is NEET or not known, which of the two, and who may need support. Each table divides people of a table
//! above it, and wards with few of them stand together, as places do.
use super::super::{
    Chart, Release, ReportFault, Row, Section, Table, Time,
    places::{self, HIDDEN, OTHERS, Place, Places},
    shown,
    words::day,
};
use super::{
    after::{CLIENTS, NewestMonth},
    before::{TOLD, is_marked},
    read::Told,
    section,
};
use crate::disclosure::Policy;
use std::collections::{BTreeMap, BTreeSet};

/// What stands where a ward would.
const NO_WARD: [(&str, &str); 3] = [
    ("elsewhere", "home in another authority"),
    ("not_told", "home here, ward not told"),
    ("not_known", "home not known"),
];

/// Whether any ward is among the groups that people are in.
pub(super) fn is_told<'a>(mut groups: impl Iterator<Item = &'a String>) -> bool {
    groups.any(|group| NO_WARD.iter().all(|(word, _)| word != group))
}

/// What is said where nothing tells of any ward: unknown is not empty.
pub(super) fn not_told() -> Section {
    let words = "Not told: nothing here says in which ward any home lies. The site's postcode directory (`postcode_directory`) takes a column \
                 `ward` with the codes of wards; `pull` then reads files again, and `pull --full` asks services anew.";
    Section {
        title: "By ward".to_owned(),
        words: vec![words.to_owned()],
        table: None,
        notes: Vec::new(),
        chart: None,
    }
}

fn label(key: &str) -> String {
    let word = NO_WARD.iter().find(|(word, _)| *word == key);
    word.map_or_else(|| key.to_owned(), |(_, label)| (*label).to_owned())
}

const OF_WARDS: &str = "The ward of the home, by its code; a home in another authority, and one of which nothing tells the ward, stand in lines \
                        of their own. A ward with fewer than 10 of them is not named, and what cannot be shown without giving a small figure \
                        away stands under all others.";

/// A table by ward.
fn table(
    (name, title, population): (&'static str, String, &str),
    (whole, part): (&'static str, &'static str),
    rows: Vec<Row>,
) -> Table {
    Table {
        name,
        title,
        population: population.to_owned(),
        rows_are: ("ward", "ward"),
        said: &[],
        columns: shown::of_part(whole, part).to_vec(),
        rows,
    }
}

fn through(
    (title, population): (&str, &str),
    wards: Vec<Place>,
    time: &Time,
    policy: &Policy,
) -> Result<Places, ReportFault> {
    let learners = wards.iter().map(|ward| ward.learners).sum();
    Ok(places::places(title, population, wards, learners, time, label, policy)?)
}

/// Who is NEET or not known at the end of a month, ward by ward; then which of the two. Nothing where the sums are hidden.
pub(super) fn unseen(newest: Option<&NewestMonth<'_>>, policy: &Policy) -> Result<Vec<Section>, ReportFault> {
    let Some(newest) = newest.filter(|newest| newest.sums_are_shown) else { return Ok(Vec::new()) };
    let months = || newest.of("ward").filter(|month| month.cohort > 0);
    if !is_told(months().map(|month| &month.category)) {
        return Ok(Vec::new());
    }
    let place = |key: &str, whole: u64, part: u64| Place {
        key: key.to_owned(),
        whole,
        part,
        learners: whole,
        is_kept_out: false,
    };
    let wards = months().map(|month| place(&month.category, month.cohort, month.combined())).collect();
    let title = format!("NEET or not known at the end of {}, by ward", newest.name);
    let first = through((&title, CLIENTS), wards, &newest.time, policy)?;
    let words = format!("{OF_WARDS} Those of the cohort of the client record.");
    // How many are NEET or not known is a figure of this table: a ward that it hides is not named in the next.
    let named: BTreeSet<String> = first.rows.iter().map(|row| row.key.clone()).collect();
    let of_first =
        table(("neet_by_ward", title, CLIENTS), ("in the cohort", "NEET or not known"), first.rows);
    let mut of_wards =
        section("Who is NEET or not known, by ward", &[words], of_first, shown::notes([&first.disclosed]));
    of_wards.chart = Some(Chart::Bars([2, 3, 4]));

    let is_named = |key: &str| named.contains(key) && ![OTHERS, HIDDEN].contains(&key);
    let wards = months().filter(|month| month.combined() > 0).map(|month| Place {
        is_kept_out: !is_named(&month.category),
        ..place(&month.category, month.combined(), month.neet)
    });
    let title = format!("Of those NEET or not known at the end of {}: who is NEET, by ward", newest.name);
    let second = through((&title, UNSEEN), wards.collect(), &newest.time, policy)?;
    if !newest.parts_are_shown || !second.is_wide {
        of_wards.notes.push(
            "Which of them are NEET and which not known is not shown by ward: it would give small figures away.".to_owned(),
        );
        return Ok(vec![of_wards]);
    }
    let words =
        "Those of the table above who are NEET or not known: whoever of them is not NEET is not known.";
    let of_second =
        table(("neet_of_unseen_by_ward", title, UNSEEN), ("NEET or not known", "NEET"), second.rows);
    let notes = shown::notes([&second.disclosed]);
    Ok(vec![of_wards, section("NEET, and not known, by ward", &[words.to_owned()], of_second, notes)])
}

const UNSEEN: &str = "young people of academic age 16 and 17 in the cohort of the authority's client record who are NEET or not known";

/// Who may need support, ward by ward. Only where the sums are shown.
pub(super) fn support(
    release: &Release,
    told: &[Told],
    homes: &BTreeMap<String, String>,
    (time, policy): (&Time, &Policy),
) -> Result<Option<Section>, ReportFault> {
    let ward = |told: &Told| homes.get(&told.learner).map_or("not_known", String::as_str).to_owned();
    let mut wards: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for each in told {
        let counts = wards.entry(ward(each)).or_default();
        counts[0] += 1;
        counts[1] += u64::from(is_marked(each));
    }
    if !is_told(wards.keys()) {
        return Ok(None);
    }
    let wards = wards.into_iter().map(|(key, [whole, part])| Place {
        key,
        whole,
        part,
        learners: whole,
        is_kept_out: false,
    });
    let title = format!("Who may need support, by ward, as told on {}", day(&release.as_of));
    let through = through((&title, TOLD), wards.collect(), time, policy)?;
    let table = table(("support_by_ward", title, TOLD), ("young people", "may need support"), through.rows);
    let words =
        format!("{OF_WARDS} It is the home of today, and no ranking: wards differ by who lives there.");
    let notes = shown::notes([&through.disclosed]);
    let mut section = section("Who may need support, by ward", &[words], table, notes);
    section.chart = Some(Chart::Bars([2, 3, 4]));
    Ok(Some(section))
}
