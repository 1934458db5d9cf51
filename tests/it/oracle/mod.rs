//! The test oracle: works out from a synthetic world alone what the product has to publish about it.
//!
//! A second, independent reading of `docs/cohort.md`, one file a section. It shares nothing with the product but the world's
//! types: no query, no code list, no helper. It goes by days where the product goes by intervals, to make no same mistake.
//!
//! ```text
//! World ─ doors ─► Facts ─ evidence, journey, area, member, at_sixteen, ledger, waterfall ─► Tables
//! release/parquet ─ published ─► Tables
//! ```
//! A test of the whole product needs no more than this:
//! ```ignore
//! let report = oracle::compare(&oracle::expected(&world), &oracle::published(&release.join("parquet"), &people)?);
//! assert!(report.is_empty(), "{report}");
//! ```
//! with a world of perfect identifiers, so that no difference is a matter of linkage, and `people` from the truth of the
//! estate. Where that is not at hand, `without_people` on both sides still compares every row, only not whose it is.
mod absence;
mod area;
mod at_sixteen;
mod attainment;
mod backtest;
mod beating;
mod believed;
mod beyond;
mod beyond_rows;
mod cells;
mod changed;
mod circumstances;
mod codes;
mod compare;
mod costs;
mod days;
mod doors;
mod drawn;
mod effect;
mod engagement;
mod evidence;
mod facts;
mod goals;
mod granted;
mod held;
mod home_moves;
mod home_ward;
mod journey;
mod ks2;
mod learner;
mod ledger;
mod levels;
mod linked;
mod linked_rows;
mod measures;
mod member;
mod merged;
mod mobility;
mod models;
mod months;
mod neet;
mod neet_rates;
mod neet_rows;
mod pathway;
mod provision;
mod provision_counts;
mod provision_funnel;
mod provision_rows;
mod published;
mod realised;
mod refit;
mod reviews;
mod risk;
mod risk_rows;
mod risk_rules;
mod roll_share;
mod rows;
mod school_move;
mod school_rows;
mod schools;
mod scorecard;
mod segregation;
mod sensitivity;
mod stories;
mod suspension;
mod transferred;
mod travelled;
mod waterfall;
mod year;

pub use beating::{HighAttainer, SchoolBeating};
pub use believed::compare as compare_linkage;
pub use beyond_rows::{
    DistanceTravelled, DomainScore, EngagementChange, IndexSensitivity, LadderResult, OutcomeVector,
    ProgressLight, RealisedPotential, RealisedRate, ValueAdded,
};
pub use cells::{Fixed, People, Person};
pub use changed::{Link, changes};
pub use compare::{compare, compare_rows};
pub use costs::NeetCost;
pub use drawn::{Drawn, ends_agree};
pub use engagement::{
    EngagementRate, EngagementYear, Logged, rates as engagement_rates, years as engagement_years,
};
pub use goals::{Goal, GoalScore, distances as goal_distances, scores as goal_scores};
pub use held::{ENGAGEMENT, GOALS, LINKAGE, RELINKED, REVIEWS, agree, everywhere as held_everywhere};
pub use home_ward::HomeWard;
pub use ks2::{Ks2Rate, Ks2Subject};
pub use levels::{LeaverMet, LevelBy19, LevelBy19Rate};
pub use linked::Subject;
pub use linked_rows::LearnerChange;
pub use measures::{
    AbsenceEnrolment, AbsenceLearner, AbsenceRate, Attainment8Mean, Baseline, CircumstanceRate,
    CircumstanceYear, DisadvantageGap, Ks4Rate, Ks4Result, Pathway, PathwayForm, SchoolMove, Segregation,
    SuspensionEvent, SuspensionLearner, SuspensionRate,
};
pub use mobility::MobilityRate;
pub use models::RiskModel;
pub use months::MonthStatus;
pub use neet_rows::{
    CcisDestination, CcisDestinationRate, GuaranteeRate, NccisMonth, NeetRate, SeptemberGuarantee,
};
pub use provision_rows::{
    ApDaySix, ApEffect, ApFunnel, ApMeasure, ApPlacement, ApRegistration, EducationBreak,
};
pub use published::{published, table as published_table};
pub use refit::lines_agree;
pub use reviews::{
    Offer, Reviewed, RiskReview, RiskReviewRate, guarantee_rates, guarantees, review_rates, reviews,
};
pub use risk_rows::{RiskBacktest, RiskCalibration, RiskCurve, RiskFactor, RiskFairness, RiskScore};
pub use rows::{AreaSpell, CohortMember, CohortOutcome, Learner, LostPotential, Outcome, Spell, Waterfall};
pub use school_rows::{SchoolPrediction, SchoolResult, SchoolSimilar, SchoolValueAdded};
pub use scorecard::Scorecard;
pub use sensitivity::Sensitivity;
pub use transferred::{Transferred, with_transfers};

