//! Ways through the Januaries: section 10 of the page on cohorts, read once more.
use super::cells::Fixed;
use super::codes::POPULATIONS;
use super::days::january_census;
use super::measures::{Pathway, PathwayForm};
use super::rows::{CohortMember, CohortOutcome, Spell};
use super::waterfall::{belongs, counts, wilson};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// The setting of one January; none where the day lies ahead.
fn setting(spells: &[&Spell], ay: i64, as_of: NaiveDate) -> Option<String> {
    let day = january_census(ay as i32);
    if day > as_of {
        return None;
    }
    let main =
        spells.iter().find(|spell| spell.role == "main" && spell.starts_on <= day && day <= spell.ends_on);
    Some(
        main.map_or("not_known", |spell| match spell.legal_basis.as_str() {
            "ehe_full" => "ehe",
            "cme" => "cme",
            _ => &spell.kind,
        })
        .to_owned(),
    )
}

pub fn pathways(members: &[CohortMember], spells: &[Spell], as_of: NaiveDate) -> Vec<Pathway> {
    let mut of_person: BTreeMap<u32, Vec<&Spell>> = BTreeMap::new();
    for spell in spells {
        of_person.entry(spell.person.0).or_default().push(spell);
    }
    let way = |member: &CohortMember| {
        let theirs = of_person.get(&member.person.0).map_or(&[][..], Vec::as_slice);
        let settings: Vec<Option<String>> =
            (0..6).map(|step| setting(theirs, member.cohort_ay + step, as_of)).collect();
        let mut runs: Vec<&str> = settings.iter().flatten().map(String::as_str).collect();
        runs.dedup();
        Pathway {
            person: member.person,
            cohort_ay: member.cohort_ay,
            pathway: runs.join(" > "),
            // A cohort that has not reached Year 6 by the day has no setting yet, and has changed nothing.
            n_changes: (runs.len() as i64 - 1).max(0),
            setting_y6: settings[0].clone(),
            setting_y7: settings[1].clone(),
            setting_y8: settings[2].clone(),
            setting_y9: settings[3].clone(),
            setting_y10: settings[4].clone(),
            setting_y11: settings[5].clone(),
        }
    };
    members.iter().map(way).collect()
}

/// How many of each population went which way; members, outcomes and ways are in one order.
pub fn forms(pairs: &[(&CohortMember, &CohortOutcome)], ways: &[Pathway]) -> Vec<PathwayForm> {
    let mut counted: BTreeMap<(i64, &str), BTreeMap<&str, i64>> = BTreeMap::new();
    for ((member, at), way) in pairs.iter().zip(ways) {
        for population in POPULATIONS {
            if at.state != "not_yet_16" && belongs(member, population) && counts(at, population) {
                let forms = counted.entry((member.cohort_ay, population)).or_default();
                *forms.entry(&way.pathway).or_default() += 1;
            }
        }
    }
    let mut rows = Vec::new();
    for ((cohort_ay, population), forms) in counted {
        let n_members = forms.values().sum::<i64>();
        for (way, n) in &forms {
            let ends = wilson(*n, n_members);
            rows.push(PathwayForm {
                cohort_ay,
                population: population.to_owned(),
                pathway: (*way).to_owned(),
                place: 1 + forms.values().filter(|other| *other > n).count() as i64,
                n: *n,
                n_members,
                share: Fixed::fraction(*n, n_members),
                share_low: ends.map(|ends| ends.0),
                share_high: ends.map(|ends| ends.1),
                has_not_known: way.contains("not_known"),
            });
        }
    }
    rows
}
