//! What another engine would not run, and what would not give the same sum twice.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::{Problem, Query};
use super::{Token, matching, tokens};

/// Functions that engines have in common and that mean the same in each. All others are functions of `queries/_engine`.
const COMMON: &[&str] = &[
    "abs",
    "bool_and",
    "bool_or",
    "ceil",
    "coalesce",
    "concat",
    "count",
    "day",
    "dense_rank",
    "exp",
    "first_value",
    "floor",
    "greatest",
    "lag",
    "last_value",
    "lead",
    "least",
    "length",
    "ln",
    "lower",
    "max",
    "min",
    "mod",
    "month",
    "nth_value",
    "ntile",
    "nullif",
    "power",
    "rank",
    "replace",
    "round",
    "row_number",
    "sign",
    "sqrt",
    "substring",
    "sum",
    "trim",
    "upper",
    "year",
];

/// Words that an opening bracket may follow without a function being called.
const NO_FUNCTION: &[&str] = &[
    "all",
    "and",
    "as",
    "between",
    "by",
    "case",
    "cast",
    "decimal",
    "distinct",
    "else",
    "except",
    "exists",
    "filter",
    "from",
    "having",
    "in",
    "intersect",
    "is",
    "join",
    "like",
    "materialized",
    "not",
    "numeric",
    "on",
    "or",
    "over",
    "partition",
    "recursive",
    "select",
    "then",
    "union",
    "using",
    "values",
    "varchar",
    "when",
    "where",
    "with",
];

/// Functions whose answer is a floating-point number.
const FLOATING: &[&str] = &["sqrt", "ln", "exp", "power"];

/// Calls of functions that are neither common to engines nor of `queries/_engine`.
pub(in super::super) fn functions<'q>(
    queries: impl Iterator<Item = &'q Query>,
    engine: &str,
) -> Vec<Problem> {
    let own: BTreeSet<String> = macros(engine);
    let mut problems = Vec::new();
    for query in queries.filter(|query| Path::new(&query.file).extension().is_some_and(|ext| ext == "sql")) {
        let tokens = tokens(&query.sql);
        // A name with a list of columns is a table of values or a step, not a call.
        let mut named = BTreeMap::new();
        for at in 0..tokens.len().saturating_sub(1) {
            let (word, next) = (tokens[at].text.as_str(), tokens[at + 1].text.as_str());
            let before = at.checked_sub(1).map_or("", |before| tokens[before].text.as_str());
            let is_word = word.starts_with(|c: char| c.is_ascii_lowercase());
            if next != "(" || !is_word || before == "as" || NO_FUNCTION.contains(&word) {
                continue;
            }
            let after = at + 2 + matching(&tokens, at + 1).len();
            let is_step = [0, 1].map(|more| tokens.get(after + more).map(|token| token.text.as_str()));
            if is_step == [Some("as"), Some("(")] {
                continue;
            }
            if !COMMON.contains(&word) && !own.contains(word) {
                named.entry(word.to_owned()).or_insert(tokens[at].line);
            }
        }
        problems.extend(named.into_iter().map(|(word, line)| Problem {
            file: query.file.clone(),
            line,
            what: format!(
                "`{word}`: not a function that engines share: put what differs into queries/_engine"
            ),
        }));
    }
    problems
}

/// The names that `create macro` gives.
fn macros(engine: &str) -> BTreeSet<String> {
    let tokens = tokens(engine);
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    pairs.filter(|(word, _)| word.text == "macro").map(|(_, name)| name.text.clone()).collect()
}

/// A sum of floating-point numbers depends on the order of its rows: every summand is a whole number or a decimal, or
/// is made one before it is added.
pub(super) fn sums(tokens: &[Token], found: &mut Vec<(usize, String)>) {
    for at in 0..tokens.len().saturating_sub(1) {
        if tokens[at].text == "sum" && tokens[at + 1].text == "(" && is_floating(matching(tokens, at + 1)) {
            found.push((
                tokens[at].line,
                "no sums of floating-point numbers: `cast(... as decimal(...))` each summand".to_owned(),
            ));
        }
    }
}

/// Whether an expression, its opening bracket first, gives a floating-point number as far as its text shows: it
/// divides, takes a root, or has a number with an exponent, outside a cast to an exact type or a share.
fn is_floating(expression: &[Token]) -> bool {
    let mut at = 0;
    while at < expression.len() {
        let word = expression[at].text.as_str();
        let opens = expression.get(at + 1).is_some_and(|next| next.text == "(");
        if opens && word == "cast" {
            let inside = matching(expression, at + 1);
            if is_exact(inside) {
                at += inside.len() + 1;
                continue;
            }
        }
        if opens && ["share_of", "ratio_of", "per_hundred", "ratio_of_chances"].contains(&word) {
            at += matching(expression, at + 1).len() + 1;
            continue;
        }
        let has_exponent = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('e');
        if word == "/" || has_exponent || (opens && FLOATING.contains(&word)) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether a cast's inside, its opening bracket first, ends in an exact type.
fn is_exact(inside: &[Token]) -> bool {
    let as_at = inside.iter().rposition(|token| token.text == "as");
    let kind = as_at.and_then(|at| inside.get(at + 1)).map(|token| token.text.as_str());
    matches!(kind, Some("decimal" | "numeric" | "integer" | "bigint" | "smallint" | "hugeint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(sql: &str) -> usize {
        let mut found = Vec::new();
        sums(&tokens(sql), &mut found);
        found.len()
    }

    #[test]
    fn a_sum_of_floating_point_numbers_is_refused_however_it_comes_about() {
        for sql in [
            "sum(a / b)",
            "sum(case when x then a / b end)",
            "sum(sqrt(a))",
            "sum(1e0 * a)",
            "sum(cast(a as varchar) / 2)",
            "sum(a / b) over (partition by c)",
        ] {
            assert_eq!(floats(sql), 1, "{sql}");
        }
        for sql in [
            "sum(a)",
            "sum(a) / sum(b)",
            "sum(cast(round(a / b, 12) as decimal(18, 12)))",
            "sum(share_of(a, b) * 2)",
            "sum(case when x then 1 else 0 end)",
        ] {
            assert_eq!(floats(sql), 0, "{sql}");
        }
    }

    #[test]
    fn the_names_of_the_engine_are_read() {
        let engine = "create or replace macro share_of(n, whole) as n;\ncreate macro id_text(id) as id;";
        assert_eq!(macros(engine), ["id_text", "share_of"].map(str::to_owned).into());
    }
}
