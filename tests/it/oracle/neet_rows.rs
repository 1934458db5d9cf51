//! The rows of the tables of what became of people after sixteen, column for column as their headers list them.
use super::cells::{Cell, Fixed, People, Person};
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;
use chrono::NaiveDate;

row! {
    /// What somebody did at the end of a month.
    NccisMonth = "nccis_month", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    month_on: NaiveDate = "month_on",
    ay: i64 = "ay",
    academic_age: i64 = "academic_age",
    membership: String = "membership",
    resident: bool = "resident",
    ever_y6_here: bool = "ever_y6_here",
    activity: Option<String> = "activity",
    activity_since: Option<NaiveDate> = "activity_since",
    is_lapsed: bool = "is_lapsed",
    status: String = "status",
    status_other: String = "status_other",
}

row! {
    /// NEET and not known of a group.
    NeetRate = "neet_rate", group |row| Group::Cohort(row.ay, row.population.clone());
    ay: i64 = "ay",
    population: String = "population",
    period: String = "period",
    breakdown: String = "breakdown",
    category: String = "category",
    n_months: i64 = "n_months",
    n_cohort: i64 = "n_cohort",
    n_participating: i64 = "n_participating",
    n_working: i64 = "n_working",
    n_neet: i64 = "n_neet",
    n_not_known: i64 = "n_not_known",
    n_no_record: i64 = "n_no_record",
    n_custody: i64 = "n_custody",
    mean_cohort: Option<Fixed<1>> = "mean_cohort",
    neet_rate: Option<Fixed<4>> = "neet_rate",
    neet_low: Option<Fixed<4>> = "neet_low",
    neet_high: Option<Fixed<4>> = "neet_high",
    not_known_rate: Option<Fixed<4>> = "not_known_rate",
    not_known_low: Option<Fixed<4>> = "not_known_low",
    not_known_high: Option<Fixed<4>> = "not_known_high",
    combined_rate: Option<Fixed<4>> = "combined_rate",
    combined_low: Option<Fixed<4>> = "combined_low",
    combined_high: Option<Fixed<4>> = "combined_high",
    participating_rate: Option<Fixed<4>> = "participating_rate",
    participating_low: Option<Fixed<4>> = "participating_low",
    participating_high: Option<Fixed<4>> = "participating_high",
    has_other_reading: bool = "has_other_reading",
    n_cohort_other: i64 = "n_cohort_other",
    n_neet_other: i64 = "n_neet_other",
    neet_rate_other: Option<Fixed<4>> = "neet_rate_other",
    neet_other_low: Option<Fixed<4>> = "neet_other_low",
    neet_other_high: Option<Fixed<4>> = "neet_other_high",
    combined_rate_other: Option<Fixed<4>> = "combined_rate_other",
    combined_other_low: Option<Fixed<4>> = "combined_other_low",
    combined_other_high: Option<Fixed<4>> = "combined_other_high",
    rule_state: String = "rule_state",
}

row! {
    /// Whether somebody had the offer of a place.
    SeptemberGuarantee = "september_guarantee", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    ay: i64 = "ay",
    year_group: i64 = "year_group",
    is_held: bool = "is_held",
    is_due: bool = "is_due",
    resident: bool = "resident",
    attending: bool = "attending",
    ever_y6_here: bool = "ever_y6_here",
    n_places: i64 = "n_places",
    guarantee_state: String = "guarantee_state",
}

row! {
    /// How many of a group had one.
    GuaranteeRate = "guarantee_rate", group |row| Group::Cohort(row.ay, row.population.clone());
    ay: i64 = "ay",
    population: String = "population",
    year_group: i64 = "year_group",
    breakdown: String = "breakdown",
    category: String = "category",
    n_members: i64 = "n_members",
    n_offer_made: i64 = "n_offer_made",
    n_not_appropriate: i64 = "n_not_appropriate",
    n_no_offer: i64 = "n_no_offer",
    n_missing: i64 = "n_missing",
    n_not_held: i64 = "n_not_held",
    observed: Option<Fixed<4>> = "observed",
    observed_low: Option<Fixed<4>> = "observed_low",
    observed_high: Option<Fixed<4>> = "observed_high",
    whole_cohort: Option<Fixed<4>> = "whole_cohort",
    whole_cohort_low: Option<Fixed<4>> = "whole_cohort_low",
    whole_cohort_high: Option<Fixed<4>> = "whole_cohort_high",
}

row! {
    /// Two terms after Year 11.
    CcisDestination = "ccis_destination", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    cohort_ay: i64 = "cohort_ay",
    months_education: i64 = "months_education",
    months_apprenticeship: i64 = "months_apprenticeship",
    months_employment: i64 = "months_employment",
    months_neet: i64 = "months_neet",
    months_other: i64 = "months_other",
    months_not_known: i64 = "months_not_known",
    sustained_ccis: String = "sustained_ccis",
    is_sustained: Option<bool> = "is_sustained",
}

row! {
    /// How many of a group sustained what they did.
    CcisDestinationRate = "ccis_destination_rate", group |row| Group::Cohort(row.cohort_ay, row.population.clone());
    cohort_ay: i64 = "cohort_ay",
    population: String = "population",
    breakdown: String = "breakdown",
    category: String = "category",
    n_members: i64 = "n_members",
    n_missing: i64 = "n_missing",
    n_education: i64 = "n_education",
    n_apprenticeship: i64 = "n_apprenticeship",
    n_employment: i64 = "n_employment",
    n_combination: i64 = "n_combination",
    n_not_sustained: i64 = "n_not_sustained",
    n_sustained: i64 = "n_sustained",
    sustained_ccis: Option<Fixed<4>> = "sustained_ccis",
    sustained_ccis_low: Option<Fixed<4>> = "sustained_ccis_low",
    sustained_ccis_high: Option<Fixed<4>> = "sustained_ccis_high",
    whole_cohort: Option<Fixed<4>> = "whole_cohort",
    whole_cohort_low: Option<Fixed<4>> = "whole_cohort_low",
    whole_cohort_high: Option<Fixed<4>> = "whole_cohort_high",
}
