//! The headline: groups by measures, with three answers to one question (observed, whole cohort, upper bound) and the
//! visibility they depend on.
//!
//! The four counts of a group are nested: members ⊇ visible ⊇ with results ⊇ achieved. So a group is a chain of wholes
//! and parts, and what each part leaves over (the members without results, those with results who did not achieve) is
//! protected like the part itself. Rates, intervals and lost potential are worked out from shown counts alone: they
//! tell nothing that those do not.

use super::figure::{Figure, Symbol};
use super::policy::Policy;
use super::protect;
use super::refusal::Refusal;
use super::table::{self, Count, CountTable, DisclosedRow, DisclosedTable};

/// z of a 95% interval.
const Z: f64 = 1.96;

/// The figures of a row, in order. All rates are per cent.
const MEASURES: [&str; 13] = [
    "n_members",
    "n_visible",
    "n_with_results",
    "n_achieved",
    "observed",
    "observed_low",
    "observed_high",
    "whole_cohort",
    "whole_cohort_low",
    "whole_cohort_high",
    "upper",
    "visibility",
    "lost_potential",
];

/// One headline table: the groups of one cohort and population.
#[derive(Debug, Clone)]
pub struct Headline {
    /// What the table is, in words.
    pub title: String,
    /// Whom it counts.
    pub population: String,
    /// The groups, in their fixed order. They share no learner, and no total over them is shown.
    pub groups: Vec<HeadlineGroup>,
    /// `(group, reference)`: the group whose lost potential is shown, and the group it is measured against.
    pub lost_potential: Option<(String, String)>,
}

/// Distinct learners of one group.
#[derive(Debug, Clone)]
pub struct HeadlineGroup {
    /// The group's code.
    pub group: String,
    /// Members in the denominator.
    pub n_members: u64,
    /// Of them, those of whom something is known after 16.
    pub n_visible: u64,
    /// Of the visible, those with results in the KS4 tables.
    pub n_with_results: u64,
    /// Of those with results, those who achieved the outcome.
    pub n_achieved: u64,
}

/// The four counts of a group, each only where it may be shown.
struct Shown {
    members: Figure,
    visible: Figure,
    with_results: Figure,
    achieved: Figure,
}

pub(super) fn disclose(headline: &Headline, policy: &Policy) -> Result<DisclosedTable, Refusal> {
    let table = CountTable {
        title: headline.title.clone(),
        population: headline.population.clone(),
        dimensions: vec!["group".to_owned()],
        wholes: headline.groups.iter().map(chain).collect(),
    };
    let nodes = table.checked()?;
    let hidden = protect::hidden(&nodes, policy);
    let figures = table::figures(&nodes, &hidden, policy);
    let shown: Vec<Shown> = figures
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&[members, visible, with_results, achieved]| Shown { members, visible, with_results, achieved })
        .collect();
    let lost = lost_potential(headline, &shown, policy)?;
    let rows: Vec<DisclosedRow> = headline
        .groups
        .iter()
        .zip(&shown)
        .zip(lost)
        .map(|((group, shown), lost)| row(&group.group, shown, lost, policy))
        .collect();
    Ok(DisclosedTable {
        title: table.title,
        population: table.population,
        policy: policy.name(),
        policy_in_words: policy.in_words(),
        dimensions: table.dimensions,
        measures: MEASURES.map(str::to_owned).to_vec(),
        notices: table::notices(&rows, policy),
        rows,
    })
}

fn chain(group: &HeadlineGroup) -> Count {
    let keys = || vec![group.group.clone()];
    let achieved = Count::leaf(keys(), group.n_achieved);
    let with_results = Count::whole(keys(), group.n_with_results, achieved);
    let visible = Count::whole(keys(), group.n_visible, with_results);
    Count::whole(keys(), group.n_members, visible)
}

fn row(group: &str, shown: &Shown, lost_potential: Figure, policy: &Policy) -> DisclosedRow {
    let Shown { members, visible, with_results, achieved } = *shown;
    let decimals = policy.rate_decimals();
    let percent = |share: f64| Figure::share(share, decimals);
    let rate = |part, whole| {
        ratio(part, whole).map_or_else(
            |symbol| [Figure::Symbol(symbol); 3],
            |(part, whole)| {
                let (low, high) = wilson(part, whole);
                [percent(part / whole), percent(low), percent(high)]
            },
        )
    };
    let one = |found: Result<f64, Symbol>| found.map_or_else(Figure::Symbol, percent);
    let upper = ratio(with_results, members).and_then(|(with_results, members)| {
        number(achieved).map(|achieved| (achieved + members - with_results) / members)
    });
    let visibility = ratio(visible, members).map(|(visible, members)| visible / members);
    let mut figures = vec![members, visible, with_results, achieved];
    figures.extend(rate(achieved, with_results));
    figures.extend(rate(achieved, members));
    figures.extend([one(upper), one(visibility), lost_potential]);
    DisclosedRow { keys: vec![group.to_owned()], figures }
}

/// For each group its lost potential: not applicable to any but the one asked for.
fn lost_potential(headline: &Headline, shown: &[Shown], policy: &Policy) -> Result<Vec<Figure>, Refusal> {
    let mut lost = vec![Figure::Symbol(Symbol::NotApplicable); shown.len()];
    let Some((group, reference)) = &headline.lost_potential else { return Ok(lost) };
    let position = |name: &String| {
        let found = headline.groups.iter().position(|group| group.group == *name);
        found.ok_or_else(|| Refusal::NoSuchGroup { title: headline.title.clone() })
    };
    let (group, reference) = (position(group)?, position(reference)?);
    let mine = ratio(shown[group].achieved, shown[group].members);
    let theirs = ratio(shown[reference].achieved, shown[reference].members);
    lost[group] = match (mine, theirs) {
        (Ok((achieved, members)), Ok((their_achieved, their_members))) => {
            let learners = their_achieved / their_members * members - achieved;
            let base = policy.round_to() as f64;
            Figure::Count(((learners / base).round() * base) as i64)
        }
        (Err(symbol), _) | (_, Err(symbol)) => Figure::Symbol(symbol),
    };
    Ok(lost)
}

