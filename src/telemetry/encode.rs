//! Events as OTLP's JSON.
use super::Event;
use crate::fault::{Count, Name};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A run with more slices than this leaves the rest out, and says how many.
const MOST_SLICES: usize = 1_000;

/// What has been heard and not yet been told.
pub(super) struct Encoder {
    since: SystemTime,
    open: BTreeMap<Name, Run>,
    totals: BTreeMap<Name, Count>,
    random: SystemRandom,
}

struct Run {
    began: SystemTime,
    trace: String,
    span: String,
    slices: Vec<Value>,
    left_out: u64,
}

impl Encoder {
    /// Sums count from here.
    pub(super) fn new(since: SystemTime) -> Self {
        Self { since, open: BTreeMap::new(), totals: BTreeMap::new(), random: SystemRandom::new() }
    }

    /// Takes an event in; at the end of a run, gives the bodies of its trace and of all sums so far.
    pub(super) fn take(&mut self, at: SystemTime, event: Event) -> Option<[Value; 2]> {
        match event {
            Event::PullStarted { source } => {
                let (trace, span) = (self.id(16), self.id(8));
                self.open.insert(source, Run { began: at, trace, span, slices: Vec::new(), left_out: 0 });
                None
            }
            Event::SliceRead { source, feed, part, took, well } => {
                let span = self.id(8);
                let run = self.open.get_mut(&source)?;
                if run.slices.len() < MOST_SLICES {
                    let attributes = [
                        text("source", source.as_str()),
                        text("feed", feed.as_str()),
                        number("part", part.into()),
                    ];
                    let parent = (run.trace.as_str(), span.as_str(), Some(run.span.as_str()));
                    let began = at.checked_sub(took).unwrap_or(at);
                    run.slices.push(spanned("slice", parent, (began, at), &attributes, well));
                } else {
                    run.left_out += 1;
                }
                None
            }
            Event::PullEnded { source, run, outcome, count } => {
                self.totals.entry(source).or_default().add(&count);
                let open = self.open.remove(&source)?;
                Some([trace(open, at, (source, run, outcome, &count)), self.sums(at)])
            }
            _ => None,
        }
    }

    /// So many random bytes in hex; OTLP takes all zeros for none, and so do we where the system has no randomness.
    fn id(&self, bytes: usize) -> String {
        let mut id = vec![0_u8; bytes];
        let _ = self.random.fill(&mut id);
        id.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn sums(&self, at: SystemTime) -> Value {
        let mut records = Vec::new();
        let (mut cells, mut documents, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for (source, count) in &self.totals {
            let point = |more: Option<(&str, &str)>, n: u64| {
                let mut attributes = vec![text("source", source.as_str())];
                attributes.extend(more.map(|(key, value)| text(key, value)));
                json!({ "attributes": attributes, "startTimeUnixNano": nanos(self.since),
                        "timeUnixNano": nanos(at), "asInt": n.to_string() })
            };
            for (outcome, n) in [
                ("accepted", count.accepted),
                ("unchanged", count.unchanged),
                ("set_aside", count.set_aside),
                ("withheld", count.withheld),
            ] {
                records.push(point(Some(("outcome", outcome)), n));
            }
            cells.push(point(None, count.cells_emptied));
            documents.push(point(None, count.documents_set_aside));
            gone.push(point(None, count.gone));
        }
        let sum = |name: &str, unit: &str, points: Vec<Value>| {
            json!({ "name": name, "unit": unit,
                    "sum": { "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": points } })
        };
        let metrics = [
            sum("throughline.records", "{record}", records),
            sum("throughline.cells.emptied", "{cell}", cells),
            sum("throughline.documents.set_aside", "{document}", documents),
            sum("throughline.rows.gone", "{row}", gone),
        ];
        json!({ "resourceMetrics": [{ "resource": resource(),
                "scopeMetrics": [{ "scope": { "name": "throughline" }, "metrics": metrics }] }] })
    }
}

fn trace(open: Run, at: SystemTime, (source, run, outcome, count): (Name, i64, &str, &Count)) -> Value {
    let attributes = [
        text("source", source.as_str()),
        number("run", run),
        text("outcome", outcome),
        number("records.read", count.read as i64),
        number("records.accepted", count.accepted as i64),
        number("records.unchanged", count.unchanged as i64),
        number("records.set_aside", count.set_aside as i64),
        number("rows.gone", count.gone as i64),
        number("slices.left_out", open.left_out as i64),
    ];
    let well = !matches!(outcome, "failed" | "held");
    let own = spanned("pull", (&open.trace, &open.span, None), (open.began, at), &attributes, well);
    let spans: Vec<Value> = std::iter::once(own).chain(open.slices).collect();
    json!({ "resourceSpans": [{ "resource": resource(),
            "scopeSpans": [{ "scope": { "name": "throughline" }, "spans": spans }] }] })
}

fn spanned(
    name: &str,
    (trace, span, parent): (&str, &str, Option<&str>),
    (from, to): (SystemTime, SystemTime),
    attributes: &[Value],
    well: bool,
) -> Value {
    let mut value = json!({ "traceId": trace, "spanId": span, "name": name, "kind": 1,
        "startTimeUnixNano": nanos(from), "endTimeUnixNano": nanos(to), "attributes": attributes,
        "status": { "code": if well { 1 } else { 2 } } });
    if let Some(parent) = parent {
        value["parentSpanId"] = json!(parent);
    }
    value
}

fn resource() -> Value {
    json!({ "attributes": [text("service.name", "throughline"), text("service.version", env!("CARGO_PKG_VERSION"))] })
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn number(key: &str, value: i64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

fn nanos(at: SystemTime) -> String {
    at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_nanos().to_string()
}
