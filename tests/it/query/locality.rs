//! What noise is made for, shown on tables: of whatever statement is taken, what stands in the frame for everybody else stays the same when
//! one learner's rows are replaced by others or taken away, and nobody brings more groups than the statement says.
use super::{demo, questions, release_of};
use duckdb::Connection;
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::{collections::BTreeMap, env, fmt::Write};
use throughline::{
    config,
    definitions::query::QuerySet,
    pipeline::{self, Site},
    query::{Kind, Shapes, compile, of_one_learner},
};

/// The tables as they are, and in two worlds more one learner with somebody else's rows and without any.
struct Worlds {
    engine: Connection,
    shapes: Shapes,
    definitions: QuerySet,
    who: String,
    values: BTreeMap<(String, String), Vec<String>>,
}

const OTHERS: [&str; 2] = ["replaced", "gone"];

fn worlds() -> Worlds {
    let settings = config::load(&demo().site().join("throughline.toml"), &[]).unwrap();
    let site = Site::open(settings).unwrap();
    let shapes = pipeline::open_release(&site, "current").unwrap().shapes().clone();
    let engine = Connection::open_in_memory().unwrap();
    engine.execute_batch("create schema held; create schema replaced; create schema gone").unwrap();
    let folder = release_of(demo()).join("parquet");
    let mut values = BTreeMap::new();
    let held = |table: &str| format!("read_parquet('{}')", folder.join(format!("{table}.parquet")).display());
    // Somebody with much to their name, and the one whose rows stand in for theirs.
    let most = format!(
        "select learner_id from {} group by learner_id order by count(*) desc, learner_id limit 2",
        held("spell")
    );
    let of = |sql: &str| -> Vec<String> {
        let mut found = engine.prepare(sql).unwrap();
        let rows = found.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let [who, other] = of(&most).try_into().unwrap();
    for (table, shape) in shapes.iter().filter(|(_, shape)| shape.is_of_learners()) {
        let file = held(table);
        engine
            .execute_batch(&format!(
                "create table held.{table} as from {file};
                 create table gone.{table} as from {file} where learner_id <> '{who}';
                 create table replaced.{table} as from {file} where learner_id <> '{who}'
                     union all select * replace ('{who}' as learner_id) from {file} where learner_id = '{other}'"
            ))
            .unwrap();
        for (column, kind) in &shape.columns {
            if *kind != Kind::Learner {
                let some = format!(
                    "select cast(any_value({column}) as varchar) from held.{table} where {column} is not null \
                     group by {column} order by count(*), 1 limit 3"
                );
                values.insert((table.clone(), column.clone()), of(&some));
            }
        }
    }
    let definitions = QuerySet::load(None).unwrap();
    Worlds { engine, shapes, definitions, who, values }
}

type Frame = BTreeMap<Option<String>, Vec<Vec<Option<String>>>>;

/// What becomes of a question.
#[derive(Debug, PartialEq)]
enum Taken {
    /// It is refused.
    Not,
    /// It tells of each learner by that learner's rows alone.
    Alone,
    /// It tells of others, or fails.
    Wrong(String),
}

impl Worlds {
    /// What each learner brings, in one of the worlds; `at` is the column that says who it is.
    fn frame(&self, world: &str, sql: &str, at: usize) -> Result<Frame, String> {
        self.engine.execute_batch(&format!("set schema = '{world}'")).unwrap();
        let mut found = self.engine.prepare(sql).map_err(|error| error.to_string())?;
        let mut rows = found.query([]).map_err(|error| error.to_string())?;
        let mut frame = Frame::new();
        while let Some(row) = rows.next().map_err(|error| error.to_string())? {
            let mut cells = Vec::new();
            while let Ok(cell) = row.get_ref(cells.len()) {
                cells.push(match cell {
                    duckdb::types::ValueRef::Null => None,
                    duckdb::types::ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
                    other => Some(format!("{other:?}")),
                });
            }
            frame.entry(cells.remove(at)).or_default().push(cells);
        }
        frame.values_mut().for_each(|rows| rows.sort_unstable());
        Ok(frame)
    }

    /// What is wrong with a statement that is run; nothing if it tells of each by their own rows alone.
    fn wrong(&self, sql: &str, at: usize, most: u64) -> Option<String> {
        let frames = ["held", OTHERS[0], OTHERS[1]].map(|world| self.frame(world, sql, at));
        let [Ok(mut held), Ok(mut replaced), Ok(mut gone)] = frames else {
            return Some(format!("it fails: {frames:?}"));
        };
        let who = Some(self.who.clone());
        for frame in [&mut held, &mut replaced, &mut gone] {
            if let Some((_, rows)) = frame.iter().find(|(_, rows)| rows.len() as u64 > most) {
                return Some(format!("somebody is in {} groups of {most}", rows.len()));
            }
            frame.remove(&who);
        }
        let differs = |other: &Frame| {
            held.iter().any(|(who, rows)| other.get(who) != Some(rows)) || held.len() != other.len()
        };
        [&replaced, &gone].into_iter().any(differs).then(|| "it tells of others".to_owned())
    }

    /// Whether a question is taken, and as above.
    fn question(&self, text: &str) -> Taken {
        let is_of_many = |table: &str, column: &str| self.definitions.hangs_on_many(table, column);
        let plan = compile(text, &self.shapes).and_then(|plan| {
            of_one_learner(&plan, is_of_many)?;
            plan.guard
        });
        match plan {
            Err(_) => Taken::Not,
            Ok(guard) => match self.wrong(&guard.bounded, guard.keys.len() + 1, guard.most_groups) {
                None => Taken::Alone,
                Some(wrong) => Taken::Wrong(wrong),
            },
        }
    }
}

/// Statements as an attacker would write them: whatever may stand somewhere stands there now and then.
struct Writer<'w> {
    worlds: &'w Worlds,
    tables: Vec<&'w String>,
    random: ChaCha8Rng,
    names: usize,
}

