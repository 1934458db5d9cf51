//! Questions over a release that is held under a real key: the same invented learners, and the program does not know that.
use super::{bytes, demo, hostile, questions, release_of};
use crate::site::{Ran, TestSite, run_in, run_with};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Instant,
};
use throughline::{catalog::Catalog, privacy::Key};

/// A site whose questions go the way that is meant for real learners, with the demonstration's release under it. (Its key is a
/// demonstration's, so that answers need not wait as long as those about real learners.)
fn real_site() -> TestSite {
    site_under(5)
}

/// The same under another key, whose noise is another.
fn site_under(seed: u64) -> TestSite {
    let site = TestSite::new();
    let key = site.path().join("key");
    fs::write(&key, &*Key::for_demo(seed).to_bytes()).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    with_release(&site);
    site
}

/// Puts the demonstration's release under a site's own key.
fn with_release(site: &TestSite) {
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
}

fn ask(site: &Path, text: &str) -> Ran {
    run_in(site, &["--config", "throughline.toml", "--json", "query", "--", text])
}

fn spend(site: &Path, questions: &str, text: &str) -> Ran {
    run_in(site, &["--config", "throughline.toml", "--json", "query", "--spend", questions, "--", text])
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

fn exact(text: &str) -> Vec<serde_json::Value> {
    rows(&super::ask(demo(), &["--json", "query", text]))
}

/// Under a real key an answer comes after its time and no sooner, however little there is to do, and the processor is busy all the while; what is
/// refused for its text, or was answered before, is told at once. All of it is in the audit.
#[test]
fn under_a_real_key_neither_the_clock_nor_the_processor_tells_how_much_work_it_was() {
    let site = TestSite::new();
    with_release(&site);
    let text = "select count(*) as n from learner";
    let asked = Instant::now();
    let first = ask(site.path(), text);
    let took = asked.elapsed().as_secs();
    assert_eq!(first.code, 0, "{}", first.err);
    assert!(rows(&first)[0]["n_margin"].as_i64().unwrap() >= 20, "{}", first.out);
    assert!(took >= 75, "{took} s");
    let asked = Instant::now();
    assert_eq!(rows(&ask(site.path(), text)), rows(&first));
    let refused = ask(site.path(), "select learner_id from learner");
    assert_eq!((refused.code, refused.out.as_str()), (5, ""), "{}", refused.err);
    assert!(asked.elapsed().as_secs() < 60, "neither waits");
    let entries = Catalog::open(&site.data().join("catalog.sqlite")).unwrap().audit(1).unwrap();
    let of = |outcome: &str| {
        entries.iter().filter(|entry| entry.verb == "query" && entry.outcome == outcome).count()
    };
    assert_eq!((of("done"), of("refused")), (2, 1));
}

/// One after another, as somebody would ask them who reads the manual. All are answered, and their margins hold: of a
/// thousand figures some are further off, as is said.
#[test]
fn the_questions_of_the_manual_are_answered_one_after_another_and_near_the_truth() {
    let site = real_site();
    let (mut answered, mut refused, mut figures, mut off) = (0, Vec::new(), 0, Vec::new());
    for question in questions() {
        // Enough of four hundred learners to be seen at all.
        let ran = spend(site.path(), "2", &question);
        if ran.code == 5 {
            assert!(ran.out.is_empty() && ran.err.contains("instead"), "{}{}", ran.out, ran.err);
            refused.push(format!("{question}{}", ran.err));
            continue;
        }
        assert_eq!(ran.code, 0, "{question}{}", ran.err);
        assert_eq!(ran.json()["policy"], "published");
        answered += 1;
        let truth = exact(&question);
        for row in rows(&ran) {
            let columns = row.as_object().unwrap();
            let is_key = |name: &String| {
                !columns.contains_key(&format!("{name}_margin"))
                    && !name.ends_with("_margin")
                    && columns[name] != "c"
            };
            let same = |other: &&serde_json::Value| {
                columns.keys().filter(|name| is_key(name)).all(|name| other[name] == row[name])
            };
            let Some(true_row) = truth.iter().find(same) else { continue };
            for (name, value) in columns {
                let Some(margin) = columns.get(&format!("{name}_margin")).and_then(serde_json::Value::as_f64)
                else {
                    continue;
                };
                // Here rows are learners; over invented ones `count(*)` counts rows.
                let (Some(near), Some(exact)) = (value.as_f64(), true_row[name].as_f64()) else { continue };
                if ["spells", "rows", "months"].iter().any(|word| name.contains(word)) {
                    continue;
                }
                figures += 1;
                if (near - exact).abs() > margin {
                    off.push(format!("{question}{row}: {name} is {exact}"));
                }
            }
        }
    }
    println!(
        "{answered} answered, {} refused; {} of {figures} figures beyond their margin",
        refused.len(),
        off.len()
    );
    assert!(refused.len() <= 4, "{} refused:\n{}", refused.len(), refused.join("\n"));
    assert!(figures > 30, "{figures}");
    assert!(off.len() * 8 <= figures, "{} of {figures} are off:\n{}", off.len(), off.join("\n"));
}

/// Attack 18 under a real key, and nothing was paid for.
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
    assert_eq!(catalog.spent_after("").unwrap(), (0, 0));
}

