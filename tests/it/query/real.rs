//! Questions over a release that is held under a real key: the same invented learners, and the program does not know that.
use super::{bytes, demo, hostile, questions, release_of};
use crate::site::{Ran, TestSite, run_in};
use std::{fs, path::Path};
use throughline::{catalog::Catalog, privacy::Key};

/// A site whose questions go through the gate, with the demonstration's release under it. (Its key is a demonstration's: a real one
/// gets no answer, and the gate does not ask for the key.)
fn real_site() -> TestSite {
    let site = TestSite::new();
    let key = site.path().join("key");
    fs::write(&key, &*Key::for_demo(5).to_bytes()).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    site.configure("2026-03-31");
    let from = release_of(demo());
    let id = from.file_name().unwrap().to_owned();
    let to = site.data().join("releases").join(&id);
    fs::create_dir_all(to.join("parquet")).unwrap();
    for file in fs::read_dir(from.join("parquet")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join("parquet").join(file.file_name())).unwrap();
    }
    let own = Key::load(&site.path().join("key")).unwrap().fingerprint();
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(from.join("manifest.json")).unwrap()).unwrap();
    let theirs = manifest["provenance"]["key_fingerprint"].as_str().unwrap();
    let text = fs::read_to_string(from.join("manifest.json")).unwrap().replace(theirs, &own);
    fs::write(to.join("manifest.json"), text).unwrap();
    std::os::unix::fs::symlink(&id, site.data().join("releases/current")).unwrap();
    site
}

fn ask(site: &Path, text: &str) -> Ran {
    run_in(site, &["--config", "throughline.toml", "--json", "query", "--", text])
}

/// What is shown: the rows of the answer, or that it was refused.
fn shown(site: &Path, text: &str) -> String {
    let ran = ask(site, text);
    match ran.code {
        0 => ran.json()["rows"].to_string(),
        5 => "refused".to_owned(),
        other => panic!("{other}: {text}\n{}", ran.err),
    }
}

fn rows(ran: &Ran) -> Vec<serde_json::Value> {
    ran.json()["rows"].as_array().unwrap().clone()
}

/// Every figure is a multiple of five from ten on, a share of such, or hidden; refusals say what to ask instead.
#[test]
fn the_questions_of_the_manual_are_answered_or_refused_in_words() {
    let mut answered = Vec::new();
    let mut refused = Vec::new();
    for question in questions() {
        // Each beside an empty ledger: they were written to be asked by themselves.
        let site = real_site();
        let ran = ask(site.path(), &question);
        if ran.code == 5 {
            assert!(ran.out.is_empty() && ran.err.contains("instead"), "{}{}", ran.out, ran.err);
            refused.push(format!("{question}{}", ran.err));
            continue;
        }
        assert_eq!(ran.code, 0, "{question}{}", ran.err);
        assert_eq!(ran.json()["policy"], "published");
        for row in rows(&ran) {
            for (name, value) in row.as_object().unwrap() {
                let counts = [
                    "learners",
                    "n",
                    "members",
                    "high",
                    "residents",
                    "attending",
                    "visible",
                    "persistent",
                    "spells",
                ];
                if let Some(count) = value.as_i64().filter(|_| counts.contains(&name.as_str())) {
                    assert!(count >= 10 && count % 5 == 0, "{question}\n{row}");
                }
            }
        }
        answered.push(question);
    }
    assert!(answered.len() >= 15, "{} answered; refused:\n{}", answered.len(), refused.join("\n"));
}

/// Attack 18 under a real key, and none of it in the ledger.
#[test]
fn attack_18_no_statement_of_the_hostile_corpus_passes_under_a_real_key() {
    let site = real_site();
    let out = tempfile::tempdir().unwrap();
    let release = fs::canonicalize(site.data().join("releases/current")).unwrap();
    let before = bytes(&release);
    let statements = hostile(out.path(), &release);
    for text in statements.iter().step_by(12) {
        let ran = ask(site.path(), text);
        assert_eq!(ran.code, 5, "{text}\n{}{}", ran.out, ran.err);
        assert!(ran.out.is_empty() && !ran.err.contains("ZZSECRET"), "{text}\n{}{}", ran.out, ran.err);
    }
    assert_eq!(bytes(&release), before);
    let catalog = Catalog::open(&site.data().join("catalog.sqlite")).unwrap();
    assert!(catalog.shown_tables().unwrap().is_empty());
}

