//! A report beside one that went out before.
//!
//! In come a report and the tidy files of an earlier one. What changes in it: a table of which a few figures moved while the others
//! stand still is left out, for the two together tell of the few who came, went or were corrected. Promise: only figures
//! that were printed are compared, so that whoever holds both reports sees no more than this does.
use super::{Report, ReportFault, tidy};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// A report that went out before.
#[derive(Debug)]
pub struct Before {
    /// Id of its release.
    pub release: String,
    policy: String,
    /// The lines of its tables, header first, by their names.
    tables: BTreeMap<String, Vec<Vec<String>>>,
}

/// What came of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// Its name in files.
    pub table: &'static str,
    /// Figures that are printed otherwise now.
    pub moved: usize,
    /// Figures that are printed as they were.
    pub stood: usize,
}

impl Laid {
    /// Whether what moved stands out: no more than stand still.
    pub fn is_telling(&self) -> bool {
        self.moved > 0 && self.moved <= self.stood
    }
}

impl Before {
    /// Reads the folder that `--csv` wrote for a report of this name.
    ///
    /// # Errors
    /// [`ReportFault::Before`] when there is no such report in it.
    pub fn open(folder: &Path, report: &str) -> Result<Self, ReportFault> {
        let missing =
            || ReportFault::Before("there is no report in the folder: name one that --csv has written");
        let text = fs::read_to_string(folder.join("about.json")).map_err(|_| missing())?;
        let about: serde_json::Value = serde_json::from_str(&text).map_err(|_| missing())?;
        if about["report"].as_str() != Some(report) {
            return Err(ReportFault::Before(
                "the folder holds another kind of report: name one of the same kind",
            ));
        }
        let said = |name: &str| about["about"][name].as_str().map(str::to_owned).ok_or_else(missing);
        let mut tables = BTreeMap::new();
        for file in
            about["tables"].as_array().into_iter().flatten().filter_map(|table| table["file"].as_str())
        {
            let is_plain = Path::new(file).file_name().is_some_and(|name| name == file);
            let lines = is_plain.then(|| lines_of(&folder.join(file))).flatten();
            let lines =
                lines.ok_or(ReportFault::Before("a table of the report before is missing or broken"))?;
            tables.insert(file.trim_end_matches(".csv").to_owned(), lines);
        }
        Ok(Self { release: said("release")?, policy: said("policy")?, tables })
    }
}

fn lines_of(path: &Path) -> Option<Vec<Vec<String>>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).ok()?;
    reader.records().map(|line| line.ok().map(|line| line.iter().map(str::to_owned).collect())).collect()
}

/// Lays a report beside the one before, takes out what the two together tell, and says what came of each table that both have.
///
/// # Errors
/// [`ReportFault::Before`] when the two were made under different policies.
pub fn lay(report: &mut Report, before: &Before) -> Result<Vec<Laid>, ReportFault> {
    if before.policy != report.about.policy {
        let words = "the report before was made under another policy: of one and the other everything moves, and both tell of the \
                     difference. Make both under one policy";
        return Err(ReportFault::Before(words));
    }
    let compared = |table: &super::Table| {
        let indicators: BTreeSet<&str> = table.columns.iter().map(|column| column.name).collect();
        let old = before.tables.get(table.name)?;
        let (moved, stood) =
            compare(&figures(old, &indicators), &figures(&tidy::lines(report, table), &indicators));
        Some(Laid { table: table.name, moved, stood })
    };
    let laid: Vec<Laid> = report.tables().filter_map(compared).collect();
    let telling: BTreeSet<&str> =
        laid.iter().filter(|laid| laid.is_telling()).map(|laid| laid.table).collect();
    if !telling.is_empty() {
        take_out(report, &telling, &before.release);
    }
    Ok(laid)
}

/// Figures by what they are of: the other cells of their line, each with the name of its column, and the name of their own.
type Figures = BTreeMap<(Vec<(String, String)>, String), String>;

fn figures(lines: &[Vec<String>], indicators: &BTreeSet<&str>) -> Figures {
    let Some((header, lines)) = lines.split_first() else { return Figures::new() };
    let mut found = Figures::new();
    for line in lines {
        let cells = || header.iter().zip(line);
        let of: Vec<(String, String)> = cells()
            .filter(|(name, _)| !indicators.contains(name.as_str()))
            .map(|(name, cell)| (name.clone(), cell.clone()))
            .collect();
        for (name, cell) in cells().filter(|(name, _)| indicators.contains(name.as_str())) {
            found.insert((of.clone(), name.clone()), cell.clone());
        }
    }
    found
}

/// How many figures moved and how many stand still. One that only one of the two has is new or gone for all to see; one that is a
/// symbol in both says nothing in either.
fn compare(before: &Figures, now: &Figures) -> (usize, usize) {
    let is_number = |cell: &String| cell.parse::<f64>().is_ok();
    let both = now.iter().filter_map(|(of, now)| before.get(of).map(|before| (before, now)));
    let (stood, moved): (Vec<_>, Vec<_>) = both
        .filter(|(before, now)| is_number(before) || is_number(now))
        .partition(|(before, now)| before == now);
    (moved.len(), stood.len())
}

