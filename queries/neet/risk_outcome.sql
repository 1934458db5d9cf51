/*
title = "What became in the winter after Year 11 of whoever was told a risk at the end of Year 10"
grain = ["learner_id"]
reads = ["learner", "nccis_month"]
of_many = ["learner_id"]
[columns]
learner_id = "Pseudonym of the learner"
cohort_ay = "The academic year, by its end year, of Year 6"
outcome = "neet or custody at two or more of the ends of December, January and February; not_known where NEET or not known was told of two and NEET of fewer; other where two cannot have been NEET; else not_followed"
*/
-- Who is not known is not known not to be NEET: it is a word of its own, and whom no record has is not known. One month NEET and one not
-- known may be two, and so may one month and one that nobody holds yet.
with winters as (
    select
        nccis_month.learner_id,
        learner.cohort_ay,
        count(*) as n_months,
        count(*) filter (where nccis_month.status = 'neet') as n_neet,
        count(*) filter (where nccis_month.status in ('not_known', 'no_record')) as n_not_known,
        count(*) filter (where nccis_month.status = 'custody') as n_custody
    from nccis_month
    inner join learner on learner.learner_id = nccis_month.learner_id
    where nccis_month.academic_age = 16
      and month(nccis_month.month_on) in (12, 1, 2)
    group by nccis_month.learner_id, learner.cohort_ay
),

final as (
    select
        learner_id,
        cohort_ay,
        case when n_neet >= 2 then 'neet'
             when n_custody >= 2 then 'custody'
             when n_neet + n_not_known >= 2 then 'not_known'
             when n_neet + n_not_known + 3 - n_months < 2 then 'other'
             else 'not_followed'
        end as outcome
    from winters
)

select * from final
