//! `study scan`: whether a folder of code holds what it must not.
use crate::{
    command::{
        Exit, Halt, Verdict,
        cli::study::ScanArgs,
        screen::{Screen, counted, table, thousands, wrap},
        settings,
    },
    pipeline::{self, KnownStudies, Site, Whose},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// So many places are named for each reason.
const LISTED: usize = 5;

/// Looks through a folder of code.
pub(super) fn scan(config: &Path, args: &ScanArgs, screen: &Screen) -> Verdict {
    let mut known = KnownStudies::default();
    for file in &args.manifest {
        manifest(file, &mut known)?;
    }
    // Whoever has the data folder knows every study by its tag.
    if config.is_file() {
        known = pipeline::known_studies(&Site::open(settings(config)?)?, known)?;
    }
    let scanned = pipeline::scan(&args.path, &known, !args.no_history)
        .map_err(|error| Halt::new(Exit::Usage, format!("the path cannot be read: {}", error.kind())))?;
    screen.document(&json!({ "files": scanned.files, "versions": scanned.versions, "found": scanned.found,
        "unread": scanned.unread.iter().map(|(place, why)| json!({ "place": place, "why": why })).collect::<Vec<_>>() }));
    let looked = format!(
        "Looked into {} and {} of before.",
        counted(scanned.files, "file", "files"),
        counted(scanned.versions, "version", "versions")
    );
    screen.result(&looked);
    if !scanned.found.is_empty() {
        let rows = scanned.found.iter().map(|found| {
            let study = found.study.clone().unwrap_or_default();
            vec![found.place.clone(), thousands(found.n as u64), found.what.words().to_owned(), study]
        });
        screen.result(&table(&["where", "n", "what", "study"], rows.collect(), &[1]));
    }
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    scanned.unread.iter().for_each(|(place, why)| by_reason.entry(why).or_default().push(place));
    for (why, places) in by_reason {
        let listed = places.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
        let more = if places.len() > LISTED { " and others" } else { "" };
        let n = counted(places.len() as u64, "file", "files");
        screen.result(&wrap(&format!("Not looked into, or not wholly: {n}, for {why}: {listed}{more}."), 2));
    }
    if !scanned.found.is_empty() {
        let words = "do not push this: take the rows out of every version too (git filter-repo), tell the \
             study's lead and the controller";
        return Err(Halt::new(Exit::Refused, wrap(words, 2)));
    }
    if scanned.unread.is_empty() {
        screen.result("Nothing of an extract and no number of a person was found.");
        Ok(Exit::Done)
    } else {
        screen.result("Nothing was found in what could be looked into.");
        Ok(Exit::Partly)
    }
}

/// Takes a study's tag and those who are not there from a manifest.
fn manifest(file: &Path, known: &mut KnownStudies) -> Result<(), Halt> {
    let wrong = || Halt::new(Exit::Usage, "--manifest names a file that is no manifest of an extract");
    let text = fs::read_to_string(file).map_err(|_| wrong())?;
    let said: Value = serde_json::from_str(&text).map_err(|_| wrong())?;
    let (study, tag) = said["study"].as_str().zip(said["tag"].as_str()).ok_or_else(wrong)?;
    known.tags.insert(tag.to_owned(), study.to_owned());
    learners_beside(file, study, known);
    for canary in said["canaries"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        known.plant(canary.to_owned(), study);
    }
    Ok(())
}

/// Whoever has the manifest where it was written has the rows beside it, and with them every learner's pseudonym.
fn learners_beside(manifest: &Path, study: &str, known: &mut KnownStudies) {
    let tables =
        manifest.parent().map(|folder| folder.join("csv")).and_then(|folder| fs::read_dir(folder).ok());
    for table in tables.into_iter().flatten().flatten() {
        let Ok(text) = fs::read_to_string(table.path()) else { continue };
        let learners: BTreeSet<&str> =
            text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        for learner in learners {
            known.ids.add_learner(learner, Whose::Study(study.to_owned()));
        }
    }
}
