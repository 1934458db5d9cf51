//! A question over real learners: what its answer costs is entered, with its audit, before it is shown.
use super::{OpenRelease, Question, Reply, VERB, about, files};
use crate::{
    catalog::{ANSWER, Access, AnsweredQuestion},
    disclosure::{self, Answer, DAYS, Disclosed, Policy, QUESTIONS, Seed, Terms},
    pipeline::Site,
    query::{self, Guard, Plan, QueryRefusal},
};
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use std::{thread, time::Duration, time::Instant};

/// Answers and refusals come at whole multiples of this: how long the work took would tell of the rows.
const PULSE: Duration = Duration::from_millis(1_000);
/// Others may be answered at the same moment: then this one is looked at again.
const MOST_TRIES: usize = 5;

/// What an answer was entered as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// What it is known by.
    pub id: String,
    /// How many questions may still be asked, and within how many days as many as there are come back.
    pub left: u64,
}

/// Answers a question over real learners.
pub(super) fn answer(
    site: &mut Site,
    asked: &OpenRelease,
    question: &Question<'_>,
    plan: Plan,
    policy: &Policy,
) -> Result<Reply, QueryRefusal> {
    let begun = Instant::now();
    let result = at_once(site, asked, question, &plan, policy);
    let taken = begun.elapsed().as_millis();
    let pulses = taken / PULSE.as_millis() + 1;
    let wait = pulses * PULSE.as_millis() - taken;
    thread::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or_default()));
    let (answer, entered) = result?;
    Ok(Reply { plan, answer, entered: Some(entered) })
}

fn at_once(
    site: &mut Site,
    asked: &OpenRelease,
    question: &Question<'_>,
    plan: &Plan,
    policy: &Policy,
) -> Result<(Disclosed<Answer>, Entered), QueryRefusal> {
    if question.spend == 0 || question.spend > QUESTIONS {
        return Err(QueryRefusal {
            code: "spend",
            what: format!("an answer costs one question, or as many as --spend says, up to {QUESTIONS}"),
            instead: "leave --spend out, or say a number from 1 on",
        });
    }
    let guard = plan.guard.as_ref().map_err(Clone::clone)?;
    let said = said(site, asked, guard, policy);
    if let Some(before) = site.catalog.answered(&said, question.spend).map_err(|_| unread())? {
        return again(site, asked, question, plan, (&before, policy));
    }
    let (beside, spent) = spent(site)?;
    if spent + question.spend > QUESTIONS {
        return Err(over(spent));
    }
    let salt = salt(&said, guard, question.spend);
    let seed = site.key.derive("what figures are off by", &salt);
    let frame = query::brought(question.text, plan, &files(asked), &site.settings.memory_limit);
    // Whether there was too much to do hangs on the rows: so that costs as much as an answer.
    let (kept, result) = match frame {
        Ok(frame) => {
            let terms = Terms { most_groups: guard.most_groups, spend: question.spend, seed: Seed(&seed) };
            let answer = disclosure::disclose_noised(&frame, terms, policy);
            (answer.as_ref().kept(), Ok(answer))
        }
        Err(refusal) if refusal.code == "work" => (String::new(), Err(refusal)),
        Err(refusal) => return Err(refusal),
    };
    let sealed = site.key.seal(ANSWER, &kept).ok_or_else(unentered)?;
    let id = entered(site, asked, question, plan, (said, sealed, beside, result.is_ok()))?;
    let left = QUESTIONS.saturating_sub(spent + question.spend);
    Ok((result?, Entered { id, left }))
}

fn ledger(what: &str, instead: &'static str) -> QueryRefusal {
    QueryRefusal { code: "ledger", what: what.to_owned(), instead }
}

fn unread() -> QueryRefusal {
    ledger(
        "what was answered before cannot be read, so nothing new can be paid for",
        "`throughline verify` says whether the data folder is whole; restore the catalog from its backup",
    )
}

fn unentered() -> QueryRefusal {
    ledger("the answer cannot be entered, so it is not shown", "run `throughline check`")
}

