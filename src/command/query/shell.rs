//! One question after another, at a terminal or from a pipe.
//!
//! History stays in memory: what somebody typed may hold a value, and no file of ours does.
use super::{Asking, LONGEST};
use crate::{
    command::{Exit, Halt, Verdict, screen::Screen},
    disclosure::QUESTIONS,
    pipeline::OpenRelease,
};
use rustyline::{
    Config, Context, Editor, Helper,
    completion::Completer,
    error::ReadlineError,
    highlight::Highlighter,
    hint::Hinter,
    history::MemHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};
use std::{
    collections::BTreeSet,
    io::{BufRead, IsTerminal, Read},
};

/// What is completed beside tables and columns.
const WORDS: &[&str] = &[
    "and",
    "avg(",
    "between",
    "case when",
    "coalesce(",
    "count(*)",
    "count(distinct learner_id)",
    "desc",
    "end",
    "exists",
    "filter (where",
    "from",
    "group by",
    "in",
    "is not null",
    "is null",
    "join",
    "left join",
    "limit",
    "not",
    "or",
    "order by",
    "select",
    "sum(",
    "then",
    "using (learner_id)",
    "where",
    "with",
];

const HELP: &str = "\
select …;     a question, over as many lines as you like, to its semicolon
\\d            the tables that may be asked
\\d TABLE      the columns of one
\\spend N      what the next answers may cost, in questions: 4 is twice as exact
\\q            leave (or Ctrl-D); Ctrl-C drops what was typed so far";

/// What somebody typed.
#[derive(Debug, PartialEq, Eq)]
enum Typed<'t> {
    Nothing,
    Leave,
    Help,
    Describe(&'t str),
    Spend(Option<u64>),
    Unknown,
    Question(&'t str),
}

impl<'t> Typed<'t> {
    fn of(text: &'t str) -> Self {
        let text = text.trim();
        let Some(command) = text.strip_prefix('\\') else {
            let question = text.trim_end_matches(';').trim_end();
            return if question.is_empty() { Self::Nothing } else { Self::Question(question) };
        };
        let command = command.trim_end_matches(';').trim_end();
        let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        match word {
            "q" => Self::Leave,
            "?" | "h" => Self::Help,
            "d" | "dt" => Self::Describe(rest.trim()),
            "spend" => Self::Spend(rest.trim().parse().ok().filter(|spend| (1..=QUESTIONS).contains(spend))),
            _ => Self::Unknown,
        }
    }
}

/// Whether a text is typed to its end: a command of one line, or a statement up to its semicolon.
fn is_whole(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with('\\') || text.ends_with(';')
}

/// Where lines come from.
enum Lines {
    /// Somebody at a terminal: the editor goes on until a statement is whole.
    Person(Box<Editor<Words, MemHistory>>),
    /// A pipe or a file.
    Pipe,
}

impl Lines {
    fn open(asked: &OpenRelease) -> Result<Self, Halt> {
        if !std::io::stdin().is_terminal() {
            return Ok(Self::Pipe);
        }
        let config = Config::builder().max_history_size(1_000).map_err(|_| unopened())?.build();
        let mut editor: Editor<Words, MemHistory> =
            Editor::with_history(config, MemHistory::with_config(&Config::default()))
                .map_err(|_| unopened())?;
        editor.set_helper(Some(Words::of(asked)));
        Ok(Self::Person(Box::new(editor)))
    }

    /// The next line, or lines that are one statement; none at the end.
    fn next(&mut self) -> Option<String> {
        match self {
            Self::Person(editor) => loop {
                match editor.readline("throughline> ") {
                    Ok(text) => {
                        if !text.trim().is_empty() {
                            // A history that is full drops its oldest line, and that is no failure.
                            let _ = editor.add_history_entry(text.trim());
                        }
                        break Some(text);
                    }
                    // What was typed so far is dropped.
                    Err(ReadlineError::Interrupted) => {}
                    Err(_) => break None,
                }
            },
            Self::Pipe => {
                let mut line = String::new();
                let read = std::io::stdin().lock().take(LONGEST).read_line(&mut line);
                read.ok().filter(|read| *read > 0).map(|_| line)
            }
        }
    }
}

/// Asks until there is nothing more to ask. The exit code is that of the last question from a pipe; at a terminal it is 0.
pub(super) fn run(asking: &mut Asking<'_>, screen: &Screen) -> Verdict {
    let (_, asked) = asking.open()?;
    asking.release.clone_from(&asked.release);
    let mut lines = Lines::open(&asked)?;
    let is_person = matches!(lines, Lines::Person(_));
    if is_person {
        let release = asked.release.get(..8).unwrap_or_default();
        screen.say(&format!("Release {release}…; \\? for help, \\q to leave."));
    }
    let (mut last, mut begun) = (Exit::Done, String::new());
    loop {
        let line = lines.next();
        begun.push_str(line.as_deref().unwrap_or_default());
        // What stands at the end without its semicolon is asked all the same, and what is longer than a question can be is refused.
        if line.is_some() && !is_whole(&begun) && (begun.len() as u64) < LONGEST {
            continue;
        }
        match Typed::of(&std::mem::take(&mut begun)) {
            Typed::Leave => break,
            Typed::Nothing => {}
            typed => last = told(answer(&typed, asking, screen), screen),
        }
        if line.is_none() {
            break;
        }
    }
    Ok(if is_person { Exit::Done } else { last })
}

/// A refusal or a failure is said, and the next question may be asked.
fn told(answered: Verdict, screen: &Screen) -> Exit {
    answered.unwrap_or_else(|halt| {
        screen.fail(&halt.words);
        halt.exit
    })
}

fn unopened() -> Halt {
    Halt::new(
        Exit::Failed,
        "the terminal cannot be read line by line; ask with `throughline query \"select …\"`",
    )
}

fn answer(typed: &Typed<'_>, asking: &mut Asking<'_>, screen: &Screen) -> Verdict {
    match typed {
        Typed::Nothing | Typed::Leave => {}
        Typed::Help => screen.result(HELP),
        Typed::Describe(table) => return asking.describe(table, screen),
        Typed::Spend(Some(spend)) => {
            asking.spend = *spend;
            screen.say(&format!("The next answers cost {spend} each."));
        }
        Typed::Spend(None) => {
            return Err(Halt::new(Exit::Usage, format!("\\spend takes a number from 1 to {QUESTIONS}")));
        }
        Typed::Unknown => return Err(Halt::new(Exit::Usage, "there is no such command; \\? lists them")),
        Typed::Question(text) => return asking.ask(text, screen),
    }
    Ok(Exit::Done)
}

/// Words that the tabulator completes.
struct Words(BTreeSet<String>);

impl Words {
    fn of(asked: &OpenRelease) -> Self {
        let mut words: BTreeSet<String> = WORDS.iter().map(|word| (*word).to_owned()).collect();
        for (name, table) in asked.tables.iter().filter(|(_, table)| super::is_of_learners(table)) {
            words.insert(name.clone());
            words.extend(table.columns.iter().map(|column| column.name.clone()));
        }
        Self(words)
    }

    /// Where the word before the cursor begins, and what it may be.
    fn after(&self, line: &str) -> (usize, Vec<String>) {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let begins = line.rfind(|letter| !is_part(letter)).map_or(0, |at| at + 1);
        let part = line[begins..].to_lowercase();
        if part.is_empty() {
            return (begins, Vec::new());
        }
        (begins, self.0.range(part.clone()..).take_while(|word| word.starts_with(&part)).cloned().collect())
    }
}

impl Completer for Words {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.after(line.get(..pos).unwrap_or_default()))
    }
}

