//! Linking as the operator sees it: a model that is trained once, what a person decided, and what is held.
use crate::site::{TestSite, column_text, lake_rows, walk};
use std::{collections::BTreeMap, fmt::Write as _, fs, os::unix::fs::PermissionsExt, path::Path};
use throughline::{
    catalog::{Access, Catalog, LinkDecision, LinkVerdict},
    privacy::{Key, Pseudonym},
};

const CONNECTOR: &str = r#"
name = "visits"
title = "Visits"
kind = "file"
confirmed = "made for the test"
[file]
format = "csv"
name = "*.csv"
[[feed]]
name = "visits"
mode = "keyed"
[feed.person]
key = "Ref"
[feed.identity]
upn = { from = ["UPN"] }
forename = { from = ["Forename"] }
surname = { from = ["Surname"] }
birth_date = { from = ["Born"], dates = ["%Y-%m-%d"] }
postcode = { from = ["Postcode"] }
[[feed.rows]]
entity = "placement"
[feed.rows.columns]
establishment_id = { const = "AP07" }
starts_on = { from = ["Start"], dates = ["%Y-%m-%d"] }
"#;

const GIVEN: [&str; 16] = [
    "Thomas", "Olivia", "Jacob", "Emily", "Daniel", "Grace", "Liam", "Freya", "Oscar", "Ethan", "Chloe",
    "Hannah", "Noah", "Finley", "Isla", "Marcus",
];
const FAMILY: [&str; 12] = [
    "Archer", "Bennett", "Hughes", "Walsh", "Grant", "Holloway", "Irving", "Jessop", "Keating", "Lomax",
    "Mercer", "Prescott",
];

fn upn(serial: usize) -> String {
    let letters = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let digits = format!("8012000{serial:05}");
    let sum: usize = digits.bytes().zip(2..).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{}{digits}", char::from(letters[sum % 23]))
}

/// Some of a school's pupils as a sheet: with their numbers, or as an office without numbers writes them.
fn sheet(pupils: impl Iterator<Item = usize>, numbered: bool) -> String {
    let mut text = "Ref,UPN,Forename,Surname,Born,Postcode,Start\n".to_owned();
    for at in pupils {
        let (given, family) = (GIVEN[at * 7 % 16], FAMILY[at * 5 % 12]);
        let number = if numbered { upn(at) } else { String::new() };
        let family = if !numbered && at % 5 == 0 { family.replacen('e', "a", 1) } else { family.to_owned() };
        let born = format!("20{:02}-{:02}-{:02}", 6 + at % 7, 1 + at * 5 % 12, 1 + at * 11 % 28);
        let home = format!("ZT{}{} {}AA", 1 + at * 13 % 8, at % 10, 1 + at / 10 % 9);
        let _ = writeln!(text, "{at},{number},{given},{family},{born},{home},2025-09-01");
    }
    text
}

/// Two offices that know the same three hundred children.
fn story(more: &str) -> TestSite {
    let site = TestSite::new();
    let key = site.path().join("key");
    fs::write(&key, &*Key::for_demo(5).to_bytes()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let folder = site.path().join("definitions/connectors");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("visits.toml"), CONNECTOR).unwrap();
    for name in ["office", "annex"] {
        site.source(name, "visits", "");
        let text = sheet(0..300, name == "office");
        fs::write(site.inbox(name).join("first.csv"), text).unwrap();
    }
    let demo = "[demo]\nestate = \"inbox\"\nseed = 5\nlearners = 300\n";
    site.configure_with("2026-03-31", &format!("definitions = \"definitions\"\n{demo}{more}"));
    pull(&site);
    site
}

