//! One question to a release, answered in groups.
mod written;

use super::{
    Exit, Halt, Verdict,
    cli::QueryArgs,
    screen::{Screen, counted, table, thousands, wrap},
};
use crate::{
    config::Settings,
    disclosure::{Figure, Told},
    pipeline::{self, OpenRelease, QueryFault, Question, Reply, Site},
    privacy::KeyKind,
    query::{Cell, Kind, Shown, lines},
};
use serde_json::{Map, Value, json};
use std::{fs::File, io::Read, path::Path};

/// The longest file that may hold a question.
const LONGEST: u64 = 1 << 20;

impl From<QueryFault> for Halt {
    fn from(fault: QueryFault) -> Self {
        match fault {
            QueryFault::Refused(refusal) => {
                let words = format!("refused: {}", refusal.what);
                let instead = format!("instead: {}", refusal.instead);
                Self::new(Exit::Refused, format!("{}\n  {}", wrap(&words, 2), wrap(&instead, 4)))
            }
            QueryFault::Usage(words) => Self::new(Exit::Usage, wrap(&words, 2)),
            QueryFault::Site(fault) => fault.into(),
        }
    }
}

/// An attacker still found single children through what is refused, and in what words (docs/query.md).
const NOT_YET: &str = "refused: questions are answered over invented learners only, so far: what several questions, or one \
                       that is made for it, tell of few learners is not all closed. Instead: `throughline report`, or ask \
                       a demonstration";

/// Asks a release one question and shows what of the answer may be shown.
pub(super) fn query(settings: Settings, args: &QueryArgs, who: &str, screen: &Screen) -> Verdict {
    let text = match (&args.statement, &args.file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => read(file)?,
        (None, None) => return Err(Halt::new(Exit::Usage, "say what to ask, or --file F.sql")),
    };
    let mut site = Site::open(settings)?;
    let describes = text.trim().starts_with("\\d");
    if site.key.kind() == KeyKind::Real && !describes {
        return Err(Halt::new(Exit::Refused, wrap(NOT_YET, 2)));
    }
    let asked = pipeline::open_release(&site, &args.release)?;
    if let Some(rest) = text.trim().strip_prefix("\\d") {
        return describe(&asked, rest.trim(), screen);
    }
    let question = Question { who, purpose: &args.purpose, text: &text };
    let answered = pipeline::query(&mut site, &asked, &question)?;
    if let Some(file) = &args.parquet {
        written::parquet(&answered, file, &site.settings)?;
    }
    show(&answered, &asked.release, args.csv, screen)?;
    Ok(Exit::Done)
}

/// A question from a file: a file, and no longer than a question can be. A device has no end.
fn read(file: &Path) -> Result<String, Halt> {
    let failed =
        |error: std::io::Error| Halt::new(Exit::Usage, format!("the file cannot be read: {}", error.kind()));
    let opened = File::open(file).map_err(failed)?;
    if !opened.metadata().map_err(failed)?.is_file() {
        return Err(Halt::new(Exit::Usage, "that is no file"));
    }
    let mut text = String::new();
    opened.take(LONGEST + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > LONGEST {
        return Err(Halt::new(Exit::Usage, "that file is too long for one question"));
    }
    Ok(text)
}

fn show(answered: &Reply, release: &str, csv: bool, screen: &Screen) -> Result<(), Halt> {
    let answer = answered.answer.as_ref();
    let rows = lines(&answered.plan, answer);
    if csv {
        screen.result(&written::csv(&answered.plan, &rows)?);
    } else {
        let names: Vec<&str> = answered.plan.outputs.iter().map(|output| output.name.as_str()).collect();
        let right: Vec<usize> = (0..names.len()).filter(|at| is_number(answered, *at)).collect();
        let cells = rows.iter().map(|row| row.iter().map(in_words).collect()).collect();
        screen.result(&table(&names, cells, &right));
        screen.result(&format!("\n{}", wrap(&answer.policy_in_words, 0)));
    }
    for notice in &answer.notices {
        let words = format!("{}: {}. Safe to ask instead: {}.", notice.what, notice.why, notice.instead);
        if csv { screen.say(&wrap(&words, 2)) } else { screen.result(&wrap(&words, 2)) }
    }
    if let Some(id) = &answered.entered {
        screen.say(&format!("entered in the ledger as {id}"));
    }
    screen.document(&as_json(answered, &rows, release));
    Ok(())
}

fn is_number(answered: &Reply, at: usize) -> bool {
    match &answered.plan.outputs[at].shown {
        Shown::Key(key) => answered.plan.keys[*key] == Kind::Number,
        Shown::Figure(_) => true,
    }
}

fn in_words(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Key(None, _) => "-".to_owned(),
        Cell::Key(Some(text), _) => (*text).to_owned(),
        Cell::Told(Told::Number(number)) => number.to_string(),
        Cell::Told(Told::Figure(Figure::Count(count))) => {
            let sign = if *count < 0 { "-" } else { "" };
            format!("{sign}{}", thousands(count.unsigned_abs()))
        }
        Cell::Told(Told::Figure(figure)) => figure.to_string(),
    }
}