/// Attack 9 through the verb: all, all but one and all but nobody are each answered, each with noise of its own. Nothing is refused, so
/// what is refused tells nothing; and what is asked a dozen times, each time without nobody, is as often above the truth as below.
#[test]
fn attack_09_all_but_one_and_all_but_nobody_look_the_same() {
    let all = "select count(*) as n from cohort_member where cohort_ay <= 2020";
    let truth = exact(all)[0]["n"].as_i64().unwrap();
    let site = real_site();
    let of = |text: &str| rows(&ask(site.path(), text))[0]["n"].as_i64().unwrap();
    let one = format!("{all} and not (coalesce(ks2_score, 0) = 120 and coalesce(sen_y6, '') = 'plan')");
    assert!((of(all) - of(&one)).abs() < 80);
    let without_nobody = |which| of(&format!("{all} and not (coalesce(ks2_state, '') = 'nothing {which}')"));
    let told: Vec<i64> = (0..12).map(without_nobody).collect();
    assert!(
        told.iter().any(|count| *count > truth) && told.iter().any(|count| *count < truth),
        "{truth}: {told:?}"
    );
    assert!(told.iter().collect::<BTreeSet<_>>().len() >= 4, "{told:?}");
    // Another key's noise may be the same by chance, but not three times.
    let other = site_under(6);
    let theirs = |text: &str| rows(&ask(other.path(), text))[0]["n"].as_i64().unwrap();
    let asked = [all, one.as_str(), "select count(*) as n from cohort_member"];
    assert_ne!(asked.map(theirs), asked.map(of));
}

/// Attack 16 and 17 through the verb: asked again, or in other words for the same people, the answer is the same and costs nothing.
#[test]
fn attack_17_other_words_for_the_same_people_give_the_same_answer_again() {
    let site = real_site();
    let ways = [
        "select count(distinct learner_id) as n from cohort_member where resident",
        "select count(distinct learner_id) as n from cohort_member where resident",
        "select count(*) as n from cohort_member where not (not resident)",
        "select count(*) as n from cohort_member where resident = true",
        "select count(*) as m from cohort_member where resident and 1 = 1 limit 5",
        "select count(distinct m.learner_id) as n from cohort_member m join cohort_member o using (learner_id) where o.resident",
    ];
    let first = ask(site.path(), ways[0]);
    let figure = |ran: &Ran| rows(ran)[0].as_object().unwrap().values().next().cloned();
    for way in ways {
        let ran = ask(site.path(), way);
        assert_eq!((ran.code, figure(&ran)), (0, figure(&first)), "{way}");
        assert_eq!(ran.json()["entered"], "question-1", "{way}");
    }
    // What is not known to be the same is paid for, and has noise of its own.
    let other = "with c as (select learner_id from cohort_member where resident) select count(distinct learner_id) as n from c";
    assert_ne!(ask(site.path(), other).json()["entered"], "question-1");
    let catalog = Catalog::open(&site.data().join("catalog.sqlite")).unwrap();
    let (answers, spent) = catalog.spent_after("").unwrap();
    assert_eq!((answers, spent), (2, 2));
    let entries = catalog.audit(1).unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.verb == "query").count(), 8, "all are in the audit");
}

