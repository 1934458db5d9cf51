//! `paging`: how pages follow each other, and where they end.
use serde::Deserialize;

/// So many pages are the end of patience where a connector does not say.
const MOST_PAGES: u32 = 100_000;

/// How pages follow each other.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawPaging")]
pub struct Paging {
    /// How the next page is found.
    pub step: PageStep,
    /// More pages than this are a fault, never a silent end.
    pub max_pages: u32,
    /// Where the service says how many records there are.
    pub total: Option<Total>,
    /// Pages do not move while they are walked: the service goes on from a key, not from a position.
    pub steady: bool,
}

impl Paging {
    /// One answer and no more.
    pub const fn single() -> Self {
        Self { step: PageStep::Single, max_pages: 1, total: None, steady: true }
    }
}

/// How the next page is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageStep {
    /// The answer holds the next page's address at this path.
    NextLink(String),
    /// A header links to the next page; by offset where none does.
    LinkHeader(Offset),
    /// Pages are numbered.
    Page {
        /// The parameter.
        param: String,
        /// The number of the first.
        first: u64,
        /// The parameter of the page's size.
        size_param: Option<String>,
        /// Records in a full page.
        size: Option<u64>,
        /// Path to the number of pages.
        pages: Option<String>,
        /// `{page:N}` stands after the address, behind the parameter if there is one.
        suffix: bool,
    },
    /// By the number of records before it.
    Offset(Offset),
    /// The answer holds a cursor that goes into a parameter.
    Cursor {
        /// The parameter.
        param: String,
        /// Path to it.
        at: String,
    },
    /// One answer holds everything.
    Single,
}

/// Pages by the number of records before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    /// The parameter.
    pub param: String,
    /// The parameter of the page's size, and the size.
    pub limit: Option<(String, u64)>,
}

/// Where the service says how many records there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Total {
    /// In the answer.
    Path(String),
    /// In a header.
    Header(String),
}

#[derive(Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// The answer holds the next page's address.
    NextLink,
    /// A header links to the next page; by offset where none does.
    LinkHeader,
    /// Pages are numbered.
    Page,
    /// By the number of records before it.
    Offset,
    /// The answer holds a cursor that goes into a parameter.
    Cursor,
    /// One answer holds everything.
    Single,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct RawPaging {
    /// How the next page is found.
    kind: Kind,
    /// `next_link` and `cursor`: path to the next page's address, or to the cursor.
    at: Option<String>,
    /// `page`, `offset`, `link_header` and `cursor`: the parameter.
    param: Option<String>,
    /// `page`: the number of the first.
    first: Option<u64>,
    /// `page`: the parameter of the page's size.
    size_param: Option<String>,
    /// `page`: records in a full page.
    size: Option<u64>,
    /// `page`: path to the number of pages.
    pages: Option<String>,
    /// `page`: `suffix` where `{page:N}` stands after the address.
    style: Option<String>,
    /// `offset` and `link_header`: the parameter of the page's size.
    limit_param: Option<String>,
    /// `offset` and `link_header`: records in a full page.
    limit: Option<u64>,
    /// More pages than this are a fault, never a silent end.
    max_pages: Option<u32>,
    /// Where the service says how many records there are: a path, or `header:` and a name.
    total: Option<String>,
    /// Pages do not move while they are walked.
    steady: Option<bool>,
}

