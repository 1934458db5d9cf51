use super::{LakeFault, Meta, columns, write::store};
use crate::{
    catalog::{FileKind, NewFile},
    privacy::{Link, Storable},
};
use arrow::{
    array::{ArrayRef, Decimal128Builder, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use std::{path::PathBuf, sync::Arc};

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
    let id = |name| Field::new(name, DataType::FixedSizeBinary(16), false);
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
    let path = PathBuf::from("lake/learner_link").join(format!("{:06}-{:06}.parquet", meta.run, meta.seq));
    let (bytes, sha256) = store(meta.data_dir, &path, &batch)?;
    let rows = links.len() as u64;
    Ok(NewFile {
        kind: FileKind::Link,
        entity: "learner_link".to_owned(),
        ay: None,
        path,
        rows,
        bytes,
        sha256,
    })
}
