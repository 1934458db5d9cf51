//! Less exact, so that more people are alike.
use super::cell::{Cell, Kind};
use crate::definitions::CodeList;
use chrono::{Datelike, NaiveDate};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// How a column is told less exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coarsen {
    /// A day as the first of its month.
    Month,
    /// A day as the first of its quarter.
    Quarter,
    /// A day as 1 September of its academic year.
    AcademicYear,
    /// A day as 1 January of its year.
    Year,
    /// A number as the multiple below it.
    Step(u32),
    /// A code as the group that its list puts it in: the list's column.
    Group(String),
}

impl Coarsen {
    /// Reads what a definition says of a column of this kind.
    ///
    /// # Errors
    /// What would be right.
    pub(super) fn read(value: &toml::Value, kind: Kind, list: Option<&CodeList>) -> Result<Self, String> {
        match (kind, value) {
            (Kind::Day, toml::Value::String(word)) => match word.as_str() {
                "month" => Ok(Self::Month),
                "quarter" => Ok(Self::Quarter),
                "academic_year" => Ok(Self::AcademicYear),
                "year" => Ok(Self::Year),
                _ => Err("a date becomes a `month`, `quarter`, `academic_year` or `year`".into()),
            },
            (Kind::Whole | Kind::Decimal(..), toml::Value::Integer(step)) if (1..=1000).contains(step) => {
                Ok(Self::Step(*step as u32))
            }
            (Kind::Whole | Kind::Decimal(..), _) => {
                Err("a number is told in steps: write a whole number from 1 to 1000".into())
            }
            (Kind::Text, toml::Value::String(group)) => {
                let known: Vec<&str> = groups(list).collect();
                if known.contains(&group.as_str()) {
                    return Ok(Self::Group(group.clone()));
                }
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                Err(format!("a code becomes its group: the groups that its list knows are {known}"))
            }
            _ => Err("this column cannot be told less exactly: leave it out".into()),
        }
    }

    /// The cell, less exact.
    pub(super) fn of(&self, cell: &Cell, kind: Kind, list: Option<&CodeList>) -> Cell {
        match self {
            Self::Step(step) => stepped(cell, kind, i128::from(*step)),
            Self::Group(group) => match cell {
                Cell::Text(code) => grouped(code, group, list),
                _ => Cell::Empty,
            },
            by_date => match cell.day() {
                Some(day) => by_date.first_of(day).map_or(Cell::Empty, Cell::of_day),
                None => Cell::Empty,
            },
        }
    }

    fn first_of(&self, day: NaiveDate) -> Option<NaiveDate> {
        let (year, month) = (day.year(), day.month());
        match self {
            Self::Month => NaiveDate::from_ymd_opt(year, month, 1),
            Self::Quarter => NaiveDate::from_ymd_opt(year, (month - 1) / 3 * 3 + 1, 1),
            Self::AcademicYear => NaiveDate::from_ymd_opt(if month >= 9 { year } else { year - 1 }, 9, 1),
            _ => NaiveDate::from_ymd_opt(year, 1, 1),
        }
    }

    /// What can be tried next on a column, the least loss first.
    pub(super) fn next(now: Option<&Self>, kind: Kind, list: Option<&CodeList>) -> Vec<Self> {
        match kind {
            Kind::Day => {
                let all = [Self::Month, Self::Quarter, Self::AcademicYear, Self::Year];
                let at = now.and_then(|now| all.iter().position(|one| one == now)).map_or(0, |at| at + 1);
                all[at..].to_vec()
            }
            Kind::Whole | Kind::Decimal(..) => {
                let least = if let Some(Self::Step(step)) = now { *step } else { 0 };
                [2, 5, 10, 20, 50].into_iter().filter(|step| *step > least).map(Self::Step).collect()
            }
            Kind::Text if now.is_none() => groups(list).map(|group| Self::Group(group.to_owned())).collect(),
            Kind::Text | Kind::Flag => Vec::new(),
        }
    }
}

impl fmt::Display for Coarsen {
    /// As `study.toml` has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month => f.write_str("\"month\""),
            Self::Quarter => f.write_str("\"quarter\""),
            Self::AcademicYear => f.write_str("\"academic_year\""),
            Self::Year => f.write_str("\"year\""),
            Self::Step(step) => write!(f, "{step}"),
            Self::Group(group) => write!(f, "\"{group}\""),
        }
    }
}

/// The columns of a list that put its codes into groups: what it adds to code, label and days, with fewer words than codes.
fn groups(list: Option<&CodeList>) -> impl Iterator<Item = &str> {
    list.into_iter().flat_map(|list| {
        list.columns.iter().enumerate().skip(4).filter_map(|(at, name)| {
            let mut sizes: BTreeMap<&str, u32> = BTreeMap::new();
            for row in &list.rows {
                *sizes.entry(row[at].as_str()).or_default() += 1;
            }
            let is_group = name != "also" && !sizes.contains_key("") && sizes.len() * 2 <= list.rows.len();
            is_group.then_some(name.as_str())
        })
    })
}

fn grouped(code: &Arc<str>, group: &str, list: Option<&CodeList>) -> Cell {
    let found = list.and_then(|list| {
        let at = list.columns.iter().position(|column| column == group)?;
        list.rows.iter().find(|row| *row[0] == **code).map(|row| Cell::text(&row[at]))
    });
    // A word that the list does not know (`not_known`) is a group already.
    found.unwrap_or_else(|| Cell::Text(code.clone()))
}

fn stepped(cell: &Cell, kind: Kind, step: i128) -> Cell {
    match (cell, kind) {
        (Cell::Whole(whole), _) => Cell::Whole((i128::from(*whole).div_euclid(step) * step) as i64),
        (Cell::Decimal(steps), Kind::Decimal(_, after)) => {
            let step = step * 10_i128.pow(u32::try_from(after).unwrap_or(0));
            Cell::Decimal(steps.div_euclid(step) * step)
        }
        _ => Cell::Empty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_becomes_the_first_of_its_time_and_a_number_the_multiple_below() {
        let day = Cell::read("2019-02-14", Kind::Day).unwrap();
        for (how, first) in [
            (Coarsen::Month, "2019-02-01"),
            (Coarsen::Quarter, "2019-01-01"),
            (Coarsen::AcademicYear, "2018-09-01"),
            (Coarsen::Year, "2019-01-01"),
        ] {
            assert_eq!(how.of(&day, Kind::Day, None).written(Kind::Day), first);
        }
        let kind = Kind::Decimal(9, 2);
        let score = Cell::read("113.50", kind).unwrap();
        assert_eq!(Coarsen::Step(5).of(&score, kind, None).written(kind), "110.00");
        assert_eq!(Coarsen::Step(5).of(&Cell::Whole(-3), Kind::Whole, None), Cell::Whole(-5));
        assert_eq!(Coarsen::Step(5).of(&Cell::Empty, Kind::Whole, None), Cell::Empty);
    }
}
