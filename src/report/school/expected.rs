//! Whether schools do better than their start lets expect, and beside the schools most like them.
//!
//! What is expected of a school, and by how much chance alone would miss it, follow from where its pupils began and tell nothing of what
//! they reached. So the estimate and how sure it is are worked out here from the two counts as they are shown, with the release's own
//! expectation and reliability: of made-up learners they are the release's figures.
use super::{
    super::places::{self, Place, Places},
    super::{Chart, Column, Policy, ReportFault, Section, Table, Time, Unit, shown, words::academic_year},
    MEASURE_IN_WORDS, NOT_ONE, is_school, label,
    read::{Predicted, Resulted, Similar},
    tally,
};
use crate::disclosure::{self, Figure, Rate, Rates, Symbol};
use std::collections::{BTreeMap, BTreeSet};

const POPULATION: &str = "disadvantaged pupils of up to three years with a known result and a key stage 2 score; schools of which it is not said stand \
                          among all others";

const BETTER: &str = "better than expected";
const WORSE: &str = "worse than expected";
const NOT_TOLD_APART: &str = "cannot be told from what is expected";
const NO_SPREAD: &str = "schools do not differ beyond chance";

/// Each school beside what its pupils' start lets expect.
pub(super) struct Expected {
    pub(super) ay: i64,
    pub(super) from_ay: i64,
    by_each_other: bool,
    between_sd: Option<i64>,
    places: Places,
}

impl Expected {
    /// Of the newest year in which any school is judged; none where there is none. `before` is what another table of the report says of
    /// a year's pupils.
    pub(super) fn of(
        predicted: &[Predicted],
        before: (i64, &[Resulted]),
        unnamed: &BTreeSet<String>,
        policy: &Policy,
    ) -> Result<Option<Self>, ReportFault> {
        let Some(ay) = predicted.iter().filter(|one| one.state == "judged").map(|one| one.ay).max() else {
            return Ok(None);
        };
        let ours: BTreeMap<&str, &Predicted> = predicted
            .iter()
            .filter(|one| one.ay == ay && one.pupils > 0)
            .map(|one| (one.school.as_str(), one))
            .collect();
        let place = |one: &&Predicted| Place {
            key: one.school.clone(),
            whole: one.pupils,
            part: one.achieved,
            learners: one.pupils,
            is_kept_out: one.state != "judged"
                || unnamed.contains(&one.school)
                || gives_away(one, before, policy),
        };
        let all: Vec<Place> = ours.values().map(place).collect();
        let learners = all.iter().map(|place| place.learners).sum();
        let title = format!("Disadvantaged pupils with {MEASURE_IN_WORDS}, and what their start lets expect");
        let judged = || ours.values().filter(|one| one.state == "judged");
        let from_ay = judged().map(|one| one.from_ay).min().unwrap_or(ay);
        let time = Time::years(from_ay, ay);
        let mut places = places::places(&title, POPULATION, all, learners, &time, label, policy)?;
        for row in &mut places.rows {
            let one = ours.get(row.key.as_str()).filter(|_| is_school(row));
            let (figures, said) =
                match one.and_then(|one| Estimate::of(one, row.figures[0], row.figures[1], policy)) {
                    Some(estimate) => (estimate.figures(policy), estimate.in_words()),
                    None => ([Figure::Symbol(Symbol::NotApplicable); 5].to_vec(), NOT_ONE),
                };
            row.figures.extend(figures);
            row.said = vec![said.to_owned()];
        }
        Ok(Some(Self {
            ay,
            from_ay,
            by_each_other: judged().any(|one| one.reference == "loaded_schools"),
            between_sd: judged().find_map(|one| one.between_sd),
            places,
        }))
    }

    /// Schools shown, of which it is said, and that do better.
    pub(super) fn tally(&self) -> [u64; 3] {
        tally(self.places.rows.iter(), |said| [BETTER, WORSE, NOT_TOLD_APART].contains(&said), BETTER)
    }

