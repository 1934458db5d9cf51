//! Linkage: `docs/linkage.md`, read once more, subject by subject. What the rows of a subject say of it comes from the lake, not
//! from a query. What learners come to is in `believed`.
use super::cells::Fixed;
use super::linked_rows::{LinkDifference, LinkDrift, LinkMethod, LinkPopulation, LinkPrecision, LinkQuality};
use super::waterfall::{Z, wilson};
use std::collections::{BTreeMap, BTreeSet};

/// A person as one source knows them.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The number of its learner.
    pub learner: u32,
    pub source: String,
    pub method: String,
    pub band: String,
    /// Ten-thousandths, a rule counting as one.
    pub probability: i64,
    /// What its own source says, by dimension; what is left out is not known.
    pub said: BTreeMap<&'static str, String>,
    /// Whether the source tells a learner number, a name, a date of birth and a postcode; none where nobody knows any more.
    pub tells: Option<[bool; 4]>,
    /// How likely the likeliest subject is that it was not joined to, in ten-thousandths.
    pub runner_up: Option<i64>,
    /// The academic years that its rows are about, none being without a date, and of each whether a row is of autumn, spring
    /// and summer.
    pub told: BTreeMap<Option<i64>, [bool; 3]>,
}

/// A subject with what its learner makes of it.
pub struct Joined<'a> {
    pub subject: &'a Subject,
    pub linked: bool,
    elsewhere: bool,
}

const DIMENSIONS: [&str; 9] = ["provider", "setting", "sex", "ethnicity", "sen", "fsm", "care", "eal", "upn"];
/// What policy believes of a rule, in ten-thousandths: how often it is right, at the least and at the most.
const RULE: [i64; 3] = [9_980, 9_900, 10_000];

impl Joined<'_> {
    fn category(&self, dimension: &str) -> String {
        match dimension {
            "all" => "all".to_owned(),
            "source" => self.subject.source.clone(),
            _ => self.subject.said.get(dimension).cloned().unwrap_or_else(|| "not_known".to_owned()),
        }
    }
}

pub fn joined<'s>(subjects: &'s [Subject]) -> Vec<Joined<'s>> {
    let mut of_learner: BTreeMap<u32, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for subject in subjects {
        let own = of_learner.entry(subject.learner).or_default();
        own.0 += 1;
        own.1.insert(&subject.source);
    }
    let join = |subject: &'s Subject| {
        let (count, sources) = &of_learner[&subject.learner];
        Joined { subject, linked: *count > 1, elsewhere: sources.len() > 1 }
    };
    subjects.iter().map(join).collect()
}

/// A sum of chances of some subjects, in ten-thousandths: right, at the least and at the most; and its variance.
struct Chances {
    right: [i64; 3],
    variance: f64,
    by_rule: i64,
}

