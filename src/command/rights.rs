//! Cases of somebody's rights: opened with an identity on standard input, confirmed by another person.
mod words;

use super::{
    Exit, Halt, Verdict,
    cli::{ConfirmArgs, Rights},
    init::write_private,
    person, place,
    screen::{Screen, table, thousands, wrap},
};
use crate::{
    catalog::RightsCase,
    config::{Role, Settings},
    pipeline::{self, Right, Site, WriteCopy},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// An identity is a few lines.
const LONGEST: u64 = 64 << 10;

/// What people may ask about themselves.
pub(super) fn rights(settings: Settings, what: &Rights, screen: &Screen) -> Verdict {
    let who = person::user();
    match what {
        Rights::Access => open(settings, Right::Access, &who, screen),
        Rights::Object => open(settings, Right::Object, &who, screen),
        Rights::Restrict { lift: false } => open(settings, Right::Restrict, &who, screen),
        Rights::Restrict { lift: true } => open(settings, Right::Lift, &who, screen),
        Rights::Rectify => open(settings, Right::Rectify, &who, screen),
        Rights::Erase => open(settings, Right::Erase, &who, screen),
        Rights::Cases => cases(settings, &who, screen),
        Rights::Confirm(args) => confirm(settings, args, &who, screen),
        Rights::Withdraw { case, reason } => {
            pipeline::withdraw(&mut Site::open_to_write(settings, "rights")?, &who, *case, reason)?;
            screen.document(&json!({ "case": case, "state": "withdrawn" }));
            screen.result(&format!("Case {case} is withdrawn; nothing was changed."));
            Ok(Exit::Done)
        }
        Rights::Certificate { case, to, force } => {
            if let Some(to) = to {
                place::may_write(&settings, to, *force, "--to")?;
            }
            let certificate = pipeline::certificate_of(&mut Site::open(settings)?, &who, *case)?;
            if let Some(to) = to {
                written(to, &format!("{certificate:#}\n"), *force)?;
            }
            screen.document(&certificate);
            screen.result(&words::certificate(&certificate));
            Ok(Exit::Done)
        }
    }
}

/// Opens a case. The answer is the same whoever is held.
fn open(settings: Settings, right: Right, who: &str, screen: &Screen) -> Verdict {
    let mut site = Site::open_to_write(settings, "rights")?;
    if io::stdin().is_terminal() {
        screen
            .say("Who is it? Lines such as `forename: ...`, `surname: ...`, `birth_date: ...`; then Ctrl-D.");
    }
    let mut text = Zeroizing::new(String::new());
    if io::stdin().take(LONGEST).read_to_string(&mut text).is_err() {
        return Err(Halt::new(Exit::Usage, "standard input is not text: write it as UTF-8"));
    }
    let case = pipeline::open_case(&mut site, right, who, &text)?;
    screen.document(&json!({ "case": case, "asks": right.word(), "state": "open" }));
    screen.result(&format!(
        "Case {case} is open. Nothing is changed until somebody with the role `approver` confirms it:\nthroughline rights confirm {case} --reason \"...\""
    ));
    Ok(Exit::Done)
}

fn cases(settings: Settings, who: &str, screen: &Screen) -> Verdict {
    let confirms = settings.roles.may(who, Role::Approver);
    let cases = pipeline::cases(&mut Site::open(settings)?, who)?;
    let listed: Vec<Value> = cases
        .iter()
        .map(|case| {
            let mut line = json!({ "case": case.id, "asks": case.wish, "state": case.state, "opened_by": case.opened_by,
                                   "opened_at": case.opened_at, "closed_by": case.closed_by, "closed_at": case.closed_at });
            if confirms {
                line["learners_when_opened"] = json!(case.candidates);
            }
            line
        })
        .collect();
    screen.document(&json!({ "cases": listed }));
    if cases.is_empty() {
        screen.result("There is no case.");
        return Ok(Exit::Done);
    }
    let mut header = vec!["case", "asks", "state", "opened by", "opened at (UTC)", "closed by"];
    if confirms {
        header.push("learners");
    }
    let rows = cases.iter().map(|case| case_line(case, confirms)).collect();
    screen.result(&table(&header, rows, &[0, 6]));
    Ok(Exit::Done)
}

fn case_line(case: &RightsCase, confirms: bool) -> Vec<String> {
    let mut line = vec![
        case.id.to_string(),
        case.wish.clone(),
        case.state.clone(),
        case.opened_by.clone(),
        case.opened_at.clone(),
        case.closed_by.clone().unwrap_or_default(),
    ];
    if confirms {
        line.push(thousands(case.candidates));
    }
    line
}

fn confirm(settings: Settings, args: &ConfirmArgs, who: &str, screen: &Screen) -> Verdict {
    let words_to = args.to.as_deref().map(in_words_beside);
    for to in args.to.iter().chain(&words_to).chain(&args.certificate) {
        place::may_write(&settings, to, args.force, "--to")?;
    }
    let mut site = Site::open_to_write(settings, "rights")?;
    let mut copy = |document: &str, words: &str| -> io::Result<()> {
        for (to, text) in args.to.iter().zip([document]).chain(words_to.iter().zip([words])) {
            written(to, text, args.force)?;
        }
        Ok(())
    };
    let place = args.to.is_some().then_some(&mut copy as WriteCopy<'_>);
    let done = pipeline::confirm(&mut site, who, args.case, &args.reason, place)?;
    let certificate = &done.certificate;
    if let Some(to) = &args.certificate {
        written(to, &format!("{certificate:#}\n"), args.force)?;
    }
    screen.document(certificate);
    screen.result(&words::confirmed(args.case, &done));
    if let (Right::Access, Some(to)) = (done.right, &args.to) {
        screen.say(&wrap(
            &format!(
                "{} and its plain words hold everything about the person: send them safely, and delete them then.",
                to.display()
            ),
            0,
        ));
    }
    Ok(Exit::Done)
}

/// The same name with `.txt` after it.
fn in_words_beside(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".txt");
    to.with_file_name(name)
}

fn written(to: &Path, text: &str, force: bool) -> io::Result<()> {
    if force && to.exists() {
        fs::remove_file(to)?;
    }
    write_private(to, text.as_bytes())
}
