//! A new key over everything that the product can read: what every connector's sample gave is met again as it was.
use crate::{
    audit::{give, me},
    connector_pages::{SAMPLED, sampled},
    connectors::{Laid, copy, file_connectors, folder},
    site::{TestSite, walk},
};
use std::{collections::BTreeMap, fs};
use throughline::definitions::Definitions;

/// Records by source that were new, of all that was read.
fn pulled(site: &TestSite, arguments: &[&str]) -> BTreeMap<String, (u64, u64)> {
    let ran = site.run(&[&["--json", "pull"][..], arguments].concat());
    assert!([0, 4].contains(&ran.code), "{}{}", ran.out, ran.err);
    let sources = ran.json()["sources"].as_array().unwrap().clone();
    let n = |source: &serde_json::Value, name: &str| source[name].as_u64().unwrap();
    sources
        .iter()
        .map(|source| {
            (source["source"].as_str().unwrap().to_owned(), (n(source, "accepted"), n(source, "read")))
        })
        .collect()
}

#[test]
fn every_connector_of_files_is_met_again_under_a_new_key() {
    let definitions = Definitions::load(None).unwrap();
    let site = TestSite::new();
    let mut read = 0;
    for connector in file_connectors(&definitions).filter(|connector| folder(&connector.name).is_dir()) {
        let laid = Laid::of(connector);
        copy(laid.inbox.path(), &site.inbox(&connector.name));
        let params: Vec<String> =
            laid.params.iter().map(|(name, text)| format!("{name} = {text:?}")).collect();
        let more = format!("[sources.{}.params]\n{}", connector.name, params.join("\n"));
        site.source(&connector.name, &connector.name, &more);
        read += 1;
    }
    assert!(read > 30, "{read} connectors");
    give(&site, &["approver"]);
    assert!(pulled(&site, &[]).values().map(|(accepted, _)| accepted).sum::<u64>() > 200);
    assert_eq!(site.run(&["--quiet", "link"]).code, 0);
    let (idle, whole) = (pulled(&site, &[]), pulled(&site, &["--full"]));
    assert_eq!(site.run(&["key", "new", "fresh"]).code, 0);
    let done = site.run(&["--json", "key", "rotate", "--new", "fresh", "--reason", "ticket 7"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert_eq!(
        (&done.json()["unmatched"], &done.json()["without_identity"]),
        (&0.into(), &0.into()),
        "{}",
        done.out
    );
    fs::rename(site.path().join("fresh"), site.path().join("key")).unwrap();
    assert_eq!(pulled(&site, &[]), idle, "the files are known");
    assert_eq!(pulled(&site, &["--full"]), whole, "and read again as before");
    let verified = site.run(&["--json", "verify"]).json();
    assert_eq!(verified["flaws"].as_array().unwrap().len(), 0, "{verified}");
    // Whom the register holds stands nowhere else, under the new key as under the old.
    let mut files = Vec::new();
    walk(&site.data(), &mut files);
    let people = crate::connector_pages::Seen::of(&site).texts;
    let names: Vec<&String> = people.iter().filter(|text| text.len() > 7).collect();
    assert!(names.len() > 20);
    for file in files {
        let bytes = fs::read(&file).unwrap().to_ascii_uppercase();
        for name in &names {
            let held = memchr::memmem::find(&bytes, name.to_uppercase().as_bytes());
            assert!(held.is_none(), "{}", file.display());
        }
    }
}

/// What came of every pull of a service's sample, with a new key after each or with the same throughout.
fn walked(connector: &str, turns: bool) -> Vec<(i32, [u64; 5])> {
    let sample = sampled(connector, &|_, bytes| bytes);
    let (site, service) = (&sample.site, &sample.service);
    site.configure_with(&sample.index.as_of, &format!("[roles]\napprover = [\"{}\"]\n", me()));
    let mut came = Vec::new();
    for code in &sample.index.pulls {
        let ran = site.run(&["--json", "pull"]);
        assert_eq!(ran.code, *code, "{connector}: {}{}", ran.out, ran.err);
        service.turn();
        let source = &ran.json()["sources"][0];
        let counts = ["read", "accepted", "unchanged", "set_aside", "gone"];
        came.push((ran.code, counts.map(|name| source[name].as_u64().unwrap_or_default())));
        // What is held is a person's to decide first.
        if turns && ran.code != 3 {
            assert_eq!(site.run(&["key", "new", "fresh"]).code, 0);
            let done = site.run(&["--json", "key", "rotate", "--new", "fresh", "--reason", "ticket 7"]);
            assert_eq!(done.code, 0, "{connector}: {}{}", done.out, done.err);
            assert_eq!(done.json()["unmatched"], 0, "{connector}: {}", done.out);
            fs::rename(site.path().join("fresh"), site.path().join("key")).unwrap();
        }
    }
    came
}

/// Lists that end, people who are deleted, schools with cursors of their own: all of it goes on under another key after
/// every pull as if there had been one.
#[test]
fn a_service_goes_on_under_a_new_key_after_every_pull() {
    for connector in SAMPLED {
        assert_eq!(walked(connector, true), walked(connector, false), "{connector}");
    }
}
