use super::*;

fn shapes() -> Shapes {
    let table = |columns: &[(&str, Kind)]| TableShape {
        columns: columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect(),
        told_apart_by: Some(
            columns
                .iter()
                .filter(|(name, _)| *name == "spell_no")
                .map(|(name, _)| (*name).to_owned())
                .collect(),
        ),
    };
    [
        (
            "cohort_member".to_owned(),
            table(&[
                ("learner_id", Kind::Learner),
                ("cohort_ay", Kind::Number),
                ("ks2_band", Kind::Text),
                ("ks2_score", Kind::Number),
                ("dis_y6", Kind::Bool),
            ]),
        ),
        (
            "spell".to_owned(),
            table(&[
                ("learner_id", Kind::Learner),
                ("spell_no", Kind::Number),
                ("kind", Kind::Text),
                ("starts_on", Kind::Date),
            ]),
        ),
        ("rate".to_owned(), table(&[("ay", Kind::Number), ("n", Kind::Number)])),
    ]
    .into()
}

fn refused(text: &str) -> &'static str {
    match compile(text, &shapes()) {
        Ok(plan) => panic!("{text}\nwas taken as\n{}", plan.sql),
        Err(refusal) => refusal.code,
    }
}

#[test]
fn honest_questions_are_read() {
    for text in [
        "select count(distinct learner_id) from cohort_member",
        "select cohort_ay, count(*) as n from cohort_member group by 1 order by n desc limit 5;",
        "select c.ks2_band, count(distinct c.learner_id) filter (where s.kind = 'state_ap') as in_ap, \
         round(100.0 * count(distinct c.learner_id) filter (where s.kind = 'state_ap') / count(distinct c.learner_id), 1) as pct \
         from cohort_member c left join spell s on s.learner_id = c.learner_id group by c.ks2_band",
        "with moved as (select learner_id, count(*) as n from spell where starts_on >= date '2019-09-01' group by learner_id \
         having count(*) > 2) select case when n > 4 then 'many' else 'some' end as moves, count(*) from moved \
         join cohort_member using (learner_id) group by all",
        "select avg(ks2_score), avg(case when dis_y6 then 1.0 else 0 end) as dis from cohort_member where ks2_score > 80",
        "select cohort_ay, count(distinct learner_id) from cohort_member m where exists (select 1 from spell s where \
         s.learner_id = m.learner_id and s.kind in ('x', 'y')) and learner_id not in (select learner_id from spell) \
         group by cohort_ay",
    ] {
        if let Err(refusal) = compile(text, &shapes()) {
            panic!("{text}\n{refusal}");
        }
    }
}

#[test]
fn rows_values_and_other_statements_are_refused() {
    for (text, code) in [
        ("select * from cohort_member", "row_level"),
        ("select learner_id from cohort_member", "row_level"),
        ("select ks2_band from cohort_member", "row_level"),
        ("select max(ks2_score) from cohort_member", "row_level"),
        ("select first(ks2_band) from cohort_member", "function"),
        ("select string_agg(ks2_band, ',') from cohort_member", "function"),
        ("select learner_id, count(*) from cohort_member group by 1", "row_level"),
        ("select count(*) from cohort_member where learner_id = 'ab'", "row_level"),
        ("select count(*) from cohort_member having count(*) = 3", "having"),
        ("select count(*) from read_csv('/etc/passwd')", "not_allowed"),
        ("select count(*) from '/etc/passwd'", "not_allowed"),
        ("select count(*) from rate", "not_of_learners"),
        ("select count(*) from nothing", "unknown"),
        ("select count(*) from cohort_member, spell", "not_allowed"),
        ("select count(*) from cohort_member cross join spell", "not_allowed"),
        ("select count(*) from cohort_member join spell on true", "join"),
        ("copy (select 1) to '/tmp/x'", "statement"),
        ("select 1; select 2", "statement"),
        ("select sum(case when ks2_score > 1 then 9e9 else 1 end) from cohort_member", "measure"),
        ("select count(*) from cohort_member where ks2_band = 3", "kinds"),
        ("select count(*) over () from cohort_member", "row_level"),
        ("select count(*) from cohort_member union all select count(*) from spell", "not_allowed"),
        ("select (select count(*) from spell) from cohort_member", "not_allowed"),
        ("select count(*) from main.cohort_member", "not_allowed"),
        ("select count(distinct ks2_score) from cohort_member", "measure"),
    ] {
        assert_eq!(refused(text), code, "{text}");
    }
}

/// Deep brackets, endless sums and endless texts end in a refusal and not in a crash.
#[test]
fn bombs_for_the_parser_are_refused() {
    let deep = format!("select count(*) from cohort_member where {}true{}", "(".repeat(900), ")".repeat(900));
    let long = format!("select count(*) from cohort_member where ks2_score > {}", vec!["1"; 990].join("+"));
    assert_eq!(refused(&deep), "syntax");
    assert_eq!(refused(&long), "too_long");
    let sum = format!("select count(*) from cohort_member where ks2_score > {}", vec!["1"; 300].join("+"));
    assert!(compile(&sum, &shapes()).is_ok());
    assert_eq!(refused(&"select ".repeat(1_900)), "syntax");
    assert_eq!(refused(&"x".repeat(20_000)), "too_long");
    assert_eq!(refused("select count(*)\u{a0}from cohort_member"), "characters");
}

