//! Reviews of risk and lists of offers, line by line from what a test wrote itself: `docs/measures/risk.md` and `neet.md`, read
//! once more.
use super::Tables;
use super::cells::{Cell, Fixed, People, Person};
use super::neet_rates;
use super::neet_rows::{GuaranteeRate, SeptemberGuarantee};
use super::rows::{Group, Row, column, row};
use super::waterfall::wilson;
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

row! {
    /// The latest word on a risk.
    RiskReview = "risk_review", group |row| Group::Person(row.person.0);
    pack: String = "pack",
    person: Person = "learner_id",
    predicted_on: NaiveDate = "predicted_on",
    band: String = "band",
    decision: String = "decision",
    reason: Option<String> = "reason",
    action: Option<String> = "action",
    reviewed_by: Option<String> = "reviewed_by",
    reviewed_on: NaiveDate = "reviewed_on",
    n_reviews: i64 = "n_reviews",
    is_in_time: bool = "is_in_time",
}

row! {
    /// How many were looked at.
    RiskReviewRate = "risk_review_rate", group |row| Group::Cohort(row.n_scores, row.band.clone());
    pack: String = "pack",
    predicted_on: NaiveDate = "predicted_on",
    band: String = "band",
    n_scores: i64 = "n_scores",
    n_reviewed: i64 = "n_reviewed",
    n_missing: i64 = "n_missing",
    n_late: i64 = "n_late",
    n_expired: i64 = "n_expired",
    n_agreed: i64 = "n_agreed",
    n_higher: i64 = "n_higher",
    n_lower: i64 = "n_lower",
    n_cannot_say: i64 = "n_cannot_say",
    n_acted: i64 = "n_acted",
    reviewed_rate: Option<Fixed<4>> = "reviewed_rate",
    reviewed_low: Option<Fixed<4>> = "reviewed_low",
    reviewed_high: Option<Fixed<4>> = "reviewed_high",
    disagreed_rate: Option<Fixed<4>> = "disagreed_rate",
    disagreed_low: Option<Fixed<4>> = "disagreed_low",
    disagreed_high: Option<Fixed<4>> = "disagreed_high",
}

/// A line of a reviewed list; all are of the default list of rules.
#[derive(Clone, Debug)]
pub struct Reviewed {
    pub person: u32,
    pub predicted_on: NaiveDate,
    pub decision: &'static str,
    pub reason: Option<&'static str>,
    pub action: Option<&'static str>,
    pub by: Option<&'static str>,
    pub on: NaiveDate,
}

/// The latest review of each risk that was told; a review from before it was told is of none.
pub fn reviews(tables: &Tables, lines: &[Reviewed]) -> Vec<RiskReview> {
    let mut rows = Vec::new();
    for score in tables.risk_score.iter().filter(|score| score.pack == "default") {
        let own: Vec<&Reviewed> = lines
            .iter()
            .filter(|line| (Person(line.person), line.predicted_on) == (score.person, score.predicted_on))
            .filter(|line| line.on >= line.predicted_on && line.on <= tables.setting.as_of)
            .collect();
        let Some(last) = own.iter().max_by_key(|line| line.on) else { continue };
        let text = |text: Option<&str>| text.map(str::to_owned);
        rows.push(RiskReview {
            pack: score.pack.clone(),
            person: score.person,
            predicted_on: score.predicted_on,
            band: score.band.clone(),
            decision: last.decision.to_owned(),
            reason: text(last.reason),
            action: text(last.action),
            reviewed_by: text(last.by),
            reviewed_on: last.on,
            n_reviews: own.len() as i64,
            is_in_time: last.on <= score.expires_on,
        });
    }
    rows.sort();
    rows
}

/// A list of rules, a day and a band.
type Listed<'t> = (&'t str, NaiveDate, &'t str);
/// Whether a score has expired, and its review.
type Score<'t> = (bool, Option<&'t RiskReview>);

