//! The rows of a release that a report is made of, and the words for their codes.
use super::Halt;
use crate::report::rows;
use std::path::Path;

/// One state of one cohort and population.
pub(super) struct WaterfallRow {
    pub(super) cohort_ay: i32,
    pub(super) population: String,
    pub(super) state_order: i64,
    pub(super) state: String,
    pub(super) n: u64,
}

/// One group of high attainers of one cohort and population.
pub(super) struct HeadlineRow {
    pub(super) cohort_ay: i32,
    pub(super) population: String,
    pub(super) group: String,
    pub(super) n_members: u64,
    pub(super) n_with_results: u64,
    pub(super) n_achieved: u64,
    pub(super) n_visible: u64,
}

pub(super) fn waterfall(release: &Path) -> Result<Vec<WaterfallRow>, Halt> {
    read(release, "attrition_waterfall", |row| {
        Some(WaterfallRow {
            cohort_ay: row.number("cohort_ay")? as i32,
            population: row.text("population")?,
            state_order: row.number("state_order")?,
            state: row.text("state")?,
            n: row.number("n")? as u64,
        })
    })
}

pub(super) fn headline(release: &Path) -> Result<Vec<HeadlineRow>, Halt> {
    read(release, "lost_potential", |row| {
        Some(HeadlineRow {
            cohort_ay: row.number("cohort_ay")? as i32,
            population: row.text("population")?,
            group: row.text("disadvantage")?,
            n_members: row.number("n_members")? as u64,
            n_with_results: row.number("n_with_results")? as u64,
            n_achieved: row.number("n_achieved")? as u64,
            n_visible: row.number("n_visible")? as u64,
        })
    })
}

pub(super) use crate::report::rows::RowOf;

pub(super) fn read<T>(
    release: &Path,
    table: &str,
    row: impl Fn(&RowOf<'_>) -> Option<T>,
) -> Result<Vec<T>, Halt> {
    Ok(rows::read(release, table, row)?)
}

/// `2019` as `2018/19`.
pub(super) fn academic_year(ay: i32) -> String {
    format!("{}/{:02}", ay - 1, ay.rem_euclid(100))
}

/// A population in words.
pub(super) fn population_words(population: &str) -> &'static str {
    match population {
        "resident" => "children who lived here in January of Year 6",
        "attending" => "children on a roll here in January of Year 6",
        "ever_y6_here" => "children who were ever in Year 6 here",
        _ => "every child of the cohort, late entrants too",
    }
}

/// A group of high attainers in words.
pub(super) fn group_words(group: &str) -> &str {
    match group {
        "disadvantaged" => "disadvantaged in Year 6",
        "other" => "not disadvantaged",
        "not_known" => "not known",
        other => other,
    }
}

/// A state at sixteen in words.
pub(super) fn state_words(state: &str) -> &str {
    match state {
        "not_yet_16" => "not sixteen yet",
        "died" => "died",
        "left_england" => "left England",
        "moved_out_of_area" => "moved to another authority",
        "ks4_mainstream" => "GCSE results, mainstream school",
        "ks4_special" => "GCSE results, special school",
        "ks4_ap" => "GCSE results, alternative provision",
        "ks4_independent" => "GCSE results, independent school",
        "ks4_home_educated" => "GCSE results, educated at home",
        "ks4_elsewhere" => "GCSE results, setting not known",
        "in_custody" => "in custody, no GCSE results",
        "home_educated" => "educated at home, no GCSE results",
        "ap_no_ks4" => "alternative provision, no GCSE results",
        "on_roll_no_results" => "on a school roll, no GCSE results",
        "post16_seen" => "lost until sixteen, seen again after",
        "missing_education" => "missing education",
        "not_found" => "not found anywhere",
        "withheld" => "objected: only counted",
        "total" => "all",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;

    #[test]
    fn a_state_has_the_same_words_in_a_report_and_in_a_codebook() {
        let definitions = Definitions::load(None).unwrap();
        let states = definitions.meanings("attrition_waterfall", "state");
        assert_eq!(states.len(), 18, "{states:?}");
        for (state, meaning) in &states {
            assert_eq!(state_words(state), meaning);
        }
        let of_learners = definitions.meanings("cohort_outcome", "state");
        assert!(of_learners.iter().all(|(state, meaning)| states.get(state) == Some(meaning)));
    }
}
