//! An engine in memory that holds copies of a few columns and can reach nothing else: no file, no setting, no extension.
use std::path::PathBuf;

use duckdb::Connection;

use super::connection::{Limits, engine, lock, open, quoted};
use super::fault::{Cause, WarehouseFault};

/// Columns of a table that are copied.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Copied {
    /// The table's name.
    pub table: String,
    /// Its Parquet file.
    pub file: PathBuf,
    /// The columns.
    pub columns: Vec<String>,
    /// How many rows of one learner are taken at most, if so many are too many: which, hangs on those rows alone.
    pub most_of_one: Option<u64>,
}

impl Copied {
    /// The rows that are taken.
    fn sql(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|name| format!("\"{name}\"")).collect();
        let (columns, file) = (columns.join(", "), quoted(&self.file.to_string_lossy()));
        let all = format!("select {columns} from read_parquet({file})");
        let Some(most) = self.most_of_one else { return all };
        // Hardly anybody has so many, and only of them are rows put in an order.
        format!(
            "with held as ({all}), many as (select learner_id from held group by learner_id having count(*) > {most}) \
             select {columns} from held where learner_id not in (select learner_id from many where learner_id is not null) \
             union all select {columns} from (select *, row_number() over (partition by learner_id order by hash({columns})) as lot from held \
             where learner_id in (select learner_id from many)) as lots where lot <= {most}"
        )
    }
}

/// An engine that is shut: see [`Sealed::open`].
pub struct Sealed(Connection);

impl Sealed {
    /// Copies columns into a fresh engine and shuts it: from then on it reads no file, loads nothing, spills nothing,
    /// changes no setting, and stops by itself after so many milliseconds.
    ///
    /// # Errors
    /// When a file cannot be read or the engine cannot be shut.
    pub fn open(copies: &[Copied], limits: &Limits, millis: u64) -> Result<Self, WarehouseFault> {
        let connection = open(&Limits { spill_to: None, ..limits.clone() })?;
        for copied in copies {
            let sql = format!("create table \"{}\" as {}", copied.table, copied.sql());
            connection.execute_batch(&sql).map_err(|error| WarehouseFault::Relation {
                relation: copied.table.clone(),
                cause: error.into(),
            })?;
        }
        connection.execute_batch(&format!("set max_execution_time = {millis}")).map_err(engine)?;
        lock(&connection, &[])?;
        Ok(Self(connection))
    }

    /// The engine's own reading of a text, as JSON. Nothing of it is run.
    pub fn reading(&self, text: &str) -> Option<String> {
        self.0
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
        let mut statement = self.0.prepare(sql).map_err(class)?;
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
    fn planted(rows: &str, most_of_one: Option<u64>) -> (tempfile::TempDir, Sealed) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("t.parquet");
        let made = Connection::open_in_memory().unwrap();
        made.execute_batch(&format!("copy ({rows}) to {}", quoted(&file.to_string_lossy()))).unwrap();
        let columns = vec!["learner_id".to_owned(), "said".to_owned()];
        let copied = Copied { table: "t".to_owned(), file, columns, most_of_one };
        let sealed = Sealed::open(&[copied], &Limits::default(), 10_000).unwrap();
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

    /// Of a learner with very many rows as many as are allowed are taken; of all others all.
    #[test]
    fn of_one_learner_no_more_rows_are_taken_than_are_allowed() {
        let rows = "select case when i < 900 then 'many' else 'few' || cast(i % 10 as varchar) end as learner_id, cast(i as varchar) as said \
                    from range(1000) as r(i)";
        let count = |sealed: &Sealed| {
            sealed.rows("select learner_id, cast(count(*) as varchar) from t group by 1 order by 1").unwrap()
        };
        let (_dir, capped) = planted(rows, Some(400));
        let (_other, all) = planted(rows, None);
        let of = |rows: &[Vec<Option<String>>], who: &str| {
            rows.iter().find(|row| row[0].as_deref() == Some(who)).and_then(|row| row[1].clone())
        };
        assert_eq!(of(&count(&capped), "many").as_deref(), Some("400"));
        assert_eq!(of(&count(&all), "many").as_deref(), Some("900"));
        assert_eq!(count(&capped).len(), 11);
        assert_eq!(of(&count(&capped), "few3"), of(&count(&all), "few3"));
    }
}
