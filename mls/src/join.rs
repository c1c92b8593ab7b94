//! Into a group: KeyPackage, creation, Welcome (delivery.md, "Create" and "Join").

use openmls::group::{MlsGroup, MlsGroupCreateConfig, ProcessedWelcome, StagedWelcome};
use openmls::prelude::{CredentialWithKey, KeyPackage, Lifetime, MlsMessageBodyIn, MlsMessageIn, RatchetTreeIn, Welcome};
use openmls::schedule::{PreSharedKeyId, Psk};
use openmls_traits::{OpenMlsProvider as _, storage::StorageProvider as _};
use serde_json::{Value, json};
use tls_codec::{DeserializeBytes as _, Serialize as _};

use crate::bytes::{Id, b64};
use crate::context;
use crate::fault::{Fault, Outcome, from_library};
use crate::identity::credential;
use crate::key_package::{message_of, reference_of};
use crate::last::Last;
use crate::link::psk_id;
use crate::log::{Entrance, Log};
use crate::member::{Member, Own, OwnSeat, group_id, join_config, sender_ratchet, wire_format};
use crate::policy::{Policy, Root, certify};
use crate::roster::Roster;
use crate::store::Provider;
use crate::tree::{SUITE, capabilities, check_tree};

/// 28 days: longer than any call, shorter than the library's bound (POL-14).
const LIFETIME_SECONDS: u64 = 28 * 24 * 3600;
const MOST_KEY_PACKAGES: usize = 8;

/// KeyPackages that wait for their Welcome, with their private keys.
#[derive(Default)]
pub struct Waiting {
    provider: Provider,
    made: usize,
}

fn credential_of(own: &Own, seat: &OwnSeat) -> Outcome<CredentialWithKey> {
    Ok(CredentialWithKey {
        credential: credential(&seat.attestation, &seat.signature)?,
        signature_key: own.keys.public().0.to_vec().into(),
    })
}

/// Puts the link's PSK where the library looks for it (POL-9).
pub fn store_psk(own: &Own, provider: &Provider) -> Outcome<PreSharedKeyId> {
    let id = PreSharedKeyId::new(SUITE, provider.rand(), link_psk(own)?).map_err(|_| Fault::new("internal", "no randomness"))?;
    id.store(provider, &*own.link.psk).map_err(from_library("internal", "the PSK could not be kept"))?;
    Ok(id)
}

/// Takes it away again, before the link changes: it opens nothing any more (LINK-5).
pub fn forget_psk(own: &Own, provider: &Provider) -> Outcome<()> {
    provider.storage().delete_psk(&link_psk(own)?).map_err(from_library("internal", "the PSK could not be dropped"))
}

fn link_psk(own: &Own) -> Outcome<Psk> {
    Ok(Psk::External(openmls::schedule::ExternalPsk::new(psk_id(own.seat()?.link_version))))
}

impl Waiting {
    /// `key_package`: a fresh KeyPackage with its link MAC, to be announced.
    pub fn key_package(&mut self, own: &Own, incarnation: &Id) -> Outcome<Value> {
        let seat = own.seat()?;
        if self.made == MOST_KEY_PACKAGES {
            *self = Self::default();
        }
        let bundle = KeyPackage::builder()
            .key_package_lifetime(Lifetime::new(LIFETIME_SECONDS))
            .leaf_node_capabilities(capabilities())
            .build(SUITE, &self.provider, &own.keys, credential_of(own, seat)?)
            .map_err(from_library("internal", "the KeyPackage could not be made"))?;
        self.made += 1;
        let reference = reference_of(self.provider.crypto(), bundle.key_package())?;
        let mac = own.link.mac(&reference, &seat.place.call, incarnation);
        let bytes = message_of(bundle.key_package())?;
        Ok(json!({ "key_package": b64(&bytes), "reference": b64(&reference), "mac": b64(&mac) }))
    }

