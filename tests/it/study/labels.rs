//! The label files of an extract, read back: by R and by PSPP (which reads SPSS's language) where they are installed, and the
//! Stata file by a reader of the few commands that it may use. All three have to come to what the codebook says.
use super::{ALIKE, done, rows, study};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};
use throughline::{
    definitions::Definitions,
    pipeline,
    study::{Classes, Kind, Part, Tier},
};

/// A table as the programs have it: each column by name, its cells as told (labels for codes), empty where not known.
type Told = BTreeMap<String, Vec<String>>;

const SPELLS: &str = "name = \"spell\"\ncolumns = [\"spell_no\", \"starts_on\", \"ends_on\", \"kind\", \"is_open\", \"establishment_id\"]\ncoarsen = { ends_on = \"year\" }\n\n[[tables]]\nname = \"cohort_outcome\"\ncolumns = [\"visible\", \"state\", \"n_gcse\", \"highest_level\"]";

/// An invented extract with columns of every kind.
fn extract(home: &Path) -> std::path::PathBuf {
    let members = (ALIKE[1].0, "columns = [\"ks2_band\", \"dis_y6\", \"ks2_score\"]");
    let tables = ("name = \"cohort_outcome\"\ncolumns = [\"state\", \"visible\", \"ever_ap\"]", SPELLS);
    let folder = study(home, "labelled", &[ALIKE[0], members, tables]);
    done(home, &["study", "dummy", "labelled", "--learners", "300", "--seed", "4"]);
    folder.join("dummy")
}

/// What the CSV and the codebook say together.
fn expected(folder: &Path, table: &Value) -> Told {
    let file = folder.join(format!("csv/{}.csv", table["name"].as_str().unwrap()));
    let rows = rows(&file);
    let column = |(at, column): (usize, &Value)| {
        let told = |row: &Vec<String>| match column["values"].get(&row[at]) {
            Some(label) if column["told"] == "as it is" => label.as_str().unwrap().to_owned(),
            _ => number(&row[at]),
        };
        (column["name"].as_str().unwrap().to_owned(), rows.iter().map(told).collect())
    };
    table["columns"].as_array().unwrap().iter().enumerate().map(column).collect()
}

/// Numbers alike, however many noughts follow them.
fn number(text: &str) -> String {
    text.parse::<f64>().map_or_else(|_| text.trim().to_owned(), |number| number.to_string())
}

fn of_csv(text: &[u8], cell: fn(&str) -> String) -> Told {
    let mut reader = csv::Reader::from_reader(text);
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut told: Told = names.iter().map(|name| (name.clone(), Vec::new())).collect();
    for row in reader.records() {
        for (name, text) in names.iter().zip(row.unwrap().iter()) {
            told.get_mut(name).unwrap().push(cell(text));
        }
    }
    told
}

#[test]
fn labels_read_back_are_those_of_the_codebook() {
    let home = tempfile::tempdir().unwrap();
    let folder = extract(home.path());
    let book: Value = serde_json::from_slice(&fs::read(folder.join("codebook.json")).unwrap()).unwrap();
    let mut labelled = 0;
    for table in book["tables"].as_array().unwrap() {
        let name = table["name"].as_str().unwrap();
        let expected = expected(&folder, table);
        let mut by_stata = stata(&folder, name);
        let codes: BTreeSet<String> =
            by_stata.keys().filter(|column| column.ends_with("_code")).cloned().collect();
        by_stata.retain(|column, _| !codes.contains(column));
        labelled += codes.len();
        assert_eq!(by_stata, expected, "{name} by Stata");
        match r(&folder, name) {
            Some(by_r) => assert_eq!(by_r, expected, "{name} by R"),
            None => println!("skipped: there is no Rscript, so that labels/{name}.R is not read back"),
        }
        match spss(&folder, name) {
            Some(by_spss) => assert_eq!(by_spss, expected, "{name} by PSPP"),
            None => println!("skipped: there is no pspp, so that labels/{name}.sps is not read back"),
        }
    }
    assert!(labelled >= 3, "{labelled} columns have labels");
}

