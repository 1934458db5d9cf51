"""Makes an invented county once and measures what building its tables costs. See `benches/graph`.

The county is a demonstration whose attendance is told week by week: each row of a year is split into its weeks, in the
lake and in the catalog, which the program itself would take hours to pull. Figures are processor seconds of a whole
process and its peak memory.
"""
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import duckdb

THREADS = "2"
SHELL = "county.sql"


def timed(command, **kwargs):
    """Runs a command and gives its processor seconds, peak memory in MiB, wall-clock seconds and output."""
    began = time.monotonic()
    environment = dict(os.environ, THROUGHLINE__BUILD__THREADS=THREADS, **kwargs)
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=environment)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode()
    if child.returncode not in (0, 4):
        sys.exit(f"error: {command[0]} ended with {child.returncode}: {text[-500:]}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, time.monotonic() - began, text


def quoted(path):
    return "'" + path.replace("'", "''") + "'"


def replace_file(catalog, site, path, new):
    """Puts a file in place of one that the catalog names, and says so there."""
    absolute = os.path.join(site, "data", path)
    rows = duckdb.execute(f"select count(*) from read_parquet({quoted(new)})").fetchone()[0]
    os.replace(new, absolute)
    with open(absolute, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = os.path.getsize(absolute)
    catalog.execute("update file set rows = ?, bytes = ?, sha256 = ? where path = ?", (rows, size, sha256, path))
    catalog.commit()
    return rows


def weekly(site):
    """Splits the attendance of a year into weeks of ten sessions, of which as many are missed as before, early ones first."""
    catalog = sqlite3.connect(os.path.join(site, "data/catalog.sqlite"))
    paths = catalog.execute("select path from file where entity = 'attendance' and kind = 'lake' and retired = 0").fetchall()
    total = 0
    for (path,) in paths:
        old = os.path.join(site, "data", path)
        new = old + ".weekly"
        duckdb.execute(f"""copy (
            select subject_id, unhex(md5(hex(row_key) || week)) as row_key, row_hash + week as row_hash, scope_id, source, feed,
                   document_id, part, cast(row_number * 64 + week as integer) as row_number, commit_seq, tombstone, establishment_id,
                   cast(period_starts_on + cast(7 * week as integer) as date) as period_starts_on,
                   cast(least(period_ends_on, period_starts_on + cast(7 * week + 6 as integer)) as date) as period_ends_on,
                   cast(least(10, sessions_possible - 10 * week) as integer) as sessions_possible,
                   cast(least(10, sessions_possible - 10 * week)
                        - greatest(0, least(10, sessions_authorised - 10 * week, sessions_possible - 10 * week))
                        as integer) as sessions_attended,
                   cast(greatest(0, least(10, sessions_authorised - 10 * week, sessions_possible - 10 * week)) as integer) as sessions_authorised,
                   cast(0 as integer) as sessions_unauthorised, sessions_educational, sessions_not_expected
            from read_parquet({quoted(old)}, hive_partitioning = false)
            cross join range(0, 64) as weeks(week)
            where week * 10 < sessions_possible
            order by row_key
        ) to {quoted(new)} (format parquet, compression zstd)""")
        total += replace_file(catalog, site, path, new)
    return total


def make_county(program, data, learners):
    site = os.path.join(data, f"county-{learners}")
    if not os.path.exists(os.path.join(site, "weekly")):
        shutil.rmtree(site, ignore_errors=True)
        used = timed([program, "--quiet", "demo", "--dir", site, "--learners", str(learners), "--seed", "1"])
        print(f"  made in {used[0]:.0f} processor seconds", file=sys.stderr)
        rows = weekly(site)
        shutil.rmtree(os.path.join(site, "estate"))
        os.makedirs(os.path.join(site, "estate"))
        shutil.rmtree(os.path.join(site, "data/releases"))
        with open(os.path.join(site, "weekly"), "w") as marker:
            marker.write(str(rows))
    with open(os.path.join(site, "weekly")) as marker:
        return site, int(marker.read())


def by_hand(shell, out):
    """The same SQL in the same engine by a person with a shell: what is published is written as Parquet."""
    connection = duckdb.connect(config={"threads": THREADS, "memory_limit": "6GB"})
    with open(shell) as file:
        first, *queries = file.read().split("\n-- queries/")
    connection.execute(first)
    for text in queries:
        path, sql = text.split("\n", 1)
        connection.execute(sql)
        if re.search(r"^published = true$", sql, re.M):
            name = os.path.basename(path).split(".")[0]
            connection.execute(f"copy {name} to {quoted(os.path.join(out, name + '.parquet'))} (format parquet, compression zstd)")


def a_day(site):
    """A day's pull as it changes the lake: some rows of this year's attendance are told anew."""
    catalog = sqlite3.connect(os.path.join(site, "data/catalog.sqlite"))
    newest = "select path from file where entity = 'attendance' and kind = 'lake' and retired = 0 order by ay desc, rows desc limit 1"
    (path,) = catalog.execute(newest).fetchone()
    old = os.path.join(site, "data", path)
    new = old + ".day"
    duckdb.execute(f"""copy (
        with told as (select *, row_number() over (order by period_starts_on desc, row_key) as n
                      from read_parquet({quoted(old)}, hive_partitioning = false))
        select * exclude (n) replace (case when n % 50 = 0 and sessions_attended > 0 then sessions_attended - 1 else sessions_attended end as sessions_attended,
                                      case when n % 50 = 0 and sessions_attended > 0 then sessions_authorised + 1 else sessions_authorised end as sessions_authorised)
        from told order by row_key
    ) to {quoted(new)} (format parquet, compression zstd)""")
    replace_file(catalog, site, path, new)


def rows_in(site):
    catalog = sqlite3.connect(os.path.join(site, "data/catalog.sqlite"))
    return catalog.execute("select sum(rows) from file where kind = 'lake' and retired = 0").fetchone()[0]


def slowest(document, most):
    turns = sorted(document["turns"], key=lambda turn: -turn["seconds"])[:most]
    return ", ".join(f"{turn['table']} {turn['seconds']:.2f}" for turn in turns)


def main(program, data, learners):
    site, weeks = make_county(program, data, learners)
    config = ["--config", os.path.join(site, "throughline.toml")]
    build = [program, "--json", "--quiet", *config, "build"]
    print(f"{learners} learners, {rows_in(site)} rows, {weeks} of them weeks of attendance; load average {os.getloadavg()[0]:.1f}")
    print("| | processor seconds | peak MiB | seconds by the clock | tables made |")
    print("|---|--:|--:|--:|--:|")

    def told(name, used):
        turns = json.loads(used[3])["turns"] if used[3] else []
        made = sum(not turn["taken_over"] for turn in turns) if turns else ""
        print(f"| {name} | {used[0]:.1f} | {used[1]:.0f} | {used[2]:.1f} | {made} |", flush=True)
        return used

    full = told("full", timed([*build, "--full"]))
    shell = os.path.join(site, SHELL)
    timed([program, *config, "build", "--shell", shell])
    with tempfile.TemporaryDirectory(dir=data) as out:
        hand = told("the same SQL by hand", timed([sys.executable, os.path.abspath(__file__), "--by-hand", shell, out]))
    told("nothing new", timed(build))
    a_day(site)
    day = told("after a day's attendance", timed(build))
    print(f"full / by hand: {full[0] / hand[0]:.2f}; a day / full: {day[0] / full[0]:.2f}")
    document = json.loads(full[3])
    print(f"slowest, seconds by the clock: {slowest(document, 8)}; verifying {document['seconds_to_verify']:.2f}")


if __name__ == "__main__":
    if sys.argv[1] == "--by-hand":
        by_hand(*sys.argv[2:4])
    else:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
