use super::{
    fold,
    words::{Map, Word, Words},
};
use crate::conform::{UpnCheck, check_upn};

/// A number or code of up to 21 letters and digits, packed so that comparing it costs nothing; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Number(u128);

impl Number {
    /// Capitals and digits of a text; other characters, and what is longer, fall away.
    pub(super) fn pack(text: &str) -> Self {
        let codes = text.bytes().filter_map(|byte| match byte.to_ascii_uppercase() {
            digit @ b'0'..=b'9' => Some(u128::from(digit - b'0') + 1),
            letter @ b'A'..=b'Z' => Some(u128::from(letter - b'A') + 11),
            _ => None,
        });
        Self(codes.take(21).fold(0, |packed, code| packed << 6 | code))
    }
    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }
    pub(super) const fn key(self) -> u64 {
        (self.0 ^ self.0 >> 64) as u64
    }
    /// The characters again, for comparing.
    pub(super) fn bytes(self) -> ([u8; 22], usize) {
        let (mut bytes, mut count, mut left) = ([0; 22], 0, self.0);
        while left != 0 && count < 22 {
            bytes[count] = (left & 63) as u8;
            count += 1;
            left >>= 6;
        }
        (bytes, count)
    }
}

/// What a person's number is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Worth {
    /// There is none.
    #[default]
    None,
    /// A pupil number whose check letter is right.
    Permanent,
    /// A pupil number that somebody made up until the real one is known.
    Temporary,
    /// No pupil number: mistyped, or a number of another kind.
    Other,
}

/// One row as it is compared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    pub upn: Number,
    pub former: Number,
    pub worth: Worth,
    pub sex: u8,
    /// First word of the forename.
    pub forename: Word,
    /// Its second word, where it has one.
    pub second: Word,
    pub middle: Word,
    pub preferred: Word,
    pub surname: Word,
    /// The surname before, or beside.
    pub other_surname: Word,
    pub birth: u32,
    pub postcode: Word,
    pub outward: Word,
    pub school: Word,
}

/// The cells of one row, as they came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cells<'t> {
    pub upn: &'t str,
    pub former_upn: &'t str,
    pub forename: &'t str,
    pub middle_names: &'t str,
    pub preferred_forename: &'t str,
    pub surname: &'t str,
    pub other_surname: &'t str,
    pub dob: &'t str,
    pub sex: &'t str,
    pub postcode: &'t str,
    pub school: &'t str,
}

/// Rows to compare.
#[derive(Default)]
pub(super) struct Table {
    pub records: Vec<Record>,
    /// Columns beside the known ones, one list of words each.
    pub extras: Vec<Vec<Word>>,
    /// Who wrote each record, numbered from 1; empty where that is not told.
    pub writers: Vec<u16>,
}

impl Table {
    /// Who wrote a record; 0 where that is not told.
    pub(super) fn writer(&self, at: usize) -> u16 {
        self.writers.get(at).copied().unwrap_or(0)
    }

    /// What a row says in the other columns.
    pub(super) fn extras_of(&self, at: usize, extras: &mut Vec<Word>) {
        extras.clear();
        extras.extend(self.extras.iter().map(|column| column[at]));
    }
}

fn worth(upn: &str) -> Worth {
    match (upn.is_empty(), check_upn(upn)) {
        (true, _) => Worth::None,
        (_, UpnCheck::Permanent) => Worth::Permanent,
        (_, UpnCheck::Temporary) => Worth::Temporary,
        (_, UpnCheck::Invalid) => Worth::Other,
    }
}

