//! What the library must be able to read again, in memory: private keys, PSKs, KeyPackages and, for the gateway, the public group.
//!
//! A member's `MlsGroup` lives in memory and is never loaded, so everything else the library writes is let go: writing the whole tree
//! and all message secrets after each step would cost more than the cryptography (LOG-6 is kept by checking before merging instead).

use std::collections::HashMap;
use std::sync::RwLock;

use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider;
use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroize as _;

const V: u16 = CURRENT_VERSION;

/// Randomness, cryptography and [`Store`] for the library.
#[derive(Default, Debug)]
pub struct Provider {
    crypto: RustCrypto,
    store: Store,
}

impl OpenMlsProvider for Provider {
    type CryptoProvider = RustCrypto;
    type RandProvider = RustCrypto;
    type StorageProvider = Store;

    fn storage(&self) -> &Store {
        &self.store
    }

    fn crypto(&self) -> &RustCrypto {
        &self.crypto
    }

    fn rand(&self) -> &RustCrypto {
        &self.crypto
    }
}

impl Provider {
    /// A provider that also keeps the public group, so that it can be taken back.
    pub fn keeping_groups() -> Self {
        Self { crypto: RustCrypto::default(), store: Store { keeps_groups: true, ..Store::default() } }
    }

    /// Another provider with the same values.
    pub fn copy(&self) -> Self {
        Self {
            crypto: RustCrypto::default(),
            store: Store { keeps_groups: self.store.keeps_groups, values: RwLock::new(self.store.all()) },
        }
    }
}

/// Values by kind and encoded key.
#[derive(Default, Debug)]
pub struct Store {
    values: RwLock<Values>,
    keeps_groups: bool,
}

/// A copy of everything in a [`Store`].
pub type Values = HashMap<(Kind, Vec<u8>), Vec<u8>>;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Private keys of a member's epoch.
    EpochKeys,
    /// A key pair by its public key.
    KeyPair,
    /// A KeyPackage with its private keys.
    KeyPackage,
    /// A pre-shared key.
    Psk,
    /// The gateway's tree.
    Tree,
    /// The gateway's GroupContext.
    Context,
    /// The gateway's interim transcript hash.
    Transcript,
    /// The gateway's confirmation tag.
    Confirmation,
}

/// A value could not be encoded or decoded.
#[derive(Debug)]
pub struct StoreError;

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a stored value cannot be read or written")
    }
}

impl std::error::Error for StoreError {}

type Stored<T> = Result<T, StoreError>;

fn encode<T: Serialize + ?Sized>(value: &T) -> Stored<Vec<u8>> {
    postcard::to_allocvec(value).map_err(|_| StoreError)
}

impl Store {
    /// Everything there is, to be put back with [`Store::restore`].
    pub fn all(&self) -> Values {
        self.values.read().map(|values| values.clone()).unwrap_or_default()
    }

    /// Puts back what [`Store::all`] gave.
    pub fn restore(&self, before: Values) {
        if let Ok(mut values) = self.values.write() {
            *values = before;
        }
    }

    fn put<K: Serialize + ?Sized, T: Serialize + ?Sized>(&self, kind: Kind, key: &K, value: &T) -> Stored<()> {
        let (key, value) = (encode(key)?, encode(value)?);
        let old = self.values.write().map_err(|_| StoreError)?.insert((kind, key), value);
        wipe(old);
        Ok(())
    }

    fn get<K: Serialize + ?Sized, T: DeserializeOwned>(&self, kind: Kind, key: &K) -> Stored<Option<T>> {
        let key = (kind, encode(key)?);
        let values = self.values.read().map_err(|_| StoreError)?;
        values.get(&key).map(|bytes| postcard::from_bytes(bytes).map_err(|_| StoreError)).transpose()
    }

    fn drop<K: Serialize + ?Sized>(&self, kind: Kind, key: &K) -> Stored<()> {
        let key = (kind, encode(key)?);
        wipe(self.values.write().map_err(|_| StoreError)?.remove(&key));
        Ok(())
    }

    fn put_group<K: Serialize, T: Serialize>(&self, kind: Kind, key: &K, value: &T) -> Stored<()> {
        if self.keeps_groups { self.put(kind, key, value) } else { Ok(()) }
    }
}

// Private keys do not linger in freed memory.
fn wipe(value: Option<Vec<u8>>) {
    if let Some(mut bytes) = value {
        bytes.zeroize();
    }
}

impl StorageProvider<V> for Store {
    type Error = StoreError;

    // What is read again.

    fn write_tree<K: traits::GroupId<V>, T: traits::TreeSync<V>>(&self, key: &K, value: &T) -> Stored<()> {
        self.put_group(Kind::Tree, key, value)
    }

    fn tree<K: traits::GroupId<V>, T: traits::TreeSync<V>>(&self, key: &K) -> Stored<Option<T>> {
        self.get(Kind::Tree, key)
    }

