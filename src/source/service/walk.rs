//! A list from its first page to its end, which is never taken on trust.
use super::{
    Facts, Reading, Refusal, Service, Trace, Words,
    address::{same_host, with_param},
    trace::hash,
};
use crate::{
    definitions::connector::{Offset, PageStep, Paging},
    fault::Problem,
    source::{json::Answer, tree::Tree},
};
use reqwest::Url;
use std::{collections::HashSet, mem, time::Duration};

/// A page on its way.
pub struct Page<'p, 'd> {
    /// Which page, from 1.
    pub number: u32,
    /// Its records.
    pub records: &'p [Tree<'d>],
    /// What was asked of the envelope.
    pub envelope: &'p Tree<'d>,
    /// Field names that nobody listed, with how many of the first records had them.
    pub unlisted: &'p [(String, u32)],
    /// How many records were looked at for unlisted names.
    pub looked_at: u32,
    /// What the headers said.
    pub facts: &'p Facts,
    /// The records as bytes that are the same whenever the records are.
    pub canonical: &'p [u8],
}

/// Walks the pages of one list to their end.
pub struct Walk<'f> {
    paging: &'f Paging,
    first: Url,
    next: Option<Place>,
    visited: HashSet<u64>,
    seen: HashSet<u64>,
    pages: u32,
    full: Option<u64>,
    trace: Trace,
    before: Option<(Place, u32, Trace)>,
    total: Option<u64>,
    total_moved: bool,
}

/// Where a page is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// At an address.
    At(Url),
    /// At the first address, with this number of the page or of the records before it.
    Number(u64),
}

impl<'f> Walk<'f> {
    /// A walk that starts at an address.
    pub fn new(paging: &'f Paging, first: Url) -> Self {
        let (first, next) = match &paging.step {
            PageStep::Page { first: number, size_param, size, .. } => {
                let sized = match (size_param, size) {
                    (Some(param), Some(size)) => with_param(&first, param, &size.to_string()),
                    _ => first,
                };
                (sized, Place::Number(*number))
            }
            PageStep::Offset(offset) => (limited(&first, offset), Place::Number(0)),
            PageStep::LinkHeader(offset) => {
                let first = limited(&first, offset);
                (first.clone(), Place::At(first))
            }
            _ => (first.clone(), Place::At(first)),
        };
        let full = full_page(paging, &first);
        Self {
            paging,
            first,
            next: Some(next),
            visited: HashSet::new(),
            seen: HashSet::new(),
            pages: 0,
            full,
            trace: Trace::default(),
            before: None,
            total: None,
            total_moved: false,
        }
    }

    /// A walk that goes on where another was cut off: at the page it had taken last, which is asked for again.
    pub fn resume(paging: &'f Paging, first: Url, token: &str) -> Option<Self> {
        let mut walk = Self::new(paging, first);
        let mut parts = token.split(' ');
        let (pages, trace, place) = (parts.next()?, parts.next()?, parts.next()?);
        walk.pages = pages.parse().ok()?;
        walk.trace = Trace::of_text(trace)?;
        walk.next = Some(match place.strip_prefix('=') {
            None => Place::Number(place.parse().ok()?),
            Some(address) => Place::At(same_host(&walk.first, address).ok()?),
        });
        Some(walk)
    }

    /// Where the page taken last is, for [`Walk::resume`]. A service may page by a key or a name: whoever keeps this
    /// keeps it sealed.
    pub fn token(&self) -> Option<String> {
        let (place, pages, trace) = self.before.as_ref()?;
        let place = match place {
            Place::Number(number) => number.to_string(),
            Place::At(url) => format!("={url}"),
        };
        Some(format!("{pages} {} {place}", trace.text()))
    }

    /// Takes the next page, or nothing at the end.
    pub async fn next<T>(
        &mut self,
        service: &mut Service,
        words: &Words<'_>,
        reading: &Reading<'_>,
        take: &mut dyn FnMut(&Page<'_, '_>) -> T,
    ) -> Result<Option<T>, Refusal> {
        let Some(place) = self.next.take() else { return Ok(None) };
        if self.pages >= self.paging.max_pages {
            return Err(Refusal::Fault(Problem::TooManyPages));
        }
        let url = self.url(&place);
        if !self.visited.insert(hash(url.as_str().as_bytes())) {
            return Err(repeated());
        }
        let before = (place.clone(), self.pages, self.trace);
        let mut canonical = mem::take(&mut service.canonical);
        let asked = service
            .ask(&url, words, reading, &mut |answer, facts| {
                self.step(&place, &url, reading, &answer, facts, &mut canonical)?;
                Ok(take(&Page {
                    number: self.pages,
                    records: answer.records.as_deref().unwrap_or_default(),
                    envelope: &answer.envelope,
                    unlisted: &answer.unlisted,
                    looked_at: answer.looked_at,
                    facts,
                    canonical: &canonical,
                }))
            })
            .await;
        service.canonical = canonical;
        let taken = asked??;
        // A link may repeat the credential, which is put in only when the request is made.
        if let Some(Place::At(url)) = &mut self.next {
            *url = service.authority.without_secret(url);
        }
        self.before = Some(before);
        Ok(Some(taken))
    }

    fn url(&self, place: &Place) -> Url {
        match (place, &self.paging.step) {
            (Place::At(url), _) => url.clone(),
            (Place::Number(n), PageStep::Page { param, suffix: true, .. }) => {
                suffixed(&self.first, param, *n)
            }
            (Place::Number(n), PageStep::Page { param, .. } | PageStep::Offset(Offset { param, .. })) => {
                with_param(&self.first, param, &n.to_string())
            }
            (Place::Number(_), _) => self.first.clone(),
        }
    }