/// Whether a program is there; `THROUGHLINE_QUICKSTARTS` says that it has to be.
fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    assert!(there || std::env::var_os("THROUGHLINE_QUICKSTARTS").is_none(), "{program} is not installed");
    there
}

/// Warnings are errors; every column has its label.
fn r(folder: &Path, name: &str) -> Option<Told> {
    let then = format!(
        "options(warn = 2)\nsource(\"labels/{name}.R\")\nfor (column in names({name})) {{\n  values <- {name}[[column]]\n  \
         stopifnot(column == \"learner_id\" || nchar(attr(values, \"label\")) > 0)\n  told <- if (is.numeric(values)) \
         format(values, scientific = FALSE, trim = TRUE, digits = 15) else as.character(values)\n  \
         {name}[[column]] <- ifelse(is.na(values), NA, told)\n}}\nwrite.csv({name}, stdout(), row.names = FALSE, na = \"\")\n"
    );
    if !is_there("Rscript") {
        return None;
    }
    let ran = Command::new("Rscript").args(["-e", &then]).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(of_csv(&ran.stdout, |cell| match cell {
        "TRUE" => "true".to_owned(),
        "FALSE" => "false".to_owned(),
        other => number(other),
    }))
}

fn spss(folder: &Path, name: &str) -> Option<Told> {
    if !is_there("pspp") {
        return None;
    }
    let out = tempfile::tempdir().unwrap();
    let (script, read) = (out.path().join("read.sps"), out.path().join("read.csv"));
    let labels = fs::read_to_string(folder.join(format!("labels/{name}.sps"))).unwrap();
    let save = format!(
        "SAVE TRANSLATE /OUTFILE=\"{}\" /TYPE=CSV /CELLS=LABELS /FIELDNAMES /REPLACE.\n",
        read.display()
    );
    fs::write(&script, labels + &save).unwrap();
    let ran = Command::new("pspp").arg(&script).current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && !said.contains("error") && !said.contains("warning"), "{said}");
    // It writes days as 03/31/2026.
    Some(of_csv(&fs::read(&read).unwrap(), |cell| match cell.split('/').collect::<Vec<_>>()[..] {
        [month, day, year] if year.len() == 4 => format!("{year}-{month}-{day}"),
        _ => number(cell),
    }))
}

/// What Stata makes of a file, as far as it keeps to these commands; anything else ends the test.
fn stata(folder: &Path, name: &str) -> Told {
    let text = fs::read_to_string(folder.join(format!("labels/{name}.do"))).unwrap();
    let mut at = Stata::default();
    for line in text.lines().filter(|line| !line.starts_with("* ")) {
        let tokens = tokens(line);
        at.run(folder, &tokens.iter().map(String::as_str).collect::<Vec<_>>());
    }
    at.told()
}

#[derive(Default)]
struct Stata {
    columns: BTreeMap<String, Vec<String>>,
    numeric: BTreeSet<String>,
    days: BTreeSet<String>,
    labels: BTreeMap<String, BTreeMap<String, String>>,
    labelled: BTreeMap<String, String>,
    described: BTreeSet<String>,
    flags: BTreeSet<String>,
}

/// Words of a line; what stands in double quotes is one, with a quote before it, and commas stand alone.
fn tokens(line: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        if at % 2 == 1 {
            tokens.push(format!("\"{part}"));
        } else {
            let spaced = part.replace(',', " , ").replace('(', " ( ").replace(')', " ) ");
            tokens.extend(spaced.split_whitespace().map(str::to_owned));
        }
    }
    assert!(tokens.iter().all(|token| !token.contains(['`', '$'])), "{line}: Stata reads macros in it");
    tokens
}

