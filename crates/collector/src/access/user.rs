//! Users: their names, and what they may do.

use std::fmt;
use std::str::FromStr;

use crate::token::Scope;

/// Longest name, in characters.
const MAX: usize = 64;

/// What somebody is called: letters, digits and `. _ - @ +`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserName(String);

/// Not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a user's name has 1 to {MAX} letters a to z, digits, and any of . _ - @ +, and begins with a letter or a digit"
)]
pub struct NotAName;

/// What somebody may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// See what messages add up to.
    Viewer,
    /// See that, and single clusters and messages.
    Support,
    /// All of it, and keys, tokens and users.
    Admin,
}

/// Not a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of viewer, support, admin")]
pub struct UnknownRole;

impl UserName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<UserName, NotAName> {
        let name = text.trim().to_ascii_lowercase();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let begins = name.chars().next().is_some_and(plain);
        let valid = begins && name.len() <= MAX && name.chars().all(|c| plain(c) || "._-@+".contains(c));
        valid.then_some(UserName(name)).ok_or(NotAName)
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Support, Role::Admin];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Support => "support",
            Role::Admin => "admin",
        }
    }

    /// The role that covers what a scope does.
    pub const fn of(scope: Scope) -> Role {
        match scope {
            Scope::Read => Role::Viewer,
            Scope::Support => Role::Support,
            Scope::Admin => Role::Admin,
        }
    }

    /// The scope that a token would need for the same.
    pub const fn scope(self) -> Scope {
        match self {
            Role::Viewer => Scope::Read,
            Role::Support => Scope::Support,
            Role::Admin => Scope::Admin,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Role, UnknownRole> {
        let found = Role::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_of_one_case() {
        assert_eq!(
            " Ada.L@example.com ".parse::<UserName>().unwrap().as_str(),
            "ada.l@example.com"
        );
        for text in ["", " ", "a b", "<b>", "ä", "-a", "@a", "a\n", &"a".repeat(65)] {
            let name = text.parse::<UserName>();
            // What is only around it does not belong to it.
            assert!(name.is_err() || text.trim() == name.unwrap().as_str(), "{text:?}");
        }
        assert!("<b>".parse::<UserName>().is_err() && "-a".parse::<UserName>().is_err());
        assert!("a".repeat(65).parse::<UserName>().is_err());
    }

    #[test]
    fn roles_cover_what_scopes_do() {
        for (role, scope) in Role::ALL.into_iter().zip(Scope::ALL) {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!((role.scope(), Role::of(scope)), (scope, role));
        }
        assert_eq!("root".parse::<Role>(), Err(UnknownRole));
    }
}
