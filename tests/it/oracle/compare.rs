//! Expected against published, row by row: who differs, and how.
use super::{
    Tables,
    rows::{Group, Row},
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

/// How many groups of a table are printed in full.
const SHOWN: usize = 20;

/// The differences of one table.
pub struct Differences {
    pub table: &'static str,
    /// The columns of it that were compared.
    pub columns: &'static [&'static str],
    pub expected: usize,
    pub published: usize,
    /// The rows that only one side has, by whom they are about.
    pub groups: BTreeMap<Group, Sides>,
}

/// Rows that one side has and the other has not.
#[derive(Default)]
pub struct Sides {
    pub only_expected: Vec<String>,
    pub only_published: Vec<String>,
}

impl Differences {
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

/// Compares two tables as bags of rows: their order does not matter, how often a row occurs does.
pub fn compare_rows<R: Row>(expected: &[R], published: &[R]) -> Differences {
    // How many more times the expected side has a row.
    let mut surplus: BTreeMap<&R, i64> = BTreeMap::new();
    for row in expected {
        *surplus.entry(row).or_default() += 1;
    }
    for row in published {
        *surplus.entry(row).or_default() -= 1;
    }
    let mut groups: BTreeMap<Group, Sides> = BTreeMap::new();
    for (row, surplus) in surplus.into_iter().filter(|(_, surplus)| *surplus != 0) {
        let sides = groups.entry(row.group()).or_default();
        let side = if surplus > 0 { &mut sides.only_expected } else { &mut sides.only_published };
        side.extend((0..surplus.abs()).map(|_| row.show()));
    }
    Differences {
        table: R::TABLE,
        columns: R::COLUMNS,
        expected: expected.len(),
        published: published.len(),
        groups,
    }
}

impl Display for Differences {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, expected, published, groups, .. } = self;
        writeln!(to, "{table}: {expected} rows expected, {published} published, {} differ", groups.len())?;
        for (group, sides) in groups.iter().take(SHOWN) {
            writeln!(to, "  {group}")?;
            // One row against one row: only the cells that differ.
            if let ([expected], [published]) = (&sides.only_expected[..], &sides.only_published[..]) {
                let published: BTreeSet<&str> = published.split(' ').collect();
                let theirs =
                    |name: &str| published.iter().copied().find(|cell| cell.starts_with(&format!("{name}=")));
                for cell in expected.split(' ').filter(|cell| !published.contains(cell)) {
                    let name = cell.split('=').next().unwrap_or_default();
                    writeln!(to, "    expected {cell}, published {}", theirs(name).unwrap_or("nothing"))?;
                }
                continue;
            }
            for row in &sides.only_expected {
                writeln!(to, "    expected  {row}")?;
            }
            for row in &sides.only_published {
                writeln!(to, "    published {row}")?;
            }
        }
        if groups.len() > SHOWN {
            writeln!(to, "  and {} more", groups.len() - SHOWN)?;
        }
        Ok(())
    }
}

/// The differences of every table; empty tables of differences are kept, for the counts.
pub struct Report(pub Vec<Differences>);

impl Report {
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Differences::is_empty)
    }

    /// Everybody of whom any row differs, with the tables where one does.
    pub fn people(&self) -> BTreeMap<u32, BTreeSet<&'static str>> {
        let mut people: BTreeMap<u32, BTreeSet<&'static str>> = BTreeMap::new();
        for differences in &self.0 {
            for group in differences.groups.keys() {
                if let Group::Person(number) = group {
                    people.entry(*number).or_default().insert(differences.table);
                }
            }
        }
        people
    }
}

impl Display for Report {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|differences| write!(to, "{differences}"))
    }
}

