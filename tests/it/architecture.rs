//! The house rules that no compiler checks: who may import whom, how long a file is, what a module is called, and
//! that no document points nowhere. The levels are read from ARCHITECTURE.md, so the page and the code agree.

mod links;
mod rust_text;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use rust_text::{code_only, mentions, without_tests};
use table::{Table, contradictions, parse};

const LONGEST: usize = 500;
const SAYS_NOTHING: [&str; 6] = ["utils", "util", "common", "helpers", "manager", "misc"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn the_table() -> Table {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    parse(&page).unwrap()
}

/// Every file below `folder` with this extension, in name order, without build output and hidden folders.
fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            found.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found
}

/// A file as its path below the repository and its module: `src/lake/write.rs` is in `lake`, two modules deep.
fn module_of(path: &str) -> (String, usize) {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    let parts: Vec<&str> = inside.split('/').collect();
    let depth = if matches!(inside, "lib" | "main") { 0 } else { parts.len() };
    (parts[0].to_owned(), depth)
}

/// The rules that one file breaks, as `path:line: rule`, and the test modules it keeps in files of their own.
fn imports_broken(table: &Table, path: &str, source: &str) -> (Vec<String>, Vec<String>) {
    let (code, test_modules) = without_tests(&code_only(source));
    let (module, depth) = module_of(path);
    let mut broken = Vec::new();
    // The front page of the library names every module, which is no import.
    if module != "lib" {
        for mention in mentions(&code, depth) {
            let known = table.contains_key(&mention.module);
            let allowed = table.get(&module).is_none_or(|row| row.may_import.contains(&mention.module));
            if known && mention.module != module && !allowed {
                broken.push(format!("{path}:{}: {module} may not import {}", mention.line, mention.module));
            }
        }
    }
    (broken, test_modules)
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn imports_follow_the_table() {
    let table = the_table();
    let mut broken = Vec::new();
    let mut test_files = Vec::new();
    for path in files_below(&root().join("src"), "rs") {
        let (found, test_modules) =
            imports_broken(&table, &shown(&path), &fs::read_to_string(&path).unwrap());
        broken.extend(found);
        let folder = path.with_extension("");
        let folder = if folder.ends_with("mod") { folder.parent().unwrap().to_owned() } else { folder };
        test_files.extend(test_modules.iter().map(|name| shown(&folder.join(name))));
    }
    // A file that only tests compile may import what it likes.
    broken.retain(|line| !test_files.iter().any(|file| line.starts_with(file.as_str())));
    assert_none(&broken);
}

#[test]
fn the_table_keeps_its_own_rules() {
    assert_none(&contradictions(&the_table()));
}

#[test]
fn every_module_is_in_the_table_and_every_row_is_a_module() {
    let table = the_table();
    let mut modules = Vec::new();
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().trim_end_matches(".rs").to_owned();
        if name != "lib" {
            modules.push(name);
        }
    }
    let missing = modules.iter().filter(|module| !table.contains_key(*module));
    let mut broken: Vec<String> = missing.map(|module| format!("src/{module} has no row")).collect();
    let gone = table.keys().filter(|module| !modules.contains(module));
    broken.extend(gone.map(|module| format!("the row `{module}` has no module")));
    assert_none(&broken);
}

#[test]
fn no_source_file_is_too_long_or_named_after_nothing() {
    let mut broken = Vec::new();
    for path in ["src", "tests"].iter().flat_map(|folder| files_below(&root().join(folder), "rs")) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        if lines > LONGEST {
            broken.push(format!("{}: {lines} lines, {LONGEST} at most", shown(&path)));
        }
        let inside = shown(&path);
        if inside.trim_end_matches(".rs").split('/').any(|part| SAYS_NOTHING.contains(&part)) {
            broken.push(format!("{inside}: the name says nothing"));
        }
    }
    assert_none(&broken);
}

/// A free-form log line is how a name gets out: only `telemetry` may speak to the log.
#[test]
fn only_telemetry_writes_log_lines() {
    let writes = |text: &str| text.contains("tracing::") || text.contains("tracing_subscriber::");
    assert!(writes("tracing::info!(name)"));
    let broken: Vec<String> = files_below(&root().join("src"), "rs")
        .iter()
        .filter(|path| !path.to_string_lossy().contains("src/telemetry/"))
        .filter(|path| writes(&code_only(&fs::read_to_string(path).unwrap())))
        .map(|path| format!("{}: only telemetry may write to the log", shown(path)))
        .collect();
    assert_none(&broken);
}

#[test]
fn no_document_points_nowhere() {
    let mut pages: Vec<PathBuf> = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|e| e == "md"));
    for folder in ["docs", "connectors", "schemas", "queries", "benches"] {
        if root().join(folder).is_dir() {
            pages.extend(files_below(&root().join(folder), "md"));
        }
    }
    pages.sort();
    let dead = |page: &PathBuf| {
        links::dead(page, &fs::read_to_string(page).unwrap())
            .into_iter()
            .map(|(line, target)| format!("{}:{line}: nothing at {target}", shown(page)))
            .collect::<Vec<_>>()
    };
    assert_none(&pages.iter().flat_map(dead).collect::<Vec<_>>());
}

