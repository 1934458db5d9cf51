//! What columns and codes mean, in the languages of R, Stata and SPSS: run after the CSV is read.
use super::{
    cell::Kind,
    plan::{FramePlan, Variable},
};
use std::fmt::Write as _;

/// Files of labels: name and text.
pub fn labels<'a>(frames: impl Iterator<Item = &'a FramePlan>) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for frame in frames {
        files.push((format!("{}.R", frame.name), r(frame)));
        files.push((format!("{}.do", frame.name), stata(frame)));
        files.push((format!("{}.sps", frame.name), spss(frame)));
    }
    files
}

/// Codes and labels of a variable, words without a list as themselves.
fn values(variable: &Variable) -> Vec<(String, String)> {
    if variable.kind != Kind::Text || variable.coarsen.is_some() {
        return Vec::new();
    }
    let label = |word: &String| {
        let named = variable.list.as_ref().and_then(|list| list.label(word));
        named.map_or_else(|| word.replace('_', " "), str::to_owned)
    };
    variable.words.iter().map(|word| (word.clone(), label(word))).collect()
}

/// A text within double quotes: no quotes of its own, one line, no longer than the programs take.
fn plain(text: &str, longest: usize) -> String {
    let text: String =
        text.chars().map(|c| if matches!(c, '"' | '\\' | '\n' | '`' | '$') { '\'' } else { c }).collect();
    text.chars().take(longest).collect()
}

fn r(frame: &FramePlan) -> String {
    let name = &frame.name;
    let mut out = format!(
        "# {}\n{name} <- read.csv(\"csv/{name}.csv\", stringsAsFactors = FALSE, na.strings = \"\")\n",
        plain(&frame.title, 200)
    );
    for variable in &frame.variables {
        let column = format!("{name}${}", variable.name);
        match variable.kind {
            Kind::Day => {
                let _ = writeln!(out, "{column} <- as.Date({column})");
            }
            Kind::Flag => {
                let _ = writeln!(out, "{column} <- as.logical({column})");
            }
            _ => {}
        }
        let values = values(variable);
        if !values.is_empty() {
            let list = |pick: fn(&(String, String)) -> &String| {
                let texts: Vec<String> =
                    values.iter().map(|one| format!("\"{}\"", plain(pick(one), 120))).collect();
                texts.join(", ")
            };
            let (levels, labels) = (list(|one| &one.0), list(|one| &one.1));
            let _ = writeln!(
                out,
                "{column} <- factor({column}, levels = c({levels}), labels = make.unique(c({labels})))"
            );
        }
        let _ = writeln!(out, "attr({column}, \"label\") <- \"{}\"", plain(&variable.description, 200));
    }
    out
}

fn stata(frame: &FramePlan) -> String {
    let name = &frame.name;
    let mut out = format!(
        "* {}\nimport delimited using \"csv/{name}.csv\", varnames(1) case(preserve) stringcols(_all) clear\n",
        plain(&frame.title, 200)
    );
    for variable in &frame.variables {
        let column = &variable.name;
        match variable.kind {
            Kind::Whole | Kind::Decimal(..) => {
                let _ = writeln!(out, "destring {column}, replace");
            }
            Kind::Flag => {
                let _ = writeln!(
                    out,
                    "replace {column} = \"1\" if {column} == \"true\"\nreplace {column} = \"0\" if {column} == \
                         \"false\"\ndestring {column}, replace"
                );
            }
            Kind::Day => {
                let _ = writeln!(
                    out,
                    "generate double {column}_d = date({column}, \"YMD\")\nformat {column}_d %td\ndrop \
                         {column}\nrename {column}_d {column}"
                );
            }
            Kind::Text => {
                let values = values(variable);
                if !values.is_empty() {
                    let short = plain(column, 28);
                    let _ = writeln!(out, "generate int {short}_n = .");
                    for (at, (code, label)) in values.iter().enumerate() {
                        let _ = writeln!(
                            out,
                            "replace {short}_n = {} if {column} == \"{}\"",
                            at + 1,
                            plain(code, 120)
                        );
                        let _ =
                            writeln!(out, "label define {short}_n {} \"{}\", add", at + 1, plain(label, 120));
                    }
                    let _ = writeln!(out, "label values {short}_n {short}_n");
                }
            }
        }
        let _ = writeln!(out, "label variable {column} \"{}\"", plain(&variable.description, 80));
    }
    out
}

fn spss(frame: &FramePlan) -> String {
    let name = &frame.name;
    let mut out = format!(
        "* {}.\nGET DATA /TYPE=TXT /FILE=\"csv/{name}.csv\" /DELIMITERS=\",\" /QUALIFIER='\"' /FIRSTCASE=2\n \
             /VARIABLES=learner_id A40",
        plain(&frame.title, 200)
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
    for variable in &frame.variables {
        let _ = writeln!(out, "VARIABLE LABELS {} \"{}\".", variable.name, plain(&variable.description, 120));
        let values = values(variable);
        if !values.is_empty() {
            let _ = write!(out, "VALUE LABELS {}", variable.name);
            for (code, label) in values {
                let _ = write!(out, "\n  \"{}\" \"{}\"", plain(&code, 60), plain(&label, 120));
            }
            out.push_str(".\n");
        }
    }
    out
}
