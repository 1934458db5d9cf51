//! What an answer says: about itself, about where the next page is, and about how long to wait.
use crate::{
    definitions::connector::{AnswerFormat, Failure, PageStep, RestForm, StatusAction, Success, Total, fold},
    fault::Problem,
    source::{
        json::{self, Answer},
        tree::{Path, Tree, Wanted},
        xml,
    },
};
use chrono::{DateTime, Utc};
use reqwest::{
    StatusCode,
    header::{self, HeaderMap},
};
use std::time::Duration;

/// What is read of one kind of answer.
pub struct Reading<'r> {
    records: &'r [String],
    wanted: &'r Wanted,
    envelope: Wanted,
    format: AnswerFormat,
    success: Option<(&'r Success, Path)>,
    failure: Option<(&'r Failure, Path)>,
    pub(super) next: Option<Path>,
    pub(super) pages: Option<Path>,
    total: Option<Path>,
    total_header: Option<&'r str>,
    at: String,
}

impl<'r> Reading<'r> {
    /// Records at a path, with what is wanted of each; `around` are further paths wanted of the envelope.
    pub fn new<'p>(
        form: &'r RestForm,
        records: &'r [String],
        wanted: &'r Wanted,
        around: impl IntoIterator<Item = &'p str>,
    ) -> Self {
        let (next, pages) = match &form.paging.step {
            PageStep::NextLink(at) | PageStep::Cursor { at, .. } => (Some(at.as_str()), None),
            PageStep::Page { pages, .. } => (None, pages.as_deref()),
            _ => (None, None),
        };
        let (total, total_header) = match &form.paging.total {
            Some(Total::Path(path)) => (Some(path.as_str()), None),
            Some(Total::Header(header)) => (None, Some(header.as_str())),
            None => (None, None),
        };
        let (success, failure) = (form.success.as_ref(), form.failure.as_ref());
        let own = [next, pages, total, success.map(|s| s.at.as_str()), failure.map(|f| f.at.as_str())];
        let mut paths: Vec<String> = own.into_iter().flatten().map(str::to_owned).collect();
        paths.extend(around.into_iter().map(str::to_owned));
        let envelope = Wanted::of(paths.iter().map(String::as_str));
        let path = |path: Option<&str>| path.and_then(|path| envelope.path("", path));
        Self {
            records,
            wanted,
            format: form.format,
            success: success.and_then(|success| Some((success, path(Some(&success.at))?))),
            failure: failure.and_then(|failure| Some((failure, path(Some(&failure.at))?))),
            next: path(next),
            pages: path(pages),
            total: path(total),
            total_header,
            at: next.unwrap_or_default().to_owned(),
            envelope,
        }
    }

    /// A path of the envelope, looked up.
    pub fn around(&self, path: &str) -> Option<Path> {
        self.envelope.path("", path)
    }

    /// What is wanted of the envelope.
    pub const fn envelope(&self) -> &Wanted {
        &self.envelope
    }

    /// Reads an answer that came with status 200 and may still be none.
    pub(super) fn read<'d>(&self, bytes: &'d [u8]) -> Result<Answer<'d>, Miss> {
        let answer = match self.format {
            AnswerFormat::Json => json::read(bytes, self.records, self.wanted, &self.envelope),
            AnswerFormat::Xml => xml::read(bytes, self.records, self.wanted, &self.envelope),
        }
        .map_err(Miss::again)?;
        let said = |path: &Path| answer.envelope.at(path).and_then(Tree::scalar_text).map(|text| fold(&text));
        if let Some((failure, path)) = &self.failure
            && let Some(word) = said(path)
        {
            let transient = failure.transient.iter().any(|text| fold(text) == word);
            return Err(if transient {
                Miss::again(Problem::ServiceFailed)
            } else {
                Miss::Lasting(Problem::ServiceFailed)
            });
        }
        if let Some((success, path)) = &self.success
            && said(path) != Some(fold(&success.is))
        {
            return Err(Miss::again(Problem::ServiceFailed));
        }
        if answer.records.is_none() {
            return Err(Miss::again(Problem::NoRecords));
        }
        Ok(answer)
    }

    /// A scalar of the envelope.
    pub(super) fn scalar(answer: &Answer<'_>, path: Option<&Path>) -> Option<String> {
        let text = answer.envelope.at(path?)?.scalar_text()?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The number of records that the service says there are.
    pub(super) fn total(&self, answer: &Answer<'_>, facts: &Facts) -> Option<u64> {
        match self.total_header {
            Some(_) => facts.total,
            None => Self::scalar(answer, self.total.as_ref())?.parse().ok(),
        }
    }

    /// Whether the block that should hold the next page's address is missing altogether.
    pub(super) fn lacks_paging(&self, answer: &Answer<'_>) -> bool {
        let Some((block, _)) = self.at.rsplit_once('.') else { return false };
        let there = |path: Path| matches!(answer.envelope.at(&path), Some(Tree::Fields(_)));
        !self.envelope.path("", block).is_some_and(there)
    }

    pub(super) const fn total_header(&self) -> Option<&str> {
        self.total_header
    }
}

