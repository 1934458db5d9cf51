//! The pieces together, on a small invented town.
use super::{
    candidates,
    chance::Chance,
    evidence::{
        BIRTH, Comparer, FORENAME, NUMBER, POSTCODE, SURNAME, birth, forename, number, postcode, surname,
    },
    kin::Kin,
    link, link_within,
    record::{Cells, Reader, Record, Table},
};

const GIVEN: [&str; 20] = [
    "THOMAS", "OLIVIA", "JACOB", "EMILY", "DANIEL", "GRACE", "LIAM", "FREYA", "OSCAR", "ETHAN", "CHLOE",
    "HANNAH", "NOAH", "FINLEY", "ISLA", "MARCUS", "RUBY", "SAMUEL", "PHOEBE", "GEORGE",
];
const FAMILY: [&str; 18] = [
    "ARCHER", "BENNETT", "HUGHES", "WALSH", "GRANT", "HOLLOWAY", "IRVING", "JESSOP", "KEATING", "LOMAX",
    "MERCER", "PRESCOTT", "KHAN", "PATEL", "NOWAK", "OKAFOR", "FERREIRA", "STONE",
];

#[derive(Clone, Default)]
struct Person {
    upn: String,
    given: String,
    family: String,
    born: String,
    home: String,
}

impl Person {
    fn cells(&self) -> Cells<'_> {
        Cells {
            upn: &self.upn,
            forename: &self.given,
            surname: &self.family,
            dob: &self.born,
            postcode: &self.home,
            ..Cells::default()
        }
    }
}

fn upn(serial: usize) -> String {
    let letters = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let digits = format!("8012000{serial:05}");
    let sum: usize = digits.bytes().zip(2..).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{}{digits}", char::from(letters[sum % 23]))
}

/// Households of two; every tenth are twins.
fn town(homes: usize) -> Vec<Person> {
    let day = |at: usize| format!("20{:02}-{:02}-{:02}", 6 + at % 8, 1 + at / 8 % 12, 1 + at * 17 % 28);
    (0..homes * 2)
        .map(|at| {
            let home = at / 2;
            let twins = home % 10 == 0;
            Person {
                upn: upn(at),
                given: GIVEN[(home * 7 + at % 2 * 3) % 20].to_owned(),
                family: FAMILY[home * 5 % 18].to_owned(),
                born: day(if twins { home * 2 } else { home * 2 + at % 2 * 37 }),
                home: format!("ZT{} {}AA", 10 + home / 9 % 90, 1 + home % 9),
            }
        })
        .collect()
}

fn table(reader: &mut Reader, people: &[Person]) -> Table {
    Table { records: people.iter().map(|person| reader.read(&person.cells())).collect(), ..Table::default() }
}

/// Each row's best record and its probability.
fn best(rows: &[Person], register: &[Person], threads: usize) -> Vec<Option<(usize, f64)>> {
    let mut reader = Reader::new();
    let (rows, register) = (table(&mut reader, rows), table(&mut reader, register));
    let mut best = vec![None; rows.records.len()];
    for pair in link(&rows, &register, &reader.words, threads).pairs {
        let held: &mut Option<(usize, f64)> = &mut best[pair.row as usize];
        if held.is_none_or(|(_, probability)| probability < pair.probability) {
            *held = Some((pair.record as usize, pair.probability));
        }
    }
    best
}

/// Rows about every third person, so that there is something to learn from; every other one without a number.
fn usual_rows(town: &[Person]) -> Vec<Person> {
    let mut rows: Vec<Person> = town.iter().step_by(3).cloned().collect();
    rows.iter_mut().step_by(2).for_each(|row| row.upn.clear());
    rows
}