/// Both numbers of a share, or the symbol that stands for it.
pub(super) fn ratio(part: Figure, whole: Figure) -> Result<(f64, f64), Symbol> {
    let whole = number(whole)?;
    if whole == 0.0 {
        return Err(Symbol::NotAvailable);
    }
    Ok((number(part)?, whole))
}

fn number(figure: Figure) -> Result<f64, Symbol> {
    match figure {
        Figure::Count(count) => Ok(count as f64),
        Figure::PerCentTenths(_) => Err(Symbol::NotAvailable),
        Figure::Symbol(symbol) => Err(symbol),
    }
}

/// The 95% Wilson score interval of `part` in `whole` (Wilson 1927), within 0 to 1.
pub(super) fn wilson(part: f64, whole: f64) -> (f64, f64) {
    let share = part / whole;
    let spread = Z * Z / whole;
    let middle = share + spread / 2.0;
    let half = Z * (share * (1.0 - share) / whole + spread / whole / 4.0).sqrt();
    (((middle - half) / (1.0 + spread)).max(0.0), ((middle + half) / (1.0 + spread)).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::KeyKind;

    fn group(group: &str, counts: [u64; 4]) -> HeadlineGroup {
        let [n_members, n_visible, n_with_results, n_achieved] = counts;
        HeadlineGroup { group: group.into(), n_members, n_visible, n_with_results, n_achieved }
    }

    fn headline(disadvantaged: [u64; 4], other: [u64; 4]) -> Headline {
        Headline {
            title: "Lost potential".into(),
            population: "resident".into(),
            groups: vec![group("disadvantaged", disadvantaged), group("other", other)],
            lost_potential: Some(("disadvantaged".into(), "other".into())),
        }
    }

    fn texts(headline: &Headline, policy: &Policy) -> Vec<Vec<String>> {
        let table = disclose(headline, policy).unwrap();
        table.rows.iter().map(|row| row.figures.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn synthetic_learners_are_shown_as_they_are() {
        let policy = Policy::synthetic(KeyKind::Demo).unwrap();
        let rows = texts(&headline([120, 112, 101, 33], [400, 392, 380, 220]), &policy);
        assert_eq!(rows[0][..4], ["120", "112", "101", "33"]);
        assert_eq!(rows[0][4..7], ["32.7%", "24.3%", "42.3%"]);
        assert_eq!(rows[0][7], "27.5%");
        assert_eq!(rows[0][10..], ["43.3%", "93.3%", "33"]);
        assert_eq!(rows[1][12], "z");
    }

    #[test]
    fn rates_come_from_rounded_counts() {
        let rows = texts(&headline([148, 132, 117, 33], [400, 380, 360, 220]), &Policy::published());
        assert_eq!(rows[0][..4], ["150", "130", "115", "35"]);
        assert_eq!(rows[0][4], "30%"); // 35 of 115, not 33 of 117
        assert_eq!(rows[0][7], "23%");
        assert_eq!(rows[0][12], "50"); // 55% of 150 less 35, to the nearest 5
    }

    #[test]
    fn a_small_remainder_hides_the_part_and_its_rates() {
        // 6 of 148 are not visible: the count and the rate of the visible would tell.
        let rows = texts(&headline([148, 142, 117, 33], [400, 380, 360, 220]), &Policy::published());
        assert_eq!(rows[0][..4], ["150", "c", "115", "35"]);
        assert_eq!(rows[0][11], "c");
        assert_eq!(rows[0][4], "30%");
    }

    #[test]
    fn everybody_achieving_is_not_shown() {
        let rows = texts(&headline([40, 30, 20, 20], [400, 380, 360, 220]), &Policy::published());
        assert_eq!(rows[0][3], "c");
        assert_eq!(rows[0][4], "c");
        assert_eq!(rows[0][12], "c");
    }

    #[test]
    fn measures_that_are_not_nested_are_refused() {
        let wrong = headline([40, 30, 35, 20], [400, 380, 360, 220]);
        assert!(matches!(disclose(&wrong, &Policy::published()), Err(Refusal::PartsDoNotFit { .. })));
        let mut missing = headline([40, 30, 25, 20], [400, 380, 360, 220]);
        missing.lost_potential = Some(("disadvantaged".into(), "nobody".into()));
        assert!(matches!(disclose(&missing, &Policy::published()), Err(Refusal::NoSuchGroup { .. })));
    }

    #[test]
    fn nobody_has_no_rate() {
        let policy = Policy::synthetic(KeyKind::Demo).unwrap();
        let rows = texts(&headline([0, 0, 0, 0], [400, 380, 360, 220]), &policy);
        assert_eq!(rows[0][4], "x");
        assert_eq!(rows[0][12], "x");
    }

    #[test]
    fn the_interval_is_wilsons() {
        // 81 of 263: the worked example of Newcombe (1998), table I, method 3.
        let (low, high) = wilson(81.0, 263.0);
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        let (low, high) = wilson(0.0, 20.0);
        assert!(low == 0.0 && (high - 0.1611).abs() < 5e-5, "{high}");
    }
}
