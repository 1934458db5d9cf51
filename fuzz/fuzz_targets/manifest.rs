//! A connector's text: it loads, or its complaints name a line.
#![no_main]
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use throughline::definitions::Definitions;

static DEFINITIONS: OnceLock<Definitions> = OnceLock::new();

fuzz_target!(|text: &str| {
    let definitions = DEFINITIONS.get_or_init(|| Definitions::load(None).expect("what ships loads"));
    match definitions.draft("x", text) {
        Ok(connector) => assert_eq!(connector.name, "x"),
        Err(complaints) => assert!(!complaints.is_empty()),
    }
});
