//! The policy: POL-1 to POL-5, POL-15, POL-16.

use openmls::prelude::{Extension, Extensions, GroupContext, UnknownExtension};
use serde_json::{Value, json};

use super::forge::stranger;
use super::world::{World, call};
use crate::context;
use crate::keys::SeedKey;
use crate::policy::{EXTENSION, Policy, Root, certify};

fn forge_policy(world: &mut World, by: &str, change: impl FnOnce(&mut Policy)) -> Value {
    let (_, member) = world.get(by).instance.parts();
    let mut next = member.policy.clone();
    next.version += 1;
    change(&mut next);
    let extensions = context::extensions(&next).unwrap();
    world.forge(by, |builder, _| builder.propose_group_context_extensions(extensions).unwrap())
}

fn both(code: &str) -> (String, String) {
    (code.to_owned(), code.to_owned())
}

#[test]
fn pol_3_only_a_host_changes_the_policy() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let commit = forge_policy(&mut world, "Mallory", |next| next.locked = true);
    assert_eq!(world.refusals(&commit, "Bob"), both("not_host"));
    assert_eq!(world.get("Mallory").err(&json!({"do": "policy", "changes": {"locked": true}})), "not_host");
    assert_eq!(world.get("Mallory").err(&json!({"do": "policy", "changes": {"claim": true}})), "not_host");
}

#[test]
fn pol_1_and_3_a_self_made_host_is_refused() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let (own, _) = world.get("Mallory").instance.parts();
    let place = own.seat().unwrap().place.clone();
    let entry = certify(&own.keys, &place.meeting, &place.call, own.keys.public(), 1).unwrap();
    let commit = forge_policy(&mut world, "Mallory", |next| next.hosts.push(entry));
    let (gateway, member) = world.refusals(&commit, "Bob");
    assert_eq!(member, "not_host");
    assert_eq!(gateway, "not_host");
}

#[test]
fn pol_1_a_host_cannot_list_somebody_without_a_certificate() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let (own, _) = world.get("Mallory").instance.parts();
    let place = own.seat().unwrap().place.clone();
    let stray = certify(&own.keys, &place.meeting, &place.call, own.keys.public(), 1).unwrap();
    let mut wrong = stray.clone();
    let commit = forge_policy(&mut world, "Alice", |next| next.hosts.push(stray));
    assert_eq!(world.refusals(&commit, "Bob"), both("bad_policy"));
    let commit = forge_policy(&mut world, "Alice", |next| {
        wrong.by = next.hosts[0].by;
        next.hosts.push(wrong);
    });
    assert_eq!(world.refusals(&commit, "Bob"), both("bad_policy"));
    let commit = forge_policy(&mut world, "Alice", |next| {
        let twice = next.hosts[0].clone();
        next.hosts.push(twice);
    });
    assert_eq!(world.refusals(&commit, "Bob"), both("bad_policy"));
}

#[test]
fn pol_2_versions_go_up_by_one() {
    let mut world = World::with(&["Bob"]);
    for jump in [-1_i64, 1] {
        let commit = forge_policy(&mut world, "Alice", |next| next.version = next.version.checked_add_signed(jump).unwrap());
        assert_eq!(world.refusals(&commit, "Bob"), both("policy_version"));
    }
    for link_version in [0, 3, u32::MAX] {
        let commit = forge_policy(&mut world, "Alice", |next| next.link_version = link_version);
        assert_eq!(world.refusals(&commit, "Bob"), both("policy_version"));
    }
}

#[test]
fn pol_2_a_change_touches_nothing_but_the_policy() {
    let mut world = World::with(&["Bob"]);
    let (_, member) = world.get("Alice").instance.parts();
    let mut next = member.policy.clone();
    next.version += 1;
    let ours = Extension::Unknown(EXTENSION, UnknownExtension(next.text().unwrap().into_bytes()));
    let required = openmls::prelude::RequiredCapabilitiesExtension::new(&[openmls::prelude::ExtensionType::Unknown(EXTENSION)], &[], &[]);
    let other: Extensions<GroupContext> = Extensions::from_vec(vec![Extension::RequiredCapabilities(required), ours]).unwrap();
    let commit = world.forge("Alice", |builder, _| builder.propose_group_context_extensions(other).unwrap());
    assert_eq!(world.refusals(&commit, "Bob"), both("bad_policy"));
    let (_, member) = world.get("Alice").instance.parts();
    let spelled = format!(" {}", member.policy.text().unwrap());
    let loose = Extension::Unknown(EXTENSION, UnknownExtension(spelled.into_bytes()));
    let mut extensions = member.group.extensions().clone();
    extensions.add_or_replace(loose).unwrap();
    let commit = world.forge("Alice", |builder, _| builder.propose_group_context_extensions(extensions).unwrap());
    assert_eq!(world.refusals(&commit, "Bob"), both("bad_policy"));
}

