//! The points of risk: `docs/measures/risk.md`, read once more for one person and one day at a time. What the doors show
//! has no lists of parents, carers, children in need, youth justice or offers: of those nobody knows anything.
use super::cells::Person;
use super::days::{academic_year, day, first_day_of, last_day_of};
use super::evidence::Places;
use super::facts::{Code, Facts, PersonFacts};
use super::risk_rows::{RiskFactor, RiskScore};
use super::risk_rules::{FACTORS, PACKS, Pack, RULES, Rule};
use super::rows::CohortMember;
use chrono::{Datelike, Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

/// What is needed beside one person.
pub struct Ground<'a> {
    places: &'a Places<'a>,
    kinds: BTreeMap<&'a str, Code>,
    /// The first suspension that the schools' systems tell of anybody.
    tells_since: Option<NaiveDate>,
    as_of: NaiveDate,
}

impl<'a> Ground<'a> {
    pub fn of(facts: &'a Facts, places: &'a Places<'a>) -> Self {
        let suspensions = facts.people.iter().flat_map(|person| &person.suspensions);
        Self {
            places,
            kinds: facts.establishments.iter().map(|one| (one.id.as_str(), one.kind)).collect(),
            tells_since: suspensions.map(|one| one.starts_on).filter(|day| *day <= facts.as_of).min(),
            as_of: facts.as_of,
        }
    }
}

/// A place somebody was at, as known on the day.
struct Seen {
    last_day: NaiveDate,
    is_ap: bool,
    is_out: bool,
}

/// One person on one day.
struct Look<'a> {
    person: &'a PersonFacts,
    ground: &'a Ground<'a>,
    member: &'a CohortMember,
    day: NaiveDate,
}

/// Every factor and score of a person, on the days on which they are told.
pub fn scores(
    person: &PersonFacts,
    cohort: i32,
    member: &CohortMember,
    ground: &Ground<'_>,
) -> (Vec<RiskFactor>, Vec<RiskScore>) {
    let year = academic_year(ground.as_of);
    let mut days = BTreeSet::from([last_day_of(cohort + 4)]);
    if (2..=5).contains(&(year - cohort)) {
        days.insert(ground.as_of);
    }
    let (mut factors, mut scores) = (Vec::new(), Vec::new());
    let Some(heard_of) = first_word(person) else { return (factors, scores) };
    for day in days.into_iter().filter(|day| *day <= ground.as_of && heard_of <= *day) {
        let look = Look { person, ground, member, day };
        for pack in PACKS {
            let own = look.factors(pack.name);
            scores.push(look.score(&pack, &own, cohort));
            factors.extend(own);
        }
    }
    (factors, scores)
}

fn first_word(person: &PersonFacts) -> Option<NaiveDate> {
    let enrolments = person.enrolments.iter().map(|one| one.observed_on.unwrap_or(one.starts_on));
    let placements = person.placements.iter().map(|one| one.starts_on);
    let off_roll = person.off_roll.iter().map(|one| one.starts_on);
    let tests = person.ks2.iter().map(|one| one.taken_on);
    enrolments.chain(placements).chain(off_roll).chain(tests).min()
}