fn as_json(answered: &Reply, rows: &[Vec<Cell<'_>>], release: &str) -> Value {
    let answer = answered.answer.as_ref();
    let rows = rows.iter().map(|row| {
        let cells = answered.plan.outputs.iter().zip(row);
        Value::Object(cells.map(|(output, cell)| (output.name.clone(), value(cell))).collect::<Map<_, _>>())
    });
    json!({
        "release": release, "entered": answered.entered, "policy": answer.policy, "policy_in_words": answer.policy_in_words,
        "columns": answered.plan.outputs.iter().map(|output| output.name.as_str()).collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(), "notices": answer.notices
    })
}

fn value(cell: &Cell<'_>) -> Value {
    match cell {
        Cell::Key(None, _) => Value::Null,
        Cell::Key(Some(text), Kind::Number) => text.parse().map_or_else(|_| Value::from(*text), whole),
        Cell::Key(Some("true"), Kind::Bool) => Value::Bool(true),
        Cell::Key(Some("false"), Kind::Bool) => Value::Bool(false),
        Cell::Key(Some(text), _) => Value::from(*text),
        Cell::Told(Told::Number(number)) => Value::from(*number),
        Cell::Told(Told::Figure(Figure::Count(count))) => Value::from(*count),
        Cell::Told(Told::Figure(Figure::PerCentTenths(tenths))) => Value::from(*tenths as f64 / 10.0),
        Cell::Told(Told::Figure(symbol)) => Value::from(symbol.to_string()),
    }
}

/// A number without a point where it has none.
fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

/// The tables that may be asked, or the columns of one.
fn describe(asked: &OpenRelease, name: &str, screen: &Screen) -> Verdict {
    if name.is_empty() {
        let of_learners = asked.tables.iter().filter(|(_, table)| is_of_learners(table));
        let rows: Vec<Vec<String>> = of_learners
            .clone()
            .map(|(name, table)| vec![name.clone(), table.title.clone(), table.purposes.join(", ")])
            .collect();
        screen.result(&table(&["table", "a row is", "serves"], rows, &[]));
        let others = asked.tables.len() - of_learners.clone().count();
        screen.say(&format!(
            "{} hold figures and no learners: `throughline report`",
            counted(others as u64, "table", "tables")
        ));
        screen.document(&json!({ "release": asked.release, "tables": of_learners.map(|(name, table)| {
            json!({ "table": name, "title": table.title, "grain": table.grain, "purposes": table.purposes })
        }).collect::<Vec<_>>() }));
        return Ok(Exit::Done);
    }
    let Some(found) = asked.tables.get(name.trim_end_matches(';')) else {
        return Err(Halt::new(Exit::Usage, "this release has no such table: \\d lists those that it has"));
    };
    let columns = found.columns.iter();
    let rows =
        columns.map(|column| vec![column.name.clone(), column.sql_type.clone(), column.description.clone()]);
    screen.result(&table(&["column", "type", "what it holds"], rows.collect(), &[]));
    screen.document(
        &json!({ "release": asked.release, "table": name, "title": found.title, "grain": found.grain,
        "purposes": found.purposes, "columns": found.columns }),
    );
    Ok(Exit::Done)
}

fn is_of_learners(table: &crate::release::ReleasedTable) -> bool {
    table.columns.iter().any(|column| column.name == "learner_id")
}
