//! Expressions within one row, or within the rows of one learner, written anew so that no row can make them fail: every
//! number is a double, every conversion may come out empty, and only like is compared with like.
use chrono::NaiveDate;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType, DateTimeField, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArguments, InTarget, TypedString, UnaryOperator, Value,
};

use super::parse::{none, single};
use super::refusal::QueryRefusal;
use super::scope::{Compiler, Kind, Scope, quoted_text};

/// An expression that is safe to run.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub sql: String,
    pub kind: Kind,
    /// A column of the release as it is, of the first table.
    pub own: bool,
}

impl Typed {
    fn made(sql: String, kind: Kind) -> Self {
        Self { sql, kind, own: false }
    }
}

type Made = Result<Typed, QueryRefusal>;

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Here<'a, 'o> {
    pub scope: &'a Scope<'o>,
    /// Whether the rows of one learner may be put together here.
    pub aggregates: bool,
}

impl Here<'_, '_> {
    fn inside(self) -> Self {
        Self { aggregates: false, ..self }
    }
}

impl Compiler<'_> {
    /// An expression that is yes or no.
    pub fn condition(&mut self, expr: &Expr, here: Here<'_, '_>) -> Result<String, QueryRefusal> {
        let made = self.scalar(expr, here)?;
        match made.kind {
            Kind::Bool | Kind::Null => Ok(format!("({})", made.sql)),
            _ => Err(QueryRefusal::kinds("a condition and a value that is not yes or no")),
        }
    }

    /// Any expression but one that shows a learner.
    pub fn scalar(&mut self, expr: &Expr, here: Here<'_, '_>) -> Made {
        match expr {
            Expr::Identifier(ident) => self.column(std::slice::from_ref(ident), here),
            Expr::CompoundIdentifier(parts) => self.column(parts, here),
            Expr::Nested(inner) => self.scalar(inner, here),
            Expr::Value(value) => literal(&value.value),
            Expr::TypedString(typed) => typed_text(typed),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr, here),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, here),
            Expr::IsNull(inner) => self.is(inner, "is null", here),
            Expr::IsNotNull(inner) => self.is(inner, "is not null", here),
            Expr::IsTrue(inner) => self.truth(inner, "is true", here),
            Expr::IsNotTrue(inner) => self.truth(inner, "is not true", here),
            Expr::IsFalse(inner) => self.truth(inner, "is false", here),
            Expr::IsNotFalse(inner) => self.truth(inner, "is not false", here),
            Expr::IsDistinctFrom(left, right) => self.compared(left, "is distinct from", right, here),
            Expr::IsNotDistinctFrom(left, right) => self.compared(left, "is not distinct from", right, here),
            Expr::Between { expr, negated, low, high } => self.between(expr, *negated, (low, high), here),
            Expr::In { expr, target, negated, global } => {
                none(!global, "GLOBAL")?;
                self.within(expr, target, *negated, here)
            }
            Expr::Like { negated, any, expr, pattern, escape_char } => {
                none(!any && escape_char.is_none(), "LIKE ANY and ESCAPE")?;
                self.like(expr, pattern, if *negated { "not like" } else { "like" }, here)
            }
            Expr::ILike { negated, any, expr, pattern, escape_char } => {
                none(!any && escape_char.is_none(), "LIKE ANY and ESCAPE")?;
                self.like(expr, pattern, if *negated { "not ilike" } else { "ilike" }, here)
            }
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), here)
            }
            Expr::Cast { kind, expr, data_type, format } => {
                none(format.is_none() && !matches!(kind, CastKind::SafeCast), "this form of CAST")?;
                self.cast(expr, data_type, here)
            }
            Expr::Extract { field, syntax: _, expr } => self.date_part(field, expr, here),
            Expr::Floor { expr, field } => self.step(expr, field, "floor", here),
            Expr::Ceil { expr, field } => self.step(expr, field, "ceil", here),
            Expr::Exists { subquery, negated } => {
                let sql = self.exists(subquery, here.scope)?;
                let not = if *negated { "not " } else { "" };
                Ok(Typed::made(format!("({not}exists ({sql}))"), Kind::Bool))
            }
            Expr::Function(function) => self.call(function, here),
            Expr::Subquery(_) => Err(QueryRefusal::part("a query in the place of one value")),
            _ => Err(QueryRefusal::part("this kind of expression")),
        }
    }

    /// Several expressions of one kind; what is empty goes with any.
    fn alike<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        here: Here<'_, '_>,
    ) -> Result<(Vec<String>, Kind), QueryRefusal> {
        let mut made = Vec::new();
        for expr in exprs {
            made.push(self.scalar(expr, here)?);
        }
        unify(&mut made)
    }

    fn column(&mut self, parts: &[sqlparser::ast::Ident], here: Here<'_, '_>) -> Made {
        let found = here.scope.find(parts)?;
        self.note(&found);
        let own = found.own && found.relation == Some(0);
        match found.kind {
            Kind::Learner => Err(QueryRefusal::row_level(
                "learner_id is counted and joined on, and used for nothing else: it names a row",
            )),
            // No column is too large for a double, and arithmetic on doubles does not fail.
            Kind::Number => {
                Ok(Typed { sql: format!("cast({} as double)", found.sql), kind: found.kind, own })
            }
            kind => Ok(Typed { sql: found.sql, kind, own }),
        }
    }

    fn unary(&mut self, op: UnaryOperator, expr: &Expr, here: Here<'_, '_>) -> Made {
        match op {
            UnaryOperator::Not => {
                Ok(Typed::made(format!("(not {})", self.condition(expr, here)?), Kind::Bool))
            }
            UnaryOperator::Minus | UnaryOperator::Plus => {
                let sign = if op == UnaryOperator::Minus { "-" } else { "" };
                Ok(Typed::made(format!("({sign}{})", self.number(expr, here)?), Kind::Number))
            }
            _ => Err(QueryRefusal::part("this operator")),
        }
    }

    fn number(&mut self, expr: &Expr, here: Here<'_, '_>) -> Result<String, QueryRefusal> {
        let made = self.scalar(expr, here)?;
        match made.kind {
            Kind::Number | Kind::Null => Ok(made.sql),
            _ => Err(QueryRefusal::kinds("a number and a value that is none")),
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, here: Here<'_, '_>) -> Made {
        use BinaryOperator as Op;
        let word = match op {
            Op::And => "and",
            Op::Or => "or",
            Op::Eq => "=",
            Op::NotEq => "<>",
            Op::Lt => "<",
            Op::LtEq => "<=",
            Op::Gt => ">",
            Op::GtEq => ">=",
            Op::Plus => "+",
            Op::Minus => "-",
            Op::Multiply => "*",
            Op::Divide => "/",
            Op::Modulo => "%",
            Op::DuckIntegerDivide => "//",
            _ => return Err(QueryRefusal::part("this operator")),
        };
        match op {
            Op::And | Op::Or => {
                let (left, right) = (self.condition(left, here)?, self.condition(right, here)?);
                Ok(Typed::made(format!("({left} {word} {right})"), Kind::Bool))
            }
            Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq => {
                self.compared(left, word, right, here)
            }
            _ => {
                let (left, right) = (self.scalar(left, here)?, self.scalar(right, here)?);
                match (left.kind, right.kind) {
                    (Kind::Date, Kind::Date) if *op == Op::Minus => Ok(Typed::made(
                        format!("cast(({} - {}) as double)", left.sql, right.sql),
                        Kind::Number,
                    )),
                    (Kind::Number | Kind::Null, Kind::Number | Kind::Null) if word == "//" => {
                        Ok(Typed::made(format!("floor({} / {})", left.sql, right.sql), Kind::Number))
                    }
                    (Kind::Number | Kind::Null, Kind::Number | Kind::Null) => {
                        Ok(Typed::made(format!("({} {word} {})", left.sql, right.sql), Kind::Number))
                    }
                    _ => Err(QueryRefusal::kinds("the two sides of an operator")),
                }
            }
        }
    }

    fn compared(&mut self, left: &Expr, word: &str, right: &Expr, here: Here<'_, '_>) -> Made {
        let (sides, _) = self.alike([left, right], here)?;
        Ok(Typed::made(format!("({} {word} {})", sides[0], sides[1]), Kind::Bool))
    }

    fn is(&mut self, inner: &Expr, word: &str, here: Here<'_, '_>) -> Made {
        // Whether a left join found anybody.
        if let Some(learner) = self.learner(inner, here.scope)? {
            return Ok(Typed::made(format!("({learner} {word})"), Kind::Bool));
        }
        let made = self.scalar(inner, here)?;
        Ok(Typed::made(format!("({} {word})", made.sql), Kind::Bool))
    }

    fn truth(&mut self, inner: &Expr, word: &str, here: Here<'_, '_>) -> Made {
        let made = self.condition(inner, here)?;
        Ok(Typed::made(format!("({made} {word})"), Kind::Bool))
    }

    fn between(&mut self, expr: &Expr, negated: bool, ends: (&Expr, &Expr), here: Here<'_, '_>) -> Made {
        let (sides, _) = self.alike([expr, ends.0, ends.1], here)?;
        let not = if negated { "not " } else { "" };
        Ok(Typed::made(format!("({} {not}between {} and {})", sides[0], sides[1], sides[2]), Kind::Bool))
    }

    fn within(&mut self, expr: &Expr, target: &InTarget, negated: bool, here: Here<'_, '_>) -> Made {
        let not = if negated { "not " } else { "" };
        match target {
            InTarget::List(list) => {
                let (sides, _) = self.alike(std::iter::once(expr).chain(list), here)?;
                let (first, rest) =
                    sides.split_first().map_or(("null", &[][..]), |(one, rest)| (one.as_str(), rest));
                Ok(Typed::made(format!("({first} {not}in ({}))", rest.join(", ")), Kind::Bool))
            }
            InTarget::Subquery(query) => {
                let Some(learner) = self.learner(expr, here.scope)? else {
                    return Err(QueryRefusal::part("IN (SELECT …) of anything but learner_id"));
                };
                let sql = self.learners_of(query)?;
                Ok(Typed::made(format!("({learner} {not}in ({sql}))"), Kind::Bool))
            }
            _ => Err(QueryRefusal::part("this form of IN")),
        }
    }

    /// A column that names learners, noted as read; none where the expression is something else.
    pub fn learner(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<Option<String>, QueryRefusal> {
        let found = match expr {
            Expr::Identifier(ident) => scope.find(std::slice::from_ref(ident))?,
            Expr::CompoundIdentifier(parts) => scope.find(parts)?,
            Expr::Nested(inner) => return self.learner(inner, scope),
            _ => return Ok(None),
        };
        if found.kind != Kind::Learner {
            return Ok(None);
        }
        self.note(&found);
        Ok(Some(found.sql))
    }

    fn like(&mut self, expr: &Expr, pattern: &Expr, word: &str, here: Here<'_, '_>) -> Made {
        let made = self.scalar(expr, here)?;
        let Expr::Value(value) = pattern else {
            return Err(QueryRefusal::part("a pattern that is not a text"));
        };
        let Value::SingleQuotedString(pattern) = &value.value else {
            return Err(QueryRefusal::part("a pattern that is not a text"));
        };
        // Patterns of many wildcards are how such a search is made slow.
        if made.kind != Kind::Text || pattern.matches('%').count() > 4 || pattern.contains('\\') {
            return Err(QueryRefusal::kinds("LIKE and what is no text, or a pattern with more than four %,"));
        }
        Ok(Typed::made(format!("({} {word} {})", made.sql, quoted_text(pattern)), Kind::Bool))
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
        here: Here<'_, '_>,
    ) -> Made {
        let mut whens = Vec::new();
        for when in conditions {
            whens.push(match operand {
                Some(operand) => self.compared(operand, "=", &when.condition, here)?.sql,
                None => self.condition(&when.condition, here)?,
            });
        }
        let results = conditions.iter().map(|when| &when.result).chain(otherwise);
        let (results, kind) = self.alike(results, here)?;
        let mut sql = "case".to_owned();
        for (when, then) in whens.iter().zip(&results) {
            sql.push_str(&format!(" when {when} then {then}"));
        }
        if let (Some(_), Some(last)) = (otherwise, results.last()) {
            sql.push_str(&format!(" else {last}"));
        }
        sql.push_str(" end");
        Ok(Typed::made(format!("({sql})"), kind))
    }

    fn cast(&mut self, expr: &Expr, to: &DataType, here: Here<'_, '_>) -> Made {
        let made = self.scalar(expr, here)?;
        let sql = &made.sql;
        let whole = |sql: &str| Typed::made(format!("round({sql})"), Kind::Number);
        Ok(match (to, made.kind) {
            (
                DataType::Int(_) | DataType::Integer(_) | DataType::BigInt(_) | DataType::SmallInt(_),
                Kind::Number | Kind::Null,
            ) => whole(sql),
            (
                DataType::Int(_)
                | DataType::Integer(_)
                | DataType::BigInt(_)
                | DataType::SmallInt(_)
                | DataType::Double(_)
                | DataType::Float(_)
                | DataType::Decimal(_),
                Kind::Bool,
            ) => {
                Typed::made(format!("(case {sql} when true then 1e0 when false then 0e0 end)"), Kind::Number)
            }
            (
                DataType::Double(_)
                | DataType::Float(_)
                | DataType::Real
                | DataType::Decimal(_)
                | DataType::Numeric(_),
                Kind::Number | Kind::Null,
            ) => Typed { sql: made.sql, kind: Kind::Number, own: made.own },
            (DataType::Varchar(_) | DataType::Text | DataType::String(_), Kind::Text) => made,
            (DataType::Varchar(_) | DataType::Text | DataType::String(_), Kind::Bool) => Typed::made(
                format!("(case {sql} when true then 'true' when false then 'false' end)"),
                Kind::Text,
            ),
            (DataType::Date, Kind::Date) => made,
            (DataType::Date, Kind::Text) => day_in(sql)?,
            _ => return Err(QueryRefusal::part("this conversion")),
        })
    }

    fn date(&mut self, expr: &Expr, here: Here<'_, '_>) -> Result<String, QueryRefusal> {
        let made = self.scalar(expr, here)?;
        match made.kind {
            Kind::Date | Kind::Null => Ok(made.sql),
            Kind::Text => Ok(day_in(&made.sql)?.sql),
            _ => Err(QueryRefusal::kinds("a day and a value that is none")),
        }
    }

    fn date_part(&mut self, field: &DateTimeField, expr: &Expr, here: Here<'_, '_>) -> Made {
        let part = match field {
            DateTimeField::Year => "year",
            DateTimeField::Quarter => "quarter",
            DateTimeField::Month => "month",
            _ => return Err(QueryRefusal::part("this part of a day")),
        };
        Ok(Typed::made(format!("cast({part}({}) as double)", self.date(expr, here)?), Kind::Number))
    }

    fn step(&mut self, expr: &Expr, field: &CeilFloorKind, word: &str, here: Here<'_, '_>) -> Made {
        none(
            matches!(field, CeilFloorKind::DateTimeField(DateTimeField::NoDateTime)),
            "FLOOR and CEIL to a unit",
        )?;
        Ok(Typed::made(format!("{word}({})", self.number(expr, here)?), Kind::Number))
    }

    /// A function call within a row, or within the rows of one learner.
    fn call(&mut self, function: &Function, here: Here<'_, '_>) -> Made {
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
                let (made, kind) = self.alike(args.iter().copied(), here)?;
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
        let distinct = if is_distinct(function) { "distinct " } else { "" };
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
                Ok(Typed::made(format!("{word}({distinct}{value}){filter}"), Kind::Number))
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

/// One kind for all of them: what is empty goes with any, and a text beside days is read as a day.
fn unify(made: &mut [Typed]) -> Result<(Vec<String>, Kind), QueryRefusal> {
    let has_day = made.iter().any(|each| each.kind == Kind::Date);
    let mut kind = Kind::Null;
    for each in made.iter_mut() {
        if has_day && each.kind == Kind::Text {
            *each = day_in(&each.sql)?;
        }
        match (kind, each.kind) {
            (_, Kind::Null) => {}
            (Kind::Null, found) => kind = found,
            (one, other) if one == other => {}
            _ => return Err(QueryRefusal::kinds("two values that are put side by side")),
        }
    }
    Ok((made.iter().map(|each| each.sql.clone()).collect(), kind))
}

fn literal(value: &Value) -> Made {
    match value {
        Value::Number(text, false) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Typed::made(format!("{number:e}"), Kind::Number)),
            _ => Err(QueryRefusal::part("a number of this form")),
        },
        Value::SingleQuotedString(text) => Ok(Typed::made(quoted_text(text), Kind::Text)),
        Value::Boolean(yes) => Ok(Typed::made(yes.to_string(), Kind::Bool)),
        Value::Null => Ok(Typed::made("null".to_owned(), Kind::Null)),
        _ => Err(QueryRefusal::part("a literal of this form")),
    }
}

fn typed_text(typed: &TypedString) -> Made {
    let TypedString { data_type, value, uses_odbc_syntax } = typed;
    none(!uses_odbc_syntax && matches!(data_type, DataType::Date), "a literal of this type")?;
    match &value.value {
        Value::SingleQuotedString(text) => day_in(&quoted_text(text)),
        _ => Err(QueryRefusal::part("a literal of this form")),
    }
}

/// A day that is written in a text literal.
fn day_in(sql: &str) -> Made {
    let text = sql.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or_default();
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(day) => Ok(Typed::made(format!("date '{}'", day.format("%Y-%m-%d")), Kind::Date)),
        Err(_) => Err(QueryRefusal::new(
            "kinds",
            "a day is compared with what is no day",
            "write days as date '2019-09-01'",
        )),
    }
}
