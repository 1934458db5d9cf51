# Short names for what one types often. Everything is --release: DuckDB is compiled once per profile and target
# folder (docs/decisions/0002-one-build-profile.md).

# List the recipes.
default:
    @just --list

# What a change must pass, without the tests.
check:
    cargo fmt --check
    cargo clippy --release --locked --all-targets -- -D warnings
    cargo deny --locked check bans licenses sources

# Every test, or those whose name contains FILTER.
test *FILTER:
    cargo test --release --locked {{ FILTER }}

# The stories in tests/specs only: how learners are counted.
spec *FILTER:
    cargo test --release --locked --test it specs {{ FILTER }}

# The crate's own pages; a warning is an error.
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps

# A synthetic authority from its MIS to its cohorts.
demo *ARGS:
    cargo run --release --locked -- demo {{ ARGS }}

# Synthetic data at any size, with its truth.
synth *ARGS:
    cargo run --release --locked -- synth {{ ARGS }}

# The long checks; stages done for this commit are skipped; writes benches/deep.md.
deep *STAGES:
    benches/deep.sh {{ STAGES }}

# Format the Rust.
fmt:
    cargo fmt
