//! The place: wards with their postcodes and schools, the schools that convert, merge and close, the neighbours.
use super::super::dice::{Dice, Purpose};
use super::super::world::{
    Code, Establishment, EstablishmentLink, HOME_LA, NEIGHBOUR_LAS, Phase, Place, Postcode, PostcodeNo, day,
};
use chrono::NaiveDate;

/// Where those who move far away go: an authority that is no neighbour.
pub(super) const ELSEWHERE_LA: Code = "995";
const PEOPLE_PER_PRIMARY_YEAR: u32 = 32;
const PEOPLE_PER_SECONDARY_YEAR: u32 = 165;
const COHORTS: u32 = 9;
/// Room for the postcodes of one ward within its district.
const WARD_CODES: u32 = 64;
const FIRST_URN: u32 = 900_101;

/// Index of a school through all its URNs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line(pub(super) usize);

/// A school through conversion and merger: the establishments in turn, each from a day on.
pub(super) struct Lineage {
    pub(super) parts: Vec<(Place, NaiveDate)>,
    /// What the school adds to results.
    pub(super) effect: f64,
    /// Its end, where nobody takes it over.
    pub(super) closure: Option<Closure>,
}

/// The end of a school that no other one succeeds.
pub(super) struct Closure {
    /// Its last day.
    pub(super) on: NaiveDate,
    /// The last day of its last term, on which whoever is still there leaves.
    pub(super) last_term_ends_on: NaiveDate,
    /// The schools that take its children in.
    pub(super) neighbours: [Line; 2],
}

/// Part of the area: its postcodes, how poor it is, its schools.
pub(super) struct Ward {
    pub(super) postcodes: std::ops::Range<u32>,
    pub(super) poverty: f64,
    pub(super) primary: Line,
    pub(super) secondary: Line,
}

pub(super) struct Area {
    pub(super) establishments: Vec<Establishment>,
    pub(super) links: Vec<EstablishmentLink>,
    pub(super) postcodes: Vec<Postcode>,
    pub(super) lines: Vec<Lineage>,
    pub(super) wards: Vec<Ward>,
    /// Postcodes over the boundary: of the two neighbours, then of elsewhere.
    pub(super) outside: [std::ops::Range<u32>; 3],
    pub(super) primaries: Vec<Line>,
    pub(super) secondaries: Vec<Line>,
    pub(super) specials: Vec<Line>,
    pub(super) state_ap: Vec<Line>,
    pub(super) providers: Vec<Place>,
    pub(super) independents: Vec<Line>,
    pub(super) sixth_college: Line,
    pub(super) next_door_primaries: Vec<Line>,
    pub(super) next_door_secondaries: Vec<Line>,
    pub(super) secure: Line,
}

const WORDS: [&str; 26] = [
    "Alder", "Beacon", "Bracken", "Castle", "Cedar", "Copse", "Elm", "Fern", "Forge", "Hawthorn", "Hazel",
    "Heron", "Holly", "Kestrel", "Lark", "Linden", "Maple", "Meadow", "Mill", "Orchard", "Priory", "Quarry",
    "Rowan", "Sorrel", "Tarn", "Willow",
];
const PLACES: [&str; 16] = [
    "Bank", "Brook", "Close", "Cross", "Dale", "End", "Field", "Gate", "Green", "Heath", "Hill", "Lane",
    "Moor", "Park", "Road", "View",
];

/// Name, kind, type and folder of every alternative provider that is not a state school.
const PROVIDERS: [(&str, Code, Option<Code>, &str); 8] = [
    ("Copperfield Learning Centre", "independent_ap", Some("11"), "copperfield"),
    ("Wheelhouse Skills", "unregistered", None, "wheelhouse"),
    ("Greenbank Farm Project", "unregistered", None, "greenbank"),
    ("Harbour Tuition", "unregistered", None, "harbour"),
    ("Stepping Stones Therapeutic Education", "independent_ap", Some("11"), "stepping-stones"),
    ("Northside Boxing and Learning", "unregistered", None, "northside"),
    ("Sparks Motor Project", "unregistered", None, "sparks"),
    ("Open Door Studio", "unregistered", None, "open-door"),
];

