//! An unknown sheet: what it seems to be, and the connector that a person agrees to.
use super::{
    Exit, Halt, Verdict,
    cli::MapArgs,
    screen::{Screen, counted, table, wrap},
};
use crate::{
    config::Settings,
    conform::propose::{Confidence, Proposal, Wishes},
    definitions::{Complaint, Definitions},
    pipeline::{self, FeedPreview, Fit, Mapped, SiteFault, Untried},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    io::{IsTerminal, Write as _},
    path::{Path, PathBuf},
};

/// Looks at a file, says what it seems to be, and writes the draft of a connector once a person agrees.
pub(super) fn map(settings: &Settings, args: &MapArgs, screen: &Screen) -> Verdict {
    let overlay = settings.definitions.as_deref();
    let definitions = Definitions::load(overlay).map_err(SiteFault::Complaints).map_err(Halt::from)?;
    let folder = overlay.map_or_else(|| beside(&settings.file).join("definitions"), Path::to_owned);
    let wishes = wishes(args, &definitions)?;
    let mapped = pipeline::map(&args.file, &definitions, overlay, &wishes)
        .map_err(|problem| Halt::new(Exit::Failed, format!("the file {problem}: {}", problem.hint())))?;
    if let Some(fit) = mapped.fits.first().filter(|_| !args.new) {
        screen.document(&json!({ "fits": mapped.fits.iter().map(fit_json).collect::<Vec<_>>() }));
        say_fit(fit, &definitions, &wishes.name, sight(args, screen), screen);
        return Ok(Exit::Done);
    }
    let Mapped { proposal, tried, .. } = mapped;
    let proposal = proposal.map_err(|refusal| {
        Halt::new(Exit::Failed, format!("no proposal: {refusal}.\n  hint: {}", refusal.hint()))
    })?;
    let tried = match tried {
        Some(Ok(seen)) => seen,
        Some(Err(untried)) => return Err(untried_words(untried)),
        None => return Err(Halt::new(Exit::Failed, "the draft could not be tried")),
    };
    let sight = sight(args, screen);
    say(&proposal, &tried, sight, screen);
    let path = folder.join("connectors").join(format!("{}.toml", wishes.name));
    let written = agreed(args, &path, screen)?;
    if written {
        keep(&path, &proposal.draft)?;
        next_steps(settings, &path, &wishes.name, &proposal, screen);
    }
    screen.document(&proposal_json(&proposal, &tried, written.then_some(&path)));
    Ok(Exit::Done)
}

/// Whether what the sheet says may be shown: on a terminal, or where it is asked for.
fn sight(args: &MapArgs, screen: &Screen) -> bool {
    args.show || (std::io::stdout().is_terminal() && !screen.json)
}

