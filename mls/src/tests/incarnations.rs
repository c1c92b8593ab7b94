//! LOG-12: entering a new incarnation of the same call.

use serde_json::{Value, json};

use super::world::{Person, World, id};

/// Everybody remembers; the incarnation ends; the named one creates the next with what it remembers.
fn next_incarnation(world: &mut World, creator: &str, last: Option<&str>) {
    world.incarnation = if world.incarnation == id(4) { id(5) } else { id(4) };
    world.log.clear();
    world.spent = -1;
    let mut request = json!({"do": "create", "incarnation": world.incarnation});
    if let Some(last) = last {
        request["last"] = json!(last);
    }
    let created = world.get(creator).ok(&request);
    world.get(creator).cursor = 0;
    world.open_public(&created);
}

fn remember(world: &mut World, name: &str) -> String {
    world.get(name).ok(&json!({"do": "remember"}))["text"].as_str().unwrap().to_owned()
}

/// Announces the person; `by` commits what the whole log means.
fn commit_for(world: &mut World, by: &str, person: &mut Person) -> Value {
    let entry = world.key_package(person);
    world.append(entry);
    let covers = world.covers();
    let log = world.log.clone();
    super::world::read(world.get(by), &log);
    world.get(by).ok(&json!({"do": "commit", "covers": covers}))
}

/// `by` adds the person, who tries to enter with what it remembers.
fn enter(world: &mut World, by: &str, person: &mut Person, last: &str) -> Result<Value, String> {
    let mut commit = commit_for(world, by, person);
    commit["covers"] = json!(world.covers());
    commit["participant"] = json!(world.people[by].participant);
    let mut join = world.deliver_to_stranger(&commit);
    join["last"] = json!(last);
    super::world::call(&mut person.instance, &join)
}

fn outsiders(world: &mut World, names: &[&str]) -> Vec<Person> {
    names.iter().map(|name| world.people.remove(*name).unwrap()).collect()
}

#[test]
fn log_12_the_same_people_with_the_same_policy_enter() {
    let mut world = World::with(&["Bob"]);
    let lock = world.get("Alice").ok(&json!({"do": "policy", "changes": {"strict": false, "suspended": true}}))["policy"].clone();
    let commit = world.commit("Alice", Some(&lock));
    world.deliver(&commit);
    let (alices, bobs) = (remember(&mut world, "Alice"), remember(&mut world, "Bob"));
    let mut bob = outsiders(&mut world, &["Bob"]).remove(0);
    next_incarnation(&mut world, "Alice", Some(&alices));
    assert_eq!(world.get("Alice").state()["policy"]["version"], 1);
    enter(&mut world, "Alice", &mut bob, &bobs).unwrap();
}

#[test]
fn log_12_another_policy_is_refused() {
    let mut world = World::with(&["Bob"]);
    let lock = world.get("Alice").ok(&json!({"do": "policy", "changes": {"suspended": true}}))["policy"].clone();
    let commit = world.commit("Alice", Some(&lock));
    world.deliver(&commit);
    let bobs = remember(&mut world, "Bob");
    let mut bob = outsiders(&mut world, &["Bob"]).remove(0);
    next_incarnation(&mut world, "Alice", None); // a fresh policy, version 0
    assert_eq!(enter(&mut world, "Alice", &mut bob, &bobs).unwrap_err(), "policy_differs");
}

#[test]
fn log_12_a_creator_from_outside_is_refused() {
    let mut world = World::started(false);
    world.join_all(&["Bob"]);
    let bobs = remember(&mut world, "Bob");
    let mut bob = outsiders(&mut world, &["Bob"]).remove(0);
    let mallory = world.person("Mallory", false, None);
    world.people.insert("Mallory".to_owned(), mallory);
    world.people.remove("Alice");
    next_incarnation(&mut world, "Mallory", None); // the same empty policy
    assert_eq!(enter(&mut world, "Mallory", &mut bob, &bobs).unwrap_err(), "creator_unknown");
}

#[test]
fn log_12_somebody_a_host_removed_is_not_in_it() {
    let mut world = World::with(&["Bob", "Carol"]);
    world.remove_by_host("Carol");
    let commit = world.commit("Alice", None);
    world.deliver(&commit);
    let (alices, bobs) = (remember(&mut world, "Alice"), remember(&mut world, "Bob"));
    let mut people = outsiders(&mut world, &["Bob", "Carol"]);
    next_incarnation(&mut world, "Alice", Some(&alices));
    let mut carol = people.pop().unwrap();
    // Alice's client, cheating or not, lets Carol in again; Bob does not enter.
    let entry = world.key_package(&mut carol);
    world.append(entry);
    let commit = world.commit("Alice", None);
    world.deliver_to_stranger(&commit);
    world.everybody_reads();
    assert_eq!(enter(&mut world, "Alice", &mut people[0], &bobs).unwrap_err(), "removed_present");
}

