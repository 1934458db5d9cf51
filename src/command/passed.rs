//! Files that lie in an inbox and that nobody reads, in words and as data.
use super::screen::{Screen, counted, wrap};
use crate::pipeline::PassedOver;
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::IsTerminal, path::Path};

/// Says how many there are and what to do. Their names may hold a child's, so a terminal alone is told them.
pub(super) fn say(passed: &[PassedOver], screen: &Screen) {
    let named = !screen.json && std::io::stdout().is_terminal();
    for inbox in passed {
        let files = if named { names(inbox) } else { kinds(inbox) };
        let words = format!(
            "{} in the inbox of {} and not read, for no pattern of its connector fits the name: {files}. What is read is called {}. Rename the file, or give such files a source of their own: `throughline map FILE` looks at one.{}",
            counted(inbox.files.len() as u64, "file lies", "files lie"),
            inbox.source,
            inbox.patterns.join(", "),
            if named { "" } else { " On a terminal the names stand here." }
        );
        screen.result(&format!("\n{}", wrap(&words, 0)));
    }
}

/// The same as data.
pub(super) fn document(passed: &[PassedOver]) -> Value {
    let lines = passed.iter().map(|inbox| {
        json!({ "source": inbox.source.as_str(), "files": inbox.files.len(), "by_ending": by_ending(inbox),
                "patterns": inbox.patterns })
    });
    lines.collect()
}

fn names(inbox: &PassedOver) -> String {
    let names = inbox.files.iter().map(|file| file.display().to_string());
    names.collect::<Vec<_>>().join(", ")
}

fn kinds(inbox: &PassedOver) -> String {
    let kinds = by_ending(inbox).into_iter().map(|(kind, n)| format!("{n} {kind}"));
    kinds.collect::<Vec<_>>().join(", ")
}

/// How many files there are of each kind, by the endings of kinds that are known: any other may be part of a name.
fn by_ending(inbox: &PassedOver) -> BTreeMap<&'static str, u64> {
    let mut kinds = BTreeMap::new();
    for file in &inbox.files {
        *kinds.entry(ending(file)).or_default() += 1;
    }
    kinds
}

fn ending(file: &Path) -> &'static str {
    const KNOWN: [&str; 11] =
        ["xlsx", "xlsm", "xls", "ods", "csv", "tsv", "txt", "xml", "json", "zip", "pdf"];
    let own = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_lowercase();
    KNOWN.into_iter().find(|known| *known == own).unwrap_or("of another kind")
}
