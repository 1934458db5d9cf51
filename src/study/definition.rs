//! `study.toml`: what a study asks, for whom, on what basis, until when. Read strictly: a key that is not known is refused.
use super::classes::Tier;
use crate::definitions::Complaint;
use chrono::NaiveDate;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The file's name.
pub const FILE: &str = "study.toml";

/// What a new study begins with.
const BEGINNING: &str = include_str!("beginning.toml");

/// The text of a new study's file.
pub fn beginning(name: &str) -> String {
    BEGINNING.replace("{name}", name)
}

/// To whom rows go, which decides how alike they must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Set {
    /// Into a secure setting, to named people: up to one in twenty may be alone with their facts.
    Linkable,
    /// To anybody: nobody may be alone, and no group smaller than `k`.
    Open,
}

impl Set {
    /// The greatest share of learners who may be alone.
    pub const fn most_unique(self) -> f64 {
        match self {
            Self::Linkable => 0.05,
            Self::Open => 0.0,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    question: String,
    people: RawPeople,
    basis: RawBasis,
    dates: RawDates,
    cohort: RawCohort,
    #[serde(default)]
    tiers: Vec<Tier>,
    risk: RawRisk,
    tables: Vec<RawTable>,
    #[serde(default)]
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPeople {
    lead: String,
    institution: String,
    /// Users of this machine who wrote it: none of them approves it.
    #[serde(default)]
    authors: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBasis {
    lawful: Vec<String>,
    gateway: String,
    approvals: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDates {
    starts: String,
    ends: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCohort {
    table: String,
    #[serde(default, rename = "where")]
    conditions: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRisk {
    set: Set,
    #[serde(default = "usual_k")]
    k: u64,
    most_unique: Option<f64>,
}

fn usual_k() -> u64 {
    10
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    name: String,
    columns: Vec<String>,
    #[serde(default)]
    coarsen: BTreeMap<String, toml::Value>,
}

/// A table that the study wants to publish: a question to its own extract.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Its name: letters, digits, underscores.
    pub name: String,
    /// What it is, in words.
    pub title: String,
    /// The file with its SELECT, within the study's folder.
    pub sql: PathBuf,
    /// What it may cost of the year's questions: four times as much is twice as exact. Over invented learners it is exact.
    #[serde(default = "one")]
    pub spend: u64,
}

fn one() -> u64 {
    1
}

/// What a condition asks of a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// It is one of these.
    OneOf(Vec<String>),
    /// It lies between these, both in.
    Between(Option<f64>, Option<f64>),
}

/// A table that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    pub name: String,
    pub columns: Vec<String>,
    pub coarsen: BTreeMap<String, toml::Value>,
}

/// A study as its file says it.
#[derive(Clone, Debug)]
pub struct Study {
    /// The file, as the reader would open it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Its name: small letters, digits and dashes.
    pub name: String,
    /// What it asks.
    pub question: String,
    /// Who leads it.
    pub lead: String,
    /// Where.
    pub institution: String,
    /// Users of this machine who wrote it.
    pub authors: Vec<String>,
    /// Articles 6 and 9.
    pub lawful: Vec<String>,
    /// The legal gateway.
    pub gateway: String,
    /// Who approved it elsewhere: ethics, the controller.
    pub approvals: Vec<String>,
    /// From which day on it may have rows.
    pub starts: NaiveDate,
    /// The last day on which it may have them.
    pub ends: NaiveDate,
    /// Tiers that it may ask for beside ordinary ones.
    pub tiers: Vec<Tier>,
    /// To whom rows go.
    pub set: Set,
    /// A group of learners with the same facts is large from here on.
    pub k: u64,
    /// The greatest share of learners who may be alone with their facts.
    pub most_unique: f64,
    /// Tables that it wants to publish, each with its SELECT.
    pub outputs: Vec<(Output, String)>,
    pub(super) cohort: String,
    pub(super) conditions: Vec<(String, Test)>,
    pub(super) tables: Vec<Wanted>,
}

impl Study {
    /// Reads the file of a study's folder, and the SQL that it names.
    ///
    /// # Errors
    /// Everything that is wrong, each with its line and what to do.
    pub fn load(folder: &Path) -> Result<Self, Vec<Complaint>> {
        let path = folder.join(FILE);
        let file = path.display().to_string();
        let text = fs::read_to_string(&path).map_err(|_| {
            vec![Complaint::file(&file, "cannot be read", "make a study with `throughline study new DIR`")]
        })?;
        let mut study = Self::read(&file, &text)?;
        let mut complaints = study.placeholders();
        for (output, sql) in &mut study.outputs {
            let stays = output.sql.components().all(|part| matches!(part, std::path::Component::Normal(_)));
            match fs::read_to_string(folder.join(&output.sql)) {
                Ok(found) if stays && found.len() < 1 << 20 => *sql = found,
                _ => complaints.push(Complaint::near(
                    &file,
                    &text,
                    &output.sql.display().to_string(),
                    format!("the SQL of the output `{}` cannot be read", output.name),
                    "name a file within the study's folder: tables/states.sql",
                )),
            }
        }
        if complaints.is_empty() { Ok(study) } else { Err(complaints) }
    }

    /// What `study new` left to be written and nobody has: a question is not approved for nobody.
    fn placeholders(&self) -> Vec<Complaint> {
        let texts = [&self.question, &self.lead, &self.institution, &self.gateway];
        let lists = self.authors.iter().chain(&self.lawful).chain(&self.approvals);
        let titles = self.outputs.iter().map(|(output, _)| &output.title);
        let is_open = |text: &&String| text.find('<').is_some_and(|at| text[at..].contains('>'));
        let open = texts.into_iter().chain(lists).chain(titles).filter(is_open);
        let complain = |text: &String| {
            let problem = format!("`{text}` is what a new study begins with");
            Complaint::near(
                &self.file,
                &self.text,
                text,
                problem,
                "write what is so in its place, without < and >",
            )
        };
        open.map(complain).collect()
    }

    /// Reads a text as a study's file. The SQL of its outputs stays empty.
    ///
    /// # Errors
    /// As [`Study::load`].
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Complaint>> {
        let raw: Raw = toml::from_str(text).map_err(|error| {
            let told = Complaint::toml(file, text, &error);
            vec![Complaint {
                hint: "docs/study.md names every key, and `study new` writes them all".into(),
                ..told
            }]
        })?;
        let mut reader = Reader { file, text, complaints: Vec::new() };
        reader.words(&raw);
        let starts = reader.day("starts", &raw.dates.starts);
        let ends = reader.day("ends", &raw.dates.ends);
        if starts > ends {
            reader.complain("ends", "the study ends before it starts", "put `dates` right");
        }
        let most = raw.risk.most_unique.unwrap_or(raw.risk.set.most_unique());
        if !(0.0..=raw.risk.set.most_unique()).contains(&most) {
            let hint = "0.05 for `linkable` at most, 0 for `open`; a study may be stricter and no laxer";
            reader.complain("most_unique", "more learners would be alone than may be", hint);
        }
        if !(2..=1000).contains(&raw.risk.k) {
            reader.complain("k", "`k` is not a size of a group", "write 5 or 10");
        }
        let conditions = reader.conditions(&raw.cohort.conditions);
        if !reader.complaints.is_empty() {
            return Err(reader.complaints);
        }
        let wanted =
            |table: RawTable| Wanted { name: table.name, columns: table.columns, coarsen: table.coarsen };
        Ok(Self {
            file: file.to_owned(),
            text: text.to_owned(),
            name: raw.name,
            question: raw.question,
            lead: raw.people.lead,
            institution: raw.people.institution,
            authors: raw.people.authors,
            lawful: raw.basis.lawful,
            gateway: raw.basis.gateway,
            approvals: raw.basis.approvals,
            starts,
            ends,
            tiers: raw.tiers,
            set: raw.risk.set,
            k: raw.risk.k,
            most_unique: most,
            outputs: raw.outputs.into_iter().map(|output| (output, String::new())).collect(),
            cohort: raw.cohort.table,
            conditions,
            tables: raw.tables.into_iter().map(wanted).collect(),
        })
    }

    /// The conditions of the cohort, in words.
    pub fn conditions_in_words(&self) -> String {
        let said = self.conditions.iter().map(|(column, test)| match test {
            Test::OneOf(values) => format!("{column} is {}", values.join(" or ")),
            Test::Between(Some(from), Some(to)) => format!("{column} is from {from} to {to}"),
            Test::Between(Some(from), None) => format!("{column} is at least {from}"),
            Test::Between(None, to) => format!("{column} is at most {}", to.unwrap_or_default()),
        });
        let said: Vec<String> = said.collect();
        if said.is_empty() {
            "without a condition".to_owned()
        } else {
            format!("of whom {}", said.join(", and "))
        }
    }

    /// Whom the study, and what is made of it, is about.
    pub fn population(&self) -> String {
        format!("learners of {} {}", self.cohort, self.conditions_in_words())
    }

    /// Whether two definitions ask for the same rows and columns of the same learners, whatever else they say.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        self.cohort == other.cohort && self.conditions == other.conditions && self.tables == other.tables
    }

    /// What stands for the whole definition, its SQL too: what is approved is this and nothing else. 32 hex characters.
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        let texts = self.outputs.iter().flat_map(|(output, sql)| [&output.name, sql]);
        for text in std::iter::once(&self.text).chain(texts) {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text.as_bytes());
        }
        digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Reads a file and keeps what is wrong with it.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    complaints: Vec<Complaint>,
}

impl Reader<'_> {
    fn complain(&mut self, key: &str, problem: &str, hint: &str) {
        self.complaints.push(Complaint::near(self.file, self.text, key, problem, hint));
    }

    fn words(&mut self, raw: &Raw) {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if raw.name.is_empty() || raw.name.len() > 40 || !raw.name.chars().all(is_word) {
            let hint = "small letters, digits and dashes, at most 40 of them";
            self.complain("name", "the study's name is not one", hint);
        }
        let texts = [
            ("question", &raw.question, "say what is asked, in a sentence"),
            ("lead", &raw.people.lead, "say who answers for the study"),
            ("institution", &raw.people.institution, "say where they work"),
            ("gateway", &raw.basis.gateway, "name the law that lets the controller share"),
        ];
        for (key, text, hint) in texts {
            if text.trim().is_empty() {
                self.complain(key, &format!("`{key}` is empty"), hint);
            }
        }
        let is_article_6 = |basis: &String| basis.contains("6(1)");
        if !raw.basis.lawful.iter().any(is_article_6) {
            let hint = "name the lawful bases: \"Article 6(1)(e)\", and of Article 9 where special tiers are \
                 asked for";
            self.complain("lawful", "no basis of Article 6 is named", hint);
        }
        let is_article_9 = |basis: &String| basis.contains("9(2)") || basis.contains("10");
        if raw.tiers.contains(&Tier::Special) && !raw.basis.lawful.iter().any(is_article_9) {
            let hint = "name it in `lawful`: \"Article 9(2)(j)\", or leave the tier out";
            self.complain("tiers", "special categories are asked for without a basis of Article 9", hint);
        }
        if raw.tiers.contains(&Tier::Never) {
            self.complain("tiers", "no study has the tier `never`", "write ordinary or special");
        }
        if raw.basis.approvals.is_empty() {
            let hint = "name who approved it: an ethics committee and its number";
            self.complain("approvals", "nobody has approved the study", hint);
        }
        if raw.tables.is_empty() {
            self.complain("tables", "no table is asked for", "add a [[tables]]");
        }
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        for output in &raw.outputs {
            if output.name.is_empty() || !output.name.chars().all(is_plain) {
                self.complain("outputs", "an output's name is not one", "small letters, digits, underscores");
            }
        }
    }

    fn day(&mut self, key: &str, text: &str) -> NaiveDate {
        text.parse().unwrap_or_else(|_| {
            self.complain(key, &format!("`{key}` is not a date"), "write it as 2026-03-31");
            NaiveDate::default()
        })
    }

    fn conditions(&mut self, table: &toml::Table) -> Vec<(String, Test)> {
        let mut conditions = Vec::new();
        for (column, value) in table {
            if let Some(test) = test(value) {
                conditions.push((column.clone(), test));
            } else {
                let hint =
                    "`column = value`, `column = [value, value]` or `column = { from = 110, to = 120 }`";
                self.complain(column, &format!("the condition on `{column}` cannot be read"), hint);
            }
        }
        conditions
    }
}

fn test(value: &toml::Value) -> Option<Test> {
    match value {
        toml::Value::Array(values) if !values.is_empty() => {
            values.iter().map(literal).collect::<Option<_>>().map(Test::OneOf)
        }
        toml::Value::Table(bounds) => {
            let known = bounds.keys().all(|key| matches!(key.as_str(), "from" | "to"));
            let bound = |key: &str| bounds.get(key).and_then(number);
            let (from, to) = (bound("from"), bound("to"));
            let in_order = from.zip(to).is_none_or(|(from, to)| from <= to);
            (known && in_order && (from.is_some() || to.is_some())).then_some(Test::Between(from, to))
        }
        one => literal(one).map(|one| Test::OneOf(vec![one])),
    }
}

fn literal(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(whole) => Some(whole.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn number(value: &toml::Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
}
