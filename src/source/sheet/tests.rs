//! Sheets as they come, each made by hand so that it holds exactly what a test is about.
use super::*;
use chrono::NaiveDate;
use std::io::Write;
use zip::{ZipWriter, write::SimpleFileOptions};

/// A workbook of these parts, beside what every workbook has.
struct Book {
    sheets: Vec<(&'static str, &'static str, String)>,
    styles: &'static str,
    shared: &'static str,
    properties: &'static str,
}

impl Book {
    fn of(rows: &str) -> Self {
        Self {
            sheets: vec![("Register", "visible", sheet(rows, ""))],
            styles: DATES,
            shared: "",
            properties: "",
        }
    }

    fn file(&self) -> tempfile::NamedTempFile {
        let (mut tabs, mut relations) = (String::new(), String::new());
        for (at, (name, state, _)) in self.sheets.iter().enumerate() {
            tabs += &format!("<sheet name=\"{name}\" sheetId=\"{at}\" state=\"{state}\" r:id=\"r{at}\"/>");
            relations +=
                &format!("<Relationship Id=\"r{at}\" Type=\"x/worksheet\" Target=\"worksheets/s{at}.xml\"/>");
        }
        let properties = self.properties;
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut archive = ZipWriter::new(file.reopen().unwrap());
        let mut part = |name: &str, text: &str| {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        };
        part(
            "xl/workbook.xml",
            &format!("<workbook><workbookPr{properties}/><sheets>{tabs}</sheets></workbook>"),
        );
        relations += "<Relationship Id=\"t\" Type=\"x/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>\
                      <Relationship Id=\"u\" Type=\"x/styles\" Target=\"styles.xml\"/>";
        part("xl/_rels/workbook.xml.rels", &format!("<Relationships>{relations}</Relationships>"));
        part("xl/styles.xml", self.styles);
        part("xl/sharedStrings.xml", &format!("<sst>{}</sst>", self.shared));
        for (at, (_, _, text)) in self.sheets.iter().enumerate() {
            part(&format!("xl/worksheets/s{at}.xml"), text);
        }
        archive.finish().unwrap();
        file
    }
}

/// Style 1 shows a day, style 2 a length of time.
const DATES: &str = "<styleSheet><numFmts><numFmt numFmtId=\"170\" formatCode=\"[h]:mm\"/></numFmts>\
    <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
    <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"170\"/></cellXfs></styleSheet>";

fn sheet(rows: &str, behind: &str) -> String {
    format!("<?xml version=\"1.0\"?><worksheet><sheetData>{rows}</sheetData>{behind}</worksheet>")
}