struct Builder {
    dice: Dice,
    establishments: Vec<Establishment>,
    lines: Vec<Lineage>,
    postcodes: Vec<Postcode>,
    named: usize,
}

impl Builder {
    fn name(&mut self, tail: &str) -> String {
        let number = self.named;
        self.named += 1;
        // Steps of 7 and 3 keep neighbours in the list apart; a round number tells the rounds apart.
        let (word, place) =
            (WORDS[number * 7 % WORDS.len()], PLACES[(number * 3 + number / 26) % PLACES.len()]);
        match number / (WORDS.len() * PLACES.len()) {
            0 => format!("{word} {place} {tail}"),
            round => format!("{word} {place} {tail} ({})", round + 1),
        }
    }

    fn place(&mut self, tail: &str, phase: Phase, type_code: Code, kind: Code, la: Code) -> Place {
        let index = self.establishments.len();
        let here = la == HOME_LA;
        let state = matches!(phase, Phase::Primary | Phase::Secondary | Phase::Special | Phase::StateAp);
        let name = self.name(tail);
        self.establishments.push(Establishment {
            id: (FIRST_URN + index as u32).to_string(),
            name,
            type_code: Some(type_code),
            kind,
            phase,
            la,
            estab: 2000 + index as u16,
            sixth_form: false,
            opened_on: None,
            closed_on: None,
            on_mis: here && (state || phase == Phase::Secure),
            in_census: here && state,
            folder: None,
        });
        Place(index as u16)
    }

    fn line(&mut self, place: Place) -> Line {
        let effect = self.dice.normal() * super::rates::KS4_SCHOOL_SD;
        self.lines.push(Lineage { parts: vec![(place, NaiveDate::MIN)], effect, closure: None });
        Line(self.lines.len() - 1)
    }

    fn school(&mut self, tail: &str, phase: Phase, type_code: Code, kind: Code, la: Code) -> Line {
        let place = self.place(tail, phase, type_code, kind, la);
        self.line(place)
    }

    /// Postcodes of one stretch, `skip` codes into its first district; a district has 4,000.
    fn postcodes(&mut self, district: u32, skip: u32, la: Code, count: u32) -> std::ops::Range<u32> {
        const LETTERS: &[u8; 20] = b"ABDEFGHJLNPQRSTUWXYZ";
        let start = self.postcodes.len() as u32;
        for number in skip..skip + count {
            let (outward, inward) = (district + number / 4000, number % 4000);
            let letter = |index: u32| char::from(LETTERS[index as usize % 20]);
            self.postcodes.push(Postcode {
                text: format!("ZT{outward} {}{}{}", inward / 400, letter(inward / 20), letter(inward)),
                lsoa: format!("E01{la}{:03}", (outward * 10 + inward / 64) % 1000),
                ward: format!("E05{la}{outward:03}"),
                la,
            });
        }
        start..self.postcodes.len() as u32
    }

    /// A successor takes over on a day: the first part closes the day before.
    fn hand_over(&mut self, line: Line, to: Place, on: NaiveDate) -> EstablishmentLink {
        let from = self.lines[line.0].parts[0].0;
        self.establishments[usize::from(from.0)].closed_on = on.pred_opt();
        self.establishments[usize::from(to.0)].opened_on = Some(on);
        self.lines[line.0].parts.push((to, on));
        EstablishmentLink { place: from, linked: to, link_type: "successor", linked_on: on }
    }
}

/// Some postcode of a stretch.
pub(super) fn home_in(stretch: &std::ops::Range<u32>, dice: &mut Dice) -> PostcodeNo {
    PostcodeNo(stretch.start + dice.below(stretch.len()) as u32)
}

