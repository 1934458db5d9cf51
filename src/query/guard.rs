//! What of a statement can be answered over real learners. Whatever it is, it becomes a frame: one row for each learner
//! and group, with the conditions that the learner fulfils there and one value of each column that is averaged. Which groups there
//! can be, how much work it is and whether a learner can be in two groups follows from the text and from what the tables are,
//! never from whose rows are in them: else a refusal, or the time that it takes, would be an answer.
use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr, InTarget, Select, UnaryOperator, Value};

use super::calls::{is_within_row, plain_call};
use super::extent::{is_one_each, most_groups};
use super::measures::Ingredients;
use super::plan::{Key, Output, Shown, base};
use super::refusal::QueryRefusal;
use super::room::{MOST_ROOM, OF_PLACE, OF_STEP, ROWS_OF_BLOCK, Room, bytes_of};
use super::rows::conjuncts;
use super::scalar::Here;
use super::scope::{Compiler, Kind, Scope};
use crate::disclosure::{Counted, Measure};

/// Tables with several rows for a learner that one SELECT may put beside each other: more multiply work by what a row holds.
const MOST_DEGREE: u32 = 2;
/// Rows of one learner and table that are taken at most, and that are where such tables stand beside each other: how much work one learner can be
/// is bounded by the text. Twelve years of months are 144.
const MOST_OF_ONE: u64 = 400;
const MOST_BESIDE: u64 = 40;
/// Steps that a row may take, and that it may take where there are as many rows as two tables make.
const MOST_WORK: u64 = 4_000;
const MOST_WORK_BESIDE: u64 = 1_000;

/// A statement as a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// One row for each learner and group, and of each learner no more groups than count: the keys, the conditions as a number, the
    /// learner, a value of each amount. How much comes back does not hang on what a learner's rows are.
    pub bounded: String,
    /// The kinds of the groups' keys.
    pub keys: Vec<Kind>,
    /// The conditions.
    pub filters: Vec<String>,
    /// For each amount the least and the greatest value that it may have, and which condition says that it is there.
    pub amounts: Vec<(f64, f64, usize)>,
    /// The figures, over learners alone.
    pub measures: Vec<Measure>,
    /// How many groups a learner can be in at most.
    pub most_groups: u64,
    /// How many rows of one learner and table are taken at most.
    pub most_of_one: u64,
    /// How much memory the statement may come to.
    pub room: Room,
    /// All that is asked, so that the same lines are the same question.
    pub said: Vec<String>,
}

/// The longest statement that is run, in bytes.
const LONGEST_WRITTEN: usize = 64 * 1024;

/// Columns that may be averaged: the range that they are declared to have. What is outside counts as its end.
const BOUNDS: &[(&str, f64, f64)] = &[
    ("absence_rate", 0.0, 1.0),
    ("attainment8", 0.0, 90.0),
    ("ddi_high", 0.0, 1.0),
    ("ddi_low", 0.0, 1.0),
    ("fsm_share", 0.0, 1.0),
    ("ks2_score", 79.0, 120.0),
    ("ladder5", 0.0, 63.0),
    ("n_changes", 0.0, 20.0),
    ("n_interventions", 0.0, 50.0),
    ("n_suspensions", 0.0, 50.0),
    ("sessions_absent", 0.0, 700.0),
    ("sessions_possible", 0.0, 700.0),
];

