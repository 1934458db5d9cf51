//! What is known of linking beside the links: decisions of persons, models, and learners that changed.
use super::{Access, Catalog, CatalogFault, audit::chain};
use crate::privacy::Pseudonym;
use rusqlite::{OptionalExtension, Transaction, params};

/// What a person said about two subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkVerdict {
    /// They are one learner.
    Same,
    /// They are two.
    Different,
    /// What was said before about them no longer holds.
    Withdrawn,
}

impl LinkVerdict {
    /// The word in the catalog.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "same" => Self::Same,
            "different" => Self::Different,
            _ => Self::Withdrawn,
        }
    }
}

/// A person's word on two subjects; the smaller pseudonym comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkDecision {
    /// The two.
    pub pair: (Pseudonym, Pseudonym),
    /// What was said.
    pub verdict: LinkVerdict,
    /// The user of the operating system.
    pub who: String,
    /// When, UTC.
    pub at: String,
    /// Why; sealed.
    pub reason: String,
}

/// A model that was trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkModel {
    /// Its name.
    pub version: String,
    /// Its sealed file, relative to the data folder.
    pub path: String,
    /// When, UTC.
    pub trained_at: String,
    /// A keyed digest of what it was trained on.
    pub fingerprint: String,
    /// People it was trained on.
    pub people: i64,
    /// What was said of them.
    pub sayings: i64,
    /// Since when it is used.
    pub adopted_at: Option<String>,
    /// Who looked at it and adopted it; `throughline` for the first, which replaces none.
    pub adopted_by: Option<String>,
}

/// A subject that was given another learner than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LearnerChange {
    /// The subject.
    pub subject: Pseudonym,
    /// The learner it was.
    pub before: Pseudonym,
    /// The learner it is.
    pub after: Pseudonym,
}

impl Catalog {
    /// Notes what persons decided, together with the audit of it.
    pub fn note_decisions(
        &mut self,
        decisions: &[LinkDecision],
        access: &Access<'_>,
        now: &str,
    ) -> Result<(), CatalogFault> {
        self.write(|tx| {
            let mut insert = tx.prepare(
                "INSERT INTO link_decision(one, other, verdict, who, at, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for decision in decisions {
                let (one, other) = decision.pair;
                insert.execute(params![
                    one.min(other),
                    one.max(other),
                    decision.verdict.word(),
                    decision.who,
                    decision.at,
                    decision.reason
                ])?;
            }
            chain(tx, access, now).map(drop)
        })
    }

