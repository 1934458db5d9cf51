//! FROM: tables, named queries and queries in brackets, joined by learner, so that a row never holds two people.
use std::collections::BTreeSet;

use sqlparser::ast::{
    BinaryOperator, Expr, Join, JoinConstraint, JoinOperator, TableAlias, TableFactor, TableWithJoins,
};

use super::parse::{name, none, single};
use super::refusal::{QueryRefusal, said};
use super::rows::conjuncts;
use super::scalar::Here;
use super::scope::{Column, Compiler, Kind, Named, Relation, Scope, quoted_name};

/// Tables that one SELECT may join.
const MOST_JOINED: usize = 6;

/// Two sides that are one learner, as SQL, and which relations they are of; none for one further out.
type Equality = (String, [Option<usize>; 2]);

impl Compiler<'_> {
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
        self.degree = self.degree.max(scope.degree_in_all());
        self.looks_up(&scope);
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
                let (sql, columns, degree) = self.rows(subquery)?;
                let ours = self.fresh('r');
                let name = alias_name(Some(alias))?;
                let relation = Relation {
                    name,
                    alias: ours.clone(),
                    columns,
                    degree,
                    is_left: false,
                    is_by_learner: true,
                    told_apart_by: None,
                };
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
        if let Some(Named { ours: named, columns, degree, room, .. }) =
            self.named.iter().find(|known| known.called == called)
        {
            let (named, columns, degree) = (named.clone(), columns.clone(), *degree);
            self.room = self.room.and(*room);
            let relation = Relation {
                name: says,
                alias: ours.clone(),
                columns,
                degree,
                is_left: false,
                is_by_learner: true,
                told_apart_by: None,
            };
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
            work: 0,
        });
        let degree = u32::from(!shape.one_row_each());
        let relation = Relation {
            name: says,
            alias: ours.clone(),
            columns: columns.collect(),
            degree,
            is_left: false,
            is_by_learner: true,
            told_apart_by: shape.told_apart_by.clone(),
        };
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
        let (sql, mut relation) = self.relation(relation)?;
        relation.is_left = word != "join";
        relation.is_by_learner = match constraint {
            JoinConstraint::Using(columns) => columns.len() == 1,
            JoinConstraint::On(condition) => conjuncts(condition).len() == 1,
            _ => false,
        };
        // What a left join did not find is nobody's: what is joined after one may hang on that.
        relation.is_by_learner &= scope.relations.iter().all(|known| !known.is_left);
        if scope.relations.iter().any(|known| known.name == relation.name) {
            return Err(QueryRefusal::part("two tables of one name in FROM"));
        }
        let new = scope.relations.len();
        let same_learner = same_learner(scope, &relation)?;
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
        Ok(format!(" {word} {sql} on {condition} and {same_learner}"))
    }

    /// The equality of one column of USING, and whether it is that of learners.
    fn using(
        &mut self,
        column: &str,
        scope: &mut Scope<'_>,
        new: &Relation,
    ) -> Result<(String, bool), QueryRefusal> {
        let unknown = || QueryRefusal::unknown("column", column);
        // Of this FROM: a column of a query around it says nothing of whose rows these are.
        let left = scope.look(None, column)?.filter(|found| found.relation.is_some()).ok_or_else(unknown)?;
        let right = new.columns.iter().find(|known| known.name == column).ok_or_else(unknown)?;
        if left.kind != right.kind {
            return Err(QueryRefusal::kinds("the columns of USING"));
        }
        let learners = left.kind == Kind::Learner;
        self.note(&left);
        self.room.beside(right.kind, new.degree);
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
                // One side is the new table, the other one that stands before it in this FROM.
                by_learner |= matches!(relations, [Some(one), Some(other)] if one != other && (one == new || other == new));
                sql.push(sides);
            } else {
                // Whatever it compares may stand beside the rows that are looked up in.
                self.room.beside(Kind::Text, scope.relations[new].degree);
                sql.push(self.condition(part, Here { scope, aggregates: false })?);
            }
        }
        if by_learner { Ok(sql.join(" and ")) } else { Err(not_by_learner()) }
    }

    /// `a.learner_id = b.learner_id`, and which relations they are of.
    pub(super) fn learner_equality(
        &mut self,
        part: &Expr,
        scope: &Scope<'_>,
    ) -> Result<Option<Equality>, QueryRefusal> {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = part else { return Ok(None) };
        let (Some(one), Some(other)) = (self.learner(left, scope)?, self.learner(right, scope)?) else {
            return Ok(None);
        };
        Ok(Some((format!("{one} = {other}"), [relation_of(left, scope)?, relation_of(right, scope)?])))
    }
}

/// That a table's rows are about the learner of the first one. It is written into every join, whatever the text says of learners: that
/// no row is about two people then hangs on what is run and not on whether the text was read rightly.
fn same_learner(scope: &Scope<'_>, new: &Relation) -> Result<String, QueryRefusal> {
    let (Some(first), Some(learner)) = (scope.learner(), new.learner()) else { return Err(not_by_learner()) };
    Ok(format!("{}.{} = {first}", new.alias, learner.sql))
}

/// Which relation of this FROM a learner is of, in however many brackets; none where it is of a query around it.
pub(super) fn relation_of(expr: &Expr, scope: &Scope<'_>) -> Result<Option<usize>, QueryRefusal> {
    match expr {
        Expr::Nested(inner) => relation_of(inner, scope),
        Expr::Identifier(ident) => scope.find(std::slice::from_ref(ident)).map(|found| found.relation),
        Expr::CompoundIdentifier(parts) => scope.find(parts).map(|found| found.relation),
        _ => Err(not_by_learner()),
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

pub(super) fn not_by_learner() -> QueryRefusal {
    QueryRefusal::new(
        "join",
        "tables are joined by learner, so that a row is about one person",
        "join … using (learner_id), or on a.learner_id = b.learner_id and more",
    )
}