impl Stata {
    fn run(&mut self, folder: &Path, tokens: &[&str]) {
        let text = |token: &str| token.strip_prefix('"').expect("a text").to_owned();
        match tokens {
            [
                "import",
                "delimited",
                "using",
                file,
                ",",
                "varnames",
                "(",
                "1",
                ")",
                "case",
                "(",
                "preserve",
                ")",
                "stringcols",
                "(",
                "_all",
                ")",
                "encoding",
                "(",
                "\"UTF-8",
                ")",
                "clear",
            ] => {
                self.columns = of_csv(&fs::read(folder.join(text(file))).unwrap(), str::to_owned);
            }
            ["drop", "if", column, "==", value] => {
                let keep: Vec<bool> = self.texts(column).iter().map(|cell| *cell != text(value)).collect();
                for cells in self.columns.values_mut() {
                    let mut keep = keep.iter();
                    cells.retain(|_| *keep.next().unwrap());
                }
            }
            ["drop", column] => drop(self.columns.remove(*column).expect("a column")),
            ["rename", from, to] => {
                assert!(to.len() <= 32, "{to} is too long a name");
                let cells = self.columns.remove(*from).expect("a column");
                assert!(self.columns.insert((*to).to_owned(), cells).is_none(), "{to} is there");
            }
            ["destring", column, ",", "replace"] => {
                let cells = self.texts(column);
                assert!(cells.iter().all(|cell| cell.is_empty() || cell.parse::<f64>().is_ok()), "{column}");
                self.numeric.insert((*column).to_owned());
            }
            ["generate", "int", column, "=", "."] => {
                let rows = self.columns.values().next().unwrap().len();
                self.fresh(column, vec![String::new(); rows]);
            }
            ["generate", "double", column, "=", "date", "(", from, ",", "\"YMD", ")"] => {
                let day = |cell: &String| {
                    cell.is_empty() || chrono::NaiveDate::parse_from_str(cell, "%Y-%m-%d").is_ok()
                };
                let cells = self.texts(from).clone();
                assert!(cells.iter().all(day), "{from} has a cell that is no day");
                self.fresh(column, cells);
            }
            ["format", column, "%td"] => drop(self.days.insert((*column).to_owned())),
            ["replace", column, "=", value, "if", other, "==", is] => {
                let is = text(is);
                let hits: Vec<bool> = self.texts(other).iter().map(|cell| *cell == is).collect();
                let is_text = value.starts_with('"');
                assert_eq!(is_text, !self.numeric.contains(*column), "{column}: type mismatch");
                if is_text {
                    self.flags.insert((*column).to_owned());
                }
                let cells = self.columns.get_mut(*column).expect("a column");
                let cells = cells.iter_mut().zip(hits).filter(|(_, hit)| *hit);
                cells.for_each(|(cell, _)| *cell = value.trim_start_matches('"').to_owned());
            }
            ["label", "define", name, number, label, ",", "add"] => {
                let of = self.labels.entry((*name).to_owned()).or_default();
                assert!(of.insert((*number).to_owned(), text(label)).is_none(), "{name} {number} twice");
            }
            ["label", "values", column, name] => {
                assert!(self.numeric.contains(*column) && self.labels.contains_key(*name), "{column}");
                self.labelled.insert((*column).to_owned(), (*name).to_owned());
            }
            ["label", "variable", column, label] => {
                assert!(text(label).chars().count() <= 80 && !text(label).is_empty(), "{label}");
                assert!(self.columns.contains_key(*column), "{column}");
                self.described.insert((*column).to_owned());
            }
            other => panic!("no command of this reader: {other:?}"),
        }
    }

    fn texts(&self, column: &str) -> &Vec<String> {
        assert!(!self.numeric.contains(column), "{column} is no text: type mismatch");
        &self.columns[column]
    }

    fn fresh(&mut self, column: &str, cells: Vec<String>) {
        assert!(self.columns.insert(column.to_owned(), cells).is_none(), "{column} is there");
        self.numeric.insert(column.to_owned());
    }

