//! `evidence`: the pack as a page, as text and as data.
mod page;

use super::{Exit, Halt, Verdict, person::user, place, screen::Screen};
use crate::{
    catalog::private_folder,
    config::Settings,
    pipeline::{self, Evidence, Ground, Site, write_private},
};
use serde_json::json;
use std::{fmt::Write as _, path::Path};

/// Gathers the pack and writes it into a new folder.
pub(super) fn evidence(settings: Settings, dir: &Path, screen: &Screen) -> Verdict {
    if dir.exists() {
        return Err(Halt::new(Exit::Usage, format!("{} is there already: name a new folder", dir.display())));
    }
    place::may_write_folder(&settings, dir, "the folder")?;
    let mut site = Site::open(settings)?;
    let pack = pipeline::evidence(&mut site, &user())?;
    private_folder(dir)?;
    let data = serde_json::to_string_pretty(&pack)
        .map_err(|_| Halt::new(Exit::Failed, "the pack cannot be written as data; please report that"))?;
    for (name, text) in [
        ("evidence.md", markdown(&pack)),
        ("evidence.html", page::page(&pack)),
        ("evidence.json", data + "\n"),
    ] {
        write_private(&dir.join(name), text.as_bytes())?;
    }
    let said: usize = pack.parts.iter().map(|part| part.statements.len() + part.listings.len()).sum();
    let unknown = pack.unknown().count();
    screen.document(&json!({ "folder": dir.display().to_string(), "parts": pack.parts.iter().map(|part| part.name).collect::<Vec<_>>(),
                             "statements": said, "unknown": unknown }));
    screen.result(&format!(
        "Wrote {} with {said} statements and lists in {} parts.",
        dir.display(),
        pack.parts.len()
    ));
    screen.result(&format!(
        "{unknown} of them say what nobody has said yet; they are listed at the end of the pack."
    ));
    Ok(Exit::Done)
}

fn head(pack: &Evidence) -> String {
    let about = if pack.synthetic { " Everybody held here is made up." } else { "" };
    format!(
        "Authority {}, {}, by {}.{about} Every statement says what it stands on: *configured* (the configuration or the definitions say \
         it), *measured* (counted or checked for this pack), *built so* (the program is made so and its tests hold it), *unknown* (nobody \
         has said it).",
        pack.authority, pack.made_on, pack.program
    )
}

/// The pack as text.
fn markdown(pack: &Evidence) -> String {
    let mut out = format!("# Evidence for information governance\n\n{}\n", head(pack));
    for part in &pack.parts {
        let _ = write!(out, "\n## {}\n\n", part.title);
        for statement in &part.statements {
            let mark =
                if statement.ground == Ground::Unknown { "**unknown**" } else { statement.ground.word() };
            let _ = writeln!(out, "* {} ({mark})", statement.says);
        }
        for list in &part.listings {
            let _ = write!(out, "\n{} ({})\n\n", list.title, list.ground.word());
            if list.rows.is_empty() {
                out.push_str("None.\n");
                continue;
            }
            let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
            out.push_str(&line(list.header.iter().map(|cell| (*cell).to_owned()).collect()));
            out.push_str(&line(list.header.iter().map(|_| "---".to_owned()).collect()));
            for row in &list.rows {
                out.push_str(&line(
                    row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect(),
                ));
            }
        }
    }
    out.push_str("\n## What nobody has said yet\n\n");
    for (part, says) in pack.unknown() {
        let _ = writeln!(out, "* {part}: {says}");
    }
    out
}
