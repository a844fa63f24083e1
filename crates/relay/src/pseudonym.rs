//! Pseudonyms: in place of an id of a user stands a keyed hash, whose key never leaves the cluster.

use heliograph_wire::id::hex;
use ring::hmac::{HMAC_SHA256, Key, sign};

/// Bytes of a hash that are told.
const BYTES: usize = 16;

/// What makes pseudonyms. Masters that share the key make the same.
pub struct Pseudonyms(Key);

impl Pseudonyms {
    /// With this secret.
    pub fn of_secret(secret: &[u8]) -> Pseudonyms {
        Pseudonyms(Key::new(HMAC_SHA256, secret))
    }

    /// Of a user.
    pub fn user(&self, id: &str) -> String {
        format!("u-{}", self.hash("user", id))
    }

    /// Of a browser: a random id as it is.
    pub fn browser(&self, id: &str) -> String {
        if is_random(id) {
            id.to_owned()
        } else {
            format!("b-{}", self.hash("browser", id))
        }
    }

    /// Of a message: of an id as browsers make them its random part. The time before it is by the browser's clock, which is a
    /// little wrong in a way of its own, and would tell that somebody is who was there before. The same id has the same
    /// pseudonym, so that a message that comes again is recognised.
    pub fn message(&self, id: &str) -> String {
        match random_part(id) {
            Some(random) => random.to_owned(),
            None => format!("m-{}", self.hash("message", id)),
        }
    }

    /// `what` keeps hashes of different things apart.
    fn hash(&self, what: &str, id: &str) -> String {
        let tag = sign(&self.0, format!("{what}\0{id}").as_bytes());
        hex(&tag.as_ref()[..BYTES])
    }
}

/// A UUID, or 32 hexadecimal digits.
fn is_random(id: &str) -> bool {
    let hexadecimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts: Vec<&str> = id.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    (lengths == [32] || lengths == [8, 4, 4, 4, 12]) && parts.into_iter().all(hexadecimal)
}

/// A random id, alone or after a time: `mi8x0k2p-…` of the tracker, `ajs-next-1764000000000-…` of analytics-next.
fn random_part(id: &str) -> Option<&str> {
    let random = match id.strip_prefix("ajs-next-") {
        Some(rest) => rest.split_once('-')?.1,
        None => match id.split_once('-') {
            // In a UUID other parts follow.
            Some((_, rest)) if rest.len() == 32 => rest,
            _ => id,
        },
    };
    is_random(random).then_some(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "3f0b9f5e-6a55-4d0e-9a2c-0a9f6f0d6b1e";
    const HEX: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn random_ids_stay_and_others_are_hashed() {
        let made = Pseudonyms::of_secret(b"secret");
        for id in [UUID, HEX] {
            assert_eq!(made.browser(id), id);
            assert_eq!(made.message(id), id);
        }
        for (id, random) in [
            (format!("mi8x0k2p-{HEX}"), HEX),
            (format!("ajs-next-1764000000000-{UUID}"), UUID),
            (format!("ajs-next-jane@example.com-{UUID}"), UUID),
        ] {
            assert_eq!(made.message(&id), random);
            assert!(made.browser(&id).starts_with("b-"));
        }
        let long = "a".repeat(5000);
        for id in [
            "jane@example.com",
            "",
            "1",
            &long,
            "jane-doe1-x",
            "ajs-next-jane-x",
            "ajs-next-",
            "ü-é",
        ] {
            for pseudonym in [made.browser(id), made.message(id), made.user(id)] {
                assert_eq!(pseudonym.len(), 34, "{pseudonym}");
            }
        }
    }

    #[test]
    fn who_has_the_key_gets_the_same_and_nobody_else() {
        let hashes = |secret: &[u8]| Pseudonyms::of_secret(secret).user("jane");
        assert_eq!(hashes(b"a"), hashes(b"a"));
        assert_ne!(hashes(b"a"), hashes(b"b"));
        let made = Pseudonyms::of_secret(b"a");
        assert_ne!(made.user("jane")[2..], made.browser("jane")[2..]);
    }
}
