//! What stands beside the groups: counts of learners, counts of rows, shares of counts, sums and means. Each is put
//! together from parts that the gate can look at: filters that learners fulfil, and amounts that each brings.
use sqlparser::ast::{BinaryOperator, Expr, Function, Value};

use super::calls::{is_aggregate, is_distinct, plain_call};
use super::refusal::QueryRefusal;
use super::rows::plain_name;
use super::scalar::{Here, Typed};
use super::scope::{Compiler, Kind, Scope};
use crate::disclosure::{Counted, Measure};

/// Filters that one statement may set beside each other: each doubles the ways in which a group is split.
const MOST_FILTERS: usize = 3;
/// Amounts of one statement.
const MOST_AMOUNTS: usize = 8;

/// What each row of the base brings, and for which filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Amount {
    pub sql: String,
    pub filter: Option<usize>,
    /// The name of the column, where it is one of the release as it is stored.
    pub column: Option<String>,
}

/// The parts that the measures of a statement are made of.
#[derive(Debug, Default)]
pub(super) struct Ingredients {
    pub filters: Vec<String>,
    pub amounts: Vec<Amount>,
}

impl Ingredients {
    fn filter(&mut self, sql: String) -> Result<usize, QueryRefusal> {
        if let Some(known) = self.filters.iter().position(|known| *known == sql) {
            return Ok(known);
        }
        if self.filters.len() == MOST_FILTERS {
            return Err(QueryRefusal::new(
                "filters",
                "more than three conditions beside each other cannot be checked together",
                "make groups of them: case when … then 'one' when … then 'other' end in GROUP BY",
            ));
        }
        self.filters.push(sql);
        Ok(self.filters.len() - 1)
    }

    fn amount(&mut self, amount: Amount) -> Result<usize, QueryRefusal> {
        if let Some(known) = self.amounts.iter().position(|known| *known == amount) {
            return Ok(known);
        }
        if self.amounts.len() == MOST_AMOUNTS {
            return Err(QueryRefusal::part("so many figures at once"));
        }
        self.amounts.push(amount);
        Ok(self.amounts.len() - 1)
    }

    fn rows(&mut self, filter: Option<usize>) -> Result<Counted, QueryRefusal> {
        let sql = match filter {
            None => "1e0".to_owned(),
            Some(at) => format!("case when {} then 1e0 end", self.filters[at]),
        };
        Ok(Counted::Rows(self.amount(Amount { sql, filter, column: None })?))
    }
}

type Read<T> = Result<Option<T>, QueryRefusal>;

