//! The gateway's side: the same rules on what can be seen from outside (LOG-3), with no secret of the group.

use std::collections::BTreeSet;

use openmls::group::{ProposalStore, PublicGroup, PublicProcessMessageError, StageCommitError, StagedCommit};
use openmls::prelude::{MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, ProtocolMessage, RatchetTreeIn, Sender};
use openmls_traits::OpenMlsProvider as _;
use serde_json::{Value, json};
use tls_codec::{DeserializeBytes as _, Serialize as _};

use crate::bytes::{B64, Fixed, Id, Key, b64, hex, sha256};
use crate::context::read_policy;
use crate::entries::{announce, applied};
use crate::fault::{Fault, Outcome, from_library};
use crate::identity::{Place, Seat, seat_of};
use crate::key_package::{read_key_package, reference_of};
use crate::log::{Entry, HostWord, Log};
use crate::member::{group_id, roster_entries};
use crate::path::commit_head;
use crate::policy::{Policy, Root};
use crate::rights::{self, Right};
use crate::roster::Roster;
use crate::rules::{Verdict, View};
use crate::store::{Provider, Values};
use crate::tree::{SUITE, check_tree};
use crate::wire::{Event, HostLabel, State};
use crate::words;

/// A group as the gateway sees it.
pub struct Public {
    group: PublicGroup,
    provider: Provider,
    place: Place,
    incarnation: Id,
    policy: Policy,
    root: Root,
    roster: Roster,
    returning: BTreeSet<Key>,
    log: Log,
    seen: Seen,
    staged: Option<Ahead>,
}

/// The accepted epoch, which the group itself runs ahead of while a commit is staged.
struct Seen {
    epoch: u64,
    transcript: Vec<u8>,
}

/// A staged commit: the group has merged it already, so that its tree is known; `before` takes it back.
struct Ahead {
    verdict: Verdict,
    before: Values,
}

/// `public_open`'s first tree and GroupInfo, with where they belong.
pub struct Opening {
    /// Meeting, call and our own attestation key.
    pub place: Place,
    /// This life of the group.
    pub incarnation: Id,
    /// MLSMessage(GroupInfo).
    pub group_info: Vec<u8>,
    /// The tree of epoch 0.
    pub tree: Vec<u8>,
    /// Signature keys of who was in the incarnation before when it ended (POL-8).
    pub returning: BTreeSet<Key>,
}

impl Public {
    /// `public_open`: epoch 0 with the creator alone, our extensions, no `external_pub` (POL-5, POL-14).
    pub fn open(opening: Opening) -> Outcome<Self> {
        let Opening { place, incarnation, group_info, tree, returning } = opening;
        let message =
            MlsMessageIn::tls_deserialize_exact_bytes(&group_info).map_err(|_| Fault::malformed("the GroupInfo cannot be read"))?;
        let MlsMessageBodyIn::GroupInfo(info) = message.extract() else {
            return Err(Fault::malformed("the message is not a GroupInfo"));
        };
        if *info.group_id() != group_id(&place.call, &incarnation) || info.epoch().as_u64() != 0 || info.ciphersuite() != SUITE {
            return Err(Fault::new("bad_group", "the GroupInfo is not epoch 0 of this incarnation"));
        }
        if info.extensions().iter().next().is_some() {
            return Err(Fault::new("bad_group", "the GroupInfo carries an extension"));
        }
        let tree = RatchetTreeIn::tls_deserialize_exact_bytes(&tree).map_err(|_| Fault::malformed("the tree cannot be read"))?;
        let provider = Provider::keeping_groups();
        let store = ProposalStore::new();
        let (group, _) = PublicGroup::from_external(provider.crypto(), provider.storage(), tree, info, store)
            .map_err(from_library("bad_group", "the group cannot be opened"))?;
        check_tree(group.treesync())?;
        let roster = Roster::of_tree(&place, group.treesync(), 0)?;
        if roster.count() != 1 {
            return Err(Fault::new("bad_group", "a new group has one member"));
        }
        let policy = read_policy(group.group_context().extensions())?;
        policy.check_chain(&Root::Seen(None), &place.meeting, &place.call)?;
        let root = Root::Seen(None).pinned(&policy);
        let seen = Seen::of(&group);
        Ok(Self { group, provider, place, incarnation, policy, root, roster, returning, log: Log::new(), seen, staged: None })
    }

