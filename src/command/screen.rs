//! The one place that prints: results to standard output, talk and progress to standard error.
use crate::pipeline::Watch;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};

/// How to talk to whoever asked.
pub struct Screen {
    /// One JSON document instead of words.
    pub json: bool,
    /// No talk.
    pub quiet: bool,
}

impl Screen {
    /// A result, on standard output.
    pub fn result(&self, text: &str) {
        if !self.json {
            let mut out = std::io::stdout().lock();
            // A reader that has gone (`| head`) is not a failure.
            let _ = writeln!(out, "{text}");
        }
    }

    /// A result as the one JSON document.
    pub fn document(&self, value: &serde_json::Value) {
        if self.json {
            let _ = writeln!(std::io::stdout().lock(), "{value:#}");
        }
    }

    /// Talk, on standard error.
    pub fn say(&self, text: &str) {
        if !self.quiet && !self.json {
            to_stderr(text);
        }
    }

    /// What went wrong, on standard error, always.
    pub fn fail(&self, text: &str) {
        if self.json {
            to_stderr(&serde_json::json!({ "error": text }).to_string());
        } else {
            to_stderr(text);
        }
    }

    /// A bar for long work, if somebody is looking.
    pub fn bar(&self) -> Bar {
        let shown = !self.quiet && !self.json && std::io::stderr().is_terminal();
        let bar = if shown { ProgressBar::new(1) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("  {bar:24} {pos:>3}/{len:<3} {msg}") {
            bar.set_style(style);
        }
        Bar { shown: bar, name: String::new(), done: 0 }
    }

    /// Seconds that go by while there is nothing to count, if somebody is looking.
    #[cfg(feature = "warehouse")]
    pub fn waiting(&self, words: String) -> Waiting {
        let shown = !self.quiet && !self.json && std::io::stderr().is_terminal();
        let line = if shown { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {elapsed} {msg}") {
            line.set_style(style);
        }
        line.set_message(words);
        line.enable_steady_tick(std::time::Duration::from_millis(250));
        Waiting(line)
    }
}

/// A line that counts seconds until it is dropped.
#[cfg(feature = "warehouse")]
pub struct Waiting(ProgressBar);

#[cfg(feature = "warehouse")]
impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A reader that has gone is not a failure here either, and `eprintln` would make it one.
fn to_stderr(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A progress bar that a pipeline stage feeds.
pub struct Bar {
    shown: ProgressBar,
    name: String,
    done: u64,
}

impl Watch for Bar {
    fn part(&mut self, name: &str, at: usize, of: usize) {
        name.clone_into(&mut self.name);
        self.shown.set_length(of as u64);
        // The part that begins is not done yet.
        self.shown.set_position(at.saturating_sub(1) as u64);
        self.show();
    }
    fn records(&mut self, more: u64) {
        self.done += more;
        self.show();
    }
}

impl Bar {
    fn show(&self) {
        let name = &self.name;
        self.shown.set_message(match self.done {
            0 => name.clone(),
            done => format!("{} records, now {name}", thousands(done)),
        });
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.shown.finish_and_clear();
    }
}

/// The longest line that is printed, in characters.
pub const WIDTH: usize = 110;

/// A table whose columns line up; those named in `right` hold numbers. Only the widest column wraps.
pub fn table(header: &[&str], rows: Vec<Vec<String>>, right: &[usize]) -> String {
    table_within(WIDTH, header, rows, right)
}

/// The same in lines of so many characters, for a table of many columns that is read in a window of a usual size.
pub fn table_within(width: usize, header: &[&str], rows: Vec<Vec<String>>, right: &[usize]) -> String {
    let widest = widest(header, &rows);
    let narrow = is_crowded(width, header, &rows, widest).then(|| narrowest(header, &rows));
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(header.to_vec());
    let first_word = rows.first().and_then(|row| row.first()?.split_whitespace().next().map(str::to_owned));
    for row in rows {
        table.add_row(row);
    }
    for at in 0..header.len() {
        if let Some(column) = table.column_mut(at) {
            if right.contains(&at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            match &narrow {
                Some(narrow) if right.contains(&at) => {
                    column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(narrow[at])));
                }
                None if at != widest => {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                }
                // The words share what the figures leave.
                _ => {}
            }
        }
    }
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let rule = "─".repeat(lines.iter().map(|line| line.chars().count()).max().unwrap_or(0));
    // Headings may take several lines: the rule stands before the line of the first row.
    let begins =
        |line: &&str| first_word.as_ref().is_some_and(|word| line.trim_start().starts_with(word.as_str()));
    let head = 1 + lines.iter().skip(1).position(begins).unwrap_or(0);
    let (head, rest) = lines.split_at(head.min(lines.len()));
    head.iter().chain(&[rule.as_str()]).chain(rest).copied().collect::<Vec<_>>().join("\n")
}

/// Whether the longest text would have hardly any room if all other columns had what they want.
fn is_crowded(width: usize, header: &[&str], rows: &[Vec<String>], widest: usize) -> bool {
    const LEAST: usize = 24;
    let wants = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.chain([header[at].chars().count()]).max().unwrap_or(0)
    };
    let others: usize = (0..header.len()).filter(|at| *at != widest).map(|at| wants(at) + 2).sum();
    width.saturating_sub(others + 2) < LEAST.min(wants(widest))
}

