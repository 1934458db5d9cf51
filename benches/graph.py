"""Makes an invented county once and measures what building its tables costs. See `benches/graph`.

The county is a demonstration whose attendance is told week by week: each row of a year is split into its weeks, in the
lake and in the catalog, which the program itself would take hours to pull. Figures are processor seconds of a whole
process and its peak memory.
"""
import datetime
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
# Of the 6 GiB that a county may take: the program's own 1 GB is for a machine that has other things to do, and half a county spills there.
MEMORY = "4GB"
SHELL = "county.sql"


def timed(command, **kwargs):
    """Runs a command and gives its processor seconds, peak memory in MiB, wall-clock seconds and output."""
    began = time.monotonic()
    settings = dict(THROUGHLINE__BUILD__THREADS=THREADS, THROUGHLINE__BUILD__MEMORY_LIMIT=MEMORY)
    environment = dict(os.environ, **settings, **kwargs)
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


def told_weekly(old, new, back):
    """Writes the rows of a file as weeks of ten sessions, Monday to Friday, of which as many are missed as before, early ones first;
    `back` times 417 weeks earlier, which is eight years but three days."""
    earlier = 7 * 417 * back
    duckdb.execute(f"""copy (
        with weeks as (
            select told.*, week, period_starts_on - cast(isodow(period_starts_on) - 1 as integer) + cast(7 * week as integer) as monday
            from read_parquet({quoted(old)}, hive_partitioning = false) as told
            cross join range(0, 64) as weeks(week)
            where week * 10 < sessions_possible
        )
        select subject_id, unhex(md5(hex(row_key) || week || '.{back}')) as row_key, row_hash + week as row_hash, scope_id, source, feed,
               document_id, part, cast(row_number * 64 + week as integer) as row_number, commit_seq, tombstone, establishment_id,
               cast(greatest(period_starts_on, monday) - {earlier} as date) as period_starts_on,
               cast(greatest(period_starts_on, least(period_ends_on, monday + 4)) - {earlier} as date) as period_ends_on,
               cast(least(10, sessions_possible - 10 * week) as integer) as sessions_possible,
               cast(least(10, sessions_possible - 10 * week)
                    - greatest(0, least(10, sessions_authorised - 10 * week, sessions_possible - 10 * week))
                    as integer) as sessions_attended,
               cast(greatest(0, least(10, sessions_authorised - 10 * week, sessions_possible - 10 * week)) as integer) as sessions_authorised,
               cast(0 as integer) as sessions_unauthorised, sessions_educational, sessions_not_expected
        from weeks
        order by row_key
    ) to {quoted(new)} (format parquet, compression zstd)""")


def weekly(site):
    """Splits the attendance of a year into its weeks, and tells the same again for eight and sixteen years before: with them a
    learner has twelve years of weeks."""
    catalog = sqlite3.connect(os.path.join(site, "data/catalog.sqlite"))
    files = catalog.execute("select path, ay from file where entity = 'attendance' and kind = 'lake' and retired = 0").fetchall()
    total = 0
    for path, ay in files:
        old = os.path.join(site, "data", path)
        for back in (1, 2) if ay else ():
            earlier = re.sub(r"/ay=\d+/(.*)[.]parquet$", rf"/ay={ay - 8 * back}/\1-{back}.parquet", path)
            os.makedirs(os.path.dirname(os.path.join(site, "data", earlier)), exist_ok=True)
            told_weekly(old, os.path.join(site, "data", earlier) + ".weekly", back)
            catalog.execute(
                "insert into file select ?, batch_seq, kind, entity, ?, source, rows, bytes, sha256, retired from file where path = ?",
                (earlier, ay - 8 * back, path))
            total += replace_file(catalog, site, earlier, os.path.join(site, "data", earlier) + ".weekly")
        told_weekly(old, old + ".weekly", 0)
        total += replace_file(catalog, site, path, old + ".weekly")
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


def by_hand(shell, out, threads):
    """The same SQL in the same engine by a person with a shell: what is published is written as Parquet."""
    connection = duckdb.connect(config={"threads": threads, "memory_limit": "6GB"})
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
    """A day's pull as it changes the lake: a file more, in which one in fifty of this year's weeks is told anew."""
    catalog = sqlite3.connect(os.path.join(site, "data/catalog.sqlite"))
    newest = "select path from file where entity = 'attendance' and kind = 'lake' and retired = 0 and ay is not null order by ay desc, rows desc limit 1"
    (path,) = catalog.execute(newest).fetchone()
    new = re.sub("[.]parquet$", "-day.parquet", path)
    old = os.path.join(site, "data", path)
    duckdb.execute(f"""copy (
        select * replace (commit_seq + 1000000 as commit_seq, row_hash + 1 as row_hash,
                          greatest(sessions_attended - 1, 0) as sessions_attended,
                          sessions_authorised + least(sessions_attended, 1) as sessions_authorised)
        from read_parquet({quoted(old)}, hive_partitioning = false)
        where hash(row_key) % 50 = 0
        order by row_key
    ) to {quoted(os.path.join(site, "data", new) + '.day')} (format parquet, compression zstd)""")
    catalog.execute("insert or replace into file select ?, batch_seq, kind, entity, ay, source, rows, bytes, sha256, retired from file where path = ?", (new, path))
    return replace_file(catalog, site, new, os.path.join(site, "data", new) + ".day")


