//! The level table of ARCHITECTURE.md, read as rules.

use std::collections::BTreeMap;

/// Where a module stands towards the privacy line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    Any,
    Door,
    Identified,
    Pseudonymous,
    Both,
    Outside,
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    pub level: u8,
    pub zone: Zone,
    pub may_import: Vec<String>,
}

/// All rows by module.
pub type Table = BTreeMap<String, Row>;

/// Reads the one table whose first heading is `module`. Says what it cannot read, with the row.
pub fn parse(document: &str) -> Result<Table, String> {
    let rows: Vec<Vec<String>> = document
        .lines()
        .skip_while(|line| !line.starts_with("| module |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect())
        .collect();
    if rows.is_empty() {
        return Err("no table with the heading `module`".into());
    }
    let mut heads = BTreeMap::new();
    for row in &rows {
        let [module, level, zone, imports] = row.as_slice() else {
            return Err(format!("not four columns: {row:?}"));
        };
        let level: u8 = level.parse().map_err(|_| format!("{module}: `{level}` is no level"))?;
        heads.insert(module.clone(), (level, zone_named(module, zone)?, imports.clone()));
    }
    let mut table = Table::new();
    for (module, (level, zone, imports)) in &heads {
        let mut may_import = Vec::new();
        for part in imports.split(',').map(str::trim) {
            may_import.extend(named(module, part, &heads)?);
        }
        table.insert(module.clone(), Row { level: *level, zone: *zone, may_import });
    }
    Ok(table)
}

fn zone_named(module: &str, zone: &str) -> Result<Zone, String> {
    Ok(match zone {
        "any" => Zone::Any,
        "door" => Zone::Door,
        "identified" => Zone::Identified,
        "pseudonymous" => Zone::Pseudonymous,
        "both" => Zone::Both,
        "outside" => Zone::Outside,
        _ => return Err(format!("{module}: `{zone}` is no zone")),
    })
}

/// The modules that one part of "may import" stands for.
fn named(
    module: &str,
    part: &str,
    heads: &BTreeMap<String, (u8, Zone, String)>,
) -> Result<Vec<String>, String> {
    let of_levels = |low: u8, high: u8| {
        let inside = heads
            .iter()
            .filter(|(_, (level, zone, _))| (low..=high).contains(level) && *zone != Zone::Outside);
        inside.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let number = |text: &str| text.parse::<u8>().map_err(|_| format!("{module}: `{part}` is not readable"));
    if part == "nothing" {
        Ok(Vec::new())
    } else if let Some(range) = part.strip_prefix("levels ") {
        let (low, high) =
            range.split_once(" to ").ok_or_else(|| format!("{module}: `{part}` is no range"))?;
        Ok(of_levels(number(low)?, number(high)?))
    } else if let Some(level) = part.strip_prefix("level ") {
        Ok(of_levels(number(level)?, number(level)?))
    } else if heads.contains_key(part) {
        Ok(vec![part.to_owned()])
    } else {
        Err(format!("{module}: `{part}` is not a module of the table"))
    }
}

/// What no row can lift. Gives one line for each rule that the table breaks.
pub fn contradictions(table: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for (module, row) in table {
        for import in &row.may_import {
            let other = &table[import];
            if other.level > row.level {
                found.push(format!(
                    "{module} (level {}) may import {import} (level {})",
                    row.level, other.level
                ));
            }
            let across = [(Zone::Identified, Zone::Pseudonymous), (Zone::Pseudonymous, Zone::Identified)];
            if across.contains(&(row.zone, other.zone)) {
                found.push(format!("{module} and {import} stand on two sides of the privacy line"));
            }
            let lower_sees_both = other.zone == Zone::Both && row.zone != Zone::Both;
            if lower_sees_both {
                found.push(format!("{module} may import {import}, which sees both sides"));
            }
            if other.zone == Zone::Outside && module != "command" {
                found.push(format!("{module} may import {import}, which only command may"));
            }
            if other.may_import.contains(module) {
                found.push(format!("{module} and {import} may import each other"));
            }
        }
        if row.zone == Zone::Outside && !row.may_import.is_empty() {
            found.push(format!("{module} is outside and may import something"));
        }
    }
    found
}
