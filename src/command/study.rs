//! `study`: from a question to rows, and to their end.
mod scan;
mod words;

use super::{
    Exit, Halt, Verdict,
    cli::study::{Beside, Studies},
    person::user,
    screen::{Screen, counted, table, thousands, wrap},
    settings,
};
use crate::{
    definitions::Definitions,
    pipeline::{self, OpenStudy, Site, StudyFault, write_private},
    release,
    study::{self, Plan, Study},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

const FIRST_TABLE: &str = include_str!("study/first.sql.txt");
/// What keeps rows out of git.
const GITIGNORE: &str = include_str!("study/gitignore.txt");

impl From<StudyFault> for Halt {
    fn from(fault: StudyFault) -> Self {
        match fault {
            StudyFault::Refused(words) => Self::new(Exit::Refused, wrap(&format!("refused: {words}"), 2)),
            StudyFault::Usage(words) => Self::new(Exit::Usage, wrap(&words, 2)),
            StudyFault::Complaints(_) => Self::new(Exit::Usage, fault.to_string()),
            StudyFault::Site(fault) => fault.into(),
            StudyFault::Cut(fault) => Self::new(Exit::Failed, fault.to_string()),
        }
    }
}

/// Runs the verb.
pub(super) fn study(config: &Path, what: &Studies, screen: &Screen) -> Verdict {
    match what {
        Studies::New { dir } => new(dir, screen),
        Studies::Check(beside) => check(config, beside, screen),
        Studies::Dummy { beside, learners, seed, to } => {
            dummy(config, beside, (*learners, *seed), to.as_deref(), screen)
        }
        Studies::Run(beside) => run(config, beside, screen),
        Studies::Request(beside) => {
            let (mut site, open) = opened(config, beside)?;
            let trial = pipeline::run_study(&mut site, &open, &user())?;
            let id = pipeline::request_study(&mut site, &open, &trial, &user())?;
            screen.document(
                &json!({ "request": id, "study": open.study.name, "definition": open.study.digest(), "binds": open.binds,
                                     "release": open.release, "risk": trial.risk }),
            );
            let name = &open.study.name;
            screen.result(&format!("Request {id}: study {name}, definition {}.", open.study.digest()));
            screen.say("Next: throughline study approve DIR, by people with the role `approver`");
            Ok(Exit::Done)
        }
        Studies::Approve(beside) => {
            let (mut site, open) = opened(config, beside)?;
            let (have, need) = pipeline::approve_study(&mut site, &open, &user())?;
            screen.document(
                &json!({ "study": open.study.name, "definition": open.study.digest(), "binds": open.binds,
                                     "approvals": have, "needed": need }),
            );
            screen.result(&format!("{have} of {need} approvals for study {}.", open.study.name));
            Ok(Exit::Done)
        }
        Studies::Release { beside, to } => cut(config, beside, to, screen),
        Studies::Close { study, certificate } => close(config, study, certificate.as_deref(), screen),
        Studies::List => list(config, screen),
        Studies::Scan(args) => scan::scan(config, args, screen),
    }
}

fn new(dir: &Path, screen: &Screen) -> Verdict {
    // `.` and `..` have names, too.
    let whole = std::path::absolute(dir)?;
    let named = fs::canonicalize(&whole).unwrap_or(whole);
    let folder = named.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = slug(&folder);
    let file = dir.join(study::FILE);
    if name.is_empty() {
        let words = format!(
            "{}: the study is called after its folder, and that has no letter from a to z and no digit in its name: make it in another \
             folder, `throughline study new visible-at-16`",
            dir.display()
        );
        return Err(Halt::new(Exit::Usage, wrap(&words, 2)));
    }
    if file.exists() {
        let words = format!("{} is there already: change that, or name a new folder", file.display());
        return Err(Halt::new(Exit::Usage, wrap(&words, 2)));
    }
    fs::create_dir_all(dir.join("tables"))?;
    fs::write(&file, study::beginning(&name))?;
    fs::write(dir.join("tables/on_record_by_disadvantage.sql"), FIRST_TABLE)?;
    fs::write(dir.join(".gitignore"), GITIGNORE)?;
    screen.document(&json!({ "study": name, "file": file.display().to_string() }));
    screen.result(&format!("Wrote {}.", file.display()));
    if name != folder {
        let words = format!(
            "The study is called `{name}`, for a name has small letters, digits and dashes and nothing else: `name` in {} is what it is \
             known by.",
            file.display()
        );
        screen.result(&wrap(&words, 0));
    }
    screen.say(&format!("Next: throughline study check {0}; then throughline study dummy {0}", shown(dir)));
    Ok(Exit::Done)
}

/// A folder's name as the name of a study: small letters, digits, and single dashes between them.
fn slug(folder: &str) -> String {
    let folder = folder.to_lowercase();
    let words = folder.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// A folder as it can be typed again.
fn shown(dir: &Path) -> String {
    let shown = dir.display().to_string();
    if shown.contains(char::is_whitespace) { format!("'{shown}'") } else { shown }
}

/// A study held against a release where there is one, and against this program's own tables where there is none.
fn checked(config: &Path, beside: &Beside) -> Result<(Study, Plan, Option<String>), Halt> {
    if config.is_file() {
        let site = Site::open(settings(config)?)?;
        let releases = site.settings.data_dir.join("releases");
        let current =
            release::current(&releases).map_err(|fault| Halt::new(Exit::Failed, fault.to_string()))?;
        if beside.release != "current" || current.is_some() {
            let open = pipeline::open_study(&site, &beside.dir, &beside.release)?;
            return Ok((open.study, open.plan, Some(open.release)));
        }
    }
    let definitions =
        Definitions::load(None).map_err(|complaints| Halt::new(Exit::Usage, super::list(&complaints)))?;
    let (study, plan) = pipeline::check_study(&beside.dir, &pipeline::own_shape()?, &definitions)?;
    Ok((study, plan, None))
}

fn check(config: &Path, beside: &Beside, screen: &Screen) -> Verdict {
    let (study, plan, release) = checked(config, beside)?;
    screen.document(&words::plan_json(&study, &plan, release.as_deref()));
    screen.result(&words::plan(&study, &plan, release.as_deref()));
    Ok(Exit::Done)
}

fn dummy(
    config: &Path,
    beside: &Beside,
    (learners, seed): (u32, u64),
    to: Option<&Path>,
    screen: &Screen,
) -> Verdict {
    let (study, plan, _) = checked(config, beside)?;
    let to = to.map_or_else(|| beside.dir.join("dummy"), Path::to_owned);
    let data = pipeline::dummy_study(&to, &study, &plan, learners, seed)?;
    let rows: Vec<Vec<String>> = data
        .frames
        .iter()
        .map(|frame| vec![frame.plan.name.clone(), thousands(frame.rows.len() as u64)])
        .collect();
    screen.document(&json!({ "folder": to.display().to_string(), "learners": data.learners.len(), "seed": seed,
        "tables": data.frames.iter().map(|frame| json!({ "table": frame.plan.name, "rows": frame.rows.len() })).collect::<Vec<_>>() }));
    screen.result(&table(&["table", "rows"], rows, &[1]));
    screen.result(&format!(
        "\n{}, all invented and all in the cohort, in {}.",
        counted(data.learners.len() as u64, "learner", "learners"),
        to.display()
    ));
    Ok(Exit::Done)
}

fn opened(config: &Path, beside: &Beside) -> Result<(Site, OpenStudy), Halt> {
    let site = Site::open(settings(config)?)?;
    let open = pipeline::open_study(&site, &beside.dir, &beside.release)?;
    Ok((site, open))
}

fn run(config: &Path, beside: &Beside, screen: &Screen) -> Verdict {
    let (mut site, open) = opened(config, beside)?;
    // Nobody in the cohort is refused here, in the words and with the exit of a cohort that is small.
    let trial = pipeline::run_study(&mut site, &open, &user())?;
    let refusal = trial.refusal();
    if trial.is_small() {
        return Err(Halt::new(Exit::Refused, wrap(&format!("refused: {}", refusal.unwrap_or_default()), 2)));
    }
    screen.document(&words::trial_json(&open, &trial));
    screen.result(&words::trial(&open, &trial));
    match refusal {
        Some(words) => Err(Halt::new(Exit::Refused, wrap(&format!("refused: {words}"), 2))),
        None => Ok(Exit::Done),
    }
}

fn cut(config: &Path, beside: &Beside, to: &Path, screen: &Screen) -> Verdict {
    let (mut site, open) = opened(config, beside)?;
    let trial = pipeline::run_study(&mut site, &open, &user())?;
    let to: PathBuf = std::path::absolute(to)?;
    let cut = pipeline::cut_study(&mut site, &open, trial, &user(), &to)?;
    screen.document(&json!({ "folder": cut.folder.display().to_string(), "manifest": cut.about,
        "tables": cut.tables.iter().map(|table| &table.name).collect::<Vec<_>>() }));
    screen.result(&format!("Cut the extract of study {} into {}.", open.study.name, cut.folder.display()));
    screen.result(&wrap(
        &format!(
            "It is {}. {} It may be held until {}.",
            cut.about.status, cut.about.approvals_in_words, cut.about.expires
        ),
        0,
    ));
    for table in &cut.tables {
        screen.result(&format!("\n{}\n{}", table.title, table.csv.trim_end()));
        table.notices.iter().for_each(|notice| screen.result(&wrap(notice, 2)));
    }
    Ok(Exit::Done)
}

/// What was typed names a study, or is its folder, or its extract's.
fn meant(typed: &str) -> Result<String, Halt> {
    let folder = Path::new(typed);
    let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
    if let Some(text) = read(study::FILE) {
        let said = toml::from_str::<toml::Table>(&text).ok();
        let name = said.and_then(|said| said.get("name")?.as_str().map(str::to_owned));
        return name.ok_or_else(|| {
            let file = folder.join(study::FILE);
            let words =
                format!("{} does not say the study's `name`: put it right, or type the name", file.display());
            Halt::new(Exit::Usage, wrap(&words, 2))
        });
    }
    let manifest = read("manifest.json").and_then(|text| serde_json::from_str::<Value>(&text).ok());
    if let Some(name) = manifest.as_ref().and_then(|manifest| manifest["study"].as_str()) {
        return Ok(name.to_owned());
    }
    if folder.components().count() == 1 && slug(typed) == typed {
        return Ok(typed.to_owned());
    }
    let words = format!(
        "{}: no study is in that folder and none has that name: type its folder, or its name as `throughline study list` says it",
        folder.display()
    );
    Err(Halt::new(Exit::Usage, wrap(&words, 2)))
}

fn close(config: &Path, typed: &str, certificate: Option<&Path>, screen: &Screen) -> Verdict {
    let name = &meant(typed)?;
    let mut site = Site::open(settings(config)?)?;
    if certificate.is_some_and(Path::exists) {
        return Err(Halt::new(Exit::Usage, "--certificate is there already: name a new file"));
    }
    let closed = pipeline::close_study(&mut site, name, &user())?;
    if let Some(file) = certificate {
        write_private(file, format!("{:#}\n", closed.certificate).as_bytes())?;
    }
    screen.document(&closed.certificate);
    screen.result(&words::closed(&closed.certificate));
    Ok(if closed.deleted { Exit::Done } else { Exit::Partly })
}

fn list(config: &Path, screen: &Screen) -> Verdict {
    let site = Site::open(settings(config)?)?;
    let requests = pipeline::requests(&site)?;
    let today = site.wall_day().to_string();
    screen.document(&json!({ "requests": requests }));
    if requests.is_empty() {
        screen.result("No study has asked for rows.");
        return Ok(Exit::Done);
    }
    let outlived = words::outlived(&requests);
    let rows = requests.iter().map(|request| {
        let state = match &request.extract {
            None => "asked for".to_owned(),
            Some(extract) if extract.closed_at.is_some() => "closed".to_owned(),
            Some(extract) if extract.expires < today => format!("overdue since {}", extract.expires),
            Some(extract) => format!("out until {}", extract.expires),
        };
        let approvals: Vec<&str> = request.approvals.iter().map(|(who, _)| who.as_str()).collect();
        vec![
            request.id.to_string(),
            request.study.clone(),
            request.requested_by.clone(),
            approvals.join(", "),
            state,
        ]
    });
    screen.result(&table(&["request", "study", "asked by", "approved by", "state"], rows.collect(), &[0]));
    outlived.iter().for_each(|words| screen.result(&wrap(words, 0)));
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_folder_of_any_name_gives_a_name_or_none() {
        for (folder, name) in [
            ("Bad Name", "bad-name"),
            ("visible", "visible"),
            ("A -- b_2.", "a-b-2"),
            ("übung", "bung"),
            ("…", ""),
        ] {
            assert_eq!(slug(folder), name);
        }
    }
}
