//! Before the end of Year 11: who was lost sight of, and who may need support.
use super::super::{
    Chart, Release, ReportFault, Row, Section, Table, Time, Unit, column,
    parts::{self, all_of, made_of, part},
    places::{self, Place},
    shown,
    words::{cell, day},
};
use super::{
    after::{group_words, stacked},
    read::{self, Standing, Told},
    section, wards,
};
use crate::disclosure::{Figure, LinkGroup, Policy, Symbol};
use std::collections::{BTreeMap, BTreeSet};

const LEARNERS: &str = "everybody in Years 7 to 11 by age of whom any source tells";
pub(super) const TOLD: &str = "everybody in Years 8 to 11 by age of whom any source tells";

/// What is said of where somebody is today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    /// A roll, a placement or home education that lasts.
    Known,
    /// Nothing of that, and on record that the learner lives elsewhere, left England or died.
    Moved,
    /// On the register of missing education.
    Missing,
    /// Nothing.
    Unsaid,
}

impl Whereabouts {
    /// Whoever is missing by a register is sought, wherever the home is: a move comes after it.
    fn of(learner: &str, standings: &BTreeMap<String, Standing>, moved: &BTreeSet<String>) -> Self {
        match standings.get(learner) {
            Some(Standing { main, beside, .. }) if main.is_some() || beside.is_some() => Self::Known,
            Some(_) => Self::Missing,
            None if moved.contains(learner) => Self::Moved,
            None => Self::Unsaid,
        }
    }
}

/// How many of each year group nothing says where they are, and how many are on record as gone.
pub(super) fn lost_sight(
    release: &Release,
    policy: &Policy,
    short: &mut Vec<String>,
) -> Result<Option<Section>, ReportFault> {
    const PARTS: [&str; 6] = ["learners", "known", "moved", "lost", "missing", "nothing"];
    let standings = read::standings(release)?;
    let moved = read::moved_away(release)?;
    let mut years: BTreeMap<i64, [u64; 4]> = BTreeMap::new();
    for (learner, cohort) in read::cohorts(release)? {
        let year_group = release.year() - cohort + 6;
        if (7..=11).contains(&year_group) {
            years.entry(year_group).or_default()[Whereabouts::of(&learner, &standings, &moved) as usize] += 1;
        }
    }
    if years.is_empty() {
        return Ok(None);
    }
    let whole = |(year, [known, moved, missing, nothing]): (&i64, &[u64; 4])| {
        let lost = vec![part("missing", *missing), part("nothing", *nothing)];
        let parts = vec![part("known", *known), part("moved", *moved), all_of("lost", lost)];
        (year.to_string(), all_of("learners", parts))
    };
    let title = format!("Whether anything says where they are on {}", day(&release.as_of));
    let through = parts::through(&title, LEARNERS, "year", years.iter().map(whole), policy)?;
    let time = Time::year(release.year());
    let rows = through.rows(&PARTS, ("lost", "learners"), &time, |key| format!("Year {key}"), policy);
    short.push(lost_in_words(&rows));
    let table = Table {
        name: "lost_sight_of",
        title,
        population: LEARNERS.to_owned(),
        rows_are: ("year_group", "year group"),
        said: &[],
        columns: vec![
            column("learners", "young people", Unit::Count),
            column("place_known", "place known", Unit::Count),
            column("moved_away", "on record as moved away", Unit::Count),
            column("lost_sight_of", "lost sight of", Unit::Count),
            column("registered_missing", "of them: on the register of missing education", Unit::Count),
            column("nothing_said", "of them: nobody says anything", Unit::Count),
            column("lost_rate", "lost sight of, share", Unit::PerCent),
            column("lost_rate_low", "share, at least", Unit::PerCent),
            column("lost_rate_high", "share, at most", Unit::PerCent),
        ],
        rows,
    };
    let words = "Known is a roll, a placement or home education that lasts today. Moved away is on record: the home is in another \
                 authority, or the last school said that the learner left England or died; it is no proof of a school, and whoever \
                 is on the register of missing education is not among them. Who they are: `resolve --view lost_sight`, which lists \
                 those who moved away, too.";
    Ok(Some(section("Lost sight of", &[words.to_owned()], table, through.notes())))
}

