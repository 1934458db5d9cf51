//! A cohort's page in words. It sees disclosed tables only: what is worked out here, any reader could.
use super::{
    super::screen::{table, thousands, wrap},
    CohortPage, figures,
};
use crate::disclosure::{DisclosedRow, DisclosedTable, Figure};
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
        "Year 6 of {}: where are they at sixteen?\nCounted: {}.\n\n{}",
        figures::academic_year(page.year),
        waterfall.population,
        waterfall_table(waterfall)
    );
    let _ = write!(
        out,
        "\n\nThe top third at the end of primary school: how many reach five GCSEs at grades 7 to 9?\n{}\n\n{}\n",
        wrap(&gap(headline), 0),
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
    let _ = write!(out, "\n\n{}\nRelease {}", wrap(&control, 0), page.release);
    out
}

fn waterfall_table(waterfall: &DisclosedTable) -> String {
    let decimals = has_decimals(&waterfall.rows);
    let rows = waterfall.rows.iter().map(|row| {
        let state = figures::state_words(key(row)).to_owned();
        std::iter::once(state).chain(row.figures.iter().map(|figure| cell(*figure, decimals))).collect()
    });
    table(&["at sixteen", "learners", "share"], rows.collect(), &[1, 2])
}

fn headline_table(headline: &DisclosedTable) -> String {
    let decimals = has_decimals(&headline.rows);
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

/// The gap with and without the children who are not seen, in one or two sentences.
fn gap(headline: &DisclosedTable) -> String {
    let rate = |group: &str, measure: &str| {
        let row = headline.rows.iter().find(|row| key(row) == group)?;
        match figure(headline, row, measure)? {
            Figure::PerCentTenths(tenths) => Some(tenths),
            _ => None,
        }
    };
    let rates = |measure| Some((rate("disadvantaged", measure)?, rate("other", measure)?));
    let (Some(seen), Some(whole)) = (rates("observed"), rates("whole_cohort")) else {
        return "The gap between the disadvantaged and the others cannot be shown: a group is empty, or too small."
            .to_owned();
    };
    let decimals = has_decimals(&headline.rows);
    let per_cent = |tenths| cell(Figure::PerCentTenths(tenths), decimals);
    let apart = |(one, other): (i64, i64)| {
        let points = per_cent((other - one).abs());
        let points = points.trim_end_matches('%');
        if points == "1" { "1 point".to_owned() } else { format!("{points} points") }
    };
    format!(
        "Of those whose GCSE results are seen: {} of the disadvantaged and {} of the others, {} apart. Counting \
         every child, seen or not: {} and {}, {} apart.",
        per_cent(seen.0),
        per_cent(seen.1),
        apart(seen),
        per_cent(whole.0),
        per_cent(whole.1),
        apart(whole)
    )
}

fn left_out(population: &str) -> &'static str {
    if population == "resident" {
        "Those who died, left England or moved to another authority are in the first table, not in the second."
    } else {
        "Those who died or left England are in the first table, not in the second."
    }
}

/// What the symbols mean that stand in these tables, and no others.
fn symbols(tables: &[&DisclosedTable]) -> Vec<(String, &'static str)> {
    let known = [
        ("c", "hidden: small, or would give a small figure away"),
        ("low", "more than nothing, and rounds to nothing"),
        ("x", "no figure: nobody to count"),
        ("z", "does not apply"),
    ];
    let stands = |symbol: &str| {
        let mut all = tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.figures);
        all.any(|figure| !figure.is_number() && figure.to_string() == symbol)
    };
    known.into_iter().filter(|(s, _)| stands(s)).map(|(s, meaning)| (s.to_owned(), meaning)).collect()
}

fn key(row: &DisclosedRow) -> &str {
    row.keys.first().map_or("", String::as_str)
}

fn figure(table: &DisclosedTable, row: &DisclosedRow, measure: &str) -> Option<Figure> {
    let at = table.measures.iter().position(|name| name == measure)?;
    row.figures.get(at).copied()
}

/// Whether any rate of the table has a decimal: then all are shown with one.
fn has_decimals(rows: &[DisclosedRow]) -> bool {
    rows.iter()
        .flat_map(|row| &row.figures)
        .any(|figure| matches!(figure, Figure::PerCentTenths(t) if t % 10 != 0))
}

/// A figure as it stands in a cell: `1,057`, `20.9%`, `c`.
fn cell(figure: Figure, decimals: bool) -> String {
    match figure {
        Figure::Count(n) if n < 0 => format!("-{}", thousands(n.unsigned_abs())),
        Figure::Count(n) => thousands(n.unsigned_abs()),
        Figure::PerCentTenths(tenths) if decimals => format!("{}.{}%", tenths / 10, (tenths % 10).abs()),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::Symbol;

    fn headline(rates: [Figure; 4]) -> DisclosedTable {
        let row = |group: &str, figures: &[Figure]| DisclosedRow {
            keys: vec![group.to_owned()],
            figures: figures.to_vec(),
        };
        DisclosedTable {
            title: String::new(),
            population: String::new(),
            policy: "synthetic",
            policy_in_words: String::new(),
            dimensions: vec!["group".into()],
            measures: vec!["observed".into(), "whole_cohort".into()],
            rows: vec![row("disadvantaged", &rates[..2]), row("other", &rates[2..])],
            notices: Vec::new(),
        }
    }

    #[test]
    fn the_gap_is_said_from_the_figures_that_are_shown() {
        let tenths = Figure::PerCentTenths;
        let said = gap(&headline([tenths(231), tenths(209), tenths(558), tenths(476)]));
        assert!(
            said.contains("23.1% of the disadvantaged and 55.8% of the others, 32.7 points apart"),
            "{said}"
        );
        assert!(said.contains("20.9% and 47.6%, 26.7 points apart"), "{said}");
        let round = gap(&headline([tenths(230), tenths(200), tenths(550), tenths(210)]));
        assert!(round.contains("32 points apart") && round.contains("1 point apart"), "{round}");
    }

    #[test]
    fn a_hidden_figure_hides_the_gap() {
        let hidden = Figure::Symbol(Symbol::Confidential);
        let tenths = Figure::PerCentTenths;
        let table = headline([hidden, tenths(209), tenths(558), tenths(476)]);
        assert!(gap(&table).contains("cannot be shown"));
        assert_eq!(symbols(&[&table]).len(), 1);
    }

    #[test]
    fn figures_of_one_table_look_alike() {
        assert_eq!(cell(Figure::Count(1_057), true), "1,057");
        assert_eq!(cell(Figure::Count(-1_057), true), "-1,057");
        assert_eq!(cell(Figure::PerCentTenths(250), true), "25.0%");
        assert_eq!(cell(Figure::PerCentTenths(250), false), "25%");
    }
}
