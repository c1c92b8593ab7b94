//! Joining and being replaced: POL-9, I4, I5, the attestation at the door.

use openmls_traits::OpenMlsProvider as _;
use serde_json::json;

use super::forge::{spoil, stranger};
use super::world::{World, call, id};
use crate::bytes::b64;

#[test]
fn i4_a_joiner_with_another_link_cannot_open_its_welcome() {
    let mut world = World::with(&["Bob"]);
    let right = world.secret.clone();
    world.secret = b64(&[1; 16]);
    let mut carol = stranger(&mut world, "Carol");
    let mut entry = world.key_package(&mut carol);
    world.secret = right;
    // Its link MAC is wrong too; let a cheating committer have added it all the same.
    let bytes = crate::bytes::unb64(entry["key_package"].as_str().unwrap()).unwrap();
    let link = crate::link::Link::derive(
        &world.id(&world.meeting),
        &crate::bytes::unb64_exact(&world.secret).unwrap(),
        crate::bytes::Fixed([0; 16]),
        None,
    )
    .unwrap();
    entry["mac"] = json!(b64(&link.mac(&world.reference(&bytes), &world.id(&world.call), &world.id(&world.incarnation))));
    world.append(entry);
    let commit = world.commit("Alice", None);
    let join = world.deliver_to_stranger(&commit);
    assert_eq!(carol.err(&join), "bad_welcome");
}

#[test]
fn log_6_a_wrong_welcome_does_not_burn_the_key_package() {
    let mut world = World::with(&["Bob"]);
    world.announce("Carol");
    let commit = world.commit("Alice", None);
    let mut carol = world.people.remove("Carol").unwrap();
    let join = world.deliver_to_stranger(&commit);
    let mut spoilt = join.clone();
    spoilt["welcome"] = spoil(&join["welcome"]);
    assert_eq!(carol.err(&spoilt), "bad_welcome");
    let mut other_tree = join.clone();
    other_tree["tree"] = spoil(&join["tree"]);
    assert!(["bad_welcome", "malformed"].contains(&carol.err(&other_tree).as_str()));
    let mut other_group = join.clone();
    other_group["incarnation"] = json!(id(44));
    assert_eq!(carol.err(&other_group), "bad_welcome");
    let mut other_covers = join.clone();
    other_covers["covers"] = join["index"].clone();
    assert_eq!(carol.err(&other_covers), "bad_covers");
    carol.ok(&join);
    world.people.insert("Carol".to_owned(), carol);
    world.assert_one_code(3);
}

fn key_package_of(entry: &serde_json::Value) -> openmls::prelude::KeyPackage {
    let bytes = crate::bytes::unb64(entry["key_package"].as_str().unwrap()).unwrap();
    crate::key_package::read_key_package(&openmls_rust_crypto::RustCrypto::default(), &bytes).unwrap()
}

#[test]
fn pol_9_a_joiner_refuses_a_welcome_without_the_links_psk() {
    let mut world = World::with(&["Mallory"]);
    let mut carol = stranger(&mut world, "Carol");
    let entry = world.key_package(&mut carol);
    let key_package = key_package_of(&entry);
    // The operator's own group: Mallory knows no link, so she leaves the PSK out.
    let join = world.invite_past_the_gateway("Mallory", &entry, |builder, _| builder.propose_adds([key_package]));
    assert_eq!(carol.err(&join), "wrong_psk");
    let mut dave = stranger(&mut world, "Dave");
    let entry = world.key_package(&mut dave);
    let key_package = key_package_of(&entry);
    let join = world.invite_past_the_gateway("Mallory", &entry, |builder, own| {
        builder.propose_adds([key_package]).add_proposal(super::forge::link_psk(own))
    });
    // Nothing is wrong with the Welcome now, but Carol is in that tree and Dave sees her: a ghost is never hidden.
    let state = dave.ok(&join)["state"].clone();
    assert!(state["roster"].as_array().unwrap().iter().any(|leaf| leaf["participant"] == json!(carol.participant)));
}

