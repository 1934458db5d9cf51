//! A workbook as `.ods`: a zip with a manifest and one content file, entry times fixed.
use super::table::{Cell, Table};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

const KIND: &str = "application/vnd.oasis.opendocument.spreadsheet";

pub(super) fn write(tables: &[Table], path: &Path) -> io::Result<()> {
    let mut zip = ZipWriter::new(File::create(path)?);
    let plain = SimpleFileOptions::default().last_modified_time(DateTime::default());
    let entries = [
        ("mimetype", CompressionMethod::Stored, KIND.to_owned()),
        ("META-INF/manifest.xml", CompressionMethod::Deflated, manifest()),
        ("content.xml", CompressionMethod::Deflated, content(tables)),
    ];
    for (name, method, text) in entries {
        zip.start_file(name, plain.compression_method(method)).map_err(io::Error::other)?;
        zip.write_all(text.as_bytes())?;
    }
    zip.finish().map_err(io::Error::other)?;
    Ok(())
}

fn manifest() -> String {
    let entry = |path: &str, kind: &str| {
        format!(r#"<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>"#)
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">{}{}</manifest:manifest>"#,
        entry("/", KIND),
        entry("content.xml", "text/xml")
    )
}

fn content(tables: &[Table]) -> String {
    let mut xml = String::from(concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" "#,
        r#"xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" "#,
        r#"xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" office:version="1.2"><office:automatic-styles>"#,
        r#"<style:style style:name="seen" style:family="table"><style:table-properties table:display="true"/></style:style>"#,
        r#"<style:style style:name="hidden" style:family="table"><style:table-properties table:display="false"/></style:style>"#,
        r#"</office:automatic-styles><office:body><office:spreadsheet>"#
    ));
    for table in tables {
        let style = if table.hidden { "hidden" } else { "seen" };
        let _ =
            write!(xml, r#"<table:table table:name="{}" table:style-name="{style}">"#, escape(&table.name));
        for (number, row) in table.rows.iter().enumerate() {
            xml.push_str("<table:table-row>");
            for (column, cell) in row.iter().enumerate() {
                let span = table.merged.iter().find(|(at, first, _)| (*at, *first) == (number, column));
                let inside = table
                    .merged
                    .iter()
                    .any(|(at, first, last)| *at == number && (first + 1..=*last).contains(&column));
                push_cell(&mut xml, cell, span.map(|(_, first, last)| last - first + 1), inside);
            }
            xml.push_str("</table:table-row>");
        }
        xml.push_str("</table:table>");
    }
    xml.push_str("</office:spreadsheet></office:body></office:document-content>");
    xml
}

fn push_cell(xml: &mut String, cell: &Cell, span: Option<usize>, inside: bool) {
    if inside {
        return xml.push_str("<table:covered-table-cell/>");
    }
    let spanned = span.map_or_else(String::new, |columns| {
        format!(r#" table:number-columns-spanned="{columns}" table:number-rows-spanned="1""#)
    });
    let _ = match cell {
        Cell::Empty => write!(xml, "<table:table-cell{spanned}/>"),
        Cell::Text(text) => write!(
            xml,
            r#"<table:table-cell{spanned} office:value-type="string"><text:p>{}</text:p></table:table-cell>"#,
            escape(text)
        ),
        Cell::Number(number) => write!(
            xml,
            r#"<table:table-cell{spanned} office:value-type="float" office:value="{number}"><text:p>{number}</text:p></table:table-cell>"#
        ),
        Cell::Day(day) => write!(
            xml,
            r#"<table:table-cell{spanned} office:value-type="date" office:date-value="{day}"><text:p>{}</text:p></table:table-cell>"#,
            day.format("%d/%m/%Y")
        ),
        Cell::Percent(share) => write!(
            xml,
            r#"<table:table-cell{spanned} office:value-type="percentage" office:value="{share}"><text:p>{:.0}%</text:p></table:table-cell>"#,
            share * 100.0
        ),
    };
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