impl Compiler<'_> {
    /// The statement as a frame, or why it is not answered over real learners.
    pub(super) fn guard(
        &mut self,
        select: &Select,
        scope: &Scope<'_>,
        keys: &[Key],
        (made, outputs): (&Ingredients, &[Output]),
        (named, from, tail): (&[String], &str, &str),
    ) -> Result<Guard, QueryRefusal> {
        if self.degree > MOST_DEGREE {
            return Err(QueryRefusal::new(
                "degree",
                "tables with several rows for a learner that are joined with each other, or looked through with EXISTS for each row of each \
                 other, multiply them, and how long that takes would tell of what they hold",
                "join at most two such tables, or put the rows of each learner together first: (select learner_id, count(*) as n \
                 from spell group by learner_id)",
            ));
        }
        let most_work = if self.degree < MOST_DEGREE { MOST_WORK } else { MOST_WORK_BESIDE };
        if self.work > most_work {
            return Err(QueryRefusal::new(
                "too_long",
                format!(
                    "what this comes to is some {} steps for a row, and at most {most_work} are taken: a column that a query in brackets makes is worked \
                     out wherever it is named",
                    self.work
                ),
                "ask for less at once, with fewer expressions within each other",
            ));
        }
        let most_of_one = if self.degree < MOST_DEGREE { MOST_OF_ONE } else { MOST_BESIDE };
        let mut room = self.room.and(brought(keys, made, scope));
        room.takes(OF_STEP.saturating_mul(self.work));
        fits(room.bytes(ROWS_OF_BLOCK, most_of_one))?;
        let is_sum = |output: &Output| matches!(output.shown, Shown::Figure(Measure::Sum(_)));
        if scope.degree() > 0 && outputs.iter().any(is_sum) {
            return Err(QueryRefusal::new(
                "sum_of_rows",
                "of a table with several rows for a learner a sum would be of each learner's mean row, for how much one learner adds has to be bounded",
                "ask for the mean (avg), which is the mean of each learner's mean; or count learners by steps of their own sum: with n as (select \
                 learner_id, sum(sessions_absent) as missed from absence_learner group by learner_id)",
            ));
        }
        let (filters, amounts, measures) = figures(made, outputs)?;
        let is_disjoint = keys.iter().all(|key| is_one_each(key, scope));
        let most_groups = if is_disjoint { 1 } else { most_groups(keys, select, scope) };
        let learner =
            scope.learner().ok_or_else(|| QueryRefusal::part("FROM without a table of learners"))?;
        let framed = Ingredients { filters, amounts: made.amounts.clone() };
        let mut with: Vec<String> = named.to_vec();
        with.extend(base(keys, &framed, &learner, from, tail, "avg"));
        let tables = plain_tables(scope);
        let renamed =
            |sql: &str| tables.as_ref().map_or_else(|| sql.to_owned(), |tables| renamed(sql, tables));
        let mut population = Vec::new();
        if tables.is_none() {
            population.push(format!("from {} {from}", named.join(", ")));
        }
        if tables.is_some() && !named.is_empty() {
            population.push(format!("with {}", named.join(", ")));
        }
        if let Some(selection) = &select.selection {
            for part in conjuncts(selection) {
                population.extend(self.plainly(part, scope)?.iter().map(|sql| renamed(sql)));
            }
        }
        let keys_said: Vec<String> = keys.iter().map(|key| renamed(&key.sql)).collect();
        let filter_texts: Vec<String> = framed.filters.iter().map(|filter| renamed(&bare(filter))).collect();
        let said =
            said(&population, named, tables.as_deref(), (&keys_said, &filter_texts), (&framed, &measures));
        let bounded = frame(&with, keys.len(), framed.amounts.len(), most_groups);
        if bounded.len() > LONGEST_WRITTEN {
            return Err(QueryRefusal::new(
                "too_long",
                "what this comes to is too long to be run",
                "ask for less at once, with fewer expressions within each other",
            ));
        }
        Ok(Guard {
            bounded,
            keys: keys.iter().map(|key| key.kind).collect(),
            filters: framed.filters,
            amounts,
            measures,
            most_groups,
            most_of_one,
            room,
            said,
        })
    }

    /// A condition as the conditions that it says, each in one way of writing; none where it is always true.
    fn plainly(&mut self, part: &Expr, scope: &Scope<'_>) -> Result<Vec<String>, QueryRefusal> {
        let is_true = |expr: &Expr| matches!(expr, Expr::Value(value) if value.value == Value::Boolean(true));
        match part {
            Expr::Nested(inner) | Expr::IsTrue(inner) => return self.plainly(inner, scope),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                let mut expr = expr.as_ref();
                while let Expr::Nested(inner) = expr {
                    expr = inner;
                }
                if let Expr::UnaryOp { op: UnaryOperator::Not, expr } = expr {
                    return self.plainly(expr, scope);
                }
            }
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                let mut parts = self.plainly(left, scope)?;
                parts.extend(self.plainly(right, scope)?);
                return Ok(parts);
            }
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                if is_true(right) {
                    return self.plainly(left, scope);
                }
                if is_true(left) {
                    return self.plainly(right, scope);
                }
                let is_value = |expr: &Expr| matches!(expr, Expr::Value(_) | Expr::TypedString(_));
                // Nothing equals nothing in no case.
                let is_null = matches!(left.as_ref(), Expr::Value(value) if value.value == Value::Null);
                if is_value(left) && is_value(right) && left == right && !is_null {
                    return Ok(Vec::new());
                }
                if is_value(left) && !is_value(right) {
                    let turned =
                        Expr::BinaryOp { left: right.clone(), op: BinaryOperator::Eq, right: left.clone() };
                    return self.plainly(&turned, scope);
                }
            }
            Expr::Value(value) if value.value == Value::Boolean(true) => return Ok(Vec::new()),
            _ => {}
        }
        Ok(vec![bare(&self.condition(part, Here { scope, aggregates: false })?)])
    }
}