/// Attack 9 through the verb: all but those who fulfil a condition are refused by the name of the earlier answer, and so are all
/// but nobody.
#[test]
fn attack_09_a_question_that_differs_by_a_few_is_refused_by_the_name_of_the_earlier() {
    let site = real_site();
    let first = ask(site.path(), "select count(*) as n from cohort_member where cohort_ay <= 2020");
    assert_eq!(first.code, 0, "{}", first.err);
    assert_eq!(first.json()["entered"], "question-1");
    let one = "select count(*) as n from cohort_member where cohort_ay <= 2020 and not (coalesce(ks2_score, 0) = 120 and coalesce(sen_y6, '') = 'plan')";
    let nobody = "select count(*) as n from cohort_member where cohort_ay <= 2020 and not (coalesce(ks2_band, '') = 'nothing of the kind')";
    let mut said = Vec::new();
    for text in [one, nobody] {
        let ran = ask(site.path(), text);
        assert_eq!(ran.code, 5, "{text}\n{}", ran.out);
        assert!(ran.err.contains("question-1"), "{}", ran.err);
        said.push(ran.err);
    }
    assert_eq!(said[0], said[1], "whether there is anybody is not to be seen");
    // By parts: women and men, and then all without one.
    let again = ask(site.path(), "select count(*) as n from cohort_member where cohort_ay <= 2020");
    assert_eq!(rows(&again), rows(&first));
    let catalog = Catalog::open(&site.data().join("catalog.sqlite")).unwrap();
    let entries = catalog.audit(1).unwrap();
    let done = entries.iter().filter(|entry| entry.verb == "query" && entry.outcome == "done").count();
    let refused = entries.iter().filter(|entry| entry.verb == "query" && entry.outcome == "refused").count();
    assert_eq!((done, refused, catalog.shown_tables().unwrap().len()), (2, 2, 2));
}

/// Attack 17 through the verb, with the ledger: other words for the same people are admitted and give the same answer.
#[test]
fn attack_17_other_words_for_the_same_people_give_the_same_answer_again() {
    let site = real_site();
    let ways = [
        "select count(distinct learner_id) as n from cohort_member where resident",
        "select count(*) as n from cohort_member where not (not resident)",
        "select count(*) as n from cohort_member where resident = true",
        "select count(*) as n from cohort_member where resident and 1 = 1",
        "with c as (select * from cohort_member where resident) select count(distinct learner_id) as n from c",
        "select sum(case when resident then 1 else 0 end) as n from cohort_member",
        "select count(*) filter (where resident) as n from cohort_member",
        "select count(distinct m.learner_id) as n from cohort_member m join cohort_member o using (learner_id) where o.resident",
    ];
    let first = shown(site.path(), ways[0]);
    for way in &ways[1..] {
        assert_eq!(shown(site.path(), way), first, "{way}");
    }
}

