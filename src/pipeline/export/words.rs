//! What is wrong and what to do, for whoever keeps the sheet: no code, no jargon, no blame.
use crate::fault::Problem;

/// What is wrong, and what to do about it.
pub(super) fn plain(problem: Problem) -> (&'static str, &'static str) {
    match problem {
        Problem::Missing => {
            ("This cell is empty, and the row cannot be used without it.", "Please fill it in.")
        }
        Problem::NotADate => {
            ("This is not a date that we can read.", "Please type it as day, month, year: 31/03/2010.")
        }
        Problem::AmbiguousDate => (
            "We cannot tell which number is the day and which the month.",
            "Please type the month in letters: 3 April 2023.",
        ),
        Problem::NotAWholeNumber | Problem::NotANumber => {
            ("This is not a number that we can read.", "Please type the number alone, without words.")
        }
        Problem::NotYesOrNo => ("This should say yes or no.", "Please type Yes or No."),
        Problem::OutOfRange => {
            ("This number is larger or smaller than it can be.", "Please check it and correct it.")
        }
        Problem::UnknownCode(_) => (
            "We do not know this word or code.",
            "Please use one of the agreed words. If it is a new one, tell us what it means.",
        ),
        Problem::FailsCheck => (
            "A letter or a digit of this number is mistyped: numbers of this kind check themselves, and this one does not.",
            "Please compare it with the learner's school record. If you do not have the number, leave the cell empty.",
        ),
        Problem::NotAnEstablishment => (
            "This is not a school's number.",
            "Please type the school's six-digit URN. If you do not know it, tell us the school's name.",
        ),
        Problem::NotAnAuthority => {
            ("This is not a council's number.", "Please type the council's three digits.")
        }
        Problem::UnreadableCell => (
            "The spreadsheet shows an error here (such as #REF! or #N/A).",
            "Please type the value itself in place of the formula.",
        ),
        Problem::NobodyNamed => (
            "Nothing in this row says who the learner is.",
            "Please fill in the pupil number (UPN), or the first name, surname and date of birth. If the row is a note or a heading, please delete it.",
        ),
        Problem::EndsBeforeStart => {
            ("The last day lies before the first day.", "Please correct one of the two dates.")
        }
        Problem::DuplicateKey => ("This row says the same as one above it.", "Please delete one of the two."),
        Problem::TooManyCells => (
            "There are more cells in this row than the table has columns.",
            "Please check that nothing has moved to the right.",
        ),
        Problem::UnknownPostcode => ("We do not know this postcode.", "Please check it."),
        Problem::MissingColumn => (
            "This column is not in the table.",
            "Please add it again, under this header, or tell us what it is called now.",
        ),
        Problem::NoHeader => (
            "We cannot find the line with the column headers.",
            "Please put the headers back as they were, above the first row.",
        ),
        Problem::NothingOfItsOwn => (
            "This table has none of the columns that we expect.",
            "Please check that this is the right file. If it is, tell us, and we will look at it with you.",
        ),
        Problem::NoSheet => {
            ("We cannot find the sheet with the table.", "Please give the sheet its old name and place.")
        }
        Problem::Empty => {
            ("There are no rows under the headers.", "Please send the file again with its rows.")
        }
        _ => ("We cannot read this.", "Please tell us, and we will look at it with you."),
    }
}