#[test]
fn pol_11_and_pol_14_a_joiner_checks_every_leaf_of_the_tree() {
    for (change, code) in [
        ("low order", "bad_key"),
        ("capabilities", "bad_leaf"),
        ("attestation", "bad_attestation"),
        ("participant", "duplicate_participant"),
    ] {
        let mut world = World::with(&["Mallory"]);
        let mut carol = stranger(&mut world, "Carol");
        let entry = world.key_package(&mut carol);
        let joiner = key_package_of(&entry);
        // A cheating member brings somebody in whom no honest one would have let in.
        let signer = crate::keys::SeedKey::new(&[5; 32]);
        let who = if change == "participant" { carol.participant.clone() } else { id(77) };
        let mut credential = world.identity(&who, &b64(&signer.public().0), "Eve");
        if change == "attestation" {
            let (text, signature) = world.attest_for(&world.meeting, &id(99), &who, &b64(&signer.public().0), "Eve");
            credential = super::forge::identity_of(&text, &signature);
        }
        let mut raw = super::forge::RawKeyPackage::good(1, credential);
        match change {
            "low order" => raw.encryption = [0; 32],
            "capabilities" => raw.suites = vec![1, 2],
            _ => {}
        }
        let ghost = unchecked(&raw.bytes(&signer));
        let join = world.invite_past_the_gateway("Mallory", &entry, |builder, own| {
            builder.propose_adds([ghost, joiner]).add_proposal(super::forge::link_psk(own))
        });
        assert_eq!(carol.err(&join), code, "{change}");
    }
}

/// A KeyPackage the library takes, without our rules.
fn unchecked(bytes: &[u8]) -> openmls::prelude::KeyPackage {
    use tls_codec::DeserializeBytes as _;
    let message = openmls::prelude::MlsMessageIn::tls_deserialize_exact_bytes(bytes).unwrap();
    let openmls::prelude::MlsMessageBodyIn::KeyPackage(found) = message.extract() else { panic!() };
    found.validate(&openmls_rust_crypto::RustCrypto::default(), openmls::prelude::ProtocolVersion::Mls10).unwrap()
}

#[test]
fn each_welcome_holds_only_its_joiners_secrets() {
    let mut world = World::with(&["Bob"]);
    world.announce("Carol");
    world.announce("Dave");
    let commit = world.commit("Alice", None);
    let (carol, dave) = (world.people["Carol"].participant.clone(), world.people["Dave"].participant.clone());
    assert_eq!(commit["welcomes"][0]["participant"], json!(carol));
    assert_eq!(commit["welcomes"][1]["participant"], json!(dave));
    let mut people = (world.people.remove("Carol").unwrap(), world.people.remove("Dave").unwrap());
    let join = world.deliver_to_stranger(&commit);
    assert_eq!(people.1.err(&join), "bad_welcome");
    people.0.ok(&join);
}

#[test]
fn a_joiner_passes_over_the_commit_that_added_it_and_no_other() {
    let mut world = World::with(&["Bob"]);
    world.announce("Carol");
    let commit = world.commit("Alice", None);
    // Announced while the commit was on its way: the joiner must read it.
    world.announce_removal("Bob", "left");
    let mut carol = world.people.remove("Carol").unwrap();
    let join = world.deliver_to_stranger(&commit);
    carol.ok(&join);
    let covers = usize::try_from(join["covers"].as_i64().unwrap()).unwrap();
    let mut wrong = world.log.clone();
    wrong[covers + 2]["commit"] = wrong[1]["commit"].clone();
    let refused = carol.ok(&json!({"do": "entries", "from": covers + 1, "entries": wrong[covers + 1..]}));
    assert_eq!(refused["events"][1]["code"], "wrong_entrance");
    world.people.insert("Carol".to_owned(), carol);
    world.get("Carol").cursor = covers + 2;
    world.everybody_reads();
    let commit = world.commit("Carol", None);
    world.deliver(&commit);
    assert!(world.people["Bob"].removed);
    world.assert_one_code(2);
}

#[test]
fn a_joiner_passes_over_commits_before_its_own() {
    let mut world = World::started(true);
    world.announce("Bob");
    let first = world.commit("Alice", None);
    // A crowd of more than one commit may add: Carol and Dave are announced before Bob's commit lands and added after it.
    let carol = world.announce("Carol");
    world.announce("Dave");
    world.deliver(&first);
    let second = world.commit_up_to(carol, "Alice", None);
    world.deliver(&second);
    world.assert_one_code(3);
    let third = world.commit("Carol", None);
    assert_eq!(third["welcomes"][0]["participant"], json!(world.people["Dave"].participant));
    world.deliver(&third);
    world.assert_one_code(4);
    assert!(world.people.values().all(|person| person.refused.is_empty()));
}

