//! A person at work on the queue, as a machine of states: a line goes in, a screen comes out. The loop around it, which
//! reads from a terminal and writes to one, does nothing else.
use super::{super::Halt, page::case_page, told};
use crate::{
    catalog::LinkVerdict,
    pipeline::review::{FIXED_REASONS, Queue, Taken},
};
use std::{collections::BTreeMap, io::BufRead};

/// Decisions are written when so many wait, and at the end.
const BATCH: usize = 10;

const KEYS: &str =
    "[s] same child  [d] different children  [n] not sure  [b] back  [q] quit  [?] help; then Enter";
const HELP: &str = "s or d asks for a reason next. n leaves the pair for another day. b goes back to the pair before: answer \
it anew, or leave it with n. q writes what you decided and ends. Evidence is in bits: each bit more makes it twice as likely \
that the two are one child, each less half as likely; each field counts in the light of those above it. If you do not know, \
say not sure: a child that is counted twice can be mended later, two children made one cannot.";

/// What the machine is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    Verdict,
    Reason(LinkVerdict),
    /// Every pair was answered, or the person left.
    Nothing,
}

/// What the loop has to have done by the program.
pub(super) enum Work<'w> {
    /// Seal this reason, and give it back.
    Reason(&'w str),
    /// Write these.
    Write(&'w [Taken]),
}

/// What a line led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Show the screen again.
    Show,
    /// Have this reason sealed, then [`Session::accept`] or [`Session::refuse`].
    Seal(String),
}

/// Where a person stands in the queue.
pub(super) struct Session<'q> {
    queue: &'q Queue,
    at: usize,
    asking: Asking,
    /// A line above the prompt.
    notice: String,
    /// Decisions that are not written yet, by the pair's place.
    pending: BTreeMap<usize, Taken>,
    /// What was written, by the pair's place.
    written: BTreeMap<usize, LinkVerdict>,
    /// Decisions written, all told.
    count: usize,
}

impl<'q> Session<'q> {
    pub(super) fn new(queue: &'q Queue) -> Self {
        Self {
            queue,
            at: 0,
            asking: if queue.cases.is_empty() { Asking::Nothing } else { Asking::Verdict },
            notice: String::new(),
            pending: BTreeMap::new(),
            written: BTreeMap::new(),
            count: 0,
        }
    }

    /// How many decisions were written.
    pub(super) const fn written(&self) -> usize {
        self.count
    }

    fn is_over(&self) -> bool {
        self.asking == Asking::Nothing
    }

    /// What the person sees.
    pub(super) fn screen(&self) -> String {
        let Some(case) = self.queue.cases.get(self.at) else { return String::new() };
        let mut text = case_page(case, self.at, self.queue.cases.len());
        text.push_str("\n\n");
        if let Some(answer) = self.answer() {
            text.push_str(&format!("You said: {}.\n", in_words(answer)));
        }
        if !self.notice.is_empty() {
            text.push_str(&format!("{}\n", super::wrap(&self.notice, 0)));
        }
        match self.asking {
            Asking::Reason(verdict) => {
                text.push_str(&format!("{}. Why?\n", in_words(verdict)));
                for (number, reason) in FIXED_REASONS.iter().enumerate() {
                    text.push_str(&format!("  [{}] {reason}\n", number + 1));
                }
                text.push_str(
                    "A number, or your own words without a name, number, birth date or postcode; [b] back, [q] quit: ",
                );
            }
            _ => text.push_str(&format!("{KEYS}: ")),
        }
        text
    }

    /// What was said of the pair on the screen so far.
    fn answer(&self) -> Option<LinkVerdict> {
        let pending = self.pending.get(&self.at).map(|taken| taken.verdict);
        pending
            .or_else(|| self.written.get(&self.at).copied())
            .filter(|verdict| *verdict != LinkVerdict::Withdrawn)
    }

    /// Takes a line.
    pub(super) fn feed(&mut self, line: &str) -> Step {
        self.notice.clear();
        let line = line.trim();
        match self.asking {
            Asking::Nothing => Step::Show,
            Asking::Verdict => self.verdict(&line.to_lowercase()),
            Asking::Reason(_) => self.reason(line),
        }
    }

