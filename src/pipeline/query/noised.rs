//! A question over real learners: what its answer costs is entered, with its audit, before anything is looked at.
use super::{OpenRelease, Question, Reply, VERB, about, files};
use crate::{
    catalog::{ANSWER, Access, AnsweredQuestion},
    disclosure::{self, Answer, DAYS, Disclosed, Policy, QUESTIONS, Seed},
    pipeline::Site,
    privacy::KeyKind,
    query::{self, Guard, Pace, Plan, QueryRefusal, Ready},
};
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, path::PathBuf, thread, time::Duration, time::Instant};

/// How long a question may take, in hundredths of a second: drawn for each, for whether it took too long is a figure too. One learner can change
/// how long it takes by the work on a block of a few ([`Ready::answered`]), which is little beside this deviation. At most [`query::LONGEST`].
const ABOUT: i64 = 4_500;
const DEVIATION: u64 = 500;
const LEAST: i64 = 3_000;
/// When an answer comes, or a refusal of one that was paid for: after this time, however long it took. A hundred questions a year can wait.
/// What works for it is ended some seconds after the longest limit.
const ANSWERED: Duration = Duration::from_secs(75);
/// Over invented learners it comes at the next full second.
const PULSE_OF_INVENTED: Duration = Duration::from_secs(1);
/// What a count of rows is called that nobody gave a name, and what it is called here.
const ROWS: &str = "rows";
const LEARNERS: &str = "learners";
/// Others may be answered at the same moment: then this one is looked at again.
const MOST_TRIES: usize = 5;

/// What an answer was entered as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// What it is known by.
    pub id: String,
    /// How many questions may still be asked.
    pub left: u64,
}

/// After how long an answer comes, whatever it is and however long it took; none over invented learners.
pub fn comes_after(site: &Site) -> Option<Duration> {
    (site.key.kind() == KeyKind::Real).then_some(ANSWERED)
}

/// What is asked: the tables of a release, or a study's own rows of one.
pub(in crate::pipeline) struct Held<'a> {
    /// What stands for it: the same words asked of something else are another question.
    pub name: &'a str,
    /// The Parquet file of each table.
    pub files: &'a BTreeMap<String, PathBuf>,
    /// Whether a table's column hangs on other learners too.
    pub is_of_many: &'a dyn Fn(&str, &str) -> bool,
    /// Who asks with which verb, as the audit says it.
    pub verb: &'static str,
    /// The question, as the audit says it.
    pub about: &'a str,
    /// Whether somebody waits for the answer, who would learn how long it took.
    pub is_awaited: bool,
}

/// Answers a question over real learners.
pub(super) fn answer(
    site: &mut Site,
    asked: &OpenRelease,
    question: &Question<'_>,
    plan: Plan,
    policy: &Policy,
) -> Result<Reply, QueryRefusal> {
    let tables: Vec<String> = plan.reads.keys().cloned().collect();
    let about = about(site, asked, question, &tables);
    let held = Held {
        name: &asked.release,
        files: &files(asked),
        is_of_many: &|table, column| asked.hangs_on_many(table, column),
        verb: VERB,
        about: &about,
        is_awaited: true,
    };
    let (answer, entered) = paid(site, &held, question, &plan, policy)?;
    Ok(Reply { plan: of_learners(plan), answer, entered: Some(entered) })
}

/// What nobody gave a name is called by what it is here: `count(*)` counts learners.
fn of_learners(mut plan: Plan) -> Plan {
    let is_free = plan.outputs.iter().all(|output| output.name != LEARNERS);
    if let Some(rows) = plan.outputs.iter_mut().find(|output| output.name == ROWS && is_free) {
        LEARNERS.clone_into(&mut rows.name);
    }
    plan
}

/// Answers a question over real learners, or a table of a study, from the budget.
pub(in crate::pipeline) fn paid(
    site: &mut Site,
    held: &Held<'_>,
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
    query::of_one_learner(plan, held.is_of_many)?;
    let said = said(site, held, guard, policy);
    if let Some((before, kept)) = site.catalog.answered(&said, question.spend).map_err(|_| unread())? {
        return again(site, held, question, (&before, &kept, policy));
    }
    let salt = salt(&said, guard, question.spend);
    let ready = query::ready(question.text, plan, held.files)?;
    // From here on it is paid for: whether there is too much to do, and how long it takes, hangs on the rows.
    let entered = entered(site, held, question, said)?;
    let begun = Instant::now();
    let answer = worked_out(site, held.is_awaited, ready, question.spend, (&salt, policy));
    let kept = answer.and_then(|answer| {
        let sealed = site.key.seal(ANSWER, &answer.as_ref().kept()).ok_or_else(unentered)?;
        site.catalog.keep_answer(&entered.id, &sealed).map_err(|_| unentered())?;
        Ok((answer, entered))
    });
    if held.is_awaited {
        let pulse = comes_after(site).unwrap_or(PULSE_OF_INVENTED);
        let taken = begun.elapsed().as_millis();
        let wait = (taken / pulse.as_millis() + 1) * pulse.as_millis() - taken;
        thread::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or_default()));
    }
    kept
}

