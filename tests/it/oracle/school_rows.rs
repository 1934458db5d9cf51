//! The rows of the tables of schools, column for column as their headers list them.
use super::cells::{Cell, Fixed, People};
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;

row! {
    /// A school's disadvantaged pupils beside the national average.
    SchoolResult = "school_result", group |row| Group::Cohort(row.ks4_ay, row.school_id.clone());
    ks4_ay: i64 = "ks4_ay",
    school_id: String = "school_id",
    kind: String = "kind",
    is_mainstream: bool = "is_mainstream",
    is_here: bool = "is_here",
    measure: String = "measure",
    n_pupils: i64 = "n_pupils",
    n_disadvantaged: i64 = "n_disadvantaged",
    n_disadvantage_not_known: i64 = "n_disadvantage_not_known",
    n_missing: i64 = "n_missing",
    n_known: i64 = "n_known",
    n_achieved: i64 = "n_achieved",
    rate: Option<Fixed<4>> = "rate",
    rate_low: Option<Fixed<4>> = "rate_low",
    rate_high: Option<Fixed<4>> = "rate_high",
    observed: Option<Fixed<4>> = "observed",
    upper: Option<Fixed<4>> = "upper",
    national_rate: Option<Fixed<4>> = "national_rate",
    national_state: String = "national_state",
    beats_national_all: Option<bool> = "beats_national_all",
    grades_comparable: bool = "grades_comparable",
}

row! {
    /// A school's disadvantaged pupils beside what their start lets expect.
    SchoolPrediction = "school_prediction", group |row| Group::Cohort(row.ks4_ay, row.school_id.clone());
    ks4_ay: i64 = "ks4_ay",
    school_id: String = "school_id",
    measure: String = "measure",
    reference: String = "reference",
    state: String = "state",
    from_ay: i64 = "from_ay",
    n_schools: i64 = "n_schools",
    n_disadvantaged: i64 = "n_disadvantaged",
    n_unknown: i64 = "n_unknown",
    n_without_baseline: i64 = "n_without_baseline",
    n_without_reference: i64 = "n_without_reference",
    n_pupils: i64 = "n_pupils",
    n_achieved: i64 = "n_achieved",
    rate: Option<Fixed<4>> = "rate",
    mean_ks2: Option<Fixed<4>> = "mean_ks2",
    predicted: Option<Fixed<4>> = "predicted",
    residual: Option<Fixed<4>> = "residual",
    between_sd: Option<Fixed<4>> = "between_sd",
    reliability: Option<Fixed<4>> = "reliability",
    estimate: Option<Fixed<4>> = "estimate",
    estimate_low: Option<Fixed<4>> = "estimate_low",
    estimate_high: Option<Fixed<4>> = "estimate_high",
    p_above_prediction: Option<Fixed<4>> = "p_above_prediction",
    beats_prediction: Option<bool> = "beats_prediction",
    national_rate: Option<Fixed<4>> = "national_rate",
    p_above_national: Option<Fixed<4>> = "p_above_national",
}

row! {
    /// What is counted of a school's points; no world has enough schools for a model of them.
    SchoolValueAdded = "school_value_added", group |row| Group::Cohort(row.ks4_ay, row.school_id.clone());
    ks4_ay: i64 = "ks4_ay",
    school_id: String = "school_id",
    state: String = "state",
    from_ay: i64 = "from_ay",
    n_schools: i64 = "n_schools",
    n_disadvantaged: i64 = "n_disadvantaged",
    n_unknown: i64 = "n_unknown",
    n_without_baseline: i64 = "n_without_baseline",
    n_pupils: i64 = "n_pupils",
    mean_points: Option<Fixed<4>> = "mean_points",
    residual: Option<Fixed<4>> = "residual",
    between_sd: Option<Fixed<4>> = "between_sd",
    pupil_sd: Option<Fixed<4>> = "pupil_sd",
    reliability: Option<Fixed<4>> = "reliability",
    estimate: Option<Fixed<4>> = "estimate",
    estimate_low: Option<Fixed<4>> = "estimate_low",
    estimate_high: Option<Fixed<4>> = "estimate_high",
    p_above_prediction: Option<Fixed<4>> = "p_above_prediction",
    beats_prediction: Option<bool> = "beats_prediction",
}

row! {
    /// A school beside those most like it; no world has enough schools for that.
    SchoolSimilar = "school_similar", group |row| Group::Cohort(row.ks4_ay, row.school_id.clone());
    ks4_ay: i64 = "ks4_ay",
    school_id: String = "school_id",
    measure: String = "measure",
    state: String = "state",
    from_ay: i64 = "from_ay",
    n_pupils: i64 = "n_pupils",
    n_achieved: i64 = "n_achieved",
    rate: Option<Fixed<4>> = "rate",
    mean_ks2: Option<Fixed<4>> = "mean_ks2",
    share_disadvantaged: Option<Fixed<4>> = "share_disadvantaged",
    n_similar: Option<i64> = "n_similar",
    furthest: Option<Fixed<4>> = "furthest",
    similar_rate: Option<Fixed<4>> = "similar_rate",
    best_fifth_rate: Option<Fixed<4>> = "best_fifth_rate",
    gap_to_best_fifth: Option<Fixed<4>> = "gap_to_best_fifth",
    more_at_half_the_gap: Option<Fixed<4>> = "more_at_half_the_gap",
}
