//! `link report`: how well records were linked, from the newest release and through the gate.
use super::{Halt, newest, written};
use crate::{
    command::{
        Exit, Verdict,
        cli::{LinkReportArgs, WriteArgs},
        screen::Screen,
    },
    config::Settings,
    disclosure::{
        self, Disclosed, DisclosedTable, Estimates, LinkGrid, LinkGroup, Policy, Rate, Rates, ShareRow,
        Shares, StateCount, Waterfall,
    },
    pipeline::Site,
    report::{About, NAMED_FROM, Release},
};
use rows::{BandRow, QualityRow};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

mod html;
mod rows;
mod sections;
mod words;

/// What subjects are grouped by on the page, and how it is said.
const DIMENSIONS: [(&str, &str); 8] = [
    ("upn", "Pupil number"),
    ("setting", "Setting"),
    ("sex", "Sex"),
    ("ethnicity", "Ethnic group"),
    ("sen", "Special educational needs"),
    ("fsm", "Free school meals"),
    ("care", "Looked after, now or before"),
    ("eal", "First language other than English"),
];

/// The page, on the terminal and where asked for as a file.
pub(in crate::command) fn links(settings: Settings, args: &LinkReportArgs, screen: &Screen) -> Verdict {
    let write = WriteArgs { html: args.html.clone(), xlsx: None, csv: None, beside: None, force: args.force };
    written::may_be_written(&settings, &write)?;
    let site = Site::open(settings)?;
    let policy = Policy::named(&site.settings.disclosure_policy, site.key.kind())?;
    let (folder, id) = newest(&site)?;
    let about = about(&Release::open(&folder, &id)?, &policy);
    let page = LinkPage::of(&folder, about, args.providers, args.year, &policy)?;
    if let Some(file) = &args.html {
        written::write(file, html::page(&page).as_bytes(), screen)?;
    }
    screen.result(&words::page(&page));
    screen.document(&page.as_json());
    Ok(Exit::Done)
}

/// What the page rests on.
fn about(release: &Release, policy: &Policy) -> About {
    About {
        release: release.id.clone(),
        as_of: release.as_of.clone(),
        authority: release.authority.clone(),
        synthetic: release.synthetic,
        population: SUBJECTS.to_owned(),
        policy: policy.name(),
        policy_in_words: policy.in_words(),
        threshold: policy.threshold(),
        rounded_to: policy.round_to(),
    }
}

/// Everything on the page has been through the gate.
struct LinkPage {
    about: About,
    /// Whether establishments stand where sources would.
    providers: bool,
    /// Link rates by source or establishment.
    places: Disclosed<DisclosedTable>,
    /// Which cells each source filled; none with establishments.
    completeness: Option<Disclosed<DisclosedTable>>,
    methods: Disclosed<DisclosedTable>,
    /// What is stated of each band, on what basis, and what persons found.
    stated: Disclosed<DisclosedTable>,
    samples: Disclosed<DisclosedTable>,
    basis: String,
    /// By dimension.
    groups: Vec<(&'static str, Disclosed<DisclosedTable>)>,
    /// The cohort, and where it ended, counted and weighted.
    sensitivity: Option<(i32, Disclosed<DisclosedTable>)>,
    drift: Disclosed<DisclosedTable>,
}

impl LinkPage {
    fn of(
        folder: &Path,
        about: About,
        providers: bool,
        year: Option<i32>,
        policy: &Policy,
    ) -> Result<Self, Halt> {
        let quality = rows::quality(folder)?;
        let bands = rows::bands(folder)?;
        let place = if providers { "provider" } else { "source" };
        let places = grid(&quality, place, policy)?;
        let mut groups = Vec::new();
        for (dimension, title) in DIMENSIONS {
            groups.push((title, grid(&quality, dimension, policy)?));
        }
        Ok(Self {
            about,
            providers,
            completeness: if providers { None } else { Some(completeness(folder, &places, policy)?) },
            places,
            methods: methods(folder, policy)?,
            stated: stated(&bands, policy)?,
            samples: samples(&bands, policy)?,
            basis: bands.first().map(|band| band.basis.clone()).unwrap_or_default(),
            groups,
            sensitivity: sensitivity(folder, year, policy)?,
            drift: drift(folder, place, &places_named(&quality), policy)?,
        })
    }

