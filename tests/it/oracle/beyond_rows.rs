//! The rows of the tables beyond GCSE, column for column as their headers list them.
use super::cells::{Cell, Fixed, People, Person};
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;
use chrono::NaiveDate;

row! {
    /// What somebody achieved at any level.
    LadderResult = "ladder_result", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    ks4_ay: i64 = "ks4_ay",
    in_denominator: bool = "in_denominator",
    ladder_state: String = "ladder_state",
    ladder_english: Option<Fixed<4>> = "ladder_english",
    ladder_maths: Option<Fixed<4>> = "ladder_maths",
    ladder_others: Option<Fixed<4>> = "ladder_others",
    ladder5: Option<Fixed<4>> = "ladder5",
    english_entry: String = "english_entry",
    maths_entry: String = "maths_entry",
    n_awards: i64 = "n_awards",
    n_units: i64 = "n_units",
    n_without_points: i64 = "n_without_points",
}

row! {
    /// The ladder against those who started alike.
    ValueAdded = "value_added", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    ks4_ay: i64 = "ks4_ay",
    value_state: String = "value_state",
    ks2_score: Option<Fixed<2>> = "ks2_score",
    bin: Option<i64> = "bin",
    n_bin: Option<i64> = "n_bin",
    ladder5: Option<Fixed<4>> = "ladder5",
    expected: Option<Fixed<4>> = "expected",
    value_added: Option<Fixed<4>> = "value_added",
    spread: Option<Fixed<4>> = "spread",
    t_score: Option<Fixed<1>> = "t_score",
    t_error: Option<Fixed<1>> = "t_error",
    growth_percentile: Option<i64> = "growth_percentile",
}

row! {
    /// A measure at a review, against its starting point.
    DistanceTravelled = "distance_travelled", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    measure: String = "measure",
    domain: String = "domain",
    informant: String = "informant",
    later_on: NaiveDate = "later_on",
    later_point: String = "later_point",
    baseline_on: Option<NaiveDate> = "baseline_on",
    baseline_score: Option<Fixed<4>> = "baseline_score",
    later_score: Fixed<4> = "later_score",
    change: Option<Fixed<4>> = "change",
    gain: Option<Fixed<4>> = "gain",
    reliable_change_index: Option<Fixed<2>> = "reliable_change_index",
    change_state: String = "change_state",
    added_value: Option<Fixed<2>> = "added_value",
    t_score: Option<Fixed<1>> = "t_score",
    t_error: Option<Fixed<1>> = "t_error",
    baseline_band: Option<String> = "baseline_band",
    later_band: Option<String> = "later_band",
}

row! {
    /// Attendance before and in provision, beside others.
    EngagementChange = "engagement_change", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    ay: i64 = "ay",
    engagement_state: String = "engagement_state",
    sessions_offered: Option<i64> = "sessions_offered",
    sessions_attended: Option<i64> = "sessions_attended",
    attendance_after: Option<Fixed<4>> = "attendance_after",
    attendance_before: Option<Fixed<4>> = "attendance_before",
    change: Option<Fixed<4>> = "change",
    n_comparators: i64 = "n_comparators",
    comparator_change: Option<Fixed<4>> = "comparator_change",
    adjusted_change: Option<Fixed<4>> = "adjusted_change",
    spread: Option<Fixed<4>> = "spread",
    t_score: Option<Fixed<1>> = "t_score",
    t_error: Option<Fixed<1>> = "t_error",
}

row! {
    /// A scored domain at sixteen.
    DomainScore = "domain_score", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    domain: String = "domain",
    score_on: NaiveDate = "score_on",
    reference: String = "reference",
    t_score: Fixed<1> = "t_score",
    t_error: Option<Fixed<1>> = "t_error",
}

row! {
    /// Whether the index depends on its weights.
    IndexSensitivity = "index_sensitivity", group |row| Group::Cohort(row.ks4_ay, "all".to_owned());
    ks4_ay: i64 = "ks4_ay",
    n_learners: i64 = "n_learners",
    n_with_goals: i64 = "n_with_goals",
    rho_attainment_heavy: Option<Fixed<4>> = "rho_attainment_heavy",
    rho_without_goals: Option<Fixed<4>> = "rho_without_goals",
    index_state: String = "index_state",
}

row! {
    /// Everything that became of somebody.
    OutcomeVector = "outcome_vector", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    ks4_ay: i64 = "ks4_ay",
    in_denominator: bool = "in_denominator",
    ladder_state: String = "ladder_state",
    ladder5: Option<Fixed<4>> = "ladder5",
    basics_9_4: String = "basics_9_4",
    moves_mid_year_since_y7: Option<i64> = "moves_mid_year_since_y7",
    in_school_at_16: bool = "in_school_at_16",
    sustained_16: String = "sustained_16",
    sustained_17: String = "sustained_17",
    n_missing_spells: i64 = "n_missing_spells",
    n_permanent_exclusions: i64 = "n_permanent_exclusions",
    t_attainment: Option<Fixed<1>> = "t_attainment",
    t_engagement: Option<Fixed<1>> = "t_engagement",
    t_social: Option<Fixed<1>> = "t_social",
    t_goals: Option<Fixed<1>> = "t_goals",
    share_moderated: Option<Fixed<4>> = "share_moderated",
    n_domains: i64 = "n_domains",
    index_state: String = "index_state",
    distance_index: Option<Fixed<1>> = "distance_index",
    distance_error: Option<Fixed<1>> = "distance_error",
}

row! {
    /// Whether a high attainer's promise was realised.
    RealisedPotential = "realised_potential", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    cohort_ay: i64 = "cohort_ay",
    gcse_route: String = "gcse_route",
    stays_in_top_third: String = "stays_in_top_third",
    level2_english_maths: String = "level2_english_maths",
    sustained: String = "sustained",
    travelled: String = "travelled",
    other_route: String = "other_route",
    category: String = "category",
}

row! {
    /// How many realised it, and by which route.
    RealisedRate = "realised_rate", group |row| Group::Cohort(row.cohort_ay, row.population.clone());
    cohort_ay: i64 = "cohort_ay",
    population: String = "population",
    disadvantage: String = "disadvantage",
    n_members: i64 = "n_members",
    n_gcse: i64 = "n_gcse",
    n_other: i64 = "n_other",
    n_partial: i64 = "n_partial",
    n_not_yet: i64 = "n_not_yet",
    n_unknown: i64 = "n_unknown",
    n_either: i64 = "n_either",
    gcse_rate: Option<Fixed<4>> = "gcse_rate",
    gcse_low: Option<Fixed<4>> = "gcse_low",
    gcse_high: Option<Fixed<4>> = "gcse_high",
    other_rate: Option<Fixed<4>> = "other_rate",
    other_low: Option<Fixed<4>> = "other_low",
    other_high: Option<Fixed<4>> = "other_high",
    either_rate: Option<Fixed<4>> = "either_rate",
    either_low: Option<Fixed<4>> = "either_low",
    either_high: Option<Fixed<4>> = "either_high",
    either_upper: Option<Fixed<4>> = "either_upper",
}

row! {
    /// A light of a review.
    ProgressLight = "progress_light", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    reviewed_on: NaiveDate = "reviewed_on",
    t_engagement: Option<Fixed<1>> = "t_engagement",
    t_social: Option<Fixed<1>> = "t_social",
    t_goals: Option<Fixed<1>> = "t_goals",
    n_domains: i64 = "n_domains",
    distance: Option<Fixed<1>> = "distance",
    reliable_changes: Option<Fixed<2>> = "reliable_changes",
    light_now: String = "light_now",
    light: String = "light",
}
