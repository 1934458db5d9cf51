//! What a build says of its own tables: words that no list has, learners that no table knows. Rows that fail are kept.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use duckdb::Connection;
use serde::Deserialize;

use super::connection::{Limits, config, engine, path_list, quoted};
use super::fault::WarehouseFault;
use super::kept::FAILED;
use super::key::digest_of;
use super::publish::BuiltTable;
use super::verified::Passed;

/// Raised when the same rules are asked otherwise.
const ASKED_BY: &str = concat!("1 ", env!("CARGO_PKG_VERSION"));

/// What the values of a column are held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Each is one of these words, or a code of one of these lists.
    Words {
        /// Words of the table's own.
        words: Vec<String>,
        /// Names of code lists.
        lists: Vec<String>,
    },
    /// Each stands in this column of another published table.
    Reference {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
}

impl Test {
    /// Our word for it: `words` or `reference`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Words { .. } => "words",
            Self::Reference { .. } => "reference",
        }
    }
}

/// What follows when something fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is released until it is put right.
    Error,
    /// It is released, and said how many rows fail.
    Warning,
}

/// One column and what it is held against. Empty cells pass: where a value must be there, a check says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The table; `*` is every published table that has the column.
    pub table: String,
    /// The column.
    pub column: String,
    /// The test.
    pub test: Test,
    /// What follows when a row fails.
    pub severity: Severity,
}

#[derive(Deserialize)]
struct Line {
    table: String,
    column: String,
    test: String,
    against: String,
    /// A file written before there were severities has none: all hold, as what is not said to be harmless is not.
    severity: Option<Severity>,
}

/// Rows that fail a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// Which test: `words`, `reference`.
    pub test: &'static str,
    /// What follows.
    pub severity: Severity,
    /// How many rows fail.
    pub rows: u64,
    /// Where they are kept.
    pub kept: PathBuf,
}

/// Reads `schemas/verify.csv`: table, column, test, what it is held against (words with spaces between; `code_x` is
/// the list x; `table.column` for a reference), and the severity, `error` where the column is missing or empty.
///
/// # Errors
/// When a line is not well formed.
pub fn rules(text: &str) -> Result<Vec<Rule>, WarehouseFault> {
    let broken = |what: String| WarehouseFault::Reference { file: "schemas/verify.csv".to_owned(), what };
    let mut rules = Vec::new();
    for (at, line) in csv::Reader::from_reader(text.as_bytes()).deserialize::<Line>().enumerate() {
        let line = line.map_err(|_| {
            let what = format!(
                "line {} has another number of cells, or a severity that is neither error nor warning",
                at + 2
            );
            broken(what)
        })?;
        let test = match line.test.as_str() {
            "words" => {
                let (lists, words): (Vec<&str>, Vec<&str>) =
                    line.against.split_whitespace().partition(|word| word.starts_with("code_"));
                Test::Words {
                    words: words.into_iter().map(str::to_owned).collect(),
                    lists: lists.into_iter().map(|list| list["code_".len()..].to_owned()).collect(),
                }
            }
            "reference" => {
                let (table, column) = line
                    .against
                    .split_once('.')
                    .ok_or_else(|| broken(format!("line {}: a reference is `table.column`", at + 2)))?;
                Test::Reference { table: table.to_owned(), column: column.to_owned() }
            }
            other => return Err(broken(format!("line {}: there is no test `{other}`", at + 2))),
        };
        let severity = line.severity.unwrap_or(Severity::Error);
        rules.push(Rule { table: line.table, column: line.column, test, severity });
    }
    Ok(rules)
}

