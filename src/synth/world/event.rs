//! What can happen to somebody. One struct per kind of fact; codes as in `schemas/codes`.
use super::{Code, Place, PostcodeNo};
use chrono::NaiveDate;

/// Which door, if any, shows an assessment or a qualification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The council's key stage 2 or examination file of that summer.
    Council,
    /// The workbook of this provider, in the row of the placement that the fact belongs to.
    Workbook(Place),
    /// None: it happened out of sight.
    Nowhere,
}

/// A home from a day on, until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    /// First day.
    pub starts_on: NaiveDate,
    /// Where.
    pub postcode: PostcodeNo,
}

/// Time on one roll. A change of URN (conversion, merger) ends one and starts another the day after; a closure ends one with the
/// summer term and starts another, at the school next door, in September.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// School or college.
    pub place: Place,
    /// `enrolment_status`, one for the whole stay: M from the start for a stay that becomes dual.
    pub status: Code,
    /// Day of entry.
    pub starts_on: NaiveDate,
    /// Last day on roll.
    pub ends_on: Option<NaiveDate>,
    /// `leaving_reason`; none where the roll passed to a successor, or the stay lasts.
    pub leaving_reason: Option<Code>,
}

/// Time at a provider, within one academic year; a place that goes on is renewed on 1 September.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// The provider.
    pub place: Place,
    /// `commissioner`.
    pub commissioner: Code,
    /// The commissioning school, where a school commissioned.
    pub commissioned_by: Option<Place>,
    /// `legal_basis`.
    pub legal_basis: Code,
    /// `placement_reason`.
    pub reason: Code,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day; none only in the last academic year.
    pub ends_on: Option<NaiveDate>,
    /// Planned last day.
    pub planned_end_on: Option<NaiveDate>,
    /// Hours a week, in tenths.
    pub tenths_of_hours: u16,
    /// Price of the place, pounds a week; none where the provider's list has none.
    pub pounds_a_week: Option<u16>,
    /// Half-day sessions offered so far.
    pub sessions_offered: u16,
    /// Half-day sessions attended so far.
    pub sessions_attended: u16,
    /// Objectives on record.
    pub objectives_set: bool,
    /// Reviews held.
    pub reviews_held: u8,
    /// `placement_end_reason`; none for a place that is renewed or lasts.
    pub end_reason: Option<Code>,
}

/// Home education or missing education.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffRoll {
    /// `off_roll_basis`.
    pub basis: Code,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: Option<NaiveDate>,
    /// `off_roll_end`.
    pub end_reason: Option<Code>,
    /// The authority moved to, with the reason `moved_la`.
    pub moved_to_la: Option<Code>,
    /// Whether the council's register has it.
    pub registered: bool,
}

/// A suspension or a permanent exclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// School.
    pub place: Place,
    /// `suspension_category`: SUSP or PERM.
    pub category: Code,
    /// `suspension_reason`.
    pub reason: Code,
    /// First day.
    pub starts_on: NaiveDate,
    /// Half-day sessions.
    pub sessions: u16,
}

/// Attendance at one school from the first to the last day of an enrolment within one academic year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attendance {
    /// School.
    pub place: Place,
    /// First day of the period.
    pub starts_on: NaiveDate,
    /// Last day of the period.
    pub ends_on: NaiveDate,
    /// Possible half-day sessions.
    pub possible: u16,
    /// Attended, approved activity included.
    pub attended: u16,
    /// Authorised absence.
    pub authorised: u16,
    /// Unauthorised absence.
    pub unauthorised: u16,
}

/// How things stood on the census day of an academic year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Year {
    /// Academic year.
    pub ay: i32,
    /// Eligible for and claiming free meals.
    pub fsm: bool,
    /// Eligible at any time in the last six years.
    pub fsm6: bool,
    /// Looked after.
    pub cla: bool,
    /// `sen_provision`: N, K or E.
    pub sen: Code,
    /// `sen_need`, with K and E.
    pub need: Option<Code>,
}

/// A test or an assessment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// `assessment_kind`.
    pub kind: Code,
    /// `subject`, for key stage 2.
    pub subject: Option<Code>,
    /// The day; key stage 2 is dated 1 May.
    pub taken_on: NaiveDate,
    /// `assessment_point`.
    pub point: Code,
    /// `assessment_status`.
    pub status: Code,
    /// Score on its own scale, with `tested`.
    pub score: Option<u16>,
    /// Who shows it.
    pub door: Door,
}

/// A qualification entered or awarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Qualification {
    /// `qualification_kind`.
    pub kind: Code,
    /// `subject`.
    pub subject: Code,
    /// `qualification_level`; none where the grade says it (a GCSE).
    pub level: Option<Code>,
    /// `grade`.
    pub grade: Code,
    /// Award date; a summer series is dated 20 August, a workbook's award 15 July of its year.
    pub awarded_on: NaiveDate,
    /// Centre.
    pub place: Option<Place>,
    /// Who shows it.
    pub door: Door,
}

/// What a young person was doing after 16, or that the authority handed them over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    /// `nccis_activity`.
    pub activity: Code,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day; the extract does not say it.
    pub ends_on: Option<NaiveDate>,
    /// The authority the young person was transferred to.
    pub transferred_to_la: Option<Code>,
    /// `september_guarantee`.
    pub guarantee: Option<Code>,
    /// The provider whose last workbook row also says it, from 1 September.
    pub workbook: Option<Place>,
}
