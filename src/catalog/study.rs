//! Requests of studies: what was asked for, who approved it, what was cut, and when it was deleted.
use super::{Access, Catalog, CatalogFault, audit::chain};
use rusqlite::{OptionalExtension, Row, Transaction, params};

/// Created when first needed, so that a data folder from before studies needs no migration.
pub(super) const TABLES: &str = "
-- What a study asks of one release. The definition is kept as it was approved; it names columns and the people who ask.
CREATE TABLE IF NOT EXISTS study_request(
    id INTEGER PRIMARY KEY, study TEXT NOT NULL, release_id TEXT NOT NULL, digest TEXT NOT NULL, definition TEXT NOT NULL,
    requested_by TEXT NOT NULL, requested_at TEXT NOT NULL, risk TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS study_approval(
    request_id INTEGER NOT NULL REFERENCES study_request(id), who TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (request_id, who)) STRICT;
-- An extract that was cut: where it was written, until when it may be held, and the end of it.
CREATE TABLE IF NOT EXISTS study_extract(
    request_id INTEGER PRIMARY KEY REFERENCES study_request(id), cut_by TEXT NOT NULL, cut_at TEXT NOT NULL, expires TEXT NOT NULL,
    folder TEXT NOT NULL, learners INTEGER NOT NULL, files TEXT NOT NULL, closed_by TEXT, closed_at TEXT,
    certificate TEXT NOT NULL DEFAULT '') STRICT;
-- An extract that is out and holds, or may hold, somebody whose rows had to go since: that it is so, and nobody.
CREATE TABLE IF NOT EXISTS study_outlived(
    request_id INTEGER NOT NULL REFERENCES study_request(id), why TEXT NOT NULL, since TEXT NOT NULL, is_certain INTEGER NOT NULL)
    STRICT;
";

/// A request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StudyRequest {
    /// Its number.
    pub id: i64,
    /// The study.
    pub study: String,
    /// The release.
    pub release: String,
    /// What stands for the definition.
    pub digest: String,
    /// The definition's text.
    #[serde(skip)]
    pub definition: String,
    /// Who asked.
    pub requested_by: String,
    /// When, UTC.
    pub requested_at: String,
    /// Who approved it and when, in order.
    pub approvals: Vec<(String, String)>,
    /// The extract, once it was cut.
    pub extract: Option<StudyExtract>,
    /// Whose rows had to go while the extract was out, in order of time: never who.
    pub outlived: Vec<Outlived>,
}

impl StudyRequest {
    /// Whether an extract was cut and not closed.
    pub fn is_out(&self) -> bool {
        self.extract.as_ref().is_some_and(|extract| extract.closed_at.is_none())
    }
}

/// That an extract has rows of somebody, or may have, whose rows had to go since.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Outlived {
    /// Why they had to, in a word: `erased`, `objected`.
    pub why: String,
    /// Since when, UTC.
    pub since: String,
    /// Whether it was seen, or could not be looked into.
    pub is_certain: bool,
}

/// An extract that is out with rows of people who are meant by somebody's right. Names the study and nobody in it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct HoldingExtract {
    /// The request that it was cut for.
    pub request: i64,
    /// The study.
    pub study: String,
    /// The release that it was cut from.
    pub release: String,
    /// When it was cut, UTC.
    pub cut_at: String,
    /// The last day on which anybody may have it.
    pub expires: String,
    /// Whether it was seen to hold a row of them, or could not be looked into.
    pub is_certain: bool,
}

/// An extract that was cut.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StudyExtract {
    /// Who cut it.
    pub cut_by: String,
    /// When, UTC.
    pub cut_at: String,
    /// The last day on which anybody may have it.
    pub expires: String,
    /// Where it was written.
    pub folder: String,
    /// Learners in it.
    pub learners: u64,
    /// Its files and their checksums, as a document.
    #[serde(skip)]
    pub files: String,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// When, UTC.
    pub closed_at: Option<String>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct NewRequest<'a> {
    /// The study.
    pub study: &'a str,
    /// The release.
    pub release: &'a str,
    /// What stands for the definition.
    pub digest: &'a str,
    /// Its text.
    pub definition: &'a str,
    /// How alike its learners are, as a document.
    pub risk: &'a str,
}

impl Catalog {
    /// Notes a request with its audit. Gives its number; that of the earlier one where the same was asked before.
    pub fn request_study(
        &mut self,
        new: &NewRequest<'_>,
        access: &Access<'_>,
        now: &str,
    ) -> Result<i64, CatalogFault> {
        self.write(|tx| {
            chain(tx, access, now)?;
            let same = "SELECT id FROM study_request WHERE digest = ?1 AND release_id = ?2";
            let there: Option<i64> =
                tx.query_row(same, params![new.digest, new.release], |row| row.get(0)).optional()?;
            if let Some(id) = there {
                return Ok(id);
            }
            tx.execute(
                "INSERT INTO study_request(study, release_id, digest, definition, requested_by, requested_at, risk)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![new.study, new.release, new.digest, new.definition, access.who, now, new.risk],
            )?;
            Ok(tx.last_insert_rowid())
        })
    }

