//! A question over real learners: through the gate beside everything that was answered before, and entered in the ledger with
//! its audit before it is shown.
use super::{OpenRelease, Question, Reply, VERB, about, files};
use crate::{
    catalog::{Access, ShownCell, ShownTable},
    disclosure::{self, PastAnswer, Policy},
    pipeline::{Site, shown},
    query::{self, Plan, QueryRefusal},
};
use std::{thread, time::Duration, time::Instant};

/// Answers and refusals come at whole multiples of this: how long the work took would tell of the rows.
const PULSE: Duration = Duration::from_millis(1_000);
/// Others may be answered at the same moment: then this one is looked at again.
const MOST_TRIES: usize = 5;

/// Answers a question over real learners.
pub(super) fn answer(
    site: &mut Site,
    asked: &OpenRelease,
    question: &Question<'_>,
    plan: Plan,
    policy: &Policy,
) -> Result<Reply, QueryRefusal> {
    let begun = Instant::now();
    let result = at_once(site, asked, question, plan, policy);
    let taken = begun.elapsed().as_millis();
    let pulses = taken / PULSE.as_millis() + 1;
    let wait = pulses * PULSE.as_millis() - taken;
    thread::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or_default()));
    result
}

fn at_once(
    site: &mut Site,
    asked: &OpenRelease,
    question: &Question<'_>,
    plan: Plan,
    policy: &Policy,
) -> Result<Reply, QueryRefusal> {
    own_key(site, asked, &plan)?;
    let memory = site.settings.memory_limit.clone();
    let of = (asked.release.as_str(), policy.threshold());
    let frame = query::frame(question.text, &plan, &files(asked), &memory, of)?;
    for _ in 0..MOST_TRIES {
        let earlier = earlier(site)?;
        let id = format!("question-{}", earlier.len() + 1);
        let gated = disclosure::disclose_guarded(&frame, &earlier, &id, policy);
        let (answer, entry) =
            gated.map_err(|refusal| QueryRefusal::gate(refusal.to_string(), refusal.instead()))?;
        if entered(site, asked, question, &plan, &entry, earlier.len())? {
            return Ok(Reply { plan, answer, entered: Some(id) });
        }
    }
    Err(ledger("others are being answered at the same moment", "ask again"))
}

fn ledger(what: &str, instead: &'static str) -> QueryRefusal {
    QueryRefusal { code: "ledger", what: what.to_owned(), instead }
}

/// A release whose learners are named under another key cannot be looked at beside what was shown of others.
fn own_key(site: &Site, asked: &OpenRelease, plan: &Plan) -> Result<(), QueryRefusal> {
    let own = site.key.fingerprint();
    let is_own = |name: &String| asked.tables.get(name).is_some_and(|table| table.key_fingerprint == own);
    if plan.reads.keys().all(is_own) {
        return Ok(());
    }
    Err(ledger(
        "this release names learners under a key that was replaced, and cannot be looked at beside what was answered since",
        "`throughline build` and `throughline release` make one under the key of today",
    ))
}

/// Everything that was answered before, unsealed.
fn earlier(site: &Site) -> Result<Vec<PastAnswer>, QueryRefusal> {
    let unread = || {
        ledger(
            "what was answered before cannot be read, so nothing new can be looked at beside it",
            "`throughline verify` says whether the data folder is whole; restore the catalog from its backup",
        )
    };
    let mut answers = Vec::new();
    for table in site.catalog.shown_tables().map_err(|_| unread())? {
        let cells = table.cells.iter().map(|cell| shown::opened(&site.key, cell)).collect::<Option<_>>();
        answers.push(PastAnswer { id: table.id, cells: cells.ok_or_else(unread)? });
    }
    Ok(answers)
}

/// Enters an answer, with the audit of it. False where another was entered meanwhile.
fn entered(
    site: &mut Site,
    asked: &OpenRelease,
    question: &Question<'_>,
    plan: &Plan,
    entry: &PastAnswer,
    beside: usize,
) -> Result<bool, QueryRefusal> {
    let failed = || {
        ledger("the answer cannot be entered in the ledger, so it is not shown", "run `throughline check`")
    };
    let cells: Option<Vec<ShownCell>> =
        entry.cells.iter().map(|cell| shown::sealed(&site.key, cell)).collect();
    let tables: Vec<String> = plan.reads.keys().cloned().collect();
    let about = about(site, asked, question, &tables);
    let table = ShownTable { id: entry.id.clone(), title: about.clone(), cells: cells.ok_or_else(failed)? };
    let about = format!("{}, {about}", entry.id);
    let access = Access {
        who: question.who,
        role: "operator",
        verb: VERB,
        purpose: question.purpose,
        about: &about,
        people: 0,
        outcome: "done",
    };
    let stamp = site.stamp();
    site.catalog.note_shown(&table, beside, &access, &stamp).map_err(|_| failed())
}