use area::Area;
use chrono::NaiveDate;
use evidence::Places;
use facts::Facts;
use journey::Journey;
use std::collections::{BTreeMap, BTreeSet};
use throughline::synth::{World, world};
use year::Setting;

/// The published tables, with true person numbers; each is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    pub learner: Vec<Learner>,
    pub spell: Vec<Spell>,
    pub area_spell: Vec<AreaSpell>,
    pub home_move: Vec<home_moves::HomeMove>,
    pub home_move_year: Vec<home_moves::HomeMoveYear>,
    pub home_ward: Vec<HomeWard>,
    pub cohort_member: Vec<CohortMember>,
    pub cohort_outcome: Vec<CohortOutcome>,
    pub outcome: Vec<Outcome>,
    pub attrition_waterfall: Vec<Waterfall>,
    pub lost_potential: Vec<LostPotential>,
    pub lost_potential_area: Vec<rows::LostPotentialArea>,
    pub absence_enrolment: Vec<AbsenceEnrolment>,
    pub absence_learner: Vec<AbsenceLearner>,
    pub absence_rate: Vec<AbsenceRate>,
    pub suspension_event: Vec<SuspensionEvent>,
    pub suspension_learner: Vec<SuspensionLearner>,
    pub suspension_rate: Vec<SuspensionRate>,
    pub circumstance_year: Vec<CircumstanceYear>,
    pub circumstance_rate: Vec<CircumstanceRate>,
    pub baseline: Vec<Baseline>,
    pub ks4_result: Vec<Ks4Result>,
    pub ks4_rate: Vec<Ks4Rate>,
    pub attainment8_mean: Vec<Attainment8Mean>,
    pub disadvantage_gap: Vec<DisadvantageGap>,
    pub segregation: Vec<Segregation>,
    pub school_move: Vec<SchoolMove>,
    pub roll_share: Vec<roll_share::RollShare>,
    pub pathway: Vec<Pathway>,
    pub pathway_form: Vec<PathwayForm>,
    pub ladder_result: Vec<LadderResult>,
    pub value_added: Vec<ValueAdded>,
    pub distance_travelled: Vec<DistanceTravelled>,
    pub engagement_change: Vec<EngagementChange>,
    pub domain_score: Vec<DomainScore>,
    pub index_sensitivity: Vec<IndexSensitivity>,
    pub outcome_vector: Vec<OutcomeVector>,
    pub realised_potential: Vec<RealisedPotential>,
    pub realised_rate: Vec<RealisedRate>,
    pub progress_light: Vec<ProgressLight>,
    pub ap_placement: Vec<ApPlacement>,
    pub ap_day_six: Vec<ApDaySix>,
    pub education_break: Vec<EducationBreak>,
    pub ap_registration: Vec<ApRegistration>,
    pub ap_measure: Vec<ApMeasure>,
    pub ap_funnel: Vec<ApFunnel>,
    pub ap_effect: Vec<ApEffect>,
    pub lost_potential_sensitivity: Vec<Sensitivity>,
    pub high_attainer: Vec<HighAttainer>,
    pub school_beating: Vec<SchoolBeating>,
    pub school_result: Vec<SchoolResult>,
    pub school_prediction: Vec<SchoolPrediction>,
    pub school_value_added: Vec<SchoolValueAdded>,
    pub school_similar: Vec<SchoolSimilar>,
    pub mobility_rate: Vec<MobilityRate>,
    pub ks2_subject: Vec<Ks2Subject>,
    pub ks2_rate: Vec<Ks2Rate>,
    pub scorecard: Vec<Scorecard>,
    pub nccis_month: Vec<NccisMonth>,
    pub neet_rate: Vec<NeetRate>,
    pub september_guarantee: Vec<SeptemberGuarantee>,
    pub guarantee_rate: Vec<GuaranteeRate>,
    pub ccis_destination: Vec<CcisDestination>,
    pub ccis_destination_rate: Vec<CcisDestinationRate>,
    pub risk_factor: Vec<RiskFactor>,
    pub risk_score: Vec<RiskScore>,
    pub risk_curve: Vec<RiskCurve>,
    pub risk_calibration: Vec<RiskCalibration>,
    pub risk_backtest: Vec<RiskBacktest>,
    pub risk_fairness: Vec<RiskFairness>,
    pub risk_model: Vec<RiskModel>,
    pub month_status: Vec<MonthStatus>,
    pub level_by_19: Vec<LevelBy19>,
    pub level_by_19_rate: Vec<LevelBy19Rate>,
    pub leaver_met: Vec<LeaverMet>,
    pub neet_cost: Vec<NeetCost>,
    /// What counting needs beside rows; empty where they were read from a release.
    setting: Setting,
}

