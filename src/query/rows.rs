//! Queries whose rows are still about one learner each: named queries, queries in brackets, IN and EXISTS.
use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, GroupByExpr, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    WildcardAdditionalOptions, With,
};

use super::from::{not_by_learner, relation_of};
use super::parse::{name, none, parts, single};
use super::refusal::QueryRefusal;
use super::room::{OF_ROW, bytes_of};
use super::scalar::Here;
use super::scope::{Column, Compiler, Kind, Named, Scope, quoted_name};

/// SELECTs within one statement.
const MOST_SELECTS: usize = 12;

impl Compiler<'_> {
    /// The named queries, in their order: each may use those before it.
    pub fn with(&mut self, with: &With) -> Result<Vec<String>, QueryRefusal> {
        let mut made = Vec::new();
        for query in &with.cte_tables {
            none(query.from.is_none() && query.materialized.is_none(), "MATERIALIZED")?;
            none(
                query.alias.columns.is_empty() && query.alias.at.is_none(),
                "a list of columns after a name",
            )?;
            let called = name(&query.alias.name)?;
            if self.shapes.contains_key(&called) || self.named.iter().any(|known| known.called == called) {
                return Err(QueryRefusal::new(
                    "ambiguous",
                    "a named query has the name of a table or of another one",
                    "give it a name of its own",
                ));
            }
            let before = self.room;
            let (sql, columns, degree) = self.rows(&query.query)?;
            let ours = self.fresh('w');
            made.push(format!("{ours} as ({sql})"));
            self.named.push(Named { called, ours, columns, degree, room: self.room.since(before) });
        }
        Ok(made)
    }

    /// The learners of a query, for IN.
    pub fn learners_of(&mut self, query: &Query, around: &Scope<'_>) -> Result<String, QueryRefusal> {
        self.goes_by(around);
        let (sql, columns, degree) = self.rows(query)?;
        self.room.holds(columns.iter(), 1, degree);
        match columns.as_slice() {
            // One that is empty would make the answer of IN unknown for everybody.
            [only] if only.kind == Kind::Learner => {
                Ok(format!("select {} from ({sql}) as i where {} is not null", only.sql, only.sql))
            }
            _ => Err(QueryRefusal::part("IN (SELECT …) of anything but learner_id")),
        }
    }

    /// EXISTS over rows of the same learner.
    pub fn exists(&mut self, query: &Query, outer: &Scope<'_>) -> Result<String, QueryRefusal> {
        let found = parts(query)?;
        none(
            found.with.is_none() && found.order_by.is_none() && found.limit.is_none(),
            "ORDER BY or LIMIT here",
        )?;
        let select = found.select;
        none(
            ungrouped(&select.group_by) && select.having.is_none() && select.distinct.is_none(),
            "GROUP BY here",
        )?;
        self.count_select()?;
        let plain = |item: &SelectItem| match item {
            SelectItem::UnnamedExpr(Expr::Value(_)) => true,
            SelectItem::Wildcard(options) => plain_star(options).is_ok(),
            _ => false,
        };
        none(select.projection.iter().all(plain), "EXISTS (SELECT …) of anything but 1 or *")?;
        self.looks_through(outer);
        let (from, scope) = self.from(&select.from, Some(outer))?;
        let Some(condition) = &select.selection else { return Err(not_by_learner()) };
        self.compares(&scope, conjuncts(condition).len());
        let mut sql = Vec::new();
        let mut by_learner = false;
        for part in conjuncts(condition) {
            if let Some((sides, relations)) = self.learner_equality(part, &scope)? {
                by_learner |= relations.contains(&None) && relations.iter().any(Option::is_some);
                sql.push(sides);
            } else {
                sql.push(self.condition(part, Here { scope: &scope, aggregates: false })?);
            }
        }
        // Written in whatever the text says, as in every join.
        let (true, Some(inner), Some(learner)) = (by_learner, scope.learner(), outer.learner()) else {
            return Err(not_by_learner());
        };
        sql.push(format!("{inner} = {learner}"));
        Ok(format!("select 1 from {from} where {}", sql.join(" and ")))
    }

    pub fn count_select(&mut self) -> Result<(), QueryRefusal> {
        self.facts.selects += 1;
        none(self.facts.selects <= MOST_SELECTS, "more than twelve SELECTs")
    }

    /// A query whose rows are about one learner each: its SQL, its columns, and how often it multiplies a learner's rows.
    pub fn rows(&mut self, query: &Query) -> Result<(String, Vec<Column>, u32), QueryRefusal> {
        let found = parts(query)?;
        none(found.with.is_none(), "WITH inside a query")?;
        none(found.order_by.is_none() && found.limit.is_none(), "ORDER BY or LIMIT inside a query")?;
        self.count_select()?;
        let select = found.select;
        let distinct = match &select.distinct {
            None | Some(Distinct::All) => "",
            Some(Distinct::Distinct) => "distinct ",
            Some(Distinct::On(_)) => return Err(QueryRefusal::part("DISTINCT ON")),
        };
        let (from, scope) = self.from(&select.from, None)?;
        let mut tail = String::new();
        if let Some(selection) = &select.selection {
            self.compares(&scope, conjuncts(selection).len());
            let here = Here { scope: &scope, aggregates: false };
            tail.push_str(&format!(" where {}", self.condition(selection, here)?));
        }
        let around = self.grouped_by;
        let grouped = self.group_by(select, &scope, &mut tail)?;
        let columns = self.projection(&select.projection, &scope, grouped)?;
        self.grouped_by = around;
        if !columns.iter().any(|(_, column)| column.kind == Kind::Learner) {
            return Err(QueryRefusal::row_level(
                "a query inside another has to keep learner_id, so that whoever stands behind a figure can be counted",
            ));
        }
        // As a list of its own, put together beside what it is grouped by, and told apart.
        let places = 1 + u64::from(grouped) + u64::from(!distinct.is_empty());
        self.room.passes(columns.iter().map(|(_, column)| column), places + 2);
        self.room.holds(columns.iter().map(|(_, column)| column), places, scope.degree());
        let list: Vec<String> =
            columns.iter().map(|(sql, column)| format!("{sql} as {}", column.sql)).collect();
        let sql = format!("select {distinct}{} from {from}{tail}", list.join(", "));
        let one_row_each = grouped && is_by_learner_alone(&select.group_by);
        let degree = if one_row_each { 0 } else { scope.degree() };
        Ok((sql, columns.into_iter().map(|(_, column)| column).collect(), degree))
    }

    /// GROUP BY and HAVING of the rows of each learner. Gives whether there is one.
    fn group_by(
        &mut self,
        select: &Select,
        scope: &Scope<'_>,
        tail: &mut String,
    ) -> Result<bool, QueryRefusal> {
        let GroupByExpr::Expressions(exprs, modifiers) = &select.group_by else {
            return Err(QueryRefusal::part("GROUP BY ALL inside a query"));
        };
        none(modifiers.is_empty(), "ROLLUP and CUBE")?;
        if exprs.is_empty() {
            none(select.having.is_none(), "HAVING without GROUP BY")?;
            return Ok(false);
        }
        let here = Here { scope, aggregates: false };
        let (mut groups, mut by_learner) = (Vec::new(), false);
        let mut bytes = OF_ROW + bytes_of(Kind::Learner);
        for expr in exprs {
            let expr = at_position(expr, &select.projection)?;
            if let Some(learner) = self.sure_learner(expr, scope)? {
                by_learner = true;
                groups.push(learner);
            } else {
                let made = self.scalar(expr, here)?;
                self.room.beside(made.kind, scope.degree());
                bytes += bytes_of(made.kind);
                groups.push(made.sql);
            }
        }
        if !by_learner {
            return Err(QueryRefusal::row_level(
                "a query inside another may group by learner_id, alone or with more, and by nothing without it",
            ));
        }
        // By the learner of the first table in any case: no group is of two people.
        groups.extend(scope.learner().filter(|learner| !groups.contains(learner)));
        tail.push_str(&format!(" group by {}", groups.join(", ")));
        self.grouped_by = bytes;
        if let Some(having) = &select.having {
            let here = Here { scope, aggregates: true };
            tail.push_str(&format!(" having {}", self.condition(having, here)?));
        }
        Ok(true)
    }

    /// The columns of a query whose rows are about one learner each.
    fn projection(
        &mut self,
        items: &[SelectItem],
        scope: &Scope<'_>,
        grouped: bool,
    ) -> Result<Vec<(String, Column)>, QueryRefusal> {
        let mut columns: Vec<(String, Column)> = Vec::new();
        for item in items {
            let (expr, alias) = match item {
                SelectItem::UnnamedExpr(expr) => (expr, None),
                SelectItem::ExprWithAlias { expr, alias } => (expr, Some(name(alias)?)),
                SelectItem::Wildcard(options) if !grouped => {
                    plain_star(options)?;
                    self.star(None, scope, &mut columns);
                    continue;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(of), options)
                    if !grouped =>
                {
                    plain_star(options)?;
                    self.star(Some(&single(of)?), scope, &mut columns);
                    continue;
                }
                _ => return Err(QueryRefusal::part("a star here")),
            };
            let called = alias.or_else(|| plain_name(expr)).unwrap_or_default();
            let ours = quoted_name(&format!("x{}", columns.len()));
            let before = self.work;
            let (sql, kind) = if let Some(learner) = self.sure_learner(expr, scope)? {
                (learner, Kind::Learner)
            } else {
                let made = self.scalar(expr, Here { scope, aggregates: grouped })?;
                (made.sql, made.kind)
            };
            let work = self.work - before;
            columns.push((sql, Column { name: called, sql: ours, kind, own: false, table: None, work }));
        }
        Ok(columns)
    }

    /// The learner of a row, who is never empty: not one of the right side of a left join.
    fn sure_learner(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<Option<String>, QueryRefusal> {
        let Some(learner) = self.learner(expr, scope)? else { return Ok(None) };
        let is_left = relation_of(expr, scope)?.is_some_and(|at| scope.relations[at].is_left);
        if is_left {
            return Err(QueryRefusal::new(
                "learner",
                "the learner of what a left join adds is empty for all whom it does not find",
                "take learner_id of the table before LEFT JOIN",
            ));
        }
        Ok(Some(learner))
    }

    fn star(&mut self, of: Option<&str>, scope: &Scope<'_>, columns: &mut Vec<(String, Column)>) {
        for relation in scope.relations.iter().filter(|relation| of.is_none_or(|of| of == relation.name)) {
            for column in &relation.columns {
                let is_known = of.is_none() && columns.iter().any(|(_, known)| known.name == column.name);
                if is_known || relation.is_left && column.kind == Kind::Learner {
                    continue;
                }
                if let Some(table) = &column.table {
                    self.reads.entry(table.clone()).or_default().insert(column.name.clone());
                }
                let ours = quoted_name(&format!("x{}", columns.len()));
                let made = Column { sql: ours, own: false, table: None, ..column.clone() };
                columns.push((format!("{}.{}", relation.alias, column.sql), made));
            }
        }
    }
}