    pub(super) fn section(self) -> Section {
        let reference = if self.by_each_other {
            let between = self.between_sd.map(|sd| {
                format!(" Schools differ by {} points (one standard deviation) beyond chance.", tenths(sd))
            });
            format!(
                "Expected is what schools of the same mean start and share of disadvantaged reach. The estimate is the difference drawn \
                 towards nought, the more the fewer its pupils.{}",
                between.unwrap_or_default()
            )
        } else {
            "Expected is what the nation's disadvantaged pupils with the same start reached: too few schools are loaded to be each \
             other's reference. So nothing is drawn towards nought, and an extreme school is more often chance than it looks."
                .to_owned()
        };
        let sure = "How likely it is that the school does better than expected, given all that: 95% or more is called better, 5% or less worse. \
                    Among twenty schools that do not differ one passes by chance.";
        let mut columns = shown::of_part("pupils", "with it").to_vec();
        let column = |name, heading, unit| Column { name, heading, unit };
        columns.extend([
            column("expected", "expected", Unit::PerCent),
            column("estimate", "better by, points", Unit::Points),
            column("estimate_low", "better by, at least, points", Unit::Points),
            column("estimate_high", "better by, at most, points", Unit::Points),
            column("p_better", "likely to be better", Unit::PerCent),
        ]);
        let years = format!("{} to {}", academic_year(self.from_ay), academic_year(self.ay));
        Section {
            title: "Beside what their start lets expect".to_owned(),
            words: vec![reference, sure.to_owned()],
            notes: shown::notes([&self.places.disclosed]),
            table: Some(Table {
                name: "beside_expectation",
                title: format!(
                    "Disadvantaged pupils with {MEASURE_IN_WORDS}, and what their start lets expect, {years}"
                ),
                population: POPULATION.to_owned(),
                rows_are: ("school", "school"),
                said: &[("told", "what can be said")],
                columns,
                rows: self.places.rows,
            }),
            chart: Some(Chart::Ranges([6, 7, 8])),
        }
    }
}

fn tenths(ten_thousandths: i64) -> String {
    format!("{}.{}", ten_thousandths / 100, ten_thousandths % 100 / 10)
}

/// Whether the pupils of a pool, subtracted from those of a year that another table shows, would leave fewer than may be told.
fn gives_away(one: &Predicted, (ay, results): (i64, &[Resulted]), policy: &Policy) -> bool {
    if !(one.from_ay..=one.ay).contains(&ay) {
        return false;
    }
    let Some(year) = results.iter().find(|result| result.school == one.school) else { return false };
    let few = 1..policy.threshold();
    let (whole, part) = (year.pupils.abs_diff(one.pupils), year.achieved.abs_diff(one.achieved));
    // A pool of one year lies within it: then what is left of those with it, and without it, is told as well.
    let is_within = one.from_ay == one.ay && whole > 0;
    few.contains(&whole) || is_within && part.min(whole.saturating_sub(part)) < policy.threshold()
}

/// How much better than expected, and how sure that is. Shares from 0 to 1.
#[derive(Debug)]
struct Estimate {
    expected: f64,
    better_by: f64,
    /// The same from the least and the greatest share that counts can have which are shown as these.
    between: [f64; 2],
    /// Of the estimate; nought where schools do not differ beyond chance.
    sd: f64,
}

impl Estimate {
    fn of(one: &Predicted, pupils: Figure, achieved: Figure, policy: &Policy) -> Option<Self> {
        let share = |ten_thousandths: i64| ten_thousandths as f64 / 10_000.0;
        let (pupils, achieved) = (shown::count(pupils).filter(|n| *n > 0.0)?, shown::count(achieved)?);
        let expected = share(one.share_expected?);
        let reliability = one.reliability.map_or(1.0, share);
        // The release has the ends of the 95% interval: 1.96 to either side.
        let sd = share(one.estimate_high? - one.estimate_low?) / 3.92;
        let better_by = |share: f64| reliability * (share - expected);
        let between = super::shares(pupils, achieved, policy).map(better_by);
        Some(Self { expected, better_by: better_by(achieved / pupils), between, sd })
    }

