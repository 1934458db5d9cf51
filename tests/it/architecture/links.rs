//! The links of a Markdown page, and which of them lead nowhere.

use std::fs;
use std::path::Path;

/// Line and target of each link of `page` that points to no file, or to no heading of a page. Addresses on the
/// network are not looked at.
pub fn dead(page: &Path, text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, target) in targets(text) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (file, anchor) = target.split_once('#').map_or((target.as_str(), None), |(f, a)| (f, Some(a)));
        let path = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
        let lives = path.exists()
            && anchor.is_none_or(|anchor| {
                let other =
                    if file.is_empty() { text.to_owned() } else { fs::read_to_string(&path).unwrap() };
                headings(&other).iter().any(|heading| heading == anchor)
            });
        if !lives {
            found.push((line, target));
        }
    }
    found
}

/// Lines outside fenced blocks, numbered from 1.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push((number + 1, line));
        }
    }
    lines
}

fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        // Every second piece between backticks is code.
        let without_code: String = line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
        for part in without_code.split("](").skip(1) {
            if let Some((target, _)) = part.split_once(')') {
                found.push((number, target.split_whitespace().next().unwrap_or_default().to_owned()));
            }
        }
    }
    found
}

/// The anchors that a page's headings give: lower case, spaces as dashes, other punctuation gone.
fn headings(text: &str) -> Vec<String> {
    let titles = prose(text).into_iter().filter(|(_, line)| line.starts_with('#'));
    titles
        .map(|(_, line)| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}
