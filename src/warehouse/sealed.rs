//! An engine in memory that holds copies of a few columns and can reach nothing else: no file, no setting, no extension.
use std::path::PathBuf;

use duckdb::Connection;

use super::connection::{Limits, engine, lock, open, quoted};
use super::fault::{Cause, WarehouseFault};
use crate::definitions::query::WHOSE;

/// Columns of a table that are copied.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Copied {
    /// The table's name.
    pub table: String,
    /// Its Parquet file.
    pub file: PathBuf,
    /// The columns.
    pub columns: Vec<String>,
}

/// Learners dealt into blocks, each of which is laid out by itself ([`Sealed::lay_out`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Dealt {
    /// Into how many blocks. Which one a learner is in, hangs on nobody else.
    pub blocks: u64,
    /// How many rows of one learner and table are taken at most, if so many are too many: which, hangs on those rows alone.
    pub most_of_one: u64,
    /// How many letters of a text are taken at most, and how many bytes.
    pub letters: u64,
}

/// Where tables stand of which blocks are laid out, and the column that says which block a row is in: no table has one of that name.
const HELD: &str = "held";
const BLOCK: &str = "dealt to";
/// Of what the engine thinks of by itself, this alone is left where learners are dealt: the rest looks at values to leave out work, and for
/// a few rows takes longer than it saves.
const KEPT: &str = "filter_pushdown";

impl Copied {
    fn list(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|name| format!("\"{name}\"")).collect();
        columns.join(", ")
    }

    /// The whole table.
    fn whole(&self) -> String {
        let (table, columns, file) = (&self.table, self.list(), quoted(&self.file.to_string_lossy()));
        format!("create table \"{table}\" as select {columns} from read_parquet({file})")
    }

    /// The whole table, block after block, of each text its first letters. A row that is about nobody is in none.
    fn held(&self, dealt: Dealt, texts: &[String]) -> String {
        let (table, file) = (&self.table, quoted(&self.file.to_string_lossy()));
        let (blocks, letters) = (dealt.blocks, dealt.letters);
        let copied = |name: &String| {
            if texts.contains(name) {
                // Of letters that take up to four bytes, a quarter: as many bytes in any case.
                format!(
                    "case when strlen(left(\"{name}\", {letters})) <= {letters} then left(\"{name}\", {letters}) \
                     else left(\"{name}\", {letters} // 4) end as \"{name}\""
                )
            } else {
                format!("\"{name}\"")
            }
        };
        let columns = self.columns.iter().map(copied).collect::<Vec<_>>().join(", ");
        format!(
            "create table {HELD}.\"{table}\" as select {columns}, hash({WHOSE}) % {blocks} as \"{BLOCK}\" from read_parquet({file}) \
             where {WHOSE} is not null order by \"{BLOCK}\""
        )
    }

    /// Which of the columns are texts.
    fn texts(&self, connection: &Connection) -> Result<Vec<String>, duckdb::Error> {
        let (columns, file) = (self.list(), quoted(&self.file.to_string_lossy()));
        let sql = format!(
            "select column_name from (describe select {columns} from read_parquet({file})) where column_type = 'VARCHAR'"
        );
        connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
    }

    /// One block of it.
    fn of_block(&self, dealt: Dealt, block: u64) -> String {
        let (table, columns, most) = (&self.table, self.list(), dealt.most_of_one);
        format!(
            "create or replace table \"{table}\" as select {columns} from {HELD}.\"{table}\" where \"{BLOCK}\" = {block} \
             qualify row_number() over (partition by {WHOSE} order by hash({columns})) <= {most}"
        )
    }
}

/// An engine that is shut: see [`Sealed::open`].
pub struct Sealed {
    connection: Connection,
    dealt: Option<(Dealt, Vec<Copied>)>,
}