/// What the years come to together.
fn lost_in_words(rows: &[Row]) -> String {
    let sum = |at: usize| {
        let figures: Vec<Figure> = rows.iter().filter_map(|row| row.figures.get(at).copied()).collect();
        shown::sum(&figures)
    };
    let (moved, lost) = (sum(2), sum(3));
    if !lost.is_number() {
        return "How many in Years 7 to 11 were lost sight of stands in the table below, where it may be shown.".to_owned();
    }
    let mut said = format!(
        "Nothing says where {} of those in Years 7 to 11 are today, or all that is said is that they are missing education.",
        cell(lost, false)
    );
    if moved.is_number() {
        said.push_str(&format!(" {} more are on record as moved away.", cell(moved, false)));
    }
    said
}

/// Whether it is shown of every year group how many were lost sight of: then their sum gives nothing away.
pub(super) fn is_shown_whole(lost_sight: &Section) -> bool {
    let rows = lost_sight.table.as_ref().map_or(&[][..], |table| &table.rows);
    rows.iter().all(|row| row.figures[..4].iter().all(|figure| figure.is_number()))
}

/// Bands, and who may need support by year group, circumstance and place.
///
/// Places divide those whose place is known. So they are shown only where everything says how many that is
/// (`lost_are_shown`) and how many of those lost sight of are marked.
pub(super) fn risk(
    release: &Release,
    lost_are_shown: bool,
    homes: &BTreeMap<String, String>,
    policy: &Policy,
) -> Result<Vec<Section>, ReportFault> {
    const PARTS: [&str; 7] = ["learners", "support", "red", "amber", "rest", "green", "not_known"];
    let told = read::told(release)?;
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let of = |band: &str| told.iter().filter(|told| told.band == band).count() as u64;
    let (red, amber, green, not_known) = (of("red"), of("amber"), of("green"), of("not_known"));
    let support = vec![part("red", red), part("amber", amber)];
    let rest = vec![part("green", green), part("not_known", not_known)];
    let parts = vec![all_of("support", support), all_of("rest", rest)];
    let whole = made_of("learners", told.len() as u64, parts);
    let title = format!("Who may need support, as told on {}", day(&release.as_of));
    let through = parts::through(&title, TOLD, "all", [("all".to_owned(), whole)], policy)?;
    let time = Time::year(release.year());
    let figures = through.figures(&PARTS).pop().map(|(_, figures)| figures).unwrap_or_default();
    let support_is_shown = figures.get(1).is_some_and(|figure| figure.is_number());
    let mut sections = vec![bands(title, &figures, &time, policy, through.notes())];
    if support_is_shown {
        let standings = read::standings(release)?;
        let by_circumstance =
            by_circumstance(release, &told, lost_are_shown.then_some(&standings), &time, policy)?;
        let places_are_safe = by_circumstance.as_ref().is_some_and(|section| {
            let rows = section.table.as_ref().map_or(&[][..], |table| &table.rows);
            let mut known = rows.iter().filter(|row| row.key == PLACE_KNOWN);
            known.any(|row| row.figures.iter().all(|figure| figure.is_number()))
        });
        sections.extend(by_circumstance);
        if places_are_safe {
            sections.push(by_place(&standings, &told, (&release.as_of, &time), policy)?);
        } else if let Some(section) = sections.last_mut() {
            section.notes.push(
                "By school and provider nothing is shown: how many were lost sight of is hidden, and places would give it away."
                    .to_owned(),
            );
        }
        sections.extend(wards::support(release, &told, homes, (&time, policy))?);
    } else if let Some(section) = sections.first_mut() {
        section.notes.push(
            "By year group, circumstance, place and ward nothing is shown: the number of all who may need support is hidden, and \
             their groups would give it away."
                .to_owned(),
        );
    }
    Ok(sections)
}