fn pull(site: &TestSite) {
    let ran = site.run(&["--quiet", "pull"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

fn link(site: &TestSite) -> serde_json::Value {
    let ran = site.run(&["--quiet", "--json", "link"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    ran.json()
}

/// The learner of each subject, as the newest published file has it.
fn learners(site: &TestSite) -> BTreeMap<String, String> {
    let catalog = Catalog::open(&site.data().join("catalog.sqlite")).unwrap();
    let [path] = &catalog.link_files().unwrap()[..] else { panic!("one file of links") };
    let links = throughline::lake::links_held(&site.data().join(path)).unwrap();
    let hex = |id: &Pseudonym| id.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    links.iter().map(|link| (hex(&link.subject), hex(&link.learner))).collect()
}

#[test]
fn a_model_is_trained_once_and_another_is_used_when_a_person_says_so() {
    let site = story("");
    let first = link(&site);
    assert_eq!((&first["trained"], &first["subjects"]), (&true.into(), &600.into()), "{first}");
    assert!(first["learners"].as_u64().unwrap() < 310, "{first}");
    let linked = learners(&site);
    let second = link(&site);
    assert_eq!((&second["trained"], &second["changed"]), (&false.into(), &0.into()));
    assert_eq!((&second["model"], learners(&site)), (&first["model"], linked));
    // More of the same children: not so many more that what nobody looked at is learnt anew.
    fs::write(site.inbox("annex").join("second.csv"), sheet(0..40, true).trim_end().replace('\n', "\nB"))
        .unwrap();
    pull(&site);
    assert_eq!(link(&site)["model"], first["model"]);
    let trained = site.run(&["--quiet", "--json", "link", "train"]).json();
    assert_ne!(trained["version"], first["model"]);
    assert_eq!(trained["in_use"], false);
    assert!(trained["effect"]["moved"].as_u64().unwrap() < 20, "{trained}");
    assert_eq!(link(&site)["model"], first["model"], "trained and not adopted");
    let version = trained["version"].as_str().unwrap();
    assert_eq!(site.run(&["link", "adopt", "weighed-2-00000000"]).code, 2);
    assert_eq!(site.run(&["--quiet", "link", "adopt", version]).code, 0);
    assert_eq!(link(&site)["model"], version);
    let models = site.run(&["--json", "link", "models"]).json();
    let in_use: Vec<bool> =
        models["models"].as_array().unwrap().iter().map(|m| m["in_use"].as_bool().unwrap()).collect();
    assert_eq!(in_use, [false, true]);
    let audit = Catalog::open(&site.data().join("catalog.sqlite")).unwrap().audit(1).unwrap();
    assert!(audit.iter().any(|entry| entry.verb == "link adopt" && entry.about == version));
}

/// A model of a form that this program does not know, as after an update.
#[test]
fn a_model_that_cannot_be_read_any_more_is_replaced() {
    let site = story("");
    let first = link(&site);
    let spoil = || {
        let mut files = Vec::new();
        walk(&site.data().join("identity"), &mut files);
        files.retain(|path| path.extension().is_some_and(|extension| extension == "model"));
        files.iter().for_each(|path| fs::write(path, "of another form").unwrap());
    };
    spoil();
    fs::write(site.inbox("annex").join("second.csv"), sheet(0..40, true).trim_end().replace('\n', "\nB"))
        .unwrap();
    pull(&site);
    // Nobody had looked at it: it is learnt anew.
    let second = link(&site);
    assert_eq!(second["trained"], true, "{second}");
    assert_ne!(second["model"], first["model"]);
    let version = second["model"].as_str().unwrap();
    assert_eq!(site.run(&["--quiet", "link", "adopt", version]).code, 0);
    spoil();
    // A person had: a person is asked, and told how.
    let refused = site.run(&["--quiet", "link"]);
    assert_eq!(refused.code, 1, "{}{}", refused.out, refused.err);
    assert!(refused.err.contains("link train"), "{}", refused.err);
    fs::write(site.inbox("annex").join("third.csv"), sheet(40..90, true).trim_end().replace('\n', "\nC"))
        .unwrap();
    pull(&site);
    let trained = site.run(&["--quiet", "--json", "link", "train"]).json();
    assert!(trained["effect"].is_null(), "{trained}");
    let version = trained["version"].as_str().unwrap();
    assert_eq!(site.run(&["--quiet", "link", "adopt", version]).code, 0);
    assert_eq!(link(&site)["model"], version);
}

#[test]
fn what_is_kept_of_linking_is_sealed() {
    let site = story("");
    link(&site);
    let mut files = Vec::new();
    walk(&site.data().join("identity"), &mut files);
    let kinds: Vec<_> = files.iter().filter_map(|path| path.extension()?.to_str()).collect();
    assert!(kinds.contains(&"model") && kinds.contains(&"pairs"), "{kinds:?}");
    for path in files {
        let bytes = fs::read(&path).unwrap();
        // Of six bytes and more: three are found by chance in one sealed file of some hundred.
        for word in ["ARCHER", "Archer", "THOMAS", "ZT10 1AA", "ZT101AA", "2006-01", "office"] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word} in {}", path.display());
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn what_a_person_says_holds_on_every_rebuild_and_whoever_moves_is_published() {
    let site = story("");
    link(&site);
    let before = learners(&site);
    let mut by_learner: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    before.iter().for_each(|(subject, learner)| by_learner.entry(learner).or_default().push(subject));
    let pair = by_learner.values().find(|subjects| subjects.len() == 2).unwrap().clone();
    let (one, other) = (pair[0].clone(), pair[1].clone());
    decide(&site, (&one, &other), LinkVerdict::Different);
    let parted = link(&site);
    assert_eq!(parted["changed"], 1);
    let after = learners(&site);
    assert_ne!(after[&one], after[&other]);
    assert!(
        [&one, &other].iter().any(|subject| after[*subject] == before[*subject]),
        "one keeps its learner"
    );
    let [changes] = &lake_rows(&site.data(), "learner_change")[..] else { panic!("one file of changes") };
    assert_eq!(changes.num_rows(), 1);
    let moved = column_text(changes, "subject_id", 0);
    assert_eq!(column_text(changes, "learner_id_before", 0), before[&moved]);
    assert_eq!(column_text(changes, "learner_id_after", 0), after[&moved]);
    link(&site);
    assert_eq!(learners(&site), after, "it holds the next time, too");
    decide(&site, (&one, &other), LinkVerdict::Withdrawn);
    link(&site);
    assert_eq!(learners(&site), before, "taken back, it is as it was");
}

#[test]
fn a_source_whose_children_are_suddenly_strangers_is_held_until_somebody_looked() {
    let site = story("");
    link(&site);
    let before = learners(&site);
    fs::write(
        site.inbox("annex").join("strangers.csv"),
        sheet(5_000..5_300, true).trim_end().replace('\n', "\nC"),
    )
    .unwrap();
    pull(&site);
    let held = site.run(&["--quiet", "--json", "link"]);
    assert_eq!(held.code, 3, "{}{}", held.out, held.err);
    let held = held.json();
    assert_eq!(
        (&held["held"][0]["source"], &held["held"][0]["what"]),
        (&"annex".into(), &"fewer_linked".into())
    );
    assert_eq!(learners(&site), before, "nothing was published");
    assert_eq!(site.run(&["link", "--accept"]).code, 2, "a reason is asked for");
    let accepted =
        site.run(&["--quiet", "link", "--accept", "--reason", "a new provider, checked with the team"]);
    assert_eq!(accepted.code, 0, "{}{}", accepted.out, accepted.err);
    assert!(learners(&site).len() > before.len());
    let shown = site.run(&["--json", "runs", "show"]).json();
    assert_eq!(shown["decision"]["reason"], "a new provider, checked with the team", "{shown}");
    let audit = Catalog::open(&site.data().join("catalog.sqlite")).unwrap().audit(1).unwrap();
    assert!(audit.iter().any(|entry| entry.verb == "link accept" && entry.outcome == "done"));
    assert_eq!(site.run(&["--quiet", "link"]).code, 0, "the next time it is what it was");
}

#[test]
fn whoever_has_no_role_adopts_nothing() {
    let site = TestSite::new();
    site.configure("2026-03-31");
    let refused = site.run(&["link", "adopt", "weighed-2-00000000"]);
    assert_eq!(refused.code, 5, "{}{}", refused.out, refused.err);
    assert!(refused.err.contains("`linkage`") && refused.err.contains("[roles]"), "{}", refused.err);
    let audit = Catalog::open(&site.data().join("catalog.sqlite")).unwrap().audit(1).unwrap();
    assert_eq!(audit.last().map(|entry| entry.outcome.as_str()), Some("refused"));
}

fn decide(site: &TestSite, pair: (&str, &str), verdict: LinkVerdict) {
    decided(&site.data(), pair, verdict);
}

/// What a person says of two subjects, as the catalog keeps it.
pub fn decided(data: &Path, (one, other): (&str, &str), verdict: LinkVerdict) {
    let id = |hex: &str| -> Pseudonym {
        let byte = |at: usize| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap();
        std::array::from_fn(byte)
    };
    let decision = LinkDecision {
        pair: (id(one), id(other)),
        verdict,
        who: "tester".to_owned(),
        at: "2026-03-31T02:00:00Z".to_owned(),
        reason: "sealed:00".to_owned(),
    };
    let access = Access {
        who: "tester",
        role: "linkage",
        verb: "link review",
        purpose: "",
        about: "a pair",
        people: 2,
        outcome: "done",
    };
    let mut catalog = Catalog::open(&data.join("catalog.sqlite")).unwrap();
    catalog.note_decisions(&[decision], &access, "2026-03-31T02:00:00Z").unwrap();
}
