//! One instance of the module: one member, or one public group; every operation of mls/README.md starts here.

use openmls::prelude::OpenMlsRand as _;
use openmls_rust_crypto::RustCrypto;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::bytes::{Fixed, Id, Key, Loose, b64};
use crate::fault::{Fault, Outcome};
use crate::hosting::Word;
use crate::identity::{Place, check_attestation};
use crate::join::{Invitation, Waiting, create, join};
use crate::keys::{SeedKey, check_signature_key};
use crate::last::Last;
use crate::link::{Link, hash_of_host, verify_entry};
use crate::log::HostWord;
use crate::member::{Member, Own, OwnSeat};
use crate::path::sealed_head;
use crate::public::{Opening, Public, check_key_package};
use crate::wire::{Request, answer};

const LARGEST_REQUEST: usize = 64 << 20;

/// The state behind the ABI.
#[derive(Default)]
pub struct Instance {
    own: Option<Own>,
    waiting: Waiting,
    member: Option<Member>,
    public: Option<Public>,
}

impl Instance {
    /// What a member holds, for tests that misuse it.
    #[cfg(test)]
    #[allow(clippy::expect_used, reason = "tests only")]
    pub(crate) fn parts(&mut self) -> (&Own, &mut Member) {
        (self.own.as_ref().expect("open was called"), self.member.as_mut().expect("a group was entered"))
    }

    /// Answers one request; never panics on any input.
    pub fn call(&mut self, request: &[u8]) -> String {
        answer(read(request).and_then(|request| self.dispatch(request)))
    }

    fn dispatch(&mut self, request: Request) -> Outcome<Value> {
        match request {
            Request::NewLink { .. }
            | Request::Link { .. }
            | Request::HostHash { .. }
            | Request::PublicKeyPackage { .. }
            | Request::VerifyEntry { .. }
            | Request::MessageHeader { .. } => stateless(request),
            Request::Open { .. }
            | Request::SignEntry {}
            | Request::Seated { .. }
            | Request::SealKey {}
            | Request::OpenLink { .. }
            | Request::KeyPackage { .. }
            | Request::Create { .. }
            | Request::Join { .. } => self.before(request),
            Request::PublicOpen { .. }
            | Request::PublicEntries { .. }
            | Request::PublicStage { .. }
            | Request::PublicMerge { .. }
            | Request::PublicDiscard {}
            | Request::PublicTree {}
            | Request::VerifyHost { .. } => self.public(request),
            _ => self.member(request),
        }
    }

    fn own(&self) -> Outcome<&Own> {
        self.own.as_ref().ok_or_else(|| Fault::state("call open first"))
    }

    /// What we hold, to be changed: not once a group is entered, whose link comes from the group alone (LINK-5).
    fn outside(&mut self) -> Outcome<&mut Own> {
        if self.member.is_some() {
            return Err(Fault::state("a group is entered already"));
        }
        self.own.as_mut().ok_or_else(|| Fault::state("call open first"))
    }

    fn before(&mut self, request: Request) -> Outcome<Value> {
        match request {
            Request::Open { meeting, secret, host_hash, host_key, identity } => {
                self.open(&meeting, &Zeroizing::new(secret.0), host_hash, host_key, identity)
            }
            Request::SignEntry {} => {
                let Own { link, keys, .. } = self.own()?;
                link.sign_entry(&keys.public())
            }
            Request::Seated { attestation, attestation_signature, attestation_key, link_version } => {
                self.seated(attestation, attestation_signature.0, attestation_key, link_version)
            }
            Request::SealKey {} => self.outside()?.make_seal_key(),
            Request::OpenLink { sealed } => self.outside()?.open_link(&sealed.0),
            Request::KeyPackage { incarnation } => {
                let own = self.own.as_ref().ok_or_else(|| Fault::state("call open first"))?;
                self.waiting.key_package(own, &incarnation)
            }
            Request::Create { incarnation, last } => {
                let (member, answer) = create(self.own()?, &incarnation, last.as_deref())?;
                self.member = Some(member);
                Ok(answer)
            }
            Request::Join { incarnation, welcome, tree, covers, index, last } => {
                let invitation =
                    Invitation { incarnation: &incarnation, welcome: &welcome.0, tree: &tree.0, covers, index, last: last.as_deref() };
                let (member, answer) = join(self.own()?, &self.waiting, &invitation)?;
                self.member = Some(member);
                self.waiting = Waiting::default();
                Ok(answer)
            }
            _ => Err(unreachable_request()),
        }
    }