/// All that is asked: where from, of whom, by what, and which figures.
fn said(
    population: &[String],
    named: &[String],
    tables: Option<&[(String, String, bool)]>,
    (keys, filters): (&[String], &[String]),
    (made, measures): (&Ingredients, &[Measure]),
) -> Vec<String> {
    let mut said: BTreeSet<String> = population.iter().map(|line| format!("whom {line}")).collect();
    said.extend(named.iter().map(|query| format!("with {query}")));
    for (_, table, is_left) in tables.unwrap_or_default() {
        said.insert(format!("{} {table}", if *is_left { "left" } else { "from" }));
    }
    said.extend(keys.iter().enumerate().map(|(at, key)| format!("key {at} {key}")));
    let renamed = |sql: &str| tables.map_or_else(|| sql.to_owned(), |tables| renamed(sql, tables));
    let of = |filter: Option<usize>| filter.map_or("all", |filter| filters[filter].as_str());
    let counted = |counted: &Counted| match counted {
        Counted::Learners(filter) => of(*filter).to_owned(),
        Counted::Rows(amount) => format!("rows {amount}"),
    };
    let amount = |at: usize| {
        let amount = &made.amounts[at];
        format!("{} of {}", renamed(&amount.sql), of(amount.filter))
    };
    said.extend(measures.iter().enumerate().map(|(at, measure)| match measure {
        Measure::Count(whom) => format!("figure {at} count {}", counted(whom)),
        Measure::Share(part, whole) => format!("figure {at} share {} in {}", counted(part), counted(whole)),
        Measure::Sum(of) => format!("figure {at} sum {}", amount(*of)),
        Measure::Mean(of) => format!("figure {at} mean {}", amount(*of)),
    }));
    said.into_iter().collect()
}

/// What each learner brings to each group: put together, drawn from, told apart and handed on.
fn brought(keys: &[Key], made: &Ingredients, scope: &Scope<'_>) -> Room {
    const PLACES: u64 = 4;
    let keys = keys.iter().map(|key| bytes_of(key.kind));
    // A condition and what is averaged are numbers, and beside them stand the learner and how many there are.
    let rest = (made.filters.len() + made.amounts.len()) as u64 * bytes_of(Kind::Number);
    let row = keys.sum::<u64>() + rest + 2 * bytes_of(Kind::Text);
    let mut room = Room::default();
    room.takes(PLACES * OF_PLACE);
    room.holds_rows(PLACES * row, scope.degree());
    room
}

