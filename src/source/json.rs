//! A JSON answer or file, read into pruned records in one pass.
use super::tree::{Tree, Wanted};
use crate::fault::Problem;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::{borrow::Cow, fmt};

/// A page or file: its records, and what is wanted of what stands around them.
pub struct Answer<'d> {
    /// The records; none where the path to them leads nowhere.
    pub records: Option<Vec<Tree<'d>>>,
    /// What the envelope was asked for.
    pub envelope: Tree<'d>,
    /// Field names of the first records that nobody listed, with how many of these records had them.
    pub unlisted: Vec<(String, u32)>,
    /// How many records were looked at for unlisted names.
    pub looked_at: u32,
}

/// So many records of a page are looked at for fields that nobody listed.
const LOOKED_AT: u32 = 20;

/// Reads an answer. `records` leads to the list (empty: the document is the list); one object in its place is a list
/// of one. The parser's own words may quote the answer: they end here.
pub fn read<'d>(
    bytes: &'d [u8],
    records: &[String],
    wanted: &Wanted,
    envelope: &Wanted,
) -> Result<Answer<'d>, Problem> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut found = Found { records: None, unlisted: Vec::new(), looked_at: 0 };
    let level = Level { left: records, wanted, envelope, at: Some(0), found: &mut found };
    // Text that is known to be well formed need not be looked at again, string by string.
    let read = match std::str::from_utf8(bytes) {
        Ok(text) => whole(level, serde_json::Deserializer::from_str(text)),
        Err(_) => whole(level, serde_json::Deserializer::from_slice(bytes)),
    };
    let envelope =
        read.map_err(|error| if error.is_eof() { Problem::Truncated } else { Problem::NotData })?;
    let Found { records, unlisted, looked_at } = found;
    Ok(Answer { records, envelope, unlisted, looked_at })
}

/// The whole of a document.
fn whole<'d, R: serde_json::de::Read<'d>>(
    level: Level<'_, 'd>,
    mut parser: serde_json::Deserializer<R>,
) -> serde_json::Result<Tree<'d>> {
    let envelope = level.deserialize(&mut parser)?;
    parser.end()?;
    Ok(envelope)
}

struct Found<'d> {
    records: Option<Vec<Tree<'d>>>,
    unlisted: Vec<(String, u32)>,
    looked_at: u32,
}

/// One level of the envelope on the way to the records.
struct Level<'f, 'd> {
    left: &'f [String],
    wanted: &'f Wanted,
    envelope: &'f Wanted,
    /// Where the envelope's wishes stand at this level.
    at: Option<usize>,
    found: &'f mut Found<'d>,
}

impl<'de> DeserializeSeed<'de> for Level<'_, 'de> {
    type Value = Tree<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, 'de> {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree<'de>, A::Error> {
        let Self { left, wanted, envelope, at, found } = self;
        let Some((next, rest)) = left.split_first() else {
            // One object where a list is expected.
            let mut unlisted = Some((&mut found.unlisted, &mut found.looked_at));
            let record = fields(map, wanted, 0, &mut unlisted)?;
            found.records = Some(vec![record]);
            return Ok(Tree::Null);
        };
        let mut around = Vec::new();
        while let Some(name) = map.next_key_seed(Text)? {
            let below = at.and_then(|at| envelope.field(at, &name));
            if name == next.as_str() {
                let at = below.map(|(_, at)| at);
                let inner =
                    map.next_value_seed(Level { left: rest, wanted, envelope, at, found: &mut *found })?;
                if let Some((number, _)) = below {
                    around.push((number, inner));
                }
            } else if let Some((number, at)) = below {
                around.push((number, map.next_value_seed(Value { wanted: envelope, at })?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Tree::Fields(around))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree<'de>, A::Error> {
        if !self.left.is_empty() {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Tree::Null);
        }
        let mut records = Vec::with_capacity(seq.size_hint().unwrap_or(256));
        while let Some(record) = seq.next_element_seed(Record { wanted: self.wanted, found: self.found })? {
            records.push(record);
        }
        self.found.records = Some(records);
        Ok(Tree::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }
    fn visit_unit<E: Error>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }
}

struct Record<'f, 'd> {
    wanted: &'f Wanted,
    found: &'f mut Found<'d>,
}

impl<'de> DeserializeSeed<'de> for Record<'_, 'de> {
    type Value = Tree<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Record<'_, 'de> {
    type Value = Tree<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Tree<'de>, A::Error> {
        let look = self.found.looked_at < LOOKED_AT;
        let mut unlisted = look.then_some((&mut self.found.unlisted, &mut self.found.looked_at));
        fields(map, self.wanted, 0, &mut unlisted)
    }
    fn visit_unit<E: Error>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }
}

type Unlisted<'f> = Option<(&'f mut Vec<(String, u32)>, &'f mut u32)>;

/// The wanted fields of an object.
fn fields<'de, A: MapAccess<'de>>(
    mut map: A,
    wanted: &Wanted,
    at: usize,
    unlisted: &mut Unlisted<'_>,
) -> Result<Tree<'de>, A::Error> {
    let mut fields = Vec::with_capacity(wanted.width(at));
    let mut next = 0;
    while let Some(name) = map.next_key_seed(Text)? {
        if let Some((number, below)) = wanted.field_from(at, next, &name) {
            next = usize::from(number) + 1;
            fields.push((number, map.next_value_seed(Value { wanted, at: below })?));
        } else {
            map.next_value::<IgnoredAny>()?;
            if let Some((names, _)) = unlisted {
                match names.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, times)) => *times += 1,
                    None => names.push((name.into_owned(), 1)),
                }
            }
        }
    }
    if let Some((_, looked_at)) = unlisted {
        **looked_at += 1;
    }
    Ok(Tree::Fields(fields))
}

