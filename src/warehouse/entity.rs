//! The columns of each lake entity, as far as the warehouse needs them: name and SQL type.
use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use super::fault::WarehouseFault;

pub(super) static SCHEMAS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/schemas");

/// The columns that every lake row has before those of its schema.
const META: &[(&str, &str)] = &[
    ("subject_id", "BLOB"),
    ("row_key", "BLOB"),
    ("row_hash", "BIGINT"),
    ("scope_id", "BLOB"),
    ("source", "VARCHAR"),
    ("feed", "VARCHAR"),
    ("document_id", "BLOB"),
    ("part", "INTEGER"),
    ("row_number", "INTEGER"),
    ("commit_seq", "BIGINT"),
    ("tombstone", "BOOLEAN"),
];

/// One entity of the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its name: the stem of its schema file.
    pub name: String,
    /// Column name and SQL type, meta columns first.
    pub columns: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Schema {
    columns: BTreeMap<String, Column>,
}

#[derive(Deserialize)]
struct Column {
    r#type: String,
    #[serde(default)]
    treatment: String,
}

impl Entity {
    /// Reads an entity from the text of its schema.
    ///
    /// # Errors
    /// When the text has no columns with types.
    pub fn parse(name: &str, schema: &str) -> Result<Self, WarehouseFault> {
        let schema: Schema = toml::from_str(schema).map_err(|error| WarehouseFault::Reference {
            file: format!("schemas/{name}.toml"),
            what: error.message().to_owned(),
        })?;
        // What is hashed is an id, whatever it was.
        let kind = |about: &Column| if about.treatment == "hash" { "BLOB" } else { sql_type(&about.r#type) };
        let own = schema.columns.iter().map(|(column, about)| (column.as_str(), kind(about)));
        let columns =
            META.iter().copied().chain(own).map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
        Ok(Self { name: name.to_owned(), columns })
    }

    /// The entities whose schemas travel in the binary, by name.
    ///
    /// # Errors
    /// As [`Entity::parse`].
    pub fn embedded() -> Result<Vec<Self>, WarehouseFault> {
        let mut entities = Vec::new();
        for file in SCHEMAS.files() {
            let stem = file.path().file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let is_schema = file.path().extension().is_some_and(|extension| extension == "toml");
            // The identity schema describes the register, which the warehouse never sees.
            if is_schema && stem != "identity" {
                entities.push(Self::parse(stem, file.contents_utf8().unwrap_or_default())?);
            }
        }
        entities.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entities)
    }
}

fn sql_type(schema_type: &str) -> &'static str {
    match schema_type {
        "date" | "month" => "DATE",
        "int" => "INTEGER",
        "decimal" => "DECIMAL(9,2)",
        "bool" => "BOOLEAN",
        _ => "VARCHAR",
    }
}
