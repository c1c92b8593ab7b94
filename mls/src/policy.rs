//! The group policy (docs/protocol/policy.md): its bytes, whom it lists as hosts, and which changes are allowed.

use serde::{Deserialize, Serialize};
use std::collections::HashSet;

use crate::bytes::{B64, Fixed, Id, Key, labelled_text};
use crate::canonical;
use crate::fault::{Fault, Outcome};
use crate::keys::{self, SeedKey};
use crate::link::hash_of_host;
use crate::rights::{Exception, Rights, is_default};

/// GroupContext extension type of the policy.
pub const EXTENSION: u16 = 0xF0C1;
const MOST_HOSTS: usize = 100;
const MOST_EXCEPTIONS: usize = 500;
const LONGEST: usize = 65_536;

/// A host certificate: `by` says that the leaf key `key` is a host's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The link's host key or the key of an earlier host.
    pub by: Key,
    /// The host's leaf key.
    pub key: Key,
    /// Ed25519 by `by`.
    pub signature: B64,
    /// Which version of the policy first listed it (POL-23); a certificate of an earlier version lists nobody anew.
    #[serde(default, skip_serializing_if = "is_default")]
    pub version: u64,
}

/// The extension; fields in alphabetical order, as canonical JSON needs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "these are independent switches on the wire")]
pub struct Policy {
    /// Certificates, each chaining to the link's host key (POL-1).
    pub hosts: Vec<Host>,
    /// Which secret of the link opens the group.
    pub link_version: u32,
    /// Nobody new (POL-8).
    pub locked: bool,
    /// Who may more or less than the others, by key (POL-17).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Exception>,
    /// What everybody may (POL-18).
    #[serde(default, skip_serializing_if = "is_default")]
    pub rights: Rights,
    /// Only whom a host admits (POL-8).
    pub strict: bool,
    /// The call is suspended by a host.
    pub suspended: bool,
    /// Raised by one with every change (POL-2).
    pub version: u64,
}

/// What a host certificate is signed over; fields in alphabetical order.
#[derive(Serialize)]
struct Certified<'a> {
    call: &'a Id,
    key: &'a Key,
    meeting: &'a Id,
    #[serde(skip_serializing_if = "is_default")]
    version: u64,
}

/// How the link's host key is known: members have its hash from the link, the gateway sees only the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    /// First 16 bytes of the key's hash, from the link (POL-1).
    Hash(Fixed<16>),
    /// The gateway's view: the one key at the root of all certificates so far, if any.
    Seen(Option<Key>),
}

impl Root {
    fn accepts(&self, key: &Key) -> bool {
        match self {
            Self::Hash(hash) => hash_of_host(key) == *hash,
            Self::Seen(Some(seen)) => seen == key,
            Self::Seen(None) => true,
        }
    }

    #[must_use]
    /// The gateway pins the first root it sees; a member's root never changes.
    pub fn pinned(&self, policy: &Policy) -> Self {
        match (self, policy.hosts.first()) {
            (Self::Seen(None), Some(first)) => Self::Seen(Some(first.by)),
            _ => self.clone(),
        }
    }
}

impl Policy {
    /// POL-5: what a creator writes first.
    pub fn first(link_version: u32) -> Self {
        Self {
            hosts: Vec::new(),
            link_version,
            locked: false,
            people: Vec::new(),
            rights: Rights::default(),
            strict: false,
            suspended: false,
            version: 0,
        }
    }

    /// Reads the extension's bytes (ENC-1).
    pub fn read(bytes: &[u8]) -> Outcome<Self> {
        if bytes.len() > LONGEST {
            return Err(bad("is too long"));
        }
        let source = std::str::from_utf8(bytes).map_err(|_| bad("is not text"))?;
        let policy: Self = canonical::read(source).map_err(|fault| bad(&format!("cannot be read: {}", fault.message)))?;
        if policy.hosts.len() > MOST_HOSTS || policy.version >= 1 << 53 {
            return Err(bad("is too large"));
        }
        if policy.hosts.iter().any(|host| host.version > policy.version) {
            return Err(bad("lists a host of a version to come")); // POL-23
        }
        policy.check_people()?;
        Ok(policy)
    }

