//! What was seen on a walk, as a few numbers: two walks that saw the same records have the same trace.
use crate::source::tree::Tree;
use std::hash::{DefaultHasher, Hasher};
use twox_hash::XxHash3_64;

/// The records of a walk, whatever their order: how many, and the sum of their hashes. Nothing can be read out of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Records seen.
    pub records: u64,
    sum: u64,
}

impl Trace {
    /// Sees a page. Its records are written into `canonical` as they are known here, whatever else the page held;
    /// the hash of that says whether the page was seen before.
    pub(super) fn see(&mut self, records: &[Tree<'_>], canonical: &mut Vec<u8>) -> u64 {
        canonical.clear();
        let mut page = DefaultHasher::new();
        for record in records {
            let begin = canonical.len();
            write(record, canonical);
            self.records += 1;
            let hash = hash(&canonical[begin..]);
            page.write_u64(hash);
            self.sum = self.sum.wrapping_add(hash);
        }
        page.finish()
    }

    /// As text, for a checkpoint.
    pub(super) fn text(self) -> String {
        format!("{}:{:x}", self.records, self.sum)
    }

    pub(super) fn of_text(text: &str) -> Option<Self> {
        let (records, sum) = text.split_once(':')?;
        Some(Self { records: records.parse().ok()?, sum: u64::from_str_radix(sum, 16).ok()? })
    }
}

pub(super) fn hash(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// Writes a tree so that two trees are the same if and only if their bytes are.
fn write(tree: &Tree<'_>, out: &mut Vec<u8>) {
    match tree {
        Tree::Null => out.push(b'n'),
        Tree::Bool(b) => out.push(if *b { b't' } else { b'f' }),
        Tree::Int(n) => {
            out.push(b'i');
            out.extend_from_slice(&n.to_le_bytes());
        }
        Tree::Float(n) => {
            out.push(b'd');
            out.extend_from_slice(&n.to_bits().to_le_bytes());
        }
        Tree::Text(text) => {
            out.push(b's');
            out.extend_from_slice(&(text.len() as u32).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        Tree::List(items) => {
            out.push(b'[');
            for item in items {
                write(item, out);
            }
            out.push(b']');
        }
        Tree::Fields(fields) => {
            out.push(b'{');
            for (number, field) in fields {
                out.extend_from_slice(&number.to_le_bytes());
                write(field, out);
            }
            out.push(b'}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    #[test]
    fn a_trace_knows_the_records_and_not_their_order() {
        let text = |text: &'static str| Tree::Fields(vec![(0, Tree::Text(Cow::Borrowed(text)))]);
        let (mut one, mut other, mut lacking, mut buffer) =
            (Trace::default(), Trace::default(), Trace::default(), Vec::new());
        let page = one.see(&[text("a"), text("b"), text("c")], &mut buffer);
        let first = other.see(&[text("c")], &mut buffer);
        other.see(&[text("b"), text("a")], &mut buffer);
        lacking.see(&[text("a"), text("b"), text("b")], &mut buffer);
        assert_eq!(one, other);
        assert_ne!(one, lacking);
        assert_ne!(page, first);
        assert_eq!(Trace::of_text(&one.text()), Some(one));
    }
}