impl Compiler<'_> {
    /// One figure of the output.
    pub fn measure(
        &mut self,
        expr: &Expr,
        scope: &Scope<'_>,
        into: &mut Ingredients,
    ) -> Result<Measure, QueryRefusal> {
        let expr = bare(expr)?;
        if let Some(counted) = self.counted(expr, scope, into)? {
            return Ok(Measure::Count(counted));
        }
        if let Expr::BinaryOp { left, op: BinaryOperator::Divide, right } = expr {
            let part = self.counted(bare(left)?, scope, into)?;
            let whole = self.counted(bare(right)?, scope, into)?;
            if let (Some(part), Some(whole)) = (part, whole) {
                return Ok(Measure::Share(part, whole));
            }
            return Err(QueryRefusal::new(
                "measure",
                "a quotient of anything but two counts cannot be checked",
                "count(distinct learner_id) filter (where …) / count(distinct learner_id), or the two figures by themselves",
            ));
        }
        if let Expr::Function(function) = expr {
            return self.average(function, scope, into);
        }
        Err(QueryRefusal::row_level(
            "what is selected has to be a group of GROUP BY, a count, a share of two counts, a sum or a mean",
        ))
    }

    /// A count of learners or of rows.
    fn counted(&mut self, expr: &Expr, scope: &Scope<'_>, into: &mut Ingredients) -> Read<Counted> {
        let Expr::Function(function) = expr else { return Ok(None) };
        let (name, args) = plain_call(function)?;
        let here = Here { scope, aggregates: false };
        let filter = match &function.filter {
            Some(filter) => Some(self.condition(filter, here)?),
            None => None,
        };
        let both = |condition: String| match &filter {
            Some(filter) => format!("({filter} and {condition})"),
            None => condition,
        };
        match (name.as_str(), args.as_slice()) {
            ("count", [who]) if is_distinct(function) => {
                let Some(condition) = self.whom(who, here)? else {
                    return Err(QueryRefusal::new(
                        "measure",
                        "only learners are counted as different ones: how many schools or days there are can tell of one",
                        "count(distinct learner_id)",
                    ));
                };
                let condition = match (condition, &filter) {
                    (Some(condition), _) => Some(both(condition)),
                    (None, filter) => filter.clone(),
                };
                let filter = condition.map(|condition| into.filter(condition)).transpose()?;
                Ok(Some(Counted::Learners(filter)))
            }
            ("count", []) => {
                let filter = filter.clone().map(|filter| into.filter(filter)).transpose()?;
                into.rows(filter).map(Some)
            }
            ("count", [value]) => {
                let condition = match self.learner(value, scope)? {
                    Some(learner) => format!("({learner} is not null)"),
                    None => match self.flag(value, here)? {
                        Some((yes, None)) => yes,
                        _ => format!("({} is not null)", self.scalar(value, here)?.sql),
                    },
                };
                let is_literal = matches!(value, Expr::Value(_));
                let condition = if is_literal { filter.clone() } else { Some(both(condition)) };
                let filter = condition.map(|condition| into.filter(condition)).transpose()?;
                into.rows(filter).map(Some)
            }
            ("count_if" | "countif", [condition]) => {
                let condition = both(self.condition(condition, here)?);
                let filter = into.filter(condition)?;
                into.rows(Some(filter)).map(Some)
            }
            ("sum", [value]) => match self.flag(value, here)? {
                Some((yes, _)) => {
                    let filter = into.filter(both(yes))?;
                    into.rows(Some(filter)).map(Some)
                }
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// `learner_id`, or `case when … then learner_id end`: which of the rows count, if not all.
    fn whom(&mut self, who: &Expr, here: Here<'_, '_>) -> Read<Option<String>> {
        if let Expr::Case { operand: None, conditions, else_result: None, .. } = who {
            let [when] = conditions.as_slice() else { return Ok(None) };
            if self.learner(&when.result, here.scope)?.is_none() {
                return Ok(None);
            }
            return Ok(Some(Some(self.condition(&when.condition, here)?)));
        }
        let Some(learner) = self.learner(who, here.scope)? else { return Ok(None) };
        // The learner of a left join's right side is not always there.
        let first = here.scope.learner();
        Ok(Some(if first.as_deref() == Some(&learner) {
            None
        } else {
            Some(format!("({learner} is not null)"))
        }))
    }

    /// A value that is one or nought for a row: the condition for one, and the condition that it is there, if not always.
    fn flag(&mut self, value: &Expr, here: Here<'_, '_>) -> Read<(String, Option<String>)> {
        match value {
            Expr::Nested(inner) => self.flag(inner, here),
            Expr::Case { operand: None, conditions, else_result, .. } => {
                let [when] = conditions.as_slice() else { return Ok(None) };
                if !is_number(&when.result, "1") {
                    return Ok(None);
                }
                let yes = self.condition(&when.condition, here)?;
                match else_result {
                    None => Ok(Some((yes, None))),
                    Some(otherwise) if is_number(otherwise, "0") => Ok(Some((yes, Some("true".to_owned())))),
                    Some(_) => Ok(None),
                }
            }
            Expr::Cast { expr, .. } => self.flag(expr, here),
            Expr::Function(_) | Expr::Value(_) => Ok(None),
            other => {
                if self.learner(other, here.scope).ok().flatten().is_some() {
                    return Ok(None);
                }
                let made = self.scalar(other, here)?;
                let there = format!("({} is not null)", made.sql);
                Ok((made.kind == Kind::Bool).then_some((made.sql, Some(there))))
            }
        }
    }

    /// `avg`, `mean` and `sum` of a column; the mean of a condition is a share.
    fn average(
        &mut self,
        function: &Function,
        scope: &Scope<'_>,
        into: &mut Ingredients,
    ) -> Result<Measure, QueryRefusal> {
        let (name, args) = plain_call(function)?;
        if !is_aggregate(&name) {
            return Err(QueryRefusal::function(&name));
        }
        let (is_mean, [value]) = (matches!(name.as_str(), "avg" | "mean"), args.as_slice()) else {
            return Err(not_a_figure(&name));
        };
        if (!is_mean && name != "sum") || is_distinct(function) {
            return Err(not_a_figure(&name));
        }
        let here = Here { scope, aggregates: false };
        let filter = match &function.filter {
            Some(filter) => Some(self.condition(filter, here)?),
            None => None,
        };
        if let Some((yes, there)) = self.flag(value, here)? {
            let both = |condition: String| match &filter {
                Some(filter) => format!("({filter} and {condition})"),
                None => condition,
            };
            let whole = match there.as_deref() {
                Some("true") => filter.clone(),
                Some(there) => Some(both(there.to_owned())),
                None => return Err(not_a_figure(&name)),
            };
            let whole = whole.map(|whole| into.filter(whole)).transpose()?;
            let part = into.filter(both(yes))?;
            return Ok(Measure::Share(into.rows(Some(part))?, into.rows(whole)?));
        }
        let Typed { sql, kind, own } = self.scalar(value, here)?;
        if kind != Kind::Number {
            return Err(QueryRefusal::kinds("a sum and what is no number"));
        }
        if !matches!(strip(value), Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
            return Err(QueryRefusal::new(
                "measure",
                "a sum or a mean is of a column as it is: a reckoning inside it can be made to tell of one person",
                "avg(ks2_score), with filter (where …) or GROUP BY for the rest",
            ));
        }
        let column = plain_name(strip(value)).filter(|_| own);
        let filter = filter.map(|filter| into.filter(filter)).transpose()?;
        let sql = match filter {
            Some(at) => format!("case when {} then {sql} end", into.filters[at]),
            None => sql,
        };
        let amount = into.amount(Amount { sql, filter, column })?;
        Ok(if is_mean { Measure::Mean(amount) } else { Measure::Sum(amount) })
    }
}

fn not_a_figure(name: &str) -> QueryRefusal {
    QueryRefusal::row_level(format!(
        "{name} gives a value that stands in a row, or one that a row can be worked out from"
    ))
}

/// Without brackets, rounding, conversions, `nullif(…, 0)` and factors of 1 and 100: figures are rounded in any case, and
/// shares are per cent.
fn bare(expr: &Expr) -> Result<&Expr, QueryRefusal> {
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => bare(inner),
        Expr::BinaryOp { left, op: BinaryOperator::Multiply, right } => {
            match (is_factor(left), is_factor(right)) {
                (true, false) => bare(right),
                (false, true) => bare(left),
                _ => Ok(expr),
            }
        }
        Expr::Function(function) => {
            let (name, args) = plain_call(function)?;
            match (name.as_str(), args.as_slice()) {
                ("round", [inner] | [inner, Expr::Value(_)]) => bare(inner),
                ("nullif", [inner, zero]) if is_number(zero, "0") => bare(inner),
                _ => Ok(expr),
            }
        }
        other => Ok(other),
    }
}

fn strip(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => strip(inner),
        other => other,
    }
}

fn is_factor(expr: &Expr) -> bool {
    is_number(expr, "1") || is_number(expr, "100")
}

fn is_number(expr: &Expr, wanted: &str) -> bool {
    let Expr::Value(value) = expr else { return false };
    match &value.value {
        Value::Number(text, false) => {
            let plain =
                if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
            plain == wanted
        }
        _ => false,
    }
}
