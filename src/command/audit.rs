//! `audit`: who looked at identities or releases, and whether anybody altered the record of it.
use super::{
    Exit, Halt, Verdict,
    cli::audit::{Audit, AuditArgs},
    person::user,
    screen::{Screen, counted, table_within, thousands},
    settings,
};
use crate::{
    catalog::{AuditEntry, HeadFault},
    config::{Role, Settings},
    pipeline::{self, Admission, AuditFault, Site, Verified},
};
use serde_json::json;
use std::{collections::VecDeque, path::Path};

impl From<AuditFault> for Halt {
    fn from(fault: AuditFault) -> Self {
        match fault {
            AuditFault::Site(fault) => fault.into(),
            AuditFault::NoHead(_) => Self::new(Exit::Usage, fault.to_string()),
            AuditFault::File(..) => Self::new(Exit::Failed, fault.to_string()),
        }
    }
}

/// Runs the verb. What an exported file is checked with asks for no configuration.
pub(super) fn audit(config: &Path, args: &AuditArgs, screen: &Screen) -> Verdict {
    match &args.what {
        Some(Audit::Verify { file: Some(file), head }) => offline(file, head.as_deref(), screen),
        Some(Audit::Verify { file: None, head }) => verify(settings(config)?, head.as_deref(), screen),
        Some(Audit::Head { to }) => head(settings(config)?, to.as_deref(), screen),
        Some(Audit::Export { file }) => export(settings(config)?, file, screen),
        None => list(settings(config)?, args, screen),
    }
}

fn offline(file: &Path, head: Option<&Path>, screen: &Screen) -> Verdict {
    let head = head.map(pipeline::read_head).transpose()?;
    let verified = pipeline::verify_export(file, head.as_ref())?;
    let unsigned =
        "Whether the head was signed by the lake's key can be told where that key is: `audit verify --head`.";
    Ok(told(&verified, head.as_ref().map(|_| unsigned), screen))
}

fn verify(settings: Settings, head: Option<&Path>, screen: &Screen) -> Verdict {
    let site = Site::open(settings)?;
    let head = head.map(pipeline::read_head).transpose()?;
    let verified = pipeline::verify_audit(&site, head.as_ref())?;
    let said = verified.head.map(|head| match head {
        Ok(()) => "The head was signed by this lake's key.",
        Err(HeadFault::AnotherKey) => {
            "The head was signed by another key (before a rotation?): who signed it cannot be told."
        }
        Err(HeadFault::Forged) => "The head was NOT signed by this lake's key: it proves nothing.",
    });
    Ok(told(&verified, said, screen))
}

fn told(verified: &Verified, of_head: Option<&str>, screen: &Screen) -> Exit {
    let head = verified.head.map(|head| match head {
        Ok(()) => "signed",
        Err(HeadFault::AnotherKey) => "another_key",
        Err(HeadFault::Forged) => "forged",
    });
    match &verified.chain {
        Ok(chain) => {
            screen.document(
                &json!({ "entries": chain.entries, "digest": chain.digest, "sound": verified.is_sound(),
                                     "head": head, "bad": null }),
            );
            let entries = counted(chain.entries.unsigned_abs(), "entry holds", "entries hold");
            screen.result(&format!("{entries} the one before; the last is {}.", chain.digest));
        }
        Err(bad) => {
            screen.document(&json!({ "sound": false, "head": head,
                                     "bad": { "entry": bad.entry, "how": bad.word(), "words": bad.words() } }));
            screen.result(&format!("The audit was tampered with: {}.", bad.words()));
        }
    }
    if let Some(words) = of_head {
        screen.result(words);
    } else if verified.chain.is_ok() {
        screen.result("Whether the newest entries were cut off only a head can tell: see `audit head`.");
    }
    if verified.is_sound() { Exit::Done } else { Exit::Failed }
}

fn head(settings: Settings, to: Option<&Path>, screen: &Screen) -> Verdict {
    let site = Site::open(settings)?;
    let head = pipeline::head(&site)?;
    let document = json!(head);
    if let Some(file) = to {
        super::init::write_private(file, format!("{document}\n").as_bytes())
            .map_err(|error| Halt::new(Exit::Failed, format!("{}: {error}", file.display())))?;
        screen.say(&format!("Wrote {}. Keep it where who runs this machine cannot write.", file.display()));
    }
    screen.document(&document);
    screen.result(&format!("{} entries\n{}\nsigned {}", head.entries, head.digest, head.signature));
    Ok(Exit::Done)
}

fn export(settings: Settings, file: &Path, screen: &Screen) -> Verdict {
    let mut site = Site::open(settings)?;
    let who = user();
    admitted(&mut site, &who, "audit export", "the whole chain")?;
    let entries = pipeline::export_audit(&site, file)?;
    screen.document(&json!({ "file": file.display().to_string(), "entries": entries }));
    let shown = counted(entries.unsigned_abs(), "entry", "entries");
    screen.result(&format!(
        "Wrote {shown} to {0}. Check it anywhere: throughline audit verify {0}",
        file.display()
    ));
    Ok(Exit::Done)
}

fn admitted(site: &mut Site, who: &str, verb: &str, about: &str) -> Result<(), Halt> {
    let wish = Admission { who, role: Role::Auditor, verb, about, people: 0 };
    Ok(pipeline::admit(site, &wish)?)
}

/// A window of a usual size.
const AUDIT_WIDTH: usize = 98;

fn list(settings: Settings, args: &AuditArgs, screen: &Screen) -> Verdict {
    let mut site = Site::open(settings)?;
    let who = user();
    admitted(&mut site, &who, "audit", "the list")?;
    let (mut found, mut all) = (VecDeque::new(), 0_u64);
    let since = args.since.map(|day| day.to_string()).unwrap_or_default();
    site.catalog.each_audit(1, |entry| {
        if fits(&entry, &since, args) {
            all += 1;
            found.push_back(entry);
            if found.len() > args.last {
                found.pop_front();
            }
        }
        true
    })?;
    screen.document(&json!({ "entries": found, "of": all }));
    let rows = found.iter().map(|entry| {
        let people = if entry.people > 0 { thousands(entry.people.unsigned_abs()) } else { String::new() };
        // Who and what for in one cell each: nine columns are more than a window of 100 has room for.
        let who = format!("{} ({})", entry.who, entry.role);
        let about = match (entry.purpose.as_str(), entry.about.as_str()) {
            ("", about) => about.to_owned(),
            (purpose, "") => format!("for {purpose}"),
            (purpose, about) => format!("for {purpose}: {about}"),
        };
        let at = entry.at.get(..16).unwrap_or(&entry.at).replace('T', " ");
        vec![entry.seq.to_string(), at, who, entry.verb.clone(), about, people, entry.outcome.clone()]
    });
    let header = ["entry", "at (UTC)", "who", "verb", "about", "people", "outcome"];
    screen.result(&table_within(AUDIT_WIDTH, &header, rows.collect(), &[0, 5]));
    if all > found.len() as u64 {
        screen.result(&format!("The newest {} of {}; --last shows more.", found.len(), thousands(all)));
    }
    Ok(Exit::Done)
}

fn fits(entry: &AuditEntry, since: &str, args: &AuditArgs) -> bool {
    let verb = |verb: &String| {
        entry.verb == *verb
            || entry.verb.strip_prefix(verb.as_str()).is_some_and(|rest| rest.starts_with(' '))
    };
    entry.at.as_str() >= since
        && args.who.as_ref().is_none_or(|who| entry.who == *who)
        && args.verb.as_ref().is_none_or(verb)
}
