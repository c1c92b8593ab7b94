//! What a host signs with its leaf key: admissions, removals, the end (docs/protocol/delivery.md).

use crate::bytes::{Fixed, Id, Key, labelled};
use crate::keys;
use crate::log::HostWord;
use crate::policy::Policy;

/// `conclave/admit/1` ‖ 0x00 ‖ lp(KeyPackageRef) ‖ lp(call) ‖ lp(incarnation).
pub fn admit(reference: &[u8], call: &Id, incarnation: &Id) -> Vec<u8> {
    labelled("conclave/admit/1", &[reference, call.text(), incarnation.text()])
}

/// `conclave/remove/1` ‖ 0x00 ‖ lp(participant) ‖ lp(call) ‖ lp(incarnation).
pub fn remove(participant: &Id, call: &Id, incarnation: &Id) -> Vec<u8> {
    labelled("conclave/remove/1", &[participant.text(), call.text(), incarnation.text()])
}

/// `conclave/end/1` ‖ 0x00 ‖ lp(call) ‖ lp(incarnation).
pub fn end(call: &Id, incarnation: &Id) -> Vec<u8> {
    labelled("conclave/end/1", &[call.text(), incarnation.text()])
}

/// Whether the word is a listed host's (POL-8, POL-10).
pub fn is_hosts(policy: &Policy, word: &HostWord, message: &[u8]) -> bool {
    host_key(word).is_some_and(|key| policy.lists(&key) && keys::verify(&key, message, &word.signature.0))
}

/// POL-16: a listed host's word, and of whom the link itself made a host only the word of another such host.
pub fn may_remove(policy: &Policy, word: &HostWord, message: &[u8], target: Option<&Key>) -> bool {
    let protected = target.is_some_and(|key| policy.lists_by_link(key));
    is_hosts(policy, word, message) && (!protected || host_key(word).is_some_and(|key| policy.lists_by_link(&key)))
}

/// The key a word claims to be by.
pub fn host_key(word: &HostWord) -> Option<Key> {
    word.key.0.as_slice().try_into().ok().map(Fixed)
}
