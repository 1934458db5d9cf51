//! Every rate the generator uses, with where it comes from. `DfE` means the published statistics of the Department
//! for Education; "assumed" means that no figure was found and a plausible one was chosen; "tuned" means that the value was set so
//! that a published figure comes out (the calibration test says which).

// Share of pupils with free school meals each January, 2012 to 2026, per cent. 2016 to 2025: DfE, Schools, pupils and
// their characteristics. 2012 to 2015 from the same series, rounded; 2026 assumed.
pub(super) const FSM_SHARE: [f64; 15] =
    [18.2, 18.3, 16.3, 15.2, 14.3, 14.0, 13.6, 15.4, 17.3, 20.8, 22.5, 23.8, 24.6, 25.7, 26.3];
// First January of the table above.
pub(super) const FSM_SHARE_FROM: i32 = 2012;
// Families whose children go to independent schools claim nothing, and poor wards' shares are capped: what makes the share come out. Tuned.
pub(super) const FSM_STATE_FACTOR: f64 = 0.99;
// Yearly exit from free meals before the protection of April 2018: gives 20% a year with 3% entry and a steady 14%.
pub(super) const FSM_EXIT_BEFORE_2018: f64 = 0.20;
// Yearly exit under the protection: only those who stop claiming for other reasons. Assumed.
pub(super) const FSM_EXIT_SINCE_2018: f64 = 0.012;

// Share with an education, health and care plan, 2018 to 2026, per cent. DfE, SEN in England (2024 4.8, 2025 5.3; 2026 assumed).
pub(super) const PLAN_SHARE: [f64; 9] = [2.9, 3.1, 3.3, 3.7, 4.0, 4.3, 4.8, 5.3, 5.6];
// Share with SEN support, per cent. DfE, January 2025 14.2, 2024 13.6.
pub(super) const SUPPORT_SHARE: [f64; 9] = [11.7, 11.9, 12.1, 12.2, 12.6, 13.0, 13.6, 14.2, 14.4];
// Plans among children with free meals against others: DfE 2025, 43.8% of plans have free meals.
pub(super) const PLAN_BY_FSM: (f64, f64) = (1.70, 0.76);
// Plans by sex: boys are 71% of plans.
pub(super) const PLAN_BY_SEX: (f64, f64) = (1.39, 0.59);
// SEN support by free meals: 39.3% have free meals.
pub(super) const SUPPORT_BY_FSM: (f64, f64) = (1.53, 0.82);
// SEN support by sex: boys are 61%.
pub(super) const SUPPORT_BY_SEX: (f64, f64) = (1.19, 0.80);
// Of children with a plan in Year 6, those in special schools: DfE 2025, 56.2% of plans are in mainstream schools.
pub(super) const PLAN_IN_SPECIAL: f64 = 0.40;

// Looked after at a census: about 70 in 10,000 (DfE, Children looked after).
pub(super) const LOOKED_AFTER: f64 = 0.007;
// Educated in independent schools: 7% nationally; a poorer area is assumed.
pub(super) const INDEPENDENT: f64 = 0.05;
// Boys among births.
pub(super) const MALE: f64 = 0.512;
// Families in which the first birth of the window is twins: about 4% of people are twins. Tuned.
pub(super) const TWIN_BIRTH: f64 = 0.020;
// Taught a year below their age. Assumed.
pub(super) const OUT_OF_YEAR: f64 = 0.004;
// A second valid UPN in their history: 0.2% a year in linkage practice. Assumed for a lifetime.
pub(super) const FORMER_UPN: f64 = 0.015;
// A surname change during the window. Assumed.
pub(super) const SURNAME_CHANGE: f64 = 0.025;

// Late entrants: not in the area in Year 6. Assumed; turnover of about 2% a year.
pub(super) const LATE_ENTRANT: f64 = 0.09;
// Homes in a neighbouring authority with the child in a school here. Assumed.
pub(super) const HOME_NEXT_DOOR: f64 = 0.035;
// Secondary place in a neighbouring authority, with the home here. Assumed.
pub(super) const SECONDARY_NEXT_DOOR: f64 = 0.035;

