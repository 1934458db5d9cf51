//! What was set aside: the list, the names behind the numbers, and the file that goes back to its supplier.
mod columns;

use super::{
    Exit, Halt, Verdict,
    cli::{Quarantine, QuarantineArgs},
    place,
    screen::{Screen, counted, table, thousands, wrap},
};
use crate::{
    catalog::SetAside,
    config::{Settings, Source},
    definitions::{Definitions, connector::Form},
    pipeline::{Site, SiteFault, export, patterns, write_private},
    source::inbox,
};
use columns::Columns;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::IsTerminal,
    path::{Path, PathBuf},
};

/// What was set aside, and where; or a file given back.
pub(super) fn quarantine(settings: Settings, args: &QuarantineArgs, screen: &Screen) -> Verdict {
    match &args.what {
        Some(Quarantine::Export { file, to, source, force }) => {
            give_back(&settings, file, to, source.as_deref(), *force, screen)
        }
        None => list(settings, args, screen),
    }
}

fn list(settings: Settings, args: &QuarantineArgs, screen: &Screen) -> Verdict {
    if args.files && (screen.json || !std::io::stdout().is_terminal()) {
        return Err(Halt::new(
            Exit::Usage,
            "--files works on a terminal only: a file's name may be a child's, and what is printed elsewhere is kept",
        ));
    }
    let site = Site::open(settings)?;
    let mut lines = site.catalog.quarantine(args.source.as_deref())?;
    let columns = Columns { settings: &site.settings, definitions: &site.definitions };
    for line in &mut lines {
        if let Some(hint) = columns.hint(line) {
            line.hint = hint;
        }
        if let Some(header) = columns.header(line) {
            line.header = header;
        }
    }
    let all = lines.len();
    lines.retain(|line| line.past == args.past);
    screen.document(&json!({ "quarantine": lines }));
    let rest = (all - lines.len()) as u64;
    if lines.is_empty() {
        screen.result(if args.past { "Nothing is past." } else { "Nothing was set aside." });
        say_rest(rest, args.past, screen);
        return Ok(Exit::Done);
    }
    screen.result(&if args.all { every_line(&lines) } else { sums(&lines) });
    if args.files {
        screen.result(&names(&site, &lines));
    } else {
        screen.say(&wrap(
            "\"document 3\" is the third matching file of the source's inbox in the order of their names, or the third page of a service; --files says which.",
            0,
        ));
    }
    if !args.all {
        screen.say("Every place: add --all.");
    }
    say_rest(rest, args.past, screen);
    screen.say("Give a supplier their file back, marked: throughline quarantine export FILE --to OUT.xlsx");
    Ok(Exit::Done)
}

/// How much is not in the list: what is past, or what holds.
fn say_rest(rest: u64, past: bool, screen: &Screen) {
    if rest > 0 && !past {
        let more = counted(rest, "more place is", "more places are");
        screen.say(&wrap(&format!("{more} of files that were read again since: add --past."), 0));
    }
}

