use super::{Exit, Verdict, list, passed, screen::Screen, trial};
use crate::{
    catalog::{Catalog, CatalogFault},
    config::{Role, Settings, Source},
    definitions::{Complaint, Definitions, connector::Form},
    disclosure::Policy,
    pipeline::{check_policy, outside, passed_over, unready},
    privacy::{Key, KeyKind},
};
use std::path::Path;

/// Checks everything that can be checked without a request, and lists every complaint; then, if `connect`, asks each
/// service for a page.
pub(super) fn check(config: &Path, connect: bool, screen: &Screen) -> Verdict {
    let settings = super::settings(config)?;
    let mut complaints = Vec::new();
    let mut done = vec![format!("configuration: {} ({} sources)", config.display(), settings.sources.len())];
    check_key(&settings, &mut complaints, &mut done);
    done.push(roles(&settings));
    let definitions = Definitions::load(settings.definitions.as_deref());
    match &definitions {
        Err(found) => complaints.extend(found.iter().cloned()),
        Ok(definitions) => {
            done.push(format!(
                "definitions: {} schemas, {} code lists, {} connectors",
                definitions.schemas.len(),
                definitions.codes.len(),
                definitions.connectors.len()
            ));
            done.extend(definitions.files.overlaid().map(|path| format!("overlaid by the site: {path}")));
            complaints.extend(check_policy(&settings, definitions));
            if let Some(policy) = &settings.retention.policy {
                let (rules, file) = (settings.retention.rows.len(), policy.display());
                done.push(format!("retention policy: {file} ({rules} entities)"));
            }
            done.push(identities(&settings));
            for source in &settings.sources {
                check_source(&settings, source, definitions, &mut complaints);
            }
        }
    }
    let passed = definitions.as_ref().map_or_else(|_| Vec::new(), |known| passed_over(&settings, known));
    check_queries(&settings, &mut complaints, &mut done);
    check_rolls(&settings, &mut complaints);
    let mut facts = serde_json::json!({
        "checked": done,
        "passed_over": passed::document(&passed),
        "complaints": complaints.iter().map(|c| serde_json::json!({ "file": c.file, "line": c.line, "problem": c.problem, "hint": c.hint })).collect::<Vec<_>>(),
    });
    for line in &done {
        screen.result(&format!("checked  {line}"));
    }
    passed::say(&passed, screen);
    let exit = if !complaints.is_empty() {
        screen.fail(&list(&complaints));
        Exit::Usage
    } else if connect {
        let (exit, answered) = trial::connect(settings, screen)?;
        facts["connected"] = answered;
        exit
    } else {
        let todo = still_to_do(&settings);
        if todo.is_empty() {
            screen.result("All is well.");
        }
        for line in todo {
            screen.result(&format!("to do    {line}"));
        }
        Exit::Done
    };
    screen.document(&facts);
    Ok(exit)
}

fn check_key(settings: &Settings, complaints: &mut Vec<Complaint>, done: &mut Vec<String>) {
    let files: Vec<String> = settings.key_files.iter().map(|file| file.display().to_string()).collect();
    let file = files.join(" and ");
    match Key::open(&settings.key_files) {
        Err(fault) => complaints.push(Complaint::file(&file, fault.to_string(), "")),
        Ok(key) if key.kind() == KeyKind::Demo && settings.demo.is_none() && !settings.sources.is_empty() => {
            complaints.push(Complaint::file(
                &file,
                "a demonstration key beside real sources",
                "make a real one: throughline init",
            ));
        }
        Ok(key) => {
            let before = complaints.len();
            if let Err(fault) = check_lake(settings, &key) {
                complaints.push(Complaint::file(&file, fault.to_string(), ""));
            }
            if let Err(refusal) = Policy::named(&settings.disclosure_policy, key.kind()) {
                let config = settings.file.display().to_string();
                complaints.push(Complaint::file(
                    &config,
                    format!("`policy` under [disclosure]: {refusal}"),
                    "",
                ));
            }
            if complaints.len() == before {
                done.push(format!("key: {file}"));
            }
        }
    }
}

/// Whether the lake that is there, if one is, was written with this key.
fn check_lake(settings: &Settings, key: &Key) -> Result<(), CatalogFault> {
    let catalog = settings.data_dir.join("catalog.sqlite");
    if catalog.is_file() { Catalog::open(&catalog)?.check_key(key).map(|_| ()) } else { Ok(()) }
}

