//! What `map` proposes for sheets that somebody has described already, with that description taken away from it; and
//! that a draft reads what the description reads.
use crate::site::{TestSite, column_text, lake_rows, walk};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};
use tempfile::TempDir;
use throughline::{
    conform::propose::{Confidence, Proposal, Refusal, Wishes, propose},
    definitions::{
        Definitions,
        connector::{CellOrigin, CellSpec, Connector, fold},
    },
    pipeline,
    source::look,
};

static DEFINITIONS: LazyLock<Definitions> = LazyLock::new(|| Definitions::load(None).unwrap());

static ESTATE: LazyLock<TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let made = crate::site::run_in(dir.path(), &["synth", "estate", "--learners", "12000", "--seed", "7"]);
    assert_eq!(made.code, 0, "{}", made.err);
    dir
});

/// The fullest file of each layout of a provider's sheet, by the connector that describes it.
fn one_of_each() -> BTreeMap<String, PathBuf> {
    let mut files = Vec::new();
    walk(&ESTATE.path().join("estate/ap"), &mut files);
    files.sort_by_key(|file| (fs::metadata(file).unwrap().len(), file.clone()));
    let mut largest = BTreeMap::<PathBuf, PathBuf>::new();
    for file in files {
        largest.insert(file.parent().unwrap().to_owned(), file);
    }
    let mut found = BTreeMap::new();
    for file in largest.into_values() {
        let mapped = pipeline::map(&file, &DEFINITIONS, None, &wishes(&file, None)).unwrap();
        let fit = mapped.fits.first().unwrap_or_else(|| panic!("{} fits nothing", file.display()));
        assert!(fit.named && fit.connector.starts_with("ap-"), "{fit:?}");
        found.insert(fit.connector.clone(), file);
    }
    found
}

fn wishes(file: &Path, without: Option<&str>) -> Wishes {
    Wishes {
        name: "draft".to_owned(),
        file_name: file.file_name().unwrap().to_string_lossy().into_owned(),
        without: without.map(str::to_owned).into_iter().collect(),
        ..Wishes::default()
    }
}

fn proposed(file: &Path, without: Option<&str>) -> Result<Proposal, Refusal> {
    let looked = look::look(fs::read(file).unwrap()).unwrap();
    propose(&looked, &DEFINITIONS, &wishes(file, without))
}

/// A sheet of rows, as a file of its own.
fn sheet(text: &str) -> Result<Proposal, Refusal> {
    let looked = look::look(text.as_bytes().to_vec()).unwrap();
    propose(&looked, &DEFINITIONS, &wishes(Path::new("list_2023-24.csv"), None))
}

