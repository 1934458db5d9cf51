//! The pages of `docs/measures/tables`, one for each family: what each published table is, column by column, with its first
//! story as a worked example. Made from the headers and the stories, so that a page cannot say otherwise than the query.
//! `THROUGHLINE_WRITE=1 cargo test --release pages` writes them again.
use super::{Query, Story, markdown, queries, read_story, story_files};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Rows of an example that are printed; the story has them all.
const SHOWN: usize = 30;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/measures/tables")
}

fn title_of(layer: &str) -> String {
    let mut letters = layer.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What stands between the header and the first step: the rule in words.
fn rule(query: &Query) -> Vec<String> {
    let body = query.sql.split_once("*/").map_or("", |(_, body)| body).trim_start();
    let lines = body.lines().take_while(|line| line.starts_with("--"));
    lines.map(|line| line.trim_start_matches('-').trim().to_owned()).collect()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn table_page(query: &Query, stories: &[Story], published: &BTreeMap<String, String>) -> String {
    let mut page = format!("## {}\n\n{}.\n\n", query.name, query.title.trim_end_matches('.'));
    let words = rule(query);
    if !words.is_empty() {
        let _ = writeln!(page, "{}\n", words.join("\n"));
    }
    let reads = query.reads.iter().map(|name| match published.get(name) {
        Some(layer) if *layer == query.layer => format!("[{name}](#{name})"),
        Some(layer) => format!("[{name}]({layer}.md#{name})"),
        None => format!("`{name}`"),
    });
    let reads: Vec<String> = reads.collect();
    let _ = writeln!(page, "* One row for each: {}.", query.grain.join(", "));
    let _ = writeln!(
        page,
        "* Made by [queries/{0}](../../../queries/{0}), from {1}.",
        query.file,
        reads.join(", ")
    );
    let _ = writeln!(page, "* May serve: {}.\n", query.purposes.join(", "));
    page.push_str("| column | holds |\n|---|---|\n");
    // The grain first, then the others by name.
    let others = query.columns.keys().filter(|name| !query.grain.contains(name));
    for name in query.grain.iter().chain(others) {
        let about = query.columns.get(name).map_or("", String::as_str);
        let _ = writeln!(page, "| `{name}` | {} |", cell(about));
    }
    if let Some(story) = stories.first() {
        page.push_str(&example(story));
    }
    if let [_, more @ ..] = stories
        && !more.is_empty()
    {
        let links = more.iter().map(|story| {
            let name = story.file.file_stem().unwrap().to_string_lossy().into_owned();
            format!("[{}](../../../tests/specs/{}/{name}.md)", name.replace('_', " "), story.query)
        });
        let _ = writeln!(page, "\nMore stories: {}.", links.collect::<Vec<_>>().join(" · "));
    }
    page
}

fn example(story: &Story) -> String {
    let mut text = format!("\n### Example of {}\n\n{}\n", story.query, story.text.trim_end());
    for (table, rows) in &story.given {
        let _ = write!(text, "\nGiven `{table}`:\n\n{}", shown(rows));
    }
    let _ = write!(text, "\n`{}` says:\n\n{}", story.query, shown(&story.expect));
    text
}

/// A table as Markdown has it, with its rule; of a long one the first rows.
fn shown(rows: &[Vec<String>]) -> String {
    let kept: Vec<Vec<String>> = rows.iter().take(SHOWN + 1).cloned().collect();
    let text = markdown(&kept);
    let (header, rest) = text.split_once('\n').unwrap();
    let rule = format!("|{}", "---|".repeat(rows[0].len()));
    let left = rows.len() - kept.len();
    let more = if left > 0 { format!("\n… and {left} more rows.\n") } else { String::new() };
    format!("{header}\n{rule}\n{rest}{more}")
}

/// Page name to its text.
fn pages() -> BTreeMap<String, String> {
    let set = queries();
    let mut stories: BTreeMap<String, Vec<Story>> = BTreeMap::new();
    for file in story_files() {
        let story = read_story(&file);
        stories.entry(story.query.clone()).or_default().push(story);
    }
    let published: BTreeMap<String, String> =
        set.published().map(|query| (query.name.clone(), query.layer.clone())).collect();
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    let mut index = String::from(
        "# Every published table\n\nGenerated from the headers of `queries/` and the stories of `tests/specs/`; do not edit. \
         What the\nfamilies mean, and why: [measures](../README.md).\n\n| table | family | a row is |\n|---|---|---|\n",
    );
    for query in set.published() {
        let page = pages.entry(format!("{}.md", query.layer)).or_insert_with(|| {
            format!(
                "# {}: the tables\n\nGenerated from the headers of `queries/{}` and the stories of `tests/specs/`; do not \
                 edit.\n",
                title_of(&query.layer),
                query.layer
            )
        });
        let none = Vec::new();
        let _ =
            write!(page, "\n{}", table_page(query, stories.get(&query.name).unwrap_or(&none), &published));
        let _ =
            writeln!(index, "| [{0}]({1}.md#{0}) | {1} | {2} |", query.name, query.layer, cell(&query.title));
    }
    pages.insert("README.md".to_owned(), index);
    pages
}

#[test]
fn the_pages_of_measures_are_what_headers_and_stories_say() {
    let (folder, pages) = (folder(), pages());
    if std::env::var_os("THROUGHLINE_WRITE").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &pages {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let there: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(there, pages.keys().cloned().collect::<BTreeSet<_>>());
    for (name, text) in &pages {
        let kept = fs::read_to_string(folder.join(name)).unwrap();
        assert!(
            kept == *text,
            "docs/measures/tables/{name} is not what headers and stories say: THROUGHLINE_WRITE=1 cargo test --release pages"
        );
    }
}

/// A page that left a column out would teach half of a table.
#[test]
fn every_published_table_has_its_page_with_every_column_and_an_example() {
    let pages = pages();
    for query in queries().published() {
        let page = &pages[&format!("{}.md", query.layer)];
        assert!(page.contains(&format!("\n## {}\n", query.name)), "{}", query.name);
        assert!(page.contains(&format!("### Example of {}\n", query.name)), "{} has no example", query.name);
        for column in query.columns.keys() {
            assert!(page.contains(&format!("| `{column}` | ")), "{}.{column}", query.name);
        }
    }
}
