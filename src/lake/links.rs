use super::{LakeFault, Meta, columns, write::store};
use crate::{
    catalog::{FileKind, NewFile},
    fault::Name,
    privacy::{Link, Relinked, Storable},
};
use arrow::{
    array::{
        ArrayRef, AsArray, Date32Array, Decimal128Builder, FixedSizeBinaryArray, RecordBatch, StringArray,
    },
    datatypes::{DataType, Decimal128Type, Field, Schema},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The folder of what a relation about links holds.
pub(super) fn links_path(entity: &str, meta: &Meta<'_>) -> PathBuf {
    PathBuf::from("lake").join(entity).join(format!("{:06}-{:06}.parquet", meta.run, meta.seq))
}

fn written(entity: &str, rows: usize, batch: &RecordBatch, meta: &Meta<'_>) -> Result<NewFile, LakeFault> {
    let path = links_path(entity, meta);
    let (bytes, sha256) = store(meta.data_dir, &path, batch)?;
    let (entity, rows) = (entity.to_owned(), rows as u64);
    Ok(NewFile { kind: FileKind::Link, entity, ay: None, path, rows, bytes, sha256 })
}

fn id(name: &str) -> Field {
    Field::new(name, DataType::FixedSizeBinary(16), false)
}

/// Writes which subjects were given another learner, and when: (`subject_id`, `learner_id_before`, `learner_id_after`,
/// `changed_on`).
pub fn write_changes(
    changes: impl Storable<Content = Vec<Relinked>>,
    meta: &Meta<'_>,
) -> Result<NewFile, LakeFault> {
    let changes = changes.into_content();
    let schema = Schema::new(vec![
        id("subject_id"),
        id("learner_id_before"),
        id("learner_id_after"),
        Field::new("changed_on", DataType::Date32, false),
    ]);
    let arrays: Vec<ArrayRef> = vec![
        columns::ids(changes.iter().map(|change| Some(&change.subject)))?,
        columns::ids(changes.iter().map(|change| Some(&change.before)))?,
        columns::ids(changes.iter().map(|change| Some(&change.after)))?,
        Arc::new(Date32Array::from_iter_values(changes.iter().map(|change| change.day))),
    ];
    let batch = RecordBatch::try_new(Arc::new(schema), arrays)?;
    written("learner_change", changes.len(), &batch, meta)
}

/// The links of a published file.
pub fn links_held(path: &Path) -> Result<Vec<Link>, LakeFault> {
    let mut links = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
        let batch = batch?;
        let ids = |name| batch.column_by_name(name).and_then(|array| array.as_fixed_size_binary_opt());
        let words = |name| batch.column_by_name(name).and_then(|array| array.as_string_opt::<i32>());
        let stated =
            batch.column_by_name("probability").and_then(|array| array.as_primitive_opt::<Decimal128Type>());
        let columns = (ids("subject_id"), ids("learner_id"), words("method"), words("band"), stated);
        let (Some(subjects), Some(learners), Some(methods), Some(bands), Some(stated)) = columns else {
            return Err(LakeFault::Index);
        };
        for at in 0..batch.num_rows() {
            let digest = |ids: &FixedSizeBinaryArray| ids.value(at).try_into().map_err(|_| LakeFault::Index);
            links.push(Link {
                subject: digest(subjects)?,
                learner: digest(learners)?,
                // Our own words: they were names when this was written.
                method: Name::declare(methods.value(at)),
                probability: stated.value(at) as u16,
                band: Name::declare(bands.value(at)),
                left: 0,
            });
        }
    }
    Ok(links)
}

/// Writes which subjects are which learners. The newest published file replaces the one before.
pub fn write_links(
    links: impl Storable<Content = Vec<Link>>,
    model: &str,
    meta: &Meta<'_>,
) -> Result<NewFile, LakeFault> {
    let links = links.into_content();
    let mut probability = Decimal128Builder::with_capacity(links.len()).with_precision_and_scale(5, 4)?;
    for link in &links {
        probability.append_value(i128::from(link.probability));
    }
    let words = |word: fn(&Link) -> &'static str| StringArray::from_iter_values(links.iter().map(word));
    let text = |name| Field::new(name, DataType::Utf8, false);
    let arrays: Vec<ArrayRef> = vec![
        columns::ids(links.iter().map(|link| Some(&link.subject)))?,
        columns::ids(links.iter().map(|link| Some(&link.learner)))?,
        Arc::new(words(|link| link.method.as_str())),
        Arc::new(probability.finish()),
        Arc::new(words(|link| link.band.as_str())),
        Arc::new(StringArray::from_iter_values(links.iter().map(|_| model))),
    ];
    let schema = Schema::new(vec![
        id("subject_id"),
        id("learner_id"),
        text("method"),
        Field::new("probability", DataType::Decimal128(5, 4), false),
        text("band"),
        text("model"),
    ]);
    let batch = RecordBatch::try_new(Arc::new(schema), arrays)?;
    written("learner_link", links.len(), &batch, meta)
}
