//! Functions: those of a row, and those that put the rows of one learner together.
use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Value};

use super::parse::{none, single};
use super::refusal::QueryRefusal;
use super::room::{OF_AGGREGATE, OF_DISTINCT, OF_ORDER, bytes_of};
use super::scalar::{Here, Made, Typed};
use super::scope::{Compiler, Kind};

/// What it takes to change the letters of a text, and to put a value among those of other rows, in steps: [`Compiler::work`].
const OF_LETTERS: u64 = 4;
const OF_ROWS: u64 = 20;

impl Compiler<'_> {
    /// A function call within a row, or within the rows of one learner.
    pub(super) fn call(&mut self, function: &Function, here: Here<'_, '_>) -> Made {
        let (name, args) = plain_call(function)?;
        if is_aggregate(&name) {
            if !here.aggregates {
                return Err(QueryRefusal::row_level(format!(
                    "{name} may not stand here: an aggregate is a figure of its own, or of one learner's rows in a query \
                     that groups by learner_id"
                )));
            }
            return self.of_one_learner(function, &name, &args, here.inside());
        }
        none(function.filter.is_none() && !is_distinct(function), "FILTER or DISTINCT in this function")?;
        match (name.as_str(), args.as_slice()) {
            ("coalesce" | "ifnull", [_, ..]) => {
                let (made, kind) = self.alike(args.iter().copied(), here)?;
                Ok(Typed::made(format!("coalesce({})", made.join(", ")), kind))
            }
            ("nullif", [_, _]) => {
                let before = self.so_far();
                let (made, kind) = self.alike(args.iter().copied(), here)?;
                // The engine writes its first argument twice.
                self.again(before, 1);
                Ok(Typed::made(format!("nullif({}, {})", made[0], made[1]), kind))
            }
            ("least" | "greatest", [_, ..]) => {
                let (made, kind) = self.alike(args.iter().copied(), here)?;
                Ok(Typed::made(format!("{name}({})", made.join(", ")), kind))
            }
            ("abs" | "round" | "floor" | "ceil" | "ceiling", [value]) => {
                let word = if name == "ceiling" { "ceil" } else { name.as_str() };
                Ok(Typed::made(format!("{word}({})", self.number(value, here)?), Kind::Number))
            }
            ("round", [value, Expr::Value(places)]) => {
                let places = match &places.value {
                    Value::Number(text, false) if text.len() == 1 && text.as_str() <= "6" => text.clone(),
                    _ => return Err(QueryRefusal::part("round to so many places")),
                };
                Ok(Typed::made(format!("round({}, {places})", self.number(value, here)?), Kind::Number))
            }
            ("lower" | "upper", [value]) => {
                let made = self.scalar(value, here)?;
                self.work = self.work.saturating_add(OF_LETTERS);
                none(matches!(made.kind, Kind::Text | Kind::Null), "lower and upper of what is no text")?;
                Ok(Typed::made(format!("{name}({})", made.sql), Kind::Text))
            }
            ("year" | "quarter" | "month", [day]) => {
                Ok(Typed::made(format!("cast({name}({}) as double)", self.date(day, here)?), Kind::Number))
            }
            ("date_part" | "datepart", [unit, day]) => {
                let part = unit_of(unit, &["year", "quarter", "month"])?;
                Ok(Typed::made(format!("cast({part}({}) as double)", self.date(day, here)?), Kind::Number))
            }
            ("date_trunc" | "datetrunc", [unit, day]) => {
                let unit = unit_of(unit, &["year", "quarter", "month", "week"])?;
                let day = self.date(day, here)?;
                Ok(Typed::made(format!("cast(date_trunc('{unit}', {day}) as date)"), Kind::Date))
            }
            ("date_diff" | "datediff", [unit, from, to]) => {
                let unit = unit_of(unit, &["year", "quarter", "month", "week", "day"])?;
                let (from, to) = (self.date(from, here)?, self.date(to, here)?);
                Ok(Typed::made(format!("cast(date_diff('{unit}', {from}, {to}) as double)"), Kind::Number))
            }
            ("if", [condition, yes, no]) => {
                let condition = self.condition(condition, here)?;
                let (made, kind) = self.alike([*yes, *no], here)?;
                Ok(Typed::made(
                    format!("(case when {condition} then {} else {} end)", made[0], made[1]),
                    kind,
                ))
            }
            (known, _) if KNOWN.contains(&known) => {
                Err(QueryRefusal::part("this function with so many arguments"))
            }
            _ => Err(QueryRefusal::function(&name)),
        }
    }

    /// An aggregate over the rows of one learner: what comes out is still about one learner, and is only grouped,
    /// filtered and counted further on.
    fn of_one_learner(
        &mut self,
        function: &Function,
        name: &str,
        args: &[&Expr],
        here: Here<'_, '_>,
    ) -> Made {
        let filter = match &function.filter {
            Some(filter) => format!(" filter (where {})", self.condition(filter, here)?),
            None => String::new(),
        };
        self.work = self.work.saturating_add(OF_ROWS);
        let before = self.so_far();
        let distinct = if is_distinct(function) { "distinct " } else { "" };
        let is_ordered = matches!(name, "sum" | "avg" | "mean");
        let degree = here.scope.degree_in_all();
        self.room.holds_rows(OF_AGGREGATE * bytes_of(Kind::Text), degree);
        if is_distinct(function) {
            // Beside each value stands what its rows are grouped by.
            self.room.takes(OF_DISTINCT);
            self.room.holds_rows(self.grouped_by, degree);
        }
        if is_ordered {
            self.room.takes(OF_ORDER);
        }
        let call = |inside: &str| format!("{name}({distinct}{inside}){filter}");
        match (name, args) {
            ("count", []) => Ok(Typed::made(format!("cast(count(*){filter} as double)"), Kind::Number)),
            ("count", [value]) => {
                let value = match self.learner(value, here.scope)? {
                    Some(learner) => learner,
                    None => self.scalar(value, here)?.sql,
                };
                Ok(Typed::made(format!("cast({} as double)", call(&value)), Kind::Number))
            }
            ("count_if" | "countif", [value]) => {
                let value = self.condition(value, here)?;
                Ok(Typed::made(format!("cast(count_if({value}){filter} as double)"), Kind::Number))
            }
            ("sum" | "avg" | "mean", [value]) => {
                let value = self.number(value, here)?;
                let word = if name == "sum" { "sum" } else { "avg" };
                self.again(before, 1);
                // In an order of its own: a sum of doubles hangs on it, and the engine's hangs on everybody's rows.
                Ok(Typed::made(format!("{word}({distinct}{value} order by {value}){filter}"), Kind::Number))
            }
            ("min" | "max", [value]) => {
                let made = self.scalar(value, here)?;
                Ok(Typed::made(call(&made.sql), made.kind))
            }
            ("bool_or" | "bool_and", [value]) => {
                Ok(Typed::made(call(&self.condition(value, here)?), Kind::Bool))
            }
            _ => Err(QueryRefusal::function(name)),
        }
    }
}

