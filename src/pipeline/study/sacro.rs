//! The tables of a study in the shape that ACRO writes and that SACRO's viewer opens: `results.json`, the policy's numbers as
//! `config.json`, and for each file its SHA-256. An output checker sees what was hidden without another program.
use super::outputs::Shown;
use crate::{disclosure::Policy, study::sha256};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The version of ACRO whose shape this is.
const SHAPE_OF: &str = "1.0.2";
/// What is said of a hidden figure. Not which rule: that would tell small ones from those that protect them.
const HIDDEN: &str = "hidden";

/// The files to lay beside the tables: name and text. `on` is the day of the cut; `rests_on` says what the figures are of.
pub(super) fn files(
    tables: &[Shown],
    (on, rests_on): (&str, &str),
    policy: &Policy,
) -> Vec<(String, String)> {
    // Over real learners every figure is near; over invented ones nothing is done to them.
    let mitigation =
        if policy.threshold() > 0 { "noise, and suppression of what it cannot be told from" } else { "none" };
    let results: Vec<String> = tables.iter().map(|table| result(table, (on, rests_on), mitigation)).collect();
    let tool = json!({ "@type": "SoftwareApplication", "name": "Throughline", "version": env!("CARGO_PKG_VERSION") });
    let results = format!(
        "{{\n\"version\": \"{SHAPE_OF}\",\n\"tool\": {tool},\n\"results\": {{\n{}\n}}\n}}\n",
        results.join(",\n")
    );
    let config = json!({
        "safe_threshold": policy.threshold(), "zeros_are_disclosive": policy.hides_zeros(),
        "safe_round_base": policy.round_to(), "suppress": policy.threshold() > 0,
    });
    let sums = tables
        .iter()
        .map(|table| (format!("checksums/{}.csv.txt", table.name), sha256(table.csv.as_bytes())));
    let sum = ("checksums/results.json.txt".to_owned(), sha256(results.as_bytes()));
    let mut files: Vec<(String, String)> = sums.chain([sum]).collect();
    files.push(("results.json".to_owned(), results));
    files.push(("config.json".to_owned(), format!("{config:#}\n")));
    files
}

/// One result, under its name. Written by hand where order counts: the viewer finds a column by its place in `outcome`.
fn result(table: &Shown, (on, rests_on): (&str, &str), mitigation: &str) -> String {
    // The first column names the rows: the viewer counts from the second.
    let place = |(row, column): &(usize, usize)| column.checked_sub(1).map(|column| json!([row, column]));
    let hidden: Vec<Value> = table.hidden.iter().filter_map(place).collect();
    let status = if table.hidden.is_empty() { "pass" } else { "review" };
    let sdc = json!({ "summary": { HIDDEN: hidden.len() }, "cells": { HIDDEN: hidden } });
    let notices = table.notices.iter().map(String::as_str);
    let comments: Vec<&str> = [table.title.as_str(), rests_on].into_iter().chain(notices).collect();
    let facts = json!({
        "uid": table.name, "status": status, "type": "table",
        "properties": { "method": "throughline study release", "mitigation": mitigation },
        "files": [{ "name": format!("{}.csv", table.name), "sdc": sdc }],
        "command": table.sql.trim(), "summary": format!("{status}; {} figures hidden", table.hidden.len()),
        "timestamp": format!("{on}T00:00:00"),
        "comments": comments,
        "exception": "", "fair": {},
    });
    let mut columns = Vec::new();
    for (at, name) in table.columns.iter().enumerate().skip(1) {
        let mut cells = String::new();
        for row in 0..table.rows {
            let told = if table.hidden.contains(&(row, at)) { HIDDEN } else { "ok" };
            let comma = if row == 0 { "" } else { ", " };
            let _ = write!(cells, "{comma}\"{row}\": \"{told}\"");
        }
        columns.push(format!("{}: {{{cells}}}", json!(name)));
    }
    // The facts without their last brace, and the outcome after them.
    let mut text = facts.to_string();
    text.pop();
    format!("{}: {text}, \"outcome\": {{{}}}}}", json!(table.name), columns.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What SACRO's viewer asks of a folder before it opens it, and where it looks for what is hidden.
    #[test]
    fn a_viewer_finds_each_hidden_figure_in_its_place_and_each_checksum() {
        let table = Shown {
            name: "by_school".to_owned(),
            title: "Learners by school and sex".to_owned(),
            sql: "select zone, area, count(*) as learners from t group by zone, area\n".to_owned(),
            csv: "zone,area,learners\na,x,20\na,\"y \"\"z\"\"\",c\n".to_owned(),
            columns: ["zone", "area", "learners"].map(str::to_owned).to_vec(),
            rows: 2,
            hidden: vec![(1, 2)],
            notices: vec!["one figure is hidden".to_owned()],
        };
        let files = files(std::slice::from_ref(&table), ("2026-11-29", "Release 7."), &Policy::published());
        let text = |name: &str| &files.iter().find(|(file, _)| file == name).unwrap().1;
        let results: Value = serde_json::from_str(text("results.json")).unwrap();
        assert_eq!(results["version"], "1.0.2");
        let one = &results["results"]["by_school"];
        let keys: Vec<&String> = one.as_object().unwrap().keys().collect();
        for key in [
            "uid",
            "status",
            "type",
            "properties",
            "files",
            "outcome",
            "command",
            "summary",
            "timestamp",
            "comments",
            "exception",
            "fair",
        ] {
            assert!(keys.iter().any(|found| *found == key), "{key}");
        }
        assert_eq!((&one["status"], &one["summary"]), (&json!("review"), &json!("review; 1 figures hidden")));
        let comments = json!(["Learners by school and sex", "Release 7.", "one figure is hidden"]);
        assert_eq!((&one["files"][0]["name"], &one["comments"]), (&json!("by_school.csv"), &comments));
        assert_eq!(one["files"][0]["sdc"]["cells"]["hidden"], json!([[1, 1]]));
        assert_eq!(one["outcome"]["learners"], json!({ "0": "ok", "1": "hidden" }));
        assert_eq!(one["outcome"]["area"], json!({ "0": "ok", "1": "ok" }));
        // The place of a column is the order in which they are written, and the column of names is not among them.
        let written = text("results.json");
        assert!(
            written.find("\"area\": {") < written.find("\"learners\": {")
                && one["outcome"].get("zone").is_none()
        );
        assert_eq!(text("checksums/by_school.csv.txt"), &sha256(table.csv.as_bytes()));
        assert_eq!(text("checksums/results.json.txt"), &sha256(written.as_bytes()));
        let config: Value = serde_json::from_str(text("config.json")).unwrap();
        assert_eq!((&config["safe_threshold"], &config["zeros_are_disclosive"]), (&json!(10), &json!(true)));
    }
}
