//! Learners are dealt into blocks, and a statement is run over one block at a time (docs/decisions/0050): that changes no answer.
use super::{demo, questions, release_of};
use throughline::{
    config,
    pipeline::{self, Site},
    query::{Plan, compile},
    warehouse::{Copied, Dealt, Limits, Sealed},
};

/// What a statement is written anew as reckons as the engine does with what was typed, of numbers below nought and of halves too. Only `//` of
/// numbers that are not whole is whole here and not there.
#[test]
fn whole_numbers_are_those_of_the_engine() {
    let settings = config::load(&demo().site().join("throughline.toml"), &[]).unwrap();
    let site = Site::open(settings).unwrap();
    let asked = pipeline::open_release(&site, "current").unwrap();
    let file = release_of(demo()).join("parquet/cohort_member.parquet");
    let engine = duckdb::Connection::open_in_memory().unwrap();
    for (key, typed) in [
        ("cast((ks2_score - 100) / 2 as int)", ""),
        ("cast((ks2_score - 100) / 4 as bigint)", ""),
        ("(cohort_ay - 3001) // 2", ""),
        ("(cohort_ay - 1001) // -3", ""),
        ("(ks2_score - 100) // 4", "trunc((ks2_score - 100) / 4)"),
        ("(ks2_score - 100) % 4", ""),
        ("floor((ks2_score - 100) / 4)", ""),
        ("round((ks2_score - 100) / 4)", ""),
    ] {
        let plan = compile(&format!("select {key}, count(*) from cohort_member group by 1"), asked.shapes());
        let number = |text: &Option<String>| text.as_ref().map(|text| text.parse::<f64>().unwrap());
        let mut framed: Vec<Option<f64>> =
            frame(&plan.unwrap(), None).iter().map(|row| number(&row[0])).collect();
        let typed = if typed.is_empty() { key } else { typed };
        let sql = format!("select cast({typed} as double) from '{}'", file.display());
        let mut found = engine.prepare(&sql).unwrap();
        let rows = found.query_map([], |row| row.get(0)).unwrap();
        let mut told: Vec<Option<f64>> = rows.map(Result::unwrap).collect();
        framed.sort_unstable_by(|one, other| one.partial_cmp(other).unwrap());
        told.sort_unstable_by(|one, other| one.partial_cmp(other).unwrap());
        assert!(told.iter().flatten().any(|value| *value < 0.0), "{key}");
        let differs = framed.iter().zip(&told).find(|(one, other)| one != other);
        assert!(framed.len() == told.len() && differs.is_none(), "{key}: {differs:?}");
    }
}

type Rows = Vec<Vec<Option<String>>>;

/// What a question comes to over real learners, in so many blocks; all at once without any.
fn frame(plan: &Plan, blocks: Option<u64>) -> Rows {
    let guard = plan.guard.as_ref().unwrap();
    let folder = release_of(demo()).join("parquet");
    let copies = plan.reads.iter().map(|(table, columns)| Copied {
        table: table.clone(),
        file: folder.join(format!("{table}.parquet")),
        columns: columns.iter().cloned().collect(),
    });
    let dealt = blocks.map(|blocks| Dealt { blocks, most_of_one: 1_000_000, letters: 1_000 });
    let copies: Vec<Copied> = copies.collect();
    let engine = Sealed::open(&copies, dealt, &Limits::default(), 60_000).unwrap();
    let mut found = Rows::new();
    for block in 0..blocks.unwrap_or(1) {
        engine.lay_out(block).unwrap();
        found.extend(engine.rows(&guard.bounded).unwrap());
    }
    found.sort_unstable();
    found
}

#[test]
fn in_however_many_blocks_the_questions_of_the_manual_find_the_same() {
    let settings = config::load(&demo().site().join("throughline.toml"), &[]).unwrap();
    let site = Site::open(settings).unwrap();
    let asked = pipeline::open_release(&site, "current").unwrap();
    let mut compared = 0;
    for question in questions() {
        let plan = compile(&question, asked.shapes()).unwrap();
        if plan.guard.is_err() {
            continue;
        }
        let whole = frame(&plan, None);
        for blocks in [1, 7] {
            assert_eq!(frame(&plan, Some(blocks)), whole, "{blocks} blocks: {question}");
        }
        compared += usize::from(!whole.is_empty());
    }
    assert!(compared > 30, "{compared} questions found anybody");
}