#[test]
fn pol_4_a_new_link_version_adds_nobody() {
    let mut world = World::with(&["Bob"]);
    world.announce("Carol");
    let carol = world.people["Carol"].participant.clone();
    let policy = world.get("Alice").ok(&json!({"do": "policy", "changes": {"link_version": 2}}))["policy"].clone();
    let commit = world.commit("Alice", Some(&policy));
    assert_eq!(commit["dropped"], json!([{"participant": carol, "code": "link_changed"}]));
    world.deliver(&commit);
    world.assert_one_code(2);
    assert!(world.get("Bob").refused.is_empty());
    // Whoever comes next has the link of that epoch.
    world.follow_link();
    world.join_all(&["Dave"]);
    world.assert_one_code(3);
}

#[test]
fn pol_5_the_first_host_takes_over() {
    let mut world = World::started(false);
    let state = world.get("Alice").state();
    assert_eq!(state["policy"]["hosts"], json!([]));
    assert_eq!(state["policy"]["version"], 0);
    let mut owner = world.person("Owner", true, None);
    let entry = world.key_package(&mut owner);
    world.people.insert("Owner".to_owned(), owner);
    world.append(entry);
    let commit = world.commit("Alice", None);
    world.deliver(&commit);
    let policy = world.get("Owner").ok(&json!({"do": "policy", "changes": {"claim": true, "locked": true}}))["policy"].clone();
    let commit = world.commit("Owner", Some(&policy));
    world.deliver(&commit);
    let state = world.get("Alice").state();
    assert_eq!(state["hosting"], false);
    assert_eq!(state["policy"]["locked"], true);
    assert_eq!(world.get("Owner").state()["hosting"], true);
    assert_eq!(world.get("Owner").err(&json!({"do": "policy", "changes": {"claim": true}})), "already_host");
    world.assert_one_code(2);
}

#[test]
fn hosts_name_cohosts_and_take_it_back() {
    let mut world = World::with(&["Bob", "Carol"]);
    let (bob, carol) = (key(&world, "Bob"), key(&world, "Carol"));
    world.change("Alice", &json!({"host": bob}));
    world.change("Bob", &json!({"host": carol}));
    assert_eq!(roles(&mut world, "Carol"), ["Alice host", "Bob cohost", "Carol cohost"]);
    assert_eq!(world.get("Carol").err(&json!({"do": "policy", "changes": {"unhost": bob}})), "host_chain");
    world.change("Alice", &json!({"unhost": bob}));
    assert_eq!(roles(&mut world, "Bob"), ["Alice host", "Bob", "Carol cohost"]);
    assert_eq!(
        (world.get("Carol").state()["policy"]["version"].clone(), world.get("Bob").state()["hosting"].clone()),
        (json!(3), json!(false))
    );
    assert!(world.people.values().all(|person| person.refused.is_empty()));
    world.assert_one_code(3);
}

#[test]
fn whom_the_role_was_taken_from_does_not_get_it_back_with_the_old_certificate() {
    let mut world = World::with(&["Bob"]);
    let bob = key(&world, "Bob");
    world.change("Alice", &json!({"host": bob}));
    let (_, member) = world.get("Bob").instance.parts();
    let entry = member.policy.hosts[1].clone();
    world.change("Alice", &json!({"unhost": bob}));
    let commit = forge_policy(&mut world, "Bob", |next| next.hosts.push(entry));
    assert_eq!(world.refusals(&commit, "Alice"), both("not_host"));
}

