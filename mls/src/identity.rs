//! Who a leaf is: the gateway's attestation inside its credential (docs/protocol/join.md, "The attestation").

use openmls::prelude::{BasicCredential, Credential, CredentialType, LeafNode};
use serde::{Deserialize, Serialize};

use crate::bytes::{B64, Id, Key, labelled_text};
use crate::canonical;
use crate::fault::{Fault, Outcome};
use crate::keys;

const LONGEST: usize = 4096;

/// What a participant is shown as; for display only, it gives no power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Shown as host.
    Host,
    /// Shown as guest.
    Guest,
}

/// The signed statement; fields in alphabetical order, as canonical JSON needs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// Pseudonym of the account in this meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The call it is for.
    pub call: Id,
    /// A verified domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The leaf's signature key.
    pub key: Key,
    /// The meeting it is for.
    pub meeting: Id,
    /// The name on screen (JOIN-4).
    pub name: String,
    /// The seat.
    pub participant: Id,
    /// For display only.
    pub role: Role,
    /// Version of this format.
    pub v: u32,
}

/// The identity inside a leaf's BasicCredential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Badge {
    attestation: String,
    signature: B64,
}

/// Where an attestation must have come from, and what for.
#[derive(Debug, Clone)]
pub struct Place {
    /// The meeting.
    pub meeting: Id,
    /// The call.
    pub call: Id,
    /// The gateway's Ed25519 key, from the ticket.
    pub attestation_key: Key,
}

/// A participant with a leaf: what its validated credential says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The seat's id.
    pub participant: Id,
    /// The name on screen.
    pub name: String,
    /// For display only.
    pub role: Role,
    /// Pseudonym of the account in this meeting.
    pub account: Option<String>,
    /// A verified domain.
    pub domain: Option<String>,
    /// The leaf's signature key.
    pub key: Key,
    /// The epoch in which this leaf came.
    pub since: u64,
}

/// POL-7: an attestation for this meeting and call, signed by the gateway.
pub fn check_attestation(place: &Place, text: &str, signature: &[u8]) -> Outcome<Attestation> {
    if text.len() > LONGEST {
        return Err(bad("is too long"));
    }
    if !keys::verify(&place.attestation_key, &labelled_text("conclave/attestation/1", text.as_bytes()), signature) {
        return Err(bad("is not signed by the gateway"));
    }
    let attestation: Attestation = canonical::read(text)?;
    if attestation.v != 1 {
        return Err(bad("is of an unknown version"));
    }
    if attestation.meeting != place.meeting || attestation.call != place.call {
        return Err(bad("is for another meeting or call"));
    }
    if attestation.name.is_empty() || attestation.name.len() > 256 {
        return Err(bad("has no usable name"));
    }
    Ok(attestation)
}

fn bad(what: &str) -> Fault {
    Fault::new("bad_attestation", format!("the attestation {what}"))
}

/// The credential that carries an attestation.
pub fn credential(attestation: &str, signature: &[u8]) -> Outcome<Credential> {
    let badge = Badge { attestation: attestation.to_owned(), signature: B64(signature.to_vec()) };
    Ok(BasicCredential::new(canonical::text(&badge)?.into_bytes()).into())
}

/// POL-7: the seat a leaf's credential gives, its attested key being the leaf's own (POL-11: of full order).
pub fn seat_of(place: &Place, leaf: &LeafNode, since: u64) -> Outcome<Seat> {
    let credential = leaf.credential();
    if credential.credential_type() != CredentialType::Basic {
        return Err(bad("is not in a basic credential"));
    }
    let identity = BasicCredential::try_from(credential.clone()).map_err(|_| bad("is not in a basic credential"))?;
    let text = std::str::from_utf8(identity.identity()).map_err(|_| bad("is not text"))?;
    if text.len() > 2 * LONGEST {
        return Err(bad("is too long"));
    }
    let badge: Badge = canonical::read(text)?;
    let attestation = check_attestation(place, &badge.attestation, &badge.signature.0)?;
    let key = keys::check_signature_key(leaf.signature_key().as_slice())?;
    if attestation.key != key {
        return Err(bad("is for another key"));
    }
    Ok(Seat {
        participant: attestation.participant,
        name: attestation.name,
        role: attestation.role,
        account: attestation.account,
        domain: attestation.domain,
        key,
        since,
    })
}
