//! The daemon's memory: which slots were taken, done or missed, and how far each source's schedule has been read.
//!
//! A slot is claimed in a transaction before its work starts, and never twice at once: whoever comes second finds the
//! row. A claim that its daemon did not live to end stays `claimed`, and is settled when the next daemon starts.
use super::{Catalog, CatalogFault};
use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, Transaction, params};

/// Created when first needed, so that a data folder from before the daemon needs no migration.
pub(super) const TABLES: &str = "
-- Up to when a source's schedule was read, and in which words it stood: an edited one never reads the past again.
CREATE TABLE IF NOT EXISTS slot_clock(
    source TEXT PRIMARY KEY, schedule TEXT NOT NULL, up_to TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS slot(
    source TEXT NOT NULL, at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'stopped', 'done', 'missed')),
    outcome TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0,
    claimed_at TEXT, ended_at TEXT, run_id INTEGER, PRIMARY KEY (source, at)) STRICT;
CREATE INDEX IF NOT EXISTS slot_by_state ON slot(state);
-- Since when something was pulled that no release holds yet.
CREATE TABLE IF NOT EXISTS unreleased(only INTEGER PRIMARY KEY CHECK (only = 1), since TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS release_pin(id TEXT PRIMARY KEY, reason TEXT NOT NULL, pinned_at TEXT NOT NULL) STRICT;
";

/// How the catalog writes instants.
const STAMP: &str = "%Y-%m-%dT%H:%M:%SZ";

/// How far a source's schedule was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotClock {
    /// The schedule in words at that time.
    pub schedule: String,
    /// Slots up to this instant are settled.
    pub up_to: DateTime<Utc>,
}

/// A slot of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotEntry {
    /// The source.
    pub source: String,
    /// The slot: an instant in UTC.
    pub at: DateTime<Utc>,
    /// `claimed`, `stopped`, `done` or `missed`.
    pub state: String,
    /// How its work ended; empty while it has not.
    pub outcome: String,
    /// How often its work was begun.
    pub attempts: u32,
    /// When it was claimed.
    pub claimed_at: Option<DateTime<Utc>>,
    /// When its work ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// The run it led to.
    pub run_id: Option<i64>,
}

/// How the work of a slot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotEnd {
    /// It is over, well or badly.
    Done,
    /// It was asked to stop before it was over, and is taken up again at the next start.
    Stopped,
    /// It was given up.
    Missed,
}

/// What a claim says.
#[derive(Clone, Debug)]
pub struct SlotClaim<'a> {
    /// The source.
    pub source: &'a str,
    /// The slot.
    pub at: DateTime<Utc>,
    /// Older slots that this one's work covers.
    pub missed: &'a [DateTime<Utc>],
    /// How far the schedule counts as read with it, and in which words.
    pub clock: &'a SlotClock,
    /// Whether the slot was claimed before by a daemon that did not end it.
    pub again: bool,
}

impl Catalog {
    /// How far a source's schedule was read; none where it never was.
    pub fn slot_clock(&self, source: &str) -> Result<Option<SlotClock>, CatalogFault> {
        let found = self
            .read()
            .query_row("SELECT schedule, up_to FROM slot_clock WHERE source = ?1", [source], |row| {
                Ok((row.get::<_, String>(0)?, instant(row, 1)?))
            })
            .optional()?;
        Ok(found.and_then(|(schedule, up_to)| Some(SlotClock { schedule, up_to: up_to? })))
    }

    /// Counts a source's schedule as read up to an instant.
    pub fn set_slot_clock(&mut self, source: &str, clock: &SlotClock) -> Result<(), CatalogFault> {
        self.write(|tx| write_clock(tx, source, clock))
    }

    /// Claims a slot: all or nothing, and false where somebody has it or had it already.
    pub fn claim_slot(&mut self, claim: &SlotClaim<'_>, now: DateTime<Utc>) -> Result<bool, CatalogFault> {
        self.write(|tx| {
            let states = if claim.again { "'claimed', 'stopped'" } else { "'missed'" };
            let claimed = tx.execute(
                &format!(
                    "INSERT INTO slot(source, at, state, attempts, claimed_at) VALUES (?1, ?2, 'claimed', 1, ?3)
                     ON CONFLICT DO UPDATE SET state = 'claimed', outcome = '', attempts = attempts + 1,
                        claimed_at = excluded.claimed_at, ended_at = NULL WHERE state IN ({states})"
                ),
                params![claim.source, stamp(claim.at), stamp(now)],
            )?;
            let mut missed = tx.prepare(
                "INSERT INTO slot(source, at, state, outcome) VALUES (?1, ?2, 'missed', 'covered by a later one')
                 ON CONFLICT DO NOTHING",
            )?;
            for at in claim.missed {
                missed.execute(params![claim.source, stamp(*at)])?;
            }
            write_clock(tx, claim.source, claim.clock)?;
            Ok(claimed == 1)
        })
    }