fn loaded(proposal: &Proposal) -> Definitions {
    Definitions::load_with(None, "connectors/draft.toml", &proposal.draft)
        .unwrap_or_else(|complaints| panic!("{complaints:?}\n{}", proposal.draft))
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

/// Right, wrong and all cells of one layout, each miss said.
fn recall(name: &str, file: &Path, without: bool) -> (usize, usize, usize) {
    let truth = cells(&DEFINITIONS.connectors[name], &DEFINITIONS);
    let proposal =
        proposed(file, without.then_some(name)).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    let drafted = loaded(&proposal);
    let found = cells(&drafted.connectors["draft"], &drafted);
    let (mut right, mut wrong) = (0, 0);
    for (cell, header) in &truth {
        match found.get(cell) {
            // A band that could be anybody's name is left out: the text under it is the same column's.
            Some(proposed) if header.ends_with(proposed.as_str()) => right += 1,
            Some(proposed) => {
                wrong += 1;
                println!("  {name}: {cell} is {header}, proposed {proposed}");
            }
            None => println!("  {name}: {cell} is {header}, not found"),
        }
    }
    for (cell, header) in found.iter().filter(|(cell, _)| !truth.contains_key(*cell)) {
        wrong += 1;
        println!("  {name}: {cell} is nothing, proposed {header}");
    }
    println!("{name}: {right} of {} right, {wrong} wrong", truth.len());
    (right, wrong, truth.len())
}

#[test]
fn a_layout_that_nobody_described_is_mostly_found() {
    let (mut right, mut wrong, mut all) = (0, 0, 0);
    for (name, file) in one_of_each() {
        let (r, w, a) = recall(&name, &file, true);
        (right, wrong, all) = (right + r, wrong + w, all + a);
    }
    println!("in all: {right} of {all} right, {wrong} wrong");
    assert!(right * 100 >= all * 50 && wrong * 100 <= all * 12, "{right} of {all}, {wrong} wrong");
}

#[test]
fn a_layout_that_is_known_is_found_whole() {
    for (name, file) in one_of_each() {
        let (right, wrong, all) = recall(&name, &file, false);
        assert!(right * 100 >= all * 97 && wrong == 0, "{name}: {right} of {all}, {wrong} wrong");
    }
}

/// Every row of an entity in the lake, without what a key or a file's digest makes of it.
fn rows_of(site: &TestSite, entity: &str) -> Vec<String> {
    let plan = &DEFINITIONS.plans[DEFINITIONS.entity(entity).unwrap()];
    let names: Vec<&str> =
        plan.columns.iter().filter(|column| column.stored()).map(|column| column.name.as_str()).collect();
    let mut rows = Vec::new();
    for batch in lake_rows(&site.data(), entity) {
        for at in 0..batch.num_rows() {
            rows.push(names.iter().map(|name| column_text(&batch, name, at)).collect::<Vec<_>>().join("|"));
        }
    }
    rows.sort();
    rows
}

#[test]
fn a_draft_gives_the_lake_what_the_connector_gives() {
    for (name, file) in one_of_each() {
        let params = "params.establishment_id = \"AP07\"";
        let sites = [TestSite::new(), TestSite::new()];
        for site in &sites {
            fs::copy(&file, site.inbox("provider").join(file.file_name().unwrap())).unwrap();
        }
        let [known, drafted] = sites;
        known.source("provider", &name, params);
        known.configure("2026-03-31");
        drafted.configure_with("2026-03-31", "definitions = \"definitions\"\n");
        let path = file.to_string_lossy().into_owned();
        let mapped = drafted.run(&["map", &path, "--name", "provider-sheet", "--yes", "--new"]);
        assert_eq!(mapped.code, 0, "{}\n{}", mapped.out, mapped.err);
        drafted.source("provider", "provider-sheet", params);
        drafted.configure_with("2026-03-31", "definitions = \"definitions\"\n");
        for site in [&known, &drafted] {
            let pulled = site.run(&["pull"]);
            assert!(matches!(pulled.code, 0 | 4), "{name}: {}\n{}", pulled.out, pulled.err);
        }
        for entity in ["learner", "placement", "assessment", "qualification", "destination"] {
            let (one, other) = (rows_of(&known, entity), rows_of(&drafted, entity));
            assert_eq!(one, other, "{name}: {entity}");
            assert!(entity != "placement" || !one.is_empty(), "{name}");
        }
    }
}

const NAMES: &str = "Legal surname;Given name;DOB;UPN;Date started;Finish date;Paid for by;Observations
Quill;Ada;09/05/2008;H801200001001;05/09/2023;;Council;Ada likes boats and has settled in well with staff this term
Penn;Ben;23/11/2008;B201361421001;06/09/2023;01/02/2024;School;Ben was late today and said that the bus had not come at all
Nibb;Cy;01/02/2009;Q846401119037;13/09/2023;;Council;Cy
";

fn becomes<'p>(proposal: &'p Proposal, header: &str) -> &'p str {
    let column = proposal.columns.iter().find(|column| column.header == header);
    column.map_or("?", |column| column.becomes.as_str())
}

