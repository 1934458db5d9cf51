use super::{Catalog, CatalogFault};
use rusqlite::{Transaction, params};

/// How a feed names its rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedShape {
    /// The name that its scopes are keyed with.
    pub feed: String,
    /// `keyed`, `list`, or `snapshot` and the captures that name its scope.
    pub naming: String,
    /// The entities that it gives rows of.
    pub entities: Vec<String>,
}

impl Catalog {
    /// How the rows of a source's feeds were named when it was last published.
    pub fn feed_shapes(&self, source: &str) -> Result<Vec<FeedShape>, CatalogFault> {
        let sql = "SELECT feed, naming, entities FROM feed_shape WHERE source = ?1 ORDER BY feed";
        let mut statement = self.read().prepare(sql)?;
        let rows = statement.query_map([source], |row| {
            let entities: String = row.get(2)?;
            let entities = entities.split(' ').map(str::to_owned).collect();
            Ok(FeedShape { feed: row.get(0)?, naming: row.get(1)?, entities })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Says how a source's feeds name their rows from now on.
pub(super) fn replace(tx: &Transaction<'_>, source: &str, shapes: &[FeedShape]) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM feed_shape WHERE source = ?1", [source])?;
    let mut insert = tx.prepare("INSERT INTO feed_shape VALUES (?1, ?2, ?3, ?4)")?;
    for FeedShape { feed, naming, entities } in shapes {
        insert.execute(params![source, feed, naming, entities.join(" ")])?;
    }
    Ok(())
}
