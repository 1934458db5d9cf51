use super::raw::{Mode, OneOrMany, RawCell, RawConnector, RawFeed, RawRows};
use super::{CellOrigin, CellSpec, Connector, Deleted, Feed, FileForm, Form, PersonKeySpec, RowSpec, fold};
use crate::{
    definitions::{Complaint, Files},
    fault::Name,
    privacy::{EntityPlan, IdentityKind, IdentityPlan},
};
use std::collections::BTreeMap;

/// Loads every connector and looks its entities and columns up.
pub(in crate::definitions) fn load(
    files: &Files,
    plans: &[EntityPlan],
    identity: &IdentityPlan,
    complaints: &mut Vec<Complaint>,
) -> BTreeMap<String, Connector> {
    let mut connectors = BTreeMap::new();
    for (path, stem, file) in files.under("connectors", "toml") {
        if let Some(connector) = read(path, stem, &file.text, plans, identity, complaints) {
            connectors.insert(stem.to_owned(), connector);
        }
    }
    connectors
}

/// Reads one connector's text.
pub(in crate::definitions) fn read(
    path: &str,
    stem: &str,
    text: &str,
    plans: &[EntityPlan],
    identity: &IdentityPlan,
    complaints: &mut Vec<Complaint>,
) -> Option<Connector> {
    match toml::from_str::<RawConnector>(text) {
        Err(error) => {
            complaints.push(Complaint::toml(path, text, &error));
            None
        }
        Ok(raw) => Resolver { path, text, plans, identity, complaints }.connector(stem, raw),
    }
}

struct Resolver<'a> {
    path: &'a str,
    text: &'a str,
    plans: &'a [EntityPlan],
    identity: &'a IdentityPlan,
    complaints: &'a mut Vec<Complaint>,
}

