//! The rows of the tables of linkage, column for column as their headers list them.
use super::cells::{Cell, Fixed, People, Person};
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;
use chrono::NaiveDate;

row! {
    /// How firmly a learner's rows hold together.
    LearnerLinkage = "learner_linkage", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    n_subjects: i64 = "n_subjects",
    n_sources: i64 = "n_sources",
    lowest_probability: Option<Fixed<4>> = "lowest_probability",
    weight_99: Option<Fixed<4>> = "weight_99",
    weight_95: Option<Fixed<4>> = "weight_95",
    weight_90: Option<Fixed<4>> = "weight_90",
}

row! {
    /// Some of a learner's subjects became another's.
    LearnerChange = "learner_change", group |row| Group::Cohort(row.n_subjects, row.kind.clone());
    changed_at: NaiveDate = "changed_at",
    before: String = "learner_id_before",
    after: String = "learner_id_after",
    kind: String = "kind",
    n_subjects: i64 = "n_subjects",
    n_left: i64 = "n_left",
}

row! {
    /// A group of subjects: how many are linked, and how far that is to be believed.
    LinkQuality = "link_quality", group |row| Group::Cohort(0, format!("{} {}", row.dimension, row.category));
    dimension: String = "dimension",
    category: String = "category",
    n_subjects: i64 = "n_subjects",
    n_learners: i64 = "n_learners",
    n_not_known: i64 = "n_not_known",
    n_linked: i64 = "n_linked",
    n_linked_elsewhere: i64 = "n_linked_elsewhere",
    link_rate: Option<Fixed<4>> = "link_rate",
    link_rate_low: Option<Fixed<4>> = "link_rate_low",
    link_rate_high: Option<Fixed<4>> = "link_rate_high",
    n_by_rule: i64 = "n_by_rule",
    expected_right: Fixed<4> = "expected_right",
    precision: Option<Fixed<4>> = "precision",
    precision_low: Option<Fixed<4>> = "precision_low",
    precision_high: Option<Fixed<4>> = "precision_high",
    expected_missed: Option<Fixed<4>> = "expected_missed",
    recall: Option<Fixed<4>> = "recall",
    recall_low: Option<Fixed<4>> = "recall_low",
    recall_high: Option<Fixed<4>> = "recall_high",
}

row! {
    /// What joined the subjects of a source.
    LinkMethod = "link_method", group |row| Group::Cohort(0, row.source.clone());
    source: String = "source",
    band: String = "band",
    method: String = "method",
    n_subjects: i64 = "n_subjects",
    n_learners: i64 = "n_learners",
    n_source: i64 = "n_source",
    share: Option<Fixed<4>> = "share",
    stated: Option<Fixed<4>> = "stated",
}

row! {
    /// How often links of a band are right.
    LinkPrecision = "link_precision", group |row| Group::Cohort(0, row.band.clone());
    band: String = "band",
    n_subjects: i64 = "n_subjects",
    basis: String = "basis",
    stated: Option<Fixed<4>> = "stated",
    stated_low: Option<Fixed<4>> = "stated_low",
    stated_high: Option<Fixed<4>> = "stated_high",
    n_sampled: i64 = "n_sampled",
    n_agreed: i64 = "n_agreed",
    sampled: Option<Fixed<4>> = "sampled",
    sampled_low: Option<Fixed<4>> = "sampled_low",
    sampled_high: Option<Fixed<4>> = "sampled_high",
}

row! {
    /// Whether the linked and those who are not differ.
    LinkDifference = "link_difference", group |row| Group::Cohort(0, format!("{} {}", row.dimension, row.category));
    dimension: String = "dimension",
    category: String = "category",
    n_linked: i64 = "n_linked",
    n_all_linked: i64 = "n_all_linked",
    n_not_linked: i64 = "n_not_linked",
    n_all_not_linked: i64 = "n_all_not_linked",
    n_not_known: i64 = "n_not_known",
    share_linked: Option<Fixed<4>> = "share_linked",
    share_not_linked: Option<Fixed<4>> = "share_not_linked",
    standardised_difference: Option<Fixed<4>> = "standardised_difference",
}

row! {
    /// The newest year of a source or provider beside those before.
    LinkDrift = "link_drift", group |row| Group::Cohort(0, format!("{} {}", row.dimension, row.category));
    dimension: String = "dimension",
    category: String = "category",
    newest_ay: Option<i64> = "newest_ay",
    n_before: i64 = "n_before",
    n_linked_before: i64 = "n_linked_before",
    rate_before: Option<Fixed<4>> = "rate_before",
    n_new: i64 = "n_new",
    n_new_linked: i64 = "n_new_linked",
    rate_new: Option<Fixed<4>> = "rate_new",
    n_missing: i64 = "n_missing",
    change: Option<Fixed<4>> = "change",
}

row! {
    /// Whom a source told of in a term.
    LinkPopulation = "link_population", group |row| Group::Cohort(row.ay.unwrap_or(0), row.source.clone());
    source: String = "source",
    ay: Option<i64> = "ay",
    term: String = "term",
    n_subjects: i64 = "n_subjects",
    n_learners: i64 = "n_learners",
    n_with_upn: i64 = "n_with_upn",
    n_with_uln: i64 = "n_with_uln",
    n_with_name: i64 = "n_with_name",
    n_with_birth_date: i64 = "n_with_birth_date",
    n_with_postcode: i64 = "n_with_postcode",
    n_missing: i64 = "n_missing",
    n_linked: i64 = "n_linked",
    share_with_upn: Option<Fixed<4>> = "share_with_upn",
    share_with_uln: Option<Fixed<4>> = "share_with_uln",
    share_with_name: Option<Fixed<4>> = "share_with_name",
    share_with_birth_date: Option<Fixed<4>> = "share_with_birth_date",
    share_with_postcode: Option<Fixed<4>> = "share_with_postcode",
    share_linked: Option<Fixed<4>> = "share_linked",
}

row! {
    /// How much a believed learner of a group counts for.
    LinkWeight = "link_weight", group |row| Group::Cohort(row.cohort_ay, format!("{} {}", row.sex, row.disadvantage));
    threshold: Fixed<4> = "threshold",
    cohort_ay: i64 = "cohort_ay",
    sex: String = "sex",
    disadvantage: String = "disadvantage",
    n_learners: i64 = "n_learners",
    n_believed: i64 = "n_believed",
    n_missing: i64 = "n_missing",
    rate: Option<Fixed<4>> = "rate",
    weight: Option<Fixed<4>> = "weight",
    is_capped: bool = "is_capped",
}

row! {
    /// The waterfall with those alone who are believed.
    LinkSensitivity = "link_sensitivity", group |row| Group::Cohort(row.cohort_ay, row.population.clone());
    threshold: Fixed<4> = "threshold",
    cohort_ay: i64 = "cohort_ay",
    population: String = "population",
    state_order: i64 = "state_order",
    state: String = "state",
    n: i64 = "n",
    n_members: i64 = "n_members",
    n_believed: i64 = "n_believed",
    n_all_believed: i64 = "n_all_believed",
    n_weighted: Option<Fixed<4>> = "n_weighted",
    n_all_weighted: Option<Fixed<4>> = "n_all_weighted",
    n_missing: i64 = "n_missing",
    share: Option<Fixed<4>> = "share",
    share_believed: Option<Fixed<4>> = "share_believed",
    share_weighted: Option<Fixed<4>> = "share_weighted",
}
