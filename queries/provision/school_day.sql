/*
title = "Every day, and how many school days there were up to it"
grain = ["day"]
reads = ["code_school_closure"]
[columns]
day = "Calendar day from 1 September 2013"
is_school_day = "A weekday outside the holidays of the closure file: a calendar in general, which a site replaces by its own"
school_days = "School days from the beginning up to and with this day"
*/
with digits as (
    select digit
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as known(digit)
),

days as (
    select add_days(date_of(2013, 9, 1), 1000 * thousands.digit + 100 * hundreds.digit + 10 * tens.digit + units.digit) as day
    from digits as thousands
    cross join digits as hundreds
    cross join digits as tens
    cross join digits as units
    where thousands.digit < 6
),

judged as (
    select
        days.day,
        -- 2 September 2013 was a Monday: days since then, in weeks, leave 5 and 6 on Saturdays and Sundays.
        days_between(date_of(2013, 9, 2), days.day) % 7 not in (-1, 5, 6) and count(code_school_closure.code) = 0 as is_school_day
    from days
    left join code_school_closure
        on code_school_closure.valid_from <= days.day
       and code_school_closure.valid_to > days.day
    group by days.day
),

final as (
    select
        day,
        is_school_day,
        cast(sum(case when is_school_day then 1 else 0 end) over (
            order by day asc nulls last rows between unbounded preceding and current row
        ) as integer) as school_days
    from judged
)

select * from final
