//! What a study publishes: its SQL asked of its own rows, through the gate.
use super::{super::Site, OpenStudy, StudyFault, is_invented};
use crate::{
    catalog::private_folder,
    disclosure::{self, Figure, Policy, Symbol, Told},
    query::{self, Cell, Kind, TableShape},
    study::{self, Data},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Why a study publishes no table of real learners.
pub(super) const NOT_YET: &str = "tables of a study are made for invented learners only, so far, for the same reason as answers of \
                                  `query` are: leave [[outputs]] out, and let an output checker look at what was made of the extract";

/// A table that passed the gate.
pub struct Shown {
    /// Its name.
    pub name: String,
    /// What it is, in words.
    pub title: String,
    /// The question that it answers.
    pub sql: String,
    /// The rows as comma-separated values.
    pub csv: String,
    /// The columns' names.
    pub columns: Vec<String>,
    /// How many rows there are.
    pub rows: usize,
    /// Which figures are hidden: row and column, from nought.
    pub hidden: Vec<(usize, usize)>,
    /// What was hidden and why.
    pub notices: Vec<String>,
}

/// Asks the outputs of a study of its rows, which hold nobody who is not there.
///
/// # Errors
/// [`StudyFault::Refused`]: a question that is none, or of which nothing may be shown.
pub(super) fn outputs(
    site: &Site,
    open: &OpenStudy,
    data: &Data,
    policy: &Policy,
) -> Result<Vec<Shown>, StudyFault> {
    if open.study.outputs.is_empty() {
        return Ok(Vec::new());
    }
    if !is_invented(site) {
        return Err(StudyFault::Refused(NOT_YET.to_owned()));
    }
    let folder = site.settings.data_dir.join("tmp").join(format!("study-{}", std::process::id()));
    private_folder(&folder)?;
    let asked = ask(&folder, open, data, &site.settings.memory_limit, policy);
    let swept = std::fs::remove_dir_all(&folder);
    let shown = asked?;
    swept?;
    Ok(shown)
}

fn ask(
    folder: &Path,
    open: &OpenStudy,
    data: &Data,
    memory: &str,
    policy: &Policy,
) -> Result<Vec<Shown>, StudyFault> {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut shapes = query::Shapes::new();
    for frame in &data.frames {
        let file = folder.join(format!("{}.parquet", frame.plan.name));
        super::super::write_private(&file, &study::parquet(data, frame)?)?;
        let columns = frame.plan.variables.iter().map(|variable| {
            let kind = match variable.kind {
                study::Kind::Text => Kind::Text,
                study::Kind::Whole | study::Kind::Decimal(..) => Kind::Number,
                study::Kind::Day => Kind::Date,
                study::Kind::Flag => Kind::Bool,
            };
            (variable.name.clone(), kind)
        });
        let columns = columns.chain([("learner_id".to_owned(), Kind::Learner)]).collect();
        shapes.insert(
            frame.plan.name.clone(),
            TableShape { columns, one_row_each: frame.plan.is_of_learners() },
        );
        files.insert(frame.plan.name.clone(), file);
    }
    let (mut shown, mut told) = (Vec::new(), Vec::new());
    for (output, sql) in &open.study.outputs {
        let refused = |refusal: query::QueryRefusal| {
            StudyFault::Refused(format!(
                "the output {}: {}; instead: {}",
                output.name, refusal.what, refusal.instead
            ))
        };
        let plan = query::compile(sql, &shapes).map_err(refused)?;
        let answer = if policy.threshold() > 0 {
            // Looked at beside the other tables of the study, as questions are beside one another.
            let of = (open.release.as_str(), policy.threshold());
            let frame = query::frame(sql, &plan, &files, memory, of).map_err(refused)?;
            let id = format!("output-{}", told.len() + 1);
            let gated = disclosure::disclose_guarded(&frame, &told, &id, policy);
            let (answer, entry) = gated.map_err(|refusal| {
                refused(query::QueryRefusal::gate(refusal.to_string(), refusal.instead()))
            })?;
            told.push(entry);
            answer
        } else {
            query::answer(sql, &plan, &files, memory, policy).map_err(refused)?
        };
        let answer = answer.as_ref();
        let columns: Vec<String> = plan.outputs.iter().map(|output| output.name.clone()).collect();
        let lines = query::lines(&plan, answer);
        let hidden = lines.iter().enumerate().flat_map(|(row, cells)| {
            let hidden = cells.iter().enumerate().filter(|(_, cell)| is_hidden(cell));
            hidden.map(move |(column, _)| (row, column))
        });
        let said = answer
            .notices
            .iter()
            .map(|one| format!("{}: {}. Safe to ask instead: {}.", one.what, one.why, one.instead));
        shown.push(Shown {
            name: output.name.clone(),
            title: output.title.clone(),
            sql: sql.clone(),
            csv: written(&output.name, &columns, &lines)?,
            rows: lines.len(),
            hidden: hidden.collect(),
            columns,
            notices: std::iter::once(answer.policy_in_words.clone()).chain(said).collect(),
        });
    }
    Ok(shown)
}

fn written(name: &str, columns: &[String], lines: &[Vec<Cell<'_>>]) -> Result<String, StudyFault> {
    let unwritable = |_| study::CutFault::Unwritable(format!("{name}.csv"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns).map_err(unwritable)?;
    for row in lines {
        writer.write_record(row.iter().map(text)).map_err(unwritable)?;
    }
    Ok(String::from_utf8_lossy(&writer.into_inner().unwrap_or_default()).into_owned())
}

/// Hidden, and not merely no number: a share of nobody is told as what it is.
fn is_hidden(cell: &Cell<'_>) -> bool {
    matches!(cell, Cell::Told(Told::Figure(Figure::Symbol(Symbol::Confidential))))
}

fn text(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Key(text, _) => text.unwrap_or_default().to_owned(),
        Cell::Told(told) => match told {
            Told::Number(number) => number.to_string(),
            Told::Figure(Figure::PerCentTenths(tenths)) => (*tenths as f64 / 10.0).to_string(),
            Told::Figure(figure) => figure.to_string(),
            Told::Near { value, .. } => value.to_string(),
        },
    }
}

impl Shown {
    /// What stands beside the table.
    pub(super) fn about(&self, open: &OpenStudy, citation: &str) -> Value {
        json!({ "table": self.name, "title": self.title, "study": open.study.name, "release": open.release,
                "as_of": open.as_of, "definition": open.study.digest(), "notices": self.notices, "citation": citation })
    }
}
