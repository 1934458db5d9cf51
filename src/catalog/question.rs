//! Questions that were answered, and what each cost: what all of them together may tell is bounded.
use super::{Access, Catalog, CatalogFault, audit::chain};
use rusqlite::{OptionalExtension, params};

/// Created when first needed, so that a data folder from before needs no migration.
///
/// Before, a ledger kept who was counted in every answer: nobody needs those lists now, and they go.
pub(super) const TABLES: &str = "
DROP TABLE IF EXISTS shown_cell;
DROP TABLE IF EXISTS shown_table;
-- Answers to questions over real learners, in their order. Rows are never changed.
CREATE TABLE IF NOT EXISTS question(
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, said TEXT NOT NULL, spent INTEGER NOT NULL, at TEXT NOT NULL) STRICT;
-- What was told, once it was found: a question is paid for before anything is looked at.
CREATE TABLE IF NOT EXISTS question_answer(
    question_seq INTEGER PRIMARY KEY REFERENCES question(seq), answer BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS question_said ON question(said, spent);
";

/// For which purpose answers are sealed.
pub const ANSWER: &str = "answer to a question";

/// A question that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredQuestion {
    /// What it is known by.
    pub id: String,
    /// What it asks, as a keyed digest: the same for all ways to write it that are known to be the same.
    pub said: String,
    /// What it cost, in questions.
    pub spent: u64,
}

impl Catalog {
    /// A question that was asked before and its answer, at least as exact: the most exact there is. The answer is as it was
    /// shown, sealed under the lake's key: nobody else can make one.
    pub fn answered(
        &self,
        said: &str,
        spent: u64,
    ) -> Result<Option<(AnsweredQuestion, Vec<u8>)>, CatalogFault> {
        let mut find = self.read().prepare(
            "SELECT id, said, spent, answer FROM question JOIN question_answer ON question_seq = seq
             WHERE said = ?1 AND spent >= ?2 ORDER BY spent DESC, seq LIMIT 1",
        )?;
        let row = |row: &rusqlite::Row<'_>| {
            let spent: i64 = row.get(2)?;
            let question =
                AnsweredQuestion { id: row.get(0)?, said: row.get(1)?, spent: spent.unsigned_abs() };
            Ok((question, row.get(3)?))
        };
        Ok(find.query_row(params![said, spent.cast_signed()], row).optional()?)
    }

    /// How many answers there are, and what was spent on those after an instant.
    pub fn spent_after(&self, instant: &str) -> Result<(u64, u64), CatalogFault> {
        let both = "SELECT count(*), coalesce(sum(spent) FILTER (WHERE at > ?1), 0) FROM question";
        let (count, spent): (i64, i64) =
            self.read().query_row(both, [instant], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((count.unsigned_abs(), spent.unsigned_abs()))
    }

    /// Notes a question that is about to be looked at, and what it costs, with the audit of it, in one transaction: look only when
    /// this was true. False, and nothing noted, where another was noted since there were `beside` of them.
    pub fn note_question(
        &mut self,
        question: &AnsweredQuestion,
        beside: u64,
        access: &Access<'_>,
        now: &str,
    ) -> Result<bool, CatalogFault> {
        self.write(|tx| {
            let there: i64 = tx.query_row("SELECT count(*) FROM question", [], |row| row.get(0))?;
            if there.unsigned_abs() != beside {
                return Ok(false);
            }
            let seq = chain(tx, access, now)?;
            tx.execute(
                "INSERT INTO question(seq, id, said, spent, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![seq, question.id, question.said, question.spent.cast_signed(), now],
            )?;
            Ok(true)
        })
    }

    /// Keeps the answer to a question that was noted, sealed.
    pub fn keep_answer(&mut self, id: &str, answer: &[u8]) -> Result<(), CatalogFault> {
        let keep =
            "INSERT INTO question_answer(question_seq, answer) SELECT seq, ?2 FROM question WHERE id = ?1";
        self.write(|tx| {
            tx.execute(keep, params![id, answer])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCESS: Access<'_> = Access {
        who: "ann",
        role: "research",
        verb: "query",
        purpose: "research",
        about: "a question",
        people: 0,
        outcome: "done",
    };

    fn question(id: &str, said: &str, spent: u64) -> AnsweredQuestion {
        AnsweredQuestion { id: id.into(), said: said.into(), spent }
    }

    #[test]
    fn an_answer_is_kept_with_what_it_cost_and_its_audit() {
        let mut catalog = Catalog::in_memory().unwrap();
        assert!(catalog.note_question(&question("one", "a", 1), 0, &ACCESS, "2026-11-28T10:00:00Z").unwrap());
        assert!(catalog.note_question(&question("two", "a", 4), 1, &ACCESS, "2026-11-29T10:00:00Z").unwrap());
        assert!(
            catalog.note_question(&question("three", "b", 2), 2, &ACCESS, "2026-11-30T10:00:00Z").unwrap()
        );
        assert_eq!(
            catalog.spent_after("2026-11-28T10:00:00Z").unwrap(),
            (3, 6),
            "a year after it is free again"
        );
        assert_eq!(catalog.answered("a", 1).unwrap(), None, "paid for, and nothing told so far");
        catalog.keep_answer("one", b"rough").unwrap();
        catalog.keep_answer("two", b"near").unwrap();
        assert_eq!(catalog.answered("a", 1).unwrap().unwrap(), (question("two", "a", 4), b"near".to_vec()));
        assert_eq!(catalog.answered("a", 5).unwrap(), None);
        assert_eq!(catalog.answered("c", 1).unwrap(), None);
        assert_eq!(catalog.audit(1).unwrap().len(), 3);
    }

    #[test]
    fn two_at_once_do_not_spend_the_same() {
        let mut catalog = Catalog::in_memory().unwrap();
        assert!(catalog.note_question(&question("one", "a", 1), 0, &ACCESS, "2026-11-28T10:00:00Z").unwrap());
        assert!(
            !catalog.note_question(&question("two", "b", 1), 0, &ACCESS, "2026-11-28T10:00:00Z").unwrap()
        );
        assert_eq!((catalog.spent_after("").unwrap(), catalog.audit(1).unwrap().len()), ((1, 1), 1));
        let again = catalog.note_question(&question("one", "c", 1), 1, &ACCESS, "2026-11-28T10:00:02Z");
        assert!(again.is_err(), "an id is used once");
        assert_eq!(catalog.audit(1).unwrap().len(), 1, "and nothing is noted of what was not shown");
    }
}