/// Which file each document is, as the inbox has it now.
fn names(site: &Site, lines: &[SetAside]) -> String {
    let documents: BTreeSet<(&str, &str, u32)> = lines
        .iter()
        .filter(|line| line.document > 0)
        .map(|line| (line.source.as_str(), line.feed.as_str(), line.document))
        .collect();
    let name = |source: &str, feed: &str, ordinal: u32| -> Option<String> {
        let source = site.settings.sources.iter().find(|known| known.name.as_str() == source)?;
        let connector = site.definitions.connectors.get(&source.connector)?;
        let Form::File(form) = &connector.form else { return None };
        let feed = connector.feeds.iter().find(|known| known.name.as_str() == feed)?;
        let inbox = source.inbox.as_ref()?;
        let files = inbox::of_feed(inbox, form, feed).ok()?;
        let file = files.into_iter().find(|file| file.ordinal == ordinal)?;
        Some(file.path.strip_prefix(inbox).unwrap_or(&file.path).display().to_string())
    };
    let rows = documents.into_iter().filter_map(|(source, feed, ordinal)| {
        Some(vec![source.to_owned(), feed.to_owned(), ordinal.to_string(), name(source, feed, ordinal)?])
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return "\nNone of these are files.".to_owned();
    }
    format!(
        "\nThe files as the inboxes have them now; if files came or went since the pull, the numbers have moved:\n{}",
        table(&["source", "feed", "document", "file"], rows, &[2])
    )
}

/// Writes a supplier's own file with what could not be read marked. Nothing of it is said here but numbers.
fn give_back(
    settings: &Settings,
    file: &Path,
    to: &Path,
    source: Option<&str>,
    force: bool,
    screen: &Screen,
) -> Verdict {
    let definitions = Definitions::load(settings.definitions.as_deref())
        .map_err(SiteFault::Complaints)
        .map_err(Halt::from)?;
    place::may_write_workbook(settings, to, force, "--to")?;
    let (source, inbox) = source_of(settings, &definitions, file, source)?;
    let connector = definitions.connectors.get(&source.connector).ok_or_else(|| {
        Halt::new(Exit::Usage, format!("the source {} names no connector that is known", source.name))
    })?;
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let path = file.strip_prefix(&inbox).unwrap_or(&file);
    let marked = export(&definitions, connector, (&inbox, path), &source.params)
        .map_err(|problem| Halt::new(Exit::Failed, format!("the file {problem}: {}", problem.hint())))?;
    if force && to.exists() {
        fs::remove_file(to)?;
    }
    let marks = marked.marks as u64;
    let (rows, ours, whole, lacks) = (marked.rows, marked.ours, marked.whole, marked.lacks.clone());
    marked.write(|bytes| write_private(to, bytes))?;
    screen.document(&json!({
        "source": source.name.as_str(), "marks": marks, "rows": rows, "not_the_suppliers": ours,
        "whole_file": whole.map(crate::fault::Problem::code), "headers_missing": lacks, "written": to.display().to_string()
    }));
    let what = match (whole, marks) {
        (Some(problem), _) if lacks.is_empty() => format!("The file as a whole: {problem}."),
        (Some(problem), _) => {
            format!("The file as a whole: {problem}. Its likeliest line lacks {}.", lacks.join(", "))
        }
        (None, 0) => "Everything in it can be read: there is nothing to mend.".to_owned(),
        (None, n) => {
            format!("{} to mend in {}.", counted(n, "place", "places"), counted(rows as u64, "row", "rows"))
        }
    };
    screen.result(&format!("Wrote {}. {what}", to.display()));
    if ours > 0 {
        screen.say(&wrap(
            &format!(
                "{} not the supplier's to mend and not marked: see the source's params in the configuration, and the name of the file.",
                counted(ours as u64, "fault is", "faults are")
            ),
            0,
        ));
    }
    screen.say(&wrap(
        "The workbook holds the supplier's own cells, children's names among them: send it the way that the file came, and delete it then.",
        0,
    ));
    Ok(Exit::Done)
}

/// The source whose file it is, and the folder that its patterns start from.
fn source_of<'s>(
    settings: &'s Settings,
    definitions: &Definitions,
    file: &Path,
    name: Option<&str>,
) -> Result<(&'s Source, PathBuf), Halt> {
    let Ok(real) = fs::canonicalize(file) else {
        return Err(Halt::new(Exit::Usage, "the file is not there or cannot be opened"));
    };
    let inbox = |source: &Source| source.inbox.as_deref().and_then(|inbox| fs::canonicalize(inbox).ok());
    let takes = |source: &Source, inbox: &Path| {
        let Some(connector) = definitions.connectors.get(&source.connector) else { return false };
        let Form::File(form) = &connector.form else { return false };
        let path = real.strip_prefix(inbox).unwrap_or(&real);
        connector
            .feeds
            .iter()
            .any(|feed| inbox::captures(feed.files.as_ref().unwrap_or(&form.name), path).is_some())
    };
    if let Some(name) = name {
        let source = settings
            .sources
            .iter()
            .find(|source| source.name.as_str() == name)
            .ok_or_else(|| Halt::new(Exit::Usage, format!("the configuration has no source `{name}`")))?;
        let own = inbox(source).filter(|inbox| real.starts_with(inbox));
        let folder = own.or_else(|| real.parent().map(Path::to_owned)).unwrap_or_default();
        if !takes(source, &folder) {
            let words = format!(
                "the file's name does not fit the pattern of {name}'s connector: give it the name it came with"
            );
            return Err(Halt::new(Exit::Usage, words));
        }
        return Ok((source, folder));
    }
    let mut found = settings.sources.iter().filter_map(|source| {
        let inbox = inbox(source).filter(|inbox| real.starts_with(inbox))?;
        takes(source, &inbox).then_some((source, inbox))
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Halt::new(Exit::Usage, unread(settings, definitions, &real))),
        (Some(_), Some(_)) => {
            Err(Halt::new(Exit::Usage, "several sources read this file: say which with --source"))
        }
    }
}

