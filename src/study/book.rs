//! The codebook of an extract, for people and for programs. Its counts have passed the gate: a codebook travels further than
//! rows do.
use super::{
    cell::{Cell, Kind},
    classes::Part,
    cut::{Data, Frame},
    plan::{FramePlan, Plan, Variable},
    risk::Risk,
    told,
};
use crate::disclosure::{self, Figure, Policy, StateCount, Symbol, Waterfall};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// So many values of a column are counted at most.
const MOST_VALUES: usize = 40;
/// So many codes of a column are written on the page at most; all stand in the file beside it.
const MOST_CODES: usize = 80;
/// What is said of a value that nobody has, where a nought may not be told as a number.
const NOT_MET: &str = "not met";

/// How a column is told that is told exactly.
const AS_IT_IS: &str = "as it is";
/// Whom everything here counts.
pub(super) const POPULATION: &str = "the study's learners";

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
    /// Whom it is about: the cohort and its conditions.
    pub population: String,
    /// The policy of disclosure control that counts of it, and tables made of it, have passed.
    pub policy: &'static str,
    /// The same in words.
    pub policy_in_words: String,
    /// Counts of learners below this are hidden.
    pub threshold: u64,
    /// Others are rounded to this.
    pub rounded_to: u64,
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
    /// How alike learners are; none of dummy data. What is written of it is `risk_told`.
    #[serde(skip)]
    pub risk: Option<Risk>,
    /// The same, its counts through the gate.
    #[serde(rename = "risk")]
    pub risk_told: Value,
    /// What somebody with another extract can do, its counts through the gate.
    pub linkage: Value,
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
        "policy_in_words": policy.in_words(), "threshold": policy.threshold(), "rounded_to": policy.round_to(),
        "population": about.population, "cohort": plan.cohort, "tables": frames,
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
        (None, _) => AS_IT_IS.to_owned(),
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
    // Of a list that everybody can read, a value that nobody has tells of no single learner while two others have many: it hides
    // nothing beside it. Where all whose value is known have the same, that would tell it of each of them.
    let common = counts.values().filter(|count| **count >= policy.threshold()).count();
    let is_told = policy.hides_zeros() && common > 1;
    let state = |state: String, count| StateCount { state, count, structural_zero: is_told && count == 0 };
    let mut states: Vec<StateCount> =
        values.iter().map(|value| state(value.written(variable.kind), counts[value])).collect();
    states.push(state("not known".to_owned(), empty));
    states.push(state("another word".to_owned(), other));
    let waterfall = Waterfall { title: variable.name.clone(), population: POPULATION.to_owned(), states };
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
        Figure::Symbol(Symbol::NotApplicable) => Value::from(NOT_MET),
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
        .and_then(|risk| told::alike(risk, policy))
        .map_or_else(String::new, |words| format!("<p>{}</p>\n", escaped(&words)));
    let facts: String = [
        ("Study", &about.study),
        ("Question", &about.question),
        ("Release", &about.release),
        ("Data as at", &about.as_of),
        ("Who is in", &about.population),
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
         named by the year in which it ends. Counts: {policy} A value that nobody has: none, or {NOT_MET}.</p>\n{risk}{body}</main>\n<footer>\n<p>Cite as: {citation}</p>\n\
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
        let values = values_of(column);
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
         <th scope=\"col\">Values, and learners where counted</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n</section>\n",
        name = escaped(&plan.name),
        title = escaped(&plan.title),
        grain = escaped(&plan.grain.join(", ")),
    )
}

