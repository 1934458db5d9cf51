//! The page that lies beside the data: what it is, what it may be used for, how to open and how to cite it.

use super::codebook::Codebook;

pub(super) fn page(codebook: &Codebook) -> String {
    let example = codebook.tables.first().map_or("", |table| table.name);
    let tables: Vec<String> = codebook
        .tables
        .iter()
        .map(|table| format!("| `{}` | {} | {} |", table.name, table.title.replace('|', "\\|"), table.rows))
        .collect();
    format!(
        "# Release {id}\n\n{status}\n\n{body}",
        id = codebook.release,
        status = status(codebook),
        body = BODY
            .replace("{authority}", codebook.home_authority)
            .replace("{as_of}", codebook.as_of)
            .replace("{tables}", &tables.join("\n"))
            .replace("{example}", example)
            .replace("{citation}", &codebook.citation())
            .replace("{id}", codebook.release)
    )
}

fn status(codebook: &Codebook) -> &'static str {
    if codebook.synthetic {
        "**Synthetic data: every learner in it is made up.** Do not quote a figure from it as if it were true of anyone.\n\
         With real learners the same files are pseudonymised personal data, and what follows applies to them."
    } else {
        "**This is pseudonymised personal data.** Names and numbers that identify have been replaced by keyed codes, but each \
         row is still about one child, and the law on personal data applies to all of it: keep it inside the \
         controller's walls, use it for the purposes it was released for, and delete it when they are done.\n\
         The tables of counts are part of it. But for the numbers of rows below and in the codebook (rounded to 5, `c`: fewer than 10) \
         nothing here has been through disclosure control; a figure that leaves the controller goes through `throughline report` or \
         `throughline query` first."
    }
}

const BODY: &str = r#"Local authority {authority}, as the records stood on {as_of}. The release will not change: its id follows from its content, and
`throughline verify` finds a single changed byte.

| table | what it holds | rows |
|---|---|--:|
{tables}

## What is here

| file | for |
|---|---|
| `codebook.html`, `codebook.json` | what each table and column means; start here |
| `parquet/` | one file per table |
| `warehouse.duckdb` | the same tables as one database |
| `manifest.json` | checksums of every file, and of every definition they were made from |

An empty cell means *not known*, never *no* and never zero, unless the codebook says otherwise. Learner ids are 32 hex characters and mean
nothing outside this instance. The academic year is the year in which it ends: 2025 is 2024/25.

## Open it

Read, never write: work on a copy of what you need, and remember that each copy is personal data too. The lines below are for
this folder; from elsewhere, write the path to it before the file's name.

DuckDB (1.3 or later)

```sh
duckdb -readonly warehouse.duckdb "select * from {example} limit 10"
```

Python (package duckdb, 1.3 or later)

```python
import duckdb
release = duckdb.connect("warehouse.duckdb", read_only=True)
table = release.table("{example}")
print(table.limit(10))
```

`table.df()` makes a pandas data frame of it, where pandas is installed.

R

```r
table <- arrow::read_parquet("parquet/{example}.parquet")
```

Stata (16 or later, with the Python packages duckdb and pandas)

```stata
python: import duckdb
python: duckdb.connect("warehouse.duckdb", read_only=True).sql("select * from {example}").df().to_stata("{example}.dta", write_index=False, version=118)
use {example}, clear
```

## Cite it

> {citation}

The id alone is enough to find the same bytes again.
"#;
