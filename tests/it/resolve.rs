//! Somebody's own list, answered: to the right people, for a purpose, in a role, with an entry in the audit, and leaving
//! nothing behind.
mod lists;
mod refusals;
mod suppliers;

use crate::{
    end_to_end::Demo,
    site::{Ran, run_in, walk},
};
use calamine::{Data, Reader, open_workbook_auto};
use lists::{Row, roll_of, write_roll};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};
use throughline::{
    catalog::{AuditEntry, Catalog},
    config,
    link::{self, Found, People, Roll, Weighed},
    pipeline::{self, Site},
    privacy::{Identified, Identity, Pseudonym},
    synth::Identifiers,
};

/// Everything of a sheet, as text, without the header.
fn sheet(book: &Path, name: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut book = open_workbook_auto(book).unwrap();
    let range = book.worksheet_range(name).unwrap();
    let text = |cell: &Data| match cell {
        Data::DateTime(day) => {
            let (year, month, day, ..) = day.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string(),
    };
    let mut rows = range.rows().map(|row| row.iter().map(text).collect::<Vec<_>>());
    (rows.next().unwrap(), rows.collect())
}

/// What the first sheet says of something.
fn said(book: &Path, what: &str) -> String {
    let (_, rows) = sheet(book, "About this file");
    let row = rows.into_iter().find(|row| row[0] == what);
    row.unwrap_or_else(|| panic!("nothing is said of {what}"))[1].clone()
}

fn audit(data: &Path) -> Vec<AuditEntry> {
    Catalog::open(&data.join("catalog.sqlite")).unwrap().audit(1).unwrap()
}

/// Asks in a demonstration.
fn ask(demo: &Demo, roll: &Path, view: &str, to: &Path, more: &[&str]) -> Ran {
    let (roll, to) = (roll.to_str().unwrap(), to.to_str().unwrap());
    let asked = ["resolve", roll, "--purpose", "participation", "--view", view, "--to", to];
    let all: Vec<&str> = ["--config", "throughline.toml"].iter().chain(&asked).chain(more).copied().collect();
    run_in(&demo.site(), &all)
}

/// The learner of each row, found as the verb finds them: pseudonyms, to be compared with the truth.
fn learners(demo: &Demo, rows: &[Row]) -> Vec<Found> {
    let settings = config::load(&demo.site().join("throughline.toml"), &[]).unwrap();
    let site = Site::open(settings).unwrap();
    let plan = &site.definitions.identity;
    let keyed = site.key.keyed();
    let mut people = People::new(plan);
    for (_, path) in site.catalog.register_files(None).unwrap() {
        let data = &site.settings.data_dir;
        link::read_segment(data, &path, &site.key, plan, |source, tenant, person, fields, seq| {
            people.add(keyed.subject(source, tenant, person), (source, tenant), fields, seq);
        })
        .unwrap();
    }
    let identities: Vec<Identified<Identity>> = rows
        .iter()
        .map(|row| {
            let mut fields = vec![None; plan.fields.len()];
            for (name, text) in row.normalised() {
                fields[plan.position(name).unwrap()] = Some(text).filter(|text| !text.is_empty());
            }
            Identified::new(Identity(fields))
        })
        .collect();
    let learners: HashMap<Pseudonym, Pseudonym> = site.catalog.anchors().unwrap();
    let roll = Roll { rows: &identities, learners: &learners, in_scope: &|_| true };
    roll.find(&Weighed::default(), people, &keyed).found
}

fn hex(id: &Pseudonym) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A list out of the truth, with the slips that lists have, is answered as the verb answers it; each answer is held against
/// the truth.
fn found_by_the_truth(seed: u64, people: u32) {
    let demo = Demo::run(seed, people, Identifiers::Realistic);
    let by_learner = demo.people_of_learners();
    let known: BTreeSet<u32> = by_learner.values().flatten().copied().collect();
    let rows = roll_of(&demo.world, |person| known.contains(&person.number));
    assert!(rows.len() > 100);
    let (mut right, mut wrong, mut none) = (0, Vec::new(), 0);
    for (row, found) in rows.iter().zip(learners(&demo, &rows)) {
        match found {
            Found::One(learner, _) if by_learner[&hex(&learner)].contains(&row.person) => right += 1,
            Found::One(..) => wrong.push(row.person),
            Found::Several | Found::Nobody => none += 1,
        }
    }
    println!("seed {seed}: {right} right, {} wrong, {none} unresolved of {}", wrong.len(), rows.len());
    assert!(right * 100 >= rows.len() * 98, "{right} right and {none} unresolved of {}", rows.len());
    assert!(wrong.is_empty(), "rows that were given somebody else: {wrong:?}");
}

#[test]
fn a_list_out_of_the_truth_finds_the_right_people() {
    found_by_the_truth(11, 1_500);
}

#[test]
#[ignore = "takes a while: run by `just deep`"]
fn deep_lists_out_of_the_truth_at_many_seeds() {
    for seed in 40..46 {
        found_by_the_truth(seed, 6_000);
    }
}

/// The whole story on one demonstration, which takes a while to make: the answer, every view, who is on no row and the
/// suppliers' copies, the folder that is watched, and that nothing stays behind.
#[test]
fn an_officers_list_comes_back_with_what_is_known() {
    let demo = Demo::run(12, 1_000, Identifiers::Realistic);
    let folder = tempfile::tempdir().unwrap();
    let (roll, out) = (folder.path().join("my list.xlsx"), folder.path().join("answer.xlsx"));
    let rows = roll_of(&demo.world, |person| person.number % 3 != 0);
    write_roll(&roll, &rows);
    let before = files(&demo.site().join("data"));
    let ran = ask(&demo, &roll, "caseload", &out, &["--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told = ran.json();
    let number = |name: &str| told["rows"][name].as_u64().unwrap();
    let found = number("certain") + number("likely");
    assert_eq!(number("rows"), rows.len() as u64 + 3, "and a stranger, a row without a name, and a total");
    assert_eq!(found + number("several") + number("not_found") + number("not_read"), number("rows"));
    assert!(found * 100 >= rows.len() as u64 * 90, "{told:#}");
    its_own_rows_as_they_were_written(&out, &rows);
    for (what, is) in [("Purpose", "participation"), ("As things stood on", "2026-03-31")] {
        assert_eq!(said(&out, what), is);
    }
    assert!(said(&out, "View").starts_with("caseload: "));
    assert!(said(&out, "Newest release").len() >= 32);
    let chain = audit(&demo.site().join("data"));
    let entry = chain.last().unwrap();
    assert_eq!((entry.verb.as_str(), entry.purpose.as_str()), ("resolve", "participation"));
    assert_eq!((entry.outcome.as_str(), entry.role.as_str()), ("done", "caseworker"));
    assert_eq!(entry.people as u64, number("rows"));
    assert!(entry.about.contains(&format!("{found} of {} rows found", number("rows"))), "{}", entry.about);
    let after = files(&demo.site().join("data"));
    assert_eq!(after, before, "a file was left in the data folder");

    the_page_shows_what_happens(&demo);
    every_view_answers(&demo, &roll, folder.path());
    suppliers::are_told_of_their_own_rows_alone(&demo, &roll, &rows, folder.path());
    a_folder_is_answered_once(&demo, &rows, folder.path());
}

/// Files of the data folder but for the catalog, which holds the audit.
fn files(data: &Path) -> BTreeSet<PathBuf> {
    let mut files = Vec::new();
    walk(data, &mut files);
    files.retain(|file| !file.file_name().unwrap().to_string_lossy().starts_with("catalog.sqlite"));
    files.into_iter().collect()
}

fn its_own_rows_as_they_were_written(out: &Path, rows: &[Row]) {
    let (header, lines) = sheet(out, "Your list");
    let own = ["Surname", "First name", "DOB", "UPN", "Postcode", "Worker"];
    assert_eq!(header[..own.len()], own);
    assert_eq!(header[own.len()..own.len() + 3], ["Row of your list", "Answer", "How sure"]);
    assert_eq!(header[own.len() + 3], "In this view");
    assert!(header.contains(&"Last seen on".to_owned()));
    let answer = |line: &[String]| line[own.len() + 1].clone();
    let found = lines.iter().filter(|line| answer(line).starts_with("found")).count();
    assert!(found > 0);
    for (row, line) in rows.iter().zip(&lines) {
        assert_eq!(line[..own.len()], row.cells(), "a row is not as it was written");
    }
    let of = |who: &str| lines.iter().find(|line| line[0] == who).unwrap();
    assert_eq!(answer(of("Nosuchperson")), "not found");
    assert!(answer(of("Lonelysurname")).starts_with("not read: "), "{}", answer(of("Lonelysurname")));
    assert!(answer(of("Total")).starts_with("not read: "));
    let seen = header.iter().position(|text| text == "Year group").unwrap();
    assert!(lines.iter().any(|line| answer(line).starts_with("found") && !line[seen].is_empty()));
    assert!(lines.iter().filter(|line| !answer(line).starts_with("found")).all(|line| line[seen].is_empty()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(out).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// The commands of the officer's page, run in the demonstration.
fn the_page_shows_what_happens(demo: &Demo) {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/resolve.md")).unwrap();
    let commands: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("$ throughline ")).collect();
    assert!(commands.len() >= 2);
    fs::create_dir_all(demo.site().join("copies")).unwrap();
    for command in commands {
        let ran = run_in(&demo.site(), &command.split_whitespace().collect::<Vec<_>>());
        assert_eq!(ran.code, 0, "{command}: {}", ran.err);
        assert!(ran.out.contains("rows of your list"), "{}", ran.out);
    }
    let config = fs::read_to_string(demo.site().join("throughline.toml")).unwrap();
    let shown = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    for block in shown {
        let whole = demo.site().join("shown.toml");
        let text: String = block.lines().map(|line| format!("{}\n", line.trim_start())).collect();
        fs::write(&whole, format!("{config}\n{text}")).unwrap();
        let read = config::load(&whole, &[])
            .map_err(|found| found.iter().map(ToString::to_string).collect::<String>());
        assert!(read.is_ok(), "{block}: {}", read.unwrap_err());
    }
}

fn every_view_answers(demo: &Demo, roll: &Path, folder: &Path) {
    for (view, more, column) in [
        ("no_offer", &[][..], "Guarantee"),
        ("lost_sight", &[], "Days since"),
        ("changed_since", &["--since", "2025-09-01"], "Before"),
        ("placements", &[], "Hours offered"),
    ] {
        let out = folder.join(format!("{view}.xlsx"));
        let ran = ask(demo, roll, view, &out, more);
        assert_eq!(ran.code, 0, "{view}: {}", ran.err);
        let (header, lines) = sheet(&out, "Your list");
        let at = header.iter().position(|text| text == column);
        let at = at.unwrap_or_else(|| panic!("{view} has no {column}: {header:?}"));
        let answer = header.iter().position(|text| text == "Answer").unwrap();
        let shown = lines.iter().filter(|line| line[at..].iter().any(|cell| !cell.is_empty())).count();
        assert!(view == "lost_sight" || shown > 0, "{view} shows nothing");
        assert!(lines.iter().all(|line| line[answer].starts_with("found") || line[at].is_empty()), "{view}");
        // A blank line is told: found and not in the view is not the same as not found.
        let within = header.iter().position(|text| text == "In this view").unwrap();
        for line in &lines {
            let is_blank = line[within + 1..].iter().all(String::is_empty);
            let wanted = match (line[answer].starts_with("found"), is_blank) {
                (true, false) => "yes",
                (true, true) => "no",
                (false, _) => "",
            };
            assert_eq!(line[within], wanted, "{view}: {line:?}");
        }
    }
    let ran = ask(demo, roll, "caseload", &folder.join("x.xlsx"), &["--since", "2025-09-01"]);
    assert_eq!((ran.code, ran.err.contains("knows no --since")), (2, true), "{}", ran.err);
    let ran = ask(demo, roll, "everything", &folder.join("x.xlsx"), &[]);
    assert_eq!((ran.code, ran.err.contains("caseload, changed_since")), (2, true), "{}", ran.err);
}

fn close(folder: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
}

/// `[resolve.name]`: a list that lies in the folder is answered in the name and for the purpose that the configuration
/// fixes, once; one that cannot be answered is told beside the answers.
fn a_folder_is_answered_once(demo: &Demo, rows: &[Row], folder: &Path) {
    let (lists, answers) = (folder.join("lists"), folder.join("answers"));
    fs::create_dir_all(&lists).unwrap();
    fs::create_dir_all(&answers).unwrap();
    close(&answers, 0o755);
    write_roll(&lists.join("march.xlsx"), rows);
    fs::write(lists.join("~$march.xlsx"), "a lock").unwrap();
    fs::write(lists.join("nobody.csv"), "colour,shape\nred,round\nblue,flat\n").unwrap();
    let config = demo.site().join("throughline.toml");
    let text = fs::read_to_string(&config).unwrap();
    let folder = format!(
        "\n[resolve.neet_team]\nfolder = {:?}\nto = {:?}\npurpose = \"participation\"\nview = \"caseload\"\nuser = \"ann\"\n",
        lists.display().to_string(),
        answers.display().to_string()
    );
    fs::write(&config, format!("{text}{folder}")).unwrap();
    let settings = config::load(&config, &[]).unwrap();
    let watched = settings.rolls[0].clone();
    let mut site = Site::open(settings).unwrap();
    let open = pipeline::answer_folder(&mut site, &watched).unwrap();
    assert_eq!((open.lists, open.not_answered), (0, 0), "nothing is put where everybody may look");
    close(&answers, 0o750);
    let first = pipeline::answer_folder(&mut site, &watched).unwrap();
    assert_eq!((first.lists, first.not_answered), (1, 1));
    let again = pipeline::answer_folder(&mut site, &watched).unwrap();
    assert_eq!((again.lists, again.not_answered), (0, 0), "what is answered stays answered");
    let names: BTreeMap<String, u64> = fs::read_dir(&answers)
        .unwrap()
        .map(Result::unwrap)
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.metadata().unwrap().len()))
        .collect();
    assert_eq!(names.keys().collect::<Vec<_>>(), ["march (xlsx) answered.xlsx", "nobody (csv) answered.txt"]);
    let why = fs::read_to_string(answers.join("nobody (csv) answered.txt")).unwrap();
    assert!(why.starts_with("This list was not answered: the list cannot be read"), "{why}");
    let entry = site.catalog.audit(1).unwrap().pop().unwrap();
    assert_eq!((entry.who.as_str(), entry.outcome.as_str()), ("ann", "done"));
    assert!(entry.about.starts_with("folder neet_team; view caseload"), "{}", entry.about);
    fs::write(config, text).unwrap();
}