mod the_reader {
    //! The checks above pass on a clean house, which proves nothing. Here they meet a dirty one.

    use super::*;

    const PAGE: &str = "
| module | level | zone | may import |
|---|---|---|---|
| `fault` | 0 | any | nothing |
| `synth` | 1 | outside | nothing |
| `left` | 3 | identified | levels 0 to 2 |
| `right` | 3 | pseudonymous | level 0 |
| `command` | 6 | both | levels 0 to 3, `synth` |
";

    fn broken_in(path: &str, source: &str) -> Vec<String> {
        imports_broken(&parse(PAGE).unwrap(), path, source).0
    }

    #[test]
    fn an_import_across_the_line_is_named_with_its_place() {
        let source = "use crate::fault::Fault;\nuse crate::right::Lake;\n";
        assert_eq!(broken_in("src/left/mod.rs", source), ["src/left/mod.rs:2: left may not import right"]);
    }

    #[test]
    fn groups_paths_and_parents_count_as_imports() {
        let grouped = "use crate::{\n    fault::{Fault, right},\n    right,\n};\n";
        assert_eq!(broken_in("src/left/a.rs", grouped), ["src/left/a.rs:3: left may not import right"]);
        assert_eq!(broken_in("src/left/a.rs", "fn f() { crate::right::go() }").len(), 1);
        assert_eq!(broken_in("src/left/a.rs", "use super::super::right::go;").len(), 1);
        assert_eq!(broken_in("src/left/mod.rs", "use super::right::go;").len(), 1);
        assert_eq!(broken_in("src/left/a.rs", "use super::right;").len(), 0, "a module inside left");
        assert_eq!(broken_in("src/left/mod.rs", "fn f() { throughline::synth::go() }").len(), 1);
        assert_eq!(broken_in("src/command/mod.rs", "use crate::{left, right, synth};").len(), 0);
    }

    #[test]
    fn comments_texts_and_tests_are_no_imports() {
        let source = r##"
//! See [`crate::right`].
/* crate::right /* crate::right */ crate::right */
const A: &str = "crate::right::\" crate::right";
const B: &str = r#"crate::right " crate::right"#;
const C: [char; 2] = ['"', '\''];
fn f<'a>(mycrate: &'a str) -> &'a str { mycrate }
#[cfg(test)]
mod tests { use crate::right::X; fn g() { { crate::right::go() } } }
#[cfg(test)]
mod more;
use crate::right::Z;
"##;
        let (broken, modules) = imports_broken(&parse(PAGE).unwrap(), "src/left/mod.rs", source);
        assert_eq!(broken, ["src/left/mod.rs:12: left may not import right"]);
        assert_eq!(modules, ["more"]);
    }

    #[test]
    fn a_table_that_contradicts_itself_is_refused() {
        let across = PAGE.replace("pseudonymous | level 0", "pseudonymous | level 0, `left`");
        assert_eq!(
            contradictions(&parse(&across).unwrap()),
            ["right and left stand on two sides of the privacy line"]
        );
        let upward = PAGE.replace("any | nothing", "any | `command`");
        assert!(contradictions(&parse(&upward).unwrap()).iter().any(|line| line.contains("(level 6)")));
        let leak = PAGE.replace("levels 0 to 2 |", "levels 0 to 2, `synth` |");
        assert_eq!(contradictions(&parse(&leak).unwrap()).len(), 1);
        assert!(contradictions(&parse(PAGE).unwrap()).is_empty());
    }

    #[test]
    fn a_table_that_cannot_be_read_says_where() {
        assert!(parse("no table").unwrap_err().contains("no table"));
        assert!(parse(&PAGE.replace("level 0 ", "level low ")).unwrap_err().starts_with("right"));
        assert!(parse(&PAGE.replace("`synth` |\n", "`nobody` |\n")).unwrap_err().contains("nobody"));
        assert!(parse(&PAGE.replace("identified", "elsewhere")).unwrap_err().contains("elsewhere"));
    }

    #[test]
    fn a_dead_link_is_found_and_a_live_one_is_not() {
        let page = root().join("ARCHITECTURE.md");
        let text = "[a](Cargo.toml) [b](nowhere.md)\n`[c](nowhere.md)`\n```\n[d](nowhere.md)\n```\n\
                    [e](#words)\n[f](https://example.org/x)\n[g](ARCHITECTURE.md#no-such)\n# Words\n";
        let found = links::dead(&page, text);
        assert_eq!(found, [(1, "nowhere.md".to_owned()), (8, "ARCHITECTURE.md#no-such".to_owned())]);
    }
}
