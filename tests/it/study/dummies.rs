//! Invented learners: as many as are asked for whatever the definition, in the shape of the rows, and nobody's.
use super::{ALIKE, done, names, own_site, rows, study};
use std::{fs, time::Instant};

#[test]
fn whatever_the_definition_everybody_who_is_asked_for_is_there() {
    let home = tempfile::tempdir().unwrap();
    let narrow = "cohort_ay = 2019\nresident = true\nattending = true\nks2_band = \"high\"\ndis_y6 = true\nentry_basis = \"ap\"\nks2_score = { from = 118, to = 118.5 }\n";
    for (name, conditions) in [
        ("usual", "cohort_ay = [2018, 2019]\nresident = true\nks2_band = \"high\"\n"),
        ("narrow", narrow),
        ("wide", ""),
    ] {
        study(home.path(), name, &[(ALIKE[0].0, conditions)]);
        let began = Instant::now();
        done(home.path(), &["study", "dummy", name]);
        let took = began.elapsed();
        println!("{name}: {took:?}");
        assert!(took.as_secs() < 120, "{took:?}: seconds, or a minute where the machine does much else");
        let csv = home.path().join(name).join("dummy/csv");
        for table in ["cohort_member", "cohort_outcome"] {
            let found = rows(&csv.join(format!("{table}.csv")));
            assert_eq!(found.len(), 10_000, "{name} {table}");
        }
    }
    // Who is in is in by the conditions, and not only in number.
    let text = fs::read_to_string(home.path().join("narrow/dummy/csv/cohort_member.csv")).unwrap();
    assert!(
        text.lines().skip(1).all(|line| line.ends_with(",2019,high,true")),
        "{}",
        text.lines().nth(1).unwrap()
    );
}

#[test]
fn dummy_data_has_the_shape_of_the_rows_and_no_value_that_names_anybody() {
    let site = own_site();
    let tables = "name = \"spell\"\ncolumns = [\"spell_no\", \"starts_on\", \"ends_on\", \"kind\", \"establishment_id\"]\ncoarsen = { starts_on = \"year\", ends_on = \"year\" }\n\n[[tables]]\nname = \"cohort_outcome\"\ncolumns = [\"visible\"]";
    let changed = [
        ALIKE[0],
        ALIKE[1],
        ("name = \"cohort_outcome\"\ncolumns = [\"state\", \"visible\", \"ever_ap\"]", tables),
    ];
    let folder = study(site.path(), "shape", &changed);
    done(site.path(), &["study", "dummy", "shape", "--learners", "400", "--seed", "3"]);
    let again = site.path().join("again");
    done(
        site.path(),
        &["study", "dummy", "shape", "--learners", "400", "--seed", "3", "--to", again.to_str().unwrap()],
    );
    let dummy = folder.join("dummy");
    for table in ["cohort_member", "cohort_outcome", "spell"] {
        let file = format!("parquet/{table}.parquet");
        assert_eq!(
            fs::read(dummy.join(&file)).unwrap(),
            fs::read(again.join(&file)).unwrap(),
            "the same seed, the same bytes"
        );
    }
    let invented = names(&dummy);
    assert!(
        invented.len() > 400 && invented.iter().all(|name| name[2..10] == *"00000000"),
        "{:?}",
        invented.first()
    );
}
