//! Tidy files, one a table, with the metadata that the statistics service asks for.
//!
//! Each file has the columns of time and place that the service's screener looks for, then its filters, then indicators;
//! beside it lies `<name>.meta.csv`. Numbers have no thousands separator and no sign of per cent; where there is none stands
//! a symbol. The screener knows authorities by their new codes, which no release holds: `new_la_code` is `x`, not available,
//! until a site puts its own in.
use super::{Report, ReportFault, Row, Table, Unit, words::in_unit};
use crate::disclosure::Figure;
use csv::Writer;

/// A file: its name and its text.
pub struct TidyFile {
    /// `rates_by_month.csv`.
    pub name: String,
    /// UTF-8.
    pub text: Vec<u8>,
}

const PLACE: [(&str, &str); 6] = [
    ("geographic_level", "Local authority"),
    ("country_code", "E92000001"),
    ("country_name", "England"),
    ("region_code", "x"),
    ("region_name", "Not available"),
    ("new_la_code", "x"),
];

/// Two files for each table, and one that says what they rest on.
///
/// # Errors
/// [`ReportFault::Unwritable`] when a row does not fit its header, which is a mistake of ours.
pub fn files(report: &Report) -> Result<Vec<TidyFile>, ReportFault> {
    let mut files = Vec::new();
    for table in report.tables() {
        let data = lines(report, table);
        files.push(TidyFile { name: format!("{}.csv", table.name), text: csv(&data)? });
        files.push(TidyFile { name: format!("{}.meta.csv", table.name), text: csv(&meta(table, &data))? });
    }
    let about = serde_json::to_vec_pretty(&serde_json::json!({
        "report": report.name, "title": report.title, "about": report.about, "left_out": report.left_out,
        "tables": report.tables().map(|table| serde_json::json!({
            "file": format!("{}.csv", table.name), "title": table.title, "population": table.population,
        })).collect::<Vec<_>>(),
    }))
    .map_err(|_| ReportFault::Unwritable("note beside the tidy files"))?;
    files.push(TidyFile { name: "about.json".to_owned(), text: about });
    Ok(files)
}

/// The lines of a table's file, header first.
pub(super) fn lines(report: &Report, table: &Table) -> Vec<Vec<String>> {
    let mut header = vec!["time_period".to_owned(), "time_identifier".to_owned()];
    header.extend(PLACE.iter().map(|(name, _)| (*name).to_owned()));
    header.extend(["old_la_code", "la_name"].map(str::to_owned));
    // A period of the service is one year: of several together it has the last, and a filter says which they are.
    let has_span = has_span(table);
    header.extend(has_span.then(|| SPAN.0.to_owned()));
    // A table whose rows are times has no filter of its own, and rows under headings have one for each of them.
    let headings = headings(table);
    let has_filter = !is_time(table) && headings.is_empty();
    header.extend(has_filter.then(|| filter_name(table).to_owned()));
    header.extend(headings.iter().map(|heading| column_name(heading)));
    header.extend(table.said.iter().map(|(name, _)| (*name).to_owned()));
    header.extend(table.columns.iter().map(|column| column.name.to_owned()));
    let mut lines = vec![header];
    let decimals = table.has_decimals();
    for row in &table.rows {
        let mut line = vec![row.time.period.clone(), row.time.identifier.to_owned()];
        line.extend(PLACE.iter().map(|(_, value)| (*value).to_owned()));
        line.extend([report.about.authority.clone(), "Not available".to_owned()]);
        line.extend(has_span.then(|| span_of(row)));
        line.extend(has_filter.then(|| row.label.clone()));
        line.extend(headings.iter().map(|heading| group_under(row, heading)));
        line.extend(row.said.iter().cloned());
        let units = table.columns.iter().map(|column| column.unit);
        line.extend(row.figures.iter().zip(units).map(|(figure, unit)| plain(*figure, unit, decimals)));
        lines.push(line);
    }
    lines
}

/// The filter that says which years a row tells of: its name and its label.
const SPAN: (&str, &str) = ("years_counted", "Years counted together");

fn has_span(table: &Table) -> bool {
    table.rows.iter().any(|row| row.time.span.is_some())
}

/// `2023/24 to 2025/26`, or the one year.
fn span_of(row: &Row) -> String {
    let one = || format!("{}/{}", &row.time.period[..4], row.time.period.get(4..).unwrap_or_default());
    row.time.span.clone().unwrap_or_else(one)
}

/// What the rows of a table are called that stand under headings, as in *Age: 16*.
const UNDER_HEADINGS: [&str; 2] = ["group_of_people", "circumstance"];

/// The sum of a filter, as the service writes it.
const TOTAL: &str = "Total";

