//! A build over what the last one left: the same bytes as from nothing, and no table made that nothing has changed.
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use super::tests::{context, digests, limits, made_up_lake};
use super::*;
use crate::definitions::query::QuerySet;

/// All that a build is made of.
struct World {
    folder: tempfile::TempDir,
    queries: QuerySet,
    inputs: Inputs,
    context: BuildContext,
}

impl World {
    fn new(learners: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inputs = made_up_lake(folder.path(), learners);
        Self { queries: QuerySet::load(None).unwrap(), inputs, context: context(), folder }
    }

    fn build(&self, name: &str, threads: usize) -> Build {
        let folder = self.folder.path().join(name);
        let (options, mut quiet) = (limits(threads), |_: &str, _, _| {});
        build_with_checks(&self.queries, &self.inputs, &self.context, &options, &folder, &mut quiet).unwrap()
    }

    /// Built over what is there, and from nothing: the same files. Says which tables were made.
    fn rebuilt(&self, at: usize) -> BTreeSet<String> {
        let over = self.build("over", 1 + at % 2);
        let fresh = format!("fresh-{at}");
        let anew = self.build(&fresh, 2 - at % 2);
        assert_eq!(digests(&over), digests(&anew), "step {at}");
        let told = |build: &Build| build.checks.iter().map(|check| check.violations).collect::<Vec<_>>();
        assert_eq!(told(&over), told(&anew), "step {at}");
        let described =
            |build: &Build| build.tables.iter().map(|table| table.columns.clone()).collect::<Vec<_>>();
        assert_eq!(described(&over), described(&anew), "step {at}");
        let (over_in, fresh_in) = (self.folder.path().join("over"), self.folder.path().join(fresh));
        let files = tables_in(&fresh_in);
        assert_eq!(tables_in(&over_in), files, "step {at}");
        for file in files {
            let same = fs::read(over_in.join(&file)).unwrap() == fs::read(fresh_in.join(&file)).unwrap();
            assert!(same, "step {at}: {} has other bytes", file.display());
        }
        assert!(anew.turns.iter().all(|turn| !turn.taken_over));
        made(&over)
    }

    /// The tables behind which a relation or table stands, itself not among them.
    fn downstream(&self, of: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::from([of.to_owned()]);
        loop {
            let more: Vec<String> = (self.queries.queries.values())
                .filter(|query| {
                    !found.contains(&query.name) && query.reads.iter().any(|name| found.contains(name))
                })
                .map(|query| query.name.clone())
                .collect();
            if more.is_empty() {
                found.remove(of);
                return found;
            }
            found.extend(more);
        }
    }

    fn readers(&self, of: &str) -> BTreeSet<String> {
        let reads = |query: &&crate::definitions::query::Query| query.reads.iter().any(|name| name == of);
        self.queries.queries.values().filter(reads).map(|query| query.name.clone()).collect()
    }

