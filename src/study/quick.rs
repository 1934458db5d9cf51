//! First steps in Python and in R: they run as they are, in the folder of the extract, with nothing installed beside.
use super::plan::Plan;

const PYTHON: &str = include_str!("quick.py.txt");
const R: &str = include_str!("quick.r.txt");

/// The files: name and text.
pub fn quick_starts(plan: &Plan) -> [(String, String); 2] {
    let tables: Vec<String> = plan.frames.iter().map(|frame| format!("\"{}\"", frame.name)).collect();
    let tables = tables.join(", ");
    [
        ("quickstart.py".to_owned(), PYTHON.replace("{tables}", &tables)),
        ("quickstart.R".to_owned(), R.replace("{tables}", &tables)),
    ]
}
