//! `check` names file, line and what to do; keys and purposes fail closed.
use crate::site::TestSite;
use std::fs;

/// What `check` says about a site whose definitions hold one bad file.
fn complaint(path: &str, text: &str) -> String {
    let site = TestSite::new();
    let file = site.path().join("definitions").join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
    site.configure_with("2026-03-31", "definitions = \"definitions\"\n");
    let ran = site.run(&["check"]);
    assert_eq!(ran.code, 2, "{}\n{}", ran.out, ran.err);
    ran.err
}

#[test]
fn a_bad_connector_is_named_with_its_line() {
    let said = complaint(
        "connectors/odd.toml",
        "name = \"odd\"\ntitle = \"Odd\"\nkind = \"file\"\nconfirmed = \"no\"\nsurprise = 1\nfeed = []\n[file]\nformat = \"csv\"\nname = \"x\"\n",
    );
    assert!(said.contains("connectors/odd.toml:5") && said.contains("surprise"), "{said}");
}

#[test]
fn a_connector_that_fills_no_required_column_is_named() {
    let said = complaint(
        "connectors/odd.toml",
        "name = \"odd\"\ntitle = \"Odd\"\nkind = \"file\"\nconfirmed = \"no\"\n[file]\nformat = \"csv\"\nname = \"x\"\n[[feed]]\nname = \"a\"\nmode = \"keyed\"\n[feed.person]\nkey = \"id\"\n[[feed.rows]]\nentity = \"placement\"\n[feed.rows.columns]\nstarts_on = { from = [\"Start\"], const = \"x\" }\n",
    );
    assert!(said.contains("needs the column `establishment_id`"), "{said}");
    assert!(said.contains("has 2 origins"), "{said}");
}

#[test]
fn texts_of_a_map_that_cannot_be_told_apart_are_named() {
    let said = complaint(
        "connectors/odd.toml",
        "name = \"odd\"\ntitle = \"Odd\"\nkind = \"file\"\nconfirmed = \"no\"\n[file]\nformat = \"csv\"\nname = \"x\"\n[[feed]]\nname = \"a\"\nmode = \"keyed\"\n[feed.person]\nkey = \"id\"\n[[feed.rows]]\nentity = \"placement\"\n[feed.rows.columns]\nestablishment_id = { from = [\"Site\"], map = { \"A\" = \"AP1\", \"A+\" = \"AP2\" } }\n",
    );
    assert!(said.contains("reads like another of its texts"), "{said}");
}

#[test]
fn a_schema_column_without_treatment_is_refused() {
    let said = complaint(
        "schemas/odd.toml",
        "title = \"Odd\"\ngrain = \"one\"\npurposes = [\"research\"]\n[columns.secret]\ntype = \"int\"\ntitle = \"A secret\"\n",
    );
    assert!(said.contains("schemas/odd.toml:4") && said.contains("no treatment"), "{said}");
}

#[test]
fn attack_26_a_schema_that_would_keep_free_text_about_people_is_refused() {
    let said = complaint(
        "schemas/odd.toml",
        "title = \"Odd\"\ngrain = \"one\"\npurposes = [\"research\"]\n[columns.notes]\ntype = \"text\"\ntreatment = \"keep\"\ntitle = \"Notes\"\n",
    );
    assert!(said.contains("would keep free text"), "{said}");
}

#[test]
fn attack_08_no_schema_keeps_or_hashes_a_birth_date_or_a_postcode() {
    let column = |name: &str, rest: &str| {
        complaint(
            "schemas/odd.toml",
            &format!(
                "title = \"Odd\"\ngrain = \"one\"\npurposes = [\"research\"]\n[columns.{name}]\n{rest}\ntitle = \"Odd\"\n"
            ),
        )
    };
    for (name, rest, said) in [
        ("dob", "type = \"date\"\ntreatment = \"keep\"", "is named like a birth date or a postcode"),
        (
            "date_of_birth",
            "type = \"date\"\ntreatment = \"hash\"",
            "is named like a birth date or a postcode",
        ),
        (
            "home_postcode",
            "type = \"text\"\ntreatment = \"hash\"",
            "is named like a birth date or a postcode",
        ),
        (
            "born",
            "type = \"date\"\ntreatment = \"keep\"\nfrom_identity = \"birth_date\"",
            "would keep an identity field",
        ),
        (
            "born",
            "type = \"date\"\ntreatment = \"coarsen\"\nfrom_identity = \"birth_date\"",
            "would keep the day of birth",
        ),
    ] {
        let told = column(name, rest);
        assert!(told.contains(said), "{name}: {told}");
    }
    #[cfg(feature = "warehouse")]
    {
        let told = complaint(
            "queries/spine/odd.sql",
            "/*\ntitle = \"Odd\"\ngrain = [\"learner_id\"]\nreads = [\"learner\"]\npurposes = [\"research\"]\npublished = true\n[columns]\nlearner_id = \"Learner\"\nbirth_date = \"Day\"\n*/\nwith final as (select learner_id, birth_month as birth_date from learner)\n\nselect * from final\n",
        );
        assert!(told.contains("queries/spine/odd.sql") && told.contains("birth_date"), "{told}");
        // And nothing of what ships holds either.
        let shape = throughline::pipeline::own_shape().unwrap();
        for (table, shape) in &shape.tables {
            for column in &shape.columns {
                let is_day = column.sql_type == "DATE" && column.name.contains("birth");
                assert!(
                    !is_day || column.description.starts_with("First day of the month"),
                    "{table}.{}",
                    column.name
                );
                assert!(
                    !["dob", "postcode", "birth_date"].contains(&column.name.as_str()),
                    "{table}.{}",
                    column.name
                );
            }
        }
        assert!(shape.tables.len() > 50);
    }
}

