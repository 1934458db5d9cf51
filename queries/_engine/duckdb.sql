-- What differs from engine to engine, as functions of our own. The queries call these and nothing engine-specific,
-- so that moving to another engine means rewriting this one file.

-- A 16-byte id as 32 lower-case hex characters, the form in which ids are published.
create or replace macro id_text(id) as lower(hex(id));

-- The date of a year, month and day.
create or replace macro date_of(y, m, d) as make_date(cast(y as integer), m, d);

-- The day that lies `n` days after `day` (before it, when `n` is negative).
create or replace macro add_days(day, n) as cast(day + cast(n as integer) as date);

-- Days from the first date to the second; 0 for the same day.
create or replace macro days_between(first_day, second_day) as cast(second_day - first_day as integer);

-- The academic year a day lies in, named by the year in which it ends: 1 September 2024 is in 2025.
create or replace macro academic_year(day) as cast(year(day) + case when month(day) >= 9 then 1 else 0 end as smallint);

-- First and last day of an academic year.
create or replace macro year_starts_on(ay) as make_date(cast(ay as integer) - 1, 9, 1);
create or replace macro year_ends_on(ay) as make_date(cast(ay as integer), 8, 31);

-- The academic year in which a learner born in this month is in Year 6: academic age 10 at its start.
create or replace macro cohort_year(birth_month) as
    cast(year(birth_month) + case when month(birth_month) <= 8 then 11 else 12 end as smallint);

-- The January census day: the third Thursday of January.
create or replace macro third_thursday_of_january(ay) as
    cast(make_date(cast(ay as integer), 1, 15)
         + cast((11 - isodow(make_date(cast(ay as integer), 1, 15))) % 7 as integer) as date);

-- The June day: the last Friday of June.
create or replace macro last_friday_of_june(ay) as
    cast(make_date(cast(ay as integer), 6, 30)
         - cast((isodow(make_date(cast(ay as integer), 6, 30)) + 2) % 7 as integer) as date);

