//! One question to a release, answered in groups.
mod shell;
mod written;

use super::{
    Exit, Halt, Verdict,
    cli::QueryArgs,
    screen::{Screen, counted, table, thousands, wrap},
};
use crate::{
    config::Settings,
    disclosure::{DAYS, Figure, QUESTIONS, Told},
    pipeline::{self, Entered, OpenRelease, QueryFault, Question, Reply, Site, Word},
    query::{Cell, Kind, Shown, lines, with_margins},
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

/// Asks a release one question and shows what of the answer may be shown; without one, question after question.
pub(super) fn query(settings: Settings, args: &QueryArgs, who: &str, screen: &Screen) -> Verdict {
    let text = match (&args.statement, &args.file) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(file)) => Some(read(file)?),
        (None, None) => None,
    };
    if text.is_none() && args.parquet.is_some() {
        return Err(Halt::new(Exit::Usage, "--parquet is for one question: say it, or --file F.sql"));
    }
    let mut asking = Asking { settings, args, who, spend: args.spend, release: args.release.clone() };
    match text {
        Some(text) => match text.trim().strip_prefix("\\d") {
            Some(table) => asking.describe(table, screen),
            None => asking.ask(&text, screen),
        },
        None => shell::run(&mut asking, screen),
    }
}

/// Who asks, and how.
struct Asking<'a> {
    settings: Settings,
    args: &'a QueryArgs,
    who: &'a str,
    spend: u64,
    release: String,
}

impl Asking<'_> {
    /// The site and the release as they are now: whoever asks all day does not keep what was replaced or forgotten meanwhile.
    fn open(&self) -> Result<(Site, OpenRelease), Halt> {
        let site = Site::open(self.settings.clone())?;
        let asked = pipeline::open_release(&site, &self.release)?;
        Ok((site, asked))
    }

    fn ask(&self, text: &str, screen: &Screen) -> Verdict {
        let (mut site, asked) = self.open()?;
        let question = Question { who: self.who, purpose: &self.args.purpose, text, spend: self.spend };
        let waiting = pipeline::comes_after(&site).map(|after| {
            screen.waiting(format!(
                "an answer over real learners comes after {} seconds, whatever it is",
                after.as_secs()
            ))
        });
        let answered = pipeline::query(&mut site, &asked, &question);
        drop(waiting);
        let answered = answered?;
        if let Some(file) = &self.args.parquet {
            written::parquet(&answered, file, &site.settings)?;
        }
        show(&answered, &asked.release, self.args.csv, screen)?;
        Ok(Exit::Done)
    }

    fn describe(&self, table: &str, screen: &Screen) -> Verdict {
        describe(&self.open()?.1, table.trim().trim_end_matches(';').trim(), screen)
    }
}

/// A question from a file: a file, and no longer than a question can be. A device has no end.
fn read(file: &Path) -> Result<String, Halt> {
    let failed = |error: std::io::Error| {
        Halt::new(Exit::Usage, format!("{} cannot be read: {}", file.display(), error.kind()))
    };
    let opened = File::open(file).map_err(failed)?;
    if !opened.metadata().map_err(failed)?.is_file() {
        return Err(Halt::new(Exit::Usage, format!("{} is no file", file.display())));
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
        screen.result(&in_columns(answered, &rows));
        screen.result(&format!("\n{}", wrap(&answer.policy_in_words, 0)));
    }
    for notice in &answer.notices {
        let words = format!("{}: {}. Safe to ask instead: {}.", notice.what, notice.why, notice.instead);
        if csv { screen.say(&wrap(&words, 2)) } else { screen.result(&wrap(&words, 2)) }
    }
    if let Some(Entered { id, left }) = &answered.entered {
        let left = counted(*left, "question is", "questions are");
        screen.say(&format!(
            "This is {id}; {left} left of the {QUESTIONS} that may be asked within {DAYS} days."
        ));
    }
    screen.document(&as_json(answered, &rows, release));
    Ok(())
}

