//! The rows of the tables of measures, column for column as their headers list them.
use super::cells::{Cell, Fixed, People, Person};
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;
use chrono::NaiveDate;

row! {
    /// Absence at one school in one year.
    AbsenceEnrolment = "absence_enrolment", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    establishment_id: String = "establishment_id",
    ay: i64 = "ay",
    absence_state: String = "absence_state",
    sessions_possible: Option<i64> = "sessions_possible",
    sessions_absent: Option<i64> = "sessions_absent",
    sessions_authorised: Option<i64> = "sessions_authorised",
    sessions_unauthorised: Option<i64> = "sessions_unauthorised",
    absence_rate: Option<Fixed<4>> = "absence_rate",
    persistent: Option<bool> = "persistent",
    severe: Option<bool> = "severe",
    threshold_state: String = "threshold_state",
    n_periods_not_known: i64 = "n_periods_not_known",
    source_count: i64 = "source_count",
}

row! {
    /// Absence in one year, over all schools.
    AbsenceLearner = "absence_learner", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    ay: i64 = "ay",
    absence_state: String = "absence_state",
    n_enrolments: i64 = "n_enrolments",
    n_enrolments_not_known: i64 = "n_enrolments_not_known",
    sessions_possible: Option<i64> = "sessions_possible",
    sessions_absent: Option<i64> = "sessions_absent",
    absence_rate: Option<Fixed<4>> = "absence_rate",
    enough_sessions: Option<bool> = "enough_sessions",
    persistent: Option<bool> = "persistent",
    severe: Option<bool> = "severe",
    threshold_state: String = "threshold_state",
}

row! {
    /// Absence rates of a group of enrolments or pupils.
    AbsenceRate = "absence_rate", group |row| Group::Cohort(row.ay, row.population.clone());
    ay: i64 = "ay",
    population: String = "population",
    breakdown: String = "breakdown",
    category: String = "category",
    basis: String = "basis",
    n_units: i64 = "n_units",
    n_without_sessions: i64 = "n_without_sessions",
    n_missing: i64 = "n_missing",
    sessions_possible: i64 = "sessions_possible",
    sessions_absent: i64 = "sessions_absent",
    absence_rate: Option<Fixed<4>> = "absence_rate",
    absence_rate_low: Option<Fixed<4>> = "absence_rate_low",
    absence_rate_high: Option<Fixed<4>> = "absence_rate_high",
    n_with_enough: Option<i64> = "n_with_enough",
    n_persistent: Option<i64> = "n_persistent",
    persistent_rate: Option<Fixed<4>> = "persistent_rate",
    persistent_low: Option<Fixed<4>> = "persistent_low",
    persistent_high: Option<Fixed<4>> = "persistent_high",
    n_severe: Option<i64> = "n_severe",
    severe_rate: Option<Fixed<4>> = "severe_rate",
    severe_low: Option<Fixed<4>> = "severe_low",
    severe_high: Option<Fixed<4>> = "severe_high",
    threshold_state: String = "threshold_state",
}

row! {
    /// One suspension or permanent exclusion.
    SuspensionEvent = "suspension_event", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    establishment_id: String = "establishment_id",
    category: String = "category",
    starts_on: NaiveDate = "starts_on",
    ay: i64 = "ay",
    reason: Option<String> = "reason",
    sessions: Option<i64> = "sessions",
    review: Option<String> = "review",
    counts: bool = "counts",
    source_count: i64 = "source_count",
}

row! {
    /// Somebody's suspensions of a year.
    SuspensionLearner = "suspension_learner", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    ay: i64 = "ay",
    n_suspensions: i64 = "n_suspensions",
    sessions_suspended: i64 = "sessions_suspended",
    n_length_not_known: i64 = "n_length_not_known",
    n_lunchtime: i64 = "n_lunchtime",
    permanently_excluded: bool = "permanently_excluded",
    n_taken_back: i64 = "n_taken_back",
}

row! {
    /// Suspension and exclusion rates of a group of pupils.
    SuspensionRate = "suspension_rate", group |row| Group::Cohort(row.ay, row.population.clone());
    ay: i64 = "ay",
    population: String = "population",
    breakdown: String = "breakdown",
    category: String = "category",
    n_pupils: i64 = "n_pupils",
    n_missing: i64 = "n_missing",
    n_not_on_roll: i64 = "n_not_on_roll",
    n_suspensions: i64 = "n_suspensions",
    suspension_rate: Option<Fixed<4>> = "suspension_rate",
    suspension_low: Option<Fixed<4>> = "suspension_low",
    suspension_high: Option<Fixed<4>> = "suspension_high",
    n_suspended: i64 = "n_suspended",
    suspended_rate: Option<Fixed<4>> = "suspended_rate",
    suspended_low: Option<Fixed<4>> = "suspended_low",
    suspended_high: Option<Fixed<4>> = "suspended_high",
    n_permanent: i64 = "n_permanent",
    permanent_rate: Option<Fixed<4>> = "permanent_rate",
    permanent_low: Option<Fixed<4>> = "permanent_low",
    permanent_high: Option<Fixed<4>> = "permanent_high",
    n_lunchtime: i64 = "n_lunchtime",
    n_taken_back: i64 = "n_taken_back",
}

