//! Before a record is handed on: whether it is about somebody who must not be held, or whose places must not be told.
use super::super::{Site, SiteFault};
use crate::{
    conform::Conformed,
    privacy::{
        Digest16, Keyed, Pseudonym,
        suppression::{Entry, Marked, Marks, Suppression, Wish},
    },
};

/// What may become of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// It goes on.
    Free,
    /// It goes on, and tells no place.
    Placeless,
    /// It is counted, and nothing else is known of it.
    Withheld,
}

/// Somebody on the list who was recognised under a key that the list did not have.
struct Learned {
    entry: usize,
    person: Digest16,
    subject: Pseudonym,
}

/// The list as it was when the run began, and what the run found out beside it.
pub(super) struct Gate {
    list: Option<Suppression>,
    marked: Marked,
    learned: Vec<Learned>,
}

impl Gate {
    /// Opens the list. Whoever holds the source's lease sees all that was confirmed before.
    pub(super) fn open(site: &Site) -> Result<Self, SiteFault> {
        let list = Suppression::load(&site.settings.suppression_list, &site.key)?;
        let marked = Suppression::plan(&site.definitions.identity);
        Ok(Self { list: list.filter(|list| !list.is_empty()), marked, learned: Vec::new() })
    }

    /// The state of the list, in a word: a run is only taken up with the list that it began with.
    pub(super) fn state(&self) -> String {
        self.list.as_ref().map_or_else(String::new, |list| format!("{} {}", list.id(), list.len()))
    }

    /// What may become of a record of a tenant.
    pub(super) fn passage(
        &mut self,
        keyed: &Keyed,
        (source, tenant): (&str, &str),
        conformed: &Conformed,
    ) -> Passage {
        let (Some(list), Some(key)) = (&mut self.list, &conformed.person) else { return Passage::Free };
        let key = key.veiled().0.as_str();
        let person = list.person(source, tenant, key);
        let said: Vec<Option<&str>> = conformed.identity.veiled().0.iter().map(Option::as_deref).collect();
        let Some(entry) = list.concerning(&person, &self.marked, &said) else { return Passage::Free };
        let wish = list.entry(entry).wish;
        if !list.lists(&person, wish) {
            // Records of other feeds may know the person by this key alone.
            let subject = keyed.subject(source, tenant, key);
            list.push(further_key(list.entry(entry), source, &person, &subject));
            self.learned.push(Learned { entry, person, subject });
        }
        if wish.withholds() { Passage::Withheld } else { Passage::Placeless }
    }

    /// Whether a person whom the source deleted is on the list: then nothing is left to delete.
    pub(super) fn knows(&self, source: &str, tenant: &str, key: &str) -> bool {
        self.list.as_ref().is_some_and(|list| {
            let person = list.person(source, tenant, key);
            [Wish::Erased, Wish::Objected].iter().any(|wish| list.lists(&person, *wish))
        })
    }

    /// Writes down the keys that were found out. What had come in under them before they were known goes when the list is
    /// next carried out: before anything is read. Under the writer's lock.
    pub(super) fn close(self, site: &Site, source: &str) -> Result<(), SiteFault> {
        let Some(began) = self.list.filter(|_| !self.learned.is_empty()) else { return Ok(()) };
        let path = &site.settings.suppression_list;
        let Some(mut list) = Suppression::load(path, &site.key)? else { return Ok(()) };
        let before = list.len();
        for Learned { entry, person, subject } in &self.learned {
            let entry = began.entry(*entry);
            if !list.lists(person, entry.wish) {
                list.push(further_key(entry, source, person, subject));
            }
        }
        if list.len() > before {
            list.save(path, &site.key)?;
        }
        Ok(())
    }
}

/// A further key of somebody who is on the list.
fn further_key(entry: &Entry, source: &str, person: &Digest16, subject: &Pseudonym) -> Entry {
    let mut marks = Marks::default();
    marks.add_person(person);
    let by = ("throughline", "throughline");
    let mut further = Entry::new(entry.wish, 0, &entry.at, by, "", marks);
    further.add_subject(source, subject);
    further
}
