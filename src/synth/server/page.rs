//! School files and the pages cut from them. A file is read when it is first asked for; a page is joined from lines as they
//! stand, and only parsed where something has to be taken out of it.
use serde_json::Value;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Schools kept in memory: a pull goes through them one after another.
const KEPT: usize = 4;

/// One line of a school file.
struct Line {
    feed: Range<usize>,
    updated_at: Range<usize>,
    record: Range<usize>,
}

/// One school's records.
pub(super) struct School {
    text: String,
    lines: Vec<Line>,
}

/// The folder of school files.
pub(super) struct Files {
    dir: PathBuf,
    kept: Mutex<VecDeque<(String, Arc<School>)>>,
}

impl Files {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.join("mis"), kept: Mutex::new(VecDeque::new()) }
    }

    /// The list of schools, as it stands in the file, one each.
    pub(super) fn schools(&self) -> io::Result<Vec<String>> {
        Ok(std::fs::read_to_string(self.dir.join("schools.jsonl"))?.lines().map(str::to_owned).collect())
    }

    /// A school's file, read now or a moment ago.
    pub(super) fn school(&self, id: &str) -> io::Result<Arc<School>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, school)) = kept.iter().find(|(name, _)| name == id) {
            return Ok(Arc::clone(school));
        }
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let text = std::fs::read_to_string(self.dir.join(format!("{id}.jsonl")))?;
        let school = Arc::new(School::index(text));
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((id.to_owned(), Arc::clone(&school)));
        Ok(school)
    }
}

impl School {
    fn index(text: String) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if let Some(cut) = cut(line.trim_end(), start) {
                lines.push(cut);
            }
            start += line.len();
        }
        Self { text, lines }
    }

    /// The records of a feed that changed after a moment (`2026-03-01 00:00:00`), in file order.
    pub(super) fn records(&self, feed: &str, updated_after: Option<&str>) -> Vec<&str> {
        let after =
            |line: &&Line| updated_after.is_none_or(|moment| &self.text[line.updated_at.clone()] > moment);
        let of_feed = |line: &&Line| &self.text[line.feed.clone()] == feed;
        self.lines.iter().filter(of_feed).filter(after).map(|line| &self.text[line.record.clone()]).collect()
    }
}

/// Finds the three parts of a line as the estate writes it.
fn cut(line: &str, start: usize) -> Option<Line> {
    let rest = line.strip_prefix(r#"{"feed":""#)?;
    let (feed, rest) = rest.split_once(r#"","updated_at":""#)?;
    let (updated_at, rest) = rest.split_once(r#"","record":"#)?;
    let record = rest.strip_suffix('}')?;
    let at = |part: &str| {
        let from = start + (part.as_ptr() as usize - line.as_ptr() as usize);
        from..from + part.len()
    };
    Some(Line { feed: at(feed), updated_at: at(updated_at), record: at(record) })
}

/// A record without what was not asked for and with nulls for what may not be seen.
pub(super) fn reduced(record: &str, include: &str, withheld: &[String]) -> String {
    let Ok(Value::Object(mut record)) = serde_json::from_str::<Value>(record) else {
        return record.to_owned();
    };
    for part in ["education_details", "extended_details", "year"] {
        if !include.split(',').any(|asked| asked == part) {
            record.remove(part);
        }
    }
    for name in withheld {
        if let Some(value) = record.get_mut(name) {
            *value = Value::Null;
        }
        for part in ["education_details", "extended_details"] {
            if let Some(value) =
                record.get_mut(part).and_then(|part| part.pointer_mut("/data")?.get_mut(name))
            {
                *value = Value::Null;
            }
        }
    }
    Value::Object(record).to_string()
}

/// Whether records can go out as they stand.
pub(super) fn complete(include: &str, withheld: &[String]) -> bool {
    let asked = |part: &str| include.split(',').any(|one| one == part);
    withheld.is_empty() && ["education_details", "extended_details", "year"].into_iter().all(asked)
}
