//! What of a table hangs on more than one learner has to be said, for a question over real learners may not use it: noise is made for
//! what one learner's own rows can change.
use std::collections::BTreeMap;

use super::super::{Problem, Query, WHOSE};
use super::{matching, tokens};

/// Columns that keep a window within one learner.
const WHO: &[&str] = &[WHOSE, "subject_id"];

/// Tables of learners that name what hangs on many, or look across learners, and do not say what of theirs does.
pub(in super::super) fn of_many(queries: &BTreeMap<String, Query>) -> Vec<Problem> {
    let is_of_learners = |query: &&Query| {
        query.columns.contains_key(WHOSE) || query.grain.iter().any(|column| column == WHOSE)
    };
    let silent = |query: &&Query| query.of_many.is_none() && !query.is_check();
    let mut found = Vec::new();
    for query in queries.values().filter(is_of_learners).filter(silent) {
        let sql = tokens(&query.sql);
        let mut problem = |line: usize, what: &str| {
            let what = format!(
                "{what}: say in the header which columns hang on other learners too, `of_many = [...]`"
            );
            found.push(Problem { file: query.file.clone(), line, what });
        };
        for read in query.reads.iter().filter_map(|name| queries.get(name)) {
            let of_many = read.of_many.iter().flatten();
            if of_many.clone().any(|column| column == WHOSE) {
                problem(1, &format!("`{}` hangs on many learners", read.name));
            }
            for column in of_many {
                if let Some(token) = sql.iter().find(|token| token.text == *column) {
                    problem(token.line, &format!("`{column}` of `{}` hangs on many learners", read.name));
                }
            }
        }
        for at in 1..sql.len().saturating_sub(1) {
            if sql[at].text == "over" && sql[at + 1].text == "(" {
                let within = matching(&sql, at + 1);
                if !within.iter().any(|token| WHO.contains(&token.text.as_str())) {
                    problem(sql[at].line, "a window over more than one learner");
                }
            }
        }
    }
    found
}
