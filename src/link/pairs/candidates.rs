//! Who is compared with whom: only those who share one of many cheap keys. Nothing is compared with everything.
use super::{
    fold::{day_number, day_parts},
    record::{Record, Table},
    threads::in_pieces,
    words::{Word, Words, mix},
};

/// Records that may share a key.
const LARGEST_BLOCK: usize = 1_500;
/// From so many records on, a birth date and two letters are shared by too many: three, and two for one.
const MANY_RECORDS: usize = 1_500_000;
/// Then records that may share two names and nothing but perhaps a year beside them: of more namesakes none is likelier than
/// the others, unless something else is the same, which is a key of its own.
const LARGEST_OF_NAMESAKES: usize = 60;
const NONE: u32 = u32::MAX;

/// Keys of names with nothing that tells namesakes apart. Such a key is odd, and all others are even.
const NAMES: u64 = 7;
const NAMES_AND_YEAR: u64 = 8;

/// Which side of a comparison a record stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Row,
    Register,
}

/// What a key asks of a side.
struct Keys<'w> {
    words: &'w Words,
    /// Which of the other columns have enough values to be a key.
    telling: &'w [bool],
    side: Side,
    letters: usize,
}

impl Keys<'_> {
    fn beginning(&self, word: Word, letters: usize) -> u64 {
        self.words.get(word).bytes().take(letters).fold(0, |sum, byte| sum << 8 | u64::from(byte))
    }

    /// Every key of a record.
    fn of(&self, record: &Record, extras: &[Word], keys: &mut Vec<u64>) {
        keys.clear();
        let r = record;
        // By texts and not by their numbers: a key is the same in every run.
        let word = |word: Word| self.words.hash(word);
        let mut put = |tag: u64, parts: [u64; 3], filled: bool| {
            if filled {
                let tagged = parts.iter().fold(tag, |sum, part| {
                    mix(sum.rotate_left(23) ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15))
                });
                keys.push(tagged & !1 | u64::from(tag == NAMES || tag == NAMES_AND_YEAR));
            }
        };
        let row = self.side == Side::Row;
        let (birth, (year, month, day)) = (u64::from(r.birth), day_parts(r.birth));
        let (has_birth, has_f, has_s) = (r.birth != 0, r.forename != 0, r.surname != 0);
        let (f, s, school) = (word(r.forename), word(r.surname), word(r.school));
        let (postcode, outward) = (word(r.postcode), word(r.outward));
        let (f1, s1) = (self.beginning(r.forename, 1), self.beginning(r.surname, 1));
        let short = self.letters - 1;
        let (f_short, s_short) = (self.beginning(r.forename, short), self.beginning(r.surname, short));
        let (fb, sb) = (word(self.words.bones(r.forename)), word(self.words.bones(r.surname)));
        let (year, month_of, day_of) =
            (u64::from(year), u64::from(year << 4 | month), u64::from(month << 5 | day));
        put(1, [r.upn.key(), 0, 0], !r.upn.is_none());
        put(1, [r.former.key(), 0, 0], !r.former.is_none());
        let (f2, s2) = (self.beginning(r.forename, self.letters), self.beginning(r.surname, self.letters));
        let bones = |name: Word| self.beginning(self.words.bones(name), self.letters + 1);
        put(2, [birth, f2, 0], has_birth && has_f);
        put(3, [birth, s2, 0], has_birth && has_s);
        put(24, [birth, bones(r.forename), 0], has_birth && has_f);
        put(25, [birth, bones(r.surname), 0], has_birth && has_s);
        // An initial stands for every name that begins so.
        put(26, [birth, f1, 0], has_birth && has_f && (!row || self.words.get(r.forename).len() == 1));
        let swapped = if row { [birth, f_short, s_short] } else { [birth, s_short, f_short] };
        put(4, swapped, has_birth && has_f && has_s);
        put(5, [birth, postcode, 0], has_birth && postcode != 0);
        put(6, [birth, school, 0], has_birth && school != 0);
        put(NAMES, [f, s, 0], has_f && has_s);
        put(NAMES, [s, f, 0], has_f && has_s && row);
        put(NAMES_AND_YEAR, [fb, sb, year], has_f && has_s && has_birth);
        put(9, [f, postcode, 0], has_f && postcode != 0);
        put(10, [s, postcode, 0], has_s && postcode != 0);
        let crossed = if row { u64::from(day_number(year as u32, day, month)) } else { birth };
        let may_cross = has_birth && (!row || (day <= 12 && day != month));
        put(11, [fb, crossed, 0], has_f && may_cross);
        put(12, [sb, crossed, 0], has_s && may_cross);
        put(14, [fb, sb, outward], has_f && has_s && outward != 0);
        put(15, [f, school, year], has_f && has_birth && school != 0);
        put(16, [s, school, 0], has_s && school != 0);
        let other_names = [r.second, r.middle, r.preferred, if row { r.forename } else { 0 }];
        for name in other_names.into_iter().filter(|name| *name != 0 && has_birth) {
            put(17, [birth, word(name), 0], true);
        }
        put(18, [birth, outward, 0], has_birth && outward != 0);
        put(19, [f, month_of, outward], has_f && has_birth && outward != 0);
        put(20, [s, month_of, outward], has_s && has_birth && outward != 0);
        put(21, [f, day_of, s1], has_f && has_s && has_birth);
        put(22, [s, day_of, f1], has_f && has_s && has_birth);
        if r.other_surname != 0 {
            let other = word(r.other_surname);
            put(3, [birth, self.beginning(r.other_surname, self.letters), 0], has_birth);
            put(NAMES, [f, other, 0], has_f);
            put(10, [other, postcode, 0], postcode != 0);
        }
        for (at, extra) in extras
            .iter()
            .enumerate()
            .filter(|(at, extra)| **extra != 0 && self.telling.get(*at) == Some(&true))
        {
            put(32 + at as u64, [word(*extra), f1, 0], has_f);
            put(64 + at as u64, [word(*extra), s1, 0], has_s);
            put(96 + at as u64, [word(*extra), birth, 0], has_birth);
            put(128 + at as u64, [word(*extra), postcode, 0], postcode != 0);
        }
        keys.sort_unstable();
        keys.dedup();
    }
}

