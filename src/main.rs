//! The `throughline` program: parse, run, exit.
use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Gives out memory to Rust and to the engine alike: to the library's tests and to its other users, their own allocator does.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    throughline::command::keep_memory_private();
    throughline::command::run(std::env::args_os())
}
