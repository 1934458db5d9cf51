//! What a study publishes: its SQL asked of its own rows, through the gate.
use super::{
    super::{
        Site, build,
        query::{Held, Question, paid},
    },
    OpenStudy, StudyFault,
    lent::Lent,
};
use crate::{
    disclosure::{Figure, Policy, Symbol, Told},
    fault::failpoint,
    query::{self, Cell, Kind, TableShape},
    study::{self, About, Data},
};
use serde_json::{Value, json};

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

/// Whether the outputs of a study are questions that may be asked of real learners, before anybody approves them.
pub(super) fn may_be_asked(site: &Site, open: &OpenStudy) -> Result<(), String> {
    let queries = build::queries(site).map_err(|fault| fault.to_string())?;
    // Places of few learners are put together in an extract: which those are hangs on everybody who is there.
    let is_place = |table: &str, column: &str| {
        let variables =
            open.plan.frames.iter().filter(|frame| frame.name == table).flat_map(|frame| &frame.variables);
        variables.filter(|variable| variable.name == column).any(study::Variable::is_place)
    };
    let is_of_many =
        |table: &str, column: &str| queries.hangs_on_many(table, column) || is_place(table, column);
    // Who is in hangs on others where a condition does; then so does every figure.
    if let Some(column) = open.plan.condition_columns().find(|column| is_of_many(&open.plan.cohort, column)) {
        return Err(format!(
            "who is in the study hangs on other learners too ({column} of {} does), so no table of it can be shown without telling of them: \
             leave [[outputs]] out, or choose by what {column} is worked out from",
            open.plan.cohort
        ));
    }
    let shapes = shapes(open);
    for (output, sql) in &open.study.outputs {
        let plan = query::compile(sql, &shapes).and_then(|plan| {
            plan.guard.as_ref().map_err(Clone::clone)?;
            query::of_one_learner(&plan, is_of_many)
        });
        plan.map_err(|refusal| in_words(output, &refusal))?;
    }
    Ok(())
}

fn in_words(output: &study::Output, refusal: &query::QueryRefusal) -> String {
    format!("the output {}: {}; instead: {}", output.name, refusal.what, refusal.instead)
}

/// The tables of an extract as a statement sees them.
fn shapes(open: &OpenStudy) -> query::Shapes {
    let shape = |plan: &study::FramePlan| {
        let columns = plan.variables.iter().map(|variable| {
            let kind = match variable.kind {
                study::Kind::Text => Kind::Text,
                study::Kind::Whole | study::Kind::Decimal(..) => Kind::Number,
                study::Kind::Day => Kind::Date,
                study::Kind::Flag => Kind::Bool,
            };
            (variable.name.clone(), kind)
        });
        let columns = columns.chain([("learner_id".to_owned(), Kind::Learner)]).collect();
        (plan.name.clone(), TableShape { columns, told_apart_by: plan.is_of_learners().then(Vec::new) })
    };
    open.plan.frames.iter().map(shape).collect()
}

/// Asks the outputs of a study of its rows, which hold nobody who is not there. Over real learners each is a question like any other: it is
/// paid for from the year's budget, and its figures are near.
///
/// # Errors
/// [`StudyFault::Refused`]: a question that is none, or the budget is spent.
pub(super) fn outputs(
    site: &mut Site,
    open: &OpenStudy,
    data: &Data,
    (who, policy): (&str, &Policy),
) -> Result<Vec<Shown>, StudyFault> {
    if open.study.outputs.is_empty() {
        return Ok(Vec::new());
    }
    if policy.threshold() > 0 {
        may_be_asked(site, open).map_err(StudyFault::Refused)?;
    }
    let folder = site.settings.data_dir.join("tmp").join(format!("study-{}", std::process::id()));
    let mut lent = Lent::none(folder);
    for frame in &data.frames {
        lent.lend(&frame.plan.name, &study::parquet(data, frame)?)?;
    }
    ask(site, &lent, open, (who, policy))
}

fn ask(
    site: &mut Site,
    lent: &Lent,
    open: &OpenStudy,
    (who, policy): (&str, &Policy),
) -> Result<Vec<Shown>, StudyFault> {
    let files = lent.files();
    failpoint("study.asked")?;
    let shapes = shapes(open);
    let mut shown = Vec::new();
    for (output, sql) in &open.study.outputs {
        let refused = |refusal: query::QueryRefusal| StudyFault::Refused(in_words(output, &refusal));
        let plan = query::compile(sql, &shapes).map_err(refused)?;
        let answer = if policy.threshold() > 0 {
            let held = Held {
                name: &format!("study {} {}", open.study.name, open.binds),
                files,
                // Looked at already.
                is_of_many: &|_, _| false,
                verb: "study release",
                about: &format!("the output {} of the study {}", output.name, open.study.name),
                is_awaited: false,
            };
            let question = Question { who, purpose: "research", text: sql, spend: output.spend };
            paid(site, &held, &question, &plan, policy).map_err(refused)?.0
        } else {
            query::answer(sql, &plan, files, &site.settings.memory_limit, policy).map_err(refused)?
        };
        let answer = answer.as_ref();
        let lines = query::lines(&plan, answer);
        let table = written(&output.name, &plan, &lines)?;
        let said = answer
            .notices
            .iter()
            .map(|one| format!("{}: {}. Safe to ask instead: {}.", one.what, one.why, one.instead));
        shown.push(Shown {
            name: output.name.clone(),
            title: output.title.clone(),
            sql: sql.clone(),
            csv: table.csv,
            rows: lines.len(),
            hidden: table.hidden,
            columns: table.columns,
            notices: std::iter::once(answer.policy_in_words.clone()).chain(said).collect(),
        });
    }
    Ok(shown)
}

/// A table as it is written.
struct Written {
    csv: String,
    columns: Vec<String>,
    /// Places of what is hidden: row and column.
    hidden: Vec<(usize, usize)>,
}

/// The lines of an answer; beside a figure that is near, how near.
fn written(name: &str, plan: &query::Plan, lines: &[Vec<Cell<'_>>]) -> Result<Written, study::CutFault> {
    let has_margin = query::with_margins(plan, lines);
    let mut columns = Vec::new();
    for (output, has_margin) in plan.outputs.iter().zip(&has_margin) {
        columns.push(output.name.clone());
        columns.extend(has_margin.then(|| format!("{}_margin", output.name)));
    }
    let unwritable = |_| study::CutFault::Unwritable(format!("{name}.csv"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns).map_err(unwritable)?;
    let mut hidden = Vec::new();
    for (row, line) in lines.iter().enumerate() {
        let mut cells = Vec::new();
        for (cell, has_margin) in line.iter().zip(&has_margin) {
            hidden.extend(is_hidden(cell).then_some((row, cells.len())));
            cells.push(text(cell));
            cells.extend(
                has_margin.then(|| cell.margin().map_or_else(String::new, |margin| margin.to_string())),
            );
        }
        writer.write_record(cells).map_err(unwritable)?;
    }
    let csv = String::from_utf8_lossy(&writer.into_inner().unwrap_or_default()).into_owned();
    Ok(Written { csv, columns, hidden })
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
    pub(super) fn about(&self, manifest: &About) -> Value {
        json!({ "table": self.name, "title": self.title, "study": manifest.study, "release": manifest.release,
                "as_of": manifest.as_of, "population": manifest.population, "policy": manifest.policy,
                "policy_in_words": manifest.policy_in_words, "threshold": manifest.threshold,
                "rounded_to": manifest.rounded_to, "definition": manifest.definition, "notices": self.notices,
                "citation": manifest.citation })
    }
}
