//! The `throughline` program: parse, run, exit.
use std::process::ExitCode;

fn main() -> ExitCode {
    throughline::command::run(std::env::args_os())
}
