//! The vocabulary as a JSON Schema, for editors, and as a page, for people: both generated from the types that read it.
use super::raw::RawConnector;
use schemars::{Schema, generate::SchemaSettings};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The JSON Schema of a connector's TOML.
fn schema() -> Value {
    let schema: Schema =
        SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<RawConnector>();
    let mut schema = schema.to_value();
    schema["title"] = "Throughline connector".into();
    schema
}

/// One table a type, in the order in which the types are met from the top.
fn page(schema: &Value) -> String {
    let mut page = String::from(
        "# Every word of a connector\n\nGenerated from the types that read it; do not edit. How the words work together, with examples: \
         [connectors/README.md](../connectors/README.md).\nAn editor that knows JSON Schema completes and checks them with \
         [connectors/connector.schema.json](../connectors/connector.schema.json).\n",
    );
    table(&mut page, "A connector", schema);
    let mut met = Vec::new();
    meet(schema, schema, &mut met);
    for name in met {
        table(&mut page, &name, &schema["$defs"][&name]);
    }
    page
}

/// The definitions that a schema leads to, breadth first and each once.
fn meet(root: &Value, at: &Value, met: &mut Vec<String>) {
    let mut found = Vec::new();
    references(at, &mut found);
    let fresh: Vec<String> = found.into_iter().filter(|name| !met.contains(name)).collect();
    met.extend(fresh.iter().cloned());
    for name in fresh {
        meet(root, &root["$defs"][&name], met);
    }
}

fn references(at: &Value, found: &mut Vec<String>) {
    match at {
        Value::Object(object) => {
            for (key, value) in object.iter().filter(|(key, _)| *key != "$defs") {
                match value.as_str().and_then(|text| text.strip_prefix("#/$defs/")) {
                    Some(name) if key == "$ref" => {
                        if !found.iter().any(|known| known == name) {
                            found.push(name.to_owned());
                        }
                    }
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn table(page: &mut String, name: &str, schema: &Value) {
    let heading = name.strip_prefix("Raw").unwrap_or(name);
    let _ = write!(page, "\n## {heading}\n\n{}\n", text(&schema["description"]));
    if let Some(properties) = schema["properties"].as_object() {
        rows(page, properties, &schema["required"]);
        return;
    }
    for variant in schema["oneOf"].as_array().or(schema["anyOf"].as_array()).into_iter().flatten() {
        let kind = variant["properties"]["kind"]["const"].as_str().or(variant["const"].as_str());
        match (kind, variant["properties"].as_object()) {
            (Some(kind), Some(properties)) if properties.len() > 1 => {
                let _ = write!(page, "\n`kind = \"{kind}\"`: {}\n", text(&variant["description"]));
                let own = properties.iter().filter(|(key, _)| *key != "kind");
                rows(
                    page,
                    &own.map(|(key, value)| (key.clone(), value.clone())).collect(),
                    &variant["required"],
                );
            }
            (Some(kind), _) => {
                let _ = write!(page, "\n* `{kind}`: {}", text(&variant["description"]));
            }
            (None, _) => {
                let _ = write!(page, "\n* {}", shape(variant));
            }
        }
    }
    page.push('\n');
}

fn rows(page: &mut String, properties: &Map<String, Value>, required: &Value) {
    page.push_str("\n| word | is | means |\n|---|---|---|\n");
    for (word, value) in properties {
        let must = required.as_array().is_some_and(|names| names.iter().any(|name| name == word));
        let is = shape(value) + if must { ", needed" } else { "" };
        let default = match &value["default"] {
            Value::Bool(true) => " (`true` where it is not said)".to_owned(),
            Value::Number(n) if n.as_u64() != Some(0) => format!(" ({n} where it is not said)"),
            _ => String::new(),
        };
        let _ = writeln!(page, "| `{word}` | {is} | {}{default} |", text(&value["description"]));
    }
}

/// A value's shape in a word or two.
fn shape(value: &Value) -> String {
    if let Some(name) = value["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        let heading = name.strip_prefix("Raw").unwrap_or(name);
        return format!("[{heading}](#{})", heading.to_lowercase());
    }
    let some = value["anyOf"].as_array().or(value["allOf"].as_array());
    if let Some(one) = some.and_then(|options| options.iter().find(|option| option["type"] != "null")) {
        return shape(one);
    }
    let kind = match &value["type"] {
        Value::String(kind) => kind.as_str(),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("")
        }
        _ => "",
    };
    match kind {
        "string" => "text".to_owned(),
        "integer" | "number" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => format!("list of {}", shape(&value["items"])),
        "object" => match &value["additionalProperties"] {
            inner @ Value::Object(_) => format!("table of {}", shape(inner)),
            _ => "table".to_owned(),
        },
        _ => "-".to_owned(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// `THROUGHLINE_WRITE=1 cargo test vocabulary` writes both again.
fn is_written(path: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("THROUGHLINE_WRITE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        there,
        text,
        "{} is not what the types say: THROUGHLINE_WRITE=1 cargo test vocabulary",
        path.display()
    );
}

#[test]
fn the_schema_and_the_page_are_what_the_types_say() {
    let schema = schema();
    is_written("connectors/connector.schema.json", &(serde_json::to_string_pretty(&schema).unwrap() + "\n"));
    is_written("docs/connectors.md", &page(&schema));
}

#[test]
fn every_word_says_what_it_means() {
    let schema = schema();
    let mut silent = Vec::new();
    let mut look = |name: &str, schema: &Value| {
        for (word, value) in schema["properties"].as_object().into_iter().flatten() {
            if text(&value["description"]).is_empty() && value["const"].is_null() {
                silent.push(format!("{name}.{word}"));
            }
        }
    };
    look("connector", &schema);
    for (name, schema) in schema["$defs"].as_object().unwrap() {
        look(name, schema);
    }
    assert!(silent.is_empty(), "{silent:?}");
}
