//! What the code lists and the policy rows say, written out again: an error in a list shows as a difference.
use super::facts::Code;

pub fn is_ap(kind: &str) -> bool {
    matches!(kind, "state_ap" | "independent_ap" | "hospital" | "unregistered")
}

/// Whether a qualification of a kind counts in the key stage 4 tables.
pub fn counts_in_tables(kind: &str) -> bool {
    matches!(kind, "gcse" | "btec")
}

/// X is an entry that came to nothing known: unknown is not failed.
pub fn has_result(grade: Option<&str>) -> bool {
    !matches!(grade, None | Some("X"))
}

pub fn passed(grade: Option<&str>) -> bool {
    !matches!(grade, None | Some("FAIL" | "U" | "X"))
}

/// How many GCSEs of one grade a subject is.
pub fn gcses(subject: &str) -> i64 {
    if subject == "combined_science" { 2 } else { 1 }
}

/// How good a grade is: only ever compared within one kind of qualification.
pub fn grade_points(grade: Option<&str>) -> i64 {
    match grade {
        None => -3,
        Some("X") => -2,
        Some("U" | "FAIL") => 0,
        Some("PASS") => 1,
        Some("MERIT" | "E") => 2,
        Some("DIST" | "D") => 3,
        Some("DSTAR" | "C") => 4,
        Some("B") => 5,
        Some("A" | "A*") => 7,
        Some(number) => number.parse().unwrap(),
    }
}

/// The level of a qualification that was passed, E1 is 1 and level 3 is 6; a GCSE's is in its grade.
pub fn rung(kind: &str, level: Option<&str>, grade: Option<&str>) -> Option<i64> {
    if !passed(grade) {
        return None;
    }
    if kind == "gcse" {
        return Some(if grade_points(grade) >= 4 { 5 } else { 4 });
    }
    LEVELS.iter().position(|code| Some(*code) == level).map(|index| index as i64 + 1)
}

/// Level codes by rung.
pub const LEVELS: [Code; 6] = ["E1", "E2", "E3", "1", "2", "3"];

/// The subject areas that levels of English and maths look at.
pub fn subject_area(subject: &str) -> Code {
    match subject {
        "reading" | "writing" | "gps" | "english_language" | "english_literature" | "english" => "english",
        "maths" => "maths",
        _ => "other",
    }
}

/// The status group of an NCCIS activity.
pub fn status_group(activity: &str) -> Code {
    match activity {
        "250" | "260" | "330" | "340" | "350" | "360" | "380" => "employment_not_participating",
        "530" | "540" | "610" | "615" | "616" | "619" | "620" | "630" | "640" | "650" | "660" | "670"
        | "680" => "neet",
        "710" => "custody",
        "810" | "820" | "830" => "not_known",
        _ => "participating",
    }
}

/// The group of an activity by the other reading, where the one reading is not verified for a month of an academic year.
pub fn other_group(activity: &str, ay: i32) -> Code {
    match activity {
        "260" => "neet",
        "530" => "employment_not_participating",
        "710" if !(2023..=2026).contains(&ay) => "counted_custody",
        _ => status_group(activity),
    }
}

/// What an activity is for a destination that lasts.
pub fn strand(activity: &str) -> Code {
    match activity {
        "310" => "apprenticeship",
        "320" | "330" | "340" | "350" | "360" | "380" | "381" => "employment",
        "260" | "290" | "550" | "710" => "other",
        "810" | "820" | "830" => "not_known",
        _ if status_group(activity) == "neet" => "neet",
        _ => "education",
    }
}

/// Whether key stage 2 tests were held; none where the policy has no row for the year.
pub fn ks2_tests_held(ay: i32) -> Option<bool> {
    (2017..=2026).contains(&ay).then_some(!matches!(ay, 2020 | 2021))
}

/// What working below the standard of the test counts as.
pub const KS2_NOTIONAL_BELOW_TEST: i64 = 79;

/// The states at sixteen in the order in which they are tried.
pub const STATES: [Code; 16] = [
    "died",
    "left_england",
    "moved_out_of_area",
    "ks4_mainstream",
    "ks4_special",
    "ks4_ap",
    "ks4_independent",
    "ks4_home_educated",
    "ks4_elsewhere",
    "in_custody",
    "home_educated",
    "ap_no_ks4",
    "on_roll_no_results",
    "post16_seen",
    "missing_education",
    "not_found",
];

/// The ways of saying whose cohort it is.
pub const POPULATIONS: [Code; 4] = ["resident", "attending", "ever_y6_here", "open"];