/// Attack 17 as it is meant: thirty ways to write one question do not give thirty draws to take the mean of. Each is the first answer again, or it
/// is paid for, so that all of them together tell no more than the budget says.
#[test]
fn attack_17_thirty_spellings_are_one_answer_or_are_paid_for() {
    let site = real_site();
    let sames = [
        "resident",
        "resident = true",
        "true = resident",
        "(resident)",
        "not (not resident)",
        "resident is true",
    ];
    let alwayses = ["", " and true", " and 1 = 1", " and 'a' = 'a'", " and (true)"];
    let mut answers = BTreeMap::new();
    for same in sames {
        for always in alwayses {
            let ran =
                ask(site.path(), &format!("select count(*) as n from cohort_member where {same}{always}"));
            assert_eq!(ran.code, 0, "{}", ran.err);
            let entered = ran.json()["entered"].as_str().unwrap().to_owned();
            let figure = rows(&ran)[0]["n"].clone();
            let before = answers.entry(entered).or_insert_with(|| figure.clone());
            assert_eq!(*before, figure, "{same}{always}");
        }
    }
    let catalog = Catalog::open(&site.data().join("catalog.sqlite")).unwrap();
    let (kept, spent) = catalog.spent_after("").unwrap();
    assert_eq!((kept, spent), (answers.len() as u64, answers.len() as u64));
    assert!(answers.len() <= 3, "{} draws of thirty ways", answers.len());
}

/// Named queries of the same name that hold other people are other questions.
#[test]
fn a_named_query_is_part_of_the_question() {
    let site = real_site();
    let of = |kind: &str| {
        format!(
            "with w as (select learner_id from spell where kind = '{kind}') \
             select count(*) as n from cohort_member where learner_id in (select learner_id from w)"
        )
    };
    let first = ask(site.path(), &of("school"));
    let second = ask(site.path(), &of("ap"));
    assert_eq!((first.code, second.code), (0, 0), "{}{}", first.err, second.err);
    assert_ne!(first.json()["entered"], second.json()["entered"]);
}

/// The budget: a hundred questions, then none but those that were answered; more exact ones cost more.
#[test]
fn when_the_budget_is_spent_there_are_no_new_answers() {
    let site = real_site();
    let all = "select count(*) as n from cohort_member";
    let first = spend(site.path(), "60", all);
    assert_eq!(first.json()["questions_left"], 40);
    let rough = ask(site.path(), all);
    assert_eq!((rows(&rough), &rough.json()["questions_left"]), (rows(&first), &serde_json::json!(40)));
    let over = spend(site.path(), "41", "select count(*) as n from learner");
    assert_eq!(over.code, 5);
    assert!(over.err.contains("40 are left"), "{}", over.err);
    assert_eq!(spend(site.path(), "40", "select count(*) as n from learner").code, 0);
    let over = ask(site.path(), "select count(*) as n from learner where sex = 'F'");
    assert!(over.code == 5 && over.err.contains("0 are left"), "{}", over.err);
    assert_eq!(rows(&ask(site.path(), all)), rows(&first));
    // Memory that the configuration gives to builds is none of a question's: chosen finely it would tell what one learner takes.
    let short = [("THROUGHLINE__BUILD__MEMORY_LIMIT", "100MB")];
    let fresh = site_under(6);
    let ran = run_with(fresh.path(), &short, &["--config", "throughline.toml", "--json", "query", "--", all]);
    assert_eq!((ran.code, &ran.json()["questions_left"]), (0, &serde_json::json!(99)), "{}", ran.err);
    assert_eq!(rows(&ask(fresh.path(), all)), rows(&ran), "told again");
    assert_eq!(spend(site.path(), "0", all).code, 2);
    assert_eq!(spend(site.path(), "101", all).code, 5);
    let catalog = Catalog::open(&site.data().join("catalog.sqlite")).unwrap();
    let entries = catalog.audit(1).unwrap();
    let of = |outcome: &str| {
        entries.iter().filter(|entry| entry.verb == "query" && entry.outcome == outcome).count()
    };
    assert_eq!((of("done"), of("refused")), (4, 3));
}

