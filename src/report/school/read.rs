//! The rows of a release that the report of schools is made of.
use super::super::{Release, ReportFault};

/// A school's disadvantaged pupils of the newest year.
#[derive(Debug, Clone)]
pub(super) struct Resulted {
    pub(super) ay: i64,
    pub(super) school: String,
    pub(super) is_mainstream: bool,
    pub(super) pupils: u64,
    pub(super) achieved: u64,
    /// The nation's rate of all pupils, in ten-thousandths.
    pub(super) nation: Option<i64>,
}

/// Of the newest year of which any result is known, by school.
pub(super) fn results(release: &Release, measure: &str) -> Result<Vec<Resulted>, ReportFault> {
    let rows = release.read("school_result", |row| {
        (row.text("measure")? == measure && row.is("is_here")?).then_some(())?;
        let result = Resulted {
            ay: row.number("ks4_ay")?,
            school: row.text("school_id")?,
            is_mainstream: row.is("is_mainstream")?,
            pupils: row.people("n_disadvantaged"),
            achieved: row.people("n_achieved"),
            nation: row.ten_thousandths("national_rate"),
        };
        Some((result, row.people("n_known")))
    })?;
    let newest = rows.iter().filter(|(_, known)| *known > 0).map(|(result, _)| result.ay).max();
    let mut kept: Vec<Resulted> = rows
        .into_iter()
        .map(|(result, _)| result)
        .filter(|result| Some(result.ay) == newest && result.pupils > 0)
        .collect();
    kept.sort_by(|one, other| one.school.cmp(&other.school));
    Ok(kept)
}

/// A school beside what its pupils' start lets expect. Shares in ten-thousandths.
#[derive(Debug, Clone)]
pub(super) struct Predicted {
    pub(super) ay: i64,
    pub(super) from_ay: i64,
    pub(super) school: String,
    pub(super) reference: String,
    pub(super) state: String,
    pub(super) pupils: u64,
    pub(super) achieved: u64,
    pub(super) share_expected: Option<i64>,
    pub(super) between_sd: Option<i64>,
    pub(super) reliability: Option<i64>,
    pub(super) estimate_low: Option<i64>,
    pub(super) estimate_high: Option<i64>,
}

/// Every school and year.
pub(super) fn predicted(release: &Release, measure: &str) -> Result<Vec<Predicted>, ReportFault> {
    let mut rows = release.read("school_prediction", |row| {
        (row.text("measure")? == measure).then_some(())?;
        Some(Predicted {
            ay: row.number("ks4_ay")?,
            from_ay: row.number("from_ay").or_else(|| row.number("ks4_ay"))?,
            school: row.text("school_id")?,
            reference: row.text("reference")?,
            state: row.text("state")?,
            pupils: row.people("n_pupils"),
            achieved: row.people("n_achieved"),
            share_expected: row.ten_thousandths("predicted"),
            between_sd: row.ten_thousandths("between_sd"),
            reliability: row.ten_thousandths("reliability"),
            estimate_low: row.ten_thousandths("estimate_low"),
            estimate_high: row.ten_thousandths("estimate_high"),
        })
    })?;
    rows.sort_by(|one, other| (other.ay, &one.school).cmp(&(one.ay, &other.school)));
    Ok(rows)
}

/// A school beside those most like it. Shares in ten-thousandths.
#[derive(Debug, Clone)]
pub(super) struct Similar {
    pub(super) ay: i64,
    pub(super) school: String,
    pub(super) state: String,
    pub(super) schools: u64,
    pub(super) rate: Option<i64>,
    pub(super) best_fifth: Option<i64>,
}

/// Of the newest year that has any school compared; else of the newest.
pub(super) fn similar(release: &Release, measure: &str) -> Result<Vec<Similar>, ReportFault> {
    let mut rows = release.read("school_similar", |row| {
        (row.text("measure")? == measure).then_some(())?;
        Some(Similar {
            ay: row.number("ks4_ay")?,
            school: row.text("school_id")?,
            state: row.text("state")?,
            schools: row.people("n_similar"),
            rate: row.ten_thousandths("similar_rate"),
            best_fifth: row.ten_thousandths("best_fifth_rate"),
        })
    })?;
    let newest =
        |is_ours: fn(&Similar) -> bool| rows.iter().filter(|row| is_ours(row)).map(|row| row.ay).max();
    let ay = newest(|row| row.state == "compared").or_else(|| newest(|_| true));
    rows.retain(|row| Some(row.ay) == ay);
    rows.sort_by(|one, other| one.school.cmp(&other.school));
    Ok(rows)
}
