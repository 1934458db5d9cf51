use super::{Cell, ColumnPlan, ColumnType, EntityPlan, Identity, Keyed, Origin, PostcodeDirectory};
use super::{Digest16, Identified, PersonKey, Pseudonym, Pseudonymous, Row, Treatment};
use zeroize::Zeroizing;

/// One row behind the veil: a keyed subject and the columns that the schema lets through.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Which entity, by position in the definitions.
    pub entity: usize,
    /// Whom it is about; none in a public entity.
    pub subject: Option<Pseudonym>,
    /// The row's name: source, entity, subject and key columns, keyed.
    pub row_key: Digest16,
    /// What it says, keyed: equal when nothing changed.
    pub row_hash: i64,
    /// Cells in the entity's column order; a dropped column's cell is empty.
    pub cells: Vec<Cell>,
    /// Where it came from.
    pub origin: Origin,
}

impl Drawn {
    /// The row that says another is gone: its name, and nothing in it.
    pub fn gone(
        entity: usize,
        columns: usize,
        subject: Option<Pseudonym>,
        row_key: Digest16,
        origin: Origin,
    ) -> Pseudonymous<Self> {
        let cells = vec![Cell::Null; columns];
        Pseudonymous::drawn(Self { entity, subject, row_key, row_hash: 0, cells, origin })
    }
}

/// Room for what is digested of a row, used again for the next: the door is the busiest place of a pull. Wiped at its
/// end.
#[derive(Default)]
pub struct Scratch(Zeroizing<Vec<u8>>);

/// The one way from identified to pseudonymous.
pub struct Door<'a> {
    keyed: &'a Keyed,
    source: &'a str,
    directory: &'a PostcodeDirectory,
    placeless: bool,
}

impl<'a> Door<'a> {
    /// A door for one source, under one key.
    pub const fn new(keyed: &'a Keyed, source: &'a str, directory: &'a PostcodeDirectory) -> Self {
        Self { keyed, source, directory, placeless: false }
    }

    /// A door that lets no place through: for people of whom nobody may learn where they are.
    #[must_use]
    pub const fn placeless(self, placeless: bool) -> Self {
        Self { placeless, ..self }
    }

    /// The subject of a person as this source and tenant key them.
    pub fn subject(&self, tenant: &str, person: &Identified<PersonKey>) -> Pseudonym {
        self.keyed.subject(self.source, tenant, &person.veiled().0)
    }

    /// Draws one row through: keep, coarsen, hash or drop each column as the schema says, and name the row.
    pub fn draw(
        &self,
        row: Identified<Row>,
        plan: &EntityPlan,
        subject: Option<Pseudonym>,
        identity: &Identified<Identity>,
        scope: Option<&Digest16>,
        bytes: &mut Scratch,
    ) -> Pseudonymous<Drawn> {
        let Row { entity, mut cells, origin } = row.unveil();
        let bytes = &mut bytes.0;
        for (column, cell) in plan.columns.iter().zip(&mut cells) {
            let raw = std::mem::take(cell);
            *cell = self.treat(column, raw, identity.veiled(), bytes);
        }
        let subject = if plan.public { None } else { subject };
        let row_key = row_key(self.keyed, (self.source, plan), subject.as_ref(), scope, &cells, bytes);
        let row_hash = row_hash(self.keyed, &cells, bytes);
        // The row is named as ever: it is the same row when its places may be told again, and when they may not any more.
        if self.placeless && !plan.public {
            for (column, cell) in plan.columns.iter().zip(&mut cells) {
                if column.tells_a_place() {
                    *cell = column.without_place();
                }
            }
        }
        Pseudonymous::drawn(Drawn { entity, subject, row_key, row_hash, cells, origin })
    }

    fn treat(&self, column: &ColumnPlan, cell: Cell, identity: &Identity, bytes: &mut Vec<u8>) -> Cell {
        match column.treatment {
            Treatment::Drop => Cell::Null,
            Treatment::Keep => match (column.from_identity, &cell) {
                (Some(at), Cell::Null) => identity.get(at).map_or(Cell::Null, |text| Cell::Text(text.into())),
                _ => cell,
            },
            Treatment::Coarsen => column
                .from_identity
                .and_then(|at| identity.get(at))
                .map_or(Cell::Null, |text| coarsen(&column.kind, text, self.directory)),
            Treatment::Hash if cell == Cell::Null => Cell::Null,
            Treatment::Hash => {
                bytes.clear();
                cell.encode(bytes);
                Cell::Digest(self.keyed.trail("column", &[column.name.as_str().as_bytes(), bytes]))
            }
        }
    }
}

