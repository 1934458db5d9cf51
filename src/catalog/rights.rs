//! Cases of somebody's rights, what the catalog has seen of the suppression list, and releases that were withdrawn.
use super::{Access, Catalog, CatalogFault, HoldingExtract, audit::chain, study::outlive};
use crate::privacy::Pseudonym;
use rusqlite::{OptionalExtension, Row, Transaction, params};

/// A case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightsCase {
    /// Its number.
    pub id: i64,
    /// What is asked: `access`, `object`, `restrict`, `lift`, `rectify`, `erase`.
    pub wish: String,
    /// `open`, `done` or `withdrawn`.
    pub state: String,
    /// The user of the operating system who opened it.
    pub opened_by: String,
    /// When, UTC.
    pub opened_at: String,
    /// Who confirmed or withdrew it.
    pub closed_by: Option<String>,
    /// When, UTC.
    pub closed_at: Option<String>,
    /// Why; sealed.
    pub reason: String,
    /// How many learners it may be about. For whoever confirms it, and nobody else.
    pub candidates: u64,
    /// What came of it, as a document; empty while it is open.
    pub outcome: String,
}

/// A case's beginning.
#[derive(Clone, Copy, Debug)]
pub struct NewCase<'a> {
    /// What is asked.
    pub wish: &'a str,
    /// Who opens it.
    pub who: &'a str,
    /// How many learners it may be about.
    pub candidates: u64,
    /// They as sources know them: source and pseudonym.
    pub subjects: &'a [(String, Pseudonym)],
    /// What was asked, sealed.
    pub asked: &'a [u8],
}

/// How a case ends.
#[derive(Clone, Debug)]
pub struct CaseEnd {
    /// The case.
    pub id: i64,
    /// Who confirmed it.
    pub who: String,
    /// Why; sealed.
    pub reason: String,
    /// What came of it, as a document.
    pub outcome: String,
}

/// An entry for the audit that is written with what it is about.
#[derive(Clone, Debug)]
pub struct Note {
    /// The user of the operating system, or `throughline`.
    pub who: String,
    /// In which role.
    pub role: &'static str,
    /// What was done.
    pub verb: String,
    /// What it was about.
    pub about: String,
    /// How many people.
    pub people: u64,
    /// How it ended.
    pub outcome: &'static str,
}

/// What becomes true with a clearing that the suppression list asked for.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    /// The list, and how many of its entries are carried out from now on.
    pub list: (String, u64),
    /// People who are only counted, by academic year.
    pub counted: Vec<(i32, u64)>,
    /// Cases that end.
    pub cases: Vec<CaseEnd>,
    /// What the audit says.
    pub notes: Vec<Note>,
    /// Releases that are withdrawn.
    pub withdrawn: Vec<String>,
    /// Why they are.
    pub why: &'static str,
    /// Extracts of studies that are out with rows of these people.
    pub extracts: Vec<HoldingExtract>,
}

/// What a catalog has seen of the suppression list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSeen {
    /// The list; none where it has seen none.
    pub id: Option<String>,
    /// Entries that were carried out.
    pub entries: u64,
    /// Entries after which nothing was left lying.
    pub swept: u64,
}

/// A release that was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ReleaseTombstone {
    /// Its id.
    pub id: String,
    /// The day that it looked back from.
    pub as_of: String,
    /// When it was published, UTC.
    pub published_at: String,
    /// When it was withdrawn, UTC.
    pub withdrawn_at: String,
    /// Why, in a word.
    pub why: String,
    /// The release that came after it, once there is one.
    pub successor: Option<String>,
}

const CASE: &str = "SELECT id, CASE WHEN id IN (SELECT case_id FROM rights_lift) THEN 'lift' ELSE wish END, state, opened_by, opened_at, closed_by, closed_at, reason, candidates, outcome, asked FROM rights_case";

