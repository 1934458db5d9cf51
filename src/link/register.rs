//! The identity register: who each subject is, over time, encrypted at rest and read by this program alone.
//!
//! A segment is a Parquet file with modular encryption (AES-256-GCM) under a key of its own, derived from the lake's key and the
//! segment's name. It holds no pseudonym: without the key it cannot be joined to the lake.
use crate::{
    catalog::{FileKind, NewFile, Unfinished},
    privacy::{Digest16, Identified, Identity, IdentityPlan, Key, Keyed, PersonKey, Pseudonym},
};
use arrow::{
    array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringBuilder},
    datatypes::{DataType, Field, Int64Type, Schema},
};
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    },
    encryption::{decrypt::FileDecryptionProperties, encrypt::FileEncryptionProperties},
    file::properties::{EnabledStatistics, WriterProperties},
    schema::types::ColumnPath,
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why the register could not be written or read. Says nothing of what it holds.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RegisterFault {
    /// The disk refused.
    #[error("the identity register cannot be written or read: check the folder's owner and the disk")]
    Disk,
    /// Not this key's, or changed since.
    #[error("an identity segment does not open with this key, or was altered: restore it from its backup")]
    Sealed,
}

/// A segment in the making.
pub struct Segment {
    tenants: StringBuilder,
    persons: StringBuilder,
    fields: Vec<StringBuilder>,
    seqs: Vec<i64>,
}

impl Segment {
    /// An empty segment for the identity fields.
    pub fn new(plan: &IdentityPlan) -> Self {
        let fields = plan.fields.iter().map(|_| StringBuilder::new()).collect();
        Self { tenants: StringBuilder::new(), persons: StringBuilder::new(), fields, seqs: Vec::new() }
    }

    /// Adds what a record said about a person, and the sequence of its document.
    pub fn push(
        &mut self,
        tenant: &str,
        person: &Identified<PersonKey>,
        identity: &Identified<Identity>,
        seq: i64,
    ) {
        let identity = identity.veiled();
        let fields = (0..self.fields.len()).map(|at| identity.get(at));
        push(&mut self.fields, fields);
        self.tenants.append_value(tenant);
        self.persons.append_value(&person.veiled().0);
        self.seqs.push(seq);
    }

    /// Adds an entry of another segment.
    fn copy(&mut self, tenant: &str, person: &str, fields: &[Option<&str>], seq: i64) {
        push(&mut self.fields, fields.iter().copied());
        self.tenants.append_value(tenant);
        self.persons.append_value(person);
        self.seqs.push(seq);
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.seqs.len() as u64
    }

    /// Seals the segment into the register's folder (mode 0700), synced and at its final name.
    pub fn seal(
        mut self,
        plan: &IdentityPlan,
        key: &Key,
        data_dir: &Path,
        (run, seq): (i64, i64),
        source: &str,
    ) -> Result<NewFile, RegisterFault> {
        let path = PathBuf::from("identity").join(format!("{run:06}-{seq:06}.parquet"));
        let count = self.seqs.len();
        let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
        let mut fields = vec![text("source", false), text("tenant", false), text("person", false)];
        let sources = arrow::array::StringArray::from_iter_values((0..count).map(|_| source));
        let mut arrays: Vec<ArrayRef> =
            vec![Arc::new(sources), Arc::new(self.tenants.finish()), Arc::new(self.persons.finish())];
        for ((name, _), mut column) in plan.fields.iter().zip(self.fields) {
            fields.push(text(name.as_str(), true));
            arrays.push(Arc::new(column.finish()));
        }
        fields.push(Field::new("commit_seq", DataType::Int64, false));
        arrays.push(Arc::new(Int64Array::from_iter_values(self.seqs)));
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema, arrays).map_err(|_| RegisterFault::Sealed)?;
        let fields = plan.fields.iter().filter(|(_, kind)| kind.is_of_one()).map(|(name, _)| name.as_str());
        let own: Vec<&str> = std::iter::once("person").chain(fields).collect();
        let file = Unfinished::create(data_dir, &path).map_err(|_| RegisterFault::Disk)?;
        let (bytes, sha256) = encrypt(&batch, &own, key, file)?.place().map_err(|_| RegisterFault::Disk)?;
        let rows = count as u64;
        Ok(NewFile { kind: FileKind::Register, entity: String::new(), ay: None, path, rows, bytes, sha256 })
    }
}

