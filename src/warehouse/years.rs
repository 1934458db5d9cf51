//! Tables that are made for each academic year of the lake by itself, and put together: a day's pull changes one year, and
//! the others are taken over.
//!
//! Comes in: a query whose header says `each_year_of`, and the files of that table of the lake, which lie in a folder for each
//! year. Goes out: a file of rows for each folder, which together are the table. Promise: while a year is made, the lake
//! holds no other, tables that are made the same way hold that year alone, and a year that is over is looked at from its last day:
//! a row is filed under the year of its date, so that all of them have that day behind them.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use duckdb::Connection;

use super::build::make;
use super::connection::{path_list, quoted};
use super::entity::Entity;
use super::fault::WarehouseFault;
use super::kept::{Kept, Line};
use super::key::{self, Contents, Maker, digest_of};
use super::publish;
use super::relation::{BuildContext, Inputs, row_of_context, rows_of_lake};
use crate::definitions::query::{Query, QuerySet};

/// The relation of the day to look back from.
const CONTEXT: &str = "build_context";

/// One year of a table that has to be made.
pub(super) struct Year {
    /// The name of its line.
    name: String,
    key: String,
    path: PathBuf,
    /// What is to be read as holding that year alone: name and rows.
    alone: Vec<(String, String)>,
}

/// The files of a table of the lake by the folder that they lie in. One without files has a year without rows.
pub(super) fn by_folder(inputs: &Inputs, of: &str) -> BTreeMap<String, Vec<PathBuf>> {
    let mut folders: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in inputs.lake.get(entity_name(of)).into_iter().flatten() {
        let folder = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        folders.entry(folder.into_owned()).or_default().push(file.clone());
    }
    if folders.is_empty() {
        folders.insert("ay=none".to_owned(), Vec::new());
    }
    folders
}

fn entity_name(of: &str) -> &str {
    of.strip_prefix("lake_").unwrap_or(of)
}

/// The day from which the years in a folder are looked at: the last of an academic year that is over.
fn looked_at_from(context: &BuildContext, folder: &str) -> BuildContext {
    let year = folder.strip_prefix("ay=").and_then(|year| year.parse().ok());
    let last = year.and_then(|year| NaiveDate::from_ymd_opt(year, 8, 31));
    BuildContext { as_of: last.map_or(context.as_of, |last| last.min(context.as_of)), ..context.clone() }
}

/// What a query's years are made of.
pub(super) struct Makers<'a> {
    pub(super) queries: &'a QuerySet,
    pub(super) inputs: &'a Inputs,
    pub(super) context: &'a BuildContext,
    pub(super) maker: &'a Maker<'a>,
    pub(super) contents: &'a Contents,
}

