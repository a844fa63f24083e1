//! The one place where randomness comes from: ids for messages that came without one, and new write keys.

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

/// A new id for a message that came without one: a random UUID.
///
/// # Errors
/// When there is no randomness.
pub fn message_id(entropy: &dyn Entropy) -> Result<String, NoEntropy> {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}
