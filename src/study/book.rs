//! The codebook of an extract, for people and for programs. Its counts have passed the gate: a codebook travels further than
//! rows do.
use super::{
    cell::{Cell, Kind},
    classes::Part,
    cut::{Data, Frame},
    linkage::Linkage,
    plan::{FramePlan, Plan, Variable},
    risk::Risk,
};
use crate::disclosure::{self, Figure, Policy, StateCount, Waterfall};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// So many values of a column are counted at most.
const MOST_VALUES: usize = 40;

const STYLE: &str = include_str!("../report/page.css");
/// Cells here are words, not figures.
const WORDS: &str = "th, td { text-align: left; white-space: normal; vertical-align: top; }\n";

/// Who approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// The user of the operating system.
    pub who: String,
    /// When, UTC.
    pub at: String,
}

/// What an extract says of itself: its manifest.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// The study's name.
    pub study: String,
    /// The study's question.
    pub question: String,
    /// What its values are known by.
    pub tag: String,
    /// What it is: pseudonymised personal data, or invented.
    pub status: &'static str,
    /// The release; empty of dummy data.
    pub release: String,
    /// The day that the release looks back from.
    pub as_of: String,
    /// The digest of the definition and its SQL.
    pub definition: String,
    /// What was approved: the digest of everything that the extract depends on; empty of dummy data.
    pub binds: String,
    /// Who approved it.
    pub approvals: Vec<Approval>,
    /// What there is to say of the approvals; empty where two people approved it.
    pub approvals_in_words: String,
    /// The day of the cut.
    pub cut_on: String,
    /// The last day on which anybody may have it.
    pub expires: String,
    /// How to cite it.
    pub citation: String,
    /// Lawful bases.
    pub lawful: Vec<String>,
    /// Learners who are not there.
    pub canaries: Vec<String>,
    /// How alike learners are; none of dummy data.
    pub risk: Option<Risk>,
    /// What somebody with another extract can do.
    pub linkage: Vec<Linkage>,
    /// SHA-256 of each file, by path.
    pub files: BTreeMap<String, String>,
}

/// The codebook: as data and as a page.
pub fn codebook(plan: &Plan, data: &Data, about: &About, policy: &Policy) -> (Value, String) {
    let canaries: BTreeSet<&String> = about.canaries.iter().collect();
    let frames: Vec<Value> =
        data.frames.iter().map(|frame| described(frame, data, &canaries, policy)).collect();
    let book = json!({
        "study": about.study, "question": about.question, "status": about.status, "release": about.release,
        "as_of": about.as_of, "citation": about.citation, "expires": about.expires, "policy": policy.name(),
        "policy_in_words": policy.in_words(), "cohort": plan.cohort, "tables": frames,
    });
    let page = page(&book, data, about, policy);
    (book, page)
}

fn described(frame: &Frame, data: &Data, canaries: &BTreeSet<&String>, policy: &Policy) -> Value {
    let columns = frame.plan.variables.iter().enumerate().map(|(at, variable)| {
        let counts = counts(frame, data, at, canaries, policy);
        json!({
            "name": variable.name, "type": variable.kind.word(), "description": variable.description,
            "identifying": variable.part != Part::Ordinary, "tier": variable.tier,
            "told": told(variable), "values": labelled(variable), "learners_by_value": counts,
        })
    });
    let learner = json!({ "name": "learner_id", "type": "text", "tier": "ordinary", "identifying": true,
        "description": "The learner as this study knows them; in no other study", "told": "a pseudonym of this study" });
    json!({
        "name": frame.plan.name, "title": frame.plan.title, "grain": frame.plan.grain,
        "columns": std::iter::once(learner).chain(columns).collect::<Vec<_>>(),
    })
}

fn told(variable: &Variable) -> String {
    match (&variable.coarsen, variable.part) {
        (_, Part::Place) => "a pseudonym of this study".to_owned(),
        (Some(how), _) => format!("less exactly: {how}"),
        (None, _) => "as it is".to_owned(),
    }
}

fn labelled(variable: &Variable) -> Value {
    let label = |word: &String| (word.clone(), Value::from(variable.label(word)));
    Value::Object(variable.words.iter().map(label).collect())
}

