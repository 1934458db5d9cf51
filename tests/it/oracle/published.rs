//! Reads the published tables of a release into the rows of the oracle.
use super::Tables;
use super::cells::People;
use super::rows::Row;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;

/// Every table of a folder of `<table>.parquet` files. `people` says which person a learner id is; an id that it does
/// not have becomes person 0.
///
/// # Errors
/// Names the table, and the column where one is missing, empty against the rule, or of another type.
pub fn published(folder: &Path, people: &People) -> Result<Tables, String> {
    Ok(Tables {
        learner: table(folder, people)?,
        spell: table(folder, people)?,
        area_spell: table(folder, people)?,
        home_move: table(folder, people)?,
        home_move_year: table(folder, people)?,
        home_ward: table(folder, people)?,
        cohort_member: table(folder, people)?,
        cohort_outcome: table(folder, people)?,
        outcome: table(folder, people)?,
        attrition_waterfall: table(folder, people)?,
        lost_potential: table(folder, people)?,
        lost_potential_area: table(folder, people)?,
        absence_enrolment: table(folder, people)?,
        absence_learner: table(folder, people)?,
        absence_rate: table(folder, people)?,
        suspension_event: table(folder, people)?,
        suspension_learner: table(folder, people)?,
        suspension_rate: table(folder, people)?,
        circumstance_year: table(folder, people)?,
        circumstance_rate: table(folder, people)?,
        baseline: table(folder, people)?,
        ks4_result: table(folder, people)?,
        ks4_rate: table(folder, people)?,
        attainment8_mean: table(folder, people)?,
        disadvantage_gap: table(folder, people)?,
        segregation: table(folder, people)?,
        pathway: table(folder, people)?,
        school_move: table(folder, people)?,
        roll_share: table(folder, people)?,
        pathway_form: table(folder, people)?,
        ladder_result: table(folder, people)?,
        value_added: table(folder, people)?,
        distance_travelled: table(folder, people)?,
        engagement_change: table(folder, people)?,
        domain_score: table(folder, people)?,
        index_sensitivity: table(folder, people)?,
        outcome_vector: table(folder, people)?,
        realised_potential: table(folder, people)?,
        realised_rate: table(folder, people)?,
        progress_light: table(folder, people)?,
        ap_placement: table(folder, people)?,
        ap_day_six: table(folder, people)?,
        education_break: table(folder, people)?,
        ap_registration: table(folder, people)?,
        ap_measure: table(folder, people)?,
        ap_funnel: table(folder, people)?,
        ap_effect: table(folder, people)?,
        lost_potential_sensitivity: table(folder, people)?,
        high_attainer: table(folder, people)?,
        school_beating: table(folder, people)?,
        school_result: table(folder, people)?,
        school_prediction: table(folder, people)?,
        school_value_added: table(folder, people)?,
        school_similar: table(folder, people)?,
        mobility_rate: table(folder, people)?,
        ks2_subject: table(folder, people)?,
        ks2_rate: table(folder, people)?,
        scorecard: table(folder, people)?,
        nccis_month: table(folder, people)?,
        neet_rate: table(folder, people)?,
        september_guarantee: table(folder, people)?,
        guarantee_rate: table(folder, people)?,
        ccis_destination: table(folder, people)?,
        ccis_destination_rate: table(folder, people)?,
        risk_factor: table(folder, people)?,
        risk_score: table(folder, people)?,
        risk_curve: table(folder, people)?,
        risk_calibration: table(folder, people)?,
        risk_backtest: table(folder, people)?,
        risk_fairness: table(folder, people)?,
        risk_model: table(folder, people)?,
        month_status: table(folder, people)?,
        level_by_19: table(folder, people)?,
        level_by_19_rate: table(folder, people)?,
        leaver_met: table(folder, people)?,
        neet_cost: table(folder, people)?,
        ..Tables::default()
    })
}

/// One table of a folder.
pub fn table<R: Row>(folder: &Path, people: &People) -> Result<Vec<R>, String> {
    let path = folder.join(format!("{}.parquet", R::TABLE));
    read(&path, people).map_err(|error| format!("{}: {error}", R::TABLE))
}

