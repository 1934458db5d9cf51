//! How many groups one learner can be in, by what is written: how far the figures of an answer are off hangs on it.
use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr, InTarget, Select};

use super::guard::{columns_of, literals};
use super::plan::Key;
use super::rows::conjuncts;
use super::scope::{Kind, Scope};
use crate::disclosure::MOST_GROUPS;

/// Whether a key has one value for each learner, in however many rows.
pub(super) fn is_one_each(key: &Key, scope: &Scope<'_>) -> bool {
    let of_first = |columns: BTreeSet<(usize, String)>| columns.iter().all(|(at, _)| *at == 0);
    scope.degree() == 0
        || scope.relations[0].degree == 0 && columns_of(&key.expr, scope).is_some_and(of_first)
}

/// How many groups a learner can be in, by what is written: the values of each key that has several, multiplied.
pub(super) fn most_groups(keys: &[Key], select: &Select, scope: &Scope<'_>) -> u64 {
    let values = |key: &Key| {
        if is_one_each(key, scope) {
            return 1;
        }
        if let Some(values) = literals(&key.expr) {
            return values.len() as u64;
        }
        let conditions = || select.selection.iter().flat_map(conjuncts);
        let said = conditions().filter_map(|part| values_said(part, &key.expr)).min();
        said.unwrap_or(if key.kind == Kind::Bool { 3 } else { MOST_GROUPS })
    };
    keys.iter().map(values).fold(1, u64::saturating_mul).clamp(1, MOST_GROUPS)
}

/// How many values a condition leaves to an expression, where it lists them.
fn values_said(condition: &Expr, of: &Expr) -> Option<u64> {
    let is_it = |expr: &Expr| expr == of;
    match condition {
        Expr::Nested(inner) => values_said(inner, of),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            let is_value = |expr: &Expr| matches!(expr, Expr::Value(_) | Expr::TypedString(_));
            (is_it(left) && is_value(right) || is_it(right) && is_value(left)).then_some(1)
        }
        Expr::In { expr, target: InTarget::List(list), negated: false, .. } if is_it(expr) => {
            Some(list.len() as u64)
        }
        _ => None,
    }
}
