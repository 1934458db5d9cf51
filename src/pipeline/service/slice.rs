//! One tenant's records of one feed: asked for since the cursor or in full, walked until that is proven, taken in.
use super::{Ended, Shared, Slices, Task, cursor::Cursor, drift::Drift, list::MOST_WALKS, tenants::Tenant};
use crate::{
    conform::{Binding, Conformer, DocumentContext, Record, Shape},
    definitions::connector::{Feed, SinceBy, What},
    fault::{Place, Problem},
    pipeline::{
        SiteFault, Watch,
        intake::{Belonging, Intake},
    },
    privacy::{Digest16, Origin},
    source::{
        service::{Page, Reading, Refusal, Walk, Words},
        tree::{Path, Tree, Wanted},
    },
};
use chrono::{DateTime, Utc};
use reqwest::Url;
use std::{collections::BTreeMap, time::Duration};

/// What a slice is asked for.
struct Question {
    first: Url,
    held: Cursor,
    in_full: bool,
    started: DateTime<Utc>,
    scope: Option<Digest16>,
}

/// How a walk ended that saw every page.
struct Seen {
    /// The earlier of the service's clock and ours when it was begun.
    began: DateTime<Utc>,
    revision: Option<u64>,
    last: Option<Origin>,
    total: Option<u64>,
}

