//! Pairs laid before a person: at a terminal, as a workbook, or as a list without identities.
mod page;
mod session;

pub(super) use page::{evidence, side_by_side};

use super::{
    Exit, Halt, Verdict,
    cli::ReviewArgs,
    init::write_private,
    place,
    screen::{Screen, counted, table, thousands, wrap},
};
use crate::{
    catalog::LinkVerdict,
    config::Settings,
    link::Explained,
    pipeline::{
        Site,
        review::{
            self, Band, Case, Decided, Imported, Queue, ReviewFault, RowEnd, RowRefusal, Standing, Wanted,
            id_text,
        },
        take_reason,
    },
};
use serde_json::{Value, json};
use session::Session;
use std::{
    fs,
    io::{IsTerminal, Write as _},
    path::Path,
};

/// Without a limit, so many pairs are laid before a person at a terminal.
const USUAL: usize = 50;

impl From<ReviewFault> for Halt {
    fn from(fault: ReviewFault) -> Self {
        let exit = match fault {
            ReviewFault::Site(fault) => return fault.into(),
            ReviewFault::NotAllowed | ReviewFault::Placeless => Exit::Refused,
            ReviewFault::UnknownId
            | ReviewFault::AmbiguousId
            | ReviewFault::OneRecord
            | ReviewFault::NotDecided => Exit::Usage,
            _ => Exit::Failed,
        };
        Self::new(exit, fault.to_string())
    }
}

/// Review, by whatever way was asked for.
pub(super) fn review(settings: Settings, args: &ReviewArgs, who: &str, screen: &Screen) -> Verdict {
    if let (Some(ids), Some(reason)) = (&args.withdraw, &args.reason) {
        return withdraw(settings, ids, reason, who, screen);
    }
    if args.list {
        return list(settings, who, screen);
    }
    if let Some(file) = &args.import {
        return import(settings, file, who, screen);
    }
    if let Some(file) = &args.export {
        place::may_write_workbook(&settings, file, args.force, "--export")?;
    } else if !screen.json && !std::io::stdout().is_terminal() {
        return Err(Halt::new(
            Exit::Usage,
            "this shows names, and works on a terminal only. Elsewhere: --export FILE.xlsx, or --json, which shows none",
        ));
    }
    let wanted = args.sample.map_or(Wanted::Doubts, |size| Wanted::Sample(size as usize));
    let mut site = Site::open(settings)?;
    match &args.export {
        Some(file) => export(&mut site, wanted, args, file, who, screen),
        None if screen.json => documents(&mut site, wanted, args, who, screen),
        None => at_the_terminal(&mut site, wanted, args, who, screen),
    }
}

fn queue_of(
    site: &mut Site,
    wanted: Wanted,
    limit: usize,
    (who, about): (&str, &str),
    screen: &Screen,
) -> Result<Queue, Halt> {
    let mut bar = screen.bar();
    Ok(review::queue(site, wanted, limit, (who, about), &mut bar)?)
}

fn limit(args: &ReviewArgs, usual: usize) -> usize {
    args.limit.map_or(usual, |limit| limit as usize)
}

fn export(
    site: &mut Site,
    wanted: Wanted,
    args: &ReviewArgs,
    file: &Path,
    who: &str,
    screen: &Screen,
) -> Verdict {
    let queue = queue_of(site, wanted, limit(args, usize::MAX), (who, "workbook"), screen)?;
    if queue.cases.is_empty() {
        screen.document(&json!({ "pairs": 0, "waiting": 0, "written": null }));
        screen.result(nothing(wanted));
        return Ok(Exit::Done);
    }
    let book = review::export_review(site, &queue, who)?;
    if args.force && file.exists() {
        fs::remove_file(file)?;
    }
    write_private(file, book.veiled())?;
    let pairs = queue.cases.len() as u64;
    screen.document(
        &json!({ "pairs": pairs, "waiting": queue.waiting, "written": file.display().to_string() }),
    );
    screen.result(&format!("Wrote {}: {} to decide.", file.display(), counted(pairs, "pair", "pairs")));
    screen.say(&wrap(
        "The workbook holds children's names: keep it where you may keep such files, and delete it once it has been imported (throughline link review --import).",
        0,
    ));
    Ok(Exit::Done)
}

fn documents(site: &mut Site, wanted: Wanted, args: &ReviewArgs, who: &str, screen: &Screen) -> Verdict {
    let queue = queue_of(site, wanted, limit(args, usize::MAX), (who, "list without identities"), screen)?;
    let pairs: Vec<Value> = queue.cases.iter().map(case_json).collect();
    screen.document(&json!({ "waiting": queue.waiting, "pairs": pairs }));
    Ok(Exit::Done)
}

