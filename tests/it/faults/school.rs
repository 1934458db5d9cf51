//! Two schools behind one service, which changes while it is read and goes wrong as it is told to.
use std::{
    collections::{BTreeMap, VecDeque},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// Records on a page.
const PAGE: usize = 4;

/// One way to go wrong, or to change, at one request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// 429 without a hint.
    Busy,
    /// 429 with `Retry-After`.
    BusyFor(&'static str),
    Error,
    Reset,
    Cut,
    WebPage,
    Drip,
    /// The page before, again.
    RepeatedPage,
    /// The token is not good any more.
    TokenExpired,
    /// Somebody leaves the list.
    Leaves(usize),
    /// Somebody comes, at its front.
    Joins,
    /// Somebody changes, and stands last from now on.
    ChangesAndGoesLast(usize),
    /// Somebody changes, and stands first from now on.
    ChangesAndGoesFirst(usize),
}

/// How the service pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Link,
    Offset,
    OffsetWithTotal,
    Page,
    LinkHeader,
}

impl Style {
    /// The connector's words for it.
    pub fn paging(self) -> &'static str {
        match self {
            Self::Link => r#"{ kind = "next_link", at = "meta.next" }"#,
            Self::Offset => r#"{ kind = "offset", param = "from" }"#,
            Self::OffsetWithTotal => r#"{ kind = "offset", param = "from", total = "total" }"#,
            Self::Page => r#"{ kind = "page", param = "page", first = 1, pages = "pages", total = "total" }"#,
            Self::LinkHeader => r#"{ kind = "link_header", param = "from", total = "header:X-Total-Count" }"#,
        }
    }
}

/// One child as the service knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pupil {
    pub id: u32,
    pub nc_year: u32,
    /// When it last changed, in seconds of the service's clock.
    pub updated: i64,
}

/// What the service holds.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub schools: BTreeMap<&'static str, Vec<Pupil>>,
    pub deleted: BTreeMap<&'static str, Vec<u32>>,
    pub now: i64,
    next_id: u32,
}

impl World {
    pub fn new(pupils: usize, now: i64) -> Self {
        let mut world = Self { now, ..Self::default() };
        for school in ["S1", "S2"] {
            world.schools.insert(school, Vec::new());
            world.deleted.insert(school, Vec::new());
            (0..pupils).for_each(|_| world.change(school, Fault::Joins));
        }
        world
    }

    pub fn change(&mut self, school: &'static str, change: Fault) {
        let now = self.now;
        let pupils = self.schools.get_mut(school).unwrap();
        let at = |n: usize| if pupils.is_empty() { None } else { Some(n % pupils.len()) };
        match change {
            Fault::Joins => {
                self.next_id += 1;
                pupils.insert(0, Pupil { id: self.next_id, nc_year: 1 + self.next_id % 11, updated: now });
            }
            Fault::Leaves(n) => {
                if let Some(at) = at(n) {
                    self.deleted.get_mut(school).unwrap().push(pupils.remove(at).id);
                }
            }
            Fault::ChangesAndGoesLast(n) | Fault::ChangesAndGoesFirst(n) => {
                if let Some(at) = at(n) {
                    let mut pupil = pupils.remove(at);
                    pupil.nc_year = 1 + pupil.nc_year % 11;
                    pupil.updated = now;
                    let to = if matches!(change, Fault::ChangesAndGoesFirst(_)) { 0 } else { pupils.len() };
                    pupils.insert(to, pupil);
                }
            }
            _ => {}
        }
    }
}

struct State {
    world: World,
    faults: VecDeque<Option<Fault>>,
    token: u32,
    /// The last page of each list, with where it began.
    last: BTreeMap<String, (usize, Reply)>,
    requests: usize,
}

#[derive(Clone)]
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// The running service.
pub struct Service {
    pub base: String,
    state: Arc<Mutex<State>>,
}

impl Service {
    pub fn start(style: Style, world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (faults, last) = (VecDeque::new(), BTreeMap::new());
        let state = Arc::new(Mutex::new(State { world, faults, token: 0, last, requests: 0 }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let shared = Arc::clone(&shared);
                thread::spawn(move || answer(stream, &shared, style));
            }
        });
        Self { base, state }
    }

    /// What goes wrong from the next request on, request by request.
    pub fn go_wrong(&self, faults: Vec<Option<Fault>>) {
        self.state.lock().unwrap().faults = faults.into();
    }

    pub fn world(&self) -> World {
        self.state.lock().unwrap().world.clone()
    }

    pub fn with_world(&self, work: impl FnOnce(&mut World)) {
        work(&mut self.state.lock().unwrap().world);
    }

    pub fn requests(&self) -> usize {
        self.state.lock().unwrap().requests
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>, style: Style) {
    let Some((line, headers)) = request(&mut stream) else { return };
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (fault, reply) = {
        let mut state = state.lock().unwrap();
        state.requests += 1;
        state.world.now += 1;
        let fault = state.faults.pop_front().flatten();
        (fault, state.reply(style, (method, path, query), &headers, fault))
    };
    let date = chrono::DateTime::from_timestamp(state.lock().unwrap().world.now, 0).unwrap();
    let mut text = format!("HTTP/1.1 {} x\r\nconnection: close\r\n", reply.status);
    text += &format!("date: {}\r\n", date.format("%a, %d %b %Y %H:%M:%S GMT"));
    text += &format!("content-length: {}\r\n", reply.body.len());
    for (name, value) in &reply.headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "\r\n";
    let half = reply.body.len() / 2;
    match fault {
        Some(Fault::Reset) => return,
        Some(Fault::Cut) => text += &reply.body[..half],
        Some(Fault::Drip) => {
            let _ = stream.write_all((text + &reply.body[..half]).as_bytes());
            thread::sleep(Duration::from_millis(400));
            text = reply.body[half..].to_owned();
        }
        _ => text += &reply.body,
    }
    let _ = stream.write_all(text.as_bytes());
}

fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 2048];
    while !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(n @ 1..) => bytes.extend_from_slice(&buffer[..n]),
            _ => return None,
        }
    }
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    let line = String::from_utf8_lossy(&bytes).lines().next()?.to_owned();
    Some((line, text))
}

fn ok(body: String) -> Reply {
    Reply { status: 200, headers: vec![("content-type", "application/json".into())], body }
}

fn refusal(status: u16) -> Reply {
    Reply { status, headers: vec![("content-type", "application/json".into())], body: "{}".into() }
}

impl State {
    fn reply(
        &mut self,
        style: Style,
        (method, path, query): (&str, &str, &str),
        headers: &str,
        fault: Option<Fault>,
    ) -> Reply {
        match fault {
            Some(Fault::Busy) => return refusal(429),
            Some(Fault::BusyFor(hint)) => {
                let mut reply = refusal(429);
                reply.headers.push(("retry-after", hint.into()));
                return reply;
            }
            Some(Fault::Error) => return refusal(500),
            Some(Fault::WebPage) => {
                let headers = vec![("content-type", "text/html".into())];
                return Reply { status: 200, headers, body: "<!doctype html><p>back soon".into() };
            }
            Some(Fault::TokenExpired) => self.token += 1,
            _ => {}
        }
        if method == "POST" {
            return ok(format!(r#"{{"access_token":"t{}","expires_in":3600}}"#, self.token));
        }
        if !headers.contains(&format!("authorization: bearer t{}\r\n", self.token)) {
            return refusal(401);
        }
        let steps: Vec<&str> = path.trim_matches('/').split('/').collect();
        let records: Vec<String> = match steps.as_slice() {
            ["schools"] => {
                ["S1", "S2"].iter().map(|id| format!(r#"{{"id":"{id}","urn":"100001"}}"#)).collect()
            }
            ["schools", school, "students"] => {
                let school = if *school == "S1" { "S1" } else { "S2" };
                if let Some(change) = fault {
                    self.world.change(school, change);
                }
                self.students(school, parameter(query, "updated_after").as_deref())
            }
            ["schools", school, "deletions"] => {
                self.world.deleted[school].iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect()
            }
            _ => return refusal(404),
        };
        let number = |name| parameter(query, name).and_then(|n| n.parse::<usize>().ok());
        let from = number("from").or(number("page").map(|page| (page - 1) * PAGE)).unwrap_or(0);
        let list = format!("{path}?{}", parameter(query, "updated_after").unwrap_or_default());
        if let (Some(Fault::RepeatedPage), Some((before, reply))) = (fault, self.last.get(&list))
            && *before < from
        {
            return reply.clone();
        }
        let reply = page(style, &records, from, path, query);
        self.last.insert(list, (from, reply.clone()));
        reply
    }

    fn students(&self, school: &str, since: Option<&str>) -> Vec<String> {
        let since = since.map(|text| {
            chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap().and_utc().timestamp()
        });
        let changed = |pupil: &&Pupil| since.is_none_or(|since| pupil.updated >= since);
        let text = |pupil: &Pupil| {
            format!(
                r#"{{"id":"{}","surname":"Pupil","forename":"No{}","year":{},"start":"2024-09-01"}}"#,
                pupil.id, pupil.id, pupil.nc_year
            )
        };
        self.world.schools[school].iter().filter(changed).map(text).collect()
    }
}

/// One page of a list.
fn page(style: Style, records: &[String], from: usize, path: &str, query: &str) -> Reply {
    let all = records.len();
    let here = records.iter().skip(from).take(PAGE).cloned().collect::<Vec<_>>().join(",");
    let more = from + PAGE < all;
    let others: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("from=")).collect();
    let next =
        format!("{path}?{}", [others.join("&"), format!("from={}", from + PAGE)].join("&").trim_matches('&'));
    let around = match style {
        Style::Link if more => format!(r#","meta":{{"next":"{next}"}}"#),
        Style::Link => r#","meta":{"next":null}"#.to_owned(),
        Style::Page => format!(r#","pages":{},"total":{all}"#, all.div_ceil(PAGE)),
        Style::OffsetWithTotal => format!(r#","total":{all}"#),
        Style::Offset | Style::LinkHeader => String::new(),
    };
    let mut reply = ok(format!(r#"{{"data":[{here}]{around}}}"#));
    if style == Style::LinkHeader {
        reply.headers.push(("x-total-count", all.to_string()));
        if more {
            reply.headers.push(("link", format!("<{next}>; rel=\"next\"")));
        }
    }
    reply
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.replace('+', " ").replace("%3A", ":").replace("%20", " "))
}