/// What the engine holds hangs on the rows that come by. A statement of a few kilobytes had three thousand columns, and another held as many rows as
/// two tables make with each other, again for each EXISTS: whether memory was short then told of a cell of one learner.
#[test]
fn what_is_carried_is_bounded_by_the_text() {
    let stars = |times: usize, uses: usize| {
        let stars = vec!["w.*"; times].join(", ");
        let one_of = vec!["o.learner_id not in (select z from v)"; uses].join(" and ");
        format!(
            "with w as (select m.learner_id as i, m.* from cohort_member m where m.ks2_score = 118), \
             v as (select w.i as z, {stars} from w) select count(*) as n from cohort_member o where {one_of}"
        )
    };
    let columns = |times: usize, joins: usize| {
        let texts: Vec<String> = (0..times).map(|at| format!("'text' as a{at}")).collect();
        let joins: String =
            (0..joins).map(|at| format!(" left join v v{at} on v{at}.z = o.learner_id")).collect();
        format!(
            "with v as (select learner_id as z, {} from cohort_member) select count(*) as n from cohort_member o{joins}",
            texts.join(", ")
        )
    };
    let code = |text: String| compile(&text, &shapes()).unwrap().guard.err().map(|refusal| refusal.code);
    assert_eq!(code(stars(2, 2)), None);
    assert_eq!(code(stars(300, 1)), None);
    assert_eq!(code(stars(300, 8)), Some("too_wide"), "each time that it is named");
    assert_eq!(code(columns(300, 5)), None);
    let beside = |texts: usize, stars: usize, exists: usize| {
        let texts: Vec<String> = (0..texts).map(|at| format!("'text' as a{at}")).collect();
        let exists = " and exists (select 1 from cohort_member x where x.learner_id = v.z and x.dis_y6)"
            .repeat(exists);
        format!(
            "with w as (select s.learner_id as i, s.kind as k, t.kind as kk, {} from spell s join spell t using (learner_id)), \
             v as (select w.i as z, {} from w) select count(*) as n from v where v.z is not null{exists}",
            texts.join(", "),
            vec!["w.*"; stars].join(", ")
        )
    };
    assert_eq!(code(beside(1, 1, 1)), None);
    assert_eq!(code(beside(20, 22, 0)), Some("too_wide"), "rows of two tables");
    assert_eq!(code(beside(1, 6, 6)), Some("too_wide"), "held for each EXISTS");
    let grouped = |keys: usize| {
        let keys: Vec<String> = (0..keys).map(|at| format!("least('key {at}')")).collect();
        format!(
            "with w as (select s.learner_id from spell s join spell t using (learner_id) group by s.learner_id, s.kind, t.kind, {}) \
             select count(*) as n from w",
            keys.join(", ")
        )
    };
    assert_eq!(code(grouped(2)), None);
    assert_eq!(code(grouped(150)), Some("too_wide"), "by what is not selected");
    let distinct = |times: usize| {
        let counts: Vec<String> =
            (0..times).map(|at| format!("count(distinct kind <> 'k{at}') as n{at}")).collect();
        format!(
            "with w as (select learner_id, {} from spell group by learner_id) select count(*) as n from w where n0 > 1",
            counts.join(", ")
        )
    };
    assert_eq!(code(distinct(20)), None);
    let room = |text: String| compile(&text, &shapes()).unwrap().guard.unwrap().room.bytes(512, 400);
    assert!(room(distinct(20)) > room(distinct(10)) + 40_000_000, "each takes megabytes once a row comes by");
    let one_of = |stars: usize| {
        let stars = vec!["w.*"; stars].join(", ");
        format!(
            "with w as (select m.learner_id as i, m.* from cohort_member m), v as (select w.i as z, {stars} from w) select count(*) as n from v \
             where v.z in (select learner_id from spell)"
        )
    };
    let without = |stars: usize| one_of(stars).replace(" where v.z in (select learner_id from spell)", "");
    let added = |stars: usize| room(one_of(stars)) - room(without(stars));
    assert!(added(20) > added(10) + 4_000_000, "all columns go by a list of learners");
    let copied = |times: usize| {
        let looked = "exists (select 1 from spell s where s.learner_id = m.learner_id and s.kind <> 'x')";
        let nested = (0..times).fold(looked.to_owned(), |inner, _| format!("nullif({inner}, m.dis_y6)"));
        format!("select count(*) as n from cohort_member m where {nested}")
    };
    assert!(
        room(copied(3)) - room(copied(2)) > 3 * (room(copied(1)) - room(copied(0))),
        "each is written twice"
    );
}

