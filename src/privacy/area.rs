use std::collections::HashMap;

/// Where a postcode lies, coarsened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Lower layer super output area.
    pub lsoa: Box<str>,
    /// Local authority, three digits.
    pub la: Box<str>,
}

/// The site's own postcode directory, applied left of the boundary. Without one every area is empty.
#[derive(Default)]
pub struct PostcodeDirectory(HashMap<Box<str>, Area>);

impl PostcodeDirectory {
    /// Adds a postcode, in any spelling.
    pub fn insert(&mut self, postcode: &str, area: Area) {
        self.0.insert(Self::fold(postcode).into(), area);
    }
    /// The area of a postcode, in any spelling.
    pub fn find(&self, postcode: &str) -> Option<&Area> {
        self.0.get(Self::fold(postcode).as_str())
    }
    /// How many postcodes it knows.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether there is no directory.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    fn fold(postcode: &str) -> String {
        postcode.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
    }
}
