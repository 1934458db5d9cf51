//! Pairs that were drawn for a person to look at, with what the linker had said of them and what the person says.
use super::{Catalog, CatalogFault};
use crate::{
    fault::Name,
    privacy::{LinkSample, Pseudonym},
};
use rusqlite::params;

impl Catalog {
    /// Notes what a person said of a pair that was drawn by chance, and not because something about it was odd: only
    /// such pairs tell how often the linker is right. Of two words on one pair the last holds.
    pub fn note_sample(
        &mut self,
        pair: (Pseudonym, Pseudonym),
        sample: LinkSample,
    ) -> Result<(), CatalogFault> {
        let (one, other) = (pair.0.min(pair.1), pair.0.max(pair.1));
        self.write(|tx| {
            tx.execute(
                "INSERT INTO link_sample(one, other, band, probability, agreed) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET band = excluded.band, probability = excluded.probability,
                    agreed = excluded.agreed",
                params![one, other, sample.band.as_str(), sample.probability, sample.agreed],
            )?;
            Ok(())
        })
    }

    /// What persons said of pairs that were drawn by chance, in the order of the pairs.
    pub fn link_samples(&self) -> Result<Vec<LinkSample>, CatalogFault> {
        let mut statement =
            self.read().prepare("SELECT band, probability, agreed FROM link_sample ORDER BY one, other")?;
        let rows = statement.query_map([], |row| {
            let band: String = row.get(0)?;
            Ok(LinkSample { band: Name::declare(&band), probability: row.get(1)?, agreed: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_words_on_one_pair_the_last_holds() {
        let mut catalog = Catalog::in_memory().unwrap();
        let band = Name::declare("likely");
        let sample = |agreed| LinkSample { band, probability: 9_312, agreed };
        catalog.note_sample(([2; 16], [1; 16]), sample(true)).unwrap();
        catalog.note_sample(([3; 16], [4; 16]), sample(true)).unwrap();
        catalog.note_sample(([1; 16], [2; 16]), sample(false)).unwrap();
        assert_eq!(catalog.link_samples().unwrap(), [sample(false), sample(true)]);
    }
}