impl Slices<'_> {
    /// Reads one slice. It counts as read only where nothing speaks against its being whole.
    pub(super) async fn slice(
        &self,
        shared: &mut Shared<'_, '_>,
        tenant: &Tenant,
        (at, feed): (usize, &Feed),
    ) -> Result<Ended, SiteFault> {
        if shared.intake.is_done(&tenant.id, feed) {
            return Ok(Ended::Done);
        }
        let held = held(shared.intake, tenant, feed)?;
        let started = shared.intake.site.now();
        let in_full = self.full || self.look || held.is_due_in_full(feed, started);
        if let (Some(changelog), false) = (&feed.changelog, in_full) {
            return self.changes(shared, tenant, (at, feed), changelog, held).await;
        }
        let mut held = held;
        if let (Some(since), false) = (self.since, in_full) {
            held.until = held.until.map(|until| until.min(since));
        }
        if let (Some(changelog), true) = (&feed.changelog, in_full && !self.look) {
            // Asked before the list: what changes while the list is read is then read again.
            match self.newest_change(shared, tenant, changelog).await {
                Ok(newest) => held.revision = newest.or(held.revision),
                Err(refusal) => return Ok(self.ended(shared, tenant, Task::Feed(at, feed), refusal)),
            }
        }
        let mut query = feed.query.clone();
        query.extend((!in_full).then(|| held.query(feed)).flatten());
        let params = shared.intake.source.params.clone();
        let words = Words { tenant: &tenant.id, attributes: &tenant.attributes, params: &params };
        let first = match shared.service.address(&tenant.base, &feed.path, &query, &words) {
            Ok(first) => first,
            Err(problem) => {
                return Ok(self.ended(shared, tenant, Task::Feed(at, feed), Refusal::Fault(problem)));
            }
        };
        let sweeps = feed.since.as_ref().is_some_and(|since| since.sweep_days.is_some());
        let scope = (feed.snapshot.is_some() || sweeps).then(|| shared.intake.scope(feed, &[&tenant.id]));
        let question = Question { first, held, in_full, started, scope };
        let seen = match self.proven(shared, tenant, (at, feed), &question).await? {
            Ok(seen) => seen,
            Err(refusal) => return Ok(self.ended(shared, tenant, Task::Feed(at, feed), refusal)),
        };
        close(shared.intake, tenant, feed, &question, &seen);
        Ok(Ended::Done)
    }

    /// Walks the slice until a walk is proven whole.
    async fn proven(
        &self,
        shared: &mut Shared<'_, '_>,
        tenant: &Tenant,
        (at, feed): (usize, &Feed),
        question: &Question,
    ) -> Result<Result<Seen, Refusal>, SiteFault> {
        let params = shared.intake.source.params.clone();
        let words = Words { tenant: &tenant.id, attributes: &tenant.attributes, params: &params };
        let paths = feed.paths();
        let wanted = Wanted::of(paths.record.iter().map(String::as_str));
        let revision = feed.since.as_ref().and_then(|since| match &since.by {
            SinceBy::Revision(path) => Some(path.as_str()),
            SinceBy::Time { .. } => None,
        });
        let around = paths.document.iter().map(String::as_str).chain(revision);
        let reading = Reading::new(self.form, &feed.records, &wanted, around);
        let context = DocumentContext {
            shape: Shape::Trees { record: &wanted, document: reading.envelope() },
            tenant: &tenant.attributes,
            params: &params,
            captures: &BTreeMap::new(),
        };
        let binding = Binding::of(feed, &context, &self.connector.nulls, self.codes, self.plans);
        let conformer = Conformer::new(&binding, self.plans, self.identity);
        let mut doubt = Problem::ListMoves;
        let mut resumed = shared.intake.resumed(&tenant.id, feed);
        for _ in 0..MOST_WALKS {
            let paging = &self.form.paging;
            let resume = resumed.take().and_then(|point| {
                let began = Cursor::of_text(&point.started).until?;
                Some((Walk::resume(paging, question.first.clone(), &point.token)?, began))
            });
            let goes_on = resume.is_some();
            let (mut walk, began) =
                resume.unwrap_or_else(|| (Walk::new(paging, question.first.clone()), question.started));
            shared.intake.begin_document()?;
            let mut taking = Taking {
                intake: shared.intake,
                watch: shared.watch,
                drift: &mut shared.drift[at],
                conformer: &conformer,
                wanted: &wanted,
                feed,
                tenant,
                scope: question.scope,
                revision: revision.and_then(|path| reading.around(path)),
                seen: Seen { began, revision: None, last: None, total: None },
                goes_on,
            };
            loop {
                // Asked to end: what is staged waits for the next pull, which goes on from here.
                if taking.intake.site.stop.is_asked() {
                    return Ok(Err(Refusal::Later(doubt, Duration::ZERO)));
                }
                match walk.next(shared.service, &words, &reading, &mut |page| taking.page(page)).await {
                    Ok(None) => break,
                    Ok(Some(taken)) => {
                        taken?;
                        if let Some(token) = walk.token() {
                            taking.checkpoint(&token);
                        }
                    }
                    Err(refusal) => return Ok(Err(refusal)),
                }
                if self.look {
                    return Ok(Ok(taking.seen));
                }
            }
            let mut seen = taking.seen;
            seen.total = walk.total().filter(|_| !goes_on);
            if let Some(problem) = walk.miscounted() {
                doubt = problem;
                continue;
            }
            if walk.is_doubtful() {
                // Records that moved up while the list was walked were passed by unseen. Two walks that saw the same
                // prove that none did.
                match shared.service.look_again(paging, question.first.clone(), &words, &reading).await {
                    Err(refusal) => return Ok(Err(refusal)),
                    Ok(trace) if trace != walk.trace() => {
                        doubt = Problem::ListMoves;
                        continue;
                    }
                    Ok(_) => {}
                }
            }
            return Ok(Ok(seen));
        }
        Ok(Err(Refusal::Later(doubt, Duration::ZERO)))
    }
}

/// Says what follows from a slice that was read whole, and moves its cursor.
fn close(intake: &mut Intake<'_>, tenant: &Tenant, feed: &Feed, question: &Question, seen: &Seen) {
    let place = Place { part: tenant.ordinal, ..intake.place(feed) };
    if question.in_full {
        if let Some(total) = seen.total {
            intake.stated_total(feed, &tenant.id, total);
        }
        if let Some(scope) = question.scope {
            let origin = seen.last.unwrap_or(Origin { document: scope, part: 1, row: 0 });
            intake.end_snapshot(feed, scope, origin, place);
        }
    }
    let cursor = Cursor {
        until: Some(seen.began),
        // A cursor that the answer does not tell leaves the one that is there. What was read in full starts anew: a
        // database that was restored counts from an earlier revision.
        revision: if question.in_full {
            seen.revision.or(question.held.revision)
        } else {
            seen.revision.max(question.held.revision)
        },
        swept: if question.in_full { Some(seen.began) } else { question.held.swept },
    };
    let of_snapshot = question.scope.filter(|_| question.in_full);
    intake.advance(&tenant.id, feed, cursor.to_string(), of_snapshot);
}

