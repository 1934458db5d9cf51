//! The attrition waterfall: where every member of a cohort ended, states in their fixed order, zeros listed.

use super::figure::{Figure, Symbol};
use super::grid::estimate;
use super::policy::Policy;
use super::protect;
use super::refusal::Refusal;
use super::table::{self, Count, CountTable, DisclosedRow, DisclosedTable};

/// Learners of one cohort and population by the state they ended in.
#[derive(Debug, Clone)]
pub struct Waterfall {
    /// What the table is, in words.
    pub title: String,
    /// Whom it counts.
    pub population: String,
    /// Every state, in its fixed order, those with nobody too.
    pub states: Vec<StateCount>,
}

/// One state and who is in it.
#[derive(Debug, Clone)]
pub struct StateCount {
    /// The state's code.
    pub state: String,
    /// Distinct learners.
    pub count: u64,
    /// True where the state cannot occur, for instance one that a later cohort brought in.
    pub structural_zero: bool,
}

/// States, then the total: learners, and their share of all members. The total is rounded by itself and so need not
/// be the sum of the rounded states.
pub(super) fn disclose(waterfall: &Waterfall, policy: &Policy) -> Result<DisclosedTable, Refusal> {
    let whole = Count {
        keys: vec!["total".to_owned()],
        count: waterfall.states.iter().map(|state| state.count).fold(0, u64::saturating_add),
        structural_zero: waterfall.states.iter().all(|state| state.structural_zero),
        parts: waterfall.states.iter().map(part).collect(),
        parts_are_all: true,
    };
    let table = CountTable {
        title: waterfall.title.clone(),
        population: waterfall.population.clone(),
        dimensions: vec!["state".to_owned()],
        wholes: vec![whole],
    };
    let nodes = table.checked()?;
    let hidden = protect::hidden(&nodes, policy);
    let mut disclosed = table::render(&table, &nodes, &hidden, policy);
    disclosed.rows.rotate_left(1); // the total comes last
    disclosed.measures = vec!["learners".to_owned(), "share_of_members".to_owned()];
    let total = disclosed.rows.last().and_then(|row| row.figures.first()).copied();
    for row in &mut disclosed.rows {
        let share = share(row, total, policy);
        row.figures.push(share);
    }
    disclosed.notices = table::notices(&disclosed.rows, policy);
    Ok(disclosed)
}

/// Estimated shares beside the states.
#[derive(Debug, Clone)]
pub struct Estimates {
    /// Their names.
    pub names: Vec<String>,
    /// In ten-thousandths, for each state in order, one for each name.
    pub of_states: Vec<Vec<Option<u16>>>,
}

/// As [`disclose`], with estimates beside each state that is shown.
pub(super) fn disclose_with(
    waterfall: &Waterfall,
    estimates: &Estimates,
    policy: &Policy,
) -> Result<DisclosedTable, Refusal> {
    let mut disclosed = disclose(waterfall, policy)?;
    let people = waterfall.states.iter().map(|state| state.count).fold(0, u64::saturating_add);
    disclosed.measures.extend(estimates.names.iter().cloned());
    let nothing = vec![None; estimates.names.len()];
    for (row, of_state) in disclosed.rows.iter_mut().zip(estimates.of_states.iter().chain([&nothing])) {
        let is_shown = row.figures.first().is_some_and(|figure| figure.is_number());
        let hidden = row.figures.first().copied().unwrap_or(Figure::Symbol(Symbol::Confidential));
        let shown = |value: &Option<u16>| if is_shown { estimate(*value, people, policy) } else { hidden };
        let shown: Vec<Figure> = of_state.iter().map(shown).collect();
        row.figures.extend(shown);
    }
    disclosed.notices = table::notices(&disclosed.rows, policy);
    Ok(disclosed)
}

fn part(state: &StateCount) -> Count {
    let mut part = Count::leaf(vec![state.state.clone()], state.count);
    part.structural_zero = state.structural_zero;
    part
}

