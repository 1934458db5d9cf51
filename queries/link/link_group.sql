/*
title = "Every subject once for each way in which subjects are grouped"
grain = ["subject_id", "dimension"]
reads = ["subject_profile"]
materialise = "view"
[columns]
dimension = "all, source, provider, setting, sex, ethnicity, sen, fsm, care, eal or upn"
category = "The subject's group; not_known where its source says nothing"
*/
with final as (
    select
        subject_profile.subject_id,
        subject_profile.learner_id,
        grouped.dimension,
        coalesce(case grouped.dimension
            when 'all' then 'all'
            when 'source' then subject_profile.source
            when 'provider' then subject_profile.provider
            when 'setting' then subject_profile.setting
            when 'sex' then subject_profile.sex
            when 'ethnicity' then subject_profile.ethnicity
            when 'sen' then subject_profile.sen
            when 'fsm' then subject_profile.fsm
            when 'care' then subject_profile.care
            when 'eal' then subject_profile.eal
            when 'upn' then subject_profile.upn
        end, 'not_known') as category,
        subject_profile.band,
        subject_profile.probability,
        subject_profile.is_linked,
        subject_profile.is_linked_elsewhere,
        subject_profile.runner_up
    from subject_profile
    cross join (values ('all'), ('source'), ('provider'), ('setting'), ('sex'), ('ethnicity'), ('sen'), ('fsm'),
                       ('care'), ('eal'), ('upn')) as grouped(dimension)
)

select * from final
