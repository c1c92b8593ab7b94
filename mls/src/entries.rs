//! A member reads the log (LOG-4, LOG-5): announcements are noted, commits are checked before they are merged.

use openmls::group::{ProcessMessageError, StageCommitError, StagedCommit};
use openmls::prelude::{MlsMessageIn, ProcessedMessageContent, ProtocolMessage, Sender};
use openmls_traits::OpenMlsProvider as _;
use tls_codec::DeserializeBytes as _;
use zeroize::Zeroizing;

use crate::bytes::Id;
use crate::fault::{Fault, Outcome, from_library};
use crate::join::{forget_psk, store_psk};
use crate::log::{Addition, Entrance, Entry, Log, Removal};
use crate::member::{Member, Own};
use crate::path::{CommitHead, commit_head};
use crate::policy::Root;
use crate::rules::Verdict;
use crate::wire::{Event, Gone};
use crate::words::host_key;

/// Notes an announcement; a commit is left to the caller.
pub fn announce(log: &mut Log, entry: Entry) -> Result<Event, (Id, Vec<u8>)> {
    let index = log.next();
    match entry {
        Entry::Add { participant, key_package, mac, admit } => {
            log.add(Addition { participant: participant.clone(), key_package: key_package.0, mac: mac.0, admit });
            Ok(Event::Announced { index, participant })
        }
        Entry::Remove { participant, reason, by } => {
            log.remove(Removal { participant: participant.clone(), reason, by });
            Ok(Event::Removing { index, participant, reason })
        }
        Entry::Commit { participant, commit } => Err((participant, commit.0)),
    }
}

/// The event of an applied commit.
pub fn applied(index: i64, participant: Id, epoch: u64, verdict: &Verdict, self_removed: bool) -> Event {
    let removed = verdict.removed.values().map(|removal| Gone {
        participant: removal.participant.clone(),
        reason: removal.reason,
        host: removal.by.as_ref().and_then(host_key),
    });
    Event::Applied {
        index,
        participant,
        epoch,
        added: verdict.added.iter().map(|seat| seat.participant.clone()).collect(),
        removed: removed.collect(),
        policy: verdict.policy.is_some(),
        self_removed,
    }
}

impl Member {
    /// `entries`: reads them in order and stops at the first commit that is refused (LOG-11: the host says nack).
    pub fn read_entries(&mut self, own: &mut Own, from: i64, entries: Vec<Entry>) -> Outcome<Vec<Event>> {
        self.check_usable()?;
        self.log.check_start(from)?;
        let mut events = Vec::new();
        for (index, entry) in (from..).zip(entries) {
            if index < self.log.next() {
                continue;
            }
            match announce(&mut self.log, entry) {
                Ok(event) => events.push(event),
                Err((participant, commit)) => match self.read_commit(own, index, participant.clone(), &commit) {
                    Ok(Some(event)) => events.push(event),
                    Ok(None) => {}
                    Err(fault) if self.broken => return Err(fault),
                    Err(fault) => {
                        events.push(Event::Refused { index, participant, code: fault.code, message: fault.message });
                        break;
                    }
                },
            }
            if !self.group.is_active() {
                break;
            }
        }
        Ok(events)
    }

    fn read_commit(&mut self, own: &mut Own, index: i64, participant: Id, commit: &[u8]) -> Outcome<Option<Event>> {
        let head = commit_head(commit)?;
        if let Some(entrance) = self.log.entrance.clone() {
            return self.pass(&head, index, &entrance).map(|()| None);
        }
        let ours = self.pending.as_deref() == Some(commit);
        let staged = if ours { None } else { Some(self.stage(commit)?) };
        let root = Root::Hash(own.link.host_hash);
        let view = self.view(own, &root)?;
        if view.committer(&head)?.participant != participant {
            return Err(Fault::new("wrong_sender", "a commit is not by whom the log says"));
        }
        let found = staged.as_ref().or_else(|| self.group.pending_commit()).ok_or_else(|| Fault::new("internal", "our commit is lost"))?;
        let verdict = view.check_commit(self.provider.crypto(), &self.log, &head, found, index)?;
        let self_removed = found.self_removed();
        self.merge(own, staged, &verdict)?;
        Ok(Some(applied(index, participant, self.group.epoch().as_u64(), &verdict, self_removed)))
    }

