//! What is worked out about single children, and who decides.
use super::{super::Site, Ground, Part};
use crate::definitions::CodeList;

/// The transparency record of the list of points.
pub(super) fn record(site: &Site) -> Part {
    let codes = &site.definitions.codes;
    let list = |name: &str| codes.get(name);
    let cell = |list: &CodeList, row: &[String], name: &str| {
        list.columns.iter().position(|column| column == name).map(|at| row[at].clone()).unwrap_or_default()
    };
    let rules = list("risk_rule").map(|list| {
        list.rows
            .iter()
            .map(|row| {
                vec![
                    cell(list, row, "pack"),
                    cell(list, row, "factor"),
                    cell(list, row, "label"),
                    cell(list, row, "points"),
                    cell(list, row, "gate"),
                ]
            })
            .collect::<Vec<_>>()
    });
    let rules = rules.unwrap_or_default();
    let gated = rules.iter().filter(|rule| !rule[4].is_empty()).count();
    let switched: Vec<Vec<String>> = list("risk_switch").map_or_else(Vec::new, |list| {
        list.rows
            .iter()
            .map(|row| {
                vec![
                    cell(list, row, "rule"),
                    cell(list, row, "label"),
                    cell(list, row, "recorded_by"),
                    cell(list, row, "valid_from"),
                    cell(list, row, "valid_to"),
                ]
            })
            .collect()
    });
    Part::new("algorithm", "Algorithmic transparency record (draft)")
        .says(Ground::Built, "Tool: a list of points by which young people who may need support towards \
             education, employment or training are put before an officer. What it is for: the purpose \
             `participation` alone; no study and no report about single children has it.")
        .says(Ground::Built, "How it works: each rule that holds of a child on a day adds its points, the most \
             of each factor; what is not known is counted as a range from none to all. Bands are cuts of that \
             range. It is no fitted model: a logistic model and boosted trees are tested beside it and used for \
             no child.")
        .says(Ground::Built, "How well it works is in `report neet`: of how many told amber or red it was right, \
             on a cohort that came later. Whether it treats groups alike is in the table `risk_fairness` of a release, \
             group by group, and in no report.")
        .says(Ground::Built, "Oversight: every risk has reasons, how many factors are known, an expiry, and a \
             place for an officer's decision, which is kept and counted.")
        .says(Ground::Configured, format!("{gated} rules rest on special categories or on origin and are off \
             until a condition is recorded; {} switches are recorded.", switched.len()))
        .says(Ground::Unknown, "Owner and senior responsible officer, supplier and procurement, and the date of \
             the last review: the controller has to say them.")
        .lists(Ground::Configured, "Rules", &["list", "factor", "rule", "points", "off unless"], rules)
        .lists(Ground::Configured, "Switches", &["rule", "condition", "recorded by", "from", "to"], switched)
}

/// What no program decides.
pub(super) fn decisions(site: &Site) -> Part {
    let reviewed = site.definitions.schemas.iter().any(|schema| schema.name == "risk_review");
    let read = site.settings.sources.iter().any(|source| source.connector == "risk-review");
    let part = Part::new("decisions", "Statement on automated decisions")
        .says(
            Ground::Built,
            "No decision with a legal or similarly significant effect is made by this program. \
             It sends no message, opens no case, changes no record of another system and ranks nobody for \
             anything but to be looked at by a person.",
        )
        .says(
            Ground::Built,
            "Data about a child supports a person's judgement: rows go to an officer who \
             brought the list, with reasons and with what is not known; missing is never low risk.",
        );
    match (reviewed, read) {
        (true, true) => part.says(
            Ground::Configured,
            "Officers' decisions come back through the connector \
             `risk-review`, and are counted: in time, late or never, and how often they disagree.",
        ),
        _ => part.says(
            Ground::Unknown,
            "No source brings officers' decisions back: whether a person looked at \
             each risk cannot be shown from here.",
        ),
    }
}
