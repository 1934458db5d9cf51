//! The rows of the tables of risk, column for column as their headers list them.
use super::cells::{Cell, Fixed, People, Person};
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;
use chrono::NaiveDate;

row! {
    /// What a factor adds to somebody's risk.
    RiskFactor = "risk_factor", group |row| Group::Person(row.person.0);
    pack: String = "pack",
    person: Person = "learner_id",
    predicted_on: NaiveDate = "predicted_on",
    factor: String = "factor",
    points_low: i64 = "points_low",
    points_high: i64 = "points_high",
    is_known: bool = "is_known",
    reason: Option<String> = "reason",
}

row! {
    /// Somebody's risk, as a range.
    RiskScore = "risk_score", group |row| Group::Person(row.person.0);
    pack: String = "pack",
    pack_version: String = "pack_version",
    person: Person = "learner_id",
    predicted_on: NaiveDate = "predicted_on",
    year_group: i64 = "year_group",
    score_low: i64 = "score_low",
    score_high: i64 = "score_high",
    band_low: String = "band_low",
    band_high: String = "band_high",
    band: String = "band",
    n_known: i64 = "n_known",
    n_factors: i64 = "n_factors",
    n_rules_off: i64 = "n_rules_off",
    reasons: Option<String> = "reasons",
    not_known: Option<String> = "not_known",
    expires_on: NaiveDate = "expires_on",
    is_expired: bool = "is_expired",
}

row! {
    /// What flagging from so many points would find.
    RiskCurve = "risk_curve", group |row| Group::Cohort(row.cohort_ay, row.outcome.clone());
    pack: String = "pack",
    cohort_ay: i64 = "cohort_ay",
    outcome: String = "outcome",
    basis: String = "basis",
    flag_from: i64 = "flag_from",
    n_scored: i64 = "n_scored",
    n_missing: i64 = "n_missing",
    n_positive: i64 = "n_positive",
    n_flagged: i64 = "n_flagged",
    n_true: i64 = "n_true",
    precision: Option<Fixed<4>> = "precision",
    precision_low: Option<Fixed<4>> = "precision_low",
    precision_high: Option<Fixed<4>> = "precision_high",
    recall: Option<Fixed<4>> = "recall",
    recall_low: Option<Fixed<4>> = "recall_low",
    recall_high: Option<Fixed<4>> = "recall_high",
    specificity: Option<Fixed<4>> = "specificity",
    specificity_low: Option<Fixed<4>> = "specificity_low",
    specificity_high: Option<Fixed<4>> = "specificity_high",
    lift: Option<Fixed<4>> = "lift",
    accuracy: Option<Fixed<4>> = "accuracy",
    accuracy_low: Option<Fixed<4>> = "accuracy_low",
    accuracy_high: Option<Fixed<4>> = "accuracy_high",
    precision_at_base: Option<Fixed<4>> = "precision_at_base",
}

row! {
    /// Chances told beside what came about.
    RiskCalibration = "risk_calibration", group |row| Group::Cohort(row.cohort_ay, row.outcome.clone());
    pack: String = "pack",
    cohort_ay: i64 = "cohort_ay",
    outcome: String = "outcome",
    basis: String = "basis",
    points: i64 = "points",
    n_before: i64 = "n_before",
    n_positive_before: i64 = "n_positive_before",
    chance: Option<Fixed<4>> = "chance",
    n: i64 = "n",
    n_missing: i64 = "n_missing",
    n_positive: i64 = "n_positive",
    observed: Option<Fixed<4>> = "observed",
    observed_low: Option<Fixed<4>> = "observed_low",
    observed_high: Option<Fixed<4>> = "observed_high",
    expected: Option<Fixed<4>> = "expected",
}

row! {
    /// How well risk foretold.
    RiskBacktest = "risk_backtest", group |row| Group::Cohort(row.cohort_ay, row.outcome.clone());
    pack: String = "pack",
    cohort_ay: i64 = "cohort_ay",
    outcome: String = "outcome",
    basis: String = "basis",
    n_scored: i64 = "n_scored",
    n_positive: i64 = "n_positive",
    n_left_out: i64 = "n_left_out",
    auc: Option<Fixed<4>> = "auc",
    auc_low: Option<Fixed<4>> = "auc_low",
    auc_high: Option<Fixed<4>> = "auc_high",
    n_at_capacity: Option<i64> = "n_at_capacity",
    true_at_capacity: Option<Fixed<4>> = "true_at_capacity",
    precision_at_capacity: Option<Fixed<4>> = "precision_at_capacity",
    precision_low: Option<Fixed<4>> = "precision_low",
    precision_high: Option<Fixed<4>> = "precision_high",
    recall_at_capacity: Option<Fixed<4>> = "recall_at_capacity",
    recall_low: Option<Fixed<4>> = "recall_low",
    recall_high: Option<Fixed<4>> = "recall_high",
    lift_at_capacity: Option<Fixed<4>> = "lift_at_capacity",
    n_flagged: i64 = "n_flagged",
    n_right: i64 = "n_right",
    accuracy: Option<Fixed<4>> = "accuracy",
    accuracy_low: Option<Fixed<4>> = "accuracy_low",
    accuracy_high: Option<Fixed<4>> = "accuracy_high",
    accuracy_if_nobody: Option<Fixed<4>> = "accuracy_if_nobody",
    published_accuracy_points: Fixed<4> = "published_accuracy_points",
    published_accuracy_model: Fixed<4> = "published_accuracy_model",
    n_predicted: i64 = "n_predicted",
    expected: Option<Fixed<4>> = "expected",
    came_about: Option<i64> = "came_about",
    expected_over_observed: Option<Fixed<4>> = "expected_over_observed",
    brier: Option<Fixed<4>> = "brier",
    brier_base: Option<Fixed<4>> = "brier_base",
    brier_skill: Option<Fixed<4>> = "brier_skill",
}

row! {
    /// Whether groups are treated alike.
    RiskFairness = "risk_fairness", group |row| Group::Cohort(row.cohort_ay, row.outcome.clone());
    pack: String = "pack",
    cohort_ay: i64 = "cohort_ay",
    outcome: String = "outcome",
    basis: String = "basis",
    breakdown: String = "breakdown",
    category: String = "category",
    n_scored: i64 = "n_scored",
    n_left_out: i64 = "n_left_out",
    n_positive: i64 = "n_positive",
    n_flagged: i64 = "n_flagged",
    n_true: i64 = "n_true",
    true_positive_rate: Option<Fixed<4>> = "true_positive_rate",
    true_positive_low: Option<Fixed<4>> = "true_positive_low",
    true_positive_high: Option<Fixed<4>> = "true_positive_high",
    false_positive_rate: Option<Fixed<4>> = "false_positive_rate",
    false_positive_low: Option<Fixed<4>> = "false_positive_low",
    false_positive_high: Option<Fixed<4>> = "false_positive_high",
    precision: Option<Fixed<4>> = "precision",
    precision_low: Option<Fixed<4>> = "precision_low",
    precision_high: Option<Fixed<4>> = "precision_high",
    false_positive_ratio: Option<Fixed<4>> = "false_positive_ratio",
    is_within: Option<bool> = "is_within",
}
