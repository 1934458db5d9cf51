//! What a page shows of a terminal: commands, and below each what it says.

/// One command of a console block, and the output lines shown below it.
#[derive(Debug, PartialEq)]
pub struct Shown {
    /// The page's line, from 1.
    pub line: usize,
    pub command: String,
    pub output: Vec<String>,
}

/// The fenced blocks of a language, each with the number of its first line.
pub fn blocks(page: &str, language: &str) -> Vec<(usize, Vec<String>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, usize, Vec<String>)> = None;
    for (at, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(name)) => open = Some((name == language, at + 2, Vec::new())),
            (Some(_), Some(_)) => {
                if let Some((true, first, lines)) = open.take() {
                    blocks.push((first, lines));
                }
            }
            (Some((_, _, lines)), None) => lines.push(line.to_owned()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The commands of a block, each with what is shown below it.
pub fn commands(first: usize, lines: &[String]) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(command) = line.strip_prefix("$ ") {
            found.push(Shown { line: first + at, command: command.to_owned(), output: Vec::new() });
        } else {
            let shown = found.last_mut().unwrap_or_else(|| panic!("line {}: output of nothing", first + at));
            shown.output.push(line.trim_end().to_owned());
        }
    }
    found
}

/// Whether a line is as shown; `...` stands for anything.
fn is_like(shown: &str, said: &str) -> bool {
    let parts: Vec<&str> = shown.split("...").collect();
    let [start, between @ .., end] = &parts[..] else { return shown == said };
    // The last part ends the line, wherever else it may stand before that.
    let Some(mut rest) = said.strip_prefix(start).and_then(|rest| rest.strip_suffix(end)) else {
        return false;
    };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// The first shown line that the output lacks, in order. A line of `...` alone stands for any lines; without it, lines
/// follow each other directly.
pub fn missing<'s>(shown: &'s [String], said: &str) -> Option<&'s str> {
    let said: Vec<&str> = said.lines().map(str::trim_end).collect();
    let (mut at, mut may_skip) = (0, false);
    for line in shown {
        if line == "..." {
            may_skip = true;
            continue;
        }
        let reach = if may_skip { said.len() } else { said.len().min(at + 1) };
        match (at..reach).find(|place| is_like(line, said[*place])) {
            Some(place) => at = place + 1,
            None => return Some(line),
        }
        may_skip = false;
    }
    None
}

mod the_comparison {
    //! It can fail.
    use super::*;

    #[test]
    fn a_line_that_is_not_said_is_missed() {
        let shown = ["one", "...", "three ... x"].map(str::to_owned);
        assert_eq!(missing(&shown, "one\ntwo\nthree and x\n"), None);
        assert_eq!(missing(&shown, "one\ntwo\nthree and y\n"), Some("three ... x"));
        assert_eq!(missing(&shown, "zero\none\nthree 3 x\n"), Some("one"));
        assert_eq!(missing(&["one".into(), "three".into()], "one\ntwo\nthree\n"), Some("three"));
    }

    #[test]
    fn dots_stand_for_anything_and_nothing_else_does() {
        assert!(is_like("a ... c", "a b c") && is_like("... c", "b c") && is_like("a ...", "a b c"));
        assert!(is_like("abc", "abc"));
        assert!(is_like("in .../a", "in /tmp/a/b/a") && is_like("...b...", "a b b c"));
        assert!(!is_like("abc", "abcd") && !is_like("a ... c", "a b d") && !is_like("a ... c", "a b c d"));
    }
}
