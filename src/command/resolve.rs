//! A list of young people, answered for whoever already knows them.
use super::{
    Exit, Halt, Verdict,
    cli::ResolveArgs,
    place::may_write_workbook,
    screen::{Screen, counted, table, thousands, wrap},
};
use crate::{
    config::Settings,
    pipeline::{self, Ask, Missing, Reach, ResolveFault, Resolved, Site, outside, write_private},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// So many rows that were not read are told on the screen; the answer has them all.
const TOLD: usize = 20;

impl From<ResolveFault> for Halt {
    fn from(fault: ResolveFault) -> Self {
        match fault {
            ResolveFault::Refused(words) => Self::new(Exit::Refused, wrap(&format!("refused: {words}"), 2)),
            ResolveFault::Usage(words) => Self::new(Exit::Usage, words),
            ResolveFault::Roll(words) => Self::new(Exit::Failed, words),
            ResolveFault::Site(fault) => fault.into(),
        }
    }
}

/// Answers a list and writes the answer where whoever asked has said.
pub(super) fn resolve(settings: Settings, args: &ResolveArgs, who: &str, screen: &Screen) -> Verdict {
    may_write_workbook(&settings, &args.to, args.force, "--to")?;
    if let Some(folder) = &args.suppliers {
        outside(&settings, folder).map_err(|why| {
            Halt::new(Exit::Usage, format!("--suppliers cannot be used: {why}; name another folder"))
        })?;
    }
    let set = pairs(&args.set)?;
    let mut site = Site::open(settings)?;
    let ask = Ask {
        who,
        by: "",
        roll: &args.roll,
        purpose: &args.purpose,
        view: &args.view,
        since: args.since,
        day_first: args.dates.as_ref().map(|order| order == "day-first"),
        set: &set,
        suppliers: args.suppliers.is_some(),
    };
    let resolved = {
        let mut bar = screen.bar();
        pipeline::resolve(&mut site, &ask, &mut bar)?
    };
    place(&args.to, args.force, |to| resolved.write(|bytes| write_private(to, bytes)))?;
    let copies = give_copies(&resolved, args)?;
    say(&resolved, args, &copies, screen);
    screen.document(&as_json(&resolved, args, &copies));
    Ok(Exit::Done)
}

fn pairs(set: &[String]) -> Result<Vec<(String, String)>, Halt> {
    let pair = |text: &String| {
        let (column, header) = text.split_once('=')?;
        Some((column.trim().to_owned(), header.trim().to_owned()))
    };
    set.iter().map(pair).collect::<Option<_>>().ok_or_else(|| {
        Halt::new(Exit::Usage, "--set is written COLUMN=HEADER, for example --set surname=\"Family name\"")
    })
}

/// Writes a file in place of one that may be there.
fn place(to: &Path, force: bool, write: impl FnOnce(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    if force && to.exists() {
        fs::remove_file(to)?;
    }
    write(to)
}

/// A supplier's copy as it was written: the source, rows marked, and where; none where there was nothing to mark.
struct Given<'r> {
    copy: &'r pipeline::SupplierCopy,
    rows: usize,
    file: Option<PathBuf>,
}

fn give_copies<'r>(resolved: &'r Resolved, args: &ResolveArgs) -> Result<Vec<Given<'r>>, Halt> {
    let Some(folder) = &args.suppliers else { return Ok(Vec::new()) };
    let mut given = Vec::new();
    for copy in &resolved.copies {
        let Some(marked) = &copy.file else {
            given.push(Given { copy, rows: 0, file: None });
            continue;
        };
        let to = folder.join(format!("{}.xlsx", copy.source));
        if to.exists() && !args.force {
            let words = format!("{} is there already; add --force to write over it", to.display());
            return Err(Halt::new(Exit::Usage, words));
        }
        place(&to, args.force, |to| marked.written(|bytes| write_private(to, bytes)))?;
        given.push(Given { copy, rows: marked.rows, file: Some(to) });
    }
    Ok(given)
}

