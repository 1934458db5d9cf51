use super::{
    Exit, Halt, Verdict,
    person::user,
    screen::{Screen, table, thousands, wrap},
};
use crate::{
    config::Settings,
    pipeline::{self, BuildReport, Site},
    warehouse::{self, Severity},
};
use serde_json::json;
use std::{collections::BTreeSet, path::Path};

/// Makes the tables, or writes the file that opens the lake in a `DuckDB` shell.
pub(super) fn build(settings: Settings, shell: Option<&Path>, full: bool, screen: &Screen) -> Verdict {
    let mut site = Site::open_to_write(settings, "build")?;
    if let Some(file) = shell {
        pipeline::write_shell(&site, file)?;
        screen.say(&format!("Wrote {0}. Open it with: duckdb -init {0}", file.display()));
        return Ok(Exit::Done);
    }
    if full {
        pipeline::forget_build(&site)?;
    }
    let built = make(&mut site, screen)?;
    screen.result(&build_table(&built));
    screen.document(&build_json(&built));
    Ok(match (built.findings.is_empty(), built.held_by().is_empty()) {
        (_, false) => Exit::Held,
        (false, true) => Exit::Partly,
        (true, true) => Exit::Done,
    })
}

/// Builds and publishes a snapshot.
pub(super) fn release(settings: Settings, screen: &Screen) -> Verdict {
    let mut site = Site::open_to_write(settings, "release")?;
    // Over both: nobody builds other tables between the build and its release.
    let _lock = site.lock("release")?;
    let built = make(&mut site, screen)?;
    // Said before, so that who is held sees which rows.
    screen.result(&build_table(&built));
    let release = pipeline::release(&mut site, &built, &user())?;
    let said = if release.is_new { "Published" } else { "Nothing has changed: this is still" };
    screen.result(&format!("{said} release {}\n{}", release.id, release.folder.display()));
    let failing: u64 = built.findings.iter().map(|found| found.rows).sum();
    if failing > 0 {
        let words = "it holds {n} rows that fail a rule of the severity `warning`, listed above";
        screen.result(&words.replace("{n}", &thousands(failing)));
    }
    screen.document(
        &json!({ "id": release.id, "new": release.is_new, "folder": release.folder.display().to_string(),
                             "build": build_json(&built) }),
    );
    Ok(Exit::Done)
}

/// Builds under a progress bar.
pub(super) fn make(site: &mut Site, screen: &Screen) -> Result<BuildReport, Halt> {
    let built = {
        let mut bar = screen.bar();
        pipeline::build(site, &mut bar)?
    };
    let taken_over = built.turns.iter().filter(|turn| turn.taken_over).count();
    if taken_over > 0 {
        screen.say(&format!(
            "{taken_over} of {} tables are those of the last build: nothing that they are made of has changed.",
            built.turns.len()
        ));
    }
    Ok(built)
}

fn build_table(built: &BuildReport) -> String {
    let tables =
        built.tables.iter().map(|made| vec![made.name.clone(), thousands(made.rows), made.title.clone()]);
    let mut out = table(&["table", "rows", "what it is"], tables.collect(), &[1]);
    let found: Vec<Vec<String>> = built
        .checks
        .iter()
        .filter(|check| check.violations > 0)
        .map(|check| vec![check.name.clone(), thousands(check.violations), check.title.clone()])
        .collect();
    if !found.is_empty() {
        out.push_str("\nChecks that found something:\n");
        out.push_str(&table(&["check", "rows", "what they are"], found, &[1]));
    }
    let failed: Vec<Vec<String>> = built
        .findings
        .iter()
        .map(|found| {
            let severity = if found.severity == Severity::Error { "error" } else { "warning" };
            let (test, severity) = (found.test.to_owned(), severity.to_owned());
            vec![found.table.clone(), found.column.clone(), test, severity, thousands(found.rows)]
        })
        .collect();
    if !failed.is_empty() {
        out.push_str("\nRows that fail:\n");
        out.push_str(&table(&["table", "column", "test", "severity", "rows"], failed, &[4]));
    }
    out.push_str(&what_to_do(built));
    out
}

/// What each that found something means, when it matters and how to put it right, each once; and where the rows are.
fn what_to_do(built: &BuildReport) -> String {
    let checks = built.checks.iter().filter(|check| check.violations > 0).map(|check| check.name.as_str());
    let names: BTreeSet<&str> = checks.chain(built.findings.iter().map(|found| found.test)).collect();
    if names.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n\nWhat they mean");
    for one in names.into_iter().filter_map(|name| built.explained.get(name)) {
        let words =
            format!("{}: {}. It matters: {}. {}.", one.name, one.means, lower(&one.matters), one.mend);
        out.push_str("\n  ");
        out.push_str(&wrap(&words, 4));
    }
    let failed = built.folder.join(warehouse::FAILED);
    out.push_str(&format!(
        "\nThe rows are kept, pseudonymous, in {} until the next build.",
        failed.display()
    ));
    out
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn build_json(built: &BuildReport) -> serde_json::Value {
    let tables: Vec<_> = built
        .tables
        .iter()
        .map(|made| json!({ "table": made.name, "rows": made.rows, "sha256": made.sha256 }))
        .collect();
    let checks: Vec<_> = built
        .checks
        .iter()
        .map(|check| {
            let about = built.explained.get(&check.name);
            json!({
                "check": check.name, "violations": check.violations, "kept": kept(check.kept.as_deref()),
                "means": about.map(|one| &one.means), "mend": about.map(|one| &one.mend)
            })
        })
        .collect();
    let failed: Vec<_> = built
        .findings
        .iter()
        .map(|found| {
            json!({
                "table": found.table, "column": found.column, "test": found.test, "rows": found.rows,
                "holds": found.severity == Severity::Error,
                "kept": kept(Some(&found.kept))
            })
        })
        .collect();
    let turns: Vec<_> = built
        .turns
        .iter()
        .map(|turn| {
            let took = turn.took.as_secs_f64();
            json!({ "table": turn.table, "rows": turn.rows, "taken_over": turn.taken_over, "seconds": took })
        })
        .collect();
    let verified = built.verified_in.as_secs_f64();
    json!({
        "tables": tables, "checks": checks, "failed": failed, "held_by": built.held_by(),
        "turns": turns, "seconds_to_verify": verified,
    })
}

fn kept(path: Option<&Path>) -> Option<String> {
    path.map(|path| path.display().to_string())
}