impl Area {
    pub(super) fn build(seed: u64, learners: u32) -> Self {
        let per_year = (learners / COHORTS).max(1);
        let dice = Dice::new(seed, Purpose::Area, 0);
        let mut b =
            Builder { dice, establishments: Vec::new(), lines: Vec::new(), postcodes: Vec::new(), named: 0 };
        let count = |size: u32, least: u32| (per_year / size).max(least);
        let primaries = (0..count(PEOPLE_PER_PRIMARY_YEAR, 8))
            .map(|n| {
                b.school(
                    "Primary School",
                    Phase::Primary,
                    if n % 4 == 0 { "34" } else { "1" },
                    "mainstream",
                    HOME_LA,
                )
            })
            .collect::<Vec<_>>();
        let secondaries = (0..count(PEOPLE_PER_SECONDARY_YEAR, 5))
            .map(|n| {
                let line = b.school(
                    "School",
                    Phase::Secondary,
                    if n < 3 { "1" } else { "34" },
                    "mainstream",
                    HOME_LA,
                );
                let place = b.lines[line.0].parts[0].0;
                b.establishments[usize::from(place.0)].sixth_form = n % 2 == 1;
                line
            })
            .collect::<Vec<_>>();
        let specials = (0..count(600, 2))
            .map(|_| b.school("Special School", Phase::Special, "7", "special", HOME_LA))
            .collect();
        let state_ap = vec![
            b.school("Pupil Referral Unit", Phase::StateAp, "14", "state_ap", HOME_LA),
            b.school("AP Academy", Phase::StateAp, "42", "state_ap", HOME_LA),
            b.school("AP Academy", Phase::StateAp, "43", "state_ap", HOME_LA),
        ];
        let independents = (0..2)
            .map(|_| b.school("College School", Phase::Independent, "11", "independent", HOME_LA))
            .collect();
        b.school("Further Education College", Phase::College, "18", "fe", HOME_LA);
        let sixth_college = b.school("Sixth Form College", Phase::College, "31", "fe", HOME_LA);
        let secure = b.school("Secure Children’s Home", Phase::Secure, "24", "secure", HOME_LA);
        let mut next_door_primaries = Vec::new();
        let mut next_door_secondaries = Vec::new();
        for la in NEIGHBOUR_LAS {
            next_door_primaries.push(b.school("Primary School", Phase::Primary, "1", "mainstream", la));
            next_door_secondaries.push(b.school("School", Phase::Secondary, "34", "mainstream", la));
            next_door_secondaries.push(b.school("Academy", Phase::Secondary, "28", "mainstream", la));
        }
        let providers = b.providers();
        let links = b.successions(&secondaries);
        b.closes(&primaries);
        let wards = b.wards(&primaries, &secondaries, (learners / 9).max(240));
        let outside_size = (learners / 60).max(40);
        let outside = [
            b.postcodes(60, 0, NEIGHBOUR_LAS[0], outside_size),
            b.postcodes(75, 0, NEIGHBOUR_LAS[1], outside_size),
            b.postcodes(90, 0, ELSEWHERE_LA, outside_size),
        ];
        Self {
            establishments: b.establishments,
            links,
            postcodes: b.postcodes,
            lines: b.lines,
            wards,
            outside,
            primaries,
            secondaries,
            specials,
            state_ap,
            providers,
            independents,
            sixth_college,
            next_door_primaries,
            next_door_secondaries,
            secure,
        }
    }

    /// Which establishment a school is on a day.
    pub(super) fn place_on(&self, line: Line, day: NaiveDate) -> Place {
        let parts = &self.lines[line.0].parts;
        parts[parts.partition_point(|(_, from)| *from <= day).saturating_sub(1)].0
    }

    pub(super) fn establishment(&self, place: Place) -> &Establishment {
        &self.establishments[usize::from(place.0)]
    }

    pub(super) fn phase(&self, line: Line) -> Phase {
        self.establishment(self.lines[line.0].parts[0].0).phase
    }

