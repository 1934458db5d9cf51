//! The audit held against itself: whether every entry holds the one before, and which is the first that does not. Asks for
//! no key and no catalog; only a head that was kept elsewhere can tell that the newest entries were cut off, or all of it
//! written anew.
use super::{
    AuditEntry,
    audit::{BEGINNING, Sealed, hex},
};
use crate::privacy::Key;
use std::{
    borrow::Cow,
    io::{self, BufRead, Read},
};

/// The longest line that an entry may be.
const LONGEST: u64 = 1 << 20;
/// So many bytes of lines are checked by one thread at a time.
const BLOCK: u64 = 4 << 20;
const SIGNED: &str = "audit head";

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is not an entry.
    Unreadable,
    /// It does not say what its digest was made of.
    Altered,
    /// Another stands in its place, of this number.
    Missing(i64),
    /// It, or the one before it, was put in the place of another.
    Replaced,
    /// The chain ends before it, though the head knows it.
    CutOff,
    /// It is another than the one that the head knows: the chain was written anew.
    Rewritten,
}

/// The first bad entry of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The number that it has, or should have.
    pub entry: i64,
    /// What is wrong with it.
    pub how: How,
}

impl Bad {
    /// In words.
    pub fn words(&self) -> String {
        let Self { entry, how } = self;
        match how {
            How::Unreadable => format!("entry {entry} is no entry any more: its line was altered"),
            How::Altered => format!("entry {entry} was altered: it does not say what its digest was made of"),
            How::Missing(found) => {
                format!("entry {entry} is missing: entry {found} stands in its place (dropped, or moved)")
            }
            How::Replaced => {
                format!(
                    "entry {entry} does not hold the digest of the one before it: one of the two was replaced"
                )
            }
            How::CutOff => {
                format!("entry {entry} is missing: the chain ends before it, and the head knows it")
            }
            How::Rewritten => {
                format!("entry {entry} is another than the head knows: the chain was written anew")
            }
        }
    }

    /// The kind, in one word.
    pub const fn word(&self) -> &'static str {
        match self.how {
            How::Unreadable => "unreadable",
            How::Altered => "altered",
            How::Missing(_) => "missing",
            How::Replaced => "replaced",
            How::CutOff => "cut_off",
            How::Rewritten => "rewritten",
        }
    }
}

/// How far a chain was followed: the number and digest of its last entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Entries.
    pub entries: i64,
    /// The digest of the last.
    pub digest: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self { entries: 0, digest: BEGINNING.to_owned() }
    }
}

impl Chain {
    /// Follows one entry further.
    pub fn follow(&mut self, entry: &AuditEntry, head: Option<&Head>) -> Result<(), Bad> {
        let bad = |how| Bad { entry: self.entries + 1, how };
        if entry.expected() != entry.digest {
            return Err(bad(How::Altered));
        }
        self.join(entry.seq, &entry.previous)?;
        if head.is_some_and(|head| head.entries == entry.seq && head.digest != entry.digest) {
            return Err(bad(How::Rewritten));
        }
        (self.entries, self.digest) = (entry.seq, entry.digest.clone());
        Ok(())
    }

    /// Whether an entry may come next.
    fn join(&self, seq: i64, previous: &str) -> Result<(), Bad> {
        let bad = |how| Err(Bad { entry: self.entries + 1, how });
        match seq == self.entries + 1 {
            false => bad(How::Missing(seq)),
            true if previous != self.digest => bad(How::Replaced),
            true => Ok(()),
        }
    }

    /// Ends: whether the chain is as long as the head knows it.
    pub fn end(self, head: Option<&Head>) -> Result<Self, Bad> {
        if head.is_some_and(|head| head.entries > self.entries) {
            return Err(Bad { entry: self.entries + 1, how: How::CutOff });
        }
        Ok(self)
    }
}

/// An entry as a line of an exported file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'l> {
    seq: i64,
    #[serde(borrow)]
    at: Cow<'l, str>,
    #[serde(borrow)]
    who: Cow<'l, str>,
    #[serde(borrow)]
    role: Cow<'l, str>,
    #[serde(borrow)]
    verb: Cow<'l, str>,
    #[serde(borrow)]
    purpose: Cow<'l, str>,
    #[serde(borrow)]
    about: Cow<'l, str>,
    people: i64,
    #[serde(borrow)]
    outcome: Cow<'l, str>,
    #[serde(borrow)]
    previous: Cow<'l, str>,
    #[serde(borrow)]
    digest: Cow<'l, str>,
}

