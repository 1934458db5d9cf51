/*
title = "NEET, not known and both together: at each month's end and as the December to February average, by area, year and group"
grain = ["ay", "population", "period", "breakdown", "category"]
reads = ["nccis_month", "learner", "circumstance_year", "home_ward", "policy"]
purposes = ["research", "participation"]
published = true
[columns]
ay = "The academic year, by its end year"
population = "client_record: whom the authority leads on, as published; resident: living here at the month's end; ever_y6_here: in Year 6 here, wherever now"
period = "A month by name, or dec_to_feb: the mean of the three month ends, as published"
breakdown = "all; age: academic age; sex; sen, disadvantage and setting: as in Year 11; ward: of the home at the month's end"
category = "Which one of the breakdown; not_known where nobody says; of wards also elsewhere (a home in another authority) and not_told (a home here, in no ward that anything tells)"
n_months = "Months held: three make a whole average"
n_cohort = "Month ends of young people in the denominator; of a single month they are people"
n_participating = "Of them in education, training or work with study that counts as participation"
n_working = "In education or work that does not"
n_neet = "Not in education, employment or training"
n_not_known = "On the record, and what they do is not known"
n_no_record = "In the population and on nobody's record: counted with the not known"
n_custody = "In custody as young adults: outside the denominator"
mean_cohort = "n_cohort / n_months"
neet_rate = "n_neet / n_cohort"
neet_low = "Lower end of its 95% interval, by the mean cohort: somebody counted at three month ends is one person"
neet_high = "Upper end"
not_known_rate = "(n_not_known + n_no_record) / n_cohort"
not_known_low = "Lower end of its 95% interval"
not_known_high = "Upper end"
combined_rate = "(n_neet + n_not_known + n_no_record) / n_cohort: the headline, for not known hides NEET"
combined_low = "Lower end of its 95% interval"
combined_high = "Upper end"
participating_rate = "n_participating / n_cohort: published for March"
participating_low = "Lower end of its 95% interval"
participating_high = "Upper end"
has_other_reading = "Whether anybody here has a code whose reading is not verified for the month: then both readings are to be told"
n_cohort_other = "The denominator by the other reading"
n_neet_other = "NEET by the other reading"
neet_rate_other = "n_neet_other / n_cohort_other"
neet_other_low = "Lower end of its 95% interval, by the mean cohort"
neet_other_high = "Upper end"
combined_rate_other = "(n_neet_other + n_not_known + n_no_record) / n_cohort_other"
combined_other_low = "Lower end of its 95% interval"
combined_other_high = "Upper end"
rule_state = "in_force, or no_rule_for_year: for a year without a rule of averaging the average is empty"
*/
with periods as (
    select distinct
        nccis_month.ay,
        nccis_month.month_on,
        named.period
    from nccis_month
    inner join (values (9, 'september'), (10, 'october'), (11, 'november'), (12, 'december'), (1, 'january'), (2, 'february'),
                       (3, 'march'), (4, 'april'), (5, 'may'), (6, 'june'), (7, 'july'), (8, 'august'),
                       (12, 'dec_to_feb'), (1, 'dec_to_feb'), (2, 'dec_to_feb')) as named(month_no, period)
        on named.month_no = month(nccis_month.month_on)
),

months_held as (
    select periods.ay, periods.period, count(*) as n_months
    from periods
    group by periods.ay, periods.period
),

rules as (
    select ay, max(value) as is_averaged
    from policy
    where parameter = 'neet_average_dec_to_feb'
    group by ay
),

year_11 as (
    select
        learner_id,
        max(coalesce(sen, 'not_known')) as sen,
        max(case when disadvantaged then 'yes' when not disadvantaged then 'no' else 'not_known' end) as disadvantage,
        max(kind) as setting
    from circumstance_year
    where academic_age = 15
    group by learner_id
),

members as (
    select
        nccis_month.ay,
        nccis_month.month_on,
        populations.population,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'age' then cast(nccis_month.academic_age as varchar)
            when 'sex' then coalesce(learner.sex, 'not_known')
            when 'sen' then coalesce(year_11.sen, 'not_known')
            when 'disadvantage' then coalesce(year_11.disadvantage, 'not_known')
            when 'ward' then case when home_ward.ward_state = 'told' then home_ward.ward else coalesce(home_ward.ward_state, 'not_known') end
            else coalesce(year_11.setting, 'not_known')
        end as category,
        nccis_month.status,
        nccis_month.status_other
    from nccis_month
    inner join learner on learner.learner_id = nccis_month.learner_id
    left join year_11 on year_11.learner_id = nccis_month.learner_id
    left join home_ward
        on home_ward.learner_id = nccis_month.learner_id
       and home_ward.starts_on <= nccis_month.month_on
       and home_ward.ends_on >= nccis_month.month_on
    cross join (values ('client_record'), ('resident'), ('ever_y6_here')) as populations(population)
    cross join (values ('all'), ('age'), ('sex'), ('sen'), ('disadvantage'), ('setting'), ('ward')) as breakdowns(breakdown)
    where case populations.population
              when 'client_record' then nccis_month.membership = 'in_cohort'
              when 'resident' then nccis_month.resident
              else nccis_month.ever_y6_here
          end
),

