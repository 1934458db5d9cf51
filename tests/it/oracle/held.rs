//! Which tables are held against the oracle, column by column, and by which test: said by the row types that the tests compare,
//! and proved by each test when it ends.
use super::compare::{Differences, compare};
use super::drawn::Drawn;
use super::engagement::{EngagementRate, EngagementYear};
use super::goals::GoalScore;
use super::linked_rows::{
    LearnerChange, LearnerLinkage, LinkDifference, LinkDrift, LinkMethod, LinkPopulation, LinkPrecision,
    LinkQuality, LinkSensitivity, LinkWeight,
};
use super::neet_rows::{GuaranteeRate, SeptemberGuarantee};
use super::reviews::{RiskReview, RiskReviewRate};
use super::rows::Row;
use super::{DistanceTravelled, Tables};
use std::collections::{BTreeMap, BTreeSet};

/// A table, and the columns of it that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub table: &'static str,
    pub columns: &'static [&'static str],
}

const fn held<R: Row>() -> Held {
    Held { table: R::TABLE, columns: R::COLUMNS }
}

/// Held by a log of what was done with learners.
pub const ENGAGEMENT: &[Held] = &[held::<EngagementYear>(), held::<EngagementRate>()];
/// Held by lists of reviews and of offers.
pub const REVIEWS: &[Held] =
    &[held::<RiskReview>(), held::<RiskReviewRate>(), held::<SeptemberGuarantee>(), held::<GuaranteeRate>()];
/// Held by sheets of goals.
pub const GOALS: &[Held] = &[held::<GoalScore>(), held::<DistanceTravelled>()];
/// Held by the subjects of a lake.
pub const LINKAGE: &[Held] = &[
    held::<LearnerLinkage>(),
    held::<LinkQuality>(),
    held::<LinkMethod>(),
    held::<LinkPrecision>(),
    held::<LinkDifference>(),
    held::<LinkDrift>(),
    held::<LinkPopulation>(),
    held::<LinkWeight>(),
    held::<LinkSensitivity>(),
];
/// Held by what persons said of pairs.
pub const RELINKED: &[Held] = &[held::<LearnerChange>()];

/// Fails unless these are the tables that are said to be held, each with rows, and none differs.
///
/// # Panics
/// Where one differs, is another or has no row to show anything by.
pub fn agree(differences: &[Differences], held: &[Held]) {
    for one in differences {
        assert!(one.is_empty(), "{one}");
        assert!(one.expected > 0, "{} has no row: nothing is shown by it", one.table);
    }
    let compared: Vec<Held> =
        differences.iter().map(|one| Held { table: one.table, columns: one.columns }).collect();
    assert_eq!(compared, held, "another test holds these");
}

/// Every table that any test holds, with its columns: those of a whole release, and those that need files of a test's own.
pub fn everywhere() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let release = compare(&Tables::default(), &Tables::default()).0;
    let of_release = release.iter().map(|one| Held { table: one.table, columns: one.columns });
    let lists = [ENGAGEMENT, REVIEWS, GOALS, LINKAGE, RELINKED, &[held::<Drawn>()]];
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in of_release.chain(lists.into_iter().flatten().copied()) {
        all.entry(one.table).or_default().extend(one.columns);
    }
    all
}