impl Makers<'_> {
    /// Takes over every year of a table that nothing has changed, and gives the others.
    pub(super) fn to_make(
        &self,
        query: &Query,
        of: &str,
        kept: &mut Kept,
    ) -> Result<Vec<Year>, WarehouseFault> {
        let Some(entity) = self.inputs.entities.iter().find(|entity| entity.name == entity_name(of)) else {
            return Ok(Vec::new());
        };
        let mut years = Vec::new();
        for (folder, files) in by_folder(self.inputs, of) {
            let name = Kept::name_of_year(query, &folder);
            let key =
                self.maker.key(query, &self.contents_of_year(query, of, entity, &folder, &files, kept)?);
            let path = kept.path_of_year(query, &folder);
            if kept.take_over_file(&name, &key, &path).is_none() {
                let alone = self.alone(query, of, entity, &folder, &files, kept);
                years.push(Year { name, key, path, alone });
            }
        }
        Ok(years)
    }

    /// What stands for the content of all that a year reads.
    fn contents_of_year(
        &self,
        query: &Query,
        of: &str,
        entity: &Entity,
        folder: &str,
        files: &[PathBuf],
        kept: &Kept,
    ) -> Result<Contents, WarehouseFault> {
        let mut contents = Contents::new();
        for name in &query.reads {
            let content = if name == of {
                Some(key::of_lake(self.inputs, entity, files)?)
            } else if let Some(made_alike) = self.made_alike(name, of) {
                kept.line(&Kept::name_of_year(made_alike, folder)).map(|line| line.content.clone())
            } else if name == CONTEXT {
                Some(key::of_context(&looked_at_from(self.context, folder)))
            } else {
                self.contents.get(name).cloned()
            };
            contents.insert(name.clone(), content.unwrap_or_default());
        }
        Ok(contents)
    }

    /// What a year reads as its own: rows of the lake, the day it is looked at from, and tables that are made for each year too.
    fn alone(
        &self,
        query: &Query,
        of: &str,
        entity: &Entity,
        folder: &str,
        files: &[PathBuf],
        kept: &Kept,
    ) -> Vec<(String, String)> {
        let reads_it = query.reads.iter().any(|name| name == of);
        let mut alone: Vec<_> =
            reads_it.then(|| (of.to_owned(), rows_of_lake(entity, files))).into_iter().collect();
        if query.reads.iter().any(|name| name == CONTEXT) {
            alone.push((CONTEXT.to_owned(), row_of_context(&looked_at_from(self.context, folder))));
        }
        for made_alike in query.reads.iter().filter_map(|name| self.made_alike(name, of)) {
            if let Some(line) = kept.line(&Kept::name_of_year(made_alike, folder)) {
                let rows = rows_kept(&[kept.path_of_year(made_alike, folder)], &line.columns);
                alone.push((made_alike.name.clone(), rows));
            }
        }
        alone
    }

    fn made_alike(&self, name: &str, of: &str) -> Option<&Query> {
        self.queries.queries.get(name).filter(|query| query.each_year_of.as_deref() == Some(of))
    }
}

/// The rows of files that a build keeps, with the types that they had.
pub(super) fn rows_kept(files: &[PathBuf], columns: &[(String, String)]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|(column, kind)| format!("cast(\"{column}\" as {kind}) as \"{column}\""))
        .collect();
    let files = match files {
        [file] => quoted(&file.to_string_lossy()),
        files => path_list(files),
    };
    format!("select {} from read_parquet({files})", columns.join(", "))
}

/// Makes years one after the other, and gives a line for each.
///
/// # Errors
/// When the query fails or a file cannot be written.
pub(super) fn make_each(
    connection: &Connection,
    query: &Query,
    years: Vec<Year>,
) -> Result<Vec<Line>, WarehouseFault> {
    let run = |sql: &str| {
        connection
            .execute_batch(sql)
            .map_err(|error| WarehouseFault::Query { file: query.file.clone(), cause: error.into() })
    };
    let mut lines = Vec::new();
    for Year { name, key, path, alone } in years {
        // A connection's own views stand before those of all.
        for (name, rows) in &alone {
            run(&format!("create or replace temp view {name} as\n{rows}"))?;
        }
        make(connection, query)?;
        let columns = publish::describe(connection, query)?;
        let (rows, content) = publish::content(connection, query, &columns)?;
        publish::set_aside(connection, query, &columns, &path)?;
        run(&format!("drop table {}", query.name))?;
        for (name, _) in &alone {
            run(&format!("drop view temp.{name}"))?;
        }
        let sha256 = publish::sha256_of(&path).map_err(|error| WarehouseFault::Export {
            table: query.name.clone(),
            what: error.kind().to_string(),
        })?;
        lines.push(Line { table: name, key, content, rows, columns, sha256: Some(sha256) });
    }
    Ok(lines)
}

/// The line of a table whose years are all there.
pub(super) fn put_together(query: &Query, years: &[&Line]) -> Line {
    let contents = years.iter().flat_map(|line| [line.table.as_str(), line.content.as_str()]);
    Line {
        table: query.name.clone(),
        key: String::new(),
        content: digest_of(contents),
        rows: years.iter().map(|line| line.rows).sum(),
        columns: years.first().map(|line| line.columns.clone()).unwrap_or_default(),
        sha256: None,
    }
}