    /// Every decision that was ever made, in order; of those on one pair the last holds.
    pub fn decisions(&self) -> Result<Vec<LinkDecision>, CatalogFault> {
        let mut statement = self
            .read()
            .prepare("SELECT one, other, verdict, who, at, reason FROM link_decision ORDER BY id")?;
        let rows = statement.query_map([], |row| {
            let verdict: String = row.get(2)?;
            Ok(LinkDecision {
                pair: (row.get(0)?, row.get(1)?),
                verdict: LinkVerdict::parse(&verdict),
                who: row.get(3)?,
                at: row.get(4)?,
                reason: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// How a source's subjects were linked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LinkMeasure {
    /// The source.
    pub source: String,
    /// Its subjects.
    pub subjects: i64,
    /// Those that were joined to another.
    pub linked: i64,
    /// Members of the largest cluster that one of them is in.
    pub largest: i64,
}

impl Catalog {
    /// Every model, the newest last.
    pub fn models(&self) -> Result<Vec<LinkModel>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT version, path, trained_at, fingerprint, people, sayings, adopted_at, adopted_by
               FROM link_model ORDER BY rowid",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(LinkModel {
                version: row.get(0)?,
                path: row.get(1)?,
                trained_at: row.get(2)?,
                fingerprint: row.get(3)?,
                people: row.get(4)?,
                sayings: row.get(5)?,
                adopted_at: row.get(6)?,
                adopted_by: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The model in use, if there is one.
    pub fn model_in_use(&self) -> Result<Option<LinkModel>, CatalogFault> {
        let held: Option<String> = self
            .read()
            .query_row("SELECT value FROM meta WHERE name = 'link_model'", [], |row| row.get(0))
            .optional()?;
        Ok(self.models()?.into_iter().find(|model| held.as_ref() == Some(&model.version)))
    }

    /// Uses a model from now on, with the audit of it. False where there is none of that name.
    pub fn adopt_model(
        &mut self,
        version: &str,
        access: &Access<'_>,
        now: &str,
    ) -> Result<bool, CatalogFault> {
        self.write(|tx| {
            let adopted = tx.execute(
                "UPDATE link_model SET adopted_at = ?2, adopted_by = ?3 WHERE version = ?1",
                params![version, now, access.who],
            )?;
            if adopted > 0 {
                use_model(tx, version)?;
                chain(tx, access, now)?;
            }
            Ok(adopted > 0)
        })
    }

    /// Every change of learners, in order, with its day.
    pub fn learner_changes(&self) -> Result<Vec<(LearnerChange, String)>, CatalogFault> {
        let mut statement = self
            .read()
            .prepare("SELECT subject, before, after, at FROM learner_change ORDER BY run_id, subject")?;
        let rows = statement.query_map([], |row| {
            Ok((LearnerChange { subject: row.get(0)?, before: row.get(1)?, after: row.get(2)? }, row.get(3)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How each source's subjects were linked by the last run that published links.
    pub fn link_measures(&self) -> Result<Vec<LinkMeasure>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT source, subjects, linked, largest FROM link_measure
              WHERE run_id = (SELECT max(run_id) FROM link_measure) ORDER BY source",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(LinkMeasure {
                source: row.get(0)?,
                subjects: row.get(1)?,
                linked: row.get(2)?,
                largest: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// What a run of linking makes true beside its links.
#[derive(Clone, Debug, Default)]
pub struct LinkNews {
    /// A model that was trained, and whether it is used from now on.
    pub model: Option<LinkModel>,
    /// Subjects that were given another learner.
    pub changes: Vec<LearnerChange>,
    /// How each source's subjects were linked.
    pub measures: Vec<LinkMeasure>,
}

pub(super) fn write_news(tx: &Transaction<'_>, run: i64, news: &LinkNews, now: &str) -> rusqlite::Result<()> {
    if let Some(model) = &news.model {
        tx.execute(
            "INSERT OR IGNORE INTO link_model VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                model.version,
                model.path,
                model.trained_at,
                model.fingerprint,
                model.people,
                model.sayings,
                model.adopted_at,
                model.adopted_by
            ],
        )?;
        if model.adopted_at.is_some() {
            use_model(tx, &model.version)?;
        }
    }
    for change in &news.changes {
        tx.execute(
            "INSERT INTO learner_change(run_id, subject, before, after, at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![run, change.subject, change.before, change.after, now],
        )?;
    }
    for measure in &news.measures {
        tx.execute(
            "INSERT INTO link_measure VALUES (?1, ?2, ?3, ?4, ?5)",
            params![run, measure.source, measure.subjects, measure.linked, measure.largest],
        )?;
    }
    Ok(())
}

fn use_model(tx: &Transaction<'_>, version: &str) -> rusqlite::Result<()> {
    tx.execute("INSERT OR REPLACE INTO meta(name, value) VALUES ('link_model', ?1)", [version]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_come_back_in_order_and_are_audited() {
        let mut catalog = Catalog::in_memory().unwrap();
        let decision = |verdict| LinkDecision {
            pair: ([1; 16], [2; 16]),
            verdict,
            who: "ann".to_owned(),
            at: "2026-11-28T10:00:00Z".to_owned(),
            reason: "sealed:00".to_owned(),
        };
        let access = Access {
            who: "ann",
            role: "linkage",
            verb: "link review",
            purpose: "",
            about: "2 pairs",
            people: 4,
            outcome: "done",
        };
        let swapped = LinkDecision { pair: ([2; 16], [1; 16]), ..decision(LinkVerdict::Withdrawn) };
        catalog.note_decisions(&[decision(LinkVerdict::Same), swapped], &access, "2026").unwrap();
        let held = catalog.decisions().unwrap();
        assert_eq!(held, [decision(LinkVerdict::Same), decision(LinkVerdict::Withdrawn)]);
        assert_eq!(catalog.audit(1).unwrap().len(), 1);
    }
}
