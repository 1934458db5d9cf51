//! Figures for whoever watches the daemon. Labels are names of our own configuration and definitions, nothing else.
use super::{Catalog, CatalogFault};
use crate::fault::Count;
use chrono::{DateTime, Utc};
use rusqlite::OptionalExtension;

/// Records of a source's feed since the catalog began.
#[derive(Clone, Debug)]
pub struct Totals {
    /// The source.
    pub source: String,
    /// The feed.
    pub feed: String,
    /// What became of its records, in all.
    pub count: Count,
}

/// Runs of a source that ended in a state.
#[derive(Clone, Debug)]
pub struct RunCount {
    /// The source.
    pub source: String,
    /// The state in a word.
    pub state: String,
    /// How many.
    pub runs: u64,
}

/// What the catalog says of pulls, runs and releases, read in one go.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    /// Records by source and feed.
    pub totals: Vec<Totals>,
    /// Runs by source and state.
    pub runs: Vec<RunCount>,
    /// When each source was last published.
    pub last_success: Vec<(String, DateTime<Utc>)>,
    /// The oldest cursor of each source: everything before it has been asked for.
    pub oldest_cursor: Vec<(String, DateTime<Utc>)>,
    /// When the newest release was published.
    pub released_at: Option<DateTime<Utc>>,
}

impl Catalog {
    /// Reads the figures.
    pub fn measures(&self) -> Result<Measures, CatalogFault> {
        Ok(Measures {
            totals: self.totals()?,
            runs: self.run_counts()?,
            last_success: self.instants(
                "SELECT source, max(ended_at) FROM run WHERE verb = 'pull' AND state = 'published'
                  GROUP BY source ORDER BY source",
            )?,
            oldest_cursor: self
                .instants("SELECT source, min(value) FROM cursor GROUP BY source ORDER BY source")?,
            released_at: self
                .read()
                .query_row("SELECT max(published_at) FROM release", [], |row| {
                    row.get::<_, Option<String>>(0)
                })?
                .and_then(|text| text.parse().ok()),
        })
    }

    /// The newest pull of a source: its run, and whether it brought anything into the lake.
    pub fn newest_pull(&self, source: &str) -> Result<Option<(i64, bool)>, CatalogFault> {
        let sql = "SELECT r.id, EXISTS (SELECT 1 FROM file f JOIN batch b ON b.seq = f.batch_seq
                                 WHERE b.run_id = r.id AND f.kind = 'lake' AND f.retired = 0) FROM run r
                    WHERE r.verb = 'pull' AND r.source = ?1 ORDER BY r.id DESC LIMIT 1";
        Ok(self.read().query_row(sql, [source], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    fn totals(&self) -> Result<Vec<Totals>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT source, feed, sum(read), sum(accepted), sum(set_aside), sum(unchanged), sum(cells_emptied),
                    sum(documents_set_aside), sum(gone), sum(withheld) FROM feed_count GROUP BY source, feed ORDER BY source, feed",
        )?;
        let rows = statement.query_map([], |row| {
            let n = |at: usize| row.get::<_, i64>(at).map(|n| n as u64);
            Ok(Totals {
                source: row.get(0)?,
                feed: row.get(1)?,
                count: Count {
                    read: n(2)?,
                    accepted: n(3)?,
                    set_aside: n(4)?,
                    unchanged: n(5)?,
                    cells_emptied: n(6)?,
                    documents_set_aside: n(7)?,
                    gone: n(8)?,
                    withheld: n(9)?,
                },
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn run_counts(&self) -> Result<Vec<RunCount>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT source, state, count(*) FROM run WHERE verb = 'pull' GROUP BY source, state ORDER BY source, state",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(RunCount { source: row.get(0)?, state: row.get(1)?, runs: row.get::<_, i64>(2)? as u64 })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Sources and instants; what is no instant is passed over.
    fn instants(&self, sql: &str) -> Result<Vec<(String, DateTime<Utc>)>, CatalogFault> {
        let mut statement = self.read().prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?)))?;
        let rows: Vec<(String, Option<String>)> = rows.collect::<rusqlite::Result<_>>()?;
        Ok(rows.into_iter().filter_map(|(source, text)| Some((source, text?.parse().ok()?))).collect())
    }
}