    fn open(
        &mut self,
        meeting: &Id,
        secret: &[u8; 16],
        host_hash: Fixed<16>,
        host_key: Option<Key>,
        identity: Option<Key>,
    ) -> Outcome<Value> {
        if self.own.is_some() || self.public.is_some() {
            return Err(Fault::state("this instance is open already"));
        }
        let link = Link::derive(meeting, secret, host_hash, host_key.map(|seed| SeedKey::new(&seed.0)))?;
        let seed = match identity {
            Some(seed) => seed.0,
            None => random()?,
        };
        let keys = SeedKey::new(&seed);
        check_signature_key(&keys.public().0)?;
        let answer = json!({ "signature_key": keys.public(), "identity": Fixed(keys.seed()), "link_id": link.link_id });
        self.own = Some(Own { link, keys, seat: None, seal_key: None });
        Ok(answer)
    }

    fn seated(&mut self, attestation: String, signature: Vec<u8>, attestation_key: Key, link_version: u32) -> Outcome<Value> {
        let own = self.own.as_mut().ok_or_else(|| Fault::state("call open first"))?;
        let call = call_of(&attestation)?;
        let place = Place { meeting: own.link.meeting.clone(), call, attestation_key };
        let checked = check_attestation(&place, &attestation, &signature)?;
        if checked.key != own.keys.public() {
            return Err(Fault::new("bad_attestation", "the attestation is for another key"));
        }
        let answer = json!({ "participant": checked.participant, "call": checked.call, "role": checked.role });
        own.seat = Some(OwnSeat { place, participant: checked.participant, attestation, signature, link_version });
        Ok(answer)
    }

    fn member(&mut self, request: Request) -> Outcome<Value> {
        let own = self.own.as_mut().ok_or_else(|| Fault::state("call open first"))?;
        let member = self.member.as_mut().ok_or_else(|| Fault::state("create or join a group first"))?;
        if let Request::Entries { from, entries } = request {
            let before = (member.group.epoch(), own.link_version());
            let events = member.read_entries(own, from, entries)?;
            let state = (before.0 != member.group.epoch()).then(|| member.state());
            let link = (before.1 != own.link_version()).then(|| new_link(own));
            return Ok(with(json!({ "events": events, "next": member.log.next() }), [("state", json!(state)), ("link", json!(link))]));
        }
        let own = &*own;
        match request {
            Request::Commit { covers, policy } => member.commit(own, covers, policy.as_deref()),
            Request::Forget {} => member.forget(),
            Request::Policy { changes } => member.changed_policy(own, &changes),
            Request::Acknowledgement {} => member.acknowledgement(),
            Request::MediaKey { leaf } => member.media_key(leaf),
            Request::Seal { content } => member.seal(own, content),
            Request::OpenMessage { message, participant } => member.open_message(&message.0, &participant),
            Request::SignAdmit { reference } => member.sign_word(own, &Word::Admit(&reference.0)),
            Request::SignRemove { participant } => member.sign_word(own, &Word::Remove(&participant)),
            Request::SignEnd {} => member.sign_word(own, &Word::End),
            Request::SignAttendance { people } => member.sign_attendance(own, people),
            Request::SealLink { to, signature_key, signature } => member.seal_link(own, &to, &signature_key, &signature.0),
            Request::State {} => Ok(json!({ "state": member.state() })),
            Request::Remember {} => Ok(json!({ "text": Last::of(member, &own.seat()?.place.call).text()? })),
            _ => Err(unreachable_request()),
        }
    }

