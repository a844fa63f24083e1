//! The key that the collector signs with (Ed25519): receipts, and answers to those who ask to be forgotten.
//!
//! It is made on the first start and kept in `receipt-key` in the data directory; its public half is what `receipt-key` prints and
//! what signal pins. One signature covers all bodies of a commit, up to [`PER_SIGNATURE`]; it is made when they are on disk.

use std::path::Path;
use std::sync::Arc;

use heliograph_wire::id::hex;
use heliograph_wire::receipt::{MAX_BODIES, Receipt, key_id};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::entropy::Entropy;
use crate::secret::{self, SecretError};

/// Name of its file in the data directory: the seed, in hexadecimal.
pub(crate) const FILE: &str = "receipt-key";
/// Bodies that one signature covers: each of the answers carries the list, so a longer one would cost more than a signature does.
pub const PER_SIGNATURE: usize = 128;
const _: () = assert!(PER_SIGNATURE <= MAX_BODIES);

/// The key.
pub struct ReceiptKey {
    pair: Ed25519KeyPair,
    id: String,
    public: String,
}

/// A signature over a list of bodies.
#[derive(Debug, PartialEq, Eq)]
struct Signed {
    key: String,
    public_key: String,
    bodies: Vec<String>,
    signature: String,
}

/// What shows that one body is on disk: its place in a signed list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    signed: Arc<Signed>,
    position: usize,
}

impl ReceiptKey {
    /// The key of a data directory; made where there is none.
    ///
    /// # Errors
    /// When its file can't be read, or made.
    pub fn load_or_make(directory: &Path, entropy: &dyn Entropy) -> Result<ReceiptKey, SecretError> {
        let seed = secret::load_or_make(directory, FILE, entropy)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|_| SecretError::NotAKey(directory.join(FILE)))?;
        let public = pair.public_key().as_ref();
        let (id, public) = (key_id(public), hex(public));
        Ok(ReceiptKey { pair, id, public })
    }

    /// The public key, in hexadecimal.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The signature over some bytes, in hexadecimal.
    pub fn sign(&self, bytes: &[u8]) -> String {
        hex(self.pair.sign(bytes).as_ref())
    }

    /// Proofs for bodies, given by their SHA-256, in their order.
    pub fn prove(&self, bodies: &[String]) -> Vec<Proof> {
        let lists = bodies.chunks(PER_SIGNATURE).map(|bodies| {
            Arc::new(Signed {
                key: self.id.clone(),
                public_key: self.public.clone(),
                bodies: bodies.to_vec(),
                signature: self.sign(&Receipt::signed(bodies)),
            })
        });
        let proofs = lists.flat_map(|signed| {
            (0..signed.bodies.len()).map(move |position| Proof {
                signed: Arc::clone(&signed),
                position,
            })
        });
        proofs.collect()
    }
}

impl Proof {
    /// As it is answered.
    pub fn receipt(&self) -> Receipt {
        Receipt {
            key: self.signed.key.clone(),
            public_key: self.signed.public_key.clone(),
            bodies: self.signed.bodies.clone(),
            position: self.position,
            signature: self.signed.signature.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;
    use heliograph_wire::receipt::body_hash;
    use ring::signature::{ED25519, UnparsedPublicKey};

    #[test]
    fn every_body_has_a_receipt_that_holds() {
        let dir = tempfile::TempDir::new().unwrap();
        let key = ReceiptKey::load_or_make(dir.path(), &SystemEntropy).unwrap();
        let bodies: Vec<_> = (0..300)
            .map(|number: u32| body_hash(&number.to_be_bytes()))
            .collect();
        let proofs = key.prove(&bodies);
        assert_eq!(proofs.len(), bodies.len());
        let public = UnparsedPublicKey::new(&ED25519, key.pair.public_key());
        for (proof, body) in proofs.iter().zip(&bodies) {
            let receipt = proof.receipt();
            assert!(receipt.is_of(body) && receipt.bodies.len() <= PER_SIGNATURE);
            let signature: Vec<u8> = (0..receipt.signature.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&receipt.signature[at..at + 2], 16).unwrap())
                .collect();
            public
                .verify(&Receipt::signed(&receipt.bodies), &signature)
                .unwrap();
        }
        assert!(key.prove(&[]).is_empty());
    }
}