/// Noise hangs on how many groups one learner can be in: never more than there are rows, where the conditions list what tells rows apart.
#[test]
fn groups_of_a_learner_are_no_more_than_rows() {
    let most = |text: &str| compile(text, &shapes()).unwrap().guard.unwrap().most_groups;
    for (text, groups) in [
        ("select spell_no, kind, count(*) from spell group by 1, 2", 12),
        ("select spell_no, kind, count(*) from spell where spell_no in (1, 2) group by 1, 2", 2),
        ("select kind, count(*) from spell where spell_no = 1 group by 1", 1),
        ("select kind, count(*) from spell where kind in ('a', 'b') and spell_no in (1, 2, 3) group by 1", 2),
        (
            "select s.kind, count(*) from spell s join spell t using (learner_id) where s.spell_no = 1 group by 1",
            12,
        ),
        (
            "select s.kind, count(*) from cohort_member c left join spell s using (learner_id) where s.spell_no in (1, 2) group by 1",
            2,
        ),
        // A column of that name in another table, or one that is reckoned with, tells no rows of this one apart.
        ("select kind, count(*) from spell where spell_no + 1 = 2 group by 1", 12),
        ("select kind, count(*) from spell where spell_no not in (1, 2) group by 1", 12),
        // A list of columns lists no values.
        ("select kind, count(*) from spell where spell_no in (spell_no) group by 1", 12),
        ("select spell_no, count(*) from spell where spell_no in (1, spell_no) group by 1", 12),
    ] {
        assert_eq!(most(text), groups, "{text}");
    }
}

/// A column that a statement makes is worked out wherever it is named, so a few within each other would be work without end; as long texts would be,
/// and the patterns that they are looked through with.
#[test]
fn what_a_row_takes_is_bounded_by_the_text() {
    let within = |times: usize| {
        let many = |what: &str| vec![what; times].join(" or ");
        format!(
            "with a as (select learner_id, ks2_band like '%a%b' as m from cohort_member), \
             b as (select learner_id, ({}) as n from a), c as (select learner_id, ({}) as o from b) \
             select count(*) from c where {}",
            many("m"),
            many("n"),
            many("o")
        )
    };
    assert!(compile(&within(3), &shapes()).unwrap().guard.is_ok());
    assert_eq!(compile(&within(30), &shapes()).unwrap().guard.unwrap_err().code, "too_long");
    let cases = |depth: usize| {
        let inner = (0..depth).fold("ks2_score".to_owned(), |inner, _| {
            let whens = (1..20).map(|at| format!(" when {at} then {at}"));
            format!("case {inner}{} else 0 end", whens.collect::<String>())
        });
        format!("select count(*) from cohort_member where {inner} > 0")
    };
    assert!(compile(&cases(1), &shapes()).unwrap().guard.is_ok());
    assert_eq!(compile(&cases(3), &shapes()).unwrap().guard.unwrap_err().code, "too_long");
    // The engine writes what lies between once for each end: eleven within each other were seconds of work.
    let between = |depth: usize| {
        let inner = (0..depth).fold("dis_y6".to_owned(), |inner, _| {
            format!("(case when {inner} then 1 else 0 end between 0 and 1)")
        });
        format!("select count(*) from cohort_member where {inner}")
    };
    assert!(compile(&between(3), &shapes()).unwrap().guard.is_ok());
    assert_eq!(compile(&between(11), &shapes()).unwrap().guard.unwrap_err().code, "too_long");
    let of_rows =
        "select sum(a.ks2_score) as s from cohort_member a join spell b on b.learner_id = a.learner_id";
    assert_eq!(compile(of_rows, &shapes()).unwrap().guard.unwrap_err().code, "sum_of_rows");
    assert!(compile(&of_rows.replace("sum", "avg"), &shapes()).unwrap().guard.is_ok());
    let equal = |times: usize| {
        format!(
            "select count(*) from cohort_member where {}",
            vec!["ks2_score = cohort_ay"; times].join(" and ")
        )
    };
    assert!(compile(&equal(5), &shapes()).unwrap().guard.is_ok());
    assert_eq!(compile(&equal(100), &shapes()).unwrap().guard.unwrap_err().code, "too_long");
    let halves = (0..40).fold("ks2_score".to_owned(), |inner, at| format!("nullif({inner}, {at})"));
    let halves = format!("select count(*) from cohort_member where {halves} > 0");
    assert!(compile(&halves, &shapes()).map_or(true, |plan| plan.guard.is_err()));
    let long = "a".repeat(65);
    for text in [
        format!("select count(*) from cohort_member where ks2_band = '{long}'"),
        format!("select count(*) from cohort_member where ks2_band like '{long}'"),
        format!("select case when dis_y6 then '{long}' end as k, count(*) from cohort_member group by 1"),
    ] {
        assert_eq!(refused(&text), "not_allowed", "{text}");
    }
}