/// A pair without anything that was said of the two.
fn case_json(case: &Case) -> Value {
    let runner_up = case.runner_up.as_ref();
    let runner_up = runner_up
        .map(|rival| json!({ "subject": id_text(&rival.subject), "probability": share(rival.probability) }));
    let mut document = json!({
        "one": id_text(&case.pair.0),
        "other": id_text(&case.pair.1),
        "why": case.why.as_str(),
        "probability": share(case.probability),
        "standing": standing_word(case.standing),
        "runner_up": runner_up,
        "evidence": explained_json(&case.explained),
    });
    if !case.band.as_str().is_empty() {
        document["band"] = case.band.as_str().into();
    }
    document
}

/// Levels and weights, no value.
pub(super) fn explained_json(explained: &Explained) -> Value {
    let rounded = |bits: f64| (bits * 100.0).round() / 100.0;
    let lines: Vec<Value> = explained
        .lines
        .iter()
        .map(|line| json!({ "field": line.field, "level": line.level, "bits": rounded(line.bits) }))
        .collect();
    json!({
        "fields": lines,
        "prior_bits": rounded(explained.prior),
        "sum_bits": rounded(explained.sum),
        "stated_probability": (explained.stated * 10_000.0).floor() / 10_000.0,
        "probability": (explained.probability * 10_000.0).floor() / 10_000.0,
        "rule": explained.rule,
        "twins": explained.twins,
        "pupil_numbers_differ": explained.pupil_numbers_differ,
        "learner_numbers_differ": explained.learner_numbers_differ,
        "nhs_numbers_differ": explained.nhs_numbers_differ,
        "weights_decide": !explained.too_few,
    })
}

fn share(probability: u16) -> f64 {
    f64::from(probability) / 10_000.0
}

const fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Joined => "joined",
        Standing::Apart => "apart",
        Standing::NotLinked => "not_linked",
    }
}

/// The loop around the session: shows its screen, gives it a line.
fn at_the_terminal(
    site: &mut Site,
    wanted: Wanted,
    args: &ReviewArgs,
    who: &str,
    screen: &Screen,
) -> Verdict {
    let queue = queue_of(site, wanted, limit(args, USUAL), (who, "terminal"), screen)?;
    if queue.cases.is_empty() {
        screen.result(nothing(wanted));
        return Ok(Exit::Done);
    }
    let mut session = Session::new(&queue);
    let ended = session::work(
        &mut session,
        &mut std::io::stdin().lock(),
        &mut |text| {
            // Names are not to stay on the screen, nor above it.
            let mut out = std::io::stdout().lock();
            let _ = write!(out, "\u{1b}[2J\u{1b}[3J\u{1b}[H{text}");
            let _ = out.flush();
        },
        &mut |work| match work {
            session::Work::Reason(text) => take_reason(site, text).map_err(Halt::from).map(Some),
            session::Work::Write(taken) => {
                let about = format!("terminal, decisions: {}", taken.len());
                review::note_decisions(site, taken, who, &about).map_err(Halt::from).map(|()| None)
            }
        },
    );
    let _ = write!(std::io::stdout().lock(), "\u{1b}[2J\u{1b}[3J\u{1b}[H");
    ended?;
    let written = session.written() as u64;
    screen.result(&format!("{} written. {}", counted(written, "decision", "decisions"), and_now(written)));
    Ok(Exit::Done)
}

const fn nothing(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Sample(_) => "Nothing to look at: all that was drawn is decided, or nothing is joined yet.",
        Wanted::Doubts => "Nothing to look at: no pair is in doubt.",
    }
}

const fn and_now(written: u64) -> &'static str {
    match written {
        0 => "",
        1 => "It holds from the next `throughline link` on.",
        _ => "They hold from the next `throughline link` on.",
    }
}