fn push<'t>(columns: &mut [StringBuilder], fields: impl Iterator<Item = Option<&'t str>>) {
    for (column, field) in columns.iter_mut().zip(fields) {
        column.append_option(field);
    }
}

fn segment_key(key: &Key, path: &Path) -> Vec<u8> {
    let name = path.to_string_lossy();
    key.derive("identity segment", name.as_bytes()).to_vec()
}

fn encrypt(
    batch: &RecordBatch,
    own: &[&str],
    key: &Key,
    file: Unfinished,
) -> Result<Unfinished, RegisterFault> {
    let sealed = |_| RegisterFault::Sealed;
    let path = file.path().to_owned();
    let encryption = FileEncryptionProperties::builder(segment_key(key, &path))
        .with_aad_prefix(path.to_string_lossy().as_bytes().to_vec())
        .build()
        .map_err(sealed)?;
    // Statistics would repeat names in the footer; it is sealed too, but what is not written cannot leak.
    let mut properties = WriterProperties::builder()
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by("throughline".to_owned())
        .set_compression(parquet::basic::Compression::ZSTD(parquet::basic::ZstdLevel::default()))
        .with_file_encryption_properties(encryption);
    for name in own {
        // Everybody has their own: a dictionary of all would only be thrown away.
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(*name), false);
    }
    let properties = properties.build();
    let disk = |_| RegisterFault::Disk;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).map_err(sealed)?;
    writer.write(batch).map_err(disk)?;
    writer.into_inner().map_err(disk)
}

/// Seals the entries of some segments that stay, chosen by position, into new ones of at most so many rows each.
pub fn reseal(
    parts: &[(PathBuf, &dyn Fn(u64) -> bool)],
    plan: &IdentityPlan,
    key: &Key,
    data_dir: &Path,
    run: i64,
    source: &str,
    mut next_seq: impl FnMut() -> i64,
) -> Result<Vec<NewFile>, RegisterFault> {
    const MOST: u64 = 65_536;
    let mut segment = Segment::new(plan);
    let mut files = Vec::new();
    for (path, stays) in parts {
        let mut at = 0;
        read_segment(data_dir, path, key, plan, |_, tenant, person, fields, seq| {
            if stays(at) {
                segment.copy(tenant, person, fields, seq);
            }
            at += 1;
        })?;
        if segment.rows() >= MOST {
            let full = std::mem::replace(&mut segment, Segment::new(plan));
            files.push(full.seal(plan, key, data_dir, (run, next_seq()), source)?);
        }
    }
    if segment.rows() > 0 {
        files.push(segment.seal(plan, key, data_dir, (run, next_seq()), source)?);
    }
    Ok(files)
}

/// Seals a segment again under another key, entry for entry, and shows each on the way as [`read_segment`] does.
pub fn rekey(
    path: &Path,
    plan: &IdentityPlan,
    (old, new): (&Key, &Key),
    data_dir: &Path,
    (run, seq): (i64, i64),
    source: &str,
    mut each: impl FnMut(&str, &str, &str, &[Option<&str>]),
) -> Result<NewFile, RegisterFault> {
    let mut segment = Segment::new(plan);
    read_segment(data_dir, path, old, plan, |source, tenant, person, fields, seq| {
        each(source, tenant, person, fields);
        segment.copy(tenant, person, fields, seq);
    })?;
    segment.seal(plan, new, data_dir, (run, seq), source)
}

