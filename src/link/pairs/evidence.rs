//! What two records say for and against being one person: a level for each field.
use super::{
    fold::{day_number, day_parts},
    near::{jaro_winkler, one_slip},
    record::{Record, Worth},
    words::{Word, Words, mix},
};

/// Fields that are compared; columns beside the known ones come after.
pub(super) const FORENAME: usize = 0;
pub(super) const SURNAME: usize = 1;
pub(super) const BIRTH: usize = 2;
pub(super) const SEX: usize = 3;
pub(super) const POSTCODE: usize = 4;
pub(super) const SCHOOL: usize = 5;
pub(super) const NUMBER: usize = 6;
/// Whether the record has another sure row.
pub(super) const SEEN: usize = 7;
pub(super) const EXTRA: usize = 8;
/// All fields, with room for the other columns.
pub(super) const FIELDS: usize = 16;
/// More columns than these are not compared.
pub(super) const MOST_EXTRAS: usize = FIELDS - EXTRA;
/// Levels of a field at most.
pub(super) const LEVELS: usize = 13;

/// Levels of the forename, from nothing in common to the same.
pub(super) mod forename {
    pub const NONE: u8 = 0;
    pub const WEAK: u8 = 1;
    pub const NEAR: u8 = 2;
    pub const INITIAL: u8 = 3;
    pub const PHONETIC: u8 = 4;
    /// Sounds alike, and is one slip apart: mistyped, rather than another spelling.
    pub const SLIP: u8 = 5;
    pub const SWAPPED: u8 = 6;
    pub const FORM: u8 = 7;
    pub const LIKE_ANOTHER: u8 = 8;
    pub const MIDDLE: u8 = 9;
    pub const PREFERRED: u8 = 10;
    pub const CLASH: u8 = 11;
    pub const EXACT: u8 = 12;
}

/// Levels of the surname.
pub(super) mod surname {
    pub const NONE: u8 = 0;
    pub const WEAK: u8 = 1;
    pub const NEAR: u8 = 2;
    pub const PHONETIC: u8 = 3;
    pub const FORM: u8 = 4;
    pub const PART: u8 = 5;
    pub const EXACT: u8 = 6;
}

/// Levels of the birth date.
pub(super) mod birth {
    pub const NONE: u8 = 0;
    pub const YEAR: u8 = 1;
    pub const DAY_AND_MONTH: u8 = 2;
    pub const YEAR_AND_DAY: u8 = 3;
    pub const YEAR_AND_MONTH: u8 = 4;
    pub const FIRST_OF_YEAR: u8 = 5;
    /// One digit of day or month is another.
    pub const SLIP: u8 = 6;
    pub const CROSSED: u8 = 7;
    pub const EXACT: u8 = 8;
}

/// Levels of the postcode.
pub(super) mod postcode {
    pub const NONE: u8 = 0;
    pub const AREA: u8 = 1;
    pub const OUTWARD: u8 = 2;
    pub const NEAR: u8 = 3;
    pub const EXACT: u8 = 4;
}

/// Levels of the number.
pub(super) mod number {
    /// Two permanent pupil numbers.
    pub const CONFLICT: u8 = 0;
    /// One slip apart, and one of them is no valid number.
    pub const NEAR: u8 = 1;
    pub const SAME: u8 = 2;
    /// Numbers of another kind that differ.
    pub const OTHERS_DIFFER: u8 = 3;
    /// A mistyped pupil number that is no slip of the other.
    pub const MISTYPED: u8 = 4;
}

/// The levels of all fields, four bits each; a field that one side does not fill has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Levels(pub u64);

impl Levels {
    pub(super) const fn set(&mut self, field: usize, level: u8) {
        self.0 |= (level as u64 + 1) << (field * 4);
    }
    pub(super) const fn clear(&mut self, field: usize) {
        self.0 &= !(15 << (field * 4));
    }
    /// None where nothing can be said.
    pub(super) const fn get(self, field: usize) -> Option<u8> {
        let held = (self.0 >> (field * 4)) as u8 & 15;
        if held == 0 { None } else { Some(held - 1) }
    }
    /// Each field with its level.
    pub(super) fn each(self) -> impl Iterator<Item = (usize, usize)> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let field = left.trailing_zeros() as usize / 4;
            let level = (left >> (field * 4)) as usize & 15;
            left &= !(15 << (field * 4));
            Some((field, level - 1))
        })
    }
}

/// Compares records, remembering pairs of names that it has compared.
pub(super) struct Comparer<'w> {
    words: &'w Words,
    forenames: Memo,
    surnames: Memo,
}

/// What was compared lately. A pair that has been overwritten is compared again, to the same end.
struct Memo(Vec<(u64, u8)>);

impl Memo {
    fn of(size: usize) -> Self {
        Self(vec![(0, 0); size])
    }
    fn get(&mut self, a: Word, b: Word, work: impl FnOnce() -> u8) -> u8 {
        let key = u64::from(a) << 32 | u64::from(b);
        let slot = mix(key.wrapping_mul(0x9e37_79b9_7f4a_7c15)) as usize & (self.0.len() - 1);
        if self.0[slot].0 != key {
            self.0[slot] = (key, work());
        }
        self.0[slot].1
    }
}

