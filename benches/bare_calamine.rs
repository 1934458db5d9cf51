//! Reads the first sheet of a workbook with calamine and nothing else: every cell is looked at, nothing is kept.
//! What `benches/sheet` compares with.
use calamine::{DataRef, Reader, Xlsx, open_workbook};
use std::{env, fs::File, io::BufReader, process::ExitCode};

fn main() -> ExitCode {
    let rows = env::args().nth(1).and_then(|path| read(&path));
    let Some((rows, checksum)) = rows else { return ExitCode::FAILURE };
    // The sum keeps the reading from being left out as useless.
    ExitCode::from(u8::from(rows == 0 || checksum == 1))
}

fn read(path: &str) -> Option<(u32, u64)> {
    let mut book: Xlsx<BufReader<File>> = open_workbook(path).ok()?;
    let name = book.sheet_names().first()?.clone();
    let mut cells = book.worksheet_cells_reader(&name).ok()?;
    let (mut rows, mut sum) = (0, 0_u64);
    while let Some(cell) = cells.next_cell().ok()? {
        rows = cell.get_position().0;
        sum = sum.wrapping_add(match cell.get_value() {
            DataRef::String(text) => text.len() as u64,
            DataRef::SharedString(text) => text.len() as u64,
            DataRef::Float(number) => number.to_bits(),
            _ => 2,
        });
    }
    Some((rows, sum))
}
