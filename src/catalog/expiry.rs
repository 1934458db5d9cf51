use super::{Access, Catalog, CatalogFault, ReleaseEntry, audit::chain};
use rusqlite::params;

/// A release that is kept whatever its age, because somebody cites it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Pin {
    /// The release.
    pub id: String,
    /// Why.
    pub reason: String,
    /// Since when, UTC.
    pub pinned_at: String,
}

/// Rows of a source that its catalog names, by entity.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Holding {
    /// What the files hold: an entity, or `identities`.
    pub entity: String,
    /// Files.
    pub files: u64,
    /// Rows in them, of every version.
    pub rows: u64,
}

impl Catalog {
    /// Pinned releases, in the order of their ids.
    pub fn pins(&self) -> Result<Vec<Pin>, CatalogFault> {
        let mut statement =
            self.read().prepare("SELECT id, reason, pinned_at FROM release_pin ORDER BY id")?;
        let rows = statement
            .query_map([], |row| Ok(Pin { id: row.get(0)?, reason: row.get(1)?, pinned_at: row.get(2)? }))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Pins a release, with the audit of it. False where there is none of that id.
    pub fn pin_release(
        &mut self,
        id: &str,
        reason: &str,
        access: &Access<'_>,
        now: &str,
    ) -> Result<bool, CatalogFault> {
        self.write(|tx| {
            let pinned = tx.execute(
                "INSERT INTO release_pin(id, reason, pinned_at) SELECT id, ?2, ?3 FROM release WHERE id = ?1
                 ON CONFLICT DO UPDATE SET reason = excluded.reason",
                params![id, reason, now],
            )?;
            if pinned == 1 {
                chain(tx, access, now)?;
            }
            Ok(pinned == 1)
        })
    }

    /// Takes a pin away, with the audit of it. False where there was none.
    pub fn unpin_release(&mut self, id: &str, access: &Access<'_>, now: &str) -> Result<bool, CatalogFault> {
        self.write(|tx| {
            let unpinned = tx.execute("DELETE FROM release_pin WHERE id = ?1", [id])?;
            if unpinned == 1 {
                chain(tx, access, now)?;
            }
            Ok(unpinned == 1)
        })
    }

    /// Forgets a release, unless it is pinned, with the audit of it. False where it is, or where there is none.
    pub fn forget_release(&mut self, id: &str, access: &Access<'_>, now: &str) -> Result<bool, CatalogFault> {
        let sql = "DELETE FROM release WHERE id = ?1 AND id NOT IN (SELECT id FROM release_pin)";
        self.write(|tx| {
            let forgotten = tx.execute(sql, [id])?;
            if forgotten == 1 {
                chain(tx, access, now)?;
            }
            Ok(forgotten == 1)
        })
    }

    /// The releases that a rule lets go, oldest last: not among the newest `keep`, published before a stamp, not pinned.
    pub fn releases_to_go(&self, keep: usize, before: &str) -> Result<Vec<ReleaseEntry>, CatalogFault> {
        let pins = self.pins()?;
        let old = self.releases()?.into_iter().skip(keep);
        Ok(old
            .filter(|release| {
                release.published_at.as_str() < before && !pins.iter().any(|pin| pin.id == release.id)
            })
            .collect())
    }

    /// What the lake and the register hold of a source, by entity.
    pub fn holdings(&self, source: &str) -> Result<Vec<Holding>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT CASE f.kind WHEN 'register' THEN 'identities' ELSE f.entity END AS what, count(*), sum(f.rows)
               FROM file f JOIN batch b ON b.seq = f.batch_seq JOIN run r ON r.id = b.run_id
              WHERE r.state = 'published' AND f.retired = 0 AND f.source = ?1 AND f.kind IN ('lake', 'register')
              GROUP BY what ORDER BY what",
        )?;
        let rows = statement.query_map([source], |row| {
            Ok(Holding {
                entity: row.get(0)?,
                files: row.get::<_, i64>(1)? as u64,
                rows: row.get::<_, i64>(2)? as u64,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
