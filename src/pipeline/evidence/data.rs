//! Where data comes from, which of it is kept, in what form, for what, and on what basis.
use super::{
    super::{Site, SiteFault},
    Ground, Part,
};
use crate::{config::Source, definitions::query::QuerySet, privacy::Treatment};
use std::collections::{BTreeMap, BTreeSet};

/// From source to figure.
pub(super) fn flow(site: &Site) -> Result<Part, SiteFault> {
    let mut rows = Vec::new();
    for source in &site.settings.sources {
        let kind = if source.inbox.is_some() { "files put into a folder" } else { "a service that is asked" };
        let held = site.catalog.lake_files_with_rows(source.name.as_str())?;
        let entities: BTreeSet<&str> = held.iter().map(|file| file.entity.as_str()).collect();
        let n: u64 = held.iter().map(|file| file.rows).sum();
        let entities: Vec<&str> = entities.into_iter().collect();
        rows.push(vec![
            source.name.to_string(),
            source.connector.clone(),
            kind.to_owned(),
            entities.join(", "),
            n.to_string(),
        ]);
    }
    let listens = site.settings.daemon.listen.map_or_else(
        || "The daemon listens on no address.".to_owned(),
        |address| {
            let reach = if address.ip().is_loopback() { "this machine's own" } else { "OPEN TO THE NETWORK" };
            format!("The daemon tells health and metrics at {address}, {reach}: names of feeds and counts.")
        },
    );
    let part = Part::new("flow", "Data flow")
        .says(
            Ground::Built,
            "Source, then conform (columns that a connector lists, and no others), then the privacy door (keyed hash, coarser form, \
             kept or dropped, by schema), then lake (Parquet), warehouse (DuckDB), release, disclosure control, and out. Names, pupil \
             and learner numbers, NHS numbers, birth dates and postcodes stand left of the door alone, in memory and in the \
             encrypted identity register, which linking reads.",
        )
        .says(Ground::Built, "Rows are sent to nobody: the program asks the services that are configured, and \
             nothing else.")
        .says(Ground::Configured, listens)
        .says(Ground::Configured, format!("Authority {}: this instance is run by and for one controller.", site.settings.home_authority))
        .lists(
            Ground::Measured,
            "Sources, and the rows held of each",
            &["source", "connector", "how", "entities", "rows held"],
            rows,
        );
    Ok(match &site.settings.otlp {
        Some(_) => part.says(
            Ground::Configured,
            "Traces and metrics are sent to a collector: names of feeds and counts, and no cell.",
        ),
        None => part.says(Ground::Configured, "Traces and metrics are sent nowhere."),
    })
}

/// Every column that may be kept, and what becomes of it.
pub(super) fn fields(site: &Site) -> Result<Part, SiteFault> {
    let mut rows = Vec::new();
    let mut dropped = 0;
    for schema in &site.definitions.schemas {
        for column in &schema.columns {
            let becomes = match column.treatment {
                Treatment::Keep => "kept",
                Treatment::Coarsen => "kept in a coarser form",
                Treatment::Hash => "kept as a keyed hash",
                Treatment::Drop => {
                    dropped += 1;
                    continue;
                }
            };
            rows.push(vec![
                schema.name.clone(),
                column.name.clone(),
                column.title.clone(),
                becomes.to_owned(),
                schema.purposes.join(", "),
            ]);
        }
    }
    let identity: Vec<Vec<String>> = site
        .definitions
        .identity
        .fields
        .iter()
        .map(|(name, _)| vec![name.as_str().to_owned(), "memory and the encrypted register only".to_owned()])
        .collect();
    let overlaid: Vec<&str> = site.definitions.files.overlaid().collect();
    let own = if overlaid.is_empty() {
        "No definition of this site differs from those that travel in the program.".to_owned()
    } else {
        format!("Definitions of this site's own: {}.", overlaid.join(", "))
    };
    let used = used(site)?;
    let unused: Vec<&str> = used.iter().filter(|row| row[1].is_empty()).map(|row| row[0].as_str()).collect();
    let unread = if unused.is_empty() {
        "Every entity that is kept is read by a published table.".to_owned()
    } else {
        format!("No published table reads {}: why they are kept is not said.", unused.join(", "))
    };
    let ground = if unused.is_empty() { Ground::Configured } else { Ground::Unknown };
    Ok(Part::new("fields", "Fields and purposes")
        .says(
            Ground::Built,
            "A column without a treatment is refused when the schema is loaded: nothing is kept by default.",
        )
        .says(Ground::Configured, format!("{} columns are kept, {dropped} are read and dropped.", rows.len()))
        .says(Ground::Configured, own)
        .lists(
            Ground::Configured,
            "Columns that are kept",
            &["entity", "column", "holds", "becomes", "may serve"],
            rows,
        )
        .lists(Ground::Configured, "Identity fields", &["field", "where it stands"], identity)
        .says(ground, unread)
        .lists(
            Ground::Configured,
            "Which published tables are made of which entity",
            &["entity", "tables"],
            used,
        ))
}

