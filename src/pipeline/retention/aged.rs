//! Whose entries in the register have had their time, by age. Who somebody is is needed for linking, and from an age on
//! nothing more comes that has to be linked: the entry goes, the rows stay, and the links stay as they were found.
use super::{
    super::{Site, SiteFault},
    Held,
};
use crate::{
    config::Ages,
    lake::{self, Version},
    link,
    privacy::{Digest16, Pseudonym, days},
};
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The entities that say whether somebody has an education, health and care plan, each with its column.
const SAID_IN: [(&str, &str); 2] = [("sen", "provision"), ("ehc_step", "step")];
/// The step with which a plan ends, and those that say that there is one.
const ENDED: &str = "cease";
const GOING_ON: [&str; 3] = ["plan", "review", "transfer"];

/// Whose identities go, and whose stay although others of their age have gone.
#[derive(Default)]
pub(super) struct Aged {
    /// People whose entries go, by source.
    pub(super) people: BTreeMap<String, HashSet<Pseudonym>>,
    /// How many learners they are.
    pub(super) learners: u64,
    /// Learners of whom no source tells a birth date: nobody knows when their time comes.
    pub(super) undated: u64,
    /// Learners whose entries stay longer because they have a plan.
    pub(super) planned: u64,
}

/// A learner as the register knows them.
#[derive(Default)]
struct Learner {
    subjects: HashSet<(String, Pseudonym)>,
    /// How often each birth date was said.
    births: BTreeMap<NaiveDate, u32>,
}

impl Learner {
    /// The birth date that was said most often; of two the later, with which an entry stays longer.
    fn born(&self) -> Option<NaiveDate> {
        self.births.iter().max_by_key(|(day, times)| (**times, **day)).map(|(day, _)| *day)
    }
}

impl Aged {
    pub(super) fn of(site: &Site, held: &Held) -> Result<Self, SiteFault> {
        let Some(ages) = site.settings.retention.identities else { return Ok(Self::default()) };
        let today = site.wall_day();
        let is_past = |born, age| Ages::reached(born, age).is_some_and(|day| day <= today);
        let (mut aged, mut in_doubt) = (Self::default(), Vec::new());
        for known in learners(site, held)?.into_values() {
            match known.born() {
                None => aged.undated += 1,
                Some(born) if is_past(born, ages.with_plan) => aged.add(known),
                Some(born) if is_past(born, ages.until) => in_doubt.push(known),
                Some(_) => {}
            }
        }
        if in_doubt.is_empty() {
            return Ok(aged);
        }
        let asked = in_doubt.iter().flat_map(|known| known.subjects.iter().map(|(_, subject)| *subject));
        let said = Said::of(site, held, &asked.collect(), days(today))?;
        for known in in_doubt {
            if known.subjects.iter().any(|(_, subject)| said.has_plan(subject)) {
                aged.planned += 1;
            } else {
                aged.add(known);
            }
        }
        Ok(aged)
    }

    fn add(&mut self, known: Learner) {
        self.learners += 1;
        for (source, subject) in known.subjects {
            self.people.entry(source).or_default().insert(subject);
        }
    }
}

/// Everybody in the register who is linked: who is not yet may still be found to be somebody.
fn learners(site: &Site, held: &Held) -> Result<BTreeMap<Pseudonym, Learner>, SiteFault> {
    let (keyed, plan, anchors) = (site.key.keyed(), &site.definitions.identity, site.catalog.anchors()?);
    let birth = plan.position("birth_date");
    let mut learners: BTreeMap<Pseudonym, Learner> = BTreeMap::new();
    for held in &held.register {
        let path = &held.file.path;
        link::read_segment(
            &site.settings.data_dir,
            path,
            &site.key,
            plan,
            |source, tenant, person, said, _| {
                let subject = keyed.subject(source, tenant, person);
                let Some(learner) = anchors.get(&subject) else { return };
                let known = learners.entry(*learner).or_default();
                let born =
                    birth.and_then(|at| said.get(at).copied().flatten()).and_then(|day| day.parse().ok());
                if let Some(born) = born {
                    *known.births.entry(born).or_default() += 1;
                }
                known.subjects.insert((source.to_owned(), subject));
            },
        )?;
    }
    Ok(learners)
}

/// What was said of plans, each row by its latest version.
#[derive(Default)]
struct Said {
    /// Of each subject: day, commit, whether there was a plan.
    of: HashMap<Pseudonym, Vec<(i32, i64, bool)>>,
}

/// A version of a row, as far as it counts here.
type Latest = (i64, Option<(Pseudonym, i32, Option<i32>, bool)>);

impl Said {
    fn of(site: &Site, held: &Held, asked: &HashSet<Pseudonym>, today: i32) -> Result<Self, SiteFault> {
        let mut said = Self::default();
        let plans = plan_codes(site);
        for (entity, column) in SAID_IN {
            let mut rows: HashMap<Digest16, Latest> = HashMap::new();
            for file in held.lake.iter().filter(|held| held.file.entity == entity) {
                let path = site.settings.data_dir.join(&file.file.path);
                lake::versions(&path, column, |seen| {
                    let latest = rows.entry(seen.key).or_insert((i64::MIN, None));
                    if latest.0 <= seen.seq {
                        *latest = (seen.seq, counted(&seen, entity, &plans));
                    }
                })?;
            }
            for (seq, row) in rows.into_values() {
                let Some((subject, day, ends, has_plan)) = row.filter(|row| asked.contains(&row.0)) else {
                    continue;
                };
                // A record without a day is how things are; what is still to come says nothing yet.
                let day = if day == i32::MIN { today } else { day };
                let ended = ends.filter(|_| has_plan).map(|last| (last.saturating_add(1), seq, false));
                let events = [Some((day, seq, has_plan)), ended].into_iter().flatten();
                said.of.entry(subject).or_default().extend(events.filter(|(day, ..)| *day <= today));
            }
        }
        Ok(said)
    }

    /// Whether the last that was said of somebody is that there is a plan.
    fn has_plan(&self, subject: &Pseudonym) -> bool {
        let last = self.of.get(subject).and_then(|said| said.iter().max());
        last.is_some_and(|(.., has_plan)| *has_plan)
    }
}

/// What a version says of a plan; none where it says nothing, or takes the row back.
fn counted(
    seen: &Version<'_>,
    entity: &str,
    plans: &HashSet<String>,
) -> Option<(Pseudonym, i32, Option<i32>, bool)> {
    let (subject, word) = (seen.subject?, seen.word?);
    let has_plan = match entity {
        "sen" => plans.contains(word),
        _ if word == ENDED => false,
        _ if GOING_ON.contains(&word) => true,
        _ => return None,
    };
    Some((subject, seen.day, seen.ends, has_plan))
}

/// The codes of provision that stand for a plan.
fn plan_codes(site: &Site) -> HashSet<String> {
    let Some(list) = site.definitions.codes.get("sen_provision") else { return HashSet::new() };
    let Some(level) = list.columns.iter().position(|name| name == "level") else { return HashSet::new() };
    let plans = list.rows.iter().filter(|row| row.get(level).is_some_and(|level| level == "plan"));
    plans.filter_map(|row| row.first().cloned()).collect()
}
