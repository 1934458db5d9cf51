/*
title = "Everybody at the end of key stage 4, with the school whose roll they were on in January of Year 11"
grain = ["learner_id"]
reads = ["ks4_result", "learner_year", "learner", "circumstance_year"]
[columns]
learner_id = "Pseudonym of the learner"
school_id = "The school of the main roll on the January census day, through conversions: before a merger the one of those that merged; none for who was on no roll"
is_mainstream = "Whether it is a mainstream state school or has a unit in one: schools that are compared with each other"
disadvantage = "disadvantaged, other or not_known, as seen in Year 11"
birth_month_of_year = "1 for January to 12 for December"
fsm_share = "Share of the time seen with free meals"
*/
-- Results count at the school of the January census of Year 11, where the tables count them; who was on no roll then is
-- in no school's figures, and has a row of their own so that nobody disappears.
with final as (
    select
        ks4_result.learner_id,
        ks4_result.ks4_ay,
        case when learner_year.on_roll then coalesce(learner_year.school_id, 'none') else 'none' end as school_id,
        case when learner_year.on_roll and learner_year.school_id is not null then ks4_result.kind else 'none' end as kind,
        coalesce(learner_year.on_roll and learner_year.school_id is not null
                 and ks4_result.kind in ('mainstream', 'resourced_unit'), false) as is_mainstream,
        ks4_result.attending,
        case when ks4_result.disadvantaged then 'disadvantaged'
             when not ks4_result.disadvantaged then 'other'
             else 'not_known'
        end as disadvantage,
        ks4_result.five_a_c_em,
        ks4_result.basics_9_4,
        ks4_result.basics_9_5,
        ks4_result.attainment8,
        ks4_result.ks2_score,
        coalesce(ks4_result.grades_comparable, false) as grades_comparable,
        learner.sex,
        cast(month(learner.birth_month) as integer) as birth_month_of_year,
        circumstance_year.eal,
        circumstance_year.fsm_share
    from ks4_result
    left join learner_year
        on learner_year.learner_id = ks4_result.learner_id
       and learner_year.ay = ks4_result.ks4_ay
    left join learner on learner.learner_id = ks4_result.learner_id
    left join circumstance_year
        on circumstance_year.learner_id = ks4_result.learner_id
       and circumstance_year.ay = ks4_result.ks4_ay
    where ks4_result.in_denominator
)

select * from final
