use super::Name;
use std::fmt;

/// What was wrong. `Copy` on purpose: no variant can own a text, so none can own a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Problem {
    /// A required cell is empty.
    Missing,
    /// More cells than the header has: something shifted the row.
    TooManyCells,
    /// A snapshot that lacks much of what its scope held before.
    FarFewerRows,
    /// A whole reading of a feed that gave far fewer records than the one before.
    FarFewerRecords,
    /// The service deleted more people at once than is believed.
    MassDeletion,
    /// A large share of a feed's records had to be set aside.
    ManySetAside,
    /// One and the same value where everybody has a value of their own.
    OneValueForMany,
    /// The service stated another number of records than it gave.
    TotalDisagrees,
    /// A feed that names its rows otherwise than before: the same rows would stand twice.
    FeedRenamed,
    /// An interval whose end lies before its start.
    EndsBeforeStart,
    /// Not a date in any of the connector's styles, or no such day.
    NotADate,
    /// Not a whole number.
    NotAWholeNumber,
    /// Not a number.
    NotANumber,
    /// Not yes or no.
    NotYesOrNo,
    /// A number outside the schema's range.
    OutOfRange,
    /// Not in the code list, or not on that date.
    UnknownCode(Name),
    /// Fails its check letter or check digit, or has the wrong shape.
    FailsCheck,
    /// Not an establishment number or site reference.
    NotAnEstablishment,
    /// Not a three-digit authority code.
    NotAnAuthority,
    /// No area for this postcode in the directory.
    UnknownPostcode,
    /// The spreadsheet holds an error there (`#REF!`, `#N/A`).
    UnreadableCell,
    /// No cell of the row says who the person is.
    NobodyNamed,
    /// The same key twice in one document; the first stands.
    DuplicateKey,
    /// A column that the connector needs is not in the header.
    MissingColumn,
    /// None of the columns that tell what the connector is for: the sheet is another kind of sheet.
    NothingOfItsOwn,
    /// No row looks like the header.
    NoHeader,
    /// No rows under the header.
    Empty,
    /// No sheet of that name or position.
    NoSheet,
    /// The file could not be read as its format.
    UnreadableFile,
    /// The file ends before its end: half copied, or cut short.
    CutShort,
    /// The file is young or changed while it was read: somebody is still copying it.
    StillArriving,
    /// The file opens with a password only.
    Encrypted,
    /// A bundle that lacks a table which its manifest promises, or its manifest.
    NoTable,
    /// A part of an XML document that is not well formed.
    Malformed,
    /// A quote that is opened and never closed: the line is lost, and no more.
    UnclosedQuote,
    /// A byte that the declared encoding does not have.
    UndecodableText,
    /// A formula whose result was never stored.
    NotCalculated,
    /// An identifier or key that a spreadsheet program rounded (`1.23E+12`).
    RoundedNumber,
    /// A date that reads two ways, in a column whose other rows do not tell which.
    AmbiguousDate,
    /// So many rows that the sheet hides were read like the others.
    HiddenRows(u32),
    /// So many hidden sheets were passed over.
    HiddenSheets(u32),
    /// A file's format limits were passed (cells, size).
    TooLarge,
    /// The answer is not the kind of document asked for (a web page instead of data).
    NotData,
    /// The answer ends before its end.
    Truncated,
    /// The answer lacks the list of records.
    NoRecords,
    /// The service answered with this status.
    HttpStatus(u16),
    /// The service could not be reached or broke off.
    Unreachable,
    /// The service gave the same page again, or a link that was followed before.
    PageRepeated,
    /// A next link that leads to another host.
    ForeignLink,
    /// More pages than the connector allows.
    TooManyPages,
    /// The answer says that the service failed, whatever its status.
    ServiceFailed,
    /// A full page that does not say whether more follow.
    NoPaging,
    /// A list that was another one each time it was read.
    ListMoves,
    /// No token was given for the credential.
    TokenRefused,
    /// An address that is not of the service's own house, or that lacks a word.
    ForeignBase,
    /// The tenant took its consent back.
    ConsentRevoked,
    /// The tenant does not let this be read: an empty cell says nothing.
    NoConsent,
    /// Files in different folders claim the same scope: neither is read.
    TwoOfOneScope,
    /// A newer file of the same scope lies beside it: this one is passed over.
    OlderOfOneScope,
    /// A field that most records have and no connector lists.
    NewField,
    /// A field that the connector lists and no record has.
    MissingField,
    /// A field whose cells mostly cannot be read.
    RetypedField,
}

