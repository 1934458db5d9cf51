/*
title = "Learners that became one, and learners that came apart"
grain = ["changed_at", "learner_id_before", "learner_id_after"]
reads = ["moved_subject", "learner_link", "subject_told"]
purposes = ["research", "participation"]
published = true
[columns]
changed_at = "The day on which subjects were linked anew"
learner_id_before = "Pseudonym of the learner that the subjects were, 32 hex characters"
learner_id_after = "Pseudonym of the learner that they are since"
kind = "merged: all of one learner is part of another; split: part of one is a learner of its own; moved: part of one is part of another"
n_subjects = "Subjects (persons as one source knows them) that went this way"
n_left = "Subjects that the learner before still has today; 0: it is no more"
*/
-- Whoever follows a learner from one release to another joins this table on learner_id_before.
with known as (
    select distinct subject_id
    from subject_told
),

moves as (
    select
        moved_subject.changed_at,
        id_text(moved_subject.learner_id_before) as learner_id_before,
        id_text(moved_subject.learner_id_after) as learner_id_after,
        id_text(moved_subject.subject_id) as subject_id
    from moved_subject
    inner join known on known.subject_id = id_text(moved_subject.subject_id)
),

ways as (
    select changed_at, learner_id_before, learner_id_after, count(*) as n_subjects
    from moves
    group by changed_at, learner_id_before, learner_id_after
),

-- Into how many a learner went on one day.
parts as (
    select changed_at, learner_id_before, count(*) as n_parts
    from ways
    group by changed_at, learner_id_before
),

links as (
    select id_text(learner_id) as learner_id, id_text(subject_id) as subject_id
    from learner_link
),

left_behind as (
    select learner_id, count(*) as n_left
    from links
    group by learner_id
),

-- Whoever was with the learner after before these came: subjects that did not move to it on that day from there.
others as (
    select ways.changed_at, ways.learner_id_before, ways.learner_id_after, count(*) as n_others
    from ways
    inner join links on links.learner_id = ways.learner_id_after
    left join moves
        on moves.changed_at = ways.changed_at
       and moves.learner_id_before = ways.learner_id_before
       and moves.learner_id_after = ways.learner_id_after
       and moves.subject_id = links.subject_id
    where moves.subject_id is null
    group by ways.changed_at, ways.learner_id_before, ways.learner_id_after
),

final as (
    select
        ways.changed_at,
        ways.learner_id_before,
        ways.learner_id_after,
        case when coalesce(left_behind.n_left, 0) = 0 and parts.n_parts = 1 then 'merged'
             when coalesce(others.n_others, 0) = 0 then 'split'
             else 'moved'
        end as kind,
        ways.n_subjects,
        coalesce(left_behind.n_left, 0) as n_left
    from ways
    inner join parts
        on parts.changed_at = ways.changed_at
       and parts.learner_id_before = ways.learner_id_before
    left join left_behind on left_behind.learner_id = ways.learner_id_before
    left join others
        on others.changed_at = ways.changed_at
       and others.learner_id_before = ways.learner_id_before
       and others.learner_id_after = ways.learner_id_after
)

select * from final
