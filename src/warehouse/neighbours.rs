//! Whether rows that come in the order of some columns are told apart by them: where two are not, they stand side by side.
use arrow::array::BooleanArray;
use arrow::compute::and;
use arrow::compute::kernels::cmp::not_distinct;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

/// Ordered rows on their way past, piece by piece.
pub(super) struct Neighbours {
    /// The places of the columns.
    columns: Vec<usize>,
    /// The last row that was met, and whether it was like the one before it.
    last: Option<RecordBatch>,
    is_like_the_one_before: bool,
    /// How many values of the columns more than one row has had so far.
    pub(super) told_again: i64,
}

impl Neighbours {
    /// Rows ordered by the columns at these places.
    pub(super) fn of(columns: Vec<usize>) -> Self {
        Self { columns, last: None, is_like_the_one_before: false, told_again: 0 }
    }

    /// Meets the next rows. An empty cell is like an empty cell.
    ///
    /// # Errors
    /// When rows have other columns than the last.
    pub(super) fn meet(&mut self, rows: &RecordBatch) -> Result<(), ArrowError> {
        let rows = rows.project(&self.columns)?;
        let Some(newest) = rows.num_rows().checked_sub(1) else { return Ok(()) };
        if let Some(last) = self.last.take() {
            self.count(&alike(&last, &rows.slice(0, 1))?);
        }
        self.count(&alike(&rows.slice(0, newest), &rows.slice(1, newest))?);
        self.last = Some(rows.slice(newest, 1));
        Ok(())
    }

    /// Counts where rows begin to be like the one before.
    fn count(&mut self, alike: &BooleanArray) {
        for is_alike in alike.values() {
            self.told_again += i64::from(is_alike && !self.is_like_the_one_before);
            self.is_like_the_one_before = is_alike;
        }
    }
}

/// For each row whether it is like the one at the same place of the other.
fn alike(rows: &RecordBatch, others: &RecordBatch) -> Result<BooleanArray, ArrowError> {
    let mut alike = BooleanArray::from(vec![true; rows.num_rows()]);
    for (column, other) in rows.columns().iter().zip(others.columns()) {
        alike = and(&alike, &not_distinct(column, other)?)?;
    }
    Ok(alike)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int32Array, StringArray};

    use super::*;

    fn rows(ids: &[Option<&str>], years: &[Option<i32>]) -> RecordBatch {
        let ids: ArrayRef = Arc::new(StringArray::from(ids.to_vec()));
        let years: ArrayRef = Arc::new(Int32Array::from(years.to_vec()));
        RecordBatch::try_from_iter_with_nullable([
            ("other", years.clone(), true),
            ("id", ids, true),
            ("ay", years, true),
        ])
        .unwrap()
    }

    #[test]
    fn values_that_rows_share_are_counted_once_each_across_pieces() {
        let ids = [Some("a"), Some("a"), Some("a"), Some("b"), Some("b"), None, None, None];
        let years = [Some(1), Some(1), Some(1), Some(1), Some(2), Some(2), None, None];
        for size in 1..=8 {
            let mut neighbours = Neighbours::of(vec![1, 2]);
            for (ids, years) in ids.chunks(size).zip(years.chunks(size)) {
                neighbours.meet(&rows(ids, years)).unwrap();
            }
            neighbours.meet(&rows(&[], &[])).unwrap();
            assert_eq!(neighbours.told_again, 2, "pieces of {size}");
        }
        let mut by_year = Neighbours::of(vec![2]);
        by_year.meet(&rows(&[Some("a"), Some("b")], &[Some(1), Some(2)])).unwrap();
        assert_eq!(by_year.told_again, 0);
    }
}
