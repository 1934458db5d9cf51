"""What `benches/linkage` prints: python linkage.py PROGRAM HARNESS DATA SEEDS WORK"""
import filecmp
import os
import statistics
import sys

import numpy as np
import pandas as pd

program, harness, data, seeds, work = sys.argv[1:]
seeds = int(seeds)


def link(register, rows, out, threads=2):
    """Links two files; processor seconds and peak memory in MB, which is never stated below this program's own."""
    command = [program, "--quiet", "link", "pairs", "--out", out, "--threads", str(threads), "--register", register]
    command += ["--rows", rows] if rows else []
    pid = os.posix_spawn(program, command, os.environ)
    _, status, used = os.wait4(pid, 0)
    if status:
        sys.exit(f"error: link pairs ended with code {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def best_pairs(folder, pairs):
    """Each row with its best candidate, and whether that is its person."""
    truth = pd.read_parquet(f"{folder}/truth.parquet")
    register = pd.read_parquet(f"{folder}/truth_register.parquet")
    order = ["ap_id", "score", "register_id"]
    found = pd.read_parquet(pairs).sort_values(order, ascending=[True, False, True]).drop_duplicates("ap_id")
    found = found.merge(register, on="register_id").rename(columns={"person": "found"})
    rows = truth.merge(found[["ap_id", "found", "score"]], on="ap_id", how="left")
    rows["known"] = rows.person >= 0
    rows["right"] = rows.known & (rows.found == rows.person)
    return rows


def threshold(rows, precision):
    """The lowest score down to which so many links are right."""
    linked = rows[rows.score.notna()].sort_values("score", ascending=False)
    share = linked.right.cumsum() / np.arange(1, len(linked) + 1)
    last = linked.score != linked.score.shift(-1)
    return linked.score[last & (share >= precision)].min()


def measures(rows, fixed):
    linked = rows.score >= 0.5
    right = rows.right & linked
    precision, recall = rows.right[linked].mean(), right.sum() / rows.known.sum()
    surely, likely = rows[rows.score >= fixed], rows[rows.score >= 0.8]
    by_community = (right.groupby(rows.community).sum() / rows.known.groupby(rows.community).sum()).to_dict()
    no_number = rows.events.str.contains("noupn")
    return {
        "F1": 2 * precision * recall / (precision + recall),
        "precision": precision,
        "recall": recall,
        "recall at seed 1's threshold of precision .999": surely.right.sum() / rows.known.sum(),
        "  precision there": surely.right.mean(),
        "false links of people not in the register": int((linked & ~rows.known).sum()),
        "precision, twins": rows.right[linked & rows.twin].mean(),
        "recall, no number": right[no_number].sum() / rows.known[no_number].sum(),
        "recall gap, White British to South Asian names": by_community["WB"] - by_community["SA"],
        "recall gap, best to worst community": max(by_community.values()) - min(by_community.values()),
        "stated less true precision at p >= .8": likely.score.mean() - likely.right.mean(),
    }


def febrl_table(name, id_name):
    columns = {"given_name": "forename", "surname": "surname", "date_of_birth": "dob", "postcode": "postcode", "soc_sec_id": "upn"}
    table = pd.read_csv(f"{harness}/data/{name}.csv", dtype=str).rename(columns={**columns, "rec_id": id_name})
    truth = table.set_index(id_name).cluster
    path = f"{work}/{name}.parquet"
    table.drop(columns=["cluster"]).to_parquet(path, index=False)
    return path, truth


def febrl(pairs, register, rows, true_pairs):
    """The best F1 over pairs, as others state it."""
    found = pd.read_parquet(pairs).sort_values("score", ascending=False)
    right = (found.ap_id.map(rows) == found.register_id.map(register)).cumsum()
    precision, recall = right / np.arange(1, len(found) + 1), right / true_pairs
    return (2 * precision * recall / (precision + recall)).max()


def line(name, values, show="{:.4f}"):
    middle = statistics.median(values)
    print(f"{name:<50} " + " ".join(f"{show.format(value):>8}" for value in values) + f"   {show.format(middle):>8}")


def main():
    held, used, fixed = [], [], None
    for seed in range(1, seeds + 1):
        folder, out = f"{data}/s{seed}", f"{work}/{seed}.parquet"
        used.append(link(f"{folder}/register.parquet", f"{folder}/ap.parquet", out))
        rows = best_pairs(folder, out)
        if seed == 1:
            fixed = threshold(rows, 0.999)
            again = f"{work}/again.parquet"
            link(f"{folder}/register.parquet", f"{folder}/ap.parquet", again, threads=1)
            print(f"the same bytes with one thread: {'yes' if filecmp.cmp(out, again, shallow=False) else 'NO'}")
            print(f"threshold fixed on seed 1: {fixed:.5f}")
        if seed > 1 or seeds == 1:
            held.append(measures(rows, fixed))
    print(f"{'':<50} " + " ".join(f"{f'seed {seed}':>8}" for seed in range(min(2, seeds), seeds + 1)) + "     middle")
    for name in held[0]:
        count = isinstance(held[0][name], int)
        line(name, [row[name] for row in held], "{:.0f}" if count else "{:.4f}")
    line("processor seconds", [cpu for cpu, _ in used][-len(held):], "{:.2f}")
    line("peak memory, MB", [peak for _, peak in used][-len(held):], "{:.0f}")
    register, theirs = febrl_table("febrl4a", "register_id")
    rows, ours = febrl_table("febrl4b", "ap_id")
    cpu, _ = link(register, rows, f"{work}/f4.parquet")
    print(f"FEBRL 4: F1 {febrl(f'{work}/f4.parquet', theirs, ours, len(set(theirs) & set(ours))):.5f}, {cpu:.2f} processor seconds")
    register, theirs = febrl_table("febrl3", "register_id")
    cpu, _ = link(register, None, f"{work}/f3.parquet")
    sizes = theirs.value_counts()
    true_pairs = int((sizes * (sizes - 1) // 2).sum())
    print(f"FEBRL 3: F1 {febrl(f'{work}/f3.parquet', theirs, theirs, true_pairs):.5f}, {cpu:.2f} processor seconds")


main()