/// The bands of everybody.
fn bands(title: String, figures: &[Figure], time: &Time, policy: &Policy, notes: Vec<String>) -> Section {
    const LABELS: [(usize, &str, &str); 6] = [
        (1, "may_need_support", "may need support"),
        (2, "may_need_it_most", "of them: may need it most"),
        (3, "may_need_it", "of them: may need it"),
        (5, "few_factors", "few known factors, and enough is known to say so"),
        (6, "too_little_known", "too little known to say: not the same as low risk"),
        (0, "total", "Total"),
    ];
    let whole = figures.first().copied();
    let rows = LABELS.into_iter().filter_map(|(at, key, label)| {
        let figure = *figures.get(at)?;
        let [rate, mut low, mut high] = shown::rate(figure, whole?, shown::decimals(policy));
        // All of all is no matter of chance.
        if at == 0 && low.is_number() {
            (low, high) = (Figure::Symbol(Symbol::NotApplicable), Figure::Symbol(Symbol::NotApplicable));
        }
        Some(Row {
            key: key.to_owned(),
            label: label.to_owned(),
            time: time.clone(),
            is_total: at == 0,
            said: Vec::new(),
            figures: vec![figure, rate, low, high],
        })
    });
    let table = Table {
        name: "may_need_support",
        title,
        population: TOLD.to_owned(),
        rows_are: ("what_is_told", "what is told"),
        said: &[],
        columns: vec![
            column("learners", "young people", Unit::Count),
            column("share", "share", Unit::PerCent),
            column("share_low", "share, at least", Unit::PerCent),
            column("share_high", "share, at most", Unit::PerCent),
        ],
        rows: rows.collect(),
    };
    let words = [
        "A list of points from what is on record. It supports the judgement of somebody who knows the young person, and \
         triggers nothing; it expires after a year; and most of those it marks will not be NEET: see the test below.",
        "Counted are the same young people of Years 8 to 11 as among those lost sight of above. Of whom no source had told anything by the day, too \
         little is known.",
        "Who is marked, why, and what is not known of them: `resolve --view risk`. What a person decides goes back into the \
         record.",
    ];
    section("Who may need support", &words.map(str::to_owned), table, notes)
}

const OF_SUPPORT: (&str, &str) = ("young people", "may need support");

pub(super) fn is_marked(told: &Told) -> bool {
    ["red", "amber"].contains(&told.band.as_str())
}

/// Everybody by what one function says of them.
fn groups(told: &[Told], key: impl Fn(&Told) -> String) -> Vec<LinkGroup> {
    let mut found: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for each in told {
        let counts = found.entry(key(each)).or_default();
        counts[0] += 1;
        counts[1] += u64::from(is_marked(each));
    }
    let group = |(group, [subjects, linked]): (String, [u64; 2])| LinkGroup {
        group,
        subjects,
        linked,
        learners: subjects,
        estimates: Vec::new(),
    };
    found.into_iter().map(group).collect()
}

