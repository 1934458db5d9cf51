//! Feeds whose service keeps a list of what changed: each changed record is read again by itself.
use super::{
    Ended, Shared, Slices, Task,
    cursor::Cursor,
    list::{Listed, Listing},
    slice::Taking,
    tenants::Tenant,
};
use crate::{
    conform::{Binding, Conformer, DocumentContext, Shape},
    definitions::connector::{Changelog, Feed, PersonKeySpec, fold},
    fault::Problem,
    pipeline::SiteFault,
    privacy::Origin,
    source::{
        service::{Reading, Refusal, Walk, Words},
        tree::Wanted,
    },
};
use std::collections::BTreeMap;

/// What a changelog says of one record in the end.
struct Change {
    object: String,
    gone: bool,
    revision: u64,
}

impl Slices<'_> {
    /// The newest revision that the changelog knows.
    pub(super) async fn newest_change(
        &self,
        shared: &mut Shared<'_, '_>,
        tenant: &Tenant,
        changelog: &Changelog,
    ) -> Result<Option<u64>, Refusal> {
        let changes = self.changelog(shared, tenant, changelog, 0).await?;
        Ok(changes.iter().map(|change| change.revision).max())
    }

    async fn changelog(
        &self,
        shared: &mut Shared<'_, '_>,
        tenant: &Tenant,
        changelog: &Changelog,
        from: u64,
    ) -> Result<Vec<Change>, Refusal> {
        let query = BTreeMap::from([(changelog.from.clone(), from.to_string())]);
        let listing = Listing { path: &changelog.path, query: &query, records: &changelog.records };
        let paths = [changelog.object.as_str(), changelog.kind.as_str(), changelog.revision.as_str()];
        let listed: Listed = self.list(shared, tenant, &listing, &paths).await?;
        let mut changes: Vec<Change> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for found in listed {
            let [Some(object), kind, Some(revision)] = <[_; 3]>::try_from(found).unwrap_or_default() else {
                return Err(Refusal::Fault(Problem::NoRecords));
            };
            let revision: u64 = revision.parse().map_err(|_| Refusal::Fault(Problem::NoRecords))?;
            let gone = kind.is_some_and(|kind| fold(&kind) == fold(&changelog.deleted));
            match known.get(&object) {
                // What happened last counts.
                Some(at) if changes[*at].revision <= revision => {
                    changes[*at] = Change { object, gone, revision };
                }
                Some(_) => {}
                None => {
                    known.insert(object.clone(), changes.len());
                    changes.push(Change { object, gone, revision });
                }
            }
        }
        Ok(changes)
    }

    /// Reads what changed since the revision that is known.
    pub(super) async fn changes(
        &self,
        shared: &mut Shared<'_, '_>,
        tenant: &Tenant,
        (at, feed): (usize, &Feed),
        changelog: &Changelog,
        held: Cursor,
    ) -> Result<Ended, SiteFault> {
        let task = Task::Feed(at, feed);
        let from = held.revision.unwrap_or_default();
        let changes = match self.changelog(shared, tenant, changelog, from).await {
            Ok(changes) => changes,
            Err(refusal) => return Ok(self.ended(shared, tenant, task, refusal)),
        };
        let params = shared.intake.source.params.clone();
        let words = Words { tenant: &tenant.id, attributes: &tenant.attributes, params: &params };
        let paths = feed.paths();
        let wanted = Wanted::of(paths.record.iter().map(String::as_str));
        let record: Vec<String> =
            changelog.record.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect();
        let reading = Reading::new(self.form, &record, &wanted, paths.document.iter().map(String::as_str));
        let context = DocumentContext {
            shape: Shape::Trees { record: &wanted, document: reading.envelope() },
            tenant: &tenant.attributes,
            params: &params,
            captures: &BTreeMap::new(),
        };
        let binding = Binding::of(feed, &context, &self.connector.nulls, self.codes, self.plans);
        let conformer = Conformer::new(&binding, self.plans, self.identity);
        let sweeps = feed.since.as_ref().is_some_and(|since| since.sweep_days.is_some());
        let scope = (feed.snapshot.is_some() || sweeps).then(|| shared.intake.scope(feed, &[&tenant.id]));
        shared.intake.begin_document()?;
        let digest = shared.intake.document_digest(changes_digest(&changes).as_bytes());
        for (number, change) in changes.iter().enumerate() {
            let origin = Origin { document: digest, part: 1, row: number as u32 + 1 };
            if change.gone {
                let key = key_of(feed, &change.object);
                shared.intake.delete_person(feed, &tenant.id, key, origin);
                continue;
            }
            let none = BTreeMap::new();
            let path = change.object.trim_start_matches('/');
            let url = match shared.service.address(&tenant.base, &path.replace(['{', '}'], ""), &none, &words)
            {
                Ok(url) => url,
                Err(problem) => return Ok(self.ended(shared, tenant, task, Refusal::Fault(problem))),
            };
            let single = crate::definitions::connector::Paging::single();
            let mut walk = Walk::new(&single, url);
            let mut taking = Taking::of_changes(
                shared.intake,
                shared.watch,
                &mut shared.drift[at],
                (&conformer, &wanted),
                feed,
                tenant,
                scope,
            );
            match walk.next(shared.service, &words, &reading, &mut |page| taking.page(page)).await {
                Ok(taken) => taken.transpose().map(|_| ())?,
                // Gone since the list was made: the next list says so.
                Err(Refusal::Fault(Problem::HttpStatus(404 | 410))) => {}
                Err(refusal) => return Ok(self.ended(shared, tenant, task, refusal)),
            }
        }
        let newest = changes.iter().map(|change| change.revision).max();
        let cursor = Cursor { revision: newest.max(held.revision), ..held };
        shared.intake.advance(&tenant.id, feed, cursor.to_string(), None);
        Ok(Ended::Done)
    }
}

fn changes_digest(changes: &[Change]) -> String {
    changes.iter().map(|change| format!("{}\u{1f}{}\n", change.object, change.revision)).collect()
}

/// The key of a record that is gone, from its address: the address itself where that is the key, else its last step.
fn key_of<'c>(feed: &Feed, object: &'c str) -> &'c str {
    let by_address =
        matches!(&feed.person, Some(PersonKeySpec::Field(keys)) if keys.iter().any(|key| key == "href"));
    if by_address { object } else { object.trim_end_matches('/').rsplit('/').next().unwrap_or(object) }
}
