//! What was set aside: the list, the names behind the numbers, and the file that goes back to its supplier.
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
    pipeline::{Site, SiteFault, export, write_private},
    source::inbox,
};
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
    let lines = site.catalog.quarantine(args.source.as_deref())?;
    screen.document(&json!({ "quarantine": lines }));
    if lines.is_empty() {
        screen.result("Nothing was set aside.");
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
    screen.say("Give a supplier their file back, marked: throughline quarantine export FILE --to OUT.xlsx");
    Ok(Exit::Done)
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
    let (rows, ours, whole) = (marked.rows, marked.ours, marked.whole);
    marked.write(|bytes| write_private(to, bytes))?;
    screen.document(&json!({
        "source": source.name.as_str(), "marks": marks, "rows": rows, "not_the_suppliers": ours,
        "whole_file": whole.map(crate::fault::Problem::code), "written": to.display().to_string()
    }));
    let what = match (whole, marks) {
        (Some(problem), _) => format!("The file as a whole: {problem}."),
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
        (None, _) => Err(Halt::new(Exit::Usage, "the file is in no source's inbox: say which with --source")),
        (Some(_), Some(_)) => {
            Err(Halt::new(Exit::Usage, "several sources read this file: say which with --source"))
        }
    }
}

/// Alike problems of one source are one line; what to do about each kind of problem follows once.
/// How often each problem occurred, with its first place, and what to do about each.
pub(super) fn sums(lines: &[SetAside]) -> String {
    let mut by: BTreeMap<[&str; 4], (u64, String)> = BTreeMap::new();
    let mut hints: BTreeMap<&str, &str> = BTreeMap::new();
    for line in lines {
        let key = [&line.source, &line.column, &line.detail, &line.consequence].map(String::as_str);
        let place = || {
            format!("document {}, sheet {}, row {}", line.document, line.sheet, thousands(line.row.into()))
        };
        by.entry(key).or_insert_with(|| (0, place())).0 += 1;
        if !line.hint.is_empty() {
            hints.insert(&line.detail, &line.hint);
        }
    }
    let mut rows: Vec<_> = by.into_iter().collect();
    rows.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
    let rows = rows.into_iter().map(|([source, column, detail, consequence], (n, first))| {
        let cells = [source, &what(column, detail), &consequence.replace('_', " "), &first];
        std::iter::once(thousands(n)).chain(cells.map(str::to_owned)).collect()
    });
    let mut out = table(&["times", "source", "problem", "what happened", "first at"], rows.collect(), &[0]);
    if !hints.is_empty() {
        out.push_str("\n\nWhat to do");
    }
    for (detail, hint) in hints {
        out.push_str("\n  ");
        out.push_str(&wrap(&format!("{detail}: {hint}"), 4));
    }
    out
}

/// The column and what is wrong with it, or with the whole row.
fn what(column: &str, detail: &str) -> String {
    if column.is_empty() { detail.to_owned() } else { format!("{column}: {detail}") }
}

fn every_line(lines: &[SetAside]) -> String {
    let rows = lines.iter().map(|line| {
        vec![
            line.source.clone(),
            line.feed.clone(),
            line.document.to_string(),
            line.sheet.to_string(),
            line.row.to_string(),
            what(&line.column, &line.detail),
            line.consequence.replace('_', " "),
        ]
    });
    table(
        &["source", "feed", "document", "sheet", "row", "problem", "what happened"],
        rows.collect(),
        &[2, 3, 4],
    )
}
