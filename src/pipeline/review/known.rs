//! The register as a review needs it: who was said to be whom, by which source, and when last.
use super::{ReviewFault, side::Side};
use crate::{
    fault::Name,
    link::{self, People},
    pipeline::{Site, SiteFault, Watch, link::tell_schools},
    privacy::{
        Digest16, Identified, IdentityPlan, Keyed, Pseudonym,
        suppression::{Suppression, Wish},
    },
};
use std::collections::{HashMap, HashSet};

/// Where a subject is from.
struct Origin {
    source: Name,
    tenant: String,
    /// The sequence of the document that named them last.
    last: i64,
}

/// The register, read.
pub(super) struct Known {
    pub(super) people: Identified<People>,
    origins: HashMap<Pseudonym, Origin>,
    at: HashMap<Pseudonym, usize>,
    /// People of whom no place may be told: they are laid before nobody.
    placeless: HashSet<Pseudonym>,
    plan: IdentityPlan,
    days: Vec<(i64, String)>,
    keyed: Keyed,
}

impl Known {
    /// Reads the whole register.
    pub(super) fn read(site: &Site, watch: &mut dyn Watch) -> Result<Self, ReviewFault> {
        let keyed = site.key.keyed();
        let plan = site.definitions.identity.clone();
        let mut people = People::new(&plan);
        let mut origins: HashMap<Pseudonym, Origin> = HashMap::new();
        let mut placeless = HashSet::new();
        let list = Suppression::load(&site.settings.suppression_list, &site.key).map_err(SiteFault::from)?;
        let marked = Suppression::plan(&plan);
        let segments = site.catalog.register_files(None)?;
        for (at, (_, path)) in segments.iter().enumerate() {
            watch.part("identity register", at + 1, segments.len());
            let data_dir = &site.settings.data_dir;
            let read = link::read_segment(
                data_dir,
                path,
                &site.key,
                &plan,
                |source, tenant, person, fields, seq| {
                    let subject = keyed.subject(source, tenant, person);
                    people.add(subject, (source, tenant), fields, seq);
                    if let Some(list) = &list
                        && let Some(at) =
                            list.concerning(&list.person(source, tenant, person), &marked, fields)
                        && list.entry(at).wish == Wish::Restricted
                    {
                        placeless.insert(subject);
                    }
                    // A source's name is the configuration's, never a cell.
                    let new =
                        || Origin { source: Name::declare(source), tenant: tenant.to_owned(), last: seq };
                    let origin = origins.entry(subject).or_insert_with(new);
                    origin.last = origin.last.max(seq);
                },
            );
            read.map_err(SiteFault::from)?;
        }
        tell_schools(site, &mut people)?;
        let place = |(at, person): (usize, &link::Person)| (person.subject, at);
        let at = people.people.iter().enumerate().map(place).collect();
        let days = site.catalog.batch_days()?;
        Ok(Self { people: Identified::new(people), origins, at, placeless, plan, days, keyed })
    }

    /// Every subject, in no order.
    pub(super) fn subjects(&self) -> impl Iterator<Item = &Pseudonym> {
        self.at.keys()
    }

    /// Whether the register knows a subject.
    pub(super) fn knows(&self, subject: &Pseudonym) -> bool {
        self.at.contains_key(subject)
    }

    /// Whether nobody may learn where a subject is.
    pub(super) fn is_placeless(&self, subject: &Pseudonym) -> bool {
        self.placeless.contains(subject)
    }

    /// All that was said of a subject, to be shown.
    pub(super) fn side(&self, subject: &Pseudonym) -> Identified<Side> {
        let people = self.people.veiled();
        let origin = self.origins.get(subject);
        let person = self.at.get(subject).map(|at| &people.people[*at]);
        let mut side = Side::of(people, person, &self.plan);
        if let Some(origin) = origin {
            side.source = origin.source;
            side.school.clone_from(&origin.tenant);
            side.last_said = self.day_of(origin.last);
        }
        Identified::new(side)
    }

    /// On which day the document of a sequence was read: its batch is the first that ends with it or later.
    fn day_of(&self, seq: i64) -> String {
        let at = self.days.partition_point(|(batch, _)| *batch < seq);
        self.days.get(at).map_or_else(String::new, |(_, day)| day.clone())
    }

    /// A keyed digest of all that is said of two subjects: another one when anything was added, mended or taken away.
    pub(super) fn said_of(&self, pair: (Pseudonym, Pseudonym)) -> Digest16 {
        let [one, other] = [pair.0.min(pair.1), pair.0.max(pair.1)].map(|subject| self.said_of_one(&subject));
        self.keyed.digest("review said", &[&one.concat(), &other.concat()])
    }

    fn said_of_one(&self, subject: &Pseudonym) -> Vec<Digest16> {
        let people = self.people.veiled();
        let said = self.at.get(subject).map_or(&[][..], |at| &people.people[*at].said);
        let digests = said.iter().map(|said| {
            let fields = said.iter().map(|word| (*word != 0).then(|| people.text(*word)));
            link::identity_digest(&self.keyed, subject, fields)
        });
        let mut digests: Vec<Digest16> = digests.collect();
        digests.sort_unstable();
        digests
    }
}
