//! The words that stories are told in: a world with a handful of places and one person.
use super::super::Tables;
use super::super::days::{academic_year, day};
use chrono::NaiveDate;
use throughline::synth::world::{
    Assessment, Attendance, Destination, Door, Enrolment, Establishment, EstablishmentLink, Home, Identity,
    OffRoll, Phase, Place, Placement, Postcode, PostcodeNo, Qualification, Year,
};
use throughline::synth::{Identifiers, Person, World, WorldSpec};

/// Places of every story, by index.
pub const PRIMARY: Place = Place(0);
pub const SECONDARY: Place = Place(1);
/// What the secondary becomes in September 2021.
pub const ACADEMY: Place = Place(2);
pub const PRU: Place = Place(3);
pub const WORKSHOP: Place = Place(4);
pub const SPECIAL: Place = Place(5);
/// Not on any door.
pub const INDEPENDENT: Place = Place(6);
/// On no door of this authority.
pub const NEXT_DOOR: Place = Place(7);
/// Closes at the end of August 2022, and nobody succeeds it.
pub const CLOSING: Place = Place(8);

/// Homes: in the area, next door, far away.
pub const HERE: PostcodeNo = PostcodeNo(0);
pub const OVER_THE_BORDER: PostcodeNo = PostcodeNo(1);
pub const FAR_AWAY: PostcodeNo = PostcodeNo(2);

/// `"2019-09-01"` as a day.
pub fn on(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap()
}

fn establishment(id: &str, kind: &'static str, phase: Phase, la: &'static str) -> Establishment {
    let state = la == "998" && !matches!(phase, Phase::Provider | Phase::Independent);
    Establishment {
        id: id.to_owned(),
        name: String::new(),
        type_code: None,
        kind,
        phase,
        la,
        estab: 0,
        sixth_form: false,
        opened_on: None,
        closed_on: None,
        on_mis: state,
        in_census: state,
        folder: (phase == Phase::Provider).then(|| id.to_lowercase()),
    }
}

/// A story: one person born in May 2008, so in Year 6 in 2018/19 and sixteen in 2023/24.
pub struct Story {
    pub person: Person,
}

impl Story {
    pub fn new() -> Self {
        let identity = Identity {
            forename: String::new(),
            preferred_forename: None,
            middle_names: None,
            surname: String::new(),
            former_surname: None,
            birth_date: on("2008-05-17"),
            sex: "F",
            ethnicity: "WBRI",
            community: 0,
            eal: false,
            upn: String::new(),
            former_upn: None,
            uln: String::new(),
            nhs_number: String::new(),
            family: 1,
        };
        let person = Person {
            number: 1,
            identity,
            year_offset: 0,
            homes: vec![Home { starts_on: on("2012-09-01"), postcode: HERE }],
            enrolments: Vec::new(),
            placements: Vec::new(),
            off_roll: Vec::new(),
            suspensions: Vec::new(),
            attendance: Vec::new(),
            years: (2019..=2026)
                .map(|ay| Year { ay, fsm: false, fsm6: false, cla: false, sen: "N", need: None })
                .collect(),
            assessments: Vec::new(),
            qualifications: Vec::new(),
            destinations: Vec::new(),
        };
        Self { person }
    }

    pub fn born(mut self, date: &str) -> Self {
        self.person.identity.birth_date = on(date);
        self
    }

    /// Free meals within six years and special needs, in every year.
    pub fn needs(mut self, fsm6: bool, sen: &'static str) -> Self {
        for year in &mut self.person.years {
            (year.fsm6, year.sen) = (fsm6, sen);
        }
        self
    }

    pub fn roll(mut self, place: Place, status: &'static str, from: &str, to: &str) -> Self {
        self.person.enrolments.push(Enrolment {
            place,
            status,
            starts_on: on(from),
            ends_on: (!to.is_empty()).then(|| on(to)),
            leaving_reason: None,
        });
        self
    }

    /// Why the roll told of last was left.
    pub fn because(mut self, reason: &'static str) -> Self {
        self.person.enrolments.last_mut().unwrap().leaving_reason = Some(reason);
        self
    }

    /// A year's register at a school: possible sessions and those missed.
    pub fn register(mut self, place: Place, ay: i32, possible: u16, missed: u16) -> Self {
        self.person.attendance.push(Attendance {
            place,
            starts_on: day(ay - 1, 9, 1),
            ends_on: day(ay, 7, 20),
            possible,
            attended: possible - missed,
            authorised: missed,
            unauthorised: 0,
        });
        self
    }

    pub fn placed(mut self, basis: &'static str, from: &str, to: &str) -> Self {
        self.person.placements.push(Placement {
            place: WORKSHOP,
            commissioner: "la",
            commissioned_by: None,
            legal_basis: basis,
            reason: "other",
            starts_on: on(from),
            ends_on: (!to.is_empty()).then(|| on(to)),
            planned_end_on: None,
            tenths_of_hours: 250,
            pounds_a_week: None,
            sessions_offered: 100,
            sessions_attended: 90,
            objectives_set: true,
            reviews_held: 0,
            end_reason: None,
        });
        self
    }

    pub fn off_roll(
        mut self,
        basis: &'static str,
        from: &str,
        to: &str,
        reason: Option<&'static str>,
    ) -> Self {
        self.person.off_roll.push(OffRoll {
            basis,
            starts_on: on(from),
            ends_on: (!to.is_empty()).then(|| on(to)),
            end_reason: reason,
            moved_to_la: (reason == Some("moved_la")).then_some("995"),
            registered: true,
        });
        self
    }

