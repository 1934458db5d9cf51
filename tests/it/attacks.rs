//! What an attacker would try, one test each, numbered as in the list of attacks that the product is held against.
//! The third is with the keys, and so is the thirty-second; the thirty-third is with the audit.
#[cfg(feature = "warehouse")]
mod free_text;
mod memory;
mod workbooks;

use crate::{
    keys::{story, upn},
    sheets::{placements, pull, site_of},
    site::{TestSite, column_text, lake_rows, walk},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeSet, HashSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use throughline::{
    config,
    pipeline::Site,
    privacy::{Key, KeyFault, Pseudonym, StudyKey},
};

/// Everything that whoever copied the data folder and the configuration has.
struct Loot {
    /// Every eight bytes in a row, and every eight that stand there in hex.
    windows: HashSet<[u8; 8]>,
    /// Whatever could be a salt.
    salts: BTreeSet<String>,
}

impl Loot {
    fn of(site: &Path) -> Self {
        let mut files = vec![site.join("throughline.toml")];
        walk(&site.join("data"), &mut files);
        let mut loot = Self { windows: HashSet::new(), salts: BTreeSet::new() };
        for file in &files {
            loot.salts.insert(file.file_name().unwrap().to_string_lossy().into_owned());
            loot.take(&fs::read(file).unwrap());
        }
        loot
    }

    fn take(&mut self, bytes: &[u8]) {
        self.windows.extend(bytes.array_windows::<8>());
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-:.".contains(byte);
        for word in bytes.split(|byte| !is_word(byte)).filter(|word| (4..=128).contains(&word.len())) {
            let word = String::from_utf8(word.to_vec()).unwrap();
            if word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let pairs: Vec<u8> = (0..word.len() / 2)
                    .map(|at| u8::from_str_radix(&word[at * 2..at * 2 + 2], 16).unwrap())
                    .collect();
                self.windows.extend(pairs.array_windows::<8>());
            }
            self.salts.insert(word);
        }
    }

    /// Whether any digest of a candidate under any salt stands anywhere.
    fn gives_away<'s>(&self, candidate: &str, salts: impl Iterator<Item = &'s String>) -> bool {
        let there = |digest: &[u8]| self.windows.contains(digest.first_chunk().unwrap());
        let mut found = there(&Sha256::digest(candidate));
        for salt in salts {
            found |= there(&Sha256::digest(format!("{salt}{candidate}")));
            found |= there(&Sha256::digest(format!("{candidate}{salt}")));
            let keyed = <Hmac<Sha256>>::new_from_slice(salt.as_bytes()).unwrap().chain_update(candidate);
            found |= there(&keyed.finalize().into_bytes());
        }
        found
    }
}

/// The learners of [`story`] are among the first candidates.
fn brute_force(candidates: u32, most_salts: usize) {
    let site = story(40);
    let loot = Loot::of(site.path());
    assert!(loot.salts.len() > 100, "{} words could be salts", loot.salts.len());
    // Longer words first: a salt is no word of the language.
    let mut salts: Vec<&String> = loot.salts.iter().collect();
    salts.sort_by_key(|salt| std::cmp::Reverse(salt.len()));
    salts.truncate(most_salts);
    for candidate in 0..candidates {
        let upn = upn(candidate);
        assert!(!loot.gives_away(&upn, salts.iter().copied()), "{upn} was found");
    }
    // The search finds what is there to be found.
    for planted in [Sha256::digest(upn(7)), Sha256::digest(format!("{}{}", salts[0], upn(7)))] {
        let mut weak = Loot { windows: loot.windows.clone(), salts: loot.salts.clone() };
        weak.take(&planted);
        assert!(weak.gives_away(&upn(7), salts.iter().copied()));
    }
}

#[test]
fn attack_01_brute_force_of_pupil_numbers_without_the_key() {
    brute_force(60, usize::MAX);
}

#[test]
#[ignore = "a million candidates take minutes"]
fn deep_attack_01_a_million_candidates() {
    brute_force(1_000_000, 24);
}

fn learners(site: &TestSite) -> Vec<Pseudonym> {
    let mut learners = BTreeSet::new();
    for batch in lake_rows(&site.data(), "learner_link") {
        for at in 0..batch.num_rows() {
            learners.insert(column_text(&batch, "learner_id", at));
        }
    }
    let bytes = |id: &String| -> Pseudonym {
        std::array::from_fn(|at| u8::from_str_radix(&id[at * 2..at * 2 + 2], 16).unwrap())
    };
    learners.iter().map(bytes).collect()
}

