//! The estate is the same bytes every time, and its truth covers it.
use super::super::world::{Code, Person, day};
use super::super::{Identifiers, World, WorldSpec};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn estate(seed: u64, learners: u32, identifiers: Identifiers) -> (tempfile::TempDir, World) {
    let dir = tempfile::tempdir().unwrap();
    let world = World::generate(&WorldSpec { seed, learners, identifiers });
    super::write(&world, dir.path()).unwrap();
    (dir, world)
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(dir).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn one_seed_gives_the_same_bytes_and_another_seed_others() {
    let (one, _) = estate(11, 1_200, Identifiers::Realistic);
    let (two, _) = estate(11, 1_200, Identifiers::Realistic);
    let (first, second) = (files(one.path()), files(two.path()));
    assert!(first.len() > 60);
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (path, bytes) in &first {
        assert!(bytes == &second[path], "{} differs", path.display());
    }
    let (other, _) = estate(12, 1_200, Identifiers::Realistic);
    assert_ne!(
        files(other.path())[Path::new("council/census/2024_spring_pupils.csv")],
        first[Path::new("council/census/2024_spring_pupils.csv")]
    );
}

#[test]
fn events_do_not_depend_on_what_the_doors_show() {
    let spec = |identifiers| WorldSpec { seed: 5, learners: 600, identifiers };
    let (perfect, realistic) =
        (World::generate(&spec(Identifiers::Perfect)), World::generate(&spec(Identifiers::Realistic)));
    for (one, other) in perfect.people.iter().zip(&realistic.people) {
        assert_eq!(one.identity, other.identity);
        assert_eq!(one.enrolments, other.enrolments);
        assert_eq!(one.qualifications, other.qualifications);
    }
}

#[test]
fn every_truth_names_a_row_that_is_there_and_perfect_rows_say_who_it_is() {
    let (dir, world) = estate(4, 1_500, Identifiers::Perfect);
    let truth = std::fs::read_to_string(dir.path().join("truth/rows.jsonl")).unwrap();
    let mut sheets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for line in truth.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let person = &world.people[row["person"].as_u64().unwrap() as usize - 1];
        let Some(document) = row["document"].as_str() else {
            seen.insert("wonde".to_owned());
            continue;
        };
        seen.insert(row["source"].as_str().unwrap().to_owned());
        if !document.ends_with("csv") {
            continue;
        }
        let lines = sheets.entry(document.to_owned()).or_insert_with(|| {
            let bytes = std::fs::read(dir.path().join(document)).unwrap();
            String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
        });
        let text = &lines[row["row"].as_u64().unwrap() as usize - 1];
        assert!(
            text.contains(&person.identity.upn) && text.contains(&person.identity.surname),
            "{line}: {text}"
        );
    }
    for door in super::doors(&world)
        .iter()
        .filter(|door| door.inbox.as_deref().is_none_or(|inbox| !inbox.contains("gias")))
    {
        assert!(
            door.connector == "provider-list" || seen.contains(&door.connector),
            "{} has no row",
            door.connector
        );
    }
    assert_eq!(std::fs::read_to_string(dir.path().join("truth/faults.jsonl")).unwrap(), "");
}

#[test]
fn realistic_workbooks_lack_numbers_at_the_stated_rate_and_each_fault_is_planted_once() {
    let (dir, world) = estate(9, 20_000, Identifiers::Realistic);
    let faults = std::fs::read_to_string(dir.path().join("truth/faults.jsonl")).unwrap();
    assert_eq!(faults.lines().count(), 6);
    let without = |person: &Person, row: u32| {
        let on = person.placements.first().map(|one| one.starts_on)?;
        Some(super::shown::shown(&world, person, on, super::shown::Hands::Provider, row).upn.is_empty())
    };
    // Many rows of each: the share of the draw, not of a few hundred children.
    let rows = world.people.iter().flat_map(|person| (0..20).filter_map(move |row| without(person, row)));
    let rows = rows.collect::<Vec<_>>();
    let share = rows.iter().filter(|without| **without).count() as f64 / rows.len() as f64;
    assert!(rows.len() > 3_000 && (share - 0.40).abs() < 0.02, "{share} of {}", rows.len());
}