impl TryFrom<RawPaging> for Paging {
    type Error = String;
    fn try_from(mut raw: RawPaging) -> Result<Self, String> {
        let step = match raw.kind {
            Kind::NextLink => PageStep::NextLink(needed(raw.at.take(), "at")?),
            Kind::LinkHeader => PageStep::LinkHeader(offset(&mut raw)?),
            Kind::Offset => PageStep::Offset(offset(&mut raw)?),
            Kind::Cursor => PageStep::Cursor {
                param: needed(raw.param.take(), "param")?,
                at: needed(raw.at.take(), "at")?,
            },
            Kind::Single => PageStep::Single,
            Kind::Page => page(&mut raw)?,
        };
        let left_over = [
            ("at", raw.at.is_some()),
            ("param", raw.param.is_some()),
            ("first", raw.first.is_some()),
            ("size_param", raw.size_param.is_some()),
            ("size", raw.size.is_some()),
            ("pages", raw.pages.is_some()),
            ("style", raw.style.is_some()),
            ("limit_param", raw.limit_param.is_some()),
            ("limit", raw.limit.is_some()),
        ];
        if let Some((key, _)) = left_over.into_iter().find(|(_, there)| *there) {
            return Err(format!("`{key}` does not go with this kind of paging"));
        }
        let total = raw.total.map(|total| match total.strip_prefix("header:") {
            Some(header) => Total::Header(header.to_lowercase()),
            None => Total::Path(total),
        });
        let steady = raw.steady.unwrap_or(matches!(step, PageStep::Cursor { .. } | PageStep::Single));
        Ok(Self { step, max_pages: raw.max_pages.unwrap_or(MOST_PAGES), total, steady })
    }
}

fn needed(value: Option<String>, key: &str) -> Result<String, String> {
    value.ok_or_else(|| format!("this kind of paging needs `{key}`"))
}

fn offset(raw: &mut RawPaging) -> Result<Offset, String> {
    let limit = match (raw.limit_param.take(), raw.limit.take()) {
        (Some(param), Some(limit)) => Some((param, limit)),
        (None, None) => None,
        _ => return Err("`limit_param` and `limit` go together".to_owned()),
    };
    Ok(Offset { param: needed(raw.param.take(), "param")?, limit })
}

fn page(raw: &mut RawPaging) -> Result<PageStep, String> {
    let suffix = match raw.style.take().as_deref() {
        None => false,
        Some("suffix") => true,
        Some(other) => return Err(format!("`{other}` is not a style of paging; the only one is suffix")),
    };
    // With a suffix it names the parameter that the number stands behind.
    let param = raw.param.take();
    let param = if suffix { param.unwrap_or_default() } else { needed(param, "param")? };
    if raw.size_param.is_some() && raw.size.is_none() {
        return Err("`size_param` needs a `size`".to_owned());
    }
    Ok(PageStep::Page {
        param,
        first: raw.first.take().unwrap_or(1),
        size_param: raw.size_param.take(),
        size: raw.size.take(),
        pages: raw.pages.take(),
        suffix,
    })
}

#[cfg(test)]
impl schemars::JsonSchema for Paging {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Paging".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        RawPaging::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Paging, String> {
        #[derive(Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        struct Holder {
            paging: Paging,
        }
        toml::from_str::<Holder>(&format!("paging = {{ {text} }}"))
            .map(|holder| holder.paging)
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn every_kind_takes_its_own_keys_and_no_others() {
        let link =
            read(r#"kind = "next_link", at = "meta.next", max_pages = 7, total = "header:X-Total""#).unwrap();
        assert_eq!(link.step, PageStep::NextLink("meta.next".into()));
        assert_eq!((link.max_pages, link.total), (7, Some(Total::Header("x-total".into()))));
        assert!(!link.steady);
        assert!(read(r#"kind = "cursor", param = "c", at = "next""#).unwrap().steady);
        let bromcom = read(r#"kind = "page", first = 0, style = "suffix", size = 100000"#).unwrap();
        assert!(matches!(bromcom.step, PageStep::Page { first: 0, suffix: true, size: Some(100_000), .. }));
        assert!(read(r#"kind = "offset", param = "offset", limit_param = "limit", limit = 100"#).is_ok());
        for (wrong, said) in [
            (r#"kind = "next_link""#, "at"),
            (r#"kind = "single", at = "x""#, "at"),
            (r#"kind = "offset", param = "offset", limit = 100"#, "limit_param"),
            (r#"kind = "page", param = "page", style = "other""#, "other"),
            (r#"kind = "page", param = "page", size_param = "n""#, "size"),
        ] {
            assert!(read(wrong).unwrap_err().contains(said), "{wrong}");
        }
    }
}
