//! The names that may be told. What runs on a cluster is its owner's business: names of public packages, services and units
//! are sent, any other is sent as `other`, so that it is counted but not named.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// What stands for a name that may not be told.
pub const OTHER: &str = "other";

const PACKAGES: &str = include_str!("../../../plan/catalogue/packages.txt");
const FRAMEWORKS: &str = include_str!("../../../plan/catalogue/frameworks.txt");
const UNITS: &str = include_str!("../../../plan/catalogue/units.txt");

/// Which names are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Names {
    /// Those in the catalogue.
    #[default]
    Catalogue,
    /// Every name.
    All,
}

/// Tells names, or doesn't.
#[derive(Debug)]
pub struct Catalogue {
    names: Names,
    packages: HashMap<String, &'static str>,
    frameworks: HashMap<String, &'static str>,
    units: HashMap<String, &'static str>,
    operator_units: Vec<String>,
}

impl Catalogue {
    /// The built-in catalogue, and the units that the operator adds: exact names, or with one `*` at the end.
    pub fn new(names: Names, operator_units: Vec<String>) -> Catalogue {
        let packages = lines(PACKAGES).map(|name| (name.to_lowercase(), name)).collect();
        let frameworks = lines(FRAMEWORKS)
            .chain(lines(PACKAGES))
            .map(|name| (name.to_lowercase(), name))
            .collect();
        let units = lines(UNITS).map(|name| (name.to_owned(), name)).collect();
        Catalogue {
            names,
            packages,
            frameworks,
            units,
            operator_units,
        }
    }

    /// The name under which a package is told.
    pub fn package<'a>(&self, name: &'a str) -> &'a str {
        self.told(&self.packages, name)
    }

    /// The name under which a framework is told.
    pub fn framework<'a>(&self, name: &'a str) -> &'a str {
        self.told(&self.frameworks, name)
    }

    /// The name under which a unit is told. Of a template's instance the text after `@` is dropped: it names a host's own
    /// things (a disk, a customer, a port).
    pub fn unit<'a>(&self, name: &'a str) -> Cow<'a, str> {
        if self.names == Names::All {
            return Cow::Borrowed(name);
        }
        let name = template(name);
        let told = name.starts_with("dcos-") || self.units.contains_key(&*name) || self.is_operators(&name);
        if told && name.len() <= MAX_UNIT_NAME && name.bytes().all(is_unit_name_byte) {
            name
        } else {
            Cow::Borrowed(OTHER)
        }
    }

    fn told<'a>(&self, listed: &HashMap<String, &'static str>, name: &'a str) -> &'a str {
        match self.names {
            Names::All => name,
            Names::Catalogue => listed.get(&name.to_lowercase()).copied().unwrap_or(OTHER),
        }
    }

    fn is_operators(&self, name: &str) -> bool {
        self.operator_units
            .iter()
            .any(|unit| match unit.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => *template(unit) == *name,
            })
    }
}

/// Longest unit name (systemd.unit(5): 255 characters with the type suffix).
pub const MAX_UNIT_NAME: usize = 255;

/// The characters of unit names (systemd.unit(5)).
fn is_unit_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte)
}

/// `getty@tty1.service` → `getty@.service`; other names as they are.
fn template(name: &str) -> Cow<'_, str> {
    let Some((prefix, instance)) = name.split_once('@') else {
        return Cow::Borrowed(name);
    };
    match instance.rsplit_once('.') {
        Some(("", _)) => Cow::Borrowed(name),
        Some((_, suffix)) => Cow::Owned(format!("{prefix}@.{suffix}")),
        None => Cow::Owned(format!("{prefix}@")),
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_the_catalogue_are_not_told() {
        let catalogue = Catalogue::new(
            Names::Catalogue,
            vec!["acme-web.service".into(), "team-*".into(), "job@.service".into()],
        );
        for (name, told) in [
            ("dcos-mesos-master.service", "dcos-mesos-master.service"),
            ("dcos-a.b.service", "dcos-a.b.service"),
            ("sshd.service", "sshd.service"),
            ("getty@tty1.service", "getty@.service"),
            ("dcos-vol@secret-customer.service", "dcos-vol@.service"),
            ("job@42.service", "job@.service"),
            ("acme-web.service", "acme-web.service"),
            ("team-blue.timer", "team-blue.timer"),
            ("acme-db.service", "other"),
            ("dcos-<script>.service", "other"),
            ("", "other"),
        ] {
            assert_eq!(catalogue.unit(name), told, "{name}");
        }
        assert_eq!(catalogue.unit(&format!("dcos-{}", "x".repeat(300))), "other");
        assert_eq!(
            (catalogue.package("Kafka"), catalogue.package("acme-billing")),
            ("kafka", "other")
        );
        assert_eq!(
            (
                catalogue.framework("marathon"),
                catalogue.framework("spark"),
                catalogue.framework("x")
            ),
            ("marathon", "spark", "other")
        );
    }

    #[test]
    fn all_names_are_told_when_asked_for() {
        let catalogue = Catalogue::new(Names::All, vec![]);
        assert_eq!(catalogue.unit("getty@tty1.service"), "getty@tty1.service");
        assert_eq!(
            (catalogue.package("acme"), catalogue.framework("acme")),
            ("acme", "acme")
        );
    }

    #[test]
    fn the_lists_have_no_doubles() {
        for list in [PACKAGES, FRAMEWORKS, UNITS] {
            let mut names: Vec<_> = lines(list).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all);
        }
    }
}