impl Validator for Words {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let is_whole = is_whole(context.input());
        Ok(if is_whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Hinter for Words {
    type Hint = String;
}

impl Highlighter for Words {}

impl Helper for Words {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_with_its_semicolon_and_a_command_with_its_line() {
        for (text, whole) in
            [("select 1", false), ("select\n1;", true), ("\\d", true), ("", true), (" ; ", true)]
        {
            assert_eq!(is_whole(text), whole, "{text}");
        }
        assert_eq!(Typed::of(" select 1\nfrom t ;"), Typed::Question("select 1\nfrom t"));
        assert_eq!(Typed::of("\\d spell;"), Typed::Describe("spell"));
        assert_eq!(Typed::of("\\d"), Typed::Describe(""));
        assert_eq!(Typed::of("\\spend 4"), Typed::Spend(Some(4)));
        assert_eq!(Typed::of("\\spend 0"), Typed::Spend(None));
        assert_eq!(
            (Typed::of("\\q"), Typed::of("\\x"), Typed::of(";")),
            (Typed::Leave, Typed::Unknown, Typed::Nothing)
        );
    }

    #[test]
    fn what_is_begun_is_completed() {
        let words = Words(["cohort_ay", "cohort_member", "count(*)", "spell"].map(str::to_owned).into());
        assert_eq!(words.after("select coh"), (7, vec!["cohort_ay".to_owned(), "cohort_member".to_owned()]));
        assert_eq!(words.after("select m.SP"), (9, vec!["spell".to_owned()]));
        assert_eq!(words.after("select "), (7, Vec::new()));
    }
}
