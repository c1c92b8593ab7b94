//! Ed25519 signing and checking, and what makes a public key acceptable (POL-11).

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use openmls_traits::{
    signatures::{Signer, SignerError},
    types::SignatureScheme,
};

use crate::bytes::Key;
use crate::fault::{Fault, Outcome};

/// A signature key pair made from its 32-byte seed (RFC 8032).
pub struct SeedKey(SigningKey);

impl SeedKey {
    /// The key pair of a seed.
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, to be kept for a reload.
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public key.
    pub fn public(&self) -> Key {
        crate::bytes::Fixed(self.0.verifying_key().to_bytes())
    }

    /// A signature over the bytes.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl Signer for SeedKey {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(SeedKey::sign(self, payload).to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// Whether the signature is right, strictly: no weak key, no malleable form.
pub fn verify(key: &Key, message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(&key.0), Signature::from_slice(signature)) else {
        return false;
    };
    key.verify_strict(message, &signature).is_ok()
}

/// POL-11: an Ed25519 key that is canonical and of full order.
pub fn check_signature_key(bytes: &[u8]) -> Outcome<Key> {
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| bad_signature_key())?;
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| bad_signature_key())?;
    // `from_bytes` keeps what it was given, so compare with the re-encoded point.
    let canonical = key.to_edwards().compress().to_bytes() == bytes;
    if canonical && !key.is_weak() { Ok(crate::bytes::Fixed(bytes)) } else { Err(bad_signature_key()) }
}

fn bad_signature_key() -> Fault {
    Fault::new("bad_key", "a signature key is not a canonical Ed25519 key of full order")
}

/// The u-coordinates below p that lie in a small subgroup of Curve25519 or of its twist (RFC 7748 §6.1, curve25519 of D. J. Bernstein).
const LOW_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
        0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
        0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
];

/// POL-11: an X25519 key below p = 2^255 − 19 that is not of low order.
pub fn check_hpke_key(bytes: &[u8]) -> Outcome<[u8; 32]> {
    let key: [u8; 32] = bytes.try_into().map_err(|_| bad_hpke_key())?;
    if is_canonical_u(&key) && !LOW_ORDER.contains(&key) { Ok(key) } else { Err(bad_hpke_key()) }
}

fn bad_hpke_key() -> Fault {
    Fault::new("bad_key", "an encryption key is not a canonical X25519 key of full order")
}

// Little-endian comparison with p, whose bytes are ed ff … ff 7f.
fn is_canonical_u(key: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = key;
    if *last != 0x7f {
        return *last < 0x7f;
    }
    middle.iter().any(|byte| *byte != 0xff) || *first < 0xed
}
