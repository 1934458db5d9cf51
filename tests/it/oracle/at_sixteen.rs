//! Section 7 of the page: what became of a member at sixteen. Every member ends in exactly one state.
use super::area::Area;
use super::cells::Person;
use super::codes;
use super::days::{day, end_of_january, january_census, june_day, last_day_of};
use super::facts::{Code, Facts, PersonFacts};
use super::journey::{Journey, is_ap_measure};
use super::ledger::{Award, Ledger, by_sixteen};
use super::rows::CohortOutcome;
use chrono::NaiveDate;

pub fn outcome(
    facts: &Facts,
    person: &PersonFacts,
    cohort: i32,
    journey: &Journey,
    area: &Area,
    awards: &[Award<'_>],
) -> CohortOutcome {
    let last_year = cohort + 5;
    let sixteen = last_day_of(last_year);
    let followed_up = facts.as_of >= sixteen;
    // The start of Year 6.
    let from = day(cohort - 1, 9, 1);
    let to = if followed_up { sixteen } else { facts.as_of };
    let ever = |wanted: &dyn Fn(&super::rows::Spell) -> bool| journey.spells_between(from, to).any(wanted);
    let not_yet = CohortOutcome {
        person: Person(person.number),
        cohort_ay: i64::from(cohort),
        setting_jan_main: None,
        setting_jan_actual: None,
        setting_jun_main: None,
        setting_jun_actual: None,
        result_state: None,
        state: "not_yet_16".to_owned(),
        in_resident_denominator: false,
        in_denominator: false,
        ever_ap: ever(&is_ap_measure),
        ever_dual: ever(&|spell| matches!(spell.status.as_deref(), Some("M" | "S"))),
        ever_ehe: ever(&|spell| matches!(spell.legal_basis.as_str(), "ehe_full" | "ehe_flexi")),
        n_gcse: None,
        n_gcse_7_9: None,
        five_gcse_7_9: false,
        basics_9_4: false,
        basics_9_5: false,
        level1_english_maths: false,
        level2_english_maths: false,
        n_other_accredited: None,
        n_unit_awards: None,
        highest_level: None,
        destination_16: None,
        destination_17: None,
        visible: false,
    };
    if !followed_up {
        return not_yet;
    }
    let (january, june) = (january_census(last_year), june_day(last_year));
    let text = |code: Code| Some(code.to_owned());
    let setting_jan_main = Journey::setting(journey.main_on(january));
    let setting_jun_main = Journey::setting(journey.main_on(june));
    let setting = if setting_jan_main == "not_known" { setting_jun_main } else { setting_jan_main };
    let ledger = by_sixteen(awards, last_year);
    let state = state(facts, person, last_year, journey, area, &ledger, setting);
    let left = matches!(state, "died" | "left_england");
    let at_16 = destination(person, end_of_january(last_year + 1), facts.as_of);
    let at_17 = destination(person, end_of_january(last_year + 2), facts.as_of);
    let seen = |group: Code| !matches!(group, "not_known" | "not_due" | "no_record");
    CohortOutcome {
        setting_jan_main: text(setting_jan_main),
        setting_jan_actual: text(Journey::setting(journey.actual_on(january))),
        setting_jun_main: text(setting_jun_main),
        setting_jun_actual: text(Journey::setting(journey.actual_on(june))),
        result_state: text(ledger.result_state),
        state: state.to_owned(),
        in_resident_denominator: !left && state != "moved_out_of_area",
        in_denominator: !left,
        n_gcse: Some(ledger.n_gcse),
        n_gcse_7_9: Some(ledger.n_gcse_7_9),
        five_gcse_7_9: ledger.n_gcse_7_9 >= 5,
        basics_9_4: ledger.basics_9_4,
        basics_9_5: ledger.basics_9_5,
        level1_english_maths: ledger.level1_english_maths,
        level2_english_maths: ledger.level2_english_maths,
        n_other_accredited: Some(ledger.n_other_accredited),
        n_unit_awards: Some(ledger.n_unit_awards),
        highest_level: ledger.highest_level.map(str::to_owned),
        destination_16: text(at_16),
        destination_17: text(at_17),
        visible: ledger.any_row || seen(at_16) || seen(at_17),
        ..not_yet
    }
}

/// The first state that holds.
fn state(
    facts: &Facts,
    person: &PersonFacts,
    last_year: i32,
    journey: &Journey,
    area: &Area,
    ledger: &Ledger,
    setting: Code,
) -> Code {
    let sixteen = last_day_of(last_year);
    let learns_here =
        journey.main_on(january_census(last_year)).is_some_and(|stay| stay.la == Some(facts.here));
    let home = area.on(june_day(last_year)).home;
    let lived_here = || {
        let mut since = day(last_year - 6, 9, 1).iter_days().take_while(|on| *on < june_day(last_year));
        since.any(|on| area.on(on).home == Some(facts.here))
    };
    if died(person, sixteen) {
        "died"
    } else if left_england(person, journey, sixteen) {
        "left_england"
    } else if home.is_some_and(|la| la != facts.here) && lived_here() && !learns_here {
        "moved_out_of_area"
    } else if ledger.result_state == "ks4_results" {
        match setting {
            "mainstream" | "resourced_unit" => "ks4_mainstream",
            "special" => "ks4_special",
            kind if codes::is_ap(kind) => "ks4_ap",
            "independent" => "ks4_independent",
            "ehe" => "ks4_home_educated",
            _ => "ks4_elsewhere",
        }
    } else {
        match setting {
            "secure" => "in_custody",
            "ehe" => "home_educated",
            kind if codes::is_ap(kind) => "ap_no_ks4",
            "mainstream" | "resourced_unit" | "special" | "independent" | "fe" => "on_roll_no_results",
            _ if seen_after_16(person, sixteen, facts.as_of) => "post16_seen",
            "cme" => "missing_education",
            _ => "not_found",
        }
    }
}

fn died(person: &PersonFacts, sixteen: NaiveDate) -> bool {
    let mut rolls = person.enrolments.iter();
    rolls.any(|roll| roll.leaving_reason == Some("died") && roll.ends_on.is_some_and(|end| end <= sixteen))
}

/// Said by a roll or a register, and nothing seen that starts later.
fn left_england(person: &PersonFacts, journey: &Journey, sixteen: NaiveDate) -> bool {
    let rolls = person.enrolments.iter().map(|roll| (roll.leaving_reason, roll.ends_on));
    let entries = person.off_roll.iter().map(|entry| (entry.end_reason, entry.ends_on));
    let left = rolls.chain(entries).filter(|(reason, _)| *reason == Some("left_england"));
    let last = left.filter_map(|(_, end)| end).filter(|end| *end <= sixteen).max();
    last.is_some_and(|end| !journey.main_between(end, sixteen).any(|spell| spell.starts_on > end))
}

fn seen_after_16(person: &PersonFacts, sixteen: NaiveDate, as_of: NaiveDate) -> bool {
    person.destinations.iter().any(|row| {
        row.starts_on > sixteen && row.starts_on <= as_of && codes::status_group(row.activity) != "not_known"
    })
}

/// The status group of what somebody was doing on a day.
fn destination(person: &PersonFacts, on: NaiveDate, as_of: NaiveDate) -> Code {
    if on > as_of {
        return "not_due";
    }
    let in_force = person
        .destinations
        .iter()
        .filter(|row| row.starts_on <= on && row.ends_on.is_none_or(|end| end >= on));
    // Two activities from the same day: the page leaves it open; the smaller code.
    let latest = in_force.max_by_key(|row| (row.starts_on, std::cmp::Reverse(row.activity)));
    latest.map_or("no_record", |row| codes::status_group(row.activity))
}
