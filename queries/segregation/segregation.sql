/*
title = "How unevenly disadvantaged pupils are spread over schools, by six indices, with what chance alone would give"
grain = ["ay", "phase", "measure", "population"]
reads = ["segregation_unit", "build_context"]
purposes = ["research", "participation"]
published = true
[columns]
ay = "The academic year, by its end year"
phase = "primary to academic age 10, secondary to 15"
measure = "ever6_legacy, the one for trends, or fsm"
population = "attending: mainstream state schools here; loaded: all that send rolls, whose neighbours may not"
n_schools = "Schools with at least 30 pupils of whom it is known"
n_small_schools = "Schools with fewer, which are left out: chance alone makes them look uneven"
n_pupils = "Pupils of the schools that count, of whom it is known"
n_disadvantaged = "Of them disadvantaged"
n_missing = "Pupils of those schools of whom it is not known"
n_in_small_schools = "Pupils left out with small schools"
share_disadvantaged = "n_disadvantaged / n_pupils"
dissimilarity = "D: share of one group that would have to change school"
gorard = "GS: share of the disadvantaged who would have to exchange; D x (1 - share_disadvantaged)"
isolation = "Share of disadvantaged among the schoolmates of a disadvantaged pupil"
exposure = "1 - isolation"
eta_squared = "Isolation corrected for the share of disadvantaged"
hutchens = "H: falls apart exactly into between authorities and within them"
hutchens_between = "H between authorities"
hutchens_within = "H within authorities, weighted"
chance_dissimilarity = "D that pupils dealt out at random would give"
dissimilarity_adjusted = "(D - chance_dissimilarity) / (1 - chance_dissimilarity)"
*/
with units as (
    select
        segregation_unit.*,
        populations.population,
        segregation_unit.n_pupils - segregation_unit.n_disadvantaged as n_other,
        segregation_unit.n_pupils >= 30 as is_large
    from segregation_unit
    cross join build_context
    cross join (values ('attending'), ('loaded')) as populations(population)
    where populations.population = 'loaded'
       or segregation_unit.la_code = build_context.home_authority
),

totals as (
    select
        ay,
        phase,
        measure,
        population,
        count(*) filter (where is_large) as n_schools,
        count(*) filter (where not is_large) as n_small_schools,
        coalesce(sum(n_pupils) filter (where is_large), 0) as n_pupils,
        coalesce(sum(n_disadvantaged) filter (where is_large), 0) as n_disadvantaged,
        coalesce(sum(n_other) filter (where is_large), 0) as n_other,
        coalesce(sum(n_missing) filter (where is_large), 0) as n_missing,
        coalesce(sum(n_pupils + n_missing) filter (where not is_large), 0) as n_in_small_schools
    from units
    group by ay, phase, measure, population
),

-- Every unit's part of each index to twelve places: exact sums, the same in any order. An index needs both groups.
parts as (
    select
        units.ay,
        units.phase,
        units.measure,
        units.population,
        units.la_code,
        units.n_disadvantaged,
        units.n_other,
        cast(round(abs(1e0 * units.n_disadvantaged / totals.n_disadvantaged - 1e0 * units.n_other / totals.n_other), 12) as decimal(18, 12)) as uneven,
        cast(round(abs(1e0 * units.n_disadvantaged / totals.n_disadvantaged - 1e0 * units.n_pupils / totals.n_pupils), 12) as decimal(18, 12)) as uneven_of_all,
        cast(round(1e0 * units.n_disadvantaged / totals.n_disadvantaged * units.n_disadvantaged / units.n_pupils, 12) as decimal(18, 12)) as isolated,
        cast(round(sqrt(1e0 * units.n_disadvantaged / totals.n_disadvantaged * units.n_other / totals.n_other), 12) as decimal(18, 12)) as shared,
        -- The mean distance from its share of a school dealt out at random, by the normal curve: sqrt(2 / pi) spreads.
        cast(round(0.7978845608028654e0
                   * sqrt(1e0 * units.n_pupils * totals.n_disadvantaged / totals.n_pupils * totals.n_other / totals.n_pupils
                          * (totals.n_pupils - units.n_pupils) / greatest(totals.n_pupils - 1, 1)), 9) as decimal(18, 9)) as chance
    from units
    inner join totals
        on totals.ay = units.ay
       and totals.phase = units.phase
       and totals.measure = units.measure
       and totals.population = units.population
    where units.is_large
      and totals.n_disadvantaged > 0
      and totals.n_other > 0
),

