//! What a server on the other side can do wrong, on demand.
use std::time::Duration;

/// One way to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A body that stops half way and is otherwise a proper answer.
    TruncatedBody,
    /// A page for people, with status 200.
    HtmlPage,
    /// 429 with `Retry-After` in seconds.
    TooManyRequests {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// 500.
    ServerError,
    /// The connection dies before the answer is through.
    ResetConnection,
    /// The link to the next page leads to this page again.
    LoopingNext,
    /// The answer comes, late.
    Slow {
        /// How late.
        by: Duration,
    },
}

/// What goes wrong, and when: after some good answers, for so many answers. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// Answers that come right first.
    pub after: u32,
    /// Answers that go wrong then; later ones come right again.
    pub times: u32,
    /// Fields of a student for which the token has no scope: they come as null, wherever they stand in the record.
    pub withheld: Vec<String>,
}

impl Faults {
    /// One fault for a number of answers, from now on.
    pub fn now(fault: Fault, times: u32) -> Self {
        Self { fault: Some(fault), times, ..Self::default() }
    }

    /// The fault of the next answer, used up by asking.
    pub(super) fn next(&mut self) -> Option<Fault> {
        if self.after > 0 {
            self.after -= 1;
            return None;
        }
        self.times = self.times.checked_sub(1)?;
        self.fault
    }
}