/// Takes tables out with all that is said of their figures.
fn take_out(report: &mut Report, telling: &BTreeSet<&str>, before: &str) {
    for section in &mut report.sections {
        let Some(table) = section.table.take_if(|table| telling.contains(table.name)) else { continue };
        section.chart = None;
        section.words.clear();
        section.notes = vec![format!(
            "Left out. A few figures of this table have moved since the report of release {before}, and the others stand still: the two \
             together would tell of the few who came, went or were corrected."
        )];
        report.left_out.push(format!("{}: told already in the report of release {before}.", table.title));
    }
    report.short = vec![
        "What it comes to is not said in short, for tables that were told in a report before are left out."
            .to_owned(),
    ];
}

#[cfg(test)]
mod tests {
    use super::super::{About, Column, Row, Section, Table, Time, Unit};
    use super::*;
    use crate::disclosure::{Figure, Symbol};

    fn report(name: &'static str, figures: &[[Figure; 2]]) -> Report {
        let about = About {
            release: "r2".to_owned(),
            as_of: "2026-03-31".to_owned(),
            authority: "998".to_owned(),
            synthetic: true,
            population: "everybody".to_owned(),
            policy: "published",
            policy_in_words: String::new(),
            threshold: 10,
            rounded_to: 5,
        };
        let rows = figures.iter().enumerate().map(|(at, figures)| Row {
            key: at.to_string(),
            label: format!("place {at}"),
            time: Time::year(2026),
            is_total: false,
            said: Vec::new(),
            figures: figures.to_vec(),
        });
        let column = |name| Column { name, heading: name, unit: Unit::Count };
        let table = Table {
            name: "by_place",
            title: "By place".to_owned(),
            population: "everybody".to_owned(),
            rows_are: ("place", "place"),
            said: &[],
            columns: vec![column("members"), column("neet")],
            rows: rows.collect(),
        };
        let section = Section {
            title: "Places".to_owned(),
            words: vec!["Of 40 people.".to_owned()],
            table: Some(table),
            notes: Vec::new(),
            chart: None,
        };
        Report {
            name,
            title: "t".to_owned(),
            about,
            short: vec!["40 people".to_owned()],
            sections: vec![section],
            left_out: Vec::new(),
        }
    }

    fn gone_out(report: &Report) -> (tempfile::TempDir, Result<Before, ReportFault>) {
        let folder = tempfile::tempdir().unwrap();
        for file in tidy::files(report).unwrap() {
            fs::write(folder.path().join(file.name), file.text).unwrap();
        }
        let before = Before::open(folder.path(), "neet");
        (folder, before)
    }

    const COUNTS: [[Figure; 2]; 3] = [
        [Figure::Count(40), Figure::Count(10)],
        [Figure::Count(60), Figure::Symbol(Symbol::Confidential)],
        [Figure::Count(80), Figure::Symbol(Symbol::Confidential)],
    ];

    #[test]
    fn what_moved_alone_is_left_out_with_all_that_is_said_of_it() {
        let (_folder, before) = gone_out(&report("neet", &COUNTS));
        let before = before.unwrap();
        let mut same = report("neet", &COUNTS);
        assert_eq!(lay(&mut same, &before).unwrap(), [Laid { table: "by_place", moved: 0, stood: 4 }]);
        assert_eq!((same.tables().count(), same.short.len(), same.left_out.len()), (1, 1, 0));

        let mut counts = COUNTS;
        counts[1][1] = Figure::Count(10);
        let mut moved = report("neet", &counts);
        assert_eq!(lay(&mut moved, &before).unwrap(), [Laid { table: "by_place", moved: 1, stood: 4 }]);
        assert_eq!(moved.tables().count(), 0);
        assert!(moved.left_out[0].contains("By place"), "{:?}", moved.left_out);
        let said = serde_json::to_string(&moved).unwrap();
        assert!(!said.contains("40 people"), "{said}");
        assert!(said.contains("Left out."), "{said}");

        // Another year: nearly everything moved, and nobody stands out.
        let most = COUNTS.map(|row| {
            row.map(|figure| if figure == Figure::Count(80) { figure } else { Figure::Count(25) })
        });
        let mut other = report("neet", &most);
        assert_eq!(lay(&mut other, &before).unwrap(), [Laid { table: "by_place", moved: 5, stood: 1 }]);
        assert_eq!(other.tables().count(), 1);
    }

    #[test]
    fn another_report_or_policy_or_none_is_no_report_before() {
        let (_folder, other) = gone_out(&report("ap", &COUNTS));
        assert!(other.unwrap_err().to_string().contains("another kind of report"));
        let empty = tempfile::tempdir().unwrap();
        assert!(
            Before::open(empty.path(), "neet").unwrap_err().to_string().contains("no report in the folder")
        );
        let mut inside = report("neet", &COUNTS);
        inside.about.policy = "inside_controller";
        let (folder, before) = gone_out(&inside);
        let fault = lay(&mut report("neet", &COUNTS), &before.unwrap()).unwrap_err();
        assert!(fault.to_string().contains("another policy"), "{fault}");
        fs::remove_file(folder.path().join("by_place.csv")).unwrap();
        assert!(Before::open(folder.path(), "neet").unwrap_err().to_string().contains("missing or broken"));
    }
}