impl Tables {
    /// Sets the bands and counts; both tables of members are in one order.
    fn count(&mut self) {
        member::set_bands(&mut self.cohort_member);
        let pairs: Vec<_> = self.cohort_member.iter().zip(&self.cohort_outcome).collect();
        self.attrition_waterfall = waterfall::attrition_waterfall(&pairs);
        self.lost_potential = waterfall::lost_potential(&pairs, &self.ks4_result);
        self.lost_potential_area = waterfall::by_area(&pairs, &self.ks4_result, &self.area_spell);
        self.lost_potential_sensitivity =
            sensitivity::sensitivity(&self.lost_potential, &pairs, &self.learner, &self.school_move);
        self.high_attainer = beating::high_attainers(&pairs, &self.ks4_result);
        self.pathway_form = pathway::forms(&pairs, &self.pathway);
        self.roll_share = roll_share::shares(&self.cohort_member, &self.spell, self.setting.as_of);
        self.home_move_year = home_moves::years(&self.home_move, &self.area_spell, &self.setting);
        let years = year::years(&self.spell, &self.area_spell, &self.setting);
        let groups = circumstances::groups(&self.circumstance_year);
        self.absence_rate = absence::rates(&self.absence_enrolment, &years, &groups, &self.setting);
        self.suspension_rate = suspension::rates(
            &self.suspension_event,
            &self.absence_enrolment,
            &years,
            &groups,
            &self.setting,
        );
        self.circumstance_rate = circumstances::rates(&self.circumstance_year);
        self.segregation = segregation::segregation(&self.circumstance_year, &years, &self.setting);
        self.ks4_rate = attainment::rates(&self.ks4_result);
        self.attainment8_mean = attainment::means(&self.ks4_result);
        self.disadvantage_gap = attainment::gaps(&self.cohort_member, &self.ks4_result);
        self.mobility_rate = mobility::rates(&self.spell, &self.school_move, &years, &self.setting);
        self.ks2_rate = ks2::rates(&self.cohort_member, &self.ks2_subject);
        self.school_result = schools::results(&self.ks4_result, &years);
        self.school_prediction = schools::predictions(&self.ks4_result, &years);
        self.school_beating = beating::beating(&self.school_result, &self.school_prediction);
        self.school_value_added = schools::value_added(&self.ks4_result, &years);
        self.school_similar = schools::similar(&self.ks4_result, &years);
        let known = neet_rates::Known::of(&self.learner, &self.circumstance_year, &self.home_ward);
        self.neet_rate = neet_rates::rates(&self.nccis_month, &known);
        self.guarantee_rate = neet_rates::guarantees(&self.september_guarantee, &known);
        self.ccis_destination_rate = neet_rates::destinations(&self.ccis_destination, &pairs, &known);
        let tests = backtest::Tests::of(&self.risk_score, &self.nccis_month);
        self.risk_curve = tests.curves();
        self.risk_calibration = tests.calibrations();
        self.risk_backtest = tests.backtests();
        self.risk_fairness = tests.fairness(&self.learner, &self.circumstance_year);
        self.risk_model = models::models(&self.risk_factor, &self.nccis_month);
        self.level_by_19_rate = levels::rates(&self.level_by_19);
        self.neet_cost = costs::costs(&self.neet_rate);
        self.travel();
        self.scorecard = scorecard::scorecard(self);
    }

