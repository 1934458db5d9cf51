//! What `map` proposes for sheets that somebody has described already, with that description taken away from it.
use crate::site::walk;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use throughline::{
    conform::propose::{Wishes, propose},
    definitions::{
        Definitions,
        connector::{CellOrigin, CellSpec, Connector, fold},
    },
    pipeline,
    source::look,
};

fn estate() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let made = crate::site::run_in(dir.path(), &["synth", "estate", "--learners", "1500", "--seed", "7"]);
    assert_eq!(made.code, 0, "{}", made.err);
    dir
}

/// One file of each layout of the estate, by the connector that describes it.
fn one_of_each(dir: &Path, definitions: &Definitions) -> BTreeMap<String, PathBuf> {
    let mut files = Vec::new();
    walk(&dir.join("estate"), &mut files);
    files.sort();
    let mut found = BTreeMap::new();
    for file in files {
        let folder = file.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let layout = match folder.as_str() {
            "open-door" => "ap-register",
            "wheelhouse" | "copperfield" | "sparks" => "",
            _ => "",
        };
        let _ = layout;
        let wishes = wishes(&file, "draft", None);
        let Ok(mapped) = pipeline::map(&file, definitions, None, &wishes) else { continue };
        if let Some(fit) = mapped.fits.first().filter(|fit| fit.named && fit.records.0 >= 12) {
            found.entry(fit.connector.clone()).or_insert(file);
        }
    }
    found
}

fn wishes(file: &Path, name: &str, without: Option<&str>) -> Wishes {
    Wishes {
        name: name.to_owned(),
        file_name: file.file_name().unwrap().to_string_lossy().into_owned(),
        without: without.map(str::to_owned).into_iter().collect(),
        ..Wishes::default()
    }
}

/// Each cell that a connector reads from a header: its name, and the header.
fn cells(connector: &Connector, definitions: &Definitions) -> BTreeMap<String, String> {
    let from = |spec: &CellSpec| match &spec.origin {
        CellOrigin::From(names) => Some(fold(&names[0])),
        _ => None,
    };
    let mut cells = BTreeMap::new();
    let feed = &connector.feeds[0];
    for (at, spec) in &feed.identity {
        cells.extend(from(spec).map(|header| (definitions.identity.fields[*at].0.to_string(), header)));
    }
    for rows in &feed.rows {
        let plan = &definitions.plans[rows.entity];
        let consts: Vec<&str> = rows
            .columns
            .iter()
            .flatten()
            .filter_map(|spec| match &spec.origin {
                CellOrigin::Const(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        for (column, spec) in plan.columns.iter().zip(&rows.columns) {
            if let Some(header) = spec.as_ref().and_then(from) {
                cells.insert(format!("{}.{} {}", plan.name, column.name, consts.join(" ")), header);
            }
        }
    }
    cells
}

#[test]
fn a_layout_that_is_not_known_is_mostly_found() {
    let dir = estate();
    let definitions = Definitions::load(None).unwrap();
    let mut missed = BTreeMap::<String, (usize, usize)>::new();
    let (mut right, mut wrong, mut all) = (0, 0, 0);
    for (name, file) in one_of_each(dir.path(), &definitions) {
        let connector = &definitions.connectors[&name];
        if connector.feeds[0].public {
            continue;
        }
        let truth = cells(connector, &definitions);
        let looked = look::look(std::fs::read(&file).unwrap()).unwrap();
        let proposal = match propose(&looked, &definitions, &wishes(&file, "draft", Some(&name))) {
            Ok(proposal) => proposal,
            Err(refusal) => {
                println!("== {name}: REFUSED {refusal}");
                all += truth.len();
                continue;
            }
        };
        let drafted = Definitions::load_with(None, "connectors/draft.toml", &proposal.draft)
            .unwrap_or_else(|c| panic!("{c:?}\n{}", proposal.draft));
        let found = cells(&drafted.connectors["draft"], &drafted);
        let mut here = (0, 0);
        for (cell, header) in &truth {
            let entry = missed.entry(cell.clone()).or_default();
            entry.1 += 1;
            match found.get(cell) {
                Some(proposed) if proposed == header => {
                    right += 1;
                    here.0 += 1;
                }
                Some(proposed) => {
                    wrong += 1;
                    entry.0 += 1;
                    println!("   {name} WRONG {cell}: {header} <- {proposed}");
                }
                None => {
                    entry.0 += 1;
                    println!("   {name} missed {cell}: {header}");
                }
            }
            all += 1;
            here.1 += 1;
        }
        for (cell, proposed) in &found {
            if !truth.contains_key(cell) {
                println!("   {name} EXTRA {cell} <- {proposed}");
                wrong += 1
            }
        }
        println!("== {name} ({}): {}/{}", file.display(), here.0, here.1);
    }
    println!("recall {right}/{all}, wrong {wrong}");
    for (cell, (missed, of)) in &missed {
        println!("{cell}: missed {missed} of {of}");
    }
}
