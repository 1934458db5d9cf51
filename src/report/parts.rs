//! Wholes that fall into named parts, through the gate: a row for each whole, a figure for each part.
//!
//! A part may fall into parts itself. What has parts is made of them: nothing can be left over.
use super::{Policy, ReportFault, Row, Time, shown};
use crate::disclosure::{self, Count, CountTable, Disclosed, DisclosedTable, Figure};

/// A part by its name.
#[derive(Debug, Clone)]
pub(super) struct Part {
    name: &'static str,
    count: u64,
    parts: Vec<Part>,
}

/// So many, and nothing known of what they are made of.
pub(super) fn part(name: &'static str, count: u64) -> Part {
    Part { name, count, parts: Vec::new() }
}

/// As many as these together.
pub(super) fn all_of(name: &'static str, parts: Vec<Part>) -> Part {
    Part { name, count: parts.iter().map(|part| part.count).sum(), parts }
}

/// So many, made of these and of nothing else: where they do not add up, the gate refuses the table.
pub(super) fn made_of(name: &'static str, count: u64, parts: Vec<Part>) -> Part {
    Part { name, count, parts }
}

impl Part {
    fn counted(self, key: &str) -> Count {
        Count {
            keys: vec![key.to_owned(), self.name.to_owned()],
            count: self.count,
            structural_zero: false,
            parts_are_all: !self.parts.is_empty(),
            parts: self.parts.into_iter().map(|part| part.counted(key)).collect(),
        }
    }
}

/// Wholes as the gate let them out.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) disclosed: Disclosed<DisclosedTable>,
}

/// Puts wholes, each under its key, through the gate. They share nobody, and no sum over them is shown.
pub(super) fn through(
    title: &str,
    population: &str,
    dimension: &str,
    wholes: impl IntoIterator<Item = (String, Part)>,
    policy: &Policy,
) -> Result<Parts, ReportFault> {
    let table = CountTable {
        title: title.to_owned(),
        population: population.to_owned(),
        dimensions: vec![dimension.to_owned(), "part".to_owned()],
        wholes: wholes.into_iter().map(|(key, whole)| whole.counted(&key)).collect(),
    };
    Ok(Parts { disclosed: disclosure::disclose(&table, policy)? })
}

impl Parts {
    /// For each whole its key and the figures of these parts, in their order.
    pub(super) fn figures(&self, names: &[&str]) -> Vec<(String, Vec<Figure>)> {
        shown::pivot(&self.disclosed, names)
    }

    /// A row for each whole: the figures of these parts, then the rate of one of them of another with its range.
    pub(super) fn rows(
        &self,
        names: &[&str],
        (part, whole): (&str, &str),
        time: &Time,
        label: impl Fn(&str) -> String,
        policy: &Policy,
    ) -> Vec<Row> {
        let at = |name: &str| names.iter().position(|other| *other == name).unwrap_or(usize::MAX);
        let (part, whole) = (at(part), at(whole));
        let row = |(key, mut figures): (String, Vec<Figure>)| {
            if let (Some(part), Some(whole)) = (figures.get(part).copied(), figures.get(whole).copied()) {
                figures.extend(shown::rate(part, whole, shown::decimals(policy)));
            }
            Row { label: label(&key), key, time: time.clone(), is_total: false, said: Vec::new(), figures }
        };
        self.figures(names).into_iter().map(row).collect()
    }

    /// What is said of hidden figures.
    pub(super) fn notes(&self) -> Vec<String> {
        shown::notes([&self.disclosed])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_parts_is_their_sum_and_each_part_has_a_figure() {
        let lost = all_of("lost", vec![part("missing", 20), part("nothing", 40)]);
        let whole = all_of("learners", vec![part("known", 140), lost]);
        let parts = through("t", "p", "year", [("7".to_owned(), whole)], &Policy::published())
            .expect("it holds together");
        let names = ["learners", "known", "lost", "missing", "nothing"];
        let rows =
            parts.rows(&names, ("lost", "learners"), &Time::year(2026), str::to_owned, &Policy::published());
        let texts: Vec<String> = rows[0].figures.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["200", "140", "60", "20", "40", "30%", "24%", "37%"]);
        assert!(parts.notes().is_empty());
    }
}
