//! The header of a query file: what the table is, and what makes it.
use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::schema::is_named_like_identity;
use super::{Computed, LAYERS, Materialise, Problem, Query, VIEWS, sha256_hex};

/// The header of a query file, as written. Unknown keys are errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    title: String,
    grain: Vec<String>,
    reads: Vec<String>,
    #[serde(default)]
    purposes: Vec<String>,
    #[serde(default)]
    computed: Option<String>,
    #[serde(default)]
    materialise: Materialise,
    #[serde(default)]
    published: bool,
    #[serde(default)]
    each_year_of: Option<String>,
    #[serde(default)]
    of_many: Option<Vec<String>>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
}

/// Reads one file: its header and, where it is SQL, the SELECT after it.
pub(super) fn read_query(file: &str, text: String, is_overlaid: bool) -> Result<Query, Problem> {
    let problem = |line: usize, what: String| Problem { file: file.to_owned(), line, what };
    let (layer, name, is_sql) = file
        .split_once('/')
        .and_then(|(layer, rest)| {
            let sql = rest.strip_suffix(".sql").map(|name| (layer, name, true));
            sql.or_else(|| Some((layer, rest.strip_suffix(".toml")?, false)))
        })
        .filter(|(layer, ..)| LAYERS.contains(layer) || *layer == VIEWS)
        .ok_or_else(|| problem(1, format!("not in one of the folders {}, {VIEWS}", LAYERS.join(", "))))?;
    let is_plain_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_plain_name {
        return Err(problem(1, "a table name is lower-case letters, digits and underscores".to_owned()));
    }
    let header_text = if is_sql {
        text.strip_prefix("/*")
            .and_then(|rest| rest.split_once("*/"))
            .map(|(header, _)| header)
            .ok_or_else(|| problem(1, "does not begin with a header comment".to_owned()))?
    } else {
        &text
    };
    let header: Header = toml::from_str(header_text).map_err(|error| {
        let before = error.span().map_or(0, |span| span.start);
        let line = 1 + header_text.bytes().take(before).filter(|byte| *byte == b'\n').count();
        problem(line, error.message().to_owned())
    })?;
    refuse(&header, layer).map_err(|what| problem(1, what.to_owned()))?;
    if let Some(name) = header.columns.keys().find(|name| is_named_like_identity(name)) {
        let line = 1 + text.lines().position(|line| line.starts_with(name.as_str())).unwrap_or(0);
        return Err(problem(
            line,
            format!("`{name}` would be a birth date or a postcode: no table has either"),
        ));
    }
    let computed = computed(&header, is_sql).map_err(|what| {
        let line = header_text.lines().position(|line| line.starts_with("computed"));
        problem(1 + line.unwrap_or(0), what)
    })?;
    Ok(Query {
        name: name.to_owned(),
        file: file.to_owned(),
        layer: layer.to_owned(),
        title: header.title,
        grain: header.grain,
        reads: header.reads,
        purposes: header.purposes,
        materialise: header.materialise,
        each_year_of: header.each_year_of,
        published: header.published,
        of_many: header.of_many,
        columns: header.columns,
        computed,
        sha256: sha256_hex(text.as_bytes()),
        sql: text,
        is_overlaid,
    })
}

/// What no header may say.
fn refuse(header: &Header, layer: &str) -> Result<(), &'static str> {
    let is_view = layer == VIEWS;
    if (header.published || is_view) && header.purposes.is_empty() {
        return Err("a published table or a view must name its purposes");
    }
    if is_view && header.published {
        return Err("a view is never published: it is for one person's own rows");
    }
    if is_view && header.grain.first().is_none_or(|name| name != "learner_id") {
        return Err("the grain of a view begins with `learner_id`");
    }
    if header.grain.is_empty() {
        return Err("the grain names no column");
    }
    let is_column = |name: &String| !header.published || header.columns.contains_key(name);
    if !header.of_many.iter().flatten().all(is_column) {
        return Err("`of_many` names a column that it does not describe");
    }
    if let Some(of) = &header.each_year_of {
        let is_between = !header.published
            && header.computed.is_none()
            && header.materialise == Materialise::Table
            && !["staging", "checks", VIEWS].contains(&layer);
        if !is_between {
            return Err("only a table that lies between others is made for each year by itself");
        }
        if !of.starts_with("lake_") {
            return Err("`each_year_of` names a table of the lake");
        }
    }
    Ok(())
}

/// The function that a TOML file names, `name@version`; a file of SQL names none.
fn computed(header: &Header, is_sql: bool) -> Result<Option<Computed>, String> {
    let text = match (&header.computed, is_sql) {
        (None, true) => return Ok(None),
        (Some(_), true) => {
            return Err("SQL and a function both make it: make it a TOML file, or take `computed` out".into());
        }
        (None, false) => {
            return Err("names no function: `computed = \"name@version\"`, or write it as SQL".into());
        }
        (Some(text), false) => text,
    };
    if header.materialise == Materialise::View {
        return Err("a computed table is never a view: every reader would compute it again".into());
    }
    text.split_once('@')
        .and_then(|(function, version)| {
            Some((function, version.parse().ok().filter(|version| *version > 0)?))
        })
        .filter(|(function, _)| !function.is_empty())
        .map(|(function, version)| Some(Computed { function: function.to_owned(), version }))
        .ok_or_else(|| format!("`{text}` is not `name@version`, such as `{text}@1`"))
}