row! {
    /// Somebody's circumstances of a year.
    CircumstanceYear = "circumstance_year", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    ay: i64 = "ay",
    academic_age: Option<i64> = "academic_age",
    attending: bool = "attending",
    resident: bool = "resident",
    kind: String = "kind",
    fsm: Option<bool> = "fsm",
    ever6_any: Option<bool> = "ever6_any",
    ever6_legacy: Option<bool> = "ever6_legacy",
    ever6_terms_observed: i64 = "ever6_terms_observed",
    terms_observed: i64 = "terms_observed",
    terms_fsm: i64 = "terms_fsm",
    fsm_share: Option<Fixed<4>> = "fsm_share",
    fsm_band: Option<String> = "fsm_band",
    persistent: Option<bool> = "persistent",
    terms_since_fsm: Option<i64> = "terms_since_fsm",
    cla: Option<bool> = "cla",
    cla_ever: Option<bool> = "cla_ever",
    left_care: Option<bool> = "left_care",
    in_need_ever: Option<bool> = "in_need_ever",
    disadvantaged: Option<bool> = "disadvantaged",
    ddi_low: Option<Fixed<4>> = "ddi_low",
    ddi_high: Option<Fixed<4>> = "ddi_high",
    sen: Option<String> = "sen",
    sen_ever: Option<String> = "sen_ever",
    sen_years: i64 = "sen_years",
    sen_years_observed: i64 = "sen_years_observed",
    eal: Option<bool> = "eal",
    moves: i64 = "moves",
    moves_mid_year: i64 = "moves_mid_year",
    moves_mid_year_since_y7: Option<i64> = "moves_mid_year_since_y7",
    same_school_since_y7: Option<bool> = "same_school_since_y7",
    same_school_since_y10: Option<bool> = "same_school_since_y10",
}

row! {
    /// How many live in a circumstance.
    CircumstanceRate = "circumstance_rate", group |row| Group::Cohort(row.ay, row.population.clone());
    ay: i64 = "ay",
    population: String = "population",
    measure: String = "measure",
    numerator: i64 = "numerator",
    denominator: i64 = "denominator",
    n_missing: i64 = "n_missing",
    rate: Option<Fixed<4>> = "rate",
    rate_low: Option<Fixed<4>> = "rate_low",
    rate_high: Option<Fixed<4>> = "rate_high",
    is_series_break: bool = "is_series_break",
}

row! {
    /// Where somebody started, and whose word it is.
    Baseline = "baseline", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    cohort_ay: i64 = "cohort_ay",
    ks2_state: String = "ks2_state",
    ks2_score: Option<Fixed<2>> = "ks2_score",
    ks4_prior_band: Option<String> = "ks4_prior_band",
    baseline_source: String = "baseline_source",
    n_rows_passed_over: i64 = "n_rows_passed_over",
    n_conflicts: i64 = "n_conflicts",
}

row! {
    /// What somebody achieved at the end of key stage 4.
    Ks4Result = "ks4_result", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    ks4_ay: i64 = "ks4_ay",
    in_denominator: bool = "in_denominator",
    attending: bool = "attending",
    resident: bool = "resident",
    kind: String = "kind",
    disadvantaged: Option<bool> = "disadvantaged",
    result_state: String = "result_state",
    five_a_c_em: String = "five_a_c_em",
    basics_9_4: String = "basics_9_4",
    basics_9_5: String = "basics_9_5",
    ebacc_entered: String = "ebacc_entered",
    ebacc_9_4: String = "ebacc_9_4",
    attainment8: Option<Fixed<2>> = "attainment8",
    attainment8_first: Option<Fixed<2>> = "attainment8_first",
    attainment8_state: String = "attainment8_state",
    n_without_points: i64 = "n_without_points",
    english_maths: Option<Fixed<2>> = "english_maths",
    ks2_score: Option<Fixed<2>> = "ks2_score",
    baseline_source: String = "baseline_source",
    progress8: Option<Fixed<3>> = "progress8",
    progress8_state: String = "progress8_state",
    grades_comparable: Option<bool> = "grades_comparable",
}

row! {
    /// How many of a group reach a threshold.
    Ks4Rate = "ks4_rate", group |row| Group::Cohort(row.ks4_ay, row.population.clone());
    ks4_ay: i64 = "ks4_ay",
    population: String = "population",
    disadvantage: String = "disadvantage",
    measure: String = "measure",
    n_members: i64 = "n_members",
    n_missing: i64 = "n_missing",
    n_known: i64 = "n_known",
    n_not_entered: i64 = "n_not_entered",
    n_achieved: i64 = "n_achieved",
    observed: Option<Fixed<4>> = "observed",
    observed_low: Option<Fixed<4>> = "observed_low",
    observed_high: Option<Fixed<4>> = "observed_high",
    whole_cohort: Option<Fixed<4>> = "whole_cohort",
    whole_cohort_low: Option<Fixed<4>> = "whole_cohort_low",
    whole_cohort_high: Option<Fixed<4>> = "whole_cohort_high",
    upper: Option<Fixed<4>> = "upper",
    grades_comparable: Option<bool> = "grades_comparable",
}

