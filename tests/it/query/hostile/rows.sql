# Rows, and figures that a row can be read from.
select first(ks2_score) from cohort_member
select last(ks2_score) from cohort_member
select any_value(ks2_score) from cohort_member
select arbitrary(ks2_score) from cohort_member
select arg_max(ks2_band, ks2_score) from cohort_member
select arg_min(ks2_band, ks2_score) from cohort_member
select max_by(ks2_band, ks2_score) from cohort_member
select min_by(ks2_band, ks2_score) from cohort_member
select argmax(ks2_band, ks2_score) from cohort_member
select argmin(ks2_band, ks2_score) from cohort_member
select arg_max_null(ks2_band, ks2_score) from cohort_member
select mode(ks2_score) from cohort_member
select list(ks2_score) from cohort_member
select array_agg(ks2_score) from cohort_member
select string_agg(ks2_score) from cohort_member
select group_concat(ks2_score) from cohort_member
select listagg(ks2_score) from cohort_member
select histogram(ks2_score) from cohort_member
select histogram_exact(ks2_score, 0.5) from cohort_member
select approx_top_k(ks2_score, 0.5) from cohort_member
select approx_quantile(ks2_score, 0.5) from cohort_member
select quantile(ks2_score, 0.5) from cohort_member
select quantile_disc(ks2_score, 0.5) from cohort_member
select quantile_cont(ks2_score, 0.5) from cohort_member
select median(ks2_score) from cohort_member
select mad(ks2_score) from cohort_member
select min(ks2_score) from cohort_member
select max(ks2_score) from cohort_member
select bit_or(ks2_score) from cohort_member
select bit_and(ks2_score) from cohort_member
select bit_xor(ks2_score) from cohort_member
select bitstring_agg(ks2_score) from cohort_member
select product(ks2_score) from cohort_member
select fsum(ks2_score) from cohort_member
select sumkahan(ks2_score) from cohort_member
select kahan_sum(ks2_score) from cohort_member
select favg(ks2_score) from cohort_member
select sum_no_overflow(ks2_score) from cohort_member
select entropy(ks2_score) from cohort_member
select kurtosis(ks2_score) from cohort_member
select skewness(ks2_score) from cohort_member
select var_samp(ks2_score) from cohort_member
select var_pop(ks2_score) from cohort_member
select variance(ks2_score) from cohort_member
select stddev(ks2_score) from cohort_member
select stddev_samp(ks2_score) from cohort_member
select stddev_pop(ks2_score) from cohort_member
select sem(ks2_score) from cohort_member
select covar_pop(ks2_band, ks2_score) from cohort_member
select corr(ks2_band, ks2_score) from cohort_member
select regr_slope(ks2_band, ks2_score) from cohort_member
select regr_r2(ks2_band, ks2_score) from cohort_member
select reservoir_quantile(ks2_score, 0.5) from cohort_member
select approx_count_distinct(ks2_score) from cohort_member
select json_group_array(ks2_score) from cohort_member
select json_group_object(ks2_band, ks2_score) from cohort_member
select json_group_structure(ks2_score) from cohort_member
select count_star(ks2_score) from cohort_member
select geometric_mean(ks2_score) from cohort_member
select weighted_avg(ks2_band, ks2_score) from cohort_member
select map_from_entries(ks2_score) from cohort_member
select stats(ks2_score) from cohort_member
select checksum(ks2_score) from cohort_member
select cohort_ay, first(learner_id) from cohort_member group by cohort_ay
select cohort_ay, any_value(learner_id) from cohort_member group by cohort_ay
select cohort_ay, arg_max(learner_id, ks2_score) from cohort_member group by cohort_ay
select cohort_ay, list(learner_id) from cohort_member group by cohort_ay
select cohort_ay, string_agg(learner_id) from cohort_member group by cohort_ay
select cohort_ay, mode(learner_id) from cohort_member group by cohort_ay
select cohort_ay, min(learner_id) from cohort_member group by cohort_ay
select cohort_ay, max(learner_id) from cohort_member group by cohort_ay
select cohort_ay, median(learner_id) from cohort_member group by cohort_ay
select * from cohort_member
select learner_id from cohort_member
select distinct learner_id from cohort_member
select distinct ks2_band from cohort_member
select distinct on (cohort_ay) learner_id from cohort_member
select ks2_band from cohort_member limit 1
select ks2_score + 1 from cohort_member
select cohort_member from cohort_member
select c from cohort_member c
select c.* from cohort_member c
select columns(*) from cohort_member
select columns('learner.*') from cohort_member
select count(columns(*)) from cohort_member
select max(columns(*)) from cohort_member
select * exclude (learner_id) from cohort_member
select * replace (1 as learner_id) from cohort_member
select struct_pack(a := learner_id) from cohort_member
select row(learner_id, ks2_score) from cohort_member
select {'a': learner_id} from cohort_member
select [learner_id] from cohort_member
select map {learner_id: 1} from cohort_member
select learner_id, count(*) from cohort_member group by learner_id
select learner_id, count(*) from cohort_member group by all
select count(*) from cohort_member group by learner_id
select substr(learner_id, 1, 4), count(*) from cohort_member group by 1
select left(learner_id, 2) as k, count(*) from cohort_member group by k
select lower(learner_id) as k, count(*) from cohort_member group by k
select learner_id || '' as k, count(*) from cohort_member group by k
select cast(learner_id as varchar) as k, count(*) from cohort_member group by k
select learner_id::text as k, count(*) from cohort_member group by 1
select hash(learner_id) as k, count(*) from cohort_member group by k
select md5(learner_id) as k, count(*) from cohort_member group by k
select coalesce(learner_id, 'x') as k, count(*) from cohort_member group by k
select case when true then learner_id end as k, count(*) from cohort_member group by k
select nullif(learner_id, 'x') as k, count(*) from cohort_member group by k
select greatest(learner_id, '') as k, count(*) from cohort_member group by k
select rowid, count(*) from cohort_member group by rowid
select row_number() over () as k, count(*) from cohort_member group by k
select count(*) over (partition by learner_id) from cohort_member
select sum(count(*)) over () from cohort_member
select first_value(learner_id) over (order by ks2_score) from cohort_member
select lag(ks2_score) over (order by learner_id) from cohort_member
select rank() over (order by ks2_score), count(*) from cohort_member group by all
select count(*) from cohort_member qualify row_number() over () = 1
select count(*) filter (where learner_id = 'a') from cohort_member
select count(*) from cohort_member where learner_id = '00000000000000000000000000000000'
select count(*) from cohort_member where learner_id like 'a%'
select count(*) from cohort_member where learner_id in ('a', 'b')
select count(*) from cohort_member where learner_id > 'a'
select count(*) from cohort_member where learner_id between 'a' and 'b'
select count(*) from cohort_member where substr(learner_id, 1, 1) = 'a'
select count(*) from cohort_member where starts_with(learner_id, 'a')
select count(*) from cohort_member where learner_id = (select min(learner_id) from cohort_member)
select count(*) from cohort_member where learner_id <> 'a'
select count(*) from cohort_member where not learner_id = 'a'
select count(*) from cohort_member where rowid = 1
select count(*) from cohort_member where ks2_score = (select max(ks2_score) from cohort_member)
select count(*) from cohort_member where ks2_score >= all (select ks2_score from cohort_member)
select count(*) from cohort_member where ks2_score = any (select ks2_score from cohort_member)
select count(*) from cohort_member where (learner_id, cohort_ay) in (select learner_id, cohort_ay from cohort_member)
select count(*) from cohort_member where ks2_score in (select ks2_score from cohort_member limit 1)
select count(*) from (select learner_id from cohort_member limit 1) t
select count(*) from (select learner_id from cohort_member order by ks2_score desc limit 1) t
select count(*) from (select learner_id from cohort_member offset 5) t
select count(*) from (select max(learner_id) as learner_id from cohort_member) t
select count(*) from (select any_value(learner_id) as learner_id from cohort_member group by ks2_score) t
select count(*) from (select cohort_ay, count(*) as n from cohort_member group by cohort_ay) t
select n, count(*) from (select ks2_band as b, count(*) as n from cohort_member group by 1) t group by n
with t as (select max(ks2_score) as m from cohort_member) select m, count(*) from t group by m
with t as (select learner_id, row_number() over (order by learner_id) as n from cohort_member) select n, count(*) from t group by n
with recursive t as (select 1 as n union all select n + 1 from t) select count(*) from t
with t as materialized (select * from cohort_member) select count(*) from t
with t(a) as (select learner_id from cohort_member) select count(*) from t
select (select learner_id from cohort_member limit 1), count(*) from cohort_member
select (select max(ks2_score) from cohort_member), count(*) from cohort_member
select exists (select 1 from cohort_member where ks2_score = 120), count(*) from cohort_member group by 1
select count(*) from cohort_member where exists (select 1 from spell where kind = 'x')
select count(*) from cohort_member having count(*) = 17
select cohort_ay, count(*) from cohort_member group by cohort_ay having count(*) < 10
select cohort_ay, count(*) from cohort_member group by cohort_ay having max(ks2_score) > 119
select cohort_ay, count(*) from cohort_member group by rollup (cohort_ay)
select cohort_ay, count(*) from cohort_member group by cube (cohort_ay, ks2_band)
select cohort_ay, count(*) from cohort_member group by grouping sets ((cohort_ay), ())
select cohort_ay, ks2_band, ks2_state, dis_y6, count(*) from cohort_member group by all
select cohort_ay, count(*) from cohort_member group by cohort_ay order by max(ks2_score)
select cohort_ay, count(*) from cohort_member group by cohort_ay order by count(*) filter (where dis_y6)
select cohort_ay, count(*) from cohort_member group by cohort_ay limit (select 1)
select cohort_ay, count(*) from cohort_member group by cohort_ay offset 1
select cohort_ay, count(*) from cohort_member group by cohort_ay limit 10%
select cohort_ay, count(*) from cohort_member group by cohort_ay order by random()
select count(*) from cohort_member union select count(*) from spell
select count(*) from cohort_member union all by name select count(*) from spell
select count(*) from cohort_member except select count(*) from spell
select count(*) from cohort_member intersect select count(*) from spell
select count(*) from cohort_member c, spell s
select count(*) from cohort_member cross join spell
select count(*) from cohort_member natural join spell
select count(*) from cohort_member c join spell s on true
select count(*) from cohort_member c join spell s on c.learner_id <> s.learner_id
select count(*) from cohort_member c join spell s on c.learner_id = c.learner_id
select count(*) from cohort_member c join spell s on c.learner_id = s.learner_id or true
select count(*) from cohort_member c join spell s using (cohort_ay)
select count(*) from cohort_member c positional join spell s
select count(*) from cohort_member c asof join spell s on c.learner_id = s.learner_id and c.cohort_ay >= s.spell_no
select count(*) from cohort_member c full join spell s using (learner_id)
select count(*) from cohort_member c right join spell s using (learner_id)
select count(*) from cohort_member c semi join spell s using (learner_id)
select count(*) from cohort_member c anti join spell s using (learner_id)
select count(*) from cohort_member c left join lateral (select * from spell) s on true
select sum(case when ks2_score > 119 then 1000000 else 1 end) from cohort_member
select avg(case when ks2_score > 119 then 2 else 1 end) from cohort_member
select sum(ks2_score * (case when dis_y6 then 1e6 else 1 end)) from cohort_member
select avg(ks2_score * ks2_score) from cohort_member
select sum(1.0 / ks2_score) from cohort_member
select sum(distinct ks2_score) from cohort_member
select avg(distinct ks2_score) from cohort_member
select count(distinct ks2_score) from cohort_member
select count(distinct ks2_band) from cohort_member
select count(distinct (learner_id, ks2_score)) from cohort_member
select count(*) + max(ks2_score) from cohort_member
select count(*) - 5 from cohort_member
select sqrt(count(*)) from cohort_member
select count(*) * 1000000 from cohort_member
select -count(*) from cohort_member
select count(*) % 7 from cohort_member
select count(*) = 1234 from cohort_member
select case when count(*) > 100 then 'many' else 'few' end from cohort_member
select sum(ks2_score) / count(*) from cohort_member
select sum(ks2_score) - avg(ks2_score) from cohort_member
select count(*) filter (where ks2_score > 119) filter (where true) from cohort_member
select count(*) filter (where ks2_score > 1), count(*) filter (where ks2_score > 2), count(*) filter (where ks2_score > 3), count(*) filter (where ks2_score > 4) from cohort_member
# A table that is tied to nobody: everybody stands in one learner's group.
select b.birth_month, b.sex, b.ethnicity, count(*) as n from learner a join learner b on (b.learner_id) = b.learner_id group by 1, 2, 3
select count(*) as n from learner a join learner b on ((b.learner_id)) = (b.learner_id) where b.sex = 'F'
select count(*) as n from learner a join learner b on (a.learner_id) = a.learner_id where b.sex = 'F'
select count(*) as n from learner o where exists (select 1 from suspension_learner b where (b.learner_id) = b.learner_id and b.n_suspensions >= 4)
select count(*) as n from learner o where exists (select 1 from suspension_learner b join learner c on c.learner_id = o.learner_id where c.learner_id = o.learner_id and b.n_suspensions >= 4)
select count(*) as n from learner o where exists (select 1 from suspension_learner b join learner c on (c.learner_id) = (o.learner_id) where c.learner_id = o.learner_id and b.n_suspensions >= 4)
select count(*) as n from learner o where exists (select 1 from (select learner_id as x, n_suspensions as n from suspension_learner) b join learner c using (learner_id) where c.learner_id = o.learner_id and b.n >= 3)
select count(*) as n from learner where learner_id not in (select s.learner_id from learner l left join suspension_learner s on s.learner_id = l.learner_id and s.n_suspensions > 0 where l.ethnicity = 'WROM')
select count(*) as n from learner where (learner_id in (select s.learner_id from learner l left join suspension_learner s on s.learner_id = l.learner_id where l.sex = 'F')) is null
with w as (select s.learner_id, count(*) as k from learner l left join suspension_learner s on s.learner_id = l.learner_id group by s.learner_id) select count(*) as n from learner where learner_id not in (select learner_id from w where k >= 400)
select count(*) as n from (select s.* from learner l left join suspension_learner s on s.learner_id = l.learner_id) t
