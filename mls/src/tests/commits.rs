//! Commits as such: POL-6, POL-10, POL-11, POL-12 and LOG-1, LOG-2, LOG-4, LOG-5.

use openmls::prelude::{BasicCredential, CredentialWithKey, ExternalCommitBuilder, LeafNodeIndex, LeafNodeParameters};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider as _;
use serde_json::{Value, json};
use tls_codec::Serialize as _;

use super::forge::{sign_with_label, spoil, vl};
use super::world::{World, call};
use crate::bytes::{b64, unb64};
use crate::path::{commit_head, covers_bytes};
use crate::policy::Root;

#[test]
fn log_1_an_announced_removal_may_not_be_left_out() {
    let mut world = World::with(&["Bob", "Carol", "Mallory"]);
    world.announce_removal("Carol", "left");
    let commit = world.forge("Mallory", |builder, _| builder.force_self_update(true));
    assert_eq!(world.refusals(&commit, "Bob"), ("removal_omitted".into(), "removal_omitted".into()));
}

#[test]
fn log_1_an_unannounced_removal_is_refused() {
    let mut world = World::with(&["Bob", "Carol", "Mallory"]);
    let carol = world.leaf_of("Carol");
    let commit = world.forge("Mallory", |builder, _| builder.propose_removals([LeafNodeIndex::new(carol)]));
    assert_eq!(world.refusals(&commit, "Bob"), ("unannounced".into(), "unannounced".into()));
    assert_eq!(world.member_refusal(&commit, "Carol"), "unannounced");
}

#[test]
fn pol_12_nobody_removes_itself() {
    let mut world = World::with(&["Bob", "Mallory"]);
    world.announce_removal("Mallory", "left");
    let commit = world.forge("Mallory", |builder, _| builder.force_self_update(true));
    assert_eq!(world.refusals(&commit, "Bob"), ("self_removal".into(), "self_removal".into()));
    let covers = world.covers();
    assert_eq!(world.get("Mallory").err(&json!({"do": "commit", "covers": covers})), "self_removal");
}

#[test]
fn pol_10_a_void_hosts_word_means_nothing() {
    let mut world = World::with(&["Bob", "Carol", "Mallory"]);
    let carol = world.people["Carol"].participant.clone();
    // Mallory is no host; her word on Carol's removal is void, so the announcement asks for nothing.
    let message = crate::words::remove(&world.id(&carol), &world.id(&world.call), &world.id(&world.incarnation));
    let (own, _) = world.get("Mallory").instance.parts();
    let by = json!({"key": own.keys.public(), "signature": b64(&own.keys.sign(&message))});
    world.append(json!({"kind": "remove", "participant": carol, "reason": "removed", "by": by}));
    let leaf = world.leaf_of("Carol");
    let commit = world.forge("Mallory", |builder, _| builder.propose_removals([LeafNodeIndex::new(leaf)]));
    assert_eq!(world.refusals(&commit, "Bob"), ("unannounced".into(), "unannounced".into()));
    // Alice is a host: hers counts, and everybody can tell who asked.
    let by = world.remove_by_host("Carol");
    let verify = json!({"do": "verify_host", "label": "remove", "participant": carol, "key": by["key"], "signature": by["signature"]});
    assert_eq!(call(&mut world.public, &verify).unwrap()["host"], true);
    let commit = world.commit("Bob", None);
    world.deliver(&commit);
    assert!(world.people["Carol"].removed);
    world.assert_one_code(3);
}

#[test]
fn verify_host_tells_hosts_from_others() {
    let mut world = World::with(&["Bob"]);
    let end = world.get("Alice").ok(&json!({"do": "sign_end"}));
    let ask = |key: &Value, signature: &Value| json!({"do": "verify_host", "label": "end", "key": key, "signature": signature});
    assert_eq!(call(&mut world.public, &ask(&end["key"], &end["signature"])).unwrap()["host"], true);
    assert_eq!(call(&mut world.public, &ask(&end["key"], &spoil(&end["signature"]))).unwrap()["host"], false);
    let (own, member) = world.get("Bob").instance.parts();
    let word = crate::words::end(&own.seat().unwrap().place.call, &member.incarnation);
    let (key, signature) = (json!(own.keys.public()), json!(b64(&own.keys.sign(&word))));
    assert_eq!(call(&mut world.public, &ask(&key, &signature)).unwrap()["host"], false);
    assert_eq!(world.get("Bob").err(&json!({"do": "sign_end"})), "not_host");
}