impl Resolver<'_> {
    fn complain(&mut self, near: &str, problem: String, hint: &str) {
        self.complaints.push(Complaint::near(self.path, self.text, near, problem, hint));
    }

    fn connector(&mut self, stem: &str, raw: RawConnector) -> Option<Connector> {
        if raw.name != stem {
            self.complain("name", format!("the name is `{}`, the file `{stem}`", raw.name), "make them one");
        }
        let form = match (raw.kind.as_str(), raw.rest, raw.file) {
            ("rest", Some(rest), None) => Form::Rest(Box::new(rest)),
            ("file", None, Some(file)) => Form::File(Box::new(file)),
            (kind, ..) => {
                let problem = format!("kind `{kind}` does not go with its tables");
                self.complain("kind", problem, "kind = \"rest\" has [rest], kind = \"file\" has [file]");
                return None;
            }
        };
        let mut nulls: Vec<String> = raw.nulls.iter().map(|text| text.trim().to_lowercase()).collect();
        nulls.push(String::new());
        let pattern = if let Form::File(form) = &form { form.name.clone() } else { String::new() };
        let file = if let Form::File(form) = &form { Some(&**form) } else { None };
        let feeds = self.alike(raw.feeds);
        let feeds: Vec<Feed> = feeds.into_iter().map(|feed| self.feed(feed, file)).collect();
        for (at, feed) in feeds.iter().enumerate() {
            if feeds[..at].iter().any(|other| other.keyed_name() == feed.keyed_name()) {
                let near = format!("name = \"{}\"", feed.name);
                let problem = format!("another feed has, or had, the name `{}`", feed.keyed_name());
                self.complain(&near, problem, "give each feed a name of its own, its former one included");
            }
            let pattern = feed.files.as_ref().unwrap_or(&pattern);
            for word in
                feed.snapshot.iter().flatten().filter(|word| !pattern.contains(&format!("{{{word}}}")))
            {
                let problem = format!("the scope `{word}` is no capture of the file name");
                self.complain("scope", problem, "name it in the pattern: {x}");
            }
        }
        Some(Connector { name: raw.name, title: raw.title, confirmed: raw.confirmed, nulls, form, feeds })
    }

    /// Fills in what feeds take from others.
    fn alike(&mut self, raw: Vec<RawFeed>) -> Vec<RawFeed> {
        let mut feeds: Vec<RawFeed> = Vec::with_capacity(raw.len());
        for feed in raw {
            let near = format!("name = \"{}\"", feed.name);
            let feed = match &feed.like {
                None => feed,
                Some(other) => {
                    if let Some(other) = feeds.iter().find(|known| known.name == *other) {
                        feed.like(other)
                    } else {
                        let problem = format!("there is no feed `{other}` before this one");
                        self.complain(&near, problem, "`like` names a feed further up");
                        feed
                    }
                }
            };
            feeds.push(feed);
        }
        feeds
    }

    fn feed(&mut self, raw: RawFeed, file: Option<&FileForm>) -> Feed {
        let near = format!("name = \"{}\"", raw.name);
        let form = own_form(&raw, file);
        let public = raw.public.unwrap_or(false);
        let person = match (public, raw.person.map(|person| person.key)) {
            (true, None) => None,
            (false, Some(OneOrMany::One(key))) if key == "identity" => Some(PersonKeySpec::Identity),
            (false, Some(OneOrMany::One(key))) => Some(PersonKeySpec::Field(vec![key])),
            (false, Some(OneOrMany::Many(keys))) => Some(PersonKeySpec::Field(keys)),
            (true, Some(_)) => {
                self.complain(
                    &near,
                    "a public feed has no people".into(),
                    "remove [feed.person] or `public`",
                );
                None
            }
            (false, None) => {
                self.complain(
                    &near,
                    "nothing says who a record is about".into(),
                    "add [feed.person] with its key",
                );
                None
            }
        };
        let snapshot = match raw.mode {
            Some(Mode::Snapshot) => Some(raw.scope.unwrap_or_default()),
            Some(Mode::Keyed) => None,
            None => {
                let problem = "nothing says what a new document does to an old one".into();
                self.complain(&near, problem, "add mode = \"keyed\" or mode = \"snapshot\"");
                None
            }
        };
        let identity: Vec<(usize, CellSpec)> = raw
            .identity
            .map(|identity| identity.0)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(name, cell)| {
                let Some(at) = self.identity.position(&name) else {
                    let problem = format!("`{name}` is not an identity field");
                    self.complain(&name, problem, "see schemas/identity.toml");
                    return None;
                };
                self.cell(&name, cell).map(|cell| (at, cell))
            })
            .collect();
        let rows: Vec<RowSpec> =
            raw.rows.unwrap_or_default().into_iter().filter_map(|rows| self.rows(rows, public)).collect();
        self.no_identity_kept(&near, &identity, &rows);
        Feed {
            name: Name::declare(&raw.name),
            formerly: raw.formerly.as_deref().map(Name::declare),
            files: raw.files,
            form,
            path: raw.path.unwrap_or_default(),
            query: raw.query.unwrap_or_default(),
            records: steps(&raw.records.unwrap_or_default()),
            since: raw.since,
            changelog: raw.changelog,
            snapshot,
            deleted: raw.deleted.map(|deleted| Deleted {
                at: deleted.at,
                is: deleted.is.iter().map(|text| fold(text)).collect(),
                what: deleted.what,
            }),
            when: conditions(raw.when.unwrap_or_default()),
            repeats: raw.repeats.unwrap_or(false),
            public,
            person,
            identity,
            rows,
        }
    }

    /// A cell that says who somebody is may not feed a column that is kept, under whatever name.
    fn no_identity_kept(&mut self, near: &str, identity: &[(usize, CellSpec)], rows: &[RowSpec]) {
        let names = |cell: &CellSpec| match &cell.origin {
            CellOrigin::From(names) | CellOrigin::Join(names, _) => {
                names.iter().map(|name| fold(name)).collect()
            }
            _ => Vec::new(),
        };
        let may_pass =
            |at: usize| matches!(self.identity.fields[at].1, IdentityKind::Sex | IdentityKind::Local);
        let secret: Vec<String> =
            identity.iter().filter(|(at, _)| !may_pass(*at)).flat_map(|(_, cell)| names(cell)).collect();
        let mut found = Vec::new();
        for row in rows {
            for (at, cell) in row.columns.iter().enumerate() {
                let reads_secret =
                    cell.as_ref().is_some_and(|cell| names(cell).iter().any(|name| secret.contains(name)));
                if reads_secret {
                    found.push(self.plans[row.entity].columns[at].name);
                }
            }
        }
        for column in found {
            let problem = format!("the column `{column}` would keep a cell that says who somebody is");
            self.complain(near, problem, "read it under [feed.identity] only");
        }
    }

    fn rows(&mut self, raw: RawRows, public: bool) -> Option<RowSpec> {
        let Some(entity) = self.plans.iter().position(|plan| plan.name.as_str() == raw.entity) else {
            let problem = format!("there is no entity `{}`", raw.entity);
            self.complain(&format!("\"{}\"", raw.entity), problem, "an entity is a file of schemas/");
            return None;
        };
        let plan = &self.plans[entity];
        if plan.public != public {
            let problem = format!("`{}` and its feed disagree about people", raw.entity);
            self.complain(&format!("\"{}\"", raw.entity), problem, "`public` must be the same in both");
        }
        let position = |name: &str| plan.columns.iter().position(|column| column.name.as_str() == name);
        let mut requires = Vec::new();
        for name in &raw.requires {
            match position(name) {
                Some(at) => requires.push(at),
                None => {
                    self.complain(name, format!("`{}` has no column `{name}`", raw.entity), "see its schema");
                }
            }
        }
        let mut columns: Vec<Option<CellSpec>> = vec![None; plan.columns.len()];
        for (name, cell) in raw.columns.0 {
            match position(&name) {
                Some(at) => columns[at] = self.cell(&name, cell),
                None => {
                    self.complain(
                        &name,
                        format!("`{}` has no column `{name}`", raw.entity),
                        "see its schema",
                    );
                }
            }
        }
        for (at, column) in plan.columns.iter().enumerate() {
            if column.required && columns[at].is_none() {
                let problem = format!("`{}` needs the column `{}`", raw.entity, column.name);
                self.complain(&format!("\"{}\"", raw.entity), problem, "say where it is found");
            }
        }
        Some(RowSpec { entity, each: raw.each, when: conditions(raw.when), requires, columns })
    }

    fn cell(&mut self, name: &str, raw: RawCell) -> Option<CellSpec> {
        let mut origins = Vec::new();
        origins.extend(raw.from.map(CellOrigin::From));
        origins.extend(raw.join.map(|paths| CellOrigin::Join(paths, raw.with)));
        origins.extend(raw.constant.map(CellOrigin::Const));
        origins.extend(raw.tenant.map(CellOrigin::Tenant));
        origins.extend(raw.param.map(CellOrigin::Param));
        origins.extend(raw.template.map(CellOrigin::Template));
        let percent = match raw.unit.as_deref() {
            None => false,
            Some("percent") => true,
            Some(other) => {
                self.complain(name, format!("`{other}` is not a unit"), "the only unit is percent");
                false
            }
        };
        let words = raw.map.keys().cloned().collect();
        let mut map: BTreeMap<String, String> = BTreeMap::new();
        for (text, code) in raw.map {
            if map.insert(fold(&text), code.clone()).is_some_and(|other| other != code) {
                let problem = format!(
                    "`{text}` in the map of `{name}` reads like another of its texts, with another code"
                );
                self.complain(
                    name,
                    problem,
                    "only letters, digits and a minus before a number tell texts apart: leave one out",
                );
            }
        }
        if origins.len() != 1 {
            let hint = "give exactly one of from, join, const, tenant, param, template";
            self.complain(name, format!("`{name}` has {} origins", origins.len()), hint);
            return None;
        }
        Some(CellSpec {
            origin: origins.remove(0),
            after: raw.after,
            until: raw.until,
            take: raw.take,
            digits: raw.digits,
            map: map.into_iter().collect(),
            words,
            otherwise: raw.otherwise,
            map_param: raw.map_param,
            default: raw.default,
            dates: raw.dates,
            day_before: raw.day_before,
            percent,
        })
    }
}

