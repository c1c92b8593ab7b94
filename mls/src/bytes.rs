//! Byte habits of the protocol: b64, `lp`, hashes, and fixed-size values (docs/protocol/README.md, "Conventions").

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};

use crate::fault::{Fault, Outcome};

/// base64url without padding (RFC 4648 §5).
pub fn b64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The bytes of a b64 text; padding, other alphabets and non-zero trailing bits are refused.
pub fn unb64(text: &str) -> Outcome<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| Fault::malformed("a value is not base64url without padding"))
}

/// The bytes of a b64 text of exactly `N` bytes.
pub fn unb64_exact<const N: usize>(text: &str) -> Outcome<[u8; N]> {
    unb64(text)?.try_into().map_err(|_| Fault::malformed(format!("a value is not {N} bytes long")))
}

/// `lp(x)`: the length of x as 4 bytes big-endian, then x, appended to `out`.
pub fn lp(out: &mut Vec<u8>, x: &[u8]) {
    let length = u32::try_from(x.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(x);
}

/// `label ‖ 0x00 ‖ lp(part)…`, the shape of everything that is signed, hashed or MAC'ed by fields.
pub fn labelled(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = zero_ended(label);
    for part in parts {
        lp(&mut out, part);
    }
    out
}

/// `label ‖ 0x00 ‖ text`, the shape of what is signed as canonical JSON.
pub fn labelled_text(label: &str, text: &[u8]) -> Vec<u8> {
    let mut out = zero_ended(label);
    out.extend_from_slice(text);
    out
}

fn zero_ended(label: &str) -> Vec<u8> {
    let mut out = label.as_bytes().to_vec();
    out.push(0);
    out
}

/// SHA-256 of the bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// HMAC-SHA256 (RFC 2104).
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Whether `tag` is the HMAC-SHA256 of the message, in constant time.
pub fn hmac_matches(key: &[u8], message: &[u8], tag: &[u8]) -> bool {
    let mut mac = keyed(key);
    mac.update(message);
    mac.verify_slice(tag).is_ok()
}

#[allow(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length")
}

/// Bytes that travel as b64.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct B64(pub Vec<u8>);

impl Serialize for B64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64(&self.0))
    }
}

impl<'de> Deserialize<'de> for B64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        unb64(&text).map(B64).map_err(D::Error::custom)
    }
}

/// Bytes inside a log entry: what is not b64 counts as empty, so that one participant's garbage never stops the log (LOG-5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loose(pub Vec<u8>);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Ok(Self(unb64(&text).unwrap_or_default()))
    }
}

/// Exactly `N` bytes that travel as b64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fixed<const N: usize>(pub [u8; N]);

/// An Ed25519 public key, or a seed.
pub type Key = Fixed<32>;

impl<const N: usize> Serialize for Fixed<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        unb64_exact(&text).map(Fixed).map_err(D::Error::custom)
    }
}

/// The id of a meeting, call, incarnation or participant: 16 bytes as b64 (22 characters), kept as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Id(String);

impl Id {
    /// The id with this text, if it is one.
    pub fn parse(text: &str) -> Outcome<Self> {
        unb64_exact::<16>(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The 22 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 22 characters as bytes, as they enter signed and MAC'ed values.
    pub fn text(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}
