//! Charts, as pictures in the page: drawn from the table beneath, told in words for whoever does not see them.
use super::{Chart, Middle, Row, Table, html::escaped, places::OTHERS, words};
use crate::disclosure::Figure;
use std::fmt::Write as _;

const WIDTH: f64 = 720.0;

/// A chart of a table; none where fewer than two rows have figures.
pub(super) fn drawn(at: usize, table: &Table, kind: Chart) -> Option<String> {
    let (picture, height, told) = match kind {
        Chart::Lines(columns) => lines(table, columns)?,
        Chart::Bars(columns) => bars(table, columns, None)?,
        Chart::BarsBeside(columns, beside) => bars(table, columns, Some(beside))?,
        Chart::Funnel(columns, middle) => funnel(table, columns, middle)?,
        Chart::Ranges(columns) => ranges(table, columns)?,
    };
    let beside = if let Chart::BarsBeside(_, at) = kind {
        table
            .columns
            .get(at)
            .map_or_else(String::new, |column| format!(" The upright stroke is the {}.", column.heading))
    } else {
        String::new()
    };
    Some(format!(
        "<figure>\n<div class=\"wide\" role=\"region\" aria-labelledby=\"f{at}\" tabindex=\"0\">\n<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"t{at} d{at}\">\n\
         <title id=\"t{at}\">{}</title>\n<desc id=\"d{at}\">{}</desc>\n{picture}</svg>\n</div>\n\
         <figcaption id=\"f{at}\">{}.{beside} The figures are in the table below.</figcaption>\n</figure>\n",
        escaped(&table.title),
        escaped(&told),
        escaped(&table.title)
    ))
}

/// A figure as a share of one hundred.
fn per_cent(row: &Row, at: usize) -> Option<f64> {
    match row.figures.get(at)? {
        Figure::PerCentTenths(tenths) => Some(*tenths as f64 / 10.0),
        _ => None,
    }
}

/// The end of a scale of per cents that holds this much, and the distance of its marks.
fn scale(most: f64) -> (f64, f64) {
    let ends = [(1.0, 0.25), (2.0, 0.5), (5.0, 1.0), (10.0, 2.0), (20.0, 5.0), (50.0, 10.0)];
    ends.into_iter().find(|(end, _)| *end >= most).unwrap_or((100.0, 20.0))
}

/// Marks from 0 to the end of a scale.
fn marks((end, step): (f64, f64)) -> impl Iterator<Item = f64> {
    let steps = (end / step).round() as u32;
    (0..=steps).map(move |at| f64::from(at) * step)
}

/// A line for each column, over the rows.
fn lines(table: &Table, columns: &[usize]) -> Option<(String, f64, String)> {
    const LEFT: f64 = 46.0;
    const RIGHT: f64 = 690.0;
    const PLOT: f64 = 220.0;
    const STEP: f64 = 19.0;
    // Names stand above the lines at the left, where a narrow window begins.
    let top = 16.0 + STEP * columns.len() as f64;
    let bottom = top + PLOT;
    let value = |row: usize, column: usize| per_cent(table.rows.get(row)?, column);
    let all = || (0..table.rows.len()).flat_map(|row| columns.iter().filter_map(move |c| value(row, *c)));
    if all().count() < 2 || table.rows.len() < 2 {
        return None;
    }
    let scale = scale(all().fold(0.0, f64::max));
    let x = |row: usize| LEFT + 24.0 + (RIGHT - LEFT - 48.0) * row as f64 / (table.rows.len() - 1) as f64;
    let y = |value: f64| bottom - PLOT * value / scale.0;
    let mut out = String::new();
    for mark in marks(scale) {
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{LEFT} {0:.1}H{RIGHT}\"/><text x=\"{1}\" y=\"{2:.1}\" text-anchor=\"end\">{mark}%</text>",
            y(mark),
            LEFT - 6.0,
            y(mark) + 4.0
        );
    }
    let every = table.rows.len().div_ceil(8);
    for (at, row) in table.rows.iter().enumerate().filter(|(at, _)| at % every == 0) {
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x(at),
            bottom + 20.0,
            escaped(&row.label)
        );
    }
    let mut told = format!("A line for each of {} measures over {} rows.", columns.len(), table.rows.len());
    for (nth, column) in columns.iter().enumerate() {
        let points: Vec<(f64, f64)> =
            (0..table.rows.len()).filter_map(|row| Some((x(row), y(value(row, *column)?)))).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let _ = writeln!(out, "<path class=\"line c{nth}\" d=\"M{}\"/>", path.join("L"));
        for (x, y) in &points {
            out.push_str(&marker(nth, *x, *y));
        }
        let heading = table.columns.get(*column).map_or("", |column| column.heading);
        let at = 10.0 + STEP * nth as f64;
        out.push_str(&marker(nth, LEFT + 6.0, at));
        let _ =
            writeln!(out, "<text x=\"{}\" y=\"{:.1}\">{}</text>", LEFT + 18.0, at + 4.0, escaped(heading));
        let said = table.rows.iter().filter_map(|row| {
            let figure = row.figures.get(*column).filter(|figure| figure.is_number())?;
            Some(format!("{} {}", row.label, words::cell(*figure, table.has_decimals())))
        });
        let _ = write!(told, " {heading}: {}.", said.collect::<Vec<_>>().join(", "));
    }
    Some((out, bottom + 34.0, told))
}

