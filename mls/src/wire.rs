//! Requests and answers of the ABI (mls/README.md); unknown operations and fields are refused.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attendance::Stay;
use crate::bytes::{B64, Fixed, Id, Key};
use crate::identity::Role;
use crate::log::{Entry, Reason};
use crate::policy::Policy;
use crate::rights::{Exception, Right, RightsChange};

/// One request; the field `do` names the operation.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "mls/README.md describes every operation and field")]
pub enum Request {
    NewLink {
        meeting: Id,
    },
    Link {
        meeting: Id,
        secret: Fixed<16>,
    },
    HostHash {
        host_key: Key,
    },
    Open {
        meeting: Id,
        secret: Fixed<16>,
        host_hash: Fixed<16>,
        #[serde(default)]
        host_key: Option<Key>,
        #[serde(default)]
        identity: Option<Key>,
    },
    SignEntry {},
    Seated {
        attestation: String,
        attestation_signature: B64,
        attestation_key: Key,
        link_version: u32,
    },
    KeyPackage {
        incarnation: Id,
    },
    Create {
        incarnation: Id,
        #[serde(default)]
        last: Option<String>,
    },
    Join {
        incarnation: Id,
        welcome: B64,
        tree: B64,
        covers: i64,
        index: i64,
        #[serde(default)]
        last: Option<String>,
    },
    Entries {
        from: i64,
        entries: Vec<Entry>,
    },
    Commit {
        covers: i64,
        #[serde(default)]
        policy: Option<String>,
    },
    Forget {},
    Policy {
        changes: Changes,
    },
    Acknowledgement {},
    MediaKey {
        leaf: u32,
    },
    Seal {
        content: String,
    },
    OpenMessage {
        message: B64,
        participant: Id,
    },
    SignAdmit {
        reference: Fixed<32>,
    },
    SignRemove {
        participant: Id,
    },
    SignEnd {},
    SignAttendance {
        people: Vec<Stay>,
    },
    SealKey {},
    SealLink {
        to: Key,
        signature_key: Key,
        signature: B64,
    },
    OpenLink {
        sealed: B64,
    },
    State {},
    Remember {},
    PublicOpen {
        meeting: Id,
        call: Id,
        incarnation: Id,
        attestation_key: Key,
        group_info: B64,
        tree: B64,
        #[serde(default)]
        returning: BTreeSet<Key>,
    },
    PublicEntries {
        from: i64,
        entries: Vec<Entry>,
    },
    #[allow(dead_code, reason = "the incarnation only has to be an id: its link MAC is for members to check")]
    PublicKeyPackage {
        incarnation: Id,
        key_package: B64,
        participant: Id,
        attestation_key: Key,
        meeting: Id,
        call: Id,
    },
    VerifyEntry {
        meeting: Id,
        host_hash: Fixed<16>,
        signature_key: Key,
        key: Key,
        signature: B64,
    },
    PublicStage {
        covers: i64,
        commit: B64,
        participant: Id,
    },
    PublicMerge {
        index: i64,
    },
    PublicDiscard {},
    PublicTree {},
    MessageHeader {
        message: B64,
    },
    VerifyHost {
        label: HostLabel,
        #[serde(default)]
        participant: Option<Id>,
        #[serde(default)]
        reference: Option<Fixed<32>>,
        key: Key,
        signature: B64,
    },
}

/// What a host asks the gateway for.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the labels of delivery.md")]
pub enum HostLabel {
    Admit,
    Remove,
    End,
}

/// The changes of `policy`; `claim` alone lists the holder of the host link.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "mls/README.md describes them")]
pub struct Changes {
    #[serde(default)]
    pub locked: Option<bool>,
    #[serde(default)]
    pub strict: Option<bool>,
    #[serde(default)]
    pub suspended: Option<bool>,
    #[serde(default)]
    pub link_version: Option<u32>,
    #[serde(default)]
    pub host: Option<Key>,
    #[serde(default)]
    pub unhost: Option<Key>,
    #[serde(default)]
    pub claim: Option<bool>,
    #[serde(default)]
    pub rights: Option<RightsChange>,
    #[serde(default)]
    pub people: Option<Vec<Exception>>,
}

/// One leaf as the host shows it (JOIN-4).
#[derive(Serialize)]
#[allow(missing_docs, reason = "mls/README.md describes them")]
pub struct RosterEntry {
    pub leaf: u32,
    pub participant: Id,
    pub name: String,
    pub role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    pub key: Key,
    pub host: bool,
    pub cohost: bool,
    pub may: Vec<Right>,
}

/// *state* of mls/README.md.
#[derive(Serialize)]
#[allow(missing_docs, reason = "mls/README.md describes them")]
pub struct State {
    pub incarnation: Id,
    pub epoch: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf: Option<u32>,
    pub roster: Vec<RosterEntry>,
    pub policy: Policy,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub transcript: B64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosting: Option<bool>,
    /// The log index read next.
    pub next: i64,
    /// What the next one in may, for the gateway (POL-19).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newcomer: Option<Vec<Right>>,
}

/// Who left and why; `host` is the key of the host who asked, checked.
#[derive(Serialize, Clone)]
#[allow(missing_docs, reason = "mls/README.md describes them")]
pub struct Gone {
    pub participant: Id,
    pub reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Key>,
}

/// *events* of mls/README.md.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[allow(missing_docs, reason = "mls/README.md describes them")]
pub enum Event {
    Announced { index: i64, participant: Id },
    Removing { index: i64, participant: Id, reason: Reason },
    Applied { index: i64, participant: Id, epoch: u64, added: Vec<Id>, removed: Vec<Gone>, policy: bool, self_removed: bool },
    Refused { index: i64, participant: Id, code: &'static str, message: String },
}

/// The answer as text.
pub fn answer(outcome: crate::fault::Outcome<Value>) -> String {
    let value = match outcome {
        Ok(value) => serde_json::json!({ "ok": value }),
        Err(fault) => serde_json::json!({ "error": { "code": fault.code, "message": fault.message } }),
    };
    value.to_string()
}
