//! A record of a page or an XML file, pruned while it is read: only the paths that a connector names are kept.
//!
//! [`Wanted`] is the set of these paths; a reader walks it beside the document and skips what is not in it, so that a
//! field nobody listed is never in memory as more than passing bytes. [`Tree`] is what is left.
use crate::definitions::connector::fold;
use std::borrow::Cow;

/// The number under which an XML element with attributes keeps its own text.
pub const OWN_TEXT: u16 = u16::MAX;

/// What a connector wants of a record, as a tree of names. An array is transparent: its items want what it wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    leaf: bool,
    fields: Vec<(String, usize)>,
}

/// One step of a path, looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a field, by its number within its parent.
    Field(u16),
    /// To an item of an array, from 0.
    Item(usize),
    /// To the first item whose field says this (folded).
    Where(u16, String),
}

/// A path, looked up in a [`Wanted`].
pub type Path = Vec<Step>;

impl Wanted {
    /// What these paths want.
    pub fn of<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut wanted = Self { nodes: vec![Node::default()] };
        for path in paths {
            let end = split(path).into_iter().fold(0, |at, step| match step {
                Word::Name(name) => wanted.child(at, name),
                Word::Item(_) => at,
                Word::Where(name, _) => {
                    let tested = wanted.child(at, name);
                    wanted.nodes[tested].leaf = true;
                    at
                }
            });
            wanted.nodes[end].leaf = true;
        }
        wanted
    }

    fn child(&mut self, at: usize, name: &str) -> usize {
        if let Some((_, child)) = self.nodes[at].fields.iter().find(|(known, _)| known == name) {
            return *child;
        }
        self.nodes.push(Node::default());
        let child = self.nodes.len() - 1;
        self.nodes[at].fields.push((name.to_owned(), child));
        child
    }

    /// A path of this set, looked up from the place that another leads to (`""`: the record). None where the set does
    /// not hold it.
    pub fn path(&self, from: &str, path: &str) -> Option<Path> {
        let mut at = self.steps(0, from, &mut Vec::new())?;
        let mut steps = Vec::new();
        at = self.steps(at, path, &mut steps)?;
        self.nodes.get(at).map(|_| steps)
    }

    fn steps(&self, from: usize, path: &str, steps: &mut Path) -> Option<usize> {
        split(path).into_iter().try_fold(from, |at, word| match word {
            Word::Name(name) => {
                let (number, child) = self.field(at, name)?;
                steps.push(Step::Field(number));
                Some(child)
            }
            Word::Item(n) => {
                steps.push(Step::Item(n));
                Some(at)
            }
            Word::Where(name, text) => {
                let (number, _) = self.field(at, name)?;
                steps.push(Step::Where(number, fold(text)));
                Some(at)
            }
        })
    }

    /// A field's number and place below a place; none where nobody wants it.
    pub(super) fn field(&self, at: usize, name: &str) -> Option<(u16, usize)> {
        let fields = &self.nodes[at].fields;
        fields.iter().position(|(known, _)| known == name).map(|number| (number as u16, fields[number].1))
    }

    /// The same where the fields mostly come in one order: the one at `next` is looked at first.
    pub(super) fn field_from(&self, at: usize, next: usize, name: &str) -> Option<(u16, usize)> {
        match self.nodes[at].fields.get(next) {
            Some((known, below)) if known == name => Some((next as u16, *below)),
            _ => self.field(at, name),
        }
    }

    /// How many fields are wanted below a place.
    pub(super) fn width(&self, at: usize) -> usize {
        self.nodes[at].fields.len()
    }

    /// Whether a scalar is wanted at this place.
    pub(super) fn is_leaf(&self, at: usize) -> bool {
        self.nodes[at].leaf
    }

    /// Whether anything is wanted below this place.
    pub(super) fn has_fields(&self, at: usize) -> bool {
        !self.nodes[at].fields.is_empty()
    }
}

enum Word<'p> {
    Name(&'p str),
    Item(usize),
    Where(&'p str, &'p str),
}

