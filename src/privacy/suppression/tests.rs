use super::*;
use crate::{fault::Name, privacy::IdentityKind};
use std::{fs, os::unix::fs::PermissionsExt};

const UPN: &str = "H801200001001";
const OTHER: &str = "B201361421001";

fn plan() -> IdentityPlan {
    let field = |(name, kind)| (Name::declare(name), kind);
    let fields = [
        ("upn", IdentityKind::Upn),
        ("forename", IdentityKind::Name),
        ("surname", IdentityKind::Name),
        ("birth_date", IdentityKind::BirthDate),
        ("postcode", IdentityKind::Postcode),
    ];
    IdentityPlan { fields: fields.map(field).to_vec() }
}

/// UPN, forename, surname, birth date, postcode.
type Said = [&'static str; 5];

fn cells(plan: &IdentityPlan, said: Said) -> Vec<Option<&'static str>> {
    let mut cells = vec![None; plan.fields.len()];
    for (name, text) in ["upn", "forename", "surname", "birth_date", "postcode"].iter().zip(said) {
        cells[plan.position(name).unwrap()] = Some(text).filter(|text| !text.is_empty());
    }
    cells
}

fn recognised(known: Said, record: Said) -> bool {
    let plan = plan();
    let (list, marked) = (Suppression::begin().unwrap(), Suppression::plan(&plan));
    let mut marks = Marks::default();
    list.mark(&mut marks, &marked, &cells(&plan, known));
    list.recognises(&marks, &marked, &cells(&plan, record))
}

#[test]
fn a_child_is_known_again_by_an_nhs_number_and_a_list_without_any_still_opens() {
    let plan = IdentityPlan {
        fields: [("nhs_number", IdentityKind::NhsNumber), ("forename", IdentityKind::Name)]
            .map(|(name, kind)| (Name::declare(name), kind))
            .to_vec(),
    };
    let (list, marked) = (Suppression::begin().unwrap(), Suppression::plan(&plan));
    let mut marks = Marks::default();
    list.mark(&mut marks, &marked, &[None, Some("KAI")]);
    let before = serde_json::to_string(&marks).unwrap();
    assert!(!before.contains("nhs"), "what nobody gave is not written: {before}");
    let mut marks: Marks = serde_json::from_str(&before).unwrap();
    list.mark(&mut marks, &marked, &[Some("9990000018"), None]);
    for (record, is_known) in [
        ([Some("9990000018"), None], true),
        ([Some("9990000018"), Some("KAI")], true),
        ([Some("9990000018"), Some("TOM")], false),
        ([Some("9990000026"), Some("KAI")], false),
    ] {
        assert_eq!(list.recognises(&marks, &marked, &record), is_known, "{record:?}");
    }
}

#[test]
fn a_child_is_known_again_by_number_or_by_names_and_birth_and_a_twin_is_not() {
    let child: Said = [UPN, "KATHERINE", "ARCHER", "2010-03-10", "ZT11AA"];
    for same in [
        [UPN, "KATHERINE", "ARCHER", "2010-03-10", ""],
        [UPN, "KATH", "ARCHER", "2010-03-10", ""],
        [UPN, "KATHERINE", "BAKER", "2010-03-10", ""],
        [UPN, "", "", "", ""],
        [UPN, "", "", "2010-03-10", ""],
        [UPN, "KATHERINE", "ARCHER", "", ""],
        [UPN, "KATHERINE", "ARCHER", "2010-10-03", ""],
        ["", "KATHERINE", "ARCHER", "2010-03-10", ""],
        ["", "KATH", "ARCHER", "2010-03-10", "ZT11AA"],
        [OTHER, "KATHERINE", "ARCHER", "2010-03-10", "ZT11AA"],
    ] {
        assert!(recognised(child, same), "{same:?}");
        assert!(
            recognised(same, child) || same[1..].iter().all(|text| text.is_empty()),
            "and back: {same:?}"
        );
    }
    for other in [
        [UPN, "JACK", "ARCHER", "2010-03-10", "ZT11AA"],
        [UPN, "TOM", "BAKER", "2011-05-01", ""],
        [OTHER, "KATHERINE", "ARCHER", "2010-03-10", "ZT22BB"],
        ["", "JACK", "ARCHER", "2010-03-10", "ZT11AA"],
        ["", "KATHERINE", "ARCHER", "2010-03-11", "ZT11AA"],
        ["", "KATHERINE", "", "", "ZT11AA"],
        ["", "", "", "", ""],
    ] {
        assert!(!recognised(child, other), "{other:?}");
    }
}