/// A row's name. What two snapshots of different scope say stands side by side: neither takes the other's row away.
pub(super) fn row_key(
    keyed: &Keyed,
    (source, plan): (&str, &EntityPlan),
    subject: Option<&Pseudonym>,
    scope: Option<&Digest16>,
    cells: &[Cell],
    key: &mut Vec<u8>,
) -> Digest16 {
    key.clear();
    key.push(b'k');
    for word in [source, plan.name.as_str()] {
        key.extend_from_slice(&(word.len() as u32).to_le_bytes());
        key.extend_from_slice(word.as_bytes());
    }
    for id in [subject, scope] {
        key.push(u8::from(id.is_some()));
        key.extend(id.into_iter().flatten());
    }
    for at in &plan.key {
        cells[*at].encode(key);
    }
    keyed.name(key)
}

/// A digest of what a row says.
pub(super) fn row_hash(keyed: &Keyed, cells: &[Cell], bytes: &mut Vec<u8>) -> i64 {
    bytes.clear();
    bytes.push(b'c');
    for cell in cells {
        cell.encode(bytes);
    }
    let name = keyed.name(bytes);
    name.first_chunk().map_or(0, |first| i64::from_le_bytes(*first))
}

/// The coarse form of an identity text: the month of a birth date, the area of a postcode.
fn coarsen(kind: &ColumnType, text: &str, directory: &PostcodeDirectory) -> Cell {
    match kind {
        ColumnType::Month => month_of(text),
        ColumnType::Lsoa => directory.find(text).map_or(Cell::Null, |area| Cell::Text((&*area.lsoa).into())),
        ColumnType::Ward => directory
            .find(text)
            .and_then(|area| area.ward.as_deref())
            .map_or(Cell::Null, |ward| Cell::Text(ward.into())),
        ColumnType::Authority => {
            directory.find(text).map_or(Cell::Null, |area| Cell::Text((&*area.la).into()))
        }
        _ => Cell::Null,
    }
}

fn month_of(iso: &str) -> Cell {
    let number = |range: std::ops::Range<usize>| iso.get(range).and_then(|digits| digits.parse::<i32>().ok());
    let first = match (number(0..4), number(5..7)) {
        (Some(year), Some(month)) => chrono::NaiveDate::from_ymd_opt(year, month as u32, 1),
        _ => None,
    };
    first.map_or(Cell::Null, |first| Cell::Date(days(first)))
}

/// Days since 1 January 1970.
pub(crate) fn days(date: chrono::NaiveDate) -> i32 {
    date.signed_duration_since(chrono::NaiveDate::default()).num_days() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fault::Name,
        privacy::{Area, Key},
    };

    fn plan() -> EntityPlan {
        let column = |name: &str, kind, treatment, from_identity| ColumnPlan {
            name: Name::declare(name),
            kind,
            treatment,
            from_identity,
            required: false,
            range: None,
        };
        EntityPlan {
            name: Name::declare("learner"),
            public: false,
            columns: vec![
                column("birth_month", ColumnType::Month, Treatment::Coarsen, Some(0)),
                column("home_la", ColumnType::Authority, Treatment::Coarsen, Some(1)),
                column("ward", ColumnType::Ward, Treatment::Coarsen, Some(1)),
                column("note", ColumnType::Text, Treatment::Drop, None),
            ],
            key: vec![],
            dated_by: None,
            interval: None,
        }
    }

    #[test]
    fn coarsening_keeps_the_month_and_the_area_and_nothing_else() {
        let keyed = Key::for_demo(1).keyed();
        let mut directory = PostcodeDirectory::default();
        let area = |ward: Option<&str>| Area {
            lsoa: "E01999001".into(),
            ward: ward.map(Into::into),
            la: "998".into(),
        };
        directory.insert("ZT1 1AA", area(Some("E05999001")));
        directory.insert("ZT1 1AB", area(None));
        let door = Door::new(&keyed, "school", &directory);
        let subject = door.subject("", &Identified::new(PersonKey("17".to_owned())));
        let drawn = |postcode: &str| {
            let identity =
                Identified::new(Identity(vec![Some("2010-03-31".to_owned()), Some(postcode.to_owned())]));
            let origin = Origin { document: [0; 16], part: 1, row: 2 };
            let cells = vec![Cell::Null, Cell::Null, Cell::Null, Cell::Text("a secret".into())];
            let row = Identified::new(Row { entity: 0, cells, origin });
            let drawn = door.draw(row, &plan(), Some(subject), &identity, None, &mut Scratch::default());
            drawn.get().cells.clone()
        };
        let first = Cell::Date(days(chrono::NaiveDate::from_ymd_opt(2010, 3, 1).unwrap()));
        let text = |text: &str| Cell::Text(text.into());
        assert_eq!(drawn("zt11aa"), [first.clone(), text("998"), text("E05999001"), Cell::Null]);
        assert_eq!(drawn("ZT1 1AB"), [first.clone(), text("998"), Cell::Null, Cell::Null], "no ward is told");
        assert_eq!(drawn("ZT9 9ZZ"), [first, Cell::Null, Cell::Null, Cell::Null]);
    }
}