    pub(super) fn la_of(&self, postcode: PostcodeNo) -> Code {
        self.postcodes[postcode.0 as usize].la
    }
}

impl Builder {
    fn providers(&mut self) -> Vec<Place> {
        let mut site = 0;
        PROVIDERS
            .iter()
            .map(|(name, kind, type_code, folder)| {
                let place = self.place("", Phase::Provider, "11", kind, HOME_LA);
                let establishment = &mut self.establishments[usize::from(place.0)];
                (*name).clone_into(&mut establishment.name);
                establishment.type_code = *type_code;
                establishment.folder = Some((*folder).to_owned());
                if type_code.is_none() {
                    site += 1;
                    establishment.id = format!("AP{site:02}");
                }
                place
            })
            .collect()
    }

    /// One secondary becomes an academy in September 2021; two others become one in September 2023.
    fn successions(&mut self, secondaries: &[Line]) -> Vec<EstablishmentLink> {
        let (converts, merges) = (day(2021, 9, 1), day(2023, 9, 1));
        let academy = self.place("Academy", Phase::Secondary, "34", "mainstream", HOME_LA);
        let merged = self.place("Community Academy", Phase::Secondary, "28", "mainstream", HOME_LA);
        let mut links = vec![self.hand_over(secondaries[0], academy, converts)];
        // A school that converts has a new URN and keeps its number within the authority; one that merges has a new one of both.
        let number = self.establishments[usize::from(links[0].place.0)].estab;
        self.establishments[usize::from(academy.0)].estab = number;
        for line in &secondaries[1..3] {
            let link = self.hand_over(*line, merged, merges);
            links.push(EstablishmentLink { link_type: "successor_merged", ..link });
        }
        self.establishments[usize::from(merged.0)].sixth_form = true;
        let back = links
            .iter()
            .map(|link| EstablishmentLink {
                place: link.linked,
                linked: link.place,
                link_type: if link.link_type == "successor" { "predecessor" } else { "predecessor_merged" },
                linked_on: link.linked_on,
            })
            .collect::<Vec<_>>();
        links.extend(back);
        links
    }

    /// One primary of the council's closes at the end of 2023/24 and has no successor. It keeps its place in the list, so that every
    /// draw of a school falls as it would: a child who is drawn for it goes next door.
    fn closes(&mut self, primaries: &[Line]) {
        let (closing, neighbours) = (primaries[5], [primaries[4], primaries[6]]);
        let on = day(2024, 8, 31);
        let place = self.lines[closing.0].parts[0].0;
        self.establishments[usize::from(place.0)].closed_on = Some(on);
        self.lines[closing.0].closure = Some(Closure { on, last_term_ends_on: day(2024, 7, 24), neighbours });
    }

    fn wards(&mut self, primaries: &[Line], secondaries: &[Line], postcodes: u32) -> Vec<Ward> {
        let count = primaries.len();
        let each = (postcodes / count as u32).clamp(8, WARD_CODES);
        let mut wards = (0..count)
            .map(|n| {
                // Evenly spread ranks of a log-normal, dealt out in a scattered order: every size of area has poor and rich wards.
                let rank = ((n * 7 + 3) % count) as f64 / count as f64 + 0.5 / count as f64;
                let spread = 0.75 * ((rank / (1.0 - rank)).ln() * 0.5513);
                Ward {
                    postcodes: self.postcodes(1 + n as u32 % 55, n as u32 / 55 * WARD_CODES, HOME_LA, each),
                    poverty: spread.exp().min(2.6),
                    primary: primaries[n],
                    secondary: secondaries[n * secondaries.len() / count],
                }
            })
            .collect::<Vec<_>>();
        let mean = wards.iter().map(|ward| ward.poverty).sum::<f64>() / count as f64;
        for ward in &mut wards {
            ward.poverty /= mean;
        }
        wards
    }
}
