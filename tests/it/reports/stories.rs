//! Two stories as `docs/reports.md` tells them: its commands are run as they stand there, and what a person does in between is done
//! here.
use crate::site::{Ran, run_in};
use calamine::{Data, Reader, open_workbook_auto};
use std::{fmt::Write as _, fs, path::Path};

/// The commands under a heading of the page, in order.
fn commands(heading: &str) -> Vec<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reports.md")).unwrap();
    let story =
        page.split(&format!("\n## {heading}\n")).nth(1).unwrap_or_else(|| panic!("no story {heading}"));
    let story = story.split("\n## ").next().unwrap();
    let typed = story.lines().filter_map(|line| line.strip_prefix("$ throughline "));
    typed.map(str::to_owned).collect()
}

fn run(site: &Path, command: &str) -> Ran {
    let ran = run_in(site, &command.split_whitespace().collect::<Vec<_>>());
    assert_eq!(ran.code, 0, "{command}: {}{}", ran.out, ran.err);
    ran
}

/// The sheet of an answer as texts, its headings first.
fn sheet(file: &Path) -> Vec<Vec<String>> {
    let mut book = open_workbook_auto(file).unwrap();
    let text = |cell: &Data| match cell {
        Data::DateTime(day) => {
            let (year, month, day, ..) = day.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string(),
    };
    let range = book.worksheet_range("Your list").unwrap();
    range.rows().map(|row| row.iter().map(text).collect()).collect()
}

/// What the officer does with the answer: of each risk that was told, a decision beside it; saved where the list of decisions is read.
fn decide(site: &Path, answer: &[Vec<String>]) -> usize {
    let (head, rows) = answer.split_first().unwrap();
    let at = |name: &str| head.iter().position(|heading| heading.eq_ignore_ascii_case(name));
    let told = at("Predicted on").unwrap_or_else(|| panic!("{head:?}"));
    let quoted = |cells: &[String]| {
        let cells = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        cells.collect::<Vec<_>>().join(",")
    };
    let mut text = format!("{},Decision,Why,Action,Decided by,Decided on\n", quoted(head));
    let mut decided = 0;
    // Whoever decides on some leaves the other lines in: two for each young person, one for each list of rules.
    for row in rows {
        if row[told].is_empty() || decided == 40 {
            let _ = writeln!(text, "{},,,,,", quoted(row));
        } else {
            decided += 1;
            let _ = writeln!(text, "{},agree,know them,talk,participation,{}", quoted(row), row[told]);
        }
    }
    let inbox = site.join("estate/reviews");
    fs::create_dir_all(&inbox).unwrap();
    let path = inbox.join("risk_review_2026-03.csv");
    fs::write(&path, text).unwrap();
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    fs::File::options().append(true).open(&path).unwrap().set_modified(hour_ago).unwrap();
    decided
}

/// The source that the story names, as its page shows it.
fn configure(site: &Path) {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reports.md")).unwrap();
    let shown = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap().to_owned();
    let config = site.join("throughline.toml");
    fs::write(&config, format!("{}\n{shown}", fs::read_to_string(&config).unwrap())).unwrap();
}

/// The demonstration is made once, as a newcomer makes it.
#[test]
fn an_officer_goes_to_the_young_people_and_back_and_a_commissioner_prints_a_pack() {
    let dir = tempfile::tempdir().unwrap();
    let made = run_in(dir.path(), &["--quiet", "demo"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let site = dir.path().join("throughline-demo");
    a_commissioner_prints_a_pack(&site);
    an_officer_goes_to_the_young_people_and_back(&site);
}

fn an_officer_goes_to_the_young_people_and_back(site: &Path) {
    configure(site);
    let story = commands("From the report to the young people, and back");
    let [report, resolve, pull, link, release, again] = &story[..] else { panic!("{story:?}") };
    run(site, report);
    let page = fs::read_to_string(site.join("neet.html")).unwrap();
    assert!(page.contains("resolve --view risk") && page.contains("may need support"));
    // The page has no young person; the answer has the officer's own.
    run(site, resolve);
    let answer = sheet(&site.join("answer.xlsx"));
    let decided = decide(site, &answer);
    assert!(decided > 10, "{decided} risks were told");
    for command in [pull, link, release, again] {
        run(site, command);
    }
    // What the officer decided is what the next answer says of them.
    run(site, &format!("{resolve} --force"));
    let answer = sheet(&site.join("answer.xlsx"));
    let review = answer[0].iter().position(|heading| heading.eq_ignore_ascii_case("Review")).unwrap();
    let reviewed = answer[1..].iter().filter(|row| !row[review].is_empty()).count();
    assert!(reviewed >= decided * 9 / 10, "{reviewed} of {decided} came back");
}

fn a_commissioner_prints_a_pack(site: &Path) {
    let story = commands("A provider's pack");
    let [all, pack] = &story[..] else { panic!("{story:?}") };
    run(site, all);
    run(site, pack);
    let page = fs::read_to_string(site.join("pack.html")).unwrap();
    super::shape::is_accessible(&page);
    assert!(page.contains("Right of reply") && page.contains("AP06") && page.contains("@media print"));
    // The provider has something to reply to.
    let data = run(site, "--json report ap --provider AP06").json();
    let own = super::table(&data, "own_figures")["rows"].as_array().unwrap();
    let shown: Vec<_> = own.iter().filter(|row| row["said"][0] == "shown").collect();
    assert!(shown.iter().any(|row| row["figures"][0]["count"].as_i64().unwrap() >= 30), "{own:?}");
    println!("{} of {} measures are shown in the pack", shown.len(), own.len());
    // Of a provider that is not there nothing is printed.
    let nobody = format!("{} --force", pack.replace("AP06", "nobody"));
    let refused = run_in(site, &nobody.split_whitespace().collect::<Vec<_>>());
    assert_eq!(refused.code, 5, "{}", refused.err);
}