impl Problem {
    /// A short, stable word for tables and `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooManyCells => "too_many_cells",
            Self::FarFewerRows => "far_fewer_rows",
            Self::FarFewerRecords => "far_fewer_records",
            Self::MassDeletion => "mass_deletion",
            Self::ManySetAside => "many_set_aside",
            Self::OneValueForMany => "one_value_for_many",
            Self::TotalDisagrees => "total_disagrees",
            Self::FeedRenamed => "feed_renamed",
            Self::EndsBeforeStart => "ends_before_start",
            Self::NotADate => "not_a_date",
            Self::NotAWholeNumber => "not_a_whole_number",
            Self::NotANumber => "not_a_number",
            Self::NotYesOrNo => "not_yes_or_no",
            Self::OutOfRange => "out_of_range",
            Self::UnknownCode(_) => "unknown_code",
            Self::FailsCheck => "fails_check",
            Self::NotAnEstablishment => "not_an_establishment",
            Self::NotAnAuthority => "not_an_authority",
            Self::UnknownPostcode => "unknown_postcode",
            Self::UnreadableCell => "unreadable_cell",
            Self::NobodyNamed => "nobody_named",
            Self::DuplicateKey => "duplicate_key",
            Self::MissingColumn => "missing_column",
            Self::NothingOfItsOwn => "nothing_of_its_own",
            Self::NoHeader => "no_header",
            Self::Empty => "empty",
            Self::NoSheet => "no_sheet",
            Self::UnreadableFile => "unreadable_file",
            Self::CutShort => "cut_short",
            Self::StillArriving => "still_arriving",
            Self::Encrypted => "encrypted",
            Self::NoTable => "no_table",
            Self::Malformed => "malformed",
            Self::UnclosedQuote => "unclosed_quote",
            Self::UndecodableText => "undecodable_text",
            Self::NotCalculated => "not_calculated",
            Self::RoundedNumber => "rounded_number",
            Self::AmbiguousDate => "ambiguous_date",
            Self::HiddenRows(_) => "hidden_rows",
            Self::HiddenSheets(_) => "hidden_sheets",
            Self::TooLarge => "too_large",
            Self::NotData => "not_data",
            Self::Truncated => "truncated",
            Self::NoRecords => "no_records",
            Self::HttpStatus(_) => "http_status",
            Self::Unreachable => "unreachable",
            Self::PageRepeated => "page_repeated",
            Self::ForeignLink => "foreign_link",
            Self::TooManyPages => "too_many_pages",
            Self::ServiceFailed => "service_failed",
            Self::NoPaging => "no_paging",
            Self::ListMoves => "list_moves",
            Self::TokenRefused => "token_refused",
            Self::ForeignBase => "foreign_base",
            Self::ConsentRevoked => "consent_revoked",
            Self::NoConsent => "no_consent",
            Self::TwoOfOneScope => "two_of_one_scope",
            Self::OlderOfOneScope => "older_of_one_scope",
            Self::NewField => "new_field",
            Self::MissingField => "missing_field",
            Self::RetypedField => "retyped_field",
        }
    }

    /// What to do next, for whoever may open the file or call the supplier.
    pub fn hint(self) -> &'static str {
        match self {
            Self::TooManyCells => "a comma or a quote is misplaced: open the file as text and mend the row",
            Self::FarFewerRows => {
                "ask whether the file is whole; if it is, `throughline runs approve` the run: what it lacks is then gone"
            }
            Self::FarFewerRecords => {
                "ask the supplier whether the answer is whole; then `throughline runs approve` or `discard` the run"
            }
            Self::MassDeletion => {
                "ask the school whether so many were deleted; then `throughline runs approve` or `discard` the run"
            }
            Self::ManySetAside => {
                "see what the other problems of this feed say; mend the source, or `throughline runs approve` the rest"
            }
            Self::OneValueForMany => {
                "the source sent a placeholder instead of each person's own: discard the run, mend it, pull again"
            }
            Self::TotalDisagrees => {
                "pull again when nobody edits; if it stays so, ask the supplier, then approve or discard the run"
            }
            Self::FeedRenamed => {
                "discard the run and give the feed its name, `mode` and `scope` back, or say its former name (`formerly`); approve only if no other feed gives its rows now"
            }
            Self::EndsBeforeStart => "one of the two dates is wrong: correct it at the source",
            Self::Missing => "fill the cell in at the source and send it again",
            Self::NotADate => "write dates as 31/03/2010 or 2010-03-31",
            Self::NotAWholeNumber | Self::NotANumber => "write a number without words",
            Self::NotYesOrNo => "write yes or no",
            Self::OutOfRange => "the schema's `range` says what is allowed; correct the cell",
            Self::UnknownCode(_) => "correct the code, or map the word in the connector (`map = { ... }`)",
            Self::FailsCheck => "a letter or digit was mistyped: compare with the child's school record",
            Self::NotAnEstablishment => {
                "use the URN (six digits), the authority and establishment number, or the site reference (AP07)"
            }
            Self::NotAnAuthority => "use the three-digit authority code",
            Self::UnknownPostcode => "add it to the postcode directory, or correct it",
            Self::UnreadableCell => "open the workbook and mend the formula",
            Self::NobodyNamed => "give at least a UPN, or a name and a date of birth",
            Self::DuplicateKey => "remove one of the two rows",
            Self::MissingColumn => "compare the sheet's header with the connector's `from` lists",
            Self::NothingOfItsOwn => {
                "this seems to be another kind of sheet: `throughline map FILE` says which connector reads it"
            }
            Self::NoHeader => "compare the sheet's first rows with the connector's `header.must_have`",
            Self::Empty => "send the sheet with its rows",
            Self::NoSheet => "compare the workbook's sheets with the connector's `sheet`",
            Self::UnreadableFile => "open it in a spreadsheet program and save it again",
            Self::CutShort => "copy the file again: what is there was read, and the whole file will be",
            Self::StillArriving => "nothing to do: the next pull reads it",
            Self::Encrypted => "save it without a password, in a folder that is safe",
            Self::NoTable => "compare the bundle's manifest with the tables in it",
            Self::Malformed => "ask the supplier to export it again; what came before was read",
            Self::UnclosedQuote => "close the quote on that line, and send it again",
            Self::UndecodableText => "save as CSV UTF-8, or say the file's `encoding` in the connector",
            Self::NotCalculated => "open the workbook in a spreadsheet program, let it calculate, and save",
            Self::RoundedNumber => "format the column as text, type the number again, and send it again",
            Self::AmbiguousDate => {
                "write the day first in the connector (`day-first`), or the month in words"
            }
            Self::HiddenRows(_) => "show all rows in the sheet; delete those that are not meant",
            Self::HiddenSheets(_) => "nothing to do, unless rows are missing: then unhide the sheet",
            Self::TooLarge => "split the file",
            Self::NotData => {
                "the service may be down or asking for a login: try again, then ask the supplier"
            }
            Self::Truncated | Self::Unreachable => "try again; nothing was half-written",
            Self::NoRecords => "compare the answer's shape with the connector's `records`",
            Self::HttpStatus(401 | 403) => "check the token and the scopes that the school granted",
            Self::HttpStatus(429) => "the supplier asks for patience: the next run goes on from here",
            Self::HttpStatus(_) | Self::ServiceFailed => "try again, then ask the supplier",
            Self::ListMoves => "pull at a quieter hour; nothing was taken for whole",
            Self::TokenRefused => "check the credential in the token file, and its scope",
            Self::ForeignBase => {
                "compare the tenant's host and attributes with `base_url` and the connector's `tenants`"
            }
            Self::ConsentRevoked => {
                "stop relying on its records, and apply the agreement's rule for what was read before"
            }
            Self::NoConsent => "ask the school to grant the permission, or treat the column as not known",
            Self::TwoOfOneScope => {
                "give each provider a source of its own, or name the folder in the connector's pattern and scope"
            }
            Self::OlderOfOneScope => "move it out of the inbox if it is no longer wanted",
            Self::NewField => "add it to the connector where it is wanted",
            Self::MissingField => "compare the answer with the connector: the supplier may have renamed it",
            Self::RetypedField => {
                "compare the answer with the connector: the supplier may write it otherwise now"
            }
            Self::PageRepeated | Self::ForeignLink | Self::TooManyPages | Self::NoPaging => {
                "the supplier's paging misbehaves: nothing of this slice was published"
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCode(list) => write!(f, "not a code of the list {list}"),
            Self::HttpStatus(status) => write!(f, "the service answered {status}"),
            Self::Missing => f.write_str("empty, but required"),
            Self::TooManyCells => f.write_str("more cells than the header has"),
            Self::FarFewerRows => f.write_str("far fewer rows than before"),
            Self::FarFewerRecords => f.write_str("far fewer records than when last read whole"),
            Self::MassDeletion => f.write_str("very many people deleted at once"),
            Self::ManySetAside => f.write_str("more than a third of the records set aside"),
            Self::FeedRenamed => {
                f.write_str("a feed is gone, or its scope is another: its rows would stand twice")
            }
            Self::OneValueForMany => f.write_str("one value for more than half of the people"),
            Self::TotalDisagrees => f.write_str("not as many records as the service says it has"),
            Self::EndsBeforeStart => f.write_str("ends before it starts"),
            Self::NotADate => f.write_str("not a date"),
            Self::NotAWholeNumber => f.write_str("not a whole number"),
            Self::NotANumber => f.write_str("not a number"),
            Self::NotYesOrNo => f.write_str("not yes or no"),
            Self::OutOfRange => f.write_str("outside the allowed range"),
            Self::FailsCheck => f.write_str("fails its check letter or digit"),
            Self::NotAnEstablishment => f.write_str("not a URN, establishment number or site reference"),
            Self::NotAnAuthority => f.write_str("not an authority code"),
            Self::UnknownPostcode => f.write_str("postcode not in the directory"),
            Self::UnreadableCell => f.write_str("the cell holds an error"),
            Self::NobodyNamed => f.write_str("nothing says who this is"),
            Self::DuplicateKey => f.write_str("the same again as a row before it, which stands"),
            Self::MissingColumn => f.write_str("column not found"),
            Self::NothingOfItsOwn => f.write_str("no column of what the connector is for"),
            Self::NoHeader => f.write_str("no header found"),
            Self::Empty => f.write_str("no rows"),
            Self::NoSheet => f.write_str("no such sheet"),
            Self::UnreadableFile => f.write_str("cannot be read"),
            Self::CutShort => f.write_str("ends before its end"),
            Self::StillArriving => f.write_str("still being copied"),
            Self::Encrypted => f.write_str("opens with a password only"),
            Self::NoTable => f.write_str("the bundle lacks a table or its manifest"),
            Self::Malformed => f.write_str("not well formed"),
            Self::UnclosedQuote => f.write_str("a quote is never closed"),
            Self::UndecodableText => f.write_str("a byte that the encoding does not have"),
            Self::NotCalculated => f.write_str("a formula without its result"),
            Self::RoundedNumber => f.write_str("a number that was rounded"),
            Self::AmbiguousDate => f.write_str("a date that reads two ways"),
            Self::HiddenRows(1) => f.write_str("1 hidden row was read"),
            Self::HiddenRows(n) => write!(f, "{n} hidden rows were read"),
            Self::HiddenSheets(1) => f.write_str("1 hidden sheet was passed over"),
            Self::HiddenSheets(n) => write!(f, "{n} hidden sheets were passed over"),
            Self::TooLarge => f.write_str("too large"),
            Self::NotData => f.write_str("the answer is not data"),
            Self::Truncated => f.write_str("the answer is cut short"),
            Self::NoRecords => f.write_str("the answer holds no list of records"),
            Self::Unreachable => f.write_str("cannot be reached"),
            Self::PageRepeated => f.write_str("the same page again"),
            Self::ForeignLink => f.write_str("the next page is on another host"),
            Self::TooManyPages => f.write_str("more pages than allowed"),
            Self::ServiceFailed => f.write_str("the answer says that the service failed"),
            Self::NoPaging => f.write_str("a full page without a word about the next"),
            Self::ListMoves => f.write_str("the list was another one each time it was read"),
            Self::TokenRefused => f.write_str("no token was given for the credential"),
            Self::ForeignBase => f.write_str("an address outside the service's own"),
            Self::ConsentRevoked => f.write_str("the school took its consent back; it is not asked"),
            Self::NoConsent => f.write_str("the school does not let this be read"),
            Self::TwoOfOneScope => {
                f.write_str("files in different folders claim the same provider and period")
            }
            Self::OlderOfOneScope => {
                f.write_str("a newer file of the same provider and period lies beside it")
            }
            Self::NewField => f.write_str("a field that the connector does not list"),
            Self::MissingField => f.write_str("no record has this field"),
            Self::RetypedField => f.write_str("most cells cannot be read"),
        }
    }
}

