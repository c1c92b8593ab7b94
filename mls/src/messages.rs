//! What is said inside: plaintext and franking commitment (docs/protocol/messages.md).

use subtle::ConstantTimeEq as _;

use crate::bytes::{Id, hmac_sha256, labelled, sha256};
use crate::canonical;
use crate::fault::{Fault, Outcome};

const LARGEST: usize = 262_144;

/// Application plaintext: frank key ‖ sequence ‖ content.
pub struct Said {
    /// Opens the commitment.
    pub frank_key: [u8; 32],
    /// The sender's own count.
    pub sequence: u64,
    /// Canonical JSON with a `kind`.
    pub content: String,
}

/// Who says something, where and when, as the commitment binds it.
pub struct Moment<'a> {
    /// The MLS group id.
    pub group_id: &'a [u8],
    /// The epoch of the message.
    pub epoch: u64,
    /// The sender's seat.
    pub participant: &'a Id,
}

impl Said {
    /// The plaintext (ENC-1 for the content).
    pub fn to_bytes(&self) -> Outcome<Vec<u8>> {
        check(&self.content)?;
        let mut bytes = self.frank_key.to_vec();
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.content.as_bytes());
        Ok(bytes)
    }

    /// SAY-1: reads a plaintext.
    pub fn read(bytes: &[u8]) -> Outcome<Self> {
        let cut = || Fault::malformed("the message is too short");
        let (frank_key, rest) = bytes.split_first_chunk::<32>().ok_or_else(cut)?;
        let (sequence, content) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
        let content = std::str::from_utf8(content).map_err(|_| Fault::malformed("the content is not text"))?;
        check(content)?;
        Ok(Self { frank_key: *frank_key, sequence: u64::from_be_bytes(*sequence), content: content.to_owned() })
    }

    /// C of "Franking": the PrivateMessage's authenticated_data.
    pub fn commitment(&self, at: &Moment<'_>) -> [u8; 32] {
        let content = sha256(self.content.as_bytes());
        let parts: [&[u8]; 5] = [at.group_id, &at.epoch.to_be_bytes(), at.participant.text(), &self.sequence.to_be_bytes(), &content];
        hmac_sha256(&self.frank_key, &labelled("conclave/frank/1", &parts))
    }

    /// SAY-5: the commitment that came with the message is the one recomputed.
    pub fn check_commitment(&self, at: &Moment<'_>, found: &[u8]) -> Outcome<()> {
        if bool::from(self.commitment(at).ct_eq(found)) {
            Ok(())
        } else {
            Err(Fault::new("frank_mismatch", "the franking commitment of a message is wrong"))
        }
    }
}

fn check(content: &str) -> Outcome<()> {
    if content.len() > LARGEST {
        return Err(Fault::malformed("the content is too long"));
    }
    canonical::check_content(content)
}
