//! Snapshots: the same content is the same bytes, and a changed byte is found.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::site::TestSite;
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int16Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use sha2::{Digest, Sha256};
use throughline::release::{
    self, Column, Coverage, ReleaseFault, ReleaseInput, TableFile, current, list, publish, verify,
};
use throughline::warehouse::Limits;

fn column(name: &str, sql_type: &str, description: &str) -> Column {
    Column { name: name.into(), sql_type: sql_type.into(), description: description.into() }
}

fn write(folder: &Path, name: &str, columns: Vec<(&str, ArrayRef)>) -> (PathBuf, String) {
    let path = folder.join(format!("{name}.parquet"));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let digest = Sha256::digest(fs::read(&path).unwrap());
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    (path, pairs.concat())
}

/// A build of two tables; `year` changes one cell of one of them.
fn built(folder: &Path, year: i16) -> ReleaseInput {
    let ids = ["0a", "1b", "2c"].map(|start| format!("{start}{}", "0".repeat(30)));
    let learner_id: ArrayRef = Arc::new(StringArray::from(ids.to_vec()));
    let (member, member_sum) = write(
        folder,
        "cohort_member",
        vec![
            ("learner_id", learner_id.clone()),
            ("cohort_ay", Arc::new(Int16Array::from(vec![2019, year, 2020]))),
            ("dis_y6", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ],
    );
    let state: ArrayRef = Arc::new(StringArray::from(vec!["ks4_mainstream", "ap_no_ks4", "not_found"]));
    let (outcome, outcome_sum) =
        write(folder, "cohort_outcome", vec![("learner_id", learner_id), ("state", state)]);
    let id_column = column("learner_id", "VARCHAR", "Pseudonym of the learner, 32 hex characters");
    ReleaseInput {
        tables: vec![
            TableFile {
                name: "cohort_outcome".into(),
                title: "Where every learner of a cohort ended, & what they achieved".into(),
                grain: vec!["learner_id".into()],
                columns: vec![id_column.clone(), column("state", "VARCHAR", "The learner's state at 16")],
                purposes: vec!["research".into()],
                rows: 3,
                path: outcome,
                sha256: outcome_sum,
            },
            TableFile {
                name: "cohort_member".into(),
                title: "Every learner of every Year 6 cohort, with the starting point".into(),
                grain: vec!["learner_id".into()],
                columns: vec![
                    id_column,
                    column("cohort_ay", "SMALLINT", "The academic year, by its end year"),
                    column("dis_y6", "BOOLEAN", "Disadvantaged in Year 6; empty when not known"),
                ],
                purposes: vec!["research".into(), "ap_commissioning".into()],
                rows: 3,
                path: member,
                sha256: member_sum,
            },
        ],
        definitions: BTreeMap::from([
            ("queries/cohort/cohort_member.sql".into(), "ab".repeat(32)),
            ("schemas/enrolment.toml".into(), "cd".repeat(32)),
        ]),
        words: BTreeMap::from([(
            "cohort_outcome".into(),
            BTreeMap::from([(
                "state".into(),
                BTreeMap::from([("ap_no_ks4".into(), "Alternative provision & no results".into())]),
            )]),
        )]),
        as_of: NaiveDate::from_ymd_opt(2026, 3, 31).unwrap(),
        home_authority: "940".into(),
        coverage: vec![
            Coverage { source: "wonde".into(), entity: "enrolment".into(), rows: 14_213 },
            Coverage { source: "ap-register".into(), entity: "placement".into(), rows: 187 },
        ],
        rows_told: BTreeMap::from([(14_213, Some(14_215)), (187, Some(185)), (3, None)]),
        key_fingerprint: "01234567".into(),
        synthetic: false,
        limits: Limits::default(),
    }
}

/// Every file of a folder, by path, links not followed.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for within in [folder.to_path_buf(), folder.join("parquet")] {
        for entry in fs::read_dir(within).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                let path = entry.path();
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_release_holds_what_it_should() {
    let (build, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let release = publish(&built(build.path(), 2019), site.path()).unwrap();
    let files = bytes(&release.folder);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "README.md",
            "codebook.html",
            "codebook.json",
            "manifest.json",
            "parquet/cohort_member.parquet",
            "parquet/cohort_outcome.parquet",
            "warehouse.duckdb"
        ]
    );
    let readme = String::from_utf8(files["README.md"].clone()).unwrap();
    assert!(readme.contains("pseudonymised personal data") && !readme.to_lowercase().contains("anonymous"));
    assert!(readme.contains(&release.id) && !readme.contains('{'), "{readme}");
    let html = String::from_utf8(files["codebook.html"].clone()).unwrap();
    assert!(html.contains("ended, &amp; what") && html.contains("<html lang=\"en-GB\">"));
    let codebook: serde_json::Value = serde_json::from_slice(&files["codebook.json"]).unwrap();
    let means = "Alternative provision & no results";
    assert_eq!(
        codebook["values"]["cohort_outcome"]["state"]["ap_no_ks4"], means,
        "beside a code stands its word"
    );
    assert!(html.contains("<code>ap_no_ks4</code>: Alternative provision &amp; no results"), "{html}");
    for outside in ["<script", "http:", "https:", "src=", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    // Of rows it is told what may be told, on the pages and in the file; the manifest, which is part of the data, knows the number.
    for page in [&readme, &html] {
        assert!(page.contains("rounded to 5") && !page.contains("14,213"), "{page}");
    }
    assert!(html.contains(">14,215<") && html.contains(">c<"), "{html}");
    assert_eq!(codebook["sources"][1]["rows"], 14_215);
    assert_eq!([&codebook["tables"][0]["rows"], &codebook["tables"][1]["rows"]], ["c", "c"]);
    let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    assert_eq!(manifest["content"]["tables"][0]["rows"], 3);
    let here = site.path().to_string_lossy().into_owned();
    for (name, bytes) in &files {
        assert!(!String::from_utf8_lossy(bytes).contains(&here), "{name} tells where it was made");
    }
}

#[test]
fn the_database_opens_read_only_and_describes_itself() {
    let (build, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let release = publish(&built(build.path(), 2019), site.path()).unwrap();
    let config = duckdb::Config::default().access_mode(duckdb::AccessMode::ReadOnly).unwrap();
    let open = duckdb::Connection::open_with_flags(release.folder.join("warehouse.duckdb"), config).unwrap();
    let text = |sql: &str| open.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(text("select state from cohort_outcome order by learner_id limit 1"), "ks4_mainstream");
    assert_eq!(text("select count(*)::varchar from cohort_member where dis_y6 is null"), "1");
    let comment =
        "select comment from duckdb_columns() where column_name = 'state' and table_name = 'cohort_outcome'";
    assert_eq!(text(comment), "The learner's state at 16");
}

#[test]
fn the_same_content_is_the_same_bytes() {
    let build = tempfile::tempdir().unwrap();
    let (one, another) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut input = built(build.path(), 2019);
    let first = publish(&input, one.path()).unwrap();
    input.tables.reverse();
    input.coverage.reverse();
    let second = publish(&input, another.path()).unwrap();
    assert_eq!(first.id, second.id);
    assert_the_same(&bytes(&first.folder), &bytes(&second.folder));
}

fn assert_the_same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    let differing: Vec<&String> = one.keys().filter(|name| one[*name] != other[*name]).collect();
    assert!(differing.is_empty(), "{differing:?}");
}

/// Tables of every type and with many empty cells, of more rows than the engine handles at once.
fn built_large(folder: &Path) -> ReleaseInput {
    let rows = 0..40_000_i32;
    let mixed = |row: i32| row.wrapping_mul(-1_640_531_527) ^ (row >> 7);
    let some = |row: i32| mixed(row) % 5 != 0;
    let ids: ArrayRef =
        Arc::new(StringArray::from_iter_values(rows.clone().map(|row| format!("{row:032x}"))));
    let (path, sum) = write(
        folder,
        "spell",
        vec![
            ("learner_id", ids),
            (
                "is_gap",
                Arc::new(rows.clone().map(|row| some(row).then_some(row % 3 == 0)).collect::<BooleanArray>()),
            ),
            (
                "year",
                Arc::new(
                    rows.clone().map(|row| some(row).then_some((row % 90) as i16)).collect::<Int16Array>(),
                ),
            ),
            (
                "starts_on",
                Arc::new(rows.clone().map(|row| some(row).then_some(row % 9_000)).collect::<Date32Array>()),
            ),
            (
                "days",
                Arc::new(
                    rows.clone()
                        .map(|row| some(row).then_some(i64::from(mixed(row))))
                        .collect::<Int64Array>(),
                ),
            ),
            (
                "share",
                Arc::new(
                    rows.clone()
                        .map(|row| some(row).then_some(f64::from(row) / 7.0))
                        .collect::<Float64Array>(),
                ),
            ),
            (
                "kind",
                Arc::new(
                    rows.map(|row| some(row).then(|| format!("kind {}", mixed(row) % 400)))
                        .collect::<StringArray>(),
                ),
            ),
        ],
    );
    let columns = [
        ("learner_id", "VARCHAR"),
        ("is_gap", "BOOLEAN"),
        ("year", "SMALLINT"),
        ("starts_on", "DATE"),
        ("days", "BIGINT"),
        ("share", "DOUBLE"),
        ("kind", "VARCHAR"),
    ];
    let mut input = built(folder, 2019);
    input.tables.push(TableFile {
        name: "spell".into(),
        title: "Spells".into(),
        grain: vec!["learner_id".into()],
        columns: columns.iter().map(|(name, sql_type)| column(name, sql_type, "It's what it says")).collect(),
        purposes: vec!["research".into()],
        rows: 40_000,
        path,
        sha256: sum,
    });
    input
}

/// Run by the next test in processes of its own.
#[test]
#[ignore = "publishes where a variable says"]
fn publish_where_told() {
    let Some(folder) = std::env::var_os("THROUGHLINE_TEST_PUBLISH") else { return };
    let folder = PathBuf::from(folder);
    let build = folder.join("build");
    fs::create_dir_all(&build).unwrap();
    publish(&built_large(&build), &folder.join("releases")).unwrap();
}

/// The C library can be told what fresh memory holds. Were one byte of it written to a file, the files would differ; and
/// in earnest that byte could be part of a name.
#[test]
fn nothing_that_lay_in_memory_before_gets_into_a_release() {
    let folder = tempfile::tempdir().unwrap();
    let publish = |fill: &str| {
        let to = folder.path().join(fill);
        let ran = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "release::publish_where_told", "--ignored"])
            .env("MALLOC_PERTURB_", fill)
            .env("THROUGHLINE_TEST_PUBLISH", &to)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
        bytes(&to.join("releases/current/"))
    };
    let first = publish("85");
    assert!(first["warehouse.duckdb"].len() > 1_000_000);
    assert_the_same(&first, &publish("201"));
}