    /// Notes an approval with its audit.
    pub fn approve_study(&mut self, id: i64, access: &Access<'_>, now: &str) -> Result<(), CatalogFault> {
        self.write(|tx| {
            chain(tx, access, now)?;
            tx.execute(
                "INSERT OR IGNORE INTO study_approval VALUES (?1, ?2, ?3)",
                params![id, access.who, now],
            )?;
            Ok(())
        })
    }

    /// Notes that an extract is cut, with its audit: before anything of it is written.
    pub fn cut_study(
        &mut self,
        id: i64,
        extract: &StudyExtract,
        access: &Access<'_>,
        now: &str,
    ) -> Result<(), CatalogFault> {
        self.write(|tx| {
            chain(tx, access, now)?;
            tx.execute(
                "INSERT INTO study_extract(request_id, cut_by, cut_at, expires, folder, learners, files)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    id,
                    extract.cut_by,
                    extract.cut_at,
                    extract.expires,
                    extract.folder,
                    extract.learners as i64,
                    extract.files
                ],
            )?;
            Ok(())
        })
    }

    /// Notes that an extract is no more, with its audit.
    pub fn close_study(
        &mut self,
        id: i64,
        certificate: &str,
        access: &Access<'_>,
        now: &str,
    ) -> Result<(), CatalogFault> {
        self.write(|tx| {
            chain(tx, access, now)?;
            tx.execute(
                "UPDATE study_extract SET closed_by = ?2, closed_at = ?3, certificate = ?4 WHERE request_id = ?1",
                params![id, access.who, now, certificate],
            )?;
            Ok(())
        })
    }

    /// All requests, in their order.
    pub fn study_requests(&self) -> Result<Vec<StudyRequest>, CatalogFault> {
        let mut approvals = self
            .read()
            .prepare("SELECT who, at FROM study_approval WHERE request_id = ?1 ORDER BY at, who")?;
        let mut outlived = self.read().prepare(
            "SELECT why, since, is_certain FROM study_outlived WHERE request_id = ?1 ORDER BY since, why, is_certain",
        )?;
        let mut statement = self.read().prepare(
            "SELECT id, study, release_id, digest, definition, requested_by, requested_at, cut_by, cut_at, expires, folder,
                    learners, files, closed_by, closed_at
               FROM study_request LEFT JOIN study_extract ON request_id = id ORDER BY id",
        )?;
        let mut requests =
            statement.query_map([], request)?.collect::<rusqlite::Result<Vec<StudyRequest>>>()?;
        for request in &mut requests {
            let rows = approvals.query_map([request.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            request.approvals = rows.collect::<rusqlite::Result<_>>()?;
            let rows = outlived.query_map([request.id], |row| {
                Ok(Outlived { why: row.get(0)?, since: row.get(1)?, is_certain: row.get(2)? })
            })?;
            request.outlived = rows.collect::<rusqlite::Result<_>>()?;
        }
        Ok(requests)
    }
}

/// Notes which extracts are out with rows of people who had to go, inside the transaction that lets them go.
pub(super) fn outlive(
    tx: &Transaction<'_>,
    extracts: &[HoldingExtract],
    why: &str,
    now: &str,
) -> rusqlite::Result<()> {
    let mut note = tx.prepare("INSERT INTO study_outlived VALUES (?1, ?2, ?3, ?4)")?;
    extracts.iter().try_for_each(|extract| {
        note.execute(params![extract.request, why, now, extract.is_certain]).map(drop)
    })
}

fn request(row: &Row<'_>) -> rusqlite::Result<StudyRequest> {
    let cut_by: Option<String> = row.get(7)?;
    let extract = match cut_by {
        Some(cut_by) => Some(StudyExtract {
            cut_by,
            cut_at: row.get(8)?,
            expires: row.get(9)?,
            folder: row.get(10)?,
            learners: row.get::<_, i64>(11)?.unsigned_abs(),
            files: row.get(12)?,
            closed_by: row.get(13)?,
            closed_at: row.get(14)?,
        }),
        None => None,
    };
    Ok(StudyRequest {
        id: row.get(0)?,
        study: row.get(1)?,
        release: row.get(2)?,
        digest: row.get(3)?,
        definition: row.get(4)?,
        requested_by: row.get(5)?,
        requested_at: row.get(6)?,
        approvals: Vec::new(),
        extract,
        outlived: Vec::new(),
    })
}
