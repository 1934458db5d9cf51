use super::{Catalog, CatalogFault};
use rusqlite::OptionalExtension;

/// The format this program writes. A catalog of an earlier one names rows otherwise (docs/decisions/0017): read with
/// these names, every row would be new.
const FORMAT: i64 = 5;

const TABLES: &str = "
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
-- One verb at work on one source. Only a published run's files exist for readers.
CREATE TABLE run(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    verb TEXT NOT NULL, source TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'held', 'published', 'failed', 'abandoned', 'discarded')),
    started_at TEXT NOT NULL, ended_at TEXT, reason TEXT NOT NULL DEFAULT '',
    -- Whether it asked for everything, and a digest of the definitions it read with: a killed run is only resumed as
    -- what it was.
    whole INTEGER NOT NULL DEFAULT 0, read_with TEXT NOT NULL DEFAULT '') STRICT;
-- A batch is staged whole: its files are named here in the same transaction, with what was counted until then.
-- Records are numbered through the run; `open_document` is the document that it ends in the middle of.
CREATE TABLE batch(
    seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id), rows INTEGER NOT NULL,
    first_record INTEGER NOT NULL DEFAULT 0, records INTEGER NOT NULL DEFAULT 0, open_document INTEGER,
    collapsed TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX batch_by_run ON batch(run_id);
