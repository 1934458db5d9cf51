//! Rows of a frame as numbers, each row as long as any other: how much room they take then hangs on how many they are, and not on what stands in them.
//! (What has to be given twice the room at a certain byte fails, or does not, by one letter of one learner's.)
use std::collections::HashMap;

/// Bytes of a row beside its keys and amounts: conditions and learner.
const BESIDE: usize = 4 + 8;

/// A row of texts as the engine gives it: the keys, the conditions as a number, the learner, a value of each amount.
type Texts = Vec<Option<String>>;

/// One row of a frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PackedRow {
    /// For each key the place of its value.
    pub keys: Vec<usize>,
    /// The conditions that the learner fulfils.
    pub mask: u32,
    pub member: u64,
    /// For each amount the learner's value; none is not a number.
    pub amounts: Vec<Option<f64>>,
}

/// Rows that are packed one after another.
#[derive(Debug, Default)]
pub(super) struct Packing {
    places: Vec<HashMap<Option<String>, u32>>,
    bytes: Vec<u8>,
}

impl Packing {
    /// For rows that begin with so many keys.
    pub fn of(keys: usize) -> Self {
        Self { places: vec![HashMap::new(); keys], bytes: Vec::new() }
    }

    /// Packs a row; none where it is not one of a frame.
    pub fn push(&mut self, row: Texts) -> Option<()> {
        let mut cells = row.into_iter();
        for places in &mut self.places {
            let next = u32::try_from(places.len()).ok()?;
            let place = *places.entry(cells.next()?).or_insert(next);
            self.bytes.extend(place.to_le_bytes());
        }
        let mask: u32 = cells.next()??.parse().ok()?;
        self.bytes.extend(mask.to_le_bytes());
        self.bytes.extend(member(&cells.next()??).to_le_bytes());
        for amount in cells {
            let amount = amount.map_or(Some(f64::NAN), |text| text.parse().ok())?;
            self.bytes.extend(amount.to_le_bytes());
        }
        Some(())
    }

    /// The values of each key by place, and the rows.
    pub fn done(self) -> (Vec<Vec<Option<String>>>, Vec<u8>) {
        let in_order = |places: HashMap<Option<String>, u32>| {
            let mut values: Vec<(Option<String>, u32)> = places.into_iter().collect();
            values.sort_unstable_by_key(|(_, place)| *place);
            values.into_iter().map(|(value, _)| value).collect()
        };
        (self.places.into_iter().map(in_order).collect(), self.bytes)
    }
}

/// How long a row is, in bytes.
pub(super) fn width(keys: usize, amounts: usize) -> usize {
    keys * 4 + BESIDE + amounts * 8
}

/// The rows that were packed; none where they are no whole rows.
pub(super) fn unpacked(bytes: &[u8], keys: usize, amounts: usize) -> Option<Vec<PackedRow>> {
    let row = |row: &[u8]| {
        let (places, rest) = row.split_at(keys * 4);
        let (beside, values) = rest.split_at(BESIDE);
        Some(PackedRow {
            keys: places
                .chunks_exact(4)
                .map(|place| Some(u32::from_le_bytes(place.try_into().ok()?) as usize))
                .collect::<Option<_>>()?,
            mask: u32::from_le_bytes(beside.get(..4)?.try_into().ok()?),
            member: u64::from_le_bytes(beside.get(4..)?.try_into().ok()?),
            amounts: values
                .chunks_exact(8)
                .map(|value| {
                    Some(f64::from_le_bytes(value.try_into().ok()?))
                        .map(|value| (!value.is_nan()).then_some(value))
                })
                .collect::<Option<_>>()?,
        })
    };
    let rows = bytes.chunks_exact(width(keys, amounts));
    if !rows.remainder().is_empty() {
        return None;
    }
    // Room for all at once: twice as much at a certain row would tell of it.
    let mut found = Vec::with_capacity(rows.len());
    for each in rows {
        found.push(row(each)?);
    }
    Some(found)
}

/// A learner as a number: the first half of the pseudonym, which is one of as many as there are digests.
fn member(learner: &str) -> u64 {
    learner.get(..16).and_then(|half| u64::from_str_radix(half, 16).ok()).unwrap_or_else(|| {
        learner
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(cells: [Option<&str>; 5]) -> Texts {
        cells.map(|cell| cell.map(str::to_owned)).to_vec()
    }

    #[test]
    fn what_was_packed_is_unpacked_and_each_row_is_as_long() {
        let mut packing = Packing::of(2);
        packing.push(texts([Some("a"), None, Some("3"), Some("00000000000000ffe"), Some("1.5")])).unwrap();
        let one = packing.bytes.len();
        packing
            .push(texts([Some(&"b".repeat(64)), Some("x"), Some("0"), Some("0000000000000001"), None]))
            .unwrap();
        let (values, bytes) = packing.done();
        assert_eq!(bytes.len(), 2 * one);
        assert_eq!(values[0], [Some("a".to_owned()), Some("b".repeat(64))]);
        assert_eq!(values[1], [None, Some("x".to_owned())]);
        let rows = unpacked(&bytes, 2, 1).unwrap();
        assert_eq!(rows[0], PackedRow { keys: vec![0, 0], mask: 3, member: 0xff, amounts: vec![Some(1.5)] });
        assert_eq!(rows[1], PackedRow { keys: vec![1, 1], mask: 0, member: 1, amounts: vec![None] });
        assert!(unpacked(&bytes[1..], 2, 1).is_none());
    }

    #[test]
    fn what_is_no_row_of_a_frame_is_none() {
        assert!(Packing::of(2).push(texts([Some("a"), None, Some("many"), Some("1"), None])).is_none());
        assert!(Packing::of(9).push(texts([Some("a"), None, Some("3"), Some("1"), None])).is_none());
    }
}