fn listed(list: &mut Suppression, plan: &IdentityPlan, wish: Wish, said: Said, person: &str) {
    let mut marks = Marks::default();
    list.mark(&mut marks, &Suppression::plan(plan), &cells(plan, said));
    marks.add_person(&list.person("school", "", person));
    let mut entry = Entry::new(wish, 1, "2026", ("ann", "ben"), "", marks);
    entry.add_subject("school", &[7; 16]);
    entry.cohorts = vec![2021];
    list.push(entry);
}

#[test]
fn the_list_lies_sealed_closed_and_whole_and_another_key_does_not_open_it() {
    let plan = plan();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.suppressed");
    let key = Key::for_demo(1);
    assert!(Suppression::load(&path, &key).unwrap().is_none());
    let mut list = Suppression::begin().unwrap();
    listed(&mut list, &plan, Wish::Objected, [UPN, "ZZCANARY", "ARCHER", "2010-03-10", ""], "42");
    list.save(&path, &key).unwrap();
    let bytes = fs::read(&path).unwrap();
    for secret in [&b"ZZCANARY"[..], b"school", b"objected", UPN.as_bytes()] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let opened = Suppression::load(&path, &key).unwrap().unwrap();
    assert_eq!((opened.id(), opened.len()), (list.id(), 1));
    assert_eq!(opened.entry(0).subjects().collect::<Vec<_>>(), [("school", [7; 16])]);
    assert_eq!(opened.counted().into_iter().collect::<Vec<_>>(), [(2021, 1)]);
    assert!(matches!(Suppression::load(&path, &Key::for_demo(2)), Err(SuppressionFault::Sealed)));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(Suppression::load(&path, &key), Err(SuppressionFault::OpenToOthers(0o644))));
}

#[test]
fn under_a_new_key_the_list_knows_the_same_people() {
    let plan = plan();
    let marked = Suppression::plan(&plan);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.suppressed");
    let (old, new) = (Key::for_demo(1), Key::for_demo(2));
    prepare(&path, &old, &new).unwrap();
    assert!(Suppression::load(&path, &new).unwrap().is_none(), "who has no list needs none");
    let mut list = Suppression::begin().unwrap();
    let child: Said = [UPN, "KAI", "ARCHER", "2010-03-10", ""];
    listed(&mut list, &plan, Wish::Erased, child, "42");
    list.save(&path, &old).unwrap();
    prepare(&path, &old, &new).unwrap();
    assert_eq!(Suppression::load(&path, &old).unwrap().unwrap().len(), 1, "until the new key is the lake's");
    prepare(&path, &old, &new).unwrap();
    assert!(Suppression::load(&path, &new).unwrap().is_some());
    assert!(matches!(Suppression::load(&path, &old), Err(SuppressionFault::Sealed)));
    let list = Suppression::load(&path, &new).unwrap().unwrap();
    let nobody = cells(&plan, [""; 5]);
    assert_eq!(list.concerning(&list.person("school", "", "42"), &marked, &nobody), Some(0));
    assert_eq!(list.concerning(&list.person("school", "", "43"), &marked, &nobody), None);
    assert_eq!(list.concerning(&list.person("club", "", "9"), &marked, &cells(&plan, child)), Some(0));
}

#[test]
fn of_two_wishes_the_weightier_holds() {
    let plan = plan();
    let mut list = Suppression::begin().unwrap();
    let child: Said = [UPN, "KAI", "ARCHER", "2010-03-10", ""];
    listed(&mut list, &plan, Wish::Erased, child, "1");
    listed(&mut list, &plan, Wish::Restricted, child, "2");
    let found =
        list.concerning(&list.person("school", "", "2"), &Suppression::plan(&plan), &cells(&plan, child));
    assert_eq!(found.map(|at| list.entry(at).wish), Some(Wish::Erased));
    assert!(Wish::Erased.withholds() && Wish::Objected.withholds() && !Wish::Restricted.withholds());
}
