//! A cohort's page in words. It sees disclosed tables only: what is worked out here, any reader could.
use super::{
    super::screen::{table, wrap},
    CohortPage, figures,
};
use crate::{
    disclosure::{DisclosedRow, DisclosedTable, Figure},
    report::{
        SYMBOLS, cell,
        cohort::{gap_in_words, states_in_words},
        has_decimals,
    },
};
use std::fmt::Write as _;

/// The columns of the headline that are shown: measure and heading.
const SHOWN: [(&str, &str); 6] = [
    ("n_members", "learners"),
    ("observed", "seen only"),
    ("whole_cohort", "whole cohort"),
    ("upper", "at most"),
    ("visibility", "visible"),
    ("lost_potential", "lost potential"),
];

const LEGEND: [&str; 5] = [
    "seen only       of those with GCSE results",
    "whole cohort    of everyone: unknown counts as not reached, so the truth is this or higher",
    "at most         of everyone, if all without GCSE results had reached it",
    "visible         known from any result or destination by seventeen",
    "lost potential  how many more would have reached it at the rate of those not disadvantaged",
];

/// The page that a newcomer reads.
pub(super) fn page(page: &CohortPage) -> String {
    let (waterfall, headline) = (page.waterfall.as_ref(), page.headline.as_ref());
    let mut out = format!(
        "Year 6 of {}: where are they at sixteen?\nCounted: {}.",
        figures::academic_year(page.year),
        waterfall.population
    );
    let state = |code: &str| figures::state_words(code).to_owned();
    let said = page.nobody.map_or_else(|| states_in_words(waterfall, state), str::to_owned);
    let _ = write!(out, "\n{}\n\n{}", wrap(&said, 0), waterfall_table(waterfall));
    let _ = write!(
        out,
        "\n\nThe top third at the end of primary school: how many reach five GCSEs at grades 7 to 9?\n{}\n\n{}\n",
        wrap(&gap_in_words(headline), 0),
        headline_table(headline)
    );
    for line in LEGEND {
        let _ = write!(out, "\n  {line}");
    }
    let _ = write!(out, "\n  {}", wrap(left_out(&page.population), 2));
    for (symbol, meaning) in symbols(&[waterfall, headline]) {
        let _ = write!(out, "\n  {symbol:<16}{meaning}");
    }
    let mut said = Vec::new();
    let first = waterfall.notices.iter().map(|notice| ("First table", notice));
    let second = headline.notices.iter().map(|notice| ("Second table, with what `--json` adds", notice));
    for (which, notice) in first.chain(second) {
        let _ = write!(out, "\n\n{}", wrap(&format!("{which}: {}.", notice.what), 0));
        if !said.contains(&&notice.why) {
            let _ = write!(out, "\n{}", wrap(&format!("Why: {}.", notice.why), 0));
            let _ = write!(out, "\n{}", wrap(&format!("Safe to ask instead: {}.", notice.instead), 0));
            said.push(&notice.why);
        }
    }
    let control = format!("Disclosure control, policy `{}`. {}", waterfall.policy, waterfall.policy_in_words);
    let _ = write!(out, "\n\n{}\nData as at {}. Release {}", wrap(&control, 0), page.as_of, page.release);
    out
}

fn waterfall_table(waterfall: &DisclosedTable) -> String {
    let decimals = decimals(&waterfall.rows);
    let rows = waterfall.rows.iter().map(|row| {
        let state = figures::state_words(key(row)).to_owned();
        std::iter::once(state).chain(row.figures.iter().map(|figure| cell(*figure, decimals))).collect()
    });
    table(&["at sixteen", "learners", "share"], rows.collect(), &[1, 2])
}

fn headline_table(headline: &DisclosedTable) -> String {
    let decimals = decimals(&headline.rows);
    let rows = headline.rows.iter().map(|row| {
        let group = figures::group_words(key(row)).to_owned();
        let cells = SHOWN
            .iter()
            .map(|(name, _)| figure(headline, row, name).map_or_else(String::new, |f| cell(f, decimals)));
        std::iter::once(group).chain(cells).collect()
    });
    let header: Vec<&str> =
        std::iter::once("high attainers").chain(SHOWN.iter().map(|(_, heading)| *heading)).collect();
    table(&header, rows.collect(), &[1, 2, 3, 4, 5, 6])
}

fn left_out(population: &str) -> &'static str {
    if population == "resident" {
        "Those who died, left England or moved to another authority are in the first table, not in the second."
    } else {
        "Those who died or left England are in the first table, not in the second."
    }
}

/// What the symbols mean that stand in these tables, and no others.
fn symbols(tables: &[&DisclosedTable]) -> Vec<(&'static str, &'static str)> {
    let stands = |symbol: &str| {
        let mut all = tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.figures);
        all.any(|figure| !figure.is_number() && figure.to_string() == symbol)
    };
    SYMBOLS.into_iter().filter(|(symbol, _)| stands(symbol)).collect()
}

fn key(row: &DisclosedRow) -> &str {
    row.keys.first().map_or("", String::as_str)
}

fn figure(table: &DisclosedTable, row: &DisclosedRow, measure: &str) -> Option<Figure> {
    let at = table.measures.iter().position(|name| name == measure)?;
    row.figures.get(at).copied()
}

fn decimals(rows: &[DisclosedRow]) -> bool {
    has_decimals(rows.iter().flat_map(|row| &row.figures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::Symbol;

    #[test]
    fn a_symbol_that_stands_nowhere_is_not_explained() {
        let table = DisclosedTable {
            title: String::new(),
            population: String::new(),
            policy: "published",
            policy_in_words: String::new(),
            dimensions: vec!["group".into()],
            measures: vec!["observed".into()],
            rows: vec![DisclosedRow {
                keys: vec!["other".into()],
                figures: vec![Figure::Symbol(Symbol::Confidential), Figure::Count(5)],
            }],
            notices: Vec::new(),
        };
        assert_eq!(symbols(&[&table]).len(), 1);
    }
}