/// A row of texts; an empty text is no cell.
fn texts(number: u32, cells: &[&str]) -> String {
    let cell = |(at, text): (usize, &&str)| {
        let column = char::from(b'A' + at as u8);
        if text.is_empty() {
            String::new()
        } else {
            format!("<c r=\"{column}{number}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        }
    };
    format!("<row r=\"{number}\">{}</row>", cells.iter().enumerate().map(cell).collect::<String>())
}

fn form(more: &str) -> FileForm {
    toml::from_str(&format!("format = \"sheet\"\nname = \"x\"\n{more}")).unwrap()
}

type Rows = Vec<(u32, Vec<RawCell>)>;

fn read_file(
    file: &tempfile::NamedTempFile,
    form: &FileForm,
    others: &[&FileForm],
) -> Result<(Table, Rows), Problem> {
    let document = Document::open(file.path()).unwrap();
    let mut table = open(&document, form, others)?;
    let mut rows = Vec::new();
    while let Some((number, cells)) = table.next_row()? {
        rows.push((number, cells.map_or_else(|problem| vec![RawCell::Error(problem)], <[RawCell]>::to_vec)));
    }
    Ok((table, rows))
}

fn read(book: &Book, more: &str) -> (Table, Rows) {
    read_file(&book.file(), &form(more), &[]).unwrap_or_else(|problem| panic!("{problem}"))
}

fn text(text: &str) -> RawCell {
    RawCell::Text(text.to_owned())
}

fn day(year: i32, month: u32, day: u32) -> RawCell {
    RawCell::Date(NaiveDate::from_ymd_opt(year, month, day).unwrap())
}

fn numbers(rows: &Rows) -> Vec<u32> {
    rows.iter().map(|(number, _)| *number).collect()
}

/// A band over the header is looked for among the merged cells by its row's number.
#[test]
fn a_row_whose_number_is_none_takes_the_next() {
    let rows: String =
        [texts(0, &["Learner"]), texts(7, &["UPN", "Class"]), texts(u32::MAX, &["H8", "7A"])].concat();
    let last = "<row><c t=\"inlineStr\"><is><t>B2</t></is></c></row>";
    let merged = "<mergeCells><mergeCell ref=\"A1:B1\"/></mergeCells>";
    let mut book = Book::of("");
    book.sheets[0].2 = sheet(&(rows + last), merged);
    let (table, rows) = read(&book, "header = { rows = 2, must_have = [\"upn\"] }");
    assert_eq!(table.header, ["learnerupn", "learnerclass"]);
    assert_eq!(numbers(&rows), [8, 9]);
    assert_eq!(rows[0].1, [text("H8"), text("7A")]);
}

#[test]
fn a_cell_keeps_its_own_kind() {
    let row = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row><row r=\"2\">\
        <c r=\"A2\" t=\"s\"><v>1</v></c><c r=\"B2\"><v>12.5</v></c><c r=\"C2\" s=\"1\"><v>44630</v></c>\
        <c r=\"D2\" t=\"b\"><v>1</v></c><c r=\"E2\" t=\"e\"><f>A1/0</f><v>#DIV/0!</v></c>\
        <c r=\"F2\"><f>SUM(A1)</f></c><c r=\"G2\"><f>SUM(A1)</f><v></v></c><c r=\"H2\" t=\"str\"><f>A9</f><v></v></c>\
        <c r=\"I2\" t=\"str\"><f>A1</f><v>a &lt; b</v></c><c r=\"J2\" s=\"2\"><v>1.5</v></c>\
        <c r=\"K2\" t=\"d\"><v>2022-03-10T00:00:00</v></c><c r=\"L2\" t=\"s\"><v>99</v></c>\
        <c t=\"inlineStr\"><is><r><t>in </t></r><r><t>line</t></r></is></c></row>";
    let shared = "<si><t>Name</t></si><si><r><t>O&apos;</t></r><r><t>Neill</t></r><rPh><t>x</t></rPh></si>";
    let (_, rows) = read(&Book { shared, ..Book::of(row) }, "header = { none = true }");
    assert_eq!(rows[0].1, [text("Name")]);
    let expected = [
        text("O'Neill"),
        RawCell::Number(12.5),
        day(2022, 3, 10),
        RawCell::Bool(true),
        RawCell::Error(Problem::UnreadableCell),
        RawCell::Error(Problem::NotCalculated),
        RawCell::Error(Problem::NotCalculated),
        RawCell::Empty,
        text("a < b"),
        RawCell::Number(1.5),
        day(2022, 3, 10),
        RawCell::Error(Problem::UnreadableCell),
        text("in line"),
    ];
    assert_eq!(rows[1].1, expected);
}

#[test]
fn days_are_counted_from_1900_or_from_1904() {
    let row = "<row r=\"1\"><c s=\"1\"><v>1</v></c><c s=\"1\"><v>59</v></c><c s=\"1\"><v>60</v></c>\
               <c s=\"1\"><v>61</v></c><c s=\"1\"><v>43168.75</v></c></row>";
    let (_, rows) = read(&Book::of(row), "header = { none = true }");
    let no_such_day = RawCell::Number(60.0);
    assert_eq!(rows[0].1, [day(1900, 1, 1), day(1900, 2, 28), no_such_day, day(1900, 3, 1), day(2018, 3, 9)]);
    let later = Book { properties: " date1904=\"1\"", ..Book::of(row) };
    let (_, rows) = read(&later, "header = { none = true }");
    assert_eq!((rows[0].1[0].clone(), rows[0].1[4].clone()), (day(1904, 1, 2), day(2022, 3, 10)));
}

#[test]
fn a_header_stands_anywhere_in_the_first_rows_and_over_two() {
    let rows = |at: u32| {
        let title = texts(1, &["Riverside", "start of term"]);
        format!("{title}{}{}", texts(at, &["Surname ", "Start\ndate"]), texts(at + 1, &["Archer", "x"]))
    };
    let wanted = "header = { must_have = [\"surname\", \"start date\"] }";
    let (table, found) = read(&Book::of(&rows(29)), wanted);
    assert_eq!(
        (table.header, numbers(&found)),
        (vec!["surname".to_owned(), "startdate".to_owned()], vec![30])
    );
    let late = read_file(&Book::of(&rows(31)).file(), &form(wanted), &[]).err();
    assert_eq!(late, Some(Problem::NoHeader));
}

#[test]
fn a_band_reaches_as_far_as_it_is_merged() {
    let band = texts(4, &["Learner", "", "Placement", "", ""]);
    let rows = format!(
        "{band}{}{}",
        texts(5, &["UPN", "Name", "Start", "End", "Notes"]),
        texts(6, &["a", "b", "c", "d", "e"])
    );
    let merged = "<mergeCells><mergeCell ref=\"A4:B4\"/><mergeCell ref=\"C4:D4\"/></mergeCells>";
    let book = |behind| Book { sheets: vec![("S", "visible", sheet(&rows, behind))], ..Book::of("") };
    let two = "header = { rows = 2, must_have = [\"placement start\"] }";
    let (table, found) = read(&book(merged), two);
    assert_eq!(table.header, ["learnerupn", "learnername", "placementstart", "placementend", "notes"]);
    assert_eq!(numbers(&found), [6]);
    // Nobody merged anything: the band stands over the empty cells to its right.
    assert_eq!(read(&book(""), two).0.header[4], "placementnotes");
}

#[test]
fn cells_merged_downwards_repeat_where_the_connector_says_so() {
    let rows =
        [texts(1, &["Class", "Name"]), texts(2, &["7B", "a"]), texts(3, &["", "b"]), texts(4, &["8C", "c"])];
    let book = Book::of(&rows.concat());
    let classes = |rows: Rows| rows.into_iter().map(|(_, mut cells)| cells.remove(0)).collect::<Vec<_>>();
    assert_eq!(classes(read(&book, "fill_down = [\"Class\"]").1), [text("7B"), text("7B"), text("8C")]);
    assert_eq!(classes(read(&book, "").1), [text("7B"), RawCell::Empty, text("8C")]);
}

#[test]
fn hidden_rows_are_read_and_counted_and_hidden_sheets_passed_over() {
    let hidden = texts(3, &["b"]).replace("<row ", "<row hidden=\"1\" ");
    let rows = format!("{}{}{hidden}", texts(1, &["Name"]), texts(2, &["a"]));
    let mut book = Book::of(&rows);
    book.sheets.insert(0, ("Old", "veryHidden", sheet(&texts(1, &["Other"]), "")));
    let (table, found) = read(&book, "");
    assert_eq!((numbers(&found), table.hidden_rows), (vec![2, 3], 1));
    assert_eq!((table.part, table.hidden_sheets), (2, 1));
    let none = read_file(&book.file(), &form("sheet = { like = [\"old\"] }"), &[]).err();
    assert_eq!(none, Some(Problem::NoSheet));
}

#[test]
fn a_table_ends_at_its_total_and_after_many_blank_rows() {
    let rows = [
        texts(1, &["Name", "Hours"]),
        texts(2, &["Archer", "5"]),
        texts(3, &["Name", "Hours"]),
        texts(4, &["Closed cases", ""]),
        texts(6, &["Baker", "6"]),
        texts(8, &["TOTAL", "11"]),
        texts(9, &["Clarke", "7"]),
    ];
    let book = Book::of(&rows.concat());
    let told = "stop = { row_like = [\"total\"] }\npass_over = [\"closed cases\"]";
    assert_eq!(numbers(&read(&book, told).1), [2, 6], "the repeated header is no row either");
    assert_eq!(numbers(&read(&book, "stop = { blank_rows = 1 }").1), [2, 4]);
}

#[test]
fn thousands_of_blank_rows_and_a_stray_cell_far_away_cost_nothing() {
    let blank: String =
        (3..20_000).map(|n| format!("<row r=\"{n}\"><c r=\"A{n}\" s=\"1\"/></row>")).collect();
    let stray = "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
    let beside =
        texts(2, &["Archer"]).replace("</row>", "<c r=\"F2\"><v>1</v></c><c r=\"XFD2\"><v>1</v></c></row>");
    let (_, found) = read(&Book::of(&format!("{}{beside}{blank}{stray}", texts(1, &["Name"]))), "");
    assert_eq!(found, [(2, vec![text("Archer")])], "a note beside the table shifts nothing");
}

#[test]
fn each_of_several_tables_on_a_sheet_ends_where_the_next_begins() {
    let rows = [
        texts(1, &["Placements"]),
        texts(2, &["Name", "Start"]),
        texts(3, &["Archer", "1"]),
        texts(4, &["Reviews"]),
        texts(5, &["Name", "Reviewed on", "Start"]),
        texts(6, &["Baker", "2"]),
    ];
    let file = Book::of(&rows.concat()).file();
    let placements = form("header = { must_have = [\"name\", \"start\"] }\npass_over = [\"reviews\"]");
    let reviews = form("header = { must_have = [\"name\", \"reviewed on\"] }");
    let (_, first) = read_file(&file, &placements, &[&reviews]).unwrap();
    let (_, second) = read_file(&file, &reviews, &[&placements]).unwrap();
    assert_eq!((numbers(&first), numbers(&second)), (vec![3], vec![6]));
}

#[test]
fn names_with_prefixes_and_rows_without_numbers_are_read() {
    let rows = "<x:row><x:c t=\"inlineStr\"><x:is><x:t>Name</x:t></x:is></x:c></x:row><x:row/>\
                <x:row><x:c t=\"inlineStr\"><x:is><x:t>Archer</x:t></x:is></x:c></x:row>";
    let text_of_sheet =
        format!("<x:worksheet><x:dimension ref=\"A1\"/><x:sheetData>{rows}</x:sheetData></x:worksheet>");
    let book = Book { sheets: vec![("S", "visible", text_of_sheet)], ..Book::of("") };
    assert_eq!(read(&book, "").1, [(3, vec![text("Archer")])]);
}

#[test]
fn a_sheet_longer_than_what_is_read_at_once_is_whole() {
    let rows: String = (2..30_000).map(|n| texts(n, &["Archer", &n.to_string(), "x"])).collect();
    let (_, found) = read(&Book::of(&(texts(1, &["Name", "N", "X"]) + &rows)), "");
    assert_eq!(found.len(), 29_998);
    assert!(found.iter().all(|(number, cells)| cells[1] == text(&number.to_string())));
}

#[test]
fn a_sheet_that_breaks_off_gives_what_came_before_and_says_so() {
    let whole = texts(1, &["Name"]) + &texts(2, &["Archer"]) + "<row r=\"3\"><c";
    let broken = format!("<worksheet><sheetData>{whole}");
    let book = Book { sheets: vec![("S", "visible", broken)], ..Book::of("") };
    let document = Document::open(book.file().path()).unwrap();
    let mut table = open(&document, &form(""), &[]).unwrap();
    assert_eq!(table.next_row().unwrap().unwrap().0, 2);
    assert_eq!(table.next_row().err(), Some(Problem::CutShort));
}

#[test]
fn what_kind_of_file_it_is_its_content_says() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let read_as = |bytes: &[u8], form: &FileForm| {
        std::fs::write(file.path(), bytes).unwrap();
        read_file(&file, form, &[]).map(|(_, rows)| rows)
    };
    let sheet = form("");
    assert_eq!(read_as(b"Name\tStart\nArcher\t1,5\n", &sheet).unwrap()[0].1, [text("Archer"), text("1,5")]);
    let strict: FileForm = toml::from_str("format = \"xlsx\"\nname = \"x\"").unwrap();
    assert_eq!(read_as(b"Name\tStart\n", &strict), Err(Problem::UnreadableFile));
    assert_eq!(read_as(b"PK\x03\x04 half of a workbook", &sheet), Err(Problem::CutShort));
    assert_eq!(read_as(b"", &sheet), Err(Problem::Empty));
}
