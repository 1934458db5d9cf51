//! One person's story while it is being told: where they are now, and the words that move them.
use super::super::dice::Dice;
use super::super::world::{
    Code, Destination, Enrolment, Home, OffRoll, Person, Phase, Place, Placement, as_of, day, year_starts,
};
use super::area::{Area, Closure, Line, home_in};
use super::family::Family;
use chrono::{Days, NaiveDate};

/// What somebody brings along.
pub(super) struct Traits {
    pub(super) cohort: i32,
    /// Tendency to be suspended, excluded, placed: mean 1.
    pub(super) tendency: f64,
    /// Rank for special needs, 0 the first to have a plan.
    pub(super) need_rank: f64,
    /// Ability on entry, in standard deviations, once known.
    pub(super) ability: f64,
    /// Share of sessions missed in each academic year from that of Year 6, in a school of no special kind.
    pub(super) absence: [f64; 9],
    /// Ever persistently absent since Year 9.
    pub(super) persistent: bool,
    pub(super) cla: bool,
}

/// Where somebody is now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Now {
    /// On the roll of a school.
    OnRoll,
    /// Educated at home.
    Home,
    /// Missing education beyond the end of the year.
    Missing,
    /// At a provider without being on any roll.
    Placed,
    /// Out of the area, or the story has ended.
    Gone,
}

/// The roll somebody is on.
#[derive(Clone, Copy)]
pub(super) struct Roll {
    pub(super) line: Line,
    pub(super) from: NaiveDate,
}

pub(super) struct Story<'a> {
    pub(super) area: &'a Area,
    pub(super) family: &'a Family,
    pub(super) dice: Dice,
    /// Draws for what stands beside a year in which nothing else happens: nobody else's story moves with it.
    pub(super) beside: Dice,
    pub(super) person: Person,
    pub(super) traits: Traits,
    pub(super) now: Now,
    pub(super) roll: Option<Roll>,
}