/// Reads cells into records; each distinct text is made ready once.
pub(super) struct Reader {
    pub words: Words,
    names: Map<Box<str>, (Word, Word)>,
    surnames: Map<Box<str>, Word>,
    postcodes: Map<Box<str>, (Word, Word)>,
    schools: Map<Box<str>, Word>,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self {
            words: Words::new(),
            names: Map::default(),
            surnames: Map::default(),
            postcodes: Map::default(),
            schools: Map::default(),
        }
    }

    /// First and second word of a forename.
    fn forename(&mut self, text: &str) -> (Word, Word) {
        if text.is_empty() {
            return (0, 0);
        }
        if let Some(words) = self.names.get(text) {
            return *words;
        }
        let name = fold::name(text);
        let mut parts = name.split(' ');
        let mut next =
            || parts.next().filter(|part| !part.is_empty()).map_or(0, |part| self.words.name(part));
        let words = (next(), next());
        self.names.insert(text.into(), words);
        words
    }

    fn surname(&mut self, text: &str) -> Word {
        if text.is_empty() {
            return 0;
        }
        if let Some(word) = self.surnames.get(text) {
            return *word;
        }
        let word = self.words.name(&fold::name(text));
        self.surnames.insert(text.into(), word);
        word
    }

    fn postcode(&mut self, text: &str) -> (Word, Word) {
        if text.is_empty() {
            return (0, 0);
        }
        if let Some(words) = self.postcodes.get(text) {
            return *words;
        }
        let compact = fold::postcode(text);
        let outward = fold::outward(&compact);
        let words = (
            if outward.len() < compact.len() { self.words.text(&compact) } else { 0 },
            self.words.text(outward),
        );
        self.postcodes.insert(text.into(), words);
        words
    }

    fn school(&mut self, text: &str) -> Word {
        if text.is_empty() {
            return 0;
        }
        if let Some(word) = self.schools.get(text) {
            return *word;
        }
        let word = self.words.text(&fold::text(text));
        self.schools.insert(text.into(), word);
        word
    }

    /// A row, made ready.
    pub(super) fn read(&mut self, cells: &Cells<'_>) -> Record {
        let upn = cells.upn.trim();
        let worth = match worth(upn) {
            Worth::Other => worth(&upn.to_ascii_uppercase().replace(' ', "")),
            known => known,
        };
        let (forename, second, surname) =
            if cells.surname.is_empty() || cells.forename.is_empty() || cells.forename.contains(',') {
                let (forename, surname) = fold::names(cells.forename, cells.surname);
                let (first, second) = self.forename(&forename);
                (first, second, self.surname(&surname))
            } else {
                let (first, second) = self.forename(cells.forename);
                (first, second, self.surname(cells.surname))
            };
        let (postcode, outward) = self.postcode(cells.postcode);
        let school = self.school(cells.school);
        Record {
            upn: Number::pack(upn),
            former: Number::pack(cells.former_upn),
            worth,
            sex: match cells.sex.bytes().find(|byte| !byte.is_ascii_whitespace()) {
                Some(b'F' | b'f' | b'2') => b'F',
                Some(b'M' | b'm' | b'1') => b'M',
                _ => 0,
            },
            forename,
            second,
            middle: self.forename(cells.middle_names).0,
            preferred: self.forename(cells.preferred_forename).0,
            surname,
            other_surname: self.surname(cells.other_surname),
            birth: fold::birth(cells.dob),
            postcode,
            outward,
            school,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_made_ready() {
        let mut reader = Reader::new();
        let cells = Cells {
            upn: "H801200001001",
            forename: "Mary Ann",
            surname: "O'Neill",
            dob: "2010-03-09",
            sex: "female",
            postcode: "zz1 1aa",
            ..Cells::default()
        };
        let record = reader.read(&cells);
        assert_eq!(record.worth, Worth::Permanent);
        assert_eq!(reader.words.get(record.forename), "MARY");
        assert_eq!(reader.words.get(record.second), "ANN");
        assert_eq!(reader.words.get(record.surname), "ONEILL");
        assert_eq!(reader.words.get(record.outward), "ZZ1");
        assert_eq!((record.sex, record.middle), (b'F', 0));
        let outward_only = reader.read(&Cells { postcode: "ZZ1", ..cells });
        assert_eq!((outward_only.postcode, outward_only.outward), (0, record.outward));
        let one_cell = reader.read(&Cells { forename: "O'Neill, Mary Ann", surname: "", ..cells });
        assert_eq!((one_cell.forename, one_cell.surname), (record.forename, record.surname));
    }

    #[test]
    fn numbers_are_packed_without_loss() {
        assert_eq!(Number::pack("h80120 0001001"), Number::pack("H801200001001"));
        assert_ne!(Number::pack("H801200001001"), Number::pack("H801200001010"));
        assert_eq!(Number::pack("ABC").bytes().1, 3);
        assert!(Number::pack("").is_none());
    }
}
