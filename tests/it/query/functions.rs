//! Attack 19: every function that the engine has is on the list of what may be called, or refused. The list is stored, so that
//! an engine that learns a new one fails this test until somebody has looked at it.
use std::{collections::BTreeSet, fs, path::PathBuf};
use throughline::{
    query::{self, Kind, Shapes, TableShape},
    warehouse,
};

fn list() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/query/engine_functions.txt")
}

/// `name allowed`, `name refused`, in order; `UPDATE_FUNCTIONS=1` writes what the engine has with new names refused.
fn stored() -> Vec<(String, bool)> {
    let text = fs::read_to_string(list()).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, verdict)| (name.to_owned(), verdict == "allowed"))
        .collect()
}

#[test]
fn attack_19_every_function_of_the_engine_is_allowed_or_refused_by_name() {
    let allowed: BTreeSet<&str> = query::allowed_functions().into_iter().collect();
    let names: BTreeSet<String> = warehouse::function_names().unwrap().into_iter().collect();
    if std::env::var_os("UPDATE_FUNCTIONS").is_some() {
        let lines = names.iter().map(|name| {
            format!("{name} {}\n", if allowed.contains(name.as_str()) { "allowed" } else { "refused" })
        });
        fs::write(list(), lines.collect::<String>()).unwrap();
    }
    let stored = stored();
    let known: BTreeSet<String> = stored.iter().map(|(name, _)| name.clone()).collect();
    let new: Vec<&String> = names.difference(&known).collect();
    assert!(new.is_empty(), "the engine has functions that nobody has looked at: {new:?}");
    let gone: Vec<&String> = known.difference(&names).collect();
    assert!(gone.is_empty(), "the engine no longer has {gone:?}");
    for (name, is_allowed) in &stored {
        assert_eq!(allowed.contains(name.as_str()), *is_allowed, "{name}");
    }
}

/// Whatever is refused by name is refused wherever it stands.
#[test]
fn attack_19_no_refused_function_passes_anywhere() {
    let shapes: Shapes = [(
        "t".to_owned(),
        TableShape {
            columns: vec![
                ("learner_id".to_owned(), Kind::Learner),
                ("x".to_owned(), Kind::Number),
                ("s".to_owned(), Kind::Text),
            ],
            told_apart_by: Some(Vec::new()),
        },
    )]
    .into();
    let mut tried = 0;
    for (name, is_allowed) in stored() {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let calls = [
            format!("select {quoted}(x) from t"),
            format!("select {quoted}(s), count(*) from t group by 1"),
            format!("select count(*) from t where {quoted}(x) = 1"),
            format!("select count(*) from t where {quoted}(x, 1) is null"),
            format!("select count(*) from {quoted}('t')"),
            format!("select count(*) from t where learner_id in (select {quoted}(learner_id) from t)"),
            format!(
                "select count(*) from (select learner_id, {quoted}(s) as v from t group by learner_id) u"
            ),
        ];
        for call in calls {
            tried += 1;
            let taken = query::compile(&call, &shapes).is_ok();
            assert!(is_allowed || !taken, "{call}");
        }
    }
    assert!(tried > 5_000, "only {tried} calls");
}
