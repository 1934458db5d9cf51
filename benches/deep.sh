#!/usr/bin/env bash
# The long checks: what is too slow for every change and too important for none.
#
#   benches/deep.sh [stage ...]     all stages, or the named ones
#   benches/deep.sh --corpus        keeps what fuzzing found: the few and short inputs that reach the same code
#
# Resumable: a stage that passed at this commit is skipped, so an interrupted run is started again with the same
# command. Figures go to benches/deep.md, one row per stage; `--list` prints the stages and runs nothing.
#
# The stages are called by name from their table, which a reader of shell cannot follow:
# shellcheck disable=SC2317
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."

report=benches/deep.md
target="${CARGO_TARGET_DIR:-target}"
program="$target/release/throughline"
scratch="$(mktemp -d "${TMPDIR:-/tmp}/throughline-deep.XXXXXX")"
trap 'rm -rf "$scratch"' EXIT

# The last commit that changed anything but the report: committing figures does not make them out of date.
commit="$(git log -1 --format=%h --abbrev=12 -- . ":!$report")"
if [[ -n "$(git status --porcelain -- . ":!$report")" ]]; then
    # A figure belongs to a commit. What is not committed has none, and is never taken for done.
    commit="$commit-changed"
fi
state="${XDG_CACHE_HOME:-$HOME/.cache}/throughline-deep/$commit"

# --- The stages -----------------------------------------------------------------------------------------------
# name | command (a function below, with its arguments) | what it shows
stages() {
    cat <<'TABLE'
oracle       | ignored_tests deep_the_oracle  | The published tables agree with an independent count of the same rules, at many seeds
provision    | ignored_tests deep_rows_of     | Fewer than one row of alternative provision in a hundred is on the wrong learner, or on none, by the truth
fitted       | ignored_tests deep_fitted        | What SQL cannot do agrees with the same lines fitted by another way, in a world in which enough are NEET
estimates    | ignored_tests deep_releases_know | What a release says of its own linkage holds by the truth, at many seeds
lists        | ignored_tests deep_lists         | An officer's list finds the right people by the truth, at many seeds
kills        | ignored_tests deep_a_pull      | A pull killed at a hundred moments is completed by the next, nothing lost and nothing doubled
failpoints   | ignored_tests deep_killed_at   | Killed at every step of staging, folding, publishing, building and releasing, at a hundred seeds: as above
faults       | many_cases faults              | Random schedules of a service's faults end in the oracle's lake or in a run that says so
fold         | many_cases fold                | The fold against a table in memory: random runs, cut off, held, approved, discarded
steps        | many_cases step_tests           | Linked step by step the answer is that of linking everything: arrivals, corrections, deletions, decisions
gate         | gate_deep                      | No hidden cell of 10,000 tables is narrower than its protection, little more is hidden than need be, a thousand studies isolate nobody; HiGHS and ACRO agree
quickstarts  | read_back                       | A study's labels and quick starts, run by R and by PSPP, say what the codebook says
fuzz         | fuzzed 600                     | Whatever reads other people's bytes, ten minutes each, without a panic, a hang or much memory
demo_12k     | demo_timed 12000               | Time and memory of the whole run for one authority's learners
demo_100k    | demo_timed 100000              | The same for a region: what grows with the number of learners, and how
determinism  | demo_twice 12000               | Two runs of one seed, one of them on a single core, publish the same release id and the same bytes
axe          | pages_looked_at 4000           | Every report's page under every policy: axe-core finds nothing, the keyboard reaches all, it fits a narrow screen and paper
TABLE
}

# As the tests build it: alone, the program would be compiled with other features, and the engine with it once more.
build() { cargo test --release --locked --no-run --quiet --test it; }

# Tests too long for every change are called deep_... and ignored.
ignored_tests() {
    cargo test --release --locked --test it "$1" -- --ignored | tee "$scratch/tests"
    local passed
    passed="$(awk '/^test result:/ { n += $4 } END { print n + 0 }' "$scratch/tests")"
    if [[ "$passed" == 0 ]]; then
        echo "no test is called $1..., nothing was shown"
        return 1
    fi
    figures="$passed tests passed"
}

# Properties with many cases: THROUGHLINE_DEEP raises their number.
many_cases() {
    THROUGHLINE_DEEP=1 cargo test --release --locked "$1" | tee "$scratch/tests"
    figures="$(awk '/^test result:/ { n += $4 } END { print n + 0 }' "$scratch/tests") tests passed, with many cases"
}

# The gate's proofs with many cases, and tables and sums for programs that share nothing with it.
gate_deep() {
    local tables="$scratch/gate" found
    mkdir -p "$tables"
    THROUGHLINE_DEEP=1 THROUGHLINE_GATE_TABLES="$tables" \
        cargo test --release --locked --lib disclosure:: -- --include-ignored --nocapture | tee "$scratch/tests"
    python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/pip" install --quiet -r benches/gate/requirements.txt
    found="$("$scratch/venv/bin/python" benches/gate/attack.py "$tables" | tail -n 1)" || return 1
    figures="$(grep -oE '[0-9]+ (tables|studies)[:,].*' "$scratch/tests" | tr '\n' ';') $found"
}

