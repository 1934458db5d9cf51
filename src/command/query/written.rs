//! An answer as a file for programs.
use crate::{
    command::{Exit, Halt},
    config::Settings,
    disclosure::{Figure, Told},
    pipeline::{self, Reply},
    query::{Cell, Kind, Plan, Shown, lines, with_margins},
};
use arrow::{
    array::{ArrayRef, Float64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use parquet::arrow::ArrowWriter;
use std::{fs::OpenOptions, path::Path, sync::Arc};

/// Comma-separated values with a header: figures as numbers, shares per cent, symbols as they are.
pub(super) fn csv(plan: &Plan, rows: &[Vec<Cell<'_>>]) -> Result<String, Halt> {
    let failed = |_| Halt::new(Exit::Failed, "the answer cannot be written as CSV");
    let mut writer = csv::Writer::from_writer(Vec::new());
    let has_margin = with_margins(plan, rows);
    let mut names = Vec::new();
    for (output, has_margin) in plan.outputs.iter().zip(&has_margin) {
        names.push(output.name.clone());
        names.extend(has_margin.then(|| format!("{}_margin", output.name)));
    }
    writer.write_record(names).map_err(failed)?;
    for row in rows {
        let mut cells = Vec::new();
        for (cell, has_margin) in row.iter().zip(&has_margin) {
            cells.push(text(cell));
            let margin = || cell.margin().map_or_else(String::new, |margin| margin.to_string());
            cells.extend(has_margin.then(margin));
        }
        writer.write_record(cells).map_err(failed)?;
    }
    let bytes = writer.into_inner().unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

fn text(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Key(text, _) => text.unwrap_or_default().to_owned(),
        Cell::Told(Told::Number(number)) => number.to_string(),
        Cell::Told(Told::Figure(Figure::PerCentTenths(tenths))) => (*tenths as f64 / 10.0).to_string(),
        Cell::Told(Told::Near { value, .. }) => value.to_string(),
        Cell::Told(Told::Figure(figure)) => figure.to_string(),
    }
}

fn number(cell: &Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Key(text, _) => text.and_then(|text| text.parse().ok()),
        Cell::Told(Told::Number(number) | Told::Near { value: number, .. }) => Some(*number),
        Cell::Told(Told::Figure(Figure::Count(count))) => Some(*count as f64),
        Cell::Told(Told::Figure(Figure::PerCentTenths(tenths))) => Some(*tenths as f64 / 10.0),
        Cell::Told(Told::Figure(_)) => None,
    }
}

/// A new Parquet file outside the data folder: texts and doubles; where a figure is hidden it is empty, and a column with
/// `_symbol` after its name says why.
pub(super) fn parquet(answered: &Reply, file: &Path, settings: &Settings) -> Result<(), Halt> {
    let refused = |what: &str| Halt::new(Exit::Usage, format!("--parquet: {what}"));
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    pipeline::outside(settings, folder).map_err(refused)?;
    let failed = || Halt::new(Exit::Failed, "the answer cannot be written as Parquet");
    let rows = lines(&answered.plan, answered.answer.as_ref());
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (at, output) in answered.plan.outputs.iter().enumerate() {
        let is_number = match &output.shown {
            Shown::Key(key) => answered.plan.keys[*key] == Kind::Number,
            Shown::Figure(_) => true,
        };
        if is_number {
            fields.push(Field::new(&output.name, DataType::Float64, true));
            columns.push(Arc::new(rows.iter().map(|row| number(&row[at])).collect::<Float64Array>()));
        } else {
            fields.push(Field::new(&output.name, DataType::Utf8, true));
            let texts = rows.iter().map(|row| match row[at] {
                Cell::Key(text, _) => text.map(str::to_owned),
                Cell::Told(_) => None,
            });
            columns.push(Arc::new(texts.collect::<StringArray>()));
        }
        let symbols: Vec<Option<String>> = rows
            .iter()
            .map(|row| match row[at] {
                Cell::Told(Told::Figure(Figure::Symbol(symbol))) => Some(symbol.to_string()),
                _ => None,
            })
            .collect();
        if rows.iter().any(|row| row[at].margin().is_some()) {
            fields.push(Field::new(format!("{}_margin", output.name), DataType::Float64, true));
            columns.push(Arc::new(rows.iter().map(|row| row[at].margin()).collect::<Float64Array>()));
        }
        if symbols.iter().any(Option::is_some) {
            fields.push(Field::new(format!("{}_symbol", output.name), DataType::Utf8, true));
            columns.push(Arc::new(symbols.into_iter().collect::<StringArray>()));
        }
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns).map_err(|_| failed())?;
    let out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .map_err(|error| refused(&format!("the file cannot be made: {}", error.kind())))?;
    let mut writer = ArrowWriter::try_new(out, schema, None).map_err(|_| failed())?;
    writer.write(&batch).map_err(|_| failed())?;
    writer.close().map_err(|_| failed())?;
    Ok(())
}