/// Every code that a world uses is in the lists of the contract.
#[test]
fn codes_are_those_of_the_lists() {
    let list = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/codes/{name}.csv"));
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .skip(1)
            .filter_map(|line| line.split(',').next().map(str::to_owned))
            .collect::<BTreeSet<_>>()
    };
    let world = World::generate(&WorldSpec { seed: 3, learners: 4_000, identifiers: Identifiers::Perfect });
    let check = |name: &str, used: &dyn Fn(&Person) -> Vec<Code>| {
        let codes = list(name);
        for code in world.people.iter().flat_map(used) {
            assert!(codes.contains(code), "{code} is not in {name}");
        }
    };
    check("enrolment_status", &|p| p.enrolments.iter().map(|one| one.status).collect());
    check("leaving_reason", &|p| p.enrolments.iter().filter_map(|one| one.leaving_reason).collect());
    check("legal_basis", &|p| p.placements.iter().map(|one| one.legal_basis).collect());
    check("placement_reason", &|p| p.placements.iter().map(|one| one.reason).collect());
    check("placement_end_reason", &|p| p.placements.iter().filter_map(|one| one.end_reason).collect());
    check("commissioner", &|p| p.placements.iter().map(|one| one.commissioner).collect());
    check("off_roll_basis", &|p| p.off_roll.iter().map(|one| one.basis).collect());
    check("off_roll_end", &|p| p.off_roll.iter().filter_map(|one| one.end_reason).collect());
    check("suspension_category", &|p| p.suspensions.iter().map(|one| one.category).collect());
    check("suspension_reason", &|p| p.suspensions.iter().map(|one| one.reason).collect());
    check("sen_provision", &|p| p.years.iter().map(|one| one.sen).collect());
    check("sen_need", &|p| p.years.iter().filter_map(|one| one.need).collect());
    check("assessment_kind", &|p| p.assessments.iter().map(|one| one.kind).collect());
    check("assessment_point", &|p| p.assessments.iter().map(|one| one.point).collect());
    check("assessment_status", &|p| p.assessments.iter().map(|one| one.status).collect());
    check("qualification_kind", &|p| p.qualifications.iter().map(|one| one.kind).collect());
    check("qualification_level", &|p| p.qualifications.iter().filter_map(|one| one.level).collect());
    check("subject", &|p| p.qualifications.iter().map(|one| one.subject).collect());
    check("grade", &|p| p.qualifications.iter().map(|one| one.grade).collect());
    check("nccis_activity", &|p| p.destinations.iter().map(|one| one.activity).collect());
    check("september_guarantee", &|p| p.destinations.iter().filter_map(|one| one.guarantee).collect());
    check("ethnicity", &|p| vec![p.identity.ethnicity]);
    check("sex", &|p| vec![p.identity.sex]);
    let (kinds, types) = (list("establishment_kind"), list("establishment_type"));
    for one in &world.establishments {
        assert!(
            kinds.contains(one.kind) && one.type_code.is_none_or(|code| types.contains(code)),
            "{}",
            one.name
        );
    }
    let words = list("establishment_link_type");
    assert!(world.links.iter().all(|link| words.contains(link.link_type)));
}

/// One school converts, two merge and one closes; the doors say of each what real ones say.
#[test]
fn schools_that_end_are_listed_and_their_children_are_somewhere_else() {
    let (dir, world) = estate(11, 2_000, Identifiers::Perfect);
    let text =
        |path: &str| String::from_utf8_lossy(&std::fs::read(dir.path().join(path)).unwrap()).into_owned();
    let (register, links) = (text("council/gias/establishments.csv"), text("council/gias/links.csv"));
    let ended = world.establishments.iter().filter(|one| one.closed_on.is_some()).collect::<Vec<_>>();
    assert_eq!(ended.len(), 4);
    let has_link = |id: &str| links.lines().any(|line| line.starts_with(&format!("\"{id}\"")));
    let (succeeded, closed): (Vec<_>, Vec<_>) = ended.into_iter().partition(|one| has_link(&one.id));
    assert_eq!((succeeded.len(), closed.len()), (3, 1));
    let listed = register.lines().find(|line| line.contains(&closed[0].id)).unwrap();
    assert!(listed.contains("\"Closed\"") && listed.ends_with("\"31-08-2024\""), "{listed}");
    // A converter keeps its number within the authority.
    let number = |id: &str| world.establishments.iter().find(|one| one.id == id).unwrap().estab;
    let converted = world.links.iter().find(|link| link.link_type == "successor").unwrap();
    let (from, to) = (world.establishment(converted.place), world.establishment(converted.linked));
    assert!(from.id != to.id && number(&from.id) == number(&to.id));
    closing(&world, &closed[0].id);
    let system = text(&format!("mis/A{}.jsonl", closed[0].id));
    assert!(system.contains("students-leaver") && !system.contains("\"feed\":\"students\""));
}

/// Whoever was on the roll to the last is next door in September, under one of two numbers, and nobody joins afterwards.
fn closing(world: &World, id: &str) {
    let last = day(2024, 8, 31);
    let mut next_door = BTreeSet::new();
    let mut moved = 0;
    for person in &world.people {
        for pair in person.enrolments.windows(2) {
            let is_from_there = world.establishment(pair[0].place).id == id;
            if is_from_there
                && (pair[0].leaving_reason, pair[1].starts_on) == (Some("moved"), day(2024, 9, 3))
            {
                moved += 1;
                next_door.insert(&world.establishment(pair[1].place).id);
            }
        }
        let stays = person.enrolments.iter().filter(|one| world.establishment(one.place).id == id);
        for one in stays {
            assert!(one.starts_on <= last && one.ends_on.is_some_and(|end| end <= last), "{one:?}");
        }
    }
    assert!(moved > 20, "{moved}");
    assert_eq!(next_door.len(), 2);
}
