//! An office that keeps pupils by numbers of its own, a club that keeps a sheet of names, and the people in them.
use crate::site::{Ran, TestSite, run_saying};
use std::{cell::RefCell, fs, os::unix::fs::PermissionsExt, path::Path};
use tempfile::TempDir;
use throughline::{catalog::Catalog, config, pipeline::Site, privacy::Key};

const OFFICE: &str = r#"
name = "office"
title = "Office"
kind = "file"
confirmed = "made for the test"
[file]
format = "csv"
name = "*.csv"
[[feed]]
name = "visits"
mode = "keyed"
files = "*visits*.csv"
[feed.person]
key = "Ref"
[[feed.rows]]
entity = "placement"
[feed.rows.columns]
establishment_id = { const = "AP07" }
starts_on = { from = ["Start"], dates = ["%Y-%m-%d"] }
hours_per_week = { from = ["Hours"] }
[[feed]]
name = "pupils"
mode = "keyed"
files = "pupils*.csv"
[feed.person]
key = "Ref"
[feed.identity]
upn = { from = ["UPN"] }
surname = { from = ["Surname"] }
forename = { from = ["Forename"] }
birth_date = { from = ["DOB"], dates = ["day-first"] }
postcode = { from = ["Postcode"] }
[[feed.rows]]
entity = "learner"
[feed.rows.columns]
sex = { from = ["Sex"] }
"#;

const CLUB: &str = r#"
name = "club"
title = "Club"
kind = "file"
confirmed = "made for the test"
[file]
format = "csv"
name = "*.csv"
[[feed]]
name = "places"
mode = "snapshot"
scope = []
[feed.person]
key = "identity"
[feed.identity]
upn = { from = ["UPN"] }
surname = { from = ["Surname"] }
forename = { from = ["Forename"] }
birth_date = { from = ["DOB"], dates = ["day-first"] }
[[feed.rows]]
entity = "placement"
[feed.rows.columns]
establishment_id = { const = "AP07" }
starts_on = { from = ["Start"], dates = ["day-first"] }
"#;

/// The child whose right it is, as a person says it.
pub const CHILD: &str = "Forename: Zqxkai\nSurname: Zqxarcher\nBirth date: 10/03/2010\nUPN: H801200001001\n";
/// The twin, who stays.
pub const TWIN: &str = "{\"forename\": \"Zqxtwin\", \"surname\": \"Zqxarcher\", \"birth_date\": \"2010-03-10\", \"upn\": \"B201361421001\"}";
/// Pupil numbers of two children of one name and birth date.
pub const SAME: [&str; 2] = ["Q846401119037", "B380209316120"];

pub struct Office {
    pub site: TestSite,
    before_sources: RefCell<String>,
}

/// The user that the tests run as.
pub fn user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("user {uid}"))
}

/// A team of one.
pub fn one_person() -> String {
    let me = user();
    format!("[roles]\nrights = [\"{me}\"]\napprover = [\"{me}\"]\none_person_may_confirm = true\n")
}

impl Office {
    /// Both sources, pulled and linked.
    pub fn new(roles: &str) -> Self {
        Self::with(roles, None)
    }

    /// The same under a key that heeds failpoints.
    pub fn demonstration() -> Self {
        Self::with("[demo]\nestate = \"inbox\"\nseed = 3\nlearners = 300\n", Some(Key::for_demo(3)))
    }

    fn with(more: &str, key: Option<Key>) -> Self {
        let site = TestSite::new();
        if let Some(key) = key {
            let file = site.path().join("key");
            fs::write(&file, &*key.to_bytes()).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let folder = site.path().join("definitions/connectors");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("office.toml"), OFFICE).unwrap();
        fs::write(folder.join("club.toml"), CLUB).unwrap();
        fs::write(site.path().join("areas.csv"), "postcode,lsoa,la_code\nZT1 1AA,E01999001,998\n").unwrap();
        site.source("office", "office", "");
        site.source("club", "club", "");
        let office = Self { site, before_sources: RefCell::default() };
        office.lay_all();
        office.configure(more);
        for verb in ["pull", "link"] {
            let ran = office.site.run(&["--quiet", verb]);
            assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        }
        office
    }

    fn lay_all(&self) {
        let [one, other] = SAME;
        self.lay(
            "pupils.csv",
            &format!(
                "Ref,UPN,Surname,Forename,DOB,Postcode,Sex\n\
                 zqxlocal1,H801200001001,Zqxarcher,Zqxkai,10/03/2010,ZT1 1AA,F\n\
                 zqxlocal2,B201361421001,Zqxarcher,Zqxtwin,10/03/2010,,F\n\
                 zqxlocal3,{one},Zqxalike,Zqxsame,05/05/2010,,M\n\
                 zqxlocal4,{other},Zqxalike,Zqxsame,05/05/2010,,M\n"
            ),
        );
        self.lay(
            "visits.csv",
            "Ref,Start,Hours\nzqxlocal1,2025-09-01,5\nzqxlocal1,2025-10-01,6\nzqxlocal2,2025-09-01,5\nzqxlocal3,2025-09-01,5\nzqxlocal4,2025-09-01,5\n",
        );
        let club = "UPN,Surname,Forename,DOB,Start\nH801200001001,Zqxarcher,Zqxkai,10/03/2010,02/09/2025\n";
        fs::write(self.site.inbox("club").join("club.csv"), club).unwrap();
    }

    /// A file for the office.
    pub fn lay(&self, name: &str, text: &str) {
        fs::write(self.site.inbox("office").join(name), text).unwrap();
    }

    /// Another source that is kept like the office.
    pub fn add_source(&self, name: &str) {
        self.site.source(name, "office", "");
        self.site.inbox(name);
        let more = self.before_sources.borrow().clone();
        self.configure(&more);
    }

    pub fn configure(&self, more: &str) {
        more.clone_into(&mut self.before_sources.borrow_mut());
        let more = format!("definitions = \"definitions\"\npostcode_directory = \"areas.csv\"\n{more}");
        self.site.configure_with("2026-03-31", &more);
    }

    /// Runs with something on standard input.
    pub fn says(&self, arguments: &[&str], said: &str) -> Ran {
        run_saying(self.site.path(), arguments, said)
    }

    /// Opens a case.
    pub fn asks(&self, right: &str, said: &str) -> Ran {
        self.says(&["rights", right], said)
    }

    /// The site, for whoever asks under another name.
    pub fn open(&self) -> Site {
        Site::open(config::load(&self.site.path().join("throughline.toml"), &[]).unwrap()).unwrap()
    }

    fn catalog(&self) -> Catalog {
        Catalog::open(&self.site.data().join("catalog.sqlite")).unwrap()
    }

    /// Learners who are only counted, by year.
    pub fn counted(&self) -> Vec<(i32, u64)> {
        self.catalog().withheld().unwrap()
    }
}

/// The number of the case that was opened.
pub fn opened(ran: &Ran) -> String {
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let after = ran.out.strip_prefix("Case ").unwrap_or_else(|| panic!("{}", ran.out));
    after.chars().take_while(char::is_ascii_digit).collect()
}

pub fn copied(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    restored(from, to.path());
    to
}

/// Copies a folder, links as links.
pub fn restored(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), target).unwrap();
        } else if kind.is_dir() {
            restored(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}
