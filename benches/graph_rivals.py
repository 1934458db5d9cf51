"""The spell and the cohort step by other tools, from the same files: stays joined out of evidence, and the top third of
each Year 6. `benches/graph` runs each as a process of its own: graph_rivals.py ENGINE BUILD_FOLDER prints stays and learners in the
top third, which have to be the same for all.
"""
import os
import sys

KEY = ["learner_id", "role", "merge_key", "legal_basis", "status"]
ORDER = ["starts_on", "ends_on", "establishment_id", "row_key"]


def by_polars(evidence, members):
    import polars as pl

    parts = pl.read_parquet(evidence).sort(KEY + ORDER, nulls_last=True)
    parts = parts.with_columns(before=pl.col("ends_on").cum_max().shift(1).over(KEY))
    begins = pl.col("before").is_null() | (pl.col("starts_on") > pl.col("before") + pl.duration(days=pl.col("tolerance_days")))
    parts = parts.with_columns(stay_of_key=begins.cast(pl.Int32).cum_sum().over(KEY))
    stays = parts.group_by(KEY + ["stay_of_key"]).agg(
        pl.col("establishment_id").sort_by("starts_on", "establishment_id").last(),
        pl.col("starts_on").min(), pl.col("ends_on").max(), pl.col("is_open").any())
    scored = pl.read_parquet(members, columns=["cohort_ay", "ks2_score"]).filter(pl.col("ks2_score").is_not_null())
    scored = scored.with_columns(above=pl.col("ks2_score").rank("min", descending=True).over("cohort_ay") - 1,
                                 scored=pl.len().over("cohort_ay"))
    return stays.height, scored.filter(3 * pl.col("above") < pl.col("scored")).height


def by_pandas(evidence, members):
    import pandas as pd

    parts = pd.read_parquet(evidence)
    for day in ("starts_on", "ends_on"):
        parts[day] = pd.to_datetime(parts[day], errors="coerce").fillna(pd.Timestamp.max.normalize())
    parts = parts.sort_values(KEY + ORDER)
    grouped = parts.groupby(KEY, dropna=False, sort=False)
    latest = grouped["ends_on"].cummax()
    parts["before"] = latest.groupby([parts[key].fillna("") for key in KEY], sort=False).shift(1)
    reach = parts["before"] + pd.to_timedelta(parts["tolerance_days"].astype("int64"), unit="D").where(
        parts["before"] < pd.Timestamp("2200-01-01"), pd.Timedelta(0))
    parts["begins"] = (parts["before"].isna() | (parts["starts_on"] > reach)).astype("int32")
    parts["stay_of_key"] = parts.groupby(KEY, dropna=False, sort=False)["begins"].cumsum()
    stays = parts.groupby(KEY + ["stay_of_key"], dropna=False, sort=False).agg(
        establishment_id=("establishment_id", "last"), starts_on=("starts_on", "min"), ends_on=("ends_on", "max"), is_open=("is_open", "any"))
    scored = pd.read_parquet(members, columns=["cohort_ay", "ks2_score"]).dropna()
    score = scored["ks2_score"].astype(float).groupby(scored["cohort_ay"])
    above = score.rank(method="min", ascending=False) - 1
    return len(stays), int((3 * above < score.transform("size")).sum())


def by_engine(evidence, members):
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    over = "partition by learner_id, role, merge_key, legal_basis, status order by starts_on asc nulls last, ends_on asc nulls last, " \
           "establishment_id asc nulls last, row_key asc nulls last rows between unbounded preceding and"
    stays = connection.execute(f"""
        with parts as (select *, max(ends_on) over ({over} 1 preceding) as before from read_parquet('{evidence}')),
        numbered as (
            select *, sum(case when before is null or starts_on > before + tolerance_days then 1 else 0 end) over ({over} current row) as stay_of_key
            from parts),
        stays as (
            select learner_id, role, merge_key, legal_basis, status, stay_of_key, max_by(establishment_id, (starts_on, establishment_id)) as e,
                   min(starts_on) as s, max(ends_on) as t, bool_or(is_open) as o
            from numbered group by all)
        select count(*), count(e), count(s), count(t), count(o) from stays""").fetchone()[0]
    high = connection.execute(f"""
        with ranked as (
            select rank() over (partition by cohort_ay order by ks2_score desc) - 1 as above, count(*) over (partition by cohort_ay) as scored
            from read_parquet('{members}') where ks2_score is not null)
        select count(*) from ranked where 3 * above < scored""").fetchone()[0]
    return stays, high


if __name__ == "__main__":
    engine, build = sys.argv[1:3]
    by = {"polars": by_polars, "pandas": by_pandas, "duckdb": by_engine}[engine]
    print(*by(os.path.join(build, "between/evidence.parquet"), os.path.join(build, "cohort_member.parquet")))
