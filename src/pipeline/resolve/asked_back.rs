//! What an officer may write beside an answer that comes back, in the words that are read: told where they are asked for.
use crate::definitions::{
    Definitions,
    connector::{CellOrigin, RowSpec},
};

/// The view whose answer comes back with decisions, and what they are read as.
const ASKS_BACK: (&str, &str) = ("risk", "risk_review");

/// For each column to be filled in its heading, and the words that are read there; nothing where a view asks for nothing. `shown` are the
/// headings that the answer fills itself.
pub(super) fn columns(definitions: &Definitions, view: &str, shown: &[String]) -> Vec<(String, String)> {
    if view != ASKS_BACK.0 {
        return Vec::new();
    }
    let reads =
        |row: &&RowSpec| definitions.schemas.get(row.entity).is_some_and(|schema| schema.name == ASKS_BACK.1);
    let mut told: Vec<(String, String)> = Vec::new();
    let rows =
        definitions.connectors.values().flat_map(|connector| &connector.feeds).flat_map(|feed| &feed.rows);
    for cell in rows.filter(reads).flat_map(|row| &row.columns).flatten() {
        let CellOrigin::From(headings) = &cell.origin else { continue };
        let Some(heading) = headings.first().filter(|heading| !shown.contains(heading)) else { continue };
        let words = if cell.words.is_empty() && !cell.dates.is_empty() {
            "a day, as 2026-03-31 or 31/03/2026".to_owned()
        } else {
            cell.words.join("; ")
        };
        if told.iter().all(|(other, _)| other != heading) {
            told.push((heading.clone(), words));
        }
    }
    // Decisions first; a line without one says nothing.
    told.sort_by_key(|(heading, _)| heading != "Decision");
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_answer_of_risk_says_which_words_are_read_and_no_other_does() {
        let definitions = Definitions::load(None).expect("ours are sound");
        let shown = ["Pack", "Predicted on"].map(str::to_owned);
        let told = columns(&definitions, "risk", &shown);
        let headings: BTreeSet<&str> = told.iter().map(|(heading, _)| heading.as_str()).collect();
        assert_eq!(headings, BTreeSet::from(["Action", "Decided by", "Decided on", "Decision", "Why"]));
        assert_eq!(told[0].0, "Decision");
        assert!(told[0].1.contains("agree") && told[0].1.contains("cannot say"), "{}", told[0].1);
        assert!(columns(&definitions, "caseload", &shown).is_empty());
    }
}
