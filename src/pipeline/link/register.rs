use super::{
    super::{Site, SiteFault, Watch},
    schools,
};
use crate::{
    fault::Name,
    link::{self, People},
    privacy::{Identified, Pseudonym},
};
use std::collections::HashMap;

/// Everybody in the register, and which source knows each subject.
pub(in crate::pipeline) struct Register {
    pub people: Identified<People>,
    pub sources: HashMap<Pseudonym, &'static str>,
}

/// Opens the register whole, in memory.
pub(in crate::pipeline) fn read(site: &Site, watch: &mut dyn Watch) -> Result<Register, SiteFault> {
    let keyed = site.key.keyed();
    let segments = site.catalog.register_files(None)?;
    let plan = &site.definitions.identity;
    let mut people = People::new(plan);
    let mut sources = HashMap::new();
    for (at, (_, path)) in segments.iter().enumerate() {
        watch.part("identity register", at + 1, segments.len());
        link::read_segment(
            &site.settings.data_dir,
            path,
            &site.key,
            plan,
            |source, tenant, person, fields, seq| {
                let subject = keyed.subject(source, tenant, person);
                // A source's name is the configuration's own word.
                sources.entry(subject).or_insert_with(|| Name::declare(source).as_str());
                people.add(subject, (source, tenant), fields, seq);
            },
        )?;
    }
    schools::tell(site, &mut people)?;
    Ok(Register { people: Identified::new(people), sources })
}