    fn p_better(&self) -> Option<f64> {
        (self.sd > 0.0).then(|| below(self.better_by / self.sd))
    }

    /// How likely it is at least, and at most, whatever the counts were before they were rounded.
    fn p_between(&self) -> Option<[f64; 2]> {
        (self.sd > 0.0).then(|| self.between.map(|better_by| below(better_by / self.sd)))
    }

    fn figures(&self, policy: &Policy) -> Vec<Figure> {
        let per_cent = |share| shown::per_cent(share, shown::decimals(policy));
        let [least, greatest] = self.between;
        let ends = [least - 1.96 * self.sd, self.better_by, greatest + 1.96 * self.sd].map(per_cent);
        let p_better = self.p_better().map_or(Figure::Symbol(Symbol::NotAvailable), per_cent);
        vec![per_cent(self.expected), ends[1], ends[0], ends[2], p_better]
    }

    fn in_words(&self) -> &'static str {
        match self.p_between() {
            None => NO_SPREAD,
            Some([least, _]) if least >= 0.95 => BETTER,
            Some([_, most]) if most <= 0.05 => WORSE,
            Some(_) => NOT_TOLD_APART,
        }
    }
}

/// The chance that a standard normal number is below `z` (Abramowitz and Stegun 26.2.17: right to 1e-7).
fn below(z: f64) -> f64 {
    const B: [f64; 5] = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let series = B.iter().rev().fold(0.0, |sum, b| (sum + b) * t);
    let above = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt() * series;
    if z < 0.0 { above } else { 1.0 - above }
}

/// Why no school is judged.
pub(super) fn none(predicted: &[Predicted]) -> Section {
    let newest = predicted.first().map(|one| one.ay);
    let states: BTreeSet<&str> =
        predicted.iter().filter(|one| Some(one.ay) == newest).map(|one| one.state.as_str()).collect();
    let why = if states.contains("no_baseline") {
        "None of their pupils has a start: the tests at the end of primary school were not held in their year."
    } else if states.contains("no_reference") {
        "Too few schools are loaded to be each other's reference, and no national one is held for the year."
    } else if states.contains("too_few") {
        "Each has too few pupils with a known result and a start."
    } else {
        "No mainstream school has results here."
    };
    Section {
        title: "Beside what their start lets expect".to_owned(),
        words: vec![format!(
            "Of no school it can be said whether it does better than its start lets expect. {why}"
        )],
        table: None,
        notes: Vec::new(),
        chart: None,
    }
}

/// The least number of pupils of a school that is compared.
const LEAST_PUPILS: u64 = 20;

