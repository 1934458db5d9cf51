/*
title = "Members who were ever in alternative provision, dual registered or educated at home, from Year 6 to 16"
grain = ["learner_id"]
reads = ["cohort_member", "spell", "code_establishment_kind", "build_context"]
[columns]
learner_id = "Pseudonym of the learner; members without a spell in that time are not here"
ever_ap = "In alternative provision; places named in a plan, section 61 and managed moves are not counted"
ever_dual = "Registered at two schools at once"
ever_ehe = "Educated at home, fully or in part"
*/
with final as (
    select
        cohort_member.learner_id,
        max(case when code_establishment_kind.family = 'ap'
                  and spell.legal_basis not in ('ehcp_named', 's61', 'managed_move') then 1 else 0 end) = 1 as ever_ap,
        max(case when spell.status in ('M', 'S') then 1 else 0 end) = 1 as ever_dual,
        max(case when spell.legal_basis in ('ehe_full', 'ehe_flexi') then 1 else 0 end) = 1 as ever_ehe
    from cohort_member
    cross join build_context
    inner join spell on spell.learner_id = cohort_member.learner_id
    left join code_establishment_kind on code_establishment_kind.code = spell.kind
    where spell.starts_on <= least(year_ends_on(cohort_member.cohort_ay + 5), build_context.as_of)
      and spell.ends_on >= year_starts_on(cohort_member.cohort_ay)
    group by cohort_member.learner_id
)

select * from final
