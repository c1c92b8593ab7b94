//! What is said: SAY-1, SAY-2, SAY-3, SAY-5.

use serde_json::{Value, json};

use super::forge::spoil;
use super::world::World;
use crate::bytes::{b64, unb64};

const CHAT: &str = r#"{"kind":"chat","text":"hello"}"#;

fn say(world: &mut World, name: &str) -> Value {
    world.get(name).ok(&json!({"do": "seal", "content": CHAT}))["message"].clone()
}

fn open(world: &World, message: &Value, speaker: &str) -> Value {
    json!({"do": "open_message", "message": message, "participant": world.people[speaker].participant})
}

#[test]
fn say_2_the_sender_is_the_leaf() {
    let mut world = World::with(&["Bob", "Carol"]);
    let message = say(&mut world, "Bob");
    let as_alice = open(&world, &message, "Alice");
    assert_eq!(world.get("Carol").err(&as_alice), "wrong_sender");
    let as_bob = open(&world, &message, "Bob");
    assert_eq!(world.get("Alice").ok(&as_bob)["leaf"], 1);
    assert_eq!(world.get("Alice").err(&as_bob), "undecryptable", "a message is heard once");
    assert_eq!(world.get("Bob").err(&as_bob), "own_message");
}

#[test]
fn say_1_a_spoilt_message_is_dropped_and_the_next_is_heard() {
    let mut world = World::with(&["Bob"]);
    let message = say(&mut world, "Bob");
    let spoilt = open(&world, &spoil(&message), "Bob");
    assert_eq!(world.get("Alice").err(&spoilt), "undecryptable");
    let bytes = unb64(message.as_str().unwrap()).unwrap();
    for length in (0..bytes.len()).step_by(9) {
        let cut = open(&world, &json!(b64(&bytes[..length])), "Bob");
        world.get("Alice").err(&cut);
    }
    let right = open(&world, &message, "Bob");
    world.get("Alice").ok(&right);
}

#[test]
fn say_5_a_wrong_commitment_is_dropped() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let (own, member) = world.get("Mallory").instance.parts();
    let mut forged = Vec::new();
    let mut plaintext = vec![1; 32];
    plaintext.extend(0_u64.to_be_bytes());
    plaintext.extend(CHAT.as_bytes());
    for (data, text, code) in [
        (vec![2; 32], &plaintext[..], "frank_mismatch"),
        (vec![], &plaintext[..], "frank_mismatch"),
        (vec![2; 32], &plaintext[..20], "malformed"),
    ] {
        member.group.set_aad(data);
        let sealed = member.group.create_message(&member.provider, &own.keys, text).unwrap();
        let message = json!(b64(&sealed.to_bytes().unwrap()));
        let participant = own.seat().unwrap().participant.as_str().to_owned();
        let request = json!({"do": "open_message", "message": message, "participant": participant});
        forged.push((request, code));
    }
    for (request, code) in forged {
        assert_eq!(world.get("Bob").err(&request), code);
    }
}

#[test]
fn say_3_old_messages_and_those_of_leaves_that_left_are_dropped() {
    let mut world = World::with(&["Bob", "Carol", "Dave"]);
    let (before, late) = (say(&mut world, "Bob"), say(&mut world, "Carol"));
    world.announce_removal("Bob", "left");
    let commit = world.commit("Alice", None);
    world.deliver(&commit);
    let bobs = open(&world, &before, "Bob");
    assert_eq!(world.get("Dave").err(&bobs), "left");
    for _ in 0..2 {
        let commit = world.commit("Alice", None);
        world.deliver(&commit);
    }
    let carols = open(&world, &late, "Carol");
    assert_eq!(world.get("Dave").err(&carols), "too_old");
}

#[test]
fn say_3_the_last_two_epochs_are_heard() {
    let mut world = World::with(&["Bob", "Carol"]);
    let message = say(&mut world, "Bob");
    for _ in 0..2 {
        let commit = world.commit("Alice", None);
        world.deliver(&commit);
    }
    let request = open(&world, &message, "Bob");
    world.get("Carol").ok(&request);
}

#[test]
fn say_3_a_message_by_the_leaf_before_a_reload_is_dropped() {
    let mut world = World::with(&["Bob", "Carol"]);
    let message = say(&mut world, "Bob");
    world.reload("Bob");
    let request = open(&world, &message, "Bob");
    assert_eq!(world.get("Carol").err(&request), "left");
}

#[test]
fn enc_1_content_is_canonical_json_with_a_kind() {
    let mut world = World::with(&["Bob"]);
    for bad in [
        "",
        "null",
        "[]",
        r#"{"text":"x"}"#,
        r#"{"kind":1}"#,
        r#"{"kind": "chat"}"#,
        r#"{"kind":"chat","n":1.5}"#,
        r#"{"kind":"chat","n":null}"#,
        r#"{"kind":"chat","kind":"chat"}"#,
        r#"{"text":"x","kind":"chat"}"#,
        r#"{"kind":"chat","n":9007199254740992}"#,
        r#"{"kind":"ch\u0061t"}"#,
    ] {
        assert_eq!(world.get("Bob").err(&json!({"do": "seal", "content": bad})), "malformed", "{bad}");
    }
    let good = r#"{"kind":"heartbeat","epoch":3}"#;
    assert_eq!(world.get("Bob").err(&json!({"do": "seal", "content": good})), "malformed");
    world.get("Bob").ok(&json!({"do": "seal", "content": r#"{"epoch":3,"kind":"heartbeat","nested":{"a":[true,"é\n"]}}"#}));
}

#[test]
fn the_gateway_reads_the_outside_only() {
    let mut world = World::with(&["Bob"]);
    let message = say(&mut world, "Bob");
    let head = super::world::call(&mut world.public, &json!({"do": "message_header", "message": message})).unwrap();
    assert_eq!(head["group_id"], format!("{}.{}", world.call, world.incarnation));
    assert_eq!((head["epoch"].clone(), head["content_type"].clone()), (json!(1), json!(1)));
    let request = open(&world, &message, "Bob");
    let heard = world.get("Alice").ok(&request);
    assert_eq!(heard["commitment"], head["authenticated_data"]);
    assert_eq!(unb64(heard["commitment"].as_str().unwrap()).unwrap().len(), 32);
}