impl Line<'_> {
    fn expected(&self) -> String {
        Sealed {
            previous: &self.previous,
            seq: self.seq,
            at: &self.at,
            who: &self.who,
            role: &self.role,
            verb: &self.verb,
            purpose: &self.purpose,
            about: &self.about,
            people: self.people,
            outcome: &self.outcome,
        }
        .digest()
    }
}

/// What some lines are, each checked by itself and against the one before it.
#[derive(Default)]
struct Block {
    /// Number of the first entry, and the digest before it.
    first: Option<(i64, String)>,
    last: Option<(i64, String)>,
    /// Lines before the first bad one, and what is wrong with that.
    bad: Option<(i64, How)>,
}

impl Block {
    fn of(bytes: &[u8], head: Option<&Head>) -> Self {
        let mut block = Self::default();
        for (at, line) in (0..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            if let Err(how) = block.take(line, head) {
                block.bad = Some((at, how));
                break;
            }
        }
        block
    }

    fn take(&mut self, line: &[u8], head: Option<&Head>) -> Result<(), How> {
        let line = line.strip_suffix(b"\n").ok_or(How::Unreadable)?;
        let line: Line<'_> = serde_json::from_slice(line).map_err(|_| How::Unreadable)?;
        if line.expected() != line.digest {
            return Err(How::Altered);
        }
        match &self.last {
            Some((seq, _)) if line.seq != seq + 1 => return Err(How::Missing(line.seq)),
            Some((_, digest)) if line.previous != *digest => return Err(How::Replaced),
            Some(_) => {}
            None => self.first = Some((line.seq, line.previous.to_string())),
        }
        if head.is_some_and(|head| head.entries == line.seq && head.digest != line.digest) {
            return Err(How::Rewritten);
        }
        self.last = Some((line.seq, line.digest.into_owned()));
        Ok(())
    }
}

/// Follows an exported chain, a line an entry, on all cores. Memory does not grow with it.
pub fn verify_chain(mut lines: impl BufRead, head: Option<&Head>) -> io::Result<Result<Chain, Bad>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(16);
    let mut chain = Chain::default();
    loop {
        let mut parts = Vec::new();
        while parts.len() < threads {
            let part = part(&mut lines)?;
            if part.is_empty() {
                break;
            }
            parts.push(part);
        }
        if parts.is_empty() {
            return Ok(chain.end(head));
        }
        let blocks: Vec<Block> = std::thread::scope(|scope| {
            let work: Vec<_> = parts.iter().map(|part| scope.spawn(move || Block::of(part, head))).collect();
            // A thread that stopped has shown nothing: what it had counts as unreadable.
            let unreadable = |_| Block { bad: Some((0, How::Unreadable)), ..Block::default() };
            work.into_iter().map(|work| work.join().unwrap_or_else(unreadable)).collect()
        });
        for block in blocks {
            if let Some((seq, previous)) = &block.first
                && let Err(bad) = chain.join(*seq, previous)
            {
                return Ok(Err(bad));
            }
            if let Some((at, how)) = block.bad {
                return Ok(Err(Bad { entry: chain.entries + 1 + at, how }));
            }
            if let Some((entries, digest)) = block.last {
                chain = Chain { entries, digest };
            }
        }
    }
}

/// The next lines, whole ones.
fn part(lines: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut part = Vec::with_capacity(BLOCK as usize + 1_024);
    lines.by_ref().take(BLOCK).read_to_end(&mut part)?;
    if part.last().is_some_and(|last| *last != b'\n') {
        lines.by_ref().take(LONGEST).read_until(b'\n', &mut part)?;
    }
    Ok(part)
}

/// Where a chain had come to, signed under the lake's key: kept elsewhere, it shows what is cut off later.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Entries.
    pub entries: i64,
    /// The digest of the last.
    pub digest: String,
    /// When, UTC.
    pub at: String,
    /// The fingerprint of the key.
    pub key: String,
    /// HMAC-SHA-256 of the above under a key derived for this, in hex.
    pub signature: String,
}

