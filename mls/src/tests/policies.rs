//! The policy: POL-1 to POL-5.

use openmls::prelude::{Extension, Extensions, GroupContext, UnknownExtension};
use serde_json::{Value, json};

use super::forge::stranger;
use super::world::World;
use crate::context;
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
    let entry = certify(&own.keys, &place.meeting, &place.call, own.keys.public()).unwrap();
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
    let stray = certify(&own.keys, &place.meeting, &place.call, own.keys.public()).unwrap();
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
    let commit = forge_policy(&mut world, "Alice", |next| next.link_version = 0);
    assert_eq!(world.refusals(&commit, "Bob"), both("policy_version"));
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
    // Nobody holds the new secret yet, so nobody can be added.
    world.announce("Dave");
    let covers = world.covers();
    world.everybody_reads();
    assert_eq!(world.get("Bob").err(&json!({"do": "commit", "covers": covers})), "link_version");
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
fn hosts_name_hosts_and_take_it_back() {
    let mut world = World::with(&["Bob", "Carol"]);
    let key = |world: &World, name: &str| world.people[name].key.clone();
    let bob = key(&world, "Bob");
    let carol = key(&world, "Carol");
    change(&mut world, "Alice", &json!({"host": bob}));
    change(&mut world, "Bob", &json!({"host": carol}));
    assert_eq!(world.get("Carol").state()["hosting"], true);
    let alice = key(&world, "Alice");
    assert_eq!(world.get("Carol").err(&json!({"do": "policy", "changes": {"unhost": bob}})), "host_chain");
    change(&mut world, "Alice", &json!({"unhost": bob}));
    let state = world.get("Carol").state();
    assert_eq!((state["hosting"].clone(), state["policy"]["version"].clone()), (json!(true), json!(3)));
    assert_eq!(world.get("Bob").state()["hosting"], false);
    change(&mut world, "Carol", &json!({"unhost": alice}));
    assert_eq!(world.get("Alice").state()["hosting"], false);
    assert!(world.people.values().all(|person| person.refused.is_empty()));
    world.assert_one_code(3);
}

fn change(world: &mut World, by: &str, changes: &Value) {
    let policy = world.get(by).ok(&json!({"do": "policy", "changes": changes}))["policy"].clone();
    let commit = world.commit(by, Some(&policy));
    world.deliver(&commit);
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
    let (link, other, leaf) =
        (crate::keys::SeedKey::new(&[1; 32]), crate::keys::SeedKey::new(&[2; 32]), crate::keys::SeedKey::new(&[3; 32]));
    let mut policy = Policy::first(1);
    policy.hosts.push(certify(&link, &meeting, &call, leaf.public()).unwrap());
    let root = Root::Seen(None).pinned(&policy);
    policy.check_chain(&root, &meeting, &call).unwrap();
    policy.hosts[0] = certify(&other, &meeting, &call, leaf.public()).unwrap();
    assert_eq!(policy.check_chain(&root, &meeting, &call).unwrap_err().code, "bad_policy");
}
