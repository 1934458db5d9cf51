//! A service's slices: one for each tenant and feed, each with its own cursor and its own faults.
//!
//! A slice is taken when it was read whole and that is proven; otherwise its cursor stays and it is asked again, at the
//! end of this run where that may help, else in the next. The others go on.
mod changelog;
mod cursor;
mod drift;
mod list;
mod slice;
mod tenants;

use super::{SiteFault, Watch, intake::Intake};
use crate::{
    definitions::{
        CodeList, Connector,
        connector::{Feed, RestForm},
    },
    fault::{Fault, Place, Problem},
    privacy::{EntityPlan, IdentityPlan, Origin},
    source::service::{Refusal, Service},
    telemetry::{self, Event},
};
use chrono::{DateTime, Utc};
use drift::Drift;
use std::{collections::BTreeMap, time::Duration};
use tenants::{Found, Tenant};
use tokio::time::Instant;

/// A service's slices, one tenant after the other.
pub(super) struct Slices<'a> {
    pub(super) connector: &'a Connector,
    pub(super) form: &'a RestForm,
    pub(super) full: bool,
    /// Ask again for what changed since then, where that is earlier than the cursor.
    pub(super) since: Option<DateTime<Utc>>,
    /// Only the first page of each feed, of the first tenant.
    pub(super) look: bool,
    pub(super) codes: &'a BTreeMap<String, CodeList>,
    pub(super) plans: &'a [EntityPlan],
    pub(super) identity: &'a IdentityPlan,
}

/// How a slice ended.
enum Ended {
    /// Read whole, or passed over with a word about it.
    Done,
    /// To be asked again, after so long; the reason, should that be too late.
    Later(Problem, Duration),
    /// The tenant is not to be asked for anything.
    TenantGone,
}

/// One thing to ask of a tenant.
#[derive(Clone, Copy)]
enum Task<'a> {
    Feed(usize, &'a Feed),
    Deletions,
}

/// What the slices of a run share.
struct Shared<'s, 'i> {
    service: &'s mut Service,
    intake: &'s mut Intake<'i>,
    watch: &'s mut dyn Watch,
    drift: Vec<Drift>,
}