/// What may be said of what each learner brings.
fn worked_out(
    site: &Site,
    is_awaited: bool,
    ready: Ready<'_>,
    spend: u64,
    (salt, policy): (&[u8], &Policy),
) -> Result<Disclosed<Answer>, QueryRefusal> {
    let limit = limit(Seed(&site.key.derive("how long a question may take", salt)));
    let until = (is_awaited && comes_after(site).is_some()).then_some(query::LONGEST);
    let seed = site.key.derive("what figures are off by", salt);
    ready.answered(Pace { limit, until }, (spend, &seed), (policy, site.key.kind()))
}

fn hundredths(of: i64) -> Duration {
    Duration::from_millis(of.unsigned_abs() * 10)
}

/// How long a question may take: drawn again where it falls outside, so that no end of the range is more likely than what is beside it.
fn limit(seed: Seed<'_>) -> Duration {
    let draw = |at: u64| ABOUT + seed.noise(&[b"limit", &at.to_le_bytes()], DEVIATION * DEVIATION);
    let mut drawn = (0..100).map(draw).filter(|drawn| *drawn >= LEAST).map(hundredths);
    drawn.find(|drawn| *drawn <= query::LONGEST).unwrap_or_else(|| hundredths(ABOUT))
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
fn said(site: &Site, held: &Held<'_>, guard: &Guard, policy: &Policy) -> String {
    let lines = [held.name, policy.name()].into_iter().chain(guard.said.iter().map(String::as_str));
    let parts: Vec<&[u8]> = lines.map(str::as_bytes).collect();
    site.key.keyed().digest("question", &parts).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What noise hangs on: everything that is run. Were two statements that count other learners given the same noise, the difference of
/// their answers would be exact.
fn salt(said: &str, guard: &Guard, spend: u64) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [said.as_bytes(), guard.bounded.as_bytes(), &spend.to_le_bytes()] {
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
    held: &Held<'_>,
    question: &Question<'_>,
    (before, kept, policy): (&AnsweredQuestion, &[u8], &Policy),
) -> Result<(Disclosed<Answer>, Entered), QueryRefusal> {
    let kept = site.key.unseal(ANSWER, kept).ok_or_else(unread)?;
    let answer = disclosure::told_again(&kept, policy).ok_or_else(unread)?;
    let about = format!("{} again, {}", before.id, held.about);
    let stamp = site.stamp();
    site.catalog.note_access(&access(held, question, &about), &stamp).map_err(|_| unentered())?;
    let (_, spent) = spent(site)?;
    Ok((answer, Entered { id: before.id.clone(), left: QUESTIONS.saturating_sub(spent) }))
}

/// Enters a question and what it costs, with the audit of it.
fn entered(
    site: &mut Site,
    held: &Held<'_>,
    question: &Question<'_>,
    said: String,
) -> Result<Entered, QueryRefusal> {
    let mut asking = AnsweredQuestion { id: String::new(), said, spent: question.spend };
    for _ in 0..MOST_TRIES {
        let (beside, spent) = spent(site)?;
        let after = spent + question.spend;
        if after > QUESTIONS {
            return Err(over(spent));
        }
        asking.id = format!("question-{}", beside + 1);
        let about = format!("{}, {}", asking.id, held.about);
        let stamp = site.stamp();
        let noted = site.catalog.note_question(&asking, beside, &access(held, question, &about), &stamp);
        if noted.map_err(|_| unentered())? {
            return Ok(Entered { id: asking.id, left: QUESTIONS - after });
        }
    }
    Err(ledger("others are being answered at the same moment", "ask again"))
}

fn access<'a>(held: &Held<'_>, question: &'a Question<'_>, about: &'a str) -> Access<'a> {
    Access {
        who: question.who,
        role: "operator",
        verb: held.verb,
        purpose: question.purpose,
        about,
        people: 0,
        outcome: "done",
    }
}