#[test]
fn log_12_a_closed_group_has_no_strangers() {
    let mut world = World::with(&["Bob"]);
    let strict = world.get("Alice").ok(&json!({"do": "policy", "changes": {"strict": true}}))["policy"].clone();
    let commit = world.commit("Alice", Some(&strict));
    world.deliver(&commit);
    let (alices, bobs) = (remember(&mut world, "Alice"), remember(&mut world, "Bob"));
    let mut bob = outsiders(&mut world, &["Bob"]).remove(0);
    next_incarnation(&mut world, "Alice", Some(&alices));
    for (name, person) in [("Eve", None), ("Bob", Some(()))] {
        let mut stranger = world.person("Eve", false, None);
        let target = if person.is_some() { &mut bob } else { &mut stranger };
        let made = target.ok(&json!({"do": "key_package", "incarnation": world.incarnation}));
        let admit = world.get("Alice").ok(&json!({"do": "sign_admit", "reference": made["reference"]}));
        let entry = json!({"kind": "add", "participant": target.participant, "key_package": made["key_package"], "mac": made["mac"], "admit": admit});
        world.append(entry);
        let commit = world.commit("Alice", None);
        let mut join = world.deliver_to_stranger(&commit);
        world.everybody_reads();
        if name == "Bob" {
            join["last"] = json!(bobs);
            assert_eq!(bob.err(&join), "stranger_present");
        }
    }
}

/// Locks the call; returns what each remembers when the incarnation ends, and keeps for the gateway who was in its last tree.
fn lock_and_end(world: &mut World, names: &[&str]) -> Vec<String> {
    let locked = world.get("Alice").ok(&json!({"do": "policy", "changes": {"locked": true}}))["policy"].clone();
    let commit = world.commit("Alice", Some(&locked));
    world.deliver(&commit);
    world.returning = world.get("Alice").state()["roster"].as_array().unwrap().iter().map(|seat| seat["key"].clone()).collect();
    names.iter().map(|name| remember(world, name)).collect()
}

#[test]
fn log_12_a_locked_group_comes_back_whole_and_stays_locked() {
    let mut world = World::with(&["Bob", "Carol"]);
    let last = lock_and_end(&mut world, &["Alice", "Bob", "Carol"]);
    let mut people = outsiders(&mut world, &["Bob", "Carol"]);
    next_incarnation(&mut world, "Alice", Some(&last[0]));
    for (person, remembered) in people.iter_mut().zip(&last[1..]) {
        enter(&mut world, "Alice", person, remembered).unwrap();
        world.everybody_reads();
    }
    assert_eq!(world.get("Alice").state()["policy"]["locked"], true);
    let mut eve = world.person("Eve", false, None);
    assert_eq!(commit_for(&mut world, "Alice", &mut eve)["dropped"], json!([{"participant": eve.participant, "code": "locked"}]));
}

#[test]
fn log_12_who_had_not_come_back_yet_when_the_next_one_ended_too_still_may_and_may_make_it() {
    let mut world = World::with(&["Bob"]);
    let last = lock_and_end(&mut world, &["Alice", "Bob"]);
    let mut bob = outsiders(&mut world, &["Bob"]).remove(0);
    next_incarnation(&mut world, "Alice", Some(&last[0])); // nobody else came
    let alices = remember(&mut world, "Alice");
    next_incarnation(&mut world, "Alice", Some(&alices));
    enter(&mut world, "Alice", &mut bob, &last[1]).unwrap();
    let mut world = World::with(&["Bob"]);
    let last = lock_and_end(&mut world, &["Alice", "Bob"]);
    let bob = outsiders(&mut world, &["Bob"]).remove(0);
    next_incarnation(&mut world, "Alice", Some(&last[0]));
    let alices = remember(&mut world, "Alice");
    let mut alice = outsiders(&mut world, &["Alice"]).remove(0);
    world.people.insert("Bob".to_owned(), bob);
    next_incarnation(&mut world, "Bob", Some(&last[1]));
    enter(&mut world, "Bob", &mut alice, &alices).unwrap();
}

#[test]
fn log_12_whom_a_host_removed_does_not_come_back_into_a_locked_group() {
    let mut world = World::with(&["Bob", "Carol"]);
    world.remove_by_host("Carol");
    let commit = world.commit("Alice", None);
    world.deliver(&commit);
    let mut carol = outsiders(&mut world, &["Carol"]).remove(0);
    let last = lock_and_end(&mut world, &["Alice"]);
    world.people.remove("Bob");
    next_incarnation(&mut world, "Alice", Some(&last[0]));
    assert_eq!(commit_for(&mut world, "Alice", &mut carol)["dropped"], json!([{"participant": carol.participant, "code": "locked"}]));
}

#[test]
fn coming_back_to_the_same_incarnation_the_policy_only_moves_forward() {
    let mut world = World::with(&["Bob", "Carol"]);
    let text = remember(&mut world, "Bob");
    let later: Value = serde_json::from_str(&text).unwrap();
    let mut bob = outsiders(&mut world, &["Bob"]).remove(0);
    world.append(json!({"kind": "remove", "participant": bob.participant, "reason": "replaced"}));
    let ahead = text.replace(r#""version":0"#, r#""version":7"#);
    assert_ne!(ahead, text);
    assert_eq!(later["incarnation"], json!(world.incarnation));
    assert_eq!(enter(&mut world, "Alice", &mut bob, &ahead).unwrap_err(), "policy_differs");
    world.append(json!({"kind": "remove", "participant": bob.participant, "reason": "replaced"}));
    world.everybody_reads();
    enter(&mut world, "Alice", &mut bob, &text).unwrap();
}