    /// Looks a page over and finds the next one.
    fn step(
        &mut self,
        place: &Place,
        url: &Url,
        reading: &Reading<'_>,
        answer: &Answer<'_>,
        facts: &Facts,
        canonical: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let records = answer.records.as_deref().unwrap_or_default();
        let mut trace = self.trace;
        let digest = trace.see(records, canonical);
        if !records.is_empty() && !self.seen.insert(digest) {
            return Err(repeated());
        }
        let received = trace.records;
        if let Some(total) = reading.total(answer, facts) {
            self.total_moved |= self.total.is_some_and(|first| first != total);
            self.total.get_or_insert(total);
        }
        let next = self.following(place, url, reading, answer, facts, (records.len() as u64, received))?;
        self.trace = trace;
        self.pages += 1;
        self.next = next;
        Ok(())
    }

    fn following(
        &self,
        place: &Place,
        url: &Url,
        reading: &Reading<'_>,
        answer: &Answer<'_>,
        facts: &Facts,
        (here, received): (u64, u64),
    ) -> Result<Option<Place>, Refusal> {
        let link = |link: &str| same_host(url, link).map_err(Refusal::Fault);
        let told = || Reading::scalar(answer, reading.next.as_ref());
        let all = self.total.is_some_and(|total| received >= total);
        match &self.paging.step {
            PageStep::Single => Ok(None),
            PageStep::NextLink(_) => match told() {
                Some(next) => Ok(Some(Place::At(link(&next)?))),
                None if reading.lacks_paging(answer) && self.full.is_some_and(|full| here >= full) => {
                    Err(Refusal::Later(Problem::NoPaging, Duration::ZERO))
                }
                None => Ok(None),
            },
            PageStep::Cursor { param, .. } => {
                Ok(told().map(|cursor| Place::At(with_param(&self.first, param, &cursor))))
            }
            PageStep::LinkHeader(offset) => {
                // Six questions in this order: is this the last page; is there a next one; is this page empty; are
                // these all; else go on by what was received, for a service may give fewer than were asked for. The
                // sixth, too many, is asked before the page.
                if facts.last.as_deref().map(link).transpose()?.is_some_and(|last| last == *url) {
                    return Ok(None);
                }
                if let Some(next) = facts.next.as_deref().map(link).transpose()?
                    && next != *url
                {
                    return Ok(Some(Place::At(next)));
                }
                let on = with_param(&self.first, &offset.param, &received.to_string());
                Ok((here > 0 && !all).then_some(Place::At(on)))
            }
            PageStep::Offset(_) => Ok((here > 0 && !all).then_some(Place::Number(received))),
            PageStep::Page { first, size, .. } => {
                let Place::Number(number) = *place else { return Ok(None) };
                let pages = Reading::scalar(answer, reading.pages.as_ref())
                    .and_then(|pages| pages.parse::<u64>().ok());
                let more = match (pages, size) {
                    (Some(pages), _) => number + 1 < pages + first,
                    (None, Some(size)) => here >= *size,
                    (None, None) => here > 0 && !all,
                };
                Ok(more.then_some(Place::Number(number + 1)))
            }
        }
    }

    /// What was seen.
    pub const fn trace(&self) -> Trace {
        self.trace
    }

    /// How many records the service says there are.
    pub const fn total(&self) -> Option<u64> {
        self.total
    }

    /// Whether the list has to be looked at again before it counts as whole. A list on one page cannot have moved while
    /// it was read, and one that is paged by key does not skip.
    pub fn is_doubtful(&self) -> bool {
        !self.paging.steady && self.pages > 1
    }

    /// What the service's own count says against this walk.
    pub fn miscounted(&self) -> Option<Problem> {
        let miscounted = self.total_moved || self.total.is_some_and(|total| total != self.trace.records);
        miscounted.then_some(Problem::TotalDisagrees)
    }
}

impl Service {
    /// Walks a list again without taking anything, and says what was seen.
    pub async fn look_again(
        &mut self,
        paging: &Paging,
        first: Url,
        words: &Words<'_>,
        reading: &Reading<'_>,
    ) -> Result<Trace, Refusal> {
        let mut walk = Walk::new(paging, first);
        while walk.next(self, words, reading, &mut |_| ()).await?.is_some() {}
        Ok(walk.trace())
    }
}

const fn repeated() -> Refusal {
    Refusal::Later(Problem::PageRepeated, Duration::ZERO)
}

fn limited(url: &Url, offset: &Offset) -> Url {
    match &offset.limit {
        Some((param, limit)) => with_param(url, param, &limit.to_string()),
        None => url.clone(),
    }
}

/// `{page:N}` after the address; after one parameter of it where that is named.
fn suffixed(first: &Url, param: &str, number: u64) -> Url {
    let url = if param.is_empty() {
        first.clone()
    } else {
        let value = first.query_pairs().find(|(name, _)| name == param).map(|(_, value)| value.into_owned());
        with_param(first, param, &value.unwrap_or_default())
    };
    Url::parse(&format!("{url}{{page:{number}}}")).unwrap_or(url)
}

/// How many records a full page holds, as far as the connector or the address says.
fn full_page(paging: &Paging, first: &Url) -> Option<u64> {
    if let PageStep::Page { size: Some(size), .. } = &paging.step {
        return Some(*size);
    }
    let asked = ["per_page", "perpage", "pagesize", "page_size", "page-size", "size", "limit"];
    first
        .query_pairs()
        .find(|(name, _)| asked.contains(&name.to_lowercase().as_str()))
        .and_then(|(_, value)| value.parse().ok())
}