impl Catalog {
    /// Opens a case and notes that it was opened. Gives its number.
    pub fn open_case(&mut self, case: &NewCase<'_>, now: &str) -> Result<i64, CatalogFault> {
        // Older catalogs know no such wish.
        let is_lift = case.wish == "lift";
        let wish = if is_lift { "restrict" } else { case.wish };
        self.write(|tx| {
            tx.execute(
                "INSERT INTO rights_case(wish, state, opened_by, opened_at, candidates, asked)
                 VALUES (?1, 'open', ?2, ?3, ?4, ?5)",
                params![wish, case.who, now, case.candidates as i64, case.asked],
            )?;
            let id = tx.last_insert_rowid();
            if is_lift {
                tx.execute("INSERT INTO rights_lift VALUES (?1)", [id])?;
            }
            let mut insert = tx.prepare("INSERT OR IGNORE INTO rights_subject VALUES (?1, ?2, ?3)")?;
            for (source, subject) in case.subjects {
                insert.execute(params![id, source, subject])?;
            }
            let (verb, about) = (format!("rights {}", case.wish), format!("case {id}"));
            // Whoever opened it is not told whether anybody was found, and whoever reads the audit is not told here.
            let access = Access {
                who: case.who,
                role: "rights",
                verb: &verb,
                purpose: "",
                about: &about,
                people: 0,
                outcome: "opened",
            };
            chain(tx, &access, now)?;
            Ok(id)
        })
    }

    /// A case, and what was asked, sealed.
    pub fn case(&self, id: i64) -> Result<Option<(RightsCase, Vec<u8>)>, CatalogFault> {
        let found = self
            .read()
            .query_row(&format!("{CASE} WHERE id = ?1"), [id], |row| Ok((read_case(row)?, row.get(10)?)));
        Ok(found.optional()?)
    }

