//! The outermost SELECT: its groups, its figures, and the statement that is run in its place. That statement first puts
//! together what each learner brings to each group, so that learners are counted after every join, and then says of each
//! group how many they are, which filters they fulfil, and how large the largest part is.
use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{Expr, GroupByExpr, LimitClause, Query, Select, SelectItem, Value};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::guard::Guard;
use super::measures::Ingredients;
use super::parse::{name, none, orders, parse, parts};
use super::refusal::QueryRefusal;
use super::room::Room;
use super::rows::{at_position, conjuncts, plain_name};
use super::scalar::Here;
use super::scope::{Compiler, Facts, Kind, Scope, Shapes};
use crate::disclosure::Measure;

/// How often what a figure is of is written, at most.
const OF_FIGURES: u64 = 4;
/// Keys of GROUP BY.
const MOST_KEYS: usize = 3;

/// A statement that was understood, and what is run in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The SQL that is run: written anew, and of the typed text only literals are in it.
    pub sql: String,
    /// The columns that it reads, by table.
    pub reads: BTreeMap<String, BTreeSet<String>>,
    /// What the engine's own reading of the typed text has to agree with.
    pub facts: Facts,
    /// The columns of the answer.
    pub outputs: Vec<Output>,
    /// The kinds of the groups' keys.
    pub keys: Vec<Kind>,
    /// How many amounts there are.
    pub amounts: usize,
    /// By which columns of the answer it is sorted, and whether downwards.
    pub order: Vec<(usize, bool)>,
    /// How many lines are shown at most.
    pub limit: Option<usize>,
    /// The statement as it is answered over real learners, or why it is not.
    pub guard: Result<Guard, QueryRefusal>,
}

/// A column of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// What stands in it.
    pub shown: Shown,
}

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A key of the groups.
    Key(usize),
    /// A figure.
    Figure(Measure),
}

/// Reads a statement. Nothing is run, and nothing of it is run later: the plan has SQL of its own.
///
/// # Errors
/// [`QueryRefusal`], with what would be safe to ask instead.
pub fn compile(text: &str, shapes: &Shapes) -> Result<Plan, QueryRefusal> {
    let query = parse(text)?;
    // Which columns are read, and are therefore there, is known when all is read: with that it is read once more.
    let reads = Compiler::over(shapes, None).outermost(&query)?.reads;
    let mut plan = Compiler::over(shapes, Some(&reads)).outermost(&query)?;
    let tables = std::mem::take(&mut plan.facts.tables);
    plan.facts = Facts { tables, selects: plan.facts.selects, ..words(text) };
    Ok(plan)
}

fn words(text: &str) -> Facts {
    let mut facts = Facts::default();
    let tokens = Tokenizer::new(&DuckDbDialect {}, text).tokenize().unwrap_or_default();
    for token in tokens {
        match token {
            Token::Word(word) => {
                facts.words.insert(word.value.to_ascii_lowercase());
            }
            Token::SingleQuotedString(text) => {
                facts.texts.insert(text);
            }
            _ => {}
        }
    }
    facts
}

impl<'s> Compiler<'s> {
    fn over(shapes: &'s Shapes, known: Option<&'s BTreeMap<String, BTreeSet<String>>>) -> Self {
        Self {
            shapes,
            named: Vec::new(),
            reads: BTreeMap::new(),
            facts: Facts::default(),
            counter: 0,
            degree: 0,
            work: 0,
            equal: 0,
            room: Room::default(),
            grouped_by: 0,
            known,
        }
    }
}

