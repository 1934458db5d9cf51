//! Traces and metrics for whoever collects them, by OTLP over HTTP with JSON bodies. One span a run, a child for each feed
//! and slice; attributes are names of our own and numbers, as in the log. Off unless configured. What cannot be delivered
//! is dropped: nothing ever waits for a collector.
use super::{Event, encode::Encoder};
use reqwest::Url;
use std::{
    sync::{
        OnceLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, SystemTime},
};

/// So many events wait for the exporter; more are dropped.
const WAITING: usize = 4_096;
/// The longest a collector is waited for, by the exporter alone.
const PATIENCE: Duration = Duration::from_secs(5);

static EXPORTER: OnceLock<Exporter> = OnceLock::new();

/// Sends events to a collector from now on. A second call does nothing.
pub fn export_to(collector: &Url) {
    if EXPORTER.get().is_none()
        && let Some(exporter) = Exporter::start(collector)
    {
        // Somebody was first: theirs is as good.
        let _ = EXPORTER.set(exporter);
    }
}

/// Gives an event to the exporter, if there is one. Never waits.
pub(super) fn note(event: Event) {
    if let Some(exporter) = EXPORTER.get() {
        exporter.note(event);
    }
}

/// Gives the exporter a moment to deliver what it has, before the process ends.
pub fn flush() {
    if let Some(exporter) = EXPORTER.get() {
        exporter.flush(Duration::from_secs(2));
    }
}

enum Message {
    Event(SystemTime, Event),
    Flush(SyncSender<()>),
}

/// A thread that delivers.
struct Exporter {
    sender: SyncSender<Message>,
}

impl Exporter {
    /// None where the system has no thread or no network for it: the run goes on without.
    fn start(collector: &Url) -> Option<Self> {
        let address = |path: &str| {
            let mut url = collector.clone();
            let base = url.path().trim_end_matches('/').to_owned();
            url.set_path(&format!("{base}{path}"));
            url
        };
        let post = Post::new([address("/v1/traces"), address("/v1/metrics")])?;
        let (sender, receiver) = sync_channel(WAITING);
        let work = move || deliver(&receiver, &post, &mut Encoder::new(SystemTime::now()));
        thread::Builder::new().name("otlp".into()).spawn(work).ok()?;
        Some(Self { sender })
    }

    fn note(&self, event: Event) {
        // Full or gone: telemetry is not worth a wait.
        let _ = self.sender.try_send(Message::Event(SystemTime::now(), event));
    }

    fn flush(&self, patience: Duration) {
        let (done, heard) = sync_channel(1);
        if self.sender.try_send(Message::Flush(done)).is_ok() {
            let _ = heard.recv_timeout(patience);
        }
    }
}

fn deliver(messages: &Receiver<Message>, post: &Post, encoder: &mut Encoder) {
    while let Ok(message) = messages.recv() {
        match message {
            Message::Event(at, event) => {
                if let Some([traces, metrics]) = encoder.take(at, event) {
                    post.send(0, &traces);
                    post.send(1, &metrics);
                }
            }
            Message::Flush(done) => {
                let _ = done.try_send(());
            }
        }
    }
}

/// What sends one body after the other.
struct Post {
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    addresses: [Url; 2],
}

impl Post {
    fn new(addresses: [Url; 2]) -> Option<Self> {
        // Installed already means someone was first with the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .ok()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        Some(Self { client, runtime, addresses })
    }

    /// A collector that does not take it does not get it again.
    fn send(&self, to: usize, body: &serde_json::Value) {
        let request = self
            .client
            .post(self.addresses[to].clone())
            .header("content-type", "application/json")
            .body(body.to_string());
        let _ = self.runtime.block_on(async { request.send().await });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Count, Name};
    use std::{
        io::{BufRead, BufReader, Read, Write},
        net::TcpListener,
        sync::mpsc::{Sender, channel},
        time::Instant,
    };