CREATE TABLE file(
    path TEXT PRIMARY KEY, batch_seq INTEGER NOT NULL REFERENCES batch(seq),
    kind TEXT NOT NULL CHECK (kind IN ('lake', 'register', 'link', 'index', 'stage', 'model', 'pairs')),
    entity TEXT NOT NULL, ay INTEGER, source TEXT NOT NULL,
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, retired INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX file_by_batch ON file(batch_seq);
CREATE TABLE cursor(source TEXT, tenant TEXT, feed TEXT, value TEXT NOT NULL, PRIMARY KEY (source, tenant, feed)) STRICT;
-- What was last read whole from each place (slot: a keyed digest of a file's path in its inbox): a file is read
-- again when its bytes, or the definitions it is read with, have changed since. `content` is what it held, and `first_seq`
-- the sequence at which that was first read: read again, files keep that order.
CREATE TABLE document(source TEXT, feed TEXT, slot BLOB, digest BLOB NOT NULL, run_id INTEGER NOT NULL REFERENCES run(id),
    content BLOB, first_seq INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (source, feed, slot)) STRICT;
CREATE TABLE feed_count(
    run_id INTEGER NOT NULL REFERENCES run(id), source TEXT NOT NULL, feed TEXT NOT NULL,
    read INTEGER NOT NULL, accepted INTEGER NOT NULL, set_aside INTEGER NOT NULL, unchanged INTEGER NOT NULL,
    cells_emptied INTEGER NOT NULL, documents_set_aside INTEGER NOT NULL,
    -- Rows that went, of those that stood before.
    gone INTEGER NOT NULL DEFAULT 0,
    -- Records of people who must not be held.
    withheld INTEGER NOT NULL DEFAULT 0,
    CHECK (read = accepted + set_aside + unchanged + withheld), PRIMARY KEY (run_id, source, feed)) STRICT;
-- Places and problems, never values.
CREATE TABLE quarantine(
    run_id INTEGER NOT NULL REFERENCES run(id), source TEXT NOT NULL, feed TEXT NOT NULL,
    document INTEGER NOT NULL, part INTEGER NOT NULL, row INTEGER NOT NULL, column_name TEXT NOT NULL,
    problem TEXT NOT NULL, detail TEXT NOT NULL, hint TEXT NOT NULL, consequence TEXT NOT NULL,
    seq INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX quarantine_by_run ON quarantine(run_id);
-- The learner each subject was given; a learner keeps the id of its earliest subject.
CREATE TABLE link_anchor(subject BLOB PRIMARY KEY, learner BLOB NOT NULL) STRICT;
-- What persons said about two subjects: one learner, or two. The newest word on a pair holds.
CREATE TABLE link_decision(
    id INTEGER PRIMARY KEY AUTOINCREMENT, one BLOB NOT NULL, other BLOB NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('same', 'different', 'withdrawn')),
    who TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL, CHECK (one < other)) STRICT;
-- Joined pairs that were drawn for a person to look at, and how many were joined in the band that each was drawn from.
CREATE TABLE link_sample(
    one BLOB NOT NULL, other BLOB NOT NULL, band TEXT NOT NULL, joined INTEGER NOT NULL, drawn_at TEXT NOT NULL,
    PRIMARY KEY (one, other), CHECK (one < other)) STRICT;
CREATE INDEX link_sample_by_other ON link_sample(other);
-- Models that were trained, and since when one is used. Its file is sealed: how often names are borne is said by names.
CREATE TABLE link_model(
    version TEXT PRIMARY KEY, path TEXT NOT NULL, trained_at TEXT NOT NULL, fingerprint TEXT NOT NULL,
    people INTEGER NOT NULL, sayings INTEGER NOT NULL, adopted_at TEXT, adopted_by TEXT) STRICT;
-- Subjects that were given another learner than before.
CREATE TABLE learner_change(
    run_id INTEGER NOT NULL REFERENCES run(id), subject BLOB NOT NULL, before BLOB NOT NULL, after BLOB NOT NULL,
    at TEXT NOT NULL, PRIMARY KEY (run_id, subject)) STRICT;
-- How each source's subjects were linked: what the next linking is compared with.
CREATE TABLE link_measure(
    run_id INTEGER NOT NULL REFERENCES run(id), source TEXT NOT NULL, subjects INTEGER NOT NULL,
    linked INTEGER NOT NULL, largest INTEGER NOT NULL, PRIMARY KEY (run_id, source)) STRICT;
-- Every access to identities and releases: each entry holds the digest of the one before.
CREATE TABLE audit(
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL, verb TEXT NOT NULL,
    purpose TEXT NOT NULL, about TEXT NOT NULL, people INTEGER NOT NULL, outcome TEXT NOT NULL,
    previous TEXT NOT NULL, digest TEXT NOT NULL) STRICT;
-- Requests about somebody's rights. Who they are about is kept by pseudonym, and what was asked sealed, while a case is
-- open; once it is closed neither is.
CREATE TABLE rights_case(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    wish TEXT NOT NULL CHECK (wish IN ('access', 'object', 'restrict', 'rectify', 'erase')),
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'withdrawn')),
    opened_by TEXT NOT NULL, opened_at TEXT NOT NULL, closed_by TEXT, closed_at TEXT, reason TEXT NOT NULL DEFAULT '',
    candidates INTEGER NOT NULL, asked BLOB NOT NULL, outcome TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE rights_subject(
    case_id INTEGER NOT NULL REFERENCES rights_case(id), source TEXT NOT NULL, subject BLOB NOT NULL,
    PRIMARY KEY (case_id, subject)) STRICT;
-- People who are only counted, by the academic year of their Year 6 (0 where it is not known).
CREATE TABLE withheld(cohort_ay INTEGER PRIMARY KEY, learners INTEGER NOT NULL) STRICT;
-- Releases that were withdrawn: what stays of one is that there was one.
CREATE TABLE release_tombstone(
    id TEXT PRIMARY KEY, as_of TEXT NOT NULL, published_at TEXT NOT NULL, withdrawn_at TEXT NOT NULL, why TEXT NOT NULL,
    successor TEXT) STRICT;
-- Keys that took the place of others, by fingerprint; the reason is sealed.
CREATE TABLE key_change(
    run_id INTEGER PRIMARY KEY REFERENCES run(id), at TEXT NOT NULL, who TEXT NOT NULL, before TEXT NOT NULL,
    after TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE release(id TEXT PRIMARY KEY, published_at TEXT NOT NULL, as_of TEXT NOT NULL) STRICT;
-- How the rows of a feed are named: under another name or scope, the same rows would stand twice.
CREATE TABLE feed_shape(
    source TEXT, feed TEXT, naming TEXT NOT NULL, entities TEXT NOT NULL, PRIMARY KEY (source, feed)) STRICT;
-- What a rule of keeping took away: rows by source and entity, and why.
CREATE TABLE removal(
    run_id INTEGER NOT NULL REFERENCES run(id), source TEXT NOT NULL, entity TEXT NOT NULL, why TEXT NOT NULL,
    rows INTEGER NOT NULL, PRIMARY KEY (run_id, source, entity, why)) STRICT;
";

/// What a run has staged and not published: gone when it ends.
const STAGED: &str = "
-- Counts of a batch by document: those of a document that has to be read again are taken back.
CREATE TABLE staged_count(
    run_id INTEGER NOT NULL REFERENCES run(id), seq INTEGER NOT NULL, feed TEXT NOT NULL,
    read INTEGER NOT NULL, set_aside INTEGER NOT NULL, cells_emptied INTEGER NOT NULL,
    documents_set_aside INTEGER NOT NULL, withheld INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX staged_count_by_run ON staged_count(run_id);
CREATE TABLE staged_cursor(
    run_id INTEGER NOT NULL REFERENCES run(id), tenant TEXT NOT NULL, feed TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (run_id, tenant, feed)) STRICT;
CREATE TABLE staged_document(
    run_id INTEGER NOT NULL REFERENCES run(id), feed TEXT NOT NULL, slot BLOB NOT NULL, digest BLOB NOT NULL,
    content BLOB, seq INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (run_id, feed, slot)) STRICT;
-- What the documents said beside their rows: a snapshot's end (subject: its scope), a person deleted, a stated total.
CREATE TABLE staged_word(
    run_id INTEGER NOT NULL REFERENCES run(id), word TEXT NOT NULL CHECK (word IN ('snapshot', 'deletion', 'total')),
    about BLOB NOT NULL, first_seq INTEGER NOT NULL, seq INTEGER NOT NULL, feed TEXT NOT NULL,
    document BLOB NOT NULL, part INTEGER NOT NULL, row INTEGER NOT NULL, place INTEGER NOT NULL,
    records INTEGER NOT NULL, stated INTEGER NOT NULL) STRICT;
CREATE INDEX staged_word_by_run ON staged_word(run_id);
-- How far a slice was read. The token is sealed: where a list of pupils was left off may name one.
CREATE TABLE checkpoint(
    run_id INTEGER NOT NULL REFERENCES run(id), tenant TEXT NOT NULL, feed TEXT NOT NULL, token BLOB NOT NULL,
    started TEXT NOT NULL, first_seq INTEGER NOT NULL, seq INTEGER NOT NULL, scope BLOB, unread INTEGER NOT NULL,
    PRIMARY KEY (run_id, tenant, feed)) STRICT;
-- Documents that a killed run had begun and the resumed one read again: their rows do not count.
CREATE TABLE void_document(
    run_id INTEGER NOT NULL REFERENCES run(id), seq INTEGER NOT NULL, PRIMARY KEY (run_id, seq)) STRICT;
-- Who decided about a held run, when and why.
CREATE TABLE decision(
    run_id INTEGER PRIMARY KEY REFERENCES run(id), verdict TEXT NOT NULL CHECK (verdict IN ('approved', 'discarded')),
    who TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
";

/// What came after the format was settled. A case that lifts a restriction stands as one about a restriction, and here.
const LATER: &str = "
CREATE TABLE IF NOT EXISTS rights_lift(case_id INTEGER PRIMARY KEY REFERENCES rights_case(id)) STRICT;
-- People whose entries in the register went by age; the marks by which a right still reaches them are sealed.
CREATE TABLE IF NOT EXISTS grown_out(subject BLOB PRIMARY KEY, source TEXT NOT NULL, marks BLOB NOT NULL) STRICT;
-- Files that a run read, or could not read, by keyed place and by the number that they had then: what was set aside of a
-- file holds until it is read again.
CREATE TABLE IF NOT EXISTS reading(
    run_id INTEGER NOT NULL REFERENCES run(id), feed TEXT NOT NULL, slot BLOB NOT NULL, document INTEGER NOT NULL,
    PRIMARY KEY (run_id, feed, slot)) STRICT;
";

/// Creates the tables, or checks that they are of a format this program knows.
pub(super) fn create(catalog: &mut Catalog) -> Result<(), CatalogFault> {
    // Looked for inside the transaction: two processes may open a new folder at the same moment.
    catalog.write(|tx| {
        let there: Option<String> = tx
            .query_row("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'meta'", [], |row| {
                row.get(0)
            })
            .optional()?;
        if there.is_none() {
            tx.execute_batch(TABLES)?;
            tx.execute_batch(STAGED)?;
            tx.execute(
                "INSERT INTO meta(name, value) VALUES ('format', ?1), ('commit_seq', '0')",
                [FORMAT.to_string()],
            )?;
        }
        // Later than the format, and missing in catalogs that are older.
        tx.execute_batch(LATER)
    })?;
    let found: String =
        catalog.read().query_row("SELECT value FROM meta WHERE name = 'format'", [], |row| row.get(0))?;
    let found = found.parse().unwrap_or(0);
    if found == FORMAT { Ok(()) } else { Err(CatalogFault::Format { found, known: FORMAT }) }
}

/// Creates the daemon's tables where they are missing: a catalog from before the daemon gains them.
pub(super) fn create_schedule(catalog: &mut Catalog) -> Result<(), CatalogFault> {
    let newest = "SELECT count(*) FROM sqlite_schema WHERE name = 'release_pin'";
    let there: i64 = catalog.read().query_row(newest, [], |row| row.get(0))?;
    if there > 0 { Ok(()) } else { catalog.write(|tx| tx.execute_batch(super::schedule::TABLES)) }
}

/// Creates the table of questions where it is missing: a catalog from before it gains it.
pub(super) fn create_question(catalog: &mut Catalog) -> Result<(), CatalogFault> {
    let newest = "SELECT count(*) FROM sqlite_schema WHERE name = 'question_said'";
    let there: i64 = catalog.read().query_row(newest, [], |row| row.get(0))?;
    if there > 0 { Ok(()) } else { catalog.write(|tx| tx.execute_batch(super::question::TABLES)) }
}

/// Creates the tables of studies where they are missing: a catalog from before them gains them.
pub(super) fn create_study(catalog: &mut Catalog) -> Result<(), CatalogFault> {
    let newest = "SELECT count(*) FROM sqlite_schema WHERE name = 'study_outlived'";
    let there: i64 = catalog.read().query_row(newest, [], |row| row.get(0))?;
    if there > 0 { Ok(()) } else { catalog.write(|tx| tx.execute_batch(super::study::TABLES)) }
}