/// The values of a column, each code with its word, and how many learners have it where they are counted.
fn values_of(column: &Value) -> String {
    let labels = &column["values"];
    let named = |code: &str| {
        let label = labels[code].as_str().filter(|label| *label != code);
        let label = label.map_or_else(String::new, |label| format!(" ({})", escaped(label)));
        format!("<code>{}</code>{label}", escaped(code))
    };
    let codes = labels.as_object().filter(|_| column["told"] == AS_IT_IS);
    let said: Vec<String> = match (column["learners_by_value"].as_object(), codes) {
        (Some(counts), _) => counts
            .iter()
            .map(|(code, count)| {
                let count = match count.as_i64() {
                    Some(0) => "none".to_owned(),
                    _ => count.as_str().map_or_else(|| count.to_string(), str::to_owned),
                };
                format!("{}: {}", named(code), escaped(&count))
            })
            .collect(),
        (None, Some(labels)) if labels.len() > MOST_CODES => {
            vec![format!("{} codes, with their words in <code>codebook.json</code>", labels.len())]
        }
        (None, Some(labels)) => labels.keys().map(|code| named(code)).collect(),
        (None, None) => Vec::new(),
    };
    said.join("; ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::classes::Tier;

    /// As many learners as each value says have it, of a list of values; one row each.
    fn described_by(policy: &Policy, words: &[&str], have: &[(&str, u32)]) -> Value {
        let variable = Variable {
            name: "state".to_owned(),
            kind: Kind::Text,
            description: String::new(),
            part: Part::Ordinary,
            tier: Tier::Ordinary,
            coarsen: None,
            list: None,
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        };
        let cells = have.iter().flat_map(|(word, n)| {
            (0..*n).map(|_| vec![if word.is_empty() { Cell::Empty } else { Cell::text(word) }])
        });
        let rows: Vec<(u32, Vec<Cell>)> = (0..).zip(cells).collect();
        let learners = (0..rows.len()).map(|at| format!("l{at}")).collect();
        let plan = FramePlan {
            name: "t".to_owned(),
            title: String::new(),
            grain: vec!["learner_id".to_owned()],
            variables: vec![variable],
        };
        let data = Data { learners, frames: vec![Frame { plan, rows }] };
        described(&data.frames[0], &data, &BTreeSet::new(), policy)["columns"][1].clone()
    }

    #[test]
    fn a_code_that_nobody_has_hides_nobody_who_has_another() {
        let words = ["cme", "high", "other"];
        let column = described_by(&Policy::published(), &words, &[("high", 743), ("other", 2713)]);
        let told = &column["learners_by_value"];
        assert_eq!((&told["high"], &told["other"]), (&json!(745), &json!(2715)), "{told}");
        for nobody in ["cme", "not known", "another word"] {
            assert_eq!(told[nobody], NOT_MET, "{told}");
        }
        // Where noughts may be told they are.
        let inside = described_by(&Policy::inside_controller(), &words, &[("high", 743), ("other", 2713)]);
        assert_eq!(inside["learners_by_value"]["cme"], 0);
        assert!(values_of(&inside).contains("<code>cme</code>: none"), "{}", values_of(&inside));
    }

    #[test]
    fn where_all_have_one_value_or_few_another_neither_is_told() {
        let words = ["cme", "high", "other"];
        let all = described_by(&Policy::published(), &words, &[("high", 3456)]);
        let told = all["learners_by_value"].as_object().unwrap();
        assert!(["high", "other", "cme"].iter().all(|word| told[*word] == "c"), "{told:?}");
        // Nor where the rest are few, or of nobody knows what.
        for rest in ["other", ""] {
            let few = described_by(&Policy::published(), &words, &[("high", 3440), (rest, 6)]);
            let told = few["learners_by_value"].as_object().unwrap();
            assert!(words.iter().all(|word| told[*word] == "c"), "{told:?}");
        }
        let unknown = described_by(&Policy::published(), &words, &[("high", 3000), ("", 440)]);
        assert!(unknown["learners_by_value"]["other"] == "c", "all that are known are one: {unknown}");
    }

    #[test]
    fn beside_each_code_stands_its_word() {
        let column = json!({ "told": AS_IT_IS, "values": { "fsq": "Functional skills", "x": "x" }, "learners_by_value": null });
        assert_eq!(values_of(&column), "<code>fsq</code> (Functional skills); <code>x</code>");
    }
}