/// Why no source reads a file: its inbox is none's, or its name is none that the inbox's connector reads.
fn unread(settings: &Settings, definitions: &Definitions, real: &Path) -> String {
    let holds = |source: &&Source| {
        let inbox = source.inbox.as_deref().and_then(|inbox| fs::canonicalize(inbox).ok());
        inbox.is_some_and(|inbox| real.starts_with(inbox))
    };
    match settings.sources.iter().find(holds) {
        Some(source) => format!(
            "the file is in the inbox of {}, and its name fits no pattern of the connector, so it is not read: such files are called {}. Rename it",
            source.name,
            patterns(source, definitions).join(", ")
        ),
        None => "the file is in no source's inbox: say which with --source".to_owned(),
    }
}

/// How often each problem occurred, with its first place, and what to do about each: alike problems of one source are one
/// line.
pub(super) fn sums(lines: &[SetAside]) -> String {
    let mut by: BTreeMap<[String; 5], (u64, String)> = BTreeMap::new();
    let past = lines.iter().any(|line| line.past);
    let mut hints: BTreeSet<(&str, &str)> = BTreeSet::new();
    for line in lines {
        let day = if past { line.day.clone() } else { String::new() };
        let key = [line.source.clone(), what(line), line.detail.clone(), line.consequence.clone(), day];
        by.entry(key).or_insert_with(|| (0, place_of(line))).0 += 1;
        if !line.hint.is_empty() {
            hints.insert((&line.detail, &line.hint));
        }
    }
    let mut rows: Vec<_> = by.into_iter().collect();
    rows.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
    let rows = rows.into_iter().map(|([source, what, _, consequence, day], (n, first))| {
        let row = vec![thousands(n), source, what, consequence.replace('_', " "), first];
        if past { [row, vec![day]].concat() } else { row }
    });
    let mut header = vec!["times", "source", "problem", "what happened", "first at"];
    header.extend(past.then_some("day"));
    let mut out = table(&header, rows.collect(), &[0]);
    if !hints.is_empty() {
        out.push_str("\n\nWhat to do");
    }
    for (detail, hint) in hints {
        out.push_str("\n  ");
        out.push_str(&wrap(&format!("{detail}: {hint}"), 4));
    }
    out
}

/// Where a line was found, as far as it says: what is of a whole sheet has no row.
fn place_of(line: &SetAside) -> String {
    let parts = [("document", line.document), ("sheet", line.sheet), ("row", line.row)];
    let parts = parts.into_iter().filter(|(_, at)| *at > 0);
    parts.map(|(word, at)| format!("{word} {}", thousands(at.into()))).collect::<Vec<_>>().join(", ")
}

/// The column, under the header that the connector knows it by, and what is wrong with it; or with the whole row.
fn what(line: &SetAside) -> String {
    let SetAside { column, header, detail, .. } = line;
    match (column.as_str(), header.as_str()) {
        ("", _) => detail.clone(),
        (column, "") => format!("{column}: {detail}"),
        (column, header) => format!("{column} ({header}): {detail}"),
    }
}

fn every_line(lines: &[SetAside]) -> String {
    let at = |n: u32| if n == 0 { String::new() } else { n.to_string() };
    let rows = lines.iter().map(|line| {
        vec![
            line.source.clone(),
            line.feed.clone(),
            at(line.document),
            at(line.sheet),
            at(line.row),
            what(line),
            line.consequence.replace('_', " "),
            line.day.clone(),
        ]
    });
    table(
        &["source", "feed", "document", "sheet", "row", "problem", "what happened", "day"],
        rows.collect(),
        &[2, 3, 4],
    )
}
