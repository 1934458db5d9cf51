//! `key`: the secret that every pseudonym hangs on, made, checked, split and replaced.
use super::{
    Exit, Halt, Verdict,
    cli::key::Keys,
    init::{write_key, write_private},
    person::user,
    screen::{Screen, counted, thousands},
    settings,
};
use crate::{
    catalog::Catalog,
    config::{Role, Settings},
    pipeline::{self, Admission, RotateFault, Rotated, Site, SiteFault, key_fits},
    privacy::{Key, KeyFault, KeyKind},
};
use serde_json::json;
use std::path::{Path, PathBuf};

impl From<RotateFault> for Halt {
    fn from(fault: RotateFault) -> Self {
        match fault {
            RotateFault::Site(fault) => fault.into(),
            RotateFault::SameKey | RotateFault::Held(_) => Self::new(Exit::Usage, fault.to_string()),
            RotateFault::Busy(_) | RotateFault::Sealed(_) => Self::new(Exit::Failed, fault.to_string()),
        }
    }
}

/// Runs the verb.
pub(super) fn key(config: &Path, what: &Keys, screen: &Screen) -> Verdict {
    match what {
        Keys::New { file } => new(file, screen),
        Keys::Check => check(&settings(config)?, screen),
        Keys::Split { file_a, file_b } => split(settings(config)?, [file_a, file_b], screen),
        Keys::Join { file } => join(settings(config)?, file, screen),
        Keys::Study { name, to } => study(settings(config)?, name, to, screen),
        Keys::Rotate { new, reason } => rotate(settings(config)?, new, reason, screen),
    }
}

fn fault(fault: KeyFault) -> Halt {
    SiteFault::Key(fault).into()
}

/// A secret's file could not be written: it is there already, or the disk refused.
fn unwritten(file: &Path, error: &std::io::Error) -> Halt {
    let words = match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            format!("{} is there already; nothing was changed", file.display())
        }
        _ => format!("{}: {error}", file.display()),
    };
    Halt::new(Exit::Usage, words)
}

fn new(file: &Path, screen: &Screen) -> Verdict {
    let key = Key::random().map_err(fault)?;
    write_key(file, &key).map_err(|error| unwritten(file, &error))?;
    screen.document(&json!({ "file": file.display().to_string(), "fingerprint": key.fingerprint() }));
    screen.result(&format!("Wrote a new key, {}, to {}.", key.fingerprint(), file.display()));
    screen.say(
        "Keep a copy of it where the data is not, before it is used: without it a lake cannot be read on, with it pseudonyms can be undone.",
    );
    Ok(Exit::Done)
}

/// Says of the configured key what can be said without showing it.
fn check(settings: &Settings, screen: &Screen) -> Verdict {
    let files: Vec<String> = settings.key_files.iter().map(|file| file.display().to_string()).collect();
    let custody = if files.len() == 2 { "two halves" } else { "one file" };
    let key = Key::open(&settings.key_files).map_err(fault)?;
    if !key_fits(settings, key.kind()) {
        return Err(fault(KeyFault::DemoKeyOnRealSource));
    }
    let held = match settings.data_dir.join("catalog.sqlite") {
        catalog if catalog.is_file() => {
            let catalog = Catalog::open(&catalog)?;
            catalog.check_key(&key)?;
            catalog.key_fingerprint()?
        }
        _ => None,
    };
    let kind = match key.kind() {
        KeyKind::Demo => "a demonstration's, which everybody can make",
        KeyKind::Real => "real",
    };
    let of_lake = if held.is_some() { "the lake's" } else { "no lake has been written with it here" };
    screen.document(&json!({ "files": files, "custody": custody, "fingerprint": key.fingerprint(),
                             "real": key.kind() == KeyKind::Real, "lake": held }));
    screen.result(&format!(
        "key          {}\nfiles        {}\ncustody      {custody}\nkind         {kind}\nfingerprint  {of_lake}\nclosed to others, of the right length, and not trivial",
        key.fingerprint(),
        files.join(", ")
    ));
    Ok(Exit::Done)
}

/// Opens the lake for somebody who may change keys.
fn admitted(settings: Settings, verb: &str) -> Result<Site, Halt> {
    let mut site = Site::open(settings)?;
    let who = user();
    let about = format!("key {}", site.key.fingerprint());
    let wish = Admission { who: &who, role: Role::Approver, verb, about: &about, people: 0 };
    pipeline::admit(&mut site, &wish)?;
    Ok(site)
}

