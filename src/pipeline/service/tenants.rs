//! Whom a credential opens, where their records are, and what they let us read.
use super::{Shared, Slices, drift::groups, list::Listing};
use crate::{
    definitions::connector::{Feed, TenantsFrom, fold},
    fault::{Fault, Place, Problem},
    source::service::{Refusal, Words},
};
use reqwest::Url;
use std::collections::{BTreeMap, HashSet};

/// One tenant: a school that the credential opens.
pub(super) struct Tenant {
    pub(super) id: String,
    /// Which of the list, from 1.
    pub(super) ordinal: u32,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) base: Url,
}

/// The tenants that may be asked, and what is wrong with the others.
pub(super) struct Found {
    pub(super) tenants: Vec<Tenant>,
    pub(super) faults: Vec<(u32, Problem)>,
}

/// Fields that a tenant does not let us read, as steps of a path, folded.
pub(super) type Consent = Vec<Vec<String>>;

/// A tenant that is only known by name.
struct Named {
    id: String,
    attributes: BTreeMap<String, String>,
    own_base: Option<String>,
}

impl Named {
    /// As the configuration says it: an id, or an id and its URN (`4711=100123`).
    fn of_word(word: &str) -> Self {
        let (id, urn) = word.rsplit_once('=').map_or((word, None), |(id, urn)| (id, Some(urn)));
        let attributes = urn.map(|urn| ("urn".to_owned(), urn.to_owned())).into_iter().collect();
        Self { id: id.to_owned(), attributes, own_base: None }
    }
}

