/*
title = "The school years, and the days in each on which pupils are counted"
grain = ["ay"]
reads = []
[columns]
ay = "The academic year, by its end year"
starts_on = "1 September"
ends_on = "31 August"
autumn_census_on = "The first Thursday of October"
january_census_on = "The third Thursday of January"
summer_census_on = "The third Thursday of May"
*/
with digits as (
    select digit
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as known(digit)
),

years as (
    select cast(2000 + 10 * tens.digit + units.digit as smallint) as ay
    from digits as tens
    cross join digits as units
),

final as (
    select
        years.ay,
        year_starts_on(years.ay) as starts_on,
        year_ends_on(years.ay) as ends_on,
        first_thursday_of_october(years.ay) as autumn_census_on,
        third_thursday_of_january(years.ay) as january_census_on,
        third_thursday_of_may(years.ay) as summer_census_on
    from years
)

select * from final
