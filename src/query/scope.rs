//! Which names a statement may use, and what they stand for. Everything that is run is written anew from here: of the
//! text that was typed only literals go further.
use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::Ident;

use super::parse::name;
use super::refusal::QueryRefusal;
use super::room::Room;

/// What a value is. Only like is compared with like, so that no statement can fail for what stands in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    /// A code or a label.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Bool,
    /// A day.
    Date,
    /// Whom a row is about: joined and counted, never compared with a value and never shown.
    Learner,
    /// Nothing: `null` as it is written.
    Null,
}

impl Kind {
    /// The kind of a column's type; none where a query cannot use it.
    pub fn of_sql_type(sql_type: &str) -> Option<Self> {
        let name = sql_type.split('(').next().unwrap_or(sql_type);
        match name {
            "VARCHAR" => Some(Self::Text),
            "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "DECIMAL" | "DOUBLE" | "FLOAT" => {
                Some(Self::Number)
            }
            "BOOLEAN" => Some(Self::Bool),
            "DATE" => Some(Self::Date),
            _ => None,
        }
    }
}

/// A table that may be asked, as a statement sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableShape {
    /// Column name and kind, in order.
    pub columns: Vec<(String, Kind)>,
    /// The columns that tell the rows of one learner apart: no two have the same in all of them, and there is one at most where there is no
    /// such column. None where that is not known.
    pub told_apart_by: Option<Vec<String>>,
}

impl TableShape {
    /// Whether it has one row for each learner at most.
    pub fn one_row_each(&self) -> bool {
        self.told_apart_by.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether its rows are about learners, so that a count of them can be checked.
    pub fn is_of_learners(&self) -> bool {
        self.columns.iter().any(|(_, kind)| *kind == Kind::Learner)
    }
}

/// The tables of a release by name.
pub type Shapes = BTreeMap<String, TableShape>;

/// A column as SQL that is safe to run.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    /// The column inside its relation, quoted.
    pub sql: String,
    pub kind: Kind,
    /// A column of the release and not one that the statement made.
    pub own: bool,
    /// The table of the release that it stands in.
    pub table: Option<String>,
    /// What it takes to work it out for one row: [`Compiler::work`]. Nothing where it is stored.
    pub work: u64,
}

/// A table, a named query or a query in brackets, where it stands in FROM.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// What the statement calls it.
    pub name: String,
    /// What we call it.
    pub alias: String,
    pub columns: Vec<Column>,
    /// How often a learner's rows are multiplied in it: 0 where there is one row each, 1 for a table with several.
    pub degree: u32,
    /// Whether a row may lack it: LEFT JOIN.
    pub is_left: bool,
    /// Whether it is joined by learner and by nothing else.
    pub is_by_learner: bool,
    /// [`TableShape::told_apart_by`], of a table of the release.
    pub told_apart_by: Option<Vec<String>>,
}

impl Relation {
    pub fn learner(&self) -> Option<&Column> {
        self.columns.iter().find(|column| column.kind == Kind::Learner)
    }
}

/// The relations that an expression may name, the nearest first.
pub(super) struct Scope<'o> {
    pub relations: Vec<Relation>,
    /// Columns that USING made one of.
    pub merged: BTreeSet<String>,
    pub outer: Option<&'o Scope<'o>>,
}

/// A column that was found.
pub(super) struct Found {
    pub sql: String,
    pub kind: Kind,
    pub own: bool,
    pub read: Option<(String, String)>,
    /// Which relation of the innermost scope; none where it is an outer one.
    pub relation: Option<usize>,
    /// What it takes to work it out for one row.
    pub work: u64,
}

impl Scope<'_> {
    /// How often the rows of a learner are multiplied.
    pub fn degree(&self) -> u32 {
        self.relations.iter().map(|relation| relation.degree).sum()
    }

    /// The same with the queries around it, which an EXISTS is looked at for each row of.
    pub fn degree_in_all(&self) -> u32 {
        self.degree() + self.outer.map_or(0, Scope::degree_in_all)
    }

    /// The columns that may be named, with those of the queries around it.
    pub fn columns(&self) -> Box<dyn Iterator<Item = &Column> + '_> {
        let own = self.relations.iter().flat_map(|relation| &relation.columns);
        match self.outer {
            Some(outer) => Box::new(own.chain(outer.columns())),
            None => Box::new(own),
        }
    }

    /// The learner of the first relation: whom a row of the whole is about.
    pub fn learner(&self) -> Option<String> {
        let first = self.relations.first()?;
        Some(format!("{}.{}", first.alias, first.learner()?.sql))
    }

    /// Looks up `column` or `relation.column`.
    pub fn find(&self, parts: &[Ident]) -> Result<Found, QueryRefusal> {
        let (of, wanted) = match parts {
            [column] => (None, name(column)?),
            [relation, column] => (Some(name(relation)?), name(column)?),
            _ => return Err(QueryRefusal::part("a name of more than two parts")),
        };
        self.look(of.as_deref(), &wanted)?.ok_or_else(|| QueryRefusal::unknown("column", &wanted))
    }

    pub fn look(&self, of: Option<&str>, wanted: &str) -> Result<Option<Found>, QueryRefusal> {
        let mut found = None;
        for (at, relation) in self.relations.iter().enumerate() {
            if of.is_some_and(|of| of != relation.name) {
                continue;
            }
            let Some(column) = relation.columns.iter().find(|column| column.name == wanted) else { continue };
            if found.is_some() {
                return Err(QueryRefusal::new(
                    "ambiguous",
                    "a column's name stands in two of the tables",
                    "write the table before it: cohort_member.cohort_ay",
                ));
            }
            found = Some(Found {
                sql: format!("{}.{}", relation.alias, column.sql),
                kind: column.kind,
                own: column.own,
                read: column.table.clone().map(|table| (table, column.name.clone())),
                relation: Some(at),
                work: column.work,
            });
            let is_one = column.kind == Kind::Learner || self.merged.contains(wanted);
            if of.is_none() && is_one {
                break;
            }
        }
        match (found, self.outer) {
            (Some(found), _) => Ok(Some(found)),
            (None, Some(outer)) => Ok(outer.look(of, wanted)?.map(|found| Found { relation: None, ..found })),
            (None, None) => Ok(None),
        }
    }
}