#[cfg(feature = "warehouse")]
#[test]
fn a_bad_query_is_named_with_its_line() {
    let said = complaint(
        "queries/checks/odd.sql",
        "/*\ntitle = \"Odd\"\ngrain = [\"a\"]\nreads = []\nwrites = []\n*/\nselect 1 as a\n",
    );
    assert!(said.contains("queries/checks/odd.sql:5") && said.contains("writes"), "{said}");
}

#[test]
fn a_bad_configuration_is_named_with_its_line() {
    let site = TestSite::new();
    site.configure_with("2026-03-31", "colour = \"green\"\n");
    let ran = site.run(&["check"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("throughline.toml:5") && ran.err.contains("colour"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn a_key_that_is_open_missing_short_or_another_stops_every_verb() {
    use std::os::unix::fs::PermissionsExt;
    let site = TestSite::new();
    let inbox = site.inbox("gias");
    fs::write(inbox.join("Establishment.json"), "[]").unwrap();
    fs::write(inbox.join("EstablishmentLinks.json"), "[]").unwrap();
    site.source("gias", "gias-json", "");
    site.configure("2026-03-31");
    assert_eq!(site.run(&["pull"]).code, 0);
    let key = site.path().join("key");
    let refuse = |why: &str| {
        let ran = site.run(&["pull"]);
        assert!(ran.code != 0 && ran.err.contains(why), "{why}: {}", ran.err);
    };
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    refuse("open to others");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let right = fs::read(&key).unwrap();
    fs::write(&key, &right[..31]).unwrap();
    refuse("31 bytes");
    fs::write(&key, [7; 32]).unwrap();
    refuse("all one byte");
    let mut other = right.clone();
    other[5] ^= 1;
    fs::write(&key, &other).unwrap();
    refuse("not the key the lake was written with");
    fs::write(&key, throughline::privacy::Key::for_demo(1).to_bytes()).unwrap();
    refuse("demonstration key");
    fs::remove_file(&key).unwrap();
    refuse("cannot be read");
    fs::write(&key, &right).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(site.run(&["pull"]).code, 0);
}

#[test]
fn without_purpose_or_agreement_nothing_is_pulled() {
    for (find, put, why) in [
        ("purposes = [\"research\"]", "purposes = []", "no purpose"),
        ("2099-12-31", "2020-12-31", "expired"),
        ("bases = [\"Article 6(1)(e)\"]", "bases = []", "lawful basis"),
    ] {
        let site = TestSite::new();
        let inbox = site.inbox("gias");
        fs::write(inbox.join("Establishment.json"), "[{\"URN\": \"100001\"}]").unwrap();
        site.source("gias", "gias-json", "");
        site.configure("2026-03-31");
        let config = site.path().join("throughline.toml");
        let text = fs::read_to_string(&config).unwrap();
        assert!(text.contains(find));
        fs::write(&config, text.replace(find, put)).unwrap();
        let ran = site.run(&["--json", "pull"]);
        assert_eq!(ran.code, 5, "{}", ran.err);
        assert!(ran.out.contains(why), "{}", ran.out);
        assert!(!site.data().join("lake").exists());
    }
}

/// Three lines of configuration do not turn a real source into a demonstration.
#[test]
fn a_demonstration_key_opens_nothing_outside_its_estate() {
    let site = TestSite::new();
    fs::write(site.inbox("gias").join("Establishment.json"), "[{\"URN\": \"100001\"}]").unwrap();
    site.source("gias", "gias-json", "");
    site.source("play", "gias-json", "[demo]\nestate = \"estate\"\nseed = 1\nlearners = 500");
    site.configure("2026-03-31");
    let ran = site.run(&["pull"]);
    assert!(ran.code != 0 && ran.err.contains("demonstration key"), "a real key beside [demo]: {}", ran.err);
    fs::write(site.path().join("key"), throughline::privacy::Key::for_demo(1).to_bytes()).unwrap();
    let ran = site.run(&["pull"]);
    assert!(ran.code != 0 && ran.err.contains("demonstration key"), "{}", ran.err);
    assert!(!site.data().join("lake").exists());
}

/// What would stop the first thing that somebody does with a site is said by `check`, and a site with nothing to do is not called well.
#[test]
fn a_site_that_cannot_work_is_not_well() {
    let site = TestSite::new();
    fs::write(site.inbox("gias").join("Establishment.json"), "[{\"URN\": \"100001\"}]").unwrap();
    site.source("gias", "gias-json", "");
    site.configure("2026-03-31");
    let ran = site.run(&["check"]);
    assert!(ran.code == 0 && ran.out.contains("All is well"), "{}\n{}", ran.out, ran.err);
    assert_eq!(site.run(&["pull"]).code, 0);
    let config = site.path().join("throughline.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[disclosure]\npolicy = \"synthetic\"\n")).unwrap();
    let ran = site.run(&["check"]);
    assert!(ran.code == 2 && ran.err.contains("[disclosure]"), "exact figures of real learners: {}", ran.err);
    fs::write(&config, text).unwrap();
    fs::write(site.path().join("key"), (0..32).map(|at| at * 7 + 1).collect::<Vec<u8>>()).unwrap();
    let ran = site.run(&["check"]);
    assert!(ran.code == 2 && ran.err.contains("not the key the lake was written with"), "{}", ran.err);
    let empty = TestSite::new();
    empty.configure("2026-03-31");
    let ran = empty.run(&["check"]);
    assert!(ran.code == 0 && ran.out.contains("no source is described"), "{}\n{}", ran.out, ran.err);
    assert!(!ran.out.contains("All is well"));
}