    fn view(&self) -> View<'_> {
        View {
            place: &self.place,
            incarnation: &self.incarnation,
            policy: &self.policy,
            root: &self.root,
            roster: &self.roster,
            returning: &self.returning,
            tree: self.group.treesync(),
            link: None,
            next_epoch: self.group.group_context().epoch().as_u64() + 1,
        }
    }

    /// *state* without what only members know.
    pub fn state(&self) -> State {
        State {
            incarnation: self.incarnation.clone(),
            epoch: self.seen.epoch,
            leaf: None,
            roster: roster_entries(&self.roster, &self.policy),
            policy: self.policy.clone(),
            code: None,
            transcript: B64(self.seen.transcript.clone()),
            hosting: None,
            next: self.log.next(),
            newcomer: Some(newcomer(&self.policy, self.roster.count())),
        }
    }

    // POL-19: whose rights a verdict changes, and what those have who come.
    fn grants(&self, verdict: &Verdict) -> Vec<Value> {
        let policy = verdict.policy.as_ref().unwrap_or(&self.policy);
        let members = self.members_after(verdict);
        let of = |policy: &Policy, members: usize, key: &Key| rights::all_of(policy, key, policy.lists(key), members);
        let grant = |seat: &Seat, may: Vec<Right>| json!({ "participant": seat.participant, "may": may });
        let stay = self.roster.iter().filter(|(leaf, _)| !verdict.removed.contains_key(leaf)).filter_map(|(_, seat)| {
            let may = of(policy, members, &seat.key);
            (may != of(&self.policy, self.roster.count(), &seat.key)).then(|| grant(seat, may))
        });
        let come = verdict.added.iter().map(|seat| grant(seat, of(policy, members, &seat.key)));
        stay.chain(come).collect()
    }

    fn members_after(&self, verdict: &Verdict) -> usize {
        (self.roster.count() + verdict.added.len()).saturating_sub(verdict.removed.len())
    }

    /// `public_entries`: announcements as they come, accepted commits again after a restart.
    pub fn read_entries(&mut self, from: i64, entries: Vec<Entry>) -> Outcome<Vec<Event>> {
        self.log.check_start(from)?;
        let mut events = Vec::new();
        for (index, entry) in (from..).zip(entries) {
            if index < self.log.next() {
                continue;
            }
            match announce(&mut self.log, entry) {
                Ok(event) => events.push(event),
                Err((participant, commit)) => match self.replay(index, participant.clone(), &commit) {
                    Ok(event) => events.push(event),
                    Err(fault) => {
                        events.push(Event::Refused { index, participant, code: fault.code, message: fault.message });
                        break;
                    }
                },
            }
        }
        Ok(events)
    }

    fn replay(&mut self, index: i64, participant: Id, commit: &[u8]) -> Outcome<Event> {
        self.check_not_ahead()?;
        let (staged, verdict) = self.check(&participant, commit)?;
        self.advance(staged)?;
        self.accept(&verdict)?;
        Ok(applied(index, participant, self.group.group_context().epoch().as_u64(), &verdict, false))
    }

    fn check(&self, participant: &Id, commit: &[u8]) -> Outcome<(StagedCommit, Verdict)> {
        let head = commit_head(commit)?;
        let view = self.view();
        if view.committer(&head)?.participant != *participant {
            return Err(Fault::new("wrong_sender", "a commit is not by the leaf of whom sent it"));
        }
        let message = MlsMessageIn::tls_deserialize_exact_bytes(commit).map_err(|_| Fault::malformed("the commit cannot be read"))?;
        let message: ProtocolMessage =
            message.try_into_protocol_message().map_err(from_library("bad_commit", "the message is not a commit"))?;
        let crypto = self.provider.crypto();
        let processed = self.group.process_message(crypto, message).map_err(|error| refusal(&error))?;
        if !matches!(processed.sender(), Sender::Member(_)) {
            return Err(Fault::new("external_commit", "a commit must come from a member"));
        }
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            return Err(Fault::new("bad_commit", "the message is not a commit"));
        };
        let verdict = view.check_commit(crypto, &self.log, &head, &staged, self.log.next())?;
        Ok((*staged, verdict))
    }

    fn check_not_ahead(&self) -> Outcome<()> {
        if self.staged.is_some() {
            return Err(Fault::new("commit_pending", "a commit is staged: merge or discard it first"));
        }
        Ok(())
    }

    fn advance(&mut self, staged: StagedCommit) -> Outcome<()> {
        self.group.merge_commit(self.provider.storage(), staged).map_err(from_library("broken", "a commit could not be merged"))
    }

    fn accept(&mut self, verdict: &Verdict) -> Outcome<()> {
        let removed: Vec<u32> = verdict.removed.keys().copied().collect();
        self.roster.follow(self.group.treesync(), &removed, verdict.added.clone())?;
        if let Some(policy) = &verdict.policy {
            self.policy = policy.clone();
            self.root = self.root.pinned(policy);
        }
        self.log.spend(verdict.covers);
        self.log.advance();
        self.seen = Seen::of(&self.group);
        Ok(())
    }

    /// `public_stage` (LOG-3): every rule that can be seen; the epoch is not accepted before `public_merge`.
    pub fn stage(&mut self, covers: i64, commit: &[u8], participant: &Id) -> Outcome<Value> {
        self.check_not_ahead()?;
        let (staged, verdict) = self.check(participant, commit)?;
        if verdict.covers != covers {
            return Err(Fault::new("bad_covers", "a commit covers something else than its lease"));
        }
        let before = self.provider.storage().all();
        let epoch = staged.group_context().epoch().as_u64();
        let may = self.grants(&verdict);
        let newcomer = newcomer(verdict.policy.as_ref().unwrap_or(&self.policy), self.members_after(&verdict));
        self.advance(staged)?;
        let answer = json!({
            "epoch": epoch,
            "added": verdict.added.iter().map(|seat| &seat.participant).collect::<Vec<_>>(),
            "removed": verdict.removed.values().map(|removal| &removal.participant).collect::<Vec<_>>(),
            "policy": verdict.policy,
            "may": may,
            "newcomer": newcomer,
            "tree": hex(&sha256(&self.tree_bytes()?)),
        });
        self.staged = Some(Ahead { verdict, before });
        Ok(answer)
    }

    /// `public_merge`: the staged commit won and is the log's entry at `index`.
    pub fn merge(&mut self, index: i64) -> Outcome<Value> {
        if index != self.log.next() {
            return Err(Fault::new("log_gap", format!("the log is read from {} next, not from {index}", self.log.next())));
        }
        let ahead = self.staged.take().ok_or_else(|| Fault::state("no commit is staged"))?;
        self.accept(&ahead.verdict)?;
        Ok(json!({ "state": self.state() }))
    }

    /// `public_discard`: the staged commit lost; the group is as before.
    pub fn discard(&mut self) -> Outcome<Value> {
        if let Some(ahead) = self.staged.take() {
            self.provider.storage().restore(ahead.before);
            let id = group_id(&self.place.call, &self.incarnation);
            let found = PublicGroup::load(self.provider.storage(), &id).map_err(|_| lost())?;
            self.group = found.ok_or_else(lost)?;
        }
        Ok(json!({ "state": self.state() }))
    }

    fn tree_bytes(&self) -> Outcome<Vec<u8>> {
        self.group.export_ratchet_tree().tls_serialize_detached().map_err(|_| Fault::new("internal", "the tree could not be written"))
    }

    /// `public_tree`: what joiners fetch, byte-equal to the members' (delivery.md, "Join").
    pub fn tree(&self) -> Outcome<Value> {
        self.check_not_ahead()?;
        let tree = self.tree_bytes()?;
        Ok(json!({ "tree": b64(&tree), "hash": hex(&sha256(&tree)) }))
    }

    /// `verify_host`: the key is a listed host's and its word is right (POL-8, POL-10, POL-16).
    pub fn verify_host(&self, label: HostLabel, participant: Option<&Id>, reference: Option<&[u8; 32]>, word: &HostWord) -> Outcome<Value> {
        let listed = |message: &[u8]| words::is_hosts(&self.policy, word, message);
        let right = match (label, participant, reference) {
            (HostLabel::Admit, None, Some(reference)) => listed(&words::admit(reference, &self.place.call, &self.incarnation)),
            (HostLabel::Remove, Some(participant), None) => self.view().may_remove(participant, word),
            (HostLabel::End, None, None) => listed(&words::end(&self.place.call, &self.incarnation)),
            _ => return Err(Fault::malformed("an admission names a KeyPackage, a removal a participant, the end neither")),
        };
        Ok(json!({ "host": right }))
    }
}