fn over(spent: u64) -> QueryRefusal {
    QueryRefusal {
        code: "budget",
        what: format!(
            "of the {QUESTIONS} questions that may be asked within {DAYS} days {} are left: all answers together may tell only so much of one \
             learner",
            QUESTIONS.saturating_sub(spent)
        ),
        instead: "ask again what was asked (that costs nothing), read the reports (`throughline report`), or begin a study (`throughline study`)",
    }
}

/// What is asked, of which release and under which policy, as a keyed digest.
fn said(site: &Site, asked: &OpenRelease, guard: &Guard, policy: &Policy) -> String {
    let lines =
        [asked.release.as_str(), policy.name()].into_iter().chain(guard.said.iter().map(String::as_str));
    let parts: Vec<&[u8]> = lines.map(str::as_bytes).collect();
    site.key.keyed().digest("question", &parts).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What noise hangs on: everything that is run. Were two statements that count other learners given the same noise, the difference of
/// their answers would be exact.
fn salt(said: &str, guard: &Guard, spend: u64) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [said.as_bytes(), guard.sql.as_bytes(), &spend.to_le_bytes()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// How many answers there are, and what was spent within the days that count.
fn spent(site: &Site) -> Result<(u64, u64), QueryRefusal> {
    let days = TimeDelta::days(DAYS.cast_signed());
    let since = (site.now() - days).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    site.catalog.spent_after(&since).map_err(|_| unread())
}

/// An answer that was given before: it costs nothing, and is in the audit.
fn again(
    site: &mut Site,
    asked: &OpenRelease,
    question: &Question<'_>,
    plan: &Plan,
    (before, policy): (&AnsweredQuestion, &Policy),
) -> Result<(Disclosed<Answer>, Entered), QueryRefusal> {
    let kept = site.key.unseal(ANSWER, &before.answer).ok_or_else(unread)?;
    let answer = disclosure::told_again(&kept, policy);
    let tables: Vec<String> = plan.reads.keys().cloned().collect();
    let about = format!("{} again, {}", before.id, about(site, asked, question, &tables));
    let stamp = site.stamp();
    site.catalog.note_access(&access(question, &about, answer.is_some()), &stamp).map_err(|_| unentered())?;
    let (_, spent) = spent(site)?;
    let left = QUESTIONS.saturating_sub(spent);
    let answer = answer.ok_or_else(|| QueryRefusal {
        code: "work",
        what: "this was too much work".to_owned(),
        instead: "join fewer tables, name fewer columns, or ask for fewer years",
    })?;
    Ok((answer, Entered { id: before.id.clone(), left }))
}

/// Enters an answer, with the audit of it, and gives what it is known by.
fn entered(
    site: &mut Site,
    asked: &OpenRelease,
    question: &Question<'_>,
    plan: &Plan,
    (said, answer, beside, is_done): (String, Vec<u8>, u64, bool),
) -> Result<String, QueryRefusal> {
    let tables: Vec<String> = plan.reads.keys().cloned().collect();
    let whole = about(site, asked, question, &tables);
    let (mut beside, mut answered) =
        (beside, AnsweredQuestion { id: String::new(), said, spent: question.spend, answer });
    for _ in 0..MOST_TRIES {
        answered.id = format!("question-{}", beside + 1);
        let about = format!("{}, {whole}", answered.id);
        let stamp = site.stamp();
        let noted = site.catalog.note_question(&answered, beside, &access(question, &about, is_done), &stamp);
        if noted.map_err(|_| unentered())? {
            return Ok(answered.id);
        }
        let (now, spent) = spent(site)?;
        if spent + question.spend > QUESTIONS {
            return Err(over(spent));
        }
        beside = now;
    }
    Err(ledger("others are being answered at the same moment", "ask again"))
}

fn access<'a>(question: &'a Question<'_>, about: &'a str, is_done: bool) -> Access<'a> {
    Access {
        who: question.who,
        role: "operator",
        verb: VERB,
        purpose: question.purpose,
        about,
        people: 0,
        outcome: if is_done { "done" } else { "refused" },
    }
}