    /// Sets what rests on others beyond GCSE.
    fn travel(&mut self) {
        let registers = travelled::Registers::of(
            &self.absence_learner,
            &self.circumstance_year,
            &self.learner,
            &self.spell,
        );
        travelled::engagement(&mut self.engagement_change, &registers);
        self.value_added = travelled::value_added(&self.ladder_result, &self.cohort_member);
        self.domain_score = travelled::domains(
            &self.ladder_result,
            &self.value_added,
            &self.engagement_change,
            &self.distance_travelled,
        );
        self.index_sensitivity = travelled::fill(&mut self.outcome_vector, &self.domain_score);
        let pairs: Vec<_> = self.cohort_member.iter().zip(&self.cohort_outcome).collect();
        self.realised_potential = realised::potentials(&pairs, &self.ks4_result, &self.outcome_vector);
        self.realised_rate = realised::rates(&pairs, &self.realised_potential);
        self.progress_light = realised::lights(&self.distance_travelled, &self.engagement_change);
        let years: BTreeSet<i64> = self.circumstance_year.iter().map(|row| row.ay).collect();
        let years: Vec<i64> = years.into_iter().collect();
        self.ap_effect = effect::effects(&years, &self.engagement_change, &registers);
        self.audit();
    }

    /// Sets the figures of the audit of provision.
    fn audit(&mut self) {
        provision_counts::attach(&mut self.ap_placement, &self.engagement_change);
        self.ap_registration = provision_counts::registrations(&self.ap_placement, &self.circumstance_year);
        let cases = provision_counts::cases(
            &self.ap_placement,
            &self.ladder_result,
            &self.cohort_outcome,
            &self.outcome_vector,
        );
        let measures = provision_counts::measures(&cases, &self.ap_registration);
        let funnels = provision_funnel::funnels(&cases);
        self.ap_measure = measures;
        self.ap_funnel = funnels;
    }
}

/// What has to be published about a world on the day that worlds are seen from.
pub fn expected(world: &World) -> Tables {
    expected_on(world, world::as_of())
}

/// What has to be published about a world on another day.
pub fn expected_on(world: &World, as_of: NaiveDate) -> Tables {
    derive(&doors::open(world, as_of))
}