/// From the two figures that are shown, and nothing else.
fn share(row: &DisclosedRow, total: Option<Figure>, policy: &Policy) -> Figure {
    match (row.figures.first(), total) {
        (Some(Figure::Symbol(symbol)), _) => Figure::Symbol(*symbol),
        (_, Some(Figure::Symbol(Symbol::Confidential))) => Figure::Symbol(Symbol::Confidential),
        (Some(Figure::Count(count)), Some(Figure::Count(total))) if total > 0 => {
            Figure::share(*count as f64 / total as f64, policy.rate_decimals())
        }
        _ => Figure::Symbol(Symbol::NotAvailable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::KeyKind;

    fn waterfall(states: &[(&str, u64)]) -> Waterfall {
        let state = |(state, count): &(&str, u64)| StateCount {
            state: (*state).to_owned(),
            count: *count,
            structural_zero: *state == "covid",
        };
        Waterfall {
            title: "Cohort 2019".into(),
            population: "resident".into(),
            states: states.iter().map(state).collect(),
        }
    }

    fn texts(states: &[(&str, u64)], policy: &Policy) -> Vec<String> {
        let rows = disclose(&waterfall(states), policy).unwrap().rows;
        rows.iter().map(|row| format!("{} {} {}", row.keys[0], row.figures[0], row.figures[1])).collect()
    }

    const STATES: [(&str, u64); 5] =
        [("ks4_mainstream", 612), ("ks4_ap", 23), ("died", 2), ("covid", 0), ("not_found", 41)];

    #[test]
    fn every_state_is_listed_in_its_order_and_the_total_is_last() {
        let rows = texts(&STATES, &Policy::synthetic(KeyKind::Demo).unwrap());
        assert_eq!(
            rows,
            [
                "ks4_mainstream 612 90.3%",
                "ks4_ap 23 3.4%",
                "died 2 0.3%",
                "covid z z",
                "not_found 41 6%",
                "total 678 100%"
            ]
        );
    }

    #[test]
    fn a_small_state_takes_the_next_smallest_with_it() {
        let rows = texts(&STATES, &Policy::published());
        assert_eq!(
            rows,
            [
                "ks4_mainstream 610 90%",
                "ks4_ap c c",
                "died c c",
                "covid z z",
                "not_found 40 6%",
                "total 680 100%"
            ]
        );
    }

    #[test]
    fn what_is_hidden_is_said_in_words() {
        let table = disclose(&waterfall(&STATES), &Policy::published()).unwrap();
        let [notice] = &table.notices[..] else { panic!("one notice") };
        assert_eq!(notice.what, "4 of 12 figures are hidden and marked c");
        assert!(notice.why.contains("fewer than 10 learners"));
        assert!(notice.instead.contains("several cohort years together"));
        let all = disclose(&waterfall(&STATES), &Policy::synthetic(KeyKind::Demo).unwrap()).unwrap();
        assert!(all.notices.is_empty());
    }

    #[test]
    fn all_in_one_state_is_not_shown_though_zeros_are() {
        let policy = Policy::inside_controller();
        let rows = texts(&[("ks4_ap", 0), ("ks4_special", 0), ("not_found", 20)], &policy);
        assert_eq!(rows, ["ks4_ap c c", "ks4_special 0 0%", "not_found c c", "total 20 100%"]);
        let rows = texts(&[("ks4_ap", 0), ("ks4_special", 11), ("not_found", 20)], &policy);
        assert_eq!(rows, ["ks4_ap 0 0%", "ks4_special 10 33%", "not_found 20 67%", "total 30 100%"]);
    }

    #[test]
    fn a_cohort_too_small_shows_only_its_states() {
        let rows = texts(&[("ks4_ap", 3), ("not_found", 4)], &Policy::published());
        assert_eq!(rows, ["ks4_ap c c", "not_found c c", "total c c"]);
        let rows = texts(&[], &Policy::published());
        assert_eq!(rows, ["total z z"]);
    }
}