impl Sealed {
    /// Copies columns into a fresh engine and shuts it: from then on it reads no file, loads nothing, spills nothing,
    /// changes no setting, and stops by itself after so many milliseconds. Where learners are dealt, no table is there before a
    /// block is laid out.
    ///
    /// # Errors
    /// When a file cannot be read or the engine cannot be shut.
    pub fn open(
        copies: &[Copied],
        dealt: Option<Dealt>,
        limits: &Limits,
        millis: u64,
    ) -> Result<Self, WarehouseFault> {
        let connection = open(&Limits { spill_to: None, ..limits.clone() })?;
        if dealt.is_some() {
            connection.execute_batch(&format!("create schema {HELD}")).map_err(engine)?;
        }
        for copied in copies {
            let sql = match dealt {
                None => Ok(copied.whole()),
                Some(dealt) => copied.texts(&connection).map(|texts| copied.held(dealt, &texts)),
            };
            sql.and_then(|sql| connection.execute_batch(&sql)).map_err(|error| WarehouseFault::Relation {
                relation: copied.table.clone(),
                cause: error.into(),
            })?;
        }
        if dealt.is_some() {
            plain(&connection)?;
        }
        connection.execute_batch(&format!("set max_execution_time = {millis}")).map_err(engine)?;
        lock(&connection, &[])?;
        Ok(Self { connection, dealt: dealt.map(|dealt| (dealt, copies.to_vec())) })
    }

    /// Puts one block of learners where statements find it, in the place of the one before. The engine then knows of no others: whatever it leaves
    /// out or puts off hangs on these alone.
    ///
    /// # Errors
    /// The class of the engine's error and never its words.
    pub fn lay_out(&self, block: u64) -> Result<(), &'static str> {
        for (dealt, copied) in
            self.dealt.iter().flat_map(|(dealt, copies)| copies.iter().map(|each| (*dealt, each)))
        {
            let laid = self.connection.execute_batch(&copied.of_block(dealt, block));
            laid.map_err(|error| Cause::from(error).class)?;
        }
        Ok(())
    }

    /// What stops whatever is being run, from another thread.
    pub fn stop(&self) -> impl Fn() + Send + 'static {
        let handle = self.connection.interrupt_handle();
        move || handle.interrupt()
    }

    /// The engine's own reading of a text, as JSON. Nothing of it is run.
    pub fn reading(&self, text: &str) -> Option<String> {
        self.connection
            .query_row("select cast(json_serialize_sql(cast(? as varchar)) as varchar)", [text], |row| {
                row.get(0)
            })
            .ok()
    }

    /// Runs one statement whose columns are texts.
    ///
    /// # Errors
    /// The class of the engine's error and never its words.
    pub fn rows(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, &'static str> {
        let class = |error: duckdb::Error| Cause::from(error).class;
        let mut statement = self.connection.prepare(sql).map_err(class)?;
        let mut rows = statement.query([]).map_err(class)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(class)? {
            let width = row.as_ref().column_count();
            let cells: Result<Vec<Option<String>>, _> = (0..width).map(|at| row.get(at)).collect();
            found.push(cells.map_err(class)?);
        }
        Ok(found)
    }
}

/// Has the engine do what is written, in the order in which it is written.
fn plain(connection: &Connection) -> Result<(), WarehouseFault> {
    let sql = format!("select string_agg(name, ',') from duckdb_optimizers() where name <> '{KEPT}'");
    let all: String = connection.query_row(&sql, [], |row| row.get(0)).map_err(engine)?;
    connection.execute_batch(&format!("set disabled_optimizers = {}", quoted(&all))).map_err(engine)
}

