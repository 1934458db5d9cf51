//! Why somebody may be published otherwise than their events alone would have it: told by the truth of the estate, and
//! by what the program itself says that it set aside.
use super::{
    Demo,
    truth::{self, Place, Slip},
};
use crate::site::{run_in, walk};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use throughline::synth::estate;

/// A cause, and with it the tables that it can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Their rows are several learners.
    Split,
    /// Their learner is somebody else too.
    Shared,
    /// A row of theirs was set aside.
    SetAside,
    /// A cell of theirs was emptied that is more than a number to link by.
    Emptied,
    /// A row gives another month of birth, or none.
    BirthMonth,
    /// A row gives another sex, or none.
    Sex,
    /// A row gives a postcode of another authority, or none.
    Home,
}

impl Cause {
    /// The classes, as a report of the test names them.
    pub const CLASSES: [(&'static str, &'static [Self]); 3] = [
        ("linkage", &[Self::Split, Self::Shared]),
        ("set aside or emptied", &[Self::SetAside, Self::Emptied]),
        ("a slip that the door shows", &[Self::BirthMonth, Self::Sex, Self::Home]),
    ];

    /// Tables about people in which one row rests on others'.
    const RESTS_ON_OTHERS: [&'static str; 7] = [
        "value_added",
        "engagement_change",
        "domain_score",
        "outcome_vector",
        "realised_potential",
        "progress_light",
        "ap_placement",
    ];

    /// Whether a table about people can differ because of it. Where somebody is at home bears on areas, populations and
    /// on having moved away, and on nothing else.
    pub fn reaches(self, table: &str) -> bool {
        // What rests on others' rows is worked out again from them, so any cause may stand beside it.
        if Self::RESTS_ON_OTHERS.contains(&table) {
            return true;
        }
        match self {
            Self::Split | Self::Shared | Self::SetAside | Self::Emptied | Self::BirthMonth => true,
            Self::Sex => table == "learner",
            Self::Home => {
                matches!(
                    table,
                    "area_spell"
                        | "home_move"
                        | "home_ward"
                        | "cohort_member"
                        | "cohort_outcome"
                        | "circumstance_year"
                        | "ks4_result"
                        | "school_move"
                        | "education_break"
                        | "nccis_month"
                        | "september_guarantee"
                        | "month_status"
                        | "level_by_19"
                )
            }
        }
    }
}

/// Causes by person.
pub type Causes = BTreeMap<u32, BTreeSet<Cause>>;

/// What the rows of a demonstration say wrongly, and what the program did not take from them.
pub fn of_rows(demo: &Demo) -> Causes {
    let mut causes = Causes::new();
    let areas = demo.world.postcodes.iter().map(|one| (one.text.as_str(), (one.la, one.ward.as_str())));
    let postcodes: HashMap<&str, (&str, &str)> = areas.collect();
    let rows = truth::rows(&demo.estate());
    for row in &rows {
        let of_row = row.slips.iter().filter_map(|slip| of_slip(slip, &postcodes));
        for cause in of_row {
            causes.entry(row.person).or_default().insert(cause);
        }
    }
    let people: BTreeMap<&Place, u32> = rows.iter().map(|row| (&row.place, row.person)).collect();
    let not_taken = not_taken(demo);
    for place in truth::planted(&demo.estate()) {
        assert!(not_taken.iter().any(|(at, _)| *at == place), "a fault was planted and not found: {place:?}");
    }
    for (place, cause) in not_taken {
        let person = people.get(&place).unwrap_or_else(|| panic!("nobody's row was set aside: {place:?}"));
        causes.entry(*person).or_default().extend(cause);
    }
    causes
}

/// A slip only matters where it changes what is kept of the cell: the month, the sex, the authority, the ward. One in a name or a
/// number is a matter of linkage.
fn of_slip(slip: &Slip, postcodes: &HashMap<&str, (&str, &str)>) -> Option<Cause> {
    let month = |date: &str| date.get(..7).map(str::to_owned);
    let area = |postcode: &str| postcodes.get(postcode);
    match slip.cell.as_str() {
        "birth_date" => (month(&slip.says) != month(&slip.right)).then_some(Cause::BirthMonth),
        "sex" => Some(Cause::Sex),
        "postcode" => (area(&slip.says) != area(&slip.right)).then_some(Cause::Home),
        _ => None,
    }
}

/// Places of the program's own quarantine. An emptied number to link by is there without a cause.
fn not_taken(demo: &Demo) -> Vec<(Place, Option<Cause>)> {
    let ran = run_in(&demo.site(), &["--config", "throughline.toml", "--json", "quarantine"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut inboxes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for door in estate::doors(&demo.world) {
        let Some(inbox) = door.inbox else { continue };
        let mut files = Vec::new();
        walk(&demo.estate().join(inbox), &mut files);
        files.sort();
        let relative = files.iter().map(|file| file.strip_prefix(demo.estate()).unwrap());
        inboxes.insert(door.name, relative.map(|file| file.to_string_lossy().into_owned()).collect());
    }
    let document = ran.json();
    // What is only told lost nothing.
    let lines =
        document["quarantine"].as_array().unwrap().iter().filter(|line| line["consequence"] != "told");
    let place = |line: &serde_json::Value| {
        let number = |name: &str| line[name].as_u64().unwrap() as u32;
        let files = &inboxes[line["source"].as_str().unwrap()];
        let document = files[number("document") as usize - 1].clone();
        Place::File { document, sheet: number("sheet"), row: number("row") }
    };
    let cause = |line: &serde_json::Value| match line["consequence"].as_str().unwrap() {
        "row_set_aside" => Some(Cause::SetAside),
        _ if matches!(line["column"].as_str(), Some("upn" | "former_upn" | "uln")) => None,
        _ => Some(Cause::Emptied),
    };
    lines.map(|line| (place(line), cause(line))).collect()
}
