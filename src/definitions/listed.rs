//! Which words a column of a table can hold: what `schemas/verify.csv` says of it, and the list of codes that it names or is called
//! after.
use super::{CodeList, Definitions};
use std::collections::BTreeMap;

/// What a column can hold, as far as anything says.
#[derive(Debug, Default)]
pub struct Listed<'a> {
    /// The list of its codes.
    pub list: Option<&'a CodeList>,
    /// Words beside those of the list.
    pub words: Vec<String>,
    /// Whether `schemas/verify.csv` speaks of it.
    pub is_held_to: bool,
}

impl<'a> Listed<'a> {
    /// Reads what `verify`, the text of `schemas/verify.csv`, and the lists of codes say of a column.
    pub fn of(verify: &str, codes: &'a BTreeMap<String, CodeList>, table: &str, column: &str) -> Self {
        let rules = csv::Reader::from_reader(verify.as_bytes());
        let mut against: Option<String> = None;
        for line in rules.into_records().flatten() {
            let is_of = |at: usize, name: &str| line.get(at).is_some_and(|said| said == name);
            // The table's own rule counts before that of all tables; another table's may be about something else of the same name.
            if is_of(1, column) && is_of(2, "words") && (is_of(0, table) || is_of(0, "*")) {
                against = line.get(3).map(str::to_owned);
                if is_of(0, table) {
                    break;
                }
            }
        }
        let mut listed = Self { list: codes.get(column), is_held_to: against.is_some(), ..Self::default() };
        for word in against.iter().flat_map(|against| against.split_whitespace()) {
            match word.strip_prefix("code_") {
                Some(name) => listed.list = codes.get(name).or(listed.list),
                None => listed.words.push(word.to_owned()),
            }
        }
        listed
    }

    /// Every word, those of the list among them, in order and each once.
    pub fn all(&self) -> Vec<String> {
        let codes = self.list.into_iter().flat_map(|list| list.rows.iter().map(|row| row[0].clone()));
        let mut all: Vec<String> = codes.chain(self.words.iter().cloned()).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// What a word means: the label of its list, or the word itself without underscores.
pub fn meaning(list: Option<&CodeList>, word: &str) -> String {
    list.and_then(|list| list.label(word)).map_or_else(|| word.replace('_', " "), str::to_owned)
}

impl Definitions {
    /// The words that a column of a table can hold, each with its meaning; none where nothing says which they are.
    pub fn meanings(&self, table: &str, column: &str) -> BTreeMap<String, String> {
        let listed =
            Listed::of(self.files.text("schemas/verify.csv").unwrap_or_default(), &self.codes, table, column);
        listed.all().into_iter().map(|word| (word.clone(), meaning(listed.list, &word))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_the_words_of_its_own_rule_and_of_the_list_that_it_names() {
        let definitions = Definitions::load(None).unwrap();
        let of = |table: &str, column: &str| definitions.meanings(table, column);
        let kinds = of("spell", "kind");
        assert_eq!(kinds["not_known"], "not known", "{kinds:?}");
        assert!(
            kinds.len() > 5 && kinds.iter().any(|(code, word)| code.replace('_', " ") != *word),
            "{kinds:?}"
        );
        assert_ne!(of("outcome", "kind"), kinds, "each table its own");
        assert!(of("neet_rate", "category").is_empty(), "another table's categories are none of its own");
        assert_eq!(
            of("ks4_rate", "population"),
            of("link_sensitivity", "population"),
            "a rule for all tables"
        );
        assert!(of("cohort_member", "ks2_score").is_empty());
    }
}