    /// As somebody sees it who looks at the table.
    fn told(self) -> Told {
        let told = |name: &String, cell: &String| match self.labelled.get(name) {
            Some(labels) if !cell.is_empty() => self.labels[labels][cell].clone(),
            _ if self.flags.contains(name) => match cell.as_str() {
                "1" => "true".to_owned(),
                "0" => "false".to_owned(),
                other => other.to_owned(),
            },
            _ => number(cell),
        };
        let undescribed: Vec<&String> = self
            .columns
            .keys()
            .filter(|name| {
                !self.described.contains(*name) && !name.ends_with("_code") && *name != "learner_id"
            })
            .collect();
        assert!(undescribed.is_empty(), "{undescribed:?} have no label");
        let column = |(name, cells): (&String, &Vec<String>)| {
            (name.clone(), cells.iter().map(|cell| told(name, cell)).collect())
        };
        self.columns.iter().map(column).collect()
    }
}

/// Learners who are not there are left out by each of the three.
#[test]
fn labels_leave_out_learners_who_are_not_there() {
    let home = tempfile::tempdir().unwrap();
    let site = super::own_site();
    let folder = study(site.path(), "planted", &ALIKE);
    for step in [&["study", "request"][..], &["study", "approve"]] {
        done(site.path(), &[step, &[folder.to_str().unwrap()]].concat());
    }
    let out = home.path().join("out");
    done(site.path(), &["study", "release", folder.to_str().unwrap(), "--to", out.to_str().unwrap()]);
    let canaries = fs::read_to_string(out.join("canaries.txt")).unwrap();
    let canaries: BTreeSet<&str> = canaries.lines().collect();
    assert!(canaries.len() >= 3);
    let left = |told: Option<Told>| {
        let Some(told) = told else { return };
        let learners = &told["learner_id"];
        assert!(learners.len() > 200 && learners.iter().all(|learner| !canaries.contains(learner.as_str())));
        let all = rows(&out.join("csv/cohort_member.csv")).len();
        assert_eq!(learners.len(), all - canaries.len());
    };
    left(Some(stata(&out, "cohort_member")));
    left(r(&out, "cohort_member"));
    left(spss(&out, "cohort_member"));
    // And the quick start in R runs, and counts as many.
    if is_there("Rscript") {
        let ran = Command::new("Rscript").arg("quickstart.R").current_dir(&out).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let n = rows(&out.join("csv/cohort_member.csv")).len() - canaries.len();
        assert!(said.contains(&format!("cohort_member: {n} rows, {n} learners")), "{said}");
    } else {
        println!("skipped: there is no Rscript, so that quickstart.R is not run");
    }
}

/// Columns of words that no list can hold, and why.
const FREE: [(&str, &str); 7] = [
    ("home_la", NUMBER),
    ("educating_la", NUMBER),
    ("la_code", NUMBER),
    ("from_la", NUMBER),
    ("to_la", NUMBER),
    ("ward", "the code of an area"),
    ("pathway", "words of a list one after the other"),
];
const NUMBER: &str = "the number of an authority";

#[test]
fn whatever_words_a_study_can_get_are_on_a_list() {
    let definitions = Definitions::load(None).unwrap();
    let classes = Classes::read(definitions.files.text("schemas/research.csv").unwrap()).unwrap();
    let shape = pipeline::own_shape().unwrap();
    let (mut told, mut wrong) = (0, Vec::new());
    for (name, table) in &shape.tables {
        let is_of_learners = table.columns.iter().any(|column| column.name == "learner_id");
        if !is_of_learners || !table.purposes.iter().any(|purpose| purpose == "research") {
            continue;
        }
        let words = table.columns.iter().filter(|column| column.sql_type == "VARCHAR");
        for column in words.filter(|column| column.name != "learner_id") {
            let class = classes.of(name, &column.name, Kind::Text);
            if class.part == Part::Place || class.tier == Tier::Never {
                continue;
            }
            let is_free = FREE.iter().any(|(free, _)| *free == column.name);
            let is_listed = !definitions.meanings(name, &column.name).is_empty();
            told += 1;
            if is_free == is_listed {
                let what = if is_free { "is listed and free" } else { "has no list, and no reason why" };
                wrong.push(format!("{name}.{}: {what}", column.name));
            }
        }
    }
    assert!(told > 100, "{told}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    // A state is told as the reports tell it.
    assert_eq!(
        definitions.meanings("cohort_outcome", "state")["post16_seen"],
        "lost until sixteen, seen again after"
    );
}
