//! `link report`: the page of linkage, on the terminal, as data and as a file, through the gate.
use crate::site::{TestSite, run_in};
use std::{fmt::Write as _, fs};

/// A council's register of `rows` rows: each fifth is the child before under another address, and six tell no sex.
pub fn register(rows: usize) -> String {
    let mut csv = String::from(
        "UPN,Surname,Forename,Date of birth,Sex,Postcode,Date missing from,Date closed,Outcome\n",
    );
    let letters = |at: usize| {
        let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
        [letter(at), letter(at / 26), letter(at / 7 + 3)].iter().collect::<String>()
    };
    for at in 0..rows {
        let child = if at % 5 == 4 { at - 1 } else { at };
        let sex = match child {
            0..6 => "",
            _ if child % 3 == 0 => "F",
            _ => "M",
        };
        let _ = writeln!(
            csv,
            ",Vwk{},Zqx{},{:02}/{:02}/{},{sex},ZZ{} {}AA,02/09/2024,,",
            letters(child * 3 + 1),
            letters(child),
            1 + child % 28,
            1 + child % 12,
            2008 + child % 3,
            1 + at / 10,
            at % 10,
        );
    }
    csv
}

#[test]
fn the_demonstration_has_a_page_that_hides_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let made = run_in(dir.path(), &["--quiet", "demo", "--dir", "site", "--learners", "600", "--seed", "5"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let config = ["--config", "site/throughline.toml"];
    let ran = run_in(dir.path(), &[&config[..], &["link", "report", "--html", "page.html"]].concat());
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    for heading in
        ["How well are records linked?", "Sources", "By which rule", "Ethnic group", "Drift", "Release "]
    {
        assert!(ran.out.contains(heading), "{heading}\n{}", ran.out);
    }
    assert!(ran.out.lines().all(|line| line.chars().count() <= 130), "{}", ran.out);
    let page = fs::read_to_string(dir.path().join("page.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("<svg") && page.contains("aria-label="));
    assert!(!page.contains("<script") && !page.contains("http"), "nothing from elsewhere");
    assert!(page.contains("Synthetic data."));
    let json = run_in(dir.path(), &[&["--json"], &config[..], &["link", "report"]].concat()).json();
    let about = &json["about"];
    assert_eq!((&about["as_of"], &about["threshold"]), (&"2026-03-31".into(), &0.into()), "{about}");
    for text in [&ran.out, &page] {
        assert!(
            text.contains(&format!("Data as at 2026-03-31. Release {}", about["release"].as_str().unwrap()))
        );
    }
    let places = &json["places"];
    let total = places["rows"].as_array().unwrap().last().unwrap();
    let subjects = total["figures"][0]["count"].as_i64().unwrap();
    for (dimension, table) in json["groups"].as_object().unwrap() {
        let rows = table["rows"].as_array().unwrap();
        let (last, groups) = rows.split_last().unwrap();
        let sum: i64 = groups.iter().map(|row| row["figures"][0]["count"].as_i64().unwrap()).sum();
        assert_eq!((sum, last["figures"][0]["count"].as_i64().unwrap()), (subjects, subjects), "{dimension}");
    }
    let other = run_in(dir.path(), &[&config[..], &["link", "report", "--providers"]].concat());
    assert!(
        other.out.contains("Establishments") && !other.out.contains("What each source tells"),
        "{}",
        other.out
    );
    let years = run_in(dir.path(), &[&config[..], &["link", "report", "--year", "1950"]].concat());
    assert_eq!(years.code, 1, "{}", years.err);
    assert!(years.err.contains("leave out --year"), "{}", years.err);
    // The same places are refused as for any report, and what is there stays there.
    for slip in ["site/key", "site/data/x.html", "site/estate/council/x.html", "page.html"] {
        let ran = run_in(dir.path(), &[&config[..], &["link", "report", "--html", slip]].concat());
        assert_eq!(ran.code, 2, "{slip}: {}", ran.err);
    }
    assert!(!dir.path().join("site/data/x.html").exists());
    let over =
        run_in(dir.path(), &[&config[..], &["link", "report", "--html", "page.html", "--force"]].concat());
    assert_eq!(over.code, 0, "{}", over.err);
}

#[test]
fn with_a_real_key_small_groups_are_hidden_and_no_name_is_anywhere() {
    let site = TestSite::new();
    site.source("missing", "cme-register", "");
    site.configure("2025-08-31");
    fs::write(site.inbox("missing").join("cme_register.csv"), register(120)).unwrap();
    let none = site.run(&["link", "report"]);
    assert_eq!(none.code, 1, "{}", none.out);
    assert!(none.err.contains("there is no release yet"), "{}", none.err);
    for verb in ["pull", "link", "release"] {
        let ran = site.run(&[verb]);
        assert_eq!(ran.code, 0, "{verb}: {}\n{}", ran.out, ran.err);
    }
    let ran = site.run(&["link", "report", "--html", "page.html"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    let page = fs::read_to_string(site.path().join("page.html")).unwrap();
    for text in [&ran.out, &page] {
        assert!(text.contains("hidden"), "{text}");
        assert!(!text.contains("Zqx") && !text.contains("ZQX") && !text.contains("VWK"), "a name");
    }
    let json = site.run(&["--json", "link", "report"]).json();
    let mut counts = Vec::new();
    gather(&json, &mut counts);
    assert!(!counts.is_empty() && counts.iter().all(|count| *count == 0 || *count >= 10), "{counts:?}");
}

/// Every count of a document of disclosed tables.
fn gather(value: &serde_json::Value, counts: &mut Vec<i64>) {
    match value {
        serde_json::Value::Object(map) => {
            counts.extend(map.get("count").and_then(serde_json::Value::as_i64));
            map.values().for_each(|value| gather(value, counts));
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| gather(value, counts)),
        _ => {}
    }
}
