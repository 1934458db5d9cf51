//! Keeps the queries portable, deterministic and of one shape: what a reader on another engine would trip over, and
//! what could give another answer tomorrow, is refused with its file and line.
mod casts;
mod of_many;
mod portable;

use super::Problem;

pub(super) use of_many::of_many;
pub(super) use portable::functions;

/// Phrases that are refused, as tokens with a space between, and why.
const BANNED: &[(&str, &str)] = &[
    ("group by all", "name the columns: not every engine knows `group by all`"),
    ("order by all", "name the columns: not every engine knows `order by all`"),
    ("qualify", "filter in the next step: not every engine knows `qualify`"),
    ("* exclude", "name the columns: not every engine knows `* exclude`"),
    ("* replace", "name the columns: not every engine knows `* replace`"),
    ("asof", "no as-of joins: not every engine knows them"),
    ("/ /", "whole-number division belongs in queries/_engine"),
    ("- >", "no lambdas and no arrows"),
    ("lambda", "no lambdas"),
    ("{", "no structures"),
    ("distinct on", "number the rows and keep the first: not every engine knows `distinct on`"),
    ("natural join", "say what a join is on"),
    ("positional join", "say what a join is on: rows have no order to be joined by"),
    ("semi join", "write `exists`: not every engine knows `semi join`"),
    ("anti join", "write `not exists`: not every engine knows `anti join`"),
    ("by name", "name the columns: not every engine knows `by name`"),
    ("window", "write each window where it is used: it says its order and frame there"),
    ("limit", "which rows come first depends on the order of arrival"),
    ("pivot", "write the columns out: not every engine knows `pivot`"),
    ("unpivot", "write the rows out: not every engine knows `unpivot`"),
    ("ilike", "not every engine knows `ilike`"),
    ("glob", "not every engine knows `glob`"),
    (": :", "write `cast(x as type)`"),
    ("[", "no lists"),
    ("unnest", "no lists"),
    ("array_agg", "no lists"),
    ("list", "no lists"),
    ("list_", "no list functions"),
    ("regexp", "no regular expressions: engines differ"),
    ("similar to", "no regular expressions: engines differ"),
    ("~", "no regular expressions: engines differ"),
    ("tablesample", "no sampling"),
    ("using sample", "no sampling"),
    ("random", "nothing random"),
    ("current_date", "the day is `build_context.as_of`"),
    ("current_timestamp", "no clock"),
    ("now", "no clock"),
    ("today", "no clock"),
    ("avg", "a mean is a whole-number or decimal sum over a count"),
    ("stddev", "no sums of floating-point numbers"),
    ("corr", "no sums of floating-point numbers"),
    ("double", "no floating-point numbers"),
    ("float", "no floating-point numbers"),
    ("real", "no floating-point numbers"),
    ("first", "`first` depends on the order of arrival"),
    ("any_value", "`any_value` depends on the order of arrival"),
];

/// Functions whose window needs no frame, because each row's answer does not depend on one.
const UNFRAMED: &[&str] = &["row_number", "rank", "dense_rank", "lag", "lead", "ntile"];

/// Functions whose answer is whatever order the rows came in, where their window says none.
const ORDERED: &[&str] =
    &["row_number", "rank", "dense_rank", "lag", "lead", "ntile", "first_value", "last_value", "nth_value"];

struct Token {
    /// A word in full, a symbol, or `''` for any text.
    text: String,
    /// What a text says.
    said: String,
    line: usize,
}

impl Token {
    fn is(&self, text: &str) -> bool {
        self.text == text
    }

    fn is_text(&self) -> bool {
        self.text == "''"
    }

    fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }
}

/// Everything the house rules have against a query file, in the order of its lines.
pub(super) fn lint(file: &str, sql: &str) -> Vec<Problem> {
    let tokens = tokens(sql);
    let mut found: Vec<(usize, String)> = Vec::new();
    banned_phrases(&tokens, &mut found);
    orderings(&tokens, &mut found);
    windows(&tokens, &mut found);
    portable::sums(&tokens, &mut found);
    casts::casts(&tokens, &mut found);
    for token in &tokens {
        if token.text.chars().any(|c| c.is_ascii_uppercase()) {
            found.push((token.line, format!("`{}`: SQL is written in lower case", token.text)));
        }
    }
    let tail: Vec<&str> = tokens.iter().rev().take(4).map(|token| token.text.as_str()).collect();
    if tail != ["final", "from", "*", "select"] {
        found.push((sql.lines().count(), "the last line is `select * from final`".to_owned()));
    }
    found.sort();
    found.into_iter().map(|(line, what)| Problem { file: file.to_owned(), line, what }).collect()
}