    fn public(&mut self, request: Request) -> Outcome<Value> {
        if let Request::PublicOpen { meeting, call, incarnation, attestation_key, group_info, tree, returning } = request {
            if self.public.is_some() || self.own.is_some() {
                return Err(Fault::state("this instance is open already"));
            }
            let place = Place { meeting, call, attestation_key };
            let public = Public::open(Opening { place, incarnation, group_info: group_info.0, tree: tree.0, returning })?;
            let answer = json!({ "state": public.state() });
            self.public = Some(public);
            return Ok(answer);
        }
        let public = self.public.as_mut().ok_or_else(|| Fault::state("call public_open first"))?;
        match request {
            Request::PublicEntries { from, entries } => {
                let events = public.read_entries(from, entries)?;
                Ok(json!({ "events": events, "state": public.state() }))
            }
            Request::PublicStage { covers, commit, participant } => public.stage(covers, &commit.0, &participant),
            Request::PublicMerge { index } => public.merge(index),
            Request::PublicDiscard {} => public.discard(),
            Request::PublicTree {} => public.tree(),
            Request::VerifyHost { label, participant, reference, key, signature } => {
                let word = HostWord { key: Loose(key.0.to_vec()), signature: Loose(signature.0) };
                public.verify_host(label, participant.as_ref(), reference.as_ref().map(|reference| &reference.0), &word)
            }
            _ => Err(unreachable_request()),
        }
    }
}

fn read(request: &[u8]) -> Outcome<Request> {
    if request.len() > LARGEST_REQUEST {
        return Err(Fault::malformed("the request is too large"));
    }
    serde_json::from_slice(request).map_err(|error| Fault::malformed(format!("the request cannot be read: {error}")))
}

fn stateless(request: Request) -> Outcome<Value> {
    match request {
        Request::NewLink { meeting } => {
            let secret: Zeroizing<[u8; 16]> = Zeroizing::new(random()?);
            let host = SeedKey::new(&random()?);
            let host_hash = hash_of_host(&host.public());
            let link = Link::derive(&meeting, &secret, host_hash, None)?;
            Ok(json!({ "secret": b64(&*secret), "host_key": b64(&host.seed()), "host_hash": host_hash, "link_id": link.link_id }))
        }
        Request::Link { meeting, secret } => {
            let link = Link::derive(&meeting, &secret.0, Fixed([0; 16]), None)?;
            Ok(json!({ "link_id": link.link_id }))
        }
        Request::HostHash { host_key } => Ok(json!({ "host_hash": hash_of_host(&SeedKey::new(&host_key.0).public()) })),
        Request::PublicKeyPackage { incarnation: _, key_package, participant, attestation_key, meeting, call } => {
            check_key_package(&Place { meeting, call, attestation_key }, &key_package.0, &participant)
        }
        Request::VerifyEntry { meeting, host_hash, signature_key, key, signature } => {
            Ok(json!({ "host": verify_entry(&meeting, host_hash, &signature_key, &key, &signature.0) }))
        }
        Request::MessageHeader { message } => {
            let head = sealed_head(&message.0)?;
            let group_id = String::from_utf8(head.group_id).map_err(|_| Fault::malformed("the group id is not one of ours"))?;
            Ok(json!({
                "group_id": group_id,
                "epoch": head.epoch,
                "authenticated_data": b64(&head.authenticated_data),
                "content_type": head.content_type,
            }))
        }
        _ => Err(unreachable_request()),
    }
}

/// The call an attestation names; `check_attestation` checks the rest.
fn call_of(attestation: &str) -> Outcome<Id> {
    crate::canonical::read::<crate::identity::Attestation>(attestation).map(|attestation| attestation.call)
}

/// The link that the group has moved on to, to be kept and passed on (LINK-5).
fn new_link(own: &Own) -> Value {
    json!({ "secret": b64(own.link.secret()), "link_id": own.link.link_id, "link_version": own.link_version() })
}

/// An answer with the fields that have a value.
fn with<const N: usize>(mut answer: Value, fields: [(&str, Value); N]) -> Value {
    if let Some(map) = answer.as_object_mut() {
        map.extend(fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)));
    }
    answer
}

fn random<const N: usize>() -> Outcome<[u8; N]> {
    RustCrypto::default().random_array().map_err(|_| Fault::new("internal", "no randomness"))
}

fn unreachable_request() -> Fault {
    Fault::new("internal", "an operation was sent to the wrong place")
}