/// Opens a segment and shows each entry: source, tenant, person key, fields, commit sequence. Under the veil.
pub fn read_segment(
    data_dir: &Path,
    path: &Path,
    key: &Key,
    plan: &IdentityPlan,
    mut each: impl FnMut(&str, &str, &str, &[Option<&str>], i64),
) -> Result<(), RegisterFault> {
    let sealed = |_| RegisterFault::Sealed;
    let file = File::open(data_dir.join(path)).map_err(|_| RegisterFault::Disk)?;
    let decryption = FileDecryptionProperties::builder(segment_key(key, path))
        .with_aad_prefix(path.to_string_lossy().as_bytes().to_vec())
        .build()
        .map_err(sealed)?;
    let options = ArrowReaderOptions::new().with_file_decryption_properties(decryption);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(sealed)?;
    for batch in reader {
        let batch = batch.map_err(|_| RegisterFault::Sealed)?;
        let text = |name: &str| batch.column_by_name(name).and_then(|array| array.as_string_opt::<i32>());
        let (Some(sources), Some(tenants), Some(persons)) = (text("source"), text("tenant"), text("person"))
        else {
            return Err(RegisterFault::Sealed);
        };
        // A field that a later version added is empty in an older segment.
        let fields: Vec<_> = plan.fields.iter().map(|(name, _)| text(name.as_str())).collect();
        let seqs = batch.column_by_name("commit_seq").and_then(|array| array.as_primitive_opt::<Int64Type>());
        let seqs = seqs.ok_or(RegisterFault::Sealed)?;
        let mut values = vec![None; fields.len()];
        for at in 0..batch.num_rows() {
            for (value, field) in values.iter_mut().zip(&fields) {
                *value = field
                    .filter(|array| arrow::array::Array::is_valid(array, at))
                    .map(|array| array.value(at));
            }
            each(sources.value(at), tenants.value(at), persons.value(at), &values, seqs.value(at));
        }
    }
    Ok(())
}

/// So many fields of `identity.toml` have a place in the digest of a saying whether they are filled or not. Later ones come
/// after them and count where they are said: what was known before there was such a field is known still.
const FIELDS_FROM_THE_START: usize = 13;

/// A keyed digest of what is said about a subject, to see whether a record says anything new.
pub fn identity_digest<'t>(
    keyed: &Keyed,
    subject: &Pseudonym,
    fields: impl Iterator<Item = Option<&'t str>>,
) -> Digest16 {
    let mut bytes = Vec::with_capacity(128);
    bytes.extend_from_slice(subject);
    for (at, field) in fields.enumerate() {
        if let Some(text) = field {
            // Which of the fields since it is, too: they have no place of their own.
            if at >= FIELDS_FROM_THE_START {
                bytes.extend([2, at as u8]);
            }
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(1);
        }
        if at < FIELDS_FROM_THE_START {
            bytes.push(0);
        }
    }
    keyed.digest("identity", &[&bytes])
}

