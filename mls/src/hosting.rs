//! What a host does: prepares policy changes and signs its word (policy.md; delivery.md).

use serde_json::{Value, json};

use crate::bytes::{Id, Key, b64};
use crate::fault::{Fault, Outcome};
use crate::keys::check_signature_key;
use crate::member::{Member, Own, OwnSeat};
use crate::policy::{Host, Policy, certify};
use crate::wire::Changes;
use crate::words;

impl Member {
    /// `policy`: the text of the changed policy, for `commit`.
    pub fn changed_policy(&self, own: &Own, changes: &Changes) -> Outcome<Value> {
        self.check_usable()?;
        let seat = own.seat()?;
        let mut next = self.policy.clone();
        next.version += 1;
        if changes.claim == Some(true) {
            claim(own, seat, &mut next)?;
        } else if !self.policy.lists(&own.keys.public()) {
            return Err(Fault::new("not_host", "only a host changes the policy"));
        }
        next.locked = changes.locked.unwrap_or(next.locked);
        next.strict = changes.strict.unwrap_or(next.strict);
        next.suspended = changes.suspended.unwrap_or(next.suspended);
        next.link_version = self.next_link(changes)?;
        next.rights = changes.rights.as_ref().map_or(next.rights.clone(), |change| next.rights.with(change));
        next.except(changes.people.as_deref().unwrap_or_default());
        if let Some(key) = &changes.host {
            self.name_host(own, seat, &mut next, *key)?;
        }
        if let Some(key) = &changes.unhost {
            unname_host(own, seat, &mut next, key)?;
        }
        let text = next.text()?;
        Policy::read(text.as_bytes())?; // POL-17: what members would not read is not offered to them
        Ok(json!({ "policy": text }))
    }

    // POL-2: a link that another host has replaced meanwhile is not replaced once more.
    fn next_link(&self, changes: &Changes) -> Outcome<u32> {
        let current = self.policy.link_version;
        match changes.link_version {
            None => Ok(current),
            Some(next) if Some(next) == current.checked_add(1) => Ok(next),
            Some(_) => Err(Fault::new("policy_version", "the link has another version by now")),
        }
    }

    fn name_host(&self, own: &Own, seat: &OwnSeat, next: &mut Policy, key: Key) -> Outcome<()> {
        if self.roster.leaf_with(&key).is_none() {
            return Err(Fault::new("no_leaf", "nobody in the call has this key"));
        }
        if next.lists(&key) {
            return Err(Fault::new("already_host", "this participant is a host already"));
        }
        next.hosts.push(certify(&own.keys, &seat.place.meeting, &seat.place.call, check_signature_key(&key.0)?, next.version)?);
        Ok(())
    }

    /// `sign_remove`, `sign_end` and `sign_admit`: a host's word, by its leaf key.
    pub fn sign_word(&self, own: &Own, word: &Word<'_>) -> Outcome<Value> {
        self.check_usable()?;
        if !self.policy.lists(&own.keys.public()) {
            return Err(Fault::new("not_host", "only a host can ask for this"));
        }
        let call = &own.seat()?.place.call;
        let message = match word {
            Word::Admit(reference) => words::admit(*reference, call, &self.incarnation),
            Word::Remove(participant) => words::remove(participant, call, &self.incarnation),
            Word::End => words::end(call, &self.incarnation),
        };
        Ok(json!({ "key": own.keys.public(), "signature": b64(&own.keys.sign(&message)) }))
    }
}

/// What a host signs.
pub enum Word<'a> {
    /// Whom it lets in (POL-8).
    Admit(&'a [u8; 32]),
    /// Whom it removes (POL-10).
    Remove(&'a Id),
    /// The end for all.
    End,
}

// POL-3, POL-5: the holder of the host link lists itself.
fn claim(own: &Own, seat: &OwnSeat, next: &mut Policy) -> Outcome<()> {
    let host_key = own.link.host_key.as_ref().ok_or_else(|| Fault::new("not_host", "only the host link lets you take over"))?;
    let key = own.keys.public();
    let entry = certify(host_key, &seat.place.meeting, &seat.place.call, key, next.version)?;
    if next.hosts.iter().any(|host| host.key == key && host.by == entry.by) {
        return Err(Fault::new("already_host", "this participant is a host already"));
    }
    next.hosts.retain(|host| host.key != key);
    next.hosts.insert(0, entry);
    Ok(())
}

// POL-1: whom the removed host had named is vouched for anew, so that every entry still chains: by our leaf key, or by the link's host
// key once our own entry is among those that fall. A co-host who steps down has neither, so whom it named goes along.
fn unname_host(own: &Own, seat: &OwnSeat, next: &mut Policy, key: &Key) -> Outcome<()> {
    let ours = own.keys.public();
    if !next.lists(key) {
        return Err(Fault::new("not_host", "this participant is not a host"));
    }
    if next.lists_by_link(key) && !next.lists_by_link(&ours) {
        return Err(Fault::new("host_protected", "a co-host cannot take the role of a host who holds it by the link")); // POL-15
    }
    let mut kept: Vec<Host> = Vec::new();
    let mut orphans: Vec<Key> = Vec::new();
    for host in next.hosts.drain(..).filter(|host| host.key != *key) {
        if host.by == *key || orphans.contains(&host.by) { orphans.push(host.key) } else { kept.push(host) }
    }
    next.hosts = kept;
    let voucher = if next.lists(&ours) { Some(&own.keys) } else { own.link.host_key.as_ref() };
    match voucher {
        Some(voucher) => {
            for orphan in orphans {
                next.hosts.push(certify(voucher, &seat.place.meeting, &seat.place.call, orphan, next.version)?);
            }
            Ok(())
        }
        None if *key == ours => Ok(()),
        None => Err(Fault::new("host_chain", "you cannot remove the host who named you")),
    }
}