    /// Writes a query's SQL otherwise, as a site's file would.
    fn rewrite(&mut self, table: &str, change: impl Fn(&str) -> String) {
        let query = self.queries.queries.get_mut(table).unwrap();
        query.sql = change(&query.sql);
        query.sha256 =
            Sha256::digest(query.sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    }
}

/// The published tables and the rows of checks, by path; what is kept for the next build has no order of its own.
fn tables_in(folder: &Path) -> BTreeSet<PathBuf> {
    let files = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let all = files(folder.to_owned()).chain(files(folder.join(FAILED)));
    let parquet = all.filter(|path| path.extension().is_some_and(|kind| kind == "parquet"));
    parquet.map(|path| path.strip_prefix(folder).unwrap().to_owned()).collect()
}

fn made(build: &Build) -> BTreeSet<String> {
    build.turns.iter().filter(|turn| !turn.taken_over).map(|turn| turn.table.clone()).collect()
}

#[test]
fn whatever_changes_the_tables_are_those_of_a_build_from_nothing() {
    let mut world = World::new(1_500);
    world.build("over", 2);
    assert_eq!(world.rebuilt(0), BTreeSet::new(), "nothing has changed");

    // A row of a code list: whoever reads the list, and nobody who does not stand behind it.
    let list = world.inputs.codes.get_mut("enrolment_status").unwrap();
    let mut lines: Vec<&str> = list.lines().collect();
    lines.pop();
    *list = lines.join("\n") + "\n";
    let made = world.rebuilt(1);
    assert!(made.is_superset(&world.readers("code_enrolment_status")), "{made:?}");
    assert!(made.is_subset(&world.downstream("code_enrolment_status")), "{made:?}");

    // A file of the lake.
    let files = world.inputs.lake.get_mut("qualification").unwrap();
    files.pop();
    let made = world.rebuilt(2);
    assert!(made.contains("stg_qualification") && made.contains("ks4_result"), "{made:?}");
    assert!(made.is_subset(&world.downstream("lake_qualification")), "{made:?}");

    // A function of the engine: whoever calls it, and none but them and those behind whom they stand.
    let half = "1.96e0 * sqrt(greatest(0e0, over_squared";
    assert!(world.queries.engine.contains(half));
    world.queries.engine = world.queries.engine.replace(half, "1.95e0 * sqrt(greatest(0e0, over_squared");
    let callers: BTreeSet<String> = (world.queries.queries.values())
        .filter(|query| query.sql.contains("ratio_half_width"))
        .map(|query| query.name.clone())
        .collect();
    let behind: BTreeSet<String> = callers.iter().flat_map(|caller| world.downstream(caller)).collect();
    let made = world.rebuilt(3);
    assert!(!callers.is_empty() && made.is_superset(&callers), "{made:?}");
    assert!(made.iter().all(|table| callers.contains(table) || behind.contains(table)), "{made:?}");

    // A query that says the same otherwise: it alone is made.
    world.rewrite("learner_year", |sql| format!("{sql}\n"));
    assert_eq!(world.rebuilt(4), BTreeSet::from(["learner_year".to_owned()]));

    // The day to look back from; the links; the policy.
    world.context.as_of = NaiveDate::from_ymd_opt(2024, 11, 3).unwrap();
    assert!(world.rebuilt(5).contains("spell"));
    world.inputs.policy = world.inputs.policy.replace("2024,", "2023,");
    let made = world.rebuilt(6);
    assert!(
        made.is_superset(&world.readers("policy")) && made.is_subset(&world.downstream("policy")),
        "{made:?}"
    );
    world.inputs.withheld = vec![(2019, 3)];
    let made = world.rebuilt(7);
    assert!(made.is_subset(&world.downstream("withheld_count")) && !made.is_empty(), "{made:?}");

    // A file that somebody has touched, one that is gone, and lines that were cut off.
    let over = world.folder.path().join("over");
    fs::write(over.join("spell.parquet"), "theirs").unwrap();
    fs::remove_file(over.join("between/stay.parquet")).unwrap();
    let made = world.rebuilt(8);
    assert!(made.contains("spell") && made.contains("stay"), "{made:?}");
    let lines = fs::read_to_string(over.join(LINES)).unwrap();
    fs::write(over.join(LINES), &lines[..lines.len() / 2]).unwrap();
    assert!(world.rebuilt(9).len() > 50);
    fs::remove_file(over.join(LINES)).unwrap();
    assert_eq!(world.rebuilt(10).len(), world.queries.queries.len());
}

/// Any of many changes after any other, drawn from a seed.
fn random_changes(seed: u64, steps: usize) {
    let mut world = World::new(400);
    let original = world.inputs.clone();
    let embedded = world.queries.clone();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = |of: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % of.max(1)
    };
    world.build("over", 2);
    for step in 0..steps {
        for _ in 0..=draw(2) {
            match draw(8) {
                0 => world.inputs = original.clone(),
                1 => {
                    let at = draw(world.inputs.lake.len());
                    let files = world.inputs.lake.values_mut().nth(at).unwrap();
                    let file = draw(files.len());
                    drop(files.splice(file..(file + 1).min(files.len()), []));
                }
                2 => {
                    let at = draw(world.inputs.codes.len());
                    let text = world.inputs.codes.values_mut().nth(at).unwrap();
                    let rows = text.lines().count();
                    let gone = 1 + draw(rows - 1);
                    let left = text.lines().enumerate().filter(|(row, _)| *row != gone);
                    *text = left.map(|(_, line)| format!("{line}\n")).collect();
                }
                3 => world.context.as_of = NaiveDate::from_ymd_opt(2025, 1 + draw(8) as u32, 15).unwrap(),
                4 => world.queries = embedded.clone(),
                5 => {
                    let at = draw(world.queries.queries.len());
                    let table = world.queries.queries.keys().nth(at).unwrap().clone();
                    if world.queries.queries[&table].computed.is_none() {
                        world.rewrite(&table, |sql| format!("{sql}\n-- said otherwise\n"));
                    }
                }
                6 => {
                    let lines: Vec<&str> = original.policy.lines().collect();
                    let gone = 1 + draw(lines.len() - 1);
                    let left = lines.iter().enumerate().filter(|(at, _)| *at != gone);
                    world.inputs.policy = left.map(|(_, line)| format!("{line}\n")).collect();
                }
                _ => {
                    let over = world.folder.path().join("over/between");
                    let mut files: Vec<PathBuf> =
                        fs::read_dir(over).unwrap().map(|entry| entry.unwrap().path()).collect();
                    files.sort();
                    fs::remove_file(&files[draw(files.len())]).unwrap();
                }
            }
        }
        world.rebuilt(step);
    }
}

#[test]
fn after_any_changes_the_tables_are_those_of_a_build_from_nothing() {
    random_changes(1, 4);
}

#[test]
#[ignore = "takes a while: run by `just deep`"]
fn deep_after_any_of_many_changes_the_tables_are_those_of_a_build_from_nothing() {
    for seed in 2..22 {
        random_changes(seed, 10);
    }
}