    fn delete_tree<K: traits::GroupId<V>>(&self, key: &K) -> Stored<()> {
        self.drop(Kind::Tree, key)
    }

    fn write_context<K: traits::GroupId<V>, T: traits::GroupContext<V>>(&self, key: &K, value: &T) -> Stored<()> {
        self.put_group(Kind::Context, key, value)
    }

    fn group_context<K: traits::GroupId<V>, T: traits::GroupContext<V>>(&self, key: &K) -> Stored<Option<T>> {
        self.get(Kind::Context, key)
    }

    fn delete_context<K: traits::GroupId<V>>(&self, key: &K) -> Stored<()> {
        self.drop(Kind::Context, key)
    }

    fn write_interim_transcript_hash<K: traits::GroupId<V>, T: traits::InterimTranscriptHash<V>>(&self, key: &K, value: &T) -> Stored<()> {
        self.put_group(Kind::Transcript, key, value)
    }

    fn interim_transcript_hash<K: traits::GroupId<V>, T: traits::InterimTranscriptHash<V>>(&self, key: &K) -> Stored<Option<T>> {
        self.get(Kind::Transcript, key)
    }

    fn delete_interim_transcript_hash<K: traits::GroupId<V>>(&self, key: &K) -> Stored<()> {
        self.drop(Kind::Transcript, key)
    }

    fn write_confirmation_tag<K: traits::GroupId<V>, T: traits::ConfirmationTag<V>>(&self, key: &K, value: &T) -> Stored<()> {
        self.put_group(Kind::Confirmation, key, value)
    }

    fn confirmation_tag<K: traits::GroupId<V>, T: traits::ConfirmationTag<V>>(&self, key: &K) -> Stored<Option<T>> {
        self.get(Kind::Confirmation, key)
    }

    fn delete_confirmation_tag<K: traits::GroupId<V>>(&self, key: &K) -> Stored<()> {
        self.drop(Kind::Confirmation, key)
    }

    fn write_encryption_key_pair<K: traits::EncryptionKey<V>, T: traits::HpkeKeyPair<V>>(&self, key: &K, value: &T) -> Stored<()> {
        self.put(Kind::KeyPair, key, value)
    }

    fn encryption_key_pair<T: traits::HpkeKeyPair<V>, K: traits::EncryptionKey<V>>(&self, key: &K) -> Stored<Option<T>> {
        self.get(Kind::KeyPair, key)
    }

    fn delete_encryption_key_pair<K: traits::EncryptionKey<V>>(&self, key: &K) -> Stored<()> {
        self.drop(Kind::KeyPair, key)
    }

    fn write_encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>, T: traits::HpkeKeyPair<V>>(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
        pairs: &[T],
    ) -> Stored<()> {
        self.put(Kind::EpochKeys, &(group, epoch, leaf), pairs)
    }

    fn encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>, T: traits::HpkeKeyPair<V>>(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
    ) -> Stored<Vec<T>> {
        Ok(self.get(Kind::EpochKeys, &(group, epoch, leaf))?.unwrap_or_default())
    }

    fn delete_encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>>(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
    ) -> Stored<()> {
        self.drop(Kind::EpochKeys, &(group, epoch, leaf))
    }

    fn write_key_package<K: traits::HashReference<V>, T: traits::KeyPackage<V>>(&self, key: &K, value: &T) -> Stored<()> {
        self.put(Kind::KeyPackage, key, value)
    }

    fn key_package<K: traits::HashReference<V>, T: traits::KeyPackage<V>>(&self, key: &K) -> Stored<Option<T>> {
        self.get(Kind::KeyPackage, key)
    }

    fn delete_key_package<K: traits::HashReference<V>>(&self, key: &K) -> Stored<()> {
        self.drop(Kind::KeyPackage, key)
    }

    fn write_psk<K: traits::PskId<V>, T: traits::PskBundle<V>>(&self, key: &K, value: &T) -> Stored<()> {
        self.put(Kind::Psk, key, value)
    }

    fn psk<T: traits::PskBundle<V>, K: traits::PskId<V>>(&self, key: &K) -> Stored<Option<T>> {
        self.get(Kind::Psk, key)
    }

    fn delete_psk<K: traits::PskId<V>>(&self, key: &K) -> Stored<()> {
        self.drop(Kind::Psk, key)
    }

    // What is let go.

    fn write_mls_join_config<K: traits::GroupId<V>, T: traits::MlsGroupJoinConfig<V>>(&self, _key: &K, _value: &T) -> Stored<()> {
        Ok(())
    }

    fn append_own_leaf_node<K: traits::GroupId<V>, T: traits::LeafNode<V>>(&self, _key: &K, _value: &T) -> Stored<()> {
        Ok(())
    }

    fn write_message_secrets<K: traits::GroupId<V>, T: traits::MessageSecrets<V>>(&self, _key: &K, _value: &T) -> Stored<()> {
        Ok(())
    }