/// Each school beside those most like it, where enough are loaded.
pub(super) fn similar(
    all: &[Similar],
    unnamed: &BTreeSet<String>,
    policy: &Policy,
) -> Result<Section, ReportFault> {
    let title = "Beside the schools most like it".to_owned();
    let mut compared =
        all.iter().filter(|one| one.state == "compared" && !unnamed.contains(&one.school)).peekable();
    let Some(first) = compared.peek() else {
        let words = "Alike are schools with the nearest mean start and share of disadvantaged: the nearest fifty, or the nearest quarter of \
                     those loaded. Fewer than five are no company, so with fewer than twenty schools nothing is shown here: of a few schools, \
                     none is alike.";
        return Ok(Section {
            title,
            words: vec![words.to_owned()],
            table: None,
            notes: Vec::new(),
            chart: None,
        });
    };
    let ay = first.ay;
    let share = |ten_thousandths: Option<i64>| ten_thousandths.and_then(|share| u16::try_from(share).ok());
    let rows = compared.clone().map(|one| {
        let rate = |share_of, people| Rate { share: share(share_of), people };
        // Of all similar schools together so many pupils at least; the best fifth's rate is that of one school.
        (
            one.school.clone(),
            vec![rate(one.rate, one.schools * LEAST_PUPILS), rate(one.best_fifth, LEAST_PUPILS)],
        )
    });
    let rates = Rates {
        title: title.clone(),
        population: POPULATION.to_owned(),
        dimension: "school".to_owned(),
        measures: ["similar", "best_fifth"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    let disclosed = disclosure::disclose_rates(&rates, policy)?;
    let rows = compared.zip(&disclosed.as_ref().rows).map(|(one, row)| super::Row {
        key: one.school.clone(),
        label: label(&one.school),
        time: Time::year(ay),
        is_total: false,
        said: Vec::new(),
        figures: [&[Figure::Count(one.schools as i64)], &row.figures[..]].concat(),
    });
    let column = |name, heading, unit| Column { name, heading, unit };
    let words = "The rate of all disadvantaged pupils of the schools most like it, and the rate that four fifths of those schools do not exceed. Where x \
                 stands, too few learners are behind a rate for it to be told.";
    Ok(Section {
        title: title.clone(),
        words: vec![words.to_owned()],
        table: Some(Table {
            name: "beside_similar",
            title: format!("{MEASURE_IN_WORDS} at the schools most like each, up to {}", academic_year(ay)),
            population: POPULATION.to_owned(),
            rows_are: ("school", "school"),
            said: &[],
            columns: vec![
                column("similar_schools", "schools like it", Unit::Things),
                column("similar_rate", "their rate", Unit::PerCent),
                column("best_fifth_rate", "what four fifths of them do not exceed", Unit::PerCent),
            ],
            rows: rows.collect(),
        }),
        notes: Vec::new(),
        chart: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn school(pupils: u64, achieved: u64) -> Predicted {
        Predicted {
            ay: 2024,
            from_ay: 2024,
            school: "E".to_owned(),
            reference: "loaded_schools".to_owned(),
            state: "judged".to_owned(),
            pupils,
            achieved,
            share_expected: Some(4_420),
            between_sd: Some(770),
            reliability: Some(7_800),
            // 0.061 and 1.96 standard deviations of 0.036 to either side.
            estimate_low: Some(-99),
            estimate_high: Some(1_312),
        }
    }

    #[test]
    fn the_estimate_is_that_of_the_worked_example() {
        let one = school(150, 78);
        let exact =
            Policy::synthetic(crate::disclosure::KeyKind::Demo).expect("the key is a demonstration's");
        let estimate =
            Estimate::of(&one, Figure::Count(150), Figure::Count(78), &exact).expect("both are shown");
        assert!((estimate.better_by - 0.061).abs() < 5e-4, "{estimate:?}");
        assert!((estimate.p_better().expect("schools differ") - 0.955).abs() < 2e-3, "{estimate:?}");
        assert_eq!(estimate.in_words(), BETTER);
        let hidden = Figure::Symbol(Symbol::Confidential);
        assert!(Estimate::of(&one, Figure::Count(150), hidden, &exact).is_none());
    }

    #[test]
    fn the_curve_is_that_of_the_tables() {
        for (z, expected) in [(0.0, 0.5), (1.0, 0.841_344_7), (1.959_964, 0.975), (-2.326_348, 0.01)] {
            assert!((below(z) - expected).abs() < 1e-6, "{z}");
        }
    }

    #[test]
    fn a_pool_that_leaves_a_few_of_a_year_that_is_shown_is_kept_out() {
        let year = |pupils, achieved| {
            vec![Resulted {
                ay: 2024,
                school: "E".to_owned(),
                is_mainstream: true,
                pupils,
                achieved,
                nation: None,
            }]
        };
        let gives = |pupils, achieved| {
            gives_away(&school(150, 78), (2024, &year(pupils, achieved)), &Policy::published())
        };
        assert!(gives(153, 80), "three have no start");
        assert!(!gives(150, 78), "the same pupils");
        assert!(gives(180, 80), "two of the thirty without a start have it");
        assert!(!gives(180, 93));
        assert!(
            !gives_away(&school(150, 78), (2025, &year(153, 80)), &Policy::published()),
            "another year's pupils"
        );
    }
}
