//! The MLS group (docs/protocol/delivery.md, policy.md, messages.md).

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use openmls::group::{MlsGroup, MlsGroupJoinConfig, PURE_PLAINTEXT_WIRE_FORMAT_POLICY, ProcessedWelcome};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{
    BasicCredential, Capabilities, Ciphersuite, CredentialType, CredentialWithKey, ExtensionType, KeyPackage, Lifetime, MlsMessageBodyIn,
    MlsMessageIn, MlsMessageOut, OpenMlsProvider as _, OpenMlsRand as _, ProcessedMessageContent, ProtocolMessage, ProtocolVersion,
    RatchetTreeIn, Sender,
};
use openmls::schedule::{PreSharedKeyId, Psk};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;
use serde_json::{Value, json};

use crate::words::{Done, Link, Said, b64, code, fields, hmac, sha256, text, unb64};

const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;
const POLICY: u16 = 0xF0C1;

/// The leaf's signature key.
pub struct Keys(SigningKey);

impl Keys {
    pub fn new() -> Done<Self> {
        let seed = OpenMlsRustCrypto::default().rand().random_array().map_err(|_| "no randomness")?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
}

impl Signer for Keys {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.0.sign(payload).to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

fn signed(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = key.try_into().ok().and_then(|key| VerifyingKey::from_bytes(key).ok());
    let signature = Signature::from_slice(signature).ok();
    key.zip(signature).is_some_and(|(key, signature)| key.verify_strict(message, &signature).is_ok())
}

fn said<E: std::fmt::Display>(what: &str) -> impl Fn(E) -> String {
    move |error| format!("{what}: {error}")
}

/// The text of a field of something that came.
pub fn field<'a>(message: &'a Value, name: &str) -> Done<&'a str> {
    message[name].as_str().ok_or_else(|| format!("there is no {name} in {message}"))
}

/// A seat in a call, and the group once it is entered.
pub struct Member {
    link: Link,
    ticket: Value,
    keys: Keys,
    provider: OpenMlsRustCrypto,
    incarnation: String,
    group: Option<MlsGroup>,
    /// The log index of the commit that added us.
    entrance: i64,
    sequence: u64,
}

impl Member {
    pub fn new(link: Link, ticket: Value, keys: Keys) -> Self {
        let provider = OpenMlsRustCrypto::default();
        Self { link, ticket, keys, provider, incarnation: String::new(), group: None, entrance: -1, sequence: 0 }
    }

    fn group(&mut self) -> Done<&mut MlsGroup> {
        self.group.as_mut().ok_or_else(|| "not in the group yet".to_owned())
    }

    /// `announce`: a KeyPackage as POL-14 wants it, with its link MAC.
    pub fn announce(&mut self, incarnation: &str) -> Done<Value> {
        (self.incarnation, self.group) = (incarnation.to_owned(), None);
        let (attestation, signature) = (field(&self.ticket, "attestation")?, field(&self.ticket, "attestation_signature")?);
        let identity = json!({"attestation": attestation, "signature": signature}).to_string();
        let credential = BasicCredential::new(identity.into_bytes()).into();
        let capabilities = Capabilities::new(
            Some(&[ProtocolVersion::Mls10]),
            Some(&[SUITE]),
            Some(&[ExtensionType::Unknown(POLICY)]),
            Some(&[]),
            Some(&[CredentialType::Basic]),
        );
        let with_key = CredentialWithKey { credential, signature_key: self.keys.public().to_vec().into() };
        let bundle = KeyPackage::builder()
            .key_package_lifetime(Lifetime::new(24 * 3600))
            .leaf_node_capabilities(capabilities)
            .build(SUITE, &self.provider, &self.keys, with_key)
            .map_err(said("the KeyPackage cannot be made"))?;
        let reference = bundle.key_package().hash_ref(self.provider.crypto()).map_err(said("the KeyPackage cannot be hashed"))?;
        let parts = [reference.as_slice(), field(&self.ticket, "call")?.as_bytes(), incarnation.as_bytes()];
        let mac = hmac(&self.link.mac_key, &fields("conclave/link-mac/1", &parts));
        let message = MlsMessageOut::from(bundle.key_package().clone()).to_bytes().map_err(said("the KeyPackage cannot be written"))?;
        Ok(json!({"t": "announce", "incarnation": incarnation, "key_package": b64(&message), "mac": b64(&mac)}))
    }