/// Compares every table.
pub fn compare(expected: &Tables, published: &Tables) -> Report {
    Report(vec![
        compare_rows(&expected.learner, &published.learner),
        compare_rows(&expected.spell, &published.spell),
        compare_rows(&expected.area_spell, &published.area_spell),
        compare_rows(&expected.home_move, &published.home_move),
        compare_rows(&expected.home_move_year, &published.home_move_year),
        compare_rows(&expected.home_ward, &published.home_ward),
        compare_rows(&expected.cohort_member, &published.cohort_member),
        compare_rows(&expected.cohort_outcome, &published.cohort_outcome),
        compare_rows(&expected.outcome, &published.outcome),
        compare_rows(&expected.attrition_waterfall, &published.attrition_waterfall),
        compare_rows(&expected.lost_potential, &published.lost_potential),
        compare_rows(&expected.lost_potential_area, &published.lost_potential_area),
        compare_rows(&expected.absence_enrolment, &published.absence_enrolment),
        compare_rows(&expected.absence_learner, &published.absence_learner),
        compare_rows(&expected.absence_rate, &published.absence_rate),
        compare_rows(&expected.suspension_event, &published.suspension_event),
        compare_rows(&expected.suspension_learner, &published.suspension_learner),
        compare_rows(&expected.suspension_rate, &published.suspension_rate),
        compare_rows(&expected.circumstance_year, &published.circumstance_year),
        compare_rows(&expected.circumstance_rate, &published.circumstance_rate),
        compare_rows(&expected.baseline, &published.baseline),
        compare_rows(&expected.ks4_result, &published.ks4_result),
        compare_rows(&expected.ks4_rate, &published.ks4_rate),
        compare_rows(&expected.attainment8_mean, &published.attainment8_mean),
        compare_rows(&expected.disadvantage_gap, &published.disadvantage_gap),
        compare_rows(&expected.segregation, &published.segregation),
        compare_rows(&expected.pathway, &published.pathway),
        compare_rows(&expected.school_move, &published.school_move),
        compare_rows(&expected.roll_share, &published.roll_share),
        compare_rows(&expected.pathway_form, &published.pathway_form),
        compare_rows(&expected.ladder_result, &published.ladder_result),
        compare_rows(&expected.value_added, &published.value_added),
        compare_rows(&expected.distance_travelled, &published.distance_travelled),
        compare_rows(&expected.engagement_change, &published.engagement_change),
        compare_rows(&expected.domain_score, &published.domain_score),
        compare_rows(&expected.index_sensitivity, &published.index_sensitivity),
        compare_rows(&expected.outcome_vector, &published.outcome_vector),
        compare_rows(&expected.realised_potential, &published.realised_potential),
        compare_rows(&expected.realised_rate, &published.realised_rate),
        compare_rows(&expected.progress_light, &published.progress_light),
        compare_rows(&expected.ap_placement, &published.ap_placement),
        compare_rows(&expected.ap_day_six, &published.ap_day_six),
        compare_rows(&expected.education_break, &published.education_break),
        compare_rows(&expected.ap_registration, &published.ap_registration),
        compare_rows(&expected.ap_measure, &published.ap_measure),
        compare_rows(&expected.ap_funnel, &published.ap_funnel),
        compare_rows(&expected.ap_effect, &published.ap_effect),
        compare_rows(&expected.lost_potential_sensitivity, &published.lost_potential_sensitivity),
        compare_rows(&expected.school_result, &published.school_result),
        compare_rows(&expected.school_prediction, &published.school_prediction),
        compare_rows(&expected.school_value_added, &published.school_value_added),
        compare_rows(&expected.school_similar, &published.school_similar),
        compare_rows(&expected.mobility_rate, &published.mobility_rate),
        compare_rows(&expected.ks2_subject, &published.ks2_subject),
        compare_rows(&expected.ks2_rate, &published.ks2_rate),
        compare_rows(&expected.scorecard, &published.scorecard),
        compare_rows(&expected.nccis_month, &published.nccis_month),
        compare_rows(&expected.neet_rate, &published.neet_rate),
        compare_rows(&expected.september_guarantee, &published.september_guarantee),
        compare_rows(&expected.guarantee_rate, &published.guarantee_rate),
        compare_rows(&expected.ccis_destination, &published.ccis_destination),
        compare_rows(&expected.ccis_destination_rate, &published.ccis_destination_rate),
        compare_rows(&expected.risk_factor, &published.risk_factor),
        compare_rows(&expected.risk_score, &published.risk_score),
        compare_rows(&expected.risk_curve, &published.risk_curve),
        compare_rows(&expected.risk_calibration, &published.risk_calibration),
        compare_rows(&expected.risk_backtest, &published.risk_backtest),
        compare_rows(&expected.risk_fairness, &published.risk_fairness),
        compare_rows(&expected.risk_model, &published.risk_model),
        compare_rows(&expected.month_status, &published.month_status),
        compare_rows(&expected.level_by_19, &published.level_by_19),
        compare_rows(&expected.level_by_19_rate, &published.level_by_19_rate),
        compare_rows(&expected.leaver_met, &published.leaver_met),
        compare_rows(&expected.neet_cost, &published.neet_cost),
        compare_rows(&expected.high_attainer, &published.high_attainer),
        compare_rows(&expected.school_beating, &published.school_beating),
    ])
}
