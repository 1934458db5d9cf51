//! The second opinion: the engine's own reading of the typed text, walked node by node. Nothing of it is run; it has to
//! agree with ours, so that a text which two readers take differently is refused before anything happens. Whatever kind of
//! node, key or function is not known here is refused.
use serde_json::Value;
use std::collections::BTreeSet;

use super::calls::allowed_functions;
use super::scope::Facts;

/// Functions that the engine calls by other names than people do, and its operators.
const ENGINES_OWN: &[&str] = &["count_star", "~~", "!~~", "~~*", "!~~*", "+", "-", "*", "/", "//", "%"];

/// Kinds of node, by `class` where there is one and by `type` everywhere.
const CLASSES: &[&str] = &[
    "BETWEEN",
    "CASE",
    "CAST",
    "COLUMN_REF",
    "COMPARISON",
    "CONJUNCTION",
    "CONSTANT",
    "FUNCTION",
    "OPERATOR",
    "STAR",
    "SUBQUERY",
    "TYPE",
];
const TYPES: &[&str] = &[
    "ASCENDING",
    "BASE_TABLE",
    "CASE_EXPR",
    "COLUMN_REF",
    "COMPARE_BETWEEN",
    "COMPARE_DISTINCT_FROM",
    "COMPARE_EQUAL",
    "COMPARE_GREATERTHAN",
    "COMPARE_GREATERTHANOREQUALTO",
    "COMPARE_IN",
    "COMPARE_LESSTHAN",
    "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_NOT_DISTINCT_FROM",
    "COMPARE_NOT_IN",
    "COMPARE_NOTEQUAL",
    "CONJUNCTION_AND",
    "CONJUNCTION_OR",
    "DESCENDING",
    "DISTINCT_MODIFIER",
    "FUNCTION",
    "JOIN",
    "LIMIT_MODIFIER",
    "OPERATOR_CAST",
    "OPERATOR_COALESCE",
    "OPERATOR_IS_NOT_NULL",
    "OPERATOR_IS_NULL",
    "OPERATOR_NOT",
    "ORDER_DEFAULT",
    "ORDER_MODIFIER",
    "SELECT_NODE",
    "STAR",
    "SUBQUERY",
    "TYPE",
    "VALUE_CONSTANT",
];
/// Keys of nodes.
const KEYS: &[&str] = &[
    "aggregate_handling",
    "alias",
    "aliases",
    "arguments",
    "at_clause",
    "case_checks",
    "catalog",
    "catalog_name",
    "child",
    "children",
    "class",
    "column_name_alias",
    "column_names",
    "columns",
    "comparison_type",
    "condition",
    "cte_map",
    "delim_flipped",
    "distinct",
    "distinct_on_targets",
    "duplicate_eliminated_columns",
    "else_expr",
    "error",
    "exclude_list",
    "export_state",
    "expr",
    "expression",
    "filter",
    "from_table",
    "function_name",
    "group_expressions",
    "group_sets",
    "having",
    "input",
    "is_implicit",
    "is_legacy_function_call",
    "is_operator",
    "join_type",
    "key",
    "key_targets",
    "kind",
    "left",
    "limit",
    "limit_type",
    "literal",
    "lower",
    "map",
    "materialized",
    "modifiers",
    "name",
    "named_param_map",
    "nearest_approx",
    "nearest_count",
    "nearest_order_type",
    "node",
    "null_order",
    "offset",
    "order_bys",
    "orders",
    "path",
    "payload_aggregates",
    "qualified_exclude_list",
    "qualified_name",
    "qualify",
    "query_location",
    "query_location_length",
    "query_node",
    "ranking_expression",
    "ref_type",
    "relation_name",
    "rename_list",
    "replace_list",
    "right",
    "sample",
    "schema",
    "schema_name",
    "select_list",
    "statements",
    "subquery",
    "subquery_type",
    "table_name",
    "text",
    "then_expr",
    "try_cast",
    "type",
    "type_expr",
    "type_name",
    "upper",
    "using_columns",
    "value",
    "when_expr",
    "where_clause",
];
/// Keys that hold nothing in a statement that may be asked.
const EMPTY: &[&str] = &[
    "at_clause",
    "catalog",
    "catalog_name",
    "offset",
    "qualify",
    "ranking_expression",
    "sample",
    "schema",
    "schema_name",
];