#[test]
fn verify_host_tells_whom_a_host_admits() {
    let mut world = World::with(&["Bob"]);
    let reference = b64(&[7; 32]);
    let admit = world.get("Alice").ok(&json!({"do": "sign_admit", "reference": reference}));
    let ask = |reference: &str, key: &Value| json!({"do": "verify_host", "label": "admit", "reference": reference, "key": key, "signature": admit["signature"]});
    assert_eq!(call(&mut world.public, &ask(&reference, &admit["key"])).unwrap()["host"], true);
    assert_eq!(call(&mut world.public, &ask(&b64(&[8; 32]), &admit["key"])).unwrap()["host"], false);
    assert_eq!(call(&mut world.public, &ask(&reference, &json!(world.people["Bob"].key))).unwrap()["host"], false);
}

#[test]
fn knock_2_only_the_links_host_key_opens_the_door() {
    let mut world = World::with(&["Bob"]);
    let entry = world.get("Alice").ok(&json!({"do": "sign_entry"}));
    assert_eq!(world.get("Bob").err(&json!({"do": "sign_entry"})), "not_host");
    let host_hash = json!(world.get("Alice").instance.parts().0.link.host_hash);
    let (meeting, alice, bob) = (json!(world.meeting), json!(world.people["Alice"].key), json!(world.people["Bob"].key));
    let ask = |meeting: &Value, who: &Value, key: &Value| {
        let ask = json!({"do": "verify_entry", "meeting": meeting, "host_hash": host_hash, "signature_key": who, "key": key, "signature": entry["signature"]});
        call(&mut crate::Instance::default(), &ask).unwrap()["host"].clone()
    };
    assert_eq!(ask(&meeting, &alice, &entry["key"]), true);
    assert_eq!(ask(&meeting, &bob, &entry["key"]), false, "for another leaf key");
    assert_eq!(ask(&json!(super::world::id(99)), &alice, &entry["key"]), false, "for another meeting");
    assert_eq!(ask(&meeting, &alice, &alice), false, "by another key than the link's");
}

#[test]
fn pol_12_a_committer_that_changes_its_identity_is_refused() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let (own, _) = world.get("Mallory").instance.parts();
    let (participant, key) = (own.seat().unwrap().participant.as_str().to_owned(), b64(&own.keys.public().0));
    let credential = BasicCredential::new(world.identity(&participant, &key, "The boss")).into();
    let commit = world.forge("Mallory", |builder, own| {
        let credential_with_key = CredentialWithKey { credential, signature_key: own.keys.public().0.to_vec().into() };
        builder.leaf_node_parameters(LeafNodeParameters::builder().with_credential_with_key(credential_with_key).build())
    });
    assert_eq!(world.refusals(&commit, "Bob"), ("leaf_changed".into(), "leaf_changed".into()));
}

#[test]
fn pol_6_an_external_commit_is_refused() {
    let mut world = World::with(&["Bob"]);
    let mut eve = world.person("Eve", false, None);
    let covers = world.covers();
    let (own, member) = world.get("Bob").instance.parts();
    let info = member.group.export_group_info(member.provider.crypto(), &own.keys, true).unwrap();
    let info = info.to_bytes().unwrap();
    let message = openmls::prelude::MlsMessageIn::tls_deserialize_exact_bytes(&info).unwrap();
    let openmls::prelude::MlsMessageBodyIn::GroupInfo(info) = message.extract() else { panic!() };
    let key: [u8; 32] = unb64(&eve.identity).unwrap().try_into().unwrap();
    let keys = crate::keys::SeedKey::new(&key);
    let credential = BasicCredential::new(world.identity(&eve.participant, &eve.key, "Eve")).into();
    let with_key = CredentialWithKey { credential, signature_key: keys.public().0.to_vec().into() };
    let provider = OpenMlsRustCrypto::default();
    let parameters = LeafNodeParameters::builder().with_capabilities(crate::tree::capabilities()).build();
    let (_, bundle) = ExternalCommitBuilder::new()
        .with_aad(covers_bytes(covers).to_vec())
        .with_config(crate::member::join_config())
        .build_group(&provider, info, with_key)
        .unwrap()
        .leaf_node_parameters(parameters)
        .load_psks(provider.storage())
        .unwrap()
        .build(provider.rand(), provider.crypto(), &keys, |_| true)
        .unwrap()
        .finalize(&provider)
        .unwrap();
    let (commit, _, _) = bundle.into_contents();
    let commit = json!({"commit": b64(&commit.to_bytes().unwrap()), "participant": eve.participant, "covers": covers});
    assert_eq!(world.refusals(&commit, "Bob"), ("external_commit".into(), "external_commit".into()));
    assert_eq!(eve.err(&json!({"do": "state"})), "wrong_state");
}

use tls_codec::DeserializeBytes as _;