    pub fn moves(mut self, from: &str, postcode: PostcodeNo) -> Self {
        self.person.homes.push(Home { starts_on: on(from), postcode });
        self
    }

    /// Key stage 2 in the council's file: status and score of reading and maths.
    pub fn ks2(mut self, ay: i32, results: [(&'static str, Option<u16>); 2]) -> Self {
        for (subject, (status, score)) in ["reading", "maths"].into_iter().zip(results) {
            self.person.assessments.push(Assessment {
                kind: "ks2",
                subject: Some(subject),
                taken_on: day(ay, 5, 1),
                point: "test",
                status,
                score,
                door: Door::Council,
            });
        }
        self
    }

    /// A GCSE in the council's file of a summer.
    pub fn gcse(self, ay: i32, subject: &'static str, grade: &'static str) -> Self {
        self.award(("gcse", subject, None, grade), day(ay, 8, 20), Door::Council)
    }

    /// A pass in the workshop's workbook of a year.
    pub fn pass(
        self,
        ay: i32,
        kind: &'static str,
        subject: &'static str,
        level: Option<&'static str>,
    ) -> Self {
        self.award((kind, subject, level, "PASS"), day(ay, 7, 15), Door::Workbook(WORKSHOP))
    }

    fn award(
        mut self,
        (kind, subject, level, grade): (&'static str, &'static str, Option<&'static str>, &'static str),
        awarded_on: NaiveDate,
        door: Door,
    ) -> Self {
        self.person.qualifications.push(Qualification {
            kind,
            subject,
            level,
            grade,
            awarded_on,
            place: None,
            door,
        });
        self
    }

    pub fn does(mut self, activity: &'static str, from: &str) -> Self {
        self.person.destinations.push(Destination {
            activity,
            starts_on: on(from),
            ends_on: None,
            transferred_to_la: None,
            guarantee: None,
            workbook: None,
        });
        self
    }

    /// The activity told of last also says that another authority took over.
    pub fn handed_over(mut self, la: &'static str) -> Self {
        self.person.destinations.last_mut().unwrap().transferred_to_la = Some(la);
        self
    }

    pub fn tables(self) -> Tables {
        tables(vec![self])
    }
}

/// The tables about several people at once, numbered in turn.
pub fn tables(stories: Vec<Story>) -> Tables {
    super::super::expected(&world(stories))
}

pub fn world(stories: Vec<Story>) -> World {
    let link = |place, linked, link_type| EstablishmentLink {
        place,
        linked,
        link_type,
        linked_on: on("2021-09-01"),
    };
    let mut closing = establishment("900009", "mainstream", Phase::Secondary, "998");
    closing.closed_on = Some(on("2022-08-31"));
    let postcode = |la| Postcode { text: String::new(), lsoa: String::new(), ward: String::new(), la };
    let mut people: Vec<Person> = stories.into_iter().map(|story| story.person).collect();
    for (index, person) in people.iter_mut().enumerate() {
        person.number = index as u32 + 1;
    }
    World {
        spec: WorldSpec { seed: 0, learners: people.len() as u32, identifiers: Identifiers::Perfect },
        establishments: vec![
            establishment("900001", "mainstream", Phase::Primary, "998"),
            establishment("900002", "mainstream", Phase::Secondary, "998"),
            establishment("900003", "mainstream", Phase::Secondary, "998"),
            establishment("900004", "state_ap", Phase::StateAp, "998"),
            establishment("AP01", "unregistered", Phase::Provider, "998"),
            establishment("900006", "special", Phase::Special, "998"),
            establishment("900007", "independent", Phase::Independent, "998"),
            establishment("900008", "mainstream", Phase::Secondary, "997"),
            closing,
        ],
        links: vec![link(SECONDARY, ACADEMY, "successor"), link(ACADEMY, SECONDARY, "predecessor")],
        postcodes: vec![postcode("998"), postcode("997"), postcode("995")],
        people,
    }
}

/// Spells in short: number, role, days, establishment or basis, whether open.
pub fn spells(tables: &Tables) -> Vec<String> {
    let line = |spell: &super::super::Spell| {
        let place = spell
            .establishment_id
            .clone()
            .unwrap_or_else(|| if spell.is_gap { "gap".to_owned() } else { spell.legal_basis.clone() });
        let open = if spell.is_open { " open" } else { "" };
        format!("{} {} {} {} {place}{open}", spell.spell_no, spell.role, spell.starts_on, spell.ends_on)
    };
    tables.spell.iter().map(line).collect()
}

/// Areas in short: days, home, educating authority, evidence.
pub fn areas(tables: &Tables) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    tables
        .area_spell
        .iter()
        .map(|one| {
            let (home, educating) = (text(&one.home_la), text(&one.educating_la));
            format!("{} {} {home} {educating} {}", one.starts_on, one.ends_on, text(&one.home_evidence))
        })
        .collect()
}

#[test]
fn stories_start_in_the_right_year() {
    assert_eq!(academic_year(on("2019-05-01")), 2019);
    assert_eq!(Story::new().roll(PRIMARY, "C", "2018-09-03", "").tables().learner[0].cohort_ay, Some(2019));
}
