//! What is in a meeting's link and what is derived from it (docs/protocol/link.md).

use hkdf::Hkdf;
use serde_json::{Value, json};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::bytes::{Fixed, Id, Key, b64, hmac_matches, hmac_sha256, labelled, labelled_text, sha256, unb64_exact};
use crate::fault::{Fault, Outcome};
use crate::keys::{SeedKey, verify};

/// The values a device derives from the link's secret.
pub struct Link {
    /// The meeting the link opens.
    pub meeting: Id,
    /// Tells a right link from a wrong one and reveals nothing.
    pub link_id: Fixed<16>,
    /// The MLS external PSK of every commit that adds (POL-9).
    pub psk: Zeroizing<[u8; 32]>,
    mac_key: Zeroizing<[u8; 32]>,
    secret: Zeroizing<[u8; 16]>,
    /// First 16 bytes of the hash of the host's public key (POL-1).
    pub host_hash: Fixed<16>,
    /// The host key itself, where the private host link was given.
    pub host_key: Option<SeedKey>,
}

impl Link {
    /// Derives `conclave/link/1/…` from the secret, HKDF-SHA256 with the meeting id as salt (RFC 5869).
    pub fn derive(meeting: &Id, secret: &[u8; 16], host_hash: Fixed<16>, host_key: Option<SeedKey>) -> Outcome<Self> {
        if host_key.as_ref().is_some_and(|key| hash_of_host(&key.public()) != host_hash) {
            return Err(Fault::new("link_mismatch", "the host key is not the one hashed in the link"));
        }
        let salt = unb64_exact::<16>(meeting.as_str())?;
        let prk = Hkdf::<Sha256>::new(Some(&salt), secret);
        Ok(Self {
            meeting: meeting.clone(),
            link_id: Fixed(expand(&prk, "conclave/link/1/id")?),
            psk: Zeroizing::new(expand(&prk, "conclave/link/1/psk")?),
            mac_key: Zeroizing::new(expand(&prk, "conclave/link/1/mac")?),
            secret: Zeroizing::new(*secret),
            host_hash,
            host_key,
        })
    }

    /// `sign_entry`: who holds the host link comes in without being let in by anybody (KNOCK-2).
    pub fn sign_entry(&self, signature_key: &Key) -> Outcome<Value> {
        let host = self.host_key.as_ref().ok_or_else(|| Fault::new("not_host", "only the host link lets you in as a host"))?;
        Ok(json!({ "key": host.public(), "signature": b64(&host.sign(&entry(&self.meeting, signature_key))) }))
    }

    /// The same meeting's link with another secret: nothing derived from the former one is left (LINK-5).
    pub fn renew(&mut self, secret: &[u8; 16]) -> Outcome<()> {
        let host_key = self.host_key.as_ref().map(|key| SeedKey::new(&key.seed()));
        *self = Self::derive(&self.meeting.clone(), secret, self.host_hash, host_key)?;
        Ok(())
    }

    /// The secret, to be passed on.
    pub fn secret(&self) -> &[u8; 16] {
        &self.secret
    }

    /// The link MAC over an announced KeyPackage (delivery.md, "The log").
    pub fn mac(&self, reference: &[u8], call: &Id, incarnation: &Id) -> [u8; 32] {
        hmac_sha256(&*self.mac_key, &mac_input(reference, call, incarnation))
    }

    /// POL-7: whether the link MAC of an announced KeyPackage is right.
    pub fn mac_matches(&self, reference: &[u8], call: &Id, incarnation: &Id, mac: &[u8]) -> bool {
        hmac_matches(&*self.mac_key, &mac_input(reference, call, incarnation), mac)
    }
}

fn mac_input(reference: &[u8], call: &Id, incarnation: &Id) -> Vec<u8> {
    labelled("conclave/link-mac/1", &[reference, call.text(), incarnation.text()])
}

fn expand<const N: usize>(prk: &Hkdf<Sha256>, info: &str) -> Outcome<[u8; N]> {
    let mut out = [0; N];
    prk.expand(info.as_bytes(), &mut out).map_err(|_| Fault::new("internal", "a link value could not be derived"))?;
    Ok(out)
}

fn entry(meeting: &Id, signature_key: &Key) -> Vec<u8> {
    labelled("conclave/host-entry/1", &[meeting.text(), &signature_key.0])
}

/// KNOCK-2: whether the holder of this leaf key showed the link's host key.
pub fn verify_entry(meeting: &Id, host_hash: Fixed<16>, signature_key: &Key, key: &Key, signature: &[u8]) -> bool {
    hash_of_host(key) == host_hash && verify(key, &entry(meeting, signature_key), signature)
}

/// First 16 bytes of SHA-256(`conclave/host-key/1` ‖ 0x00 ‖ host public key).
pub fn hash_of_host(key: &Key) -> Fixed<16> {
    let [hash @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = sha256(&labelled_text("conclave/host-key/1", &key.0));
    Fixed(hash)
}

/// The id of the link's PSK: `conclave/link-psk/1/` ‖ link_version as 4 bytes big-endian.
pub fn psk_id(link_version: u32) -> Vec<u8> {
    let mut id = b"conclave/link-psk/1/".to_vec();
    id.extend_from_slice(&link_version.to_be_bytes());
    id
}
