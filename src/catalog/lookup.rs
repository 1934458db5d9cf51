//! How many people somebody has looked up, and how fresh the answer was.
use super::{Access, Catalog, CatalogFault, audit::chain};
use rusqlite::params;

impl Catalog {
    /// Notes a lookup, unless with it somebody would have looked up more people on one day than `most`: then that is noted,
    /// as refused. Whether it may go on.
    pub fn note_lookup(&mut self, access: &Access<'_>, most: u64, now: &str) -> Result<bool, CatalogFault> {
        // In one transaction: of two lookups at the same moment the second sees the first.
        self.write(|tx| {
            let day = now.get(..10).unwrap_or(now);
            let before: i64 = tx.query_row(
                "SELECT coalesce(sum(people), 0) FROM audit
                  WHERE who = ?1 AND verb = ?2 AND outcome = 'done' AND substr(at, 1, 10) = ?3",
                params![access.who, access.verb, day],
                |row| row.get(0),
            )?;
            let may = (before as u64).saturating_add(access.people) <= most;
            let outcome = if may { access.outcome } else { "refused" };
            chain(tx, &Access { outcome, ..*access }, now)?;
            Ok(may)
        })
    }

    /// When a pull last ended with something published, UTC.
    pub fn last_pulled(&self) -> Result<Option<String>, CatalogFault> {
        let sql = "SELECT max(ended_at) FROM run WHERE state = 'published' AND source <> ''";
        Ok(self.read().query_row(sql, [], |row| row.get(0))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_a_days_measure_nobody_is_looked_up_and_the_audit_says_so() {
        let mut catalog = Catalog::in_memory().unwrap();
        let asks = |who, people| Access {
            who,
            role: "caseworker",
            verb: "resolve",
            purpose: "participation",
            about: "view caseload",
            people,
            outcome: "done",
        };
        let mut look = |who, people, at| catalog.note_lookup(&asks(who, people), 100, at).unwrap();
        assert!(look("ann", 60, "2026-11-28T10:00:00Z"));
        assert!(!look("ann", 41, "2026-11-28T10:00:01Z"));
        assert!(look("bob", 41, "2026-11-28T10:00:02Z"), "each has a measure of their own");
        assert!(look("ann", 40, "2026-11-28T10:00:03Z"), "what was refused does not count");
        assert!(look("ann", 100, "2026-11-29T00:00:00Z"), "and each day another");
        let outcomes: Vec<String> =
            catalog.audit(1).unwrap().into_iter().map(|entry| entry.outcome).collect();
        assert_eq!(outcomes, ["done", "refused", "done", "done", "done"]);
    }
}