/// Why a head is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFault {
    /// Another key signed it: one from before a rotation, or of another lake.
    AnotherKey,
    /// Nobody with this key signed it.
    Forged,
}

impl Head {
    /// Signs where a chain has come to.
    pub fn sign(key: &Key, entries: i64, digest: String, at: String) -> Self {
        let mut head = Self { entries, digest, at, key: key.fingerprint(), signature: String::new() };
        head.signature = hex(&*key.sign(SIGNED, &head.parts()));
        head
    }

    /// Whether the key signed it.
    pub fn check(&self, key: &Key) -> Result<(), HeadFault> {
        if self.key != key.fingerprint() {
            return Err(HeadFault::AnotherKey);
        }
        // An attacker who could time this comparison would have the key's process already.
        let right = hex(&*key.sign(SIGNED, &self.parts())) == self.signature;
        if right { Ok(()) } else { Err(HeadFault::Forged) }
    }

    fn parts(&self) -> Vec<u8> {
        format!("{}\u{1f}{}\u{1f}{}\u{1f}{}", self.entries, self.digest, self.at, self.key).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Access, Catalog};

    fn chain(entries: usize) -> Vec<String> {
        let mut catalog = Catalog::in_memory().unwrap();
        for at in 0..entries {
            let about = format!("case {at}");
            let access = Access {
                who: "ann",
                role: "linkage",
                verb: "link explain",
                purpose: "",
                about: &about,
                people: 2,
                outcome: "done",
            };
            catalog.note_access(&access, "2026-11-28T10:00:00Z").unwrap();
        }
        catalog.audit(1).unwrap().iter().map(|entry| serde_json::to_string(entry).unwrap()).collect()
    }

    fn found(lines: &[String], head: Option<&Head>) -> Result<i64, Bad> {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        verify_chain(text.as_bytes(), head).unwrap().map(|chain| chain.entries)
    }

    #[test]
    fn every_byte_that_is_altered_is_found_in_its_entry() {
        let lines = chain(4);
        assert_eq!(found(&lines, None), Ok(4));
        for at in 0..lines[1].len() {
            let mut bytes = lines[1].clone().into_bytes();
            bytes[at] ^= 1;
            let mut altered = lines.clone();
            altered[1] = String::from_utf8(bytes).unwrap();
            assert_eq!(found(&altered, None).unwrap_err().entry, 2, "byte {at}: {}", altered[1]);
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        for (at, _) in text.match_indices('\n') {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = b' ';
            assert!(verify_chain(&bytes[..], None).unwrap().is_err(), "line end {at}");
        }
    }

    #[test]
    fn what_is_dropped_moved_replaced_or_cut_off_is_named() {
        let lines = chain(9);
        let key = Key::for_demo(1);
        let last: AuditEntry = serde_json::from_str(&lines[8]).unwrap();
        let head = Head::sign(&key, 9, last.digest, "2026".to_owned());
        assert_eq!((found(&lines, Some(&head)), head.check(&key)), (Ok(9), Ok(())));
        for at in 0..8 {
            let mut dropped = lines.clone();
            dropped.remove(at);
            let missing = Bad { entry: at as i64 + 1, how: How::Missing(at as i64 + 2) };
            assert_eq!(found(&dropped, None), Err(missing));
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            assert_eq!(found(&swapped, None), Err(missing));
        }
        let mut forged: AuditEntry = serde_json::from_str(&lines[4]).unwrap();
        forged.people = 1;
        forged.digest = forged.expected();
        let mut replaced = lines.clone();
        replaced[4] = serde_json::to_string(&forged).unwrap();
        assert_eq!(found(&replaced, None), Err(Bad { entry: 6, how: How::Replaced }));
        assert_eq!(found(&lines[..7], None), Ok(7), "without a head nobody can tell");
        assert_eq!(found(&lines[..7], Some(&head)), Err(Bad { entry: 8, how: How::CutOff }));
        let anew = Head { digest: forged.digest.clone(), ..head.clone() };
        assert_eq!(found(&lines, Some(&anew)), Err(Bad { entry: 9, how: How::Rewritten }));
        assert_eq!(anew.check(&key), Err(HeadFault::Forged));
        assert_eq!(head.check(&Key::for_demo(2)), Err(HeadFault::AnotherKey));
    }
}
