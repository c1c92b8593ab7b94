//! The link for whom a host admits with a former one (docs/protocol/link.md): sealed to a key of theirs, opened by nobody else.

use openmls_rust_crypto::RustCrypto;
use openmls_traits::{
    crypto::OpenMlsCrypto as _,
    random::OpenMlsRand as _,
    types::{HpkeCiphertext, HpkeKeyPair},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::bytes::{B64, Id, Key, b64, labelled};
use crate::canonical;
use crate::fault::{Fault, Outcome, from_library};
use crate::keys::{check_hpke_key, verify};
use crate::member::{Member, Own};
use crate::policy::{Host, Policy, Root};
use crate::tree::SUITE;

/// What a host hands over; fields in alphabetical order, as canonical JSON needs them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    /// The call in which the host is one.
    call: Id,
    ciphertext: B64,
    enc: B64,
    /// From the link's host key to the host who sealed, who is the last (POL-1).
    hosts: Vec<Host>,
    link_version: u32,
    /// The host's, over everything but its certificates.
    signature: B64,
}

/// Whom and what a seal is for: it opens for nothing else.
struct Purpose<'a> {
    meeting: &'a Id,
    call: &'a Id,
    link_version: u32,
    /// The signature key of whom it is for.
    knocker: &'a Key,
}

impl Purpose<'_> {
    fn info(&self) -> Vec<u8> {
        let version = self.link_version.to_be_bytes();
        labelled("conclave/seal-link/1", &[self.meeting.text(), self.call.text(), &version, &self.knocker.0])
    }

    fn signed(&self, enc: &[u8], ciphertext: &[u8]) -> Vec<u8> {
        labelled("conclave/sealed-link/1", &[&self.info(), enc, ciphertext])
    }
}

/// `conclave/seal-key/1` ‖ 0x00 ‖ lp(seal key) ‖ lp(meeting): what ties the key to who knocks.
fn seal_key_bytes(seal_key: &[u8], meeting: &Id) -> Vec<u8> {
    labelled("conclave/seal-key/1", &[seal_key, meeting.text()])
}

impl Own {
    /// `seal_key`: a fresh key to seal the link to, signed by our signature key (LINK-7).
    pub fn make_seal_key(&mut self) -> Outcome<Value> {
        let crypto = RustCrypto::default();
        let seed: [u8; 32] = crypto.random_array().map_err(|_| Fault::new("internal", "no randomness"))?;
        let pair = crypto
            .derive_hpke_keypair(SUITE.hpke_config(), &*Zeroizing::new(seed))
            .map_err(from_library("internal", "a key to seal to could not be made"))?;
        let signature = self.keys.sign(&seal_key_bytes(&pair.public, &self.link.meeting));
        let answer = json!({ "seal_key": b64(&pair.public), "seal_signature": b64(&signature) });
        self.seal_key = Some(pair);
        Ok(answer)
    }

    /// `open_link`: the link a host sealed to our key, held from now on (LINK-8).
    pub fn open_link(&mut self, sealed: &[u8]) -> Outcome<Value> {
        let pair = self.seal_key.as_ref().ok_or_else(|| Fault::state("call seal_key first"))?;
        let text = std::str::from_utf8(sealed).map_err(|_| bad("cannot be read"))?;
        let sealed: Sealed = canonical::read(text).map_err(|_| bad("cannot be read"))?;
        let secret = self.unseal(pair, &sealed)?;
        self.link.renew(&secret)?;
        self.seal_key = None;
        Ok(json!({ "secret": b64(&*secret), "link_id": self.link.link_id, "link_version": sealed.link_version }))
    }

    fn unseal(&self, pair: &HpkeKeyPair, sealed: &Sealed) -> Outcome<Zeroizing<[u8; 16]>> {
        let knocker = self.keys.public();
        let purpose = Purpose { meeting: &self.link.meeting, call: &sealed.call, link_version: sealed.link_version, knocker: &knocker };
        let policy = Policy { hosts: sealed.hosts.clone(), ..Policy::first(sealed.link_version) };
        policy.check_chain(&Root::Hash(self.link.host_hash), purpose.meeting, purpose.call).map_err(|_| bad("is not by a host"))?;
        let signed = purpose.signed(&sealed.enc.0, &sealed.ciphertext.0);
        if !policy.hosts.last().is_some_and(|host| verify(&host.key, &signed, &sealed.signature.0)) {
            return Err(bad("is not by a host"));
        }
        let ciphertext = HpkeCiphertext { kem_output: sealed.enc.0.clone().into(), ciphertext: sealed.ciphertext.0.clone().into() };
        let secret = RustCrypto::default()
            .hpke_open(SUITE.hpke_config(), &ciphertext, &pair.private, &purpose.info(), &[])
            .map(Zeroizing::new)
            .map_err(|_| bad("is not for us"))?;
        secret.as_slice().try_into().map(Zeroizing::new).map_err(|_| bad("holds no link"))
    }
}

impl Member {
    /// `seal_link`: our link, sealed to the key of somebody who knocks; only a host's word counts there (LINK-7).
    pub fn seal_link(&self, own: &Own, to: &Key, knocker: &Key, signature: &[u8]) -> Outcome<Value> {
        self.check_usable()?;
        let hosts = self.vouching(&own.keys.public());
        if hosts.is_empty() {
            return Err(Fault::new("not_host", "only a host can ask for this"));
        }
        let seat = own.seat()?;
        if !verify(knocker, &seal_key_bytes(&to.0, &own.link.meeting), signature) {
            return Err(bad("would be for a key that is not theirs"));
        }
        let to = check_hpke_key(&to.0)?;
        let link_version = self.policy.link_version;
        let purpose = Purpose { meeting: &own.link.meeting, call: &seat.place.call, link_version, knocker };
        let sealed = RustCrypto::default()
            .hpke_seal(SUITE.hpke_config(), &to, &purpose.info(), &[], own.link.secret())
            .map_err(from_library("internal", "the link could not be sealed"))?;
        let (enc, ciphertext) = (sealed.kem_output.as_slice(), sealed.ciphertext.as_slice());
        let signature = B64(own.keys.sign(&purpose.signed(enc, ciphertext)).to_vec());
        let (enc, ciphertext) = (B64(enc.to_vec()), B64(ciphertext.to_vec()));
        let text = canonical::text(&Sealed { call: seat.place.call.clone(), ciphertext, enc, hosts, link_version, signature })?;
        Ok(json!({ "sealed": b64(text.as_bytes()) }))
    }

    /// The certificates that lead from the link's host key to this one: an entry is vouched for by an earlier one (POL-1).
    pub fn vouching(&self, key: &Key) -> Vec<Host> {
        let mut wanted = *key;
        let mut chain: Vec<Host> = Vec::new();
        for host in self.policy.hosts.iter().rev() {
            if host.key == wanted {
                wanted = host.by;
                chain.push(host.clone());
            }
        }
        chain.reverse();
        chain
    }
}

fn bad(what: &str) -> Fault {
    Fault::new("bad_seal", format!("the sealed link {what}"))
}