sums as (
    select
        ay,
        phase,
        measure,
        population,
        sum(uneven) as uneven,
        sum(uneven_of_all) as uneven_of_all,
        sum(isolated) as isolated,
        sum(shared) as shared,
        sum(chance) as chance
    from parts
    group by ay, phase, measure, population
),

authorities as (
    select
        ay,
        phase,
        measure,
        population,
        la_code,
        sum(n_disadvantaged) as n_disadvantaged,
        sum(n_other) as n_other
    from parts
    group by ay, phase, measure, population, la_code
),

between_authorities as (
    select
        authorities.ay,
        authorities.phase,
        authorities.measure,
        authorities.population,
        sum(cast(round(sqrt(1e0 * authorities.n_disadvantaged / totals.n_disadvantaged
                            * authorities.n_other / totals.n_other), 12) as decimal(18, 12))) as shared
    from authorities
    inner join totals
        on totals.ay = authorities.ay
       and totals.phase = authorities.phase
       and totals.measure = authorities.measure
       and totals.population = authorities.population
    group by authorities.ay, authorities.phase, authorities.measure, authorities.population
),

indices as (
    select
        totals.*,
        0.5e0 * sums.uneven as d,
        0.5e0 * sums.uneven_of_all as gs,
        1e0 * sums.isolated as p_star,
        1e0 - sums.shared as h,
        1e0 - between_authorities.shared as h_between,
        0.5e0 * totals.n_pupils / totals.n_disadvantaged / totals.n_other * sums.chance as d_chance,
        1e0 * totals.n_disadvantaged / totals.n_pupils as p
    from totals
    left join sums
        on sums.ay = totals.ay
       and sums.phase = totals.phase
       and sums.measure = totals.measure
       and sums.population = totals.population
    left join between_authorities
        on between_authorities.ay = totals.ay
       and between_authorities.phase = totals.phase
       and between_authorities.measure = totals.measure
       and between_authorities.population = totals.population
),

final as (
    select
        ay,
        phase,
        measure,
        population,
        n_schools,
        n_small_schools,
        cast(n_pupils as bigint) as n_pupils,
        cast(n_disadvantaged as bigint) as n_disadvantaged,
        cast(n_missing as bigint) as n_missing,
        cast(n_in_small_schools as bigint) as n_in_small_schools,
        share_of(n_disadvantaged, n_pupils) as share_disadvantaged,
        cast(round(d, 4) as decimal(9, 4)) as dissimilarity,
        cast(round(gs, 4) as decimal(9, 4)) as gorard,
        cast(round(p_star, 4) as decimal(9, 4)) as isolation,
        cast(round(1e0 - p_star, 4) as decimal(9, 4)) as exposure,
        cast(round((p_star - p) / nullif(1e0 - p, 0e0), 4) as decimal(9, 4)) as eta_squared,
        cast(round(h, 4) as decimal(9, 4)) as hutchens,
        cast(round(h_between, 4) as decimal(9, 4)) as hutchens_between,
        cast(round(h - h_between, 4) as decimal(9, 4)) as hutchens_within,
        cast(round(d_chance, 4) as decimal(9, 4)) as chance_dissimilarity,
        cast(round((d - d_chance) / (1e0 - d_chance), 4) as decimal(9, 4)) as dissimilarity_adjusted
    from indices
)

select * from final