/// Words and single symbols; comments are left out and a text literal is one token `''`.
fn tokens(sql: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let chars: Vec<char> = sql.chars().collect();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let here = chars[at];
        let next = chars.get(at + 1).copied();
        let begins = at;
        if here == '-' && next == Some('-') {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if here == '/' && next == Some('*') {
            at += 2;
            while at < chars.len() && !(chars[at - 1] == '*' && chars[at] == '/' && at > begins + 2) {
                at += 1;
            }
            at += 1;
        } else if here == '\'' {
            at += 1;
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            at += 1;
            let said = chars[begins + 1..at.saturating_sub(1).min(chars.len())].iter().collect();
            out.push(Token { text: "''".to_owned(), said, line });
        } else if here.is_alphanumeric() || here == '_' {
            while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                at += 1;
            }
            out.push(Token { text: chars[begins..at].iter().collect(), said: String::new(), line });
        } else {
            if !here.is_whitespace() {
                out.push(Token { text: here.to_string(), said: String::new(), line });
            }
            at += 1;
        }
        line += chars[begins..at.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    out
}

fn banned_phrases(tokens: &[Token], found: &mut Vec<(usize, String)>) {
    for (position, token) in tokens.iter().enumerate() {
        // `nulls first` is the one `first` that is wanted.
        if token.text == "first" && position > 0 && tokens[position - 1].text == "nulls" {
            continue;
        }
        for (phrase, why) in BANNED {
            let is_prefix = phrase.ends_with('_');
            let matches = phrase.split(' ').enumerate().all(|(offset, word)| {
                tokens.get(position + offset).is_some_and(|candidate| {
                    if is_prefix { candidate.text.starts_with(word) } else { candidate.text == word }
                })
            });
            if matches || (*phrase == "regexp" && token.text.starts_with("regexp")) {
                found.push((token.line, (*why).to_owned()));
            }
        }
    }
}

/// Every item of every `order by` says where its nulls go.
fn orderings(tokens: &[Token], found: &mut Vec<(usize, String)>) {
    for position in 1..tokens.len() {
        if tokens[position - 1].text != "order" || tokens[position].text != "by" {
            continue;
        }
        let mut depth = 0_i32;
        let mut item: Vec<&Token> = Vec::new();
        let mut items: Vec<Vec<&Token>> = Vec::new();
        for token in &tokens[position + 1..] {
            match token.text.as_str() {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            let ends_here = depth < 0
                || (depth == 0 && ["rows", "range", "groups", "limit"].contains(&token.text.as_str()));
            if ends_here {
                break;
            }
            if depth == 0 && token.text == "," {
                items.push(std::mem::take(&mut item));
            } else {
                item.push(token);
            }
        }
        items.push(item);
        for item in items {
            let tail: Vec<&str> = item.iter().rev().take(2).map(|token| token.text.as_str()).collect();
            if tail != ["first", "nulls"] && tail != ["last", "nulls"] {
                let line = item.first().map_or(tokens[position].line, |token| token.line);
                found.push((line, "an ordering says `nulls first` or `nulls last`".to_owned()));
            }
        }
    }
}

/// Every ordered window over an aggregate says its frame, and whatever numbers or looks along rows says their order.
fn windows(tokens: &[Token], found: &mut Vec<(usize, String)>) {
    for position in 1..tokens.len().saturating_sub(1) {
        if tokens[position].text != "over" || tokens[position + 1].text != "(" {
            continue;
        }
        let inside = matching(tokens, position + 1);
        let is_ordered = inside.iter().any(|token| token.text == "order");
        let function = function_before(tokens, position);
        if !is_ordered && function.is_some_and(|name| ORDERED.contains(&name)) {
            let what =
                "whatever numbers rows or looks along them says in which order: else it is that of arrival";
            found.push((tokens[position].line, what.to_owned()));
        }
        if function.is_some_and(|name| UNFRAMED.contains(&name)) {
            continue;
        }
        let is_framed = inside.iter().any(|token| token.text == "rows");
        if is_ordered && !is_framed {
            found.push((
                tokens[position].line,
                "an ordered window over an aggregate says its frame".to_owned(),
            ));
        }
    }
}

/// The tokens between an opening bracket and its own closing one.
fn matching(tokens: &[Token], opening: usize) -> &[Token] {
    let mut depth = 0_i32;
    for (offset, token) in tokens[opening..].iter().enumerate() {
        match token.text.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &tokens[opening..opening + offset];
        }
    }
    &tokens[opening..]
}

/// The name of the function whose call ends just before `over`.
fn function_before(tokens: &[Token], over: usize) -> Option<&str> {
    let mut depth = 0_i32;
    for position in (0..over).rev() {
        match tokens[position].text.as_str() {
            ")" => depth += 1,
            "(" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return position.checked_sub(1).map(|before| tokens[before].text.as_str());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(sql: &str) -> Vec<(usize, String)> {
        lint("spine/x.sql", &format!("{sql}\nselect * from final"))
            .into_iter()
            .map(|p| (p.line, p.what))
            .collect()
    }

    #[test]
    fn what_other_engines_do_not_know_is_refused_with_its_line() {
        for (sql, line) in [
            ("select a\nfrom t group by all", 2),
            ("select a from t\nqualify x", 2),
            ("select * exclude (a) from t", 1),
            ("\n\nselect 7 // 2", 3),
            ("select a::date", 1),
            ("select list_sum(a)", 1),
            ("select regexp_matches(a, 'b')", 1),
            ("select current_date", 1),
            ("select avg(a) from t", 1),
            ("select distinct on (a) b from t", 1),
            ("select a from t\nwindow w as (partition by b)", 2),
            ("select a from t\norder by a asc nulls last\nlimit 1", 3),
            ("select {'a': 1}", 1),
            ("select a from t semi join u on b", 1),
            ("select sum(a / b) from t", 1),
            ("SELECT 1", 1),
        ] {
            assert_eq!(whats(sql).first().map(|(line, _)| *line), Some(line), "{sql}");
        }
    }

    #[test]
    fn words_in_comments_and_texts_are_not_sql() {
        assert_eq!(whats("/* QUALIFY :: */ -- current_date [\nselect 'avg // x'"), []);
    }

    #[test]
    fn an_ordering_without_nulls_and_a_window_without_a_frame_are_refused() {
        assert_eq!(whats("select rank() over (order by coalesce(a, 1) desc nulls last, b)").len(), 1);
        assert_eq!(whats("select sum(a) over (order by b asc nulls last)").len(), 1);
        assert_eq!(
            whats("select sum(a) over (partition by b), lag(c) over (order by d asc nulls first)"),
            []
        );
        assert_eq!(
            whats(
                "select sum(case when a then 1 else 0 end) over (order by b asc nulls last rows between x and y)"
            ),
            []
        );
    }

    #[test]
    fn numbering_rows_without_an_order_is_refused() {
        for sql in [
            "select row_number() over () from t",
            "select a,\n    rank() over (partition by b) from t",
            "select lag(a) over (partition by b) from t",
            "select first_value(a) over () from t",
            "select nth_value(coalesce(a, b), 2) over (partition by c) from t",
        ] {
            let found = whats(sql);
            assert_eq!(found.len(), 1, "{sql}");
            assert_eq!(found[0].0, sql.lines().count(), "{sql}");
            assert!(found[0].1.contains("in which order"), "{sql}");
        }
        assert_eq!(
            whats("select count(*) over (partition by b), row_number() over (order by a asc nulls last)"),
            []
        );
    }

    #[test]
    fn a_join_by_position_is_refused() {
        assert_eq!(
            whats("select a.x, b.y from a\npositional join b"),
            [(2, "say what a join is on: rows have no order to be joined by".to_owned())]
        );
    }

    #[test]
    fn the_last_line_is_always_the_same() {
        assert_eq!(lint("x", "select 1").len(), 1);
    }
}
