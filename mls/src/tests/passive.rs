//! A client that only follows, in the format of the MLS working group's passive-client vectors, below our policy: the store, the
//! provider and the configuration are a member's. In tests only; `tests/mls/test_python_binding.py` holds that no module exports it.

use openmls::group::{JoinBuilder, MlsGroup, MlsGroupJoinConfig, ProcessedWelcome};
use openmls::prelude::{KeyPackageBundle, MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, RatchetTreeIn};
use openmls::schedule::PreSharedKeyId;
use openmls_traits::OpenMlsProvider as _;
use openmls_traits::storage::StorageProvider as _;
use serde::Deserialize;
use serde_json::json;
use tls_codec::DeserializeBytes as _;

use super::wycheproof::unhex;
use crate::bytes::hex;
use crate::member::{sender_ratchet, wire_format};
use crate::store::Provider;

/// Bytes as hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Hex(pub Vec<u8>);

impl std::fmt::Debug for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(unhex(&text)))
    }
}

/// One vector: somebody is added by a Welcome and follows the epochs.
#[derive(Deserialize)]
pub struct Scenario {
    pub cipher_suite: u16,
    pub external_psks: Vec<ExternalPsk>,
    pub key_package: Hex,
    pub encryption_priv: Hex,
    pub init_priv: Hex,
    pub welcome: Hex,
    pub ratchet_tree: Option<Hex>,
    pub initial_epoch_authenticator: Hex,
    pub epochs: Vec<Epoch>,
}

#[derive(Deserialize)]
pub struct ExternalPsk {
    pub psk_id: Hex,
    pub psk: Hex,
}

#[derive(Deserialize)]
#[allow(clippy::struct_field_names, reason = "the format's names")]
pub struct Epoch {
    pub proposals: Vec<Hex>,
    pub commit: Hex,
    pub epoch_authenticator: Hex,
}

impl Scenario {
    /// Joins and follows; panics where an epoch authenticator differs.
    pub fn follow(&self) {
        let provider = Provider::default();
        for known in &self.external_psks {
            PreSharedKeyId::external(known.psk_id.0.clone(), Vec::new()).store(&provider, &known.psk.0).unwrap();
        }
        self.keep_key_package(&provider);
        let mut group = self.join(&provider);
        assert_eq!(Hex(group.epoch_authenticator().as_slice().to_vec()), self.initial_epoch_authenticator);
        for epoch in &self.epochs {
            for proposal in &epoch.proposals {
                process(&mut group, &provider, &proposal.0);
            }
            process(&mut group, &provider, &epoch.commit.0);
            assert_eq!(Hex(group.epoch_authenticator().as_slice().to_vec()), epoch.epoch_authenticator, "epoch {}", group.epoch());
        }
    }

    // The library makes its own keys only; given ones come in through its serialised form.
    fn keep_key_package(&self, provider: &Provider) {
        let MlsMessageBodyIn::KeyPackage(given) = message(&self.key_package.0).extract() else { panic!("not a KeyPackage") };
        let key_package = given.into_unchecked(); // vectors grow old
        let bundle: KeyPackageBundle = serde_json::from_value(json!({
            "key_package": key_package,
            "private_init_key": {"vec": self.init_priv.0},
            "private_encryption_key": {"key": {"vec": self.encryption_priv.0}},
        }))
        .unwrap();
        provider.storage().write_key_package(&key_package.hash_ref(provider.crypto()).unwrap(), &bundle).unwrap();
    }

    fn join(&self, provider: &Provider) -> MlsGroup {
        let MlsMessageBodyIn::Welcome(welcome) = message(&self.welcome.0).extract() else { panic!("not a Welcome") };
        let processed = ProcessedWelcome::new_from_welcome(provider, &config(), welcome).unwrap();
        let mut builder = JoinBuilder::new(provider, processed).skip_lifetime_validation(); // vectors grow old
        if let Some(tree) = &self.ratchet_tree {
            builder = builder.with_ratchet_tree(RatchetTreeIn::tls_deserialize_exact_bytes(&tree.0).unwrap());
        }
        builder.build().unwrap().into_group(provider).unwrap()
    }
}

/// A member's configuration, but that resumption PSKs are kept, which our policy never allows (POL-9) and the vectors use.
fn config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(wire_format())
        .sender_ratchet_configuration(sender_ratchet())
        .max_past_epochs(2)
        .number_of_resumption_psks(16)
        .build()
}

fn message(bytes: &[u8]) -> MlsMessageIn {
    MlsMessageIn::tls_deserialize_exact_bytes(bytes).unwrap()
}

fn process(group: &mut MlsGroup, provider: &Provider, bytes: &[u8]) {
    let processed = group.process_message(provider, message(bytes).try_into_protocol_message().unwrap()).unwrap();
    match processed.into_content() {
        ProcessedMessageContent::ProposalMessage(proposal) => group.store_pending_proposal(provider.storage(), *proposal).unwrap(),
        ProcessedMessageContent::StagedCommitMessage(staged) => group.merge_staged_commit(provider, *staged).unwrap(),
        _ => panic!("neither a proposal nor a commit"),
    }
}

/// The working group's own files, which are not ours to give away: `CONCLAVE_MLS_VECTORS=<folder> cargo test -- --ignored official`.
#[test]
#[ignore = "needs the MLS working group's passive-client-*.json in the folder CONCLAVE_MLS_VECTORS"]
fn the_official_vectors_of_suite_1_hold() {
    let folder = std::env::var("CONCLAVE_MLS_VECTORS").expect("CONCLAVE_MLS_VECTORS names the folder");
    let mut followed = 0;
    for name in ["welcome", "handling-commit", "random"] {
        let text = std::fs::read_to_string(format!("{folder}/passive-client-{name}.json")).unwrap();
        let scenarios: Vec<Scenario> = serde_json::from_str(&text).unwrap();
        for scenario in scenarios.iter().filter(|scenario| scenario.cipher_suite == 1) {
            scenario.follow();
            followed += 1;
        }
    }
    assert_eq!(followed, 8 + 13 + 1);
}
