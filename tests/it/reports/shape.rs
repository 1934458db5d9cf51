//! What every file of a report must be, whoever reads it: by eye, by ear, on paper, in a spreadsheet or by a program.
use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// The rules for pages that can be seen in the text of one; the rest is for a browser (`benches/axe`).
pub fn is_accessible(page: &str) {
    assert!(page.starts_with("<!doctype html>") && page.contains("<html lang=\"en-GB\">"));
    assert!(
        !page.contains("<script") && !page.contains("http") && !page.contains("src="),
        "nothing from elsewhere"
    );
    for landmark in
        ["<header>", "<nav aria-label=", "<main id=\"main\"", "<footer>", "class=\"skip\" href=\"#main\""]
    {
        assert_eq!(page.matches(landmark).count(), 1, "{landmark}");
    }
    assert_eq!(page.matches("<h1>").count(), 1);
    assert!(!page.contains("<h3"), "headings go down one step at a time: there is one step");
    let tables = page.matches("<table>").count();
    assert!(tables > 0);
    assert_eq!(page.matches("<caption").count(), tables, "each table says what it is");
    assert_eq!(page.matches("<th>").count(), 0, "each heading says of what it is one");
    assert!(!page.contains("colspan") && !page.contains("rowspan"));
    let pictures = page.matches("<svg").count();
    let regions = page.matches("role=\"region\"").count();
    assert_eq!(regions, tables + pictures, "each table and each picture can be scrolled by keyboard");
    assert!(
        page.contains("100cqw"),
        "a caption is no wider than its table's room: the window has a bar beside it"
    );
    assert_eq!(page.matches("role=\"img\"").count(), pictures);
    assert_eq!(page.matches("<desc").count(), pictures, "each picture is told in words");
    assert_eq!(page.matches("<title").count(), pictures + 1);
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "no id twice");
    for named in page.split("aria-labelledby=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(named.split(' ').all(|name| ids.contains(&name)), "{named} is nowhere");
    }
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(ids.contains(&link), "#{link} leads nowhere");
    }
    for rule in ["prefers-reduced-motion", "@media print", "size: A4", ":focus-visible"] {
        assert!(page.contains(rule), "{rule}");
    }
}

/// A cover, contents, notes, and one table a sheet, each with its title in A1 and no cell merged.
pub fn is_a_workbook_by_the_rules(file: &Path, report: &Value) {
    let mut book: Xlsx<_> = open_workbook(file).unwrap();
    let names = book.sheet_names();
    let tables: Vec<&Value> = super::tables(report).collect();
    assert_eq!(names[..3], ["Cover", "Contents", "Notes"]);
    assert_eq!(names.len(), tables.len() + 3);
    for name in &names {
        assert!(book.merge_cells_by_sheet_name(name).unwrap().is_empty(), "{name}: no merged cells");
    }
    let cover = book.worksheet_range("Cover").unwrap();
    let text: String = cover.rows().flatten().map(|cell| format!("{cell}\n")).collect();
    for said in ["release", "as_of_words", "population"] {
        let said = match said {
            "as_of_words" => "31 March 2026",
            said => report["about"][said].as_str().unwrap(),
        };
        assert!(text.contains(said), "{said}");
    }
    for (name, table) in names[3..].iter().zip(tables) {
        let sheet = book.worksheet_range(name).unwrap();
        let title = sheet.get((0, 0)).unwrap().to_string();
        assert!(title.ends_with(table["title"].as_str().unwrap()), "{title}");
        // A sheet that is copied out says what it rests on.
        let rests_on = sheet.get((3, 0)).unwrap().to_string();
        for said in [report["about"]["release"].as_str().unwrap(), "31 March 2026", "hidden"] {
            assert!(rests_on.contains(said), "{name}: {rests_on}");
        }
        let rows = table["rows"].as_array().unwrap();
        let columns = table["columns"].as_array().unwrap().len();
        let body: Vec<&[Data]> = sheet.rows().skip(sheet.height() - rows.len()).collect();
        for (cells, row) in body.iter().zip(rows) {
            assert_eq!(cells[0].to_string(), row["label"].as_str().unwrap());
            let said = row["said"].as_array().map_or(&[][..], Vec::as_slice);
            for (cell, text) in cells[1..].iter().zip(said) {
                assert_eq!(cell.to_string(), text.as_str().unwrap());
            }
            let figures = row["figures"].as_array().unwrap().iter().zip(table["columns"].as_array().unwrap());
            for (cell, (figure, column)) in cells[1 + said.len()..][..columns].iter().zip(figures) {
                let of = if column["unit"] == "hundredths" { 100.0 } else { 1.0 };
                match (cell, figure["count"].as_f64(), figure["per_cent_tenths"].as_f64()) {
                    (Data::Float(number), Some(count), _) => assert!((number * of - count).abs() < 1e-6),
                    // Under a heading with (%) as anywhere: the number that the tidy file has.
                    (Data::Float(number), _, Some(tenths)) => {
                        assert!((number * 10.0 - tenths).abs() < 1e-6);
                    }
                    (Data::String(symbol), None, None) => {
                        assert_eq!(*symbol, format!("[{}]", figure["symbol"].as_str().unwrap()));
                    }
                    other => panic!("{name}: {other:?}"),
                }
            }
        }
    }
}