/// The folder that a file lies in.
fn beside(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

fn wishes(args: &MapArgs, definitions: &Definitions) -> Result<Wishes, Halt> {
    let refuse = |words: String| Err(Halt::new(Exit::Usage, words));
    let free = |name: &String| !definitions.connectors.contains_key(name);
    let name = match &args.name {
        Some(name) => {
            let shaped = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if name.is_empty() || !shaped {
                return refuse("a connector's name has small letters, digits and dashes only".to_owned());
            }
            if !free(name) {
                return refuse(format!("there is a connector `{name}` already; choose another name"));
            }
            name.clone()
        }
        // Never out of the file's name, which may be a child's.
        None => (1..=999).map(|n| format!("sheet-{n}")).find(free).unwrap_or_default(),
    };
    let mut set = Vec::new();
    for text in &args.set {
        match text.split_once('=') {
            Some((column, header)) => set.push((column.trim().to_owned(), header.trim().to_owned())),
            None => return refuse("--set takes COLUMN=HEADER".to_owned()),
        }
    }
    let file_name = args.file.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(Wishes {
        name,
        file_name: file_name.unwrap_or_default(),
        pattern: args.files.clone(),
        positions: args.positions,
        day_first: args.dates.as_deref().map(|order| order == "day-first"),
        set,
        without: Vec::new(),
    })
}

fn fit_json(fit: &Fit) -> Value {
    json!({ "connector": fit.connector, "feed": fit.feed.as_str(), "records": fit.records.0,
            "set_aside": fit.records.1, "pattern": fit.pattern, "name_fits": fit.named, "columns_read": fit.reads,
            "not_read": fit.left.iter().map(|(at, _)| letters(*at)).collect::<Vec<_>>(), "params": fit.params })
}

fn say_fit(fit: &Fit, definitions: &Definitions, name: &str, sight: bool, screen: &Screen) {
    let title = definitions.connectors.get(&fit.connector).map_or("", |connector| connector.title.as_str());
    screen.result(&format!("The connector {} reads this file as it is ({title}).", fit.connector));
    screen.result(&format!(
        "  {} read, {} set aside.",
        counted(fit.records.0, "row", "rows"),
        counted(fit.records.1, "of them", "of them")
    ));
    if !fit.left.is_empty() {
        let columns = fit.left.iter().map(|(at, header)| match header.as_str() {
            header if sight && !header.is_empty() => format!("{} ({header})", letters(*at)),
            _ => letters(*at),
        });
        let words = format!(
            "It reads {} of {} columns. Not read by it: {}. If one of them matters, draft a connector of its own: add --new.",
            fit.reads,
            fit.reads + fit.left.len(),
            columns.collect::<Vec<_>>().join(", ")
        );
        screen.result(&wrap(&words, 2));
    }
    if !fit.named {
        let words = format!(
            "Its files are called {}; this one is not. Rename the file, or draft a connector of its own: add --new.",
            fit.pattern
        );
        screen.result(&wrap(&words, 0));
    }
    screen.result("\nTo read such files, add a source to the configuration:\n");
    screen.result(&source_block(name, &fit.connector, &fit.params));
    screen.say("\nA connector of its own all the same: add --new.");
}

/// Everything that was found, as a table and in words.
fn say(proposal: &Proposal, tried: &FeedPreview, sight: bool, screen: &Screen) {
    let from = match proposal.learnt_from.as_slice() {
        [] => "known from its schema alone".to_owned(),
        known => format!("such sheets are known from {}", known.join(", ")),
    };
    let words = format!(
        "This looks like a sheet of {} ({from}): {} on sheet {}.",
        proposal.entity.replace('_', " "),
        counted(proposal.rows as u64, "row", "rows"),
        proposal.part
    );
    screen.result(&wrap(&words, 0));
    screen.result(&match proposal.header {
        Some((row, 1)) => format!("Its header is row {row}."),
        Some((row, rows)) => format!("Its header is rows {row} to {}.", row + rows - 1),
        None => "It has no header: columns are named by their place, so they must never move.".to_owned(),
    });
    let (seen, hidden) = proposal.sheets;
    if seen + hidden > 1 {
        screen.result(&format!(
            "The workbook has {} and {}.",
            counted(seen as u64, "sheet that is shown", "sheets that are shown"),
            counted(hidden as u64, "hidden one", "hidden ones")
        ));
    }
    screen.result("");
    let rows = proposal.columns.iter().filter(|column| !column.becomes.is_empty()).map(|column| {
        let sure = column.confidence.word().to_owned();
        let header = if proposal.header.is_some() { column.header.clone() } else { String::new() };
        vec![letters(column.position), header, column.becomes.clone(), sure]
    });
    screen.result(&table(&["", "header", "is read as", "how sure"], rows.collect(), &[]));
    reasons(proposal, screen);
    not_read(proposal, sight, screen);
    for note in &proposal.notes {
        screen.result(&wrap(&format!("- {note}"), 2));
    }
    screen.result(&format!(
        "\nTried on this file: {} read, {} set aside.",
        counted(tried.count, "row", "rows"),
        counted(tried.set_aside, "of them", "of them")
    ));
    if sight {
        first_rows(tried, screen);
    } else {
        screen.say("The first rows as they would be read are shown on a terminal, or with --show.");
    }
}

/// Why, where it is not plain: what is sure because its header is known and every cell fits says so itself.
fn reasons(proposal: &Proposal, screen: &Screen) {
    let plain =
        |reason: &str| reason.starts_with("header is known; 100%") && reason.matches(';').count() == 1;
    let read = proposal.columns.iter().filter(|column| !column.becomes.is_empty());
    let mut lines = read.filter(|column| !plain(&column.reason)).peekable();
    if lines.peek().is_some() {
        screen.result("\nWhy, where the header is not known or not every cell fits, and how dates are read:");
    }
    for column in lines {
        screen.result(&format!("  {:<3} {}", letters(column.position), wrap(&column.reason, 6)));
    }
}

fn not_read(proposal: &Proposal, sight: bool, screen: &Screen) {
    let left: Vec<_> = proposal.columns.iter().filter(|column| column.becomes.is_empty()).collect();
    if !left.is_empty() {
        screen.result("\nNot read:");
        let rows = left.into_iter().map(|column| {
            let header = if sight { column.header.clone() } else { String::new() };
            vec![letters(column.position), header, column.reason.clone()]
        });
        screen.result(&table(&["", "header", "why"], rows.collect(), &[]));
    }
    let unknown: Vec<_> = proposal.columns.iter().filter(|column| !column.unknown_words.is_empty()).collect();
    if !unknown.is_empty() {
        screen.result("\nWords without a code; each is set aside until the draft's `map` names its code:");
    }
    for column in unknown {
        let n = column.unknown_words.len() as u64;
        let words = if sight { column.unknown_words.join(", ") } else { counted(n, "word", "words") };
        screen.result(&format!("  {}", wrap(&format!("{}: {words}", column.becomes), 4)));
    }
    screen.result("");
}

/// The first records, field by field: for the screen of whoever may open the file.
fn first_rows(tried: &FeedPreview, screen: &Screen) {
    let mut fields = Vec::<String>::new();
    let mut cells = BTreeMap::<(usize, String), String>::new();
    for (at, record) in tried.records.iter().enumerate() {
        let identity = record.identity.iter().map(|(name, text)| (name.to_string(), text));
        let rows = record.rows.iter().flat_map(|(entity, cells)| {
            cells.iter().map(move |(name, text)| (format!("{entity}.{name}"), text))
        });
        for (field, text) in identity.chain(rows) {
            if !fields.contains(&field) {
                fields.push(field.clone());
            }
            let cell = cells.entry((at, field)).or_default();
            if !cell.is_empty() {
                cell.push_str(" / ");
            }
            cell.push_str(text);
        }
    }
    if fields.is_empty() {
        return;
    }
    let titles: Vec<String> = tried.records.iter().map(|record| format!("row {}", record.row)).collect();
    let header: Vec<&str> = std::iter::once("").chain(titles.iter().map(String::as_str)).collect();
    let rows = fields.into_iter().map(|field| {
        let texts = (0..titles.len()).map(|at| cells.get(&(at, field.clone())).cloned().unwrap_or_default());
        std::iter::once(field.clone()).chain(texts.collect::<Vec<_>>()).collect()
    });
    screen.result("\nThe first rows as they would be read (on this screen only):");
    screen.result(&table(&header, rows.collect(), &[]));
}

/// Whether a person agrees: by `--yes`, or at a prompt.
fn agreed(args: &MapArgs, path: &Path, screen: &Screen) -> Result<bool, Halt> {
    if args.yes {
        return Ok(true);
    }
    if screen.json || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        screen.say("\nNothing was written. To write the draft, add --yes.");
        return Ok(false);
    }
    let mut out = std::io::stdout().lock();
    write!(out, "\nWrite this draft to {}? [y/N] ", path.display())?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    let yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if !yes {
        screen.say("Nothing was written.");
    }
    Ok(yes)
}