impl<'w> Comparer<'w> {
    pub(super) fn new(words: &'w Words) -> Self {
        Self { words, forenames: Memo::of(1 << 14), surnames: Memo::of(1 << 14) }
    }

    /// One that remembers nothing, for a few comparisons.
    pub(super) fn brief(words: &'w Words) -> Self {
        Self { words, forenames: Memo::of(1), surnames: Memo::of(1) }
    }

    /// The levels of a row and a record of the register.
    pub(super) fn levels(&mut self, row: &Record, record: &Record) -> Levels {
        let mut levels = Levels::default();
        let forename = self.forename(row, record);
        if let Some(level) = forename {
            levels.set(FORENAME, level);
        }
        // Swapped names are one observation, not two.
        if forename != Some(forename::SWAPPED)
            && let Some(level) = self.surname(row, record)
        {
            levels.set(SURNAME, level);
        }
        if row.birth != 0 && record.birth != 0 {
            levels.set(BIRTH, births(row.birth, record.birth));
        }
        if row.sex != 0 && record.sex != 0 {
            levels.set(SEX, u8::from(row.sex == record.sex));
        }
        if row.outward != 0 && record.outward != 0 {
            levels.set(POSTCODE, self.postcodes(row, record));
        }
        if row.school != 0 && record.school != 0 {
            levels.set(SCHOOL, u8::from(row.school == record.school));
        }
        if let Some(level) = numbers(row, record) {
            levels.set(NUMBER, level);
        }
        levels
    }

    /// The same, with the other columns.
    pub(super) fn with_extras(&mut self, levels: &mut Levels, ours: &[Word], theirs: &[Word]) {
        for (at, (a, b)) in ours.iter().zip(theirs).enumerate() {
            if *a != 0 && *b != 0 {
                let level = if a == b {
                    2
                } else {
                    let (a, b) = (self.words.get(*a).as_bytes(), self.words.get(*b).as_bytes());
                    // Long texts are compared as a whole only where they begin alike: they seldom do.
                    let alike = a.len().min(b.len()) > 3 && a[..3] == b[..3] && jaro_winkler(a, b) >= 0.9;
                    u8::from(alike || a.len().max(b.len()) > 2 && one_slip(a, b))
                };
                levels.set(EXTRA + at, level);
            }
        }
    }

    fn forename(&mut self, row: &Record, record: &Record) -> Option<u8> {
        use forename as f;
        let (ours, theirs) = (row.forename, record.forename);
        if ours == 0 || theirs == 0 {
            return None;
        }
        let words = self.words;
        if ours == theirs {
            let (a, b) = (row.second, record.second);
            let clash = a != 0 && b != 0 && a != b && words.bones(a) != words.bones(b) && !self.alike(a, b);
            return Some(if clash { f::CLASH } else { f::EXACT });
        }
        let same = |a: Word, b: Word| a != 0 && a == b;
        if same(ours, record.preferred)
            || same(row.preferred, theirs)
            || same(row.preferred, record.preferred)
        {
            return Some(f::PREFERRED);
        }
        if same(ours, record.middle)
            || same(ours, record.second)
            || same(row.second, theirs)
            || same(row.middle, theirs)
        {
            return Some(f::MIDDLE);
        }
        let alike = |a: Word, b: Word| a == b || (words.has_bones(a) && words.bones(a) == words.bones(b));
        // Of swapped names the forename may be in another form, too: Wilson Tom is Thomas Wilson.
        let crossed = |surname: Word, forename: Word, preferred: Word| {
            alike(surname, forename) || same(surname, preferred) || words.are_forms(surname, forename)
        };
        if row.surname != 0
            && record.surname != 0
            && (alike(ours, record.surname) && crossed(row.surname, theirs, record.preferred)
                || alike(theirs, row.surname) && crossed(record.surname, ours, row.preferred))
        {
            return Some(f::SWAPPED);
        }
        let level = self.forenames.get(ours, theirs, || forenames(words, ours, theirs));
        if level < f::PHONETIC {
            let others = [
                (ours, record.preferred),
                (ours, record.middle),
                (ours, record.second),
                (row.preferred, theirs),
                (row.middle, theirs),
                (row.second, theirs),
            ];
            let like =
                |(a, b): &(Word, Word)| *a != 0 && *b != 0 && (words.are_forms(*a, *b) || alike(*a, *b));
            if others.iter().any(like) {
                return Some(f::LIKE_ANOTHER);
            }
        }
        Some(level)
    }

    /// Whether two names may be one: forms of each other, alike in sound, or a letter or two apart.
    pub(super) fn alike(&mut self, a: Word, b: Word) -> bool {
        let words = self.words;
        self.forenames.get(a, b, || forenames(words, a, b)) >= forename::NEAR
    }