/// A mark of its own shape for each line: colour is never the only difference.
fn marker(nth: usize, x: f64, y: f64) -> String {
    match nth {
        0 => format!("<circle class=\"m0\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>\n"),
        1 => format!(
            "<rect class=\"m1\" x=\"{:.1}\" y=\"{:.1}\" width=\"9\" height=\"9\"/>\n",
            x - 4.5,
            y - 4.5
        ),
        _ => format!("<path class=\"m2\" d=\"M{x:.1} {:.1}l6 10h-12z\"/>\n", y - 6.0),
    }
}

/// A bar for each row, its range as a line through its end; across it a stroke at another rate, where one is named.
fn bars(
    table: &Table,
    [rate, low, high]: [usize; 3],
    beside: Option<usize>,
) -> Option<(String, f64, String)> {
    const LEFT: f64 = 370.0;
    const RIGHT: f64 = 690.0;
    const STEP: f64 = 26.0;
    let rows: Vec<(&Row, [f64; 3])> = table
        .rows
        .iter()
        .filter_map(|row| Some((row, [per_cent(row, rate)?, per_cent(row, low)?, per_cent(row, high)?])))
        .collect();
    if rows.len() < 2 {
        return None;
    }
    let beside_of = |row: &Row| beside.and_then(|at| per_cent(row, at));
    let ends = rows.iter().flat_map(|(row, [_, _, high])| [Some(*high), beside_of(row)]);
    let scale = scale(ends.flatten().fold(0.0, f64::max));
    let x = |value: f64| LEFT + (RIGHT - LEFT) * value / scale.0;
    let bottom = 8.0 + STEP * rows.len() as f64;
    let mut out = String::new();
    for mark in marks(scale) {
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{0:.1} 4V{bottom}\"/><text x=\"{0:.1}\" y=\"{1}\" text-anchor=\"middle\">{mark}%</text>",
            x(mark),
            bottom + 16.0
        );
    }
    let decimals = table.has_decimals();
    let mut told = Vec::new();
    for (at, (row, [rate_, low_, high_])) in rows.iter().enumerate() {
        let y = 8.0 + STEP * at as f64;
        let text =
            |at: usize| row.figures.get(at).map_or_else(String::new, |figure| words::cell(*figure, decimals));
        let _ = writeln!(
            out,
            "{name}\
             <rect class=\"bar\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"14\"/>\
             <path class=\"whisker\" d=\"M{least:.1} {top:.1}v10M{least:.1} {:.1}H{most:.1}M{most:.1} {top:.1}v10\"/>",
            y + 2.0,
            y + 9.0,
            name = named(&row.label, LEFT - 8.0, y + 9.0),
            width = x(*rate_) - LEFT,
            least = x(*low_),
            most = x(*high_),
            top = y + 4.0,
        );
        let mut said = format!("{}: {}, between {} and {}", row.label, text(rate), text(low), text(high));
        if let (Some(at), Some(value)) = (beside, beside_of(row)) {
            let _ = writeln!(out, "<path class=\"beside\" d=\"M{:.1} {:.1}v18\"/>", x(value), y);
            let _ = write!(said, "; beside it {}", text(at));
        }
        told.push(said);
    }
    Some((out, bottom + 26.0, format!("{}.", told.join("; "))))
}

/// A point for each row with its range, to the left and the right of nought, in the order of the rows.
fn ranges(table: &Table, columns: [usize; 3]) -> Option<(String, f64, String)> {
    const LEFT: f64 = 370.0;
    const RIGHT: f64 = 690.0;
    const STEP: f64 = 26.0;
    let values = |row| columns.map(|at| per_cent(row, at));
    let rows: Vec<(&Row, [f64; 3])> = table
        .rows
        .iter()
        .filter_map(|row| match values(row) {
            [Some(middle), Some(low), Some(high)] => Some((row, [middle, low, high])),
            _ => None,
        })
        .collect();
    if rows.len() < 2 {
        return None;
    }
    let most = rows.iter().flat_map(|(_, ends)| ends).fold(0.0_f64, |most, end| most.max(end.abs()));
    let (end, step) = scale(most);
    let x = |value: f64| LEFT + (RIGHT - LEFT) * (value + end) / (2.0 * end);
    let bottom = 8.0 + STEP * rows.len() as f64;
    let mut out = String::new();
    for mark in marks((end, step)).flat_map(|mark| if mark > 0.0 { vec![-mark, mark] } else { vec![mark] }) {
        let class = if mark == 0.0 { "middle" } else { "axis" };
        let _ = writeln!(
            out,
            "<path class=\"{class}\" d=\"M{0:.1} 4V{bottom}\"/><text x=\"{0:.1}\" y=\"{1}\" text-anchor=\"middle\">{mark}</text>",
            x(mark),
            bottom + 16.0
        );
    }
    let mut told = Vec::new();
    for (at, (row, [middle, low, high])) in rows.iter().enumerate() {
        let y = 17.0 + STEP * at as f64;
        let _ = writeln!(
            out,
            "{}\
             <path class=\"whisker\" d=\"M{:.1} {y:.1}H{:.1}\"/><circle class=\"point\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"5.5\"/>",
            named(&row.label, LEFT - 8.0, y),
            x(*low),
            x(*high),
            x(*middle)
        );
        told.push(format!("{}: {middle}, between {low} and {high}", row.label));
    }
    Some((
        out,
        bottom + 26.0,
        format!("Points to the left of nought are worse, to the right better. {}.", told.join("; ")),
    ))
}