/// A table of a FROM: its name there, and its columns with the table that they are of.
type Here = Vec<(String, Vec<(String, String, Kind)>)>;

impl<'w> Writer<'w> {
    fn new(worlds: &'w Worlds, seed: u64) -> Self {
        let of_learners = worlds.shapes.iter().filter(|(_, shape)| shape.is_of_learners());
        let tables = of_learners.map(|(table, _)| table).collect();
        Self { worlds, tables, random: ChaCha8Rng::seed_from_u64(seed), names: 0 }
    }

    fn one_in(&mut self, of: u32) -> bool {
        self.random.random_range(0..of) == 0
    }

    fn any<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.random.random_range(0..from.len())]
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("t{}", self.names)
    }

    fn columns(&self, table: &str) -> Vec<(String, String, Kind)> {
        let shape = &self.worlds.shapes[table];
        shape.columns.iter().map(|(name, kind)| (name.clone(), table.to_owned(), *kind)).collect()
    }

    /// A relation: a table, or a query in brackets.
    fn relation(&mut self, depth: u32) -> (String, String, Vec<(String, String, Kind)>) {
        let called = self.name();
        let usual = ["cohort_member", "spell", "learner"].map(str::to_owned);
        let table =
            if self.one_in(2) { self.any(&usual).clone() } else { (*self.any(&self.tables.clone())).clone() };
        let columns = self.columns(&table);
        if depth == 0 || !self.one_in(3) {
            return (format!("{table} {called}"), called, columns);
        }
        let (from, here) = self.from(depth - 1);
        let first = here[0].0.clone();
        let condition = self.condition(&here, depth - 1);
        let made = if self.one_in(2) {
            let having = if self.one_in(2) { " having count(*) > 1" } else { "" };
            format!(
                "(select {first}.learner_id, count(*) as n from {from} where {condition} group by {first}.learner_id{having}) {called}"
            )
        } else {
            let distinct = if self.one_in(2) { "distinct " } else { "" };
            let who = self.any(&here).0.clone();
            format!("(select {distinct}{who}.learner_id, 1 as n from {from} where {condition}) {called}")
        };
        (made, called, vec![("n".to_owned(), String::new(), Kind::Number)])
    }

    fn from(&mut self, depth: u32) -> (String, Here) {
        let (mut text, first, columns) = self.relation(depth);
        let mut here = vec![(first, columns)];
        for _ in 0..self.random.random_range(0..3_u32) {
            let (relation, called, columns) = self.relation(depth);
            let to = self.any(&here).0.clone();
            let word = *self.any(&["join", "left join", "left join"]);
            here.push((called.clone(), columns));
            let _ = match self.random.random_range(0..4_u32) {
                0 => write!(text, " {word} {relation} using (learner_id)"),
                1 => {
                    let more = self.condition(&here, 0);
                    write!(text, " {word} {relation} on {called}.learner_id = {to}.learner_id and {more}")
                }
                2 => write!(text, " {word} {relation} on ({to}.learner_id = {called}.learner_id)"),
                _ => write!(text, " {word} {relation} on {called}.learner_id = {to}.learner_id"),
            };
        }
        (text, here)
    }

    fn plain(&mut self, here: &Here) -> String {
        let (called, columns) = self.any(here).clone();
        let (column, table, kind) = self.any(&columns).clone();
        let known = self.worlds.values.get(&(table, column.clone())).cloned().unwrap_or_default();
        let column = format!("{called}.{column}");
        if known.is_empty() || self.one_in(8) {
            return format!("{column} is {}null", if self.one_in(2) { "not " } else { "" });
        }
        let value = self.any(&known).replace('\'', "''");
        let sign = *self.any(&["=", "<>", ">=", "is distinct from"]);
        match kind {
            Kind::Text if self.one_in(2) => format!("{column} in ('{value}', 'none')"),
            Kind::Text => format!("{column} {sign} '{value}'"),
            Kind::Number => format!("{column} {sign} {value}"),
            Kind::Bool => format!("{column} = {value}"),
            Kind::Date => format!("{column} {sign} date '{value}'"),
            Kind::Learner | Kind::Null => format!("{called}.learner_id is not null"),
        }
    }

    /// A condition on whatever stands in FROM, with queries inside as deep as is left.
    fn condition(&mut self, here: &Here, depth: u32) -> String {
        let made = match self.random.random_range(0..if depth == 0 { 3 } else { 8_u32 }) {
            0 | 1 => self.plain(here),
            2 => format!("{}.learner_id is null", self.any(here).0.clone()),
            3 | 4 => {
                let (who, not) = (self.any(here).0.clone(), *self.any(&["", "not "]));
                let (from, inner) = self.from(depth - 1);
                let (of, condition) = (self.any(&inner).0.clone(), self.condition(&inner, depth - 1));
                format!("{who}.learner_id {not}in (select {of}.learner_id from {from} where {condition})")
            }
            5 | 6 => {
                let (who, not) = (self.any(here).0.clone(), *self.any(&["", "not "]));
                let (from, mut inner) = self.from(depth - 1);
                let of = self.any(&inner).0.clone();
                inner.extend(here.iter().cloned());
                let condition = self.condition(&inner, depth - 1);
                format!(
                    "{not}exists (select 1 from {from} where {of}.learner_id = {who}.learner_id and {condition})"
                )
            }
            _ => {
                let word = *self.any(&["and", "or"]);
                format!("({} {word} {})", self.condition(here, depth - 1), self.condition(here, depth - 1))
            }
        };
        match self.random.random_range(0..6_u32) {
            0 => format!("not ({made})"),
            1 => format!("({made}) is not true"),
            _ => made,
        }
    }

    fn statement(&mut self) -> String {
        let depth = self.random.random_range(0..3_u32);
        let (from, here) = self.from(depth);
        let condition = self.condition(&here, depth);
        let who = self.any(&here).0.clone();
        let figure = match self.random.random_range(0..4_u32) {
            0 => "count(*) as n".to_owned(),
            1 => format!("count(distinct {who}.learner_id) as n"),
            2 => format!(
                "count(distinct {who}.learner_id) filter (where {}) as n",
                self.condition(&here, depth)
            ),
            _ => format!("count_if({}) as n", self.condition(&here, 0)),
        };
        let key = match self.random.random_range(0..4_u32) {
            0 => return format!("select {figure} from {from} where {condition}"),
            1 => format!("case when {} then 'one' else 'other' end", self.condition(&here, depth)),
            _ => {
                let (called, columns) = self.any(&here).clone();
                format!("{called}.{}", self.any(&columns).0)
            }
        };
        format!("select {key} as k, {figure} from {from} where {condition} group by 1")
    }
}