/// The headings of such a table in their order; none of any other.
fn headings(table: &Table) -> Vec<&str> {
    let mut found = Vec::new();
    if UNDER_HEADINGS.contains(&table.rows_are.0) {
        for (heading, _) in table.rows.iter().filter_map(|row| row.label.split_once(": ")) {
            if !found.contains(&heading) {
                found.push(heading);
            }
        }
    }
    found
}

/// The group of a row under a heading: everybody, where the row stands under another.
fn group_under(row: &Row, heading: &str) -> String {
    let own = row.label.split_once(": ").filter(|(other, _)| *other == heading);
    own.map_or(TOTAL, |(_, group)| group).to_owned()
}

/// A heading as the name of a column.
fn column_name(heading: &str) -> String {
    let letters = heading.to_lowercase();
    let words = letters.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

fn is_time(table: &Table) -> bool {
    ["month", "academic_year"].contains(&table.rows_are.0)
}

/// The name of a table's filter. What is called as the service calls its own columns of places is taken for one of them.
fn filter_name(table: &Table) -> &'static str {
    match table.rows_are.0 {
        "provider" => "provider_placed_with",
        "school" => "school_of_roll",
        "ward" => "ward_of_home",
        other => other,
    }
}

/// What each column is. A filter of which every row says the same is none, and stands in the data alone.
fn meta(table: &Table, data: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut lines = described(table);
    let (header, rows) = data.split_first().map_or((&[][..], data), |(header, rows)| (&header[..], rows));
    let has_levels = |name: &String| {
        let at = header.iter().position(|column| column == name);
        at.is_none_or(|at| rows.iter().any(|row| row.get(at) != rows[0].get(at)))
    };
    lines.retain(|line| line[1] != "Filter" || has_levels(&line[0]));
    lines
}

fn described(table: &Table) -> Vec<Vec<String>> {
    let line = |cells: [&str; 9]| cells.map(str::to_owned).to_vec();
    let mut lines = vec![line([
        "col_name",
        "col_type",
        "label",
        "indicator_grouping",
        "indicator_unit",
        "indicator_dp",
        "filter_hint",
        "filter_grouping_column",
        "filter_default",
    ])];
    if has_span(table) {
        let default = table.rows.first().map(span_of).unwrap_or_default();
        lines.push(line([SPAN.0, "Filter", SPAN.1, "", "", "", "", "", &default]));
    }
    let headings = headings(table);
    for heading in &headings {
        lines.push(line([&column_name(heading), "Filter", heading, "", "", "", "", "", TOTAL]));
    }
    if !is_time(table) && headings.is_empty() {
        let (name, label) = (filter_name(table), table.rows_are.1);
        // What the service shows first: the sum, or where there is none the first row.
        let default = table.rows.iter().find(|row| row.is_total).or(table.rows.first());
        let default = default.map_or("", |row| row.label.as_str());
        lines.push(line([name, "Filter", &first_upper(label), "", "", "", "", "", default]));
    }
    for (at, (name, heading)) in table.said.iter().enumerate() {
        let default = table.rows.first().and_then(|row| row.said.get(at)).map_or("", String::as_str);
        lines.push(line([name, "Filter", &first_upper(heading), "", "", "", "", "", default]));
    }
    let decimals = if table.has_decimals() { "1" } else { "0" };
    for column in &table.columns {
        let (unit, dp) = match column.unit {
            Unit::PerCent => ("%", decimals),
            Unit::Points => ("pp", decimals),
            Unit::PerHundred => ("", decimals),
            Unit::Hundredths => ("", "2"),
            Unit::Count | Unit::Things => ("", "0"),
        };
        lines.push(line([column.name, "Indicator", &first_upper(column.heading), "", unit, dp, "", "", ""]));
    }
    lines
}

fn plain(figure: Figure, unit: Unit, decimals: bool) -> String {
    match figure {
        Figure::Count(_) if unit == Unit::Hundredths => in_unit(figure, unit, decimals).replace(',', ""),
        Figure::Count(count) => count.to_string(),
        Figure::PerCentTenths(tenths) if !decimals => (tenths / 10).to_string(),
        Figure::PerCentTenths(tenths) => {
            format!("{}{}.{}", if tenths < 0 { "-" } else { "" }, tenths.abs() / 10, tenths.abs() % 10)
        }
        Figure::Symbol(symbol) => symbol.to_string(),
    }
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn csv(lines: &[Vec<String>]) -> Result<Vec<u8>, ReportFault> {
    let fault = || ReportFault::Unwritable("tidy file");
    let mut writer = Writer::from_writer(Vec::new());
    for line in lines {
        writer.write_record(line).map_err(|_| fault())?;
    }
    writer.into_inner().map_err(|_| fault())
}