/// Holds built tables against the rules and writes the rows that fail to `<folder>/failed/<table>.<column>.<test>.parquet`. A
/// rule about a table or column that was not built is passed over: a site may build other tables. A table that passed
/// in this folder before, with the same bytes and under the same rules, passes again unread.
///
/// # Errors
/// When a built table cannot be read, a list is not known, or what fails cannot be kept.
pub fn verify(
    tables: &[BuiltTable],
    rules: &[Rule],
    codes: &BTreeMap<String, String>,
    limits: &Limits,
    folder: &Path,
) -> Result<Vec<Finding>, WarehouseFault> {
    let mut passed = Passed::open(folder);
    let asked = asked(tables, rules, codes, &folder.join(FAILED))?;
    let keys = keys(&asked);
    let asked: Vec<Question<'_>> = asked
        .into_iter()
        .filter(|question| !keys.get(question.table.name.as_str()).is_some_and(|key| passed.before(key)))
        .collect();
    let findings = held_against(tables, asked, limits, &folder.join(FAILED))?;
    for (table, key) in keys {
        if !findings.iter().any(|finding| finding.table == table) {
            passed.note(key);
        }
    }
    passed.close().map_err(|error| unkept("*", &error))?;
    Ok(findings)
}

fn unkept(table: &str, error: &std::io::Error) -> WarehouseFault {
    WarehouseFault::Export { table: table.to_owned(), what: error.kind().to_string() }
}

/// What stands for each table and all that is asked of it.
fn keys(asked: &[Question<'_>]) -> BTreeMap<String, String> {
    let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Question { table, stands_for, .. } in asked {
        let of_table = parts
            .entry(table.name.as_str())
            .or_insert_with(|| vec![ASKED_BY, table.name.as_str(), table.sha256.as_str()]);
        of_table.extend(stands_for.iter().map(String::as_str));
    }
    parts.into_iter().map(|(table, parts)| (table.to_owned(), digest_of(parts))).collect()
}

/// Asks what there is to ask, and keeps the rows that fail.
fn held_against(
    tables: &[BuiltTable],
    asked: Vec<Question<'_>>,
    limits: &Limits,
    kept_in: &Path,
) -> Result<Vec<Finding>, WarehouseFault> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let mut files: Vec<PathBuf> = tables.iter().map(|table| table.path.clone()).collect();
    files.extend(asked.iter().map(|question| question.kept.clone()));
    let connection = reader(limits, &files)?;
    let failing = count_failing(&connection, tables, &asked)?;
    let mut findings = Vec::new();
    for (question, rows) in asked.into_iter().zip(failing).filter(|(_, rows)| *rows > 0) {
        let Question { table, rule, condition, kept, .. } = question;
        std::fs::create_dir_all(kept_in).map_err(|error| unkept(&table.name, &error))?;
        let (from, to) = (quoted(&table.path.to_string_lossy()), quoted(&kept.to_string_lossy()));
        // Beside a file that is there already the engine would write another first, which it may not.
        let sql = format!(
            "copy (select * from read_parquet({from}) where {condition}) to {to} (format parquet, use_tmp_file false)"
        );
        connection.execute_batch(&sql).map_err(engine)?;
        let (table, column) = (table.name.clone(), rule.column.clone());
        let (test, severity) = (rule.test.word(), rule.severity);
        findings.push(Finding { table, column, test, severity, rows, kept });
    }
    Ok(findings)
}

/// One rule about one table, as a condition that failing rows meet.
struct Question<'a> {
    table: &'a BuiltTable,
    rule: &'a Rule,
    condition: String,
    /// What the condition says, whatever the folder: column, test and words, or the bytes of the other table.
    stands_for: Vec<String>,
    kept: PathBuf,
}

