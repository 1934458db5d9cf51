//! Levels, rules and reasons in plain English. Agreement is always said in words, never by colour alone.
use crate::link::Explained;

/// Reasons that are offered; anybody may write their own.
pub const FIXED_REASONS: [&str; 8] = [
    "numbers and names agree",
    "nickname or short form",
    "slip of typing",
    "changed surname",
    "twins or siblings",
    "two children of one name",
    "number is another child's",
    "asked the school or provider",
];

/// Why a pair is laid before a person.
pub fn why_in_words(why: &str) -> &'static str {
    match why {
        "likely" => "likely one child, but not sure enough to join",
        "numbers_differ" => "alike in all else, but their valid numbers differ",
        "twins" => "they may be twins",
        "rival" => "somebody else is as likely",
        "overlap" => "joined, and on two main rolls at once",
        "numbers_joined" => "joined although their valid numbers differ: one is on record as the former",
        "contradicted" => "somebody decided, and what is known now speaks against it",
        "sample" => "joined; drawn to see how often joining is right",
        _ => "in doubt",
    }
}

/// The rule by which subjects are joined.
pub fn in_words_of_rule(rule: &str) -> &'static str {
    match rule {
        "local_key" => "the source's own number for the child",
        "upn" => "pupil number (UPN), and birth date or names beside it",
        "former_upn" => "a pupil number (UPN) held before, and birth date or names beside it",
        "uln" => "learner number (ULN), and birth date or names beside it",
        "nhs_number" => "NHS number, and birth date or names beside it",
        "name_birth_postcode" => "names, birth date and postcode",
        "name_birth" => "names and birth date, where only one child has them",
        "surname_birth_postcode" => "surname, birth date, postcode, and a short form of the forename",
        "forename_birth_postcode" => "forename, birth date and postcode",
        "weighed" => "weights of names, dates and addresses: likely, not certain",
        "weighed_90" => "weights, from 0.90 to 0.95",
        "weighed_95" => "weights, from 0.95 to 0.99",
        "weighed_99" => "weights, from 0.99 on",
        "decided" => "a person's decision",
        _ => "nothing: a learner of its own, for the time being",
    }
}

/// A field of the evidence.
pub fn field_in_words(field: &str) -> &'static str {
    match field {
        "forename" => "forename",
        "surname" => "surname",
        "birth_date" => "birth date",
        "sex" => "sex",
        "postcode" => "postcode",
        "school" => "school, last",
        "upn" => "pupil number",
        "uln" => "learner number",
        "nhs_number" => "NHS number",
        "names_together" => "the names together",
        "habit" => "how such names are written",
        _ => "other",
    }
}

/// How far two agree in a field.
pub fn level_in_words(field: &str, level: &str) -> &'static str {
    match (field, level) {
        ("sex", "none") => "differs",
        (_, "exact") => "the same",
        (_, "none") => "different",
        (_, "not_said") => "not said by one or both",
        (_, "weak") => "a little alike",
        ("postcode", "near") => "one character apart",
        ("upn" | "uln" | "nhs_number", "near") => "one slip apart",
        (_, "near") => "a letter or two apart",
        (_, "initial") => "an initial that fits",
        (_, "phonetic") => "sounds alike",
        (_, "slip") => "mistyped, sounds alike",
        (_, "swapped") => "forename and surname swapped",
        (_, "nickname") => "a short or other form",
        (_, "like_another") => "like a middle or other name",
        (_, "middle") => "is the other's middle name",
        (_, "preferred") => "is what the other goes by",
        (_, "second_differs") => "the same, but second forenames differ",
        (_, "form") => "another form",
        (_, "part") => "one part of a double name",
        (_, "year") => "the year alone",
        (_, "day_and_month") => "day and month, another year",
        (_, "year_and_day") => "year and day, another month",
        (_, "year_and_month") => "year and month, another day",
        (_, "first_of_year") => "the year; one says 1 January",
        (_, "one_digit") => "but for one digit",
        (_, "day_month_swapped") => "day and month swapped",
        (_, "area") => "the same postal area",
        (_, "outward") => "the same postal district",
        (_, "conflict") => "two valid numbers that differ",
        (_, "others_differ") => "other numbers that differ",
        (_, "mistyped") => "one is mistyped, and not near",
        (_, "often_together") => "often borne together",
        (_, "usual") => "often differ so",
        (_, "unusual") => "seldom differ so",
        _ => "compared",
    }
}

/// The whole evidence in one text: `forename: the same (+9.1); …`.
pub fn evidence_in_words(explained: &Explained) -> String {
    let lines = explained.lines.iter().filter(|line| line.level != "not_said");
    let lines = lines.map(|line| {
        let (field, level) = (field_in_words(line.field), level_in_words(line.field, line.level));
        format!("{field}: {level} ({:+.1})", line.bits)
    });
    let mut all: Vec<String> = lines.collect();
    all.push(format!("before comparing: ({:+.1})", explained.prior));
    all.push(format!("together: ({:+.1})", explained.sum));
    all.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{conform::identifier_in, link::Line};

    #[test]
    fn evidence_is_said_in_words() {
        let explained = Explained {
            lines: vec![
                Line { field: "forename", level: "nickname", bits: 6.04 },
                Line { field: "sex", level: "not_said", bits: 0.0 },
                Line { field: "postcode", level: "none", bits: -2.0 },
            ],
            prior: -9.5,
            sum: -5.46,
            stated: 0.02,
            probability: 0.02,
            rule: None,
            twins: false,
            pupil_numbers_differ: false,
            learner_numbers_differ: false,
            nhs_numbers_differ: false,
            too_few: false,
        };
        assert_eq!(
            evidence_in_words(&explained),
            "forename: a short or other form (+6.0); postcode: different (-2.0); before comparing: (-9.5); together: (-5.5)"
        );
    }

    #[test]
    fn the_reasons_that_are_offered_are_taken() {
        let day = chrono::NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        for reason in FIXED_REASONS {
            assert_eq!(identifier_in(reason, day), None, "{reason}");
            assert!(!reason.contains(','), "a list in a workbook parts at commas: {reason}");
        }
        assert!(FIXED_REASONS.join(",").len() < 255, "a list in a workbook is no longer");
    }
}