row! {
    /// Mean points of a group.
    Attainment8Mean = "attainment8_mean", group |row| Group::Cohort(row.ks4_ay, row.population.clone());
    ks4_ay: i64 = "ks4_ay",
    population: String = "population",
    disadvantage: String = "disadvantage",
    measure: String = "measure",
    n_members: i64 = "n_members",
    n_missing: i64 = "n_missing",
    n_known: i64 = "n_known",
    total: Fixed<3> = "total",
    mean: Option<Fixed<4>> = "mean",
    mean_low: Option<Fixed<4>> = "mean_low",
    mean_high: Option<Fixed<4>> = "mean_high",
}

row! {
    /// The disadvantage gap index of a year.
    DisadvantageGap = "disadvantage_gap", group |row| Group::Cohort(row.ay, row.population.clone());
    ay: i64 = "ay",
    stage: String = "stage",
    population: String = "population",
    scope: String = "scope",
    n_disadvantaged: i64 = "n_disadvantaged",
    n_other: i64 = "n_other",
    n_missing_score: i64 = "n_missing_score",
    n_missing_disadvantage: i64 = "n_missing_disadvantage",
    share_disadvantaged: Option<Fixed<4>> = "share_disadvantaged",
    mean_rank_disadvantaged: Option<Fixed<4>> = "mean_rank_disadvantaged",
    mean_rank_other: Option<Fixed<4>> = "mean_rank_other",
    gap_index: Option<Fixed<4>> = "gap_index",
    gap_low: Option<Fixed<4>> = "gap_low",
    gap_high: Option<Fixed<4>> = "gap_high",
    auc: Option<Fixed<4>> = "auc",
}

row! {
    /// How unevenly pupils are spread over schools.
    Segregation = "segregation", group |row| Group::Cohort(row.ay, row.population.clone());
    ay: i64 = "ay",
    phase: String = "phase",
    measure: String = "measure",
    population: String = "population",
    n_schools: i64 = "n_schools",
    n_small_schools: i64 = "n_small_schools",
    n_pupils: i64 = "n_pupils",
    n_disadvantaged: i64 = "n_disadvantaged",
    n_missing: i64 = "n_missing",
    n_in_small_schools: i64 = "n_in_small_schools",
    share_disadvantaged: Option<Fixed<4>> = "share_disadvantaged",
    dissimilarity: Option<Fixed<4>> = "dissimilarity",
    gorard: Option<Fixed<4>> = "gorard",
    isolation: Option<Fixed<4>> = "isolation",
    exposure: Option<Fixed<4>> = "exposure",
    eta_squared: Option<Fixed<4>> = "eta_squared",
    hutchens: Option<Fixed<4>> = "hutchens",
    hutchens_between: Option<Fixed<4>> = "hutchens_between",
    hutchens_within: Option<Fixed<4>> = "hutchens_within",
    chance_dissimilarity: Option<Fixed<4>> = "chance_dissimilarity",
    dissimilarity_adjusted: Option<Fixed<4>> = "dissimilarity_adjusted",
}

row! {
    /// Somebody's way through the Januaries.
    Pathway = "pathway", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    cohort_ay: i64 = "cohort_ay",
    setting_y6: Option<String> = "setting_y6",
    setting_y7: Option<String> = "setting_y7",
    setting_y8: Option<String> = "setting_y8",
    setting_y9: Option<String> = "setting_y9",
    setting_y10: Option<String> = "setting_y10",
    setting_y11: Option<String> = "setting_y11",
    pathway: String = "pathway",
    n_changes: i64 = "n_changes",
}

row! {
    /// How many went one way.
    PathwayForm = "pathway_form", group |row| Group::Cohort(row.cohort_ay, row.population.clone());
    cohort_ay: i64 = "cohort_ay",
    population: String = "population",
    pathway: String = "pathway",
    place: i64 = "place",
    n: i64 = "n",
    n_members: i64 = "n_members",
    share: Option<Fixed<4>> = "share",
    share_low: Option<Fixed<4>> = "share_low",
    share_high: Option<Fixed<4>> = "share_high",
    has_not_known: bool = "has_not_known",
}

row! {
    /// A change of place, and what explains it.
    SchoolMove = "school_move", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    move_no: i64 = "move_no",
    ay: i64 = "ay",
    left_on: NaiveDate = "left_on",
    joined_on: Option<NaiveDate> = "joined_on",
    days_between: Option<i64> = "days_between",
    from_establishment_id: Option<String> = "from_establishment_id",
    from_kind: String = "from_kind",
    to_establishment_id: Option<String> = "to_establishment_id",
    to_kind: Option<String> = "to_kind",
    leaving_reason: Option<String> = "leaving_reason",
    move_type: String = "move_type",
    is_mid_year: Option<bool> = "is_mid_year",
}