/// What the headers of an answer said.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The service's clock.
    pub date: Option<DateTime<Utc>>,
    pub(super) next: Option<String>,
    pub(super) last: Option<String>,
    pub(super) total: Option<u64>,
}

impl Facts {
    pub(super) fn of(headers: &HeaderMap, total_header: Option<&str>) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (mut next, mut last) = (None, None);
        for value in headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok()) {
            for (address, relation) in links(value) {
                match relation {
                    "next" => next = Some(address.to_owned()),
                    "last" => last = Some(address.to_owned()),
                    _ => {}
                }
            }
        }
        let total = total_header.and_then(|name| text(name)?.trim().parse().ok());
        Self { date: date(headers), next, last, total }
    }
}

/// The service's clock.
fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    instant(headers.get(header::DATE)?.to_str().ok()?)
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text.trim()).ok().map(|at| at.to_utc())
}

/// The links of a `Link` header with their relations. The angle brackets may be missing: one vendor leaves them out.
fn links(value: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    // A comma separates links only where a new address begins: an address may hold one itself.
    let mut starts = vec![0];
    for (at, _) in value.match_indices(',') {
        let after = value[at + 1..].trim_start();
        if ["<", "http://", "https://", "/"].iter().any(|begin| after.starts_with(begin)) {
            starts.push(at + 1);
        }
    }
    starts.push(value.len() + 1);
    for pair in starts.windows(2) {
        let link = value[pair[0]..pair[1] - 1].trim();
        let (address, parameters) = match link.strip_prefix('<').and_then(|link| link.split_once('>')) {
            Some((address, parameters)) => (address, parameters),
            None => link.split_once(';').unwrap_or((link, "")),
        };
        for parameter in parameters.split(';') {
            let Some((name, relation)) = parameter.split_once('=') else { continue };
            if name.trim().eq_ignore_ascii_case("rel") {
                found.push((address.trim(), relation.trim().trim_matches('"')));
            }
        }
    }
    found
}

/// Why one attempt gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// Asking again may help; the service may have said when.
    Again { problem: Problem, hint: Option<Duration> },
    /// A new token may help.
    Renew(Problem),
    /// Asking again would not help.
    Lasting(Problem),
    /// This feed is not granted.
    NotGranted(Problem),
    /// The tenant took its consent back.
    Revoked,
}

impl Miss {
    pub(super) const fn again(problem: Problem) -> Self {
        Self::Again { problem, hint: None }
    }

    /// What a status means: what the connector says of it, else the usual.
    pub(super) fn of_status(status: StatusCode, headers: &HeaderMap, form: &RestForm) -> Self {
        let problem = Problem::HttpStatus(status.as_u16());
        let rule = form.errors.iter().find(|rule| rule.status == status.as_u16()).map(|rule| rule.action);
        let usual = match status.as_u16() {
            401 => StatusAction::Refresh,
            408 | 425 | 429 | 500..=599 => StatusAction::Retry,
            _ => StatusAction::Fail,
        };
        match rule.unwrap_or(usual) {
            StatusAction::Retry => Self::Again { problem, hint: hint(headers) },
            StatusAction::Refresh => Self::Renew(problem),
            StatusAction::SkipFeed => Self::NotGranted(problem),
            StatusAction::Revoked => Self::Revoked,
            StatusAction::Fail => Self::Lasting(problem),
        }
    }
}

/// How long the service asks to wait: seconds, or an instant by its own clock. Nothing, the past and words are no hint.
fn hint(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.parse::<i64>() {
        Ok(seconds) => seconds,
        Err(_) => (instant(text)? - date(headers).unwrap_or_else(Utc::now)).num_seconds(),
    };
    // More than a day is the next run's affair; a number without sense would overrun the clock.
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(|s| Duration::from_secs(s.min(86_400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect::<HeaderMap>()
    }

    #[test]
    fn both_forms_of_a_hint_and_no_hint() {
        let date = ("date", "Mon, 02 Mar 2026 04:00:00 GMT");
        let wait = |value: &str| hint(&headers(&[date, ("retry-after", value)]));
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Mon, 02 Mar 2026 04:00:09 GMT"), Some(Duration::from_secs(9)));
        for none in ["0", "-3", "Mon, 02 Mar 2026 03:59:59 GMT", "soon", ""] {
            assert_eq!(wait(none), None, "{none}");
        }
    }

    #[test]
    fn links_with_and_without_brackets() {
        let value =
            r#"<https://x.example/a?limit=2,3&offset=2>; rel="next", <https://x.example/z>; rel=last"#;
        assert_eq!(
            links(value),
            [("https://x.example/a?limit=2,3&offset=2", "next"), ("https://x.example/z", "last")]
        );
        let bare = r#"https://x.example/a?offset=2; rel="next", https://x.example/z; rel="last""#;
        assert_eq!(links(bare), [("https://x.example/a?offset=2", "next"), ("https://x.example/z", "last")]);
    }
}