fn by_circumstance(
    release: &Release,
    told: &[Told],
    standings: Option<&BTreeMap<String, Standing>>,
    time: &Time,
    policy: &Policy,
) -> Result<Option<Section>, ReportFault> {
    let known = read::circumstances(release, release.year())?;
    let of = |each: &Told, at: usize| {
        known.get(&each.learner).map_or_else(|| "not_known".to_owned(), |all| all[at].clone())
    };
    let mut grids = vec![
        ("Year group", groups(told, |each| each.year_group.to_string())),
        ("Special educational needs", groups(told, |each| of(each, 0))),
        ("Free meals in six years", groups(told, |each| of(each, 1))),
        ("Looked after, now or before", groups(told, |each| of(each, 2))),
    ];
    if let Some(standings) = standings {
        let moved = read::moved_away(release)?;
        let place = |each: &Told| match Whereabouts::of(&each.learner, standings, &moved) {
            Whereabouts::Known => "known",
            Whereabouts::Moved => "moved",
            Whereabouts::Missing | Whereabouts::Unsaid => "lost",
        };
        grids.push(("Place today", groups(told, |each| place(each).to_owned())));
    }
    let title = format!("Who may need support, by circumstance, as told on {}", day(&release.as_of));
    let Some((rows, disclosed)) = stacked(&title, TOLD, grids, time, policy)? else { return Ok(None) };
    let table = Table {
        name: "support_by_group",
        title,
        population: TOLD.to_owned(),
        rows_are: ("circumstance", "group"),
        said: &[],
        columns: shown::of_part(OF_SUPPORT.0, OF_SUPPORT.1).to_vec(),
        rows,
    };
    let words = "Each heading divides the same young people. Needs, meals and care earn points themselves, so groups differ by \
                 how the list is made, too.";
    let mut section = section(
        "Who may need support, by circumstance",
        &[words.to_owned()],
        table,
        shown::notes(&disclosed),
    );
    section.chart = Some(Chart::Bars([2, 3, 4]));
    Ok(Some(section))
}

/// The key of the row of everybody whose place is known.
const PLACE_KNOWN: &str = "place_today_known";

/// Who is educated at home is at no establishment, and at a place all the same.
const AT_HOME: &str = "at_home";

fn by_place(
    standings: &BTreeMap<String, Standing>,
    told: &[Told],
    (as_of, time): (&str, &Time),
    policy: &Policy,
) -> Result<Section, ReportFault> {
    let mut found: BTreeMap<String, (String, [u64; 2])> = BTreeMap::new();
    for each in told {
        let Some((key, kind)) = place_of(standings.get(&each.learner)) else { continue };
        let (_, counts) = found.entry(key).or_insert((kind, [0, 0]));
        counts[0] += 1;
        counts[1] += u64::from(is_marked(each));
    }
    let kinds: BTreeMap<String, String> =
        found.iter().map(|(key, (kind, _))| (key.clone(), kind.clone())).collect();
    let all = found.into_iter().map(|(key, (_, [whole, part]))| Place {
        key,
        whole,
        part,
        learners: whole,
        is_kept_out: false,
    });
    let label = |key: &str| match key {
        AT_HOME => "educated at home".to_owned(),
        key => format!("{key}, {}", kinds.get(key).map_or("not known", |kind| group_words(kind))),
    };
    let title = format!("Who may need support, by school and provider, as told on {}", day(as_of));
    let population = format!("{TOLD}, where their place today is known");
    let all: Vec<Place> = all.collect();
    let learners = all.iter().map(|place| place.learners).sum();
    let through = places::places(&title, &population, all, learners, time, label, policy)?;
    let table = Table {
        name: "support_by_place",
        title,
        population,
        rows_are: ("place", "school or provider"),
        said: &[],
        columns: shown::of_part(OF_SUPPORT.0, OF_SUPPORT.1).to_vec(),
        rows: through.rows,
    };
    let words = format!(
        "Where each is today; who is placed with a provider counts there. By number (URN, or the authority's own): a release \
         holds no names. A place with fewer than {} of them is not named, and what cannot be shown without giving a small \
         figure away stands under all others. It is no ranking: places differ by whom they take in.",
        super::super::NAMED_FROM
    );
    let mut section = section(
        "Who may need support, by school and provider",
        &[words],
        table,
        shown::notes([&through.disclosed]),
    );
    section.chart = Some(Chart::Bars([2, 3, 4]));
    Ok(section)
}

/// The place somebody counts at, and its kind; none for whoever was lost sight of.
fn place_of(standing: Option<&Standing>) -> Option<(String, String)> {
    let standing = standing?;
    match (&standing.beside, &standing.main) {
        (Some((place, kind)), _) | (None, Some((Some(place), kind))) => Some((place.clone(), kind.clone())),
        (None, Some((None, _))) => Some((AT_HOME.to_owned(), "none".to_owned())),
        (None, None) => None,
    }
}
