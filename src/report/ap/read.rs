//! Placements of three years, counted by measure and provider.
use super::{
    super::{Release, ReportFault},
    made::{self, Answer, MADE, Placement},
};
use std::collections::{BTreeMap, BTreeSet};

/// What the placements of a provider, or of all, say to a measure.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) yes: u64,
    pub(super) no: u64,
    pub(super) missing: u64,
    /// Learners behind the placements that say yes or no.
    pub(super) learners: u64,
    /// Whether there are enough to compare it.
    pub(super) is_comparable: bool,
}

impl Tally {
    /// Placements of which it is known.
    pub(super) fn known(&self) -> u64 {
        self.yes + self.no
    }
}

/// By measure and provider.
pub(super) struct Answers {
    by_measure: BTreeMap<String, BTreeMap<String, Tally>>,
    learners: BTreeMap<String, u64>,
    /// Placements of learners who are counted already, at whatever provider.
    repeats: u64,
}

impl Answers {
    /// The providers of a measure.
    pub(super) fn of(&self, measure: &str) -> Option<&BTreeMap<String, Tally>> {
        self.by_measure.get(measure)
    }

    /// All providers of a measure together, with as many learners as there are at least.
    pub(super) fn together(&self, providers: &BTreeMap<String, Tally>) -> Tally {
        let sum = |of: fn(&Tally) -> u64| providers.values().map(of).sum();
        let (yes, no) = (sum(|tally| tally.yes), sum(|tally| tally.no));
        Tally {
            yes,
            no,
            missing: sum(|tally| tally.missing),
            learners: (yes + no).saturating_sub(self.repeats),
            is_comparable: true,
        }
    }

    /// How many learners were placed with a provider.
    pub(super) fn learners(&self, provider: &str) -> u64 {
        self.learners.get(provider).copied().unwrap_or(0)
    }

    /// The providers, and how many learners were placed with each.
    pub(super) fn providers(&self) -> impl Iterator<Item = (&str, u64)> {
        self.learners.iter().map(|(provider, learners)| (provider.as_str(), *learners))
    }

    /// Whether a provider has enough placements to be compared at all.
    pub(super) fn is_comparable(&self, provider: &str) -> bool {
        self.of(ALL_PLACEMENTS).and_then(|all| all.get(provider)).is_some_and(|tally| tally.is_comparable)
    }

    /// Of how many placements, all providers together, a measure is known.
    pub(super) fn size(&self, measure: &str) -> Option<u64> {
        self.of(measure).map(|providers| providers.values().map(Tally::known).sum())
    }

    /// Of how many placements a measure is not known.
    pub(super) fn missing(&self, measure: &str) -> u64 {
        self.of(measure).map_or(0, |providers| providers.values().map(|tally| tally.missing).sum())
    }
}

/// A measure of which it is known of every placement.
const ALL_PLACEMENTS: &str = "has_baseline";

/// The last of the newest three years.
pub(super) fn until(release: &Release) -> Result<Option<i64>, ReportFault> {
    let years = release.read("ap_funnel", |row| row.number("until_ay"))?;
    Ok(years.into_iter().max())
}

/// The three years up to this one.
pub(super) fn answers(release: &Release, until: i64) -> Result<Answers, ReportFault> {
    let mut by_measure: BTreeMap<String, BTreeMap<String, Tally>> = BTreeMap::new();
    let mut comparable = BTreeSet::new();
    let rows = release.read("ap_funnel", |row| {
        (row.number("until_ay")? == until && row.text("audit_group")? == "ap").then_some(())?;
        let known = row.people("n_known");
        let tally = Tally {
            yes: row.people("n_yes"),
            no: known.saturating_sub(row.people("n_yes")),
            missing: row.people("n_missing"),
            learners: row.people("n_learners"),
            is_comparable: row.text("funnel_state")? == "shown",
        };
        Some((row.text("measure")?, row.text("establishment_id")?, tally))
    })?;
    for (measure, provider, tally) in rows {
        if measure == ALL_PLACEMENTS && tally.is_comparable {
            comparable.insert(provider.clone());
        }
        by_measure.entry(measure).or_default().insert(provider, tally);
    }
    let mut learners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut behind: BTreeMap<(&str, String), BTreeSet<String>> = BTreeMap::new();
    let placements = made::placements(release, until)?;
    let everybody: BTreeSet<&String> = placements.iter().map(|placement| &placement.learner).collect();
    let repeats = (placements.len() - everybody.len()) as u64;
    for placement in placements {
        let Placement { provider, learner, answers } = placement;
        for (measure, answer) in MADE.into_iter().zip(answers) {
            let tally =
                by_measure.entry(measure.to_owned()).or_default().entry(provider.clone()).or_default();
            match answer {
                Answer::Yes => tally.yes += 1,
                Answer::No => tally.no += 1,
                Answer::Missing => tally.missing += 1,
                Answer::NotAsked => {}
            }
            if [Answer::Yes, Answer::No].contains(&answer) {
                behind.entry((measure, provider.clone())).or_default().insert(learner.clone());
            }
            tally.is_comparable = comparable.contains(&provider);
        }
        learners.entry(provider).or_default().insert(learner);
    }
    for ((measure, provider), learners) in behind {
        if let Some(tally) = by_measure.get_mut(measure).and_then(|all| all.get_mut(&provider)) {
            tally.learners = learners.len() as u64;
        }
    }
    let learners = learners.into_iter().map(|(provider, learners)| (provider, learners.len() as u64));
    Ok(Answers { by_measure, learners: learners.collect(), repeats })
}