/// Paths or headers, each with the folded texts that it must hold one of.
fn conditions(when: BTreeMap<String, Vec<String>>) -> Vec<(String, Vec<String>)> {
    when.into_iter().map(|(path, texts)| (path, texts.iter().map(|text| fold(text)).collect())).collect()
}

/// The file's form with what a feed says otherwise; none where it says nothing.
fn own_form(feed: &RawFeed, file: Option<&FileForm>) -> Option<Box<FileForm>> {
    let says = feed.sheet.is_some()
        || feed.header.is_some()
        || feed.stop.is_some()
        || feed.pass_over.is_some()
        || feed.fill_down.is_some();
    let mut form = file.filter(|_| says)?.clone();
    if let Some(sheet) = &feed.sheet {
        form.sheet = sheet.clone();
    }
    if let Some(header) = &feed.header {
        form.header = header.clone();
    }
    if let Some(stop) = &feed.stop {
        form.stop = stop.clone();
    }
    if let Some(pass_over) = &feed.pass_over {
        form.pass_over.clone_from(pass_over);
    }
    if let Some(fill_down) = &feed.fill_down {
        form.fill_down.clone_from(fill_down);
    }
    Some(Box::new(form))
}

fn steps(path: &str) -> Vec<String> {
    path.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect()
}
