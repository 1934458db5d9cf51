use super::LakeFault;
use crate::privacy::{ColumnType, EntityPlan};
use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::Date32Type,
};
use chrono::{Datelike, NaiveDate, TimeDelta};
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};
use std::{collections::BTreeMap, fs::File, path::Path};

/// An interval without end is counted in so many years at most: a record that nobody closed is not evidence for ever.
const LONGEST: i32 = 15;

/// How much the lake holds, by source, item and academic year.
#[derive(Clone, Debug, Default)]
pub struct Coverage(pub BTreeMap<Item, BTreeMap<i32, Held>>);

/// What is counted: an entity of one source, apart by kind where the entity has kinds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// The source.
    pub source: String,
    /// The entity.
    pub entity: String,
    /// The code in the entity's column `kind`; empty where it has none.
    pub kind: String,
}

/// What one item holds for one year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Records.
    pub records: u64,
    /// By column, how many of these records have it filled.
    pub filled: BTreeMap<String, u64>,
}

impl Coverage {
    /// Counts a lake file's records in the academic years that they are about: the year of the day they were true, else each year
    /// of their interval up to `until`, else the year of their date. Rows that say others are gone are not counted.
    pub fn add(
        &mut self,
        path: &Path,
        source: &str,
        plan: &EntityPlan,
        until: NaiveDate,
    ) -> Result<(), LakeFault> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
        let columns: Vec<&str> =
            plan.columns.iter().filter(|column| column.stored()).map(|column| column.name.as_str()).collect();
        let mask =
            ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied().chain(["tombstone"]));
        for batch in builder.with_projection(mask).build()? {
            self.take(&batch?, source, plan, until);
        }
        Ok(())
    }

    fn take(&mut self, batch: &RecordBatch, source: &str, plan: &EntityPlan, until: NaiveDate) {
        let Some(gone) = batch.column_by_name("tombstone").and_then(|array| array.as_boolean_opt()) else {
            return;
        };
        let column = |name: &str| batch.column_by_name(name);
        let kinds = column("kind").and_then(|array| array.as_string_opt::<i32>());
        let dates = Dates::of(batch, plan);
        let stored: Vec<(&str, &ArrayRef)> = plan
            .columns
            .iter()
            .filter(|spec| spec.stored() && spec.name.as_str() != "kind")
            .filter_map(|spec| Some((spec.name.as_str(), column(spec.name.as_str())?)))
            .collect();
        for at in (0..batch.num_rows()).filter(|at| !gone.value(*at)) {
            let kind =
                kinds.filter(|kinds| kinds.is_valid(at)).map_or("", |kinds| kinds.value(at)).to_owned();
            let item = Item { source: source.to_owned(), entity: plan.name.to_string(), kind };
            let years = self.0.entry(item).or_default();
            for year in dates.years(at, until) {
                let held = years.entry(year).or_default();
                held.records += 1;
                for (name, array) in &stored {
                    if array.is_valid(at) {
                        match held.filled.get_mut(*name) {
                            Some(n) => *n += 1,
                            None => drop(held.filled.insert((*name).to_owned(), 1)),
                        }
                    }
                }
            }
        }
    }
}

/// The dates that say which years a record is about.
struct Dates<'b> {
    observed: Option<&'b ArrayRef>,
    interval: Option<(&'b ArrayRef, &'b ArrayRef)>,
    dated: Option<&'b ArrayRef>,
}

impl<'b> Dates<'b> {
    fn of(batch: &'b RecordBatch, plan: &EntityPlan) -> Self {
        let named = |at: usize| batch.column_by_name(plan.columns[at].name.as_str());
        let interval = plan.interval.and_then(|(from, to)| Some((named(from)?, named(to)?)));
        let dated = plan
            .dated_by
            .or_else(|| plan.columns.iter().position(|column| column.kind == ColumnType::Date))
            .and_then(named);
        Self { observed: batch.column_by_name("observed_on"), interval, dated }
    }

    fn years(&self, at: usize, until: NaiveDate) -> std::ops::RangeInclusive<i32> {
        if let Some(day) = self.observed.and_then(|array| day(array, at)) {
            return year(day)..=year(day);
        }
        if let Some((from, to)) = self.interval
            && let Some(first) = day(from, at)
        {
            let last = day(to, at).unwrap_or(until).min(until).max(first);
            return year(first).max(year(last) - LONGEST)..=year(last);
        }
        match self.dated.and_then(|array| day(array, at)) {
            Some(day) => year(day)..=year(day),
            // True on no day that it names: a live record, about now.
            None => year(until)..=year(until),
        }
    }
}

fn day(array: &ArrayRef, at: usize) -> Option<NaiveDate> {
    let days = array.as_primitive_opt::<Date32Type>().filter(|array| array.is_valid(at))?.value(at);
    NaiveDate::default().checked_add_signed(TimeDelta::days(i64::from(days)))
}

/// The academic year that a day lies in, by the year in which it ends.
fn year(day: NaiveDate) -> i32 {
    if day.month() >= 9 { day.year() + 1 } else { day.year() }
}