impl Compiler<'_> {
    fn outermost(&mut self, query: &Query) -> Result<Plan, QueryRefusal> {
        let found = parts(query)?;
        self.count_select()?;
        let mut named = match found.with {
            Some(with) => self.with(with)?,
            None => Vec::new(),
        };
        let select = found.select;
        if select.distinct.is_some() {
            return Err(QueryRefusal::row_level("DISTINCT shows which values there are, a row for each"));
        }
        if select.having.is_some() {
            return Err(QueryRefusal::new(
                "having",
                "HAVING would choose groups by figures before they are rounded, and so tell the figures",
                "leave it out: small groups are left out in any case; or choose rows with WHERE",
            ));
        }
        let (from, scope) = self.from(&select.from, None)?;
        let mut tail = String::new();
        if let Some(selection) = &select.selection {
            self.compares(&scope, conjuncts(selection).len());
            let here = Here { scope: &scope, aggregates: false };
            tail = format!(" where {}", self.condition(selection, here)?);
        }
        let keys = self.keys(select, &scope)?;
        let before = self.so_far();
        let (outputs, made) = self.outputs(select, &scope, &keys)?;
        // What a figure is of stands in a condition of its own, in an amount and in what says whether that is there.
        self.again(before, OF_FIGURES - 1);
        let learner =
            scope.learner().ok_or_else(|| QueryRefusal::part("FROM without a table of learners"))?;
        // What it reads once more is counted once.
        let selects = std::mem::take(&mut self.facts.selects);
        let room = self.room;
        let guard = self.guard(select, &scope, &keys, (&made, &outputs), (&named, &from, &tail));
        self.facts.selects = selects;
        self.room = room;
        named.extend(base(&keys, &made, &learner, &from, &tail, "sum"));
        let sql = format!("with {} {}", named.join(", "), totals(keys.len(), &made));
        let order = match found.order_by {
            Some(order_by) => sorted(&orders(order_by)?, select, &outputs)?,
            None => Vec::new(),
        };
        Ok(Plan {
            sql,
            reads: std::mem::take(&mut self.reads),
            facts: std::mem::take(&mut self.facts),
            keys: keys.into_iter().map(|key| key.kind).collect(),
            amounts: made.amounts.len(),
            outputs,
            order,
            limit: found.limit.map(limit).transpose()?,
            guard,
        })
    }

    /// The keys of the groups: those of GROUP BY, or with GROUP BY ALL whatever is selected and no aggregate.
    fn keys(&mut self, select: &Select, scope: &Scope<'_>) -> Result<Vec<Key>, QueryRefusal> {
        let exprs: Vec<&Expr> = match &select.group_by {
            GroupByExpr::Expressions(exprs, modifiers) => {
                none(modifiers.is_empty(), "ROLLUP and CUBE")?;
                exprs.iter().map(|expr| key_of(expr, select, scope)).collect::<Result<_, _>>()?
            }
            GroupByExpr::All(modifiers) => {
                none(modifiers.is_empty(), "ROLLUP and CUBE")?;
                items(select)?.into_iter().map(|(expr, _)| expr).filter(|expr| !has_aggregate(expr)).collect()
            }
        };
        if exprs.len() > MOST_KEYS {
            return Err(QueryRefusal::new(
                "keys",
                "more than three keys split people into groups of one",
                "group by at most three, in two statements if need be",
            ));
        }
        let here = Here { scope, aggregates: false };
        let mut keys: Vec<Key> = Vec::new();
        for expr in exprs {
            let made = self.scalar(expr, here)?;
            if !keys.iter().any(|key| key.sql == made.sql) {
                keys.push(Key { sql: made.sql, kind: made.kind, expr: expr.clone() });
            }
        }
        Ok(keys)
    }

    fn outputs(
        &mut self,
        select: &Select,
        scope: &Scope<'_>,
        keys: &[Key],
    ) -> Result<(Vec<Output>, Ingredients), QueryRefusal> {
        let mut made = Ingredients::default();
        let mut outputs: Vec<Output> = Vec::new();
        let here = Here { scope, aggregates: false };
        for (expr, alias) in items(select)? {
            let key = if has_aggregate(expr) {
                None
            } else {
                let found = if let Some(at) = keys.iter().position(|key| key.expr == *expr) {
                    Some(at)
                } else {
                    let sql = self.scalar(expr, here)?.sql;
                    keys.iter().position(|key| key.sql == sql)
                };
                Some(found.ok_or_else(|| {
                    QueryRefusal::row_level("a column that is no group and no count would show rows")
                })?)
            };
            let (shown, usual) = if let Some(at) = key {
                (Shown::Key(at), plain_name(expr).unwrap_or_else(|| "key".to_owned()))
            } else {
                let measure = self.measure(expr, scope, &mut made)?;
                (Shown::Figure(measure), measure.word().to_owned())
            };
            let mut called = alias.unwrap_or(usual);
            while outputs.iter().any(|known| known.name == called) {
                called.push('_');
            }
            outputs.push(Output { name: called, shown });
        }
        if !outputs.iter().any(|output| matches!(output.shown, Shown::Figure(_))) {
            return Err(QueryRefusal::row_level("without a count this lists what stands in rows"));
        }
        Ok((outputs, made))
    }
}

/// A key of the groups.
pub(super) struct Key {
    pub sql: String,
    pub kind: Kind,
    pub expr: Expr,
}

/// What is selected, with its name if it was given one.
fn items(select: &Select) -> Result<Vec<(&Expr, Option<String>)>, QueryRefusal> {
    let mut found = Vec::new();
    for item in &select.projection {
        found.push(match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => {
                let called = name(alias)?;
                none(called.len() <= 60, "a name of more than 60 letters")?;
                (expr, Some(called))
            }
            _ => return Err(QueryRefusal::row_level("a star shows whole rows")),
        });
    }
    Ok(found)
}

/// What a key of GROUP BY stands for: a position, a name that SELECT gave, or itself.
fn key_of<'e>(expr: &'e Expr, select: &'e Select, scope: &Scope<'_>) -> Result<&'e Expr, QueryRefusal> {
    if let Expr::Identifier(ident) = expr {
        let wanted = name(ident)?;
        if scope.look(None, &wanted).ok().flatten().is_none() {
            let named = items(select)?.into_iter().find(|(_, alias)| alias.as_ref() == Some(&wanted));
            if let Some((meant, _)) = named {
                return Ok(meant);
            }
        }
    }
    at_position(expr, &select.projection)
}