    /// Ends a claimed slot.
    pub fn end_slot(
        &mut self,
        source: &str,
        at: DateTime<Utc>,
        end: SlotEnd,
        (outcome, run): (&str, Option<i64>),
        now: DateTime<Utc>,
    ) -> Result<(), CatalogFault> {
        let state = match end {
            SlotEnd::Done => "done",
            SlotEnd::Stopped => "stopped",
            SlotEnd::Missed => "missed",
        };
        self.write(|tx| {
            tx.execute(
                "UPDATE slot SET state = ?3, outcome = ?4, run_id = ?5, ended_at = ?6 WHERE source = ?1 AND at = ?2",
                params![source, stamp(at), state, outcome, run, stamp(now)],
            )?;
            Ok(())
        })
    }

    /// Notes slots that nobody took and nobody will.
    pub fn miss_slots(
        &mut self,
        source: &str,
        missed: &[DateTime<Utc>],
        clock: &SlotClock,
    ) -> Result<(), CatalogFault> {
        self.write(|tx| {
            for at in missed {
                tx.execute(
                    "INSERT INTO slot(source, at, state, outcome) VALUES (?1, ?2, 'missed', 'nobody was there')
                     ON CONFLICT DO NOTHING",
                    params![source, stamp(*at)],
                )?;
            }
            write_clock(tx, source, clock)
        })
    }

    /// Slots whose work did not end: of a dead daemon, or stopped with it.
    pub fn open_slots(&self) -> Result<Vec<SlotEntry>, CatalogFault> {
        self.slots("WHERE state IN ('claimed', 'stopped') ORDER BY source, at")
    }

    /// The newest slot of each source whose work was begun.
    pub fn last_slots(&self) -> Result<Vec<SlotEntry>, CatalogFault> {
        self.slots(
            "WHERE attempts > 0 AND at = (SELECT max(at) FROM slot o WHERE o.source = slot.source AND o.attempts > 0)
              ORDER BY source",
        )
    }

    /// Every slot in order, for tests and for whoever asks what a daemon did.
    pub fn all_slots(&self) -> Result<Vec<SlotEntry>, CatalogFault> {
        self.slots("ORDER BY at, source")
    }

    /// How many slots each source missed.
    pub fn missed_slots(&self) -> Result<Vec<(String, u64)>, CatalogFault> {
        let sql = "SELECT source, count(*) FROM slot WHERE state = 'missed' GROUP BY source ORDER BY source";
        let mut statement = self.read().prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Forgets settled slots from before an instant.
    pub fn forget_slots(&mut self, before: DateTime<Utc>) -> Result<(), CatalogFault> {
        self.write(|tx| {
            tx.execute("DELETE FROM slot WHERE at < ?1 AND state IN ('done', 'missed')", [stamp(before)])?;
            Ok(())
        })
    }

    /// Since when something was pulled that no release of the daemon holds yet.
    pub fn unreleased_since(&self) -> Result<Option<DateTime<Utc>>, CatalogFault> {
        let found =
            self.read().query_row("SELECT since FROM unreleased", [], |row| instant(row, 0)).optional()?;
        Ok(found.flatten())
    }

    /// Notes that something was pulled; the first note since the last release stands.
    pub fn note_unreleased(&mut self, since: DateTime<Utc>) -> Result<(), CatalogFault> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO unreleased(only, since) VALUES (1, ?1) ON CONFLICT DO NOTHING",
                [stamp(since)],
            )?;
            Ok(())
        })
    }

    /// Notes that everything pulled is released.
    pub fn clear_unreleased(&mut self) -> Result<(), CatalogFault> {
        self.write(|tx| tx.execute("DELETE FROM unreleased", []).map(drop))
    }

    fn slots(&self, which: &str) -> Result<Vec<SlotEntry>, CatalogFault> {
        let sql = format!(
            "SELECT source, at, state, outcome, attempts, claimed_at, ended_at, run_id FROM slot {which}"
        );
        let mut statement = self.read().prepare(&sql)?;
        let rows = statement.query_map([], |row| {
            Ok(SlotEntry {
                source: row.get(0)?,
                at: instant(row, 1)?.unwrap_or_default(),
                state: row.get(2)?,
                outcome: row.get(3)?,
                attempts: row.get::<_, i64>(4)? as u32,
                claimed_at: instant(row, 5)?,
                ended_at: instant(row, 6)?,
                run_id: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn write_clock(tx: &Transaction<'_>, source: &str, clock: &SlotClock) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO slot_clock(source, schedule, up_to) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET schedule = excluded.schedule, up_to = excluded.up_to",
        params![source, clock.schedule, stamp(clock.up_to)],
    )?;
    Ok(())
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format(STAMP).to_string()
}

fn instant(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let text: Option<String> = row.get(at)?;
    Ok(text.and_then(|text| text.parse().ok()))
}