/// Whether there is one group for each learner: a query that groups has the learner among its keys.
fn is_by_learner_alone(group_by: &GroupByExpr) -> bool {
    matches!(group_by, GroupByExpr::Expressions(exprs, _) if exprs.len() == 1)
}

pub(super) fn ungrouped(group_by: &GroupByExpr) -> bool {
    matches!(group_by, GroupByExpr::Expressions(exprs, modifiers) if exprs.is_empty() && modifiers.is_empty())
}

/// `GROUP BY 2` means the second thing that is selected.
pub(super) fn at_position<'e>(expr: &'e Expr, items: &'e [SelectItem]) -> Result<&'e Expr, QueryRefusal> {
    let Expr::Value(value) = expr else { return Ok(expr) };
    let position = match &value.value {
        sqlparser::ast::Value::Number(text, false) => text.parse::<usize>().ok(),
        _ => None,
    };
    let item = position.and_then(|position| items.get(position.checked_sub(1)?));
    match item {
        Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) => Ok(expr),
        _ => Err(QueryRefusal::part("a constant in GROUP BY")),
    }
}

/// The name that a column has without `as`.
pub(super) fn plain_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => name(ident).ok(),
        Expr::CompoundIdentifier(parts) => parts.last().and_then(|last| name(last).ok()),
        _ => None,
    }
}

fn plain_star(options: &WildcardAdditionalOptions) -> Result<(), QueryRefusal> {
    let is_plain = options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none();
    none(is_plain, "a star with more")
}

/// The parts of a condition that all have to hold.
pub(super) fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let mut parts = conjuncts(left);
            parts.extend(conjuncts(right));
            parts
        }
        Expr::Nested(inner) => conjuncts(inner),
        other => vec![other],
    }
}
