//! The paths of units on the bus: their names, with all but letters and digits escaped.

use std::fmt::Write as _;

use crate::unit::UnitName;

/// Where systemd keeps its units.
pub(super) const UNITS: &str = "/org/freedesktop/systemd1/unit";

/// The path of a unit.
pub(super) fn of(name: &UnitName) -> String {
    let mut path = format!("{UNITS}/");
    for (at, byte) in name.as_str().bytes().enumerate() {
        if byte.is_ascii_alphabetic() || (byte.is_ascii_digit() && at > 0) {
            path.push(char::from(byte));
        } else {
            // Nothing fails to be written into a string.
            let _ = write!(path, "_{byte:02x}");
        }
    }
    path
}

/// The unit of a path.
pub(super) fn unit(path: &str) -> Option<UnitName> {
    let escaped = path.strip_prefix(UNITS)?.strip_prefix('/')?;
    let mut name = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some(at) = rest.find('_') {
        name.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3)?;
        name.push(char::from(u8::from_str_radix(code, 16).ok()?));
        rest = &rest[at + 3..];
    }
    name.push_str(rest);
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_are_one_to_one() {
        for (name, path) in [
            (
                "dcos-mesos-master.service",
                "/org/freedesktop/systemd1/unit/dcos_2dmesos_2dmaster_2eservice",
            ),
            (
                "0x_y@1.service",
                "/org/freedesktop/systemd1/unit/_30x_5fy_401_2eservice",
            ),
        ] {
            let name: UnitName = name.parse().unwrap();
            assert_eq!(of(&name), path);
            assert_eq!(unit(path), Some(name));
        }
        for path in [
            "/",
            "/org/freedesktop/systemd1/unit",
            "/org/freedesktop/systemd1/unit/a_2",
            "/org/freedesktop/systemd1/unit/a_zzservice",
            "/org/freedesktop/systemd1/job/1",
        ] {
            assert_eq!(unit(path), None, "{path}");
        }
    }
}
