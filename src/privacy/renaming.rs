//! From the names that one key gave to those of the next. Every name is either made anew from what it was made of, and the
//! old one with it to see that it is the same; or, where that stands only at the source, taken one key further.
use super::{
    Cell, Digest16, EntityPlan, Key, Keyed, Pseudonym,
    door::{row_hash, row_key},
};

/// What a row of the lake is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Whom it is about.
    pub subject: Option<Pseudonym>,
    /// The snapshot scope it belongs to.
    pub scope: Option<Digest16>,
    /// Its own name.
    pub key: Digest16,
    /// The digest of what it says.
    pub hash: i64,
}

/// The names under two keys.
pub struct Renaming {
    /// Under the key that was.
    pub old: Keyed,
    /// Under the key that will be.
    pub new: Keyed,
    bytes: Vec<u8>,
    cells: Vec<Cell>,
}

impl Renaming {
    /// From a key to the one that comes [after](Key::after) it.
    pub fn new(old: &Key, new: &Key) -> Self {
        Self { old: old.keyed(), new: new.keyed(), bytes: Vec::new(), cells: Vec::new() }
    }

    /// A person as a source knows them: the pseudonym that was and the one that will be.
    pub fn subject(&self, source: &str, tenant: &str, person: &str) -> (Pseudonym, Pseudonym) {
        (self.old.subject(source, tenant, person), self.new.subject(source, tenant, person))
    }

    /// Somebody whose source key the register no longer has: their rows stay together, and that is all.
    pub fn stranger(&self, old: &Pseudonym) -> Pseudonym {
        self.new.digest("subject without identity", &[old])
    }

    /// A learner whose anchor nobody knows any more.
    pub fn orphan(&self, old: &Pseudonym) -> Pseudonym {
        self.new.digest("learner without anchor", &[old])
    }

    /// What [`Keyed::trail`] gave, one key further.
    pub fn further(&self, domain: &str, old: &Digest16) -> Digest16 {
        self.new.further(domain, old)
    }

    /// A row's name and digest, for its new subject. `None` where its old ones do not come of these cells (an older program or
    /// schema named it): then nothing that is read will be called so either.
    pub fn row(
        &mut self,
        (source, plan): (&str, &EntityPlan),
        old: &Named,
        cells: &[Cell],
        subject: Option<&Pseudonym>,
    ) -> (Option<Digest16>, Option<i64>) {
        self.cells.clear();
        self.cells.extend(cells.iter().map(|cell| match cell {
            Cell::Digest(digest) => Cell::Digest(self.new.further("column", digest)),
            cell => cell.clone(),
        }));
        let of = (source, plan);
        let scopes = [old.scope.as_ref(), None];
        let named_by = scopes.into_iter().find(|scope| {
            row_key(&self.old, of, old.subject.as_ref(), *scope, cells, &mut self.bytes) == old.key
        });
        let key = named_by.map(|scope| {
            let scope = scope.map(|scope| self.new.further("scope", scope));
            row_key(&self.new, of, subject, scope.as_ref(), &self.cells, &mut self.bytes)
        });
        let says = row_hash(&self.old, cells, &mut self.bytes) == old.hash;
        (key, says.then(|| row_hash(&self.new, &self.cells, &mut self.bytes)))
    }

    /// A row's name that cannot be made anew.
    pub fn row_as_it_was(&self, key: &Digest16) -> Digest16 {
        self.new.name(key)
    }

    /// A row's digest that cannot be made anew.
    pub fn hash_as_it_was(&self, hash: i64) -> i64 {
        self.new.name(&hash.to_le_bytes()).first_chunk().map_or(0, |first| i64::from_le_bytes(*first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_further_is_what_the_next_key_gives() {
        let first = Key::for_demo(1);
        let second = Key::for_demo(2).after(&first);
        let third = Key::for_demo(3).after(&second);
        let parts: [&[u8]; 2] = [b"spring", b"AP07"];
        let under = |key: &Key| key.keyed().trail("scope", &parts);
        assert_eq!(Renaming::new(&first, &second).further("scope", &under(&first)), under(&second));
        assert_eq!(Renaming::new(&second, &third).further("scope", &under(&second)), under(&third));
        let sealed = third.sealed_trail().unwrap();
        let again = Key::for_demo(3).with_trail(&sealed).unwrap();
        assert_eq!(under(&again), under(&third));
        assert_ne!(under(&Key::for_demo(3)), under(&third), "without its trail it names otherwise");
        assert!(Key::for_demo(2).with_trail(&sealed).is_err());
    }
}
