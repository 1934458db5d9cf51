use std::fmt;

/// Something wrong in a definition or in the configuration: which file, which line, what, and what to do.
/// Definitions are ours, so their text may be quoted; data never passes through here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file, as the reader would open it.
    pub file: String,
    /// The line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub hint: String,
}

impl Complaint {
    /// A complaint about a whole file.
    pub fn file(file: &str, problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, problem: problem.into(), hint: hint.into() }
    }

    /// A complaint at the first line that holds `needle`.
    pub fn near(
        file: &str,
        text: &str,
        needle: &str,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let line = text.lines().position(|line| line.contains(needle)).map_or(0, |at| at + 1);
        Self { file: file.to_owned(), line, problem: problem.into(), hint: hint.into() }
    }

    /// A complaint from a TOML error.
    pub fn toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map_or(0, |span| {
            text.get(..span.start)
                .map_or(0, |before| before.bytes().filter(|byte| *byte == b'\n').count() + 1)
        });
        Self {
            file: file.to_owned(),
            line,
            problem: error.message().trim().replace('\n', " "),
            hint: "see the README of that folder for the words it knows".to_owned(),
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.problem)?;
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}