counts_by_month as (
    select
        ay, month_on, population, breakdown, category,
        count(*) filter (where status <> 'custody') as n_cohort,
        count(*) filter (where status = 'participating') as n_participating,
        count(*) filter (where status = 'employment_not_participating') as n_working,
        count(*) filter (where status = 'neet') as n_neet,
        count(*) filter (where status = 'not_known') as n_not_known,
        count(*) filter (where status = 'no_record') as n_no_record,
        count(*) filter (where status = 'custody') as n_custody,
        count(*) filter (where status_other <> 'custody') as n_cohort_other,
        count(*) filter (where status_other = 'neet') as n_neet_other,
        count(*) filter (where status_other <> status) as n_in_doubt
    from members
    group by ay, month_on, population, breakdown, category
),

counts as (
    select
        counts_by_month.ay,
        counts_by_month.population,
        periods.period,
        counts_by_month.breakdown,
        counts_by_month.category,
        cast(sum(n_cohort) as bigint) as n_cohort,
        cast(sum(n_participating) as bigint) as n_participating,
        cast(sum(n_working) as bigint) as n_working,
        cast(sum(n_neet) as bigint) as n_neet,
        cast(sum(n_not_known) as bigint) as n_not_known,
        cast(sum(n_no_record) as bigint) as n_no_record,
        cast(sum(n_custody) as bigint) as n_custody,
        cast(sum(n_cohort_other) as bigint) as n_cohort_other,
        cast(sum(n_neet_other) as bigint) as n_neet_other,
        sum(n_in_doubt) > 0 as has_other_reading
    from counts_by_month
    inner join periods
        on periods.ay = counts_by_month.ay
       and periods.month_on = counts_by_month.month_on
    group by counts_by_month.ay, counts_by_month.population, periods.period, counts_by_month.breakdown, counts_by_month.category
),

ruled as (
    select
        counts.*,
        months_held.n_months,
        counts.period <> 'dec_to_feb' or coalesce(rules.is_averaged = 1, false) as is_ruled
    from counts
    inner join months_held
        on months_held.ay = counts.ay
       and months_held.period = counts.period
    left join rules on rules.ay = counts.ay
),

final as (
    select
        ay,
        population,
        period,
        breakdown,
        category,
        cast(n_months as integer) as n_months,
        n_cohort,
        n_participating,
        n_working,
        n_neet,
        n_not_known,
        n_no_record,
        n_custody,
        mean_count(n_cohort, n_months) as mean_cohort,
        case when is_ruled then share_of(n_neet, n_cohort) end as neet_rate,
        case when is_ruled then wilson_low(n_neet / n_months, n_cohort / n_months) end as neet_low,
        case when is_ruled then wilson_high(n_neet / n_months, n_cohort / n_months) end as neet_high,
        case when is_ruled then share_of(n_not_known + n_no_record, n_cohort) end as not_known_rate,
        case when is_ruled then wilson_low((n_not_known + n_no_record) / n_months, n_cohort / n_months) end as not_known_low,
        case when is_ruled then wilson_high((n_not_known + n_no_record) / n_months, n_cohort / n_months) end as not_known_high,
        case when is_ruled then share_of(n_neet + n_not_known + n_no_record, n_cohort) end as combined_rate,
        case when is_ruled then wilson_low((n_neet + n_not_known + n_no_record) / n_months, n_cohort / n_months) end as combined_low,
        case when is_ruled then wilson_high((n_neet + n_not_known + n_no_record) / n_months, n_cohort / n_months) end as combined_high,
        case when is_ruled then share_of(n_participating, n_cohort) end as participating_rate,
        case when is_ruled then wilson_low(n_participating / n_months, n_cohort / n_months) end as participating_low,
        case when is_ruled then wilson_high(n_participating / n_months, n_cohort / n_months) end as participating_high,
        has_other_reading,
        n_cohort_other,
        n_neet_other,
        case when is_ruled then share_of(n_neet_other, n_cohort_other) end as neet_rate_other,
        case when is_ruled then wilson_low(n_neet_other / n_months, n_cohort_other / n_months) end as neet_other_low,
        case when is_ruled then wilson_high(n_neet_other / n_months, n_cohort_other / n_months) end as neet_other_high,
        case when is_ruled then share_of(n_neet_other + n_not_known + n_no_record, n_cohort_other) end as combined_rate_other,
        case when is_ruled then wilson_low((n_neet_other + n_not_known + n_no_record) / n_months, n_cohort_other / n_months) end as combined_other_low,
        case when is_ruled then wilson_high((n_neet_other + n_not_known + n_no_record) / n_months, n_cohort_other / n_months) end as combined_other_high,
        case when is_ruled then 'in_force' else 'no_rule_for_year' end as rule_state
    from ruled
)

select * from final