impl Slices<'_> {
    pub(super) async fn tenants(&self, shared: &mut Shared<'_, '_>) -> Result<Found, Refusal> {
        let params = shared.intake.source.params.clone();
        let none = BTreeMap::new();
        let nobody = Words { tenant: "", attributes: &none, params: &params };
        let named = match self.form.tenants.as_ref().map(|tenants| &tenants.from) {
            None => vec![Named { id: String::new(), attributes: none.clone(), own_base: None }],
            Some(TenantsFrom::Param(param)) => {
                let ids = params.get(param).map(|ids| ids.split([' ', ',', ';', '\n'])).into_iter().flatten();
                ids.filter(|id| !id.is_empty()).map(Named::of_word).collect()
            }
            Some(TenantsFrom::List { path, records, id }) => {
                let listing = Listing { path, query: &none, records };
                self.listed_tenants(shared, nobody, &listing, id).await?
            }
        };
        let revoked = match &self.form.revoked {
            None => HashSet::new(),
            Some(spec) => {
                let listing = Listing { path: &spec.path, query: &none, records: &spec.records };
                let base = shared.service.base(&nobody, None).map_err(Refusal::Fault)?;
                let listed = self.list_at(shared, &base, nobody, &listing, &[&spec.id]).await?;
                listed.into_iter().filter_map(|found| found.into_iter().next().flatten()).collect()
            }
        };
        let mut found = Found { tenants: Vec::new(), faults: Vec::new() };
        for (at, Named { id, attributes, own_base }) in named.into_iter().enumerate() {
            let ordinal = at as u32 + 1;
            if revoked.contains(&id) {
                found.faults.push((ordinal, Problem::ConsentRevoked));
                continue;
            }
            let words = Words { tenant: &id, attributes: &attributes, params: &params };
            match shared.service.base(&words, own_base.as_deref()) {
                Ok(base) => found.tenants.push(Tenant { id, ordinal, attributes, base }),
                Err(problem) => found.faults.push((ordinal, problem)),
            }
        }
        Ok(found)
    }

    async fn listed_tenants(
        &self,
        shared: &mut Shared<'_, '_>,
        nobody: Words<'_>,
        listing: &Listing<'_>,
        id: &str,
    ) -> Result<Vec<Named>, Refusal> {
        let Some(spec) = &self.form.tenants else { return Ok(Vec::new()) };
        let base = shared.service.base(&nobody, None).map_err(Refusal::Fault)?;
        let mut paths = vec![id];
        paths.extend(spec.attributes.values().map(String::as_str));
        paths.extend(spec.base.as_deref());
        let listed = self.list_at(shared, &base, nobody, listing, &paths).await?;
        let mut named: Vec<Named> = Vec::with_capacity(listed.len());
        for found in listed {
            let mut texts = found.into_iter();
            let id = texts.next().flatten().ok_or(Refusal::Fault(Problem::NoRecords))?;
            let attributes: BTreeMap<String, String> = spec
                .attributes
                .keys()
                .zip(texts.by_ref())
                .filter_map(|(name, text)| Some((name.clone(), text?)))
                .collect();
            // A list that repeats somebody does not have them asked twice.
            if !named.iter().any(|known| known.id == id) {
                named.push(Named { id, attributes, own_base: texts.next().flatten() });
            }
        }
        Ok(named)
    }

    /// What a tenant does not let us read. None where the connector does not ask, or the service does not say.
    pub(super) async fn consent(&self, shared: &mut Shared<'_, '_>, tenant: &Tenant) -> Option<Consent> {
        let spec = self.form.consent.as_ref()?;
        let none = BTreeMap::new();
        let listing = Listing { path: &spec.path, query: &none, records: &spec.records };
        match self.list(shared, tenant, &listing, &[&spec.name, &spec.granted]).await {
            Ok(listed) => {
                let withheld = |found: &[Option<String>]| {
                    let granted = found.get(1).cloned().flatten().unwrap_or_default();
                    !matches!(granted.to_lowercase().as_str(), "true" | "1" | "yes" | "y")
                };
                let names = listed
                    .iter()
                    .filter(|found| withheld(found))
                    .filter_map(|found| found.first()?.as_deref());
                Some(names.map(steps).filter(|steps| !steps.is_empty()).collect())
            }
            Err(refusal) => {
                // Without the list an empty cell means nothing for this tenant, and that is worth knowing.
                let feed = self.connector.feeds.first()?;
                let place = Place { part: tenant.ordinal, ..shared.intake.place(feed) };
                shared.intake.tally.note(Fault::told(place, refusal.problem()));
                None
            }
        }
    }

    /// Notes the columns of a feed that a tenant does not let us read, once each.
    pub(super) fn withheld(
        &self,
        shared: &mut Shared<'_, '_>,
        tenant: &Tenant,
        feed: &Feed,
        consent: &Consent,
    ) {
        let place = Place { part: tenant.ordinal, ..shared.intake.place(feed) };
        let mut noted = HashSet::new();
        for (column, paths) in groups(feed, self.plans, self.identity) {
            let hidden = |path: &String| consent.iter().any(|name| names(name, &steps(path)));
            if paths.iter().all(hidden) && noted.insert(column) {
                shared.intake.tally.note(Fault::told(place.at(column), Problem::NoConsent));
            }
        }
    }
}

/// A dotted name as folded steps.
fn steps(name: &str) -> Vec<String> {
    name.split(['.', '/']).map(fold).filter(|step| !step.is_empty()).collect()
}

/// Whether a permission names a path: its last step is the path's, and its others stand before that in their order.
fn names(permission: &[String], path: &[String]) -> bool {
    if permission.last() != path.last() {
        return false;
    }
    let mut left = path.iter();
    permission.iter().all(|step| left.any(|found| found == step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_names_the_last_steps_of_a_path() {
        let says = |permission: &str, path: &str| names(&steps(permission), &steps(path));
        assert!(says("upn", "education_details.data.upn"));
        assert!(says("education_details.upn", "education_details.data.upn"));
        assert!(says("education-details.UPN", "education_details.data.upn"));
        assert!(!says("extended_details.upn", "education_details.data.upn"));
        assert!(!says("education_details", "education_details.data.upn"));
        assert!(!says("upn", "former_upn"));
    }
}
