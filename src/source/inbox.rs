//! Which files of an inbox a connector means.
use crate::definitions::connector::{Feed, FileForm};
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

/// Lists the files whose name fits the pattern, sub-folders included, in sorted order. A pattern with a slash is held
/// against the path below the inbox. Hidden files, and the `~$..` that a spreadsheet program lays beside an open
/// workbook, are none of them.
pub fn list(inbox: &Path, pattern: &str) -> io::Result<Vec<InboxFile>> {
    let mut found = Listing::default();
    walk(inbox, &mut found)?;
    Ok(fitting(inbox, found.files, |name| matches(pattern, name), pattern.contains('/')))
}

/// Lists what a feed reads: files by its own pattern or the connector's, or bundles.
pub fn of_feed(inbox: &Path, form: &FileForm, feed: &Feed) -> io::Result<Vec<InboxFile>> {
    match &form.bundle {
        None => list(inbox, feed.files.as_ref().unwrap_or(&form.name)),
        Some(bundle) => bundles(inbox, &form.name, &bundle.manifest),
    }
}

/// Lists archives whose name fits the pattern, and folders that hold the manifest: unpacked, a bundle's name lacks its
/// `.zip`, and the inbox itself may be one.
fn bundles(inbox: &Path, pattern: &str, manifest: &str) -> io::Result<Vec<InboxFile>> {
    let mut found = Listing::default();
    walk(inbox, &mut found)?;
    let is_manifest = |path: &Path| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.eq_ignore_ascii_case(manifest))
    };
    let unpacked: Vec<PathBuf> = found
        .files
        .iter()
        .filter(|path| is_manifest(path))
        .filter_map(|path| path.parent())
        .map(Path::to_owned)
        .collect();
    let inside = |path: &PathBuf| unpacked.iter().any(|folder| path.starts_with(folder));
    let mut paths: Vec<PathBuf> = found.files.iter().filter(|path| !inside(path)).cloned().collect();
    paths.extend(unpacked.iter().cloned());
    let fits = |name: &str| {
        let folder =
            unpacked.iter().any(|folder| below(inbox, folder).is_some_and(|path| path.ends_with(name)));
        matches(pattern, name).or_else(|| matches(pattern, &format!("{name}.zip")).filter(|_| folder))
    };
    let at_the_root = unpacked.iter().any(|folder| folder == inbox);
    let mut files = fitting(inbox, paths, fits, pattern.contains('/'));
    if at_the_root {
        files.insert(0, InboxFile { path: inbox.to_owned(), ordinal: 0, captures: BTreeMap::new() });
        files.iter_mut().zip(1..).for_each(|(file, ordinal)| file.ordinal = ordinal);
    }
    Ok(files)
}

fn fitting(
    inbox: &Path,
    mut paths: Vec<PathBuf>,
    fits: impl Fn(&str) -> Option<BTreeMap<String, String>>,
    whole: bool,
) -> Vec<InboxFile> {
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = if whole {
            below(inbox, &path)
        } else {
            path.file_name().and_then(|name| name.to_str()).map(str::to_owned)
        };
        if let Some(mut captures) = name.and_then(|name| fits(&name)) {
            captures.values_mut().for_each(|text| *text = without_marks(text));
            let ordinal = files.len() as u32 + 1;
            files.push(InboxFile { path, ordinal, captures });
        }
    }
    files
}

/// A capture without what people and browsers put behind a name when they send a file again: `2024-25 (1)`,
/// `2024-25_v2` and `2024-25 corrected` are all the file of 2024-25.
fn without_marks(text: &str) -> String {
    const WORDS: [&str; 8] =
        ["copy", "final", "corrected", "revised", "amended", "updated", "resubmitted", "new"];
    let mut left = text.trim();
    loop {
        let bare = left.trim_end_matches([' ', '_', '-']);
        let numbered = bare.strip_suffix(')').and_then(|inner| inner.rsplit_once('('));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let last = bare.rfind([' ', '_', '-']).map(|at| (&bare[..at], &bare[at + 1..]));
        let shorter = match (numbered, last) {
            (Some((before, digits)), _) if is_number(digits) => before,
            (_, Some((before, word)))
                if WORDS.contains(&word.to_lowercase().as_str())
                    || word.to_lowercase().strip_prefix('v').is_some_and(is_number) =>
            {
                before
            }
            _ => return left.to_owned(),
        };
        let shorter = shorter.trim_end_matches([' ', '_', '-']);
        if shorter.is_empty() {
            return left.to_owned();
        }
        left = shorter;
    }
}

