//! Expressions within one row, or within the rows of one learner, written anew so that no row can make them fail: every
//! number is a double, every conversion may come out empty, and only like is compared with like.
use chrono::NaiveDate;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType, DateTimeField, Expr, InTarget, TypedString,
    UnaryOperator, Value,
};

use super::parse::none;
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
    pub(super) fn made(sql: String, kind: Kind) -> Self {
        Self { sql, kind, own: false }
    }
}

pub(super) type Made = Result<Typed, QueryRefusal>;

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Here<'a, 'o> {
    pub scope: &'a Scope<'o>,
    /// Whether the rows of one learner may be put together here.
    pub aggregates: bool,
}

impl Here<'_, '_> {
    pub(super) fn inside(self) -> Self {
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
        self.work = self.work.saturating_add(1);
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
    pub(super) fn alike<'e>(
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
        let own = found.own && found.relation.is_some();
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

    pub(super) fn number(&mut self, expr: &Expr, here: Here<'_, '_>) -> Result<String, QueryRefusal> {
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
            Op::Eq if !is_value(left) && !is_value(right) => {
                // What all equals one another the engine compares each with each.
                self.equal += 1;
                let before = self.so_far();
                let made = self.compared(left, word, right, here);
                self.again(before, self.equal);
                made
            }
            Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq => {
                self.compared(left, word, right, here)
            }
            _ => {
                self.work = self.work.saturating_add(if word == "%" { OF_REST } else { 0 });
                let (left, right) = (self.scalar(left, here)?, self.scalar(right, here)?);
                match (left.kind, right.kind) {
                    (Kind::Date, Kind::Date) if *op == Op::Minus => Ok(Typed::made(
                        format!("cast(({} - {}) as double)", left.sql, right.sql),
                        Kind::Number,
                    )),
                    (Kind::Number | Kind::Null, Kind::Number | Kind::Null) if word == "//" => {
                        Ok(Typed::made(format!("trunc({} / {})", left.sql, right.sql), Kind::Number))
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
        // The engine writes what lies between once for each end.
        let before = self.so_far();
        let operand = self.scalar(expr, here)?;
        self.again(before, 1);
        let mut sides = vec![operand, self.scalar(ends.0, here)?, self.scalar(ends.1, here)?];
        let (sides, _) = unify(&mut sides)?;
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
                let sql = self.learners_of(query, here.scope)?;
                // Nobody is in no list: of an empty learner the engine says so where the list is empty, and that it does not know where
                // anybody is in it.
                Ok(Typed::made(format!("({learner} is not null and {learner} {not}in ({sql}))"), Kind::Bool))
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
        // Patterns of many wildcards, and long ones, are how such a search is made slow.
        none(pattern.len() <= LONGEST_TEXT, "a pattern of more than 64 letters")?;
        self.work = self.work.saturating_add(pattern.len() as u64);
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
        // What is compared is written once: written anew for each value, a few within each other would be a text without end.
        let (operand, whens) = if let Some(operand) = operand {
            let values = conditions.iter().map(|when| &when.condition);
            let before = self.so_far();
            let (mut sides, _) = self.alike(std::iter::once(operand).chain(values), here)?;
            // The engine writes it once for each value all the same: within each other they multiply.
            self.again(before, conditions.len() as u64);
            let operand = sides.remove(0);
            (format!(" {operand}"), sides)
        } else {
            let conditions = conditions.iter().map(|when| self.condition(&when.condition, here));
            (String::new(), conditions.collect::<Result<_, _>>()?)
        };
        let results = conditions.iter().map(|when| &when.result).chain(otherwise);
        let (results, kind) = self.alike(results, here)?;
        let mut sql = format!("case{operand}");
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
        // As the engine does: a half goes to the even one of its neighbours.
        let whole = |sql: &str| Typed::made(format!("round_even({sql}, 0)"), Kind::Number);
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
            ) => Typed::made(format!("cast({sql} as double)"), Kind::Number),
            (
                DataType::Double(_)
                | DataType::Float(_)
                | DataType::Real
                | DataType::Decimal(_)
                | DataType::Numeric(_),
                Kind::Number | Kind::Null,
            ) => Typed { sql: made.sql, kind: Kind::Number, own: made.own },
            (DataType::Varchar(_) | DataType::Text | DataType::String(_), Kind::Text)
            | (DataType::Date, Kind::Date) => made,
            (DataType::Varchar(_) | DataType::Text | DataType::String(_), Kind::Bool) => {
                Typed::made(format!("cast({sql} as varchar)"), Kind::Text)
            }
            (DataType::Date, Kind::Text) => day_in(sql)?,
            _ => return Err(QueryRefusal::part("this conversion")),
        })
    }

    pub(super) fn date(&mut self, expr: &Expr, here: Here<'_, '_>) -> Result<String, QueryRefusal> {
        let made = self.scalar(expr, here)?;
        match made.kind {
            Kind::Date => Ok(made.sql),
            // Of nothing the engine does not know which of its functions is meant.
            Kind::Null => Ok(format!("cast({} as date)", made.sql)),
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

/// What is left by a division of two numbers far apart, in steps: [`Compiler::work`].
const OF_REST: u64 = 50;

fn is_value(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(_) | Expr::TypedString(_))
}

/// The longest text that may be written, in letters: no code is longer, and what takes time for each letter takes little.
const LONGEST_TEXT: usize = 64;

fn literal(value: &Value) -> Made {
    match value {
        Value::Number(text, false) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Typed::made(format!("{number:e}"), Kind::Number)),
            _ => Err(QueryRefusal::part("a number of this form")),
        },
        Value::SingleQuotedString(text) => {
            none(text.len() <= LONGEST_TEXT, "a text of more than 64 letters")?;
            Ok(Typed::made(quoted_text(text), Kind::Text))
        }
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
    // Years of more figures are read by us and not by the engine, which would say so at the row.
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(day) if is_plain => Ok(Typed::made(format!("date '{}'", day.format("%Y-%m-%d")), Kind::Date)),
        _ => Err(QueryRefusal::new(
            "kinds",
            "a day is compared with what is no day",
            "write days as date '2019-09-01'",
        )),
    }
}
