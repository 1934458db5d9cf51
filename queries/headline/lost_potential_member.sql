/*
title = "High attainers of each population who count, with what was known of them before they could be seen with results"
grain = ["learner_id", "population"]
reads = ["population_member", "cohort_member", "learner", "school_move", "learner_year"]
of_many = ["learner_id"]
[columns]
learner_id = "Pseudonym of the learner"
population = "resident, attending, ever_y6_here or open"
moves = "Changes of place after Year 6 and to the end of Year 11, those of everybody's age left out; 2 for more"
school_id = "The school of the main roll on the January census day of Year 11; empty without one"
seen = "Whether with key stage 4 results"
achieved = "Whether with the outcome of the headline"
*/
with moves as (
    select school_move.learner_id, count(*) as n_moves
    from school_move
    inner join cohort_member on cohort_member.learner_id = school_move.learner_id
    where school_move.move_type not in ('phase_transition', 'end_of_schooling', 'died', 'left_england')
      and school_move.ay > cohort_member.cohort_ay
      and school_move.ay <= cohort_member.cohort_ay + 5
    group by school_move.learner_id
),

final as (
    select
        population_member.learner_id,
        population_member.population,
        population_member.cohort_ay,
        case when population_member.dis_y6 then 'disadvantaged'
             when not population_member.dis_y6 then 'other'
             else 'not_known'
        end as disadvantage,
        cohort_member.ks2_score,
        cohort_member.sen_y6,
        learner.sex,
        cast(least(coalesce(moves.n_moves, 0), 2) as integer) as moves,
        case when learner_year.on_roll then learner_year.school_id end as school_id,
        coalesce(population_member.result_state = 'ks4_results', false) as seen,
        coalesce(population_member.five_gcse_7_9, false) as achieved
    from population_member
    inner join cohort_member on cohort_member.learner_id = population_member.learner_id
    left join learner on learner.learner_id = population_member.learner_id
    left join moves on moves.learner_id = population_member.learner_id
    left join learner_year
        on learner_year.learner_id = population_member.learner_id
       and learner_year.ay = population_member.cohort_ay + 5
    where population_member.ks2_band = 'high'
      and population_member.is_counted
)

select * from final
