//! Routes of a user interface: what may be told of where somebody was.
//!
//! A route is the template of a path, `/nodes/:id`. Which templates there are only the application knows, so a name that comes from
//! elsewhere is looked at for what must not be in one: an address, a query, an id.

/// What stands for a route that is not told.
pub const UNKNOWN: &str = "/unknown";

/// Longest route, in bytes.
pub const MAX_ROUTE: usize = 120;
/// Length from which a part of a path that has a digit in it is taken for an id.
const ID_LENGTH: usize = 8;

/// The name of a page as it may be told: as it is, or [`UNKNOWN`] where it is an address, has a query or a fragment, names somebody
/// by e-mail, or is a path with what seems to be an id in it.
pub fn told(name: &str) -> &str {
    let is_address = name.contains(['?', '#', '@', '\\']) || name.contains("://") || name.contains('%');
    let is_path_of_ids = name.contains('/') && name.split('/').any(seems_an_id);
    if is_address || is_path_of_ids || name.len() > MAX_ROUTE || name.chars().any(char::is_control) {
        UNKNOWN
    } else {
        name
    }
}

/// Whether a part of a path seems to name one of many: a number, an address, a hash, a name with a number in it.
fn seems_an_id(part: &str) -> bool {
    if part.starts_with(':') || is_version(part) {
        return false;
    }
    let has_digit = part.bytes().any(|byte| byte.is_ascii_digit());
    has_digit && (part.len() >= ID_LENGTH || part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

/// `v1`, `v2`
fn is_version(part: &str) -> bool {
    part.strip_prefix('v')
        .is_some_and(|digits| matches!(digits.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_and_what_names_one_of_many_is_not() {
        for name in [
            "",
            "/",
            "/nodes/:id",
            "/services/:serviceId/tasks/:task1234567",
            "/api/v2/overview",
            "Start",
            "Cart viewed 2",
            "/metrics/p99",
            "/unknown",
            "/Übersicht",
            "/docs/*",
        ] {
            assert_eq!(told(name), name);
        }
        for name in [
            "/nodes/17",
            "/nodes/10.0.0.1",
            "/nodes/70b28f00-e38f-41b2-a723-aab344f535b9-S0/tasks",
            "/services/kafka-broker-12",
            "/nodes/:id?tab=logs",
            "/nodes#x",
            "/users/jane@example.com",
            "/users/jane%40example.com",
            "https://cluster.example/nodes",
            "/a\nb",
            "nodes/12",
        ] {
            assert_eq!(told(name), UNKNOWN, "{name}");
        }
        assert_eq!(told(&format!("/{}", "a".repeat(MAX_ROUTE))), UNKNOWN);
    }
}