    fn as_json(&self) -> serde_json::Value {
        let groups: BTreeMap<&str, &DisclosedTable> = self
            .groups
            .iter()
            .zip(DIMENSIONS)
            .map(|((_, table), (dimension, _))| (dimension, table.as_ref()))
            .collect();
        json!({
            "release": self.about.release,
            "about": self.about,
            "places": self.places.as_ref(),
            "completeness": self.completeness.as_ref().map(AsRef::as_ref),
            "methods": self.methods.as_ref(),
            "stated": self.stated.as_ref(),
            "basis": self.basis,
            "samples": self.samples.as_ref(),
            "groups": groups,
            "sensitivity": self.sensitivity.as_ref().map(|(year, table)| json!({ "cohort": year, "table": table.as_ref() })),
            "drift": self.drift.as_ref(),
        })
    }
}

const SUBJECTS: &str = "subjects: people as one source knows them";

/// One dimension of `link_quality`, its sums and its estimates.
fn grid(quality: &[QualityRow], dimension: &str, policy: &Policy) -> Result<Disclosed<DisclosedTable>, Halt> {
    let of = |wanted: &str| quality.iter().filter(move |row| row.dimension == wanted).collect::<Vec<_>>();
    let mut groups: Vec<LinkGroup> = of(dimension)
        .into_iter()
        .map(|row| LinkGroup {
            group: row.category.clone(),
            subjects: row.subjects,
            linked: row.linked,
            learners: row.learners,
            estimates: row.estimates.clone(),
        })
        .collect();
    if dimension == "provider" {
        groups = with_few_together(groups);
    }
    groups.sort_by_key(|group| (group.group == "not_known", group.group.clone()));
    let all = of("all");
    let grid = LinkGrid {
        title: format!("Links by {dimension}"),
        population: SUBJECTS.to_owned(),
        dimension: dimension.to_owned(),
        groups,
        estimates: ["precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high"]
            .map(str::to_owned)
            .to_vec(),
        of_all: all.first().map_or_else(|| vec![None; 6], |row| row.estimates.clone()),
    };
    Ok(disclosure::disclose_links(&grid, policy)?)
}

/// Establishments with few learners have no name: they stand together.
fn with_few_together(groups: Vec<LinkGroup>) -> Vec<LinkGroup> {
    let (mut named, few): (Vec<LinkGroup>, Vec<LinkGroup>) =
        groups.into_iter().partition(|group| group.group == "not_known" || group.learners >= NAMED_FROM);
    if !few.is_empty() {
        named.push(LinkGroup {
            group: "others".to_owned(),
            subjects: few.iter().map(|group| group.subjects).sum(),
            linked: few.iter().map(|group| group.linked).sum(),
            // Of one learner at two of them there may be fewer: so many there are at least.
            learners: few.iter().map(|group| group.learners).max().unwrap_or(0),
            estimates: vec![None; 6],
        });
    }
    named
}

/// How much each source told. What the table of sources hides is hidden here, too.
fn completeness(
    folder: &Path,
    places: &Disclosed<DisclosedTable>,
    policy: &Policy,
) -> Result<Disclosed<DisclosedTable>, Halt> {
    let is_hidden = |source: &str| {
        let row = places.as_ref().rows.iter().find(|row| row.keys.first().is_some_and(|key| key == source));
        row.and_then(|row| row.figures.first()).is_none_or(|figure| !figure.is_number())
    };
    let rows = rows::population(folder)?.into_iter().map(|row| ShareRow {
        is_hidden: is_hidden(&row.source),
        key: row.source,
        whole: row.subjects,
        parts: row.with,
    });
    let shares = Shares {
        title: "How many of its subjects each source told this of".to_owned(),
        population: SUBJECTS.to_owned(),
        dimension: "source".to_owned(),
        measures: rows::CELLS.iter().map(|(_, words)| (*words).to_owned()).collect(),
        rows: rows.collect(),
    };
    Ok(disclosure::disclose_shares(&shares, policy)?)
}

/// By which rule, over all sources.
fn methods(folder: &Path, policy: &Policy) -> Result<Disclosed<DisclosedTable>, Halt> {
    let mut sums: BTreeMap<(u8, String), u64> = BTreeMap::new();
    for row in rows::methods(folder)? {
        let place = match row.band.as_str() {
            "certain" => 0,
            "alone" => 2,
            _ => 1,
        };
        *sums.entry((place, format!("{}: {}", row.band, row.method))).or_default() += row.subjects;
    }
    let mut states: Vec<((u8, String), u64)> = sums.into_iter().collect();
    states.sort_by(|a, b| a.0.0.cmp(&b.0.0).then(b.1.cmp(&a.1)).then(a.0.1.cmp(&b.0.1)));
    let states = states
        .into_iter()
        .map(|((_, state), count)| StateCount { state, count, structural_zero: false })
        .collect();
    let waterfall = Waterfall {
        title: "By which rule subjects were linked".to_owned(),
        population: SUBJECTS.to_owned(),
        states,
    };
    Ok(disclosure::disclose_waterfall(&waterfall, policy)?)
}

fn stated(bands: &[BandRow], policy: &Policy) -> Result<Disclosed<DisclosedTable>, Halt> {
    let rates = Rates {
        title: "How many links of each band are taken to be right".to_owned(),
        population: "linked subjects".to_owned(),
        dimension: "band".to_owned(),
        measures: ["right", "at_least", "at_most"].map(str::to_owned).to_vec(),
        rows: bands
            .iter()
            .filter(|band| band.subjects > 0)
            .map(|band| {
                let rates = band.stated.iter().map(|share| Rate { share: *share, people: band.subjects });
                (band.band.clone(), rates.collect())
            })
            .collect(),
    };
    Ok(disclosure::disclose_rates(&rates, policy)?)
}

/// What persons found who looked: pairs, and those that are one person.
fn samples(bands: &[BandRow], policy: &Policy) -> Result<Disclosed<DisclosedTable>, Halt> {
    let looked_at = bands.iter().filter(|band| band.sampled > 0).map(|band| LinkGroup {
        group: band.band.clone(),
        subjects: band.sampled,
        linked: band.agreed,
        learners: band.sampled,
        estimates: Vec::new(),
    });
    let grid = LinkGrid {
        title: "Pairs that persons looked at".to_owned(),
        population: "pairs of subjects, drawn by chance".to_owned(),
        dimension: "band".to_owned(),
        groups: looked_at.collect(),
        estimates: Vec::new(),
        of_all: Vec::new(),
    };
    Ok(disclosure::disclose_links(&grid, policy)?)
}

/// Weighted shares by threshold, the firmest first.
type Weighted = BTreeMap<i64, Option<u16>>;

/// The newest cohort at sixteen that has anybody in it, or the one that was asked for.
fn sensitivity(
    folder: &Path,
    year: Option<i32>,
    policy: &Policy,
) -> Result<Option<(i32, Disclosed<DisclosedTable>)>, Halt> {
    let rows = rows::sensitivity(folder)?;
    let newest = rows.iter().filter(|row| row.n > 0).map(|row| row.cohort_ay).max();
    let chosen = year.or(newest).filter(|year| rows.iter().any(|row| row.cohort_ay == *year));
    let Some(year) = chosen else {
        return match year {
            Some(_) => Err(Halt::new(
                Exit::Failed,
                "that cohort has not reached sixteen in this release, or is not in it; leave out --year for the newest",
            )),
            None => Ok(None),
        };
    };
    let mut states: BTreeMap<i64, (String, u64, Weighted)> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.cohort_ay == year) {
        let state = states.entry(row.state_order).or_insert_with(|| (row.state, row.n, Weighted::new()));
        state.2.insert(-row.threshold, row.weighted);
    }
    let waterfall = Waterfall {
        title: "Where the cohort ended, if only firm links are believed".to_owned(),
        population: "every child of the cohort, late entrants too".to_owned(),
        states: states
            .values()
            .map(|(state, count, _)| StateCount {
                state: state.clone(),
                count: *count,
                structural_zero: false,
            })
            .collect(),
    };
    let estimates = Estimates {
        names: ["weighted_99", "weighted_95", "weighted_90"].map(str::to_owned).to_vec(),
        of_states: states.into_values().map(|(_, _, weighted)| weighted.into_values().collect()).collect(),
    };
    Ok(Some((year, disclosure::disclose_estimates(&waterfall, &estimates, policy)?)))
}

/// The establishments that have enough learners to be named.
fn places_named(quality: &[QualityRow]) -> BTreeSet<String> {
    let named = quality.iter().filter(|row| row.dimension == "provider" && row.learners >= NAMED_FROM);
    named.map(|row| row.category.clone()).collect()
}

fn drift(
    folder: &Path,
    dimension: &str,
    named: &BTreeSet<String>,
    policy: &Policy,
) -> Result<Disclosed<DisclosedTable>, Halt> {
    let rate = |(share, people): (Option<u16>, u64)| Rate { share, people };
    let may_be_named = |category: &String| dimension != "provider" || named.contains(category);
    let rows = rows::drift(folder)?
        .into_iter()
        .filter(|row| row.dimension == dimension && may_be_named(&row.category));
    let rates = Rates {
        title: "Link rates of the newest year beside those before".to_owned(),
        population: SUBJECTS.to_owned(),
        dimension: dimension.to_owned(),
        measures: ["before", "newest"].map(str::to_owned).to_vec(),
        rows: rows.map(|row| (row.category, vec![rate(row.before), rate(row.new)])).collect(),
    };
    Ok(disclosure::disclose_rates(&rates, policy)?)
}