fn keep(path: &Path, draft: &str) -> Result<(), Halt> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(draft.as_bytes())?;
    Ok(file.sync_all()?)
}

fn next_steps(settings: &Settings, path: &Path, name: &str, proposal: &Proposal, screen: &Screen) {
    screen.result(&format!("\nWrote {}. Read it through: every line can be changed.", path.display()));
    if settings.definitions.is_none() {
        screen
            .result("Add to the configuration, above the first [section]:\n\ndefinitions = \"definitions\"");
    }
    screen.result("\nThen add the source, and fill in what its agreement says:\n");
    screen.result(&source_block(name, name, &proposal.params));
    screen.result("\nThen: throughline check, and throughline pull.");
}

fn source_block(source: &str, connector: &str, params: &[String]) -> String {
    let mut text = format!(
        "[sources.{source}]\nconnector = \"{connector}\"\ninbox = \"inbox/{source}\"          # the folder where its files are put\nagreement = \"\"                # title or reference of the sharing agreement\ncontroller = \"\"               # who the controller is\nbases = []                    # lawful bases: \"Article 6(1)(e)\", ...\nexpires = \"\"                  # the agreement's last day: 2027-08-31\npurposes = []                 # research, participation, ap_commissioning"
    );
    for param in params {
        let hint = if param == "establishment_id" {
            "  # the provider: URN (six digits) or a reference such as AP07"
        } else {
            ""
        };
        text = format!("{text}\nparams.{param} = \"\"{hint}");
    }
    text
}

/// The same facts, without anything of the sheet but the headers that are read.
fn proposal_json(proposal: &Proposal, tried: &FeedPreview, written: Option<&PathBuf>) -> Value {
    let columns = proposal.columns.iter().map(|column| {
        let read = !column.becomes.is_empty();
        json!({ "column": letters(column.position), "header": read.then_some(&column.header),
                "becomes": read.then_some(&column.becomes),
                "confidence": (read && column.confidence >= Confidence::Guess).then(|| column.confidence.word()),
                "reason": column.reason, "words_without_code": column.unknown_words.len() })
    });
    json!({
        "entity": proposal.entity, "learnt_from": proposal.learnt_from, "sheet": proposal.part,
        "header_row": proposal.header.map(|header| header.0), "header_rows": proposal.header.map(|header| header.1),
        "rows": proposal.rows, "columns": columns.collect::<Vec<_>>(), "notes": proposal.notes,
        "params": proposal.params, "draft": proposal.draft, "read": tried.count, "set_aside": tried.set_aside,
        "written": written.map(|path| path.display().to_string())
    })
}

fn untried_words(untried: Untried) -> Halt {
    match untried {
        Untried::Complaints(complaints) => {
            let list: Vec<String> = complaints.iter().map(Complaint::to_string).collect();
            Halt::new(Exit::Failed, format!("the draft does not load:\n{}", list.join("\n")))
        }
        Untried::Unnamed => {
            Halt::new(Exit::Usage, "the pattern of --files does not fit this file's own name")
        }
    }
}

/// A column's letters, as a spreadsheet shows them.
fn letters(position: u32) -> String {
    let (mut n, mut out) = (position, String::new());
    while n > 0 {
        out.insert(0, char::from(b'A' + ((n - 1) % 26) as u8));
        n = (n - 1) / 26;
    }
    out
}
