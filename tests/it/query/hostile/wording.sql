# Quotes, comments, odd literals and forms that one reader takes otherwise than another.
select "count"(*) from "read_csv"('/etc/passwd')
select count(*) from "READ_CSV"('/etc/passwd')
select count(*) from ReAd_TeXt('/etc/passwd')
select count(*) from read_csv/**/('/etc/passwd')
select count(*) from /* */ '/etc/passwd'
select count(*) from "cohort_member" "x" join "read_text"('/etc/passwd') y on true
select count(*) from U&"cohort_member"
select count(*) from U&'\0063ohort_member'
select count(*) from E'/etc/passwd'
select count(*) from $$/etc/passwd$$
select count(*) from cohort_member where ks2_band = $$x$$
select count(*) from cohort_member where ks2_band = $a$x$a$
select count(*) from cohort_member where ks2_band = E'a\'b'
select count(*) from cohort_member where ks2_band = e'\x41'
select count(*) from cohort_member where ks2_band = x'41'
select count(*) from cohort_member where ks2_band = b'01'
select count(*) from cohort_member where ks2_band = ?
select count(*) from cohort_member where ks2_band = $1
select count(*) from cohort_member where ks2_band = :name
select count(*) from cohort_member where ks2_band = @name
select count(*) from `cohort_member`
select count(*) from [cohort_member]
select count(*) from cohort_member where ks2_band = 'a''' union select learner_id from cohort_member --'
select count(*) from cohort_member where ks2_band = 'a' or 1 = 1; drop table cohort_member --
select count(*) from cohort_member where ks2_band = "a"
select count(*) from cohort_member where ks2_band = 'a' 'b'
select/**/learner_id/**/from/**/cohort_member
select count(*) from cohort_member /* unfinished
select count(*) from cohort_member where ks2_band = 'unfinished
select "learner_id" from "cohort_member"
select "LEARNER_ID" from COHORT_MEMBER
select count(*) as "x', (select 1)" , max("learner_id") from cohort_member
select count(*) "a;b" from cohort_member;;; copy cohort_member to '{out}/x'
select count(*) from cohort_member as "t"("learner_id", b)
select count(*) from cohort_member t(a, b)
select count(*) from cohort_member where ks2_band in ((select 'x'))
select count(*) from cohort_member where 'x' in (select ks2_band from cohort_member)
select count(*) from cohort_member where ks2_band similar to 'a%'
select count(*) from cohort_member where ks2_band ~ 'a.*'
select count(*) from cohort_member where ks2_band !~ 'a.*'
select count(*) from cohort_member where ks2_band ~~~ 'a*'
select count(*) from cohort_member where ks2_band glob 'a*'
select count(*) from cohort_member where ks2_band like 'a' escape 'b'
select count(*) from cohort_member where ks2_band like ks2_state
select count(*) from cohort_member where ks2_band like '%a%b%c%d%e%f%'
select count(*) from cohort_member where ks2_band collate nocase = 'a'
select count(*) from cohort_member where ks2_band[1] = 'a'
select count(*) from cohort_member where ks2_band[1:2] = 'a'
select count(*) from cohort_member where ks2_band.length() > 1
select count(*) from cohort_member where ks2_band->>'x' = 'a'
select count(*) from cohort_member where cast(ks2_band as json) is not null
select count(*) from cohort_member where ks2_score::blob is not null
select count(*) from cohort_member where ks2_score::varchar = '100'
select count(*) from cohort_member where cohort_ay = '2019'
select count(*) from cohort_member where ks2_band = 1
select count(*) from cohort_member where dis_y6 = 1
select count(*) from cohort_member where position('a' in ks2_band) > 0
select count(*) from cohort_member where overlay(ks2_band placing 'a' from 1) = 'a'
select count(*) from cohort_member where list_contains([1, 2], cohort_ay)
select count(*) from cohort_member where cohort_ay in [1, 2]
select count(*) from cohort_member where cohort_ay = any ([2019])
select count(*) from cohort_member where list_filter([1], lambda x: x > 1) is null
select count(*) from cohort_member where list_transform([1], x -> x) is null
select count(*) from cohort_member where struct_extract({'a': 1}, 'a') = 1
select count(*) from cohort_member where unnest([true, false])
select count(*) from cohort_member where try(cohort_ay / 0) is null
select count(*) from cohort_member where interval '1' day is not null
select count(*) from cohort_member where timestamp '2020-01-01' is not null
select count(*) from cohort_member where ks2_score is json
select count(*) from cohort_member where ks2_band at time zone 'utc' is null
select count(*) from cohort_member where (select true)
select count(*) from cohort_member where (ks2_score, cohort_ay) = (1, 2)
select count(*) from cohort_member where not exists (from spell)
select count(*) from cohort_member group by ()
select count(*) from cohort_member order by all
select all count(*) from cohort_member limit all
select top 5 count(*) from cohort_member
select count(all learner_id order by ks2_score) from cohort_member
select count(distinct learner_id order by learner_id) from cohort_member
select count(learner_id ignore nulls) from cohort_member
select sum(ks2_score) within group (order by ks2_score) from cohort_member
select {fn count(*)} from cohort_member
select main.count(*) from cohort_member
select system.main.count(*) from cohort_member
select pg_catalog.count(*) from cohort_member
select count(c => learner_id) from cohort_member
select count(c := learner_id) from cohort_member
select count(distinct learner_id, ks2_score) from cohort_member
select count(1, 2) from cohort_member
select count(cohort_member.*) from cohort_member
select count(*) from cohort_member where main.cohort_member.ks2_band = 'x'
select count(*) from cohort_member |> where true
select count(*) from cohort_member settings max_threads = 1
select count(*) from cohort_member format json
select count(*) from cohort_member window w as (partition by ks2_band)
