//! Who has a leaf: the seats of the current tree, kept up to date leaf by leaf (I3).

use std::collections::{BTreeMap, HashMap};

use openmls::prelude::LeafNodeIndex;
use openmls::treesync::TreeSync;

use crate::bytes::{Id, Key};
use crate::fault::{Fault, Outcome};
use crate::identity::{Place, Seat, seat_of};

/// The seats of a tree by leaf, and the leaves by participant.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    seats: BTreeMap<u32, Seat>,
    leaves: HashMap<Id, u32>,
    keys: HashMap<Key, u32>,
}

impl Roster {
    /// The roster of a whole tree, every attestation checked (POL-7), participants unique (POL-11).
    pub fn of_tree(place: &Place, tree: &TreeSync, epoch: u64) -> Outcome<Self> {
        let mut roster = Self::default();
        for (index, leaf) in tree.full_leaves() {
            roster.insert(index.u32(), seat_of(place, leaf, epoch)?)?;
        }
        Ok(roster)
    }

    fn insert(&mut self, leaf: u32, seat: Seat) -> Outcome<()> {
        if self.leaves.insert(seat.participant.clone(), leaf).is_some() {
            return Err(Fault::new("duplicate_participant", "a participant has two leaves"));
        }
        if self.keys.insert(seat.key, leaf).is_some() {
            return Err(crate::tree::duplicate());
        }
        self.seats.insert(leaf, seat);
        Ok(())
    }

    /// Follows a merged commit: the removed leaves go, each new leaf of the tree takes its judged seat.
    pub fn follow(&mut self, tree: &TreeSync, removed: &[u32], added: Vec<Seat>) -> Outcome<()> {
        for leaf in removed {
            if let Some(seat) = self.seats.remove(leaf) {
                self.leaves.remove(&seat.participant);
                self.keys.remove(&seat.key);
            }
        }
        if added.is_empty() {
            return Ok(());
        }
        let mut by_key: HashMap<Key, Seat> = added.into_iter().map(|seat| (seat.key, seat)).collect();
        for (index, leaf) in tree.full_leaves() {
            if self.seats.contains_key(&index.u32()) {
                continue;
            }
            let key: Option<[u8; 32]> = leaf.signature_key().as_slice().try_into().ok();
            let seat = key.and_then(|key| by_key.remove(&crate::bytes::Fixed(key)));
            self.insert(index.u32(), seat.ok_or_else(|| Fault::new("internal", "a new leaf was not judged"))?)?;
        }
        Ok(())
    }

    /// The seat at a leaf.
    pub fn at(&self, leaf: LeafNodeIndex) -> Option<&Seat> {
        self.seats.get(&leaf.u32())
    }

    /// The leaf of a participant.
    pub fn leaf_of(&self, participant: &Id) -> Option<u32> {
        self.leaves.get(participant).copied()
    }

    /// The leaf with a signature key.
    pub fn leaf_with(&self, key: &Key) -> Option<u32> {
        self.keys.get(key).copied()
    }

    /// Leaves and seats in the order of the tree.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Seat)> {
        self.seats.iter().map(|(leaf, seat)| (*leaf, seat))
    }

    /// How many have a leaf.
    pub fn count(&self) -> usize {
        self.seats.len()
    }
}
