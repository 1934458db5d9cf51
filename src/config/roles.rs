use std::collections::{BTreeMap, BTreeSet};

/// What somebody may do with identities. Nobody has a role that the configuration does not give them by name; in a
/// demonstration, whose people are invented, everybody has every role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks at two records side by side and says whether they are one person.
    Linkage,
    /// Opens a case of somebody's rights: access, objection, restriction, rectification, erasure.
    Rights,
    /// Confirms what another opened: a case, a change of key.
    Approver,
    /// Gets rows about the people of their own roll.
    Caseworker,
    /// Reads the audit.
    Auditor,
}

impl Role {
    /// The word in the configuration and in the audit.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Linkage => "linkage",
            Self::Rights => "rights",
            Self::Approver => "approver",
            Self::Caseworker => "caseworker",
            Self::Auditor => "auditor",
        }
    }

    /// All of them.
    pub const ALL: [Self; 5] = [Self::Linkage, Self::Rights, Self::Approver, Self::Caseworker, Self::Auditor];

    /// Whether whoever has it is shown who somebody is.
    pub const fn sees_identities(self) -> bool {
        matches!(self, Self::Linkage | Self::Rights | Self::Caseworker)
    }

    /// Whether whoever has it may split, derive from or replace the key.
    pub const fn changes_keys(self) -> bool {
        matches!(self, Self::Approver)
    }
}

/// Who has which role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    pub(super) holders: BTreeMap<Role, BTreeSet<String>>,
    /// A small team: who opened a case may confirm it. What came of it says so.
    pub one_person_may_confirm: bool,
    /// Whether everybody has every role: a demonstration.
    pub(super) open: bool,
}

/// The `[roles]` of the file: users of the operating system for each role.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawRoles {
    linkage: BTreeSet<String>,
    rights: BTreeSet<String>,
    approver: BTreeSet<String>,
    caseworker: BTreeSet<String>,
    auditor: BTreeSet<String>,
    one_person_may_confirm: bool,
}

impl RawRoles {
    pub(super) fn checked(self, demo: bool) -> Roles {
        let holders = [
            (Role::Linkage, self.linkage),
            (Role::Rights, self.rights),
            (Role::Approver, self.approver),
            (Role::Caseworker, self.caseworker),
            (Role::Auditor, self.auditor),
        ];
        Roles {
            holders: holders.into_iter().collect(),
            one_person_may_confirm: self.one_person_may_confirm || demo,
            open: demo,
        }
    }
}

impl Roles {
    /// Whether a user of the operating system has a role.
    pub fn may(&self, who: &str, role: Role) -> bool {
        self.open || self.holders.get(&role).is_some_and(|holders| holders.contains(who))
    }

    /// Who has a role by name.
    pub fn holders_of(&self, role: Role) -> Vec<&str> {
        self.holders.get(&role).into_iter().flatten().map(String::as_str).collect()
    }

    /// Roles that nobody has.
    pub fn nobodys(&self) -> Vec<Role> {
        let held = |role: &Role| self.open || self.holders.get(role).is_some_and(|held| !held.is_empty());
        Role::ALL.into_iter().filter(|role| !held(role)).collect()
    }

    /// Who, by two roles, may both change keys and see identities.
    pub fn of_both_hands(&self) -> Vec<&str> {
        let of = |does: fn(Role) -> bool| -> BTreeSet<&str> {
            let roles = self.holders.iter().filter(|(role, _)| does(**role));
            roles.flat_map(|(_, holders)| holders.iter().map(String::as_str)).collect()
        };
        of(Role::changes_keys).intersection(&of(Role::sees_identities)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_role_alone_changes_keys_and_sees_identities() {
        assert!(Role::ALL.iter().all(|role| !(role.changes_keys() && role.sees_identities())));
        assert!(Role::ALL.iter().any(|role| role.changes_keys()));
        let raw: RawRoles = toml::from_str("approver = [\"ann\", \"bob\"]\nrights = [\"bob\"]").unwrap();
        let roles = raw.checked(false);
        assert_eq!(roles.of_both_hands(), ["bob"]);
        assert_eq!(roles.nobodys(), [Role::Linkage, Role::Caseworker, Role::Auditor]);
        assert!(roles.may("ann", Role::Approver) && !roles.may("ann", Role::Rights));
    }
}
