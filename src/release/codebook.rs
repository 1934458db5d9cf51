//! The codebook: what each table and column of a release holds, and what its codes mean. Totals of rows and nothing else is counted in it.

use serde::Serialize;

use super::fault::ReleaseFault;
use super::manifest::{Content, Table, pretty};
use super::{Coverage, Words};

#[derive(Debug, Serialize)]
pub(super) struct Codebook<'a> {
    pub release: &'a str,
    pub as_of: &'a str,
    pub home_authority: &'a str,
    pub synthetic: bool,
    pub status: &'static str,
    pub tables: &'a [Table],
    /// What codes mean.
    pub values: &'a Words,
    pub sources: &'a [Coverage],
    pub definitions: &'a std::collections::BTreeMap<String, String>,
}

impl<'a> Codebook<'a> {
    pub fn new(
        release: &'a str,
        content: &'a Content,
        (sources, values): (&'a [Coverage], &'a Words),
    ) -> Self {
        Self {
            release,
            as_of: &content.as_of,
            home_authority: &content.home_authority,
            synthetic: content.synthetic,
            status: if content.synthetic {
                "synthetic data: every learner is made up"
            } else {
                "pseudonymised personal data"
            },
            tables: &content.tables,
            values,
            sources,
            definitions: &content.definitions,
        }
    }

    pub fn json(&self) -> Result<String, ReleaseFault> {
        pretty(self).ok_or_else(|| ReleaseFault::Manifest { id: self.release.to_owned() })
    }

    /// How to cite it.
    pub fn citation(&self) -> String {
        let kind = if self.synthetic { "synthetic data set" } else { "data set" };
        format!(
            "Throughline release {}, local authority {}, as of {} [{kind}].",
            self.release, self.home_authority, self.as_of
        )
    }
}

/// `1234567` as `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
