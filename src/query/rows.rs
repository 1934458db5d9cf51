//! FROM, and queries whose rows are still about one learner each: named queries, queries in brackets, IN and EXISTS.
//! Every table is joined by learner, so a row never holds two people.
use std::collections::BTreeSet;

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, GroupByExpr, Join, JoinConstraint, JoinOperator, Query, Select,
    SelectItem, SelectItemQualifiedWildcardKind, TableAlias, TableFactor, TableWithJoins,
    WildcardAdditionalOptions, With,
};

use super::parse::{name, none, parts, single};
use super::refusal::{QueryRefusal, said};
use super::scalar::Here;
use super::scope::{Column, Compiler, Kind, Relation, Scope, quoted_name};

/// Tables that one SELECT may join.
const MOST_JOINED: usize = 6;
/// SELECTs within one statement.
const MOST_SELECTS: usize = 12;

/// Two sides that are one learner, as SQL, and which relations they are of; none for one further out.
type Equality = (String, [Option<usize>; 2]);

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
            if self.shapes.contains_key(&called) || self.named.iter().any(|(known, ..)| *known == called) {
                return Err(QueryRefusal::new(
                    "ambiguous",
                    "a named query has the name of a table or of another one",
                    "give it a name of its own",
                ));
            }
            let (sql, columns) = self.rows(&query.query)?;
            let ours = self.fresh('w');
            made.push(format!("{ours} as ({sql})"));
            self.named.push((called, ours, columns));
        }
        Ok(made)
    }

    /// FROM with its joins: the SQL, and what may be named.
    pub fn from<'o>(
        &mut self,
        from: &[TableWithJoins],
        outer: Option<&'o Scope<'o>>,
    ) -> Result<(String, Scope<'o>), QueryRefusal> {
        let [from] = from else {
            let what =
                if from.is_empty() { "a query without a table" } else { "tables with a comma between them" };
            return Err(QueryRefusal::part(what));
        };
        none(from.joins.len() < MOST_JOINED, "more than six tables in one SELECT")?;
        let (mut sql, first) = self.relation(&from.relation)?;
        let mut scope = Scope { relations: vec![first], merged: BTreeSet::new(), outer };
        for join in &from.joins {
            sql.push_str(&self.join(join, &mut scope)?);
        }
        Ok((sql, scope))
    }

    /// One table, named query or query in brackets, as SQL with our alias.
    fn relation(&mut self, factor: &TableFactor) -> Result<(String, Relation), QueryRefusal> {
        match factor {
            TableFactor::Table {
                name: table,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_directives,
                inheritance,
            } => {
                none(args.is_none(), "a function in the place of a table")?;
                none(sample.is_none(), "a sample")?;
                none(
                    version.is_none() && json_path.is_none() && inheritance.is_none(),
                    "this form of a table",
                )?;
                none(
                    with_hints.is_empty() && partitions.is_empty() && index_directives.is_empty(),
                    "a hint",
                )?;
                none(!with_ordinality, "WITH ORDINALITY")?;
                let called = single(table)?;
                self.facts.tables.insert(called.clone());
                self.table(&called, alias.as_ref())
            }
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                none(!lateral && sample.is_none(), "LATERAL or a sample")?;
                let Some(alias) = alias else {
                    return Err(QueryRefusal::part("a query in FROM without a name"));
                };
                let (sql, columns) = self.rows(subquery)?;
                let ours = self.fresh('r');
                let relation = Relation { name: alias_name(Some(alias))?, alias: ours.clone(), columns };
                Ok((format!("({sql}) as {ours}"), relation))
            }
            _ => Err(QueryRefusal::part("anything but a table in FROM")),
        }
    }

    fn table(
        &mut self,
        called: &str,
        alias: Option<&TableAlias>,
    ) -> Result<(String, Relation), QueryRefusal> {
        let ours = self.fresh('r');
        let mut says = alias_name(alias)?;
        if says.is_empty() {
            called.clone_into(&mut says);
        }
        if let Some((_, named, columns)) = self.named.iter().find(|(name, ..)| name == called) {
            let relation = Relation { name: says, alias: ours.clone(), columns: columns.clone() };
            return Ok((format!("{named} as {ours}"), relation));
        }
        let Some(shape) = self.shapes.get(called) else { return Err(QueryRefusal::unknown("table", called)) };
        if !shape.is_of_learners() {
            return Err(QueryRefusal::new(
                "not_of_learners",
                format!(
                    "the table {} has no row for each learner: who stands behind its figures cannot be counted",
                    said(called)
                ),
                "ask the tables that it was counted from (`throughline lineage` names them), or use `throughline report`",
            ));
        }
        let columns = shape.columns.iter().map(|(name, kind)| Column {
            name: name.clone(),
            sql: quoted_name(name),
            kind: *kind,
            own: true,
            table: Some(called.to_owned()),
        });
        let relation = Relation { name: says, alias: ours.clone(), columns: columns.collect() };
        let learner = relation.columns.iter().find(|column| column.kind == Kind::Learner);
        if let Some(learner) = learner {
            self.reads.entry(called.to_owned()).or_default().insert(learner.name.clone());
        }
        Ok((format!("{} as {ours}", quoted_name(called)), relation))
    }

    fn join(&mut self, join: &Join, scope: &mut Scope<'_>) -> Result<String, QueryRefusal> {
        let Join { relation, global, join_operator } = join;
        none(!global, "GLOBAL")?;
        let (word, constraint) = match join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => ("join", constraint),
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => ("left join", constraint),
            _ => return Err(QueryRefusal::part("any join but JOIN and LEFT JOIN")),
        };
        let (sql, relation) = self.relation(relation)?;
        if scope.relations.iter().any(|known| known.name == relation.name) {
            return Err(QueryRefusal::part("two tables of one name in FROM"));
        }
        let new = scope.relations.len();
        let condition = match constraint {
            JoinConstraint::Using(columns) => {
                let mut equal = Vec::new();
                let mut by_learner = false;
                for column in columns {
                    let (sides, learners) = self.using(&single(column)?, scope, &relation)?;
                    by_learner |= learners;
                    equal.push(sides);
                }
                // Each join by itself: what an earlier one was by says nothing of whose rows these are.
                if !by_learner {
                    return Err(not_by_learner());
                }
                scope.relations.push(relation);
                equal.join(" and ")
            }
            JoinConstraint::On(condition) => {
                scope.relations.push(relation);
                self.on(condition, scope, new)?
            }
            _ => return Err(not_by_learner()),
        };
        Ok(format!(" {word} {sql} on {condition}"))
    }

    /// The equality of one column of USING, and whether it is that of learners.
    fn using(
        &mut self,
        column: &str,
        scope: &mut Scope<'_>,
        new: &Relation,
    ) -> Result<(String, bool), QueryRefusal> {
        let unknown = || QueryRefusal::unknown("column", column);
        let left = scope.look(None, column)?.ok_or_else(unknown)?;
        let right = new.columns.iter().find(|known| known.name == column).ok_or_else(unknown)?;
        if left.kind != right.kind {
            return Err(QueryRefusal::kinds("the columns of USING"));
        }
        let learners = left.kind == Kind::Learner;
        self.note(&left);
        if let Some(table) = &right.table {
            self.reads.entry(table.clone()).or_default().insert(right.name.clone());
        }
        scope.merged.insert(column.to_owned());
        Ok((format!("{} = {}.{}", left.sql, new.alias, right.sql), learners))
    }

    /// ON: one of its parts says that both sides are one learner.
    fn on(&mut self, condition: &Expr, scope: &Scope<'_>, new: usize) -> Result<String, QueryRefusal> {
        let mut sql = Vec::new();
        let mut by_learner = false;
        for part in conjuncts(condition) {
            if let Some((sides, relations)) = self.learner_equality(part, scope)? {
                by_learner |=
                    relations.contains(&Some(new)) && relations.iter().any(|side| *side != Some(new));
                sql.push(sides);
            } else {
                sql.push(self.condition(part, Here { scope, aggregates: false })?);
            }
        }
        if by_learner { Ok(sql.join(" and ")) } else { Err(not_by_learner()) }
    }

    /// `a.learner_id = b.learner_id`, and which relations they are of.
    fn learner_equality(&mut self, part: &Expr, scope: &Scope<'_>) -> Result<Option<Equality>, QueryRefusal> {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = part else { return Ok(None) };
        let (Some(one), Some(other)) = (self.learner(left, scope)?, self.learner(right, scope)?) else {
            return Ok(None);
        };
        let of = |side: &Expr| match side {
            Expr::Identifier(ident) => scope.find(std::slice::from_ref(ident)).map(|found| found.relation),
            Expr::CompoundIdentifier(parts) => scope.find(parts).map(|found| found.relation),
            _ => Ok(None),
        };
        Ok(Some((format!("{one} = {other}"), [of(left)?, of(right)?])))
    }

    /// The learners of a query, for IN.
    pub fn learners_of(&mut self, query: &Query) -> Result<String, QueryRefusal> {
        let (sql, columns) = self.rows(query)?;
        match columns.as_slice() {
            [only] if only.kind == Kind::Learner => Ok(sql),
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
        let (from, scope) = self.from(&select.from, Some(outer))?;
        let Some(condition) = &select.selection else { return Err(not_by_learner()) };
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
        if !by_learner {
            return Err(not_by_learner());
        }
        Ok(format!("select 1 from {from} where {}", sql.join(" and ")))
    }

    pub fn count_select(&mut self) -> Result<(), QueryRefusal> {
        self.facts.selects += 1;
        none(self.facts.selects <= MOST_SELECTS, "more than twelve SELECTs")
    }

    /// A query whose rows are about one learner each: its SQL and its columns.
    pub fn rows(&mut self, query: &Query) -> Result<(String, Vec<Column>), QueryRefusal> {
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
            let here = Here { scope: &scope, aggregates: false };
            tail.push_str(&format!(" where {}", self.condition(selection, here)?));
        }
        let grouped = self.group_by(select, &scope, &mut tail)?;
        let columns = self.projection(&select.projection, &scope, grouped)?;
        if !columns.iter().any(|(_, column)| column.kind == Kind::Learner) {
            return Err(QueryRefusal::row_level(
                "a query inside another has to keep learner_id, so that whoever stands behind a figure can be counted",
            ));
        }
        let list: Vec<String> =
            columns.iter().map(|(sql, column)| format!("{sql} as {}", column.sql)).collect();
        let sql = format!("select {distinct}{} from {from}{tail}", list.join(", "));
        Ok((sql, columns.into_iter().map(|(_, column)| column).collect()))
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
        for expr in exprs {
            let expr = at_position(expr, &select.projection)?;
            if let Some(learner) = self.learner(expr, scope)? {
                by_learner = true;
                groups.push(learner);
            } else {
                groups.push(self.scalar(expr, here)?.sql);
            }
        }
        if !by_learner {
            return Err(QueryRefusal::row_level(
                "a query inside another may group by learner_id, alone or with more, and by nothing without it",
            ));
        }
        tail.push_str(&format!(" group by {}", groups.join(", ")));
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
            let (sql, kind) = if let Some(learner) = self.learner(expr, scope)? {
                (learner, Kind::Learner)
            } else {
                let made = self.scalar(expr, Here { scope, aggregates: grouped })?;
                (made.sql, made.kind)
            };
            columns.push((sql, Column { name: called, sql: ours, kind, own: false, table: None }));
        }
        Ok(columns)
    }

    fn star(&mut self, of: Option<&str>, scope: &Scope<'_>, columns: &mut Vec<(String, Column)>) {
        for relation in scope.relations.iter().filter(|relation| of.is_none_or(|of| of == relation.name)) {
            for column in &relation.columns {
                if of.is_none() && columns.iter().any(|(_, known)| known.name == column.name) {
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

fn alias_name(alias: Option<&TableAlias>) -> Result<String, QueryRefusal> {
    match alias {
        None => Ok(String::new()),
        Some(alias) => {
            none(alias.columns.is_empty() && alias.at.is_none(), "a list of columns after a name")?;
            name(&alias.name)
        }
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

fn not_by_learner() -> QueryRefusal {
    QueryRefusal::new(
        "join",
        "tables are joined by learner, so that a row is about one person",
        "join … using (learner_id), or on a.learner_id = b.learner_id and more",
    )
}