/// The name of every function that the engine has, in order.
///
/// # Errors
/// When the engine cannot be asked.
pub fn function_names() -> Result<Vec<String>, WarehouseFault> {
    let connection = open(&Limits::default())?;
    let sql = "select distinct function_name from duckdb_functions() order by 1";
    let mut statement = connection.prepare(sql).map_err(engine)?;
    let names = statement.query_map([], |row| row.get(0)).map_err(engine)?;
    names.collect::<Result<_, _>>().map_err(engine)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table with a planted text, as a release has it.
    fn planted(rows: &str, dealt: Option<Dealt>) -> (tempfile::TempDir, Sealed) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("t.parquet");
        let made = Connection::open_in_memory().unwrap();
        made.execute_batch(&format!("copy ({rows}) to {}", quoted(&file.to_string_lossy()))).unwrap();
        let columns = vec!["learner_id".to_owned(), "said".to_owned()];
        let copied = Copied { table: "t".to_owned(), file, columns };
        let sealed = Sealed::open(&[copied], dealt, &Limits::default(), 10_000).unwrap();
        (dir, sealed)
    }

    /// Attack 20 behind the reader of statements: whatever fails on a value that stands in a row gives a class of failure and no word of it.
    #[test]
    fn attack_20_what_fails_on_a_row_gives_a_class_and_no_value() {
        let (_dir, sealed) = planted("select 'a' as learner_id, 'ZZSECRET' as said", None);
        let ways = [
            "cast(said as integer)",
            "cast(said as date)",
            "cast(said as boolean)",
            "cast(said as uuid)",
            "cast(said as struct(a integer))",
            "error(said)",
            "strptime(said, '%Y')",
            "json_extract(said, '$')",
            "regexp_matches('x', said || '(')",
            "list_value(1)[cast(said as integer)]",
        ];
        let mut failed = 0;
        for way in ways {
            for sql in [
                "select {} from t",
                "select max({}) from t",
                "select 1 from t where {} is null",
                "select 1 from t order by {}",
            ] {
                let sql = sql.replace("{}", way);
                if let Err(class) = sealed.rows(&sql) {
                    failed += 1;
                    assert!(!class.contains("SECRET") && class.len() < 40, "{class}");
                }
            }
        }
        assert!(failed >= 30, "only {failed} failed, so that little was shown");
    }

    const MANY_AND_FEW: &str = "select case when i < 900 then 'many' else 'few' || cast(i % 10 as varchar) end as learner_id, \
                                cast(i as varchar) as said from range(1000) as r(i)";

    /// The rows of each learner, block by block.
    fn counts(sealed: &Sealed, blocks: u64) -> Vec<Vec<Vec<Option<String>>>> {
        let of_block = |block| {
            sealed.lay_out(block).unwrap();
            sealed.rows("select learner_id, cast(count(*) as varchar) from t group by 1 order by 1").unwrap()
        };
        (0..blocks).map(of_block).collect()
    }

    /// Of a learner with very many rows as many as are allowed are taken; of all others all.
    #[test]
    fn of_one_learner_no_more_rows_are_taken_than_are_allowed() {
        let (_dir, sealed) = planted(MANY_AND_FEW, Some(Dealt { blocks: 1, most_of_one: 400, letters: 96 }));
        let found = counts(&sealed, 1).concat();
        let of = |who: &str| {
            found.iter().find(|row| row[0].as_deref() == Some(who)).and_then(|row| row[1].clone())
        };
        assert_eq!(found.len(), 11);
        assert_eq!((of("many").as_deref(), of("few3").as_deref()), (Some("400"), Some("10")));
    }

    /// Of a text its first letters are taken: how long one is must not be how much memory there is to be.
    #[test]
    fn of_a_text_no_more_letters_are_taken_than_are_allowed() {
        let long = "select 'amy' as learner_id, repeat('é', 300) as said union all select 'ben', repeat('e', 300) \
                    union all select 'cas', 'É' || repeat('e', 20)";
        let (_dir, sealed) = planted(long, Some(Dealt { blocks: 1, most_of_one: 400, letters: 96 }));
        sealed.lay_out(0).unwrap();
        let found =
            sealed.rows("select learner_id, cast(length(said) as varchar) from t order by 1").unwrap();
        let lengths = [["amy", "24"], ["ben", "96"], ["cas", "21"]];
        assert_eq!(found, lengths.map(|row| row.map(|cell| Some(cell.to_owned()))));
    }

    /// Each learner is in one block, with all rows; and before one is laid out there is nobody.
    #[test]
    fn each_learner_is_in_one_block() {
        let (_dir, sealed) = planted(MANY_AND_FEW, Some(Dealt { blocks: 4, most_of_one: 1000, letters: 96 }));
        assert!(sealed.rows("select learner_id from t").is_err());
        let blocks = counts(&sealed, 4);
        assert!(blocks.iter().filter(|block| !block.is_empty()).count() > 1, "{blocks:?}");
        let mut found = blocks.concat();
        found.sort();
        let (_other, whole) =
            planted(MANY_AND_FEW, Some(Dealt { blocks: 1, most_of_one: 1000, letters: 96 }));
        assert_eq!(found, counts(&whole, 1).concat());
    }
}