/// The name of a row to the left of `x`, in one line or in two, and as much of it as there is room for in letters as wide as any.
fn named(label: &str, x: f64, middle: f64) -> String {
    const ROOM: usize = 44;
    let text = |line: &str, y: f64| {
        let line = if line.chars().count() > ROOM {
            line.chars().take(ROOM - 1).chain(['\u{2026}']).collect()
        } else {
            line.to_owned()
        };
        format!("<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{}</text>", escaped(&line))
    };
    let mut spaces =
        label.char_indices().filter(|(at, letter)| *letter == ' ' && label[..*at].chars().count() <= ROOM);
    match spaces.next_back() {
        Some((at, _)) if label.chars().count() > ROOM => {
            text(&label[..at], middle - 2.5) + &text(&label[at + 1..], middle + 10.5)
        }
        _ => text(label, middle + 4.0),
    }
}

/// A point for each row by its size and rate, between limits that widen where there are few.
fn funnel(table: &Table, [whole, rate]: [usize; 2], held_against: Middle) -> Option<(String, f64, String)> {
    const LEFT: f64 = 50.0;
    const RIGHT: f64 = 690.0;
    const TOP: f64 = 14.0;
    const BOTTOM: f64 = 300.0;
    let size = |row: &Row| match row.figures.get(whole)? {
        Figure::Count(count) if *count > 0 => Some(*count as f64),
        _ => None,
    };
    let points: Vec<(&Row, f64, f64)> = table
        .rows
        .iter()
        .filter(|row| !row.is_total && row.key != OTHERS)
        .filter_map(|row| Some((row, size(row)?, per_cent(row, rate)?)))
        .collect();
    let (middle, named) = match held_against {
        Middle::All => (
            table.rows.iter().find(|row| row.is_total).and_then(|row| per_cent(row, rate))?,
            "all of the table together",
        ),
        Middle::Nation(tenths) => (tenths as f64 / 10.0, "all pupils of the nation"),
    };
    if points.is_empty() {
        return None;
    }
    let most = points.iter().map(|(_, size, _)| *size).fold(0.0, f64::max) * 1.15;
    let x = |size: f64| LEFT + (RIGHT - LEFT) * size / most;
    let y = |value: f64| BOTTOM - (BOTTOM - TOP) * value / 100.0;
    let mut out = String::new();
    for mark in marks((100.0, 20.0)) {
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{LEFT} {0:.1}H{RIGHT}\"/><text x=\"{1}\" y=\"{2:.1}\" text-anchor=\"end\">{mark}%</text>",
            y(mark),
            LEFT - 6.0,
            y(mark) + 4.0
        );
    }
    let _ = writeln!(
        out,
        "<path class=\"middle\" d=\"M{LEFT} {0:.1}H{RIGHT}\"/><text x=\"{2:.1}\" y=\"{1:.1}\">{named}: {middle}%</text>",
        y(middle),
        y(middle) - 6.0,
        LEFT + 6.0
    );
    for (z, class) in [(1.96, "limit"), (3.09, "limit outer")] {
        for sign in [-1.0, 1.0] {
            let path: Vec<String> = (1..=60)
                .map(|step| most * f64::from(step) / 60.0)
                .map(|size| (size, middle + sign * z * (middle * (100.0 - middle) / size).sqrt()))
                .map(|(size, limit)| format!("{:.1} {:.1}", x(size), y(limit.clamp(0.0, 100.0))))
                .collect();
            let _ = writeln!(out, "<path class=\"{class}\" d=\"M{}\"/>", path.join("L"));
        }
    }
    let mut told = format!(
        "The line in the middle: {named}, {middle}%. Limits of what chance alone would do, at 95% (whole line) and 99.8% (broken line), widen where \
         there are few. "
    );
    for (row, size, rate) in points {
        let _ = writeln!(
            out,
            "<circle class=\"point\" cx=\"{0:.1}\" cy=\"{1:.1}\" r=\"5.5\"/><text x=\"{2:.1}\" y=\"{3:.1}\">{4}</text>",
            x(size),
            y(rate),
            x(size) + 9.0,
            y(rate) - 7.0,
            escaped(&row.key)
        );
        let _ = write!(told, "{}: {rate}% of {size}. ", row.label);
    }
    let _ = writeln!(
        out,
        "<text x=\"{RIGHT}\" y=\"{}\" text-anchor=\"end\">how many are behind the rate, 0 to {:.0}</text>",
        BOTTOM + 18.0,
        most
    );
    Some((out, BOTTOM + 28.0, told))
}