/// What there is to ask, in the order of the rules.
fn asked<'a>(
    tables: &'a [BuiltTable],
    rules: &'a [Rule],
    codes: &BTreeMap<String, String>,
    kept_in: &Path,
) -> Result<Vec<Question<'a>>, WarehouseFault> {
    let by_name: BTreeMap<&str, &BuiltTable> =
        tables.iter().map(|table| (table.name.as_str(), table)).collect();
    let has = |table: &BuiltTable, column: &str| table.columns.iter().any(|(name, ..)| name == column);
    let mut asked = Vec::new();
    for rule in rules {
        let meant = tables.iter().filter(|table| rule.table == "*" || rule.table == table.name);
        for table in meant.filter(|table| has(table, &rule.column)) {
            let mut stands_for = vec![rule.column.clone(), rule.test.word().to_owned()];
            let fails = match &rule.test {
                Test::Words { words, lists } => {
                    let fails = not_among(&rule.column, &allowed(words, lists, codes)?);
                    stands_for.push(fails.clone());
                    fails
                }
                Test::Reference { table: other, column } => {
                    let Some(other) = by_name.get(other.as_str()).filter(|other| has(other, column)) else {
                        continue;
                    };
                    if other.name == table.name {
                        continue;
                    }
                    let file = quoted(&other.path.to_string_lossy());
                    stands_for.extend([column.clone(), other.sha256.clone()]);
                    format!(
                        "{} not in (select {column} from read_parquet({file}) where {column} is not null)",
                        rule.column
                    )
                }
            };
            let condition = format!("{} is not null and {fails}", rule.column);
            let name = format!("{}.{}.{}.parquet", table.name, rule.column, rule.test.word());
            asked.push(Question { table, rule, condition, stands_for, kept: kept_in.join(name) });
        }
    }
    Ok(asked)
}

