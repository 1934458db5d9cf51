use super::{
    SiteFault, Watch,
    intake::{Belonging, Intake},
};
use crate::{
    conform::{Binding, Conformer, DocumentContext, Record, Shape},
    definitions::{
        CodeList, Connector,
        connector::{Deletions, Feed, Paging, Tenants},
    },
    fault::{Fault, Place, Problem},
    privacy::{EntityPlan, IdentityPlan, Origin},
    source::{
        json,
        rest::{Page, Service, Walk, at_path},
        tree::Wanted,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

/// How a cursor is kept: an instant in UTC.
const CURSOR: &str = "%Y-%m-%dT%H:%M:%SZ";

/// A service's slices, one tenant after the other.
pub(super) struct Slices<'a> {
    pub(super) connector: &'a Connector,
    pub(super) service: &'a Service,
    pub(super) paging: &'a Paging,
    pub(super) full: bool,
    pub(super) codes: &'a BTreeMap<String, CodeList>,
    pub(super) plans: &'a [EntityPlan],
    pub(super) identity: &'a IdentityPlan,
}

struct Tenant {
    id: String,
    attributes: BTreeMap<String, String>,
}

impl Slices<'_> {
    /// Reads every slice. A slice that fails keeps its cursor and is asked again next time; the others go on.
    pub(super) async fn pull(
        &self,
        intake: &mut Intake<'_>,
        tenants: Option<&Tenants>,
        deletions: Option<&Deletions>,
        watch: &mut dyn Watch,
    ) -> Result<(), SiteFault> {
        let Some(first) = self.connector.feeds.first() else { return Ok(()) };
        let tenants = match self.tenants(tenants).await {
            Ok(tenants) => tenants,
            Err(problem) => {
                let place = intake.place(first);
                intake.tally.note(Fault::document(place, problem));
                return Ok(());
            }
        };
        for tenant in &tenants {
            for feed in &self.connector.feeds {
                self.slice(intake, feed, tenant, watch).await?;
            }
            if let Some(deletions) = deletions {
                self.deleted(intake, first, deletions, tenant).await?;
            }
        }
        Ok(())
    }

    async fn tenants(&self, spec: Option<&Tenants>) -> Result<Vec<Tenant>, Problem> {
        let Some(spec) = spec else {
            return Ok(vec![Tenant { id: String::new(), attributes: BTreeMap::new() }]);
        };
        let url = self.service.address(&spec.path, &BTreeMap::new(), "")?;
        let mut walk = Walk::new(self.service, self.paging, url);
        let mut tenants = Vec::new();
        while let Some(page) = walk.next().await? {
            let list =
                at_path(&page.body, &spec.records).and_then(Value::as_array).ok_or(Problem::NoRecords)?;
            for school in list {
                let text = |path: &String| at_path(school, path).and_then(scalar);
                let id = text(&spec.id).ok_or(Problem::NoRecords)?;
                let attributes = spec
                    .attributes
                    .iter()
                    .filter_map(|(name, path)| Some((name.clone(), text(path)?)))
                    .collect();
                tenants.push(Tenant { id, attributes });
            }
        }
        Ok(tenants)
    }

    async fn slice(
        &self,
        intake: &mut Intake<'_>,
        feed: &Feed,
        tenant: &Tenant,
        watch: &mut dyn Watch,
    ) -> Result<(), SiteFault> {
        let started = intake.site.now();
        let mut query = feed.query.clone();
        if let (Some(since), false) = (&feed.since, self.full)
            && let Some(from) = Self::cursor(intake, feed, tenant)?
        {
            let from = from - TimeDelta::hours(i64::from(since.overlap_hours));
            query.insert(since.param.clone(), from.format(&since.format).to_string());
        }
        let place = intake.place(feed);
        let url = match self.service.address(&feed.path, &query, &tenant.id) {
            Ok(url) => url,
            Err(problem) => {
                intake.tally.note(Fault::document(place, problem));
                return Ok(());
            }
        };
        let paths = feed.paths();
        let record = Wanted::of(paths.record.iter().map(String::as_str));
        let document = Wanted::of(paths.document.iter().map(String::as_str));
        let context = DocumentContext {
            shape: Shape::Trees { record: &record, document: &document },
            tenant: &tenant.attributes,
            params: &intake.source.params,
            captures: &BTreeMap::new(),
        };
        let binding = Binding::of(feed, &context, &self.connector.nulls, self.codes, self.plans);
        let conformer = Conformer::new(&binding, self.plans, self.identity);
        let scope = feed.snapshot.as_ref().map(|_| intake.scope(feed, &[&tenant.id]));
        intake.begin_document()?;
        let mut walk = Walk::new(self.service, self.paging, url);
        let (mut last, mut whole) = (None, true);
        loop {
            match walk.next().await {
                Ok(None) => break,
                Ok(Some(page)) => {
                    let taken = take_page(intake, &conformer, &record, feed, tenant, scope, &page, watch)?;
                    whole &= taken.is_some();
                    last = taken.or(last);
                }
                Err(problem) => {
                    intake.tally.note(Fault::document(place, problem));
                    return Ok(());
                }
            }
        }
        // A page without records may have held anything: the slice keeps its cursor and is asked again.
        if !whole {
            return Ok(());
        }
        if let (Some(scope), Some(origin)) = (scope, last) {
            intake.end_snapshot(feed, scope, origin, place);
        }
        intake.advance(&tenant.id, feed, started.format(CURSOR).to_string(), scope);
        Ok(())
    }

    fn cursor(intake: &Intake<'_>, feed: &Feed, tenant: &Tenant) -> Result<Option<DateTime<Utc>>, SiteFault> {
        let held = intake.site.catalog.cursor(intake.source.name.as_str(), &tenant.id, feed.name.as_str())?;
        Ok(held
            .and_then(|held| chrono::NaiveDateTime::parse_from_str(&held, CURSOR).ok())
            .map(|at| at.and_utc()))
    }

    async fn deleted(
        &self,
        intake: &mut Intake<'_>,
        feed: &Feed,
        spec: &Deletions,
        tenant: &Tenant,
    ) -> Result<(), SiteFault> {
        let place = intake.place(feed);
        // Later than the rows it deletes.
        intake.begin_document()?;
        let url = match self.service.address(&spec.path, &spec.query, &tenant.id) {
            Ok(url) => url,
            Err(problem) => {
                intake.tally.note(Fault::document(place, problem));
                return Ok(());
            }
        };
        let mut walk = Walk::new(self.service, self.paging, url);
        loop {
            let page = match walk.next().await {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(()),
                Err(problem) => {
                    intake.tally.note(Fault::document(place, problem));
                    return Ok(());
                }
            };
            let Some(list) = at_path(&page.body, &spec.records).and_then(Value::as_array) else {
                intake.tally.note(Fault::document(place, Problem::NoRecords));
                return Ok(());
            };
            let document = page_digest(intake, list);
            for (at, item) in list.iter().enumerate() {
                let restored = spec
                    .unless
                    .as_ref()
                    .and_then(|path| at_path(item, path))
                    .is_some_and(|value| !value.is_null());
                if let (Some(key), false) = (at_path(item, &spec.key).and_then(scalar), restored) {
                    let origin = Origin { document, part: 1, row: at as u32 + 1 };
                    intake.delete_person(feed, &tenant.id, &key, origin);
                }
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "a page and all that it belongs to")]
/// Takes a page in. `None` where it holds no list of records: the slice is not whole.
fn take_page(
    intake: &mut Intake<'_>,
    conformer: &Conformer<'_>,
    wanted: &Wanted,
    feed: &Feed,
    tenant: &Tenant,
    scope: Option<[u8; 16]>,
    page: &Page,
    watch: &mut dyn Watch,
) -> Result<Option<Origin>, SiteFault> {
    let place = Place { document: page.number, part: 1, ..intake.place(feed) };
    let list =
        feed.records.iter().try_fold(&page.body, |value, step| value.get(step)).and_then(Value::as_array);
    let Some(list) = list else {
        intake.tally.note(Fault::document(place, Problem::NoRecords));
        return Ok(None);
    };
    let document = page_digest(intake, list);
    let bytes = serde_json::to_vec(list).unwrap_or_default();
    let records = json::read(&bytes, &[], wanted, &Wanted::of([])).ok().and_then(|answer| answer.records);
    for (at, record) in records.iter().flatten().enumerate() {
        let row = at as u32 + 1;
        let origin = Origin { document, part: 1, row };
        let place = place.row(row);
        let mut faults = Vec::new();
        let conformed =
            conformer.record(&Record::Tree { record, document: None }, place, origin, &mut faults);
        intake.record(conformed, faults, &Belonging { feed, tenant: &tenant.id, place, scope })?;
    }
    Intake::tick(watch, list.len());
    Ok(Some(Origin { document, part: 1, row: 0 }))
}

/// A page is its records: the links around them change with the address it was served from.
fn page_digest(intake: &Intake<'_>, records: &[Value]) -> [u8; 16] {
    let mut bytes = Vec::new();
    for record in records {
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut bytes, record);
    }
    intake.document_digest(&bytes)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
