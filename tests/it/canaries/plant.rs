//! Puts texts that nobody could have met into what a supplier sends: beside what is read, around it, and in its place.
use crate::connector_pages::server::Mishap;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

/// In every text that is planted.
pub const CANARY: &str = "Zqxcanary";
const FIELD: &str = "zqxcanaryfield";
const CELL: &str = "Zqxcanarycell";

/// Every text that is planted.
pub const PLANTED: [&str; 8] = [
    CANARY,
    FIELD,
    CELL,
    "Zqxcanarychild",
    "Zqxcanarysheet",
    "Zqxcanaryfile",
    "Zqxcanarywrong",
    "Zqxcanarymishap",
];

/// A file as its supplier sends it, with fields, columns, elements and sheets that no connector lists.
pub fn beside(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    let Ok(text) = String::from_utf8(bytes.clone()) else { return bytes };
    match name.rsplit_once('.').map_or("", |(_, form)| form) {
        "json" => json(&text, &|_| {}),
        "xml" => elements(&text).into_bytes(),
        "csv" | "zipped" => lines(&text, &format!(",{CELL}")).into_bytes(),
        "txt" => lines(&text, &format!(" | {CELL}")).into_bytes(),
        _ => bytes,
    }
}

/// Every object with two fields more, one of them a child's own; and every text as somebody has it.
fn json(text: &str, change: &dyn Fn(&mut String)) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return text.as_bytes().to_vec() };
    each(&mut value, change);
    serde_json::to_vec(&value).unwrap()
}

fn each(value: &mut Value, change: &dyn Fn(&mut String)) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(|value| each(value, change));
            fields.insert(FIELD.into(), format!("{CELL} value").into());
            fields.insert("Zqxcanarychild".into(), serde_json::json!({ "name": CELL, "notes": CELL }));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| each(value, change)),
        Value::String(text) => change(text),
        _ => {}
    }
}

/// One element more, with an attribute, in each that holds others.
fn elements(text: &str) -> String {
    let mut planted = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        planted.push_str(&rest[..at]);
        if planted.trim_end().ends_with('>') {
            planted.push_str(&format!("<{FIELD} Zqxcanarychild=\"{CELL}\">{CELL}</{FIELD}>"));
        }
        planted.push_str("</");
        rest = &rest[at + 2..];
    }
    planted + rest
}

/// One cell more in each row, and a longer name for each sheet.
fn lines(text: &str, more: &str) -> String {
    let with = |line: &str| match line.strip_prefix("=== ").map(|name| name.trim_end_matches(" (hidden)")) {
        _ if line.trim().is_empty() => format!("{line}\n"),
        Some(name) if name.len() <= 16 => line.replace(name, &format!("{name} Zqxcanarysheet")) + "\n",
        Some(_) => format!("{line}\n"),
        None => format!("{line}{more}\n"),
    };
    text.lines().map(with).collect()
}

/// Every text of an answer in whose place stands another: what was a date, a code, a number or an address is none.
fn wrong(bytes: &[u8]) -> Response {
    let text = String::from_utf8_lossy(bytes);
    let body = match serde_json::from_str::<Value>(&text) {
        Ok(_) => json(&text, &|text| *text = format!("Zqxcanarywrong {text}")),
        Err(_) => words(&text).into_bytes(),
    };
    answer(StatusCode::OK, "application/json", body)
}

/// A document's texts with a word before each.
fn words(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('>').enumerate() {
        if at > 0 {
            out.push('>');
            if !part.trim_start().starts_with('<') && !part.trim().is_empty() {
                out.push_str("Zqxcanarywrong ");
            }
        }
        out.push_str(part);
    }
    out
}

fn answer(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert("x-request-id", HeaderValue::from_static("Zqxcanarymishap"));
    response
}

/// Every way in which an answer can be none.
pub const MISHAPS: [(&str, Mishap); 9] = [
    ("a web page", |_| {
        answer(StatusCode::OK, "text/html", b"<!doctype html><p>Zqxcanarymishap is signed out".to_vec())
    }),
    ("an error that says for whom", |_| {
        answer(
            StatusCode::INTERNAL_SERVER_ERROR,
            "application/json",
            b"{\"error\":\"no Zqxcanarymishap\"}".to_vec(),
        )
    }),
    ("a refusal that says for whom", |_| {
        answer(StatusCode::BAD_REQUEST, "application/json", b"{\"error\":\"no Zqxcanarymishap\"}".to_vec())
    }),
    ("nothing there", |_| answer(StatusCode::NOT_FOUND, "text/plain", b"Zqxcanarymishap".to_vec())),
    ("half an answer", |bytes| {
        answer(StatusCode::OK, "application/json", bytes[..bytes.len() * 2 / 3].to_vec())
    }),
    ("another address", |_| {
        let mut response = answer(StatusCode::FOUND, "text/plain", Vec::new());
        let place = HeaderValue::from_static("http://127.0.0.1:9/Zqxcanarymishap?name=Zqxcanarymishap");
        response.headers_mut().insert(header::LOCATION, place);
        response
    }),
    ("too busy", |_| {
        let mut response = answer(StatusCode::TOO_MANY_REQUESTS, "text/plain", b"Zqxcanarymishap".to_vec());
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("Zqxcanarymishap"));
        response
    }),
    ("other bytes", |_| answer(StatusCode::OK, "application/json", b"\xff\xfeZqxcanarymishap\x00{".to_vec())),
    ("other texts", wrong),
];
