//! What stands for all that the rows of an extract are cut by: whoever approves a study approves that.
use super::{Variable, plan::Plan, sha256};
use std::fmt::Write as _;

impl Plan {
    /// The digest of the plan: every column with its kind, what it is, how exactly it is told, its list of codes and its words.
    /// The same plan has the same, whenever and wherever it is made. 64 hex characters.
    pub fn digest(&self) -> String {
        let mut text = String::new();
        put(&mut text, &self.cohort);
        for (column, kind, wanted) in &self.conditions {
            put(&mut text, &format!("{column} {kind:?} {wanted:?}"));
        }
        for frame in &self.frames {
            put(&mut text, "table");
            frame.grain.iter().chain([&frame.name, &frame.title]).for_each(|part| put(&mut text, part));
            frame.variables.iter().for_each(|variable| column(&mut text, variable));
        }
        sha256(text.as_bytes())
    }
}

fn column(text: &mut String, variable: &Variable) {
    put(text, "column");
    put(text, &variable.name);
    put(text, &variable.description);
    put(text, &format!("{:?} {:?} {:?} {:?}", variable.kind, variable.part, variable.tier, variable.coarsen));
    for part in variable.list.iter().flat_map(|list| list.columns.iter().chain(list.rows.iter().flatten())) {
        put(text, part);
    }
    put(text, "words");
    variable.words.iter().for_each(|word| put(text, word));
}

/// With its length before it, so that no two ways of putting parts together read the same.
fn put(text: &mut String, part: &str) {
    let _ = write!(text, "{}:{part};", part.len());
}