impl Story<'_> {
    /// Starts on a roll. Nothing happens after the day the world is seen from.
    pub(super) fn enter(&mut self, line: Line, from: NaiveDate) {
        let line = self.open(line, from);
        self.roll = Some(Roll { line, from });
        self.now = Now::OnRoll;
    }

    /// A school, or next door to one that has closed. Children of one family go to one school, and nobody to the one they come from; no draw
    /// decides it, so that everything else in a story stays.
    fn open(&self, line: Line, on: NaiveDate) -> Line {
        let Some(closure) = self.area.lines[line.0].closure.as_ref().filter(|closure| closure.on < on) else {
            return line;
        };
        let [first, second] = closure.neighbours;
        let (wanted, other) =
            if self.family.number.is_multiple_of(2) { (first, second) } else { (second, first) };
        let left = self.person.enrolments.iter().rfind(|one| one.status != "S").map(|one| one.place);
        if left == Some(self.area.place_on(wanted, on)) { other } else { wanted }
    }

    /// Goes on next door where the school has closed before an academic year begins.
    pub(super) fn school_closes(&mut self, ay: i32) {
        let Some(line) = self.roll.map(|roll| roll.line) else { return };
        let closure = self.area.lines[line.0].closure.as_ref().filter(|closure| closure.on < year_starts(ay));
        if let Some(&Closure { on, last_term_ends_on, .. }) = closure {
            self.leave(last_term_ends_on, "moved");
            self.enter(line, on + Days::new(3));
        }
    }

    /// Leaves the roll: one enrolment for each establishment the school was in that time.
    pub(super) fn leave(&mut self, on: NaiveDate, reason: Code) {
        if let Some(roll) = self.roll.take() {
            self.record(roll, Some(on), Some(reason));
        }
        self.now = Now::Gone;
    }

    /// Ends the story with whatever roll is still open left open.
    pub(super) fn rest(&mut self) {
        if let Some(roll) = self.roll.take() {
            self.record(roll, None, None);
        }
    }

    fn record(&mut self, roll: Roll, to: Option<NaiveDate>, reason: Option<Code>) {
        let parts = &self.area.lines[roll.line.0].parts;
        let last = to.unwrap_or_else(as_of);
        for (index, (place, opens)) in parts.iter().enumerate() {
            let next = parts.get(index + 1).map(|(_, next)| *next);
            let starts_on = roll.from.max(*opens);
            let handed_over = next.filter(|next| *next <= last);
            if starts_on > last || next.is_some_and(|next| starts_on >= next) {
                continue;
            }
            let (ends_on, leaving_reason) = match handed_over {
                Some(next) => (next.pred_opt(), None),
                None => (to, reason),
            };
            self.person.enrolments.push(Enrolment {
                place: *place,
                status: "C",
                starts_on,
                ends_on,
                leaving_reason,
            });
        }
    }

    /// A second registration beside the roll.
    pub(super) fn register_beside(&mut self, line: Line, from: NaiveDate, to: NaiveDate) {
        let place = self.area.place_on(line, from);
        let ends_on = past(to);
        let leaving_reason = ends_on.map(|_| "transition");
        self.person.enrolments.push(Enrolment {
            place,
            status: "S",
            starts_on: from,
            ends_on,
            leaving_reason,
        });
    }

    pub(super) fn off_roll(&mut self, basis: Code, from: NaiveDate) {
        let registered = self.dice.chance(super::rates::REGISTERED);
        self.person.off_roll.push(OffRoll {
            basis,
            starts_on: from,
            ends_on: None,
            end_reason: None,
            moved_to_la: None,
            registered,
        });
    }

    /// Ends the latest off-roll time, unless that lies ahead of what can be seen.
    pub(super) fn back(&mut self, on: NaiveDate, reason: Code, la: Option<Code>) {
        if let Some(last) = self.person.off_roll.last_mut()
            && on <= as_of()
        {
            last.ends_on = Some(on.max(last.starts_on));
            last.end_reason = Some(reason);
            last.moved_to_la = la;
        }
    }

    /// Moves home to somewhere in a ward of the area.
    pub(super) fn move_home_here(&mut self, on: NaiveDate) -> usize {
        let ward = self.dice.below(self.area.wards.len());
        let postcode = home_in(&self.area.wards[ward].postcodes, &mut self.dice);
        self.person.homes.push(Home { starts_on: on, postcode });
        ward
    }

    /// Moves home out of the area: to one of two neighbours, or farther.
    pub(super) fn move_home_out(&mut self, on: NaiveDate, far: bool) -> Code {
        let index = if far { 2 } else { self.dice.below(2) };
        let postcode = home_in(&self.area.outside[index], &mut self.dice);
        self.person.homes.push(Home { starts_on: on, postcode });
        self.area.la_of(postcode)
    }

    pub(super) fn home_ward(&self) -> usize {
        let home = self.person.homes[self.person.homes.len() - 1].postcode;
        self.area.wards.iter().position(|ward| ward.postcodes.contains(&home.0)).unwrap_or(self.family.ward)
    }

    /// The mainstream school of somebody's age: mostly the ward's.
    pub(super) fn mainstream(&mut self, nc_year: i32) -> Line {
        let ward = self.home_ward();
        let (own, all) = if nc_year <= 6 {
            (self.area.wards[ward].primary, &self.area.primaries)
        } else {
            (self.area.wards[ward].secondary, &self.area.secondaries)
        };
        if self.dice.chance(0.78) { own } else { *self.dice.pick(all) }
    }

    /// Another mainstream school than the one somebody is at.
    pub(super) fn another_school(&mut self, nc_year: i32) -> Line {
        let here = self.roll.map(|roll| roll.line);
        for _ in 0..8 {
            let line = self.mainstream(nc_year);
            if Some(line) != here {
                return line;
            }
        }
        let all = if nc_year <= 6 { &self.area.primaries } else { &self.area.secondaries };
        *all.iter().find(|line| Some(**line) != here).unwrap_or(&all[0])
    }

    pub(super) fn place_at(&mut self, placement: Placement) {
        self.person.placements.push(placement);
    }

    pub(super) fn goes_to(&mut self, activity: Code, from: NaiveDate) -> &mut Destination {
        let index = self.person.destinations.len();
        self.person.destinations.push(Destination {
            activity,
            starts_on: from,
            ends_on: None,
            transferred_to_la: None,
            guarantee: None,
            workbook: None,
        });
        &mut self.person.destinations[index]
    }

    /// The phase of the school somebody is on the roll of.
    pub(super) fn phase(&self) -> Option<Phase> {
        self.roll.map(|roll| self.area.phase(roll.line))
    }

    /// The establishment somebody is on the roll of on a day.
    pub(super) fn place(&self, on: NaiveDate) -> Option<Place> {
        self.roll.map(|roll| self.area.place_on(roll.line, on))
    }

    /// Whether the roll is of a state school of this authority.
    pub(super) fn in_state_school_here(&self) -> bool {
        self.roll.is_some_and(|roll| {
            let place = self.area.lines[roll.line.0].parts[0].0;
            self.area.establishment(place).in_census
        })
    }

    /// The national curriculum year taught in an academic year.
    pub(super) fn nc_year(&self, ay: i32) -> i32 {
        6 + ay - self.traits.cohort + i32::from(self.person.year_offset)
    }

    /// A school day in an academic year, from the third week of September to the middle of June.
    pub(super) fn term_day(&mut self, ay: i32) -> NaiveDate {
        let (mut found, first) = (day(ay - 1, 9, 20), day(ay - 1, 9, 20));
        for _ in 0..8 {
            found = first + Days::new(self.dice.below(268) as u64);
            if is_school_day(found) {
                break;
            }
        }
        found
    }

    /// A day some days after another, at most the last day of the academic year.
    pub(super) fn after(&mut self, from: NaiveDate, low: i64, high: i64, ay: i32) -> NaiveDate {
        let days = self.dice.between(low, high) as u64;
        (from + Days::new(days)).min(day(ay, 7, 20)).max(from)
    }

    /// Term begins between the first and the sixth of September.
    pub(super) fn first_day(&mut self, ay: i32) -> NaiveDate {
        year_starts(ay) + Days::new(self.dice.below(6) as u64)
    }

    /// Term ends between the nineteenth and the twenty-fourth of July.
    pub(super) fn last_day(&mut self, ay: i32) -> NaiveDate {
        day(ay, 7, 19) + Days::new(self.dice.below(6) as u64)
    }
}

/// An end that has happened; none for one that lies ahead.
pub(super) fn past(end: NaiveDate) -> Option<NaiveDate> {
    (end <= as_of()).then_some(end)
}

/// Weekdays outside the Christmas fortnight and the second week of April: near enough to a term calendar.
pub(super) fn is_school_day(date: NaiveDate) -> bool {
    use chrono::{Datelike, Weekday};
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let christmas = (date.month() == 12 && date.day() > 20) || (date.month() == 1 && date.day() < 4);
    let easter = date.month() == 4 && (5..=17).contains(&date.day());
    !(weekend || christmas || easter)
}
