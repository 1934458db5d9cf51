//! The rows of the published tables, column for column as the page on cohorts lists them.
//!
//! `learner_id` is the true number of the person instead. A macro writes each row's reading and printing from its
//! columns, so that a column can be neither forgotten nor read under another name.
use super::cells::{Cell, Column, Fixed, People, Person};
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::fmt::{self, Display};

/// What the rows of a comparison are grouped by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Person(u32),
    Cohort(i64, String),
}

impl Display for Group {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(number) => write!(to, "person {number}"),
            Self::Cohort(year, population) => write!(to, "cohort {year}, {population}"),
        }
    }
}

/// A row of a published table.
pub trait Row: Clone + Ord {
    /// Name of the table, and stem of its file.
    const TABLE: &'static str;
    /// The columns that are read of it, and so compared.
    const COLUMNS: &'static [&'static str];
    fn group(&self) -> Group;
    /// Every cell as `column=value`, empty cells as `-`.
    fn show(&self) -> String;
    /// Every row of a batch.
    fn read(batch: &RecordBatch, people: &People) -> Result<Vec<Self>, String>;
}

macro_rules! row {
    ($(#[$meta:meta])* $name:ident = $table:literal, group $group:expr;
     $($field:ident : $kind:ty = $column:literal),+ $(,)?) => {
        $(#[$meta])*
        // A column keeps its name even where the table is called the same.
        #[allow(clippy::struct_field_names, clippy::struct_excessive_bools)]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name { $(pub $field: $kind),+ }

        impl Row for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$($column),+];

            fn group(&self) -> Group {
                let group: fn(&Self) -> Group = $group;
                group(self)
            }

            fn show(&self) -> String {
                [$(format!("{}={}", $column, self.$field.show())),+].join(" ")
            }

            fn read(batch: &RecordBatch, people: &People) -> Result<Vec<Self>, String> {
                $(let $field = column(batch, $column)?;)+
                (0..batch.num_rows())
                    .map(|row| Ok(Self { $($field: Cell::read(&$field, row, people)?),+ }))
                    .collect()
            }
        }
    };
}

pub fn column(batch: &RecordBatch, name: &'static str) -> Result<Column, String> {
    let Some(array) = batch.column_by_name(name) else {
        let schema = batch.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        return Err(format!("there is no column {name} among {}", names.join(", ")));
    };
    Column::new(name, array)
}

pub(super) use row;

row! {
    /// Somebody of whom a door shows anything.
    Learner = "learner", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    birth_month: Option<NaiveDate> = "birth_month",
    sex: Option<String> = "sex",
    ethnicity: Option<String> = "ethnicity",
    cohort_ay: Option<i64> = "cohort_ay",
}

row! {
    /// Time at one place, at home, missing, or nobody knows where.
    Spell = "spell", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    spell_no: i64 = "spell_no",
    role: String = "role",
    starts_on: NaiveDate = "starts_on",
    ends_on: NaiveDate = "ends_on",
    is_open: bool = "is_open",
    establishment_id: Option<String> = "establishment_id",
    school_id: Option<String> = "school_id",
    kind: String = "kind",
    legal_basis: String = "legal_basis",
    status: Option<String> = "status",
    la_code: Option<String> = "la_code",
    is_gap: bool = "is_gap",
}

row! {
    /// Which authority somebody lives in and which one educates them.
    AreaSpell = "area_spell", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    starts_on: NaiveDate = "starts_on",
    ends_on: NaiveDate = "ends_on",
    home_la: Option<String> = "home_la",
    educating_la: Option<String> = "educating_la",
    home_evidence: Option<String> = "home_evidence",
}

row! {
    /// How somebody comes into a Year 6 cohort.
    CohortMember = "cohort_member", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    cohort_ay: i64 = "cohort_ay",
    present_y6: bool = "present_y6",
    attending: bool = "attending",
    resident: bool = "resident",
    ever_y6_here: bool = "ever_y6_here",
    entry_basis: String = "entry_basis",
    ks2_state: String = "ks2_state",
    ks2_score: Option<Fixed<2>> = "ks2_score",
    ks2_band: Option<String> = "ks2_band",
    dis_y6: Option<bool> = "dis_y6",
    sen_y6: Option<String> = "sen_y6",
}

