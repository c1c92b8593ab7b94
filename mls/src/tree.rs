//! What every leaf and node of an acceptable tree is like (POL-11, POL-14).

use std::collections::HashSet;
use std::io::Write;

use openmls::prelude::{Capabilities, Ciphersuite, CredentialType, ExtensionType, LeafNode, ProtocolVersion};
use openmls::treesync::TreeSync;

use crate::fault::{Fault, Outcome};
use crate::keys::check_hpke_key;
use crate::policy::EXTENSION;

/// Suite 1 (RFC 9420 §17.1).
pub const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;

/// The capabilities every leaf has, exactly (POL-14): a leaf with others could narrow what the group may do.
pub fn capabilities() -> Capabilities {
    Capabilities::new(
        Some(&[ProtocolVersion::Mls10]),
        Some(&[SUITE]),
        Some(&[ExtensionType::Unknown(EXTENSION)]),
        Some(&[]),
        Some(&[CredentialType::Basic]),
    )
}

/// POL-14: our capabilities, no leaf extensions; POL-11: a good encryption key.
pub fn check_leaf(leaf: &LeafNode) -> Outcome<[u8; 32]> {
    if *leaf.capabilities() != capabilities() {
        return Err(Fault::new("bad_leaf", "a leaf's capabilities are not those of this protocol"));
    }
    if leaf.extensions().iter().next().is_some() {
        return Err(Fault::new("bad_leaf", "a leaf carries an extension"));
    }
    check_hpke_key(&first_key(leaf.encryption_key())?)
}

/// POL-11 on a whole tree, for a joiner and for the gateway's first tree.
pub fn check_tree(tree: &TreeSync) -> Outcome<()> {
    let mut encryption: HashSet<[u8; 32]> = HashSet::new();
    let mut signature: HashSet<&[u8]> = HashSet::new();
    for (_, leaf) in tree.full_leaves() {
        if !encryption.insert(check_leaf(leaf)?) || !signature.insert(leaf.signature_key().as_slice()) {
            return Err(duplicate());
        }
    }
    for (_, parent) in tree.full_parents() {
        if !encryption.insert(check_hpke_key(&first_key(parent)?)?) {
            return Err(duplicate());
        }
    }
    Ok(())
}

/// POL-11: none of the new encryption keys is in the tree already; `leaving` leaves do not count.
pub fn check_fresh(tree: &TreeSync, new: &HashSet<[u8; 32]>, leaving: impl Fn(u32) -> bool) -> Outcome<()> {
    if new.is_empty() {
        return Ok(());
    }
    for (index, leaf) in tree.full_leaves() {
        if !leaving(index.u32()) && new.contains(&first_key(leaf.encryption_key())?) {
            return Err(duplicate());
        }
    }
    for (_, parent) in tree.full_parents() {
        if new.contains(&first_key(parent)?) {
            return Err(duplicate());
        }
    }
    Ok(())
}

/// Every encryption key of the tree but those of `leaving` leaves.
pub fn encryption_keys(tree: &TreeSync, leaving: impl Fn(u32) -> bool) -> Outcome<HashSet<[u8; 32]>> {
    let leaves = tree.full_leaves().filter(|(index, _)| !leaving(index.u32()));
    leaves.map(|(_, leaf)| first_key(leaf.encryption_key())).chain(tree.full_parents().map(|(_, parent)| first_key(parent))).collect()
}

/// The fault of POL-11 for keys that are there twice.
pub fn duplicate() -> Fault {
    Fault::new("duplicate_key", "a key is used twice in the tree")
}

/// The library shows the encryption keys of leaves and parents only in their encoding: a length byte and 32 bytes come first.
fn first_key(node: &impl tls_codec::Serialize) -> Outcome<[u8; 32]> {
    let mut head = Head { bytes: [0; 33], filled: 0 };
    node.tls_serialize(&mut head).map_err(|_| Fault::new("internal", "a tree node could not be written"))?;
    let [length, key @ ..] = head.bytes;
    if length == 32 { Ok(key) } else { Err(Fault::new("bad_key", "a tree node's key is not 32 bytes")) }
}

/// Keeps the first 33 bytes written and lets the rest pass.
struct Head {
    bytes: [u8; 33],
    filled: usize,
}

impl Write for Head {
    fn write(&mut self, source: &[u8]) -> std::io::Result<usize> {
        if let Some(room) = self.bytes.get_mut(self.filled..) {
            let count = room.len().min(source.len());
            for (to, from) in room.iter_mut().zip(source) {
                *to = *from;
            }
            self.filled += count;
        }
        Ok(source.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