// Yearly hazards of somebody on the roll of a state school; all assumed unless said.
pub(super) const DIES: f64 = 0.000_12;
pub(super) const LEAVES_ENGLAND: f64 = 0.003;
pub(super) const MOVES_OUT: f64 = 0.020;
// Of those who move out: the missing-education register finds the authority they went to.
pub(super) const MOVE_TRACED_BY_CME: f64 = 0.42;
// Of those not traced so, with an NCCIS transfer once they are old enough.
pub(super) const MOVE_TRACED_BY_NCCIS: f64 = 0.30;
pub(super) const MOVES_HOME: f64 = 0.055;
// Of moves of home: across the boundary, the school kept.
pub(super) const MOVES_HOME_NEXT_DOOR: f64 = 0.07;
pub(super) const MOVES_SCHOOL: f64 = 0.022;
pub(super) const MANAGED_MOVE: f64 = 0.003;
pub(super) const TO_INDEPENDENT: f64 = 0.002;
pub(super) const TO_NEXT_DOOR: f64 = 0.003;
pub(super) const FLEXI: f64 = 0.000_8;
pub(super) const TO_CUSTODY: f64 = 0.000_25;
// To home education, by school years since Year 6. Tuned to a stock of about 1.3% in autumn 2024 and 2025
// (DfE: 111,700 and 126,000 of some 8.9 million of compulsory age), more in later years.
pub(super) const TO_HOME_EDUCATION: [f64; 6] = [0.0022, 0.0035, 0.0047, 0.0055, 0.0055, 0.0026];
// Yearly return from home education. Assumed.
pub(super) const HOME_EDUCATION_ENDS: f64 = 0.20;
// To missing education without another cause. Tuned to a stock of about 0.4% (DfE: 39,200 and 34,700).
pub(super) const TO_MISSING: f64 = 0.0125;
// Mean days missing; DfE: 143,500 during a year against a stock of 39,200 is a quarter of a year.
pub(super) const MISSING_DAYS: f64 = 95.0;
// Off-roll entries that the register has. Assumed.
pub(super) const REGISTERED: f64 = 0.92;

// Permanent exclusions a year: DfE 2023/24, 0.13% of pupils; 0.33 with free meals, 0.06 without (ratio 5.4).
pub(super) const EXCLUDED: f64 = 0.0013;
pub(super) const EXCLUDED_FSM_RATIO: f64 = 5.4;
// Suspensions a year per pupil, 2018 to 2026: DfE 2022/23 9.33, 2023/24 11.31 per 100; before rounded, after assumed.
pub(super) const SUSPENSIONS: [f64; 9] = [0.051, 0.054, 0.038, 0.043, 0.069, 0.0933, 0.1131, 0.113, 0.113];
// Suspensions with free meals against without: DfE 2023/24, 27.6 against 6.0 per 100.
pub(super) const SUSPENDED_FSM_RATIO: f64 = 4.6;
// Spread of the tendency that suspensions, exclusions and AP share: shape of a gamma of mean 1. About 4 to 5% of pupils have all suspensions.
pub(super) const TENDENCY_SHAPE: f64 = 0.30;
// Correction of the exclusion and suspension hazards for losses from state rolls. Tuned.
pub(super) const EXCLUDED_FACTOR: f64 = 1.10;
pub(super) const SUSPENDED_FACTOR: f64 = 1.05;

