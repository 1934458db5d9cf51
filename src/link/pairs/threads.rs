//! The same pieces of work in the same order, by however many threads.
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does `work` for each piece of `0..count` and gives the answers in the order of the pieces. Pieces do not depend
/// on the number of threads, so neither does any sum over them.
pub(super) fn in_pieces<T: Send>(
    count: usize,
    piece: usize,
    threads: usize,
    work: impl Fn(std::ops::Range<usize>) -> T + Sync,
) -> Vec<T> {
    let pieces = count.div_ceil(piece.max(1));
    let range = |at: usize| at * piece..((at + 1) * piece).min(count);
    if threads < 2 || pieces < 2 {
        return (0..pieces).map(|at| work(range(at))).collect();
    }
    let next = AtomicUsize::new(0);
    let turn = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= pieces {
                return done;
            }
            done.push((at, work(range(at))));
        }
    };
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(pieces)).map(|_| scope.spawn(turn)).collect();
        let mut done = turn();
        for other in others {
            match other.join() {
                Ok(theirs) => done.extend(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_stand_in_order_whoever_gave_them() {
        let sums = |threads| in_pieces(1000, 7, threads, Iterator::sum::<usize>);
        assert_eq!(sums(1), sums(4));
        assert_eq!(sums(3).iter().sum::<usize>(), 499_500);
        assert!(in_pieces(0, 7, 2, |_| ()).is_empty());
    }
}
