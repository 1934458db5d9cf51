//! The rows of a release that the report is made of.
use super::super::{Release, ReportFault, words::MONTHS};
use std::collections::{BTreeMap, BTreeSet};

/// The people of one month's end, or of a group of them.
#[derive(Debug, Clone)]
pub(super) struct Month {
    pub(super) ay: i64,
    /// Lower-case name.
    pub(super) period: String,
    pub(super) breakdown: String,
    pub(super) category: String,
    pub(super) cohort: u64,
    pub(super) participating: u64,
    pub(super) working: u64,
    pub(super) neet: u64,
    pub(super) not_known: u64,
    /// Whoever else anything tells of; of everybody together alone.
    pub(super) beside: Beside,
}

/// Young people of the same age who are not in the cohort of the record.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beside {
    /// Living here, in no client record, and nothing else says what they do.
    pub(super) no_record: u64,
    /// Left the record, in custody as young adults, known of without a record, or here in Year 6 and with no home here now.
    pub(super) others: u64,
}

impl Month {
    pub(super) fn combined(&self) -> u64 {
        self.neet + self.not_known
    }

    /// The calendar year in which the month is, by the academic year's.
    pub(super) fn calendar_year(&self) -> i64 {
        let in_autumn = ["september", "october", "november", "december"].contains(&self.period.as_str());
        self.ay - i64::from(in_autumn)
    }
}

/// Every month of the client record, by all groups.
pub(super) fn months(release: &Release) -> Result<Vec<Month>, ReportFault> {
    let beside = beside(release)?;
    let rows = release.read("neet_rate", |row| {
        let is_ours = row.text("population")? == "client_record" && row.text("period")? != "dec_to_feb";
        is_ours.then_some(())?;
        Some(Month {
            ay: row.number("ay")?,
            period: row.text("period")?,
            breakdown: row.text("breakdown")?,
            category: row.text("category")?,
            cohort: row.people("n_cohort"),
            participating: row.people("n_participating"),
            working: row.people("n_working"),
            neet: row.people("n_neet"),
            not_known: row.people("n_not_known") + row.people("n_no_record"),
            beside: Beside::default(),
        })
    })?;
    let with = |mut month: Month| {
        if month.breakdown == "all" {
            month.beside = beside.get(&(month.ay, month.period.clone())).copied().unwrap_or_default();
        }
        month
    };
    Ok(rows.into_iter().map(with).collect())
}

/// By academic year and month, whoever is not in the cohort of the record.
fn beside(release: &Release) -> Result<BTreeMap<(i64, String), Beside>, ReportFault> {
    let rows = release.read("nccis_month", |row| {
        let (membership, status) = (row.text("membership")?, row.text("status")?);
        if membership == "in_cohort" && status != "custody" {
            return None;
        }
        let is_unknown = ["no_record", "not_known"].contains(&status.as_str());
        let is_nowhere = membership == "no_record" && row.is("resident")? && is_unknown;
        let month: usize = row.text("month_on")?.get(5..7)?.parse().ok()?;
        Some(((row.number("ay")?, MONTHS.get(month - 1)?.to_lowercase()), is_nowhere))
    })?;
    let mut found: BTreeMap<(i64, String), Beside> = BTreeMap::new();
    for (month, is_nowhere) in rows {
        let beside = found.entry(month).or_default();
        *(if is_nowhere { &mut beside.no_record } else { &mut beside.others }) += 1;
    }
    Ok(found)
}

/// Offers of one year group.
pub(super) struct Offers {
    pub(super) ay: i64,
    pub(super) year_group: i64,
    pub(super) members: u64,
    pub(super) made: u64,
    pub(super) not_appropriate: u64,
    pub(super) none: u64,
    pub(super) not_recorded: u64,
    /// Whether any source tells of offers to this year group.
    pub(super) is_held: bool,
}