/// Functions that an expression may call.
const KNOWN: &[&str] = &[
    "abs",
    "ceil",
    "ceiling",
    "coalesce",
    "date_diff",
    "date_part",
    "date_trunc",
    "datediff",
    "datepart",
    "datetrunc",
    "floor",
    "greatest",
    "if",
    "ifnull",
    "least",
    "lower",
    "month",
    "nullif",
    "quarter",
    "round",
    "upper",
    "year",
];

/// Aggregates that a statement may call somewhere.
const AGGREGATES: &[&str] =
    &["avg", "bool_and", "bool_or", "count", "count_if", "countif", "max", "mean", "min", "sum"];

/// Every function that a statement may call, by the names that the engine knows. Whatever else the engine has is refused.
pub fn allowed_functions() -> Vec<&'static str> {
    let mut names: Vec<&str> = KNOWN.iter().chain(AGGREGATES).copied().collect();
    names.sort_unstable();
    names
}

pub(super) fn is_aggregate(name: &str) -> bool {
    AGGREGATES.contains(&name)
}

/// Whether it is a function that takes a row's values and gives one.
pub(super) fn is_within_row(name: &str) -> bool {
    KNOWN.contains(&name)
}

pub(super) fn is_distinct(function: &Function) -> bool {
    matches!(&function.args, FunctionArguments::List(list)
        if matches!(list.duplicate_treatment, Some(sqlparser::ast::DuplicateTreatment::Distinct)))
}

/// A call's name and arguments, where it is a plain one. `count(*)` has none.
pub(super) fn plain_call(function: &Function) -> Result<(String, Vec<&Expr>), QueryRefusal> {
    let Function { name, uses_odbc_syntax, parameters, args, within_group, filter: _, null_treatment, over } =
        function;
    let name = single(name)?;
    if over.is_some() {
        return Err(QueryRefusal::row_level("a window function gives a figure to each row"));
    }
    none(!uses_odbc_syntax && matches!(parameters, FunctionArguments::None), "this form of a call")?;
    none(within_group.is_empty() && null_treatment.is_none(), "WITHIN GROUP")?;
    let FunctionArguments::List(list) = args else { return Err(QueryRefusal::function(&name)) };
    none(list.clauses.is_empty(), "an order or a limit inside a function")?;
    let mut found = Vec::new();
    for arg in &list.args {
        match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => found.push(expr),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if name == "count" && list.args.len() == 1 => {}
            _ => return Err(QueryRefusal::part("an argument of this form")),
        }
    }
    Ok((name, found))
}

fn unit_of<'u>(unit: &Expr, units: &[&'u str]) -> Result<&'u str, QueryRefusal> {
    let found = match unit {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => {
                units.iter().find(|known| **known == text.to_ascii_lowercase())
            }
            _ => None,
        },
        _ => None,
    };
    found.copied().ok_or_else(|| QueryRefusal::part("this unit of time"))
}
