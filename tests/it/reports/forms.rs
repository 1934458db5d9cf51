//! One figure, one maker: whatever a report says, it says the same on the terminal, on its page, in its workbook, in its tidy files
//! and as data.
use serde_json::Value;
use std::{fs, path::Path};

/// The five dresses of one report.
pub struct Forms<'f> {
    pub data: &'f Value,
    pub terminal: &'f str,
    pub page: &'f str,
    pub tidy: &'f Path,
}

/// Every figure and every sentence of the data stands in the others, and nothing else does. The workbook is held by `shape`.
pub fn agree(forms: &Forms<'_>) {
    let terminal = squeezed(forms.terminal);
    for table in super::tables(forms.data) {
        let rows = cells(table);
        assert_eq!(on_the_page(forms.page, table), rows, "{}", table["name"]);
        in_the_files(forms.tidy, table);
    }
    let page = squeezed(&plain(forms.page));
    for sentence in forms.data["short"].as_array().unwrap() {
        let sentence = squeezed(&sentence.as_str().unwrap().replace('`', ""));
        assert!(page.contains(&sentence), "{sentence} is not on the page");
        assert!(terminal.replace('`', "").contains(&sentence), "{sentence} is not on the terminal");
    }
}

/// What stands on the terminal as a table, row by row. A long text may be broken over lines: the cells that are figures are not.
pub fn on_the_terminal(terminal: &str, data: &Value) {
    let lines: Vec<String> = terminal.lines().map(squeezed).collect();
    let all = squeezed(terminal);
    for table in super::tables(data) {
        let title = format!("{}. Counted: ", table["title"].as_str().unwrap());
        assert!(all.contains(&squeezed(&title)), "{title} is not on the terminal");
        for row in cells(table) {
            let figures = squeezed(&row[1 + said(table)..].join(" "));
            assert!(lines.iter().any(|line| line.ends_with(&figures)), "{}: {row:?}", table["name"]);
        }
    }
}

fn said(table: &Value) -> usize {
    table["said"].as_array().map_or(0, Vec::len)
}

/// The texts of a table as people read them: names, what is said, and figures with the ends of a range together.
pub fn cells(table: &Value) -> Vec<Vec<String>> {
    let columns = table["columns"].as_array().unwrap();
    let rows = table["rows"].as_array().unwrap();
    let tenths = rows
        .iter()
        .flat_map(|row| row["figures"].as_array().unwrap())
        .filter_map(|f| f["per_cent_tenths"].as_i64());
    let decimals = tenths.into_iter().any(|tenths| tenths % 10 != 0);
    let of_row = |row: &Value| {
        let mut cells = vec![row["label"].as_str().unwrap().to_owned()];
        let texts = row["said"].as_array().map_or(&[][..], Vec::as_slice);
        cells.extend(texts.iter().map(|text| text.as_str().unwrap().to_owned()));
        for (at, column) in columns.iter().enumerate() {
            let text = |at: usize| cell(&row["figures"][at], column["unit"].as_str().unwrap(), decimals);
            let name = column["name"].as_str().unwrap();
            match () {
                () if name.ends_with("_high") => {}
                () if name.ends_with("_low") && row["figures"][at]["symbol"].is_null() => {
                    cells.push(format!("{} to {}", text(at), text(at + 1)));
                }
                () => cells.push(text(at)),
            }
        }
        cells
    };
    rows.iter().map(of_row).collect()
}

fn cell(figure: &Value, unit: &str, decimals: bool) -> String {
    if let Some(symbol) = figure["symbol"].as_str() {
        return symbol.to_owned();
    }
    let (number, of) = match (figure["count"].as_i64(), figure["per_cent_tenths"].as_i64()) {
        (Some(count), _) if unit == "hundredths" => (count, 100),
        (Some(count), _) => (count, 1),
        (_, Some(tenths)) if decimals => (tenths, 10),
        (_, tenths) => (tenths.unwrap() / 10, 1),
    };
    let sign = if number < 0 { "-" } else { "" };
    let whole = (number.abs() / of).to_string();
    let whole = whole
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|chunk| std::str::from_utf8(chunk).unwrap())
        .collect::<Vec<_>>()
        .join(",");
    let rest = match of {
        1 => String::new(),
        10 => format!(".{}", number.abs() % 10),
        _ => format!(".{:02}", number.abs() % 100),
    };
    let is_rate = !figure["per_cent_tenths"].is_null() && !["points", "per_hundred"].contains(&unit);
    let per_cent = if is_rate { "%" } else { "" };
    format!("{sign}{whole}{rest}{per_cent}")
}

/// The rows of the page's table with this title.
fn on_the_page(page: &str, table: &Value) -> Vec<Vec<String>> {
    let title = table["title"].as_str().unwrap().replace('&', "&amp;");
    let from =
        page.find(&format!("\">{title}. Counted:")).unwrap_or_else(|| panic!("{title} is not on the page"));
    let body = page[from..].split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    let row = |row: &str| {
        let cells = row.split("<t").skip(1).filter(|cell| cell.starts_with('h') || cell.starts_with('d'));
        cells.map(|cell| plain(&cell[cell.find('>').unwrap() + 1..]).trim().to_owned()).collect()
    };
    body.split("<tr").skip(1).map(|text| row(text.split_once('>').unwrap().1)).collect()
}

/// The file of the table holds the same numbers, row by row.
fn in_the_files(folder: &Path, table: &Value) {
    let name = table["name"].as_str().unwrap();
    let text = fs::read_to_string(folder.join(format!("{name}.csv"))).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = table["columns"].as_array().unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), table["rows"].as_array().unwrap().len(), "{name}");
    for (line, row) in rows.iter().zip(table["rows"].as_array().unwrap()) {
        let figures = line.iter().skip(line.len() - columns.len());
        for ((is, figure), column) in figures.zip(row["figures"].as_array().unwrap()).zip(columns) {
            let is_whole = !is.contains('.');
            let wanted = cell(figure, column["unit"].as_str().unwrap(), !is_whole).replace([',', '%'], "");
            assert_eq!(is, wanted, "{name} {} {}", row["key"], column["name"]);
        }
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A page's text without its marks.
fn plain(page: &str) -> String {
    let mut out = String::new();
    let mut in_mark = false;
    for letter in page.chars() {
        match letter {
            '<' => in_mark = true,
            '>' if in_mark => in_mark = false,
            letter if !in_mark => out.push(letter),
            _ => {}
        }
    }
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