impl Slices<'_> {
    /// Reads every slice.
    pub(super) async fn pull(
        &self,
        service: &mut Service,
        intake: &mut Intake<'_>,
        watch: &mut dyn Watch,
    ) -> Result<(), SiteFault> {
        let drift =
            self.connector.feeds.iter().map(|feed| Drift::of(feed, self.plans, self.identity)).collect();
        let mut shared = Shared { service, intake, watch, drift };
        let Some(first) = self.connector.feeds.first() else { return Ok(()) };
        let Found { tenants, faults } = match self.tenants(&mut shared).await {
            Ok(found) => found,
            Err(refusal) => {
                let place = shared.intake.place(first);
                shared.intake.tally.note(Fault::document(place, refusal.problem()));
                return Ok(());
            }
        };
        for (ordinal, fault) in faults {
            let place = Place { part: ordinal, ..shared.intake.place(first) };
            let fault = match fault {
                Problem::ConsentRevoked => Fault::told(place, fault),
                problem => Fault::document(place, problem),
            };
            shared.intake.tally.note(fault);
        }
        let mut parked = Vec::new();
        let today = shared.intake.site.wall_day();
        let source = shared.intake.source;
        let asked = tenants.iter().filter(|tenant| source.asks(&tenant.id, today));
        for tenant in asked.take(if self.look { 1 } else { usize::MAX }) {
            self.tenant(&mut shared, tenant, &mut parked).await?;
        }
        self.second_chance(&mut shared, parked).await?;
        if self.look {
            return Ok(());
        }
        self.believe_sweeps(&mut shared, &tenants)?;
        for (feed, drift) in self.connector.feeds.iter().zip(&shared.drift) {
            let place = shared.intake.place(feed);
            drift.report(place, &mut shared.intake.tally);
        }
        Ok(())
    }

    async fn tenant<'t>(
        &'t self,
        shared: &mut Shared<'_, '_>,
        tenant: &'t Tenant,
        parked: &mut Vec<Parked<'t>>,
    ) -> Result<(), SiteFault> {
        let consent = self.consent(shared, tenant).await;
        for task in self.tasks() {
            if let (Task::Feed(_, feed), Some(consent)) = (task, &consent) {
                self.withheld(shared, tenant, feed, consent);
            }
            match self.task(shared, tenant, task).await? {
                Ended::Done => {}
                Ended::Later(problem, wait) => {
                    parked.push(Parked { tenant, task, problem, due: Instant::now() + wait });
                }
                Ended::TenantGone => {
                    let place = self.place(shared, tenant, task);
                    shared.intake.tally.note(Fault::told(place, Problem::ConsentRevoked));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// What is to be asked of each tenant; deletions last, for they are later than the rows they delete.
    fn tasks(&self) -> impl Iterator<Item = Task<'_>> {
        let feeds = self.connector.feeds.iter().enumerate().map(|(at, feed)| Task::Feed(at, feed));
        feeds.chain(self.form.deletions.as_ref().filter(|_| !self.look).map(|_| Task::Deletions))
    }

    async fn task(
        &self,
        shared: &mut Shared<'_, '_>,
        tenant: &Tenant,
        task: Task<'_>,
    ) -> Result<Ended, SiteFault> {
        match task {
            Task::Feed(at, feed) => {
                let began = Instant::now();
                let ended = self.slice(shared, tenant, (at, feed)).await?;
                let (source, took) = (shared.intake.source.name, began.elapsed());
                let (feed, part, well) = (feed.name, tenant.ordinal, matches!(ended, Ended::Done));
                telemetry::emit(Event::SliceRead { source, feed, part, took, well });
                Ok(ended)
            }
            Task::Deletions => self.deletions(shared, tenant).await,
        }
    }

    /// Slices that were put off are asked once more, when all others are done: as soon as the service wants them again,
    /// or, where that is too long to wait for, in the next run.
    async fn second_chance(
        &self,
        shared: &mut Shared<'_, '_>,
        mut parked: Vec<Parked<'_>>,
    ) -> Result<(), SiteFault> {
        parked.sort_by_key(|parked| parked.due);
        for Parked { tenant, task, problem, due } in parked {
            if shared.intake.site.stop.is_asked() {
                return Ok(());
            }
            let wait = due.saturating_duration_since(Instant::now());
            let ended = if wait > shared.service.patience().park {
                Ended::Later(problem, wait)
            } else {
                tokio::time::sleep(wait).await;
                self.task(shared, tenant, task).await?
            };
            if let Ended::Later(problem, _) = ended {
                let place = self.place(shared, tenant, task);
                shared.intake.tally.note(Fault::document(place, problem));
            }
        }
        Ok(())
    }

    /// A child that one list no longer has may stand on another (of those who left): what a full list lacks is taken for
    /// gone only where every list of the same kind of row was read whole in this run.
    fn believe_sweeps(&self, shared: &mut Shared<'_, '_>, tenants: &[Tenant]) -> Result<(), SiteFault> {
        let alike = |one: &Feed, other: &Feed| {
            one.name != other.name
                && one.rows.iter().any(|row| other.rows.iter().any(|theirs| theirs.entity == row.entity))
        };
        let sweeps = |feed: &&Feed| {
            feed.snapshot.is_none() && feed.since.as_ref().is_some_and(|since| since.sweep_days.is_some())
        };
        if !self.connector.feeds.iter().any(|feed| sweeps(&feed)) {
            return Ok(());
        }
        let whole = shared.intake.slices_read()?;
        for tenant in tenants {
            let is_whole = |feed: &Feed| whole.contains(&(tenant.id.clone(), feed.name.to_string()));
            for feed in self.connector.feeds.iter().filter(sweeps) {
                if self.connector.feeds.iter().any(|other| alike(feed, other) && !is_whole(other)) {
                    let scope = shared.intake.scope(feed, &[&tenant.id]);
                    shared.intake.unsay_snapshot(&scope)?;
                }
            }
        }
        Ok(())
    }

    fn place(&self, shared: &Shared<'_, '_>, tenant: &Tenant, task: Task<'_>) -> Place {
        let feed = match task {
            Task::Feed(_, feed) => Some(feed),
            Task::Deletions => self.connector.feeds.first(),
        };
        let place = feed.map(|feed| shared.intake.place(feed));
        Place {
            part: tenant.ordinal,
            ..place.unwrap_or(Place::feed(shared.intake.source.name, crate::fault::Name::NONE))
        }
    }

    /// People that the service says it deleted.
    async fn deletions(&self, shared: &mut Shared<'_, '_>, tenant: &Tenant) -> Result<Ended, SiteFault> {
        let (Some(spec), Some(feed)) = (&self.form.deletions, self.connector.feeds.first()) else {
            return Ok(Ended::Done);
        };
        let unless = spec.unless.as_deref();
        let wanted: Vec<&str> = [spec.key.as_str()].into_iter().chain(unless).collect();
        let path = list::Listing { path: &spec.path, query: &spec.query, records: &spec.records };
        let listed = self.list(shared, tenant, &path, &wanted).await;
        let listed = match listed {
            Ok(listed) => listed,
            Err(refusal) => return Ok(self.ended(shared, tenant, Task::Deletions, refusal)),
        };
        shared.intake.begin_document()?;
        let digest = shared.intake.document_digest(&list::digestible(&listed));
        for (at, found) in listed.iter().enumerate() {
            let restored = found.get(1).is_some_and(Option::is_some);
            if let (Some(Some(key)), false) = (found.first(), restored) {
                let origin = Origin { document: digest, part: 1, row: at as u32 + 1 };
                shared.intake.delete_person(feed, &tenant.id, key, origin);
            }
        }
        Ok(Ended::Done)
    }

    /// What a refusal means for a slice. What asking again would not help is noted at once.
    fn ended(&self, shared: &mut Shared<'_, '_>, tenant: &Tenant, task: Task<'_>, refusal: Refusal) -> Ended {
        let place = self.place(shared, tenant, task);
        match refusal {
            Refusal::Later(problem, wait) => Ended::Later(problem, wait),
            Refusal::Revoked => Ended::TenantGone,
            Refusal::NotGranted(_) => {
                shared.intake.tally.note(Fault::told(place, Problem::NoConsent));
                Ended::Done
            }
            Refusal::Fault(problem) => {
                shared.intake.tally.note(Fault::document(place, problem));
                Ended::Done
            }
        }
    }
}

/// A slice that was put off.
struct Parked<'t> {
    tenant: &'t Tenant,
    task: Task<'t>,
    problem: Problem,
    due: Instant,
}
