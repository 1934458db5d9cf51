//! A study held against the tables of a release: which columns it gets, how exactly, and everything that is wrong with it.
use super::{
    Shape, TableShape, WHOSE,
    cell::{Cell, Kind},
    classes::{Class, Classes, Part, Tier},
    coarsen::Coarsen,
    definition::{Study, Test},
};
use crate::definitions::{self, CodeList, Complaint, Listed};
use std::collections::{BTreeMap, BTreeSet};

/// The purpose that a study needs.
const PURPOSE: &str = "research";

/// What is cut for a study.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The table that says who is in.
    pub cohort: String,
    /// Its conditions: column, kind, and what must hold.
    pub(super) conditions: Vec<(String, Kind, Wanted)>,
    /// The tables.
    pub frames: Vec<FramePlan>,
}

impl Plan {
    /// The columns of the cohort's table that say who is in.
    pub fn condition_columns(&self) -> impl Iterator<Item = &str> {
        self.conditions.iter().map(|(column, ..)| column.as_str())
    }
}

/// What a condition asks of cells.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wanted {
    OneOf(Vec<Cell>),
    Between(Option<f64>, Option<f64>),
}

/// A table of an extract.
#[derive(Clone, Debug)]
pub struct FramePlan {
    /// Its name.
    pub name: String,
    /// One line that says what a row is about.
    pub title: String,
    /// The columns that name a row.
    pub grain: Vec<String>,
    /// The columns without the learner's.
    pub variables: Vec<Variable>,
}

impl FramePlan {
    /// Whether each learner has one row.
    pub fn is_of_learners(&self) -> bool {
        self.grain == [WHOSE]
    }
}

/// A column of an extract.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// What it holds.
    pub description: String,
    /// What it does in a row.
    pub part: Part,
    /// How much harm it can do.
    pub tier: Tier,
    /// How it is told less exactly.
    pub coarsen: Option<Coarsen>,
    /// The list of its codes.
    pub list: Option<CodeList>,
    /// Words that it can hold, of a list or not.
    pub words: Vec<String>,
}

impl Variable {
    /// Whether it names a place, by a pseudonym or, where few learners of the study are there, together with others.
    pub fn is_place(&self) -> bool {
        self.part == Part::Place
    }

    /// What a word that it can hold means: the label of its list, or the word itself without underscores.
    pub fn label(&self, word: &str) -> String {
        definitions::meaning(self.list.as_ref(), word)
    }

    /// How it is told, in words.
    pub fn told(&self) -> &'static str {
        match (self.part, self.tier) {
            (Part::Place, _) => "pseudonym",
            (_, Tier::Special) => "special",
            (Part::Identifying, _) => "identifying",
            _ => "as it is",
        }
    }
}

/// What a release says of its columns beside their shape: what each is, and which words it can hold.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What each column is.
    pub classes: &'a Classes,
    /// Code lists by name.
    pub codes: &'a BTreeMap<String, CodeList>,
    /// The text of `schemas/verify.csv`.
    pub verify: &'a str,
}

/// Holds a study against the tables of a release.
///
/// # Errors
/// Everything that is wrong, each with the line of `study.toml` and what to do.
pub fn check(study: &Study, shape: &Shape, known: Known<'_>) -> Result<Plan, Vec<Complaint>> {
    let mut checker = Checker { study, shape, known, complaints: Vec::new() };
    let conditions = checker.conditions();
    let frames = checker.frames();
    if !checker.complaints.is_empty() {
        return Err(checker.complaints);
    }
    Ok(Plan { cohort: study.cohort.clone(), conditions, frames })
}

struct Checker<'a> {
    study: &'a Study,
    shape: &'a Shape,
    known: Known<'a>,
    complaints: Vec<Complaint>,
}

impl<'a> Checker<'a> {
    fn complain(&mut self, word: &str, problem: String, hint: &str) {
        let word = format!("\"{word}\"");
        let word = if self.study.text.contains(&word) { word } else { word.trim_matches('"').to_owned() };
        self.complaints.push(Complaint::near(&self.study.file, &self.study.text, &word, problem, hint));
    }

