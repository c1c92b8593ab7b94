//! Additions: POL-7, POL-8, POL-9, POL-11, POL-13, POL-14 and LOG-1.

use openmls::prelude::KeyPackage;
use openmls_rust_crypto::RustCrypto;
use serde_json::{Value, json};

use super::forge::{RawKeyPackage, identity_of, link_psk, now, psk, random_point, spoil, stranger};
use super::world::{World, call, id};
use crate::bytes::{b64, unb64};
use crate::key_package::read_key_package;
use crate::keys::SeedKey;

fn parse(entry: &Value) -> KeyPackage {
    read_key_package(&RustCrypto::default(), &unb64(entry["key_package"].as_str().unwrap()).unwrap()).unwrap()
}

/// Announces the entry and lets Bob commit everything: gives the code it was dropped with.
fn dropped_code(world: &mut World, entry: Value) -> String {
    world.append(entry);
    let commit = world.commit("Bob", None);
    let code = commit["dropped"][0]["code"].as_str().expect("the addition should be dropped").to_owned();
    assert_eq!(commit["welcomes"], json!([]));
    world.deliver(&commit);
    assert!(world.people.values().all(|person| person.refused.is_empty()));
    code
}

#[test]
fn pol_7_an_unannounced_addition_is_refused() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let mut ghost = stranger(&mut world, "Ghost");
    let entry = world.key_package(&mut ghost);
    let key_package = parse(&entry);
    let commit = world.forge("Mallory", |builder, own| builder.propose_adds([key_package]).add_proposal(link_psk(own)));
    assert_eq!(world.refusals(&commit, "Bob"), ("unannounced".into(), "unannounced".into()));
}

#[test]
fn pol_9_an_addition_without_the_psk_or_with_another_is_refused() {
    let mut world = World::with(&["Bob", "Mallory"]);
    world.announce("Carol");
    let key_package = parse(world.log.last().unwrap());
    let without = world.forge("Mallory", |builder, _| builder.propose_adds([key_package.clone()]));
    assert_eq!(world.refusals(&without, "Bob"), ("wrong_psk".into(), "wrong_psk".into()));
    let (_, member) = world.get("Mallory").instance.parts();
    let foreign = openmls::schedule::PreSharedKeyId::external(b"another".to_vec(), vec![0; 32]);
    foreign.store(&member.provider, &[7; 32]).unwrap();
    let other = world.forge("Mallory", |builder, _| builder.propose_adds([key_package.clone()]).add_proposal(psk(b"another".to_vec())));
    assert_eq!(world.refusals(&other, "Bob"), ("wrong_psk".into(), "wrong_psk".into()));
    let twice = world.forge("Mallory", |builder, own| {
        builder.propose_adds([key_package]).add_proposal(link_psk(own)).add_proposal(psk(b"another".to_vec()))
    });
    assert_eq!(world.refusals(&twice, "Bob"), ("wrong_psk".into(), "wrong_psk".into()));
}

#[test]
fn pol_9_a_psk_without_an_addition_is_refused() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let commit = world.forge("Mallory", |builder, own| builder.force_self_update(true).add_proposal(link_psk(own)));
    assert_eq!(world.refusals(&commit, "Bob"), ("wrong_psk".into(), "wrong_psk".into()));
}

#[test]
fn pol_7_a_wrong_link_mac_is_dropped_by_the_committer_and_refused_by_members() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let mut carol = stranger(&mut world, "Carol");
    let mut entry = world.key_package(&mut carol);
    entry["mac"] = spoil(&entry["mac"]);
    let key_package = parse(&entry);
    world.append(entry.clone());
    let commit = world.forge("Mallory", |builder, own| builder.propose_adds([key_package]).add_proposal(link_psk(own)));
    assert!(world.stage(&commit).is_ok(), "the gateway has no link and cannot see it");
    call(&mut world.public, &json!({"do": "public_discard"})).unwrap();
    assert_eq!(world.member_refusal(&commit, "Bob"), "bad_mac");
    let honest = world.commit("Bob", None);
    assert_eq!(honest["dropped"], json!([{"participant": carol.participant, "code": "bad_mac"}]));
    world.deliver(&honest);
    world.assert_one_code(3);
}

