//! The evidence pack, as the lead for information governance gets it.
use crate::{
    needles::Needles,
    site::{run_in, run_saying, run_with},
    study::{demo, own_site},
};
use serde_json::Value;
use std::{fs, path::Path, time::Instant};

fn pack(dir: &Path, to: &str) -> Value {
    let began = Instant::now();
    let ran = run_in(dir, &["evidence", to]);
    println!("evidence in {:?}", began.elapsed());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(began.elapsed().as_secs() < 120, "half a minute, or two where the machine does much else");
    serde_json::from_str(&fs::read_to_string(dir.join(to).join("evidence.json")).unwrap()).unwrap()
}

fn part<'v>(pack: &'v Value, name: &str) -> &'v Value {
    let parts = pack["parts"].as_array().unwrap();
    parts.iter().find(|part| part["name"] == name).unwrap_or_else(|| panic!("no part {name}"))
}

/// Story 4: the lead for information governance gets the pack, and has a learner erased.
#[test]
fn story_4_the_lead_gets_the_pack_and_erases_a_learner() {
    let site = own_site();
    let before = pack(site.path(), "pack");
    for name in [
        "flow",
        "fields",
        "bases",
        "keys",
        "retention",
        "people",
        "roles",
        "audit",
        "leaks",
        "ways_out",
        "algorithm",
        "decisions",
        "dpia",
    ] {
        let part = part(&before, name);
        let statements = part["statements"].as_array().unwrap();
        assert!(!statements.is_empty(), "{name}");
        let grounds = ["configured", "measured", "built", "unknown"];
        assert!(statements.iter().all(|one| grounds.contains(&one["ground"].as_str().unwrap())), "{part:#}");
    }
    // What it says is what is so.
    let config = fs::read_to_string(site.path().join("throughline.toml")).unwrap();
    let sources = config.lines().filter(|line| line.starts_with("[sources.")).count();
    assert_eq!(part(&before, "bases")["listings"][0]["rows"].as_array().unwrap().len(), sources);
    let text = fs::read_to_string(site.path().join("pack/evidence.md")).unwrap();
    let key = fs::read(site.path().join("key")).unwrap();
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(text.contains("0 pupil numbers") && !text.contains(&hex), "{text}");
    let unknown = text.split("## What nobody has said yet").nth(1).unwrap();
    assert!(unknown.lines().filter(|line| line.starts_with("* ")).count() >= 5, "{unknown}");
    // No child's name or number is in any form of it.
    let mut needles = Needles::default();
    for person in demo().world.people.iter().take(300) {
        needles.add(&person.identity.upn);
        needles.add(&format!("{} {}", person.identity.forename, person.identity.surname));
    }
    for form in ["evidence.md", "evidence.html", "evidence.json"] {
        needles.search_file(site.path(), &site.path().join("pack").join(form));
    }
    assert!(needles.found().is_empty(), "{:?}", needles.found());
    let html = fs::read_to_string(site.path().join("pack/evidence.html")).unwrap();
    assert!(
        html.starts_with("<!doctype html>") && html.contains("lang=\"en-GB\"") && !html.contains("<script")
    );
    assert_eq!(run_in(site.path(), &["evidence", "pack"]).code, 2, "nothing is written over");

    // A learner asks to be forgotten; the certificate and the next pack say that it was done.
    let person = demo().world.people.iter().find(|person| !person.enrolments.is_empty()).unwrap();
    let identity = &person.identity;
    let who = format!(
        "forename: {}\nsurname: {}\nbirth_date: {}\nupn: {}\n",
        identity.forename, identity.surname, identity.birth_date, identity.upn
    );
    let opened = run_saying(site.path(), &["--json", "rights", "erase"], &who);
    assert_eq!(opened.code, 0, "{}", opened.err);
    let case = opened.json()["case"].to_string();
    let confirmed =
        run_in(site.path(), &["--json", "rights", "confirm", &case, "--reason", "asked in writing"]);
    assert_eq!(confirmed.code, 0, "{}", confirmed.err);
    let after = pack(site.path(), "pack-2");
    let accesses = part(&after, "audit")["listings"][0]["rows"].as_array().unwrap();
    // Nobody is missing in the count: whoever was erased stands in it, and is in no other state any more.
    let count = |pack: &Value, begins: &str| -> u64 {
        let rows = part(pack, "people")["listings"][0]["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row[0].as_str().unwrap().starts_with(begins));
        row.unwrap_or_else(|| panic!("{begins}: {rows:#?}"))[2].as_str().unwrap().parse().unwrap()
    };
    assert_eq!((count(&before, "forgotten"), count(&after, "forgotten")), (0, 1));
    let gone = confirmed.json()["records_under_sources"].as_u64().unwrap();
    assert!(gone > 0 && count(&before, "rows in the lake") > 500);
    assert_eq!(count(&before, "rows in the lake"), count(&after, "rows in the lake") + 1);
    for state in ["known by name", "no longer known", "of no known age", "of that age, and waiting"] {
        assert!(count(&after, state) <= count(&before, state), "{state}");
    }
    let named = count(&before, "known by name") + count(&before, "no longer known");
    let left = count(&after, "known by name") + count(&after, "no longer known");
    assert!(left < named && named <= left + gone, "{named} records before, {left} after, {gone} went");
    assert!(accesses.iter().any(|row| row[0] == "rights confirm" && row[2] == "1"), "{accesses:#?}");
    assert!(accesses.iter().any(|row| row[0] == "evidence" && row[2] == "2"), "{accesses:#?}");
}

#[test]
fn the_pack_takes_the_role_of_an_auditor_and_follows_the_configuration() {
    let site = crate::audit::with_roles(&["approver"]);
    let ran = site.run(&["evidence", "pack"]);
    assert!(
        ran.code == 5 && ran.err.contains("`auditor`") && !site.path().join("pack").exists(),
        "{}",
        ran.err
    );
    crate::audit::give(&site, &["auditor"]);
    let first = pack(site.path(), "pack");
    let holders = part(&first, "roles")["listings"][0]["rows"].as_array().unwrap();
    assert!(
        holders.iter().any(|row| row[0] == "auditor" && row[2] == crate::audit::me().as_str()),
        "{holders:#?}"
    );
    assert!(holders.iter().any(|row| row[0] == "approver" && row[2] == "nobody"));
    let listed = first["parts"].to_string();
    assert!(listed.contains("of the system's randomness") && listed.contains("`published`"), "{listed}");
    let other = [("THROUGHLINE__DISCLOSURE__POLICY", "inside_controller")];
    assert_eq!(run_with(site.path(), &other, &["evidence", "pack-2"]).code, 0);
    assert!(
        fs::read_to_string(site.path().join("pack-2/evidence.md")).unwrap().contains("`inside_controller`")
    );
}
