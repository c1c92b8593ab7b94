//! Mallory's tools: commits that skip our rules, and KeyPackages written by hand.

use openmls::group::{CommitBuilder, Initial, MlsGroup};
use openmls::prelude::{PreSharedKeyProposal, Proposal};
use openmls::schedule::{ExternalPsk, PreSharedKeyId, Psk};
use openmls_traits::OpenMlsProvider as _;
use serde_json::{Value, json};
use tls_codec::Serialize as _;

use super::world::{Person, World, call};
use crate::bytes::{b64, unb64};
use crate::join::store_psk;
use crate::keys::SeedKey;
use crate::member::{Member, Own};
use crate::path::covers_bytes;
use crate::tree::SUITE;

pub type Building<'a> = CommitBuilder<'a, Initial, &'a mut MlsGroup>;

impl World {
    /// A commit by a member that puts in whatever `make` wants, with the right framing and covers.
    pub fn forge(&mut self, by: &str, make: impl for<'a> FnOnce(Building<'a>, &Own) -> Building<'a>) -> Value {
        let covers = self.covers();
        self.forge_covering(by, covers, make)
    }

    pub fn forge_covering(&mut self, by: &str, covers: i64, make: impl for<'a> FnOnce(Building<'a>, &Own) -> Building<'a>) -> Value {
        self.everybody_reads();
        let participant = self.people[by].participant.clone();
        let (own, member) = self.get(by).instance.parts();
        let Member { group, provider, .. } = member;
        store_psk(own, provider).unwrap();
        group.set_aad(covers_bytes(covers).to_vec());
        let builder = make(group.commit_builder().consume_proposal_store(false), own);
        let (rand, crypto) = (provider.rand(), provider.crypto());
        let bundle = builder.load_psks(provider.storage()).unwrap().build(rand, crypto, &own.keys, |_| true).unwrap();
        let (commit, _, _) = bundle.stage_commit(&*provider).unwrap().into_contents();
        group.clear_pending_commit(provider.storage()).unwrap();
        json!({"commit": b64(&commit.to_bytes().unwrap()), "participant": participant, "covers": covers, "welcomes": []})
    }

    /// A cheating member merges its own commit with no regard to the log, and invites whom it adds: gives the join request.
    pub fn invite_past_the_gateway(
        &mut self,
        by: &str,
        joiner: &Value,
        make: impl for<'a> FnOnce(Building<'a>, &Own) -> Building<'a>,
    ) -> Value {
        self.everybody_reads();
        let (covers, incarnation) = (self.covers(), self.incarnation.clone());
        let reference = self.reference(&unb64(joiner["key_package"].as_str().unwrap()).unwrap());
        let (own, member) = self.get(by).instance.parts();
        let Member { group, provider, .. } = member;
        store_psk(own, provider).unwrap();
        let builder = make(group.commit_builder().consume_proposal_store(false), own);
        let (rand, crypto) = (provider.rand(), provider.crypto());
        let bundle = builder.load_psks(provider.storage()).unwrap().build(rand, crypto, &own.keys, |_| true).unwrap();
        let (_, welcome, _) = bundle.stage_commit(&*provider).unwrap().into_contents();
        group.merge_pending_commit(&*provider).unwrap();
        let part = crate::welcome::parts(&welcome.unwrap(), &[&reference]).unwrap().remove(0);
        let tree = group.export_ratchet_tree().tls_serialize_detached().unwrap();
        json!({"do": "join", "incarnation": incarnation, "welcome": b64(&part), "tree": b64(&tree), "covers": covers, "index": covers + 1})
    }

    /// What the gateway says to a commit, and what a member says who reads it in the log.
    pub fn refusals(&mut self, commit: &Value, member: &str) -> (String, String) {
        (self.stage(commit).expect_err("the gateway should refuse"), self.member_refusal(commit, member))
    }

    pub fn member_refusal(&mut self, commit: &Value, member: &str) -> String {
        self.everybody_reads();
        let entry = json!({"kind": "commit", "participant": commit["participant"], "commit": commit["commit"]});
        let from = self.log.len();
        let before = self.get(member).state();
        let answer = self.get(member).ok(&json!({"do": "entries", "from": from, "entries": [entry]}));
        let event = &answer["events"][0];
        assert_eq!(event["kind"], "refused", "the member took it: {event}");
        assert_eq!(answer["next"], from);
        let code = event["code"].as_str().unwrap().to_owned();
        assert_eq!(self.get(member).state(), before, "a refused commit changes nothing (LOG-6)");
        code
    }

    pub fn leaf_of(&mut self, name: &str) -> u32 {
        let participant = self.people[name].participant.clone();
        let state = self.get("Alice").state();
        let entry = state["roster"].as_array().unwrap().iter().find(|leaf| leaf["participant"] == json!(participant)).unwrap();
        u32::try_from(entry["leaf"].as_u64().unwrap()).unwrap()
    }
}

/// The link's PSK as a proposal, or another one under the given id.
pub fn psk(id: Vec<u8>) -> Proposal {
    let provider = openmls_rust_crypto::OpenMlsRustCrypto::default();
    let id = PreSharedKeyId::new(SUITE, provider.rand(), Psk::External(ExternalPsk::new(id))).unwrap();
    Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(id)))
}

