//! Hours, half days and money of all providers together, through the rules for sums: each learner is one contribution, however often
//! they were placed, and of money no provider may be told from the sum either.
use super::super::{
    Column, Policy, Release, ReportFault, Row, Section, Table, Time, Unit,
    words::{academic_year, thousands},
};
use crate::disclosure::{self, Failing, Figure, MagnitudeRow, Magnitudes, Symbol};
use std::collections::BTreeMap;

/// One placement. What is not known is none.
struct Placement {
    learner: String,
    provider: String,
    /// In ten-thousandths.
    hours: Option<i64>,
    offered: Option<i64>,
    attended: Option<i64>,
    /// Pounds in ten-thousandths.
    cost: Option<i64>,
    /// Whether it came back and held for two terms, where that is known.
    has_held: Option<bool>,
}

fn placements(release: &Release, until: i64) -> Result<Vec<Placement>, ReportFault> {
    release.read("ap_placement", |row| {
        let is_ours = (until - 2..=until).contains(&row.number("ay")?) && row.text("audit_group")? == "ap";
        is_ours.then_some(())?;
        Some(Placement {
            learner: row.text("learner_id")?,
            provider: row.text("establishment_id")?,
            hours: row.ten_thousandths("hours_per_week"),
            offered: row.number("sessions_offered"),
            attended: row.number("sessions_attended"),
            cost: row.ten_thousandths("cost"),
            has_held: match row.text("sustained_two_terms").as_deref() {
                Some("sustained") => Some(true),
                Some("not_sustained" | "not_returned") => Some(false),
                _ => None,
            },
        })
    })
}

/// What each learner contributes, and whether a whole is made of it.
struct Amount {
    key: &'static str,
    label: &'static str,
    unit: &'static str,
    has_sum: bool,
    /// The total, and how often: a learner's hours are the mean over placements, everything else their sum.
    by_learner: BTreeMap<String, (i64, i64)>,
}

impl Amount {
    fn of(
        (key, label, unit, has_sum): (&'static str, &'static str, &'static str, bool),
        all: &[Placement],
        value: impl Fn(&Placement) -> Option<i64>,
    ) -> Self {
        let mut by_learner: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for placement in all {
            if let Some(value) = value(placement) {
                let (sum, times) = by_learner.entry(placement.learner.clone()).or_default();
                *sum += value;
                *times += 1;
            }
        }
        Self { key, label, unit, has_sum, by_learner }
    }

    /// In whole units.
    fn contributions(&self) -> Vec<i64> {
        let one = |(sum, times): &(i64, i64)| if self.has_sum { *sum } else { (sum + times / 2) / times };
        self.by_learner.values().map(one).collect()
    }

    /// Learners, sum and mean as they may be shown.
    fn shown(&self, population: &str, policy: &Policy) -> Result<[Figure; 3], ReportFault> {
        let magnitudes = Magnitudes {
            title: self.label.to_owned(),
            population: population.to_owned(),
            dimension: "providers".to_owned(),
            measure: self.key.to_owned(),
            round_to: 1,
            percentiles: Vec::new(),
            with_total: false,
            rows: vec![MagnitudeRow { key: "all".to_owned(), contributions: self.contributions() }],
        };
        let disclosed = disclosure::disclose_magnitudes(&magnitudes, policy)?;
        let figures = disclosed.as_ref().rows.first().map_or(&[][..], |row| &row.figures);
        let [n, sum, mean] = figures else { return Ok([Figure::Symbol(Symbol::NotAvailable); 3]) };
        Ok([*n, if self.has_sum { *sum } else { Figure::Symbol(Symbol::NotApplicable) }, *mean])
    }
}

/// In whole units of what is kept in ten-thousandths.
fn whole(ten_thousandths: i64) -> i64 {
    (ten_thousandths + 5_000) / 10_000
}

/// Whether one or two providers could be told from a sum over all: their prices are their own.
fn tells_of_a_provider<'a>(all: impl IntoIterator<Item = &'a Placement>, policy: &Policy) -> bool {
    let mut by_provider: BTreeMap<&str, i64> = BTreeMap::new();
    for placement in all {
        *by_provider.entry(&placement.provider).or_default() += placement.cost.map_or(0, whole);
    }
    by_provider.retain(|_, sum| *sum > 0);
    let sums: Vec<i64> = by_provider.into_values().collect();
    disclosure::failing(&sums, policy).iter().any(|rule| *rule != Failing::Few)
}

