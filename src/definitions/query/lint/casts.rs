//! Casts that nobody wrote. One engine reads `'2024-09-01'` as a day where another compares texts, one adds up truths where
//! another refuses: whatever changes its type says so with `cast`, and a day is written `date '2024-09-01'`.
use super::{Token, matching};

const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "%"];
const COMPARING: &[&str] = &["=", "<", ">"];

/// What the text of a query shows of it; the type of a column it does not show.
pub(super) fn casts(tokens: &[Token], found: &mut Vec<(usize, String)>) {
    for at in 0..tokens.len() {
        if let Some(what) = text_as_something_else(tokens, at)
            .or_else(|| truth_as_number(tokens, at))
            .or_else(|| branches_of_two_types(tokens, at))
        {
            found.push((tokens[at].line, what.to_owned()));
        }
    }
}

fn before(tokens: &[Token], at: usize) -> Option<&Token> {
    at.checked_sub(1).and_then(|before| tokens.get(before))
}

fn is_one_of(token: Option<&Token>, words: &[&str]) -> bool {
    token.is_some_and(|token| words.contains(&token.text.as_str()))
}

/// A text that is taken for a day or a number.
fn text_as_something_else(tokens: &[Token], at: usize) -> Option<&'static str> {
    let token = &tokens[at];
    if !token.is_text() {
        return None;
    }
    let (before, after) = (before(tokens, at), tokens.get(at + 1));
    if is_day(&token.said) && !is_one_of(before, &["date", "timestamp"]) && !is_one_of(after, &["as"]) {
        return Some("no implicit casts: a day is written `date '2024-09-01'`");
    }
    if is_one_of(before, ARITHMETIC) || is_one_of(after, ARITHMETIC) {
        return Some("no implicit casts: `cast(x as type)` a text before it is reckoned with");
    }
    if [-1, 1].iter().any(|step| beside(tokens, at, *step).is_some_and(Token::is_number)) {
        return Some("no implicit casts: a text is compared with a number");
    }
    None
}

/// What a comparison of one sign or two sets beside a token, before it or after it.
fn beside(tokens: &[Token], at: usize, step: isize) -> Option<&Token> {
    let mut other = at.checked_add_signed(step)?;
    while is_one_of(tokens.get(other), COMPARING) {
        other = other.checked_add_signed(step)?;
    }
    tokens.get(other).filter(|_| other.abs_diff(at) > 1)
}

fn is_day(said: &str) -> bool {
    let bytes = said.as_bytes();
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// A truth that is added up.
fn truth_as_number(tokens: &[Token], at: usize) -> Option<&'static str> {
    let opens = tokens.get(at + 1).is_some_and(|after| after.is("("));
    (tokens[at].is("sum") && opens && is_condition(&matching(tokens, at + 1)[1..]))
        .then_some("no implicit casts: a truth is counted, `count(*) filter (where ...)`, and not added up")
}

/// Whether an expression is a comparison as a whole.
fn is_condition(expression: &[Token]) -> bool {
    let mut depth = 0_i32;
    for token in expression {
        match token.text.as_str() {
            "(" | "case" => depth += 1,
            ")" | "end" => depth -= 1,
            "=" | "<" | ">" | "is" | "not" | "and" | "or" | "in" | "like" | "between" if depth == 0 => {
                return true;
            }
            _ => {}
        }
    }
    false
}

/// A `case` that gives a text here and a number there.
fn branches_of_two_types(tokens: &[Token], at: usize) -> Option<&'static str> {
    if !tokens[at].is("case") {
        return None;
    }
    let (mut depth, mut texts, mut numbers) = (0_i32, false, false);
    for (offset, token) in tokens[at..].iter().enumerate() {
        match token.text.as_str() {
            "(" | "case" => depth += 1,
            ")" | "end" => depth -= 1,
            "then" | "else" if depth == 1 => {
                let (value, next) = (tokens.get(at + offset + 1), tokens.get(at + offset + 2));
                if is_one_of(next, &["when", "else", "end"]) {
                    texts |= value.is_some_and(Token::is_text);
                    numbers |= value.is_some_and(Token::is_number);
                }
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    (texts && numbers).then_some("no implicit casts: a `case` gives a text here and a number there")
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::*;

    fn refused(sql: &str) -> usize {
        let mut found = Vec::new();
        casts(&tokens(sql), &mut found);
        found.len()
    }

    #[test]
    fn a_cast_that_nobody_wrote_is_refused() {
        for sql in [
            "where starts_on >= '2024-09-01'",
            "where starts_on between '2024-09-01' and date '2025-08-31'",
            "select '1' + n",
            "select n * '2'",
            "where '3' < 4",
            "where 4 >= '3'",
            "select sum(a = b)",
            "select sum(a is null)",
            "select sum(not a) filter (where b)",
            "select case when a then 'x' else 0 end",
            "select case a when 1 then 2 when 2 then 'x' end",
        ] {
            assert_eq!(refused(sql), 1, "{sql}");
        }
    }

    #[test]
    fn a_cast_that_is_written_and_a_text_that_is_a_text_are_not() {
        for sql in [
            "where starts_on >= date '2024-09-01'",
            "select cast('2024-09-01' as date)",
            "where level = '3' and grade in ('4', '5')",
            "select concat(level, '/', grade)",
            "select sum(case when a = b then 1 else 0 end)",
            "select sum(n) filter (where a = b)",
            "select sum(coalesce(n, 0) * greatest(a, b))",
            "select count(*) filter (where is_linked)",
            "select case when a then 'x' else case b when 1 then 'y' end end",
            "select case when a then 1 when b then case c when 'x' then 2 end end",
            "select sum(is_late) / count(*)",
        ] {
            assert_eq!(refused(sql), 0, "{sql}");
        }
    }

    #[test]
    fn it_is_refused_with_its_line() {
        let mut found = Vec::new();
        casts(&tokens("select a\nfrom t\nwhere b > '2024-09-01'"), &mut found);
        assert_eq!(found.first().map(|(line, _)| *line), Some(3));
    }
}
