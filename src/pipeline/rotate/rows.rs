use super::{
    RotateFault, Work,
    people::People,
    sorter::{InOrder, Sorter},
};
use crate::{
    catalog::{HeldFile, Rotation, Run},
    fault::{Name, failpoint},
    lake::{self, Called, Entry, LakeFault, Meta, NO_FILE, Namer},
    pipeline::Site,
    privacy::{Digest16, EntityPlan, Named, Renaming},
};
use std::collections::HashMap;

/// Names the rows of a source anew.
struct Names<'w> {
    renaming: &'w mut Renaming,
    people: &'w mut People,
    source: &'w str,
    plan: &'w EntityPlan,
    /// Rows that were said to be gone: what tells that has no cells to be named by.
    gone: &'w mut HashMap<Digest16, Option<Digest16>>,
    /// What every row was called and is called.
    told: Option<&'w mut Sorter>,
    rows: u64,
    unmatched: u64,
}

impl Namer for Names<'_> {
    fn row(&mut self, row: &Called<'_>) -> Result<Named, LakeFault> {
        let old = &row.named;
        let subject = old.subject.map(|subject| self.people.new_of(&subject, self.renaming));
        let scope = old.scope.map(|scope| self.renaming.further("scope", &scope));
        self.rows += 1;
        let (key, hash) = if row.gone {
            (self.gone.get(&old.key).copied().flatten(), Some(0))
        } else {
            self.renaming.row((self.source, self.plan), old, row.cells, subject.as_ref())
        };
        self.unmatched += u64::from(key.is_none() || hash.is_none());
        let key = key.unwrap_or_else(|| self.renaming.row_as_it_was(&old.key));
        let hash = hash.unwrap_or_else(|| self.renaming.hash_as_it_was(old.hash));
        if !row.gone
            && let Some(known) = self.gone.get_mut(&old.key)
        {
            *known = Some(key);
        }
        if let Some(told) = &mut self.told {
            told.push(Entry {
                key: old.key,
                subject: Some(key),
                hash,
                seq: row.seq,
                record: 0,
                scope: None,
                entity: Name::NONE,
                file: NO_FILE,
                gone: row.gone,
                staged: false,
            })?;
        }
        Ok(Named { subject, scope, key, hash })
    }

    fn document(&self, old: &Digest16) -> Digest16 {
        self.renaming.further("document", old)
    }

    fn hashed(&self, old: &Digest16) -> Digest16 {
        self.renaming.further("column", old)
    }
}

impl Work {
    /// Writes the rows of a source again. Gives what each was called (`key`) and is called now (`subject`, `hash`), in the
    /// order of the old names.
    pub(super) fn rows(
        &mut self,
        site: &mut Site,
        run: &Run,
        (source, held): (&str, &[HeldFile]),
        rotation: &mut Rotation,
    ) -> Result<InOrder, RotateFault> {
        let data_dir = site.settings.data_dir.clone();
        let mut gone = HashMap::new();
        let mut telling = Vec::with_capacity(held.len());
        for held in held {
            let buried = lake::buried(&data_dir.join(&held.file.path))?;
            telling.push(!buried.is_empty());
            gone.extend(buried.into_iter().map(|key| (key, None)));
        }
        let mut names = Sorter::new(&data_dir, format!("rotate-names-{}", run.id));
        let undefined = EntityPlan::undefined();
        // Files that bury nobody are written; those that do are looked at, so that every row that was buried has been
        // met somewhere, and then written.
        for (buries, writes) in [(false, true), (true, false), (true, true)] {
            for (held, _) in held.iter().zip(&telling).filter(|(_, telling)| **telling == buries) {
                let file = &held.file;
                let plan = site.definitions.entity(&file.entity).map(|at| &site.definitions.plans[at]);
                let plan = plan.unwrap_or(&undefined);
                let mut namer = Names {
                    renaming: &mut self.renaming,
                    people: &mut self.people,
                    source,
                    plan,
                    gone: &mut gone,
                    told: writes.then_some(&mut names),
                    rows: 0,
                    unmatched: 0,
                };
                if !writes {
                    lake::call(&data_dir.join(&file.path), plan, &mut namer)?;
                    continue;
                }
                let seq = site.catalog.reserve_seqs(1)?;
                let meta = Meta { data_dir: &data_dir, run: run.id, seq, source };
                let written = lake::renamed(file, plan, &meta, &mut namer)?;
                self.done.rows += namer.rows;
                self.done.unmatched += namer.unmatched;
                rotation.files.push((file.path.clone(), written));
                failpoint("rotate.file")?;
            }
        }
        Ok(names.sorted()?)
    }
}