/// A figure that is near the true one has beside it how near.
fn in_columns(answered: &Reply, rows: &[Vec<Cell<'_>>]) -> String {
    let has_margin = with_margins(&answered.plan, rows);
    let (mut names, mut right) = (Vec::new(), Vec::new());
    for (at, output) in answered.plan.outputs.iter().enumerate() {
        right.extend(is_number(answered, at).then_some(names.len()));
        names.push(output.name.as_str());
        if has_margin[at] {
            right.push(names.len());
            names.push("±");
        }
    }
    let line = |row: &Vec<Cell<'_>>| {
        let mut cells = Vec::new();
        for (cell, has_margin) in row.iter().zip(&has_margin) {
            cells.push(in_words(cell));
            let margin = || cell.margin().map_or_else(String::new, |margin| margin.to_string());
            cells.extend(has_margin.then(margin));
        }
        cells
    };
    table(&names, rows.iter().map(line).collect(), &right)
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
        Cell::Told(Told::Near { value, is_share: false, .. }) if value.fract() == 0.0 && *value >= 0.0 => {
            thousands(*value as u64)
        }
        Cell::Told(told) => told.to_string(),
    }
}

fn as_json(answered: &Reply, rows: &[Vec<Cell<'_>>], release: &str) -> Value {
    let answer = answered.answer.as_ref();
    let rows = rows.iter().map(|row| {
        let mut cells = Map::new();
        for (output, cell) in answered.plan.outputs.iter().zip(row) {
            cells.insert(output.name.clone(), value(cell));
            if let Some(margin) = cell.margin() {
                cells.insert(format!("{}_margin", output.name), whole(margin));
            }
        }
        Value::Object(cells)
    });
    json!({
        "release": release, "entered": answered.entered.as_ref().map(|entered| &entered.id),
        "questions_left": answered.entered.as_ref().map(|entered| entered.left), "policy": answer.policy, "policy_in_words": answer.policy_in_words,
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
        Cell::Told(Told::Near { value, .. }) => whole(*value),
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
    let Some(found) = asked.tables.get(name) else {
        return Err(Halt::new(Exit::Usage, "this release has no such table: \\d lists those that it has"));
    };
    let is_of_many = |column: &str| is_of_learners(found) && asked.hangs_on_many(name, column);
    let of_many: Vec<&str> =
        found.columns.iter().map(|column| column.name.as_str()).filter(|name| is_of_many(name)).collect();
    let rows = found.columns.iter().map(|column| {
        let mark = if of_many.contains(&column.name.as_str()) { "of many" } else { "" };
        let holds = holding(&column.description, asked.words(name, &column.name));
        vec![column.name.clone(), column.sql_type.clone(), mark.to_owned(), holds]
    });
    screen.result(&table(&["column", "type", "", "what it holds"], rows.collect(), &[]));
    if !of_many.is_empty() {
        screen.result(
            "\nof many: worked out from other learners too; no question over real learners may use it",
        );
    }
    let words: Map<String, Value> = (found.columns.iter())
        .map(|column| (column.name.clone(), asked.words(name, &column.name)))
        .filter(|(_, words)| !words.is_empty())
        .map(|(column, words)| (column, json!(words)))
        .collect();
    screen.document(
        &json!({ "release": asked.release, "table": name, "title": found.title, "grain": found.grain,
        "purposes": found.purposes, "columns": found.columns, "of_many": of_many, "words": words }),
    );
    Ok(Exit::Done)
}

/// Of the words that a column may hold as many as a line has room for; `--json` has all, with what each means.
const WORDS_SHOWN: usize = 10;

/// What a column holds, and the words that it may.
fn holding(description: &str, words: &[Word]) -> String {
    let shown: Vec<&str> = words.iter().take(WORDS_SHOWN).map(|word| word.word.as_str()).collect();
    let told = match words.len().saturating_sub(WORDS_SHOWN) {
        _ if words.is_empty() => return description.to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more (--json)", shown.join(", ")),
    };
    if description.is_empty() { told } else { format!("{description}: {told}") }
}

fn is_of_learners(table: &crate::release::ReleasedTable) -> bool {
    table.columns.iter().any(|column| column.name == "learner_id")
}
