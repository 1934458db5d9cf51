# Time and memory.
select count(*) from range(100000000000)
select count(*) from generate_series(1, 100000000000)
select count(*) from cohort_member a, cohort_member b, cohort_member c, cohort_member d
select count(*) from cohort_member a cross join spell b cross join spell c
select count(*) from cohort_member where repeat('x', 1000000000) = 'x'
select repeat(ks2_band, 1000000000) as k, count(*) from cohort_member group by k
select lpad(ks2_band, 1000000000, 'x') as k, count(*) from cohort_member group by k
select rpad('x', 1000000000) as k, count(*) from cohort_member group by k
select count(*) from cohort_member where length(repeat('x', 2000000000)) > 1
select list(range(1000000)) from cohort_member
select count(*) from cohort_member where list_sum(range(1000000000)) > 1
select count(*) from cohort_member where len(generate_series(1, 1000000000)) > 1
select count(*) from cohort_member where regexp_matches('aaaaaaaaaaaaaaaaaaaaaaaaaaaa!', '(a+)+$')
select count(*) from cohort_member where levenshtein(ks2_band, repeat('x', 100000)) > 1
select count(*) from cohort_member where sleep(1000)
select count(*) from cohort_member where pg_sleep(1000) is null
with recursive t(n) as (select 1 union all select n from t) select count(*) from t
with recursive t as (select learner_id from cohort_member union all select learner_id from t) select count(*) from t
select count(*) from spell a join spell b using (learner_id) join spell c using (learner_id) join spell d using (learner_id) join spell e using (learner_id) join spell f using (learner_id) join spell g using (learner_id)
select count(*) from cohort_member where ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((true))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
select count(*) from cohort_member where ks2_band = 'x' group by cube (cohort_ay, ks2_band, ks2_state, dis_y6, sen_y6)
select count(*) from cohort_member where factorial(100000) > 1
select count(*) from cohort_member where power(10, 1000000) > 1 and sqrt(2) > 1
select count(*) from cohort_member where array_length(array_agg(learner_id)) > 1
select count(*) from (select * from cohort_member union all select * from cohort_member) t
select count(*) from cohort_member where bar(1, 0, 1000000000, 1000000000) is null
select string_agg(repeat(ks2_band, 1000000), '') from cohort_member
select count(*) from cohort_member where lag(1) over (order by learner_id) is null
select count(*) from cohort_member where case when ks2_score > 100 then 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' else 'x' end like '%_aaaaaaaaaaab'
select count(*) from cohort_member where ks2_state like '%_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'
select 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' as k, count(*) from cohort_member group by 1