fn split(settings: Settings, files: [&PathBuf; 2], screen: &Screen) -> Verdict {
    if files[0] == files[1] {
        return Err(Halt::new(Exit::Usage, "name two files: each half belongs in other hands"));
    }
    let site = admitted(settings, "key split")?;
    let halves = site.key.split().map_err(fault)?;
    for (file, half) in files.iter().zip(&halves) {
        write_private(file, half).map_err(|error| unwritten(file, &error))?;
    }
    let names = files.map(|file| file.display().to_string());
    screen.document(&json!({ "files": names, "fingerprint": site.key.fingerprint() }));
    screen.result(&format!(
        "Wrote two halves of key {}.\nIn the configuration, instead of `key_file`:\n\n  key_files = [\"{}\", \"{}\"]\n\nGive each half to another person, see that `throughline key check` says \"two halves\", and only then destroy the whole key and its copies.",
        site.key.fingerprint(),
        names[0],
        names[1]
    ));
    Ok(Exit::Done)
}

fn join(settings: Settings, file: &Path, screen: &Screen) -> Verdict {
    if settings.key_files.len() != 2 {
        return Err(Halt::new(
            Exit::Usage,
            "the configured key is whole already: `key_files` names no halves",
        ));
    }
    let site = admitted(settings, "key join")?;
    write_key(file, &site.key).map_err(|error| unwritten(file, &error))?;
    screen.document(&json!({ "file": file.display().to_string(), "fingerprint": site.key.fingerprint() }));
    screen.result(&format!("Wrote the whole key {} to {}.", site.key.fingerprint(), file.display()));
    Ok(Exit::Done)
}

fn study(settings: Settings, name: &str, to: &Path, screen: &Screen) -> Verdict {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_word) {
        let words = "a study's name is made of letters, digits, `-`, `_` and `.`, at most 64 of them";
        return Err(Halt::new(Exit::Usage, words));
    }
    let mut site = Site::open(settings)?;
    let who = user();
    let wish = Admission { who: &who, role: Role::Approver, verb: "key study", about: name, people: 0 };
    pipeline::admit(&mut site, &wish)?;
    let key = site.key.study(name);
    write_private(to, &key.to_bytes()).map_err(|error| unwritten(to, &error))?;
    screen.document(&json!({ "study": name, "file": to.display().to_string() }));
    screen.result(&format!(
        "Wrote the key of study {name} to {}. It gives learners pseudonyms of that study and opens nothing.",
        to.display()
    ));
    Ok(Exit::Done)
}

fn rotate(settings: Settings, files: &[PathBuf], reason: &str, screen: &Screen) -> Verdict {
    let new = Key::open(files).map_err(fault)?;
    let mut site = Site::open_to_write(settings, "key rotate")?;
    let done = pipeline::rotate(&mut site, new, &user(), reason)?;
    screen.document(&json!({ "run": done.run, "before": done.keys.0, "after": done.keys.1, "subjects": done.subjects,
                             "without_identity": done.strangers, "rows": done.rows, "unmatched": done.unmatched,
                             "files": done.files, "dropped": done.dropped, "scrubbed": done.scrubbed }));
    screen.result(&in_words(&done, files));
    Ok(Exit::Done)
}

fn in_words(done: &Rotated, files: &[PathBuf]) -> String {
    let (before, after) = &done.keys;
    let mut out = format!(
        "Key {after} has taken the place of {before}: {} have new pseudonyms, in {} of {}.",
        counted(done.subjects, "person as a source knows them", "people as sources know them"),
        counted(done.rows, "row", "rows"),
        counted(done.files, "file", "files")
    );
    for (n, what) in [
        (
            done.strangers,
            "of them are known by their rows alone: should a source name them again, they are new",
        ),
        (done.unmatched, "rows were named by an older schema: should they be read again, they are new"),
        (
            done.dropped,
            "models and compared pairs were dropped: the next `throughline link` makes them again",
        ),
    ] {
        if n > 0 {
            out.push_str(&format!("\n{} {what}.", thousands(n)));
        }
    }
    if !done.scrubbed {
        out.push_str("\nSomebody is reading the catalog: the next verb that writes clears the old names out of its file.");
    }
    let names: Vec<String> = files.iter().map(|file| format!("\"{}\"", file.display())).collect();
    let line = match names.as_slice() {
        [one] => format!("key_file = {one}"),
        both => format!("key_files = [{}]", both.join(", ")),
    };
    out.push_str(&format!(
        "\nIn the configuration, from now on (restart the daemon):\n\n  {line}\n\nThe old key opens nothing here any more. Backups and releases made before stay under it: keep it, elsewhere, as long as they are kept."
    ));
    out
}