#[test]
fn pol_15_a_cohost_cannot_take_the_role_of_whom_the_link_made_a_host() {
    let mut world = World::with(&["Mallory", "Bob"]);
    let (alice, mallory) = (key(&world, "Alice"), key(&world, "Mallory"));
    world.change("Alice", &json!({"host": mallory}));
    assert_eq!(world.get("Mallory").err(&json!({"do": "policy", "changes": {"unhost": alice}})), "host_protected");
    let commit = forge_policy(&mut world, "Mallory", |next| next.hosts.clear());
    assert_eq!(world.refusals(&commit, "Bob"), both("host_protected"));
    let (own, _) = world.get("Mallory").instance.parts();
    let place = own.seat().unwrap().place.clone();
    let (own_keys, link) = (SeedKey::new(&own.keys.seed()), world.get("Alice").instance.parts().1.policy.hosts[0].by);
    let commit = forge_policy(&mut world, "Mallory", |next| {
        let alice = next.hosts[0].key;
        next.hosts[0] = certify(&own_keys, &place.meeting, &place.call, alice, next.version).unwrap();
    });
    assert_eq!(world.refusals(&commit, "Bob"), both("host_protected"));
    // Listing the link's key as if it were a leaf's makes nobody else's entry a co-host's.
    let commit = forge_policy(&mut world, "Mallory", |next| {
        next.hosts.push(certify(&own_keys, &place.meeting, &place.call, link, next.version).unwrap());
    });
    world.everybody_reads();
    world.stage(&commit).unwrap();
    world.accept(&commit);
    assert_eq!(world.get("Mallory").err(&json!({"do": "policy", "changes": {"unhost": alice}})), "host_protected");
    let commit = forge_policy(&mut world, "Mallory", |next| next.hosts.retain(|host| json!(host.key) != json!(alice)));
    assert_ne!(world.refusals(&commit, "Bob").1, "");
    assert_eq!(roles(&mut world, "Bob"), ["Alice host", "Mallory cohost", "Bob"]);
}

#[test]
fn pol_16_a_cohost_cannot_remove_whom_the_link_made_a_host() {
    let mut world = World::with(&["Mallory", "Bob"]);
    let mallory = key(&world, "Mallory");
    world.change("Alice", &json!({"host": mallory}));
    let alice = world.people["Alice"].participant.clone();
    let by = world.get("Mallory").ok(&json!({"do": "sign_remove", "participant": alice}));
    let asked = json!({"do": "verify_host", "label": "remove", "participant": alice, "key": by["key"], "signature": by["signature"]});
    assert_eq!(call(&mut world.public, &asked).unwrap()["host"], false);
    // A server that announces it all the same: it means nothing, so the next commit leaves it out and nobody minds.
    world.append(json!({"kind": "remove", "participant": alice, "reason": "removed", "by": by}));
    let commit = world.commit("Mallory", None);
    world.deliver(&commit);
    assert_eq!(roles(&mut world, "Bob"), ["Alice host", "Mallory cohost", "Bob"]);
    // Of Bob her word counts, as before.
    let bob = world.people["Bob"].participant.clone();
    let by = world.get("Mallory").ok(&json!({"do": "sign_remove", "participant": bob}));
    world.append(json!({"kind": "remove", "participant": bob, "reason": "removed", "by": by}));
    let commit = world.commit("Alice", None);
    world.deliver(&commit);
    assert_eq!(roles(&mut world, "Alice"), ["Alice host", "Mallory cohost"]);
}

#[test]
fn a_host_hands_over_by_naming_a_cohost_and_stepping_down() {
    let mut world = World::with(&["Bob", "Carol"]);
    let (alice, bob) = (key(&world, "Alice"), key(&world, "Bob"));
    world.change("Alice", &json!({"host": bob}));
    world.change("Alice", &json!({"unhost": alice}));
    // The link's host key vouches for Bob now: he is no less than she was.
    assert_eq!(roles(&mut world, "Carol"), ["Alice", "Bob host", "Carol"]);
    assert_eq!(world.get("Alice").err(&json!({"do": "policy", "changes": {"locked": true}})), "not_host");
    world.change("Bob", &json!({"locked": true}));
    // She still holds the host link, and may take the role again.
    world.change("Alice", &json!({"claim": true}));
    assert_eq!(roles(&mut world, "Carol"), ["Alice host", "Bob host", "Carol"]);
    world.assert_one_code(3);
}

