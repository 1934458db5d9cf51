//! A data folder of its own for each test, and the program run on it as a person would.
use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::DataType,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{
    cell::RefCell,
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// A folder with a real key and the sources that a test gives it.
pub struct TestSite {
    dir: TempDir,
    sources: RefCell<String>,
}

/// What a run of the program gave.
pub struct Ran {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// The JSON document on standard output.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.out, self.err))
    }
}

/// Runs the program with arguments in a folder.
pub fn run_in(dir: &Path, arguments: &[&str]) -> Ran {
    run_with(dir, &[], arguments)
}

/// The same, with something on standard input.
pub fn run_saying(dir: &Path, arguments: &[&str], said: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_throughline"))
        .current_dir(dir)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A verb that refuses at once does not read.
    let _ = child.stdin.take().unwrap().write_all(said.as_bytes());
    ran(&child.wait_with_output().unwrap())
}

/// The same, with variables of the environment.
pub fn run_with(dir: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_throughline"))
        .current_dir(dir)
        .envs(environment.iter().copied())
        .args(arguments)
        .output()
        .unwrap();
    ran(&output)
}

fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl TestSite {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let made = run_in(dir.path(), &["init", "."]);
        assert_eq!(made.code, 0, "{}", made.err);
        Self { dir, sources: RefCell::default() }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// A folder for the files of a source.
    pub fn inbox(&self, name: &str) -> PathBuf {
        let inbox = self.path().join("inbox").join(name);
        fs::create_dir_all(&inbox).unwrap();
        inbox
    }

    /// Adds a source that reads its inbox; `more` is further TOML of it.
    pub fn source(&self, name: &str, connector: &str, more: &str) {
        let mut sources = self.sources.borrow_mut();
        let _ = write!(
            sources,
            "\n[sources.{name}]\nconnector = \"{connector}\"\ninbox = \"inbox/{name}\"\nagreement = \"Test\"\ncontroller = \"Test\"\nbases = [\"Article 6(1)(e)\"]\nexpires = \"2099-12-31\"\npurposes = [\"research\"]\n{more}\n"
        );
    }

    /// Writes the configuration.
    pub fn configure(&self, as_of: &str) {
        self.configure_with(as_of, "");
    }

    /// Writes the configuration with further top-level lines.
    pub fn configure_with(&self, as_of: &str, more: &str) {
        // Files are written at the moment when they are read.
        let settle = if more.contains("[inbox]") { "" } else { "\n[inbox]\nsettle = \"0s\"\n" };
        let text = format!(
            "data_dir = \"data\"\nkey_file = \"key\"\nhome_authority = \"998\"\nas_of = \"{as_of}\"\n{more}{settle}{}",
            self.sources.borrow()
        );
        fs::write(self.path().join("throughline.toml"), text).unwrap();
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        run_in(self.path(), arguments)
    }
}

/// Every row of an entity that lies in the lake, file by file.
pub fn lake_rows(data: &Path, entity: &str) -> Vec<RecordBatch> {
    let mut files = Vec::new();
    walk(&data.join("lake").join(entity), &mut files);
    files.sort();
    let read = |path: PathBuf| {
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
        reader.map(Result::unwrap).collect::<Vec<_>>()
    };
    files.into_iter().flat_map(read).collect()
}

/// Every file under a folder.
pub fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// A cell as text; bytes in hex, empty for null.
pub fn column_text(batch: &RecordBatch, name: &str, at: usize) -> String {
    let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
    if column.is_null(at) {
        return String::new();
    }
    if let Some(bytes) = column.as_fixed_size_binary_opt() {
        return bytes.value(at).iter().map(|byte| format!("{byte:02x}")).collect();
    }
    cast(column, &DataType::Utf8).unwrap().as_string::<i32>().value(at).to_owned()
}

/// A whole column as such texts.
pub fn column_texts(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
    if column.as_fixed_size_binary_opt().is_some() {
        return (0..batch.num_rows()).map(|at| column_text(batch, name, at)).collect();
    }
    let texts = cast(column, &DataType::Utf8).unwrap();
    texts.as_string::<i32>().iter().map(|text| text.unwrap_or_default().to_owned()).collect()
}
