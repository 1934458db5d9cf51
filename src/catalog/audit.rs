//! Who looked at identities or releases, when and why: a chain in which every entry holds the digest of the one before.
use super::{Catalog, CatalogFault};
use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

/// The digest before the first entry.
pub(super) const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An access to identities or releases. Our own words, pseudonyms and numbers: no value of anybody's.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The user of the operating system.
    pub who: &'a str,
    /// In which role: the word that the configuration has for it, or `operator`.
    pub role: &'a str,
    /// What was done: `link explain`, `rights erase`.
    pub verb: &'a str,
    /// For which purpose, where one was given.
    pub purpose: &'a str,
    /// What it was about, in our own words: a case's number, the first digits of a pseudonym, a view. No pseudonym whole:
    /// the chain is never rewritten, not even for a new key.
    pub about: &'a str,
    /// How many people it touched.
    pub people: u64,
    /// How it ended: `done`, `refused`.
    pub outcome: &'a str,
}

/// An entry of the chain.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AuditEntry {
    /// Its number, from 1 without a gap.
    pub seq: i64,
    /// When, UTC.
    pub at: String,
    /// Who.
    pub who: String,
    /// In which role.
    pub role: String,
    /// What was done.
    pub verb: String,
    /// For which purpose.
    pub purpose: String,
    /// What it was about.
    pub about: String,
    /// How many people.
    pub people: i64,
    /// How it ended.
    pub outcome: String,
    /// The digest of the entry before.
    pub previous: String,
    /// The SHA-256, in hex, of all of the above.
    pub digest: String,
}

impl AuditEntry {
    /// What its digest has to be.
    pub fn expected(&self) -> String {
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

/// What an entry's digest is made of.
pub(super) struct Sealed<'e> {
    pub(super) previous: &'e str,
    pub(super) seq: i64,
    pub(super) at: &'e str,
    pub(super) who: &'e str,
    pub(super) role: &'e str,
    pub(super) verb: &'e str,
    pub(super) purpose: &'e str,
    pub(super) about: &'e str,
    pub(super) people: i64,
    pub(super) outcome: &'e str,
}

impl Sealed<'_> {
    /// The SHA-256 in hex. Each part carries its length, so no two entries run together.
    pub(super) fn digest(&self) -> String {
        let (seq, people) = (self.seq.to_string(), self.people.to_string());
        let parts = [
            self.previous,
            &seq,
            self.at,
            self.who,
            self.role,
            self.verb,
            self.purpose,
            self.about,
            &people,
            self.outcome,
        ];
        let mut bytes = Vec::with_capacity(384);
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        hex(&Sha256::digest(&bytes))
    }
}

/// Bytes in small hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

impl Catalog {
    /// Notes an access, before what it gives is shown. Gives its number.
    pub fn note_access(&mut self, access: &Access<'_>, now: &str) -> Result<i64, CatalogFault> {
        self.write(|tx| chain(tx, access, now))
    }

    /// The chain from an entry on.
    pub fn audit(&self, from: i64) -> Result<Vec<AuditEntry>, CatalogFault> {
        let mut entries = Vec::new();
        self.each_audit(from, |entry| {
            entries.push(entry);
            true
        })?;
        Ok(entries)
    }

    /// Shows each entry from one on, in their order, one at a time: a chain may be longer than memory. Ends early where
    /// `each` has seen enough.
    pub fn each_audit(
        &self,
        from: i64,
        mut each: impl FnMut(AuditEntry) -> bool,
    ) -> Result<(), CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT seq, at, who, role, verb, purpose, about, people, outcome, previous, digest
               FROM audit WHERE seq >= ?1 ORDER BY seq",
        )?;
        let rows = statement.query_map([from], |row| {
            Ok(AuditEntry {
                seq: row.get(0)?,
                at: row.get(1)?,
                who: row.get(2)?,
                role: row.get(3)?,
                verb: row.get(4)?,
                purpose: row.get(5)?,
                about: row.get(6)?,
                people: row.get(7)?,
                outcome: row.get(8)?,
                previous: row.get(9)?,
                digest: row.get(10)?,
            })
        })?;
        for row in rows {
            if !each(row?) {
                break;
            }
        }
        Ok(())
    }

    /// The number and digest of the newest entry; none of an empty chain.
    pub fn audit_head(&self) -> Result<Option<(i64, String)>, CatalogFault> {
        let sql = "SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1";
        Ok(self.read().query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }
}

/// Adds an entry to the chain, inside the transaction of what it is about.
pub(super) fn chain(tx: &Transaction<'_>, access: &Access<'_>, now: &str) -> rusqlite::Result<i64> {
    let last: Option<(i64, String)> = tx
        .query_row("SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (seq, previous) = last.map_or_else(|| (1, BEGINNING.to_owned()), |(seq, digest)| (seq + 1, digest));
    let mut entry = AuditEntry {
        seq,
        at: now.to_owned(),
        who: access.who.to_owned(),
        role: access.role.to_owned(),
        verb: access.verb.to_owned(),
        purpose: access.purpose.to_owned(),
        about: access.about.to_owned(),
        people: access.people as i64,
        outcome: access.outcome.to_owned(),
        previous,
        digest: String::new(),
    };
    entry.digest = entry.expected();
    tx.execute(
        "INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            entry.seq,
            entry.at,
            entry.who,
            entry.role,
            entry.verb,
            entry.purpose,
            entry.about,
            entry.people,
            entry.outcome,
            entry.previous,
            entry.digest
        ],
    )?;
    Ok(seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_holds_the_one_before() {
        let mut catalog = Catalog::in_memory().unwrap();
        let access = Access {
            who: "ann",
            role: "linkage",
            verb: "link explain",
            purpose: "",
            about: "one pair",
            people: 2,
            outcome: "done",
        };
        assert_eq!(catalog.note_access(&access, "2026-11-28T10:00:00Z").unwrap(), 1);
        assert_eq!(catalog.note_access(&access, "2026-11-28T10:00:01Z").unwrap(), 2);
        let chain = catalog.audit(1).unwrap();
        assert_eq!((chain[0].previous.as_str(), &chain[1].previous), (BEGINNING, &chain[0].digest));
        assert!(chain.iter().all(|entry| entry.digest == entry.expected()));
        let altered = AuditEntry { people: 1, ..chain[0].clone() };
        assert_ne!(altered.expected(), altered.digest);
    }
}