fn say(resolved: &Resolved, args: &ResolveArgs, copies: &[Given<'_>], screen: &Screen) {
    let count = &resolved.count;
    let rows = [
        ("found, certain", count.certain),
        ("found, likely", count.likely),
        ("more than one person fits", count.several),
        ("not found", count.not_found),
        ("not read", count.not_read),
        ("all", count.rows),
    ];
    let rows = rows.into_iter().map(|(what, n)| vec![what.to_owned(), thousands(n)]).collect();
    screen.result(&table(&["rows of your list", ""], rows, &[1]));
    screen.result(&format!(
        "\n{} in the view {}. As things stood on {}; wrote {}.",
        counted(count.in_view, "row is", "rows are"),
        args.view,
        resolved.as_of,
        args.to.display()
    ));
    if !resolved.not_read.is_empty() {
        let told = resolved.not_read.iter().take(TOLD).map(|(row, why)| vec![row.to_string(), why.clone()]);
        screen.result(&format!("\n{}", table(&["row not read", "why"], told.collect(), &[0])));
        let more = resolved.not_read.len().saturating_sub(TOLD);
        if more > 0 {
            screen.result(&format!("and {more} more: the answer's first sheet has them all."));
        }
    }
    screen.result(&format!("\n{}", missing_words(&resolved.missing)));
    if !copies.is_empty() {
        let row = |given: &Given<'_>| {
            let file =
                given.file.as_ref().map_or_else(|| "none".to_owned(), |file| file.display().to_string());
            let cells = [given.copy.people, given.rows as u64, given.copy.elsewhere].map(thousands);
            [vec![given.copy.source.clone()], cells.to_vec(), vec![file]].concat()
        };
        let rows = copies.iter().map(row).collect();
        let header = ["supplier", "people marked", "rows marked", "not in its latest file", "copy"];
        screen.result(&format!("\n{}", table(&header, rows, &[1, 2, 3])));
    }
    if let Some(folder) = args.suppliers.as_ref().filter(|_| copies.iter().all(|given| given.file.is_none()))
    {
        let none = format!(
            "No copy was written to {}: it is for suppliers' own files, marked where they have somebody whom your list lacks, and no supplier's \
             latest file has a row of anybody on no row of your list of whom it said the last word.",
            folder.display()
        );
        screen.result(&format!("\n{}", wrap(&none, 0)));
    }
    let care =
        "The workbook holds your list: it is for you and this purpose alone; delete it when it has served.";
    screen.say(&wrap(care, 0));
}

/// Who is on no row, in words and by the source of the last word.
fn missing_words(missing: &Missing) -> String {
    if let Reach::Closed(why) = &missing.reach {
        return wrap(&format!("Who is on no row of your list was not counted: {why}."), 0);
    }
    let years: Vec<String> = missing.years.iter().map(ToString::to_string).collect();
    let lead = format!(
        "On no row of your list: {} of year groups {} by age with a home here, as far as is known; of {} nobody says where it is.",
        counted(missing.here, "learner", "learners"),
        years.join(", "),
        thousands(missing.home_not_known)
    );
    if missing.by_source.is_empty() {
        return wrap(&lead, 0);
    }
    let mut sources: Vec<_> = missing.by_source.iter().collect();
    sources.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let rows = sources.into_iter().map(|(source, n)| {
        let name = if source.is_empty() { "nobody says where they were" } else { source };
        vec![name.to_owned(), thousands(*n)]
    });
    format!("{}\n{}", wrap(&lead, 0), table(&["last word of them by", ""], rows.collect(), &[1]))
}

/// Counts only: no row of the list.
fn as_json(resolved: &Resolved, args: &ResolveArgs, copies: &[Given<'_>]) -> Value {
    let missing = &resolved.missing;
    let closed = match &missing.reach {
        Reach::Counted => None,
        Reach::Closed(why) => Some(why),
    };
    let copies: Vec<Value> = copies
        .iter()
        .map(|given| {
            json!({ "source": given.copy.source, "people": given.copy.people, "rows": given.rows,
                    "not_in_latest_file": given.copy.elsewhere,
                    "written": given.file.as_ref().map(|file| file.display().to_string()) })
        })
        .collect();
    json!({
        "purpose": args.purpose, "view": args.view, "rows": resolved.count, "as_of": resolved.as_of.to_string(),
        "pulled_at": resolved.pulled_at, "release": resolved.release,
        "not_read": resolved.not_read.iter().map(|(row, why)| json!({ "row": row, "why": why })).collect::<Vec<_>>(),
        "on_no_row": { "counted": closed.is_none(), "why_not": closed, "year_groups": missing.years,
                       "learners": missing.here, "home_not_known": missing.home_not_known,
                       "by_last_source": missing.by_source },
        "suppliers": copies, "written": args.to.display().to_string()
    })
}