/// The rules of the statistics service's screener that a file can be held to without its lists of places.
pub fn are_tidy(folder: &Path, report: &Value) {
    let read = |name: String| {
        let text = fs::read_to_string(folder.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let lines = reader.records().map(|line| line.unwrap().iter().map(str::to_owned).collect());
        lines.collect::<Vec<Vec<String>>>()
    };
    for table in super::tables(report) {
        let name = table["name"].as_str().unwrap();
        assert!(name.len() < 31 && !name.contains(' '));
        let (data, meta) = (read(format!("{name}.csv")), read(format!("{name}.meta.csv")));
        let header = &data[0];
        for required in ["time_period", "time_identifier", "geographic_level", "country_code", "country_name"]
        {
            assert!(header.contains(&required.to_owned()), "{name}: {required}");
        }
        let is_snake =
            |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        assert!(header.iter().all(|column| is_snake(column)), "{header:?}");
        assert_eq!(header.iter().collect::<BTreeSet<_>>().len(), header.len());
        let required = [
            "col_name",
            "col_type",
            "label",
            "indicator_grouping",
            "indicator_unit",
            "indicator_dp",
            "filter_hint",
            "filter_grouping_column",
        ];
        assert!(required.iter().all(|column| meta[0].contains(&(*column).to_owned())));
        let labels: BTreeSet<&String> = meta[1..].iter().map(|line| &line[2]).collect();
        assert_eq!(labels.len(), meta.len() - 1, "{name}: each label once");
        for line in &meta[1..] {
            let at =
                header.iter().position(|column| *column == line[0]).unwrap_or_else(|| panic!("{line:?}"));
            match line[1].as_str() {
                "Filter" => {
                    assert!(line[3].is_empty() && line[4].is_empty() && line[5].is_empty(), "{line:?}");
                    assert!(data[1..].iter().any(|row| row[at] == line[8]), "{name}: the default is there");
                }
                "Indicator" => {
                    assert!(["", "%", "pp"].contains(&line[4].as_str()) && !line[5].is_empty());
                    let fits =
                        |cell: &str| cell.parse::<f64>().is_ok() || ["c", "low", "x", "z"].contains(&cell);
                    assert!(data[1..].iter().all(|row| fits(&row[at])), "{name}: {}", line[0]);
                }
                other => panic!("{name}: {other}"),
            }
        }
        // Headings do not share a filter: each is one of its own, and in a row one of them alone tells a group.
        if ["neet_by_group", "support_by_group"].contains(&name) {
            let filters: Vec<&Vec<String>> = meta[1..].iter().filter(|line| line[1] == "Filter").collect();
            assert!(filters.len() >= 3, "{name}: {filters:?}");
            for row in &data[1..] {
                let told = filters.iter().filter(|line| {
                    let at = header.iter().position(|column| *column == line[0]).unwrap();
                    row[at] != "Total"
                });
                assert!(told.count() <= 1 && !row.iter().any(|cell| cell.contains(": ")), "{row:?}");
            }
        }
        super::screened::passes(name, &data, &meta);
        // No column but those of time and place, and those of which every row says the same, is without metadata.
        let told: BTreeSet<&String> = meta[1..].iter().map(|line| &line[0]).collect();
        for (at, column) in header.iter().enumerate().skip(10).filter(|(_, column)| !told.contains(column)) {
            assert!(data[1..].iter().all(|row| row[at] == data[1][at]), "{name}: {column}");
        }
        // Years put together are never told as the last of them alone.
        let spans: BTreeSet<&str> =
            table["rows"].as_array().unwrap().iter().filter_map(|row| row["time"]["span"].as_str()).collect();
        let at = header.iter().position(|column| column == "years_counted");
        assert_eq!(at.is_some(), !spans.is_empty(), "{name}");
        for span in &spans {
            assert!(data[1..].iter().any(|row| at.is_some_and(|at| row[at] == *span)), "{name}: {span}");
        }
        assert!(report["name"] != "ap" || name == "registration" || !spans.is_empty(), "{name}: three years");
        for row in &data[1..] {
            let digits = if row[1] == "Academic year" { 6 } else { 4 };
            assert!(row[0].len() == digits && row[0].bytes().all(|byte| byte.is_ascii_digit()), "{row:?}");
            assert!(row.iter().all(|cell| cell.trim() == cell && !cell.is_empty()), "{row:?}");
        }
    }
}
