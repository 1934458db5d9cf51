/*
title = "Accounts of sessions in which more are missed or attended than were possible, or more were possible than a year has"
grain = ["learner_id", "establishment_id", "ay", "source", "account"]
reads = ["attendance_account"]
*/
-- Where a source counts who came, more that came than could leave less than none missed. A year has 261 or 262 weekdays of two
-- sessions.
with final as (
    select
        learner_id,
        establishment_id,
        ay,
        source,
        account,
        sessions_possible,
        sessions_absent
    from attendance_account
    where sessions_absent > sessions_possible
       or sessions_absent < 0
       or sessions_possible > 524
)

select * from final
