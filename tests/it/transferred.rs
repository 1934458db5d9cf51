//! Transfer files on a whole invented authority that say something else than the national file of key stage 2, or something where it is
//! silent: what stands, what is passed over and what contradicts is counted pupil by pupil.
use crate::{
    end_to_end::Demo,
    oracle::{self, Baseline, CohortMember, Ks2Rate, Ks2Subject, Transferred},
    reviewed::hand_over,
    site::run_in,
};
use std::{collections::BTreeMap, fmt::Write as _};
use throughline::synth::{Identifiers, Person};

/// A pupil of a file with what it says of both tests.
fn pupil(person: &Person, cohort: i64, says: &[Transferred]) -> String {
    let who = &person.identity;
    let mut text = format!(
        "<Pupil><UPN>{}</UPN><Surname>{}</Surname><Forename>{}</Forename><DOB>{}</DOB><Sex>{}</Sex>\
         <StageAssessments><KeyStage><Stage>KS2</Stage>",
        who.upn, who.surname, who.forename, who.birth_date, who.sex
    );
    for one in says {
        let (subject, component) = if one.subject == "reading" { ("ENG", "REA") } else { ("MAT", "MAT") };
        let result = one.score.map_or_else(|| "B".to_owned(), |score| score.to_string());
        let _ = write!(
            text,
            "<StageAssessment><Locale>ENG</Locale><Year>{cohort}</Year><Subject>{subject}</Subject><Method>TT</Method>\
             <Component>{component}</Component><ResultStatus>R</ResultStatus><ResultQualifier>NS</ResultQualifier>\
             <Result>{result}</Result></StageAssessment>"
        );
    }
    text + "</KeyStage></StageAssessments></Pupil>\n"
}

/// What the file says of somebody, by plain arithmetic: often what the national file says, often not, of some one test only.
fn says(row: &Ks2Subject) -> Vec<Transferred> {
    let number = row.person.0;
    let score = |known: Option<i64>, pick: u32| match (known, pick % 5) {
        (_, 4) => None,
        (Some(score), 0 | 1) => Some(score),
        (Some(score), _) => Some(if score < 100 { score + 9 } else { score - 9 }),
        (None, pick) => Some(92 + 7 * i64::from(pick)),
    };
    let known = [row.reading_score, row.maths_score].map(|score| score.map(|score| score.0 / 100));
    let both = [("reading", known[0], number / 5), ("maths", known[1], number / 7)];
    let told = both.into_iter().filter(|(subject, ..)| *subject == "maths" || !number.is_multiple_of(4));
    told.map(|(subject, known, pick)| Transferred { person: number, subject, score: score(known, pick) })
        .collect()
}

fn equals_what_stands(seed: u64, learners: u32) {
    let demo = Demo::run(seed, learners, Identifiers::Perfect);
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CTfile><Header><DocumentName>Common Transfer File</DocumentName>\
                    <CTFversion>24.0</CTFversion><DateTime>2026-03-20T09:00:00</DateTime><SourceSchool><LEA>998</LEA>\
                    <Estab>2008</Estab></SourceSchool><DestSchool><LEA>998</LEA><Estab>LLLL</Estab></DestSchool></Header>\
                    <CTFpupilData>\n"
        .to_owned();
    let before = oracle::expected(&demo.world);
    let mut told = Vec::new();
    for row in before.ks2_subject.iter().filter(|row| row.cohort_ay < 2026 && row.person.0 % 3 == 1) {
        let person = demo.world.people.iter().find(|person| person.number == row.person.0).unwrap();
        let own = says(row);
        text += &pupil(person, row.cohort_ay, &own);
        told.extend(own);
    }
    text += "</CTFpupilData></CTfile>\n";
    let site = demo.site();
    hand_over(&site, ("ctf", "ctf"), "9982008_CTF_998LLLL_001.xml", &text, "");
    let run = |arguments: &[&str]| {
        let ran = run_in(&site, &[&["--config", "throughline.toml"], arguments].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.out, ran.err);
        ran
    };
    run(&["pull", "ctf"]);
    run(&["link"]);
    let built = run(&["--json", "build"]).json();
    run(&["release"]);
    let whose: BTreeMap<String, u32> = demo
        .people_of_learners()
        .into_iter()
        .filter_map(|(id, people)| Some((id, *people.first()?)))
        .collect();
    let folder = site.join("data/releases/current/parquet");
    let expected = oracle::with_transfers(&demo.world, &told);
    let seen: Vec<Baseline> = oracle::published_table(&folder, &whose).unwrap();
    let mut differences = vec![oracle::compare_rows(&expected.baseline, &seen)];
    let seen: Vec<CohortMember> = oracle::published_table(&folder, &whose).unwrap();
    differences.push(oracle::compare_rows(&expected.cohort_member, &seen));
    let seen: Vec<Ks2Subject> = oracle::published_table(&folder, &whose).unwrap();
    differences.push(oracle::compare_rows(&expected.ks2_subject, &seen));
    let seen: Vec<Ks2Rate> = oracle::published_table(&folder, &whose).unwrap();
    differences.push(oracle::compare_rows(&expected.ks2_rate, &seen));
    for one in &differences {
        assert!(one.is_empty() && one.expected > 0, "{one}");
    }
    // Each contradiction is a row of the check, kept with what stands beside it.
    let check = built["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["check"] == "ks2_sources_disagree")
        .unwrap();
    let conflicts: i64 = expected.baseline.iter().map(|row| row.n_conflicts).sum();
    assert_eq!(check["violations"].as_i64(), Some(conflicts), "{check}");
    assert!(check["kept"].is_string(), "{check}");
    let n = |wanted: &dyn Fn(&Baseline) -> bool| expected.baseline.iter().filter(|row| wanted(row)).count();
    let [contradicted, agreed] =
        [n(&|row| row.n_conflicts > 0), n(&|row| row.n_rows_passed_over > row.n_conflicts)];
    let stands = n(&|row| row.baseline_source == "ctf" && row.ks2_state == "tested");
    println!(
        "seed {seed}: {contradicted} contradicted, {agreed} agreed with, {stands} stand by the file alone"
    );
    assert!(contradicted > 20 && agreed > 20 && stands > 2);
}

#[test]
fn what_stands_at_eleven_is_the_national_file_and_what_contradicts_it_is_counted() {
    equals_what_stands(1, 700);
}

#[test]
fn and_at_another_seed() {
    equals_what_stands(20_261_122, 600);
}