#[test]
fn headers_of_other_words_are_found_and_free_text_is_left() {
    let proposal = sheet(NAMES).unwrap();
    assert_eq!(becomes(&proposal, "Legal surname"), "surname");
    assert_eq!(becomes(&proposal, "Given name"), "forename");
    assert_eq!(becomes(&proposal, "DOB"), "birth_date");
    assert_eq!(becomes(&proposal, "UPN"), "upn");
    assert_eq!(becomes(&proposal, "Date started"), "placement.starts_on");
    assert_eq!(becomes(&proposal, "Observations"), "");
    let drafted = loaded(&proposal);
    assert!(drafted.connectors.contains_key("draft"));
    for secret in ["Quill", "Penn", "H801200001001", "boats", "Observations"] {
        assert!(!proposal.draft.contains(secret), "{secret}\n{}", proposal.draft);
    }
}

#[test]
fn a_header_of_two_rows_below_a_banner() {
    let text = format!(
        "Register of learners,,,,\n,,,,\nLearner,,,Placement,\nSurname,First name,UPN,Start,End\n{}",
        "Quill,Ada,H801200001001,05/09/2023,\nPenn,Ben,B201361421001,16/09/2023,\nNibb,Cy,Q846401119037,06/10/2023,07/12/2023\n"
    );
    let proposal = sheet(&text).unwrap();
    assert_eq!(proposal.header, Some((3, 2)));
    assert_eq!(becomes(&proposal, "Placement Start"), "placement.starts_on");
    assert!(proposal.draft.contains("rows = 2"), "{}", proposal.draft);
    loaded(&proposal);
}

#[test]
fn dates_that_no_row_settles_are_said_and_set_aside() {
    let rows = "Surname,First name,UPN,Start date\nQuill,Ada,H801200001001,05/09/2023\nPenn,Ben,B201361421001,06/09/2023\n";
    let open = sheet(rows).unwrap();
    assert!(
        open.draft.contains("starts_on = { from = [\"Start date\"], dates = [\"either\""),
        "{}",
        open.draft
    );
    let settled = sheet(&format!("{rows}Nibb,Cy,Q846401119037,25/09/2023\n")).unwrap();
    assert!(settled.draft.contains("dates = [\"day-first\""), "{}", settled.draft);
    let american = sheet(&format!("{rows}Nibb,Cy,Q846401119037,09/25/2023\n")).unwrap();
    assert!(american.draft.contains("dates = [\"month-first\""), "{}", american.draft);
}

#[test]
fn a_sheet_without_header_is_refused_unless_it_is_asked_for() {
    let body: String = NAMES.lines().skip(1).map(|line| format!("{line}\n")).collect();
    assert_eq!(sheet(&body).err(), Some(Refusal::NoHeader));
    let looked = look::look(body.into_bytes()).unwrap();
    let mut wishes = wishes(Path::new("list_2023-24.csv"), None);
    wishes.positions = true;
    wishes.set = vec![("starts_on".to_owned(), "#5".to_owned())];
    let proposal = propose(&looked, &DEFINITIONS, &wishes).unwrap();
    assert!(
        proposal.draft.contains("none = true") && proposal.draft.contains("\"#4\""),
        "{}",
        proposal.draft
    );
    for secret in ["Quill", "Penn", "H801200001001", "Council"] {
        assert!(!proposal.draft.contains(secret), "{secret}\n{}", proposal.draft);
    }
    loaded(&proposal);
}

#[test]
fn a_sheet_of_totals_is_nobodys() {
    let found = sheet("Surname,First name,Start date,Sessions\nTotal,,,12\nGrand total,,,24\n");
    assert_eq!(found.err(), Some(Refusal::NoRows));
    assert_eq!(sheet("Year,Term,Number of learners\n2023,1,12\n2024,2,14\n").err(), Some(Refusal::NoHeader));
}

