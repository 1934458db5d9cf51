//! Tables as they are compared: as nobody's, or with what was published about some people granted.
use super::Tables;
use super::cells::Person;
use super::rows::{Group, Row};
use std::collections::BTreeSet;

impl Tables {
    /// The same rows as nobody's: for a comparison that does not know which learner is which person.
    pub fn without_people(mut self) -> Self {
        self.learner.iter_mut().for_each(|row| row.person = Person(0));
        self.spell.iter_mut().for_each(|row| row.person = Person(0));
        self.area_spell.iter_mut().for_each(|row| row.person = Person(0));
        self.home_ward.iter_mut().for_each(|row| row.person = Person(0));
        self.home_move.iter_mut().for_each(|row| row.person = Person(0));
        self.cohort_member.iter_mut().for_each(|row| row.person = Person(0));
        self.cohort_outcome.iter_mut().for_each(|row| row.person = Person(0));
        self.outcome.iter_mut().for_each(|row| row.person = Person(0));
        self.absence_enrolment.iter_mut().for_each(|row| row.person = Person(0));
        self.absence_learner.iter_mut().for_each(|row| row.person = Person(0));
        self.suspension_event.iter_mut().for_each(|row| row.person = Person(0));
        self.suspension_learner.iter_mut().for_each(|row| row.person = Person(0));
        self.circumstance_year.iter_mut().for_each(|row| row.person = Person(0));
        self.baseline.iter_mut().for_each(|row| row.person = Person(0));
        self.ks4_result.iter_mut().for_each(|row| row.person = Person(0));
        self.pathway.iter_mut().for_each(|row| row.person = Person(0));
        self.school_move.iter_mut().for_each(|row| row.person = Person(0));
        self.roll_share.iter_mut().for_each(|row| row.person = Person(0));
        self.ladder_result.iter_mut().for_each(|row| row.person = Person(0));
        self.value_added.iter_mut().for_each(|row| row.person = Person(0));
        self.distance_travelled.iter_mut().for_each(|row| row.person = Person(0));
        self.engagement_change.iter_mut().for_each(|row| row.person = Person(0));
        self.domain_score.iter_mut().for_each(|row| row.person = Person(0));
        self.outcome_vector.iter_mut().for_each(|row| row.person = Person(0));
        self.realised_potential.iter_mut().for_each(|row| row.person = Person(0));
        self.progress_light.iter_mut().for_each(|row| row.person = Person(0));
        self.ap_placement.iter_mut().for_each(|row| row.person = Person(0));
        self.ap_day_six.iter_mut().for_each(|row| row.person = Person(0));
        self.education_break.iter_mut().for_each(|row| row.person = Person(0));
        self.ks2_subject.iter_mut().for_each(|row| row.person = Person(0));
        self.nccis_month.iter_mut().for_each(|row| row.person = Person(0));
        self.september_guarantee.iter_mut().for_each(|row| row.person = Person(0));
        self.ccis_destination.iter_mut().for_each(|row| row.person = Person(0));
        self.risk_factor.iter_mut().for_each(|row| row.person = Person(0));
        self.risk_score.iter_mut().for_each(|row| row.person = Person(0));
        self.month_status.iter_mut().for_each(|row| row.person = Person(0));
        self.level_by_19.iter_mut().for_each(|row| row.person = Person(0));
        self.leaver_met.iter_mut().for_each(|row| row.person = Person(0));
        self
    }

    /// These tables, had the doors said of some people what was published about them: everybody else's rows stay, and
    /// bands and counts are worked out again. A number has to be one learner's.
    pub fn granting(mut self, people: &BTreeSet<u32>, published: &Self) -> Self {
        replace(&mut self.learner, &published.learner, people);
        replace(&mut self.spell, &published.spell, people);
        replace(&mut self.area_spell, &published.area_spell, people);
        replace(&mut self.home_ward, &published.home_ward, people);
        replace(&mut self.home_move, &published.home_move, people);
        replace(&mut self.cohort_member, &published.cohort_member, people);
        replace(&mut self.cohort_outcome, &published.cohort_outcome, people);
        replace(&mut self.outcome, &published.outcome, people);
        replace(&mut self.absence_enrolment, &published.absence_enrolment, people);
        replace(&mut self.absence_learner, &published.absence_learner, people);
        replace(&mut self.suspension_event, &published.suspension_event, people);
        replace(&mut self.suspension_learner, &published.suspension_learner, people);
        replace(&mut self.circumstance_year, &published.circumstance_year, people);
        replace(&mut self.baseline, &published.baseline, people);
        replace(&mut self.ks4_result, &published.ks4_result, people);
        replace(&mut self.pathway, &published.pathway, people);
        replace(&mut self.school_move, &published.school_move, people);
        replace(&mut self.ladder_result, &published.ladder_result, people);
        replace(&mut self.distance_travelled, &published.distance_travelled, people);
        replace(&mut self.engagement_change, &published.engagement_change, people);
        replace(&mut self.outcome_vector, &published.outcome_vector, people);
        replace(&mut self.ap_placement, &published.ap_placement, people);
        replace(&mut self.ap_day_six, &published.ap_day_six, people);
        replace(&mut self.education_break, &published.education_break, people);
        replace(&mut self.ks2_subject, &published.ks2_subject, people);
        replace(&mut self.nccis_month, &published.nccis_month, people);
        replace(&mut self.september_guarantee, &published.september_guarantee, people);
        replace(&mut self.ccis_destination, &published.ccis_destination, people);
        replace(&mut self.risk_factor, &published.risk_factor, people);
        replace(&mut self.risk_score, &published.risk_score, people);
        replace(&mut self.month_status, &published.month_status, people);
        replace(&mut self.level_by_19, &published.level_by_19, people);
        replace(&mut self.leaver_met, &published.leaver_met, people);
        self.count();
        self
    }
}

/// Puts what was published about some people in the place of what was expected of them.
fn replace<R: Row>(rows: &mut Vec<R>, published: &[R], people: &BTreeSet<u32>) {
    let theirs = |row: &R| matches!(row.group(), Group::Person(number) if people.contains(&number));
    rows.retain(|row| !theirs(row));
    rows.extend(published.iter().filter(|row| theirs(row)).cloned());
    rows.sort();
}
