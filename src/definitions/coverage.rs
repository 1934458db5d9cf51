use super::{Complaint, Files};

/// Something that a cohort needs, and in which years of its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// A stable word.
    pub need: String,
    /// The entity it is found in.
    pub entity: String,
    /// Kinds of that entity; none: any.
    pub kinds: Vec<String>,
    /// From so many years after Year 6 …
    pub first_year: i32,
    /// … to so many.
    pub last_year: i32,
    /// Without it the cohort cannot be built.
    pub must: bool,
    /// What it is, for people.
    pub words: String,
    /// The policy parameter that says of a year whether there was anything to be had: 0 where there was not.
    pub held: Option<String>,
}

impl Need {
    /// The years in which there was nothing to be had, as `schemas/policy.csv` says.
    pub fn years_without(&self, policy: &str) -> Vec<i32> {
        let Some(held) = &self.held else { return Vec::new() };
        let records = csv::Reader::from_reader(policy.as_bytes()).into_records();
        let years = records.filter_map(|record| {
            let record = record.ok()?;
            let cell = |at: usize| record.get(at).map(str::trim);
            (cell(1)? == held && cell(2)? == "0").then(|| cell(0)?.parse().ok()).flatten()
        });
        years.collect()
    }
}

const FILE: &str = "schemas/coverage.csv";

/// Reads `schemas/coverage.csv`.
pub(super) fn load(files: &Files, entities: &[&str], complaints: &mut Vec<Complaint>) -> Vec<Need> {
    let text = files.text(FILE).unwrap_or_default();
    let mut needs = Vec::new();
    for record in csv::Reader::from_reader(text.as_bytes()).records() {
        let need = record.ok().and_then(|record| {
            let cell = |at: usize| record.get(at).map(str::trim);
            Some(Need {
                need: cell(0)?.to_owned(),
                entity: cell(1).filter(|entity| entities.contains(entity))?.to_owned(),
                kinds: cell(2)?.split_whitespace().map(str::to_owned).collect(),
                first_year: cell(3)?.parse().ok()?,
                last_year: cell(4)?.parse().ok()?,
                must: cell(5)? == "yes",
                words: cell(6)?.to_owned(),
                held: cell(7).filter(|held| !held.is_empty()).map(str::to_owned),
            })
        });
        match need {
            Some(need) => needs.push(need),
            None => complaints.push(Complaint::file(
                FILE,
                format!("line {} is not a need", needs.len() + 2),
                "eight columns: need, an entity, its kinds, first and last year after Year 6, yes or no, words, a policy parameter",
            )),
        }
    }
    needs
}
