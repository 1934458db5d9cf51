//! An XML file or answer, read as a stream into pruned records.
//!
//! Names are local (a prefix does not matter), text is text whatever the declaration says of its encoding, nothing is
//! fetched and no entity but the five of XML is resolved. A record whose tags do not fit each other costs itself: the
//! reader goes on behind it. What breaks the markup itself ends the document there.
use super::{
    json::Answer,
    package::problem_of,
    recode::Recoded,
    tree::{OWN_TEXT, Tree, Wanted},
};
use crate::fault::Problem;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesRef, BytesStart, Event},
};
use std::{
    borrow::Cow,
    io::{BufReader, Cursor, Read},
};

/// Elements within each other.
const MAX_DEPTH: usize = 200;
/// Bytes that one record may keep of its texts.
const MAX_KEPT: usize = 4 << 20;
/// Bytes between two tags, and of one tag.
const MAX_MARKUP: usize = 64 << 20;

/// The records of a document, one after the other.
pub struct Records<'w> {
    reader: Reader<BufReader<Box<dyn Read>>>,
    buffer: Vec<u8>,
    path: Vec<String>,
    record: &'w Wanted,
    envelope: &'w Wanted,
    /// The names of the open elements, one behind the other.
    names: String,
    frames: Vec<Frame>,
    around: Tree<'static>,
    /// Something was added to what stands around since it was put together.
    stale: bool,
    /// The tags of the record that is being read do not fit each other.
    bad: bool,
    kept: usize,
    number: u32,
    found: bool,
}

/// An open element.
struct Frame {
    name_from: usize,
    role: Role,
    /// Its number among what its parent's place wants.
    number: Option<u16>,
    fields: Vec<(u16, Tree<'static>)>,
    text: String,
}

/// What an element is read as.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    /// On the way to the records: so many steps are gone; and its place in what is wanted of the envelope.
    Way(usize, Option<usize>),
    /// A record, or a part of one, at this place of what is wanted.
    Record(usize),
    /// A part of the envelope.
    Around(usize),
    /// Nothing of it is wanted.
    Passed,
}