fn derive(facts: &Facts) -> Tables {
    let places = Places::of(facts);
    let mut tables = Tables { setting: setting(facts), ..Tables::default() };
    let held = neet::Held::of(facts);
    let ground = risk::Ground::of(facts, &places);
    let cohort_of =
        |person: &facts::PersonFacts| Some((person.number, learner::learner(person).cohort_ay? as i32));
    let told = levels::Told::of(facts, &facts.people.iter().filter_map(cohort_of).collect(), &places);
    for person in &facts.people {
        let learner = learner::learner(person);
        let cohort = learner.cohort_ay.map(|ay| ay as i32);
        let stays = evidence::stays(person, &places, facts.as_of);
        let journey = Journey::of(person.number, stays, cohort, facts.as_of);
        let area = Area::of(person, &journey, facts.as_of);
        let awards = ledger::awards(person, facts.as_of);
        let circumstances = circumstances::years(
            person,
            cohort.map(i64::from),
            &journey.spells,
            &area.spells(person.number),
            &tables.setting,
        );
        if let Some(cohort) = cohort {
            let member = member::member(facts, person, cohort, &journey, &area);
            let at = at_sixteen::outcome(facts, person, cohort, &journey, &area, &awards);
            let year_11 = circumstances.iter().find(|year| year.ay == i64::from(cohort) + 5);
            tables.baseline.push(attainment::baseline(&member));
            tables.ks2_subject.push(ks2::subject(facts, person, cohort));
            let ks4 = attainment::result(&member, &at, &awards, year_11);
            if let Some(ks4) = &ks4 {
                let levels = levels::levels(person, cohort, ks4, &told, &places, facts.as_of);
                tables.level_by_19.extend(levels);
                tables.leaver_met.extend(levels::met(person, ks4, &journey.spells, facts.as_of));
            }
            if let (Some(ks4), Some(ladder)) = (&ks4, beyond::ladder(&at, &awards)) {
                let events = suspension::events(person, facts.as_of);
                let spells = &journey.spells;
                let vector = beyond::vector(person, &ladder, ks4, year_11, spells, &events, facts.as_of);
                tables.ladder_result.push(ladder);
                tables.outcome_vector.push(vector);
            }
            tables.ks4_result.extend(ks4);
            tables.nccis_month.extend(neet::months(person, cohort, &area, &member, &held, facts.here));
            let attended = circumstances.iter().filter(|year| year.attending).map(|year| year.ay).collect();
            let guarantees = neet::guarantees(person, cohort, &area, &member, &held, &attended, facts.here);
            tables.september_guarantee.extend(guarantees);
            tables.ccis_destination.extend(neet::destination(person, cohort, facts.as_of));
            let (factors, scores) = risk::scores(person, cohort, &member, &ground);
            tables.risk_factor.extend(factors);
            tables.risk_score.extend(scores);
            tables.cohort_member.push(member);
            tables.cohort_outcome.push(at);
        }
        tables.learner.push(learner);
        tables.area_spell.extend(area.spells(person.number));
        tables.home_ward.extend(home_ward::homes(person, &area, facts.as_of, facts.here));
        tables.home_move.extend(home_moves::moves(person.number, &area, facts.here));
        tables.outcome.extend(ledger::outcomes(person.number, &awards));
        tables.absence_enrolment.extend(absence::enrolments(person, facts.as_of));
        tables.distance_travelled.extend(beyond::distance(person, facts.as_of));
        tables.engagement_change.extend(beyond::engagement(person, facts.as_of));
        let events = suspension::events(person, facts.as_of);
        let moves = school_move::moves(
            person,
            &places,
            cohort.map(i64::from),
            &journey.spells,
            &area.spells(person.number),
            &events,
            facts.as_of,
        );
        let placed = provision::Told {
            person,
            places: &places,
            cohort,
            stays: &evidence::stays(person, &places, facts.as_of),
            spells: &journey.spells,
            events: &events,
            absence: &absence::learners(&absence::enrolments(person, facts.as_of)),
            moves: &moves,
            as_of: facts.as_of,
        };
        tables.ap_placement.extend(provision::placements(&placed));
        tables.ap_day_six.extend(provision::day_six(&placed));
        tables.education_break.extend(provision::breaks(&placed));
        tables.school_move.extend(moves);
        tables.suspension_event.extend(events);
        tables.circumstance_year.extend(circumstances);
        tables.spell.extend(journey.spells);
    }
    let cohorts = tables.learner.iter().map(|row| (row.person, row.cohort_ay)).collect();
    tables.month_status = months::statuses(&cohorts, &tables.spell, &tables.nccis_month, facts.as_of);
    tables.pathway = pathway::pathways(&tables.cohort_member, &tables.spell, facts.as_of);
    tables.absence_learner = absence::learners(&tables.absence_enrolment);
    tables.suspension_learner = suspension::learners(&tables.suspension_event);
    tables.count();
    tables
}

fn setting(facts: &Facts) -> Setting {
    let described =
        |one: &facts::Establishment| (one.id.clone(), (one.kind.to_owned(), one.la.map(str::to_owned)));
    let places = Places::of(facts);
    let school = |one: &facts::Establishment| (one.id.clone(), places.school(&one.id).to_owned());
    Setting {
        establishments: facts.establishments.iter().map(described).collect(),
        schools: facts.establishments.iter().map(school).collect(),
        mergers: places.mergers.clone(),
        here: facts.here.to_owned(),
        as_of: facts.as_of,
    }
}

/// What kind each establishment of a world is, by its id.
pub fn kinds(world: &World) -> BTreeMap<String, String> {
    let described = setting(&doors::open(world, world::as_of())).establishments;
    described.into_iter().map(|(id, (kind, _))| (id, kind)).collect()
}
