//! How much memory a statement may come to, by its text and by how many rows all tables have: never by whose rows these are. What the engine
//! takes hangs on the rows that come by. As long as no statement can come to more than it is given, memory never decides whether it is
//! answered (docs/decisions/0050).
use super::scope::{Column, Kind};

/// Letters that are taken of a text that a table has. A text in a statement has no more than 64.
pub(super) const MOST_LETTERS: u64 = 96;
/// Bytes of a value in a row that the engine holds.
const TEXT: u64 = 16 + MOST_LETTERS;
const LEARNER: u64 = 16 + 32;
const OTHER: u64 = 16;
/// Bytes of such a row beside its values: where it is found again, and what is empty in it.
pub(super) const OF_ROW: u64 = 64;
/// Bytes of a column wherever rows go through: room for 2,048 values is laid out as soon as one comes by.
const OF_COLUMN: u64 = 24 << 10;
/// Bytes of a place where rows are held, however few: a join, a group, a list. Seven to eight megabytes were seen for a join.
pub(super) const OF_PLACE: u64 = 9 << 20;
/// The same for an aggregate that tells values apart, of which 3.6 were seen, and for one that puts them in order, of which .6 were.
pub(super) const OF_DISTINCT: u64 = 5 << 20;
pub(super) const OF_ORDER: u64 = 1 << 20;
/// How many texts the engine may keep of one that it looks for the least or the greatest of: each that was it is still there.
pub(super) const OF_AGGREGATE: u64 = 4;
/// Bytes of a step of working something out ([`super::scope::Compiler`]'s `work`), for 2,048 rows at once.
pub(super) const OF_STEP: u64 = 64 << 10;
/// Rows held are reckoned so many times: a table that grows is there twice for a moment.
const TIMES: u64 = 2;
/// What a statement may come to at most.
pub(super) const MOST_ROOM: u64 = 2 << 30;
/// Rows of the longest table in a block, beside which it may be more for larger releases.
pub(super) const ROWS_OF_BLOCK: u64 = 512;

/// What a statement makes the engine hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// Bytes, whatever the rows are.
    fixed: u64,
    /// Bytes of a row, in all places that hold rows: those of which a learner has one, those of a table with several, and those of two such tables
    /// beside each other.
    of_a_row: [u64; 3],
}

impl Room {
    /// Bytes that hang on no rows.
    pub(super) fn takes(&mut self, bytes: u64) {
        self.fixed = self.fixed.saturating_add(bytes);
    }

    /// Columns that go through so many places.
    pub(super) fn passes<'c>(&mut self, columns: impl Iterator<Item = &'c Column>, places: u64) {
        self.takes(OF_COLUMN.saturating_mul(columns.count() as u64).saturating_mul(places));
    }

    /// Columns of rows that are held in so many places, where so many tables with several rows for a learner stand beside each other.
    pub(super) fn holds<'c>(&mut self, columns: impl Iterator<Item = &'c Column>, places: u64, degree: u32) {
        let bytes: u64 = columns.map(|column| bytes_of(column.kind)).sum();
        self.takes(OF_PLACE.saturating_mul(places));
        self.holds_rows((OF_ROW + bytes).saturating_mul(places), degree);
    }

    /// A value that stands in rows that are held beside the columns that they have: what they are grouped by or found by.
    pub(super) fn beside(&mut self, kind: Kind, degree: u32) {
        self.takes(3 * OF_COLUMN);
        self.holds_rows(2 * bytes_of(kind), degree);
    }

    /// Bytes of each such row.
    pub(super) fn holds_rows(&mut self, bytes: u64, degree: u32) {
        let of_a_row = &mut self.of_a_row[usize::try_from(degree).unwrap_or(2).min(2)];
        *of_a_row = of_a_row.saturating_add(bytes);
    }

    pub(super) fn and(self, other: Self) -> Self {
        let mut both = self;
        both.takes(other.fixed);
        for (degree, bytes) in (0..).zip(other.of_a_row) {
            both.holds_rows(bytes, degree);
        }
        both
    }

    pub(super) fn times(self, times: u64) -> Self {
        let by = |bytes: u64| bytes.saturating_mul(times);
        Self { fixed: by(self.fixed), of_a_row: self.of_a_row.map(by) }
    }

    /// What was added to it since it was `before`.
    pub(super) fn since(self, before: Self) -> Self {
        let mut added = self;
        added.fixed = self.fixed.saturating_sub(before.fixed);
        for (bytes, before) in added.of_a_row.iter_mut().zip(before.of_a_row) {
            *bytes = bytes.saturating_sub(before);
        }
        added
    }

    /// What it comes to in bytes, where a block has some `rows` of the longest table, and of one learner no more than `most_of_one` are taken.
    pub(super) fn bytes(self, rows: u64, most_of_one: u64) -> u64 {
        let rows = most_rows(rows, most_of_one);
        let held = self.of_a_row.iter().zip(rows).map(|(bytes, rows)| bytes.saturating_mul(rows));
        held.fold(0_u64, u64::saturating_add).saturating_mul(TIMES).saturating_add(self.fixed)
    }
}

/// Bytes of a value by its kind.
pub(super) const fn bytes_of(kind: Kind) -> u64 {
    match kind {
        Kind::Text => TEXT,
        Kind::Learner => LEARNER,
        _ => OTHER,
    }
}

/// How many rows there are in a block: of one for each learner, of a table with several, and of two such tables beside each other. Learners are dealt by
/// chance; that a block has more than these is less likely than one in a thousand million.
fn most_rows(rows: u64, most_of_one: u64) -> [u64; 3] {
    let with = |each: u64| rows + 6 * rows.saturating_mul(each).isqrt() + 6 * each;
    let several = with(most_of_one);
    [with(1), several, several.saturating_mul(most_of_one)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: Kind) -> Column {
        Column { name: String::new(), sql: String::new(), kind, own: false, table: None, work: 0 }
    }

    #[test]
    fn what_is_held_is_added_up_for_the_rows_that_there_can_be() {
        assert_eq!(most_rows(512, 40), [512 + 132 + 6, 512 + 858 + 240, 1610 * 40]);
        let mut room = Room::default();
        room.holds([column(Kind::Text), column(Kind::Number)].iter(), 2, 0);
        let row = 2 * (OF_ROW + TEXT + OTHER);
        assert_eq!(room.bytes(512, 400), 2 * OF_PLACE + 2 * row * 650);
        let before = room;
        room.holds([column(Kind::Learner)].iter(), 1, 5);
        room.passes([column(Kind::Learner)].iter(), 3);
        let added = OF_PLACE + 3 * OF_COLUMN + 2 * (OF_ROW + LEARNER) * 1610 * 40;
        assert_eq!(room.since(before).bytes(512, 40), added);
        assert_eq!(room.times(3), room.and(room).and(room));
        assert_eq!(room.and(before).bytes(512, 40) - room.bytes(512, 40), before.bytes(512, 40));
        // However long a text is, it comes to something.
        room.takes(u64::MAX);
        assert_eq!(room.and(room).bytes(u64::MAX, 40), u64::MAX);
    }
}