/// The newest September Guarantee, of those who live here.
pub(super) fn offers(release: &Release) -> Result<Vec<Offers>, ReportFault> {
    let mut rows = release.read("guarantee_rate", |row| {
        (row.text("population")? == "resident" && row.text("breakdown")? == "all").then_some(())?;
        Some(Offers {
            ay: row.number("ay")?,
            year_group: row.number("year_group")?,
            members: row.people("n_members"),
            made: row.people("n_offer_made"),
            not_appropriate: row.people("n_not_appropriate"),
            none: row.people("n_no_offer"),
            not_recorded: row.people("n_missing"),
            is_held: row.ten_thousandths("whole_cohort").is_some(),
        })
    })?;
    let newest = rows.iter().map(|row| row.ay).max();
    rows.retain(|row| Some(row.ay) == newest);
    rows.sort_by_key(|row| row.year_group);
    Ok(rows)
}

/// Who of those who live here has a place so far for the September that is still to come; nothing where no source tells of one.
pub(super) fn coming(release: &Release) -> Result<Vec<Offers>, ReportFault> {
    let ay = release.year();
    let states = release.read("september_guarantee", |row| {
        let is_ours = row.number("ay")? == ay && !row.is("is_due")? && row.is("resident")?;
        is_ours.then_some(())?;
        Some((row.number("year_group")?, row.text("guarantee_state")?, row.is("is_held")?))
    })?;
    let mut groups: BTreeMap<i64, Offers> = BTreeMap::new();
    for (year_group, state, is_held) in states {
        let none = Offers {
            ay,
            year_group,
            members: 0,
            made: 0,
            not_appropriate: 0,
            none: 0,
            not_recorded: 0,
            is_held,
        };
        let offers = groups.entry(year_group).or_insert(none);
        offers.members += 1;
        match state.as_str() {
            "offer_made" => offers.made += 1,
            "not_appropriate" => offers.not_appropriate += 1,
            "no_offer" => offers.none += 1,
            _ => offers.not_recorded += 1,
        }
    }
    Ok(groups.into_values().collect())
}

/// Where a learner is today.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    /// The establishment of the open main spell, and its kind; empty at home.
    pub(super) main: Option<(Option<String>, String)>,
    /// An open placement beside it.
    pub(super) beside: Option<(String, String)>,
    /// Whether all that is said is that the learner is missing education.
    pub(super) is_missing: bool,
}

