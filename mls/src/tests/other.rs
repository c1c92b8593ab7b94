//! Another implementation of RFC 9420, mls-rs, plays the rest of a group: who only follows with our store and provider stays with it.

use mls_rs::client_builder::MlsConfig;
use mls_rs::group::{CommitEffect, ReceivedMessage};
use mls_rs::identity::SigningIdentity;
use mls_rs::identity::basic::{BasicCredential, BasicIdentityProvider};
use mls_rs::psk::{ExternalPskId, PreSharedKey};
use mls_rs::storage_provider::in_memory::InMemoryKeyPackageStorage;
use mls_rs::{CipherSuite, CipherSuiteProvider as _, Client, CryptoProvider as _, Group, MlsMessage};
use mls_rs_crypto_rustcrypto::RustCryptoProvider;

use super::dice::Dice;
use super::passive::{Epoch, ExternalPsk, Hex, Scenario};

const EPOCHS: usize = 60;
const PSK: (&[u8], &[u8]) = (b"a psk's id", b"a psk that everybody has");

fn client(name: &str, store: InMemoryKeyPackageStorage) -> Client<impl MlsConfig + use<>> {
    let crypto = RustCryptoProvider::default();
    let suite = crypto.cipher_suite_provider(CipherSuite::CURVE25519_AES128).unwrap();
    let (secret, public) = suite.signature_key_generate().unwrap();
    let identity = SigningIdentity::new(BasicCredential::new(name.as_bytes().to_vec()).into_credential(), public);
    Client::builder()
        .key_package_repo(store)
        .psk(ExternalPskId::new(PSK.0.to_vec()), PreSharedKey::new(PSK.1.to_vec()))
        .identity_provider(BasicIdentityProvider)
        .crypto_provider(crypto)
        .signing_identity(identity, secret, CipherSuite::CURVE25519_AES128)
        .build()
}

fn key_package<C: MlsConfig>(client: &Client<C>) -> MlsMessage {
    client.generate_key_package_message(mls_rs::ExtensionList::default(), mls_rs::ExtensionList::default(), None).unwrap()
}

fn hex<C: MlsConfig>(group: &Group<C>) -> Hex {
    Hex(group.epoch_authenticator().unwrap().to_vec())
}

/// Everybody reads a message but the one who sent it; gives who were removed by it.
fn spread<C: MlsConfig>(members: &mut [Group<C>], from: usize, message: &MlsMessage) -> Vec<usize> {
    let mut removed = Vec::new();
    for (at, member) in members.iter_mut().enumerate().filter(|(at, _)| *at != from) {
        let read = member.process_incoming_message(message.clone()).unwrap();
        if matches!(&read, ReceivedMessage::Commit(done) if matches!(done.effect, CommitEffect::Removed { .. })) {
            removed.push(at);
        }
    }
    removed
}

/// A random member that was there before the newcomers proposes something; gives the proposal.
fn propose<C: MlsConfig>(members: &mut [Group<C>], dice: &mut Dice, newcomer: Option<MlsMessage>) -> MlsMessage {
    let by = dice.roll(members.len());
    let other = members[(by + 1) % members.len()].current_member_index();
    let proposal = match (newcomer, dice.roll(3)) {
        (Some(newcomer), _) => members[by].propose_add(newcomer, Vec::new()),
        (None, 0) if members.len() > 3 => members[by].propose_remove(other, Vec::new()),
        (None, 1) => members[by].propose_external_psk(ExternalPskId::new(PSK.0.to_vec()), Vec::new()),
        (None, _) => members[by].propose_update(Vec::new()),
    }
    .unwrap();
    spread(members, by, &proposal);
    proposal
}

#[test]
fn a_member_follows_a_group_of_another_implementation() {
    let mut dice = Dice(9420);
    let store = InMemoryKeyPackageStorage::new();
    let ours = key_package(&client("Dave", store.clone()));
    let [(_, private)]: [_; 1] = store.key_packages().try_into().unwrap();
    let mut group = client("Alice", InMemoryKeyPackageStorage::new())
        .create_group(mls_rs::ExtensionList::default(), mls_rs::ExtensionList::default(), None)
        .unwrap();
    let builder = group.commit_builder().add_member(ours.clone()).unwrap();
    let added = builder.add_external_psk(ExternalPskId::new(PSK.0.to_vec())).unwrap().build().unwrap();
    group.apply_pending_commit().unwrap();
    let mut scenario = Scenario {
        cipher_suite: 1,
        external_psks: vec![ExternalPsk { psk_id: Hex(PSK.0.to_vec()), psk: Hex(PSK.1.to_vec()) }],
        key_package: Hex(ours.to_bytes().unwrap()),
        encryption_priv: Hex(private.leaf_node_key.to_vec()),
        init_priv: Hex(private.init_key.to_vec()),
        welcome: Hex(added.welcome_messages()[0].to_bytes().unwrap()),
        ratchet_tree: None,
        initial_epoch_authenticator: hex(&group),
        epochs: Vec::new(),
    };
    let mut members = vec![group];
    for epoch in 0..EPOCHS {
        let joiner = (members.len() < 12).then(|| client(&format!("P{epoch}"), InMemoryKeyPackageStorage::new()));
        let newcomer = joiner.as_ref().filter(|_| dice.roll(2) == 0).map(key_package);
        let mut proposals: Vec<_> = (0..dice.roll(3)).map(|_| propose(&mut members, &mut dice, None)).collect();
        proposals.extend(newcomer.map(|newcomer| propose(&mut members, &mut dice, Some(newcomer))));
        let by = dice.roll(members.len());
        let commit = members[by].commit_builder().build().unwrap();
        members[by].apply_pending_commit().unwrap();
        let removed = spread(&mut members, by, commit.commit_message());
        let epoch_authenticator = hex(&members[by]);
        for at in removed.into_iter().rev() {
            drop(members.remove(at));
        }
        members.extend(commit.welcome_messages().iter().map(|welcome| joiner.as_ref().unwrap().join_group(None, welcome, None).unwrap().0));
        assert!(members.iter().all(|member| hex(member) == epoch_authenticator));
        let proposals = proposals.iter().map(|proposal| Hex(proposal.to_bytes().unwrap())).collect();
        scenario.epochs.push(Epoch { proposals, commit: Hex(commit.commit_message().to_bytes().unwrap()), epoch_authenticator });
    }
    scenario.follow();
}