/// What the catalog says of a slice.
pub(super) fn held(intake: &Intake<'_>, tenant: &Tenant, feed: &Feed) -> Result<Cursor, SiteFault> {
    let held = intake.site.catalog.cursor(intake.source.name.as_str(), &tenant.id, feed.name.as_str())?;
    Ok(held.map(|text| Cursor::of_text(&text)).unwrap_or_default())
}

/// A slice on its way in.
pub(super) struct Taking<'t, 'i, 'c> {
    pub(super) intake: &'t mut Intake<'i>,
    pub(super) watch: &'t mut dyn Watch,
    pub(super) drift: &'t mut Drift,
    pub(super) conformer: &'t Conformer<'c>,
    pub(super) wanted: &'t Wanted,
    pub(super) feed: &'t Feed,
    pub(super) tenant: &'t Tenant,
    pub(super) scope: Option<Digest16>,
    revision: Option<Path>,
    seen: Seen,
    goes_on: bool,
}

impl<'t, 'i, 'c> Taking<'t, 'i, 'c> {
    /// A way in for records that are asked for one by one.
    pub(super) fn of_changes(
        intake: &'t mut Intake<'i>,
        watch: &'t mut dyn Watch,
        drift: &'t mut Drift,
        (conformer, wanted): (&'t Conformer<'c>, &'t Wanted),
        feed: &'t Feed,
        tenant: &'t Tenant,
        scope: Option<Digest16>,
    ) -> Self {
        let seen = Seen { began: DateTime::UNIX_EPOCH, revision: None, last: None, total: None };
        Self {
            intake,
            watch,
            drift,
            conformer,
            wanted,
            feed,
            tenant,
            scope,
            revision: None,
            seen,
            goes_on: true,
        }
    }

    /// Takes a page in.
    pub(super) fn page(&mut self, page: &Page<'_, '_>) -> Result<(), SiteFault> {
        let place =
            Place { document: page.number, part: self.tenant.ordinal, ..self.intake.place(self.feed) };
        let document = self.intake.page_digest(page.canonical);
        // The first page's clock is the one that the whole slice is true for.
        if let (Some(date), None, false) = (page.facts.date, self.seen.last, self.goes_on) {
            self.seen.began = self.seen.began.min(date);
        }
        let told =
            self.revision.as_ref().and_then(|path| page.envelope.at(path)?.scalar_text()?.parse().ok());
        self.seen.revision = self.seen.revision.max(told);
        self.drift.see(page, self.wanted);
        let mut faults = Vec::new();
        for (at, record) in page.records.iter().enumerate() {
            let row = at as u32 + 1;
            let origin = Origin { document, part: 1, row };
            self.record(record, page.envelope, place.row(row), origin, &mut faults)?;
        }
        Intake::tick(self.watch, page.records.len());
        self.seen.last = Some(Origin { document, part: 1, row: 0 });
        Ok(())
    }

    fn record(
        &mut self,
        record: &Tree<'_>,
        document: &Tree<'_>,
        place: Place,
        origin: Origin,
        faults: &mut Vec<crate::fault::Fault>,
    ) -> Result<(), SiteFault> {
        let record = Record::Tree { record, document: Some(document) };
        let mut conformed = self.conformer.record(&record, place, origin, faults);
        self.drift.failed(faults);
        if let Ok(conformed) = &mut conformed
            && conformed.gone
            && self.feed.deleted.as_ref().is_some_and(|deleted| deleted.what == What::Person)
        {
            if let Some(person) = &conformed.person {
                let key = person.veiled().0.clone();
                self.intake.delete_person(self.feed, &self.tenant.id, &key, origin);
            }
            conformed.rows.clear();
        }
        let belonging = Belonging { feed: self.feed, tenant: &self.tenant.id, place, scope: self.scope };
        self.intake.record(conformed, std::mem::take(faults), &belonging)
    }

    fn checkpoint(&mut self, token: &str) {
        let started = Cursor { until: Some(self.seen.began), ..Cursor::default() }.to_string();
        self.intake.checkpoint(&self.tenant.id, self.feed, token, &started);
    }
}