/// By learner, whoever has an open spell that is no gap.
pub(super) fn standings(release: &Release) -> Result<BTreeMap<String, Standing>, ReportFault> {
    let rows = release.read("spell", |row| {
        (row.is("is_open")? && !row.is("is_gap")?).then_some(())?;
        let place = row.text("establishment_id");
        Some((row.text("learner_id")?, row.text("role")?, place, row.text("kind")?, row.text("legal_basis")?))
    })?;
    let mut found: BTreeMap<String, Standing> = BTreeMap::new();
    for (learner, role, place, kind, basis) in rows {
        let standing = found.entry(learner).or_default();
        match (role.as_str(), place) {
            ("main", _) if basis == "cme" => standing.is_missing = true,
            ("main", place) => standing.main = Some((place, kind)),
            // Of several the first by number: any order will do that is always the same.
            (_, Some(place)) if standing.beside.as_ref().is_none_or(|(other, _)| place < *other) => {
                standing.beside = Some((place, kind));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Learners whose home today is known and in another authority, and those of whom the last school said that they left England
/// or died and who joined nothing since.
pub(super) fn moved_away(release: &Release) -> Result<BTreeSet<String>, ReportFault> {
    let elsewhere = release.read("area_spell", |row| {
        let is_elsewhere = row.text("home_la")? != release.authority && row.text("ends_on")? >= release.as_of;
        is_elsewhere.then(|| row.text("learner_id"))?
    })?;
    let gone = release.read("school_move", |row| {
        let is_gone = ["died", "left_england"].contains(&row.text("move_type")?.as_str());
        (is_gone && row.text("joined_on").is_none()).then(|| row.text("learner_id"))?
    })?;
    Ok(elsewhere.into_iter().chain(gone).collect())
}

/// By learner, the ward of the home today, or in a word why there is none.
pub(super) fn homes(release: &Release) -> Result<BTreeMap<String, String>, ReportFault> {
    let rows = release.read("home_ward", |row| {
        (row.text("ends_on")? >= release.as_of).then_some(())?;
        let state = row.text("ward_state")?;
        Some((row.text("learner_id")?, row.text("ward").unwrap_or(state)))
    })?;
    Ok(rows.into_iter().collect())
}

/// Learners by the end year of their Year 6.
pub(super) fn cohorts(release: &Release) -> Result<Vec<(String, i64)>, ReportFault> {
    release.read("learner", |row| Some((row.text("learner_id")?, row.number("cohort_ay")?)))
}

/// The risk told to a learner today.
pub(super) struct Told {
    pub(super) learner: String,
    pub(super) year_group: i64,
    pub(super) band: String,
}

/// The list of points that is reported.
pub(super) const PACK: &str = "default";

/// Of the default list, whatever was told on the newest day. Whoever no source had told of by then was told nothing: too little is
/// known of them, and they are counted so.
pub(super) fn told(release: &Release) -> Result<Vec<Told>, ReportFault> {
    let mut told = scored(release)?;
    if told.is_empty() {
        return Ok(told);
    }
    let known: BTreeSet<String> = told.iter().map(|told| told.learner.clone()).collect();
    for (learner, cohort) in cohorts(release)? {
        let year_group = release.year() - cohort + 6;
        if (8..=11).contains(&year_group) && !known.contains(&learner) {
            told.push(Told { learner, year_group, band: "not_known".to_owned() });
        }
    }
    Ok(told)
}

fn scored(release: &Release) -> Result<Vec<Told>, ReportFault> {
    let as_of = release.as_of.clone();
    release.read("risk_score", |row| {
        (row.text("pack")? == PACK && row.text("predicted_on")? == as_of).then_some(())?;
        Some(Told {
            learner: row.text("learner_id")?,
            year_group: row.number("year_group")?,
            band: row.text("band")?,
        })
    })
}

/// What is known of each learner this year: need, meals, care.
pub(super) fn circumstances(
    release: &Release,
    ay: i64,
) -> Result<BTreeMap<String, [String; 3]>, ReportFault> {
    let yes_no = |known: Option<bool>, yes: &str, no: &str| {
        known.map_or("not_known", |known| if known { yes } else { no }).to_owned()
    };
    let rows = release.read("circumstance_year", |row| {
        (row.number("ay")? == ay).then_some(())?;
        let sen = row.text("sen").unwrap_or_else(|| "not_known".to_owned());
        let fsm = yes_no(row.is("ever6_any"), "yes", "no");
        let care = yes_no(row.is("cla_ever"), "yes", "no");
        Some((row.text("learner_id")?, [sen, fsm, care]))
    })?;
    Ok(rows.into_iter().collect())
}

/// Flagging from so many points on, at the end of Year 10, beside the winter after Year 11.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    pub(super) cohort_ay: i64,
    pub(super) flag_from: i64,
    pub(super) scored: u64,
    pub(super) positive: u64,
    pub(super) flagged: u64,
    pub(super) both: u64,
    /// In ten-thousandths.
    pub(super) at_base: Option<i64>,
}

/// By the low score, NEET alone.
pub(super) fn curve(release: &Release) -> Result<Vec<Curve>, ReportFault> {
    release.read("risk_curve", |row| {
        let is_ours =
            row.text("pack")? == PACK && row.text("outcome")? == "neet" && row.text("basis")? == "low";
        is_ours.then_some(())?;
        Some(Curve {
            cohort_ay: row.number("cohort_ay")?,
            flag_from: row.number("flag_from")?,
            scored: row.people("n_scored"),
            positive: row.people("n_positive"),
            flagged: row.people("n_flagged"),
            both: row.people("n_true"),
            at_base: row.ten_thousandths("precision_at_base"),
        })
    })
}

/// For each cohort, learners with a score who are in no figure of the test.
pub(super) fn left_out(release: &Release) -> Result<BTreeMap<i64, u64>, ReportFault> {
    let rows = release.read("risk_backtest", |row| {
        let is_ours =
            row.text("pack")? == PACK && row.text("outcome")? == "neet" && row.text("basis")? == "low";
        is_ours.then_some(())?;
        Some((row.number("cohort_ay")?, row.people("n_left_out")))
    })?;
    Ok(rows.into_iter().collect())
}
