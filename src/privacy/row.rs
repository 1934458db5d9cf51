use super::Digest16;
use compact_str::CompactString;
use zeroize::Zeroize;

/// One typed cell.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Cell {
    /// Empty.
    #[default]
    Null,
    /// A code, an establishment, an area, or public text.
    Text(CompactString),
    /// A hashed value: 16 bytes.
    Digest(Digest16),
    /// A whole number.
    Int(i32),
    /// Days since 1 January 1970.
    Date(i32),
    /// Hundredths.
    Decimal(i64),
    /// Yes or no.
    Bool(bool),
}

impl Cell {
    /// Appends a form of the cell that no other cell has, for digests.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(0),
            Self::Text(text) => {
                out.push(1);
                out.extend_from_slice(&(text.len() as u32).to_le_bytes());
                out.extend_from_slice(text.as_bytes());
            }
            Self::Digest(digest) => {
                out.push(6);
                out.extend_from_slice(digest);
            }
            Self::Int(n) => {
                out.push(2);
                out.extend_from_slice(&n.to_le_bytes());
            }
            Self::Date(n) => {
                out.push(3);
                out.extend_from_slice(&n.to_le_bytes());
            }
            Self::Decimal(n) => {
                out.push(4);
                out.extend_from_slice(&n.to_le_bytes());
            }
            Self::Bool(b) => out.extend([5, u8::from(*b)]),
        }
    }
}

/// A digest as it is shown: 32 hex digits.
pub(crate) fn hex(digest: &Digest16) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

/// What a row says about who the person is: normalised text by identity field, wiped when dropped.
#[derive(Default, PartialEq, Eq)]
pub struct Identity(pub Vec<Option<String>>);

impl Identity {
    /// The field at a position, if the row has it.
    pub fn get(&self, at: usize) -> Option<&str> {
        self.0.get(at).and_then(Option::as_deref)
    }
    /// Whether no field is filled.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        for field in self.0.iter_mut().flatten() {
            field.zeroize();
        }
    }
}

/// How a source names a person, wiped when dropped.
pub struct PersonKey(pub String);

impl Drop for PersonKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Where a row came from, in forms that say nothing about anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Keyed digest of the file's or page's bytes.
    pub document: Digest16,
    /// Sheet by position, from 1.
    pub part: u32,
    /// Row in the file or record in the page, from 1.
    pub row: u32,
}

/// One conformed row of one entity, with whom it is about. Identified.
pub struct Row {
    /// Which entity, by position in the definitions.
    pub entity: usize,
    /// Cells in the entity's column order.
    pub cells: Vec<Cell>,
    /// Where it came from.
    pub origin: Origin,
}