/// How keys are made, by what the register was like when that was settled.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Keying {
    /// Letters of a name that stand beside a birth date.
    letters: usize,
    /// Which of the other columns have enough values to be a key.
    telling: Vec<bool>,
    /// A key that more records share than this is no evidence, and its block is left out and counted.
    largest: usize,
    /// The same for names that have nothing beside them.
    largest_of_namesakes: usize,
}

impl Keying {
    pub(super) fn of(register: &Table) -> Self {
        let many = register.records.len() > MANY_RECORDS;
        Self {
            letters: if many { 3 } else { 2 },
            telling: register.extras.iter().map(|column| tells(column)).collect(),
            largest: LARGEST_BLOCK,
            largest_of_namesakes: if many { LARGEST_OF_NAMESAKES } else { LARGEST_BLOCK },
        }
    }

    /// The same with another limit, so that a test need not have thousands of records.
    #[cfg(test)]
    pub(super) const fn with_largest_block(mut self, largest: usize) -> Self {
        self.largest = largest;
        self.largest_of_namesakes = largest;
        self
    }
}

/// Which records share each key.
pub(super) struct Postings {
    /// Where each key's begin, and where the last ends.
    ends: Vec<u32>,
    records: Vec<u32>,
}

/// The keys of the rows, and which records of the register share them.
pub(super) struct Blocks {
    /// The keys of each row: where they begin in `keys_of`.
    starts: Vec<u32>,
    keys_of: Vec<u32>,
    /// The register's records.
    pub postings: Postings,
    /// The keys of blocks that were too large to look at, sorted. A key is the same in every run.
    pub large: Vec<u64>,
    /// Comparisons that those blocks would have asked for.
    pub pairs_left_out: u64,
}

/// Finds the keys of the rows among the records of the register.
pub(super) fn blocks(
    rows: &Table,
    register: &Table,
    words: &Words,
    keying: &Keying,
    threads: usize,
) -> Blocks {
    let Keying { letters, telling, largest, largest_of_namesakes } = keying;
    let of_rows = Keys { words, telling, side: Side::Row, letters: *letters };
    let mut postings: Vec<(u64, u32)> = in_pieces(rows.records.len(), 4096, threads, |range| {
        let (mut found, mut keys, mut extras) =
            (Vec::with_capacity(range.len() * 24), Vec::new(), Vec::new());
        for at in range {
            rows.extras_of(at, &mut extras);
            of_rows.of(&rows.records[at], &extras, &mut keys);
            found.extend(keys.iter().map(|key| (*key, at as u32)));
        }
        found
    })
    .concat();
    postings.sort_unstable();
    let mut distinct: Vec<u64> = postings.iter().map(|(key, _)| *key).collect();
    distinct.dedup();
    let index = Index::new(&distinct);
    let (starts, keys_of) = keys_by_row(rows.records.len(), &postings, &distinct);
    let mut sharing = vec![0_u32; distinct.len()];
    keys_of.iter().for_each(|key| sharing[*key as usize] += 1);
    drop(postings);

    let of_register = Keys { words, telling, side: Side::Register, letters: *letters };
    let hits: Vec<Vec<(u32, u32)>> = in_pieces(register.records.len(), 16_384, threads, |range| {
        let (mut hits, mut keys, mut extras) = (Vec::new(), Vec::new(), Vec::new());
        for at in range {
            register.extras_of(at, &mut extras);
            of_register.of(&register.records[at], &extras, &mut keys);
            let found = keys.iter().map(|key| index.find(*key, &distinct)).filter(|found| *found != NONE);
            hits.extend(found.map(|found| (found, at as u32)));
        }
        hits
    });
    let mut sizes = vec![0_u32; distinct.len()];
    hits.iter().flatten().for_each(|(key, _)| sizes[*key as usize] += 1);
    let (mut large, mut pairs_left_out) = (Vec::new(), 0);
    let mut ends = Vec::with_capacity(distinct.len() + 1);
    let mut end = 0_u32;
    for ((size, rows), key) in sizes.iter_mut().zip(&sharing).zip(&distinct) {
        ends.push(end);
        if *size as usize > if key & 1 == 1 { *largest_of_namesakes } else { *largest } {
            large.push(*key);
            pairs_left_out += u64::from(*size) * u64::from(*rows);
            *size = 0;
        }
        end += *size;
    }
    ends.push(end);
    let mut fill = ends.clone();
    let mut records = vec![0_u32; end as usize];
    for (key, record) in hits.iter().flatten() {
        if sizes[*key as usize] > 0 {
            records[fill[*key as usize] as usize] = *record;
            fill[*key as usize] += 1;
        }
    }
    Blocks { starts, keys_of, postings: Postings { ends, records }, large, pairs_left_out }
}