impl Look<'_> {
    /// Whether a day lies in so many days up to the day of the look.
    fn within(&self, day: NaiveDate, days: u64) -> bool {
        day <= self.day && day > self.day - Days::new(days)
    }

    /// Applications from 31 March of Year 11 on, offers from 31 July; everything else always.
    fn is_asked(&self, fact: &str) -> bool {
        let ay = academic_year(self.day);
        let from = match fact {
            "no_application" => day(ay, 3, 31),
            "no_offer" => day(ay, 7, 31),
            _ => return true,
        };
        i64::from(ay) == self.member.cohort_ay + 5 && self.day >= from
    }

    fn factors(&self, pack: &str) -> Vec<RiskFactor> {
        let mut rows = Vec::new();
        for (factor, words) in FACTORS {
            let rules: Vec<&Rule> = RULES
                .iter()
                .filter(|rule| (rule.pack, rule.factor) == (pack, factor))
                .filter(|rule| !rule.gated && self.is_asked(rule.fact))
                .collect();
            if rules.is_empty() {
                continue;
            }
            let held = rules
                .iter()
                .filter(|rule| self.holds(rule.fact) == Some(true))
                .max_by_key(|rule| rule.points);
            let possible = rules.iter().filter(|rule| self.holds(rule.fact) != Some(false));
            let low = held.map_or(0, |rule| rule.points);
            let high = possible.map(|rule| rule.points).max().unwrap_or(0);
            let reason = match held {
                Some(rule) if low < high => Some(format!("{} (and more is not known)", rule.words)),
                Some(rule) => Some(rule.words.to_owned()),
                None if low < high => Some(format!("Not known: {words}")),
                None => None,
            };
            rows.push(RiskFactor {
                pack: pack.to_owned(),
                person: Person(self.person.number),
                predicted_on: self.day,
                factor: factor.to_owned(),
                points_low: low,
                points_high: high,
                is_known: low == high,
                reason,
            });
        }
        rows
    }

    fn score(&self, pack: &Pack, factors: &[RiskFactor], cohort: i32) -> RiskScore {
        let (low, high): (i64, i64) =
            (factors.iter().map(|one| one.points_low).sum(), factors.iter().map(|one| one.points_high).sum());
        let band = |points: i64| match points {
            points if points >= pack.red_from => "red",
            points if points >= pack.amber_from => "amber",
            _ => "green",
        };
        let mut ranked: Vec<&RiskFactor> = factors.iter().collect();
        ranked.sort_by_key(|one| (-one.points_low, one.factor.clone()));
        let text = |wanted: &dyn Fn(&RiskFactor) -> bool| {
            let texts: Vec<&str> =
                ranked.iter().filter(|one| wanted(one)).filter_map(|one| one.reason.as_deref()).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        };
        let expires_on = self.day + Days::new(365);
        RiskScore {
            pack: pack.name.to_owned(),
            pack_version: "1".to_owned(),
            person: Person(self.person.number),
            predicted_on: self.day,
            year_group: i64::from(academic_year(self.day) - cohort + 6),
            score_low: low,
            score_high: high,
            band_low: band(low).to_owned(),
            band_high: band(high).to_owned(),
            band: if band(low) == "green" && band(high) != "green" { "not_known" } else { band(low) }
                .to_owned(),
            n_known: factors.iter().filter(|one| one.is_known).count() as i64,
            n_factors: factors.len() as i64,
            n_rules_off: RULES.iter().filter(|rule| rule.pack == pack.name && rule.gated).count() as i64,
            reasons: text(&|one| one.points_low > 0),
            not_known: text(&|one| one.points_low == 0 && !one.is_known),
            expires_on,
            is_expired: self.ground.as_of > expires_on,
        }
    }

    fn holds(&self, fact: &str) -> Option<bool> {
        let missed = |percent: i64| {
            let (possible, absent) = self.sessions();
            (possible > 0).then_some(absent * 100 > percent * possible)
        };
        match fact {
            "attendance_below_90" => missed(10),
            "attendance_below_80" => missed(20),
            "attendance_below_50" => missed(50),
            "suspended" | "suspended_often" | "excluded" => self.excluded(fact),
            "in_ap" => self.now().map(|seen| seen.iter().any(|one| one.is_ap)),
            "home_or_missing" => self.now().map(|seen| seen.iter().any(|one| one.is_out)),
            "sen_support" => self.provision().map(|most| most == 2),
            "sen_plan" => self.provision().map(|most| most == 3),
            "looked_after" => self.said(&[("cla", 365)]),
            "fsm6" => self.said(&[("fsm6", 365), ("fsm", 2190)]),
            "fsm_persistent" => self.meals_throughout(),
            "ks2_below_100" if self.member.ks2_state == "below_test" => Some(true),
            "ks2_below_100" => self.member.ks2_score.map(|score| score.0 < 10_000),
            "moved_twice" => self.moved_twice(),
            _ => None,
        }
    }

    /// Possible and missed sessions of registers that ended in the year before.
    fn sessions(&self) -> (i64, i64) {
        let ended: Vec<_> =
            self.person.attendance.iter().filter(|one| self.within(one.ends_on, 365)).enumerate().collect();
        let mut sums = (0, 0);
        for (number, one) in &ended {
            let inside = ended.iter().any(|(other_number, other)| {
                // Of two that are the same the first one counts.
                let same = (one.starts_on, one.ends_on) == (other.starts_on, other.ends_on);
                (if same { other_number < number } else { other_number != number })
                    && other.establishment == one.establishment
                    && other.starts_on <= one.starts_on
                    && other.ends_on >= one.ends_on
            });
            if !inside {
                sums = (sums.0 + one.possible, sums.1 + one.authorised + one.unauthorised);
            }
        }
        sums
    }

    fn excluded(&self, fact: &str) -> Option<bool> {
        let recent: Vec<_> =
            self.person.suspensions.iter().filter(|one| self.within(one.starts_on, 365)).collect();
        let on_a_telling_roll = self.ground.tells_since.is_some_and(|day| day <= self.day)
            && self.person.enrolments.iter().any(|one| {
                let last = one.ends_on.unwrap_or(self.day).min(self.day);
                one.observed_on.is_none() && one.starts_on <= self.day && self.within(last, 365)
            });
        if recent.is_empty() && !on_a_telling_roll {
            return None;
        }
        let mut suspensions: BTreeMap<(&str, NaiveDate), i64> = BTreeMap::new();
        for one in recent.iter().filter(|one| one.category == "SUSP") {
            let longest = suspensions.entry((&one.establishment, one.starts_on)).or_default();
            *longest = (*longest).max(one.sessions.unwrap_or(0));
        }
        Some(match fact {
            "suspended" => !suspensions.is_empty(),
            "suspended_often" => suspensions.len() >= 3 || suspensions.values().sum::<i64>() >= 12,
            _ => recent.iter().any(|one| one.category == "PERM"),
        })
    }

    fn places(&self) -> Vec<Seen> {
        let is_ap = |establishment: &str| {
            let kind = self.ground.kinds.get(establishment).copied();
            matches!(kind, Some("state_ap" | "independent_ap" | "hospital" | "unregistered"))
        };
        let last = |end: Option<NaiveDate>| end.unwrap_or(self.day).min(self.day);
        let enrolments = self
            .person
            .enrolments
            .iter()
            .filter(|one| one.observed_on.unwrap_or(one.starts_on) <= self.day && one.starts_on <= self.day)
            .map(|one| Seen {
                last_day: last(one.ends_on.or(one.observed_on)),
                is_ap: is_ap(&one.establishment),
                is_out: false,
            });
        let placements =
            self.person.placements.iter().filter(|one| one.starts_on <= self.day).map(|one| Seen {
                last_day: last(one.ends_on),
                is_ap: one.legal_basis != Some("managed_move"),
                is_out: false,
            });
        let registers = self.person.off_roll.iter().filter(|one| one.starts_on <= self.day).map(|one| Seen {
            last_day: last(one.ends_on),
            is_ap: false,
            is_out: true,
        });
        enrolments.chain(placements).chain(registers).collect()
    }

    /// What reaches into the last 60 days, or else the latest of the year.
    fn now(&self) -> Option<Vec<Seen>> {
        let mut seen = self.places();
        let latest = seen.iter().map(|one| one.last_day).max()?;
        let since = latest.min(self.day - Days::new(60));
        seen.retain(|one| one.last_day >= since && self.within(one.last_day, 365));
        (!seen.is_empty()).then_some(seen)
    }

    fn provision(&self) -> Option<i64> {
        let rows =
            self.person.sen.iter().filter(|one| one.observed_on.is_some_and(|day| self.within(day, 365)));
        rows.map(|one| match one.provision {
            "E" | "S" => 3,
            "K" | "A" | "P" => 2,
            _ => 1,
        })
        .max()
    }

    fn said(&self, kinds: &[(&str, u64)]) -> Option<bool> {
        let rows = self.person.circumstances.iter().filter(|one| {
            kinds.iter().any(|(kind, days)| {
                one.kind == *kind && one.observed_on.is_some_and(|day| self.within(day, *days))
            })
        });
        let words: Vec<Code> =
            rows.map(|one| one.value).filter(|value| matches!(*value, "Y" | "N")).collect();
        (!words.is_empty()).then(|| words.contains(&"Y"))
    }

    fn meals_throughout(&self) -> Option<bool> {
        let mut terms: BTreeMap<(i32, u32), bool> = BTreeMap::new();
        for one in self.person.circumstances.iter().filter(|one| one.kind == "fsm" && one.value != "U") {
            let Some(day) = one.observed_on.filter(|day| *day <= self.day) else { continue };
            let term = match day.month() {
                9.. => 1,
                ..=3 => 2,
                _ => 3,
            };
            *terms.entry((academic_year(day), term)).or_default() |= one.value == "Y";
        }
        let n_yes = terms.values().filter(|is| **is).count();
        match (terms.len(), self.holds("fsm6")) {
            (6.., _) => Some(n_yes * 100 >= 80 * terms.len()),
            (_, Some(false)) => Some(false),
            _ => None,
        }
    }

    /// Schools entered outside August and September since Year 7, the very first left out.
    fn moved_twice(&self) -> Option<bool> {
        let mut entered: BTreeMap<&str, NaiveDate> = BTreeMap::new();
        for one in &self.person.enrolments {
            let known = one.observed_on.unwrap_or(one.starts_on).max(one.starts_on) <= self.day;
            if known && matches!(one.status, "C" | "M") {
                let places = self.ground.places;
                let school = places.mergers.on(places.school(&one.establishment), one.starts_on);
                let day = entered.entry(school).or_insert(one.starts_on);
                *day = (*day).min(one.starts_on);
            }
        }
        let mergers = &self.ground.places.mergers;
        let is_new = |(school, day): &(&str, NaiveDate)| {
            !entered.iter().any(|(other, first)| {
                let by = if first == day { NaiveDate::MAX - Days::new(99) } else { *day };
                first <= day && other != school && mergers.goes_on(other, school, by)
            })
        };
        let mut days: Vec<(NaiveDate, &str)> = entered
            .iter()
            .map(|(school, day)| (*school, *day))
            .filter(is_new)
            .map(|(school, day)| (day, school))
            .collect();
        days.sort_unstable();
        // Year 7 begins a year after the Year 6 of the cohort does.
        let year_7 = first_day_of(self.member.cohort_ay as i32 + 1);
        let in_mid_year = |day: &NaiveDate| !matches!(day.month(), 8 | 9) && *day >= year_7;
        let n = days.iter().skip(1).filter(|(day, _)| in_mid_year(day)).count();
        (!days.is_empty()).then_some(n >= 2)
    }
}