pub fn link_psk(own: &Own) -> Proposal {
    psk(crate::link::psk_id(own.seat().unwrap().link_version))
}

/// A KeyPackage written by hand (RFC 9420 §10), so that every field can be wrong.
pub struct RawKeyPackage {
    pub init: [u8; 32],
    pub encryption: [u8; 32],
    pub suites: Vec<u16>,
    pub leaf_extensions: Vec<u8>,
    pub lifetime: (u64, u64),
    pub credential: Vec<u8>,
}

pub fn vl(bytes: &[u8]) -> Vec<u8> {
    tls_codec::VLBytes::new(bytes.to_vec()).tls_serialize_detached().unwrap()
}

pub fn random_point(seed: u8) -> [u8; 32] {
    // Any canonical u-coordinate will do: 32 bytes below p, far from the small subgroups.
    let mut point = crate::bytes::sha256(&[seed]);
    point[31] &= 0x3f;
    point
}

pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// SignWithLabel (RFC 9420 §5.1.2).
pub fn sign_with_label(signer: &SeedKey, label: &str, content: &[u8]) -> Vec<u8> {
    let mut message = vl(format!("MLS 1.0 {label}").as_bytes());
    message.extend(vl(content));
    signer.sign(&message).to_vec()
}

impl RawKeyPackage {
    pub fn good(seed: u8, credential: Vec<u8>) -> Self {
        Self {
            init: random_point(seed),
            encryption: random_point(seed.wrapping_add(100)),
            suites: vec![1],
            leaf_extensions: Vec::new(),
            lifetime: (now() - 3600, now() + 3600),
            credential,
        }
    }

    /// MLSMessage(KeyPackage), properly signed.
    pub fn bytes(&self, signer: &SeedKey) -> Vec<u8> {
        let mut leaf = vl(&self.encryption);
        leaf.extend(vl(&signer.public().0));
        leaf.extend([0, 1]);
        leaf.extend(vl(&self.credential));
        leaf.extend(vl(&[0, 1])); // versions
        leaf.extend(vl(&self.suites.iter().flat_map(|suite| suite.to_be_bytes()).collect::<Vec<_>>()));
        leaf.extend(vl(&crate::policy::EXTENSION.to_be_bytes()));
        leaf.extend(vl(&[])); // proposals
        leaf.extend(vl(&[0, 1])); // credentials
        leaf.push(1); // source: key package
        leaf.extend(self.lifetime.0.to_be_bytes());
        leaf.extend(self.lifetime.1.to_be_bytes());
        leaf.extend(vl(&self.leaf_extensions));
        let signature = sign_with_label(signer, "LeafNodeTBS", &leaf);
        leaf.extend(vl(&signature));
        let mut package = vec![0, 1, 0, 1]; // MLS 1.0, suite 1
        package.extend(vl(&self.init));
        package.extend(leaf);
        package.extend(vl(&[]));
        let signature = sign_with_label(signer, "KeyPackageTBS", &package);
        package.extend(vl(&signature));
        let mut message = vec![0, 1, 0, 5];
        message.extend(package);
        message
    }
}

impl World {
    /// Announces a hand-written KeyPackage with a right link MAC; gives the entry.
    pub fn raw_entry(&self, participant: &str, signer: &SeedKey, raw: &RawKeyPackage) -> Value {
        let bytes = raw.bytes(signer);
        let reference = self.reference(&bytes);
        let mut open = crate::Instance::default();
        let seed = b64(&signer.seed());
        call(
            &mut open,
            &json!({"do": "open", "meeting": self.meeting, "secret": self.secret, "host_hash": self.host_hash, "identity": seed}),
        )
        .unwrap();
        let link = crate::link::Link::derive(
            &self.id(&self.meeting),
            &unb64(&self.secret).unwrap().try_into().unwrap(),
            crate::bytes::Fixed([0; 16]),
            None,
        )
        .unwrap();
        let mac = link.mac(&reference, &self.id(&self.call), &self.id(&self.incarnation));
        json!({"kind": "add", "participant": participant, "key_package": b64(&bytes), "mac": b64(&mac)})
    }

    /// KeyPackageRef of MLSMessage bytes (RFC 9420 §5.2).
    pub fn reference(&self, message: &[u8]) -> Vec<u8> {
        let mut input = vl(b"MLS 1.0 KeyPackage Reference");
        input.extend(vl(&message[4..]));
        crate::bytes::sha256(&input).to_vec()
    }

    /// The credential identity of an attestation.
    pub fn identity(&self, participant: &str, key: &str, name: &str) -> Vec<u8> {
        let (text, signature) = self.attest(participant, key, name);
        identity_of(&text, &signature)
    }
}

pub fn identity_of(attestation: &str, signature: &str) -> Vec<u8> {
    format!(r#"{{"attestation":{},"signature":"{signature}"}}"#, serde_json::to_string(attestation).unwrap()).into_bytes()
}

/// Replaces the byte at a place of a b64 text.
pub fn spoil(text: &Value) -> Value {
    let mut bytes = unb64(text.as_str().unwrap()).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    json!(b64(&bytes))
}

/// Lets somebody outside read nothing: a person who only has a seat.
pub fn stranger(world: &mut World, name: &str) -> Person {
    world.person(name, false, None)
}
