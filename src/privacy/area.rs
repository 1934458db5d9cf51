use std::collections::HashMap;

/// Where a postcode lies, coarsened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Lower layer super output area.
    pub lsoa: Box<str>,
    /// Electoral ward, where the directory tells of one.
    pub ward: Option<Box<str>>,
    /// Local authority, three digits.
    pub la: Box<str>,
}

/// The site's own postcode directory, applied left of the boundary. Without one every area is empty.
#[derive(Default)]
pub struct PostcodeDirectory {
    areas: HashMap<Box<str>, Area>,
    fingerprint: String,
}

impl PostcodeDirectory {
    /// An empty directory of a file with this checksum.
    pub fn of(fingerprint: String) -> Self {
        Self { areas: HashMap::new(), fingerprint }
    }
    /// The checksum of the file it was read from; empty without one.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
    /// Adds a postcode, in any spelling.
    pub fn insert(&mut self, postcode: &str, area: Area) {
        self.areas.insert(Self::fold(postcode).into(), area);
    }
    /// The area of a postcode, in any spelling.
    pub fn find(&self, postcode: &str) -> Option<&Area> {
        self.areas.get(Self::fold(postcode).as_str())
    }
    /// How many postcodes it knows.
    pub fn len(&self) -> usize {
        self.areas.len()
    }
    /// Whether there is no directory.
    pub fn is_empty(&self) -> bool {
        self.areas.is_empty()
    }
    fn fold(postcode: &str) -> String {
        postcode.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
    }
}
