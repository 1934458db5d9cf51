//! The service as it meets others: each way to prove who asks, each way to page, and each way to go wrong.
mod auth;
mod mock;
mod paging;
mod patience;

use super::{Page, Patience, Reading, Refusal, Service, Trace, Walk, Words};
use crate::{
    config::{Agreement, Source},
    definitions::connector::RestForm,
    fault::{Name, Problem},
    source::tree::{Tree, Wanted},
};
use mock::{Mock, Reply};
use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

/// Patience for tests: the same steps, sooner.
fn soon() -> Patience {
    Patience {
        attempts: 4,
        pause: Duration::from_millis(2),
        longest: Duration::from_secs(2),
        shortest: Duration::from_millis(1),
        timeout: Duration::from_millis(300),
        park: Duration::from_secs(2),
        rest: Duration::from_millis(50),
    }
}

struct Asker {
    service: Service,
    form: RestForm,
    _dir: tempfile::TempDir,
}

fn secret_file(dir: &tempfile::TempDir, secret: &str) -> PathBuf {
    let path = dir.path().join("token");
    fs::write(&path, secret).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    path
}

fn source(base: &str, token_file: PathBuf) -> Source {
    Source {
        name: Name::declare("schools"),
        connector: "test".into(),
        base_url: Some(base.to_owned()),
        token_file: Some(token_file),
        token_url: None,
        inbox: None,
        schedule: None,
        revoked_tenants: BTreeMap::new(),
        params: BTreeMap::from([("app".to_owned(), "our.app".to_owned())]),
        agreement: Agreement::default(),
    }
}

fn asker(mock: &Mock, form: &str, secret: &str) -> Asker {
    let form: RestForm = toml::from_str(&form.replace("{mock}", &mock.base)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let source = source(&mock.base, secret_file(&dir, secret));
    Asker { service: Service::open(&source, &form, soon()).unwrap(), form, _dir: dir }
}

fn bearer(paging: &str) -> String {
    format!("auth = {{ kind = \"bearer\" }}\npaging = {{ {paging} }}\n")
}

/// What a walk gave: the ids of each page, or why it stopped.
struct Walked {
    pages: Vec<Vec<i64>>,
    end: Result<(), Refusal>,
    doubtful: bool,
    miscounted: Option<Problem>,
    trace: Trace,
    token: Option<String>,
}

impl Asker {
    fn walk(&mut self, path: &str) -> Walked {
        self.walk_from(path, None, u32::MAX)
    }

    fn walk_from(&mut self, path: &str, token: Option<&str>, most: u32) -> Walked {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let records = ["data".to_owned()];
        let wanted = Wanted::of(["id"]);
        let id = wanted.path("", "id").unwrap();
        let none = BTreeMap::new();
        let params = BTreeMap::from([("app".to_owned(), "our.app".to_owned())]);
        let words = Words { tenant: "T1", attributes: &none, params: &params };
        let form = self.form.clone();
        let reading = Reading::new(&form, &records, &wanted, []);
        let base = self.service.base(&words, None).unwrap();
        let mut first = base.join(path).unwrap();
        if first.query() == Some("") {
            first.set_query(None);
        }
        let mut walk = match token {
            Some(token) => Walk::resume(&form.paging, first, token).unwrap(),
            None => Walk::new(&form.paging, first),
        };
        let mut pages = Vec::new();
        let mut take = |page: &Page<'_, '_>| {
            let number = |record: &Tree<'_>| match record.at(&id) {
                Some(Tree::Int(n)) => *n,
                _ => -1,
            };
            pages.push(page.records.iter().map(number).collect());
        };
        let end = runtime.block_on(async {
            for _ in 0..most {
                if walk.next(&mut self.service, &words, &reading, &mut take).await?.is_none() {
                    break;
                }
            }
            Ok(())
        });
        let (doubtful, miscounted) = (walk.is_doubtful(), walk.miscounted());
        Walked { pages, end, doubtful, miscounted, trace: walk.trace(), token: walk.token() }
    }
}

/// A page with these ids, and more of the envelope.
fn page(ids: impl IntoIterator<Item = i64>, more: &str) -> Reply {
    let records: Vec<String> = ids.into_iter().map(|id| format!("{{\"id\":{id}}}")).collect();
    Reply::json(&format!("{{\"data\":[{}]{more}}}", records.join(",")))
}
