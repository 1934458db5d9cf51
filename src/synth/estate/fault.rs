//! Faults planted in the realistic estate, one of each, so that a test can ask for exactly them.

/// A planted fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planted {
    /// A planned end on 31 February.
    ImpossibleDate,
    /// A reason that no list knows.
    UnknownCode,
    /// Hours that are a spreadsheet error.
    UnreadableCell,
    /// A UPN whose check letter is wrong.
    CheckLetter,
    /// One row twice.
    DuplicateRow,
    /// A visible sheet without a cell.
    EmptySheet,
}

impl Planted {
    /// Those that sit in a row, with the row they go to, counted from the first.
    pub(super) const IN_ROWS: [(Self, usize); 4] = [
        (Self::ImpossibleDate, 0),
        (Self::UnknownCode, 1),
        (Self::UnreadableCell, 2),
        (Self::CheckLetter, 3),
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ImpossibleDate => "impossible_date",
            Self::UnknownCode => "unknown_code",
            Self::UnreadableCell => "unreadable_cell",
            Self::CheckLetter => "check_letter",
            Self::DuplicateRow => "duplicate_row",
            Self::EmptySheet => "empty_sheet",
        }
    }
}
