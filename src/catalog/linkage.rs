//! What is known of linking beside the links: decisions of persons, models, and learners that changed.
use super::{Access, Catalog, CatalogFault, audit::chain};
use crate::privacy::Pseudonym;
use rusqlite::params;

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
