//! `link pairs`: two files in, pairs out. Nothing is kept.
use super::{
    Exit, Halt, Verdict,
    cli::PairsArgs,
    screen::{Screen, counted, thousands, wrap},
};
use crate::link::{PairsFault, PairsReport, link_files};
use serde_json::json;
use std::path::Path;

/// Links two files, and says how many rows found their record.
pub(super) fn pairs(args: &PairsArgs, screen: &Screen) -> Verdict {
    for (name, path) in [("register", Some(&args.register)), ("rows", args.rows.as_ref())] {
        if path.is_some_and(|path| same_file(path, &args.out)) {
            let words = format!("--out names the {name} file: it would be written over; name another");
            return Err(Halt::new(Exit::Usage, words));
        }
    }
    let threads = args
        .threads
        .map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from);
    let report = link_files(&args.register, args.rows.as_deref(), &args.out, threads).map_err(|fault| {
        let exit = match fault {
            PairsFault::Unwritable | PairsFault::TooMany(_) => Exit::Failed,
            _ => Exit::Usage,
        };
        Halt::new(exit, fault.to_string())
    })?;
    screen.result(&words(&report));
    screen.document(&json!({
        "register": report.register, "rows": report.rows, "pairs": report.pairs, "linked": report.linked,
        "blocks_left_out": report.blocks_left_out, "pairs_left_out": report.pairs_left_out,
    }));
    Ok(Exit::Done)
}

fn same_file(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    whole(one).is_some_and(|path| whole(other) == Some(path))
}

fn words(report: &PairsReport) -> String {
    let mut said = format!(
        "{} looked for their person among {}. {} found one who is likelier right than wrong; {} written.",
        counted(report.rows, "row", "rows"),
        counted(report.register, "record", "records"),
        thousands(report.linked),
        counted(report.pairs, "pair", "pairs"),
    );
    if report.blocks_left_out > 0 {
        said += &format!(
            " {} shared by too many to be looked at, which would have asked for {}; most of them are compared for another reason.",
            counted(report.blocks_left_out, "key is", "keys are"),
            counted(report.pairs_left_out, "comparison", "comparisons"),
        );
    }
    wrap(&said, 0)
}