#[test]
#[cfg(unix)]
fn a_release_is_for_its_owner_and_group_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let (build, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let release = publish(&built(build.path(), 2019), &site.path().join("releases")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&site.path().join("releases")), 0o750);
    assert_eq!(mode(&release.folder), 0o750);
    assert_eq!(mode(&release.folder.join("parquet")), 0o750);
    for name in bytes(&release.folder).keys() {
        assert_eq!(mode(&release.folder.join(name)), 0o440, "{name}");
    }
}

#[test]
fn the_same_content_again_writes_nothing() {
    let (build, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let input = built(build.path(), 2019);
    assert!(publish(&input, site.path()).unwrap().is_new);
    let before = bytes(site.path().join(list(site.path()).unwrap()[0].id.clone()).as_path());
    let again = publish(&input, site.path()).unwrap();
    assert!(!again.is_new);
    assert!(before == bytes(&again.folder));
}

#[test]
fn what_a_killed_run_left_is_swept_and_no_release() {
    let (build, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let input = built(build.path(), 2019);
    let sound = publish(&input, site.path()).unwrap();
    let half = site.path().join(format!(".new-{}", sound.id));
    fs::rename(&sound.folder, &half).unwrap();
    fs::write(half.join("half"), "").unwrap();
    assert!(list(site.path()).unwrap().is_empty());
    assert!(matches!(verify(site.path(), &sound.id), Err(ReleaseFault::NotFound { .. })));
    assert!(publish(&input, site.path()).unwrap().is_new);
    assert!(!half.exists());
    assert!(verify(site.path(), &sound.id).unwrap().flaws.is_empty());
}

#[test]
fn another_cell_is_another_release_and_current_moves() {
    let (build, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(current(site.path()).unwrap(), None);
    assert!(list(site.path()).unwrap().is_empty());
    let first = publish(&built(build.path(), 2019), site.path()).unwrap();
    assert_eq!(current(site.path()).unwrap(), Some(first.id.clone()));
    let second = publish(&built(build.path(), 2020), site.path()).unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(current(site.path()).unwrap(), Some(second.id.clone()));
    assert!(site.path().join("current/manifest.json").exists());
    let found = list(site.path()).unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|summary| summary.is_current == (summary.id == second.id) && summary.rows == 6));
    // Back to the first: nothing new, but it is the current one again.
    assert!(!publish(&built(build.path(), 2019), site.path()).unwrap().is_new);
    assert_eq!(current(site.path()).unwrap(), Some(first.id));
}

#[test]
fn whoever_looks_always_finds_a_current_release() {
    let (build, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, other) = (built(build.path(), 2019), tempfile::tempdir().unwrap());
    let another = built(other.path(), 2020);
    publish(&one, site.path()).unwrap();
    publish(&another, site.path()).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..20 {
                publish(&one, site.path()).unwrap();
                publish(&another, site.path()).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            assert!(current(site.path()).unwrap().is_some());
            assert!(fs::metadata(site.path().join("current/manifest.json")).is_ok());
        }
    });
}