    fn verdict(&mut self, line: &str) -> Step {
        match line {
            "s" | "same" => self.asking = Asking::Reason(LinkVerdict::Same),
            "d" | "different" => self.asking = Asking::Reason(LinkVerdict::Different),
            "n" | "not sure" => return self.not_sure(),
            "b" | "back" if self.at == 0 => "This is the first pair.".clone_into(&mut self.notice),
            "b" | "back" => self.at -= 1,
            "q" | "quit" => self.asking = Asking::Nothing,
            "?" | "h" | "help" => HELP.clone_into(&mut self.notice),
            "" => "Nothing was decided: press a letter, then Enter.".clone_into(&mut self.notice),
            _ => "That is none of the letters.".clone_into(&mut self.notice),
        }
        Step::Show
    }

    /// Leaves the pair open. What was written about it in this session is taken back.
    fn not_sure(&mut self) -> Step {
        self.pending.remove(&self.at);
        if matches!(self.written.get(&self.at), Some(LinkVerdict::Same | LinkVerdict::Different)) {
            self.asking = Asking::Reason(LinkVerdict::Withdrawn);
            return Step::Seal("looked again and not sure".to_owned());
        }
        self.onwards();
        Step::Show
    }

    fn reason(&mut self, line: &str) -> Step {
        match line.to_lowercase().as_str() {
            "b" | "back" => {
                self.asking = Asking::Verdict;
                return Step::Show;
            }
            // Whoever leaves here has not said why: this pair stays open.
            "q" | "quit" => {
                self.asking = Asking::Nothing;
                return Step::Show;
            }
            _ => {}
        }
        let Ok(number) = line.parse::<usize>() else { return Step::Seal(line.to_owned()) };
        if let Some(reason) = number.checked_sub(1).and_then(|at| FIXED_REASONS.get(at)) {
            return Step::Seal((*reason).to_owned());
        }
        "There is no reason of that number.".clone_into(&mut self.notice);
        Step::Show
    }

    /// The reason was sealed: the decision waits to be written, and the next pair comes.
    fn accept(&mut self, reason: String) {
        let (Asking::Reason(verdict), Some(case)) = (self.asking, self.queue.cases.get(self.at)) else {
            return;
        };
        self.pending.insert(self.at, Taken { pair: case.pair, verdict, reason });
        self.onwards();
    }

    /// The reason was not taken: it is asked for again.
    fn refuse(&mut self, words: String) {
        self.notice = words;
    }

    fn onwards(&mut self) {
        self.at += 1;
        self.asking = if self.at < self.queue.cases.len() { Asking::Verdict } else { Asking::Nothing };
    }

    /// What is to be written now: a batch when enough wait, and all at the end.
    fn due(&mut self) -> Vec<Taken> {
        if self.pending.len() < BATCH && !self.is_over() {
            return Vec::new();
        }
        let pending = std::mem::take(&mut self.pending);
        self.count += pending.len();
        self.written.extend(pending.iter().map(|(at, taken)| (*at, taken.verdict)));
        pending.into_values().collect()
    }
}

const fn in_words(verdict: LinkVerdict) -> &'static str {
    match verdict {
        LinkVerdict::Same => "The same child",
        LinkVerdict::Different => "Different children",
        LinkVerdict::Withdrawn => "Not sure after all",
    }
}

/// The loop: shows, reads a line, feeds it, and has done what that asks for. The end of the input is a person who left.
pub(super) fn work(
    session: &mut Session<'_>,
    input: &mut dyn BufRead,
    show: &mut dyn FnMut(&str),
    have_done: &mut dyn FnMut(Work<'_>) -> Result<Option<String>, Halt>,
) -> Result<(), Halt> {
    while !session.is_over() {
        show(&session.screen());
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            session.asking = Asking::Nothing;
        } else if let Step::Seal(text) = session.feed(&line) {
            match have_done(Work::Reason(&text)) {
                Ok(Some(sealed)) => session.accept(sealed),
                Ok(None) => {}
                Err(halt) => session.refuse(told(halt)?),
            }
        }
        let due = session.due();
        if !due.is_empty() {
            have_done(Work::Write(&due))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