/// Refuses what may come to too much, whoever is found.
pub(super) fn fits(room: u64) -> Result<(), QueryRefusal> {
    if room <= MOST_ROOM {
        return Ok(());
    }
    Err(QueryRefusal::new(
        "too_wide",
        format!(
            "what this has to carry from place to place may come to {} MB, and at most {} are taken: how much memory it takes would tell of who is there",
            room >> 20,
            MOST_ROOM >> 20
        ),
        "name the columns that you need and not *, join fewer tables, look at fewer others with EXISTS, and name a query in brackets once",
    ))
}

/// The figures over learners: conditions, amounts with their bounds, and what is shown.
type Figures = (Vec<String>, Vec<(f64, f64, usize)>, Vec<Measure>);

fn figures(made: &Ingredients, outputs: &[Output]) -> Result<Figures, QueryRefusal> {
    let mut filters = made.filters.clone();
    let mut amounts = vec![(0.0, 0.0, 0); made.amounts.len()];
    let learners = |counted: Counted| match counted {
        Counted::Rows(amount) => Counted::Learners(made.amounts[amount].filter),
        counted @ Counted::Learners(_) => counted,
    };
    let mut measures = Vec::new();
    for output in outputs {
        let Shown::Figure(measure) = output.shown else { continue };
        measures.push(match measure {
            Measure::Count(counted) => Measure::Count(learners(counted)),
            Measure::Share(part, whole) => Measure::Share(learners(part), learners(whole)),
            Measure::Sum(at) | Measure::Mean(at) => {
                let amount = &made.amounts[at];
                let bounds = BOUNDS.iter().find(|(name, ..)| amount.column.as_deref() == Some(*name));
                let Some((_, low, high)) = bounds else {
                    return Err(QueryRefusal::new(
                        "bounds",
                        "a mean or a sum is shown of columns that have a declared range alone: of any other, one learner could be most of it",
                        "count learners by steps of it: case when n >= 3 then 'three or more' else 'fewer' end; docs/query.md \
                         lists the columns with a range",
                    ));
                };
                let there = format!("({} is not null)", amount.sql);
                let filter = filters.iter().position(|known| *known == there).unwrap_or_else(|| {
                    filters.push(there);
                    filters.len() - 1
                });
                amounts[at] = (*low, *high, filter);
                measure
            }
        });
    }
    Ok((filters, amounts, measures))
}

/// The statement that makes the frame, of each learner at most so many groups.
fn frame(with: &[String], keys: usize, amounts: usize, most_groups: u64) -> String {
    let mut columns: Vec<String> = (0..keys).map(|at| format!("cast(k{at} as varchar)")).collect();
    let from = if keys == 0 {
        "each_learner".to_owned()
    } else {
        let drawn = columns.join(", ");
        format!(
            "(select *, row_number() over (partition by l order by hash(l, {drawn}), {drawn}) as lot from each_learner) as e where lot <= {most_groups}"
        )
    };
    columns.extend(["cast(m as varchar)".to_owned(), "l".to_owned()]);
    columns.extend((0..amounts).map(|at| format!("cast(a{at} as varchar)")));
    format!("with {} select {} from {from}", with.join(", "), columns.join(", "))
}

/// The tables of FROM, with our name for each and whether a row may lack it, where each is a table of the release with one
/// row for each learner that is joined by learner alone; none otherwise.
fn plain_tables(scope: &Scope<'_>) -> Option<Vec<(String, String, bool)>> {
    let plain = |relation: &super::scope::Relation| {
        let table = relation.learner()?.table.clone()?;
        let is_plain = relation.degree == 0 && relation.is_by_learner;
        is_plain.then(|| (relation.alias.clone(), table, relation.is_left))
    };
    scope.relations.iter().map(plain).collect()
}

