//! The rows of the audit of provision, column for column as their headers list them.
use super::cells::{Cell, Fixed, People, Person};
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;
use chrono::NaiveDate;

row! {
    /// A placement and what came of it.
    ApPlacement = "ap_placement", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    placement_no: i64 = "placement_no",
    ay: i64 = "ay",
    establishment_id: String = "establishment_id",
    kind: String = "kind",
    audit_group: String = "audit_group",
    legal_basis: String = "legal_basis",
    commissioner: Option<String> = "commissioner",
    reason: Option<String> = "reason",
    academic_age: Option<i64> = "academic_age",
    starts_on: NaiveDate = "starts_on",
    ends_on: NaiveDate = "ends_on",
    is_open: bool = "is_open",
    days: i64 = "days",
    hours_per_week: Option<Fixed<2>> = "hours_per_week",
    hours_state: String = "hours_state",
    review_state: Option<String> = "review_state",
    sessions_offered: Option<i64> = "sessions_offered",
    sessions_attended: Option<i64> = "sessions_attended",
    attendance: Option<Fixed<4>> = "attendance",
    attendance_change: Option<Fixed<4>> = "attendance_change",
    has_objectives: Option<bool> = "has_objectives",
    has_baseline: bool = "has_baseline",
    has_review: Option<bool> = "has_review",
    has_end_reason: Option<bool> = "has_end_reason",
    end_reason: Option<String> = "end_reason",
    planned_end_on: Option<NaiveDate> = "planned_end_on",
    cost: Option<Fixed<2>> = "cost",
    return_state: String = "return_state",
    returned_on: Option<NaiveDate> = "returned_on",
    sustained_two_terms: String = "sustained_two_terms",
    sustained_12_months: String = "sustained_12_months",
    repeat_referral: Option<String> = "repeat_referral",
    suspensions_before: i64 = "suspensions_before",
    suspensions_during: i64 = "suspensions_during",
    suspensions_after: Option<i64> = "suspensions_after",
    days_after: Option<i64> = "days_after",
    went_missing: bool = "went_missing",
    source_count: i64 = "source_count",
}

row! {
    /// Whether there was education from the sixth day.
    ApDaySix = "ap_day_six", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    establishment_id: String = "establishment_id",
    category: String = "category",
    starts_on: NaiveDate = "starts_on",
    ay: i64 = "ay",
    sessions: Option<i64> = "sessions",
    due_on: Option<NaiveDate> = "due_on",
    provision_on: Option<NaiveDate> = "provision_on",
    provision_kind: Option<String> = "provision_kind",
    days_to_provision: Option<i64> = "days_to_provision",
    school_days_to_provision: Option<i64> = "school_days_to_provision",
    day_six_state: String = "day_six_state",
}

row! {
    /// Fifteen school days or more without any education known.
    EducationBreak = "education_break", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    starts_on: NaiveDate = "starts_on",
    ends_on: NaiveDate = "ends_on",
    ay: i64 = "ay",
    school_days: i64 = "school_days",
    is_open: bool = "is_open",
    evidence: String = "evidence",
    days_missing: i64 = "days_missing",
    left_by: Option<String> = "left_by",
}

row! {
    /// How many were full-time at a site.
    ApRegistration = "ap_registration", group |row| Group::Cohort(row.ay, row.establishment_id.clone());
    establishment_id: String = "establishment_id",
    ay: i64 = "ay",
    registration: String = "registration",
    n_learners: i64 = "n_learners",
    n_full_time: i64 = "n_full_time",
    n_full_time_plan: i64 = "n_full_time_plan",
    n_full_time_looked_after: i64 = "n_full_time_looked_after",
    n_hours_not_known: i64 = "n_hours_not_known",
    advice: String = "advice",
}

row! {
    /// One measure of one provider and year.
    ApMeasure = "ap_measure", group |row| Group::Cohort(row.ay, row.establishment_id.clone());
    establishment_id: String = "establishment_id",
    ay: i64 = "ay",
    audit_group: String = "audit_group",
    measure: String = "measure",
    number: i64 = "number",
    n_placements: i64 = "n_placements",
    numerator: Option<Fixed<4>> = "numerator",
    denominator: Option<Fixed<4>> = "denominator",
    n_missing: i64 = "n_missing",
    value: Option<Fixed<4>> = "value",
    value_low: Option<Fixed<4>> = "value_low",
    value_high: Option<Fixed<4>> = "value_high",
    light: String = "light",
    measure_state: String = "measure_state",
}

row! {
    /// One provider beside all over three years.
    ApFunnel = "ap_funnel", group |row| Group::Cohort(row.until_ay, row.establishment_id.clone());
    establishment_id: String = "establishment_id",
    until_ay: i64 = "until_ay",
    audit_group: String = "audit_group",
    measure: String = "measure",
    n_yes: i64 = "n_yes",
    n_known: i64 = "n_known",
    n_missing: i64 = "n_missing",
    n_learners: i64 = "n_learners",
    effective_n: Option<Fixed<4>> = "effective_n",
    funnel_state: String = "funnel_state",
    share: Option<Fixed<4>> = "share",
    share_low: Option<Fixed<4>> = "share_low",
    share_high: Option<Fixed<4>> = "share_high",
    n_all_yes: i64 = "n_all_yes",
    n_all_known: i64 = "n_all_known",
    share_all: Option<Fixed<4>> = "share_all",
    low_95: Option<Fixed<4>> = "low_95",
    high_95: Option<Fixed<4>> = "high_95",
    low_998: Option<Fixed<4>> = "low_998",
    high_998: Option<Fixed<4>> = "high_998",
    place_in_funnel: Option<String> = "place_in_funnel",
    costs: Option<Fixed<2>> = "costs",
    cost_each: Option<Fixed<2>> = "cost_each",
    cost_each_low: Option<Fixed<2>> = "cost_each_low",
    cost_each_high: Option<Fixed<2>> = "cost_each_high",
    cost_each_all: Option<Fixed<2>> = "cost_each_all",
}

row! {
    /// What provision did to attendance, beside learners alike.
    ApEffect = "ap_effect", group |row| Group::Cohort(row.until_ay, "all".to_owned());
    until_ay: i64 = "until_ay",
    n_placed: i64 = "n_placed",
    n_without_like: i64 = "n_without_like",
    n_others: i64 = "n_others",
    effective_n: Option<Fixed<4>> = "effective_n",
    placed_change: Option<Fixed<4>> = "placed_change",
    others_change: Option<Fixed<4>> = "others_change",
    raw_difference: Option<Fixed<4>> = "raw_difference",
    weighted_others_change: Option<Fixed<4>> = "weighted_others_change",
    effect_on_placed: Option<Fixed<4>> = "effect_on_placed",
    imbalance: Option<Fixed<4>> = "imbalance",
    effect_state: String = "effect_state",
}
