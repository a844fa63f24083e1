//! The one place where randomness comes from: ids for messages that came without one, new write keys and tokens.

/// The system could give no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system has no random bytes to give")]
pub struct NoEntropy(#[source] getrandom::Error);

/// Gives random bytes; a test passes a source of its own.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    ///
    /// # Errors
    /// When there is none to be had.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The system's.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(buffer).map_err(NoEntropy)
    }
}

/// Only letters and digits, so that no secret made of them begins like an option or needs quoting.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// So many letters and digits, each as likely as any other: some 5.95 bits a character.
///
/// # Errors
/// When there is no randomness.
pub fn letters(entropy: &dyn Entropy, count: usize) -> Result<String, NoEntropy> {
    let mut letters = String::with_capacity(count);
    let mut bytes = [0; 64];
    while letters.len() < count {
        entropy.fill(&mut bytes)?;
        // 6 bits choose a character; the two numbers without one are drawn again.
        let drawn = bytes
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte & 0x3f)));
        letters.extend(drawn.take(count - letters.len()).copied().map(char::from));
    }
    Ok(letters)
}

/// A new id for a message that came without one: a random UUID.
///
/// # Errors
/// When there is no randomness.
pub fn message_id(entropy: &dyn Entropy) -> Result<String, NoEntropy> {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}