/// What a fault cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Consequence {
    /// The cell counts as empty; the row went on.
    CellEmptied,
    /// One of several items in a record was left out; the record and the others went on.
    ItemSetAside,
    /// The row was left out and counted.
    RowSetAside,
    /// The whole document or page was left out.
    DocumentSetAside,
    /// Nothing of the run is published until a person decides.
    RunHeld,
    /// Nothing was lost: a person may want to know.
    Told,
}

impl Consequence {
    /// A short, stable word for tables and `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::CellEmptied => "cell_emptied",
            Self::ItemSetAside => "item_set_aside",
            Self::RowSetAside => "row_set_aside",
            Self::DocumentSetAside => "document_set_aside",
            Self::RunHeld => "run_held",
            Self::Told => "told",
        }
    }
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CellEmptied => "cell left empty",
            Self::ItemSetAside => "item set aside",
            Self::RowSetAside => "row set aside",
            Self::DocumentSetAside => "document set aside",
            Self::RunHeld => "run held",
            Self::Told => "nothing lost",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        assert_eq!(Problem::HiddenSheets(1).to_string(), "1 hidden sheet was passed over");
        assert_eq!(Problem::HiddenSheets(2).to_string(), "2 hidden sheets were passed over");
        assert_eq!(Problem::HiddenRows(1).to_string(), "1 hidden row was read");
    }
}
