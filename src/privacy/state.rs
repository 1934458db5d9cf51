use std::fmt;

/// A value that may identify a learner. Exists in memory only.
///
/// No `Clone`, `Display` or `Serialize`; `Debug` prints the state, never the content. Stages work on it under the
/// veil with [`Identified::map`]; its only ways on are the door and the encrypted register.
pub struct Identified<T>(T);

impl<T> Identified<T> {
    /// Puts a value under the veil.
    pub const fn new(value: T) -> Self {
        Self(value)
    }
    /// Works on the value without lifting the veil.
    #[must_use = "the veiled value is consumed"]
    pub fn map<U>(self, work: impl FnOnce(T) -> U) -> Identified<U> {
        Identified(work(self.0))
    }
    /// Looks at the value inside this crate's identified zone. Not for anything that writes or prints.
    pub(crate) const fn veiled(&self) -> &T {
        &self.0
    }
    /// Takes the value inside this crate's identified zone. Not for anything that writes or prints.
    pub(crate) fn unveil(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Identified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identified(…)")
    }
}

/// A value that has been through the door: personal data still, but without a direct identifier.
pub struct Pseudonymous<T>(T);

impl<T> Pseudonymous<T> {
    /// Only the door makes one.
    pub(in crate::privacy) const fn drawn(value: T) -> Self {
        Self(value)
    }
    /// Looks at the value.
    pub const fn get(&self) -> &T {
        &self.0
    }
    /// Takes the value.
    pub fn into_inner(self) -> T {
        self.0
    }
    /// Reshapes the value. Within the crate only: a closure from elsewhere could smuggle something identified in.
    #[must_use]
    pub(crate) fn map<U>(self, work: impl FnOnce(T) -> U) -> Pseudonymous<U> {
        Pseudonymous(work(self.0))
    }
}

impl<T> Pseudonymous<T> {
    /// Many drawn values as one drawn list.
    pub fn gather(values: impl IntoIterator<Item = Self>) -> Pseudonymous<Vec<T>> {
        Pseudonymous(values.into_iter().map(|value| value.0).collect())
    }
}

impl<T> fmt::Debug for Pseudonymous<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonymous(…)")
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::Pseudonymous<T> {}
}

/// What the lake may write: only what came through the door.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may still identify a learner",
    label = "not yet behind the veil",
    note = "call `Door::draw` first: only `Pseudonymous` data may be stored"
)]
pub trait Storable: sealed::Sealed {
    /// What is stored.
    type Content;
    /// Takes the content out, to be written.
    fn into_content(self) -> Self::Content;
}

impl<T> Storable for Pseudonymous<T> {
    type Content = T;
    fn into_content(self) -> T {
        self.0
    }
}
