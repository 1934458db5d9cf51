use super::LakeFault;
use crate::privacy::{Digest16, Pseudonym};
use arrow::array::{Array, AsArray, FixedSizeBinaryArray, RecordBatch};
use arrow::datatypes::Int64Type;
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};
use std::{collections::HashMap, fs::File, path::Path};

/// What the lake last said under one row key.
#[derive(Clone, Copy, Debug)]
pub struct KnownRow {
    /// The entity, by position in the definitions.
    pub entity: usize,
    /// Whom it is about.
    pub subject: Option<Pseudonym>,
    /// Its content's keyed hash.
    pub hash: i64,
    /// The snapshot scope it belongs to.
    pub scope: Option<Digest16>,
    /// The commit that said it.
    pub seq: i64,
    /// Whether it was said to be gone.
    pub gone: bool,
}

/// The latest rows of one source, by row key: what a new row is compared with.
/// About 100 bytes a row; the map is dropped when its source is done.
#[derive(Default)]
pub struct Known(HashMap<Digest16, KnownRow>);

impl Known {
    /// Reads a lake file of one entity into the map; the greater commit stands.
    pub fn load(&mut self, path: &Path, entity: usize) -> Result<(), LakeFault> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
        let names = ["subject_id", "row_key", "row_hash", "scope_id", "commit_seq", "tombstone"];
        let mask = ProjectionMask::columns(builder.parquet_schema(), names);
        for batch in builder.with_projection(mask).build()? {
            self.take(&batch?, entity);
        }
        Ok(())
    }

    fn take(&mut self, batch: &RecordBatch, entity: usize) {
        let ids = |name: &str| batch.column_by_name(name).and_then(|array| array.as_fixed_size_binary_opt());
        let (Some(subjects), Some(keys), Some(scopes)) = (ids("subject_id"), ids("row_key"), ids("scope_id"))
        else {
            return;
        };
        let numbers =
            |name: &str| batch.column_by_name(name).and_then(|array| array.as_primitive_opt::<Int64Type>());
        let (Some(hashes), Some(seqs)) = (numbers("row_hash"), numbers("commit_seq")) else { return };
        let Some(gone) = batch.column_by_name("tombstone").and_then(|array| array.as_boolean_opt()) else {
            return;
        };
        for at in 0..batch.num_rows() {
            let Some(key) = id(keys, at) else { continue };
            let row = KnownRow {
                entity,
                subject: id(subjects, at),
                hash: hashes.value(at),
                scope: id(scopes, at),
                seq: seqs.value(at),
                gone: gone.value(at),
            };
            let held = self.0.entry(key).or_insert(row);
            if row.seq >= held.seq {
                *held = row;
            }
        }
    }

    /// What is known under a key.
    pub fn get(&self, key: &Digest16) -> Option<&KnownRow> {
        self.0.get(key)
    }

    /// Notes what is now said under a key.
    pub fn set(&mut self, key: Digest16, row: KnownRow) {
        self.0.insert(key, row);
    }

    /// Rows not gone that fit, in key order.
    pub fn standing(&self, fits: impl Fn(&KnownRow) -> bool) -> Vec<(Digest16, KnownRow)> {
        let mut rows: Vec<_> =
            self.0.iter().filter(|(_, row)| !row.gone && fits(row)).map(|(key, row)| (*key, *row)).collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        rows
    }
}

fn id(array: &FixedSizeBinaryArray, at: usize) -> Option<Digest16> {
    if array.is_null(at) { None } else { array.value(at).try_into().ok() }
}
