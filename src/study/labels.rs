//! What columns and codes mean, in the languages of R, Stata and SPSS: each file reads the CSV, leaves out the learners who are
//! not there, and labels what is left. To be run in the folder of the extract.
use super::{
    cell::Kind,
    plan::{FramePlan, Variable},
};
use std::fmt::Write as _;

/// Files of labels, for each table and language: name and text. `canaries` are left out by them.
pub fn labels<'a>(frames: impl Iterator<Item = &'a FramePlan>, canaries: &[String]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for frame in frames {
        files.push((format!("{}.R", frame.name), r(frame)));
        files.push((format!("{}.do", frame.name), stata(frame, canaries)));
        files.push((format!("{}.sps", frame.name), spss(frame, canaries)));
    }
    files
}

/// Codes and labels of a variable, words without a list as themselves.
fn values(variable: &Variable) -> Vec<(&String, String)> {
    if variable.kind != Kind::Text || variable.coarsen.is_some() {
        return Vec::new();
    }
    variable.words.iter().map(|word| (word, variable.label(word))).collect()
}

/// A text within double quotes: no quotes of its own, one line, no longer than the programs take.
fn plain(text: &str, longest: usize) -> String {
    let text: String =
        text.chars().map(|c| if matches!(c, '"' | '\\' | '\n' | '`' | '$') { '\'' } else { c }).collect();
    text.chars().take(longest).collect()
}

/// The same texts in quotes, with commas.
fn quoted<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    texts.map(|text| format!("\"{}\"", plain(text, 120))).collect::<Vec<_>>().join(", ")
}

/// Every column is read as text: R would take a code 01 for the number 1, and F for false.
fn r(frame: &FramePlan) -> String {
    let name = &frame.name;
    let mut out = format!(
        "# {}\n{name} <- read.csv(\"csv/{name}.csv\", colClasses = \"character\", na.strings = \"\", encoding = \
         \"UTF-8\")\n{name} <- {name}[!({name}$learner_id %in% readLines(\"canaries.txt\")), , drop = FALSE]\n",
        plain(&frame.title, 200)
    );
    for variable in &frame.variables {
        let column = format!("{name}${}", variable.name);
        let values = values(variable);
        let read = match variable.kind {
            Kind::Whole | Kind::Decimal(..) => format!("as.numeric({column})"),
            Kind::Day => format!("as.Date({column})"),
            Kind::Flag => format!("as.logical({column})"),
            Kind::Text if values.is_empty() => column.clone(),
            Kind::Text => {
                let codes = quoted(values.iter().map(|(code, _)| *code));
                let labels = quoted(values.iter().map(|(_, label)| label));
                format!("factor({column}, levels = c({codes}), labels = make.unique(c({labels})))")
            }
        };
        if read != column {
            let _ = writeln!(out, "{column} <- {read}");
        }
        let _ = writeln!(out, "attr({column}, \"label\") <- \"{}\"", plain(&variable.description, 200));
    }
    out
}

/// A column of codes becomes a labelled number; the codes stay beside it, as `..._code`.
fn stata(frame: &FramePlan, canaries: &[String]) -> String {
    let name = &frame.name;
    let mut out = format!(
        "* {}\nimport delimited using \"csv/{name}.csv\", varnames(1) case(preserve) stringcols(_all) \
         encoding(\"UTF-8\") clear\n",
        plain(&frame.title, 200)
    );
    for canary in canaries {
        let _ = writeln!(out, "drop if learner_id == \"{}\"", plain(canary, 40));
    }
    for variable in &frame.variables {
        let column = &variable.name;
        let values = values(variable);
        let _ = match variable.kind {
            Kind::Whole | Kind::Decimal(..) => writeln!(out, "destring {column}, replace"),
            Kind::Flag => writeln!(
                out,
                "replace {column} = \"1\" if {column} == \"true\"\nreplace {column} = \"0\" if {column} == \
                 \"false\"\ndestring {column}, replace"
            ),
            Kind::Day => writeln!(
                out,
                "rename {column} as_told\ngenerate double {column} = date(as_told, \"YMD\")\nformat {column} \
                 %td\ndrop as_told"
            ),
            Kind::Text if values.is_empty() => Ok(()),
            Kind::Text => {
                writeln!(out, "rename {column} {}\ngenerate int {column} = .", code_of(column))
            }
        };
        for (at, (code, label)) in values.iter().enumerate() {
            let (number, codes) = (at + 1, code_of(column));
            let _ = writeln!(
                out,
                "replace {column} = {number} if {codes} == \"{}\"\nlabel define {column} {number} \"{}\", add",
                plain(code, 120),
                plain(label, 120)
            );
        }
        if !values.is_empty() {
            let _ = writeln!(out, "label values {column} {column}");
        }
        let _ = writeln!(out, "label variable {column} \"{}\"", plain(&variable.description, 80));
    }
    out
}

/// Where Stata keeps the codes: a name has 32 letters at most.
fn code_of(column: &str) -> String {
    format!("{}_code", plain(column, 27))
}

fn spss(frame: &FramePlan, canaries: &[String]) -> String {
    let name = &frame.name;
    let mut out = format!(
        "* {}.\nSET DECIMAL=DOT.\nGET DATA /TYPE=TXT /FILE=\"csv/{name}.csv\" /ENCODING=\"UTF8\"\n  \
         /ARRANGEMENT=DELIMITED /DELIMITERS=\",\" /QUALIFIER='\"' /FIRSTCASE=2\n  /VARIABLES=\n  learner_id A40",
        plain(&frame.title, 200).trim_end_matches('.')
    );
    for variable in &frame.variables {
        let format = match variable.kind {
            Kind::Text => "A64",
            Kind::Whole => "F12.0",
            Kind::Decimal(..) => "F16.4",
            Kind::Day => "SDATE10",
            Kind::Flag => "A5",
        };
        let _ = write!(out, "\n  {} {format}", variable.name);
    }
    out.push_str(".\n");
    for canary in canaries {
        let _ = writeln!(out, "SELECT IF learner_id NE \"{}\".", plain(canary, 40));
    }
    for variable in &frame.variables {
        let _ = writeln!(out, "VARIABLE LABELS {} \"{}\".", variable.name, plain(&variable.description, 120));
        let values = values(variable);
        if !values.is_empty() {
            let _ = write!(out, "VALUE LABELS {}", variable.name);
            for (code, label) in values {
                let _ = write!(out, "\n  \"{}\" \"{}\"", plain(code, 60), plain(&label, 120));
            }
            out.push_str(".\n");
        }
    }
    out
}