    /// A copy to try a Welcome on: the library burns the KeyPackage even when the Welcome is refused (LOG-6).
    fn copy(&self) -> Provider {
        self.provider.copy()
    }
}

/// `create`: epoch 0 of an incarnation, with us alone in it.
pub fn create(own: &Own, incarnation: &Id, last: Option<&str>) -> Outcome<(Member, Value)> {
    let seat = own.seat()?;
    let last = last.map(|text| Last::read(text, seat)).transpose()?.flatten();
    let policy = first_policy(own, seat, last.as_ref())?;
    check_link(&policy, seat)?;
    let provider = Provider::default();
    store_psk(own, &provider)?;
    let config = MlsGroupCreateConfig::builder()
        .ciphersuite(SUITE)
        .capabilities(capabilities())
        .lifetime(Lifetime::new(LIFETIME_SECONDS))
        .wire_format_policy(wire_format())
        .padding_size(64)
        .max_past_epochs(2)
        .number_of_resumption_psks(0)
        .use_ratchet_tree_extension(false)
        .sender_ratchet_configuration(sender_ratchet())
        .with_group_context_extensions(context::extensions(&policy)?)
        .build();
    let id = group_id(&seat.place.call, incarnation);
    let group = MlsGroup::new_with_group_id(&provider, &own.keys, &config, id, credential_of(own, seat)?)
        .map_err(from_library("internal", "the group could not be made"))?;
    let group_info = context::group_info(&group, &own.keys)?;
    let tree = group.export_ratchet_tree().tls_serialize_detached().map_err(|_| Fault::new("internal", "the tree could not be written"))?;
    let member = finish(own, provider, group, incarnation, policy, Log::new(), last.as_ref())?;
    let answer = json!({ "group_info": b64(&group_info), "tree": b64(&tree), "state": member.state() });
    Ok((member, answer))
}

// POL-5; LOG-12: a new incarnation starts with the last policy, unchanged.
fn first_policy(own: &Own, seat: &OwnSeat, last: Option<&Last>) -> Outcome<Policy> {
    if let Some(last) = last {
        return Ok(last.policy.clone());
    }
    let mut policy = Policy::first(seat.link_version);
    if let Some(host_key) = &own.link.host_key {
        policy.hosts.push(certify(host_key, &seat.place.meeting, &seat.place.call, own.keys.public(), policy.version)?);
    }
    Ok(policy)
}

/// What `join` takes.
pub struct Invitation<'a> {
    /// This life of the group.
    pub incarnation: &'a Id,
    /// Our own MLSMessage(Welcome).
    pub welcome: &'a [u8],
    /// The tree of the epoch we join.
    pub tree: &'a [u8],
    /// What the commit that added us covers.
    pub covers: i64,
    /// Its index in the log.
    pub index: i64,
    /// What `remember` gave, if we were in this call before.
    pub last: Option<&'a str>,
}

/// `join`: checks the Welcome, the whole tree and the policy before anything is kept.
pub fn join(own: &Own, waiting: &Waiting, invitation: &Invitation<'_>) -> Outcome<(Member, Value)> {
    let seat = own.seat()?;
    if invitation.covers < -1 || invitation.covers >= invitation.index {
        return Err(Fault::new("bad_covers", "a Welcome's covers must be below its commit's index"));
    }
    let last = invitation.last.map(|text| Last::read(text, seat)).transpose()?.flatten();
    let provider = waiting.copy();
    store_psk(own, &provider)?;
    let (staged, policy) = open_welcome(own, seat, &provider, invitation)?;
    let creator = staged.welcome_sender_index();
    let group = staged.into_group(&provider).map_err(from_library("bad_welcome", "the Welcome cannot be used"))?;
    let entrance = Entrance { index: invitation.index, covers: invitation.covers, epoch: group.epoch().as_u64() };
    let member = finish(own, provider, group, invitation.incarnation, policy, Log::joined(entrance), last.as_ref())?;
    if let Some(last) = last {
        last.check_entry(&member, creator)?;
    }
    let answer = json!({ "state": member.state() });
    Ok((member, answer))
}

