//! The rules of a commit, once for members and gateway (docs/protocol/policy.md, "Commits"; delivery.md LOG-1, LOG-2).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use openmls::group::StagedCommit;
use openmls::prelude::{KeyPackage, LeafNode, LeafNodeIndex, OpenMlsCrypto};
use openmls::treesync::TreeSync;

use crate::bytes::{Id, Key};
use crate::contents::Contents;
use crate::context::read_policy;
use crate::fault::{Fault, Outcome};
use crate::identity::{Place, Seat, seat_of};
use crate::key_package::{check_key_package, read_key_package, reference_of};
use crate::keys::check_hpke_key;
use crate::link::{Link, psk_id};
use crate::log::{Addition, HostWord, Log, Meaning, Removal};
use crate::path::{CommitHead, external_psk_id};
use crate::policy::{Policy, Root};
use crate::rights::{self, Right};
use crate::roster::Roster;
use crate::tree::{check_fresh, check_leaf, duplicate, encryption_keys};
use crate::words;

/// What a commit is judged against: the epoch it was made in.
pub struct View<'a> {
    /// Where attestations come from.
    pub place: &'a Place,
    /// This life of the group.
    pub incarnation: &'a Id,
    /// The policy in force.
    pub policy: &'a Policy,
    /// How the link's host key is known.
    pub root: &'a Root,
    /// Who has a leaf.
    pub roster: &'a Roster,
    /// Keys of who may come back into a closed group (POL-8).
    pub returning: &'a BTreeSet<Key>,
    /// The tree.
    pub tree: &'a TreeSync,
    /// The link, which the gateway does not have.
    pub link: Option<&'a Link>,
    /// The epoch a commit leads to.
    pub next_epoch: u64,
}

/// Whom the announcements up to covers take out.
pub type Leaving = BTreeMap<u32, Removal>;

/// An addition that may be committed.
#[derive(Debug)]
pub struct Judged {
    /// The checked KeyPackage.
    pub key_package: KeyPackage,
    /// Its reference (RFC 9420 §5.2).
    pub reference: Vec<u8>,
    /// The seat its leaf gives.
    pub seat: Seat,
}

/// Keys and participants that additions may not use: those of the tree that stays, and of the additions judged so far (POL-11).
pub struct Batch {
    encryption: HashSet<[u8; 32]>,
    signature: HashSet<Key>,
    participants: HashSet<Id>,
}

/// What an accepted commit does.
#[derive(Debug)]
pub struct Verdict {
    /// The log index it covers.
    pub covers: i64,
    /// New seats.
    pub added: Vec<Seat>,
    /// Removed leaves and why.
    pub removed: Leaving,
    /// The new policy, if it changes.
    pub policy: Option<Policy>,
}

