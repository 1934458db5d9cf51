//! `[file]`: how files are found and read. `connectors/README.md` says the same for people.
use super::fold;
use serde::Deserialize;

/// A file's form.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FileForm {
    /// Which kind of file.
    pub format: FileFormat,
    /// Pattern of the file name, or with a slash in it of the path below the inbox: `{x}` captures, `*` matches
    /// anything.
    pub name: String,
    /// A file younger than this is still being copied; where it is not said, the site's `[inbox] settle` counts.
    pub settle_seconds: Option<u64>,
    /// A zip archive or folder of tables.
    pub bundle: Option<Bundle>,
    /// `utf-8` or `windows-1252`.
    #[serde(default = "utf8")]
    pub encoding: String,
    /// Between cells.
    #[serde(default = "comma")]
    pub delimiter: String,
    /// Which sheet.
    #[serde(default)]
    pub sheet: SheetChoice,
    /// Where the header is.
    #[serde(default)]
    pub header: Header,
    /// Where the rows end.
    #[serde(default)]
    pub stop: Stop,
    /// Rows whose first filled cell begins with one of these are headings between rows, and passed over.
    #[serde(default)]
    pub pass_over: Vec<String>,
    /// Columns whose empty cells repeat the cell above.
    #[serde(default)]
    pub fill_down: Vec<String>,
}

fn utf8() -> String {
    "utf-8".into()
}
fn comma() -> String {
    ",".into()
}

/// Kinds of file.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// A workbook of any kind or delimited text, told by content.
    Sheet,
    /// Excel workbook.
    Xlsx,
    /// Excel workbook of before 2007.
    Xls,
    /// `OpenDocument` spreadsheet.
    Ods,
    /// Delimited text.
    Csv,
    /// The first delimited text of a zip archive that has the header, whatever the archive is called.
    ZipCsv,
    /// A JSON document.
    Json,
    /// An XML document.
    Xml,
}

/// A bundle of tables.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The table of properties that says what the others are.
    pub manifest: String,
    /// The property of a table, `{name}` being its file's stem: `bulk`, `delta` or `absent`.
    pub modes: String,
}

/// Which sheet of a workbook.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SheetChoice {
    /// By position among visible sheets, from 1.
    pub position: Option<u32>,
    /// The first visible one whose folded name holds one of these.
    #[serde(default)]
    pub like: Vec<String>,
    /// … and none of these.
    #[serde(default)]
    pub not_like: Vec<String>,
}

/// Where the header is.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Header {
    /// Looked for in this many first rows.
    pub search_rows: u32,
    /// Texts that all stand in it, each in one of its spellings; none: the first row that is not empty.
    pub must_have: Vec<Spellings>,
    /// How many rows it has.
    pub rows: u32,
    /// There is none.
    pub none: bool,
}

/// A header text, or several of which any will do.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Spellings {
    /// The one.
    One(String),
    /// Any of these.
    Any(Vec<String>),
}

impl Spellings {
    /// The texts as they are written.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Any(texts) => texts,
        }
    }

    /// The texts, folded.
    pub fn folded(&self) -> Vec<String> {
        match self {
            Self::One(text) => vec![fold(text)],
            Self::Any(texts) => texts.iter().map(|text| fold(text)).collect(),
        }
    }
}

impl Default for Header {
    fn default() -> Self {
        Self { search_rows: 30, must_have: Vec::new(), rows: 1, none: false }
    }
}

/// Where the rows end.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Stop {
    /// So many empty rows in a row end the sheet.
    pub blank_rows: u32,
    /// A first non-empty cell that begins with one of these ends it.
    pub row_like: Vec<String>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { blank_rows: 50, row_like: Vec::new() }
    }
}
