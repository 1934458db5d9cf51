//! A new key over everything that the product can read: what every connector's sample gave is met again as it was.
use crate::{
    audit::give,
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