/// The path below the inbox, with slashes.
fn below(inbox: &Path, path: &Path) -> Option<String> {
    let steps: Option<Vec<&str>> = path.strip_prefix(inbox).ok()?.iter().map(|step| step.to_str()).collect();
    steps.map(|steps| steps.join("/"))
}

#[derive(Default)]
struct Listing {
    files: Vec<PathBuf>,
}

fn walk(folder: &Path, found: &mut Listing) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden =
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(['.', '~']));
        if hidden {
            continue;
        }
        if path.is_dir() {
            walk(&path, found)?;
        } else {
            found.files.push(path);
        }
    }
    Ok(())
}

/// What `{x}` in a pattern stands for in a file at a path below the inbox; none where they do not fit.
pub fn captures(pattern: &str, path: &Path) -> Option<BTreeMap<String, String>> {
    let steps: Option<Vec<&str>> = path.iter().map(|step| step.to_str()).collect();
    let steps = steps?;
    matches(pattern, &if pattern.contains('/') { steps.join("/") } else { (*steps.last()?).to_owned() })
}

/// Matches a name against a pattern of literals, `*` and `{capture}`, case-insensitively. Each wildcard takes the
/// shortest text that lets the rest match, and none goes past a slash.
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
        if name[..end].contains('/') {
            return false;
        }
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
    use super::*;

    #[test]
    fn a_file_sent_again_is_of_the_same_period() {
        for again in [
            "2024-25",
            "2024-25 (1)",
            "2024-25_v2",
            "2024-25 - Copy",
            "2024-25 corrected (2)",
            "2024-25_FINAL",
        ] {
            assert_eq!(super::without_marks(again), "2024-25", "{again}");
        }
        for own in ["Autumn2025", "v2", "(1)", "north-site", "2024-25 (spring)"] {
            assert_eq!(super::without_marks(own), own);
        }
    }

    #[test]
    fn a_pattern_captures_and_ignores_case() {
        let found = matches("placements_{period}.xlsx", "Placements_2024-25.XLSX").unwrap();
        assert_eq!(found["period"], "2024-25");
        assert!(matches("placements_{period}.xlsx", "placements_.xlsx").is_none());
        assert!(matches("*register*.ods", "the register (final).ods").is_some());
        assert!(matches("ks2_{year}.csv", "ks4_2019.csv").is_none());
    }

    #[test]
    fn folders_can_say_what_a_file_is_about() {
        let found = matches("{provider}/{period}/*.xlsx", "riverside/2024-25/the register.xlsx").unwrap();
        assert_eq!((found["provider"].as_str(), found["period"].as_str()), ("riverside", "2024-25"));
        assert!(matches("{provider}/{period}/*.xlsx", "riverside/2024-25/old/register.xlsx").is_none());
        let dir = tempfile::tempdir().unwrap();
        let lay = |path: &str| {
            fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
            fs::write(dir.path().join(path), "x").unwrap();
        };
        for path in ["a/1/x.csv", "a/1/~$x.csv", ".hidden/1/x.csv", "a/x.csv", "a/1/.x.csv", "b/2/y.csv"] {
            lay(path);
        }
        let files = list(dir.path(), "{provider}/{period}/*.csv").unwrap();
        let names: Vec<String> = files.iter().map(|file| below(dir.path(), &file.path).unwrap()).collect();
        assert_eq!(names, ["a/1/x.csv", "b/2/y.csv"]);
        assert_eq!(list(dir.path(), "*.csv").unwrap().len(), 3);
    }

    #[test]
    fn a_bundle_is_an_archive_or_the_folder_it_was_unpacked_to() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["2025/manifest.csv", "2025/users.csv", "2024.zip", "notes/read me.txt"] {
            fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
            fs::write(dir.path().join(path), "x").unwrap();
        }
        let found = bundles(dir.path(), "{year}.zip", "manifest.csv").unwrap();
        let years: Vec<&str> = found.iter().map(|file| file.captures["year"].as_str()).collect();
        assert_eq!(years, ["2024", "2025"]);
        let root = bundles(&dir.path().join("2025"), "{year}.zip", "Manifest.csv").unwrap();
        assert_eq!((root.len(), root[0].ordinal), (1, 1));
    }
}
