//! Conventions, link and franking (docs/protocol/README.md, link.md, messages.md).

use base64ct::{Base64UrlUnpadded, Encoding as _};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// What can go wrong ends the program with a sentence.
pub type Done<T> = Result<T, String>;

pub fn b64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

pub fn unb64(text: &str) -> Done<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).map_err(|error| format!("not b64: {text}: {error}"))
}

/// label ‖ 0x00 ‖ lp(part)…
pub fn fields(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = text(label, b"");
    for part in parts {
        bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(*part);
    }
    bytes
}

/// label ‖ 0x00 ‖ text
pub fn text(label: &str, text: &[u8]) -> Vec<u8> {
    [label.as_bytes(), &[0], text].concat()
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Six groups of five digits of the epoch authenticator (delivery.md, "The security code").
pub fn code(epoch_authenticator: &[u8]) -> String {
    let number = |group: &[u8]| group.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)) % 100_000;
    epoch_authenticator.chunks_exact(5).take(6).map(|group| format!("{:05}", number(group))).collect()
}

/// The parts of a link, and what is derived from them.
pub struct Link {
    pub origin: String,
    pub meeting: String,
    pub host_hash: Vec<u8>,
    pub link_id: Vec<u8>,
    pub psk: Vec<u8>,
    pub mac_key: Vec<u8>,
}

impl Link {
    /// LINK-2: exactly an origin, a meeting, a secret and the hash of the host key; an invitation (LINK-9) is for the door, which this is not.
    pub fn read(link: &str) -> Done<Self> {
        let wrong = || "the link is incomplete".to_owned();
        let (address, fragment) = link.split_once('#').ok_or_else(wrong)?;
        let (origin, meeting) = address.split_once("/m/").ok_or_else(wrong)?;
        let (secret, rest) = fragment.split_once('.').ok_or_else(wrong)?;
        let (host_hash, invitation) = rest.split_once('.').map_or((rest, None), |(hash, invitation)| (hash, Some(invitation)));
        if invitation.map(unb64).transpose()?.is_some_and(|bytes| bytes.len() != 16) {
            return Err(wrong());
        }
        let (salt, secret, host_hash) = (unb64(meeting)?, unb64(secret)?, unb64(host_hash)?);
        if [salt.len(), secret.len(), host_hash.len()] != [16; 3] {
            return Err(wrong());
        }
        let prk = Hkdf::<Sha256>::new(Some(&salt), &secret);
        let expand = |info: &str, length: usize| {
            let mut out = vec![0; length];
            prk.expand(info.as_bytes(), &mut out).map(|()| out).map_err(|error| error.to_string())
        };
        Ok(Self {
            origin: origin.to_owned(),
            meeting: meeting.to_owned(),
            host_hash,
            link_id: expand("conclave/link/1/id", 16)?,
            psk: expand("conclave/link/1/psk", 32)?,
            mac_key: expand("conclave/link/1/mac", 32)?,
        })
    }
}

/// What a franking commitment binds.
pub struct Said<'a> {
    pub frank_key: &'a [u8],
    pub group_id: &'a [u8],
    pub epoch: u64,
    pub participant: &'a str,
    pub sequence: &'a [u8],
    pub content: &'a [u8],
}

impl Said<'_> {
    /// C of messages.md, "Franking".
    pub fn commitment(&self) -> Vec<u8> {
        let (epoch, content) = (self.epoch.to_be_bytes(), sha256(self.content));
        let parts = [self.group_id, &epoch, self.participant.as_bytes(), self.sequence, &content];
        hmac(self.frank_key, &fields("conclave/frank/1", &parts))
    }
}
