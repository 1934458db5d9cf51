use super::LakeFault;
use crate::privacy::{Digest16, Pseudonym};
use arrow::{
    array::{Array, AsArray},
    datatypes::{Date32Type, Int64Type},
};
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};
use std::{fs::File, path::Path};

/// One version of a registration at an establishment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The row that it is a version of.
    pub key: Digest16,
    /// Which version: the later has the greater.
    pub seq: i64,
    /// Whose it is.
    pub subject: Pseudonym,
    /// Where.
    pub establishment: String,
    /// Whether it is a live main registration: on roll, with no day of leaving, and no return of one day.
    pub is_live_main: bool,
}

/// Shows every version of a registration in a file of enrolments.
pub fn registrations(path: &Path, mut each: impl FnMut(Registration)) -> Result<(), LakeFault> {
    let wanted = [
        "row_key",
        "subject_id",
        "commit_seq",
        "tombstone",
        "establishment_id",
        "status",
        "ends_on",
        "observed_on",
    ];
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), wanted);
    for batch in builder.with_projection(mask).with_batch_size(8_192).build()? {
        let batch = batch?;
        let ids = |name: &str| batch.column_by_name(name).and_then(|array| array.as_fixed_size_binary_opt());
        let text = |name: &str| batch.column_by_name(name).and_then(|array| array.as_string_opt::<i32>());
        let seqs = batch.column_by_name("commit_seq").and_then(|array| array.as_primitive_opt::<Int64Type>());
        let gone = batch.column_by_name("tombstone").and_then(|array| array.as_boolean_opt());
        let columns =
            (ids("row_key"), ids("subject_id"), seqs, gone, text("establishment_id"), text("status"));
        let (Some(keys), Some(subjects), Some(seqs), Some(gone), Some(places), Some(status)) = columns else {
            return Err(LakeFault::Index);
        };
        let none = |name: &str, at: usize| batch.column_by_name(name).is_none_or(|array| array.is_null(at));
        for at in (0..batch.num_rows()).filter(|at| keys.is_valid(*at) && subjects.is_valid(*at)) {
            let digest = |bytes: &[u8]| Digest16::try_from(bytes).map_err(|_| LakeFault::Index);
            let main = status.is_valid(at) && ["C", "M"].contains(&status.value(at));
            let told = places.is_valid(at) && !gone.value(at);
            each(Registration {
                key: digest(keys.value(at))?,
                seq: seqs.value(at),
                subject: digest(subjects.value(at))?,
                establishment: if told { places.value(at).to_owned() } else { String::new() },
                is_live_main: told && main && none("ends_on", at) && none("observed_on", at),
            });
        }
    }
    Ok(())
}

/// The columns in which a row may say of which day it is: the first that is filled counts.
const DAYS: [&str; 3] = ["observed_on", "occurred_on", "starts_on"];

/// One version of a row, by one word that it may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version<'r> {
    /// The row that it is a version of.
    pub key: Digest16,
    /// Which version: the later has the greater.
    pub seq: i64,
    /// Whose it is; none where a tombstone does not say.
    pub subject: Option<Pseudonym>,
    /// Of which day (observed, occurred or begun), since 1970; the least where none is told.
    pub day: i32,
    /// The last day, since 1970, where one is told.
    pub ends: Option<i32>,
    /// The word; none where the version says none, or takes the row back.
    pub word: Option<&'r str>,
}

/// Shows every version of the rows of a file with what it says in a column of words, also one that was corrected or
/// withdrawn later: which of them stands, whoever asks has to say.
pub fn versions(path: &Path, column: &str, mut each: impl FnMut(Version<'_>)) -> Result<(), LakeFault> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let wanted = ["row_key", "subject_id", "commit_seq", "tombstone"].into_iter().chain(DAYS);
    let wanted = wanted.chain(["ends_on", column]);
    let mask = ProjectionMask::columns(builder.parquet_schema(), wanted);
    for batch in builder.with_projection(mask).with_batch_size(8_192).build()? {
        let batch = batch?;
        let of = |name: &str| batch.column_by_name(name);
        let ids = |name: &str| of(name).and_then(|array| array.as_fixed_size_binary_opt());
        let seqs = of("commit_seq").and_then(|array| array.as_primitive_opt::<Int64Type>());
        let gone = of("tombstone").and_then(|array| array.as_boolean_opt());
        let (Some(keys), Some(subjects), Some(seqs), Some(gone)) =
            (ids("row_key"), ids("subject_id"), seqs, gone)
        else {
            return Err(LakeFault::Index);
        };
        let named = of(column).and_then(|array| array.as_string_opt::<i32>());
        let dates = |name: &str| of(name).and_then(|array| array.as_primitive_opt::<Date32Type>());
        let (days, ends) = (DAYS.map(dates), dates("ends_on"));
        for at in (0..batch.num_rows()).filter(|at| keys.is_valid(*at)) {
            let digest = |bytes: &[u8]| Digest16::try_from(bytes).map_err(|_| LakeFault::Index);
            let told = days.iter().flatten().find(|days| days.is_valid(at));
            let word = named.filter(|named| named.is_valid(at) && !gone.value(at));
            each(Version {
                key: digest(keys.value(at))?,
                seq: seqs.value(at),
                subject: if subjects.is_valid(at) { Some(digest(subjects.value(at))?) } else { None },
                day: told.map_or(i32::MIN, |days| days.value(at)),
                ends: ends.filter(|ends| ends.is_valid(at)).map(|ends| ends.value(at)),
                word: word.map(|named| named.value(at)),
            });
        }
    }
    Ok(())
}
