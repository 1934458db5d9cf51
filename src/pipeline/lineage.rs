//! Where a table comes from: the tables that it reads, down to entities, sources, code lists and policy.
use super::{Site, SiteFault, build};
use crate::{
    definitions::query::QuerySet,
    warehouse::{self, Behind, ColumnsRead},
};
use std::collections::{BTreeMap, BTreeSet};

/// What a name in a lineage is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Made by a query.
    Table {
        /// The query's file inside `queries/`.
        file: String,
        /// SHA-256 of it, in hex.
        sha256: String,
        /// Whether it is part of a release.
        published: bool,
    },
    /// Rows of the lake, by source: name, connector where the configuration still has the source, and rows held.
    Entity(Vec<(String, Option<String>, u64)>),
    /// A file of the definitions, by its path: a code list, the policy.
    File(String),
    /// What the program itself gives: the day, the links.
    Given,
}

/// One name of a lineage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The table, entity or list.
    pub name: String,
    /// What it is, in a line.
    pub title: String,
    /// What kind of thing it is.
    pub origin: Origin,
    /// What it reads, in the order of its header.
    pub reads: Vec<String>,
    /// The columns that bear on what was asked; empty where a whole table was.
    pub columns: Vec<String>,
    /// Whether only its key is read, to match rows.
    pub is_matched: bool,
}

/// All that a table, or one column of it, is made of.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// The table asked about.
    pub table: String,
    /// The column asked about.
    pub column: Option<String>,
    /// Every name on the way, the table itself among them.
    pub nodes: BTreeMap<String, Node>,
}

/// Walks from `TABLE` or `TABLE.COLUMN` back to the sources.
///
/// # Errors
/// When there is no such table or column, or the definitions are not well formed.
pub fn lineage(site: &Site, what: &str) -> Result<Lineage, SiteFault> {
    let queries = build::queries(site)?.with_views();
    let (table, column) = what.split_once('.').map_or((what, None), |(table, column)| (table, Some(column)));
    if !queries.queries.contains_key(table) {
        return Err(SiteFault::Build(no_such(&queries, table)));
    }
    let behind = match column {
        None => Behind { read: whole(&queries, table), ..Behind::default() },
        Some(column) => {
            let known = warehouse::columns_behind(&queries, &build::inputs(site)?, table, column);
            known.map_err(|fault| SiteFault::Build(fault.to_string()))?
        }
    };
    let mut nodes = BTreeMap::new();
    for (name, columns) in &behind.read {
        let mut node = node(site, &queries, name)?;
        node.is_matched = behind.matched.contains(name);
        node.reads.retain(|each| !node.is_matched && behind.read.contains_key(each));
        node.columns = columns.iter().cloned().collect();
        nodes.insert(name.clone(), node);
    }
    Ok(Lineage { table: table.to_owned(), column: column.map(str::to_owned), nodes })
}

fn no_such(queries: &QuerySet, table: &str) -> String {
    let near: Vec<&str> =
        queries.queries.keys().map(String::as_str).filter(|name| name.contains(table)).collect();
    let hint = if near.is_empty() {
        "`throughline build` lists those that are published".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    format!("no query makes a table of that name: {hint}")
}

/// Everything behind a table, with no column named.
fn whole(queries: &QuerySet, table: &str) -> ColumnsRead {
    let behind = queries.behind(&[table]);
    let names = behind.queries.values().flat_map(|query| query.reads.iter().chain([&query.name]));
    names.map(|name| (name.clone(), BTreeSet::new())).collect()
}

fn node(site: &Site, queries: &QuerySet, name: &str) -> Result<Node, SiteFault> {
    let mut node = Node {
        name: name.to_owned(),
        title: String::new(),
        origin: Origin::Given,
        reads: Vec::new(),
        columns: Vec::new(),
        is_matched: false,
    };
    if let Some(query) = queries.queries.get(name) {
        node.title.clone_from(&query.title);
        node.reads.clone_from(&query.reads);
        node.origin = Origin::Table {
            file: query.file.clone(),
            sha256: query.sha256.clone(),
            published: query.published,
        };
    } else if let Some(entity) = name.strip_prefix("lake_") {
        let schema = site.definitions.schemas.iter().find(|schema| schema.name == entity);
        node.title = schema.map_or_else(String::new, |schema| schema.title.clone());
        let connector = |name: &str| {
            let source = site.settings.sources.iter().find(|source| source.name.as_str() == name);
            source.map(|source| source.connector.clone())
        };
        let sources = site.catalog.rows_by_source(entity)?.into_iter();
        node.origin =
            Origin::Entity(sources.map(|(name, rows)| (name.clone(), connector(&name), rows)).collect());
    } else if let Some(list) = name.strip_prefix("code_") {
        "a code list".clone_into(&mut node.title);
        node.origin = Origin::File(format!("schemas/codes/{list}.csv"));
    } else {
        let (title, origin) = given(name);
        title.clone_into(&mut node.title);
        node.origin = origin;
    }
    Ok(node)
}

/// What no query and no source gives.
fn given(name: &str) -> (&'static str, Origin) {
    match name {
        "policy" => {
            ("thresholds, slots and weights by academic year", Origin::File("schemas/policy.csv".into()))
        }
        "learner_link" => ("which subjects are one learner: made by `link`", Origin::Given),
        "link_evidence" => ("how much each subject's source told: made by `link`", Origin::Given),
        "link_sample" => ("what persons said of pairs drawn by chance: `link review`", Origin::Given),
        "moved_subject" => ("subjects that were given another learner: made by `link`", Origin::Given),
        "build_context" => ("the day that a build looks back from, and where here is", Origin::Given),
        "view_context" => ("the day of --since", Origin::Given),
        "withheld_count" => ("how many are only counted, by cohort year", Origin::Given),
        _ => ("", Origin::Given),
    }
}
