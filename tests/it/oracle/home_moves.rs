//! Changes of home, told day by day, and how many there were in a year.
use super::area::Area;
use super::cells::{Cell, People, Person};
use super::days::academic_year;
use super::rows::{AreaSpell, Group, Row, column, row};
use super::year::Setting;
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::collections::BTreeSet;

row! {
    /// Another authority begins to be the home.
    HomeMove = "home_move", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    moved_on: NaiveDate = "moved_on",
    ay: i64 = "ay",
    from_la: String = "from_la",
    to_la: String = "to_la",
    direction: String = "direction",
    evidence: String = "evidence",
}

row! {
    /// How many came and went.
    HomeMoveYear = "home_move_year", group |row| Group::Cohort(row.ay, row.direction.clone());
    ay: i64 = "ay",
    direction: String = "direction",
    evidence: String = "evidence",
    n_moves: i64 = "n_moves",
    n_learners: i64 = "n_learners",
    n_resident: i64 = "n_resident",
    n_missing: i64 = "n_missing",
}

/// The moves of one person.
pub fn moves(number: u32, area: &Area, here: &str) -> Vec<HomeMove> {
    let row = |(day, from, to, evidence): (NaiveDate, &str, &str, &str)| HomeMove {
        person: Person(number),
        moved_on: day,
        ay: i64::from(academic_year(day)),
        from_la: from.to_owned(),
        to_la: to.to_owned(),
        direction: match (from == here, to == here) {
            (_, true) => "in",
            (true, false) => "out",
            (false, false) => "elsewhere",
        }
        .to_owned(),
        evidence: evidence.to_owned(),
    };
    area.moves().into_iter().map(row).collect()
}

/// Every year that somebody is seen at the start of, or moves in.
pub fn years(moves: &[HomeMove], spells: &[AreaSpell], setting: &Setting) -> Vec<HomeMoveYear> {
    let mut rows = Vec::new();
    for ay in 2000..=academic_year(setting.as_of) {
        let Some(start) = NaiveDate::from_ymd_opt(ay - 1, 9, 1) else { continue };
        let seen: Vec<&AreaSpell> =
            spells.iter().filter(|row| row.starts_on <= start && start <= row.ends_on).collect();
        let of_year: Vec<&HomeMove> = moves.iter().filter(|one| one.ay == i64::from(ay)).collect();
        if seen.is_empty() && of_year.is_empty() {
            continue;
        }
        let live_in =
            |home: Option<&str>| seen.iter().filter(|row| row.home_la.as_deref() == home).count() as i64;
        for direction in ["in", "out", "elsewhere"] {
            for evidence in ["all", "register", "transfer", "address"] {
                let told: Vec<u32> = of_year
                    .iter()
                    .filter(|one| one.direction == direction && ["all", &one.evidence].contains(&evidence))
                    .map(|one| one.person.0)
                    .collect();
                rows.push(HomeMoveYear {
                    ay: i64::from(ay),
                    direction: direction.to_owned(),
                    evidence: evidence.to_owned(),
                    n_moves: told.len() as i64,
                    n_learners: told.into_iter().collect::<BTreeSet<u32>>().len() as i64,
                    n_resident: live_in(Some(setting.here.as_str())),
                    n_missing: live_in(None),
                });
            }
        }
    }
    rows
}
