//! What was set aside, and whether it still is: a line holds until its file is read again.
use super::{Catalog, CatalogFault, SetAside};
use crate::privacy::Digest16;
use rusqlite::params;
use std::collections::HashMap;

/// Which runs read which file, and under which number.
#[derive(Default)]
struct Readings {
    /// The newest run by source, feed and keyed place.
    newest: HashMap<(String, String, Digest16), i64>,
    /// The keyed place by run, feed and number.
    slots: HashMap<(i64, String, u32), Digest16>,
    /// The newest published run by source that asked for everything.
    whole: HashMap<String, i64>,
}

impl Readings {
    fn is_past(&self, line: &SetAside) -> bool {
        let later = |run: Option<&i64>| run.is_some_and(|run| *run > line.run);
        match self.slots.get(&(line.run, line.feed.clone(), line.document)) {
            Some(slot) => later(self.newest.get(&(line.source.clone(), line.feed.clone(), *slot))),
            // A page of a service, or a file of before readings were kept.
            None => later(self.whole.get(&line.source)),
        }
    }
}

impl Catalog {
    /// What was set aside, of one source or of all, and of each line whether it is past.
    pub fn quarantine(&self, source: Option<&str>) -> Result<Vec<SetAside>, CatalogFault> {
        let readings = self.readings()?;
        let mut statement = self.read().prepare(
            "SELECT q.run_id, q.source, q.feed, q.document, q.part, q.row, q.column_name, q.problem, q.detail, q.hint,
                    q.consequence, substr(r.started_at, 1, 10), r.state = 'discarded'
               FROM quarantine q JOIN run r ON r.id = q.run_id WHERE ?1 IS NULL OR q.source = ?1
              ORDER BY q.source, q.feed, q.document, q.part, q.row, q.column_name",
        )?;
        let rows = statement.query_map(params![source], |row| {
            Ok(SetAside {
                run: row.get(0)?,
                source: row.get(1)?,
                feed: row.get(2)?,
                document: row.get(3)?,
                sheet: row.get(4)?,
                row: row.get(5)?,
                column: row.get(6)?,
                header: String::new(),
                problem: row.get(7)?,
                detail: row.get(8)?,
                hint: row.get(9)?,
                consequence: row.get(10)?,
                day: row.get(11)?,
                past: row.get(12)?,
            })
        })?;
        let mut lines: Vec<SetAside> = rows.collect::<rusqlite::Result<_>>()?;
        for line in &mut lines {
            line.past |= readings.is_past(line);
        }
        Ok(lines)
    }

    fn readings(&self) -> Result<Readings, CatalogFault> {
        let mut readings = Readings::default();
        // Whoever discarded a run said that it counts for nothing.
        let mut statement = self.read().prepare(
            "SELECT d.run_id, r.source, d.feed, d.slot, d.document FROM reading d JOIN run r ON r.id = d.run_id
              WHERE r.state NOT IN ('abandoned', 'discarded') ORDER BY d.run_id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (run, feed, slot): (i64, String, Digest16) = (row.get(0)?, row.get(2)?, row.get(3)?);
            readings.newest.insert((row.get(1)?, feed.clone(), slot), run);
            readings.slots.insert((run, feed, row.get(4)?), slot);
        }
        let mut statement = self.read().prepare(
            "SELECT source, max(id) FROM run WHERE state = 'published' AND whole = 1 GROUP BY source",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            readings.whole.insert(row.get(0)?, row.get(1)?);
        }
        Ok(readings)
    }
}