    /// A table that research may have and that has a row for learners.
    fn table(&mut self, name: &str) -> Option<&'a TableShape> {
        let Some(table) = self.shape.tables.get(name) else {
            let hint = "the codebook of the release lists its tables; `query '\\d'` does, too";
            self.complain(name, format!("there is no table `{name}`"), hint);
            return None;
        };
        if !table.purposes.iter().any(|purpose| purpose == PURPOSE) {
            let hint = "leave it out: it, or a source behind it, does not serve research";
            self.complain(name, format!("the table `{name}` may not be used for research"), hint);
            return None;
        }
        if table.column(WHOSE).is_none() {
            let hint = "leave it out: it holds figures and no learners; `throughline report` shows figures";
            self.complain(name, format!("the table `{name}` has no learners"), hint);
            return None;
        }
        self.rows(name);
        Some(table)
    }

    /// Whether the study may know who has rows in a table, whatever stands in them.
    fn rows(&mut self, name: &str) {
        let class = self.known.classes.of_rows(name);
        if class.tier == Tier::Never {
            let hint = format!("leave the table out: {}", class.why);
            self.complain(name, format!("no study is told who has rows in `{name}`"), &hint);
        } else if class.tier == Tier::Special && !self.study.tiers.contains(&Tier::Special) {
            let hint = "add \"special\" to `tiers`, with a basis of Article 9 in `lawful`, or leave the table out, without columns too";
            let problem = format!(
                "who has rows in `{name}` is of the tier `special` ({}), which the study does not ask for",
                class.why
            );
            self.complain(name, problem, hint);
        }
    }

    fn conditions(&mut self) -> Vec<(String, Kind, Wanted)> {
        let study = self.study;
        let Some(table) = self.table(&study.cohort) else { return Vec::new() };
        if table.grain != [WHOSE] {
            let hint = "name a table with one row for each learner: cohort_member";
            self.complain(
                &self.study.cohort,
                format!("the cohort's table `{}` has several rows for a learner", self.study.cohort),
                hint,
            );
        }
        let mut conditions = Vec::new();
        for (column, test) in &study.conditions {
            let Some(found) = table.column(column) else {
                let problem = format!("`{}` has no column `{column}`", self.study.cohort);
                self.complain(column, problem, "see the codebook of the release");
                continue;
            };
            let kind = Kind::of_sql_type(&found.sql_type);
            // Whoever knows that a learner is in knows what the conditions say of them: they are told as columns are.
            let class = match kind {
                Some(kind) => self.class(&study.cohort, column, kind),
                None => None,
            };
            if class.is_some_and(|class| class.part == Part::Place) {
                let problem = format!("`{column}` names a place and cannot be a condition");
                self.complain(column, problem, "leave it out: who was at a place is not what a study asks");
                continue;
            }
            let made = kind.and_then(|kind| Some((kind, wanted(test, kind)?)));
            if let Some((kind, wanted)) = made {
                conditions.push((column.clone(), kind, wanted));
            } else {
                let kind = kind.map_or("of a type that no study has", Kind::word);
                let problem = format!("the condition does not fit `{column}`, which is {kind}");
                self.complain(column, problem, "write values of the column's own kind");
            }
        }
        conditions
    }

    fn frames(&mut self) -> Vec<FramePlan> {
        let mut frames = Vec::new();
        let mut seen = BTreeSet::new();
        let study = self.study;
        for wanted in &study.tables {
            if !seen.insert(&wanted.name) {
                let problem = format!("the table `{}` stands here twice", wanted.name);
                self.complain(&wanted.name, problem, "put its columns together");
            }
            let Some(table) = self.table(&wanted.name) else { continue };
            for column in wanted.coarsen.keys().filter(|column| !wanted.columns.contains(column)) {
                let problem = format!("`{column}` is told less exactly and not asked for");
                self.complain(column, problem, "add it to `columns`, or leave it out of `coarsen`");
            }
            let mut variables: Vec<Variable> = Vec::new();
            for column in wanted.columns.iter().filter(|column| *column != WHOSE) {
                if variables.iter().any(|variable| variable.name == *column) {
                    let problem = format!("`{column}` stands in `{}` twice", wanted.name);
                    self.complain(column, problem, "name it once");
                } else if let Some(variable) =
                    self.variable(&wanted.name, table, column, wanted.coarsen.get(column))
                {
                    variables.push(variable);
                }
            }
            let (name, title) = (wanted.name.clone(), table.title.clone());
            frames.push(FramePlan { name, title, grain: table.grain.clone(), variables });
        }
        frames
    }

    fn variable(
        &mut self,
        name: &str,
        table: &TableShape,
        column: &str,
        coarsen: Option<&toml::Value>,
    ) -> Option<Variable> {
        let Some(found) = table.column(column) else {
            let hint =
                "see the codebook of the release: names, birth dates, postcodes and free text are in none";
            self.complain(column, format!("`{name}` has no column `{column}`"), hint);
            return None;
        };
        let Some(kind) = Kind::of_sql_type(&found.sql_type) else {
            let problem = format!("`{column}` is of a type that no study has ({})", found.sql_type);
            self.complain(column, problem, "leave it out");
            return None;
        };
        let class = self.class(name, column, kind)?;
        let (list, words) = self.words(name, column, &found.description);
        let coarsen = match coarsen {
            _ if class.part == Part::Place && coarsen.is_some() => {
                self.complain(
                    column,
                    format!("`{column}` names a place and has no steps"),
                    "leave it out, or as it is",
                );
                None
            }
            Some(value) => match Coarsen::read(value, kind, list.as_ref()) {
                Ok(coarsen) => Some(coarsen),
                Err(hint) => {
                    self.complain(column, format!("`coarsen` does not fit `{column}`"), &hint);
                    None
                }
            },
            None => None,
        };
        let is_free =
            kind == Kind::Text && list.is_none() && words.is_empty() && class.part == Part::Identifying;
        if is_free && class.why.is_empty() {
            let hint = "leave it out; a text is told only where schemas/verify.csv or schemas/research.csv says \
                 what it can be";
            self.complain(column, format!("nobody says which words `{name}.{column}` can hold"), hint);
            return None;
        }
        Some(Variable {
            name: column.to_owned(),
            kind,
            description: found.description.clone(),
            part: class.part,
            tier: class.tier,
            coarsen,
            list,
            words,
        })
    }

    /// What a column is, where the study may have it at all. Of a special one that it does not ask for it says so.
    fn class(&mut self, name: &str, column: &str, kind: Kind) -> Option<Class> {
        let class = self.known.classes.of(name, column, kind);
        if class.tier == Tier::Never || class.part == Part::Learner {
            let why = if class.why.is_empty() { "it names somebody" } else { &class.why };
            let hint = format!("leave it out: {why}");
            self.complain(column, format!("no study gets `{name}.{column}`"), &hint);
            return None;
        }
        if class.tier == Tier::Special && !self.study.tiers.contains(&Tier::Special) {
            let hint =
                "add \"special\" to `tiers`, with a basis of Article 9 in `lawful`, or leave the column out";
            let problem =
                format!("`{name}.{column}` is of the tier `special`, which the study does not ask for");
            self.complain(column, problem, hint);
        }
        Some(class)
    }

    /// The list of a column's codes and the words that it can hold.
    fn words(&self, table: &str, column: &str, description: &str) -> (Option<CodeList>, Vec<String>) {
        let listed = Listed::of(self.known.verify, self.known.codes, table, column);
        let is_said = listed.is_held_to || listed.list.is_some();
        let mut words = if is_said { listed.all() } else { described(description) };
        words.sort();
        words.dedup();
        (listed.list.cloned(), words)
    }
}