/// Learners by value, where each has one and the values are known beforehand: a list that grew from the rows would tell that
/// somebody has a rare one.
fn counts(
    frame: &Frame,
    data: &Data,
    at: usize,
    canaries: &BTreeSet<&String>,
    policy: &Policy,
) -> Option<Value> {
    let variable = &frame.plan.variables[at];
    let values: Vec<Cell> = match variable.kind {
        Kind::Flag => vec![Cell::Flag(true), Cell::Flag(false)],
        Kind::Text if variable.coarsen.is_none() && variable.part != Part::Place => {
            variable.words.iter().map(|word| Cell::text(word)).collect()
        }
        _ => Vec::new(),
    };
    if !frame.plan.is_of_learners() || values.is_empty() || values.len() > MOST_VALUES {
        return None;
    }
    let mut counts: BTreeMap<&Cell, u64> = values.iter().map(|value| (value, 0)).collect();
    let (mut empty, mut other) = (0, 0);
    for (learner, cells) in &frame.rows {
        if canaries.contains(&data.learners[*learner as usize]) {
            continue;
        }
        match (&cells[at], counts.get_mut(&cells[at])) {
            (Cell::Empty, _) => empty += 1,
            (_, Some(count)) => *count += 1,
            (_, None) => other += 1,
        }
    }
    let state = |state: String, count| StateCount { state, count, structural_zero: false };
    let mut states: Vec<StateCount> =
        values.iter().map(|value| state(value.written(variable.kind), counts[value])).collect();
    states.push(state("not known".to_owned(), empty));
    states.push(state("another word".to_owned(), other));
    let waterfall =
        Waterfall { title: variable.name.clone(), population: "the study's learners".to_owned(), states };
    let disclosed = disclosure::disclose_waterfall(&waterfall, policy).ok()?;
    let rows = disclosed.as_ref().rows.iter().map(|row| {
        let figure = row.figures.first().map_or_else(|| Value::from("x"), figure);
        (row.keys.join(" "), figure)
    });
    Some(Value::Object(rows.collect()))
}

fn figure(figure: &Figure) -> Value {
    match figure {
        Figure::Count(count) => Value::from(*count),
        other => Value::from(other.to_string()),
    }
}

fn page(book: &Value, data: &Data, about: &About, policy: &Policy) -> String {
    let mut body = String::new();
    let tables = book["tables"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (at, (table, frame)) in tables.iter().zip(&data.frames).enumerate() {
        let _ = write!(body, "{}", section(at, table, &frame.plan));
    }
    let risk = about
        .risk
        .as_ref()
        .map_or_else(String::new, |risk| format!("<p>{}</p>\n", escaped(&risk.in_words())));
    let facts: String = [
        ("Study", &about.study),
        ("Question", &about.question),
        ("Release", &about.release),
        ("Data as at", &about.as_of),
        ("May be held until", &about.expires),
    ]
    .iter()
    .filter(|(_, said)| !said.is_empty())
    .map(|(term, said)| format!("<dt>{term}</dt><dd>{}</dd>\n", escaped(said)))
    .collect();
    format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Codebook of the study {study}</title>\n<style>\n{STYLE}{WORDS}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the codebook</a>\n<header>\n<h1>Codebook of the study {study}</h1>\n\
         <p class=\"notice\"><strong>{status}.</strong></p>\n<dl class=\"facts\">\n{facts}</dl>\n</header>\n\
         <main id=\"main\" tabindex=\"-1\">\n<p>An empty cell means <em>not known</em>, never <em>no</em> and never zero. An academic year is \
         named by the year in which it ends. Counts: {policy}</p>\n{risk}{body}</main>\n<footer>\n<p>Cite as: {citation}</p>\n\
         </footer>\n</body>\n</html>\n",
        study = escaped(&about.study),
        status = escaped(about.status),
        policy = escaped(&policy.in_words()),
        citation = escaped(&about.citation),
    )
}

fn section(at: usize, table: &Value, plan: &FramePlan) -> String {
    let text = |value: &Value| escaped(value.as_str().unwrap_or_default());
    let mut rows = String::new();
    for column in table["columns"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let values = column["learners_by_value"].as_object().map_or_else(String::new, |counts| {
            let labels = &column["values"];
            let said = counts.iter().map(|(code, count)| {
                let label = labels[code].as_str().filter(|label| label != code).unwrap_or_default();
                let label = if label.is_empty() { String::new() } else { format!(" ({})", escaped(label)) };
                let count = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
                format!("<code>{}</code>{label}: {}", escaped(code), escaped(&count))
            });
            said.collect::<Vec<_>>().join("; ")
        });
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td><td>{}</td><td>{values}</td></tr>",
            text(&column["name"]),
            text(&column["type"]),
            text(&column["description"]),
            text(&column["told"]),
        );
    }
    format!(
        "<section aria-labelledby=\"s{at}\">\n<h2 id=\"s{at}\"><code>{name}</code></h2>\n<p>{title}. One row for each {grain}.</p>\n\
         <div class=\"wide\" role=\"region\" aria-labelledby=\"c{at}\" tabindex=\"0\">\n<table>\n<caption id=\"c{at}\">Columns of {name}</caption>\n\
         <thead><tr><th scope=\"col\">Column</th><th scope=\"col\">Type</th><th scope=\"col\">Holds</th><th scope=\"col\">Told</th>\
         <th scope=\"col\">Learners by value</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n</section>\n",
        name = escaped(&plan.name),
        title = escaped(&plan.title),
        grain = escaped(&plan.grain.join(", ")),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