/// Names of ours replaced by those of tables, outside texts.
fn renamed(sql: &str, tables: &[(String, String, bool)]) -> String {
    let mut parts: Vec<String> = sql.split('\'').map(str::to_owned).collect();
    for part in parts.iter_mut().step_by(2) {
        for (alias, table, _) in tables {
            *part = part.replace(&format!("{alias}.\""), &format!("{table}.\""));
        }
    }
    parts.join("'")
}

/// Without the brackets around all of it.
fn bare(sql: &str) -> String {
    let mut sql = sql;
    while let Some(inner) = sql.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        let (mut depth, mut in_text) = (0_i32, false);
        let closes = |each: char| {
            in_text ^= each == '\'';
            if !in_text {
                depth += i32::from(each == '(') - i32::from(each == ')');
            }
            depth < 0
        };
        if inner.chars().any(closes) {
            break;
        }
        sql = inner;
    }
    sql.to_owned()
}

/// The values of a `case` that names them all.
pub(super) fn literals(expr: &Expr) -> Option<Vec<Option<String>>> {
    let Expr::Case { conditions, else_result, .. } = expr else {
        return if let Expr::Nested(inner) = expr { literals(inner) } else { None };
    };
    let mut values = Vec::new();
    let results = conditions.iter().map(|when| &when.result).chain(else_result.as_deref());
    for result in results {
        let Expr::Value(value) = result else { return None };
        values.push(match &value.value {
            Value::SingleQuotedString(text) => Some(text.clone()),
            Value::Number(text, false) => Some(text.parse::<f64>().ok()?.to_string()),
            Value::Boolean(yes) => Some(yes.to_string()),
            Value::Null => None,
            _ => return None,
        });
    }
    if else_result.is_none() {
        values.push(None);
    }
    values.sort_unstable();
    values.dedup();
    Some(values)
}

/// The stored columns that an expression reads, by the relation that they are of; none where it reads anything else.
pub(super) fn columns_of(expr: &Expr, scope: &Scope<'_>) -> Option<BTreeSet<(usize, String)>> {
    let all = |exprs: Vec<&Expr>| {
        exprs.into_iter().try_fold(BTreeSet::new(), |mut found, expr| {
            found.extend(columns_of(expr, scope)?);
            Some(found)
        })
    };
    let column = |parts: &[sqlparser::ast::Ident]| {
        let found = scope.find(parts).ok().filter(|found| found.own)?;
        Some(BTreeSet::from([(found.relation?, found.read?.1)]))
    };
    match expr {
        Expr::Identifier(ident) => column(std::slice::from_ref(ident)),
        Expr::CompoundIdentifier(parts) => column(parts),
        Expr::Value(_) | Expr::TypedString(_) => Some(BTreeSet::new()),
        Expr::Nested(inner)
        | Expr::Cast { expr: inner, .. }
        | Expr::UnaryOp { expr: inner, .. }
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::Extract { expr: inner, .. }
        | Expr::Floor { expr: inner, .. }
        | Expr::Ceil { expr: inner, .. } => columns_of(inner, scope),
        Expr::BinaryOp { left, right, .. }
        | Expr::IsDistinctFrom(left, right)
        | Expr::IsNotDistinctFrom(left, right) => all(vec![left, right]),
        Expr::Between { expr, low, high, .. } => all(vec![expr, low, high]),
        Expr::In { expr, target: InTarget::List(list), .. } => {
            all(std::iter::once(expr.as_ref()).chain(list).collect())
        }
        Expr::Like { expr, .. } | Expr::ILike { expr, .. } => columns_of(expr, scope),
        Expr::Case { operand, conditions, else_result, .. } => {
            let inner = conditions.iter().flat_map(|when| [&when.condition, &when.result]);
            all(inner.chain(operand.as_deref()).chain(else_result.as_deref()).collect())
        }
        Expr::Function(function) => {
            let (name, args) = plain_call(function).ok()?;
            if is_within_row(&name) && function.filter.is_none() { all(args) } else { None }
        }
        _ => None,
    }
}