#[test]
fn pol_23_who_had_the_role_handed_over_does_not_take_it_back_with_the_certificate_of_before() {
    let mut world = World::with(&["Mallory", "Bob"]);
    let (alice, mallory) = (key(&world, "Alice"), key(&world, "Mallory"));
    world.change("Alice", &json!({"host": mallory}));
    world.change("Alice", &json!({"unhost": alice}));
    // The link's host key has vouched for her leaf key, and everybody has read it.
    let (_, member) = world.get("Mallory").instance.parts();
    let kept = member.policy.hosts[0].clone();
    world.change("Alice", &json!({"claim": true}));
    world.change("Alice", &json!({"unhost": mallory}));
    assert_eq!(roles(&mut world, "Bob"), ["Alice host", "Mallory", "Bob"]);
    let replayed = kept.clone();
    let commit = forge_policy(&mut world, "Mallory", |next| next.hosts.insert(0, replayed));
    assert_eq!(world.refusals(&commit, "Bob"), both("host_stale"));
    let mut dated = kept;
    let commit = forge_policy(&mut world, "Mallory", |next| {
        dated.version = next.version;
        next.hosts.insert(0, dated);
    });
    assert_eq!(world.refusals(&commit, "Bob"), both("bad_policy"));
    // Nor does a host's help bring the certificate back to life; a new one does.
    let (_, member) = world.get("Alice").instance.parts();
    assert!(member.policy.hosts.iter().all(|host| host.version <= member.policy.version));
    world.change("Alice", &json!({"host": mallory}));
    assert_eq!(roles(&mut world, "Bob"), ["Alice host", "Mallory cohost", "Bob"]);
}

#[test]
fn a_cohost_who_steps_down_takes_along_whom_it_named_and_the_last_host_leaves_all_as_it_was() {
    let mut world = World::with(&["Bob", "Carol"]);
    let (alice, bob, carol) = (key(&world, "Alice"), key(&world, "Bob"), key(&world, "Carol"));
    world.change("Alice", &json!({"host": bob}));
    world.change("Bob", &json!({"host": carol, "locked": true}));
    world.change("Bob", &json!({"unhost": bob}));
    assert_eq!(roles(&mut world, "Carol"), ["Alice host", "Bob", "Carol"]);
    world.change("Alice", &json!({"unhost": alice}));
    assert_eq!(roles(&mut world, "Carol"), ["Alice", "Bob", "Carol"]);
    assert_eq!(world.get("Carol").state()["policy"]["locked"], true);
    assert_eq!(world.get("Bob").err(&json!({"do": "policy", "changes": {"locked": false}})), "not_host");
    world.assert_one_code(3);
}

fn key(world: &World, name: &str) -> String {
    world.people[name].key.clone()
}

/// Everybody and their role, as this member's roster tells it.
fn roles(world: &mut World, by: &str) -> Vec<String> {
    let state = world.get(by).state();
    let seats = state["roster"].as_array().unwrap().iter();
    let role = |seat: &Value| match (seat["host"] == true, seat["cohost"] == true) {
        (true, false) => " host",
        (true, true) => " cohost",
        _ => "",
    };
    seats.map(|seat| format!("{}{}", seat["name"].as_str().unwrap(), role(seat))).collect()
}

#[test]
fn pol_1_a_joiner_refuses_a_group_whose_policy_does_not_chain() {
    let mut world = World::with(&["Bob"]);
    let right = world.host_hash.clone();
    world.host_hash = crate::bytes::b64(&[1; 16]);
    let mut carol = stranger(&mut world, "Carol");
    world.host_hash = right;
    let entry = world.key_package(&mut carol);
    world.append(entry);
    let commit = world.commit("Alice", None);
    let join = world.deliver_to_stranger(&commit);
    assert_eq!(carol.err(&join), "bad_policy");
}

#[test]
fn the_gateway_pins_the_first_root_it_sees() {
    let world = World::new();
    let (meeting, call) = (world.id(&world.meeting), world.id(&world.call));
    let (link, other, leaf) = (SeedKey::new(&[1; 32]), SeedKey::new(&[2; 32]), SeedKey::new(&[3; 32]));
    let mut policy = Policy::first(1);
    policy.hosts.push(certify(&link, &meeting, &call, leaf.public(), 0).unwrap());
    let root = Root::Seen(None).pinned(&policy);
    policy.check_chain(&root, &meeting, &call).unwrap();
    policy.hosts[0] = certify(&other, &meeting, &call, leaf.public(), 0).unwrap();
    assert_eq!(policy.check_chain(&root, &meeting, &call).unwrap_err().code, "bad_policy");
}