#[test]
fn a_flipped_byte_is_found_in_any_file() {
    let (build, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let release = publish(&built(build.path(), 2019), site.path()).unwrap();
    let sound = verify(site.path(), &release.id).unwrap();
    assert_eq!((sound.files, sound.flaws.len()), (7, 0));
    for (name, bytes) in bytes(&release.folder) {
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let path = release.folder.join(&name);
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            fs::remove_file(&path).unwrap();
            fs::write(&path, &flipped).unwrap();
            match verify(site.path(), &release.id) {
                Ok(found) => assert!(found.flaws.iter().any(|flaw| flaw.file == name), "{name} at {at}"),
                Err(fault) => {
                    assert!(matches!(fault, ReleaseFault::Manifest { .. }) && name == "manifest.json");
                }
            }
            fs::write(&path, &bytes).unwrap();
        }
    }
    assert!(verify(site.path(), &release.id).unwrap().flaws.is_empty());
    fs::write(release.folder.join("notes.txt"), "mine").unwrap();
    let found = verify(site.path(), &release.id).unwrap();
    assert_eq!(found.flaws[0].what, "not part of the release");
    let refused = publish(&built(build.path(), 2019), site.path()).unwrap_err();
    assert!(matches!(refused, ReleaseFault::Damaged { .. }));
}

