use super::{CodeList, Complaint, Files, ordered::Ordered};
use crate::{
    fault::Name,
    privacy::{ColumnPlan, ColumnType, EntityPlan, IdentityKind, IdentityPlan, Treatment},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// An entity: what a row is, what each column holds, and what the door does with it.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The file stem.
    pub name: String,
    /// What it is, in a line.
    pub title: String,
    /// What one row is.
    pub grain: String,
    /// No people in it.
    pub public: bool,
    /// The columns that, with the subject, name a row.
    pub key: Vec<String>,
    /// The date that files a row under an academic year.
    pub dated_by: Option<String>,
    /// The first and last day of the interval that a row is.
    pub interval: Option<(String, String)>,
    /// What it may be used for.
    pub purposes: Vec<String>,
    /// Columns in the file's order.
    pub columns: Vec<Column>,
}

/// One column of an entity.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds, in words.
    pub title: String,
    /// The Department's name for it, where it has one.
    pub dfe: String,
    /// How its text is read.
    pub kind: ColumnType,
    /// What the door does with it.
    pub treatment: Treatment,
    /// Whether a row without it is set aside.
    pub required: bool,
    /// Inclusive bounds for numbers.
    pub range: Option<(i64, i64)>,
    /// The identity field it is derived from.
    pub from_identity: Option<String>,
}