#[test]
fn a_reload_replaces_the_leaf_in_one_commit_and_the_old_one_is_out() {
    let mut world = World::with(&["Bob", "Carol"]);
    let old_key = world.get("Carol").media_key(0).unwrap();
    let old = world.reload("Carol");
    assert!(old.removed, "the old leaf sees self_removed");
    world.assert_one_code(3);
    let mut old = old;
    assert_eq!(old.err(&json!({"do": "seal", "content": r#"{"kind":"hand","up":true}"#})), "removed");
    assert_eq!(old.media_key(0).unwrap_err(), "removed");
    assert_eq!(call(&mut old.instance, &json!({"do": "state"})).unwrap()["state"].get("leaf"), None);
    assert_ne!(world.get("Alice").media_key(0).unwrap()["key"], old_key["key"]);
}

#[test]
fn i5_a_removed_member_cannot_derive_the_next_epochs_keys() {
    let mut world = World::with(&["Bob", "Carol"]);
    world.announce_removal("Bob", "removed");
    let commit = world.commit("Carol", None);
    // Bob keeps his state from before and tries everything the library offers.
    let bytes = crate::bytes::unb64(commit["commit"].as_str().unwrap()).unwrap();
    world.everybody_reads();
    let (_, member) = world.get("Bob").instance.parts();
    let staged = member.stage(&bytes).unwrap();
    assert!(staged.self_removed() && staged.epoch_authenticator().is_none());
    let context = [&0_u32.to_be_bytes()[..], b"x"].concat();
    assert!(staged.export_secret(member.provider.crypto(), "conclave/media/1", &context, 16).is_err());
    let before = member.group.epoch_authenticator().as_slice().to_vec();
    world.deliver(&commit);
    let (_, alice) = world.get("Alice").instance.parts();
    assert_ne!(before, alice.group.epoch_authenticator().as_slice());
    assert!(world.people["Bob"].removed);
}

#[test]
fn seated_checks_that_the_attestation_is_ours() {
    let mut world = World::new();
    let mut carol = stranger(&mut world, "Carol");
    let request = |text: &str, signature: &str, key: &crate::keys::SeedKey| {
        json!({"do": "seated", "attestation": text, "attestation_signature": signature,
            "attestation_key": key.public(), "link_version": 1})
    };
    let (text, signature) = world.attest(&carol.participant, &b64(&[3; 32]), "Carol");
    assert_eq!(carol.err(&request(&text, &signature, &world.signer)), "bad_attestation");
    let (text, signature) = world.attest_for(&id(9), &world.call, &carol.participant, &carol.key, "Carol");
    assert_eq!(carol.err(&request(&text, &signature, &world.signer)), "bad_attestation");
    let (text, signature) = world.attest(&carol.participant, &carol.key, "Carol");
    assert_eq!(carol.err(&request(&text, &signature, &crate::keys::SeedKey::new(&[4; 32]))), "bad_attestation");
    assert_eq!(carol.ok(&request(&text, &signature, &world.signer))["role"], "guest");
}

#[test]
fn unknown_operations_and_fields_are_refused() {
    let mut instance = crate::Instance::default();
    for request in [
        json!({"do": "nothing"}),
        json!({"do": "link", "meeting": id(1), "secret": b64(&[0; 16]), "more": 1}),
        json!({"do": "forget", "more": 1}),
        json!({"do": "link", "meeting": id(1), "secret": b64(&[0; 15])}),
        json!({"do": "link", "meeting": "short", "secret": b64(&[0; 16])}),
        json!([]),
        json!("text"),
    ] {
        assert_eq!(call(&mut instance, &request).unwrap_err(), "malformed", "{request}");
    }
    let twice = format!(r#"{{"do":"link","meeting":"{0}","meeting":"{0}","secret":"{0}"}}"#, id(1));
    assert!(instance.call(twice.as_bytes()).contains("malformed"));
    assert!(instance.call(&[0xff, 0xfe]).contains("malformed"));
    assert_eq!(call(&mut instance, &json!({"do": "state"})).unwrap_err(), "wrong_state");
    assert_eq!(call(&mut instance, &json!({"do": "public_tree"})).unwrap_err(), "wrong_state");
}