/// A record as it was read, with its position in the document from 1.
pub type Found = (u32, Result<Tree<'static>, Problem>);

impl<'w> Records<'w> {
    /// Opens a document. `records` leads from the root to the elements that are records; the root's own name may stand
    /// before it.
    pub fn open(
        input: Box<dyn Read>,
        records: &[String],
        record: &'w Wanted,
        envelope: &'w Wanted,
    ) -> Result<Self, Problem> {
        let mut reader = Reader::from_reader(BufReader::with_capacity(1 << 16, text_of(input)?));
        let config = reader.config_mut();
        (config.check_end_names, config.allow_dangling_amp, config.allow_unmatched_ends) =
            (false, true, true);
        Ok(Self {
            reader,
            buffer: Vec::new(),
            path: records.to_vec(),
            record,
            envelope,
            names: String::new(),
            frames: Vec::new(),
            around: Tree::Null,
            stale: false,
            bad: false,
            kept: 0,
            number: 0,
            found: false,
        })
    }

    /// What is wanted of the document around the records, as far as it has been read.
    pub const fn around(&self) -> &Tree<'static> {
        &self.around
    }

    /// Whether the way to the records exists, though there may be none.
    pub const fn is_found(&self) -> bool {
        self.found
    }

    /// The next record. None at the end; an error ends the document there: what came before was read.
    pub fn next_record(&mut self) -> Result<Option<Found>, Problem> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let found = self.read_on(&mut buffer);
        self.buffer = buffer;
        if self.stale {
            self.around = self.put_together();
            self.stale = false;
        }
        found
    }

    fn read_on(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Found>, Problem> {
        loop {
            buffer.clear();
            let event = self.reader.read_event_into(buffer).map_err(|error| match error {
                quick_xml::Error::Io(error) => problem_of(&error),
                quick_xml::Error::Syntax(_) => Problem::CutShort,
                _ => Problem::Malformed,
            })?;
            let done = match event {
                Event::Start(tag) => {
                    self.begin(&tag)?;
                    None
                }
                Event::Empty(tag) => {
                    self.begin(&tag)?;
                    self.end(tag.local_name().into_inner())
                }
                Event::End(tag) => self.end(tag.local_name().into_inner()),
                Event::Text(text) => self.text(&text),
                Event::CData(text) => self.text(&text),
                Event::GeneralRef(entity) => self.entity(&entity),
                Event::Eof if self.frames.is_empty() && !self.names_left() => return Ok(None),
                Event::Eof => return Err(Problem::CutShort),
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => None,
            };
            if done.is_some() {
                return Ok(done);
            }
        }
    }

    const fn names_left(&self) -> bool {
        !self.names.is_empty()
    }

    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<(), Problem> {
        if self.frames.len() >= MAX_DEPTH || tag.len() > MAX_MARKUP {
            return Err(Problem::TooLarge);
        }
        let name = tag.local_name();
        let name = name.into_inner();
        let (role, number) = self.role_of(name);
        if let Role::Record(0) = role {
            (self.bad, self.kept) = (false, 0);
            self.number += 1;
        }
        let mut frame =
            Frame { name_from: self.names.len(), role, number, fields: Vec::new(), text: String::new() };
        if let Role::Way(gone, _) = role {
            self.found |= gone + 1 >= self.path.len();
        }
        if let Some((wanted, at)) = self.wanted(role) {
            for attribute in tag.attributes().with_checks(false).flatten() {
                let name = attribute.key.local_name();
                let field = wanted.field(at, &format!("@{}", name.into_inner()));
                if let Some((number, _)) = field {
                    let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
                        Ok(value) => value.into_owned(),
                        Err(_) => attribute.value.clone().into_owned(),
                    };
                    self.kept += value.len();
                    frame.fields.push((number, Tree::Text(Cow::Owned(value))));
                    self.stale |= !matches!(role, Role::Record(_));
                }
            }
        }
        self.names.push_str(name);
        self.frames.push(frame);
        Ok(())
    }

    fn wanted(&self, role: Role) -> Option<(&'w Wanted, usize)> {
        match role {
            Role::Record(at) => Some((self.record, at)),
            Role::Around(at) | Role::Way(_, Some(at)) => Some((self.envelope, at)),
            Role::Way(_, None) | Role::Passed => None,
        }
    }

    /// What an element of this name is read as, below the innermost open one.
    fn role_of(&self, name: &str) -> (Role, Option<u16>) {
        let step = |gone: usize| self.path.get(gone).is_some_and(|step| step == name);
        let Some(parent) = self.frames.last() else {
            // The root: its own name may stand before each path.
            let (number, at) =
                self.envelope.field(0, name).map_or((None, 0), |(number, at)| (Some(number), at));
            let gone = usize::from(step(0));
            let whole = gone == self.path.len() && !self.path.is_empty();
            return if whole { (Role::Record(0), None) } else { (Role::Way(gone, Some(at)), number) };
        };
        let field = |wanted: &Wanted, at: usize| wanted.field(at, name);
        match parent.role {
            Role::Way(gone, at) => {
                let around = at.and_then(|at| field(self.envelope, at));
                let number = around.map(|(number, _)| number);
                match (step(gone), around) {
                    (true, _) if gone + 1 == self.path.len() => (Role::Record(0), None),
                    (true, _) => (Role::Way(gone + 1, around.map(|(_, at)| at)), number),
                    (false, Some((_, at))) => (Role::Around(at), number),
                    (false, None) => (Role::Passed, None),
                }
            }
            Role::Record(at) => field(self.record, at)
                .map_or((Role::Passed, None), |(number, at)| (Role::Record(at), Some(number))),
            Role::Around(at) => field(self.envelope, at)
                .map_or((Role::Passed, None), |(number, at)| (Role::Around(at), Some(number))),
            Role::Passed => (Role::Passed, None),
        }
    }

    fn text(&mut self, text: &str) -> Option<Found> {
        let role = self.frames.last().map(|frame| frame.role)?;
        if self.wanted(role).is_some_and(|(wanted, at)| wanted.is_leaf(at))
            && let Some(frame) = self.frames.last_mut()
        {
            self.kept += text.len();
            if self.kept > MAX_KEPT {
                self.bad = true;
            } else {
                frame.text.push_str(text);
            }
        }
        None
    }

    fn entity(&mut self, entity: &BytesRef<'_>) -> Option<Found> {
        if let Ok(Some(letter)) = entity.resolve_char_ref() {
            return self.text(letter.encode_utf8(&mut [0; 4]));
        }
        match quick_xml::escape::resolve_predefined_entity(entity) {
            Some(text) => self.text(text),
            None => self.text(&format!("&{}", [&**entity, ";"].concat())),
        }
    }

    fn name(&self, at: usize) -> &str {
        let end = self.frames.get(at + 1).map_or(self.names.len(), |frame| frame.name_from);
        self.names.get(self.frames[at].name_from..end).unwrap_or("")
    }

    /// An element ends: the innermost, or one further out whose inner ones were never closed, or none that is open.
    fn end(&mut self, name: &str) -> Option<Found> {
        let open = (0..self.frames.len()).rev().find(|at| self.name(*at) == name);
        let innermost = self.frames.len().checked_sub(1);
        self.bad |= open != innermost;
        open.and_then(|open| self.close_from(open))
    }

    /// Closes an open element and all within it.
    fn close_from(&mut self, open: usize) -> Option<Found> {
        let mut done = None;
        while self.frames.len() > open {
            done = self.close().or(done);
        }
        done
    }

    fn close(&mut self) -> Option<Found> {
        let frame = self.frames.pop()?;
        self.names.truncate(frame.name_from);
        let record = matches!(frame.role, Role::Record(_));
        let number = frame.number;
        let tree = frame.into_tree();
        let Some(number) = number else {
            if !record {
                // The root is closed: what stands around stays, for a document may hold no record at all.
                if self.frames.is_empty() {
                    self.around = tree;
                }
                return None;
            }
            self.found = true;
            let problem = if self.kept > MAX_KEPT { Problem::TooLarge } else { Problem::Malformed };
            return Some((self.number, if self.bad { Err(problem) } else { Ok(tree) }));
        };
        match self.frames.last_mut() {
            Some(parent) => attach(&mut parent.fields, number, tree),
            None => self.around = Tree::Fields(vec![(number, tree)]),
        }
        self.stale |= !record && !self.frames.is_empty();
        None
    }

    /// What stands around, from the open elements outwards.
    fn put_together(&self) -> Tree<'static> {
        let mut inner: Option<(Option<u16>, Tree<'static>)> = None;
        for frame in self.frames.iter().rev() {
            let mut fields = frame.fields.clone();
            if let Some((Some(number), tree)) = inner {
                attach(&mut fields, number, tree);
            }
            inner = Some((frame.number, Tree::Fields(fields)));
        }
        match inner {
            Some((Some(number), tree)) => Tree::Fields(vec![(number, tree)]),
            Some((None, tree)) => tree,
            None => self.around.clone(),
        }
    }
}