#[test]
fn a_row_is_linked_with_its_person_and_an_absent_twin_with_nobody() {
    let town = town(600);
    let mut rows = usual_rows(&town);
    let usual = rows.len();
    // The register lacks the second twin of the first home.
    let register: Vec<Person> =
        town.iter().enumerate().filter(|(at, _)| *at != 1).map(|(_, p)| p.clone()).collect();
    rows.push(Person { upn: String::new(), ..town[1].clone() });
    let found = best(&rows, &register, 2);
    let right = (0..usual).filter(|at| {
        let place = if *at == 0 { 0 } else { at * 3 - 1 };
        found[*at].is_some_and(|(record, probability)| record == place && probability > 0.5)
    });
    let right = right.count();
    assert!(right * 100 > usual * 97, "{right} of {usual}");
    assert!(found[usual].is_none_or(|(_, probability)| probability < 0.5), "{:?}", found[usual]);
}

#[test]
fn two_records_of_one_person_share_their_row() {
    let mut register = town(600);
    for at in 0..24 {
        let twice = Person { upn: upn(50_000 + at), ..register[at * 8 + 2].clone() };
        register.push(twice);
    }
    let mut rows = usual_rows(&register[..1_200]);
    rows.push(Person { upn: String::new(), ..register[10].clone() });
    let (_, probability) = best(&rows, &register, 1)[rows.len() - 1].unwrap();
    assert!(probability > 0.9, "{probability}: the two do not compete");
}

#[test]
fn a_number_alone_is_no_verdict() {
    let town = town(600);
    let mut rows = usual_rows(&town);
    rows.push(Person { upn: town[7].upn.clone(), ..town[900].clone() });
    let (record, _) = best(&rows, &town, 1)[rows.len() - 1].unwrap();
    assert_eq!(record, 900, "names, birth date and address say who it is");
}

#[test]
fn nothing_in_nothing_out() {
    assert!(best(&[], &[], 2).is_empty());
    assert!(best(&[], &town(10), 2).is_empty());
    assert_eq!(best(&[Person::default()], &town(10), 2), [None]);
    let mut reader = Reader::new();
    let empty = table(&mut reader, &[]);
    assert!(link_within(&empty, &reader.words, 2).pairs.is_empty());
}

#[test]
fn threads_change_no_bit() {
    let town = town(400);
    let rows = usual_rows(&town);
    let bits = |threads| -> Vec<_> {
        let found = best(&rows, &town, threads);
        found
            .into_iter()
            .map(|found| found.map(|(record, probability)| (record, probability.to_bits())))
            .collect()
    };
    assert_eq!(bits(1), bits(3));
}

#[test]
fn a_block_that_is_too_large_is_left_out_and_counted() {
    let one = Person { given: "THOMAS".into(), family: "ARCHER".into(), ..Person::default() };
    let mut reader = Reader::new();
    let register = table(&mut reader, &vec![one.clone(); 1_600]);
    let rows = table(&mut reader, &[one.clone(), one]);
    let keying = candidates::Keying::of(&register);
    let blocks = candidates::blocks(&rows, &register, &reader.words, &keying, 2);
    assert_eq!((blocks.large.len(), blocks.pairs_left_out), (1, 3_200));
    let mut found = Vec::new();
    blocks.candidates(0, &blocks.postings, &mut found);
    assert!(found.is_empty());
}

#[test]
fn kin_are_learnt_from_households_and_not_from_people_who_stand_there_twice() {
    let mut people = town(500);
    let twice: Vec<Person> = people.iter().take(100).cloned().collect();
    people.extend(twice);
    let mut reader = Reader::new();
    let register = table(&mut reader, &people);
    let kin = Kin::of(&register, &reader.words, 1);
    assert!((0.7..1.6).contains(&kin.rate), "{}", kin.rate);
    assert!((0.05..0.25).contains(&kin.twins), "{}", kin.twins);
}