/// The cost of those placements of which it is known whether they came back and held.
const SETTLED: &str = "cost_settled";

/// Whether the two costs beside one another tell of few: of those of which it is known, or of the rest, which is their difference.
fn rest_tells(all: &[Placement], policy: &Policy) -> bool {
    let (known, rest): (Vec<&Placement>, Vec<&Placement>) =
        all.iter().filter(|one| one.cost.is_some()).partition(|one| one.has_held.is_some());
    let of_learners = |part: &[&Placement]| {
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for placement in part {
            *sums.entry(&placement.learner).or_default() += placement.cost.map_or(0, whole);
        }
        sums.into_values().collect::<Vec<i64>>()
    };
    let tells = |part: &[&Placement]| {
        !part.is_empty()
            && (tells_of_a_provider(part.iter().copied(), policy)
                || !disclosure::failing(&of_learners(part), policy).is_empty())
    };
    tells(&known) || tells(&rest)
}

const COLUMNS: [Column; 3] = [
    Column { name: "learners", heading: "learners", unit: Unit::Count },
    Column { name: "total", heading: "together", unit: Unit::Things },
    Column { name: "mean", heading: "for each learner", unit: Unit::Things },
];

const HIDDEN: [Figure; 3] = [Figure::Symbol(Symbol::Confidential); 3];