/// By list of rules, day and band, and all bands together.
pub fn review_rates(tables: &Tables, reviews: &[RiskReview]) -> Vec<RiskReviewRate> {
    let mut groups: BTreeMap<Listed<'_>, Vec<Score<'_>>> = BTreeMap::new();
    for score in &tables.risk_score {
        let of = |one: &&RiskReview| {
            (&one.pack, one.person, one.predicted_on) == (&score.pack, score.person, score.predicted_on)
        };
        let review = reviews.iter().find(of);
        for band in ["all", &score.band] {
            let group = groups.entry((&score.pack, score.predicted_on, band)).or_default();
            group.push((score.is_expired, review));
        }
    }
    let rate = |(key, scores): (Listed<'_>, Vec<Score<'_>>)| {
        let in_time: Vec<&RiskReview> =
            scores.iter().filter_map(|one| one.1).filter(|review| review.is_in_time).collect();
        let n = |word: &str| in_time.iter().filter(|review| review.decision == word).count() as i64;
        let (of, reviewed) = (scores.len() as i64, in_time.len() as i64);
        let (other, sure) = (n("disagree_higher") + n("disagree_lower"), reviewed - n("cannot_say"));
        let (looked, differed) = (wilson(reviewed, of), wilson(other, sure));
        let acts = |review: &&&RiskReview| review.action.as_deref().is_some_and(|action| action != "none");
        RiskReviewRate {
            pack: key.0.to_owned(),
            predicted_on: key.1,
            band: key.2.to_owned(),
            n_scores: of,
            n_reviewed: reviewed,
            n_missing: of - reviewed,
            n_late: scores.iter().filter_map(|one| one.1).count() as i64 - reviewed,
            n_expired: scores.iter().filter(|one| one.0 && one.1.is_none()).count() as i64,
            n_agreed: n("agree"),
            n_higher: n("disagree_higher"),
            n_lower: n("disagree_lower"),
            n_cannot_say: n("cannot_say"),
            n_acted: in_time.iter().filter(acts).count() as i64,
            reviewed_rate: Fixed::fraction(reviewed, of),
            reviewed_low: looked.map(|ends| ends.0),
            reviewed_high: looked.map(|ends| ends.1),
            disagreed_rate: Fixed::fraction(other, sure),
            disagreed_low: differed.map(|ends| ends.0),
            disagreed_high: differed.map(|ends| ends.1),
        }
    };
    groups.into_iter().map(rate).collect()
}

/// A line of a list of offers for the September after an academic year.
#[derive(Clone, Debug)]
pub struct Offer {
    pub person: u32,
    pub ay: i64,
    pub status: &'static str,
    pub on: Option<NaiveDate>,
}

/// The guarantee with a list of offers beside the client record.
pub fn guarantees(tables: &Tables, offers: &[Offer]) -> Vec<SeptemberGuarantee> {
    let mut rows = tables.september_guarantee.clone();
    // A list of offers says of the others of the year group that it names that nothing is recorded of them.
    let listed = |row: &&SeptemberGuarantee| {
        offers.iter().any(|offer| (Person(offer.person), offer.ay) == (row.person, row.ay))
    };
    let year_groups: BTreeSet<(i64, i64)> =
        rows.iter().filter(listed).map(|row| (row.ay, row.year_group)).collect();
    for row in &mut rows {
        let own = || offers.iter().filter(|offer| (Person(offer.person), offer.ay) == (row.person, row.ay));
        let september = NaiveDate::from_ymd_opt(row.ay as i32, 9, 30);
        let is_place = |offer: &&Offer| {
            matches!(offer.status, "offered" | "conditional" | "accepted" | "enrolled")
                && offer.on.is_none_or(|on| Some(on) <= september)
        };
        row.is_held |= year_groups.contains(&(row.ay, row.year_group));
        let places = own().filter(is_place).count() as i64;
        row.n_places = places;
        if places > 0 {
            "offer_made".clone_into(&mut row.guarantee_state);
        } else if own().count() > 0 && ["not_recorded", "not_held"].contains(&row.guarantee_state.as_str()) {
            "no_offer".clone_into(&mut row.guarantee_state);
        } else if row.guarantee_state == "not_held" && row.is_held {
            "not_recorded".clone_into(&mut row.guarantee_state);
        }
    }
    rows.sort();
    rows
}

/// Its rates.
pub fn guarantee_rates(tables: &Tables, rows: &[SeptemberGuarantee]) -> Vec<GuaranteeRate> {
    neet_rates::guarantees(
        rows,
        &neet_rates::Known::of(&tables.learner, &tables.circumstance_year, &tables.home_ward),
    )
}
