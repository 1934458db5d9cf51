use crate::lake::LakeFault;
use std::{cmp::Reverse, collections::BinaryHeap};

/// Something that gives its items in order, a few at a time.
pub trait Sorted {
    /// What it gives.
    type Item;
    /// What they are sorted by.
    type Order: Ord;
    /// An item's place in the order.
    fn order(item: &Self::Item) -> Self::Order;
    /// The next item, or none at the end.
    fn pull(&mut self) -> Result<Option<Self::Item>, LakeFault>;
}

/// Many sorted runs as one. Memory is one item and one buffer a run, however long they are. Where two items stand at the
/// same place in the order, the one of the earlier run comes first.
pub struct Merge<S: Sorted> {
    runs: Vec<S>,
    heads: Vec<Option<S::Item>>,
    heap: BinaryHeap<Reverse<(S::Order, usize)>>,
}

impl<S: Sorted> Merge<S> {
    /// Begins to merge.
    pub fn new(mut runs: Vec<S>) -> Result<Self, LakeFault> {
        let mut heads = Vec::with_capacity(runs.len());
        let mut heap = BinaryHeap::with_capacity(runs.len());
        for (at, run) in runs.iter_mut().enumerate() {
            let head = run.pull()?;
            if let Some(item) = &head {
                heap.push(Reverse((S::order(item), at)));
            }
            heads.push(head);
        }
        Ok(Self { runs, heads, heap })
    }

    /// The next item of all, and which run it came from.
    pub fn pull(&mut self) -> Result<Option<(usize, S::Item)>, LakeFault> {
        let Some(mut top) = self.heap.peek_mut() else { return Ok(None) };
        let at = top.0.1;
        let next = self.runs[at].pull()?;
        match &next {
            // The top is replaced in place, which is cheaper than taking one out and putting one in.
            Some(item) => *top = Reverse((S::order(item), at)),
            None => drop(std::collections::binary_heap::PeekMut::pop(top)),
        }
        Ok(std::mem::replace(&mut self.heads[at], next).map(|item| (at, item)))
    }
}
