//! Everything that is held about somebody, as a document and in plain words: for them, and for nobody else. It is made in
//! memory and handed to whoever confirmed; this alone may hold names.
use super::super::{Site, SiteFault, grown};
use crate::{catalog::FileKind, config::Source, lake::LakeFault, link, privacy::Pseudonym, study::Study};
use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::{cast, filter_record_batch},
    datatypes::DataType,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
    fs::File,
    path::Path,
};

/// Columns that say where a row came from, and what they are called.
const PLACE: [(&str, &str); 4] =
    [("source", "source"), ("feed", "feed"), ("part", "sheet_or_page"), ("row_number", "row")];

/// A copy of everything: the document, the words, and how much it is.
pub(super) fn everything(
    site: &Site,
    case: i64,
    subjects: &[(String, Pseudonym)],
) -> Result<(String, String, Value), SiteFault> {
    let of: HashSet<Pseudonym> = subjects.iter().map(|(_, subject)| *subject).collect();
    let identities = identities(site, &of)?;
    let rows = rows(site, &of)?;
    let recipients = recipients(site, &of)?;
    let studies = studies(site, &of)?;
    let sources: HashSet<&str> = subjects.iter().map(|(source, _)| source.as_str()).collect();
    let agreements: Vec<Value> = site
        .settings
        .sources
        .iter()
        .filter(|source| sources.contains(source.name.as_str()))
        .map(agreement)
        .collect();
    let count: usize = rows.values().map(|entity| entity.rows.len()).sum();
    let entities: Map<String, Value> =
        rows.iter().map(|(name, entity)| (name.clone(), entity.as_json())).collect();
    let has_grown = grown::everybody(site)?.iter().any(|grown| of.contains(&grown.subject));
    let document = json!({
        "case": case,
        "made_at": site.stamp(),
        "who_the_sources_say_you_are": identities,
        "identities_went_by_age": has_grown,
        "rows": entities,
        "sources_and_their_agreements": agreements,
        "releases_that_hold_your_rows": recipients,
        "studies_that_hold_your_rows": studies,
        "scores": "no score about you is kept",
    });
    let numbers = json!({ "identities": identities.len(), "rows": count, "releases": recipients.len(), "studies": studies.len() });
    let words = in_words(&document, &rows);
    Ok((format!("{document:#}\n"), words, numbers))
}

fn identities(site: &Site, of: &HashSet<Pseudonym>) -> Result<Vec<Value>, SiteFault> {
    let (keyed, plan) = (site.key.keyed(), &site.definitions.identity);
    let mut identities = Vec::new();
    for held in site.catalog.held_files(FileKind::Register)? {
        link::read_segment(
            &site.settings.data_dir,
            &held.file.path,
            &site.key,
            plan,
            |source, tenant, person, said, _| {
                if of.contains(&keyed.subject(source, tenant, person)) {
                    let fields = plan.fields.iter().zip(said);
                    let said: Map<String, Value> = fields
                        .filter_map(|((name, _), text)| Some((name.to_string(), json!((*text)?))))
                        .collect();
                    identities.push(
                        json!({ "source": source, "school": tenant, "stored_at": held.since, "says": said }),
                    );
                }
            },
        )?;
    }
    Ok(identities)
}

/// Rows of one entity.
struct Entity {
    title: String,
    /// Columns and what they hold.
    columns: BTreeMap<String, String>,
    rows: Vec<Map<String, Value>>,
}

impl Entity {
    fn as_json(&self) -> Value {
        json!({ "what": self.title, "columns": self.columns, "rows": self.rows })
    }
}

fn rows(site: &Site, of: &HashSet<Pseudonym>) -> Result<BTreeMap<String, Entity>, SiteFault> {
    let mut entities: BTreeMap<String, Entity> = BTreeMap::new();
    for file in site.catalog.lake_files()? {
        let schema = site.definitions.schemas.iter().find(|schema| schema.name == file.entity);
        let columns: BTreeMap<String, String> = schema
            .iter()
            .flat_map(|schema| &schema.columns)
            .map(|column| (column.name.clone(), column.title.clone()))
            .collect();
        let found = rows_of(&site.settings.data_dir.join(&file.path), of, &columns)?;
        if !found.is_empty() {
            let title = schema.map_or_else(|| file.entity.clone(), |schema| schema.title.clone());
            let entity = || Entity { title, columns, rows: Vec::new() };
            entities.entry(file.entity).or_insert_with(entity).rows.extend(found);
        }
    }
    Ok(entities)
}

fn rows_of(
    path: &Path,
    of: &HashSet<Pseudonym>,
    columns: &BTreeMap<String, String>,
) -> Result<Vec<Map<String, Value>>, LakeFault> {
    let mut rows = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
        let batch = batch?;
        let ids = batch.column_by_name("subject_id").and_then(|array| array.as_fixed_size_binary_opt());
        let ids = ids.ok_or(LakeFault::Index)?;
        let theirs = (0..batch.num_rows()).map(|at| {
            let subject = ids.is_valid(at).then(|| ids.value(at)).and_then(|id| Pseudonym::try_from(id).ok());
            Some(subject.is_some_and(|subject| of.contains(&subject)))
        });
        let batch = filter_record_batch(&batch, &theirs.collect())?;
        rows.extend((0..batch.num_rows()).map(|at| row(&batch, at, columns)));
    }
    Ok(rows)
}

