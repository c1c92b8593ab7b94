//! The handshake log as a member or the gateway keeps it (docs/protocol/delivery.md, "The log").

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

use crate::bytes::{Id, Loose};
use crate::fault::{Fault, Outcome};

/// A host's word: its leaf key and its Ed25519 signature.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostWord {
    /// The host's leaf key.
    pub key: Loose,
    /// Ed25519 over what the host says.
    pub signature: Loose,
}

/// Why a removal was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// Said bye.
    Left,
    /// Its socket stayed away.
    Lost,
    /// Its own new leaf comes instead.
    Replaced,
    /// A host, or the operator, removed it.
    Removed,
}

/// An entry of the log, as it is on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Entry {
    /// Somebody is to be added.
    Add {
        /// The seat.
        participant: Id,
        /// MLSMessage(KeyPackage).
        key_package: Loose,
        /// The link MAC (POL-7).
        mac: Loose,
        /// A host's admission (POL-8).
        #[serde(default)]
        admit: Option<HostWord>,
    },
    /// Somebody is to be removed.
    Remove {
        /// The seat.
        participant: Id,
        /// Why.
        reason: Reason,
        /// The host who asked.
        #[serde(default)]
        by: Option<HostWord>,
    },
    /// An accepted commit.
    Commit {
        /// Who sent it.
        participant: Id,
        /// MLSMessage(PublicMessage).
        commit: Loose,
    },
}

/// An announced addition.
#[derive(Debug, Clone)]
pub struct Addition {
    /// The seat.
    pub participant: Id,
    /// MLSMessage(KeyPackage).
    pub key_package: Vec<u8>,
    /// The link MAC.
    pub mac: Vec<u8>,
    /// A host's admission.
    pub admit: Option<HostWord>,
}

/// An announced removal.
#[derive(Debug, Clone)]
pub struct Removal {
    /// The seat.
    pub participant: Id,
    /// Why.
    pub reason: Reason,
    /// The host who asked.
    pub by: Option<HostWord>,
}

#[derive(Debug, Clone)]
enum Announcement {
    Add(Addition),
    Remove(Removal),
}

/// What a window means: per participant, in the order of their last event.
#[derive(Debug, Default)]
pub struct Meaning {
    /// Whose leaf is to go, if it has one.
    pub removals: Vec<Removal>,
    /// Who is to come.
    pub additions: Vec<Addition>,
}

/// The commit by which this member joined: it is passed over in the log, and with it what came before.
#[derive(Debug, Clone)]
pub struct Entrance {
    /// Its index in the log.
    pub index: i64,
    /// What it covers.
    pub covers: i64,
    /// The epoch it leads to.
    pub epoch: u64,
}

/// Announcements not yet spent, and the place in the log.
#[derive(Debug, Clone)]
pub struct Log {
    waiting: BTreeMap<i64, Announcement>,
    spent: i64,
    next: i64,
    /// The commit to pass over, for a joiner.
    pub entrance: Option<Entrance>,
}

impl Log {
    /// The log of a group's creator: nothing announced, nothing spent.
    pub fn new() -> Self {
        Self { waiting: BTreeMap::new(), spent: -1, next: 0, entrance: None }
    }

    /// The log of a joiner, read from covers + 1 on (delivery.md, `welcome`).
    pub fn joined(entrance: Entrance) -> Self {
        Self { waiting: BTreeMap::new(), spent: entrance.covers, next: entrance.covers + 1, entrance: Some(entrance) }
    }

    /// The index that is read next (LOG-5).
    pub fn next(&self) -> i64 {
        self.next
    }

    /// LOG-5: entries are read in order, none is skipped; what was read before is passed over.
    pub fn check_start(&self, from: i64) -> Outcome<()> {
        if from < 0 || from > self.next {
            return Err(Fault::new("log_gap", format!("the log is read from {} next, not from {from}", self.next)));
        }
        Ok(())
    }

    /// Notes that the entry at the next index was read.
    pub fn advance(&mut self) {
        self.next += 1;
    }

    /// Notes an announced addition at the next index.
    pub fn add(&mut self, addition: Addition) {
        self.waiting.insert(self.next, Announcement::Add(addition));
        self.advance();
    }

    /// Notes an announced removal at the next index.
    pub fn remove(&mut self, removal: Removal) {
        self.waiting.insert(self.next, Announcement::Remove(removal));
        self.advance();
    }

    /// LOG-2: covers is at least the last spent index and below the commit's own index.
    pub fn check_covers(&self, covers: i64, index: i64) -> Outcome<()> {
        if covers < self.spent || covers >= index {
            return Err(Fault::new("bad_covers", format!("covers {covers} is not between {} and {}", self.spent, index - 1)));
        }
        Ok(())
    }

    /// An applied commit spends every announcement up to its covers.
    pub fn spend(&mut self, covers: i64) {
        self.spent = covers;
        self.waiting = self.waiting.split_off(&(covers + 1));
    }

    /// What the window up to covers means. `holds` tells whether a host's word on a removal is a listed host's (POL-10).
    pub fn meaning(&self, covers: i64, holds: impl Fn(&Removal) -> bool) -> Meaning {
        let mut last: HashMap<&Id, (i64, Option<&Addition>)> = HashMap::new();
        let mut removals: HashMap<&Id, &Removal> = HashMap::new();
        for (index, announcement) in self.waiting.range(..=covers) {
            match announcement {
                Announcement::Add(addition) => {
                    last.insert(&addition.participant, (*index, Some(addition)));
                }
                Announcement::Remove(removal) if holds(removal) => {
                    last.insert(&removal.participant, (*index, None));
                    // A host's word outlives a later removal without one (LOG-12 keeps whom hosts removed).
                    let kept = removals.entry(&removal.participant).or_insert(removal);
                    if kept.by.is_none() {
                        *kept = removal;
                    }
                }
                Announcement::Remove(_) => {}
            }
        }
        let mut ordered: Vec<_> = last.into_iter().collect();
        ordered.sort_unstable_by_key(|(_, (index, _))| *index);
        Meaning {
            removals: ordered.iter().filter_map(|(participant, _)| removals.get(participant).copied().cloned()).collect(),
            additions: ordered.iter().filter_map(|(_, (_, addition))| addition.cloned()).collect(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}