/// The amounts that can be shown, and what a return that held has cost; none where nothing is held.
pub(super) fn amounts(
    release: &Release,
    until: i64,
    population: &str,
    policy: &Policy,
) -> Result<Option<Section>, ReportFault> {
    let all = placements(release, until)?;
    let counted = |placement: &Placement| placement.offered.zip(placement.attended);
    let amounts = [
        Amount::of(("hours_offered", "hours offered", "hours a week", false), &all, |one| {
            one.hours.map(whole)
        }),
        Amount::of(("half_days_offered", "half days offered", "half days", true), &all, |one| {
            Some(counted(one)?.0)
        }),
        Amount::of(("half_days_attended", "half days attended", "half days", true), &all, |one| {
            Some(counted(one)?.1)
        }),
        Amount::of(("cost", "cost", "pounds", true), &all, |one| one.cost.map(whole)),
        Amount::of((SETTLED, "of it: known whether they came back and held", "pounds", true), &all, |one| {
            one.has_held.and(one.cost).map(whole)
        }),
    ];
    let mut rows = Vec::new();
    let mut learners: Vec<u64> = Vec::new();
    for amount in amounts.iter().filter(|amount| !amount.by_learner.is_empty()) {
        let n = amount.by_learner.len() as u64;
        // A few who have one amount and not another would be told by the difference.
        let is_near = learners.iter().any(|other| (1..policy.threshold()).contains(&other.abs_diff(n)));
        let is_a_price = match amount.key {
            "cost" => tells_of_a_provider(&all, policy),
            SETTLED => rest_tells(&all, policy),
            _ => false,
        };
        let figures = if is_near || is_a_price { HIDDEN } else { amount.shown(population, policy)? };
        if figures[0].is_number() {
            learners.push(n);
        }
        rows.push(row(amount, figures, until));
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let mut words = vec![
        "All providers together; a learner who was placed twice is one. Hours a week are what was agreed; half days are those that a register \
         tells of. By provider they are not shown: beside the measures below, sums of a few learners could be told."
            .to_owned(),
    ];
    words.extend(attended(&rows));
    words.push(for_each_return(&all, &rows, would_return(release, until)?, policy));
    let hides = rows
        .iter()
        .flat_map(|row| &row.figures)
        .any(|figure| *figure == Figure::Symbol(Symbol::Confidential));
    let note = "Figures marked c are hidden: too few contribute, one or two of them are nearly all of the sum, or a few could be told beside \
                another row.";
    Ok(Some(Section {
        title: "Hours, half days and money".to_owned(),
        words,
        table: Some(Table {
            name: "amounts",
            title: format!("Hours, half days and cost of all providers together, {}", years(until)),
            population: population.to_owned(),
            rows_are: ("amount", "amount"),
            said: &[("unit", "unit")],
            columns: COLUMNS.to_vec(),
            rows,
        }),
        notes: hides.then(|| note.to_owned()).into_iter().collect(),
        chart: None,
    }))
}

fn row(amount: &Amount, figures: [Figure; 3], until: i64) -> Row {
    Row {
        key: amount.key.to_owned(),
        label: amount.label.to_owned(),
        time: Time::years(until - 2, until),
        is_total: false,
        said: vec![amount.unit.to_owned()],
        figures: figures.to_vec(),
    }
}

fn years(until: i64) -> String {
    format!("{} to {}", academic_year(until - 2), academic_year(until))
}

fn total(rows: &[Row], key: &str) -> Option<i64> {
    match rows.iter().find(|row| row.key == key)?.figures[1] {
        Figure::Count(total) if total > 0 => Some(total),
        _ => None,
    }
}

/// Of the half days offered, from the two sums as they are shown.
fn attended(rows: &[Row]) -> Option<String> {
    let (offered, attended) = (total(rows, "half_days_offered")?, total(rows, "half_days_attended")?);
    let share = attended as f64 * 100.0 / offered as f64;
    Some(format!(
        "Of the half days offered {share:.0}% were attended: read it beside the hours, for little that is offered is easily attended."
    ))
}

/// The cost of all with a price of which it is known, over those of them that came back and held, from figures as they are shown.
fn for_each_return(all: &[Placement], rows: &[Row], anyway: Option<f64>, policy: &Policy) -> String {
    let priced = |has_held: bool| {
        all.iter().filter(|one| one.cost.is_some() && one.has_held == Some(has_held)).count() as u64
    };
    let (held, left) = (priced(true), priced(false));
    let few = policy.threshold();
    match total(rows, SETTLED) {
        None => "What a return that held has cost cannot be told: no source has a price, of none is it known yet, or the sum may not be shown.".to_owned(),
        Some(_) if held == 0 || held < few || left < few => {
            "What a return that held has cost is not told: too few returned and held, or all but a few.".to_owned()
        }
        Some(cost) => {
            let base = policy.round_to();
            let rounded = |n: u64| (n + base / 2) / base * base;
            let (held, paid) = (rounded(held), rounded(held + left));
            format!(
                "Each return that held for two terms has cost £{}: £{} for {} placements with a price, of which it is known whether they held, over {} that did. {}",
                thousands(cost.unsigned_abs() / held.max(1)),
                thousands(cost.unsigned_abs()),
                thousands(paid),
                thousands(held),
                beside_anyway(cost, held, paid, anyway)
            )
        }
    }
}

/// The comparator: how many of those placed would have come back anyway. From the figures as they are shown and a share of policy, in
/// per cent.
fn beside_anyway(cost: i64, held: u64, paid: u64, anyway: Option<f64>) -> String {
    let Some(share) = anyway else {
        return "Some would have returned anyway: how many, nobody knows until a site puts a share into policy (`ap_would_return_percent`); then the \
                cost of each return beyond them stands here."
            .to_owned();
    };
    let beyond = held as f64 - share * paid as f64 / 100.0;
    if beyond <= 0.0 {
        return format!("If {share}% would have returned anyway, none has returned beyond them.");
    }
    let each = (cost as f64 / beyond).round() as u64;
    format!("If {share}% would have returned anyway, each return beyond them has cost £{}.", thousands(each))
}

/// The share of those placed who would have come back anyway, in per cent, as policy had it in each of the three years; none where a year
/// has none, or two differ.
fn would_return(release: &Release, until: i64) -> Result<Option<f64>, ReportFault> {
    let rows = release.read("ap_measure", |row| {
        let is_ours = (until - 2..=until).contains(&row.number("ay")?)
            && row.text("establishment_id")? == "all"
            && row.text("audit_group")? == "ap";
        is_ours.then_some(())?;
        let paid = row.number("n_placements")? - row.number("n_missing")?;
        Some((row.text("measure")?, row.number("ay")?, row.ten_thousandths("denominator"), paid))
    })?;
    let of = |measure: &str, ay: i64| {
        let found = rows.iter().find(|row| row.0 == measure && row.1 == ay)?;
        Some((found.2?, found.3))
    };
    let mut shares = Vec::new();
    for ay in until - 2..=until {
        // What the denominators differ by is the share of policy, of so many with a price.
        let (Some((held, paid)), Some((beyond, _))) =
            (of("cost_per_sustained_return", ay), of("cost_per_additional_return", ay))
        else {
            return Ok(None);
        };
        if paid > 0 {
            shares.push((held - beyond) / (paid * 10));
        }
    }
    let first = shares.first().copied();
    Ok(first.filter(|one| shares.iter().all(|share| share == one)).map(|tenths| tenths as f64 / 10.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::KeyKind;

    fn placed(learner: usize, provider: usize, cost: i64) -> Placement {
        Placement {
            learner: learner.to_string(),
            provider: provider.to_string(),
            hours: Some(200_000),
            offered: Some(100),
            attended: Some(70),
            cost: Some(cost * 10_000),
            has_held: Some(learner.is_multiple_of(3)),
        }
    }

    #[test]
    fn a_learner_who_is_placed_twice_is_one_contribution() {
        let all: Vec<Placement> =
            (0..30).flat_map(|at| [placed(at, at % 4, 500), placed(at, at % 3, 700)]).collect();
        let of = |has_sum| Amount::of(("k", "l", "u", has_sum), &all, |one| one.cost.map(whole));
        assert_eq!(of(true).contributions(), [1_200; 30]);
        assert_eq!(of(false).contributions(), [600; 30]);
        let shown = of(true).shown("p", &Policy::published()).expect("it passes");
        assert_eq!(shown.map(|figure| figure.to_string()), ["30", "36000", "1200"]);
        let six = Amount::of(("k", "l", "u", true), &all[..12], |one| one.cost.map(whole));
        assert_eq!(six.shown("p", &Policy::published()).expect("it passes"), HIDDEN, "six learners");
    }

    #[test]
    fn a_return_beyond_those_who_would_have_come_back_anyway_costs_more() {
        // 18 placements at £21,000, five returned and held; 12% would have anyway: 2.84 beyond them.
        let said = beside_anyway(378_000, 5, 18, Some(12.0));
        assert_eq!(said, "If 12% would have returned anyway, each return beyond them has cost £133,099.");
        assert!(beside_anyway(378_000, 2, 18, Some(12.0)).contains("none has returned beyond them"));
        assert!(beside_anyway(378_000, 5, 18, None).contains("ap_would_return_percent"));
    }

    #[test]
    fn what_is_still_to_come_is_no_part_of_what_a_return_cost() {
        let policy = Policy::published();
        let of = |unsettled: usize| -> Vec<Placement> {
            let open =
                (100..100 + unsettled).map(|at| Placement { has_held: None, ..placed(at, at % 4, 900) });
            (0..60).map(|at| placed(at, at % 4, 500)).chain(open).collect()
        };
        let said = |all: &[Placement]| {
            let amount =
                Amount::of((SETTLED, "", "", true), all, |one| one.has_held.and(one.cost).map(whole));
            let shown = if rest_tells(all, &policy) { HIDDEN } else { amount.shown("p", &policy).unwrap() };
            for_each_return(all, &[row(&amount, shown, 2026)], None, &policy)
        };
        // 60 at £500, of which 20 held; 40 at £900 are still out.
        assert!(
            said(&of(40)).starts_with("Each return that held for two terms has cost £1,500: £30,000 for 60 ")
        );
        assert!(said(&of(0)).starts_with("Each return that held for two terms has cost £1,500"));
        // Six that are still out: their cost would be the difference of two sums.
        assert!(said(&of(6)).starts_with("What a return that held has cost cannot be told"));
    }

    #[test]
    fn money_that_is_one_providers_is_not_told() {
        let even: Vec<Placement> = (0..40).map(|at| placed(at, at % 4, 500)).collect();
        let one: Vec<Placement> = (0..40).map(|at| placed(at, usize::from(at > 37), 500)).collect();
        assert!(!tells_of_a_provider(&even, &Policy::published()));
        assert!(tells_of_a_provider(&one, &Policy::published()));
        let synthetic = Policy::synthetic(KeyKind::Demo).expect("the key is a demonstration's");
        assert!(!tells_of_a_provider(&one, &synthetic), "nobody is made up of nothing");
    }
}