#[test]
fn the_verb_verify_reads_every_release() {
    let (build, site) = (tempfile::tempdir().unwrap(), TestSite::new());
    site.configure("2026-03-31");
    let release = publish(&built(build.path(), 2019), &site.data().join("releases")).unwrap();
    publish(&built(build.path(), 2020), &site.data().join("releases")).unwrap();
    let sound = site.run(&["verify"]);
    assert_eq!(sound.code, 0, "{}\n{}", sound.out, sound.err);
    assert!(sound.out.contains("Releases: 2 with 14 files checked, 0 flaws."), "{}", sound.out);
    let readme = release.folder.join("README.md");
    fs::remove_file(&readme).unwrap();
    fs::write(&readme, "another").unwrap();
    let damaged = site.run(&["--json", "verify"]);
    assert_eq!(damaged.code, 1);
    let said = format!("release {}: README.md: changed since it was written", release.id);
    assert_eq!(damaged.json()["flaws"], serde_json::json!([said]));
}

#[test]
fn what_is_not_as_built_is_refused_and_leaves_nothing() {
    let (build, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut input = built(build.path(), 2019);
    input.tables[1].sha256 = "0".repeat(64);
    let refused = publish(&input, site.path()).unwrap_err();
    assert_eq!(refused, ReleaseFault::TableChanged { table: "cohort_member".into() });
    assert_eq!(fs::read_dir(site.path()).unwrap().count(), 0);
    let mut input = built(build.path(), 2019);
    input.tables[0].name = "a\"; drop table x".into();
    assert!(matches!(publish(&input, site.path()), Err(ReleaseFault::Name { .. })));
    input.tables.clear();
    assert_eq!(publish(&input, site.path()).unwrap_err(), ReleaseFault::Empty);
    assert!(matches!(verify(site.path(), "../etc"), Err(ReleaseFault::NotFound { .. })));
    assert!(matches!(release::verify(site.path(), &"0".repeat(32)), Err(ReleaseFault::NotFound { .. })));
}
