//! The measures of the report, the most asked for first: where two cannot both be shown, the first is.

/// A share that is reported.
#[derive(Debug)]
pub(super) struct Measure {
    /// Its code, as in the code list `ap_measure`; those of `made` are made here (see `made`).
    pub(super) code: &'static str,
    /// Its table's name.
    pub(super) table: &'static str,
    pub(super) title: &'static str,
    /// How to read it.
    pub(super) words: &'static str,
    /// The measure whose yes includes the yes of this one.
    pub(super) within: Option<&'static str>,
}

const HIGHER: &str = "Each point is a provider; the line is the rate of all, the curves are what chance alone would do (95% and 99.8%). A point \
                      within them cannot be told from the rest.";

const fn measure(
    code: &'static str,
    table: &'static str,
    title: &'static str,
    within: Option<&'static str>,
) -> Measure {
    Measure { code, table, title, words: HIGHER, within }
}

/// All of them, in order.
pub(super) const MEASURES: [Measure; 21] = [
    measure("reintegration", "returned", "Returned to a school, of placements that ended", None),
    measure(
        "sustained_two_terms",
        "held_two_terms",
        "Back and holding after two full terms, of all that started",
        Some("reintegration"),
    ),
    measure(
        "sustained_16",
        "after_sixteen",
        "In education or work from October to March after Year 11",
        None,
    ),
    measure(
        "level1_english_maths",
        "level_1",
        "Level 1 or more in English and maths, of those who finished Year 11",
        Some("english_entered"),
    ),
    measure("attended", "attended", "At least 85% of the half days offered attended", None),
    measure("has_review", "reviewed", "With a review on record", None),
    measure("has_objectives", "objectives", "With objectives on record", None),
    measure("has_baseline", "baseline", "With a starting point measured", None),
    measure("has_end_reason", "end_reason", "With a reason for the end, of those that ended", None),
    measure(
        "better_than_alike",
        "attendance_better",
        "Attendance better than before, beyond that of learners alike",
        None,
    ),
    measure(
        "sustained_12_months",
        "held_a_year",
        "Back and holding after a year, of all that started",
        Some("reintegration"),
    ),
    measure(
        "level2_english_maths",
        "level_2",
        "Level 2 in English and maths, of those who finished Year 11",
        Some("level1_english_maths"),
    ),
    measure("english_entered", "entered", "Entered for something in English and in maths", None),
    measure(
        "distance_better",
        "distance",
        "Better on a measure than at the start, by more than chance",
        None,
    ),
    measure(
        "any_entry",
        "any_award",
        "Any qualification at entry level or more since the start, of those who finished Year 11",
        None,
    ),
    measure(
        "any_level1",
        "any_level_1",
        "Any at level 1 or more since the start, of those who finished Year 11",
        Some("any_entry"),
    ),
    measure(
        "any_level2",
        "any_level_2",
        "Any at level 2 or more since the start, of those who finished Year 11",
        Some("any_level1"),
    ),
    measure("repeat_referral", "placed_again", "Placed again within a year of the return", None),
    measure("over_a_year", "over_a_year", "Longer than a year", None),
    measure("part_time", "part_time", "Under 18 hours a week with nothing beside it", None),
    measure(
        "missing_from_provision",
        "missing",
        "With an entry as missing education during the placement",
        None,
    ),
];