    fn write_resumption_psk_store<K: traits::GroupId<V>, T: traits::ResumptionPskStore<V>>(&self, _key: &K, _value: &T) -> Stored<()> {
        Ok(())
    }

    fn write_own_leaf_index<K: traits::GroupId<V>, T: traits::LeafNodeIndex<V>>(&self, _key: &K, _value: &T) -> Stored<()> {
        Ok(())
    }

    fn write_group_epoch_secrets<K: traits::GroupId<V>, T: traits::GroupEpochSecrets<V>>(&self, _key: &K, _value: &T) -> Stored<()> {
        Ok(())
    }

    fn write_group_state<T: traits::GroupState<V>, K: traits::GroupId<V>>(&self, _key: &K, _value: &T) -> Stored<()> {
        Ok(())
    }

    fn queue_proposal<K: traits::GroupId<V>, R: traits::ProposalRef<V>, T: traits::QueuedProposal<V>>(
        &self,
        _key: &K,
        _reference: &R,
        _value: &T,
    ) -> Stored<()> {
        Ok(())
    }

    fn write_signature_key_pair<K: traits::SignaturePublicKey<V>, T: traits::SignatureKeyPair<V>>(
        &self,
        _key: &K,
        _value: &T,
    ) -> Stored<()> {
        Ok(())
    }

    fn mls_group_join_config<K: traits::GroupId<V>, T: traits::MlsGroupJoinConfig<V>>(&self, _key: &K) -> Stored<Option<T>> {
        Ok(None)
    }

    fn message_secrets<K: traits::GroupId<V>, T: traits::MessageSecrets<V>>(&self, _key: &K) -> Stored<Option<T>> {
        Ok(None)
    }

    fn resumption_psk_store<K: traits::GroupId<V>, T: traits::ResumptionPskStore<V>>(&self, _key: &K) -> Stored<Option<T>> {
        Ok(None)
    }

    fn own_leaf_index<K: traits::GroupId<V>, T: traits::LeafNodeIndex<V>>(&self, _key: &K) -> Stored<Option<T>> {
        Ok(None)
    }

    fn group_epoch_secrets<K: traits::GroupId<V>, T: traits::GroupEpochSecrets<V>>(&self, _key: &K) -> Stored<Option<T>> {
        Ok(None)
    }

    fn group_state<T: traits::GroupState<V>, K: traits::GroupId<V>>(&self, _key: &K) -> Stored<Option<T>> {
        Ok(None)
    }

    fn signature_key_pair<K: traits::SignaturePublicKey<V>, T: traits::SignatureKeyPair<V>>(&self, _key: &K) -> Stored<Option<T>> {
        Ok(None)
    }

    fn own_leaf_nodes<K: traits::GroupId<V>, T: traits::LeafNode<V>>(&self, _key: &K) -> Stored<Vec<T>> {
        Ok(Vec::new())
    }

    fn queued_proposal_refs<K: traits::GroupId<V>, R: traits::ProposalRef<V>>(&self, _key: &K) -> Stored<Vec<R>> {
        Ok(Vec::new())
    }

    fn queued_proposals<K: traits::GroupId<V>, R: traits::ProposalRef<V>, T: traits::QueuedProposal<V>>(
        &self,
        _key: &K,
    ) -> Stored<Vec<(R, T)>> {
        Ok(Vec::new())
    }

    fn remove_proposal<K: traits::GroupId<V>, R: traits::ProposalRef<V>>(&self, _key: &K, _reference: &R) -> Stored<()> {
        Ok(())
    }

    fn clear_proposal_queue<K: traits::GroupId<V>, R: traits::ProposalRef<V>>(&self, _key: &K) -> Stored<()> {
        Ok(())
    }

    fn delete_own_leaf_nodes<K: traits::GroupId<V>>(&self, _key: &K) -> Stored<()> {
        Ok(())
    }

    fn delete_group_config<K: traits::GroupId<V>>(&self, _key: &K) -> Stored<()> {
        Ok(())
    }

    fn delete_group_state<K: traits::GroupId<V>>(&self, _key: &K) -> Stored<()> {
        Ok(())
    }

    fn delete_message_secrets<K: traits::GroupId<V>>(&self, _key: &K) -> Stored<()> {
        Ok(())
    }

    fn delete_all_resumption_psk_secrets<K: traits::GroupId<V>>(&self, _key: &K) -> Stored<()> {
        Ok(())
    }

    fn delete_own_leaf_index<K: traits::GroupId<V>>(&self, _key: &K) -> Stored<()> {
        Ok(())
    }

    fn delete_group_epoch_secrets<K: traits::GroupId<V>>(&self, _key: &K) -> Stored<()> {
        Ok(())
    }

    fn delete_signature_key_pair<K: traits::SignaturePublicKey<V>>(&self, _key: &K) -> Stored<()> {
        Ok(())
    }
}