impl Schema {
    /// The door's view of this entity.
    pub fn plan(&self, identity: &IdentityPlan) -> EntityPlan {
        let position = |name: &String| self.columns.iter().position(|column| column.name == *name);
        EntityPlan {
            name: Name::declare(&self.name),
            public: self.public,
            columns: self
                .columns
                .iter()
                .map(|column| ColumnPlan {
                    name: Name::declare(&column.name),
                    kind: column.kind.clone(),
                    treatment: column.treatment,
                    from_identity: column.from_identity.as_deref().and_then(|name| identity.position(name)),
                    required: column.required,
                    range: column.range,
                })
                .collect(),
            key: self.key.iter().filter_map(position).collect(),
            dated_by: self.dated_by.as_ref().and_then(position),
            interval: self.interval.as_ref().and_then(|(from, to)| Some((position(from)?, position(to)?))),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    title: String,
    grain: String,
    #[serde(default)]
    key: Vec<String>,
    dated_by: Option<String>,
    interval: Option<(String, String)>,
    #[serde(default)]
    public: bool,
    purposes: Vec<String>,
    columns: Ordered<RawColumn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawColumn {
    #[serde(rename = "type")]
    kind: String,
    codes: Option<String>,
    treatment: Option<String>,
    title: String,
    #[serde(default)]
    dfe: String,
    #[serde(default)]
    required: bool,
    range: Option<(i64, i64)>,
    from_identity: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIdentity {
    #[expect(dead_code, reason = "for the reader of the file")]
    title: String,
    fields: Ordered<RawIdentityField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIdentityField {
    #[serde(rename = "type")]
    kind: String,
    #[expect(dead_code, reason = "for the reader of the file")]
    title: String,
    #[expect(dead_code, reason = "for the reader of the file")]
    #[serde(default)]
    dfe: String,
}

/// Whether a word is a purpose that a schema or a source may name.
pub fn is_purpose(word: &str) -> bool {
    PURPOSES.contains(&word)
}

const PURPOSES: [&str; 3] = ["research", "participation", "ap_commissioning"];

/// Loads `schemas/identity.toml`: the plan and the names of its fields.
pub(super) fn load_identity(files: &Files, complaints: &mut Vec<Complaint>) -> (IdentityPlan, Vec<String>) {
    const PATH: &str = "schemas/identity.toml";
    let Some(text) = files.text(PATH) else {
        complaints.push(Complaint::file(PATH, "is missing", "restore it"));
        return (IdentityPlan::default(), Vec::new());
    };
    let raw: RawIdentity = match toml::from_str(text) {
        Ok(raw) => raw,
        Err(error) => {
            complaints.push(Complaint::toml(PATH, text, &error));
            return (IdentityPlan::default(), Vec::new());
        }
    };
    let (mut plan, mut names) = (IdentityPlan::default(), Vec::new());
    for (name, field) in raw.fields.0 {
        let kind = match field.kind.as_str() {
            "upn" => IdentityKind::Upn,
            "uln" => IdentityKind::Uln,
            "nhs_number" => IdentityKind::NhsNumber,
            "name" => IdentityKind::Name,
            "birth_date" => IdentityKind::BirthDate,
            "sex" => IdentityKind::Sex,
            "postcode" => IdentityKind::Postcode,
            "local" => IdentityKind::Local,
            other => {
                let problem = format!("`{other}` is not an identity type");
                complaints.push(Complaint::near(
                    PATH,
                    text,
                    &name,
                    problem,
                    "use upn, uln, nhs_number, name, birth_date, sex, postcode or local",
                ));
                continue;
            }
        };
        plan.fields.push((Name::declare(&name), kind));
        names.push(name);
    }
    (plan, names)
}

/// Loads every entity under `schemas/`, in name order.
pub(super) fn load(
    files: &Files,
    codes: &BTreeMap<String, CodeList>,
    identity: &[String],
    complaints: &mut Vec<Complaint>,
) -> Vec<Schema> {
    let mut schemas = Vec::new();
    for (path, stem, file) in files.under("schemas", "toml") {
        if stem == "identity" {
            continue;
        }
        let raw: Raw = match toml::from_str(&file.text) {
            Ok(raw) => raw,
            Err(error) => {
                complaints.push(Complaint::toml(path, &file.text, &error));
                continue;
            }
        };
        let mut checker = Checker { path, text: &file.text, codes, identity, public: raw.public, complaints };
        let columns: Vec<Column> =
            raw.columns.0.into_iter().filter_map(|(name, column)| checker.column(name, column)).collect();
        let ends = raw.interval.iter().flat_map(|(from, to)| [from, to]);
        for name in raw.key.iter().chain(raw.dated_by.as_ref()).chain(ends) {
            if !columns.iter().any(|column| column.name == *name) {
                checker.complain(
                    name,
                    format!("`{name}` is not a column of this entity"),
                    "name one of [columns]",
                );
            }
        }
        for purpose in raw.purposes.iter().filter(|purpose| !PURPOSES.contains(&purpose.as_str())) {
            checker.complain(
                purpose,
                format!("`{purpose}` is not a purpose"),
                &format!("use {}", PURPOSES.join(", ")),
            );
        }
        schemas.push(Schema {
            name: stem.to_owned(),
            title: raw.title,
            grain: raw.grain,
            public: raw.public,
            key: raw.key,
            dated_by: raw.dated_by,
            interval: raw.interval,
            purposes: raw.purposes,
            columns,
        });
    }
    schemas
}

/// Whether a column's name says that it holds a birth date or a postcode.
pub(super) fn is_named_like_identity(name: &str) -> bool {
    ["birth_date", "date_of_birth", "dob", "postcode", "post_code"]
        .iter()
        .any(|word| name == *word || name == format!("home_{word}") || name == format!("learner_{word}"))
}

struct Checker<'a> {
    path: &'a str,
    text: &'a str,
    codes: &'a BTreeMap<String, CodeList>,
    identity: &'a [String],
    public: bool,
    complaints: &'a mut Vec<Complaint>,
}

impl Checker<'_> {
    fn complain(&mut self, near: &str, problem: String, hint: &str) {
        self.complaints.push(Complaint::near(self.path, self.text, near, problem, hint));
    }

    fn column(&mut self, name: String, raw: RawColumn) -> Option<Column> {
        let near = format!("[columns.{name}]");
        let kind = self.kind(&near, &raw)?;
        let Some(treatment) = raw.treatment.as_deref() else {
            let problem = format!("the column `{name}` has no treatment");
            self.complain(&near, problem, "say keep, coarsen, hash or drop: what is not said does not pass");
            return None;
        };
        let treatment = match treatment {
            "keep" => Treatment::Keep,
            "coarsen" => Treatment::Coarsen,
            "hash" => Treatment::Hash,
            "drop" => Treatment::Drop,
            other => {
                self.complain(
                    &near,
                    format!("`{other}` is not a treatment"),
                    "use keep, coarsen, hash or drop",
                );
                return None;
            }
        };
        if kind == ColumnType::Text && treatment == Treatment::Keep && !self.public {
            let problem = format!("`{name}` would keep free text about people");
            self.complain(&near, problem, "drop it, or give it a code list");
        }
        if let Some(field) = raw.from_identity.as_ref().filter(|field| !self.identity.contains(field)) {
            self.complain(&near, format!("`{field}` is not an identity field"), "see schemas/identity.toml");
        }
        if treatment == Treatment::Keep && raw.from_identity.as_deref().is_some_and(|field| field != "sex") {
            let problem = format!("`{name}` would keep an identity field as it is");
            self.complain(&near, problem, "coarsen it, or drop it: only sex passes as it is");
        }
        if treatment != Treatment::Drop && !self.public && is_named_like_identity(&name) {
            let problem = format!("`{name}` is named like a birth date or a postcode");
            self.complain(&near, problem, "drop it: a month and an area are derived at the door, and a hash of either is undone in minutes");
        }
        if raw.from_identity.as_deref() == Some("birth_date")
            && kind == ColumnType::Date
            && treatment == Treatment::Coarsen
        {
            self.complain(&near, format!("`{name}` would keep the day of birth"), "make it a `month`");
        }
        if treatment == Treatment::Keep && matches!(kind, ColumnType::Lsoa | ColumnType::Ward) && !self.public
        {
            let problem = format!("`{name}` would keep an area that a source states");
            self.complain(&near, problem, "coarsen it from the postcode");
        }
        if treatment == Treatment::Coarsen && raw.from_identity.is_none() {
            self.complain(&near, format!("`{name}` is coarsened from nothing"), "name its `from_identity`");
        }
        Some(Column {
            name,
            title: raw.title,
            dfe: raw.dfe,
            kind,
            treatment,
            required: raw.required,
            range: raw.range,
            from_identity: raw.from_identity,
        })
    }

    fn kind(&mut self, near: &str, raw: &RawColumn) -> Option<ColumnType> {
        Some(match (raw.kind.as_str(), raw.codes.as_deref()) {
            ("date", None) => ColumnType::Date,
            ("month", None) => ColumnType::Month,
            ("int", None) => ColumnType::Int,
            ("decimal", None) => ColumnType::Decimal,
            ("bool", None) => ColumnType::Bool,
            ("establishment", None) => ColumnType::Establishment,
            ("la", None) => ColumnType::Authority,
            ("lsoa", None) => ColumnType::Lsoa,
            ("ward", None) => ColumnType::Ward,
            ("text", None) => ColumnType::Text,
            ("code", Some(list)) if self.codes.contains_key(list) => ColumnType::Code(Name::declare(list)),
            ("code", Some(list)) => {
                self.complain(
                    near,
                    format!("there is no code list `{list}`"),
                    "add schemas/codes/<name>.csv",
                );
                return None;
            }
            ("code", None) => {
                self.complain(near, "a code needs its list".into(), "add `codes = \"...\"`");
                return None;
            }
            (other, _) => {
                self.complain(near, format!("`{other}` is not a column type here"), "see schemas/README.md");
                return None;
            }
        })
    }
}
