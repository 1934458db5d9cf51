//! What a demonstration says at its end: the first page of the product that anybody reads.
use super::super::screen::{counted, table, thousands, wrap};
use crate::{
    config::Settings,
    fault::Count,
    pipeline::{BuildReport, PullReport},
};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, time::Duration};

/// What came through each door, in words; a door may be several sources.
pub(super) fn pulled(settings: &Settings, report: &PullReport, schools: usize) -> String {
    let mut doors: BTreeMap<(u8, String), (Vec<&str>, Count)> = BTreeMap::new();
    let connector = |name: &str| {
        let source = settings.sources.iter().find(|source| source.name.as_str() == name);
        source.map_or("", |source| source.connector.as_str())
    };
    for source in &report.sources {
        let (names, count) = doors.entry(door(connector(source.source.as_str()), &source.title)).or_default();
        names.push(source.source.as_str());
        count.add(&source.count);
    }
    let line = |words: String, count: &Count, names: String| {
        vec![words, thousands(count.read), thousands(count.set_aside), thousands(count.cells_emptied), names]
    };
    let mut rows: Vec<Vec<String>> = doors
        .iter()
        .map(|((_, words), (names, count))| {
            let many = if words == SCHOOLS { schools } else { names.len() };
            line(words.replace('#', &many.to_string()), count, called(names))
        })
        .collect();
    let total = report.total();
    rows.push(line("all".into(), &total, String::new()));
    let header = ["what was pulled", "records", "set aside", "cells emptied", "called"];
    let lost = format!(
        "{} set aside and {} emptied, because they could not be read; all else went on. The place of each is on a list: \
         see `quarantine` below.",
        counted(total.set_aside, "record was", "records were"),
        counted(total.cells_emptied, "cell", "cells"),
    );
    format!("{}\n\n{}", table(&header, rows, &[1, 2, 3]), wrap(&lost, 0))
}

const SCHOOLS: &str = "# schools' systems, over one service";

/// Where a connector's door stands on the page, and what it is; `#` stands for how many.
fn door(connector: &str, title: &str) -> (u8, String) {
    let (place, words) = match connector {
        "wonde" => (0, SCHOOLS),
        "school-census-spring" => (1, "school census, every spring"),
        "provider-list" => (3, "the council's list of providers"),
        "ehe-register" => (4, "register of children educated at home"),
        "cme-register" => (5, "register of children missing education"),
        "nccis" => (6, "records of young people after sixteen"),
        "ks2-results" => (7, "tests at the end of primary school"),
        "ks4-results" => (8, "GCSE and other results at sixteen"),
        "gias-establishments" | "gias-links" => (9, "the national list of schools"),
        provider if provider.starts_with("ap-") => (2, "# alternative providers' workbooks"),
        _ => (10, title),
    };
    (place, words.to_owned())
}

/// The names in the configuration: `nccis`, or `ap-copperfield to ap-wheelhouse`.
fn called(names: &[&str]) -> String {
    match names {
        [first, .., last] if names.len() > 2 => format!("{first} to {last}"),
        _ => names.join(", "),
    }
}

/// What the checks of the build found.
pub(super) fn to_know(built: &BuildReport) -> String {
    let mut out = String::new();
    for check in built.checks.iter().filter(|check| check.violations > 0) {
        let _ = writeln!(out, "{:>7}  {}", thousands(check.violations), check.title);
    }
    if out.is_empty() { out } else { format!("What the checks of the tables found\n{out}\n") }
}

/// Commands that can be pasted as they are.
pub(super) fn next_steps(config: &Path) -> String {
    let program = std::env::args_os().next().unwrap_or_else(|| "throughline".into());
    let (program, config) =
        (quoted(&Path::new(&program).display().to_string()), quoted(&config.display().to_string()));
    let mut out = "Try next".to_owned();
    for (what, verb) in [
        ("the same year group, counted by the school they went to", "report cohort --population attending"),
        ("what could not be read, and where", "quarantine"),
        ("pull again: only what is new is read", "pull"),
    ] {
        let _ = write!(out, "\n  # {what}\n  {program} --config {config} {verb}");
    }
    out
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:\\".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// How long it took and how much memory it needed, both measured.
pub(super) fn measured(learners: u32, took: Duration) -> String {
    let memory = peak_memory().map_or_else(String::new, |mib| format!(" and at most {mib} MiB of memory"));
    format!(
        "\n{} invented learners in {:.1} seconds{memory}. No real child is in this folder.",
        thousands(u64::from(learners)),
        took.as_secs_f64()
    )
}

/// The most memory this process has held at once, in MiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_sources_of_a_kind_are_one_door() {
        assert_eq!(door("ap-club", "").1, door("ap-banded", "").1);
        assert_eq!(door("elsewhere", "A new door").1, "A new door");
        assert_eq!(called(&["ap-a", "ap-b", "ap-c"]), "ap-a to ap-c");
        assert_eq!(called(&["one", "two"]), "one, two");
    }

    #[test]
    fn a_path_with_a_space_is_quoted() {
        assert_eq!(quoted("demo/throughline.toml"), "demo/throughline.toml");
        assert_eq!(quoted("my demo/it's.toml"), r"'my demo/it'\''s.toml'");
    }
}
