use super::{
    Exit, Halt, Verdict,
    person::user,
    screen::{Screen, table, thousands},
};
use crate::{
    config::Settings,
    pipeline::{self, BuildReport, Site},
};
use serde_json::json;
use std::path::Path;

/// Makes the tables, or writes the file that opens the lake in a `DuckDB` shell.
pub(super) fn build(settings: Settings, shell: Option<&Path>, screen: &Screen) -> Verdict {
    let mut site = Site::open_to_write(settings, "build")?;
    if let Some(file) = shell {
        pipeline::write_shell(&site, file)?;
        screen.say(&format!("Wrote {0}. Open it with: duckdb -init {0}", file.display()));
        return Ok(Exit::Done);
    }
    let built = make(&mut site, screen)?;
    screen.result(&build_table(&built));
    screen.document(&build_json(&built));
    Ok(Exit::Done)
}

/// Builds and publishes a snapshot.
pub(super) fn release(settings: Settings, screen: &Screen) -> Verdict {
    let mut site = Site::open_to_write(settings, "release")?;
    // Over both: nobody builds other tables between the build and its release.
    let _lock = site.lock("release")?;
    let built = make(&mut site, screen)?;
    let release = pipeline::release(&mut site, &built, &user())?;
    screen.result(&build_table(&built));
    let said = if release.is_new { "Published" } else { "Nothing has changed: this is still" };
    screen.result(&format!("{said} release {}\n{}", release.id, release.folder.display()));
    screen.document(
        &json!({ "id": release.id, "new": release.is_new, "folder": release.folder.display().to_string(),
                             "build": build_json(&built) }),
    );
    Ok(Exit::Done)
}

/// Builds under a progress bar.
pub(super) fn make(site: &mut Site, screen: &Screen) -> Result<BuildReport, Halt> {
    let mut bar = screen.bar();
    Ok(pipeline::build(site, &mut bar)?)
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
    out
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
        .map(|check| json!({ "check": check.name, "violations": check.violations }))
        .collect();
    json!({ "tables": tables, "checks": checks })
}
