//! What came of a case, in words.
use crate::{
    command::screen::{counted, table, thousands, wrap},
    pipeline::{Confirmed, Right},
};
use serde_json::Value;

/// What was done when a case was confirmed.
pub(super) fn confirmed(case: i64, done: &Confirmed) -> String {
    let certificate = &done.certificate;
    let number = |name: &str| certificate[name].as_u64().unwrap_or(0);
    let mut out = match done.right {
        Right::Access => format!("Case {case} is done: the copy is written."),
        Right::Rectify => format!(
            "Case {case} is done: {} corrected in the register. The sources have to correct it too.",
            counted(
                certificate["done"]["records_corrected"].as_u64().unwrap_or(0),
                "record is",
                "records are"
            )
        ),
        Right::Object => format!("Case {case} is done: the person is only counted from now on."),
        Right::Restrict => format!(
            "Case {case} is done: no place is told of the person any more; {} emptied.",
            counted(number("rows_with_places_emptied"), "row was", "rows were")
        ),
        Right::Lift => format!(
            "Case {case} is done: places of the person may be told again, and come back with the next pull of {}.",
            counted(number("sources_asked_again"), "source", "sources")
        ),
        Right::Erase => format!("Case {case} is done: the person is forgotten, and stays so."),
    };
    let nothing = match done.right {
        Right::Restrict => number("rows_with_places_emptied") == 0,
        Right::Erase => number("records_under_sources") == 0,
        _ => false,
    };
    if nothing {
        let told = "No record was found of anybody who fits, so no row that is held was touched. What arrives of them from now on is \
                    met by this case.";
        out.push_str("\n\n");
        out.push_str(&wrap(told, 0));
    }
    out.push_str(&lists(certificate));
    if certificate["opened_and_confirmed_by_one_person"] == true {
        out.push_str("\nOne person opened and confirmed it: the certificate says so.");
    }
    out
}

/// What went, and what is to be done: rows that were removed, releases that are withdrawn, extracts that are out.
fn lists(certificate: &Value) -> String {
    let mut out = String::new();
    let removed: Vec<Vec<String>> = certificate["removed"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| {
            let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            vec![word("source"), word("entity"), thousands(line["rows"].as_u64().unwrap_or(0))]
        })
        .collect();
    if !removed.is_empty() {
        out.push_str("\n\n");
        out.push_str(&table(&["source", "what", "rows removed"], removed, &[2]));
    }
    let withdrawn: Vec<&str> = certificate["releases_withdrawn"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !withdrawn.is_empty() {
        let told = format!(
            "Releases that are withdrawn and cannot be run again: {}. Make one without the person now: `throughline release`. Until then reports, \
             questions and studies are answered from the newest release that is left, which is an older one, or from none.",
            withdrawn.join(", ")
        );
        out.push_str("\n\n");
        out.push_str(&wrap(&told, 0));
    }
    let extracts = certificate["extracts_that_are_out"].as_array().map_or(&[][..], Vec::as_slice);
    if !extracts.is_empty() {
        let told = "Extracts of studies are out with rows of the person, which nothing here can take back:";
        out.push_str("\n\n");
        out.push_str(&wrap(told, 0));
    }
    for extract in extracts {
        let word = |name: &str| extract[name].as_str().unwrap_or_default();
        let told = format!(
            "{}, cut {}: {}. To do: {}.",
            word("study"),
            word("cut_at"),
            word("holds"),
            word("what_to_do")
        );
        out.push('\n');
        out.push_str(&wrap(&told, 2));
    }
    out
}

/// A certificate as somebody reads it who files it: what was done, by whom, when. As data it is printed with `--json`.
pub(super) fn certificate(certificate: &Value) -> String {
    let what = match certificate["certificate"].as_str().unwrap_or_default() {
        "access" => "a copy of everything that is held was given",
        "rectify" => "what the register holds was corrected",
        "objected" => "the person is only counted",
        "restricted" => "no place is told of the person",
        "lifted" => "places of the person may be told again",
        _ => "the person is forgotten, and stays so",
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let by = |name: &str| {
        let by = &certificate[name];
        format!("{} (role {})", text(&by["user"]), text(&by["role"]))
    };
    let mut out = format!("Certificate of case {}: {what}.\n\n", text(&certificate["case"]));
    let mut rows = vec![
        vec!["opened".to_owned(), format!("{} by {}", text(&certificate["opened_at"]), by("opened_by"))],
        vec![
            "confirmed".to_owned(),
            format!("{} by {}", text(&certificate["confirmed_at"]), by("confirmed_by")),
        ],
    ];
    for (name, words) in [
        ("carried_out_at", "carried out"),
        ("run", "in run"),
        ("list_entry", "entry of the suppression list"),
        ("entries_carried_out_together", "entries carried out together"),
        ("records_under_sources", "records under sources"),
        ("rows_with_places_emptied", "rows with places emptied"),
        ("staged_runs_given_up", "staged runs given up"),
        ("sources_asked_again", "sources asked again"),
        ("digest", "digest"),
    ] {
        if !certificate[name].is_null() {
            rows.push(vec![words.to_owned(), text(&certificate[name])]);
        }
    }
    for (name, value) in certificate["done"].as_object().into_iter().flatten() {
        rows.push(vec![name.replace('_', " "), text(value)]);
    }
    out.push_str(&table(&["what", "is"], rows, &[]));
    out.push_str(&lists(certificate));
    if certificate["opened_and_confirmed_by_one_person"] == true {
        out.push_str("\n\nOne person opened and confirmed it.");
    }
    out
}
