# Errors as a channel: casts, dates, settings and whatever quotes a value. ZZSECRET must be in no answer.
select count(*) from cohort_member where cast(ks2_band as int) = 1
select count(*) from cohort_member where ks2_band::int = 1
select count(*) from cohort_member where ks2_band::date is null
select count(*) from cohort_member where ks2_band::boolean
select count(*) from cohort_member where cast(ks2_band as decimal(3,1)) > 1
select count(*) from cohort_member where cast(ks2_state as double) > 1
select count(*) from cohort_member where strptime(ks2_band, '%Y') is null
select count(*) from cohort_member where error(ks2_band) is null
select count(*) from cohort_member where case when ks2_score = 120 then error('ZZSECRET') else true end
select count(*) from cohort_member where to_json(ks2_band)::int = 1
select count(*) from cohort_member where json_extract(ks2_band, '$') is null
select count(*) from cohort_member where json(ks2_band) is null
select count(*) from cohort_member where ks2_band::uuid is null
select count(*) from cohort_member where ks2_band::timestamp is null
select count(*) from cohort_member where ks2_band::interval is null
select count(*) from cohort_member where ks2_band::bit is null
select count(*) from cohort_member where ks2_band::int[] is null
select count(*) from cohort_member where ks2_band::struct(a int) is null
select count(*) from cohort_member where make_date(cohort_ay, 13, 45) is null
select count(*) from cohort_member where cohort_ay::tinyint = 1
select count(*) from cohort_member where factorial(cohort_ay) > 1
select count(*) from cohort_member where ln(ks2_score - 120) is null
select count(*) from cohort_member where sqrt(ks2_score - 120) is null
select count(*) from cohort_member where pow(ks2_score, 1000) > 1
select count(*) from cohort_member where chr(cohort_ay) = 'a'
select count(*) from cohort_member where ascii(ks2_band) = 1
select count(*) from cohort_member where regexp_matches(ks2_band, ks2_state)
select count(*) from cohort_member where regexp_extract(ks2_band, '(') is null
select count(*) from cohort_member where printf('%d', ks2_band) is null
select count(*) from cohort_member where format('{}', ks2_band) is null
select count(*) from cohort_member where decode(ks2_band::blob) is null
select count(*) from cohort_member where from_base64(ks2_band) is null
select count(*) from cohort_member where unhex(ks2_band) is null
select count(*) from cohort_member where nextval(ks2_band) > 1
select count(*) from cohort_member where currval('s') > 1
select count(*) from cohort_member where getvariable(ks2_band) is null
select count(*) from cohort_member where current_setting(ks2_band) is null
select count(*) from cohort_member where current_setting('memory_limit') is null
select count(*) from cohort_member where enum_range(ks2_band) is null
select count(*) from cohort_member where date_part(ks2_band, date '2020-01-01') = 1
select count(*) from cohort_member where date_trunc(ks2_band, date '2020-01-01') is null
select count(*) from cohort_member where date_diff(ks2_band, date '2020-01-01', date '2020-01-02') = 1
select count(*) from spell where starts_on + interval (spell_no * 1000000) year is null
select count(*) from spell where starts_on + 2000000000 is null
select count(*) from spell where starts_on = 'ZZSECRET'
select count(*) from spell where date 'ZZSECRET' = starts_on
select count(*) from cohort_member where "ZZSECRET" = 1
select count(*) from "ZZSECRET"
select ZZSECRET(ks2_band) from cohort_member
select count(*) from cohort_member where ks2_band = cast('ZZSECRET' as int)
select count(*) from cohort_member where ks2_score > 'ZZSECRET'
select count(*) from cohort_member where list_extract([1], ks2_band::int) = 1
select count(*) from cohort_member where array_value(1)[ks2_band::int] = 1
select count(*) from cohort_member where ks2_band = (select ks2_band from cohort_member)
select write_log(ks2_band) from cohort_member
select count(*) from cohort_member where write_log(ks2_band) is null
select txid_current(), count(*) from cohort_member group by 1
select current_user, count(*) from cohort_member group by 1
select version(), count(*) from cohort_member group by 1
select current_date, count(*) from cohort_member group by 1
select now(), count(*) from cohort_member group by 1
select random(), count(*) from cohort_member group by 1
select uuid(), count(*) from cohort_member group by 1
select gen_random_uuid(), count(*) from cohort_member group by 1
select stats(ks2_score), count(*) from cohort_member group by 1
select typeof(ks2_score), count(*) from cohort_member group by 1
select alias(ks2_score), count(*) from cohort_member group by 1
select current_query(), count(*) from cohort_member group by 1
select pg_typeof(ks2_score), count(*) from cohort_member group by 1
select getenv('HOME'), count(*) from cohort_member group by 1