row! {
    /// What became of somebody at sixteen.
    CohortOutcome = "cohort_outcome", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    cohort_ay: i64 = "cohort_ay",
    setting_jan_main: Option<String> = "setting_jan_main",
    setting_jan_actual: Option<String> = "setting_jan_actual",
    setting_jun_main: Option<String> = "setting_jun_main",
    setting_jun_actual: Option<String> = "setting_jun_actual",
    result_state: Option<String> = "result_state",
    state: String = "state",
    in_resident_denominator: bool = "in_resident_denominator",
    in_denominator: bool = "in_denominator",
    ever_ap: bool = "ever_ap",
    ever_dual: bool = "ever_dual",
    ever_ehe: bool = "ever_ehe",
    n_gcse: Option<i64> = "n_gcse",
    n_gcse_7_9: Option<i64> = "n_gcse_7_9",
    five_gcse_7_9: bool = "five_gcse_7_9",
    basics_9_4: bool = "basics_9_4",
    basics_9_5: bool = "basics_9_5",
    level1_english_maths: bool = "level1_english_maths",
    level2_english_maths: bool = "level2_english_maths",
    n_other_accredited: Option<i64> = "n_other_accredited",
    n_unit_awards: Option<i64> = "n_unit_awards",
    highest_level: Option<String> = "highest_level",
    destination_16: Option<String> = "destination_16",
    destination_17: Option<String> = "destination_17",
    visible: bool = "visible",
}

row! {
    /// One award, however many sources report it.
    Outcome = "outcome", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    kind: String = "kind",
    subject: String = "subject",
    level: Option<String> = "level",
    awarded_on: NaiveDate = "awarded_on",
    grade: Option<String> = "grade",
    passed: Option<bool> = "passed",
    counts_in_tables: bool = "counts_in_tables",
    source_count: i64 = "source_count",
}

row! {
    /// How many of a cohort ended in a state.
    Waterfall = "attrition_waterfall", group |row| Group::Cohort(row.cohort_ay, row.population.clone());
    cohort_ay: i64 = "cohort_ay",
    population: String = "population",
    state_order: i64 = "state_order",
    state: String = "state",
    n: i64 = "n",
    n_disadvantaged: i64 = "n_disadvantaged",
    n_high_attainers: i64 = "n_high_attainers",
    n_denominator: i64 = "n_denominator",
    share: Option<Fixed<4>> = "share",
}

row! {
    /// What became of those who were ahead at eleven.
    LostPotential = "lost_potential", group |row| Group::Cohort(row.cohort_ay, row.population.clone());
    cohort_ay: i64 = "cohort_ay",
    population: String = "population",
    group: String = "disadvantage",
    outcome: String = "outcome",
    n_members: i64 = "n_members",
    n_with_results: i64 = "n_with_results",
    n_missing: i64 = "n_missing",
    n_achieved: i64 = "n_achieved",
    n_visible: i64 = "n_visible",
    observed: Option<Fixed<4>> = "observed",
    whole_cohort: Option<Fixed<4>> = "whole_cohort",
    upper: Option<Fixed<4>> = "upper",
    visibility: Option<Fixed<4>> = "visibility",
    visibility_low: Option<Fixed<4>> = "visibility_low",
    visibility_high: Option<Fixed<4>> = "visibility_high",
    observed_low: Option<Fixed<4>> = "observed_low",
    observed_high: Option<Fixed<4>> = "observed_high",
    whole_cohort_low: Option<Fixed<4>> = "whole_cohort_low",
    whole_cohort_high: Option<Fixed<4>> = "whole_cohort_high",
    n_with_points: i64 = "n_with_points",
    points: Option<Fixed<2>> = "points",
    mean_points: Option<Fixed<4>> = "mean_points",
    mean_points_low: Option<Fixed<4>> = "mean_points_low",
    mean_points_high: Option<Fixed<4>> = "mean_points_high",
    mean_points_least: Option<Fixed<4>> = "mean_points_least",
    lost_potential: Option<Fixed<4>> = "lost_potential",
}

row! {
    /// The headline by the authority of the home in Year 6.
    LostPotentialArea = "lost_potential_area", group |row| Group::Cohort(row.cohort_ay, row.home_la.clone());
    cohort_ay: i64 = "cohort_ay",
    home_la: String = "home_la",
    group: String = "disadvantage",
    n_members: i64 = "n_members",
    n_with_results: i64 = "n_with_results",
    n_missing: i64 = "n_missing",
    n_achieved: i64 = "n_achieved",
    n_visible: i64 = "n_visible",
    observed: Option<Fixed<4>> = "observed",
    observed_low: Option<Fixed<4>> = "observed_low",
    observed_high: Option<Fixed<4>> = "observed_high",
    whole_cohort: Option<Fixed<4>> = "whole_cohort",
    whole_cohort_low: Option<Fixed<4>> = "whole_cohort_low",
    whole_cohort_high: Option<Fixed<4>> = "whole_cohort_high",
    upper: Option<Fixed<4>> = "upper",
    visibility: Option<Fixed<4>> = "visibility",
    visibility_low: Option<Fixed<4>> = "visibility_low",
    visibility_high: Option<Fixed<4>> = "visibility_high",
    n_with_points: i64 = "n_with_points",
    points: Option<Fixed<2>> = "points",
    mean_points: Option<Fixed<4>> = "mean_points",
    mean_points_low: Option<Fixed<4>> = "mean_points_low",
    mean_points_high: Option<Fixed<4>> = "mean_points_high",
    lost_potential: Option<Fixed<4>> = "lost_potential",
}