    /// A collector that keeps what it is sent: (path, body).
    fn collector(kept: Sender<(String, serde_json::Value)>) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream);
                loop {
                    let (mut first, mut length) = (String::new(), 0);
                    if reader.read_line(&mut first).unwrap_or(0) == 0 {
                        break;
                    }
                    loop {
                        let mut line = String::new();
                        reader.read_line(&mut line).unwrap();
                        if let Some(n) = line.to_lowercase().strip_prefix("content-length:") {
                            length = n.trim().parse().unwrap();
                        }
                        if line.trim().is_empty() {
                            break;
                        }
                    }
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).unwrap();
                    reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
                    let path = first.split(' ').nth(1).unwrap().to_owned();
                    kept.send((path, serde_json::from_slice(&body).unwrap())).unwrap();
                }
            }
        });
        url
    }

    fn a_run(exporter: &Exporter) {
        let (source, feed) = (Name::declare("schools"), Name::declare("students"));
        exporter.note(Event::PullStarted { source });
        for part in 1..=2 {
            let took = Duration::from_millis(40);
            exporter.note(Event::SliceRead { source, feed, part, took, well: part == 1 });
        }
        let count = Count { read: 9, accepted: 5, unchanged: 3, set_aside: 1, gone: 2, ..Count::default() };
        exporter.note(Event::PullEnded { source, run: 17, outcome: "published", count });
        exporter.flush(Duration::from_secs(30));
    }

    #[test]
    fn a_run_is_a_span_with_a_child_for_each_slice_and_its_counts_are_sums() {
        let (kept, received) = channel();
        let exporter = Exporter::start(&collector(kept)).unwrap();
        a_run(&exporter);
        let (path, traces) = received.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(path, "/v1/traces");
        let spans = traces["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
        assert_eq!(spans.len(), 3);
        let run = &spans[0];
        assert_eq!((run["name"].as_str(), run["parentSpanId"].as_str()), (Some("pull"), None));
        for child in &spans[1..] {
            assert_eq!(child["name"], "slice");
            assert_eq!((&child["parentSpanId"], &child["traceId"]), (&run["spanId"], &run["traceId"]));
            let nanos = |what: &str| child[what].as_str().unwrap().parse::<u64>().unwrap();
            assert_eq!(nanos("endTimeUnixNano") - nanos("startTimeUnixNano"), 40_000_000);
        }
        assert_eq!((&spans[1]["status"]["code"], &spans[2]["status"]["code"]), (&1.into(), &2.into()));
        let (path, metrics) = received.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(path, "/v1/metrics");
        let metrics = metrics["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
        let records = metrics.iter().find(|metric| metric["name"] == "throughline.records").unwrap();
        let total: u64 = records["sum"]["dataPoints"]
            .as_array()
            .unwrap()
            .iter()
            .map(|point| point["asInt"].as_str().unwrap().parse::<u64>().unwrap())
            .sum();
        assert_eq!(total, 9);
        // A second run adds to the sums.
        a_run(&exporter);
        let (_, metrics) = received.into_iter().find(|(path, _)| path == "/v1/metrics").unwrap();
        let metrics = &metrics["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
        let gone =
            metrics.as_array().unwrap().iter().find(|metric| metric["name"] == "throughline.rows.gone");
        assert_eq!(gone.unwrap()["sum"]["dataPoints"][0]["asInt"], "4");
    }

    #[test]
    fn a_collector_that_is_not_there_holds_nothing_up() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let exporter = Exporter::start(&Url::parse(&format!("http://127.0.0.1:{port}")).unwrap()).unwrap();
        let began = Instant::now();
        for _ in 0..WAITING * 3 {
            exporter.note(Event::PullStarted { source: Name::declare("schools") });
        }
        a_run(&exporter);
        drop(exporter);
        // No time is measured: that this line is reached at all says that nobody waits for ever.
        assert!(began.elapsed() < Duration::from_secs(60));
    }
}