fn read<R: Row>(path: &Path, people: &People) -> Result<Vec<R>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let batches = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    for batch in batches {
        rows.extend(R::read(&batch.map_err(|error| error.to_string())?, people)?);
    }
    rows.sort();
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::super::{AreaSpell, CohortMember, Fixed, Person, compare_rows};
    use super::*;
    use arrow::array::{
        ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int16Array, RecordBatch, StringArray,
        StringViewArray,
    };
    use chrono::NaiveDate;
    use parquet::arrow::ArrowWriter;
    use std::sync::Arc;

    const ONE: &str = "00112233445566778899aabbccddeeff";

    fn write(folder: &Path, table: &str, columns: Vec<(&str, ArrayRef)>) {
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )
        .unwrap();
        let file = File::create(folder.join(format!("{table}.parquet"))).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    fn area_spells(id: &str) -> Vec<(&'static str, ArrayRef)> {
        vec![
            ("home_la", Arc::new(StringArray::from(vec![Some("998")])) as ArrayRef),
            ("learner_id", Arc::new(StringViewArray::from(vec![id]))),
            ("starts_on", Arc::new(Date32Array::from(vec![17_410]))),
            ("ends_on", Arc::new(Date32Array::from(vec![17_774]))),
            ("educating_la", Arc::new(StringArray::from(vec![None::<&str>]))),
            ("home_evidence", Arc::new(StringArray::from(vec![Some("address")]))),
        ]
    }

    fn expected() -> AreaSpell {
        AreaSpell {
            person: Person(7),
            starts_on: NaiveDate::from_ymd_opt(2017, 9, 1).unwrap(),
            ends_on: NaiveDate::from_ymd_opt(2018, 8, 31).unwrap(),
            home_la: Some("998".to_owned()),
            educating_la: None,
            home_evidence: Some("address".to_owned()),
        }
    }

    #[test]
    fn a_published_table_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "area_spell", area_spells(ONE));
        let people = People::from([(ONE.to_owned(), 7)]);
        let rows: Vec<AreaSpell> = table(folder.path(), &people).unwrap();
        assert_eq!(rows, [expected()]);
        assert!(compare_rows(&[expected()], &rows).is_empty());
        assert_eq!(table::<AreaSpell>(folder.path(), &People::new()).unwrap()[0].person, Person(0));
    }

    #[test]
    fn decimals_and_whole_numbers_of_any_width_read() {
        let folder = tempfile::tempdir().unwrap();
        let yes = || Arc::new(BooleanArray::from(vec![true])) as ArrayRef;
        let text = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
        let score = Decimal128Array::from(vec![104_500]).with_precision_and_scale(9, 3).unwrap();
        let columns = vec![
            ("learner_id", text(ONE)),
            ("cohort_ay", Arc::new(Int16Array::from(vec![2019]))),
            ("present_y6", yes()),
            ("attending", yes()),
            ("resident", yes()),
            ("ever_y6_here", yes()),
            ("entry_basis", text("school")),
            ("ks2_state", text("tested")),
            ("ks2_score", Arc::new(score)),
            ("ks2_band", text("other")),
            ("dis_y6", Arc::new(BooleanArray::from(vec![None]))),
            ("sen_y6", text("none")),
        ];
        write(folder.path(), "cohort_member", columns);
        let people = People::from([(ONE.to_owned(), 7)]);
        let rows: Vec<CohortMember> = table(folder.path(), &people).unwrap();
        assert_eq!(rows[0].cohort_ay, 2019);
        assert_eq!(rows[0].ks2_score, Some(Fixed(10_450)));
        assert_eq!(rows[0].dis_y6, None);
    }

    #[test]
    fn an_error_names_table_and_column() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "area_spell", area_spells("seven"));
        let people = People::new();
        let error = table::<AreaSpell>(folder.path(), &people).unwrap_err();
        assert_eq!(error, "area_spell: column learner_id is not 32 hex characters in row 0");
        let mut columns = area_spells(ONE);
        columns.pop();
        write(folder.path(), "area_spell", columns);
        let error = table::<AreaSpell>(folder.path(), &people).unwrap_err();
        assert!(
            error.starts_with("area_spell: there is no column home_evidence among home_la, learner_id"),
            "{error}"
        );
    }

    #[test]
    fn differences_print_the_cells_that_differ() {
        let published = AreaSpell { home_la: Some("997".to_owned()), ..expected() };
        let one = compare_rows(&[expected()], std::slice::from_ref(&published));
        assert_eq!(
            one.to_string(),
            "area_spell: 1 rows expected, 1 published, 1 differ\n  person 7\n    expected home_la=998, published home_la=997\n"
        );
        let two = compare_rows(&[expected()], &[expected(), expected(), published]);
        assert_eq!(two.groups.values().map(|sides| sides.only_published.len()).sum::<usize>(), 2);
    }
}