    // POL-17.
    fn check_people(&self) -> Outcome<()> {
        if self.people.len() > MOST_EXCEPTIONS {
            return Err(bad("holds too many exceptions"));
        }
        if !self.people.is_sorted_by(|one, next| one.key < next.key) {
            return Err(bad("lists its exceptions out of order or twice"));
        }
        if self.people.iter().any(|one| !one.may.is_disjoint(&one.not) || (one.may.is_empty() && one.not.is_empty())) {
            return Err(bad("holds an exception that says nothing, or both"));
        }
        Ok(())
    }

    /// The policy with other exceptions for these people; one that says nothing takes back what was said.
    pub fn except(&mut self, changes: &[Exception]) {
        for change in changes {
            self.people.retain(|one| one.key != change.key);
            if !change.may.is_empty() || !change.not.is_empty() {
                self.people.push(change.clone());
            }
        }
        self.people.sort_by_key(|one| one.key);
    }

    /// The canonical text.
    pub fn text(&self) -> Outcome<String> {
        canonical::text(self)
    }

    /// Whether the leaf key is a host's.
    pub fn lists(&self, key: &Key) -> bool {
        self.hosts.iter().any(|host| host.key == *key)
    }

    /// Whether the leaf key is listed by the link's host key itself, which vouches for the first entry of every chain (POL-1).
    pub fn lists_by_link(&self, key: &Key) -> bool {
        self.by_link().any(|host| host.key == *key)
    }

    fn by_link(&self) -> impl Iterator<Item = &Host> {
        let link = self.hosts.first().map(|host| host.by);
        self.hosts.iter().filter(move |host| Some(host.by) == link)
    }

    /// POL-1: every entry chains to the link's host key; keys are unique.
    pub fn check_chain(&self, root: &Root, meeting: &Id, call: &Id) -> Outcome<()> {
        let mut listed: HashSet<Key> = HashSet::new();
        let root = root.pinned(self);
        for host in &self.hosts {
            if !listed.contains(&host.by) && !root.accepts(&host.by) {
                return Err(bad("names a host nobody with the link's host key vouches for"));
            }
            keys::check_signature_key(&host.key.0)?;
            if !keys::verify(&host.by, &certificate_bytes(meeting, call, &host.key, host.version)?, &host.signature.0) {
                return Err(bad("holds a host certificate with a wrong signature"));
            }
            if !listed.insert(host.key) {
                return Err(bad("lists a host twice"));
            }
        }
        Ok(())
    }

    /// POL-2, POL-3, POL-15 and POL-23: whether `next` may follow this policy in a commit by `committer`.
    pub fn check_change(&self, next: &Self, committer: &Key, root: &Root) -> Outcome<()> {
        if Some(next.version) != self.version.checked_add(1) {
            return Err(Fault::new("policy_version", "a policy change must raise the version by one"));
        }
        if next.link_version != self.link_version && Some(next.link_version) != self.link_version.checked_add(1) {
            return Err(Fault::new("policy_version", "the link version stays or goes up by one"));
        }
        let root = root.pinned(self).pinned(next);
        let vouched = next.hosts.iter().any(|host| host.key == *committer && root.accepts(&host.by));
        if !self.lists(committer) && !vouched {
            return Err(Fault::new("not_host", "only a host changes the policy"));
        }
        if !self.lists_by_link(committer) && !vouched && self.by_link().any(|host| !next.hosts.contains(host)) {
            return Err(Fault::new("host_protected", "a co-host cannot take the role of a host who holds it by the link"));
        }
        if next.hosts.iter().any(|host| !self.hosts.contains(host) && host.version != next.version) {
            return Err(Fault::new("host_stale", "a host certificate of an earlier version lists nobody anew"));
        }
        Ok(())
    }
}

fn bad(what: &str) -> Fault {
    Fault::new("bad_policy", format!("the policy {what}"))
}

fn certificate_bytes(meeting: &Id, call: &Id, key: &Key, version: u64) -> Outcome<Vec<u8>> {
    let text = canonical::text(&Certified { call, key, meeting, version })?;
    Ok(labelled_text("conclave/host-certificate/1", text.as_bytes()))
}

/// A host certificate for `key` by `signer`, in the policy of this version.
pub fn certify(signer: &SeedKey, meeting: &Id, call: &Id, key: Key, version: u64) -> Outcome<Host> {
    let signature = B64(signer.sign(&certificate_bytes(meeting, call, &key, version)?).to_vec());
    Ok(Host { by: signer.public(), key, signature, version })
}