/// The former attacker's ways (B, C, D): figures that hang on one learner by weights, by rows, by nearly constant columns.
#[test]
fn figures_that_can_be_made_to_hang_on_one_learner_are_refused() {
    let site = real_site();
    for text in [
        "select sum(v) as s from (select learner_id, case when sex = 'F' then 1e9 else 1 end as v from learner) t",
        "select avg(v) as s from (select learner_id, case when ethnicity = 'WROM' then 0e0/0e0 else 1 end as v from learner) t",
        "select sum(cohort_ay) as s from learner",
        "select avg(spell_no) as s from spell",
        "select floor(case when sex = 'F' then 7 else ks2_score end) as k, count(*) as n from learner join cohort_member using (learner_id) group by 1",
        "with w as (select a.learner_id from circumstance_year a join circumstance_year b using (learner_id)) \
         select count(distinct x.learner_id) as n from w x join w y on y.learner_id = x.learner_id",
    ] {
        assert_eq!(shown(site.path(), text), "refused", "{text}");
    }
    // Rows are learners: a thousand spells of one are one.
    let ran = ask(site.path(), "select count(*) as n, count(distinct learner_id) as learners from spell");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(rows(&ran)[0]["n"], rows(&ran)[0]["learners"]);
    // A sum is a mean by a count.
    let site = real_site();
    let ran = ask(
        site.path(),
        "select avg(ks2_score) as m, count(ks2_score) as n, sum(ks2_score) as s from cohort_member",
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    let figure = |name: &str| rows(&ran)[0][name].as_f64().unwrap();
    assert!((figure("m") * figure("n") - figure("s")).abs() < 0.01, "{}", ran.out);
}

/// E: for every ethnicity of one month, whether anybody is there. Whoever asks sees the same, whatever the truth.
#[test]
fn whether_a_group_has_anybody_is_not_to_be_seen() {
    let exact = |text: &str| super::ask(demo(), &["--json", "query", text]).json()["rows"].clone();
    let counts = exact("select ethnicity, birth_month, count(*) as n from learner group by 1, 2");
    let few =
        counts.as_array().unwrap().iter().find(|row| (1..5).contains(&row["n"].as_i64().unwrap())).unwrap();
    let (who, month) = (few["ethnicity"].as_str().unwrap_or_default(), few["birth_month"].as_str().unwrap());
    let group = |condition: &str| {
        format!(
            "select case when {condition} then 'they' when sex = 'F' then 'girls' else 'boys' end as g, count(*) as n from learner group by 1"
        )
    };
    let there = format!("ethnicity = '{who}' and birth_month = date '{month}'");
    let nobody = format!("ethnicity = '{who}' and birth_month = date '1999-01-01'");
    let mut seen = Vec::new();
    for condition in [&there, &nobody] {
        let site = real_site();
        let rows: Vec<String> =
            rows(&ask(site.path(), &group(condition))).iter().map(|row| row["g"].to_string()).collect();
        let total = shown(site.path(), "select count(*) as n from learner");
        seen.push((rows, total));
    }
    assert_eq!(seen[0], seen[1]);
}

/// F: one learner in two groups. B6, B7: work that is multiplied is refused before anything runs, and answers come at full seconds.
#[test]
fn overlap_and_time_tell_nothing() {
    let site = real_site();
    let text = "select kind, count(distinct learner_id) as n from spell where not is_gap group by kind";
    let begun = std::time::Instant::now();
    let ran = ask(site.path(), text);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(begun.elapsed().as_millis() >= 1_000);
    for row in rows(&ran) {
        assert!(row["n"].as_i64().unwrap() >= 10, "{row}");
    }
}

/// G: a device has no end, and is no file.
#[test]
fn a_device_is_no_question() {
    let site = real_site();
    let ran = run_in(site.path(), &["--config", "throughline.toml", "query", "--file", "/dev/zero"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("no file"), "{}", ran.err);
}

/// No learner stands readable in the ledger.
#[test]
fn the_ledger_holds_nobody_in_clear() {
    let site = real_site();
    let ran = ask(site.path(), "select ks2_band, count(*) as n from cohort_member group by 1");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ids = super::truth::learners();
    assert!(ids.len() > 100);
    let held: Vec<Vec<u8>> = ["catalog.sqlite", "catalog.sqlite-wal"]
        .iter()
        .filter_map(|name| fs::read(site.data().join(name)).ok())
        .collect();
    for id in ids.iter().take(100) {
        let number = u64::from_str_radix(&id[..16], 16).unwrap();
        for needle in
            [id.as_bytes()[..16].to_vec(), number.to_le_bytes().to_vec(), number.to_be_bytes().to_vec()]
        {
            assert!(held.iter().all(|bytes| !bytes.windows(needle.len()).any(|window| window == needle)));
        }
    }
}

/// Attack 11 through the verb: a learner with many rows counts once, after every join.
#[test]
fn attack_11_a_few_learners_with_many_rows_are_few() {
    let site = real_site();
    let few = "select count(*) as n from spell where learner_id in \
               (select learner_id from suspension_learner group by learner_id having sum(n_suspensions) >= 8)";
    let exact =
        super::ask(demo(), &["--json", "query", &few.replace("count(*)", "count(distinct learner_id)")])
            .json();
    let learners = exact["rows"][0]["n"].as_i64().unwrap_or_default();
    assert_eq!(ask(site.path(), few).code == 5, learners < 10, "{learners}");
}

/// Attack 20 and 23 under a real key: nothing of a value is repeated, and too much work says the same whatever it was.
#[test]
fn attack_20_no_error_repeats_a_value_under_a_real_key() {
    let site = real_site();
    for text in include_str!("hostile/errors.sql").lines().filter(|line| !line.starts_with("# ")).step_by(6) {
        let ran = ask(site.path(), text);
        assert_eq!(ran.code, 5, "{text}\n{}", ran.err);
        for secret in ["ZZSECRET", "Could not convert", "Conversion", "Binder", "duckdb"] {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{text}\n{}", ran.err);
        }
    }
}