-- A share with four decimals, rounded half up, in whole numbers throughout; empty when there is nobody to divide by.
create or replace macro share_of(n, whole) as
    case when whole > 0
         then cast(cast((cast(n as bigint) * 20000 + whole) // (2 * cast(whole as bigint)) as decimal(14, 0)) * 0.0001
                   as decimal(9, 4))
    end;

-- Both ends of the 95% Wilson interval of n out of whole, z = 1.96, four decimals.
create or replace macro wilson_low(n, whole) as
    case when whole > 0
         then cast(round(greatest(0.0, (n / whole + 1.9208e0 / whole
                    - 1.96e0 * sqrt(n / whole * (1e0 - n / whole) / whole + 0.9604e0 / whole / whole))
                   / (1e0 + 3.8416e0 / whole)), 4) as decimal(9, 4))
    end;
create or replace macro wilson_high(n, whole) as
    case when whole > 0
         then cast(round(least(1e0, (n / whole + 1.9208e0 / whole
                    + 1.96e0 * sqrt(n / whole * (1e0 - n / whole) / whole + 0.9604e0 / whole / whole))
                   / (1e0 + 3.8416e0 / whole)), 4) as decimal(9, 4))
    end;

-- The same for parts and wholes that are decimals of four places, exactly.
create or replace macro ratio_of_chances(part, whole) as
    share_of(cast(part * 10000 as bigint), cast(whole * 10000 as bigint));

-- What n of a whole that was looked at come to in all that it was drawn from, four decimals.
create or replace macro grossed_up(n, whole, drawn_from) as
    case when whole > 0 then cast(round(1e0 * drawn_from * n / whole, 4) as decimal(28, 4)) end;
-- Both ends of the Wilson interval of a sum of such parts, over as many as would tell as much if they had been drawn from all alike: the square of
-- all over the sum of each part's square by its looked at.
create or replace macro grossed_low(found, drawn_from, squares) as
    wilson_low(1e0 * drawn_from * cast(found as double) / cast(squares as double),
               1e0 * drawn_from * drawn_from / cast(squares as double));
create or replace macro grossed_high(found, drawn_from, squares) as
    wilson_high(1e0 * drawn_from * cast(found as double) / cast(squares as double),
                1e0 * drawn_from * drawn_from / cast(squares as double));

-- Both ends of a 95% interval for a sum of chances (each happens or not, by itself) over a whole, between nothing and
-- all, z = 1.96, four decimals. The variance is the sum of each chance times its complement.
create or replace macro chances_low(expected, variance, whole) as
    case when whole > 0
         then cast(round(greatest(0e0, (cast(expected as double) - 1.96e0 * sqrt(cast(variance as double)))
                   / cast(whole as double)), 4) as decimal(9, 4))
    end;
create or replace macro chances_high(expected, variance, whole) as
    case when whole > 0
         then cast(round(least(1e0, (cast(expected as double) + 1.96e0 * sqrt(cast(variance as double)))
                   / cast(whole as double)), 4) as decimal(9, 4))
    end;

-- The same for what was found out of what was found and missed, both being sums of chances: the low end has the fewest
-- found and the most missed, the high end the other way round.
create or replace macro found_low(found, found_variance, missed, missed_variance) as
    case when found + missed > 0
         then cast(round(greatest(0e0, cast(found as double) - 1.96e0 * sqrt(cast(found_variance as double)))
                   / (greatest(0e0, cast(found as double) - 1.96e0 * sqrt(cast(found_variance as double)))
                      + cast(missed as double) + 1.96e0 * sqrt(cast(missed_variance as double)) + 1e-9), 4)
                   as decimal(9, 4))
    end;
create or replace macro found_high(found, found_variance, missed, missed_variance) as
    case when found + missed > 0
         then cast(round((cast(found as double) + 1.96e0 * sqrt(cast(found_variance as double)))
                   / (cast(found as double) + 1.96e0 * sqrt(cast(found_variance as double))
                      + greatest(0e0, cast(missed as double) - 1.96e0 * sqrt(cast(missed_variance as double))) + 1e-9), 4)
                   as decimal(9, 4))
    end;

-- How far two shares lie apart in units of their spread (Cohen's standardised difference), four decimals; empty when a
-- share has nobody to divide by, nought when both are nothing or all.
create or replace macro standardised_difference(n, whole, other_n, other_whole) as
    case when whole > 0 and other_whole > 0
         then case when n * (whole - n) = 0 and other_n * (other_whole - other_n) = 0 and n * other_whole = other_n * whole
                   then cast(0 as decimal(9, 4))
                   when n * (whole - n) = 0 and other_n * (other_whole - other_n) = 0 then null
                   else cast(round((cast(n as double) / whole - cast(other_n as double) / other_whole)
                        / sqrt((cast(n as double) / whole * (1e0 - cast(n as double) / whole)
                                + cast(other_n as double) / other_whole * (1e0 - cast(other_n as double) / other_whole)) / 2e0),
                        4) as decimal(9, 4))
              end
    end;

-- The other two days on which schools count their pupils: the first Thursday of October and the third of May.
create or replace macro first_thursday_of_october(ay) as
    cast(make_date(cast(ay as integer) - 1, 10, 1)
         + cast((11 - isodow(make_date(cast(ay as integer) - 1, 10, 1))) % 7 as integer) as date);
create or replace macro third_thursday_of_may(ay) as
    cast(make_date(cast(ay as integer), 5, 15)
         + cast((11 - isodow(make_date(cast(ay as integer), 5, 15))) % 7 as integer) as date);

-- Events for each hundred pupils, and both ends of their 95% Poisson interval by Byar's approximation, four decimals.
create or replace macro per_hundred(n, whole) as share_of(100 * cast(n as bigint), whole);
create or replace macro poisson_low(n, whole) as
    case when whole > 0
         then cast(round(case when n = 0 then 0e0 else
                    1e2 * n / whole
                    * (1e0 - 1e0 / (9e0 * greatest(n, 1)) - 1.96e0 / (3e0 * sqrt(greatest(n, 1))))
                    * (1e0 - 1e0 / (9e0 * greatest(n, 1)) - 1.96e0 / (3e0 * sqrt(greatest(n, 1))))
                    * (1e0 - 1e0 / (9e0 * greatest(n, 1)) - 1.96e0 / (3e0 * sqrt(greatest(n, 1)))) end, 4) as decimal(18, 4))
    end;
create or replace macro poisson_high(n, whole) as
    case when whole > 0
         then cast(round(1e2 * (n + 1) / whole
                    * (1e0 - 1e0 / (9e0 * (n + 1)) + 1.96e0 / (3e0 * sqrt(n + 1e0)))
                    * (1e0 - 1e0 / (9e0 * (n + 1)) + 1.96e0 / (3e0 * sqrt(n + 1e0)))
                    * (1e0 - 1e0 / (9e0 * (n + 1)) + 1.96e0 / (3e0 * sqrt(n + 1e0))), 4) as decimal(18, 4))
    end;

-- Half the width of the 95% interval of a ratio of two sums over n units (absent over possible sessions of pupils), from
-- exact sums of squares and products: units vary as wholes, their sessions do not stand alone. Empty for fewer than two.
create or replace macro ratio_half_width(n, over, under, over_squared, over_under, under_squared) as
    case when n > 1 and under > 0
         then 1.96e0 * sqrt(greatest(0e0, over_squared - 2e0 * over / under * over_under
                                        + 1e0 * over / under * over / under * under_squared)
                            * n / (n - 1e0)) / under
    end;

-- An amount that each of some brings or costs, from whole numbers of either sign, with four decimals, rounded half up away from
-- nothing, exact throughout.
create or replace macro amount_of(n, whole) as
    case when whole > 0
         then cast(cast(case when n < 0 then -1 else 1 end
                        * ((abs(cast(n as hugeint)) * 20000 + whole) // (2 * cast(whole as hugeint))) as decimal(24, 0)) * 0.0001
                   as decimal(18, 4))
    end;

-- The same of what is below 100,000: a ratio.
create or replace macro ratio_of(n, whole) as cast(amount_of(n, whole) as decimal(9, 4));

-- Half the width of the 95% interval of an area under the curve (the chance that one of n_over stands above one of
-- n_under), by Hanley and McNeil.
create or replace macro auc_half_width(auc, n_over, n_under) as
    case when n_over > 0 and n_under > 0
         then 1.96e0 * sqrt(greatest(0e0, auc * (1e0 - auc)
                            + (n_over - 1e0) * (auc / (2e0 - auc) - auc * auc)
                            + (n_under - 1e0) * (2e0 * auc * auc / (1e0 + auc) - auc * auc)) / n_over / n_under)
    end;

-- Half the width of the 95% interval of a mean, from the exact sums of n values and of their squares.
create or replace macro mean_half_width(n, total, squares) as
    case when n > 1
         then 1.96e0 * sqrt(greatest(0e0, (cast(squares as double) - 1e0 * total / n * total) / (n - 1e0)) / n)
    end;

-- The T score of goal attainment scaling from exact sums over the goals: of weight times score, of weights and of their
-- squares, with the correlation that is taken between goals. Four decimals.
create or replace macro goal_t_score(weighted_scores, weights, squared_weights, correlation) as
    case when weights > 0
         then cast(round(50e0 + 10e0 * weighted_scores
                         / sqrt((1e0 - correlation) * squared_weights + correlation * weights * weights), 4) as decimal(9, 4))
    end;

-- The last day of the month that a day lies in.
create or replace macro month_ends_on(day) as cast(last_day(day) as date);

-- The mean of so many counts, one decimal, rounded half up, exact.
create or replace macro mean_count(total, n) as
    case when n > 0
         then cast(cast((cast(total as bigint) * 20 + n) // (2 * cast(n as bigint)) as decimal(14, 0)) * 0.1 as decimal(12, 1))
    end;

-- Texts of a group one after the other, by the order of their place.
create or replace macro texts_in_order(words, place) as string_agg(words, '; ' order by place asc nulls last);

-- The number of the month that a day lies in, counted through the years, and the last day of a month by its number.
create or replace macro month_no(day) as cast(year(day) * 12 + month(day) - 1 as integer);
create or replace macro month_no_ends_on(no) as
    cast(last_day(make_date(cast(no // 12 as integer), cast(no % 12 + 1 as integer), 1)) as date);

-- The number of the week that a day lies in, Monday to Sunday, counted through the years.
create or replace macro week_no(day) as cast(day - date '1900-01-01' as integer) // 7;

-- The weeks that days of a year of a group lie in, a bit for each; those of several such; and how many there are.
create or replace macro weeks_of(day) as bit_or(cast(1 as ubigint) << cast(week_no(day) % 64 as ubigint));
create or replace macro weeks_together(weeks) as bit_or(weeks);
create or replace macro n_weeks(weeks) as bit_count(weeks);