#[test]
fn one_learners_rows_change_what_is_counted_of_that_learner_alone() {
    let worlds = worlds();
    let (mut taken, mut refused) = (0, 0);
    for text in questions() {
        let found = worlds.question(&text);
        assert!(!matches!(found, Taken::Wrong(_)), "{found:?}: {text}");
        taken += u32::from(found == Taken::Alone);
    }
    assert!(taken >= 40, "{taken} of the manual's are taken");
    let (seeds, of_each) = if env::var_os("THROUGHLINE_DEEP").is_some() { (1_000, 20) } else { (20, 20) };
    let mut writer = Writer::new(&worlds, 0);
    taken = 0;
    for seed in 0..seeds {
        writer.random = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..of_each {
            let text = writer.statement();
            match worlds.question(&text) {
                Taken::Alone => taken += 1,
                Taken::Not => refused += 1,
                Taken::Wrong(wrong) => panic!("{wrong}: {text}"),
            }
        }
    }
    println!("{taken} statements taken and {refused} refused: none tells of others");
    assert!(taken * 3 >= refused, "{taken} taken, {refused} refused: too few to say anything");
}

/// Attacks that were found: one learner's row became everybody's, or how long a question took told of one learner.
#[test]
fn what_attackers_wrote_is_of_each_learner_alone_or_refused() {
    let worlds = worlds();
    let alone = |text: &str| assert_eq!(worlds.question(text), Taken::Alone, "{text}");
    // The empty learner of a left join is in no list, whether or not anybody is in it.
    let rare = "select learner_id from spell where kind = 'ehe'";
    for test in [
        format!("b.learner_id not in ({rare})"),
        format!("not (b.learner_id in ({rare}))"),
        format!("(b.learner_id in ({rare})) is false"),
        format!(
            "exists (select 1 from learner c where c.learner_id = a.learner_id and b.learner_id not in ({rare}))"
        ),
    ] {
        alone(&format!(
            "select count(*) as n from learner a left join spell b on b.learner_id = a.learner_id and b.kind = 'none' where {test}"
        ));
    }
    // Rows looked through for each row of a query around them multiply.
    let deep = "select count(*) as n from spell a where exists (select 1 from spell b where b.learner_id = a.learner_id and exists \
                (select 1 from suspension_event c where c.learner_id = b.learner_id and exists (select 1 from spell d where d.learner_id = c.learner_id)))";
    assert_eq!(worlds.question(deep), Taken::Not);
    alone(
        "select count(*) as n from spell a where exists (select 1 from suspension_event c where c.learner_id = a.learner_id)",
    );
}

/// The check sees what it looks for: a row that hangs on others, a learner in more groups than is said, a statement that fails.
#[test]
fn a_statement_that_tells_of_others_would_be_seen() {
    let worlds = worlds();
    let of_all = "select cast(count(*) over () as varchar), l from (select learner_id as l from spell)";
    assert_eq!(worlds.wrong(of_all, 1, 1_000).as_deref(), Some("it tells of others"));
    let not_in = format!(
        "select '1', m.learner_id from cohort_member m left join spell s on s.learner_id = m.learner_id and s.kind = 'none' \
         where s.learner_id not in (select learner_id from spell where learner_id = '{}')",
        worlds.who
    );
    assert_eq!(worlds.wrong(&not_in, 1, 1_000).as_deref(), Some("it tells of others"));
    let own = "select cast(kind as varchar), learner_id from spell";
    assert_eq!(worlds.wrong(own, 1, 1_000), None);
    assert!(worlds.wrong(own, 1, 1).unwrap().contains("groups of 1"));
    assert!(worlds.wrong("select cast('x' as integer), '1'", 1, 1).unwrap().contains("fails"));
}
