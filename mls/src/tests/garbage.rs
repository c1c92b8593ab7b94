//! No bytes from outside end the instance: every refusal is an answer (a trap would stop a gateway's group).

use serde_json::{Value, json};

use super::world::{World, call};
use crate::Instance;
use crate::bytes::{b64, unb64};

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// The request with one b64 field changed: a bit, a cut, a doubled stretch, or a length field blown up.
fn spoilt(request: &Value, field: &str, dice: &mut Dice) -> Value {
    let mut bytes = unb64(request[field].as_str().unwrap()).unwrap();
    let at = dice.roll(bytes.len());
    match dice.roll(4) {
        0 => bytes[at] ^= 1 << dice.roll(8),
        1 => bytes.truncate(at),
        2 => bytes.extend_from_within(at..),
        _ => bytes[at] = 0xbf,
    }
    let mut spoilt = request.clone();
    spoilt[field] = json!(b64(&bytes));
    if spoilt == *request { self::spoilt(request, field, dice) } else { spoilt }
}

#[test]
fn spoilt_groups_trees_welcomes_and_key_packages_are_answers() {
    let mut world = World::with(&["Bob", "Carol"]);
    world.announce("Dave");
    let entry = world.log.last().unwrap().clone();
    let commit = world.commit("Bob", None);
    let mut dave = world.people.remove("Dave").unwrap();
    let join = world.deliver_to_stranger(&commit);
    let key_package = json!({"do": "public_key_package", "incarnation": world.incarnation, "key_package": entry["key_package"],
        "participant": dave.participant, "attestation_key": world.signer.public(), "meeting": world.meeting, "call": world.call});
    let mut dice = Dice(7);
    for _ in 0..400 {
        for field in ["group_info", "tree"] {
            let _ = call(&mut Instance::default(), &spoilt(&world.reopened, field, &mut dice));
        }
        for field in ["welcome", "tree"] {
            assert!(call(&mut dave.instance, &spoilt(&join, field, &mut dice)).is_err());
        }
        let _ = call(&mut Instance::default(), &spoilt(&key_package, "key_package", &mut dice));
    }
    dave.ok(&join);
}

#[test]
fn spoilt_commits_and_messages_are_answers() {
    let mut world = World::with(&["Bob", "Carol"]);
    world.announce_removal("Carol", "left");
    world.announce("Dave");
    let commit = world.commit("Bob", None);
    let message = world.get("Bob").ok(&json!({"do": "seal", "content": r#"{"kind":"hand","up":false}"#}))["message"].clone();
    let bob = world.people["Bob"].participant.clone();
    let from = world.log.len();
    let stage = json!({"do": "public_stage", "covers": commit["covers"], "commit": commit["commit"], "participant": bob});
    let open = json!({"do": "open_message", "message": message, "participant": bob});
    let mut dice = Dice(11);
    for _ in 0..400 {
        if call(&mut world.public, &spoilt(&stage, "commit", &mut dice)).is_ok() {
            call(&mut world.public, &json!({"do": "public_discard"})).unwrap(); // only the two tags may differ
        }
        let entry = spoilt(&json!({"kind": "commit", "participant": bob, "commit": commit["commit"]}), "commit", &mut dice);
        let answer = world.get("Alice").ok(&json!({"do": "entries", "from": from, "entries": [entry]}));
        assert_eq!(answer["events"][0]["kind"], "refused");
        let _ = call(&mut world.get("Alice").instance, &spoilt(&open, "message", &mut dice));
        let _ = call(&mut Instance::default(), &spoilt(&json!({"do": "message_header", "message": message}), "message", &mut dice));
    }
    world.get("Alice").ok(&open);
    world.deliver(&commit);
    world.assert_one_code(3);
}