/// The former attacker's ways (B, C, D): figures that hang on one learner by weights, by rows, by undeclared columns.
#[test]
fn figures_that_can_be_made_to_hang_on_one_learner_are_refused() {
    let site = real_site();
    for text in [
        "select sum(v) as s from (select learner_id, case when sex = 'F' then 1e9 else 1 end as v from learner) t",
        "select avg(v) as s from (select learner_id, case when ethnicity = 'WROM' then 0e0/0e0 else 1 end as v from learner) t",
        "select sum(cohort_ay) as s from learner",
        "select avg(spell_no) as s from spell",
        "with w as (select a.learner_id from circumstance_year a join circumstance_year b using (learner_id)) \
         select count(distinct x.learner_id) as n from w x join w y on y.learner_id = x.learner_id",
    ] {
        assert_eq!(shown(site.path(), text), "refused", "{text}");
    }
    // Rows are learners: a thousand spells of one are one.
    let ran = ask(site.path(), "select count(*) as n, count(distinct learner_id) as learners from spell");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(rows(&ran)[0]["n"], rows(&ran)[0]["learners"]);
}

/// What a table says of a learner but works out from many: as a key it would be a figure without noise.
#[test]
fn what_is_worked_out_from_many_is_refused_and_costs_nothing() {
    let site = real_site();
    for text in [
        "select n_bin, expected, count(*) as n from value_added group by 1, 2",
        "select count(*) as n from value_added where abs(expected - 30.3066) < 0.00005",
        "select count(*) as n from learner where learner_id in (select learner_id from engagement_change where n_comparators > 30)",
    ] {
        let ran = ask(site.path(), text);
        assert!(ran.code == 5 && ran.err.contains("from many"), "{text}\n{}", ran.err);
    }
    let catalog = Catalog::open(&site.data().join("catalog.sqlite")).unwrap();
    assert_eq!(catalog.spent_after("").unwrap(), (0, 0));
}

/// Nothing equals nothing in no case, and is not the question without it. Nobody is hidden, but for the one case in forty in which the noise
/// alone is above two standard deviations (a margin); above five it is once in three million.
#[test]
fn a_condition_that_nobody_fulfils_is_another_question() {
    let site = real_site();
    let nobody = ask(site.path(), "select count(*) as n from cohort_member where resident and null = null");
    assert_eq!(ask(site.path(), "select count(*) as n from cohort_member where resident and 1 = 2").code, 0);
    let all = ask(site.path(), "select count(*) as n from cohort_member where resident");
    assert_ne!(nobody.json()["entered"], all.json()["entered"]);
    let found = rows(&nobody);
    let (n, margin) = (&found[0]["n"], &found[0]["n_margin"]);
    assert!(n == "c" || n.as_f64().unwrap() <= 2.5 * margin.as_f64().unwrap(), "{}", nobody.out);
    assert!(rows(&all)[0]["n"].is_number(), "{}", all.out);
}

/// E: for every ethnicity of one month, whether anybody is there. Whoever asks sees the same, whatever the truth.
#[test]
fn whether_a_group_has_anybody_is_not_to_be_seen() {
    let counts = exact("select ethnicity, birth_month, count(*) as n from learner group by 1, 2");
    let few = counts.iter().find(|row| (1..5).contains(&row["n"].as_i64().unwrap())).unwrap();
    let (who, month) = (few["ethnicity"].as_str().unwrap_or_default(), few["birth_month"].as_str().unwrap());
    let group = |condition: &str| {
        format!(
            "select case when {condition} then 'they' when sex = 'F' then 'girls' else 'boys' end as g, count(*) as n from learner group by 1"
        )
    };
    let there = format!("ethnicity = '{who}' and birth_month = date '{month}'");
    let nobody = format!("ethnicity = '{who}' and birth_month = date '1999-01-01'");
    for condition in [&there, &nobody] {
        let site = real_site();
        let ran = ask(site.path(), &group(condition));
        let groups: Vec<String> = rows(&ran).iter().map(|row| row["g"].to_string()).collect();
        assert_eq!(groups, ["\"boys\"", "\"girls\""]);
    }
}

