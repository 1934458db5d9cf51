//! The few words of XML that a sheet needs, found by position: names without their prefixes, attributes, text.
use memchr::memchr;

/// A tag: what stands between `<` and `>`.
#[derive(Clone, Copy)]
pub(super) struct Tag<'x> {
    /// The name without its prefix.
    pub(super) name: &'x str,
    attributes: &'x str,
    /// `</..>`.
    pub(super) closes: bool,
    /// `<../>`.
    pub(super) empty: bool,
    /// Where the text behind it begins.
    pub(super) end: usize,
}

/// The next tag at or after a place. Comments and declarations come out as tags of no known name.
pub(super) fn next_tag(xml: &str, from: usize) -> Option<Tag<'_>> {
    let start = from + near(b'<', xml.as_bytes().get(from..)?)?;
    let stop = start + near(b'>', &xml.as_bytes()[start..])?;
    let inner = &xml[start + 1..stop];
    let (inner, closes) = inner.strip_prefix('/').map_or((inner, false), |rest| (rest, true));
    let (inner, empty) = inner.strip_suffix('/').map_or((inner, false), |rest| (rest, true));
    let end = inner.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(inner.len());
    let (name, attributes) = inner.split_at(end);
    let name = local(name);
    Some(Tag { name, attributes, closes, empty, end: stop + 1 })
}

/// The place of a byte that is mostly a few bytes away: looking at these is quicker than preparing to search.
pub(super) fn near(byte: u8, bytes: &[u8]) -> Option<usize> {
    const NEAR: usize = 16;
    let found = bytes.iter().take(NEAR).position(|own| *own == byte);
    found.or_else(|| memchr(byte, bytes.get(NEAR..)?).map(|at| NEAR + at))
}

/// A text without the space before it, of which there is mostly one or none.
fn begun(text: &str) -> &str {
    let rest = text.strip_prefix(' ').unwrap_or(text);
    if rest.bytes().next().is_some_and(|first| first.is_ascii_graphic()) { rest } else { rest.trim_start() }
}

/// A name without its prefix. Names are a few letters: looking at each is quicker than searching.
fn local(name: &str) -> &str {
    name.bytes().position(|byte| byte == b':').map_or(name, |colon| &name[colon + 1..])
}

impl<'x> Tag<'x> {
    /// Its attributes by name without prefix, in their order. Values are as written.
    pub(super) fn attributes(&self) -> Attributes<'x> {
        Attributes { rest: self.attributes }
    }

    /// One attribute, as written.
    pub(super) fn attribute(&self, name: &str) -> Option<&'x str> {
        self.attributes().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether an attribute says yes.
    pub(super) fn says(&self, name: &str) -> bool {
        self.attribute(name).is_some_and(|value| matches!(value, "1" | "true" | "on"))
    }
}

/// Attributes one after the other.
pub(super) struct Attributes<'x> {
    rest: &'x str,
}

impl<'x> Iterator for Attributes<'x> {
    type Item = (&'x str, &'x str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = begun(self.rest);
        let equals = near(b'=', rest.as_bytes())?;
        let name = &rest[..equals];
        let name = if name.ends_with(|last: char| last.is_ascii_graphic()) { name } else { name.trim_end() };
        let name = local(name);
        let value = begun(&rest[equals + 1..]);
        let quote = value.bytes().next().filter(|quote| matches!(quote, b'"' | b'\''))?;
        let end = 1 + near(quote, &value.as_bytes()[1..])?;
        self.rest = &value[end + 1..];
        Some((name, &value[1..end]))
    }
}

/// Appends text as it reads: entities resolved, and the `_x000D_` with which workbooks write control characters. An
/// unknown entity stays as written; there are no others here, for no declaration is read.
pub(super) fn push_text(out: &mut String, raw: &str) {
    if memchr(b'&', raw.as_bytes()).is_none() {
        push_escaped(out, raw);
        return;
    }
    match quick_xml::escape::unescape(raw) {
        Ok(text) => push_escaped(out, &text),
        Err(_) => push_escaped(out, raw),
    }
}

fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    if memchr(b'_', rest.as_bytes()).is_none() {
        out.push_str(rest);
        return;
    }
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"_x") {
        let code = rest.get(at + 2..at + 7).and_then(|code| code.strip_suffix('_'));
        let letter = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let past = if let Some(letter) = letter {
            out.push_str(&rest[..at]);
            out.push(letter);
            at + 7
        } else {
            out.push_str(&rest[..at + 2]);
            at + 2
        };
        rest = &rest[past..];
    }
    out.push_str(rest);
}

/// The text of a shared or inline string: its `t` elements, in runs or alone, and no reading aids (`rPh`). Ends at the
/// tag that closes `around`, or with the markup; returns the place behind it.
pub(super) fn push_string(out: &mut String, xml: &str, from: usize, around: &str) -> usize {
    let (mut at, mut aside) = (from, false);
    while let Some(tag) = next_tag(xml, at) {
        match (tag.name, tag.closes) {
            (name, true) if name == around => return tag.end,
            ("rPh", closes) => aside = !closes && !tag.empty,
            ("t", false) if !tag.empty => {
                let stop =
                    memchr(b'<', &xml.as_bytes()[tag.end..]).map_or(xml.len(), |found| tag.end + found);
                if !aside {
                    push_text(out, &xml[tag.end..stop]);
                }
                at = stop;
                continue;
            }
            _ => {}
        }
        at = tag.end;
    }
    xml.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_its_runs_without_reading_aids() {
        let xml = "<x:si><x:r><x:rPr><x:b/></x:rPr><x:t xml:space=\"preserve\">Year &amp; </x:t></x:r><x:r><x:t>Group_x000D_ a_xb</x:t></x:r><rPh sb=\"0\"><t>x</t></rPh></x:si><si>";
        let mut text = String::new();
        let end = push_string(&mut text, xml, 6, "si");
        assert_eq!((text.as_str(), &xml[end..]), ("Year & Group\r a_xb", "<si>"));
    }

    #[test]
    fn attributes_are_found_without_their_prefixes() {
        let tag = next_tag("  <sheet name='A &gt; B' r:id = \"rId3\" hidden=\"1\"/>", 0).unwrap();
        assert_eq!((tag.name, tag.empty, tag.closes), ("sheet", true, false));
        assert_eq!((tag.attribute("id"), tag.attribute("name")), (Some("rId3"), Some("A &gt; B")));
        assert!(tag.says("hidden") && !tag.says("name"));
    }
}
