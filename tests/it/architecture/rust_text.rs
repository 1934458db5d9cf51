//! Just enough of Rust's surface to find imports: comments and texts blanked, test-only parts left out.

/// One mention of a module of this crate.
#[derive(Debug, PartialEq, Eq)]
pub struct Mention {
    pub line: usize,
    pub module: String,
}

/// The source with comments, strings and character literals replaced by spaces; line breaks stay, so that
/// positions still give line numbers.
pub fn code_only(source: &str) -> String {
    let text: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < text.len() {
        let end = match text[at] {
            '/' if text.get(at + 1) == Some(&'/') => until_line_end(&text, at),
            '/' if text.get(at + 1) == Some(&'*') => after_block_comment(&text, at),
            '"' => after_string(&text, at),
            'r' if !is_word_before(&text, at) => after_raw_string(&text, at),
            '\'' => after_char(&text, at),
            _ => at,
        };
        if end == at {
            out.push(text[at]);
            at += 1;
        } else {
            out.extend(text[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

fn until_line_end(text: &[char], from: usize) -> usize {
    (from..text.len()).find(|i| text[*i] == '\n').unwrap_or(text.len())
}

fn after_block_comment(text: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(text.len())
}

fn after_string(text: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// The end of `r"..."` or `r#"..."#`, or `from` where no raw string begins (`r` is then a letter like any other).
fn after_raw_string(text: &[char], from: usize) -> usize {
    let hashes = text[from + 1..].iter().take_while(|c| **c == '#').count();
    let open = from + 1 + hashes;
    if text.get(open) != Some(&'"') {
        return from;
    }
    let closes = |i: usize| text[i] == '"' && (1..=hashes).all(|h| text.get(i + h) == Some(&'#'));
    (open + 1..text.len()).find(|i| closes(*i)).map_or(text.len(), |i| i + 1 + hashes)
}

/// The end of a character literal, or `from` for a lifetime.
fn after_char(text: &[char], from: usize) -> usize {
    if text.get(from + 1) == Some(&'\\') {
        return (from + 3..text.len()).find(|i| text[*i] == '\'').map_or(text.len(), |i| i + 1);
    }
    if text.get(from + 2) == Some(&'\'') { from + 3 } else { from }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_word_before(text: &[char], at: usize) -> bool {
    at > 0 && is_word(text[at - 1])
}

/// Takes what only tests see out of blanked code, and names the modules that are declared so in files of their own.
pub fn without_tests(code: &str) -> (String, Vec<String>) {
    const MARK: &str = "#[cfg(test)]";
    let mut rest = code.to_owned();
    let mut modules = Vec::new();
    while let Some(start) = rest.find(MARK) {
        let tail = &rest[start + MARK.len()..];
        let brace = tail.find('{').unwrap_or(usize::MAX);
        let semicolon = tail.find(';').unwrap_or(usize::MAX);
        let length = if semicolon < brace {
            let mut words = tail[..semicolon].split(|c: char| !is_word(c)).filter(|w| !w.is_empty());
            if let Some(name) = words.by_ref().skip_while(|w| *w != "mod").nth(1) {
                modules.push(name.to_owned());
            }
            semicolon + 1
        } else if brace < usize::MAX {
            block_length(tail, brace)
        } else {
            tail.len()
        };
        let end = start + MARK.len() + length;
        let blank: String = rest[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        rest.replace_range(start..end, &blank);
    }
    (rest, modules)
}

fn block_length(text: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in text[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at + 1;
        }
    }
    text.len()
}

/// Every module named after `crate::`, after the crate's own name (`throughline::`, as the binary says it), or
/// after so many `super::` that they reach the crate's root. `depth` is how many modules deep the file sits.
pub fn mentions(code: &str, depth: usize) -> Vec<Mention> {
    let mut found = Vec::new();
    for root in ["crate", "throughline"] {
        for (start, _) in code.match_indices(root) {
            if code[..start].chars().next_back().is_some_and(is_word) {
                continue;
            }
            collect(code, start + root.len(), &mut found);
        }
    }
    let mut from = 0;
    while let Some(start) = code[from..].find("super").map(|i| i + from) {
        let (end, count) = supers(code, start);
        if count >= depth && depth > 0 && !code[..start].chars().next_back().is_some_and(is_word) {
            collect(code, end, &mut found);
        }
        from = end;
    }
    found.sort_by(|a, b| (a.line, &a.module).cmp(&(b.line, &b.module)));
    found.dedup();
    found
}

/// Where a chain `super::super` that begins at `start` ends, and how long it is.
fn supers(code: &str, start: usize) -> (usize, usize) {
    let (mut end, mut count) = (start + "super".len(), 1);
    while code[end..].starts_with("::super") {
        end += "::super".len();
        count += 1;
    }
    (end, count)
}

/// Reads what follows a path's root: `::name`, or `::{name::.., name, ..}`.
fn collect(code: &str, at: usize, found: &mut Vec<Mention>) {
    let Some(tail) = code[at..].trim_start().strip_prefix("::") else { return };
    let tail = tail.trim_start();
    let offset = code.len() - tail.len();
    if tail.starts_with('{') {
        let group = &tail[..block_length(tail, 0)];
        for (start, name) in heads(group) {
            found.push(Mention { line: line_of(code, offset + start), module: name });
        }
    } else {
        let name: String = tail.chars().take_while(|c| is_word(*c)).collect();
        if !name.is_empty() {
            found.push(Mention { line: line_of(code, offset), module: name });
        }
    }
}

/// The first word of each item at the outermost level of a braced group.
fn heads(group: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (mut depth, mut expects) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => expects = true,
            c if depth == 1 && expects && is_word(c) => {
                found.push((at, group[at..].chars().take_while(|c| is_word(*c)).collect()));
                expects = false;
            }
            _ => {}
        }
    }
    found
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}
