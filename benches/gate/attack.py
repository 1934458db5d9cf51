"""Looks at the gate's tables with programs that share nothing with it.

    attack.py FOLDER

tables.jsonl, large.jsonl: for every hidden cell HiGHS finds the range that agrees with the exact counts of all shown
ones. sums.jsonl, counts.jsonl: ACRO says which sums and which counts fail its primary rules. All are written by the tests in
src/disclosure/tabular/outside.rs. Prints one line of figures; ends with 1 at the first disagreement.
"""

import json
import logging
import pathlib
import sys
import time

import highspy
import numpy

logging.disable(logging.CRITICAL)

# ACRO's names of the rules, and ours. A contribution below nothing is a "review" there and hidden here.
RULES = {"MinimumThresholdCheck": "threshold", "NKCheck": "nk-ratio", "PPercentCheck": "p-ratio"}


def model(table):
    """The counts that an outsider thinks possible, as a linear programme."""
    solver = highspy.Highs()
    solver.silent()
    for never in table["never"]:
        solver.addVar(0.0, 0.0 if never else highspy.kHighsInf)
    counts = table["counts"]
    for cells, hidden in zip(table["cells"], table["hidden"]):
        if not hidden:
            exact = float(sum(counts[cell] for cell in cells))
            solver.addRow(exact, exact, len(cells), numpy.array(cells, dtype=numpy.int32), numpy.ones(len(cells)))
    return solver


def extreme(solver, cells, columns, sense):
    cost = numpy.zeros(columns)
    cost[cells] = 1.0
    solver.changeColsCost(columns, numpy.arange(columns, dtype=numpy.int32), cost)
    solver.changeObjectiveSense(sense)
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        return solver.getInfo().objective_function_value
    if status in (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        return float("inf")
    raise SystemExit(f"HiGHS ends with {status}")


def narrowest(table, hidden):
    """The first hidden cell whose range is narrower than the threshold, or none.

    Whatever table the solver comes to is a possible one: it says something of every hidden cell, and a cell that such tables
    show to be wide enough is not solved for any more.
    """
    solver = model(table)
    columns = len(table["counts"])
    holds = numpy.zeros((len(hidden), columns))
    for at, cells in enumerate(hidden):
        holds[at, cells] = 1.0
    least = holds @ numpy.array(table["counts"], dtype=float)
    most = least.copy()
    for at, cells in enumerate(hidden):
        for sense in (highspy.ObjSense.kMaximize, highspy.ObjSense.kMinimize):
            if most[at] - least[at] >= table["threshold"]:
                break
            value = extreme(solver, cells, columns, sense)
            if value == float("inf"):
                most[at] = value
                break
            found = holds @ numpy.array(solver.getSolution().col_value)
            numpy.minimum(least, found, out=least)
            numpy.maximum(most, found, out=most)
        if most[at] - least[at] < table["threshold"] - 1e-6:
            return f"{cells} lies within {least[at]} and {most[at]}"
    return None


def attack(path):
    hidden, times = 0, []
    for line in path.read_text().splitlines():
        table = json.loads(line)
        start = time.process_time()
        cells = [cells for cells, is_hidden in zip(table["cells"], table["hidden"]) if is_hidden]
        found = narrowest(table, cells)
        if found:
            raise SystemExit(f"{found}: {line}")
        hidden += len(cells)
        times.append(time.process_time() - start)
    times.sort()
    of_100 = times[(len(times) - 1) * 95 // 100]
    return (
        f"HiGHS: {hidden} hidden cells of {len(times)} tables wide enough, "
        f"95 of 100 tables in {of_100:.2f} s, the slowest {times[-1]:.2f} s"
    )


def agree(path):
    import acro
    import pandas

    checker = acro.ACRO(suppress=False)
    frames = sums = 0
    for line in path.read_text().splitlines():
        frame = json.loads(line)
        rows = [(f"g{at}", "all", value) for at, group in enumerate(frame["groups"]) for value in group]
        data = pandas.DataFrame(rows, columns=["group", "column", "value"])
        checker.crosstab(data.group, data.column, values=data.value, aggfunc="sum")
        outcome = checker.results.get_index(-1).outcome
        for at, ours in enumerate(frame["fails"]):
            words = str(outcome.loc[f"g{at}"].iloc[0])
            theirs = {ours for name, ours in RULES.items() if name in words}
            if theirs != set(ours) - {"negative"}:
                raise SystemExit(f"ACRO says {words!r}, the gate {ours}, of {frame['groups'][at]}")
            sums += 1
        frames += 1
    return f"ACRO: the same rules fail for {sums} sums of {frames} frames"


def agree_on_counts(path):
    """Tables of counts, half of them with totals: what fails there is small here, and the other way round.

    What the gate hides and ACRO passes is a difference on purpose, and of two kinds: a count that is nearly all of a whole, and one
    that stands beside a small one so that nobody works that out. Where nobody is in a row or a column, ACRO's table has none.
    """
    import acro
    import pandas

    checker = acro.ACRO(suppress=False)
    tables = small = nearly = beside = absent = 0
    for line in path.read_text().splitlines():
        table = json.loads(line)
        people = [
            (f"r{row}", f"c{column}")
            for row, counts in enumerate(table["counts"])
            for column, count in enumerate(counts)
            for _ in range(count)
        ]
        data = pandas.DataFrame(people, columns=["row", "column"])
        checker.crosstab(data.row, data.column, margins=table["with_totals"])
        outcome = checker.results.get_index(-1).outcome
        for cell in table["cells"]:
            row, column = ("All" if key == "total" else kind + key for kind, key in zip("rc", cell["keys"]))
            if row not in outcome.index or column not in outcome.columns:
                if cell["count"] or not cell["hidden"]:
                    raise SystemExit(f"ACRO has no {row}, {column}, of {line}")
                absent += 1
                continue
            words = str(outcome.loc[row, column])
            if ("MinimumThresholdCheck" in words) != cell["small"] or ("PresenceOfZeroCheck" in words) != (cell["count"] == 0):
                raise SystemExit(f"ACRO says {words!r} of {cell} in {line}")
            if cell["small"] and not cell["hidden"]:
                raise SystemExit(f"{cell} is small and shown in {line}")
            small += cell["small"]
            nearly += cell["nearly_all"] and not cell["small"]
            beside += cell["hidden"] and not cell["small"] and not cell["nearly_all"]
        tables += 1
    return (
        f"the same {small} counts fail of {tables} tables; of those that it passes {nearly} are hidden here as nearly all and {beside} "
        f"beside others; {absent} counts of nobody are not in its tables"
    )


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    found = [attack(folder / "tables.jsonl"), "of 1,000 cells, " + attack(folder / "large.jsonl"), agree(folder / "sums.jsonl")]
    print("; ".join([*found, agree_on_counts(folder / "counts.jsonl")]))