    /// Every case, newest first.
    pub fn cases(&self) -> Result<Vec<RightsCase>, CatalogFault> {
        let mut statement = self.read().prepare(&format!("{CASE} ORDER BY id DESC"))?;
        let rows = statement.query_map([], read_case)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whom an open case is about: source and pseudonym.
    pub fn case_subjects(&self, id: i64) -> Result<Vec<(String, Pseudonym)>, CatalogFault> {
        let mut statement = self
            .read()
            .prepare("SELECT source, subject FROM rights_subject WHERE case_id = ?1 ORDER BY 1, 2")?;
        let rows = statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Ends an open case without anything else: `done` or `withdrawn`. False where it is not open.
    pub fn end_case(
        &mut self,
        end: &CaseEnd,
        state: &str,
        note: &Note,
        now: &str,
    ) -> Result<bool, CatalogFault> {
        self.write(|tx| {
            if !end_case(tx, end, state, now)? {
                return Ok(false);
            }
            self::note(tx, note, now)?;
            Ok(true)
        })
    }

    /// What has been seen of the suppression list.
    pub fn list_seen(&self) -> Result<ListSeen, CatalogFault> {
        let value = |name: &str| -> Result<Option<String>, CatalogFault> {
            let sql = "SELECT value FROM meta WHERE name = ?1";
            Ok(self.read().query_row(sql, [name], |row| row.get(0)).optional()?)
        };
        let number = |text: Option<String>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok(ListSeen {
            id: value("suppression_list")?,
            entries: number(value("suppression_seen")?),
            swept: number(value("suppression_swept")?),
        })
    }

    /// Nothing is left lying of what so many entries took away, not in the catalog's own journal either.
    pub fn list_swept(&mut self, entries: u64) -> Result<(), CatalogFault> {
        self.write(|tx| set(tx, "suppression_swept", &entries.to_string()))?;
        // While another process reads, what it may still need stays until it has done.
        self.read().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// How many learners are only counted, by the academic year of their Year 6; 0 where it is not known.
    pub fn withheld(&self) -> Result<Vec<(i32, u64)>, CatalogFault> {
        let mut statement = self.read().prepare("SELECT cohort_ay, learners FROM withheld ORDER BY 1")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Releases that were withdrawn, newest first.
    pub fn tombstones(&self) -> Result<Vec<ReleaseTombstone>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT id, as_of, published_at, withdrawn_at, why, successor FROM release_tombstone
              ORDER BY withdrawn_at DESC, id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(ReleaseTombstone {
                id: row.get(0)?,
                as_of: row.get(1)?,
                published_at: row.get(2)?,
                withdrawn_at: row.get(3)?,
                why: row.get(4)?,
                successor: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn read_case(row: &Row<'_>) -> rusqlite::Result<RightsCase> {
    Ok(RightsCase {
        id: row.get(0)?,
        wish: row.get(1)?,
        state: row.get(2)?,
        opened_by: row.get(3)?,
        opened_at: row.get(4)?,
        closed_by: row.get(5)?,
        closed_at: row.get(6)?,
        reason: row.get(7)?,
        candidates: row.get::<_, i64>(8)? as u64,
        outcome: row.get(9)?,
    })
}

/// What was asked and whom it was about go with the end: the pseudonyms of somebody who was erased stay nowhere.
fn end_case(tx: &Transaction<'_>, end: &CaseEnd, state: &str, now: &str) -> rusqlite::Result<bool> {
    let ended = tx.execute(
        "UPDATE rights_case SET state = ?2, closed_by = ?3, closed_at = ?4, reason = ?5, outcome = ?6, asked = x''
          WHERE id = ?1 AND state = 'open'",
        params![end.id, state, end.who, now, end.reason, end.outcome],
    )?;
    tx.execute("DELETE FROM rights_subject WHERE case_id = ?1", [end.id])?;
    Ok(ended == 1)
}

fn note(tx: &Transaction<'_>, note: &Note, now: &str) -> rusqlite::Result<()> {
    let Note { who, role, verb, about, people, outcome } = note;
    let access = Access { who, role, verb, purpose: "", about, people: *people, outcome };
    chain(tx, &access, now).map(drop)
}

fn set(tx: &Transaction<'_>, name: &str, value: &str) -> rusqlite::Result<()> {
    let sql =
        "INSERT INTO meta(name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value";
    tx.execute(sql, [name, value]).map(drop)
}

/// Makes a closing true, inside the transaction of the clearing that it belongs to.
pub(super) fn close(tx: &Transaction<'_>, closing: &Closing, now: &str) -> rusqlite::Result<()> {
    set(tx, "suppression_list", &closing.list.0)?;
    set(tx, "suppression_seen", &closing.list.1.to_string())?;
    tx.execute("DELETE FROM withheld", [])?;
    for (year, learners) in &closing.counted {
        tx.execute("INSERT INTO withheld VALUES (?1, ?2)", params![year, *learners as i64])?;
    }
    for end in &closing.cases {
        end_case(tx, end, "done", now)?;
    }
    for id in &closing.withdrawn {
        tx.execute(
            "INSERT OR IGNORE INTO release_tombstone
             SELECT id, as_of, published_at, ?2, ?3, NULL FROM release WHERE id = ?1",
            params![id, now, closing.why],
        )?;
        tx.execute("DELETE FROM release_pin WHERE id = ?1", [id])?;
        tx.execute("DELETE FROM release WHERE id = ?1", [id])?;
    }
    outlive(tx, &closing.extracts, closing.why, now)?;
    closing.notes.iter().try_for_each(|entry| note(tx, entry, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lift_is_told_from_a_restriction() {
        let mut catalog = Catalog::in_memory().unwrap();
        let case = |wish| NewCase { wish, who: "ann", candidates: 1, subjects: &[], asked: b"sealed" };
        let ids =
            ["restrict", "lift"].map(|wish| catalog.open_case(&case(wish), "2026-11-28T10:00:00Z").unwrap());
        let wishes = ids.map(|id| catalog.case(id).unwrap().unwrap().0.wish);
        assert_eq!(wishes, ["restrict", "lift"]);
        let verbs: Vec<String> = catalog.audit(2).unwrap().into_iter().map(|entry| entry.verb).collect();
        assert!(verbs.contains(&"rights lift".to_owned()), "{verbs:?}");
    }

    #[test]
    fn a_case_that_ended_knows_nobody_and_ends_once() {
        let mut catalog = Catalog::in_memory().unwrap();
        let subjects = [("school".to_owned(), [7; 16])];
        let case =
            NewCase { wish: "erase", who: "ann", candidates: 1, subjects: &subjects, asked: b"sealed" };
        let id = catalog.open_case(&case, "2026-11-28T10:00:00Z").unwrap();
        assert_eq!(catalog.case_subjects(id).unwrap(), subjects);
        assert_eq!(catalog.case(id).unwrap().unwrap().1, b"sealed");
        let end = CaseEnd { id, who: "ben".into(), reason: "sealed:00".into(), outcome: String::new() };
        let note = Note {
            who: "ben".into(),
            role: "rights",
            verb: "rights withdraw".into(),
            about: format!("case {id}"),
            people: 0,
            outcome: "done",
        };
        assert!(catalog.end_case(&end, "withdrawn", &note, "2026-11-28T11:00:00Z").unwrap());
        assert!(!catalog.end_case(&end, "withdrawn", &note, "2026-11-28T11:00:00Z").unwrap());
        let (case, asked) = catalog.case(id).unwrap().unwrap();
        assert_eq!((case.state.as_str(), asked.len()), ("withdrawn", 0));
        assert!(catalog.case_subjects(id).unwrap().is_empty());
        let audit = catalog.audit(1).unwrap();
        assert_eq!(audit.iter().map(|entry| entry.people).collect::<Vec<_>>(), [0, 0]);
        assert!(audit.iter().all(|entry| entry.digest == entry.expected()));
    }
}