/// For each entity about people the published tables that are made of it, directly or not.
fn used(site: &Site) -> Result<Vec<Vec<String>>, SiteFault> {
    let overlay = site.settings.definitions.as_ref().map(|folder| folder.join("queries"));
    let queries = QuerySet::load(overlay.as_deref().filter(|folder| folder.is_dir()))
        .map_err(|problems| SiteFault::Build(problems.to_string()))?;
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for query in queries.published() {
        let behind = queries.behind(&[&query.name]);
        let reads: BTreeSet<&str> = behind
            .queries
            .values()
            .flat_map(|query| &query.reads)
            .filter_map(|name| name.strip_prefix("lake_"))
            .collect();
        for entity in reads {
            tables.entry(entity.to_owned()).or_default().push(query.name.clone());
        }
    }
    let of_people = site.definitions.schemas.iter().filter(|schema| !schema.public);
    Ok(of_people
        .map(|schema| vec![schema.name.clone(), tables.remove(&schema.name).unwrap_or_default().join(", ")])
        .collect())
}

/// On what basis each source is read.
pub(super) fn bases(site: &Site) -> Part {
    let today = site.wall_day();
    let state = |source: &Source| {
        source.refusal(today).map_or_else(|| "in force".to_owned(), |why| format!("not pulled: {why}"))
    };
    let or_unknown = |text: &str| if text.is_empty() { "not said".to_owned() } else { text.to_owned() };
    let rows = site.settings.sources.iter().map(|source| {
        let agreement = &source.agreement;
        vec![
            source.name.to_string(),
            or_unknown(&agreement.controller),
            or_unknown(&agreement.reference),
            or_unknown(&agreement.bases.join(", ")),
            agreement.expires.map_or_else(|| "no end date".to_owned(), |day| day.to_string()),
            or_unknown(&agreement.purposes.join(", ")),
            state(source),
        ]
    });
    let header = ["source", "controller", "agreement", "lawful bases", "until", "purposes", "today"];
    let mut part = Part::new("bases", "Lawful bases")
        .says(
            Ground::Built,
            "A source without a purpose, an agreement in force and a lawful basis is not \
             pulled. A table serves only purposes that every source behind it shares.",
        )
        .lists(Ground::Configured, "Agreements", &header, rows.collect());
    let unnamed = |article: &str| {
        site.settings
            .sources
            .iter()
            .all(|source| !source.agreement.bases.iter().any(|basis| basis.contains(article)))
    };
    if unnamed("9(2)") {
        part = part.says(
            Ground::Unknown,
            "No source names a condition of Article 9, though schemas keep special categories (ethnicity, needs, \
                 health as a reason).",
        );
    }
    if unnamed("10") {
        part = part.says(
            Ground::Unknown,
            "No source names Article 10, though youth justice and custody may be told.",
        );
    }
    part
}