#[test]
fn chance_is_smaller_for_a_rare_name_and_larger_for_an_address_of_many_rows() {
    let mut people = town(500);
    people[0].given = "ZEBEDEE".into();
    let mut rows = people.clone();
    for row in rows.iter_mut().skip(100) {
        row.home = people[0].home.clone();
    }
    let mut reader = Reader::new();
    let (register, rows) = (table(&mut reader, &people), table(&mut reader, &rows));
    let chance = Chance::of(&rows, &register, &reader.words, 1);
    let mut comparer = Comparer::new(&reader.words);
    let mut of = |row: &Record, record: &Record| {
        let levels = comparer.levels(row, record);
        chance.of_pair(levels, row, record, &reader.words, &[])
    };
    let rare = of(&rows.records[0], &register.records[0]).1.unwrap();
    let common = of(&rows.records[2], &register.records[2]).1.unwrap();
    assert!(rare < common - 1.0, "{rare} {common}");
    let usual = of(&rows.records[4], &register.records[4]).0;
    let mut at_office = rows.records[4];
    at_office.postcode = rows.records[200].postcode;
    at_office.outward = rows.records[200].outward;
    let mut there = register.records[4];
    (there.postcode, there.outward) = (at_office.postcode, at_office.outward);
    assert!(of(&at_office, &there).0 > usual + 2.0);
}

#[test]
fn fields_are_compared_in_levels() {
    let mut reader = Reader::new();
    let person = Person {
        upn: upn(1),
        given: "Thomas".into(),
        family: "Holloway".into(),
        born: "2010-03-09".into(),
        home: "ZT10 1AA".into(),
    };
    let record = reader.read(&person.cells());
    let changed = |change: &dyn Fn(&mut Person)| {
        let mut other = person.clone();
        change(&mut other);
        other
    };
    let cases: Vec<(usize, u8, Person)> = vec![
        (FORENAME, forename::EXACT, changed(&|p| p.given = "THOMAS John".into())),
        (FORENAME, forename::FORM, changed(&|p| p.given = "Tommy".into())),
        (FORENAME, forename::INITIAL, changed(&|p| p.given = "T".into())),
        (FORENAME, forename::NEAR, changed(&|p| p.given = "Thpmas".into())),
        (FORENAME, forename::SLIP, changed(&|p| p.given = "Thommas".into())),
        (FORENAME, forename::SWAPPED, changed(&|p| std::mem::swap(&mut p.given, &mut p.family))),
        (FORENAME, forename::NONE, changed(&|p| p.given = "Grace".into())),
        (SURNAME, surname::PART, changed(&|p| p.family = "Holloway-Stone".into())),
        (SURNAME, surname::PHONETIC, changed(&|p| p.family = "Hollaway".into())),
        (SURNAME, surname::NONE, changed(&|p| p.family = "Grant".into())),
        (BIRTH, birth::CROSSED, changed(&|p| p.born = "2010-09-03".into())),
        (BIRTH, birth::YEAR_AND_MONTH, changed(&|p| p.born = "2010-03-27".into())),
        (BIRTH, birth::SLIP, changed(&|p| p.born = "2010-03-19".into())),
        (BIRTH, birth::DAY_AND_MONTH, changed(&|p| p.born = "2011-03-09".into())),
        (BIRTH, birth::FIRST_OF_YEAR, changed(&|p| p.born = "2010-01-01".into())),
        (POSTCODE, postcode::NEAR, changed(&|p| p.home = "ZT101AB".into())),
        (POSTCODE, postcode::OUTWARD, changed(&|p| p.home = "ZT10".into())),
        (POSTCODE, postcode::AREA, changed(&|p| p.home = "ZT12 9QQ".into())),
        (NUMBER, number::CONFLICT, changed(&|p| p.upn = upn(2))),
        (NUMBER, number::NEAR, changed(&|p| p.upn = p.upn.replace("00001", "00011"))),
        (NUMBER, number::SAME, changed(&|p| p.upn = p.upn.to_lowercase())),
    ];
    for (field, level, other) in cases {
        let row = reader.read(&other.cells());
        let levels = Comparer::new(&reader.words).levels(&row, &record);
        assert_eq!(
            levels.get(field),
            Some(level),
            "{} {} {} {}",
            other.given,
            other.family,
            other.born,
            other.home
        );
    }
}
