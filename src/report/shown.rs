//! From disclosed tables to tables of a report, and what can be worked out from figures that are shown.
use super::{Column, Row, Time, Unit};
use crate::disclosure::{Disclosed, DisclosedTable, Figure, Policy, Symbol};

/// z of a 95% interval.
const Z: f64 = 1.96;

/// Decimals of a rate: made-up learners have one, for nothing of them is rounded.
pub(super) fn decimals(policy: &Policy) -> u8 {
    u8::from(policy.threshold() == 0)
}

/// A disclosed tree of counts with two keys (row, part), one row for each first key in its order.
pub(super) fn pivot(table: &Disclosed<DisclosedTable>, parts: &[&str]) -> Vec<(String, Vec<Figure>)> {
    let mut rows: Vec<(String, Vec<Figure>)> = Vec::new();
    for row in &table.as_ref().rows {
        let [key, part] = &row.keys[..] else { continue };
        if rows.last().is_none_or(|(last, _)| last != key) {
            rows.push((key.clone(), vec![Figure::Symbol(Symbol::NotAvailable); parts.len()]));
        }
        let at = parts.iter().position(|name| name == part);
        let place = rows.last_mut().zip(at).and_then(|((_, figures), at)| figures.get_mut(at));
        if let (Some(place), Some(figure)) = (place, row.figures.first()) {
            *place = *figure;
        }
    }
    rows
}

/// A rate and the ends of its 95% interval, from two counts that are shown.
pub(super) fn rate(part: Figure, whole: Figure, decimals: u8) -> [Figure; 3] {
    match (part, whole) {
        (Figure::Count(part), Figure::Count(whole)) if whole > 0 => {
            of_numbers(part as f64, whole as f64, whole as f64, decimals)
        }
        (symbol @ Figure::Symbol(_), _) | (_, symbol @ Figure::Symbol(_)) => [symbol; 3],
        _ => [Figure::Symbol(Symbol::NotAvailable); 3],
    }
}

/// The same from numbers, with an interval for so many people.
pub(super) fn of_numbers(part: f64, whole: f64, people: f64, decimals: u8) -> [Figure; 3] {
    let share = (part / whole).clamp(0.0, 1.0);
    let (low, high) = wilson(share, people);
    [share, low, high].map(|share| per_cent(share, decimals))
}

/// A share from 0 to 1 as per cent, with one decimal or none.
pub(super) fn per_cent(share: f64, decimals: u8) -> Figure {
    let tenths = if decimals == 0 { (share * 100.0).round() * 10.0 } else { (share * 1000.0).round() };
    Figure::PerCentTenths(tenths as i64)
}

/// The 95% Wilson score interval of a share of so many people.
fn wilson(share: f64, people: f64) -> (f64, f64) {
    let spread = Z * Z / people;
    let middle = share + spread / 2.0;
    let half = Z * (share * (1.0 - share) / people + spread / people / 4.0).sqrt();
    (((middle - half) / (1.0 + spread)).max(0.0), ((middle + half) / (1.0 + spread)).min(1.0))
}

/// The count of a figure.
pub(super) fn count(figure: Figure) -> Option<f64> {
    match figure {
        Figure::Count(count) => Some(count as f64),
        _ => None,
    }
}

/// The sum of counts that are shown; hidden if any of them is.
pub(super) fn sum(figures: &[Figure]) -> Figure {
    let mut total = 0;
    for figure in figures {
        match figure {
            Figure::Count(count) => total += count,
            Figure::Symbol(Symbol::Low | Symbol::NotApplicable) => {}
            _ => return Figure::Symbol(Symbol::Confidential),
        }
    }
    Figure::Count(total)
}

/// The columns of a group with a part of it.
pub(super) fn of_part(whole: &'static str, part: &'static str) -> [Column; 5] {
    let column = |name, heading, unit| Column { name, heading, unit };
    [
        column("denominator", whole, Unit::Count),
        column("numerator", part, Unit::Count),
        column("rate", "rate", Unit::PerCent),
        column("rate_low", "at least", Unit::PerCent),
        column("rate_high", "at most", Unit::PerCent),
    ]
}

/// The rows of a disclosed grid: groups, then their sum. `label` gives a group its name.
pub(super) fn grid_rows(
    table: &Disclosed<DisclosedTable>,
    time: &Time,
    label: impl Fn(&str) -> String,
) -> Vec<Row> {
    let last = table.as_ref().rows.len().saturating_sub(1);
    let rows = table.as_ref().rows.iter().enumerate();
    rows.map(|(at, row)| {
        let key = row.keys.first().cloned().unwrap_or_default();
        let is_total = at == last;
        let label = if is_total { "Total".to_owned() } else { label(&key) };
        let figures = row.figures.iter().take(5).copied().collect();
        Row { key, label, time: time.clone(), is_total, said: Vec::new(), figures }
    })
    .collect()
}

/// What a table says of its hidden figures.
pub(super) fn notes<'a>(tables: impl IntoIterator<Item = &'a Disclosed<DisclosedTable>>) -> Vec<String> {
    let hides = tables.into_iter().flat_map(|table| &table.as_ref().notices).next();
    hides
        .map(|notice| {
            format!(
                "Figures marked c are hidden. Why: {}. Safe to ask instead: {}.",
                notice.why, notice.instead
            )
        })
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons_and_a_hidden_count_hides_its_rate() {
        let [rate_, low, high] = rate(Figure::Count(81), Figure::Count(263), 1);
        // Newcombe (1998), table I, method 3.
        assert_eq!(
            (rate_, low, high),
            (Figure::PerCentTenths(308), Figure::PerCentTenths(255), Figure::PerCentTenths(366))
        );
        let hidden = Figure::Symbol(Symbol::Confidential);
        assert_eq!(rate(hidden, Figure::Count(263), 1), [hidden; 3]);
        assert_eq!(rate(Figure::Count(1), hidden, 1), [hidden; 3]);
        assert_eq!(rate(Figure::Count(0), Figure::Count(0), 1), [Figure::Symbol(Symbol::NotAvailable); 3]);
        assert_eq!(sum(&[Figure::Count(5), hidden]), hidden);
    }
}
