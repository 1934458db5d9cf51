//! Which files of an inbox a connector means.
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// A file in an inbox. Its name may hold a child's, so it is known to logs by its ordinal alone.
pub struct InboxFile {
    /// Where it is.
    pub path: PathBuf,
    /// Position among the inbox's matching files in sorted order, from 1.
    pub ordinal: u32,
    /// What `{x}` in the connector's pattern stood for.
    pub captures: BTreeMap<String, String>,
}

/// Lists the files whose name fits the pattern, sub-folders included, in sorted order.
pub fn list(inbox: &Path, pattern: &str) -> io::Result<Vec<InboxFile>> {
    let mut paths = Vec::new();
    walk(inbox, &mut paths)?;
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if let Some(captures) = matches(pattern, name) {
            let ordinal = files.len() as u32 + 1;
            files.push(InboxFile { path, ordinal, captures });
        }
    }
    Ok(files)
}

/// What `{x}` in a pattern stands for in a file's name; none where the name does not fit.
pub fn captures(pattern: &str, name: &str) -> Option<BTreeMap<String, String>> {
    matches(pattern, name)
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden =
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(['.', '~']));
        if path.is_dir() {
            walk(&path, paths)?;
        } else if !hidden {
            paths.push(path);
        }
    }
    Ok(())
}

/// Matches a name against a pattern of literals, `*` and `{capture}`, case-insensitively. Each wildcard takes the
/// shortest text that lets the rest match.
fn matches(pattern: &str, name: &str) -> Option<BTreeMap<String, String>> {
    let mut captures = BTreeMap::new();
    step(pattern, name, &mut captures).then_some(captures)
}

fn step(pattern: &str, name: &str, captures: &mut BTreeMap<String, String>) -> bool {
    let Some(first) = pattern.chars().next() else { return name.is_empty() };
    let (capture, rest) = match first {
        '*' => (None, &pattern[1..]),
        '{' => match pattern.find('}') {
            Some(end) => (Some(&pattern[1..end]), &pattern[end + 1..]),
            None => return false,
        },
        literal => {
            let Some(head) = name.chars().next() else { return false };
            return head.to_lowercase().eq(literal.to_lowercase())
                && step(&pattern[literal.len_utf8()..], &name[head.len_utf8()..], captures);
        }
    };
    let least = usize::from(capture.is_some());
    let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]).skip(least);
    for end in ends {
        if step(rest, &name[end..], captures) {
            if let Some(capture) = capture {
                captures.insert(capture.to_owned(), name[..end].to_owned());
            }
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_captures_and_ignores_case() {
        let found = matches("placements_{period}.xlsx", "Placements_2024-25.XLSX").unwrap();
        assert_eq!(found["period"], "2024-25");
        assert!(matches("placements_{period}.xlsx", "placements_.xlsx").is_none());
        assert!(matches("*register*.ods", "the register (final).ods").is_some());
        assert!(matches("ks2_{year}.csv", "ks4_2019.csv").is_none());
    }
}
