//! The codebook as one page: no scripts, nothing from elsewhere, fit for a screen reader and for paper.

use super::codebook::{Codebook, Described};
use std::collections::BTreeMap;

/// Codes and what they mean, by column.
type ByColumn = BTreeMap<String, BTreeMap<String, String>>;

const STYLE: &str = include_str!("codebook.css");

pub(super) fn page(codebook: &Codebook) -> String {
    let sections: Vec<String> =
        codebook.tables.iter().map(|table| section(table, codebook.values.get(table.name))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Codebook: release {release}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#tables\">Skip to the tables</a>\n\
         <header>\n{head}</header>\n<main>\n{contents}{sections}{sources}{definitions}</main>\n\
         <footer>\n<p>Cite as: {citation}</p>\n</footer>\n</body>\n</html>\n",
        release = escaped(codebook.release),
        head = head(codebook),
        contents = contents(codebook),
        sections = sections.concat(),
        sources = sources(codebook),
        definitions = definitions(codebook),
        citation = escaped(&codebook.citation()),
    )
}

fn head(codebook: &Codebook) -> String {
    let notice = if codebook.synthetic {
        "<strong>Synthetic data.</strong> Every learner in this release is made up. With real learners it would be \
         pseudonymised personal data."
    } else {
        "<strong>Pseudonymised personal data.</strong> Each row is about one child. It stays inside the controller\u{2019}s \
         walls; figures that leave go through disclosure control first."
    };
    // What is made up is told as it is.
    let rounded = if codebook.synthetic { "" } else { ROUNDED };
    let facts = facts(&[
        ("Release", code(codebook.release)),
        ("Local authority", escaped(codebook.home_authority)),
        ("As the records stood on", escaped(codebook.as_of)),
        ("Tables", codebook.tables.len().to_string()),
    ]);
    format!(
        "<h1>Codebook</h1>\n<p class=\"notice\">{notice}</p>\n{facts}\
         <p>An empty cell means <em>not known</em>, never <em>no</em> and never zero, unless the column says otherwise. An \
         academic year is named by the year in which it ends: 2025 is 2024/25.</p>\n{rounded}"
    )
}

const ROUNDED: &str = "<p>Numbers of rows are rounded to 5, and <code>c</code> stands for fewer than 10: a few rows are a few \
                       people\u{2019}s.</p>\n";

fn contents(codebook: &Codebook) -> String {
    let link =
        |table: &Described<'_>| format!("<a href=\"#table-{0}\"><code>{0}</code></a>", escaped(table.name));
    let rows =
        codebook.tables.iter().map(|table| [link(table), escaped(table.title), table.rows.to_string()]);
    let columns = [("Table", ""), ("Holds", ""), ("Rows", "number")];
    let index = table("What each table holds and how many rows it has", columns, rows);
    format!("<nav aria-labelledby=\"tables\">\n<h2 id=\"tables\">Tables</h2>\n{index}</nav>\n")
}

fn section(described: &Described<'_>, values: Option<&ByColumn>) -> String {
    let name = escaped(described.name);
    let grain: Vec<String> = described.grain.iter().map(|column| code(column)).collect();
    let purposes = described.purposes.join(", ").replace("ap_", "AP ").replace('_', " ");
    let facts = facts(&[
        ("One row per", grain.join(", ")),
        ("Rows", described.rows.to_string()),
        ("May serve", if purposes.is_empty() { "no purpose".to_owned() } else { escaped(&purposes) }),
    ]);
    let rows = described.columns.iter().map(|column| {
        let key = if described.grain.contains(&column.name) { " <span class=\"key\">key</span>" } else { "" };
        let codes = values.and_then(|values| values.get(&column.name)).map_or_else(String::new, codes);
        let holds = escaped(&column.description) + &codes;
        [code(&column.name) + key, escaped(&column.sql_type.to_lowercase()), holds]
    });
    let columns = [("Column", ""), ("Type", "type"), ("Holds", "")];
    format!(
        "<section aria-labelledby=\"table-{name}\">\n<h2 id=\"table-{name}\"><code>{name}</code></h2>\n\
         <p class=\"title\">{title}</p>\n{facts}{table}</section>\n",
        title = escaped(described.title),
        table = table(&format!("Columns of {name}"), columns, rows)
    )
}

/// The codes of a column with their words, to be opened by whoever wants them.
fn codes(words: &BTreeMap<String, String>) -> String {
    let lines = words.iter().map(|(word, means)| format!("<li>{}: {}</li>\n", code(word), escaped(means)));
    let lines: String = lines.collect();
    format!("\n<details>\n<summary>{} codes</summary>\n<ul>\n{lines}</ul>\n</details>\n", words.len())
}

fn sources(codebook: &Codebook) -> String {
    let rows =
        codebook.sources.iter().map(|row| [escaped(row.source), escaped(row.entity), row.rows.to_string()]);
    let columns = [("Source", ""), ("Entity", ""), ("Rows", "number")];
    let table = table("Rows read, by source and entity", columns, rows);
    format!("<section aria-labelledby=\"sources\">\n<h2 id=\"sources\">Sources</h2>\n{table}</section>\n")
}

fn definitions(codebook: &Codebook) -> String {
    let beginning = |sum: &str| code(&sum.chars().take(16).collect::<String>());
    let rows = codebook.definitions.iter().map(|(file, sum)| [code(file), beginning(sum)]);
    let columns = [("File", ""), ("SHA-256 begins", "")];
    let table = table("Definition files and the beginning of their SHA-256", columns, rows);
    format!(
        "<section aria-labelledby=\"definitions\">\n<h2 id=\"definitions\">Definitions</h2>\n\
         <p>The schemas, code lists, queries and connectors that these tables were made with. The whole checksums are in \
         <code>manifest.json</code>.</p>\n<details>\n<summary>{} files</summary>\n{table}</details>\n</section>\n",
        codebook.definitions.len()
    )
}

/// A table of cells that are HTML already; the first cell of each row is its heading.
fn table<const N: usize>(
    caption: &str,
    columns: [(&str, &str); N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let class = |class: &str| if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let head = columns.map(|(name, kind)| format!("<th scope=\"col\"{}>{name}</th>", class(kind)));
    let body: Vec<String> = rows
        .map(|cells| {
            let cells: Vec<String> = std::iter::zip(&columns, &cells)
                .enumerate()
                .map(|(at, ((_, kind), cell))| match at {
                    0 => format!("<th scope=\"row\">{cell}</th>"),
                    _ => format!("<td{}>{cell}</td>", class(kind)),
                })
                .collect();
            format!("<tr>{}</tr>\n", cells.concat())
        })
        .collect();
    format!(
        "<table>\n<caption>{caption}</caption>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n",
        head.concat(),
        body.concat()
    )
}

/// Short facts with their names, the facts being HTML already.
fn facts(facts: &[(&str, String)]) -> String {
    let items: Vec<String> =
        facts.iter().map(|(name, fact)| format!("<div><dt>{name}</dt><dd>{fact}</dd></div>\n")).collect();
    format!("<dl class=\"facts\">\n{}</dl>\n", items.concat())
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// Text that cannot end an element or an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
