//! The one place that prints: results to standard output, talk and progress to standard error.
#![expect(clippy::print_stderr, reason = "printing is this file's work")]
use crate::pipeline::Watch;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
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
            eprintln!("{text}");
        }
    }

    /// What went wrong, on standard error, always.
    pub fn fail(&self, text: &str) {
        if self.json {
            eprintln!("{}", serde_json::json!({ "error": text }));
        } else {
            eprintln!("{text}");
        }
    }

    /// A bar for long work, if somebody is looking.
    pub fn bar(&self) -> Bar {
        let shown = !self.quiet && !self.json && std::io::stderr().is_terminal();
        let bar = if shown { ProgressBar::new(1) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("  {bar:24} {pos:>3}/{len:<3} {msg}") {
            bar.set_style(style);
        }
        Bar { bar, done: 0 }
    }
}

/// A progress bar that a pipeline stage feeds.
pub struct Bar {
    bar: ProgressBar,
    done: u64,
}

impl Watch for Bar {
    fn part(&mut self, name: &str, at: usize, of: usize) {
        self.bar.set_length(of as u64);
        self.bar.set_position(at as u64);
        self.bar.set_message(name.to_owned());
    }
    fn records(&mut self, more: u64) {
        self.done += more;
        self.bar.set_message(format!("{} records", thousands(self.done)));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A table whose columns line up; those named in `right` hold numbers. Wide texts wrap.
pub fn table(header: &[&str], rows: Vec<Vec<String>>, right: &[usize]) -> String {
    const WIDTH: u16 = 118;
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    for at in right {
        if let Some(column) = table.column_mut(*at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let rule = "─".repeat(lines.iter().map(|line| line.chars().count()).max().unwrap_or(0));
    let (first, rest) = lines.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
    std::iter::once(first)
        .chain(std::iter::once(rule.as_str()))
        .chain(rest.iter().copied())
        .collect::<Vec<_>>()
        .join("\n")
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
    use super::thousands;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