/// How many rows fail each question; a table is read once, whatever is asked of it.
fn count_failing(
    connection: &Connection,
    tables: &[BuiltTable],
    asked: &[Question<'_>],
) -> Result<Vec<u64>, WarehouseFault> {
    let mut failing = vec![0; asked.len()];
    for table in tables {
        let of_table: Vec<usize> =
            (0..asked.len()).filter(|at| asked[*at].table.name == table.name).collect();
        if of_table.is_empty() {
            continue;
        }
        let counts = of_table.iter().map(|at| format!("count(*) filter (where {})", asked[*at].condition));
        let counts: Vec<String> = counts.collect();
        let file = quoted(&table.path.to_string_lossy());
        let sql = format!("select {} from read_parquet({file})", counts.join(", "));
        let rows: Vec<u64> = connection
            .query_row(&sql, [], |row| (0..of_table.len()).map(|at| row.get(at)).collect())
            .map_err(engine)?;
        for (at, rows) in of_table.into_iter().zip(rows) {
            failing[at] = rows;
        }
    }
    Ok(failing)
}

/// The words that a column may hold.
fn allowed(
    words: &[String],
    lists: &[String],
    codes: &BTreeMap<String, String>,
) -> Result<Vec<String>, WarehouseFault> {
    let mut allowed = words.to_vec();
    for list in lists {
        let broken = || WarehouseFault::Reference {
            file: "schemas/verify.csv".to_owned(),
            what: format!("there is no code list `{list}` with a column `code`"),
        };
        let mut reader = csv::Reader::from_reader(codes.get(list).ok_or_else(broken)?.as_bytes());
        let headers = reader.headers().map_err(|_| broken())?;
        let at = headers.iter().position(|name| name == "code").ok_or_else(broken)?;
        allowed.extend(reader.records().flatten().filter_map(|row| row.get(at).map(str::to_owned)));
    }
    Ok(allowed)
}

fn not_among(column: &str, words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    if words.is_empty() { "true".to_owned() } else { format!("{column} not in ({})", words.join(", ")) }
}

/// An engine that reads the built tables and writes what fails, and nothing else.
fn reader(limits: &Limits, files: &[PathBuf]) -> Result<Connection, WarehouseFault> {
    // Its questions are short: a second thread would wait for the first, and busily.
    let connection = Connection::open_in_memory_with_flags(config(&Limits { threads: 1, ..limits.clone() })?)
        .map_err(engine)?;
    let sql = format!(
        "set allowed_paths = {}; set enable_external_access = false; set lock_configuration = true;",
        path_list(files)
    );
    connection.execute_batch(&sql).map_err(engine)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_a_wrong_one_is_named_by_its_line() {
        let read = rules(
            "table,column,test,against,severity\n*,learner_id,reference,learner.learner_id,error\n\
             spell,kind,words,code_k x,warning\n",
        );
        let read = read.unwrap();
        assert_eq!(read[0].test, Test::Reference { table: "learner".into(), column: "learner_id".into() });
        assert_eq!(read[1].test, Test::Words { words: vec!["x".into()], lists: vec!["k".into()] });
        assert_eq!((read[0].severity, read[1].severity), (Severity::Error, Severity::Warning));
        let before = rules("table,column,test,against\na,b,words,c\n").unwrap();
        assert_eq!(before[0].severity, Severity::Error, "what is not said to be harmless holds");
        assert!(rules("table,column,test,against,severity\na,b,words,c,harmless\n").is_err());
        let wrong = rules("table,column,test,against\na,b,guess,c\n").unwrap_err().to_string();
        assert!(wrong.contains("line 2") && wrong.contains("guess"), "{wrong}");
    }

    /// Built tables are written by hand here: one learner that nobody knows, one word that no list has.
    #[test]
    fn rows_that_fail_are_counted_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let connection = Connection::open_in_memory().unwrap();
        let built = |name: &str, columns: &[&str], sql: &str| {
            let path = dir.path().join(format!("{name}.parquet"));
            let copy = format!("copy ({sql}) to {} (format parquet)", quoted(&path.to_string_lossy()));
            connection.execute_batch(&copy).unwrap();
            BuiltTable {
                name: name.to_owned(),
                title: String::new(),
                grain: Vec::new(),
                columns: columns
                    .iter()
                    .map(|name| ((*name).to_owned(), String::new(), String::new()))
                    .collect(),
                purposes: Vec::new(),
                rows: 0,
                path,
                sha256: format!("the bytes of {name}"),
            }
        };
        let mut tables = [
            built("learner", &["learner_id"], "select 'a' as learner_id"),
            built(
                "spell",
                &["learner_id", "kind"],
                "select * from (values ('a', 'one'), ('b', 'one'), ('a', 'two'), (null, null), ('a', 'own')) as t(learner_id, kind)",
            ),
        ];
        let text = "table,column,test,against\n*,learner_id,reference,learner.learner_id\nspell,kind,words,code_kinds own\n\
                    nowhere,kind,words,x\n";
        let codes = [("kinds".to_owned(), "code,label\none,One\n".to_owned())].into();
        let held = |tables: &[BuiltTable]| {
            verify(tables, &rules(text).unwrap(), &codes, &Limits::default(), dir.path()).unwrap()
        };
        let found = held(&tables);
        let told: Vec<_> =
            found.iter().map(|one| (one.table.as_str(), one.column.as_str(), one.rows)).collect();
        assert_eq!(told, [("spell", "learner_id", 1), ("spell", "kind", 1)]);
        let kept = format!("select kind from read_parquet({})", quoted(&found[1].kept.to_string_lossy()));
        let word: String = connection.query_row(&kept, [], |row| row.get(0)).unwrap();
        assert_eq!(word, "two");
        let none = verify(&tables, &rules(text).unwrap(), &BTreeMap::new(), &Limits::default(), dir.path());
        assert!(none.unwrap_err().to_string().contains("kinds"));

        // What fails is told again, and its rows are kept again; what passed is not read again while the bytes are those.
        std::fs::remove_file(&found[1].kept).unwrap();
        assert_eq!(held(&tables), found);
        assert!(found[1].kept.exists());
        let good = "select 'a' as learner_id, 'one' as kind";
        tables[1] = built("spell", &["learner_id", "kind"], good);
        tables[1].sha256 = "other bytes".to_owned();
        assert!(held(&tables).is_empty());
        built("spell", &["learner_id", "kind"], "select 'a' as learner_id, 'two' as kind");
        assert!(held(&tables).is_empty(), "the same bytes as far as anybody says");
        tables[0].sha256 = "another list of learners".to_owned();
        assert_eq!(held(&tables).len(), 1, "what it is held against has changed");
    }
}
