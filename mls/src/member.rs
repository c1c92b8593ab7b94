//! A member of one incarnation: its group, policy, roster and place in the log.

use std::collections::BTreeSet;

use openmls::group::{MlsGroup, MlsGroupJoinConfig, PURE_PLAINTEXT_WIRE_FORMAT_POLICY, WireFormatPolicy};
use openmls::prelude::{GroupId, SenderRatchetConfiguration};
use openmls_traits::{OpenMlsProvider as _, types::HpkeKeyPair};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::bytes::{B64, Id, Key, b64, labelled_text, sha256};
use crate::code::security_code;
use crate::fault::{Fault, Outcome, from_library};
use crate::identity::Place;
use crate::keys::SeedKey;
use crate::link::Link;
use crate::log::Log;
use crate::policy::{Policy, Root};
use crate::rights;
use crate::roster::Roster;
use crate::rules::View;
use crate::store::Provider;
use crate::wire::{RosterEntry, State};

/// What a participant holds before and beside any group.
pub struct Own {
    /// The link.
    pub link: Link,
    /// The leaf's signature key.
    pub keys: SeedKey,
    /// The seat, once the ticket came.
    pub seat: Option<OwnSeat>,
    /// What a host seals the link to while we knock with a former one.
    pub seal_key: Option<HpkeKeyPair>,
}

/// The seat the ticket gave.
#[derive(Clone)]
pub struct OwnSeat {
    /// Meeting, call and the gateway's key.
    pub place: Place,
    /// Our participant id.
    pub participant: Id,
    /// The attestation's text.
    pub attestation: String,
    /// Its signature.
    pub signature: Vec<u8>,
    /// Which secret of the link we hold.
    pub link_version: u32,
}

impl Own {
    /// The seat, or the fault that `seated` was not called.
    pub fn seat(&self) -> Outcome<&OwnSeat> {
        self.seat.as_ref().ok_or_else(|| Fault::state("call seated first"))
    }

    /// LINK-5: another secret of the link, and nothing of the former one.
    pub fn hold_link(&mut self, secret: &[u8; 16], link_version: u32) -> Outcome<()> {
        self.link.renew(secret)?;
        if let Some(seat) = &mut self.seat {
            seat.link_version = link_version;
        }
        Ok(())
    }

    /// Which secret of the link we hold.
    pub fn link_version(&self) -> Option<u32> {
        self.seat.as_ref().map(|seat| seat.link_version)
    }
}

/// A group this participant is in.
pub struct Member {
    /// The MLS group.
    pub group: MlsGroup,
    /// Randomness, crypto and the group's private keys.
    pub provider: Provider,
    /// This life of the group.
    pub incarnation: Id,
    /// The policy in force.
    pub policy: Policy,
    /// Who has a leaf.
    pub roster: Roster,
    /// The handshake log.
    pub log: Log,
    /// Our commit that is on its way to the log (LOG-4).
    pub pending: Option<Vec<u8>>,
    /// How many messages we have said.
    pub said: u64,
    /// Keys of leaves that hosts removed (LOG-12).
    pub banished: BTreeSet<Key>,
    /// Keys of who was here when the incarnation before ended and may come back (POL-8).
    pub returning: BTreeSet<Key>,
    /// Set when the library failed half-way through a merge: nothing may be done any more (LOG-6, LOG-11).
    pub broken: bool,
}

/// PublicMessage handshakes, two past epochs for messages (SAY-3), padding to 64 bytes, no tree in the GroupInfo.
pub fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(wire_format())
        .padding_size(64)
        .max_past_epochs(2)
        .number_of_resumption_psks(0)
        .use_ratchet_tree_extension(false)
        .sender_ratchet_configuration(sender_ratchet())
        .build()
}

/// Handshakes are PublicMessages; what is said is always a PrivateMessage (RFC 9420 §6).
pub fn wire_format() -> WireFormatPolicy {
    PURE_PLAINTEXT_WIRE_FORMAT_POLICY
}

/// The log keeps order, so few messages are late; a member that was away may miss many.
pub fn sender_ratchet() -> SenderRatchetConfiguration {
    SenderRatchetConfiguration::new(16, 2000)
}