/// For each column as much as its cells need, its heading broken between words, with the space on both sides.
fn narrowest(header: &[&str], rows: &[Vec<String>]) -> Vec<u16> {
    let needs = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        let words = header[at].split_whitespace().map(|word| word.chars().count());
        cells.chain(words).max().unwrap_or(0) + 2
    };
    (0..header.len()).map(|at| u16::try_from(needs(at)).unwrap_or(u16::MAX)).collect()
}

/// The column that holds the longest text.
fn widest(header: &[&str], rows: &[Vec<String>]) -> usize {
    let longest = |at: usize| {
        rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    (0..header.len()).max_by_key(|at| longest(*at)).unwrap_or(0)
}

/// A paragraph in lines of at most [`WIDTH`] characters; all but the first begin with `indent` spaces.
pub fn wrap(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            used = indent;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out
}

/// `one thing`, `2 things`: a number with its noun.
pub fn counted(n: u64, one: &str, more: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { more })
}

/// `1234567` as `1,234,567`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, counted, table, thousands, wrap};

    fn longest(text: &str) -> usize {
        text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
    }

    #[test]
    fn only_the_widest_column_wraps_and_no_line_is_too_long() {
        let row = vec!["school-census-spring".to_owned(), "word ".repeat(40), "1,234".to_owned()];
        let text = table(&["source", "what", "n"], vec![row], &[2]);
        assert!(longest(&text) <= WIDTH, "{text}");
        assert!(text.contains("school-census-spring"), "{text}");
    }

    #[test]
    fn where_figures_have_long_headings_the_words_keep_room() {
        let row =
            |text: &str| std::iter::once(text.to_owned()).chain(["1,234"; 8].map(str::to_owned)).collect();
        let heading = "three of them before that";
        let mut header = vec!["records of"];
        header.extend([heading; 8]);
        let right: Vec<usize> = (1..9).collect();
        let text = table(&header, vec![row("circumstance: free school meals"), row("enrolment")], &right);
        assert!(longest(&text) <= WIDTH, "{text}");
        assert!(text.contains("circumstance: free school meals") && text.contains("1,234"), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        let rule = lines.iter().position(|line| line.starts_with('\u{2500}')).unwrap();
        assert!(rule > 1 && lines[rule + 1].contains("circumstance"), "{text}");
    }

    #[test]
    fn a_paragraph_breaks_between_words() {
        let text = wrap(&"word ".repeat(60), 2);
        assert!(longest(&text) <= WIDTH && text.lines().count() == 3, "{text}");
        assert!(text.lines().nth(1).unwrap().starts_with("  word"), "{text}");
        assert_eq!(wrap("  two   words ", 2), "two words");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(1, "row", "rows"), "1 row");
        assert_eq!(counted(0, "row", "rows"), "0 rows");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
