//! What a folder of code held before: every version of every file that its git still has.
use super::{KnownStudies, Scanned, marks};
use std::{
    collections::{BTreeMap, HashSet},
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use twox_hash::XxHash3_128;

/// Looks at every version that is not one of `seen`.
pub(super) fn look(path: &Path, seen: &HashSet<u128>, scanned: &mut Scanned, known: &KnownStudies) {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let Some(git) = repository(folder) else { return };
    if let Some((names, is_whole)) = names(folder) {
        if versions(folder, &names, seen, scanned, known).is_none() || !is_whole {
            scanned.unread.push((".git".to_owned(), "git stopped before all of the history was read"));
        }
    } else {
        let n = loose(&git, seen, scanned, known);
        let why = if n == 0 {
            "git is not installed: its history was not read"
        } else {
            "git is not installed: only unpacked versions were read"
        };
        scanned.unread.push((".git".to_owned(), why));
    }
}

fn repository(folder: &Path) -> Option<PathBuf> {
    let folder = fs::canonicalize(folder).ok()?;
    folder.ancestors().map(|above| above.join(".git")).find(|git| git.exists())
}

fn git(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    // The folder's own settings may name programs: those of hooks and of a file monitor are shut off, and nothing is fetched, for
    // where a version is missing, git would ask a remote of theirs for it, by a command of theirs.
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "");
    command.arg("-C").arg(folder).args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
    command.args(arguments).stderr(Stdio::null());
    command
}

/// Every version, by its id, with a name that it had, and whether git listed them to the end: it does not where one is missing.
/// None without git.
fn names(folder: &Path) -> Option<(BTreeMap<String, String>, bool)> {
    let listed = git(folder, &["rev-list", "--objects", "--all", "--reflog"]).output().ok()?;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut names: BTreeMap<String, String> = text
        .lines()
        .map(|line| line.split_once(' ').unwrap_or((line, "")))
        .map(|(id, name)| (id.to_owned(), name.to_owned()))
        .collect();
    // What no commit leads to any more is pushed by nobody, but lies there.
    let all =
        git(folder, &["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]).output().ok()?;
    for id in String::from_utf8_lossy(&all.stdout).lines() {
        names.entry(id.to_owned()).or_default();
    }
    Some((names, listed.status.success() && all.status.success()))
}

/// Reads every version. None where git stopped.
fn versions(
    folder: &Path,
    names: &BTreeMap<String, String>,
    seen: &HashSet<u128>,
    scanned: &mut Scanned,
    known: &KnownStudies,
) -> Option<()> {
    let mut child =
        git(folder, &["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut asks = child.stdin.take()?;
    let ids: Vec<String> = names.keys().cloned().collect();
    // Asked from beside, for git writes before it has read all.
    let asking = std::thread::spawn(move || ids.iter().try_for_each(|id| writeln!(asks, "{id}")));
    let mut answers = BufReader::new(child.stdout.take()?);
    let mut line = String::new();
    let mut is_missing = false;
    for _ in 0..names.len() {
        line.clear();
        answers.read_line(&mut line).ok()?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [id, kind, size] = words[..] else {
            // `ID missing`: it lies with a remote, which is not asked. An empty line is no answer, and git has stopped.
            is_missing |= !words.is_empty();
            if words.is_empty() {
                return None;
            }
            continue;
        };
        let mut bytes = vec![0; size.parse().ok()?];
        answers.read_exact(&mut bytes).ok()?;
        answers.read_exact(&mut [0]).ok()?;
        if kind == "blob" && !seen.contains(&XxHash3_128::oneshot(&bytes)) {
            let name = names.get(id).map_or("", String::as_str);
            let name =
                if name.is_empty() { "a file without a name".to_owned() } else { marks::told(name, known) };
            scanned.versions += 1;
            scanned.look(&format!("{name} (in the history, {})", id.get(..8).unwrap_or(id)), &bytes, known);
        } else if kind != "blob" {
            // A message or a name can hold a number, too.
            let said = if kind == "tree" { names_of(&bytes, id.len() / 2) } else { without_clock(&bytes) };
            let kind = if kind == "tree" { "folder's names in the history" } else { kind };
            scanned.read(&format!("a {kind} ({})", id.get(..8).unwrap_or(id)), &said, known);
        }
    }
    if is_missing {
        let why = "some versions lie with a remote and not here: they were not read";
        scanned.unread.push((".git".to_owned(), why));
    }
    let _ = asking.join();
    child.wait().ok().filter(std::process::ExitStatus::success).map(|_| ())
}

/// The names that a folder's list holds, a line each: after each comes the digest of what it names, in bytes that are no text.
fn names_of(mut list: &[u8], digest: usize) -> Vec<u8> {
    let mut names = Vec::new();
    while let Some(end) = memchr::memchr(0, list) {
        // `100644 name`
        let name = memchr::memchr(b' ', &list[..end]).map_or(&list[..end], |at| &list[at + 1..end]);
        names.extend_from_slice(name);
        names.push(b'\n');
        list = list.get(end + 1 + digest..).unwrap_or_default();
    }
    names
}

/// A commit or a tag without the moments that git writes into it: seconds of ten digits, of which one in six would pass for a
/// learner's number.
fn without_clock(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let kept = lines.map(|line| {
        let is_signed =
            [&b"author "[..], b"committer ", b"tagger "].iter().any(|word| line.starts_with(word));
        let ends = line.iter().rposition(|byte| *byte == b'>').filter(|_| is_signed);
        ends.map_or(line, |at| &line[..=at])
    });
    kept.collect::<Vec<_>>().concat()
}

/// Versions that git has not packed yet, read without it.
fn loose(git: &Path, seen: &HashSet<u128>, scanned: &mut Scanned, known: &KnownStudies) -> u64 {
    let mut n = 0;
    let folders = fs::read_dir(git.join("objects")).into_iter().flatten().flatten();
    for folder in folders.filter(|folder| folder.file_name().len() == 2) {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let Ok(packed) = fs::read(file.path()) else { continue };
            let mut bytes = Vec::new();
            let mut reader = flate2::read::ZlibDecoder::new(&*packed).take(super::LARGEST);
            if reader.read_to_end(&mut bytes).is_err() {
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| *byte == 0) else { continue };
            if bytes.starts_with(b"blob ") && !seen.contains(&XxHash3_128::oneshot(&bytes[end + 1..])) {
                n += 1;
                scanned.versions += 1;
                let place = format!("a file in the history ({})", file.path().display());
                scanned.look(&place, &bytes[end + 1..], known);
            }
        }
    }
    n
}

#[cfg(test)]
mod tests {
    use super::{names_of, without_clock};

    #[test]
    fn of_a_folder_the_names_are_read_and_not_the_digests() {
        let list = b"100644 a b.csv\0H80120000100112345678100644 c\x001234567890123456789040000 d\0";
        assert_eq!(names_of(list, 20), b"a b.csv\nc\nd\n");
    }

    #[test]
    fn the_moments_that_git_writes_are_no_numbers_of_anybody() {
        let commit = b"tree 0\nauthor Ann <ann@x> 1732838590 +0000\ncommitter Ann <ann@x> 1732838590 +0000\n\nfor 1732838590\n";
        let said = String::from_utf8(without_clock(commit)).unwrap();
        assert_eq!(said.matches("1732838590").count(), 1, "what the message says stays: {said}");
    }
}