// Yearly hazards of alternative provision, Year 7 on, for a tendency of 1. Tuned: 3% ever in a state AP school by 16, 4% with
// places that the authority funds (DfE and FFT Education Datalab, born 2002/03).
pub(super) const DUAL: f64 = 0.0042;
pub(super) const TO_STATE_AP: f64 = 0.0018;
pub(super) const OFF_SITE: f64 = 0.0045;
// A course of some weeks that a school buys beside its own roll, a year, Years 8 to 11. Assumed: about 1% of pupils are at such places
// on a day (DfE, school-arranged alternative provision), and a course lasts a third of a year.
pub(super) const COURSE: f64 = 0.020;
// Section 19 for health, a year.
pub(super) const HEALTH_PLACE: f64 = 0.0009;
// Place named in a plan, a year, of those with a plan. DfE: named in a plan is 80.9% of places that authorities fund.
pub(super) const NAMED_PLACE: f64 = 0.028;

// Key stage 2 before those below the test drop out: gives mean scaled scores of 105 and 104 (DfE, 2023 and 2024) and a standard deviation of about 8. Tuned.
pub(super) const READING_MEAN: f64 = 103.9;
pub(super) const MATHS_MEAN: f64 = 102.9;
pub(super) const KS2_SD: f64 = 9.2;
// How far behind children eligible in the last six years are, in standard deviations of ability: gives the key stage 2 gap index of 3.1 (DfE) with what SEN adds. Tuned.
pub(super) const ABILITY_FSM6: f64 = -0.62;
pub(super) const ABILITY_SUPPORT: f64 = -0.65;
pub(super) const ABILITY_PLAN: f64 = -1.30;
// Centre of ability for those with neither, so that the mean is 0. Tuned.
pub(super) const ABILITY_CENTRE: f64 = 0.32;
pub(super) const ABILITY_SD: f64 = 0.90;
// Key stage 4 on key stage 2 (about .7 in the literature), school effect, what disadvantage adds, noise.
pub(super) const KS4_ON_ABILITY: f64 = 0.72;
pub(super) const KS4_SCHOOL_SD: f64 = 0.15;
pub(super) const KS4_FSM6: f64 = -0.46;
pub(super) const KS4_SD: f64 = 0.66;
// One more step down for the tendency that leads to suspensions. Assumed.
pub(super) const KS4_TENDENCY: f64 = -0.06;
// And for persistent absence. Assumed.
pub(super) const KS4_PERSISTENT: f64 = -0.25;
// Brings the mean of those with results back to the national one. Tuned.
pub(super) const KS4_CENTRE: f64 = 0.18;
// Share of one subject's result that all subjects share.
pub(super) const SUBJECT_SHARED: f64 = 0.90;
// Normal scores of the national shares at each GCSE grade 9 to 1, summer 2023 to 2025, rounded:
// 9 5%, 8+ 12%, 7+ 22%, 6+ 34%, 5+ 51%, 4+ 69%, 3+ 82%, 2+ 91%, 1+ 97%.
pub(super) const GRADE_FROM: [f64; 9] = [1.645, 1.175, 0.772, 0.412, -0.025, -0.496, -0.915, -1.341, -1.881];

// Median absence with and without free meals, and spread in log-odds: gives overall rates of about 10% and 5%, persistent
// absence of 32% and 14% (DfE, autumn 2024/25). A log-odds normal stands for the Beta, because part of it is the person's own.
pub(super) const ABSENCE_MEDIAN: (f64, f64) = (0.0666, 0.0375);
pub(super) const ABSENCE_SPREAD: f64 = 0.95;
// How much of one's absence is oneself and not the year. Assumed.
pub(super) const ABSENCE_SELF: f64 = 0.75;

// Post-16, at 16 to 17: not in education, employment or training 3.4%, not known 2.3% (DfE, 2026). Tuned bases for the rest of the model.
pub(super) const NEET_BASE: f64 = 0.0065;
pub(super) const NOT_KNOWN_BASE: f64 = 0.0175;
// Leavers of alternative provision who do not get into a first place that lasts; with later drop-outs 40% have no sustained destination. Tuned, from 54% sustained in 2012/13 and about 60 to 65% since.
pub(super) const AP_NOT_SUSTAINED: f64 = 0.38;
// Odds for the persistently absent (Leeds and Bradford, 2024).
pub(super) const NEET_PERSISTENT_ABSENCE: f64 = 3.9;