/// Opens the lake of a test under a role, and writes a study's key.
fn study(site: &TestSite, name: &str) -> StudyKey {
    let file = format!("study-{name}");
    let _ = fs::remove_file(site.path().join(&file));
    let ran = site.run(&["key", "study", name, "--to", &file]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    StudyKey::load(&site.path().join(file)).unwrap()
}

#[test]
fn attack_02_a_leaked_study_key_gives_no_pupil_and_no_lake() {
    let site = story(40);
    let leaked = study(&site, "one");
    let learners = learners(&site);
    let published: BTreeSet<Pseudonym> = learners.iter().map(|learner| leaked.pseudonym(learner)).collect();
    let other: BTreeSet<Pseudonym> =
        learners.iter().map(|learner| study(&site, "two").pseudonym(learner)).take(1).collect();
    // With the study's key and every pupil number, in whatever form: nobody of the study, and nobody of the lake.
    let bytes = leaked.to_bytes();
    let secret = &bytes[8..];
    let known: BTreeSet<Pseudonym> =
        learners.iter().copied().chain(published.iter().copied()).chain(other).collect();
    let first = |digest: &[u8]| -> Pseudonym { *digest.first_chunk().unwrap() };
    for serial in 0..2_000 {
        let upn = upn(serial);
        let mac = <Hmac<Sha256>>::new_from_slice(secret).unwrap();
        let plain = first(&Sha256::digest(&upn));
        let tries = [
            first(&mac.clone().chain_update(&upn).finalize().into_bytes()),
            first(&Sha256::digest([secret, upn.as_bytes()].concat())),
            leaked.pseudonym(&plain),
            leaked.pseudonym(&first(&mac.chain_update(plain).finalize().into_bytes())),
            Key::from_bytes(secret).unwrap().keyed().subject("office", "", &upn),
        ];
        assert!(tries.iter().all(|tried| !known.contains(tried)), "{upn}");
    }
    // Nor does it open the lake, as it lies or taken for a key.
    let opened = |bytes: &[u8]| {
        let file = site.path().join("key");
        fs::write(&file, bytes).unwrap();
        let settings = config::load(&site.path().join("throughline.toml"), &[]).unwrap();
        Site::open(settings).err().map(|fault| fault.to_string())
    };
    assert_eq!(opened(&bytes), Some(KeyFault::StudyKey.to_string()));
    // A key without the demonstration's mark is refused for that alone: given the mark, for being another's.
    let mut marked = secret.to_vec();
    marked[..8].copy_from_slice(&Key::for_demo(3).to_bytes()[..8]);
    assert_eq!(opened(&marked), Some(KeyFault::AnotherKey.to_string()));
}

#[test]
fn attack_03_one_half_of_a_split_key_recovers_nothing() {
    let site = story(10);
    assert_eq!(site.run(&["key", "split", "a", "b"]).code, 0);
    let key = fs::read(site.path().join("key")).unwrap();
    let whole = Key::from_bytes(&key).unwrap();
    let subjects: BTreeSet<String> = lake_rows(&site.data(), "placement")
        .iter()
        .flat_map(|batch| {
            (0..batch.num_rows()).map(|at| column_text(batch, "subject_id", at)).collect::<Vec<_>>()
        })
        .collect();
    for half in ["a", "b"] {
        let bytes = fs::read(site.path().join(half)).unwrap();
        assert!(!key.array_windows::<4>().any(|part| bytes.windows(4).any(|window| window == part)));
        assert_eq!(Key::from_bytes(&bytes).unwrap_err(), KeyFault::OneHalf);
        // Any 32 bytes of it, taken for the key, is another key: nobody is named as in the lake.
        for tried in bytes.array_windows::<32>().filter_map(|bytes| Key::from_bytes(bytes).ok()) {
            assert_ne!(tried.fingerprint(), whole.fingerprint());
            for who in 0..10 {
                let key = format!(
                    "1\u{1f}{}\u{1f}\u{1f}KAI\u{1f}ARCHER{who}\u{1f}2010-03-{:02}",
                    upn(who),
                    who + 1
                );
                let tried = tried.keyed().subject("office", "", &key);
                let hex: String = tried.iter().map(|byte| format!("{byte:02x}")).collect();
                assert!(!subjects.contains(&hex));
            }
        }
    }
    // The same person under the whole key is there: the attack would have seen a hit.
    let key = format!("1\u{1f}{}\u{1f}\u{1f}KAI\u{1f}ARCHER0\u{1f}2010-03-01", upn(0));
    let right: String =
        whole.keyed().subject("office", "", &key).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(subjects.contains(&right));
}

#[test]
fn attack_04_without_a_sound_key_nothing_is_written() {
    let site = site_of("format = \"csv\"\nname = \"*.csv\"", &placements("mode = \"keyed\"", "day-first"));
    let row =
        format!("UPN,Surname,Forename,DOB,Start,Hours\n{},Archer,Kai,10/03/2010,01/09/2025,5\n", upn(1));
    fs::write(site.inbox("office").join("a.csv"), row).unwrap();
    let key = site.path().join("key");
    let good = fs::read(&key).unwrap();
    let set = |bytes: Option<&[u8]>, mode: u32| {
        let _ = fs::remove_file(&key);
        if let Some(bytes) = bytes {
            fs::write(&key, bytes).unwrap();
            fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    let weak: [(Option<&[u8]>, u32); 7] = [
        (None, 0),
        (Some(&good[..31]), 0o600),
        (Some(&[0; 32]), 0o600),
        (Some(b"changeme"), 0o600),
        (Some(b""), 0o600),
        (Some(&good), 0o644),
        (Some(&good), 0o640),
    ];
    for (bytes, mode) in weak {
        set(bytes, mode);
        for verb in ["pull", "link", "status"] {
            let ran = site.run(&[verb]);
            assert_eq!(ran.code, 2, "{verb} {mode:o}: {}", ran.out);
            assert!(ran.err.contains("key"), "{}", ran.err);
        }
        let mut files: Vec<PathBuf> = Vec::new();
        walk(&site.data(), &mut files);
        assert!(files.is_empty(), "{files:?}");
    }
    set(Some(&good), 0o600);
    pull(&site, 0);
    assert_eq!(lake_rows(&site.data(), "placement").len(), 1);
}

/// The name and number of one person as ten offices type them.
fn spellings(who: u32) -> Vec<String> {
    let (upn, day) = (upn(who), who % 28 + 1);
    let spaced = format!("{} {} {}", &upn[..4], &upn[4..8], &upn[8..]);
    let names = [
        ("O'Neill", "Mary-Jane"),
        ("ONEILL", "mary jane"),
        (" O’Neill ", "Mary  Jane"),
        ("o'neill", "MARY-JANE"),
        ("O`Neill", "Mary Jane."),
    ];
    let numbers =
        [upn.clone(), upn.to_lowercase(), spaced, format!(" {upn} "), format!("{}-{}", &upn[..1], &upn[1..])];
    let mut spelt = Vec::new();
    for (at, (surname, forename)) in names.iter().enumerate() {
        for twist in 0..2 {
            let number = &numbers[(at + twist * 2) % numbers.len()];
            spelt.push(format!("{number},{surname},{forename},{day:02}/03/2010"));
        }
    }
    spelt
}

#[test]
fn attack_05_ten_spellings_of_one_person_are_one_subject_and_a_wrong_number_is_set_aside_unsaid() {
    let site = site_of("format = \"csv\"\nname = \"*.csv\"", &placements("mode = \"keyed\"", "day-first"));
    let mut text = "UPN,Surname,Forename,DOB,Start,Hours\n".to_owned();
    for who in 0..50 {
        for (at, spelt) in spellings(who).iter().enumerate() {
            text.push_str(&format!("{spelt},{:02}/09/2025,5\n", at + 1));
        }
    }
    let wrong = "H999999999999";
    text.push_str(&format!("{wrong},Zzcanary,Kai,10/03/2010,01/09/2025,5\n"));
    fs::write(site.inbox("office").join("a.csv"), text).unwrap();
    let ran = pull(&site, 0);
    let mut subjects = BTreeSet::new();
    let mut rows = 0;
    for batch in lake_rows(&site.data(), "placement") {
        rows += batch.num_rows();
        subjects.extend((0..batch.num_rows()).map(|at| column_text(&batch, "subject_id", at)));
    }
    // The last row stays: what is wrong with it is the number alone.
    assert_eq!((rows, subjects.len()), (501, 51));
    let told = site.run(&["quarantine", "--all"]);
    let json = site.run(&["--json", "quarantine"]);
    let line = &json.json()["quarantine"][0];
    assert_eq!((&line["row"], &line["column"]), (&502.into(), &"upn".into()), "{line}");
    for text in [ran.out, ran.err, told.out, told.err, json.out] {
        assert!(!text.contains(wrong) && !text.contains("Zzcanary"), "{text}");
    }
}

#[test]
fn attack_06_two_studies_over_the_same_learners_share_no_value() {
    let site = story(60);
    let learners = learners(&site);
    assert!(learners.len() > 50);
    let of = |name: &str| -> BTreeSet<Pseudonym> {
        let key = study(&site, name);
        learners.iter().map(|learner| key.pseudonym(learner)).collect()
    };
    let (one, two) = (of("exclusions"), of("attendance"));
    let own: BTreeSet<Pseudonym> = learners.iter().copied().collect();
    assert_eq!((one.len(), two.len()), (learners.len(), learners.len()));
    assert!(one.is_disjoint(&two) && one.is_disjoint(&own) && two.is_disjoint(&own));
    assert_eq!(of("exclusions"), one, "the same study, the same values");
}