impl Seen {
    fn of(group: &PublicGroup) -> Self {
        let context = group.group_context();
        Self { epoch: context.epoch().as_u64(), transcript: context.confirmed_transcript_hash().to_vec() }
    }
}

// What a key that the policy does not name may, once it has a leaf.
fn newcomer(policy: &Policy, members: usize) -> Vec<Right> {
    rights::all_of(policy, &Fixed([0; 32]), false, members + 1)
}

fn refusal(error: &PublicProcessMessageError) -> Fault {
    let code = match error {
        PublicProcessMessageError::InvalidCommit(StageCommitError::RequiredPathNotFound) => "path_missing",
        _ => "bad_commit",
    };
    Fault::new(code, format!("a commit cannot be applied ({error})"))
}

fn lost() -> Fault {
    Fault::new("broken", "the public group is lost: open it again and replay its log")
}

/// `public_key_package`: what can be checked of a KeyPackage outside the group, by the gateway before it announces it and by a host
/// before it admits it (POL-7, POL-11, POL-14).
pub fn check_key_package(place: &Place, key_package: &[u8], participant: &Id) -> Outcome<Value> {
    let provider = Provider::default();
    let key_package = read_key_package(provider.crypto(), key_package)?;
    crate::keys::check_hpke_key(key_package.hpke_init_key().as_slice())?;
    let seat = seat_of(place, key_package.leaf_node(), 0)?;
    if seat.participant != *participant {
        return Err(Fault::new("bad_attestation", "the attestation is for another participant"));
    }
    let reference = reference_of(provider.crypto(), &key_package)?;
    Ok(json!({ "reference": b64(&reference), "signature_key": seat.key, "name": seat.name }))
}