/// A commit without a path, as a member that cheats would send it: the library never writes one.
fn pathless_removal(world: &mut World, by: &str, leaf: u32) -> Value {
    let covers = world.covers();
    let participant = world.people[by].participant.clone();
    let (own, member) = world.get(by).instance.parts();
    let mut content = vl(member.group.group_id().as_slice());
    content.extend(member.group.epoch().as_u64().to_be_bytes());
    content.push(1);
    content.extend(member.group.own_leaf_index().u32().to_be_bytes());
    content.extend(vl(&covers_bytes(covers)));
    content.push(3);
    let mut proposals = vec![1, 0, 3]; // by value, remove
    proposals.extend(leaf.to_be_bytes());
    content.extend(vl(&proposals));
    content.push(0); // no path
    let mut signed = vec![0, 1, 0, 1];
    signed.extend(&content);
    signed.extend(member.group.public_group().group_context().tls_serialize_detached().unwrap());
    let signature = sign_with_label(&own.keys, "FramedContentTBS", &signed);
    let mut message = vec![0, 1, 0, 1];
    message.extend(content);
    message.extend(vl(&signature));
    message.extend(vl(&[1; 32])); // confirmation tag: means nothing to the gateway
    message.extend(vl(&[1; 32])); // membership tag: likewise
    json!({"commit": b64(&message), "participant": participant, "covers": covers})
}

#[test]
fn pol_10_a_removal_without_a_path_is_refused() {
    let mut world = World::with(&["Bob", "Carol", "Mallory"]);
    world.announce_removal("Carol", "left");
    let leaf = world.leaf_of("Carol");
    let commit = pathless_removal(&mut world, "Mallory", leaf);
    assert_eq!(world.stage(&commit).unwrap_err(), "path_missing");
    // A member refuses it on the membership tag already, which Mallory could compute.
    assert_eq!(world.member_refusal(&commit, "Bob"), "unreadable_commit");
}

#[test]
fn pol_11_poisoned_and_reused_path_keys_are_refused() {
    let mut world = World::with(&["Bob", "Carol", "Mallory"]);
    let commit = world.forge("Mallory", |builder, _| builder.force_self_update(true));
    let bytes = unb64(commit["commit"].as_str().unwrap()).unwrap();
    let head = || commit_head(&bytes).unwrap();
    assert!(!head().node_keys.is_empty());
    let mut poisoned = head();
    poisoned.node_keys[0] = vec![0; 32];
    let mut twice = head();
    twice.node_keys[0].clone_from(twice.leaf_key.as_ref().unwrap());
    let mut reused = head();
    let (_, member) = world.get("Bob").instance.parts();
    let taken = crate::tree::encryption_keys(member.group.treesync(), |_| false).unwrap();
    reused.node_keys[0] = taken.iter().next().unwrap().to_vec();
    let index = i64::try_from(world.log.len()).unwrap();
    for (head, code) in [(poisoned, "bad_key"), (twice, "duplicate_key"), (reused, "duplicate_key")] {
        let (own, member) = world.get("Bob").instance.parts();
        let staged = member.stage(&bytes).unwrap();
        let root = Root::Hash(own.link.host_hash);
        let refused = member.view(own, &root).unwrap().check_commit(member.provider.crypto(), &member.log, &head, &staged, index);
        assert_eq!(refused.unwrap_err().code, code);
    }
}

#[test]
fn log_2_covers_stays_between_the_last_spent_index_and_the_commit() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let spent = world.spent;
    let back = world.forge_covering("Mallory", spent - 1, |builder, _| builder.force_self_update(true));
    assert_eq!(world.refusals(&back, "Bob"), ("bad_covers".into(), "bad_covers".into()));
    let own_index = i64::try_from(world.log.len()).unwrap();
    let ahead = world.forge_covering("Mallory", own_index, |builder, _| builder.force_self_update(true));
    assert_eq!(world.refusals(&ahead, "Bob"), ("bad_covers".into(), "bad_covers".into()));
    assert_eq!(world.get("Bob").err(&json!({"do": "commit", "covers": own_index})), "bad_covers");
    assert_eq!(world.get("Bob").err(&json!({"do": "commit", "covers": spent - 1})), "bad_covers");
    let mut other_lease = world.forge("Mallory", |builder, _| builder.force_self_update(true));
    other_lease["covers"] = json!(spent);
    assert_eq!(world.stage(&other_lease).unwrap_err(), "bad_covers");
}

#[test]
fn a_commit_by_another_than_the_log_says_is_refused() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let mut commit = world.forge("Mallory", |builder, _| builder.force_self_update(true));
    commit["participant"] = json!(world.people["Alice"].participant);
    assert_eq!(world.refusals(&commit, "Bob"), ("wrong_sender".into(), "wrong_sender".into()));
}

