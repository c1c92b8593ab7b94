//! A member makes the commit its lease asks for (delivery.md, "Leases"; POL-13).

use openmls::prelude::{Extensions, GroupContext, LeafNodeIndex, PreSharedKeyProposal, Proposal, Welcome};
use openmls_traits::OpenMlsProvider as _;
use serde_json::{Value, json};

use crate::bytes::{Id, b64};
use crate::context;
use crate::fault::{Fault, Outcome, from_library};
use crate::join::store_psk;
use crate::log::Addition;
use crate::member::{Member, Own};
use crate::path::covers_bytes;
use crate::policy::{Policy, Root};
use crate::rules::{Judged, Leaving};
use crate::welcome;

/// What a commit will do.
struct Plan {
    leaving: Leaving,
    added: Vec<Judged>,
    dropped: Vec<Value>,
    extensions: Option<Extensions<GroupContext>>,
}

impl Member {
    /// `commit`: everything the announcements up to covers mean, and the policy change a host asked for.
    pub fn commit(&mut self, own: &Own, covers: i64, policy: Option<&str>) -> Outcome<Value> {
        self.check_usable()?;
        if self.pending.is_some() {
            return Err(Fault::new("commit_pending", "a commit is on its way: wait for it or forget it"));
        }
        self.log.check_covers(covers, self.log.next())?;
        let plan = self.plan(own, covers, policy)?;
        let epoch = self.group.epoch().as_u64();
        let references: Vec<Vec<u8>> = plan.added.iter().map(|judged| judged.reference.clone()).collect();
        let joiners: Vec<Id> = plan.added.iter().map(|judged| judged.seat.participant.clone()).collect();
        let dropped = plan.dropped.clone();
        let (commit, welcome) = self.build(own, covers, plan)?;
        let references: Vec<&[u8]> = references.iter().map(Vec::as_slice).collect();
        let parts = welcome.map(|welcome| welcome::parts(&welcome, &references)).transpose()?.unwrap_or_default();
        let welcomes: Vec<Value> =
            joiners.iter().zip(parts).map(|(participant, part)| json!({ "participant": participant, "welcome": b64(&part) })).collect();
        let answer = json!({ "commit": b64(&commit), "welcomes": welcomes, "dropped": dropped, "epoch": epoch });
        self.pending = Some(commit);
        Ok(answer)
    }

    /// `forget`: the commit lost.
    pub fn forget(&mut self) -> Outcome<Value> {
        self.check_usable()?;
        self.group.clear_pending_commit(self.provider.storage()).map_err(from_library("internal", "the commit could not be dropped"))?;
        self.pending = None;
        Ok(json!({}))
    }

    fn plan(&self, own: &Own, covers: i64, policy: Option<&str>) -> Outcome<Plan> {
        let root = Root::Hash(own.link.host_hash);
        let view = self.view(own, &root)?;
        let (leaving, additions) = view.meaning(&self.log, covers);
        if leaving.contains_key(&self.group.own_leaf_index().u32()) {
            return Err(Fault::new("self_removal", "we are to be removed: another member must commit"));
        }
        let next = policy.map(|text| self.next_policy(own, text)).transpose()?;
        let rotates = next.as_ref().is_some_and(|next| next.link_version != self.policy.link_version);
        let mut batch = view.batch(&leaving)?;
        let judge = |addition: &Addition| {
            if rotates {
                return Err(Fault::new("link_changed", "the link changes: join with the new one")); // POL-4
            }
            view.judge(self.provider.crypto(), addition, &leaving, &mut batch)
        };
        let (added, dropped) = sort(&additions, judge);
        let extensions = next.map(|next| context::extensions(&next)).transpose()?;
        Ok(Plan { leaving, added, dropped, extensions })
    }

    fn next_policy(&self, own: &Own, text: &str) -> Outcome<Policy> {
        let next = Policy::read(text.as_bytes())?;
        let seat = own.seat()?;
        let root = Root::Hash(own.link.host_hash);
        self.policy.check_change(&next, &own.keys.public(), &root)?;
        next.check_chain(&root, &seat.place.meeting, &seat.place.call)?;
        Ok(next)
    }

    // LOG-6: only `stage_commit`, the last step, changes the group.
    fn build(&mut self, own: &Own, covers: i64, plan: Plan) -> Outcome<(Vec<u8>, Option<Welcome>)> {
        let adds = !plan.added.is_empty();
        let only_adds = adds && plan.leaving.is_empty() && plan.extensions.is_none();
        let psk = if adds { Some(store_psk(own, &self.provider)?) } else { None };
        self.group.set_aad(covers_bytes(covers).to_vec());
        let mut builder = self
            .group
            .commit_builder()
            .consume_proposal_store(false)
            .force_self_update(!only_adds)
            .propose_removals(plan.leaving.keys().map(|leaf| LeafNodeIndex::new(*leaf)))
            .propose_adds(plan.added.into_iter().map(|judged| judged.key_package));
        if let Some(psk) = psk {
            builder = builder.add_proposal(Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(psk))));
        }
        if let Some(extensions) = plan.extensions {
            builder =
                builder.propose_group_context_extensions(extensions).map_err(from_library("internal", "the policy cannot be proposed"))?;
        }
        let (rand, crypto) = (self.provider.rand(), self.provider.crypto());
        let bundle = builder
            .load_psks(self.provider.storage())
            .and_then(|builder| builder.build(rand, crypto, &own.keys, |_| true))
            .map_err(from_library("internal", "the commit could not be made"))?
            .stage_commit(&self.provider)
            .map_err(from_library("internal", "the commit could not be kept"))?;
        let (commit, welcome, _) = bundle.into_contents();
        Ok((commit.to_bytes().map_err(from_library("internal", "the commit could not be written"))?, welcome))
    }
}

// POL-13: the bad ones are dropped and reported, the rest goes on.
fn sort(additions: &[Addition], mut judge: impl FnMut(&Addition) -> Outcome<Judged>) -> (Vec<Judged>, Vec<Value>) {
    let mut added = Vec::new();
    let mut dropped = Vec::new();
    for addition in additions {
        match judge(addition) {
            Ok(judged) => added.push(judged),
            Err(fault) => dropped.push(json!({ "participant": addition.participant, "code": fault.code })),
        }
    }
    (added, dropped)
}