/// The group id is `<call>.<incarnation>`.
pub fn group_id(call: &Id, incarnation: &Id) -> GroupId {
    GroupId::from_slice(format!("{}.{}", call.as_str(), incarnation.as_str()).as_bytes())
}

impl Member {
    /// Refuses every use after a failed merge or our own removal.
    pub fn check_usable(&self) -> Outcome<()> {
        if self.broken {
            return Err(Fault::new("broken", "this member's state is lost: wipe it and come back by replacement"));
        }
        if !self.group.is_active() {
            return Err(Fault::new("removed", "this member was removed from the group"));
        }
        Ok(())
    }

    /// What a commit of the current epoch is judged against.
    pub fn view<'a>(&'a self, own: &'a Own, root: &'a Root) -> Outcome<View<'a>> {
        let seat = own.seat()?;
        Ok(View {
            place: &seat.place,
            incarnation: &self.incarnation,
            policy: &self.policy,
            root,
            roster: &self.roster,
            returning: &self.returning,
            tree: self.group.treesync(),
            link: Some(&own.link),
            next_epoch: self.group.epoch().as_u64() + 1,
        })
    }

    /// *state* of mls/README.md.
    pub fn state(&self) -> State {
        let active = self.group.is_active() && !self.broken;
        let own = self.roster.at(self.group.own_leaf_index()).filter(|_| active);
        State {
            incarnation: self.incarnation.clone(),
            epoch: self.group.epoch().as_u64(),
            leaf: active.then(|| self.group.own_leaf_index().u32()),
            roster: roster_entries(&self.roster, &self.policy),
            policy: self.policy.clone(),
            code: active.then(|| security_code(self.group.epoch_authenticator().as_slice())),
            transcript: B64(self.group.public_group().group_context().confirmed_transcript_hash().to_vec()),
            hosting: own.map(|seat| self.policy.lists(&seat.key)),
            next: self.log.next(),
            newcomer: None,
        }
    }

    /// SHA-256(`conclave/ack/1` ‖ 0x00 ‖ epoch authenticator).
    pub fn acknowledgement(&self) -> Outcome<Value> {
        self.check_usable()?;
        let digest = sha256(&labelled_text("conclave/ack/1", self.group.epoch_authenticator().as_slice()));
        Ok(json!({ "epoch": self.group.epoch().as_u64(), "digest": b64(&digest) }))
    }

    /// The media key of a leaf in this epoch (docs/protocol/frames.md): exporter over leaf index ‖ participant id.
    pub fn media_key(&self, leaf: u32) -> Outcome<Value> {
        self.check_usable()?;
        let seat = self.roster.at(openmls::prelude::LeafNodeIndex::new(leaf));
        let seat = seat.ok_or_else(|| Fault::new("no_leaf", "nobody has this leaf"))?;
        let key = self
            .group
            .export_secret(self.provider.crypto(), "conclave/media/1", &media_context(leaf, &seat.participant), 16)
            .map_err(from_library("internal", "the media key could not be derived"))?;
        let key = Zeroizing::new(key);
        Ok(json!({ "epoch": self.group.epoch().as_u64(), "leaf": leaf, "key": b64(&key) }))
    }
}

/// The exporter context of a leaf's media key: leaf index as 4 bytes big-endian ‖ participant id (text).
pub fn media_context(leaf: u32, participant: &Id) -> Vec<u8> {
    let mut context = leaf.to_be_bytes().to_vec();
    context.extend_from_slice(participant.text());
    context
}

/// The roster as hosts of the module show it.
pub fn roster_entries(roster: &Roster, policy: &Policy) -> Vec<RosterEntry> {
    let hosts: std::collections::HashSet<&Key> = policy.hosts.iter().map(|host| &host.key).collect();
    roster
        .iter()
        .map(|(leaf, seat)| {
            let host = hosts.contains(&seat.key);
            RosterEntry {
                leaf,
                participant: seat.participant.clone(),
                name: seat.name.clone(),
                role: seat.role,
                account: seat.account.clone(),
                domain: seat.domain.clone(),
                key: seat.key,
                host,
                cohost: host && !policy.lists_by_link(&seat.key),
                may: rights::all_of(policy, &seat.key, host, roster.count()),
            }
        })
        .collect()
}
