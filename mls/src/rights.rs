//! What each person may do (docs/protocol/policy.md, "Rights"): the settings, the exceptions, and the one function that decides.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::bytes::Key;
use crate::policy::Policy;

/// `share: few` is everybody's while the group has at most so many members.
const FEW: usize = 10;

/// What a person may or may not do; in alphabetical order, as lists of them are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Write in the chat.
    Chat,
    /// See everybody's camera, not hosts' alone.
    Pictures,
    /// Send reactions.
    Reactions,
    /// Take another name during the call.
    Rename,
    /// Show a screen, with its sound.
    Share,
    /// Speak.
    Unmute,
    /// Show a camera.
    Video,
}

impl Right {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [Self::Chat, Self::Pictures, Self::Reactions, Self::Rename, Self::Share, Self::Unmute, Self::Video];
}

/// Who may, of what can be turned off for everybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "policy.md, \"Rights\"")]
pub enum Voice {
    #[default]
    All,
    Hosts,
    Off,
}

/// Who may, of what hosts always may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "policy.md, \"Rights\"")]
pub enum Floor {
    #[default]
    All,
    Hosts,
}

/// Who may show a screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "policy.md, \"Rights\"")]
pub enum Sharing {
    #[default]
    All,
    Few,
    One,
    Hosts,
}

/// The policy's `rights`; what is as by default is absent. Fields in alphabetical order, as canonical JSON needs them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "policy.md, \"Rights\"")]
pub struct Rights {
    #[serde(default, skip_serializing_if = "is_default")]
    pub chat: Voice,
    #[serde(default, skip_serializing_if = "is_default")]
    pub pictures: Floor,
    #[serde(default, skip_serializing_if = "is_default")]
    pub reactions: Voice,
    #[serde(default, skip_serializing_if = "is_default")]
    pub rename: Floor,
    #[serde(default, skip_serializing_if = "is_default")]
    pub share: Sharing,
    #[serde(default, skip_serializing_if = "is_default")]
    pub unmute: Floor,
    #[serde(default, skip_serializing_if = "is_default")]
    pub video: Floor,
}

/// One entry of the policy's `people`: what somebody may, or may not, unlike the others. A set is read back sorted and without doubles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The leaf's signature key.
    pub key: Key,
    /// What this person may.
    pub may: BTreeSet<Right>,
    /// What this person may not.
    pub not: BTreeSet<Right>,
}

/// Changes of `rights`: what is absent stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "policy.md, \"Rights\"")]
pub struct RightsChange {
    #[serde(default)]
    pub chat: Option<Voice>,
    #[serde(default)]
    pub pictures: Option<Floor>,
    #[serde(default)]
    pub reactions: Option<Voice>,
    #[serde(default)]
    pub rename: Option<Floor>,
    #[serde(default)]
    pub share: Option<Sharing>,
    #[serde(default)]
    pub unmute: Option<Floor>,
    #[serde(default)]
    pub video: Option<Floor>,
}

/// Whether a value is what its absence says.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Rights {
    /// These rights with some of them changed.
    #[must_use]
    pub fn with(&self, change: &RightsChange) -> Self {
        Self {
            chat: change.chat.unwrap_or(self.chat),
            pictures: change.pictures.unwrap_or(self.pictures),
            reactions: change.reactions.unwrap_or(self.reactions),
            rename: change.rename.unwrap_or(self.rename),
            share: change.share.unwrap_or(self.share),
            unmute: change.unmute.unwrap_or(self.unmute),
            video: change.video.unwrap_or(self.video),
        }
    }

    /// Turned off for hosts too, who can turn it on again.
    fn is_off(&self, right: Right) -> bool {
        match right {
            Right::Chat => self.chat == Voice::Off,
            Right::Reactions => self.reactions == Voice::Off,
            _ => false,
        }
    }

    fn is_everybodys(&self, right: Right, members: usize) -> bool {
        match right {
            Right::Chat => self.chat == Voice::All,
            Right::Pictures => self.pictures == Floor::All,
            Right::Reactions => self.reactions == Voice::All,
            Right::Rename => self.rename == Floor::All,
            Right::Share => match self.share {
                // One at a time is for those who look on to see to (POL-20).
                Sharing::All | Sharing::One => true,
                Sharing::Few => members <= FEW,
                Sharing::Hosts => false,
            },
            Right::Unmute => self.unmute == Floor::All,
            Right::Video => self.video == Floor::All,
        }
    }
}

/// POL-18: whether the leaf with this key may; `host` when the policy lists it, `members` is how many leaves the group has.
pub fn may(policy: &Policy, key: &Key, host: bool, members: usize, right: Right) -> bool {
    if policy.rights.is_off(right) {
        return false;
    }
    if host {
        return true;
    }
    if policy.suspended {
        return false;
    }
    match policy.people.binary_search_by(|one| one.key.cmp(key)).ok().and_then(|at| policy.people.get(at)) {
        Some(one) if one.not.contains(&right) => false,
        Some(one) if one.may.contains(&right) => true,
        _ => policy.rights.is_everybodys(right, members),
    }
}

/// All that it may, in order.
pub fn all_of(policy: &Policy, key: &Key, host: bool, members: usize) -> Vec<Right> {
    Right::ALL.into_iter().filter(|right| may(policy, key, host, members, *right)).collect()
}