fn import(settings: Settings, file: &Path, who: &str, screen: &Screen) -> Verdict {
    let bytes = fs::read(file)
        .map_err(|_| Halt::new(Exit::Usage, "the file of --import is not there or cannot be opened"))?;
    let mut site = Site::open(settings)?;
    let imported = {
        let mut bar = screen.bar();
        review::import_review(&mut site, bytes, who, &mut bar)?
    };
    let refused: Vec<(u32, RowRefusal)> = imported
        .rows
        .iter()
        .filter_map(|(row, end)| if let RowEnd::Refused(why) = end { Some((*row, *why)) } else { None })
        .collect();
    let taken = imported.count(|end| matches!(end, RowEnd::Decided(_)));
    let before = imported.count(|end| end == RowEnd::AsBefore);
    let open = imported.count(|end| end == RowEnd::LeftOpen);
    screen.document(&json!({
        "taken": taken, "same": verdicts(&imported, LinkVerdict::Same),
        "different": verdicts(&imported, LinkVerdict::Different), "as_before": before, "left_open": open,
        "refused": refused.iter().map(|(row, why)| json!({ "row": row, "why": why.code() })).collect::<Vec<_>>(),
    }));
    screen.result(&wrap(
        &format!(
            "{} taken ({} same, {} different), {} as before, {} left open, {} refused. {}",
            counted(taken, "decision", "decisions"),
            verdicts(&imported, LinkVerdict::Same),
            verdicts(&imported, LinkVerdict::Different),
            thousands(before),
            thousands(open),
            thousands(refused.len() as u64),
            and_now(taken)
        ),
        0,
    ));
    if !refused.is_empty() {
        let rows = refused.iter().map(|(row, why)| vec![row.to_string(), why.words().to_owned()]).collect();
        screen.result(&table(&["row", "not taken, because"], rows, &[0]));
    }
    Ok(match (refused.is_empty(), taken + before) {
        (true, _) => Exit::Done,
        (false, 0) => Exit::Failed,
        (false, _) => Exit::Partly,
    })
}

fn verdicts(imported: &Imported, verdict: LinkVerdict) -> u64 {
    imported.count(|end| end == RowEnd::Decided(verdict))
}

fn list(settings: Settings, who: &str, screen: &Screen) -> Verdict {
    let mut site = Site::open(settings)?;
    let decided = review::decided(&mut site, who)?;
    let bands = review::calibration(&site)?;
    screen.document(&json!({
        "decisions": decided.iter().map(decided_json).collect::<Vec<_>>(),
        "sample": bands.iter().map(band_json).collect::<Vec<_>>(),
    }));
    if decided.is_empty() {
        screen.result("Nothing was decided yet.");
    } else {
        screen.result(&decided_table(&decided));
    }
    if !bands.is_empty() {
        screen.result(&format!("\nPairs that were drawn, by what joined them\n{}", band_table(&bands)));
    }
    Ok(Exit::Done)
}

fn decided_json(decided: &Decided) -> Value {
    json!({
        "one": id_text(&decided.pair.0), "other": id_text(&decided.pair.1), "verdict": decided.verdict.word(),
        "who": decided.who, "at": decided.at, "reason": decided.reason, "in_force": decided.in_force,
    })
}

fn decided_table(decided: &[Decided]) -> String {
    let short = |id| id_text(id).chars().take(8).collect::<String>();
    let rows = decided.iter().map(|decided| {
        vec![
            decided.at.get(..16).unwrap_or("").replace('T', " "),
            decided.who.clone(),
            decided.verdict.word().to_owned(),
            if decided.in_force { "yes" } else { "no" }.to_owned(),
            short(&decided.pair.0),
            short(&decided.pair.1),
            decided.reason.clone(),
        ]
    });
    table(&["when", "who", "decision", "in force", "one", "other", "why"], rows.collect(), &[])
}

fn band_json(band: &Band) -> Value {
    json!({
        "band": band.band, "joined": band.joined, "drawn": band.drawn, "looked_at": band.looked_at, "right": band.right
    })
}

fn band_table(bands: &[Band]) -> String {
    let rows = bands.iter().map(|band| {
        vec![
            review::in_words_of_rule(&band.band).to_owned(),
            thousands(band.joined.max(0) as u64),
            thousands(band.drawn),
            thousands(band.looked_at),
            thousands(band.right),
        ]
    });
    table(&["joined by", "joined", "drawn", "looked at", "are one"], rows.collect(), &[1, 2, 3, 4])
}

fn withdraw(settings: Settings, ids: &[String], reason: &str, who: &str, screen: &Screen) -> Verdict {
    let [one, other] = ids else { return Err(Halt::new(Exit::Usage, "--withdraw takes two ids")) };
    let mut site = Site::open(settings)?;
    let pair = review::withdraw(&mut site, (one, other), reason, who)?;
    screen.document(&json!({ "withdrawn": [id_text(&pair.0), id_text(&pair.1)] }));
    screen.result("Taken back. The next `throughline link` works the two out anew.");
    Ok(Exit::Done)
}

/// What a refused reason is told in: the words alone, for the screen of a session.
fn told(halt: Halt) -> Result<String, Halt> {
    if halt.exit == Exit::Usage { Ok(halt.words) } else { Err(halt) }
}
