use super::Cell;
use crate::fault::Name;
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// What a column's text is read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A day.
    Date,
    /// A month, kept as its first day.
    Month,
    /// A whole number.
    Int,
    /// A number with two decimals.
    Decimal,
    /// Yes or no.
    Bool,
    /// A code of the named list.
    Code(Name),
    /// A URN (six digits) or a site reference (two capitals and two to four digits).
    Establishment,
    /// A three-digit authority code.
    Authority,
    /// A lower layer super output area.
    Lsoa,
    /// An electoral ward.
    Ward,
    /// Free text; only in public entities.
    Text,
}

/// What the door does to a column. A column without a treatment is refused when the schema is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Passes as it is.
    Keep,
    /// Passes in a coarser form, derived from an identity field.
    Coarsen,
    /// Passes as a keyed digest.
    Hash,
    /// Does not pass.
    Drop,
}

/// The codes of one list: folded text to the code as the list spells it.
pub type CodeWords = HashMap<String, String, BuildHasherDefault<WordHasher>>;

/// Hashes short words of our own definitions (FNV-1a). What comes from outside is only looked up, so nobody can crowd
/// the table.
pub struct WordHasher(u64);

impl Default for WordHasher {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    fn finish(&self) -> u64 {
        // The table looks at the upper bits too.
        self.0 ^ (self.0 >> 29)
    }
}

/// What stands instead of a place that may not be told, where a row has to have one.
pub const PLACE_WITHHELD: &str = "withheld";

/// One column as the door and the lake see it.
#[derive(Clone, Debug)]
pub struct ColumnPlan {
    /// The schema's name.
    pub name: Name,
    /// How its text is read.
    pub kind: ColumnType,
    /// What the door does with it.
    pub treatment: Treatment,
    /// The identity field it is derived from, if any.
    pub from_identity: Option<usize>,
    /// Whether a row without it is set aside.
    pub required: bool,
    /// Inclusive bounds for numbers.
    pub range: Option<(i64, i64)>,
}

impl ColumnPlan {
    /// Whether the lake has this column.
    pub fn stored(&self) -> bool {
        self.treatment != Treatment::Drop
    }

    /// Whether it says where somebody is or lives.
    pub fn tells_a_place(&self) -> bool {
        use ColumnType::{Authority, Establishment, Lsoa, Ward};
        matches!(self.kind, Establishment | Authority | Lsoa | Ward)
    }

    /// What stands in it instead of a place.
    pub fn without_place(&self) -> Cell {
        let word =
            self.required && self.kind == ColumnType::Establishment && self.treatment == Treatment::Keep;
        if word { Cell::Text(PLACE_WITHHELD.into()) } else { Cell::Null }
    }
}

/// One entity as the door and the lake see it.
#[derive(Clone, Debug)]
pub struct EntityPlan {
    /// The schema's file stem.
    pub name: Name,
    /// No people in it.
    pub public: bool,
    /// Columns in the schema's order.
    pub columns: Vec<ColumnPlan>,
    /// Positions of the columns that, with the subject, name a row.
    pub key: Vec<usize>,
    /// Position of the date that files a row under an academic year.
    pub dated_by: Option<usize>,
    /// Positions of the first and last day of the interval that a row is, if it is one.
    pub interval: Option<(usize, usize)>,
}

impl EntityPlan {
    /// The plan of an entity that nobody defines any more: no column of it is known.
    pub const fn undefined() -> Self {
        Self {
            name: Name::NONE,
            public: false,
            columns: Vec::new(),
            key: Vec::new(),
            dated_by: None,
            interval: None,
        }
    }
}

/// What an identity field holds, and so how it is folded for linking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// A unique pupil number.
    Upn,
    /// A unique learner number.
    Uln,
    /// An NHS number.
    NhsNumber,
    /// A name.
    Name,
    /// A date of birth.
    BirthDate,
    /// F, M or U.
    Sex,
    /// A postcode.
    Postcode,
    /// A number by which one source names a person in its other tables.
    Local,
}

impl IdentityKind {
    /// Whether it is a number that is issued to one person for life, and checks itself.
    pub const fn is_national(self) -> bool {
        matches!(self, Self::Upn | Self::Uln | Self::NhsNumber)
    }

    /// Whether everybody has their own.
    pub const fn is_of_one(self) -> bool {
        self.is_national() || matches!(self, Self::Local)
    }
}

/// The identity fields, in the order of `schemas/identity.toml`.
#[derive(Clone, Debug, Default)]
pub struct IdentityPlan {
    /// Name and kind of each field.
    pub fields: Vec<(Name, IdentityKind)>,
}

impl IdentityPlan {
    /// Position of a field by name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|(field, _)| field.as_str() == name)
    }
}