/// `a.b[type=upn].0.c` into its words.
fn split(path: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    for step in path.split('.').filter(|step| !step.is_empty()) {
        if let Ok(n) = step.parse() {
            words.push(Word::Item(n));
            continue;
        }
        let (name, rest) = step.split_at(step.find('[').unwrap_or(step.len()));
        if !name.is_empty() {
            words.push(Word::Name(name));
        }
        let condition = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some((field, text)) = condition.and_then(|condition| condition.split_once('=')) {
            words.push(Word::Where(field, text));
        }
    }
    words
}

/// What is left of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree<'d> {
    /// Nothing, or nothing that is wanted.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text.
    Text(Cow<'d, str>),
    /// An array, or elements of one name.
    List(Vec<Tree<'d>>),
    /// Wanted fields by their number within their parent, in the order found.
    Fields(Vec<(u16, Tree<'d>)>),
}

impl Tree<'_> {
    /// The value that a path leads to. A step through an array goes to its first item.
    pub fn at(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |tree, step| match step {
            Step::Field(number) => tree.first().field(*number),
            Step::Item(n) => match tree {
                Tree::List(items) => items.get(*n),
                one => (*n == 0).then_some(one),
            },
            Step::Where(number, text) => {
                tree.items().iter().find(|item| item.field(*number).is_some_and(|tree| tree.says(text)))
            }
        })
    }

    /// The same, on its own feet.
    pub fn into_owned(self) -> Tree<'static> {
        match self {
            Tree::Null => Tree::Null,
            Tree::Bool(b) => Tree::Bool(b),
            Tree::Int(n) => Tree::Int(n),
            Tree::Float(n) => Tree::Float(n),
            Tree::Text(text) => Tree::Text(Cow::Owned(text.into_owned())),
            Tree::List(items) => Tree::List(items.into_iter().map(Tree::into_owned).collect()),
            Tree::Fields(fields) => {
                Tree::Fields(fields.into_iter().map(|(n, tree)| (n, tree.into_owned())).collect())
            }
        }
    }

    /// Every item that a path leads to: a step through an array goes to each of its items.
    pub fn every(&self, path: &[Step]) -> Vec<&Self> {
        let Some((step, rest)) = path.split_first() else { return self.items().iter().collect() };
        let below: Vec<&Self> = match step {
            Step::Field(number) => self.items().iter().filter_map(|item| item.field(*number)).collect(),
            Step::Item(n) => self.items().get(*n).into_iter().collect(),
            Step::Where(number, text) => self
                .items()
                .iter()
                .filter(|item| item.field(*number).is_some_and(|tree| tree.says(text)))
                .collect(),
        };
        below.into_iter().flat_map(|tree| tree.every(rest)).collect()
    }

    /// Whether a scalar stands here and says this, folded.
    fn says(&self, text: &str) -> bool {
        self.scalar_text().is_some_and(|found| fold(&found) == text)
    }

    /// The items of an array; anything else is one item, and nothing is none.
    pub fn items(&self) -> &[Self] {
        match self {
            Tree::List(items) => items,
            Tree::Null => &[],
            one => std::slice::from_ref(one),
        }
    }

    fn first(&self) -> &Self {
        match self {
            Tree::List(items) => items.first().unwrap_or(&Tree::Null),
            one => one,
        }
    }

    fn field(&self, number: u16) -> Option<&Self> {
        match self {
            Tree::Fields(fields) => {
                // Where a record has all of its fields in the order of the wishes, a field stands at its number.
                let guess = fields.get(usize::from(number)).filter(|(known, _)| *known == number);
                guess.or_else(|| fields.iter().find(|(known, _)| *known == number)).map(|(_, tree)| tree)
            }
            _ => None,
        }
    }

    /// The scalar that stands here: itself, an array's first item, or an element's own text.
    pub fn scalar(&self) -> Option<&Self> {
        match self.first() {
            Tree::Null | Tree::List(_) => None,
            tree @ Tree::Fields(_) => tree.field(OWN_TEXT),
            scalar => Some(scalar),
        }
    }

    /// A scalar as text.
    pub fn scalar_text(&self) -> Option<Cow<'_, str>> {
        match self.scalar()? {
            Tree::Bool(b) => Some(Cow::Borrowed(if *b { "true" } else { "false" })),
            Tree::Int(n) => Some(Cow::Owned(n.to_string())),
            Tree::Float(n) => Some(Cow::Owned(n.to_string())),
            Tree::Text(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }
}