/// The words that a description lists: `school, special, ap, ehe, cme, or late_entrant when …`. Fewer than two are none.
fn described(description: &str) -> Vec<String> {
    let first = description.split([';', '.', ':']).next().unwrap_or_default();
    let is_code = |word: &&str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let pieces = first.split(", ").flat_map(|piece| piece.split(" or "));
    let pieces = pieces.map(|piece| piece.trim().trim_start_matches("or ").trim());
    let words: Vec<String> =
        pieces.filter_map(|piece| piece.split(' ').next()).filter(is_code).map(str::to_owned).collect();
    if words.len() < 2 { Vec::new() } else { words }
}

fn wanted(test: &Test, kind: Kind) -> Option<Wanted> {
    match test {
        Test::OneOf(texts) => {
            texts.iter().map(|text| Cell::read(text, kind)).collect::<Option<_>>().map(Wanted::OneOf)
        }
        Test::Between(from, to) if matches!(kind, Kind::Whole | Kind::Decimal(..)) => {
            Some(Wanted::Between(*from, *to))
        }
        Test::Between(..) => None,
    }
}

impl Wanted {
    /// Whether a cell fulfils it. An empty one never does.
    pub(super) fn holds(&self, cell: &Cell, kind: Kind) -> bool {
        match self {
            Self::OneOf(cells) => cells.contains(cell),
            Self::Between(from, to) => cell.number(kind).is_some_and(|number| {
                from.is_none_or(|from| number >= from) && to.is_none_or(|to| number <= to)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::described;

    #[test]
    fn words_are_read_from_a_description() {
        let said = described("school, special, ap, ehe, cme, or late_entrant when not seen in Year 6");
        assert_eq!(said, ["school", "special", "ap", "ehe", "cme", "late_entrant"]);
        assert_eq!(
            described("plan, support or none in Year 6; empty when not known"),
            ["plan", "support", "none"]
        );
        assert!(described("The academic year, by its end year").is_empty());
    }
}