/// The same for a record under the veil.
pub fn saying_digest(keyed: &Keyed, subject: &Pseudonym, identity: &Identified<Identity>) -> Digest16 {
    identity_digest(keyed, subject, identity.veiled().0.iter().map(Option::as_deref))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;
    use std::fs;

    fn sealed(dir: &Path, key: &Key) -> (IdentityPlan, NewFile) {
        let plan = Definitions::load(None).unwrap().identity;
        let mut segment = Segment::new(&plan);
        let mut fields = vec![None; plan.fields.len()];
        fields[plan.position("surname").unwrap()] = Some("ZZCANARYSURNAME".to_owned());
        segment.push("", &Identified::new(PersonKey("42".into())), &Identified::new(Identity(fields)), 2);
        let file = segment.seal(&plan, key, dir, (1, 2), "school").unwrap();
        (plan, file)
    }

    #[test]
    fn a_segment_shows_nothing_on_disk_and_everything_under_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let key = Key::for_demo(1);
        let (plan, file) = sealed(dir.path(), &key);
        let bytes = fs::read(dir.path().join(&file.path)).unwrap();
        for secret in [&b"ZZCANARYSURNAME"[..], b"surname", b"school"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
        let mut seen = Vec::new();
        read_segment(dir.path(), &file.path, &key, &plan, |source, _, person, fields, seq| {
            seen.push((source.to_owned(), person.to_owned(), fields.iter().flatten().count(), seq));
        })
        .unwrap();
        assert_eq!(seen, vec![("school".to_owned(), "42".to_owned(), 1, 2)]);
    }

    #[test]
    fn a_segment_from_before_a_field_was_added_opens_without_it() {
        let dir = tempfile::tempdir().unwrap();
        let (key, plan) = (Key::for_demo(1), Definitions::load(None).unwrap().identity);
        let older = IdentityPlan {
            fields: plan.fields.iter().filter(|(name, _)| name.as_str() != "nhs_number").copied().collect(),
        };
        assert_eq!(older.fields.len() + 1, plan.fields.len());
        let mut fields = vec![None; older.fields.len()];
        for (name, text) in [("uln", "1000000019"), ("forename", "KAI"), ("local_key", "7")] {
            fields[older.position(name).unwrap()] = Some(text.to_owned());
        }
        let mut segment = Segment::new(&older);
        segment.push("", &Identified::new(PersonKey("42".into())), &Identified::new(Identity(fields)), 2);
        let file = segment.seal(&older, &key, dir.path(), (1, 2), "school").unwrap();
        let mut seen = 0;
        read_segment(dir.path(), &file.path, &key, &plan, |_, _, person, said, _| {
            let of = |name: &str| plan.position(name).and_then(|at| said[at]);
            assert_eq!((person, of("uln"), of("forename")), ("42", Some("1000000019"), Some("KAI")));
            assert_eq!((of("local_key"), of("nhs_number")), (Some("7"), None));
            seen += 1;
        })
        .unwrap();
        assert_eq!(seen, 1);
    }

    #[test]
    fn attack_29_another_key_another_name_or_a_flipped_bit_do_not_open_it() {
        let dir = tempfile::tempdir().unwrap();
        let key = Key::for_demo(1);
        let (plan, file) = sealed(dir.path(), &key);
        let open = |path: &Path, key: &Key| read_segment(dir.path(), path, key, &plan, |_, _, _, _, _| {});
        assert_eq!(open(&file.path, &Key::for_demo(2)), Err(RegisterFault::Sealed));
        let other = PathBuf::from("identity/000009-000009.parquet");
        fs::copy(dir.path().join(&file.path), dir.path().join(&other)).unwrap();
        assert_eq!(open(&other, &key), Err(RegisterFault::Sealed));
        // A bit of a hundred and fifty places: it is not opened, or it says what it said. (The letters in front name the format, and the
        // indexes of pages are read by nobody; `verify` sees those too, by the file's checksum.)
        let told = || {
            let mut told = Vec::new();
            let read = read_segment(dir.path(), &file.path, &key, &plan, |source, _, person, fields, _| {
                told.push((source.to_owned(), person.to_owned(), format!("{fields:?}")));
            });
            read.map(|()| told)
        };
        let whole = fs::read(dir.path().join(&file.path)).unwrap();
        let (before, mut refused) = (told(), 0);
        for place in 0..150 {
            let mut bytes = whole.clone();
            bytes[place * (whole.len() - 1) / 149] ^= 1 << (place % 8);
            fs::write(dir.path().join(&file.path), bytes).unwrap();
            let after = told();
            assert!(after == Err(RegisterFault::Sealed) || after == before, "{place}");
            refused += i32::from(after.is_err());
        }
        assert!(refused >= 120, "only {refused} of 150 were seen");
        fs::write(dir.path().join(&file.path), &whole).unwrap();
        // Two files of one shape under each other's names.
        let mut segment = Segment::new(&plan);
        segment.push(
            "",
            &Identified::new(PersonKey("43".into())),
            &Identified::new(Identity(vec![None; plan.fields.len()])),
            3,
        );
        let second = segment.seal(&plan, &key, dir.path(), (3, 4), "school").unwrap();
        fs::copy(dir.path().join(&second.path), dir.path().join(&file.path)).unwrap();
        assert_eq!(open(&second.path, &key), Ok(()));
        fs::write(dir.path().join(&second.path), &whole).unwrap();
        assert_eq!(open(&file.path, &key), Err(RegisterFault::Sealed));
        assert_eq!(open(&second.path, &key), Err(RegisterFault::Sealed));
        fs::write(dir.path().join(&file.path), &whole).unwrap();
        assert_eq!(open(&file.path, &key), Ok(()), "and what was not touched opens");
    }
}