/// Whether the engine's reading of a text has nothing that is not on the lists, and the same facts as ours.
pub(super) fn agrees(reading: &Value, facts: &Facts) -> bool {
    if reading.get("error") != Some(&Value::Bool(false)) {
        return false;
    }
    match reading.get("statements") {
        Some(Value::Array(statements)) if statements.len() == 1 => {}
        _ => return false,
    }
    let mut seen = Seen::default();
    let mut functions: BTreeSet<&str> = allowed_functions().into_iter().collect();
    functions.extend(ENGINES_OWN);
    seen.walk(reading, &functions)
        && seen.tables == facts.tables
        && seen.selects == facts.selects
        && seen.names.iter().all(|name| facts.words.contains(name))
        && seen.texts.iter().all(|text| facts.texts.contains(text))
}

#[derive(Default)]
struct Seen {
    tables: BTreeSet<String>,
    /// Columns, aliases and types.
    names: BTreeSet<String>,
    texts: BTreeSet<String>,
    selects: usize,
}

impl Seen {
    fn walk(&mut self, node: &Value, functions: &BTreeSet<&str>) -> bool {
        match node {
            Value::Array(items) => items.iter().all(|item| self.walk(item, functions)),
            Value::Object(members) => {
                let known = members.iter().all(|(key, value)| {
                    let is_empty = value.is_null() || value.as_str() == Some("");
                    KEYS.contains(&key.as_str()) && (is_empty || !EMPTY.contains(&key.as_str()))
                });
                known
                    && self.node(members, functions)
                    && members.values().all(|member| self.walk(member, functions))
            }
            _ => true,
        }
    }

    fn node(&mut self, members: &serde_json::Map<String, Value>, functions: &BTreeSet<&str>) -> bool {
        let text = |key: &str| members.get(key).and_then(Value::as_str);
        if text("class").is_some_and(|class| !CLASSES.contains(&class))
            || text("type").is_some_and(|kind| !TYPES.contains(&kind))
        {
            return false;
        }
        self.selects += usize::from(text("type") == Some("SELECT_NODE"));
        if text("function_name")
            .is_some_and(|function| !functions.contains(function.to_ascii_lowercase().as_str()))
        {
            return false;
        }
        if let Some(table) = text("table_name") {
            self.tables.insert(table.to_ascii_lowercase());
        }
        for name in members.get("column_names").into_iter().chain(members.get("using_columns")) {
            let names = name.as_array().into_iter().flatten().filter_map(Value::as_str);
            self.names.extend(names.map(str::to_ascii_lowercase));
        }
        if text("kind") == Some("STRING") {
            self.texts.extend(text("text").map(str::to_owned));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unknown_node_key_or_function_is_no_agreement() {
        let facts = Facts { selects: 1, ..Facts::default() };
        let statement =
            |node: Value| json!({ "error": false, "statements": [{ "node": node, "named_param_map": [] }] });
        assert!(agrees(&statement(json!({ "type": "SELECT_NODE", "select_list": [] })), &facts));
        for node in [
            json!({ "type": "SET_OPERATION_NODE" }),
            json!({ "type": "SELECT_NODE", "new_clause": null }),
            json!({ "type": "SELECT_NODE", "sample": { "method": "x" } }),
            json!({ "type": "SELECT_NODE", "select_list": [{ "class": "FUNCTION", "function_name": "read_text" }] }),
            json!({ "type": "SELECT_NODE", "from_table": { "type": "TABLE_FUNCTION" } }),
            json!({ "type": "SELECT_NODE", "from_table": { "type": "BASE_TABLE", "table_name": "hidden" } }),
            json!({ "type": "SELECT_NODE", "select_list": [{ "type": "SELECT_NODE" }] }),
        ] {
            assert!(!agrees(&statement(node.clone()), &facts), "{node}");
        }
        assert!(!agrees(&json!({ "error": true, "statements": [] }), &facts));
        assert!(!agrees(&json!({ "error": false, "statements": [{}, {}] }), &facts));
    }
}