fn chances(linked: &[&Joined<'_>]) -> Chances {
    let by_rule = linked.iter().filter(|one| one.subject.probability == 10_000).count() as i64;
    let weighed = || linked.iter().map(|one| one.subject.probability).filter(|chance| *chance < 10_000);
    let spread = |chance: i64| chance as f64 / 1e4 * (1.0 - chance as f64 / 1e4);
    Chances {
        right: RULE.map(|rule| weighed().sum::<i64>() + by_rule * rule),
        variance: weighed().map(spread).sum::<f64>() + by_rule as f64 * spread(RULE[0]),
        by_rule,
    }
}

impl Chances {
    /// Both ends of what is right.
    fn ends(&self) -> (f64, f64) {
        let by = Z * self.variance.sqrt();
        (self.right[1] as f64 / 1e4 - by, self.right[2] as f64 / 1e4 + by)
    }

    /// As a share of so many: right, and both ends.
    fn of(&self, whole: i64) -> [Option<Fixed<4>>; 3] {
        let (low, high) = self.ends();
        let end = |value: f64| (whole > 0).then(|| Fixed::round(value));
        [
            Fixed::fraction(self.right[0], 10_000 * whole),
            end((low / whole as f64).max(0.0)),
            end((high / whole as f64).min(1.0)),
        ]
    }
}

/// Subjects by dimension and category.
fn groups<'j, 'a>(
    subjects: &'j [Joined<'a>],
    dimensions: &[&'static str],
) -> BTreeMap<(&'static str, String), Vec<&'j Joined<'a>>> {
    let mut groups: BTreeMap<(&str, String), Vec<&Joined<'_>>> = BTreeMap::new();
    for dimension in dimensions.iter().copied() {
        for one in subjects {
            groups.entry((dimension, one.category(dimension))).or_default().push(one);
        }
    }
    groups
}

fn count(of: &[&Joined<'_>], wanted: impl Fn(&Joined<'_>) -> bool) -> i64 {
    of.iter().filter(|one| wanted(one)).count() as i64
}

fn learners(of: &[&Joined<'_>]) -> i64 {
    of.iter().map(|one| one.subject.learner).collect::<BTreeSet<u32>>().len() as i64
}

pub fn quality(subjects: &[Joined<'_>]) -> Vec<LinkQuality> {
    let dimensions = [&["all", "source"][..], &DIMENSIONS].concat();
    let row = |((dimension, category), group): ((&str, String), Vec<&Joined<'_>>)| {
        let linked: Vec<&Joined<'_>> = group.iter().copied().filter(|one| one.linked).collect();
        let (n_subjects, n_linked) = (group.len() as i64, linked.len() as i64);
        let chances = chances(&linked);
        let [precision, precision_low, precision_high] = chances.of(n_linked);
        let interval = wilson(n_linked, n_subjects);
        let missed: Option<Vec<i64>> = group.iter().map(|one| one.subject.runner_up).collect();
        let right = chances.right[0];
        let total = missed.as_ref().map(|missed| missed.iter().sum::<i64>());
        let ends = missed.filter(|_| right + total.unwrap_or(0) > 0).map(|missed| found(&chances, &missed));
        LinkQuality {
            dimension: dimension.to_owned(),
            n_not_known: subjects.iter().filter(|one| one.category(dimension) == "not_known").count() as i64,
            category,
            n_subjects,
            n_learners: learners(&group),
            n_linked,
            n_linked_elsewhere: count(&group, |one| one.elsewhere),
            link_rate: Fixed::fraction(n_linked, n_subjects),
            link_rate_low: interval.map(|(low, _)| low),
            link_rate_high: interval.map(|(_, high)| high),
            n_by_rule: chances.by_rule,
            expected_right: Fixed(right),
            precision,
            precision_low,
            precision_high,
            expected_missed: total.map(Fixed),
            recall: total.and_then(|missed| Fixed::fraction(right, right + missed)),
            recall_low: ends.map(|(low, _)| low),
            recall_high: ends.map(|(_, high)| high),
        }
    };
    groups(subjects, &dimensions).into_iter().map(row).collect()
}

/// Both ends of what is found of what is found and missed: the fewest found beside the most missed, and the other way round.
fn found(chances: &Chances, missed: &[i64]) -> (Fixed<4>, Fixed<4>) {
    let total = missed.iter().sum::<i64>() as f64 / 1e4;
    let variance: f64 = missed.iter().map(|chance| *chance as f64 / 1e4 * (1.0 - *chance as f64 / 1e4)).sum();
    let by = Z * variance.sqrt();
    let (least, most) = chances.ends();
    let share = |found: f64, missed: f64| Fixed::round(found / (found + missed + 1e-9));
    (share(least.max(0.0), total + by), share(most, (total - by).max(0.0)))
}

pub fn methods(subjects: &[Joined<'_>]) -> Vec<LinkMethod> {
    let mut groups: BTreeMap<(&str, &str, &str), Vec<&Joined<'_>>> = BTreeMap::new();
    for one in subjects {
        let subject = one.subject;
        groups.entry((&subject.source, &subject.band, &subject.method)).or_default().push(one);
    }
    let of_source = |source: &str| subjects.iter().filter(|one| one.subject.source == source).count() as i64;
    let row = |((source, band, method), group): ((&str, &str, &str), Vec<&Joined<'_>>)| LinkMethod {
        source: source.to_owned(),
        band: band.to_owned(),
        method: method.to_owned(),
        n_subjects: group.len() as i64,
        n_learners: learners(&group),
        n_source: of_source(source),
        share: Fixed::fraction(group.len() as i64, of_source(source)),
        stated: Fixed::fraction(
            group.iter().map(|one| one.subject.probability).sum(),
            10_000 * group.len() as i64,
        )
        .filter(|_| band != "alone"),
    };
    groups.into_iter().map(row).collect()
}

/// Nobody looked at a pair: what is sampled is empty.
pub fn precisions(subjects: &[Joined<'_>]) -> Vec<LinkPrecision> {
    let mut bands: BTreeMap<&str, Vec<&Joined<'_>>> = BTreeMap::new();
    for one in subjects.iter().filter(|one| one.linked) {
        bands.entry(&one.subject.band).or_default().push(one);
    }
    let row = |(band, group): (&str, Vec<&Joined<'_>>)| {
        let [stated, stated_low, stated_high] = chances(&group).of(group.len() as i64);
        LinkPrecision {
            band: band.to_owned(),
            n_subjects: group.len() as i64,
            basis: "policy".to_owned(),
            stated,
            stated_low,
            stated_high,
            n_sampled: 0,
            n_agreed: 0,
            sampled: None,
            sampled_low: None,
            sampled_high: None,
        }
    };
    bands.into_iter().map(row).collect()
}

pub fn differences(subjects: &[Joined<'_>]) -> Vec<LinkDifference> {
    let all_linked = subjects.iter().filter(|one| one.linked).count() as i64;
    let all_not = subjects.len() as i64 - all_linked;
    let row = |((dimension, category), group): ((&str, String), Vec<&Joined<'_>>)| {
        let linked = count(&group, |one| one.linked);
        let not = group.len() as i64 - linked;
        LinkDifference {
            dimension: dimension.to_owned(),
            n_not_known: subjects.iter().filter(|one| one.category(dimension) == "not_known").count() as i64,
            category,
            n_linked: linked,
            n_all_linked: all_linked,
            n_not_linked: not,
            n_all_not_linked: all_not,
            share_linked: Fixed::fraction(linked, all_linked),
            share_not_linked: Fixed::fraction(not, all_not),
            standardised_difference: apart((linked, all_linked), (not, all_not)),
        }
    };
    groups(subjects, &DIMENSIONS[1..]).into_iter().map(row).collect()
}

/// The difference of two shares over their common spread.
fn apart(one: (i64, i64), other: (i64, i64)) -> Option<Fixed<4>> {
    if one.1 == 0 || other.1 == 0 {
        return None;
    }
    let [p, q] = [one, other].map(|(n, of)| n as f64 / of as f64);
    let spread = f64::midpoint(p * (1.0 - p), q * (1.0 - q)).sqrt();
    if spread > 0.0 {
        Some(Fixed(((p - q) / spread * 1e4).round() as i64))
    } else {
        (one.0 * other.1 == other.0 * one.1).then_some(Fixed(0))
    }
}

pub fn drifts(subjects: &[Joined<'_>]) -> Vec<LinkDrift> {
    let began = |one: &Joined<'_>| one.subject.told.keys().flatten().min().copied();
    let row = |((dimension, category), group): ((&str, String), Vec<&Joined<'_>>)| {
        let newest = group.iter().filter_map(|one| began(one)).max();
        let is_new = |one: &Joined<'_>| began(one).is_some() && began(one) == newest;
        let is_old = |one: &Joined<'_>| began(one).is_some() && began(one) < newest;
        let before = (count(&group, |one| is_old(one) && one.linked), count(&group, is_old));
        let new = (count(&group, |one| is_new(one) && one.linked), count(&group, is_new));
        let [rate_before, rate_new] = [before, new].map(|(n, of)| Fixed::<4>::fraction(n, of));
        LinkDrift {
            dimension: dimension.to_owned(),
            category,
            newest_ay: newest,
            n_before: before.1,
            n_linked_before: before.0,
            rate_before,
            n_new: new.1,
            n_new_linked: new.0,
            rate_new,
            n_missing: count(&group, |one| began(one).is_none()),
            change: rate_new.zip(rate_before).map(|(new, before)| Fixed(new.0 - before.0)),
        }
    };
    groups(subjects, &["source", "provider"]).into_iter().map(row).collect()
}

pub fn populations(subjects: &[Joined<'_>]) -> Vec<LinkPopulation> {
    let mut groups: BTreeMap<(&str, Option<i64>, &str), Vec<&Joined<'_>>> = BTreeMap::new();
    for one in subjects {
        let source = one.subject.source.as_str();
        groups.entry((source, None, "all")).or_default().push(one);
        for (ay, terms) in &one.subject.told {
            let told = ["autumn", "spring", "summer"].into_iter().zip(*terms).filter(|(_, told)| *told);
            let undated = ay.is_none().then_some("not_dated");
            for term in told.map(|(term, _)| term).chain(undated) {
                groups.entry((source, *ay, term)).or_default().push(one);
            }
        }
    }
    let row = |((source, ay, term), group): ((&str, Option<i64>, &str), Vec<&Joined<'_>>)| {
        let n = group.len() as i64;
        let tells = |at: usize| count(&group, |one| one.subject.tells.is_some_and(|tells| tells[at]));
        let n_with_upn = count(&group, |one| one.category("upn") == "valid");
        let n_linked = count(&group, |one| one.linked);
        LinkPopulation {
            source: source.to_owned(),
            ay,
            term: term.to_owned(),
            n_subjects: n,
            n_learners: learners(&group),
            n_with_upn,
            n_with_uln: tells(0),
            n_with_name: tells(1),
            n_with_birth_date: tells(2),
            n_with_postcode: tells(3),
            n_missing: count(&group, |one| one.subject.tells.is_none()),
            n_linked,
            share_with_upn: Fixed::fraction(n_with_upn, n),
            share_with_uln: Fixed::fraction(tells(0), n),
            share_with_name: Fixed::fraction(tells(1), n),
            share_with_birth_date: Fixed::fraction(tells(2), n),
            share_with_postcode: Fixed::fraction(tells(3), n),
            share_linked: Fixed::fraction(n_linked, n),
        }
    };
    groups.into_iter().map(row).collect()
}

/// The least probability of any link of a learner.
pub fn least(own: &[&Joined<'_>]) -> Option<i64> {
    own.iter().filter(|one| one.linked).map(|one| one.subject.probability).min()
}