# Needs R and PSPP (Debian: r-base-core, pspp); on every change what is not installed is left out.
read_back() {
    THROUGHLINE_QUICKSTARTS=1 cargo test --release --locked --test it study::labels | tee "$scratch/tests"
    figures="$(awk '/^test result:/ { n += $4 } END { print n + 0 }' "$scratch/tests") tests passed; $(Rscript --version 2>&1), $(pspp --version | head -n 1)"
}

# --- Fuzzing: with the pinned compiler, apart, without DuckDB ---
cache="${XDG_CACHE_HOME:-$HOME/.cache}"
fuzz_version=0.13.2
fuzz_target="${FUZZ_TARGET_DIR:-$cache/throughline-fuzz/target}"
# What was found so far, over all commits; `--corpus` chooses from it.
fuzz_found="$cache/throughline-fuzz/corpus"
# One file in the repository for thousands of inputs; unpacked beside it, where nothing is tracked.
unpack_corpus() { [[ ! -f fuzz/corpus.tar.gz ]] || tar --skip-old-files -xzf fuzz/corpus.tar.gz -C fuzz; }
fuzz_targets() { basename -s .rs -a fuzz/fuzz_targets/*.rs; }

# Coverage is asked for by flags that the pinned compiler has; sanitizers are what it lacks, and the crate has no unsafe code.
fuzz_built() {
    local tools="$cache/throughline-tools"
    if [[ "$("$tools/bin/cargo-fuzz" --version 2>/dev/null)" != "cargo-fuzz $fuzz_version" ]]; then
        CARGO_TARGET_DIR="$tools/build" cargo install --quiet --locked --debug --root "$tools" "cargo-fuzz@$fuzz_version"
        rm -rf "$tools/build"
    fi
    (cd fuzz && PATH="$tools/bin:$PATH" RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$fuzz_target" cargo fuzz build --sanitizer none)
    fuzz_programs="$fuzz_target/$(rustc -vV | sed -n 's/^host: //p')/release"
}

fuzz_one() {
    local target="$1" seconds="$2" temp="$scratch/temp-$1" log="$scratch/fuzz-$1"
    [[ -d /dev/shm && -w /dev/shm ]] && temp="/dev/shm/$(basename "$scratch")-$1"
    mkdir -p "$temp" "$fuzz_found/$target" "fuzz/corpus/$target" "fuzz/artifacts/$target"
    if TMPDIR="$temp" "$fuzz_programs/$target" "$fuzz_found/$target" "fuzz/corpus/$target" "fuzz/seeds/$target" \
        -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=30 -artifact_prefix="fuzz/artifacts/$target/" 2>"$log"; then
        awk -v target="$target" '/^Done/ { runs = $2 } / cov: / { for (n = 1; n < NF; n++) if ($n == "cov:") cov = $(n + 1) }
            END { printf "%s %d runs, %d edges; ", target, runs, cov }' "$log" >"$log.figures"
    else
        echo "$target failed; what it failed on is in fuzz/artifacts/$target"
        tail -n 40 "$log"
    fi
    rm -rf "$temp"
}

# As many at a time as there are cores.
fuzzed() {
    local seconds="$1" target
    unpack_corpus
    fuzz_built
    for target in $(fuzz_targets); do
        while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n || true; done
        fuzz_one "$target" "$seconds" &
    done
    wait
    figures=""
    for target in $(fuzz_targets); do
        [[ -f "$scratch/fuzz-$target.figures" ]] || return 1
        figures+="$(cat "$scratch/fuzz-$target.figures")"
    done
}

# Of a target's inputs those that are needed, the shortest first, and not more than a reviewer would carry.
keep_corpus() {
    unpack_corpus
    local target input size
    fuzz_built
    for target in $(fuzz_targets); do
        mkdir -p "$scratch/kept/$target" "$fuzz_found/$target" "fuzz/corpus/$target"
        TMPDIR="$scratch" "$fuzz_programs/$target" -merge=1 -max_len=4096 "$scratch/kept/$target" \
            "$fuzz_found/$target" "fuzz/corpus/$target" "fuzz/seeds/$target" 2>/dev/null
        rm -rf "fuzz/corpus/$target"
        mkdir -p "fuzz/corpus/$target"
        size=0
        while read -r -u 4 bytes input; do
            size=$((size + bytes))
            ((size <= 120000)) || break
            cp "$input" "fuzz/corpus/$target/"
        done 4< <(find "$scratch/kept/$target" -type f -printf '%s %p\n' | sort -n)
        echo "$target: $(find "fuzz/corpus/$target" -type f | wc -l) of $(find "$scratch/kept/$target" -type f | wc -l) inputs kept"
    done
    tar --sort=name --mtime=2026-01-01 --owner=0 --group=0 --numeric-owner -C fuzz -czf fuzz/corpus.tar.gz corpus
}

demo_timed() {
    local learners="$1" log="$scratch/time-$1"
    build
    if ! /usr/bin/time -v -o "$log" "$program" --quiet demo --dir "$scratch/demo" --learners "$learners" --seed 1; then
        return 1
    fi
    local elapsed memory disk
    elapsed="$(awk -F'): ' '/Elapsed/ { print $2 }' "$log")"
    memory="$(awk -F': ' '/Maximum resident/ { printf "%.0f MiB", $2 / 1024 }' "$log")"
    disk="$(du -sm "$scratch/demo" | cut -f1)"
    rm -rf "$scratch/demo"
    figures="$learners learners: $elapsed elapsed, $memory at most, $disk MiB on disk; $(nproc) cores"
}

# The digest of every published table below its release id, in name order. Paths outside the release do not count.
published() {
    local parquet folder
    while IFS= read -r parquet; do
        folder="$(dirname "$parquet")"
        printf '%s %s/%s\n' "$(sha256sum <"$parquet" | cut -d' ' -f1)" \
            "$(basename "$(dirname "$folder")")" "$(basename "$parquet")"
    done < <(find "$1" -path '*/releases/*/parquet/*.parquet' -type f | sort)
}

demo_twice() {
    local learners="$1"
    build
    "$program" --quiet demo --dir "$scratch/one" --learners "$learners" --seed 7
    taskset -c 0 "$program" --quiet demo --dir "$scratch/two" --learners "$learners" --seed 7
    published "$scratch/one" >"$scratch/one.sums"
    published "$scratch/two" >"$scratch/two.sums"
    if [[ ! -s "$scratch/one.sums" ]]; then
        echo "the demo published no table, nothing was compared"
        return 1
    fi
    diff "$scratch/one.sums" "$scratch/two.sums"
    figures="$(wc -l <"$scratch/one.sums") tables of $learners learners byte for byte"
    rm -rf "$scratch/one" "$scratch/two"
}

# Needs node, npm and Chromium (CHROMIUM names another browser than /usr/bin/chromium).
pages_looked_at() {
    local learners="$1" site="$scratch/axe" policy report
    build
    npm ci --prefix benches/axe --ignore-scripts --no-audit --no-fund --silent
    "$program" --quiet demo --dir "$site" --learners "$learners" --seed 7
    for policy in synthetic inside_controller published; do
        for report in "report cohort" "report neet" "report ap" "report scorecard" "report school" "report quality" "link report"; do
            # Two words on purpose.
            # shellcheck disable=SC2086
            THROUGHLINE__DISCLOSURE__POLICY="$policy" "$program" --quiet --config "$site/throughline.toml" $report \
                --html "$scratch/$policy-${report// /-}.html" >/dev/null
        done
    done
    node benches/axe/look.mjs "$scratch"/*.html | tee "$scratch/axe.txt"
    figures="$(wc -l <"$scratch/axe.txt") pages, $(awk '{ n += $2 } END { print n }' "$scratch/axe.txt") rules passed, none broken"
    rm -rf "$site"
}

# --- Running them ---------------------------------------------------------------------------------------------
trim() { sed -E 's/^[[:space:]]+|[[:space:]]+$//g' <<<"$1"; }

# Rewrites the rows of the report: this commit's where there are some, else the row that stood there.
write_report() {
    local name command shows
    sed -n '1,/^|---/p' "$report" >"$scratch/report"
    while IFS='|' read -r name command shows; do
        name="$(trim "$name")"
        if [[ -f "$state/$name" ]]; then
            cat "$state/$name"
        else
            grep -m 1 "^| $name |" "$report" || true
        fi
    done < <(stages) >>"$scratch/report"
    cp "$scratch/report" "$report"
}

if [[ "${1:-}" == "--list" ]]; then
    stages
    exit 0
fi
if [[ "${1:-}" == "--corpus" ]]; then
    keep_corpus
    exit 0
fi
mkdir -p "$state"
failed=0
while IFS='|' read -r -u 3 name command shows; do
    name="$(trim "$name")" command="$(trim "$command")" shows="$(trim "$shows")"
    if (($# > 0)) && [[ " $* " != *" $name "* ]]; then
        continue
    fi
    if [[ -f "$state/$name" && "$commit" != *-changed ]]; then
        echo "==> $name: done at $commit, skipped"
        continue
    fi
    echo "==> $name: $shows"
    started=$SECONDS figures=""
    # In a subshell of its own: a stage that stops half way stops itself and not the stages after it. (`set -e` does
    # not hold inside a condition, hence the two lines.)
    set +e
    (set -e; eval "$command"; printf '%s' "$figures" >"$scratch/figures")
    code=$?
    set -e
    if ((code == 0)); then
        # shellcheck disable=SC2016
        printf '| %s | %s | `%s` | %s | %s s | %s |\n' "$name" "$commit" "$command" \
            "$(date -u +%Y-%m-%d)" "$((SECONDS - started))" "$(cat "$scratch/figures")" >"$state/$name"
        write_report
    else
        echo "==> $name: FAILED"
        failed=1
    fi
done 3< <(stages)
exit "$failed"
