//! The API as a client meets it, over a plain socket: no client library hides a fault.
use super::super::{Identifiers, World, WorldSpec, estate};
use super::{Fault, Faults, Handle, Server};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

struct Site {
    _dir: tempfile::TempDir,
    server: Handle,
}

fn site() -> Site {
    let dir = tempfile::tempdir().unwrap();
    let world = World::generate(&WorldSpec { seed: 3, learners: 1_500, identifiers: Identifiers::Perfect });
    estate::write(&world, dir.path()).unwrap();
    let server = Server::start(dir.path(), Faults::default()).unwrap();
    Site { _dir: dir, server }
}

fn ask(site: &Site, path: &str, token: &str) -> std::io::Result<(u16, String, String)> {
    let mut stream = TcpStream::connect(site.server.addr)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Ok((status, head.to_lowercase(), body.to_owned()))
}

fn json(site: &Site, path: &str) -> Value {
    let (status, _, body) = ask(site, path, &site.server.token).unwrap();
    assert_eq!(status, 200, "{path}");
    serde_json::from_str(&body).unwrap()
}

/// Follows the links and gathers every record.
fn all(site: &Site, path: &str) -> Vec<Value> {
    let mut records = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = json(site, &path);
        records.extend(page["data"].as_array().unwrap().iter().cloned());
        let link = page["meta"]["pagination"]["next"].as_str();
        next = link.map(|link| link.trim_start_matches(&site.server.base_url()).to_owned());
    }
    records
}

#[test]
fn pages_hold_every_record_once_and_only_what_was_asked_for() {
    let site = site();
    let schools = all(&site, "/v1.0/schools/?per_page=3");
    assert!(schools.len() > 10);
    let id = schools[0]["id"].as_str().unwrap();
    let whole = all(
        &site,
        &format!(
            "/v1.0/schools/{id}/students-leaver?per_page=7&include=education_details,extended_details,year"
        ),
    );
    let mut ids = whole.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert!(count > 20 && ids.len() == count);
    assert!(whole[0]["education_details"]["data"]["upn"].is_string());
    assert_eq!(whole[0]["date_of_birth"]["timezone"], "Europe/London");
    let bare = all(&site, &format!("/v1.0/schools/{id}/students-leaver/?per_page=200"));
    assert_eq!(bare.len(), count);
    assert!(bare[0].get("education_details").is_none());
    let later = all(
        &site,
        &format!("/v1.0/schools/{id}/students-leaver?per_page=200&updated_after=2024-01-01%2000:00:00"),
    );
    assert!(!later.is_empty() && later.len() < count);
    assert!(
        json(&site, &format!("/v1.0/schools/{id}/students"))["meta"]["pagination"]["per_page"].is_string()
    );
    for feed in ["exclusions", "attendance-summaries", "deletions"] {
        json(&site, &format!("/v1.0/schools/{id}/{feed}"));
    }
    assert!(site.server.requests() > 10);
    site.server.stop();
}

#[test]
fn doors_stay_shut_without_the_token_and_scopes_come_as_null() {
    let site = site();
    assert_eq!(ask(&site, "/v1.0/schools", "wrong").unwrap().0, 401);
    assert_eq!(ask(&site, "/v1.0/schools/A000000/students", &site.server.token).unwrap().0, 404);
    let id = all(&site, "/v1.0/schools")[0]["id"].as_str().unwrap().to_owned();
    site.server.set_faults(Faults { withheld: vec!["upn".to_owned()], ..Faults::default() });
    let page = json(
        &site,
        &format!("/v1.0/schools/{id}/students-leaver?include=education_details,extended_details,year"),
    );
    assert!(page["data"][0]["education_details"]["data"]["upn"].is_null());
}

#[test]
fn faults_come_on_demand_and_pass() {
    let site = site();
    let path = "/v1.0/schools?per_page=2";
    let token = site.server.token.clone();
    let get = || ask(&site, path, &token);
    site.server.set_faults(Faults::now(Fault::TruncatedBody, 1));
    assert!(serde_json::from_str::<Value>(&get().unwrap().2).is_err());
    site.server.set_faults(Faults::now(Fault::HtmlPage, 1));
    let (status, head, body) = get().unwrap();
    assert!(status == 200 && head.contains("text/html") && body.starts_with("<!doctype"));
    site.server.set_faults(Faults::now(Fault::TooManyRequests { retry_after: 2 }, 1));
    let (status, head, _) = get().unwrap();
    assert!(status == 429 && head.contains("retry-after: 2"));
    site.server.set_faults(Faults { after: 1, ..Faults::now(Fault::ServerError, 2) });
    let codes = [0; 4].map(|_| get().unwrap().0);
    assert_eq!(codes, [200, 500, 500, 200]);
    site.server.set_faults(Faults::now(Fault::ResetConnection, 1));
    assert!(get().is_err());
    assert_eq!(get().unwrap().0, 200);
    site.server.set_faults(Faults::now(Fault::LoopingNext, 1));
    let page: Value = serde_json::from_str(&get().unwrap().2).unwrap();
    assert!(page["meta"]["pagination"]["next"].as_str().unwrap().contains("page=1"));
    site.server.set_faults(Faults::now(Fault::Slow { by: Duration::from_millis(120) }, 1));
    let asked = Instant::now();
    assert_eq!(get().unwrap().0, 200);
    assert!(asked.elapsed() >= Duration::from_millis(120));
}
