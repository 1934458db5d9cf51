//! The page on a terminal.
use super::{
    super::super::screen::{table, wrap},
    LinkPage,
    sections::{self, Section},
};
use std::fmt::Write as _;

pub(super) fn page(page: &LinkPage) -> String {
    let all = sections::sections(page);
    let mut out = format!("How well are records linked?\n{}", wrap(&sections::in_short(page), 0));
    for section in &all {
        let _ = write!(out, "\n\n{}\n{}\n\n{}", section.title, wrap(&section.words, 0), lines(section));
        for note in &section.notes {
            let _ = write!(out, "\n{}", wrap(note, 0));
        }
    }
    out.push('\n');
    for (symbol, meaning) in sections::legend(&all) {
        let _ = write!(out, "\n  {symbol:<12}{}", wrap(meaning, 14));
    }
    if let Some(why) = sections::why_hidden(page) {
        let _ = write!(out, "\n\n{}", wrap(&why, 0));
    }
    let control =
        format!("Disclosure control, policy `{}`. {}", page.about.policy, page.about.policy_in_words);
    let _ = write!(
        out,
        "\n\n{}\nHow to read this: docs/linkage.md. Data as at {}. Release {}",
        wrap(&control, 0),
        page.about.as_of,
        page.about.release
    );
    out
}

fn lines(section: &Section) -> String {
    let rows = section.rows.iter().map(|line| line.cells.clone()).collect();
    let right: Vec<usize> = (1..section.header.len()).collect();
    table(&section.header, rows, &right)
}