    fn surname(&mut self, row: &Record, record: &Record) -> Option<u8> {
        let (ours, theirs) = (row.surname, record.surname);
        if ours == 0 || theirs == 0 {
            return None;
        }
        let same = |a: Word, b: Word| a != 0 && a == b;
        if ours == theirs || same(ours, record.other_surname) || same(row.other_surname, theirs) {
            return Some(surname::EXACT);
        }
        let words = self.words;
        Some(self.surnames.get(ours, theirs, || surnames(words, ours, theirs)))
    }

    fn postcodes(&self, row: &Record, record: &Record) -> u8 {
        if row.postcode != 0 && row.postcode == record.postcode {
            return postcode::EXACT;
        }
        let (a, b) = (self.words.get(row.postcode).as_bytes(), self.words.get(record.postcode).as_bytes());
        if !a.is_empty() && !b.is_empty() && one_slip(a, b) {
            return postcode::NEAR;
        }
        if row.outward == record.outward {
            return postcode::OUTWARD;
        }
        let area = |word| self.words.get(word).bytes().take_while(u8::is_ascii_alphabetic);
        if area(row.outward).eq(area(record.outward)) && area(row.outward).next().is_some() {
            postcode::AREA
        } else {
            postcode::NONE
        }
    }
}

fn forenames(words: &Words, a: Word, b: Word) -> u8 {
    use forename as f;
    if words.are_forms(a, b) {
        return f::FORM;
    }
    let alike = words.has_bones(a) && words.bones(a) == words.bones(b);
    let (a, b) = (words.get(a).as_bytes(), words.get(b).as_bytes());
    if alike {
        return if one_slip(a, b) { f::SLIP } else { f::PHONETIC };
    }
    if a.len().min(b.len()) == 1 {
        return if a[0] == b[0] { f::INITIAL } else { f::NONE };
    }
    let similar = jaro_winkler(a, b);
    if similar >= 0.9 || one_slip(a, b) {
        f::NEAR
    } else if similar >= 0.8 || a.starts_with(&b[..b.len().min(3)]) && b.len() > 2 {
        f::WEAK
    } else {
        f::NONE
    }
}

fn surnames(words: &Words, a: Word, b: Word) -> u8 {
    use surname as s;
    if words.are_forms(a, b) {
        return s::FORM;
    }
    if words.has_bones(a) && words.bones(a) == words.bones(b) {
        return s::PHONETIC;
    }
    let (a, b) = (words.get(a), words.get(b));
    if (a.contains(' ') || b.contains(' '))
        && a.split(' ').any(|part| part.len() > 2 && b.split(' ').any(|other| other == part))
    {
        return s::PART;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let similar = jaro_winkler(a, b);
    if similar >= 0.9 || one_slip(a, b) {
        s::NEAR
    } else if similar >= 0.8 {
        s::WEAK
    } else {
        s::NONE
    }
}

/// The level of two birth dates, the row's first.
pub(super) fn births(ours: u32, theirs: u32) -> u8 {
    use birth as b;
    if ours == theirs {
        return b::EXACT;
    }
    let ((y, m, d), (year, month, day)) = (day_parts(ours), day_parts(theirs));
    if y == year {
        if day_number(y, d, m) == theirs {
            b::CROSSED
        } else if (m, d) == (1, 1) || (month, day) == (1, 1) {
            b::FIRST_OF_YEAR
        } else if [(m / 10, month / 10), (m % 10, month % 10), (d / 10, day / 10), (d % 10, day % 10)]
            .iter()
            .filter(|(ours, theirs)| ours != theirs)
            .count()
            == 1
        {
            b::SLIP
        } else if m == month {
            b::YEAR_AND_MONTH
        } else if d == day {
            b::YEAR_AND_DAY
        } else {
            b::YEAR
        }
    } else if m == month && d == day {
        b::DAY_AND_MONTH
    } else {
        b::NONE
    }
}

fn numbers(row: &Record, record: &Record) -> Option<u8> {
    use number as n;
    let (ours, theirs) = (row.upn, record.upn);
    if ours.is_none() || (theirs.is_none() && record.former.is_none()) {
        return None;
    }
    if ours == theirs || ours == record.former || (!theirs.is_none() && row.former == theirs) {
        return Some(n::SAME);
    }
    if theirs.is_none() {
        return None;
    }
    match (row.worth, record.worth) {
        (Worth::Permanent, Worth::Permanent) => Some(n::CONFLICT),
        (Worth::Other, other) | (other, Worth::Other) => {
            let ((a, a_count), (b, b_count)) = (ours.bytes(), theirs.bytes());
            let near = a_count.min(b_count) > 5 && one_slip(&a[..a_count], &b[..b_count]);
            match (near, other) {
                (true, _) => Some(n::NEAR),
                (false, Worth::Other) => Some(n::OTHERS_DIFFER),
                // A pupil number with a wrong letter; not some other number.
                (false, Worth::Permanent) if a_count == b_count => Some(n::MISTYPED),
                _ => None,
            }
        }
        _ => None,
    }
}
