//! The `throughline` program: parse, run, exit.
use std::process::ExitCode;

fn main() -> ExitCode {
    throughline::command::keep_memory_private();
    throughline::command::run(std::env::args_os())
}
