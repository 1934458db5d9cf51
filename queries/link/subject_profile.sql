/*
title = "Every subject: what its own source says of it, and how it was linked"
grain = ["subject_id"]
reads = ["learner_link", "link_evidence", "subject_told", "stg_learner", "stg_sen", "stg_circumstance",
         "stg_enrolment", "stg_placement", "stg_off_roll", "school", "code_ethnicity", "code_sen_provision",
         "code_establishment_kind"]
[columns]
subject_id = "The person as one source knows them"
provider = "Establishment of the subject's latest enrolment or placement"
setting = "Family of that establishment, or off_roll"
is_linked = "Whether its learner has another subject"
is_linked_elsewhere = "Whether its learner has a subject of another source"
upn = "valid, not_valid or none"
*/
-- A subject that stands alone has only its own rows to be known by. So that those linked and those not are described
-- alike, nobody is described by what others say of them.
with sources_of_subject as (
    select subject_id, min(source) as source
    from subject_told
    group by subject_id
),

links as (
    select
        id_text(learner_link.subject_id) as subject_id,
        id_text(learner_link.learner_id) as learner_id,
        learner_link.method,
        learner_link.probability,
        learner_link.band
    from learner_link
),

learners as (
    select links.learner_id, count(*) as n_subjects, count(distinct sources_of_subject.source) as n_sources
    from links
    inner join sources_of_subject on sources_of_subject.subject_id = links.subject_id
    group by links.learner_id
),

statements as (
    select
        stg_learner.subject_id, stg_learner.observed_on, stg_learner.commit_seq, stg_learner.source_row, stg_learner.sex,
        stg_learner.ethnicity, code_ethnicity.main_group
    from stg_learner
    left join code_ethnicity
        on code_ethnicity.code = stg_learner.ethnicity
       and (code_ethnicity.valid_from is null or code_ethnicity.valid_from <= stg_learner.observed_on)
       and (code_ethnicity.valid_to is null or code_ethnicity.valid_to > stg_learner.observed_on)
),

-- Most say the same of somebody whenever they say it: only where they do not, statements are put in an order.
agreed as (
    select
        subject_id,
        max(sex) as sex,
        coalesce(min(sex) <> max(sex), false) as is_sex_disputed,
        max(main_group) as ethnicity,
        count(main_group) < count(ethnicity) or coalesce(min(main_group) <> max(main_group), false) as is_ethnicity_disputed
    from statements
    group by subject_id
),

ranked_statements as (
    select
        statements.subject_id, said.attribute,
        case said.attribute when 'sex' then statements.sex else statements.main_group end as value,
        row_number() over (
            partition by statements.subject_id, said.attribute
            order by statements.observed_on desc nulls first, statements.commit_seq desc nulls last,
                     statements.source_row desc nulls last, statements.sex asc nulls last,
                     statements.ethnicity asc nulls last
        ) as recency
    from statements
    inner join agreed on agreed.subject_id = statements.subject_id
    cross join (values ('sex'), ('ethnicity')) as said(attribute)
    where case said.attribute
              when 'sex' then agreed.is_sex_disputed and statements.sex is not null
              else agreed.is_ethnicity_disputed and statements.ethnicity is not null
          end
),

last_said as (
    select
        subject_id,
        max(case when attribute = 'sex' then value end) as sex,
        max(case when attribute = 'ethnicity' then value end) as ethnicity
    from ranked_statements
    where recency = 1
    group by subject_id
),

persons as (
    select
        agreed.subject_id,
        case when agreed.is_sex_disputed then last_said.sex else agreed.sex end as sex,
        case when agreed.is_ethnicity_disputed then last_said.ethnicity else agreed.ethnicity end as ethnicity
    from agreed
    left join last_said on last_said.subject_id = agreed.subject_id
),

-- Whatever was said at any time: a child once looked after is hard to link for years.
provision as (
    select
        stg_sen.subject_id,
        max(case code_sen_provision.level when 'plan' then 3 when 'support' then 2 when 'none' then 1 end) as greatest
    from stg_sen
    inner join code_sen_provision on code_sen_provision.code = stg_sen.provision
    group by stg_sen.subject_id
),

circumstances as (
    select
        subject_id,
        max(case when kind in ('fsm', 'fsm6') then case value when 'Y' then 2 when 'N' then 1 end end) as fsm,
        max(case when kind in ('cla', 'previously_cla') then case value when 'Y' then 2 when 'N' then 1 end end) as care,
        max(case when kind = 'eal' then case value when 'Y' then 2 when 'N' then 1 end end) as eal
    from stg_circumstance
    group by subject_id
),

places as (
    select subject_id, establishment_id, starts_on, false as is_off_roll
    from stg_enrolment
    union all
    select subject_id, establishment_id, starts_on, false as is_off_roll
    from stg_placement
    union all
    select subject_id, null as establishment_id, starts_on, true as is_off_roll
    from stg_off_roll
),

ranked_places as (
    select
        subject_id, establishment_id, is_off_roll,
        row_number() over (
            partition by subject_id
            order by starts_on desc nulls last, establishment_id asc nulls last
        ) as recency
    from places
),

latest_places as (
    select
        ranked_places.subject_id,
        ranked_places.establishment_id as provider,
        case when ranked_places.is_off_roll then 'off_roll' else code_establishment_kind.family end as setting
    from ranked_places
    left join school on school.establishment_id = ranked_places.establishment_id
    left join code_establishment_kind on code_establishment_kind.code = school.kind
    where ranked_places.recency = 1
),

final as (
    select
        links.subject_id,
        links.learner_id,
        sources_of_subject.source,
        links.method,
        links.band,
        links.probability,
        learners.n_subjects > 1 as is_linked,
        learners.n_sources > 1 as is_linked_elsewhere,
        latest_places.provider,
        coalesce(latest_places.setting, 'not_known') as setting,
        coalesce(persons.sex, 'not_known') as sex,
        coalesce(persons.ethnicity, 'not_known') as ethnicity,
        case provision.greatest when 3 then 'plan' when 2 then 'support' when 1 then 'none' else 'not_known' end as sen,
        case circumstances.fsm when 2 then 'yes' when 1 then 'no' else 'not_known' end as fsm,
        case circumstances.care when 2 then 'yes' when 1 then 'no' else 'not_known' end as care,
        case circumstances.eal when 2 then 'yes' when 1 then 'no' else 'not_known' end as eal,
        case when evidence.upn_valid then 'valid'
             when evidence.has_upn then 'not_valid'
             when evidence.subject_id is null then 'not_known'
             else 'none'
        end as upn,
        evidence.has_uln,
        evidence.has_name,
        evidence.has_birth_date,
        evidence.has_postcode,
        evidence.runner_up
    from links
    inner join sources_of_subject on sources_of_subject.subject_id = links.subject_id
    inner join learners on learners.learner_id = links.learner_id
    left join persons on persons.subject_id = links.subject_id
    left join provision on provision.subject_id = links.subject_id
    left join circumstances on circumstances.subject_id = links.subject_id
    left join latest_places on latest_places.subject_id = links.subject_id
    left join (
        select id_text(link_evidence.subject_id) as subject_id, has_upn, upn_valid, has_uln, has_name, has_birth_date,
               has_postcode, runner_up
        from link_evidence
    ) as evidence on evidence.subject_id = links.subject_id
)

select * from final