#[test]
fn pol_13_the_rest_of_a_batch_goes_on() {
    let mut world = World::with(&["Bob"]);
    let mut bad = stranger(&mut world, "Bad");
    let mut entry = world.key_package(&mut bad);
    entry["key_package"] = spoil(&entry["key_package"]);
    world.append(entry);
    world.announce("Carol");
    let commit = world.commit("Alice", None);
    assert_eq!(commit["dropped"][0]["code"], "bad_key_package");
    world.deliver(&commit);
    world.assert_one_code(3);
}

#[test]
fn log_5_garbage_in_an_announcement_never_stops_the_log() {
    let mut world = World::with(&["Bob"]);
    let mut eve = stranger(&mut world, "Eve");
    let good = world.key_package(&mut eve);
    for (field, value, code) in [
        ("mac", json!("!"), "bad_mac"),
        ("mac", json!(""), "bad_mac"),
        ("key_package", json!("A"), "bad_key_package"),
        ("key_package", json!(b64(&[0; 10_000])), "bad_key_package"),
        ("key_package", json!(world.log[0]["mac"].clone()), "bad_key_package"),
    ] {
        let mut entry = good.clone();
        entry[field] = value;
        assert_eq!(dropped_code(&mut world, entry), code);
    }
    world.append(json!({"kind": "remove", "participant": eve.participant, "reason": "removed", "by": {"key": "?", "signature": "!"}}));
    assert_eq!(
        dropped_code(
            &mut world,
            json!({"kind": "add", "participant": eve.participant, "key_package": "", "mac": "",
        "admit": {"key": "", "signature": "x"}})
        ),
        "bad_key_package"
    );
    world.append(good);
    assert_eq!(world.commit("Bob", None)["dropped"], json!([]));
}

#[test]
fn log_1_a_good_addition_may_not_be_left_out() {
    let mut world = World::with(&["Bob", "Mallory"]);
    world.announce("Carol");
    let commit = world.forge("Mallory", |builder, _| builder.force_self_update(true));
    assert!(world.stage(&commit).is_ok(), "the gateway cannot tell a bad link MAC");
    call(&mut world.public, &json!({"do": "public_discard"})).unwrap();
    assert_eq!(world.member_refusal(&commit, "Bob"), "addition_omitted");
}

#[test]
fn pol_7_attestations_for_others_are_dropped() {
    let mut world = World::with(&["Bob"]);
    let signer = SeedKey::new(&[5; 32]);
    let key = b64(&signer.public().0);
    let who = id(77);
    let other_call = world.attest_for(&world.meeting, &id(99), &who, &key, "Eve");
    let other_meeting = world.attest_for(&id(99), &world.call, &who, &key, "Eve");
    let other_key = world.attest(&who, &b64(&[3; 32]), "Eve");
    let mut unsigned = world.attest(&who, &key, "Eve");
    unsigned.1 = b64(&[0; 64]);
    let mut loose = world.attest(&who, &key, "Eve");
    loose.0 = loose.0.replace("\"name\":", "\"name\": ");
    let other_participant = world.attest(&id(78), &key, "Eve");
    for (seed, (text, signature)) in [other_call, other_meeting, other_key, unsigned, loose, other_participant].into_iter().enumerate() {
        let raw = RawKeyPackage::good(u8::try_from(seed).unwrap(), identity_of(&text, &signature));
        let entry = world.raw_entry(&who, &signer, &raw);
        assert_eq!(dropped_code(&mut world, entry), "bad_attestation");
    }
}

