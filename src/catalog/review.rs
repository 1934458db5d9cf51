//! What a review of links needs beside the decisions: which data folder this is, when something was said, and which
//! joined pairs were drawn to be looked at.
use super::{Catalog, CatalogFault};
use crate::privacy::Pseudonym;
use rusqlite::params;

/// A joined pair that was drawn to be looked at; the smaller pseudonym first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampledPair {
    /// The two.
    pub pair: (Pseudonym, Pseudonym),
    /// The band that it was drawn from: a rule, or a range of probability.
    pub band: String,
    /// How many pairs were joined in that band when it was drawn.
    pub joined: i64,
}

impl Catalog {
    /// A mark by which this data folder is known: 32 random hex digits, given when it is first asked for.
    pub fn folder_mark(&mut self) -> Result<String, CatalogFault> {
        self.write(|tx| {
            tx.execute(
                "INSERT OR IGNORE INTO meta(name, value) VALUES ('folder_mark', lower(hex(randomblob(16))))",
                [],
            )?;
            tx.query_row("SELECT value FROM meta WHERE name = 'folder_mark'", [], |row| row.get(0))
        })
    }

    /// On which day each batch was read: its sequence and the day, in order.
    pub fn batch_days(&self) -> Result<Vec<(i64, String)>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT b.seq, substr(r.started_at, 1, 10) FROM batch b JOIN run r ON r.id = b.run_id ORDER BY b.seq",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps which pairs were drawn. One that was drawn before keeps its band.
    pub fn note_sample(&mut self, drawn: &[SampledPair], now: &str) -> Result<(), CatalogFault> {
        self.write(|tx| {
            let mut insert = tx.prepare(
                "INSERT OR IGNORE INTO link_sample(one, other, band, joined, drawn_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for SampledPair { pair: (one, other), band, joined } in drawn {
                insert.execute(params![one.min(other), one.max(other), band, joined, now])?;
            }
            Ok(())
        })
    }

    /// Every pair that was drawn, in the order of band and pair.
    pub fn sample(&self) -> Result<Vec<SampledPair>, CatalogFault> {
        let mut statement = self
            .read()
            .prepare("SELECT one, other, band, joined FROM link_sample ORDER BY band, one, other")?;
        let rows = statement.query_map([], |row| {
            Ok(SampledPair { pair: (row.get(0)?, row.get(1)?), band: row.get(2)?, joined: row.get(3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_mark_and_a_pair_its_band() {
        let mut catalog = Catalog::in_memory().unwrap();
        let mark = catalog.folder_mark().unwrap();
        assert_eq!((mark.len(), &catalog.folder_mark().unwrap()), (32, &mark));
        assert_ne!(Catalog::in_memory().unwrap().folder_mark().unwrap(), mark);
        let drawn = |band: &str| SampledPair { pair: ([2; 16], [1; 16]), band: band.to_owned(), joined: 9 };
        catalog.note_sample(&[drawn("upn")], "2026").unwrap();
        catalog.note_sample(&[drawn("uln")], "2026").unwrap();
        let held = catalog.sample().unwrap();
        assert_eq!(held, [SampledPair { pair: ([1; 16], [2; 16]), ..drawn("upn") }]);
    }
}