impl View<'_> {
    /// What the announcements up to covers mean in this epoch (delivery.md); a removal with a void host's word means nothing (POL-10).
    pub fn meaning(&self, log: &Log, covers: i64) -> (Leaving, Vec<Addition>) {
        let Meaning { removals, additions } = log.meaning(covers, |removal| self.holds(removal));
        let leaving = removals.into_iter().filter_map(|removal| Some((self.roster.leaf_of(&removal.participant)?, removal))).collect();
        (leaving, additions)
    }

    fn holds(&self, removal: &Removal) -> bool {
        removal.by.as_ref().is_none_or(|word| self.may_remove(&removal.participant, word))
    }

    /// Whether a host's word takes this participant out (POL-10, POL-16).
    pub fn may_remove(&self, participant: &Id, word: &HostWord) -> bool {
        let message = words::remove(participant, &self.place.call, self.incarnation);
        let target = self.roster.leaf_of(participant).and_then(|leaf| self.roster.at(LeafNodeIndex::new(leaf)));
        words::may_remove(self.policy, word, &message, target.map(|seat| &seat.key))
    }

    /// POL-7, POL-8, POL-11, POL-13, POL-14: whether an announced addition may be committed beside those in the batch.
    pub fn judge(&self, crypto: &impl OpenMlsCrypto, addition: &Addition, leaving: &Leaving, batch: &mut Batch) -> Outcome<Judged> {
        let key_package = read_key_package(crypto, &addition.key_package)?;
        self.judge_valid(crypto, addition, key_package, leaving, batch)
    }

    // The same for a KeyPackage whose signatures have been checked, which is most of the work.
    fn judge_valid(
        &self,
        crypto: &impl OpenMlsCrypto,
        addition: &Addition,
        key_package: KeyPackage,
        leaving: &Leaving,
        batch: &mut Batch,
    ) -> Outcome<Judged> {
        let reference = reference_of(crypto, &key_package)?;
        let seat = seat_of(self.place, key_package.leaf_node(), self.next_epoch)?;
        if seat.participant != addition.participant {
            return Err(Fault::new("bad_attestation", "the attestation is for another participant"));
        }
        let (call, incarnation) = (&self.place.call, self.incarnation);
        if self.link.is_some_and(|link| !link.mac_matches(&reference, call, incarnation, &addition.mac)) {
            return Err(Fault::new("bad_mac", "the link MAC of a KeyPackage is wrong"));
        }
        self.check_admission(&seat, addition, &reference, leaving)?;
        self.check_name(&seat, leaving)?;
        let encryption = [check_leaf(key_package.leaf_node())?, check_hpke_key(key_package.hpke_init_key().as_slice())?];
        self.check_unique(&seat, encryption, leaving, batch)?;
        batch.encryption.extend(encryption);
        batch.signature.insert(seat.key);
        batch.participants.insert(seat.participant.clone());
        Ok(Judged { key_package, reference, seat })
    }

    // POL-8: locked and strict let replacements pass, also of a leaf of the incarnation before; strict lets in whom a listed host admits.
    fn check_admission(&self, seat: &Seat, addition: &Addition, reference: &[u8], leaving: &Leaving) -> Outcome<()> {
        let old = self.roster.leaf_of(&seat.participant).filter(|leaf| leaving.contains_key(leaf));
        let replaces = old.and_then(|leaf| self.roster.at(LeafNodeIndex::new(leaf))).is_some_and(|old| old.key == seat.key);
        if replaces || self.returning.contains(&seat.key) {
            return Ok(());
        }
        if self.policy.locked {
            return Err(Fault::new("locked", "the meeting is locked"));
        }
        let message = words::admit(reference, &self.place.call, self.incarnation);
        if self.policy.strict && !addition.admit.as_ref().is_some_and(|word| words::is_hosts(self.policy, word, &message)) {
            return Err(Fault::new("not_admitted", "no host has admitted this participant"));
        }
        Ok(())
    }

    // POL-21: who comes back into their own leaf under another name must have the right to.
    fn check_name(&self, seat: &Seat, leaving: &Leaving) -> Outcome<()> {
        let old = self.roster.leaf_of(&seat.participant).filter(|leaf| leaving.contains_key(leaf));
        let old = old.and_then(|leaf| self.roster.at(LeafNodeIndex::new(leaf))).filter(|old| old.key == seat.key);
        let may = |old: &Seat| rights::may(self.policy, &old.key, self.policy.lists(&old.key), self.roster.count(), Right::Rename);
        if old.is_some_and(|old| old.name != seat.name && !may(old)) {
            return Err(Fault::new("name_fixed", "names stay as they are in this meeting"));
        }
        Ok(())
    }

    /// The batch before any addition: what the tree holds once `leaving` is gone.
    pub fn batch(&self, leaving: &Leaving) -> Outcome<Batch> {
        Ok(Batch {
            encryption: encryption_keys(self.tree, |leaf| leaving.contains_key(&leaf))?,
            signature: HashSet::new(),
            participants: HashSet::new(),
        })
    }

    // POL-11: the look-ups are by hash, so a batch costs what it adds and one walk over the tree.
    fn check_unique(&self, seat: &Seat, encryption: [[u8; 32]; 2], leaving: &Leaving, batch: &Batch) -> Outcome<()> {
        let stays = |leaf: Option<u32>| leaf.is_some_and(|leaf| !leaving.contains_key(&leaf));
        if batch.participants.contains(&seat.participant) || stays(self.roster.leaf_of(&seat.participant)) {
            return Err(Fault::new("duplicate_participant", "a participant would have two leaves"));
        }
        if batch.signature.contains(&seat.key) || stays(self.roster.leaf_with(&seat.key)) {
            return Err(duplicate());
        }
        if encryption[0] == encryption[1] || encryption.iter().any(|key| batch.encryption.contains(key)) {
            return Err(duplicate());
        }
        Ok(())
    }

    /// Every rule of a commit that can be seen before it is merged; `index` is its place in the log.
    pub fn check_commit(
        &self,
        crypto: &impl OpenMlsCrypto,
        log: &Log,
        head: &CommitHead,
        staged: &StagedCommit,
        index: i64,
    ) -> Outcome<Verdict> {
        log.check_covers(head.covers, index)?; // LOG-2
        let committer = self.committer(head)?;
        let contents = Contents::of(staged)?;
        let (leaving, additions) = self.meaning(log, head.covers);
        contents.check_removals(&leaving, head)?;
        let policy = self.check_policy(&contents, staged, &committer.key)?;
        let rotates = policy.as_ref().is_some_and(|next| next.link_version != self.policy.link_version);
        let added = self.check_additions(crypto, &contents, &additions, &leaving, rotates)?;
        self.check_psk(&contents)?;
        self.check_path(head, staged, &leaving, &added)?;
        let added = added.into_iter().map(|judged| judged.seat).collect();
        Ok(Verdict { covers: head.covers, added, removed: leaving, policy })
    }

    /// The seat of the committer's leaf.
    pub fn committer(&self, head: &CommitHead) -> Outcome<&Seat> {
        self.roster.at(LeafNodeIndex::new(head.sender)).ok_or_else(|| Fault::new("bad_commit", "the committer has no leaf"))
    }

    // POL-2, POL-3, POL-15, POL-4, POL-1.
    fn check_policy(&self, contents: &Contents, staged: &StagedCommit, committer: &Key) -> Outcome<Option<Policy>> {
        let next = read_policy(staged.group_context().extensions())?;
        if !contents.changes_context {
            let same = next == *self.policy;
            return if same { Ok(None) } else { Err(Fault::new("bad_policy", "the policy changed without a proposal")) };
        }
        self.policy.check_change(&next, committer, self.root)?;
        next.check_chain(&self.root.pinned(self.policy), &self.place.meeting, &self.place.call)?;
        if next.link_version != self.policy.link_version && !contents.added.is_empty() {
            return Err(Fault::new("link_changed", "a commit that changes the link version must add nobody"));
        }
        Ok(Some(next))
    }

    // LOG-1, POL-7, POL-13: each addition is meant and good; what is left out is bad, as far as this side can see.
    fn check_additions(
        &self,
        crypto: &impl OpenMlsCrypto,
        contents: &Contents,
        meant: &[Addition],
        leaving: &Leaving,
        rotates: bool,
    ) -> Outcome<Vec<Judged>> {
        if meant.is_empty() && contents.added.is_empty() {
            return Ok(Vec::new());
        }
        let mut batch = self.batch(leaving)?;
        let mut missing: BTreeMap<&[u8], &KeyPackage> = contents.added.iter().map(|(message, valid)| (message.as_slice(), valid)).collect();
        let mut present = Vec::new();
        let mut omitted = Vec::new();
        for addition in meant {
            match missing.remove(addition.key_package.as_slice()) {
                Some(valid) => present.push((addition, valid)),
                None => omitted.push(addition),
            }
        }
        if !missing.is_empty() || present.len() != contents.added.len() {
            return Err(Fault::new("unannounced", "a commit adds somebody who was not announced"));
        }
        let mut judged = Vec::new();
        for (addition, valid) in present {
            check_key_package(valid)?;
            judged.push(self.judge_valid(crypto, addition, valid.clone(), leaving, &mut batch)?);
        }
        // The gateway cannot check link MACs, so only members can tell whether leaving somebody out was right.
        if self.link.is_some() && !rotates && omitted.iter().any(|addition| self.judge(crypto, addition, leaving, &mut batch).is_ok()) {
            return Err(Fault::new("addition_omitted", "a commit leaves out somebody who should be added"));
        }
        Ok(judged)
    }

    // POL-9.
    fn check_psk(&self, contents: &Contents) -> Outcome<()> {
        let expected = psk_id(self.policy.link_version);
        match (contents.added.is_empty(), contents.psks.as_slice()) {
            (true, []) => Ok(()),
            (false, [only]) if external_psk_id(only)? == expected => Ok(()),
            (true, _) => Err(Fault::new("wrong_psk", "a commit that adds nobody must not carry a PSK")),
            (false, _) => Err(Fault::new("wrong_psk", "a commit that adds must carry the PSK of the current link, once")),
        }
    }

    // POL-10, POL-11, POL-12.
    fn check_path(&self, head: &CommitHead, staged: &StagedCommit, leaving: &Leaving, added: &[Judged]) -> Outcome<()> {
        let Some(leaf) = staged.update_path_leaf_node() else {
            return if leaving.is_empty() && !added.is_empty() {
                Ok(())
            } else {
                Err(Fault::new("path_missing", "a commit that does more than add must have a path"))
            };
        };
        let old = self.tree.full_leaves().find(|(index, _)| index.u32() == head.sender).map(|(_, leaf)| leaf);
        check_successor(old.ok_or_else(|| Fault::new("bad_commit", "the committer has no leaf"))?, leaf)?;
        let mut fresh: HashSet<[u8; 32]> = HashSet::new();
        let path_keys = head.leaf_key.iter().chain(&head.node_keys).map(|key| check_hpke_key(key));
        let new_keys = added.iter().map(|judged| check_leaf(judged.key_package.leaf_node()));
        let init_keys = added.iter().map(|judged| check_hpke_key(judged.key_package.hpke_init_key().as_slice()));
        for key in path_keys.chain(new_keys).chain(init_keys) {
            if !fresh.insert(key?) {
                return Err(duplicate());
            }
        }
        check_fresh(self.tree, &fresh, |leaf| leaving.contains_key(&leaf))
    }
}

// POL-12, POL-14: only the HPKE key, the parent hash and the signature may differ.
fn check_successor(old: &LeafNode, new: &LeafNode) -> Outcome<()> {
    let same = old.signature_key() == new.signature_key()
        && old.credential() == new.credential()
        && old.capabilities() == new.capabilities()
        && old.extensions() == new.extensions();
    if !same {
        return Err(Fault::new("leaf_changed", "the committer changed more of its leaf than the encryption key"));
    }
    if old.encryption_key() == new.encryption_key() {
        return Err(duplicate());
    }
    check_leaf(new).map(|_| ())
}
