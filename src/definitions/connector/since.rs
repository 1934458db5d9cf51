//! `since` and `changelog`: how a feed is asked for what changed.
use serde::Deserialize;

/// How to ask for what changed since the last run.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawSince")]
pub struct Since {
    /// The query parameter.
    pub param: String,
    /// What stands in it.
    pub by: SinceBy,
    /// So often the feed is read in full, and what the full list lacks is gone.
    pub sweep_days: Option<u32>,
}

/// What a cursor counts.
#[derive(Clone, Debug)]
pub enum SinceBy {
    /// An instant.
    Time {
        /// How it is written, in UTC.
        format: String,
        /// What is asked, with `{since}` in it.
        template: Option<String>,
        /// Asked again on top, so that rows of the same second and late ones are not lost.
        overlap_hours: u32,
    },
    /// A number that the answer tells at this path.
    Revision(String),
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct RawSince {
    /// The query parameter.
    param: String,
    /// How an instant is written, in UTC.
    format: Option<String>,
    /// What is asked, with `{since}` in it.
    template: Option<String>,
    /// The cursor is a number that the answer tells at this path.
    revision: Option<String>,
    /// Asked again on top; 48 where it is not said.
    overlap_hours: Option<u32>,
    /// So often the feed is read in full, and what the full list lacks is gone.
    sweep_days: Option<u32>,
}

impl TryFrom<RawSince> for Since {
    type Error = &'static str;
    fn try_from(raw: RawSince) -> Result<Self, Self::Error> {
        let by = match (raw.format, raw.revision) {
            (Some(format), None) => {
                if raw.template.as_ref().is_some_and(|template| !template.contains("{since}")) {
                    return Err("the `template` has no {since}");
                }
                let overlap_hours = raw.overlap_hours.unwrap_or(48);
                SinceBy::Time { format, template: raw.template, overlap_hours }
            }
            (None, Some(revision)) if raw.template.is_none() && raw.overlap_hours.is_none() => {
                SinceBy::Revision(revision)
            }
            _ => return Err("`since` has a `format` of an instant, or the path of a `revision` alone"),
        };
        if raw.sweep_days == Some(0) {
            return Err("`sweep_days` is at least 1");
        }
        Ok(Self { param: raw.param, by, sweep_days: raw.sweep_days })
    }
}

/// A list of what changed: each record is read again by itself.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Changelog {
    /// Path of the list.
    pub path: String,
    /// The query parameter of the last revision known.
    pub from: String,
    /// Path to the array of changes.
    pub records: String,
    /// Path to a changed record's address, within a change.
    pub object: String,
    /// Path to what happened to it.
    pub kind: String,
    /// What that says when the record is gone, folded.
    pub deleted: String,
    /// Path to the change's revision.
    pub revision: String,
    /// Path to the record in the answer at its own address; empty where the answer is the record.
    #[serde(default)]
    pub record: String,
}

#[cfg(test)]
impl schemars::JsonSchema for Since {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Since".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        RawSince::json_schema(generator)
    }
}