/// What two readings of one text have to agree on.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Facts {
    /// Everything that stands in FROM, as it was typed, in small letters.
    pub tables: BTreeSet<String>,
    /// Every word outside quotes of text, in small letters.
    pub words: BTreeSet<String>,
    /// Every text in single quotes.
    pub texts: BTreeSet<String>,
    /// How many SELECTs there are.
    pub selects: usize,
}

/// What is gathered while a statement is read.
pub(super) struct Compiler<'s> {
    pub shapes: &'s Shapes,
    /// Named queries, in their order.
    pub named: Vec<Named>,
    /// Columns that are read, by table.
    pub reads: BTreeMap<String, BTreeSet<String>>,
    pub facts: Facts,
    /// How many relations were given names of ours.
    pub counter: usize,
    /// The most that any SELECT multiplies the rows of a learner.
    pub degree: u32,
    /// What it takes to work out all that was read so far for one row of each SELECT, in steps of about one comparison. A column that the statement
    /// made is worked out wherever it is named: the engine puts what it is made of in its place.
    pub work: u64,
    /// How many equalities of what are both no values were read.
    pub equal: u64,
    /// What the engine may hold at once.
    pub room: Room,
    /// Bytes of what the rows of the SELECT that is read are grouped by.
    pub grouped_by: u64,
    /// The columns that the statement reads, by table, where that is known: those of a table that it does not read are not there.
    pub known: Option<&'s BTreeMap<String, BTreeSet<String>>>,
}

/// A named query.
pub(super) struct Named {
    /// What the statement calls it.
    pub called: String,
    /// What we call it.
    pub ours: String,
    pub columns: Vec<Column>,
    /// How often it multiplies rows.
    pub degree: u32,
    /// What it makes the engine hold, wherever it is named.
    pub room: Room,
}

impl Compiler<'_> {
    /// The next name of ours.
    pub fn fresh(&mut self, letter: char) -> String {
        self.counter += 1;
        format!("{letter}{}", self.counter)
    }

    /// Counts what a FROM, with those around it, makes the engine hold: each table that is looked up in, and where it is looked at for each row of
    /// another FROM all that comes of it.
    pub fn looks_up(&mut self, scope: &Scope<'_>) {
        let known = self.known;
        let is_there = |column: &&Column| is_there(column, known);
        self.room.passes(scope.columns().filter(is_there), scope.relations.len() as u64 + 2);
        let first = usize::from(scope.outer.is_none());
        for relation in &scope.relations[first..] {
            self.room.holds(relation.columns.iter().filter(is_there), 1, relation.degree);
        }
        if scope.outer.is_some() {
            self.room.holds(scope.columns().filter(is_there), 1, scope.degree_in_all());
        }
    }

    /// Counts so many conditions of a WHERE: where tables are joined, what each compares may stand beside the rows that are looked up in.
    pub fn compares(&mut self, scope: &Scope<'_>, conditions: usize) {
        let most = scope.relations.iter().map(|relation| relation.degree).max().unwrap_or_default();
        if scope.relations.len() > 1 || scope.outer.is_some() {
            (0..conditions).for_each(|_| self.room.beside(Kind::Text, most));
        }
    }

    /// Counts what stands around an IN: all of it goes by the list.
    pub fn goes_by(&mut self, around: &Scope<'_>) {
        let known = self.known;
        self.room.passes(around.columns().filter(|column| is_there(column, known)), 4);
    }

    /// Counts what stands around an EXISTS: all rows, and those of them that are looked through together.
    pub fn looks_through(&mut self, around: &Scope<'_>) {
        let known = self.known;
        let is_there = |column: &&Column| is_there(column, known);
        self.room.passes(around.columns().filter(is_there), 2);
        self.room.holds(around.columns().filter(is_there), 2, around.degree_in_all());
    }

    /// What all that was read so far comes to.
    pub const fn so_far(&self) -> (u64, Room) {
        (self.work, self.room)
    }

    /// Counts what was read since so many times more: the engine, or this reader, writes it so often.
    pub fn again(&mut self, (work, room): (u64, Room), times: u64) {
        self.work = self.work.saturating_add((self.work - work).saturating_mul(times));
        self.room = self.room.and(self.room.since(room).times(times));
    }

    /// Notes that a column is read.
    pub fn note(&mut self, found: &Found) {
        self.work = self.work.saturating_add(found.work);
        if let Some((table, column)) = &found.read {
            self.reads.entry(table.clone()).or_default().insert(column.clone());
        }
    }
}

/// Whether a column is there at all: of a table those are that the statement reads, where that is known.
fn is_there(column: &Column, known: Option<&BTreeMap<String, BTreeSet<String>>>) -> bool {
    match (&column.table, known) {
        (Some(table), Some(known)) => known.get(table).is_some_and(|read| read.contains(&column.name)),
        _ => true,
    }
}

/// A name in double quotes. Ours and the release's names hold no quotes; doubled all the same.
pub(super) fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text literal.
pub(super) fn quoted_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
