use super::{LakeFault, Meta, columns, write::store};
use crate::{
    catalog::{FileKind, NewFile},
    fault::Name,
    privacy::{Link, LinkEvidence, LinkSample, Relinked, Storable},
};
use arrow::{
    array::{
        ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Decimal128Builder,
        FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray,
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

fn written(entity: &str, batch: &RecordBatch, meta: &Meta<'_>) -> Result<NewFile, LakeFault> {
    let path = links_path(entity, meta);
    let (bytes, sha256) = store(meta.data_dir, &path, batch)?;
    let (entity, rows) = (entity.to_owned(), batch.num_rows() as u64);
    Ok(NewFile { kind: FileKind::Link, entity, ay: None, path, rows, bytes, sha256 })
}

fn id(name: &str) -> Field {
    Field::new(name, DataType::FixedSizeBinary(16), false)
}

/// Writes which subjects were given another learner, and when: (`subject_id`, `learner_id_before`, `learner_id_after`,
/// `changed_at`).
pub fn write_changes(
    changes: impl Storable<Content = Vec<Relinked>>,
    meta: &Meta<'_>,
) -> Result<NewFile, LakeFault> {
    let changes = changes.into_content();
    let schema = Schema::new(vec![
        id("subject_id"),
        id("learner_id_before"),
        id("learner_id_after"),
        Field::new("changed_at", DataType::Date32, false),
    ]);
    let arrays: Vec<ArrayRef> = vec![
        columns::ids(changes.iter().map(|change| Some(&change.subject)))?,
        columns::ids(changes.iter().map(|change| Some(&change.before)))?,
        columns::ids(changes.iter().map(|change| Some(&change.after)))?,
        Arc::new(Date32Array::from_iter_values(changes.iter().map(|change| change.day))),
    ];
    let batch = RecordBatch::try_new(Arc::new(schema), arrays)?;
    written("learner_change", &batch, meta)
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
    written("learner_link", &batch, meta)
}

/// Writes how much each source told of its subjects: yes, no and numbers. It replaces the file before, as links do.
pub fn write_evidence(
    evidence: impl Storable<Content = Vec<LinkEvidence>>,
    meta: &Meta<'_>,
) -> Result<NewFile, LakeFault> {
    let evidence = evidence.into_content();
    let flags = |of: fn(&LinkEvidence) -> bool| -> ArrayRef {
        Arc::new(evidence.iter().map(|told| Some(of(told))).collect::<BooleanArray>())
    };
    let said = evidence.iter().map(|told| i64::from(told.said_times));
    let runners_up = evidence.iter().map(|told| told.runner_up.map(i128::from));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("subject_id", columns::ids(evidence.iter().map(|told| Some(&told.subject)))?),
        ("has_upn", flags(|told| told.has_upn)),
        ("upn_valid", flags(|told| told.upn_valid)),
        ("has_uln", flags(|told| told.has_uln)),
        ("has_name", flags(|told| told.has_name)),
        ("has_birth_date", flags(|told| told.has_birth_date)),
        ("has_postcode", flags(|told| told.has_postcode)),
        ("said_times", Arc::new(Int64Array::from_iter_values(said))),
        ("runner_up", ten_thousandths(runners_up)?),
    ];
    written("link_evidence", &RecordBatch::try_from_iter(columns)?, meta)
}

/// Writes what persons said of pairs that they were shown. It replaces the file before.
pub fn write_samples(
    samples: impl Storable<Content = Vec<LinkSample>>,
    meta: &Meta<'_>,
) -> Result<NewFile, LakeFault> {
    let samples = samples.into_content();
    let bands = samples.iter().map(|sample| sample.band.as_str());
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("band", Arc::new(StringArray::from_iter_values(bands))),
        (
            "drawn_from",
            Arc::new(StringArray::from_iter_values(samples.iter().map(|one| one.drawn_from.as_str()))),
        ),
        ("n_joined", Arc::new(Int64Array::from_iter_values(samples.iter().map(|one| one.joined)))),
        ("probability", ten_thousandths(samples.iter().map(|sample| Some(i128::from(sample.probability))))?),
        ("agreed", Arc::new(samples.iter().map(|sample| Some(sample.agreed)).collect::<BooleanArray>())),
    ];
    written("link_sample", &RecordBatch::try_from_iter(columns)?, meta)
}

fn ten_thousandths(values: impl Iterator<Item = Option<i128>>) -> Result<ArrayRef, LakeFault> {
    Ok(Arc::new(values.collect::<Decimal128Array>().with_precision_and_scale(5, 4)?))
}