#[test]
fn a_spoilt_commit_is_refused() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let good = world.forge("Mallory", |builder, _| builder.force_self_update(true));
    let bytes = unb64(good["commit"].as_str().unwrap()).unwrap();
    for at in (0..bytes.len()).step_by(37) {
        let mut bad = bytes.clone();
        bad[at] ^= 0x10;
        let mut commit = good.clone();
        commit["commit"] = json!(b64(&bad));
        world.member_refusal(&commit, "Bob");
    }
    for length in (0..bytes.len()).step_by(41) {
        let mut commit = good.clone();
        commit["commit"] = json!(b64(&bytes[..length]));
        world.member_refusal(&commit, "Bob");
        assert!(world.stage(&commit).is_err());
    }
    world.stage(&good).unwrap();
    world.accept(&good);
    world.people.remove("Mallory"); // it forgot its commit and cannot follow
    world.assert_one_code(2);
}

#[test]
fn log_5_entries_are_read_in_order_and_none_is_skipped() {
    let mut world = World::with(&["Bob"]);
    let next = world.log.len();
    let entries = json!([{"kind": "remove", "participant": world.people["Bob"].participant, "reason": "left"}]);
    assert_eq!(world.get("Bob").err(&json!({"do": "entries", "from": next + 1, "entries": entries})), "log_gap");
    // Reading again what was read changes nothing.
    let log = world.log.clone();
    let before = world.get("Alice").state();
    let again = world.get("Alice").ok(&json!({"do": "entries", "from": 0, "entries": log}));
    assert_eq!(again["events"], json!([]));
    assert_eq!(world.get("Alice").state(), before);
}

#[test]
fn log_4_the_commit_in_the_log_wins_over_our_own() {
    let mut world = World::with(&["Bob", "Carol"]);
    let covers = world.covers();
    let lost = world.get("Bob").ok(&json!({"do": "commit", "covers": covers}));
    assert_eq!(world.get("Bob").err(&json!({"do": "commit", "covers": covers})), "commit_pending");
    let won = world.commit("Carol", None);
    world.deliver(&won);
    world.assert_one_code(3);
    let stale = json!({"commit": lost["commit"], "covers": covers, "participant": world.people["Bob"].participant});
    assert!(world.stage(&stale).is_err());
    let next = world.commit("Bob", None);
    world.deliver(&next);
    world.assert_one_code(3);
}

#[test]
fn forgetting_our_commit_leaves_the_group_as_it_was() {
    let mut world = World::with(&["Bob"]);
    let before = world.get("Bob").state();
    let first = world.commit("Bob", None);
    world.get("Bob").ok(&json!({"do": "forget"}));
    assert_eq!(world.get("Bob").state(), before);
    // The forgotten commit was accepted after all: we cannot follow, and say so.
    assert_eq!(world.member_refusal(&first, "Bob"), "bad_commit");
    world.stage(&first).unwrap();
    call(&mut world.public, &json!({"do": "public_discard"})).unwrap();
    let second = world.commit("Bob", None);
    world.deliver(&second);
    world.assert_one_code(2);
}

#[test]
fn the_gateway_takes_a_staged_commit_back() {
    let mut world = World::with(&["Bob", "Carol"]);
    let first = world.commit("Bob", None);
    let second = world.commit("Carol", None);
    let tree = call(&mut world.public, &json!({"do": "public_tree"})).unwrap();
    world.stage(&first).unwrap();
    assert_eq!(world.stage(&second).unwrap_err(), "commit_pending");
    assert_eq!(call(&mut world.public, &json!({"do": "public_tree"})).unwrap_err(), "commit_pending");
    call(&mut world.public, &json!({"do": "public_discard"})).unwrap();
    assert_eq!(call(&mut world.public, &json!({"do": "public_tree"})).unwrap(), tree);
    world.deliver(&second);
    world.assert_one_code(3);
}

#[test]
fn the_gateways_tree_is_the_members_and_a_restart_replays_the_log() {
    let mut world = World::with(&["Bob", "Carol"]);
    world.announce_removal("Bob", "lost");
    world.announce("Dave");
    let commit = world.commit("Carol", None);
    let staged = world.stage(&commit).unwrap();
    world.accept(&commit);
    let tree = call(&mut world.public, &json!({"do": "public_tree"})).unwrap();
    assert_eq!(staged["tree"], tree["hash"]);
    let (_, member) = world.get("Dave").instance.parts();
    assert_eq!(json!(b64(&member.group.export_ratchet_tree().tls_serialize_detached().unwrap())), tree["tree"]);
    let mut again = world.reopened.clone();
    again["do"] = json!("public_open");
    let mut public = crate::Instance::default();
    call(&mut public, &again).unwrap();
    let replayed = call(&mut public, &json!({"do": "public_entries", "from": 0, "entries": world.log})).unwrap();
    assert!(replayed["events"].as_array().unwrap().iter().all(|event| event["kind"] != "refused"));
    assert_eq!(call(&mut public, &json!({"do": "public_tree"})).unwrap(), tree);
}