// POL-1, POL-9, POL-11 and POL-14 for a joiner.
fn open_welcome(own: &Own, seat: &OwnSeat, provider: &Provider, invitation: &Invitation<'_>) -> Outcome<(StagedWelcome, Policy)> {
    let welcome = read_welcome(invitation.welcome)?;
    let processed = ProcessedWelcome::new_from_welcome(provider, &join_config(), welcome)
        .map_err(from_library("bad_welcome", "the Welcome cannot be opened"))?;
    check_psks(processed.psks(), seat.link_version)?;
    let info = processed.unverified_group_info();
    if *info.group_id() != group_id(&seat.place.call, invitation.incarnation) {
        return Err(Fault::new("bad_welcome", "the Welcome is for another group"));
    }
    if info.extensions().iter().next().is_some() || info.ciphersuite() != SUITE {
        return Err(Fault::new("bad_welcome", "the Welcome's GroupInfo is not of this protocol"));
    }
    let tree = RatchetTreeIn::tls_deserialize_exact_bytes(invitation.tree).map_err(|_| Fault::malformed("the tree cannot be read"))?;
    let staged =
        processed.into_staged_welcome(provider, Some(tree)).map_err(from_library("bad_welcome", "the Welcome and the tree do not fit"))?;
    let policy = context::read_policy(staged.group_context().extensions())?;
    policy.check_chain(&Root::Hash(own.link.host_hash), &seat.place.meeting, &seat.place.call)?;
    check_link(&policy, seat)?;
    Ok((staged, policy))
}

// So that everybody inside holds the link of the policy, and follows it from there (LINK-5).
fn check_link(policy: &Policy, seat: &OwnSeat) -> Outcome<()> {
    if policy.link_version == seat.link_version {
        return Ok(());
    }
    Err(Fault::new("link_version", "the group uses another version of the link"))
}

fn read_welcome(bytes: &[u8]) -> Outcome<Welcome> {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| Fault::malformed("the Welcome cannot be read"))?;
    match message.extract() {
        MlsMessageBodyIn::Welcome(welcome) if welcome.secrets().len() == 1 => Ok(welcome),
        MlsMessageBodyIn::Welcome(_) => Err(Fault::new("bad_welcome", "the Welcome is not for us alone")),
        _ => Err(Fault::malformed("the message is not a Welcome")),
    }
}

// POL-9: exactly the link's PSK, looked at before joining.
fn check_psks(found: &[PreSharedKeyId], link_version: u32) -> Outcome<()> {
    match found {
        [only] => match only.psk() {
            Psk::External(external) if external.psk_id() == psk_id(link_version) => Ok(()),
            _ => Err(Fault::new("wrong_psk", "the Welcome carries another PSK than the link's")),
        },
        _ => Err(Fault::new("wrong_psk", "the Welcome does not carry exactly the link's PSK")),
    }
}

fn finish(
    own: &Own,
    provider: Provider,
    group: MlsGroup,
    incarnation: &Id,
    policy: Policy,
    log: Log,
    last: Option<&Last>,
) -> Outcome<Member> {
    let seat = own.seat()?;
    check_tree(group.treesync())?;
    let roster = Roster::of_tree(&seat.place, group.treesync(), group.epoch().as_u64())?;
    let mine = roster.at(group.own_leaf_index());
    if !mine.is_some_and(|mine| mine.participant == seat.participant && mine.key == own.keys.public()) {
        return Err(Fault::new("bad_welcome", "our own leaf is not ours"));
    }
    let banished = last.map(|last| last.removed.clone()).unwrap_or_default();
    let returning = last.map(|last| last.returning(incarnation)).unwrap_or_default();
    let incarnation = incarnation.clone();
    Ok(Member { group, provider, incarnation, policy, roster, log, pending: None, said: 0, banished, returning, broken: false })
}