/// What stands between this configuration and a first pull: not wrong, and nothing works without it.
fn still_to_do(settings: &Settings) -> Vec<&'static str> {
    let mut todo = Vec::new();
    if settings.sources.is_empty() {
        todo.push("no source is described: nothing will be pulled (`throughline map FILE` drafts one for a sheet; docs/running.md)");
    }
    if settings.home_authority == "000" {
        todo.push("`home_authority` is 000, which is no authority: nobody lives or is on a roll here");
    }
    todo
}

/// Until when the register knows who somebody is.
fn identities(settings: &Settings) -> String {
    settings.retention.identities.map_or_else(
        || "identities: entries of the register stay whatever the age".to_owned(),
        |ages| {
            let (until, with_plan) = (ages.until, ages.with_plan);
            let first = if settings.retention.identities_said { "" } else { "; the daemon begins once a person has run `throughline expire`" };
            format!("identities: entries of the register go at academic age {until}, {with_plan} with an EHC plan; links stay{first}")
        },
    )
}

/// Which roles nobody has: what takes one of them, nobody can do.
fn roles(settings: &Settings) -> String {
    let nobody: Vec<&str> = settings.roles.nobodys().into_iter().map(Role::word).collect();
    let both = settings.roles.of_both_hands();
    let mut said = match nobody.as_slice() {
        _ if settings.demo.is_some() => "roles: a demonstration, everybody has every role".to_owned(),
        [] => "roles: somebody has each".to_owned(),
        nobody => format!("roles: nobody is {}", nobody.join(", ")),
    };
    if !both.is_empty() {
        let them = both.join(", ");
        said.push_str(&format!("; {them} may both change keys and see identities: better two people"));
    }
    said
}

/// Folders of lists: whether both are there, and the answers outside everything that is kept.
fn check_rolls(settings: &Settings, complaints: &mut Vec<Complaint>) {
    let file = settings.file.display().to_string();
    for roll in &settings.rolls {
        let name = roll.name;
        let mut complain =
            |problem: String, hint: &str| complaints.push(Complaint::file(&file, problem, hint));
        if !roll.folder.is_dir() {
            complain(format!("the folder of `[resolve.{name}]` is not there"), "make it, or name another");
        }
        if let Err(why) = outside(settings, &roll.to) {
            complain(format!("the answers of `[resolve.{name}]`: {why}"), "name another folder in `to`");
        }
    }
}

fn check_source(
    settings: &Settings,
    source: &Source,
    definitions: &Definitions,
    complaints: &mut Vec<Complaint>,
) {
    let file = settings.file.display().to_string();
    let name = source.name;
    let mut complain = |problem: String, hint: &str| complaints.push(Complaint::file(&file, problem, hint));
    for (problem, hint) in unready(source, definitions) {
        complain(problem, &hint);
    }
    let connector = definitions.connectors.get(&source.connector);
    if connector.is_some_and(|connector| matches!(connector.form, Form::Rest(_))) {
        if source.base_url.is_none() {
            complain(format!("the source `{name}` has no `base_url`"), "say where the service is");
        }
        if source.token_file.as_ref().is_none_or(|file| !file.is_file()) {
            complain(format!("the token of the source `{name}` cannot be read"), "name it in `token_file`");
        }
    }
    let today = settings.as_of.unwrap_or_else(|| chrono::Utc::now().date_naive());
    if let Some(reason) = source.refusal(today) {
        complain(format!("the source `{name}` will not be pulled: {reason}"), "see its agreement");
    }
}

#[cfg(feature = "warehouse")]
fn check_queries(settings: &Settings, complaints: &mut Vec<Complaint>, done: &mut Vec<String>) {
    use crate::definitions::query::QuerySet;
    let folder =
        settings.definitions.as_ref().map(|site| site.join("queries")).filter(|folder| folder.is_dir());
    match QuerySet::load(folder.as_deref()) {
        Ok(queries) => {
            let published = queries.published().count();
            done.push(format!("queries: {} of which {published} are published", queries.queries.len()));
        }
        Err(problems) => complaints.extend(problems.0.into_iter().map(|problem| Complaint {
            file: format!("queries/{}", problem.file),
            line: problem.line,
            problem: problem.what,
            hint: "see queries/README.md".into(),
        })),
    }
}
#[cfg(not(feature = "warehouse"))]
fn check_queries(_: &Settings, _: &mut Vec<Complaint>, _: &mut Vec<String>) {}