def forget_day(site):
    """Takes the day's file away again, so that the county can be measured another time."""
    catalog = sqlite3.connect(os.path.join(site, "data/catalog.sqlite"))
    for (path,) in catalog.execute("select path from file where path like '%-day.parquet'").fetchall():
        catalog.execute("delete from file where path = ?", (path,))
        os.remove(os.path.join(site, "data", path))
    catalog.commit()


def next_day(site):
    """The day after the one that the county looks back from."""
    with open(os.path.join(site, "throughline.toml")) as file:
        as_of = re.search(r'^as_of = "(.*)"$', file.read(), re.M)[1]
    return str(datetime.date.fromisoformat(as_of) + datetime.timedelta(days=1))


def rows_in(site):
    catalog = sqlite3.connect(os.path.join(site, "data/catalog.sqlite"))
    return catalog.execute("select sum(rows) from file where kind = 'lake' and retired = 0").fetchone()[0]


def slowest(document, most):
    turns = sorted(document["turns"], key=lambda turn: -turn["seconds"])[:most]
    return ", ".join(f"{turn['table']} {turn['seconds']:.2f}" for turn in turns)


def measure(program, data, learners):
    """Prints the table of one county and gives what its full build took."""
    site, weeks = make_county(program, data, learners)
    forget_day(site)
    config = ["--config", os.path.join(site, "throughline.toml")]
    build = [program, "--json", "--quiet", *config, "build"]
    print(f"{learners} learners, {rows_in(site)} rows, {weeks} of them weeks of attendance; load average {os.getloadavg()[0]:.1f}")
    print("| | processor seconds | peak MiB | seconds by the clock | tables made |")
    print("|---|--:|--:|--:|--:|")

    def told(name, used):
        turns = json.loads(used[3])["turns"] if used[3].startswith("{") else []
        made = sum(not turn["taken_over"] for turn in turns) if turns else ""
        print(f"| {name} | {used[0]:.1f} | {used[1]:.0f} | {used[2]:.1f} | {made} |", flush=True)
        return used

    shell = os.path.join(site, SHELL)
    timed([program, *config, "build", "--shell", shell])
    full = told("full", timed([*build, "--full"]))
    hands = []
    for threads in ("1", THREADS):
        with tempfile.TemporaryDirectory(dir=data) as out:
            command = [sys.executable, os.path.abspath(__file__), "--by-hand", shell, out, threads]
            hands.append(told(f"the same SQL by hand, threads {threads}", timed(command)))
    told("nothing new", timed(build))
    day_rows = a_day(site)
    day = told(f"after a day's pull of {day_rows} weeks", timed(build))
    # What is told looks back from a day: where that moves on, every open stay and every year under way is told anew.
    told("the same lake, looked back at from the next day", timed(build, THROUGHLINE__AS_OF=next_day(site)))
    print(f"full / by hand: {full[0] / min(hand[0] for hand in hands):.2f}; a day / full: {day[0] / full[0]:.2f}")
    document = json.loads(full[3])
    print(f"slowest, seconds by the clock: {slowest(document, 8)}; verifying {document['seconds_to_verify']:.2f}")
    forget_day(site)
    print("stays joined out of evidence and the top third of each Year 6, from the same files:")
    for engine in ("duckdb", "polars", "pandas"):
        rival = os.path.join(os.path.dirname(os.path.abspath(__file__)), "graph_rivals.py")
        command = [sys.executable, rival, engine, os.path.join(site, "data/build")]
        used = timed(command)
        print(f"| {engine} | {used[0]:.1f} | {used[1]:.0f} | {used[2]:.1f} | {used[3].strip()} |", flush=True)
    return full


def main(program, data, *sizes):
    counties = [(int(learners), measure(program, data, int(learners))) for learners in sizes]
    for (few, before), (many, after) in zip(counties, counties[1:]):
        print(f"{many / few:.1f} times the learners: {after[0] / before[0]:.2f} times the processor seconds")


if __name__ == "__main__":
    if sys.argv[1] == "--by-hand":
        by_hand(*sys.argv[2:5])
    else:
        main(*sys.argv[1:])