    /// `welcome`: into the group, if the Welcome carries the link's PSK and the policy chains to the link (POL-1, POL-9).
    pub fn enter(&mut self, message: &Value, tree: &[u8]) -> Done<()> {
        let version = u32::try_from(self.ticket["link_version"].as_u64().unwrap_or(0)).map_err(said("the link version"))?;
        let psk_id = [b"conclave/link-psk/1/", &version.to_be_bytes()[..]].concat();
        PreSharedKeyId::external(psk_id.clone(), Vec::new())
            .store(&self.provider, &self.link.psk)
            .map_err(said("the PSK cannot be kept"))?;
        let bytes = unb64(field(message, "welcome")?)?;
        let MlsMessageBodyIn::Welcome(welcome) = MlsMessageIn::tls_deserialize_exact(bytes).map_err(said("the Welcome"))?.extract() else {
            return Err("the welcome is none".to_owned());
        };
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(false)
            .max_past_epochs(2)
            .build();
        let processed =
            ProcessedWelcome::new_from_welcome(&self.provider, &config, welcome).map_err(said("the Welcome cannot be opened"))?;
        if !matches!(processed.psks(), [only] if matches!(only.psk(), Psk::External(external) if external.psk_id() == psk_id)) {
            return Err("the Welcome does not carry the link's PSK".to_owned());
        }
        let tree = RatchetTreeIn::tls_deserialize_exact(tree).map_err(said("the tree"))?;
        let staged = processed.into_staged_welcome(&self.provider, Some(tree)).map_err(said("Welcome and tree do not fit"))?;
        let group = staged.into_group(&self.provider).map_err(said("the Welcome cannot be used"))?;
        let id = format!("{}.{}", field(&self.ticket, "call")?, self.incarnation);
        if group.group_id().as_slice() != id.as_bytes() {
            return Err("the Welcome is for another group".to_owned());
        }
        self.check_policy(&group)?;
        self.entrance = message["index"].as_i64().ok_or("the welcome has no index")?;
        (self.group, self.sequence) = (Some(group), 0);
        self.seats().map(|_| ())
    }

    // POL-1: the first host is certified by the key hashed in the link, each other by it or by an earlier one.
    fn check_policy(&self, group: &MlsGroup) -> Done<()> {
        let bytes = &group.extensions().unknown(POLICY).ok_or("the group has no policy")?.0;
        let policy: Value = serde_json::from_slice(bytes).map_err(said("the policy"))?;
        let mut listed: Vec<Vec<u8>> = Vec::new();
        for host in policy["hosts"].as_array().ok_or("the policy has no hosts")? {
            let (by, key) = (unb64(field(host, "by")?)?, field(host, "key")?);
            let rooted = sha256(&text("conclave/host-key/1", &by)).starts_with(&self.link.host_hash);
            let mut certificate = json!({"call": self.ticket["call"], "key": key, "meeting": self.link.meeting});
            if let Some(version) = host.get("version") {
                certificate["version"] = version.clone(); // POL-23
            }
            let certificate = certificate.to_string();
            let message = text("conclave/host-certificate/1", certificate.as_bytes());
            if !(rooted || listed.contains(&by)) || !signed(&by, &message, &unb64(field(host, "signature")?)?) {
                return Err("the policy names a host that nobody vouches for".to_owned());
            }
            listed.push(unb64(key)?);
        }
        Ok(())
    }

    /// Leaf index, participant and name of everybody, from attestations for this call and the leaf's own key (POL-7, JOIN-4).
    fn seats(&self) -> Done<Vec<(u32, String, String)>> {
        let group = self.group.as_ref().ok_or("not in the group yet")?;
        let gateway = unb64(field(&self.ticket, "attestation_key")?)?;
        let seat = |member: openmls::group::Member| {
            let identity: Value = serde_json::from_slice(member.credential.serialized_content()).map_err(said("a credential"))?;
            let attestation = field(&identity, "attestation")?;
            let message = text("conclave/attestation/1", attestation.as_bytes());
            if !signed(&gateway, &message, &unb64(field(&identity, "signature")?)?) {
                return Err("an attestation is not the gateway's".to_owned());
            }
            let read: Value = serde_json::from_str(attestation).map_err(said("an attestation"))?;
            let right = [("call", field(&self.ticket, "call")?), ("meeting", &self.link.meeting), ("key", &b64(&member.signature_key))];
            if right.iter().any(|(name, value)| read[name] != **value) {
                return Err("an attestation is for something else".to_owned());
            }
            Ok((member.index.u32(), field(&read, "participant")?.to_owned(), field(&read, "name")?.to_owned()))
        };
        group.members().map(seat).collect()
    }

    /// `entries`: applies the commits after our own; whether the epoch has changed.
    pub fn read(&mut self, message: &Value) -> Done<bool> {
        let from = message["from"].as_i64().ok_or("the entries have no place")?;
        let mut changed = false;
        for (index, entry) in (from..).zip(message["entries"].as_array().ok_or("there are no entries")?) {
            if entry["kind"] == "commit" && index > self.entrance {
                self.apply(entry)?;
                changed = true;
            }
        }
        Ok(changed)
    }

