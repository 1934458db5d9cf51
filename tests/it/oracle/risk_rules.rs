//! The lists of points, written out again: an error in a code list shows as a difference.

/// A list and its bands.
pub struct Pack {
    pub name: &'static str,
    pub amber_from: i64,
    pub red_from: i64,
}

pub const PACKS: [Pack; 2] = [
    Pack { name: "default", amber_from: 3, red_from: 6 },
    Pack { name: "oxfordshire_like", amber_from: 2, red_from: 4 },
];

/// A fact and what it is worth; gated is left out until a condition is recorded.
pub struct Rule {
    pub pack: &'static str,
    pub factor: &'static str,
    pub fact: &'static str,
    pub points: i64,
    pub gated: bool,
    pub words: &'static str,
}

const fn rule(
    pack: &'static str,
    factor: &'static str,
    fact: &'static str,
    points: i64,
    words: &'static str,
) -> Rule {
    Rule { pack, factor, fact, points, gated: false, words }
}

const fn gated(pack: &'static str, factor: &'static str, fact: &'static str, points: i64) -> Rule {
    Rule { pack, factor, fact, points, gated: true, words: "" }
}

pub const RULES: [Rule; 39] = [
    rule(
        "default",
        "attendance",
        "attendance_below_90",
        1,
        "Missed more than 10% of sessions in the year before",
    ),
    rule(
        "default",
        "attendance",
        "attendance_below_80",
        2,
        "Missed more than 20% of sessions in the year before",
    ),
    rule(
        "default",
        "attendance",
        "attendance_below_50",
        3,
        "Missed more than half of the sessions in the year before",
    ),
    rule("default", "exclusion", "suspended", 1, "Suspended in the year before"),
    rule(
        "default",
        "exclusion",
        "suspended_often",
        2,
        "Suspended three times or for six days in the year before",
    ),
    rule("default", "exclusion", "excluded", 3, "Permanently excluded in the year before"),
    rule("default", "setting", "in_ap", 2, "In alternative provision"),
    rule("default", "setting", "home_or_missing", 2, "Educated at home or missing education"),
    rule("default", "needs", "sen_support", 1, "Support for special educational needs"),
    rule("default", "needs", "sen_plan", 1, "Education health and care plan"),
    gated("default", "needs", "sen_plan_semh", 2),
    rule("default", "care", "looked_after", 2, "Looked after in the year before"),
    rule("default", "care", "in_need", 1, "Child in need or on a protection plan in the two years before"),
    gated("default", "justice", "youth_justice", 2),
    gated("default", "justice", "custody", 3),
    rule("default", "parenthood", "parent", 3, "Cares for an own child"),
    gated("default", "parenthood", "pregnant", 3),
    rule("default", "carer", "young_carer", 1, "Young carer"),
    rule("default", "meals", "fsm6", 1, "Free school meals in the six years before"),
    rule("default", "meals", "fsm_persistent", 2, "Free school meals at four of five counts"),
    rule(
        "default",
        "attainment",
        "ks2_below_100",
        1,
        "Below the expected standard in reading and maths at the end of Year 6",
    ),
    rule("default", "mobility", "moved_twice", 1, "Changed school in mid-year twice or more since Year 7"),
    gated("default", "arrival", "arrived_recently", 1),
    rule("default", "offers", "no_application", 1, "No application for a place after Year 11 by 31 March"),
    rule("default", "offers", "no_offer", 2, "No offer of a place after Year 11 by 31 July"),
    rule(
        "oxfordshire_like",
        "attendance",
        "attendance_below_90",
        1,
        "Missed more than 10% of sessions in the year before",
    ),
    rule(
        "oxfordshire_like",
        "attendance",
        "attendance_below_80",
        2,
        "Missed more than 20% of sessions in the year before",
    ),
    rule("oxfordshire_like", "exclusion", "suspended", 1, "Suspended in the year before"),
    rule("oxfordshire_like", "exclusion", "excluded", 2, "Permanently excluded in the year before"),
    rule("oxfordshire_like", "setting", "in_ap", 2, "Educated off the site of a school"),
    rule("oxfordshire_like", "needs", "sen_support", 1, "Support for special educational needs"),
    rule("oxfordshire_like", "needs", "sen_plan", 2, "Education health and care plan"),
    rule("oxfordshire_like", "care", "looked_after", 2, "Looked after in the year before"),
    rule("oxfordshire_like", "carer", "young_carer", 1, "Young carer"),
    rule("oxfordshire_like", "parenthood", "parent", 2, "Cares for an own child"),
    gated("oxfordshire_like", "parenthood", "pregnant", 2),
    gated("oxfordshire_like", "justice", "youth_justice", 2),
    gated("oxfordshire_like", "justice", "custody", 2),
    gated("oxfordshire_like", "language", "eal", 1),
];

/// Factors in words.
pub const FACTORS: [(&str, &str); 14] = [
    ("attendance", "Attendance"),
    ("exclusion", "Suspension and exclusion"),
    ("setting", "Where they are educated"),
    ("needs", "Special educational needs"),
    ("care", "Care and social work"),
    ("justice", "Youth justice and custody"),
    ("parenthood", "Parenthood"),
    ("carer", "Caring for somebody"),
    ("meals", "Free school meals"),
    ("attainment", "Attainment at the end of Year 6"),
    ("mobility", "Changes of school"),
    ("arrival", "Arrival in England"),
    ("offers", "Applications and offers"),
    ("language", "First language"),
];
