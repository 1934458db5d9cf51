//! What a cell of a published table can be: how it is read from Arrow and how it is printed.
use arrow::{
    array::{Array, ArrayRef, AsArray},
    compute::cast,
    datatypes::{DataType, Date32Type, Decimal128Type, Int64Type},
};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// A person by their true number; 0 is a learner id that stands for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person(pub u32);

/// A decimal with a fixed number of places, held as a whole number: `Fixed::<4>(2500)` is 0.2500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixed<const PLACES: u32>(pub i64);

impl<const PLACES: u32> Fixed<PLACES> {
    /// A fraction, rounded half up; none when the denominator is 0.
    pub fn fraction(numerator: i64, denominator: i64) -> Option<Self> {
        let scaled = i128::from(numerator) * 10_i128.pow(PLACES) * 2 + i128::from(denominator);
        (denominator > 0).then(|| Self(scaled.div_euclid(i128::from(denominator) * 2) as i64))
    }

    /// A number that is not a fraction of whole ones, rounded half up.
    pub fn round(number: f64) -> Self {
        Self((number * 10_f64.powi(PLACES as i32) + 0.5).floor() as i64)
    }
}

/// Which person each published learner is: 32 hex characters to the true number.
pub type People = BTreeMap<String, u32>;

/// A column of a published table, in one of the six shapes that cells are read from.
pub struct Column {
    name: &'static str,
    array: ArrayRef,
}

impl Column {
    /// Widens whatever width of text or whole number the file has.
    pub fn new(name: &'static str, array: &ArrayRef) -> Result<Self, String> {
        let to = match array.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
                DataType::Utf8
            }
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
            | DataType::UInt64 => DataType::Int64,
            kept @ (DataType::Date32 | DataType::Boolean | DataType::Decimal128(..)) => kept.clone(),
            other => return Err(format!("column {name} is {other}, which no published column is")),
        };
        Ok(Self { name, array: cast(array, &to).map_err(|error| error.to_string())? })
    }

    fn wrong(&self, wanted: &str) -> String {
        format!("column {} is {}, not {wanted}", self.name, self.array.data_type())
    }
}

/// A cell that is never empty. `Option` of it is a cell that may be.
pub trait Cell: Sized {
    fn read(column: &Column, row: usize, people: &People) -> Result<Self, String>;
    fn show(&self) -> String;
}

impl<T: Cell> Cell for Option<T> {
    fn read(column: &Column, row: usize, people: &People) -> Result<Self, String> {
        if column.array.is_null(row) { Ok(None) } else { T::read(column, row, people).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "-".to_owned(), Cell::show)
    }
}

/// Refuses an empty cell where the row says that it never is.
fn filled(column: &Column, row: usize) -> Result<(), String> {
    if column.array.is_null(row) {
        return Err(format!("column {} is empty in row {row}", column.name));
    }
    Ok(())
}

impl Cell for String {
    fn read(column: &Column, row: usize, _: &People) -> Result<Self, String> {
        filled(column, row)?;
        let texts = column.array.as_string_opt::<i32>().ok_or_else(|| column.wrong("text"))?;
        Ok(texts.value(row).to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Cell for Person {
    fn read(column: &Column, row: usize, people: &People) -> Result<Self, String> {
        let id = String::read(column, row, people)?;
        if id.len() != 32 || id.bytes().any(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(format!("column {} is not 32 hex characters in row {row}", column.name));
        }
        Ok(Self(people.get(&id).copied().unwrap_or(0)))
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl Cell for NaiveDate {
    fn read(column: &Column, row: usize, _: &People) -> Result<Self, String> {
        filled(column, row)?;
        let days = column.array.as_primitive_opt::<Date32Type>().ok_or_else(|| column.wrong("a date"))?;
        days.value_as_date(row).ok_or_else(|| format!("column {} holds no date in row {row}", column.name))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Cell for bool {
    fn read(column: &Column, row: usize, _: &People) -> Result<Self, String> {
        filled(column, row)?;
        Ok(column.array.as_boolean_opt().ok_or_else(|| column.wrong("yes or no"))?.value(row))
    }

    fn show(&self) -> String {
        if *self { "yes".to_owned() } else { "no".to_owned() }
    }
}

impl Cell for i64 {
    fn read(column: &Column, row: usize, _: &People) -> Result<Self, String> {
        filled(column, row)?;
        let numbers = column.array.as_primitive_opt::<Int64Type>();
        Ok(numbers.ok_or_else(|| column.wrong("a whole number"))?.value(row))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl<const PLACES: u32> Cell for Fixed<PLACES> {
    fn read(column: &Column, row: usize, _: &People) -> Result<Self, String> {
        filled(column, row)?;
        let numbers =
            column.array.as_primitive_opt::<Decimal128Type>().ok_or_else(|| column.wrong("a decimal"))?;
        let scale = u32::try_from(numbers.scale()).map_err(|_| column.wrong("a decimal with places"))?;
        let scaled = numbers.value(row) * 10_i128.pow(PLACES);
        let per = 10_i128.pow(scale);
        if scaled % per != 0 {
            return Err(format!("column {} has more than {PLACES} decimals in row {row}", column.name));
        }
        i64::try_from(scaled / per).map_err(|_| column.wrong("a number of that size")).map(Self)
    }

    fn show(&self) -> String {
        let per = 10_i64.pow(PLACES);
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}.{:0places$}", self.0.abs() / per, self.0.abs() % per, places = PLACES as usize)
    }
}

#[test]
fn fractions_are_rounded_half_up() {
    assert_eq!(Fixed::<4>::fraction(1, 3), Some(Fixed(3333)));
    assert_eq!(Fixed::<4>::fraction(2, 3), Some(Fixed(6667)));
    assert_eq!(Fixed::<4>::fraction(1, 32), Some(Fixed(313)));
    assert_eq!(Fixed::<4>::fraction(1, 0), None);
    assert_eq!(Fixed::<4>::round(0.031_25), Fixed(313));
    assert_eq!(Fixed::<2>(10_450).show(), "104.50");
    assert_eq!(Fixed::<4>(-50).show(), "-0.0050");
}