/// F: one learner in two groups. B6, B7: work that is multiplied is refused before anything runs, and answers come at full seconds.
#[test]
fn overlap_and_time_tell_nothing() {
    let site = real_site();
    let text = "select kind, count(distinct learner_id) as n from spell where not is_gap group by kind";
    let begun = Instant::now();
    let ran = spend(site.path(), "20", text);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(begun.elapsed().as_millis() >= 1_000);
    let found = rows(&ran);
    let margin = found[0]["n_margin"].as_i64().unwrap();
    assert!(found.iter().all(|row| row["n"].as_i64().unwrap() > 2 * margin), "{}", ran.out);
    assert!(ran.out.contains("12 groups at most"), "{}", ran.out);
    // Fewer groups that there can be, nearer figures.
    let kind = found[0]["kind"].as_str().unwrap();
    let one = text.replace("not is_gap", &format!("not is_gap and kind = '{kind}'"));
    let one = rows(&spend(site.path(), "20", &one));
    assert!(one[0]["n_margin"].as_i64().unwrap() < margin, "{one:?}");
}

/// G: a device has no end, and is no file.
#[test]
fn a_device_is_no_question() {
    let site = real_site();
    let ran = run_in(site.path(), &["--config", "throughline.toml", "query", "--file", "/dev/zero"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("no file"), "{}", ran.err);
}

/// Neither learners nor answers stand readable in the catalog.
#[test]
fn the_catalog_holds_nobody_and_no_answer_in_clear() {
    let site = real_site();
    let ran = spend(site.path(), "20", "select sen_y6, count(*) as n from cohort_member group by 1");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ids = super::truth::learners();
    assert!(ids.len() > 100);
    let held: Vec<Vec<u8>> = ["catalog.sqlite", "catalog.sqlite-wal"]
        .iter()
        .filter_map(|name| fs::read(site.data().join(name)).ok())
        .collect();
    let holds =
        |needle: &[u8]| held.iter().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle));
    assert!(holds(b"question-1"));
    assert!(!holds(b"is_share"));
    for id in ids.iter().take(100) {
        let number = u64::from_str_radix(&id[..16], 16).unwrap();
        for needle in
            [id.as_bytes()[..16].to_vec(), number.to_le_bytes().to_vec(), number.to_be_bytes().to_vec()]
        {
            assert!(!holds(&needle));
        }
    }
}

/// Attack 11 through the verb: a learner with many rows counts once, after every join.
#[test]
fn attack_11_a_few_learners_with_many_rows_are_few() {
    let site = real_site();
    let few = "select count(*) as n from spell where learner_id in \
               (select learner_id from suspension_learner group by learner_id having sum(n_suspensions) >= 8)";
    let learners =
        exact(&few.replace("count(*)", "count(distinct learner_id)"))[0]["n"].as_i64().unwrap_or_default();
    let rows_there = exact(few)[0]["n"].as_i64().unwrap_or_default();
    assert!(rows_there > 2 * learners, "{rows_there} {learners}");
    let ran = spend(site.path(), "100", few);
    let near = rows(&ran)[0]["n"].as_i64().unwrap_or_default();
    assert!((near - learners).abs() <= 10, "{near} {learners}");
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

/// What lies outside the range that a column is declared to have counts as its end: a mean of many such would be wrong, with a margin that says that it is not.
#[test]
fn the_ranges_that_columns_are_declared_to_have_hold_what_is_stored() {
    let site = real_site();
    let mut looked_at = 0;
    for (table, column, low, high) in [
        ("cohort_member", "ks2_score", 79, 120),
        ("ladder_result", "ladder5", 0, 63),
        ("ks4_result", "attainment8", 0, 90),
        ("absence_learner", "sessions_possible", 0, 700),
        ("absence_learner", "sessions_absent", 0, 700),
        ("suspension_learner", "n_suspensions", 0, 50),
    ] {
        let of = |condition: &str| {
            let ran = super::ask(
                demo(),
                &["--json", "query", &format!("select count(*) as n from {table} where {condition}")],
            );
            if ran.code == 0 {
                rows(&ran).first().and_then(|row| row["n"].as_i64()).unwrap_or_default()
            } else {
                -1
            }
        };
        assert_eq!(of(&format!("{column} < {low} or {column} > {high}")), 0, "{table} {column}");
        assert!(of(&format!("{column} is not null")) > 0, "{table} {column}");
        looked_at += usize::from(
            spend(site.path(), "4", &format!("select avg({column}) as m from {table}")).code == 0,
        );
    }
    assert!(looked_at >= 4, "{looked_at} of them may be averaged");
}
