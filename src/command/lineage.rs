//! Where a table comes from, as a tree.
use super::{
    Exit, Halt, Verdict,
    screen::{Screen, counted, thousands},
};
use crate::{
    config::Settings,
    pipeline::{self, Lineage, Node, Origin, Site},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Shows what a table, or one column of it, is made of.
pub(super) fn lineage(settings: Settings, what: &str, screen: &Screen) -> Verdict {
    let site = Site::open(settings)?;
    let found = pipeline::lineage(&site, what).map_err(|fault| Halt::new(Exit::Usage, fault.to_string()))?;
    screen.document(&as_json(&found));
    let mut lines = Vec::new();
    grow(&found, &found.table, 0, &mut BTreeSet::new(), &mut lines);
    screen.result(&lines.join("\n"));
    let tables = found.nodes.values().filter(|node| matches!(node.origin, Origin::Table { .. })).count();
    screen.say(&format!(
        "{} and {}. A table that stands twice is written out where it stands first.",
        counted(tables as u64, "table", "tables"),
        counted((found.nodes.len() - tables) as u64, "origin", "origins")
    ));
    Ok(Exit::Done)
}

/// Adds a name and what it reads, each a step further in.
fn grow(found: &Lineage, name: &str, depth: usize, above: &mut BTreeSet<String>, lines: &mut Vec<String>) {
    let Some(node) = found.nodes.get(name) else { return };
    let indent = "  ".repeat(depth);
    let is_new = above.insert(name.to_owned());
    let columns =
        if node.columns.is_empty() { String::new() } else { format!(" [{}]", node.columns.join(", ")) };
    if !is_new && !node.reads.is_empty() {
        lines.push(format!("{indent}{name}{columns}  (above)"));
        return;
    }
    lines.push(format!("{indent}{name}{columns}  {}", told(node)));
    if let (Origin::Entity(sources), true) = (&node.origin, is_new) {
        for (source, connector, rows) in sources {
            let by = connector.as_deref().unwrap_or("no longer configured");
            lines.push(format!("{indent}  {source}  ({by}; {} rows held)", thousands(*rows)));
        }
    }
    for read in &node.reads {
        grow(found, read, depth + 1, above, lines);
    }
}

fn told(node: &Node) -> String {
    if node.is_matched {
        return "only its key, to match rows".to_owned();
    }
    match &node.origin {
        Origin::Table { file, .. } => format!("{}: queries/{file}", node.title),
        Origin::Entity(sources) if sources.is_empty() => format!("{}: no source has given any", node.title),
        Origin::File(path) => format!("{}: {path}", node.title),
        Origin::Entity(_) | Origin::Given => node.title.clone(),
    }
}

fn as_json(found: &Lineage) -> Value {
    let nodes: Vec<Value> = found.nodes.values().map(node_json).collect();
    json!({ "table": found.table, "column": found.column, "nodes": nodes })
}

fn node_json(node: &Node) -> Value {
    let mut about = json!({
        "name": node.name, "title": node.title, "reads": node.reads, "columns": node.columns,
        "only_matched": node.is_matched
    });
    let more = match &node.origin {
        Origin::Table { file, sha256, published } => json!({
            "is": "table", "file": format!("queries/{file}"), "sha256": sha256, "published": published
        }),
        Origin::Entity(sources) => {
            let sources = sources.iter().map(|(source, connector, rows)| {
                json!({ "source": source, "connector": connector, "rows_held": rows })
            });
            json!({ "is": "entity", "sources": sources.collect::<Vec<_>>() })
        }
        Origin::File(path) => json!({ "is": "file", "file": path }),
        Origin::Given => json!({ "is": "given" }),
    };
    if let (Some(about), Value::Object(more)) = (about.as_object_mut(), more) {
        about.extend(more);
    }
    about
}