/// A name, borrowed where the document lets it.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// A value at a place of the wishes.
struct Value<'f> {
    wanted: &'f Wanted,
    at: usize,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Tree<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Value<'_> {
    fn leaf<'de>(&self, tree: Tree<'de>) -> Tree<'de> {
        if self.wanted.is_leaf(self.at) { tree } else { Tree::Null }
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Tree<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E: Error>(self, b: bool) -> Result<Tree<'de>, E> {
        Ok(self.leaf(Tree::Bool(b)))
    }
    fn visit_i64<E: Error>(self, n: i64) -> Result<Tree<'de>, E> {
        Ok(self.leaf(Tree::Int(n)))
    }
    fn visit_u64<E: Error>(self, n: u64) -> Result<Tree<'de>, E> {
        Ok(self.leaf(i64::try_from(n).map_or(Tree::Float(n as f64), Tree::Int)))
    }
    fn visit_f64<E: Error>(self, n: f64) -> Result<Tree<'de>, E> {
        Ok(self.leaf(Tree::Float(n)))
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Tree<'de>, E> {
        Ok(self.leaf(Tree::Text(Cow::Borrowed(text))))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Tree<'de>, E> {
        Ok(self.leaf(Tree::Text(Cow::Owned(text.to_owned()))))
    }
    fn visit_unit<E: Error>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree<'de>, A::Error> {
        if self.wanted.has_fields(self.at) {
            return fields(map, self.wanted, self.at, &mut None);
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        // Nothing of it is wanted, and it is there.
        Ok(Tree::Fields(Vec::new()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Value { wanted: self.wanted, at: self.at })? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(tree: &Tree<'_>, wanted: &Wanted, path: &str) -> Option<String> {
        tree.at(&wanted.path("", path)?)?.scalar_text().map(Cow::into_owned)
    }

    #[test]
    fn only_what_is_listed_is_kept_and_found() {
        let paths = ["id", "born.date", "born", "ids[type=upn].identifier", "grades.0", "note"];
        let (wanted, envelope) = (Wanted::of(paths), Wanted::of(["meta.next", "success"]));
        let page = br#"{"success":true,"data":[
            {"id":7,"born":{"date":"2010-03-31"},"secret":"x","ids":[{"type":"uln","identifier":"1"},{"type":"UPN","identifier":"2"}],"grades":["11","12"],"note":{"x":1}},
            {"id":"8","born":"2011-01-01","secret":null,"ids":{"type":"upn","identifier":"3"}}],
            "meta":{"next":null,"more":false}}"#;
        let answer = read(page, &["data".to_owned()], &wanted, &envelope).unwrap();
        let records = answer.records.unwrap();
        assert_eq!(text(&records[0], &wanted, "id").unwrap(), "7");
        assert_eq!(text(&records[0], &wanted, "born.date").unwrap(), "2010-03-31");
        assert_eq!(text(&records[0], &wanted, "born"), None);
        assert_eq!(text(&records[1], &wanted, "born").unwrap(), "2011-01-01");
        assert_eq!(text(&records[0], &wanted, "ids[type=upn].identifier").unwrap(), "2");
        assert_eq!(text(&records[1], &wanted, "ids[type=upn].identifier").unwrap(), "3");
        assert_eq!(text(&records[0], &wanted, "grades.0").unwrap(), "11");
        assert_eq!(text(&records[0], &wanted, "note"), None);
        assert_eq!(text(&answer.envelope, &envelope, "success").unwrap(), "true");
        assert_eq!(text(&answer.envelope, &envelope, "meta.next"), None);
        assert_eq!((answer.unlisted, answer.looked_at), (vec![("secret".to_owned(), 2)], 2));
    }

    #[test]
    fn a_document_that_is_a_list_one_object_and_no_list_at_all() {
        let (wanted, none) = (Wanted::of(["id"]), Wanted::of([]));
        let count = |page: &[u8], path: &[String]| {
            read(page, path, &wanted, &none).map(|answer| answer.records.map(|records| records.len()))
        };
        let data = ["data".to_owned()];
        assert_eq!(count(b"[{\"id\":1},{\"id\":2}]", &[]), Ok(Some(2)));
        assert_eq!(count(b"{\"data\":{\"id\":1}}", &data), Ok(Some(1)));
        assert_eq!(count(b"{\"error\":\"x\"}", &data), Ok(None));
        assert_eq!(count(b"{\"data\":null}", &data), Ok(None));
        assert_eq!(count(b"{\"data\":[{\"id\":1}", &data), Err(Problem::Truncated));
        assert_eq!(count(b"<html>", &data), Err(Problem::NotData));
        assert_eq!(count(b"{\"data\":[]} trailing", &data), Err(Problem::NotData));
    }
}