impl Frame {
    fn into_tree(mut self) -> Tree<'static> {
        let text = self.text.trim();
        let text = (!text.is_empty()).then(|| Tree::Text(Cow::Owned(text.to_owned())));
        match (text, self.fields.is_empty()) {
            (None, true) => Tree::Null,
            (Some(text), true) => text,
            (None, false) => Tree::Fields(self.fields),
            (Some(text), false) => {
                self.fields.push((OWN_TEXT, text));
                Tree::Fields(self.fields)
            }
        }
    }
}

/// Adds a value; elements of one name become a list.
fn attach(fields: &mut Vec<(u16, Tree<'static>)>, number: u16, tree: Tree<'static>) {
    match fields.iter_mut().find(|(known, _)| *known == number) {
        Some((_, Tree::List(items))) => items.push(tree),
        Some((_, held)) => {
            let first = std::mem::replace(held, Tree::Null);
            *held = Tree::List(vec![first, tree]);
        }
        None => fields.push((number, tree)),
    }
}

/// Reads an answer whole. Its envelope is what stands before and behind the records.
pub fn read(
    bytes: &[u8],
    records: &[String],
    wanted: &Wanted,
    envelope: &Wanted,
) -> Result<Answer<'static>, Problem> {
    let mut reader =
        Records::open(Box::new(Cursor::new(bytes.to_vec())), records, wanted, envelope).map_err(as_answer)?;
    let mut list = Vec::new();
    while let Some((_, record)) = reader.next_record().map_err(as_answer)? {
        list.push(record.map_err(as_answer)?);
    }
    let records = reader.found.then_some(list);
    Ok(Answer { records, envelope: reader.around, unlisted: Vec::new(), looked_at: 0 })
}

/// The words for an answer of a service.
const fn as_answer(problem: Problem) -> Problem {
    match problem {
        Problem::CutShort => Problem::Truncated,
        _ => Problem::NotData,
    }
}

/// The document as UTF-8. Its first bytes are believed before its declaration: services declare UTF-16 over UTF-8.
fn text_of(mut input: Box<dyn Read>) -> Result<Box<dyn Read>, Problem> {
    let mut head = Vec::new();
    (&mut input).take(1 << 10).read_to_end(&mut head).map_err(|error| problem_of(&error))?;
    let (encoding, mark) = match (Encoding::for_bom(&head), head.as_slice()) {
        (Some((encoding, mark)), _) => (encoding, mark),
        (None, [b'<', 0, ..]) => (UTF_16LE, 0),
        (None, [0, b'<', ..]) => (UTF_16BE, 0),
        _ => (declared(&head), 0),
    };
    if !head[mark..].contains(&b'<') {
        return Err(Problem::NotData);
    }
    head.drain(..mark);
    Ok(Box::new(Recoded::new(Cursor::new(head).chain(input), encoding)))
}

/// The encoding that the declaration names, where a document of single bytes can be in it. ASCII is read as UTF-8,
/// which it is.
fn declared(head: &[u8]) -> &'static Encoding {
    let text = String::from_utf8_lossy(head);
    let declaration = text.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split("?>").next());
    let label = declaration
        .and_then(|words| words.split_once("encoding"))
        .and_then(|(_, rest)| rest.split(['"', '\'']).nth(1))
        .unwrap_or("utf-8");
    let known = Encoding::for_label(label.trim().as_bytes()).unwrap_or(UTF_8);
    let lies = known == UTF_16LE || known == UTF_16BE || label.to_ascii_lowercase().contains("ascii");
    if lies { UTF_8 } else { known }
}

#[cfg(test)]
mod tests;
