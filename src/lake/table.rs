//! Rows in the making: columns that grow as rows come, so that no row is kept as such.
use super::{
    Entry, LakeFault, NO_FILE, StoredRow,
    columns::{self, Column},
    write::academic_year,
};
use crate::{
    fault::Name,
    privacy::{Digest16, Drawn, EntityPlan, Pseudonym, Storable},
};
use arrow::{
    array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray, UInt32Array},
    compute::take,
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use std::{collections::HashMap, sync::Arc};

/// One entity's rows, in the order in which they came.
pub struct Table {
    heads: Vec<Head>,
    /// One for each column of the plan; none for a dropped one.
    columns: Vec<Option<Column>>,
}

/// A row but for its cells.
struct Head {
    key: Digest16,
    subject: Option<Pseudonym>,
    hash: i64,
    seq: i64,
    record: u64,
    scope: Option<Digest16>,
    document: Digest16,
    part: u32,
    row: u32,
    feed: Name,
    ay: Option<i32>,
    gone: bool,
}

impl Table {
    /// An entity without rows.
    pub fn new(plan: &EntityPlan) -> Self {
        let columns = plan.columns.iter().map(|column| column.stored().then(|| Column::of(column)));
        Self { heads: Vec::new(), columns: columns.collect() }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Adds a row.
    pub fn push(
        &mut self,
        row: impl Storable<Content = StoredRow>,
        plan: &EntityPlan,
    ) -> Result<(), LakeFault> {
        self.add(row.into_content(), plan)
    }

    pub(super) fn add(&mut self, row: StoredRow, plan: &EntityPlan) -> Result<(), LakeFault> {
        let StoredRow { drawn, feed, scope, seq, tombstone, record } = row;
        let Drawn { subject, row_key, row_hash, cells, origin, .. } = drawn;
        // Of what is gone, the name is all there is to say.
        let (ay, hash) = if tombstone { (None, 0) } else { (academic_year(&cells, plan), row_hash) };
        for (column, cell) in self.columns.iter_mut().zip(&cells) {
            match column {
                Some(column) if tombstone => column.push_nothing(),
                Some(column) => column.push(cell)?,
                None => {}
            }
        }
        self.heads.push(Head {
            key: row_key,
            subject,
            hash,
            seq,
            record,
            scope,
            document: origin.document,
            part: origin.part,
            row: origin.row,
            feed,
            ay,
            gone: tombstone,
        });
        Ok(())
    }

    /// The positions of the rows in the order of their keys, and of one key by sequence and record.
    pub(super) fn by_key(&self) -> Vec<u32> {
        let mut order: Vec<(u128, i64, u64, u32)> = self.heads.iter().enumerate().map(Head::order).collect();
        order.sort_unstable();
        order.into_iter().map(|(.., at)| at).collect()
    }

    /// The rows as an index knows them, in an order of theirs.
    pub(super) fn entries(&self, order: &[u32], entity: Name) -> Vec<Entry> {
        let entry = |at: &u32| {
            let head = &self.heads[*at as usize];
            Entry {
                key: head.key,
                subject: head.subject,
                hash: head.hash,
                seq: head.seq,
                record: head.record,
                scope: head.scope,
                entity,
                file: NO_FILE,
                gone: head.gone,
                staged: true,
            }
        };
        order.iter().map(entry).collect()
    }

    /// The academic year that a row is filed under.
    pub(super) fn year(&self, at: u32) -> Option<i32> {
        self.heads[at as usize].ay
    }

    /// The columns at their end: no row can be added after.
    pub(super) fn finish(self, plan: &EntityPlan, source: &str) -> Finished {
        let columns = self.columns.into_iter().map(|column| column.map(Column::finish)).collect();
        Finished { heads: self.heads, columns, schema: schema(plan), source: source.to_owned() }
    }
}

impl Head {
    fn order((at, head): (usize, &Self)) -> (u128, i64, u64, u32) {
        (u128::from_be_bytes(head.key), head.seq, head.record, at as u32)
    }
}

/// A table to which nothing is added any more.
pub(super) struct Finished {
    heads: Vec<Head>,
    columns: Vec<Option<ArrayRef>>,
    schema: SchemaRef,
    source: String,
}

impl Finished {
    /// Some rows, as the lake has them.
    pub(super) fn batch(&self, positions: &[u32]) -> Result<RecordBatch, LakeFault> {
        let heads: Vec<&Head> = positions.iter().map(|at| &self.heads[*at as usize]).collect();
        let source = StringArray::from_iter_values(heads.iter().map(|_| self.source.as_str()));
        // Rows of one feed mostly come in a row.
        let mut known = (Name::NONE, "");
        let feed = StringArray::from_iter_values(heads.iter().map(|head| {
            if head.feed != known.0 {
                known = (head.feed, head.feed.as_str());
            }
            known.1
        }));
        let mut arrays: Vec<ArrayRef> = vec![
            columns::ids(heads.iter().map(|head| head.subject.as_ref()))?,
            columns::ids(heads.iter().map(|head| Some(&head.key)))?,
            Arc::new(Int64Array::from_iter_values(heads.iter().map(|head| head.hash))),
            columns::ids(heads.iter().map(|head| head.scope.as_ref()))?,
            Arc::new(source),
            Arc::new(feed),
            columns::ids(heads.iter().map(|head| Some(&head.document)))?,
            Arc::new(Int32Array::from_iter_values(heads.iter().map(|head| head.part as i32))),
            Arc::new(Int32Array::from_iter_values(heads.iter().map(|head| head.row as i32))),
            Arc::new(Int64Array::from_iter_values(heads.iter().map(|head| head.seq))),
            Arc::new(BooleanArray::from(heads.iter().map(|head| head.gone).collect::<Vec<_>>())),
        ];
        let positions = UInt32Array::from(positions.to_vec());
        for column in self.columns.iter().flatten() {
            arrays.push(take(column, &positions, None)?);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), arrays)?)
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// What stands before an entity's own columns in every file of the lake, and these.
fn schema(plan: &EntityPlan) -> SchemaRef {
    let id = DataType::FixedSizeBinary(16);
    let mut fields = vec![
        Field::new("subject_id", id.clone(), true),
        Field::new("row_key", id.clone(), false),
        Field::new("row_hash", DataType::Int64, false),
        Field::new("scope_id", id.clone(), true),
        Field::new("source", DataType::Utf8, false),
        Field::new("feed", DataType::Utf8, false),
        Field::new("document_id", id, false),
        Field::new("part", DataType::Int32, false),
        Field::new("row_number", DataType::Int32, false),
        Field::new("commit_seq", DataType::Int64, false),
        Field::new("tombstone", DataType::Boolean, false),
    ];
    let stored = plan.columns.iter().filter(|column| column.stored());
    fields.extend(stored.map(|column| Field::new(column.name.as_str(), columns::data_type(column), true)));
    let metadata =
        [("entity".to_owned(), plan.name.to_string()), ("schema_version".to_owned(), "1".to_owned())];
    Arc::new(Schema::new(fields).with_metadata(HashMap::from(metadata)))
}
