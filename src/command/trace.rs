//! Where one row of a release comes from.
use super::{
    Exit, Halt, Verdict,
    cli::TraceArgs,
    screen::{Screen, counted, table, thousands, wrap},
};
use crate::{
    config::Settings,
    pipeline::{self, Fed, Site, Trace, TraceFault, Wanted},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::IsTerminal, path::Path};

impl From<TraceFault> for Halt {
    fn from(fault: TraceFault) -> Self {
        match fault {
            TraceFault::Refused(_) => Self::new(Exit::Refused, wrap(&fault.to_string(), 2)),
            TraceFault::Usage(words) => Self::new(Exit::Usage, wrap(&words, 2)),
            TraceFault::Site(fault) => fault.into(),
        }
    }
}

/// Shows the places that a row was made from.
pub(super) fn trace(settings: Settings, args: &TraceArgs, who: &str, screen: &Screen) -> Verdict {
    let mut site = Site::open(settings)?;
    let wanted = Wanted {
        who,
        release: &args.release,
        table: &args.table,
        key: &args.key,
        column: args.column.as_deref(),
        purpose: args.purpose.as_deref(),
    };
    let found = {
        let mut bar = screen.bar();
        pipeline::trace(&mut site, &wanted, &mut bar)?
    };
    screen.document(&as_json(&found));
    let shown = args.show || std::io::stdout().is_terminal();
    screen.result(&cells(&found));
    if !found.learners.is_empty() {
        screen.result(&places(&found, shown));
        if !shown && !found.files.is_empty() {
            screen.say("Files are named on a terminal, or with --show.");
        }
        let asked = "These are the rows about this learner in everything that the table reads, as last reported when \
                     the release was made; what a rule passed over among them is here too.";
        screen.say(&wrap(asked, 0));
    }
    screen.result(&counts(&found));
    if !found.finer.is_empty() {
        let words = format!(
            "This row is about nobody in particular. What it counts has a row for each learner in {}.",
            found.finer.join(", ")
        );
        screen.say(&wrap(&words, 0));
    }
    Ok(Exit::Done)
}

fn cells(found: &Trace) -> String {
    let rows = found.row.iter().map(|(name, cell)| vec![name.clone(), cell.clone()]);
    table(&["column", "cell"], rows.collect(), &[])
}

/// Runs of adjoining rows of one place are one line.
fn places(found: &Trace, shown: bool) -> String {
    type Place<'a> = (&'a str, &'a str, &'a str, &'a str, i32, i64, Option<usize>);
    let mut by: BTreeMap<Place<'_>, Vec<i32>> = BTreeMap::new();
    for Fed { row, run, file } in &found.fed {
        let run = run.as_ref().map_or(0, |(run, _)| *run);
        let place = (
            row.entity.as_str(),
            row.source.as_str(),
            row.feed.as_str(),
            row.document.as_str(),
            row.part,
            run,
            *file,
        );
        by.entry(place).or_default().push(row.row);
    }
    if by.is_empty() {
        return "\nNothing that is stored about this learner bears on it.".to_owned();
    }
    let rows = by.into_iter().map(|((entity, source, feed, document, part, run, file), mut rows)| {
        rows.sort_unstable();
        let file = match file.map(|at| &found.files[at]) {
            Some(file) if shown => plain(&file.name),
            Some(file) => format!("document {}", file.ordinal),
            None => format!("{}…", document.get(..8).unwrap_or(document)),
        };
        let run = if run == 0 { String::new() } else { run.to_string() };
        vec![entity.to_owned(), source.to_owned(), feed.to_owned(), file, part.to_string(), spans(&rows), run]
    });
    let header = ["entity", "source", "feed", "file or page", "sheet", "rows", "run"];
    format!("\n{}", table(&header, rows.collect(), &[4, 6]))
}

/// A file's name as a terminal may show it: what it would obey is written out.
fn plain(name: &Path) -> String {
    let letter = |c: char| if c.is_control() { c.escape_default().collect() } else { c.to_string() };
    name.to_string_lossy().chars().map(letter).collect()
}

/// `3, 5–8`.
fn spans(rows: &[i32]) -> String {
    let mut spans: Vec<(i32, i32)> = Vec::new();
    for row in rows {
        match spans.last_mut() {
            Some((_, last)) if *row <= *last + 1 => *last = *row,
            _ => spans.push((*row, *row)),
        }
    }
    let text = |(first, last): &(i32, i32)| {
        if first == last { first.to_string() } else { format!("{first}–{last}") }
    };
    spans.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn counts(found: &Trace) -> String {
    if found.counts.is_empty() {
        return String::new();
    }
    let whose = if found.learners.is_empty() { "Made from" } else { "And what is about nobody" };
    let rows = found.counts.iter().map(|count| {
        let documents = counted(count.documents.unsigned_abs(), "document", "documents");
        vec![
            count.entity.clone(),
            count.source.clone(),
            count.feed.clone(),
            thousands(count.rows.unsigned_abs()),
            documents,
        ]
    });
    format!("\n{whose}:\n{}", table(&["entity", "source", "feed", "rows", "in"], rows.collect(), &[3]))
}

fn as_json(found: &Trace) -> Value {
    let row: serde_json::Map<String, Value> =
        found.row.iter().map(|(name, cell)| (name.clone(), Value::from(cell.as_str()))).collect();
    let fed = found.fed.iter().map(|Fed { row, run, file }| {
        json!({
            "entity": row.entity, "source": row.source, "feed": row.feed, "document_id": row.document,
            "document": file.map(|at| found.files[at].ordinal), "sheet": row.part, "row": row.row,
            "commit": row.commit_seq, "versions": row.versions, "subject": row.subject,
            "run": run.as_ref().map(|(id, _)| id), "published_at": run.as_ref().map(|(_, at)| at)
        })
    });
    let counts = found.counts.iter().map(|count| {
        json!({
            "entity": count.entity, "source": count.source, "feed": count.feed, "rows": count.rows,
            "documents": count.documents
        })
    });
    json!({
        "release": found.release, "row": row, "learner": found.learners.first(), "learners": found.learners,
        "rows": fed.collect::<Vec<_>>(), "counts": counts.collect::<Vec<_>>(), "counted_from": found.finer
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_gives_a_terminal_no_orders() {
        assert_eq!(
            plain(Path::new("spring/\u{1b}[2Jlist\n of Zoë.xlsx")),
            "spring/\\u{1b}[2Jlist\\n of Zoë.xlsx"
        );
    }
}
