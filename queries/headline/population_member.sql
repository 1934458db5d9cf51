/*
title = "Members of the four populations of each cohort that has been followed up"
grain = ["learner_id", "population"]
reads = ["cohort_member", "cohort_outcome"]
of_many = ["ks2_band"]
[columns]
learner_id = "Pseudonym of the learner"
population = "resident, attending, ever_y6_here, or open: every learner of the cohort year, late entrants too"
is_counted = "Whether the learner counts in this population's denominator"
*/
with followed_up as (
    select
        cohort_member.learner_id,
        cohort_member.cohort_ay,
        cohort_member.resident,
        cohort_member.attending,
        cohort_member.ever_y6_here,
        cohort_member.ks2_band,
        cohort_member.dis_y6,
        cohort_outcome.state,
        cohort_outcome.result_state,
        cohort_outcome.five_gcse_7_9,
        cohort_outcome.visible,
        cohort_outcome.in_resident_denominator,
        cohort_outcome.in_denominator
    from cohort_member
    inner join cohort_outcome on cohort_outcome.learner_id = cohort_member.learner_id
    where cohort_outcome.state <> 'not_yet_16'
),

final as (
    select
        followed_up.learner_id,
        followed_up.cohort_ay,
        populations.population,
        followed_up.ks2_band,
        followed_up.dis_y6,
        followed_up.state,
        followed_up.result_state,
        followed_up.five_gcse_7_9,
        followed_up.visible,
        case populations.population when 'resident' then followed_up.in_resident_denominator
                                    else followed_up.in_denominator end as is_counted
    from followed_up
    cross join (values ('resident'), ('attending'), ('ever_y6_here'), ('open')) as populations(population)
    where case populations.population
              when 'resident' then followed_up.resident
              when 'attending' then followed_up.attending
              when 'ever_y6_here' then followed_up.ever_y6_here
              else true
          end
)

select * from final
