//! What a commit holds (POL-6, LOG-1).

use std::collections::BTreeSet;

use openmls::group::StagedCommit;
use openmls::prelude::{KeyPackage, Proposal, ProposalOrRefType};
use tls_codec::Serialize as _;

use crate::fault::{Fault, Outcome};
use crate::key_package::message_of;
use crate::path::CommitHead;
use crate::rules::Leaving;

/// The proposals of a commit, sorted by what they do; any other kind is refused (POL-6).
pub struct Contents {
    /// KeyPackages as they are announced, MLSMessage(KeyPackage), and as the library has validated them (RFC 9420 §10.1).
    pub added: Vec<(Vec<u8>, KeyPackage)>,
    removed: BTreeSet<u32>,
    /// PreSharedKey proposals, encoded.
    pub psks: Vec<Vec<u8>>,
    /// Whether there is a GroupContextExtensions proposal.
    pub changes_context: bool,
}

impl Contents {
    /// Sorts a staged commit's proposals.
    pub fn of(staged: &StagedCommit) -> Outcome<Self> {
        let mut contents = Self { added: Vec::new(), removed: BTreeSet::new(), psks: Vec::new(), changes_context: false };
        for queued in staged.queued_proposals() {
            if queued.proposal_or_ref_type() != ProposalOrRefType::Proposal {
                return Err(Fault::new("bad_proposal", "a commit must hold its proposals by value"));
            }
            contents.take(queued.proposal())?;
        }
        Ok(contents)
    }

    fn take(&mut self, proposal: &Proposal) -> Outcome<()> {
        let wrong = |_| Fault::new("internal", "a proposal could not be written");
        match proposal {
            Proposal::Add(add) => self.added.push((message_of(add.key_package())?, add.key_package().clone())),
            Proposal::Remove(remove) => {
                self.removed.insert(remove.removed().u32());
            }
            Proposal::PreSharedKey(psk) => self.psks.push(psk.tls_serialize_detached().map_err(wrong)?),
            Proposal::GroupContextExtensions(_) if !self.changes_context => self.changes_context = true,
            _ => return Err(Fault::new("bad_proposal", "a commit holds a proposal that is not allowed")),
        }
        Ok(())
    }

    /// LOG-1: every removal the window means, no other; POL-12: nobody removes itself.
    pub fn check_removals(&self, leaving: &Leaving, head: &CommitHead) -> Outcome<()> {
        if self.removed.contains(&head.sender) || leaving.contains_key(&head.sender) {
            return Err(Fault::new("self_removal", "nobody removes itself"));
        }
        if leaving.keys().any(|leaf| !self.removed.contains(leaf)) {
            return Err(Fault::new("removal_omitted", "a commit leaves out a removal that was announced"));
        }
        if self.removed.iter().any(|leaf| !leaving.contains_key(leaf)) {
            return Err(Fault::new("unannounced", "a commit removes somebody whose removal was not announced"));
        }
        Ok(())
    }
}
