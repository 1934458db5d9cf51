"""Rows as other offices write them: python linkage_habits.py FROM TO [SEED]

Takes a folder of the harness and writes its rows again with habits that the harness does not have: remarks, titles, capitals,
marks on letters, two forenames, British dates, days guessed, months typed as names' places, postcodes without a space, sex
spelt out, a whole class at one wrong address, numbers copied down a column. The register and the truth stay as they are."""
import os
import random
import shutil
import sys

import pandas as pd

source, target = sys.argv[1:3]
dice = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 5)
os.makedirs(target, exist_ok=True)
for name in ("register", "truth", "truth_register"):
    shutil.copyfile(f"{source}/{name}.parquet", f"{target}/{name}.parquet")
rows = pd.read_parquet(f"{source}/ap.parquet").astype(object)
rows = rows.where(rows.notna(), None)
MARKS = str.maketrans({"A": "Á", "E": "é", "O": "ö", "L": "ł", "I": "ï"})
NEAR_SOUNDS = [("PH", "F"), ("CK", "K"), ("EY", "Y"), ("IE", "Y"), ("AI", "AY"), ("EE", "EA"), ("S", "SS"), ("TT", "T"), ("C", "K")]


def case(text):
    return text.title() if dice.random() < 0.6 else text.lower() if dice.random() < 0.2 else text


def by_ear(text):
    pairs = [pair for pair in NEAR_SOUNDS if pair[0] in text]
    return text.replace(*dice.choice(pairs), 1) if pairs else text


def forename(text, twin):
    chance = dice.random()
    if chance < 0.03:
        text = by_ear(text)
    elif chance < 0.045 and len(text) > 4:
        text = text[: dice.randint(3, len(text) - 1)]
    elif chance < 0.06:
        text = text + " " + dice.choice("ABCDEJKLMRST")
    elif chance < 0.07:
        text = text.translate(MARKS)
    text = case(text)
    chance = dice.random()
    if twin and chance < 0.3:
        text += dice.choice([" (twin)", " - Twin 1", " TWIN 2"])
    elif chance < 0.01:
        text = dice.choice(["Miss ", "Mr ", "Master "]) + text
    elif chance < 0.02:
        text += dice.choice([" (known as " + text[:3] + ")", " ", "."])
    return text


def surname(text):
    chance = dice.random()
    if chance < 0.03:
        text = by_ear(text)
    elif chance < 0.04:
        text = text.translate(MARKS)
    elif chance < 0.05 and len(text) > 5:
        text = text[:-1]
    return case(text)


def birth(text):
    if text is None:
        return "01/01/1900" if dice.random() < 0.5 else None
    year, month, day = text.split("-")
    chance = dice.random()
    if chance < 0.01:
        day = "01"
    elif chance < 0.015:
        year = str(int(year) - 10 if dice.random() < 0.2 else int(year) + dice.choice([-1, 1]))
    return f"{day}/{month}/{year}" if style == 0 else f"{year}-{month}-{day}" if style == 1 else f"{year}{month}{day}"


def postcode(text):
    if text is None:
        return dice.choice([None, "ZZ99 3VZ", "unknown", "N/A"])
    chance = dice.random()
    if chance < 0.5:
        text = text.replace(" ", "")
    return text.lower() if chance < 0.2 else text


twins = pd.read_parquet(f"{source}/truth.parquet").twin
out = {name: [] for name in rows.columns}
office_address, last = "M1 1AE", None
for at, row in enumerate(rows.itertuples(index=False)):
    style = at // 40 % 3  # forty rows come from one office
    one_address = at // 40 % 25 == 7
    upn = row.upn
    if upn and dice.random() < 0.02:
        upn = upn.lower() if dice.random() < 0.5 else f" {upn} "
    if last and dice.random() < 0.004:
        upn = last
    last = row.upn or last
    first, family = forename(row.forename, twins[at]), surname(row.surname)
    if dice.random() < 0.01:
        first, family = f"{family}, {first}", ""
    sex = {"M": "Male", "F": "Female", None: None}[row.sex] if style else row.sex
    values = (row.ap_id, upn, first, family, birth(row.dob), sex, office_address if one_address else postcode(row.postcode), row.last_school_urn)
    for name, value in zip(rows.columns, values):
        out[name].append(value)
pd.DataFrame(out).to_parquet(f"{target}/ap.parquet", index=False)