/// Whether an expression has an aggregate anywhere that a figure can have one.
fn has_aggregate(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => {
            let called = function.name.to_string().to_ascii_lowercase();
            let inside = match &function.args {
                sqlparser::ast::FunctionArguments::List(list) => list.args.iter().any(|arg| match arg {
                    sqlparser::ast::FunctionArg::Unnamed(sqlparser::ast::FunctionArgExpr::Expr(expr)) => {
                        has_aggregate(expr)
                    }
                    _ => false,
                }),
                _ => false,
            };
            inside || !super::calls::is_within_row(&called)
        }
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } | Expr::UnaryOp { expr: inner, .. } => {
            has_aggregate(inner)
        }
        Expr::BinaryOp { left, right, .. } => has_aggregate(left) || has_aggregate(right),
        _ => false,
    }
}

/// What every row brings, and then what every learner brings to every group: amounts by their sum, or by their mean.
pub(super) fn base(
    keys: &[Key],
    made: &Ingredients,
    learner: &str,
    from: &str,
    tail: &str,
    amounts: &str,
) -> [String; 2] {
    let mut row: Vec<String> =
        keys.iter().enumerate().map(|(at, key)| format!("{} as k{at}", key.sql)).collect();
    let mut each: Vec<String> = (0..keys.len()).map(|at| format!("k{at}")).collect();
    row.push(format!("{learner} as l"));
    each.push("l".to_owned());
    let mut mask = vec!["0".to_owned()];
    for (at, filter) in made.filters.iter().enumerate() {
        row.push(format!("{filter} as f{at}"));
        mask.push(format!("case when bool_or(f{at}) then {} else 0 end", 1 << at));
    }
    each.push(format!("{} as m", mask.join(" + ")));
    for (at, amount) in made.amounts.iter().enumerate() {
        row.push(format!("{} as a{at}", amount.sql));
        each.push(format!("{amounts}(a{at}) as a{at}, count(a{at}) as c{at}"));
    }
    let groups: Vec<String> = (0..keys.len()).map(|at| format!("k{at}")).chain(["l".to_owned()]).collect();
    [
        format!("base as (select {} from {from}{tail})", row.join(", ")),
        format!(
            "each_learner as (select {} from base where l is not null group by {})",
            each.join(", "),
            groups.join(", ")
        ),
    ]
}

/// Groups with those who fulfil the same filters, counted.
fn totals(keys: usize, made: &Ingredients) -> String {
    let mut columns: Vec<String> = (0..keys).map(|at| format!("cast(k{at} as varchar)")).collect();
    columns.extend(["cast(m as varchar)".to_owned(), "cast(count(*) as varchar)".into()]);
    for at in 0..made.amounts.len() {
        columns.push(format!("cast(sum(a{at}) as varchar)"));
        columns.push(format!("cast(sum(c{at}) as varchar)"));
    }
    let groups: Vec<String> = (0..keys).map(|at| format!("k{at}")).chain(["m".to_owned()]).collect();
    format!("select {} from each_learner group by {} order by all", columns.join(", "), groups.join(", "))
}

/// By which columns of the answer it is sorted.
fn sorted(
    orders: &[(&Expr, bool)],
    select: &Select,
    outputs: &[Output],
) -> Result<Vec<(usize, bool)>, QueryRefusal> {
    let mut found = Vec::new();
    for (expr, down) in orders {
        let by_name =
            plain_name(expr).and_then(|wanted| outputs.iter().position(|output| output.name == wanted));
        let by_place = match expr {
            Expr::Value(value) => match &value.value {
                Value::Number(text, false) => {
                    text.parse::<usize>().ok().and_then(|place| place.checked_sub(1))
                }
                _ => None,
            },
            _ => None,
        };
        let same = items(select)?.iter().position(|(item, _)| item == expr);
        let at = by_name.or(by_place).or(same).filter(|at| *at < outputs.len());
        found.push((
            at.ok_or_else(|| {
                QueryRefusal::new(
                    "order",
                    "ORDER BY anything but a column of the answer would sort by what is not shown",
                    "order by the name or the number of a column that is selected",
                )
            })?,
            *down,
        ));
    }
    Ok(found)
}

fn limit(clause: &LimitClause) -> Result<usize, QueryRefusal> {
    let wrong = || QueryRefusal::part("LIMIT of anything but a number, and OFFSET");
    let LimitClause::LimitOffset { limit: Some(Expr::Value(value)), offset: None, limit_by } = clause else {
        return Err(wrong());
    };
    match &value.value {
        Value::Number(text, false) if limit_by.is_empty() => text.parse().map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}