#[test]
fn pol_11_low_order_and_non_canonical_keys_are_dropped() {
    let mut world = World::with(&["Bob"]);
    let signer = SeedKey::new(&[5; 32]);
    let who = id(77);
    let credential = world.identity(&who, &b64(&signer.public().0), "Eve");
    let mut large = [0xff; 32];
    large[31] = 0x7f;
    let mut high = random_point(1);
    high[31] |= 0x80;
    let order_eight = hex_key("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
    for bad in [[0; 32], large, high, order_eight] {
        let mut init = RawKeyPackage::good(1, credential.clone());
        init.init = bad;
        let entry = world.raw_entry(&who, &signer, &init);
        assert_eq!(dropped_code(&mut world, entry), "bad_key");
        let mut leaf = RawKeyPackage::good(1, credential.clone());
        leaf.encryption = bad;
        let entry = world.raw_entry(&who, &signer, &leaf);
        assert_eq!(dropped_code(&mut world, entry), "bad_key");
    }
    let entry = world.raw_entry(&who, &signer, &RawKeyPackage::good(1, credential));
    world.append(entry);
    assert_eq!(world.commit("Bob", None)["dropped"], json!([]), "the same KeyPackage with good keys is taken");
}

fn hex_key(text: &str) -> [u8; 32] {
    let bytes: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

#[test]
fn pol_11_keys_are_unique() {
    let mut world = World::with(&["Bob"]);
    let signer = SeedKey::new(&[5; 32]);
    let key = b64(&signer.public().0);
    // Two participants with one encryption key: the first comes, the second is dropped.
    for (seed, who) in [(5_u8, id(70)), (6, id(71))] {
        let other = SeedKey::new(&[seed; 32]);
        let credential = world.identity(&who, &b64(&other.public().0), "Eve");
        let mut raw = RawKeyPackage::good(seed, credential);
        raw.encryption = random_point(200);
        let entry = world.raw_entry(&who, &other, &raw);
        world.append(entry);
    }
    // Two participants with one signature key.
    let credential = world.identity(&id(72), &key, "Eve");
    let entry = world.raw_entry(&id(72), &signer, &RawKeyPackage::good(9, credential));
    world.append(entry);
    let commit = world.commit("Bob", None);
    assert_eq!(
        commit["dropped"],
        json!([{"participant": id(71), "code": "duplicate_key"}, {"participant": id(72), "code": "duplicate_key"}])
    );
    world.deliver(&commit);
    // A key that is in the tree already, and a participant who is.
    let other = SeedKey::new(&[8; 32]);
    let credential = world.identity(&id(73), &b64(&other.public().0), "Eve");
    let mut raw = RawKeyPackage::good(10, credential);
    raw.encryption = random_point(200);
    let entry = world.raw_entry(&id(73), &other, &raw);
    assert_eq!(dropped_code(&mut world, entry), "duplicate_key");
    let credential = world.identity(&id(70), &b64(&other.public().0), "Eve");
    let entry = world.raw_entry(&id(70), &other, &RawKeyPackage::good(11, credential));
    assert_eq!(dropped_code(&mut world, entry), "duplicate_participant");
}

#[test]
fn pol_14_other_capabilities_extensions_and_lifetimes_are_dropped() {
    let mut world = World::with(&["Bob"]);
    let signer = SeedKey::new(&[5; 32]);
    let who = id(77);
    let credential = world.identity(&who, &b64(&signer.public().0), "Eve");
    let good = || RawKeyPackage::good(1, credential.clone());
    let cases = [
        (RawKeyPackage { suites: vec![1, 2], ..good() }, "bad_leaf"),
        (RawKeyPackage { suites: vec![], ..good() }, "bad_leaf"),
        (RawKeyPackage { leaf_extensions: vec![0xf0, 0xc1, 0], ..good() }, "bad_leaf"),
        (RawKeyPackage { lifetime: (now() - 100, now() - 10), ..good() }, "bad_key_package"),
        (RawKeyPackage { lifetime: (now() + 100, now() + 200), ..good() }, "bad_key_package"),
        (RawKeyPackage { lifetime: (now() - 100, now() + 400 * 24 * 3600), ..good() }, "bad_key_package"),
    ];
    for (raw, code) in cases {
        let entry = world.raw_entry(&who, &signer, &raw);
        let request = json!({"do": "public_key_package", "incarnation": world.incarnation, "key_package": entry["key_package"],
            "participant": who, "attestation_key": world.signer.public(), "meeting": world.meeting, "call": world.call});
        assert_eq!(call(&mut crate::Instance::default(), &request).unwrap_err(), code);
        assert_eq!(dropped_code(&mut world, entry), code);
    }
}

#[test]
// POL-8.
fn i4_a_locked_group_lets_in_replacements_only() {
    let mut world = World::with(&["Bob", "Carol"]);
    let policy = world.get("Alice").ok(&json!({"do": "policy", "changes": {"locked": true}}))["policy"].clone();
    let commit = world.commit("Alice", Some(&policy));
    world.deliver(&commit);
    world.announce("Dave");
    let dave = world.people["Dave"].participant.clone();
    let key_package = parse(world.log.last().unwrap());
    let forged = world.forge("Carol", |builder, own| builder.propose_adds([key_package]).add_proposal(link_psk(own)));
    assert_eq!(world.refusals(&forged, "Bob"), ("locked".into(), "locked".into()));
    let honest = world.commit("Bob", None);
    assert_eq!(honest["dropped"], json!([{"participant": dave, "code": "locked"}]));
    world.deliver(&honest);
    world.reload("Carol");
    world.assert_one_code(3);
}

#[test]
fn pol_8_a_replacement_keeps_participant_and_key() {
    let mut world = World::with(&["Bob", "Carol"]);
    let policy = world.get("Alice").ok(&json!({"do": "policy", "changes": {"locked": true}}))["policy"].clone();
    let commit = world.commit("Alice", Some(&policy));
    world.deliver(&commit);
    // Somebody else takes Carol's participant id, with another key.
    let carol = world.people["Carol"].participant.clone();
    world.announce_removal("Carol", "replaced");
    let signer = SeedKey::new(&[5; 32]);
    let credential = world.identity(&carol, &b64(&signer.public().0), "Carol");
    let entry = world.raw_entry(&carol, &signer, &RawKeyPackage::good(1, credential));
    assert_eq!(dropped_code(&mut world, entry), "locked");
}

#[test]
fn pol_8_strict_asks_a_host() {
    let mut world = World::with(&["Bob", "Carol"]);
    let policy = world.get("Alice").ok(&json!({"do": "policy", "changes": {"strict": true}}))["policy"].clone();
    let commit = world.commit("Alice", Some(&policy));
    world.deliver(&commit);
    let mut dave = stranger(&mut world, "Dave");
    let made = dave.ok(&json!({"do": "key_package", "incarnation": world.incarnation}));
    let mut entry = json!({"kind": "add", "participant": dave.participant, "key_package": made["key_package"], "mac": made["mac"]});
    assert_eq!(dropped_code(&mut world, entry.clone()), "not_admitted");
    assert_eq!(world.get("Bob").err(&json!({"do": "sign_admit", "reference": made["reference"]})), "not_host");
    let admit = world.get("Alice").ok(&json!({"do": "sign_admit", "reference": made["reference"]}));
    entry["admit"] = admit.clone();
    entry["admit"]["signature"] = spoil(&admit["signature"]);
    assert_eq!(dropped_code(&mut world, entry.clone()), "not_admitted");
    entry["admit"] = admit;
    world.append(entry);
    world.people.insert("Dave".to_owned(), dave);
    let commit = world.commit("Bob", None);
    assert_eq!(commit["dropped"], json!([]));
    world.deliver(&commit);
    world.assert_one_code(4);
}
