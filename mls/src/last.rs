//! What a member keeps of a group across a reload, and when it may enter a new incarnation (LOG-12).

use std::collections::BTreeSet;

use openmls::prelude::LeafNodeIndex;
use serde::{Deserialize, Serialize};

use crate::bytes::{Id, Key};
use crate::canonical;
use crate::fault::{Fault, Outcome};
use crate::member::{Member, OwnSeat};
use crate::policy::Policy;

/// `remember`'s text; fields in alphabetical order, as canonical JSON needs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Last {
    /// The call it belongs to.
    pub call: Id,
    /// The incarnation we were in.
    pub incarnation: Id,
    /// Signature keys of its last tree.
    pub keys: BTreeSet<Key>,
    /// Its last policy.
    pub policy: Policy,
    /// Signature keys of leaves hosts removed.
    pub removed: BTreeSet<Key>,
    /// Signature keys that might still have come back into it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub returning: BTreeSet<Key>,
    /// Version of this format.
    pub v: u32,
}

impl Last {
    /// What there is to remember of a member's group.
    pub fn of(member: &Member, call: &Id) -> Self {
        Self {
            call: call.clone(),
            incarnation: member.incarnation.clone(),
            keys: member.roster.iter().map(|(_, seat)| seat.key).collect(),
            policy: member.policy.clone(),
            removed: member.banished.clone(),
            returning: member.returning.clone(),
            v: 1,
        }
    }

    /// The text for sessionStorage.
    pub fn text(&self) -> Outcome<String> {
        canonical::text(self)
    }

    /// Reads a remembered text; one of another call says nothing about this one.
    pub fn read(text: &str, seat: &OwnSeat) -> Outcome<Option<Self>> {
        let last: Self = canonical::read(text)?;
        if last.v != 1 {
            return Err(Fault::malformed("what was remembered is of an unknown version"));
        }
        Ok(Some(last).filter(|last| last.call == seat.place.call))
    }

    /// POL-8: who comes back into an incarnation as by replacement: the last tree and whoever might still have come back into that one,
    /// but nobody whom a host removed.
    pub fn returning(&self, incarnation: &Id) -> BTreeSet<Key> {
        if *incarnation == self.incarnation {
            return self.returning.clone();
        }
        self.keys.union(&self.returning).filter(|key| !self.removed.contains(key)).copied().collect()
    }

    /// LOG-12: whether the joined group may be entered. `adder` is the member who made our Welcome.
    pub fn check_entry(&self, member: &Member, adder: LeafNodeIndex) -> Outcome<()> {
        if member.incarnation == self.incarnation {
            return self.check_same_incarnation(&member.policy);
        }
        if member.policy != self.policy {
            return Err(Fault::new("policy_differs", "the new group's policy is not the last one we knew"));
        }
        // The creator is leaf 0; once that leaf is blank, the member who lets us in stands for it.
        let creator = member.roster.at(LeafNodeIndex::new(0)).or_else(|| member.roster.at(adder));
        if !creator.is_some_and(|seat| self.keys.contains(&seat.key) || self.returning.contains(&seat.key)) {
            return Err(Fault::new("creator_unknown", "the new group was not made by somebody from the last one"));
        }
        if member.roster.iter().any(|(_, seat)| self.removed.contains(&seat.key)) {
            return Err(Fault::new("removed_present", "somebody a host removed is in the new group"));
        }
        let closed = self.policy.locked || self.policy.strict;
        if closed && member.roster.iter().any(|(_, seat)| !member.returning.contains(&seat.key)) {
            return Err(Fault::new("stranger_present", "somebody who was not in the closed group is in the new one"));
        }
        Ok(())
    }

    // Coming back to the same group: its policy only moves forward.
    fn check_same_incarnation(&self, now: &Policy) -> Outcome<()> {
        let back = now.version < self.policy.version || now.link_version < self.policy.link_version;
        let changed = now.version == self.policy.version && *now != self.policy;
        if back || changed { Err(Fault::new("policy_differs", "the group's policy went back")) } else { Ok(()) }
    }
}
