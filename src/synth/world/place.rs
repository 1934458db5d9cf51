//! Schools, providers, postcodes.
use super::Code;
use chrono::NaiveDate;

/// Index of an establishment in [`super::World::establishments`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub u16);

/// Index of a postcode in [`super::World::postcodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostcodeNo(pub u32);

/// What the generator uses an establishment for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// State-funded primary school.
    Primary,
    /// State-funded secondary school, to 16 or 18.
    Secondary,
    /// State-funded special school, all ages.
    Special,
    /// Pupil referral unit, AP academy or AP free school.
    StateAp,
    /// Alternative provider that is not a state school.
    Provider,
    /// Independent school, all ages.
    Independent,
    /// College or sixth form.
    College,
    /// Secure setting.
    Secure,
}

/// A school, college or provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Establishment {
    /// URN, or the authority's site reference (AP01) where there is none.
    pub id: String,
    /// Name.
    pub name: String,
    /// `establishment_type`; none for a provider without URN.
    pub type_code: Option<Code>,
    /// `establishment_kind`, as the provider list states it (providers) or as its type implies.
    pub kind: Code,
    /// What the generator uses it for.
    pub phase: Phase,
    /// Local authority, three digits.
    pub la: Code,
    /// Establishment number, four digits; of one school within the authority, which keeps it when it converts.
    pub estab: u16,
    /// Has Years 12 and 13.
    pub sixth_form: bool,
    /// Opening date.
    pub opened_on: Option<NaiveDate>,
    /// Closing date, the last day.
    pub closed_on: Option<NaiveDate>,
    /// Its management information system is served by the API.
    pub on_mis: bool,
    /// It makes the school census of this authority.
    pub in_census: bool,
    /// Folder of its workbooks under `ap/`, for a provider.
    pub folder: Option<String>,
}

/// Which establishment became which: the linked one is the `link_type` of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EstablishmentLink {
    /// The establishment.
    pub place: Place,
    /// Its predecessor or successor.
    pub linked: Place,
    /// `establishment_link_type`.
    pub link_type: Code,
    /// When.
    pub linked_on: NaiveDate,
}

/// A home postcode. The area code ZT belongs to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postcode {
    /// As written, with the space.
    pub text: String,
    /// Lower layer super output area.
    pub lsoa: String,
    /// Electoral ward: as large as the postal district.
    pub ward: String,
    /// Local authority, three digits.
    pub la: Code,
}