#[test]
fn what_is_said_elsewhere_than_on_a_screen_holds_nothing_of_the_sheet() {
    let site = TestSite::new();
    fs::write(site.path().join("Quill Ada 2023-24.csv"), NAMES).unwrap();
    let dry = site.run(&["--json", "-vv", "map", "Quill Ada 2023-24.csv", "--new"]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    let kept = site.run(&["-vv", "map", "Quill Ada 2023-24.csv", "--new", "--name", "club", "--yes"]);
    assert_eq!(kept.code, 0, "{}", kept.err);
    let draft = fs::read_to_string(site.path().join("definitions/connectors/club.toml")).unwrap();
    for text in [&dry.out, &dry.err, &kept.out, &kept.err, &draft] {
        for secret in ["Quill", "Penn", "Nibb", "H801200001001", "09/05/2008", "boats", "Observations"] {
            assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{secret}\n{text}");
        }
    }
    let json = dry.json();
    assert_eq!(json["entity"], "placement");
    assert!(json["written"].is_null(), "nothing is written before somebody agrees");
    let again = site.run(&["map", "Quill Ada 2023-24.csv", "--new", "--name", "ap-register", "--yes"]);
    assert_eq!(again.code, 2, "a shipped connector is not written over");
}

#[test]
fn how_sure_a_column_is_has_an_order() {
    assert!(Confidence::Sure > Confidence::Likely && Confidence::Likely > Confidence::Guess);
    let words: BTreeSet<&str> =
        [Confidence::Sure, Confidence::Likely, Confidence::Guess].map(Confidence::word).into();
    assert_eq!(words.len(), 3);
}

#[test]
fn real_sheets_are_proposed_or_refused_and_never_break_it() {
    let Some(root) = std::env::var_os("THROUGHLINE_REAL_DATA") else {
        println!("SKIPPED: no real data: set THROUGHLINE_REAL_DATA");
        return;
    };
    let mut files = Vec::new();
    for folder in ["messy_spreadsheets", "school_census_synthetic", "social_care_synthetic", "dfe_ap"] {
        walk(&Path::new(&root).join(folder), &mut files);
    }
    let is_sheet = |file: &PathBuf| {
        let ending = file.extension().and_then(|end| end.to_str()).unwrap_or_default();
        ["xlsx", "xls", "ods", "csv"].contains(&ending) && fs::metadata(file).unwrap().len() < 300_000
    };
    files.retain(is_sheet);
    files.sort();
    let (mut drafted, mut refused) = (0, BTreeMap::<String, usize>::new());
    for file in files.iter().take(60) {
        let Ok(looked) = look::look(fs::read(file).unwrap()) else {
            *refused.entry("unreadable".to_owned()).or_default() += 1;
            continue;
        };
        match propose(&looked, &DEFINITIONS, &wishes(file, None)) {
            Ok(proposal) => {
                loaded(&proposal);
                drafted += 1;
                let sure = proposal.columns.iter().filter(|column| !column.becomes.is_empty()).count();
                println!("{}: {} with {sure} columns", file.display(), proposal.entity);
            }
            Err(refusal) => *refused.entry(refusal.to_string()).or_default() += 1,
        }
    }
    println!("{drafted} drafted, {refused:?}");
}

/// A sheet for one child bears the child's name over the header: it is no band, and goes nowhere.
#[test]
fn a_title_that_is_a_child_is_no_part_of_a_header() {
    let site = TestSite::new();
    site.configure("2026-03-31");
    let mut sheet = String::from("Petra Canaryson,,,AP07,\nSurname,Forename,DOB,Start date,Status\n");
    for day in 1..=20 {
        sheet.push_str(&format!("Zzsample,Testina,{day:02}/03/2009,{day:02}/09/2024,M\n"));
    }
    fs::write(site.path().join("f.csv"), sheet).unwrap();
    let ran = site.run(&["--json", "map", "f.csv", "--new", "--yes", "--name", "one-child"]);
    let draft = site.path().join("definitions/connectors/one-child.toml");
    let written = fs::read_to_string(draft).unwrap_or_default();
    for text in [&ran.out, &ran.err, &written] {
        assert!(
            !text.to_lowercase().contains("canaryson") && !text.to_lowercase().contains("petra"),
            "{text}"
        );
    }
}
