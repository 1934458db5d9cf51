//! From text to one SELECT, or a refusal. What is not taken apart here by name does not pass.
use sqlparser::{
    ast::{
        Ident, LimitClause, ObjectName, ObjectNamePart, OrderBy, OrderByKind, Query, Select, SetExpr,
        Statement, With,
    },
    dialect::DuckDbDialect,
    keywords::Keyword,
    parser::Parser,
    tokenizer::{Token, Tokenizer},
};

use super::refusal::QueryRefusal;

/// The longest statement, in bytes, and the most words in it: longer ones are made by programs, to wear a parser out.
const LONGEST: usize = 16 * 1024;
const MOST_WORDS: usize = 2_000;
/// Signs and words that put two values together: the engine reads each as one more bracket around all before it.
const MOST_OPERATORS: usize = 400;
/// Brackets within brackets: the parser stops there by itself.
const DEEPEST: usize = 40;

/// The parts of a query that may be there.
pub(super) struct Parts<'q> {
    pub with: Option<&'q With>,
    pub select: &'q Select,
    pub order_by: Option<&'q OrderBy>,
    pub limit: Option<&'q LimitClause>,
}

/// The one query of a text.
pub(super) fn parse(text: &str) -> Result<Query, QueryRefusal> {
    let too_long = || {
        QueryRefusal::new(
            "too_long",
            format!(
                "a statement has at most {LONGEST} bytes, {MOST_WORDS} words and {MOST_OPERATORS} of AND, OR, + and their like"
            ),
            "ask for less at once, or name the groups with `case when`",
        )
    };
    if text.len() > LONGEST {
        return Err(too_long());
    }
    if !text
        .bytes()
        .all(|byte| byte == b'\n' || byte == b'\r' || byte == b'\t' || (b' '..0x7f).contains(&byte))
    {
        return Err(QueryRefusal::new(
            "characters",
            "a character that is no plain letter, digit or sign: two readers could take it differently",
            "the tables' codes are plain text; write the statement in it",
        ));
    }
    let unread = || {
        QueryRefusal::new(
            "syntax",
            "this cannot be read as one SELECT",
            "select cohort_ay, count(distinct learner_id) from cohort_member group by cohort_ay",
        )
    };
    let dialect = DuckDbDialect {};
    let tokens = Tokenizer::new(&dialect, text).tokenize().map_err(|_| unread())?;
    let words = tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).count();
    let operators = tokens.iter().filter(|token| is_operator(token)).count();
    if words > MOST_WORDS || operators > MOST_OPERATORS {
        return Err(too_long());
    }
    let mut parser = Parser::new(&dialect).with_recursion_limit(DEEPEST).with_tokens(tokens);
    let mut statements = parser.parse_statements().map_err(|_| unread())?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(*query),
        _ => Err(QueryRefusal::new(
            "statement",
            "only one SELECT is run, and nothing that writes, attaches, loads, sets, calls, explains or prepares",
            "select cohort_ay, count(distinct learner_id) from cohort_member group by cohort_ay",
        )),
    }
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod | Token::DuckIntDiv => true,
        Token::Word(word) => matches!(word.keyword, Keyword::AND | Keyword::OR),
        _ => false,
    }
}

/// Takes a query apart. Every field is named, so a part that a newer parser learns does not slip by.
pub(super) fn parts(query: &Query) -> Result<Parts<'_>, QueryRefusal> {
    let Query {
        with,
        body,
        order_by,
        limit_clause,
        fetch,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    none(fetch.is_none(), "FETCH")?;
    none(locks.is_empty() && for_clause.is_none(), "FOR")?;
    none(settings.is_none() && format_clause.is_none() && pipe_operators.is_empty(), "this clause")?;
    if let Some(with) = with {
        none(!with.recursive, "WITH RECURSIVE")?;
    }
    let select = match body.as_ref() {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { .. } => return Err(QueryRefusal::part("UNION, INTERSECT or EXCEPT")),
        SetExpr::Values(_) => return Err(QueryRefusal::part("VALUES")),
        _ => return Err(QueryRefusal::part("this form of a query")),
    };
    plain(select)?;
    Ok(Parts { with: with.as_ref(), select, order_by: order_by.as_ref(), limit: limit_clause.as_ref() })
}

/// Refuses what a SELECT may not hold at all. The rest is looked at where it is used.
fn plain(select: &Select) -> Result<(), QueryRefusal> {
    let Select {
        select_token: _,
        optimizer_hints,
        distinct: _,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection: _,
        exclude,
        into,
        from: _,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by: _,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        flavor: _,
    } = select;
    none(optimizer_hints.is_empty() && select_modifiers.is_none(), "a hint")?;
    none(top.is_none(), "TOP")?;
    none(exclude.is_none(), "EXCLUDE")?;
    none(into.is_none(), "INTO")?;
    none(lateral_views.is_empty() && prewhere.is_none() && connect_by.is_empty(), "this clause")?;
    none(cluster_by.is_empty() && distribute_by.is_empty() && sort_by.is_empty(), "this clause")?;
    none(named_window.is_empty(), "WINDOW")?;
    none(qualify.is_none(), "QUALIFY")?;
    none(value_table_mode.is_none(), "this clause")
}

pub(super) fn none(is_absent: bool, what: &str) -> Result<(), QueryRefusal> {
    if is_absent { Ok(()) } else { Err(QueryRefusal::part(what)) }
}

/// The expressions of an ORDER BY, each with whether it goes down; empty places are last either way.
pub(super) fn orders(order_by: &OrderBy) -> Result<Vec<(&sqlparser::ast::Expr, bool)>, QueryRefusal> {
    let OrderBy { kind, interpolate } = order_by;
    none(interpolate.is_none(), "INTERPOLATE")?;
    let OrderByKind::Expressions(orders) = kind else { return Err(QueryRefusal::part("ORDER BY ALL")) };
    let mut found = Vec::new();
    for order in orders {
        none(order.with_fill.is_none(), "WITH FILL")?;
        let down = match &order.options.sort {
            None | Some(sqlparser::ast::OrderBySort::Asc) => false,
            Some(sqlparser::ast::OrderBySort::Desc) => true,
            Some(_) => return Err(QueryRefusal::part("ORDER BY USING")),
        };
        found.push((&order.expr, down));
    }
    Ok(found)
}

/// A name in small letters, as the tables have them.
pub(super) fn name(ident: &Ident) -> Result<String, QueryRefusal> {
    match ident.quote_style {
        None | Some('"') => Ok(ident.value.to_ascii_lowercase()),
        Some(_) => Err(QueryRefusal::part("a name in such quotes")),
    }
}

/// A name of one part: no schema, no database, no path.
pub(super) fn single(object: &ObjectName) -> Result<String, QueryRefusal> {
    match object.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => name(ident),
        _ => Err(QueryRefusal::part("a name with a schema or a database before it")),
    }
}