    // delivery.md, `welcome`: the joiner passes over the commit that added it and those of earlier epochs, which its state holds already.
    fn pass(&mut self, head: &CommitHead, index: i64, entrance: &Entrance) -> Outcome<()> {
        let ours = index == entrance.index && head.covers == entrance.covers && head.epoch + 1 == entrance.epoch;
        let earlier = index < entrance.index && head.covers <= entrance.covers && head.epoch + 1 < entrance.epoch;
        if !(ours || earlier) || head.group_id != self.group.group_id().as_slice() {
            return Err(Fault::new("wrong_entrance", "the log holds another commit than the one we joined by"));
        }
        if ours {
            self.log.entrance = None;
        }
        self.log.advance();
        Ok(())
    }

    // LOG-6: staging changes nothing in the group, so a commit that fails a rule is dropped here.
    pub fn stage(&mut self, commit: &[u8]) -> Outcome<StagedCommit> {
        let message = MlsMessageIn::tls_deserialize_exact_bytes(commit).map_err(|_| Fault::malformed("the commit cannot be read"))?;
        let message: ProtocolMessage =
            message.try_into_protocol_message().map_err(from_library("bad_commit", "the message is not a commit"))?;
        let processed = self.group.process_message(&self.provider, message).map_err(|error| refusal(&error))?;
        if !matches!(processed.sender(), Sender::Member(_)) {
            return Err(Fault::new("external_commit", "a commit must come from a member"));
        }
        match processed.into_content() {
            ProcessedMessageContent::StagedCommitMessage(staged) => Ok(*staged),
            _ => Err(Fault::new("bad_commit", "the message is not a commit of another member")),
        }
    }

    // From here on nothing may fail: should the library fail half-way, this state is lost and says so.
    fn merge(&mut self, own: &mut Own, staged: Option<StagedCommit>, verdict: &Verdict) -> Outcome<()> {
        let removed: Vec<u32> = verdict.removed.keys().copied().collect();
        self.broken = true;
        for (leaf, removal) in &verdict.removed {
            let seat = self.roster.at(openmls::prelude::LeafNodeIndex::new(*leaf));
            self.banished.extend(seat.filter(|_| removal.by.is_some()).map(|seat| seat.key));
        }
        self.returning.retain(|key| !self.banished.contains(key));
        let lost = from_library("broken", "a commit could not be merged");
        match staged {
            Some(staged) => self.group.merge_staged_commit(&self.provider, staged).map_err(lost)?,
            None => self.group.merge_pending_commit(&self.provider).map_err(from_library("broken", "our commit could not be merged"))?,
        }
        self.pending = None;
        self.roster.follow(self.group.treesync(), &removed, verdict.added.clone())?;
        if let Some(policy) = &verdict.policy {
            self.policy = policy.clone();
            self.follow_link(own)?;
        }
        self.log.spend(verdict.covers);
        self.log.advance();
        self.broken = false;
        Ok(())
    }
}

impl Member {
    // LINK-5: the secret of the epoch that a change of link_version begins; whoever was taken out before cannot derive it.
    fn follow_link(&self, own: &mut Own) -> Outcome<()> {
        let version = self.policy.link_version;
        if own.seat()?.link_version == version || !self.group.is_active() {
            return Ok(());
        }
        let secret = self
            .group
            .export_secret(self.provider.crypto(), "conclave/link-secret/1", &version.to_be_bytes(), 16)
            .map(Zeroizing::new)
            .map_err(from_library("broken", "the new link could not be derived"))?;
        let secret: [u8; 16] = secret.as_slice().try_into().map_err(|_| Fault::new("broken", "the new link is of another length"))?;
        forget_psk(own, &self.provider)?;
        own.hold_link(&Zeroizing::new(secret), version)?;
        store_psk(own, &self.provider).map(|_| ())
    }
}

fn refusal<E: std::error::Error>(error: &ProcessMessageError<E>) -> Fault {
    let code = match error {
        ProcessMessageError::InvalidCommit(StageCommitError::PskError(_)) => "wrong_psk",
        ProcessMessageError::InvalidCommit(StageCommitError::RequiredPathNotFound) => "path_missing",
        ProcessMessageError::InvalidCommit(StageCommitError::ConfirmationTagMismatch) => "wrong_confirmation",
        ProcessMessageError::InvalidCommit(_) => "bad_commit",
        _ => "unreadable_commit",
    };
    Fault::new(code, format!("a commit cannot be applied ({error})"))
}