/// Whether a column has many values: at least one for every forty records.
fn tells(column: &[Word]) -> bool {
    let mut values = column.to_vec();
    values.sort_unstable();
    values.dedup();
    values.len() * 40 > column.len()
}

/// For each row, the places of its keys among the distinct ones.
fn keys_by_row(rows: usize, postings: &[(u64, u32)], distinct: &[u64]) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; rows + 1];
    postings.iter().for_each(|(_, row)| starts[*row as usize + 1] += 1);
    for at in 0..rows {
        starts[at + 1] += starts[at];
    }
    let mut fill = starts.clone();
    let mut keys = vec![0_u32; postings.len()];
    let mut place = 0;
    for (key, row) in postings {
        if distinct[place] != *key {
            place += 1;
        }
        keys[fill[*row as usize] as usize] = place as u32;
        fill[*row as usize] += 1;
    }
    (starts, keys)
}

impl Blocks {
    /// The records of these postings that share a key with a row, sorted.
    pub(super) fn candidates(&self, row: usize, among: &Postings, found: &mut Vec<u32>) {
        found.clear();
        for key in &self.keys_of[self.starts[row] as usize..self.starts[row + 1] as usize] {
            let (from, to) = (among.ends[*key as usize], among.ends[*key as usize + 1]);
            found.extend_from_slice(&among.records[from as usize..to as usize]);
        }
        found.sort_unstable();
        found.dedup();
    }
}

impl Postings {
    /// The same, of certain records only.
    pub(super) fn only(&self, kept: impl Fn(u32) -> bool) -> Self {
        let mut only = Self { ends: Vec::with_capacity(self.ends.len()), records: Vec::new() };
        for block in self.ends.windows(2) {
            only.ends.push(only.records.len() as u32);
            let records = &self.records[block[0] as usize..block[1] as usize];
            only.records.extend(records.iter().copied().filter(|record| kept(*record)));
        }
        only.ends.push(only.records.len() as u32);
        only
    }
}

/// The records that have one of certain keys, sorted without doubles: `keys` is sorted.
pub(super) fn bearers(
    keys: &[u64],
    table: &Table,
    words: &Words,
    keying: &Keying,
    threads: usize,
) -> Vec<u32> {
    if keys.is_empty() {
        return Vec::new();
    }
    in_pieces(table.records.len(), 16_384, threads, |range| {
        let (mut found, mut own, mut extras) = (Vec::new(), Vec::new(), Vec::new());
        for at in range {
            table.extras_of(at, &mut extras);
            let bears = [Side::Row, Side::Register].into_iter().any(|side| {
                let made = Keys { words, telling: &keying.telling, side, letters: keying.letters };
                made.of(&table.records[at], &extras, &mut own);
                own.iter().any(|key| keys.binary_search(key).is_ok())
            });
            if bears {
                found.push(at as u32);
            }
        }
        found
    })
    .concat()
}

/// Where a key stands among the distinct ones. Most keys of the register are no row's, and a bit says so.
struct Index {
    bits: Vec<u64>,
    slots: Vec<u32>,
    mask: usize,
    bit_mask: u64,
}

impl Index {
    fn new(distinct: &[u64]) -> Self {
        let size = (distinct.len() * 2).next_power_of_two().max(64);
        let bit_count = (distinct.len() * 12).next_power_of_two().max(64);
        let mut index = Self {
            bits: vec![0; bit_count / 64],
            slots: vec![NONE; size],
            mask: size - 1,
            bit_mask: bit_count as u64 - 1,
        };
        for (at, key) in distinct.iter().enumerate() {
            let bit = (*key >> 17) & index.bit_mask;
            index.bits[(bit / 64) as usize] |= 1 << (bit % 64);
            let mut slot = (*key >> 1) as usize & index.mask;
            while index.slots[slot] != NONE {
                slot = (slot + 1) & index.mask;
            }
            index.slots[slot] = at as u32;
        }
        index
    }

    fn find(&self, key: u64, distinct: &[u64]) -> u32 {
        let bit = (key >> 17) & self.bit_mask;
        if self.bits[(bit / 64) as usize] >> (bit % 64) & 1 == 0 {
            return NONE;
        }
        let mut slot = (key >> 1) as usize & self.mask;
        loop {
            let at = self.slots[slot];
            if at == NONE || distinct[at as usize] == key {
                return at;
            }
            slot = (slot + 1) & self.mask;
        }
    }
}