fn row(batch: &RecordBatch, at: usize, columns: &BTreeMap<String, String>) -> Map<String, Value> {
    let text = |name: &str| {
        let column = batch.column_by_name(name).filter(|column| column.is_valid(at))?;
        let column = cast(column, &DataType::Utf8).ok()?;
        Some(Value::String(column.as_string::<i32>().value(at).to_owned()))
    };
    let mut row: Map<String, Value> =
        columns.keys().filter_map(|name| Some((name.clone(), text(name)?))).collect();
    let place: Map<String, Value> =
        PLACE.iter().filter_map(|(name, told)| Some(((*told).to_owned(), text(name)?))).collect();
    row.insert("came_from".to_owned(), Value::Object(place));
    row
}

/// Releases that hold them: whoever may read those releases has received their rows, for the purposes of their sources.
fn recipients(site: &Site, of: &HashSet<Pseudonym>) -> Result<Vec<Value>, SiteFault> {
    let holding = super::released::holding(site, of)?;
    let releases = site.catalog.releases()?.into_iter().filter(|release| holding.contains(&release.id));
    Ok(releases
        .map(|release| json!({ "release": release.id, "published_at": release.published_at, "as_of": release.as_of }))
        .collect())
}

/// Studies whose extracts are out and hold them: recipients by name, and until when they may have the rows.
fn studies(site: &Site, of: &HashSet<Pseudonym>) -> Result<Vec<Value>, SiteFault> {
    let holding = super::extracts::holding(site, of)?;
    let requests = site.catalog.study_requests()?;
    let told = holding.into_iter().map(|extract| {
        let asked = requests.iter().find(|request| request.id == extract.request);
        let study = asked.and_then(|request| Study::read(&request.study, &request.definition).ok());
        let (question, institution) = study.map(|study| (study.question, study.institution)).unwrap_or_default();
        json!({ "study": extract.study, "question": question, "institution": institution, "received_at": extract.cut_at,
                "until": extract.expires, "is_certain": extract.is_certain })
    });
    Ok(told.collect())
}

fn agreement(source: &Source) -> Value {
    let agreement = &source.agreement;
    json!({ "source": source.name.as_str(), "agreement": agreement.reference, "controller": agreement.controller,
            "lawful_bases": agreement.bases, "purposes": agreement.purposes,
            "until": agreement.expires.map(|day| day.to_string()) })
}

fn in_words(document: &Value, rows: &BTreeMap<String, Entity>) -> String {
    let mut out = String::from("What is held about you\n\nWho the sources say you are\n");
    let each = |name: &str| document[name].as_array().cloned().unwrap_or_default();
    if document["identities_went_by_age"] == true {
        out.push_str("  What sources said of it was deleted when you were of the age: your rows are known by keyed marks.\n");
    }
    for said in each("who_the_sources_say_you_are") {
        let _ = writeln!(out, "  {} (stored {}):", plain(&said["source"]), plain(&said["stored_at"]));
        for (field, value) in said["says"].as_object().into_iter().flatten() {
            let _ = writeln!(out, "    {}: {}", field.replace('_', " "), plain(value));
        }
    }
    for entity in rows.values() {
        let _ = write!(out, "\n{}\n", entity.title);
        for row in &entity.rows {
            let from = &row["came_from"];
            let (source, feed) = (plain(&from["source"]), plain(&from["feed"]));
            let _ = writeln!(out, "  from {source}, {feed}, row {}:", plain(&from["row"]));
            for (name, title) in &entity.columns {
                if let Some(value) = row.get(name) {
                    let _ = writeln!(out, "    {title}: {}", plain(value));
                }
            }
        }
    }
    if rows.is_empty() && each("who_the_sources_say_you_are").is_empty() {
        out.push_str("  Nothing is held about you.\n");
    }
    out.push_str("\nOn what footing it is held\n");
    for agreement in each("sources_and_their_agreements") {
        let words = |name: &str| match &agreement[name] {
            Value::Array(words) => words.iter().map(plain).collect::<Vec<_>>().join(", "),
            word => plain(word),
        };
        let _ = writeln!(
            out,
            "  {}: {}, controller {}, {}, for {}, until {}",
            words("source"),
            words("agreement"),
            words("controller"),
            words("lawful_bases"),
            words("purposes"),
            words("until")
        );
    }
    out.push_str("\nReleases that hold your rows, without your name\n");
    for release in each("releases_that_hold_your_rows") {
        let _ = writeln!(out, "  {} of {}", plain(&release["release"]), plain(&release["published_at"]));
    }
    out.push_str("\nStudies that have your rows, under a pseudonym of their own\n");
    for study in each("studies_that_hold_your_rows") {
        let perhaps = if study["is_certain"] == true { "" } else { "perhaps: " };
        let (name, institution) = (plain(&study["study"]), plain(&study["institution"]));
        let (received, until) = (plain(&study["received_at"]), plain(&study["until"]));
        let _ = writeln!(out, "  {perhaps}{name}, {institution}, received {received}, until {until}");
    }
    out.push_str("\nNo score about you is kept.\n");
    out
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}
