//! How many groups one learner can be in, by what is written: how far the figures of an answer are off hangs on it.
use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr, InTarget, Select};

use super::guard::{columns_of, literals};
use super::plan::Key;
use super::rows::conjuncts;
use super::scope::{Kind, Relation, Scope};
use crate::disclosure::MOST_GROUPS;

/// Whether a key has one value for each learner, in however many rows.
pub(super) fn is_one_each(key: &Key, scope: &Scope<'_>) -> bool {
    let of_first = |columns: BTreeSet<(usize, String)>| columns.iter().all(|(at, _)| *at == 0);
    scope.degree() == 0
        || scope.relations[0].degree == 0 && columns_of(&key.expr, scope).is_some_and(of_first)
}

/// How many groups a learner can be in, by what is written: the values of each key that has several, multiplied; but no more than the learner
/// has rows, where the conditions list the values of all that tells these apart.
pub(super) fn most_groups(keys: &[Key], select: &Select, scope: &Scope<'_>) -> u64 {
    let conditions = || select.selection.iter().flat_map(conjuncts);
    let values = |key: &Key| {
        if is_one_each(key, scope) {
            return 1;
        }
        if let Some(values) = literals(&key.expr) {
            return values.len() as u64;
        }
        let said = conditions().filter_map(|part| values_said(part, &|expr| *expr == key.expr)).min();
        said.unwrap_or(if key.kind == Kind::Bool { 3 } else { MOST_GROUPS })
    };
    let rows = |(at, relation): (usize, &Relation)| {
        if relation.degree == 0 {
            return 1;
        }
        let Some(columns) = &relation.told_apart_by else { return MOST_GROUPS };
        let of_column = |column: &String| {
            let is_it = |expr: &Expr| is_column(expr, scope, at, column);
            conditions().filter_map(|part| values_said(part, &is_it)).min().unwrap_or(MOST_GROUPS)
        };
        columns.iter().map(of_column).fold(1, u64::saturating_mul)
    };
    let rows = scope.relations.iter().enumerate().map(rows).fold(1, u64::saturating_mul);
    keys.iter().map(values).fold(1, u64::saturating_mul).min(rows).clamp(1, MOST_GROUPS)
}

/// Whether an expression is a column of one of the tables, as it is stored.
fn is_column(expr: &Expr, scope: &Scope<'_>, at: usize, column: &str) -> bool {
    matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        && columns_of(expr, scope).is_some_and(|found| found == BTreeSet::from([(at, column.to_owned())]))
}

/// How many values a condition leaves to an expression, where it lists them.
fn values_said(condition: &Expr, is_it: &dyn Fn(&Expr) -> bool) -> Option<u64> {
    let is_value = |expr: &Expr| matches!(expr, Expr::Value(_) | Expr::TypedString(_));
    match condition {
        Expr::Nested(inner) => values_said(inner, is_it),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            (is_it(left) && is_value(right) || is_it(right) && is_value(left)).then_some(1)
        }
        Expr::In { expr, target: InTarget::List(list), negated: false, .. } if is_it(expr) => {
            list.iter().all(is_value).then_some(list.len() as u64)
        }
        _ => None,
    }
}