    fn apply(&mut self, entry: &Value) -> Done<()> {
        let by = field(entry, "participant")?;
        let leaf = self.seats()?.into_iter().find(|(_, participant, _)| participant == by).ok_or("a commit is by nobody we know")?.0;
        let group = self.group.as_mut().ok_or("not in the group yet")?;
        let commit = read(field(entry, "commit")?)?;
        let processed = group.process_message(&self.provider, commit).map_err(said("a commit cannot be applied"))?;
        if !matches!(processed.sender(), Sender::Member(sender) if sender.u32() == leaf) {
            return Err("a commit is not by whom the log says".to_owned());
        }
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            return Err("an entry of the log is no commit".to_owned());
        };
        if staged.add_proposals().next().is_some() == (staged.psk_proposals().count() != 1) {
            return Err("a commit that adds carries the link's PSK, and no other does".to_owned()); // POL-9
        }
        group.merge_staged_commit(&self.provider, *staged).map_err(said("a commit cannot be merged"))?;
        let group = self.group.as_ref().ok_or("not in the group yet")?;
        self.check_policy(group)?;
        self.seats().map(|_| ())
    }

    /// `ack` of the epoch we are in.
    pub fn acknowledgement(&mut self) -> Done<Value> {
        let incarnation = self.incarnation.clone();
        let group = self.group()?;
        let digest = sha256(&text("conclave/ack/1", group.epoch_authenticator().as_slice()));
        Ok(json!({"t": "ack", "incarnation": incarnation, "epoch": group.epoch().as_u64(), "digest": b64(&digest)}))
    }

    /// What people compare, and who is there.
    pub fn state(&mut self) -> Done<Value> {
        let names: Vec<_> = self.seats()?.into_iter().map(|(_, _, name)| name).collect();
        let group = self.group()?;
        let code = code(group.epoch_authenticator().as_slice());
        Ok(json!({"event": "state", "epoch": group.epoch().as_u64(), "code": code, "names": names}))
    }

    /// `say` with a chat message, franked.
    pub fn say(&mut self, words: &str) -> Done<Value> {
        let content = json!({"kind": "chat", "text": words}).to_string();
        let participant = field(&self.ticket, "participant")?.to_owned();
        let frank_key: [u8; 32] = self.provider.rand().random_array().map_err(|_| "no randomness")?;
        let sequence = self.sequence.to_be_bytes();
        let group = self.group.as_mut().ok_or("not in the group yet")?;
        let commitment = Said {
            frank_key: &frank_key,
            group_id: group.group_id().as_slice(),
            epoch: group.epoch().as_u64(),
            participant: &participant,
            sequence: &sequence,
            content: content.as_bytes(),
        }
        .commitment();
        group.set_aad(commitment);
        let plaintext = [&frank_key, &sequence[..], content.as_bytes()].concat();
        let message = group.create_message(&self.provider, &self.keys, &plaintext).map_err(said("the message cannot be sealed"))?;
        let message = message.tls_serialize_detached().map_err(said("the message cannot be written"))?;
        self.sequence += 1;
        Ok(json!({"t": "say", "incarnation": self.incarnation, "message": b64(&message)}))
    }

    /// One item of `said`: what it says, if its sender is the one named and its franking holds (SAY-2, SAY-5).
    pub fn hear(&mut self, item: &Value) -> Done<Option<Value>> {
        let participant = field(item, "participant")?;
        if participant == field(&self.ticket, "participant")? {
            return Ok(None);
        }
        let seats = self.seats()?;
        let group = self.group.as_mut().ok_or("not in the group yet")?;
        let message = read(field(item, "message")?)?;
        let processed = group.process_message(&self.provider, message).map_err(said("a message cannot be opened"))?;
        let seat = seats
            .iter()
            .find(|(leaf, seat, _)| seat == participant && matches!(processed.sender(), Sender::Member(sender) if sender.u32() == *leaf));
        let (_, _, name) = seat.ok_or("a message is not by whom the gateway says")?;
        let (group_id, epoch, found) = (processed.group_id().clone(), processed.epoch().as_u64(), processed.aad().to_vec());
        let ProcessedMessageContent::ApplicationMessage(plaintext) = processed.into_content() else {
            return Err("a message is nothing said".to_owned());
        };
        let plaintext = plaintext.into_bytes();
        let (head, content) = plaintext.split_at_checked(40).ok_or("a message is cut")?;
        let (frank_key, sequence) = head.split_at(32);
        let said_so = Said { frank_key, group_id: group_id.as_slice(), epoch, participant, sequence, content };
        if said_so.commitment() != found {
            return Err("the franking of a message is wrong".to_owned());
        }
        let content: Value = serde_json::from_slice(content).map_err(said("a message"))?;
        Ok((content["kind"] == "chat").then(|| json!({"event": "chat", "from": name, "text": content["text"]})))
    }
}

fn read(message: &str) -> Done<ProtocolMessage> {
    let message = MlsMessageIn::tls_deserialize_exact(unb64(message)?).map_err(said("a message cannot be read"))?;
    message.try_into_protocol_message().map_err(said("a message is of another kind"))
}
