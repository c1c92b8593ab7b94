//! Who held the key and when: ATT-1 and ATT-2.

use serde_json::{Value, json};

use super::world::World;
use crate::bytes::{labelled_text, unb64};
use crate::keys::verify;
use crate::policy::{Host, Policy, Root};

const NINE: u64 = 1_800_000_000_000;

impl World {
    /// What Alice's client has seen: everybody on her roster since nine.
    fn seen(&mut self) -> Vec<Value> {
        let state = self.get("Alice").state();
        let stay = |leaf: &Value| {
            json!({"epoch": 1, "from": NINE, "incarnation": state["incarnation"], "key": leaf["key"], "name": leaf["name"],
                "participant": leaf["participant"]})
        };
        state["roster"].as_array().unwrap().iter().map(stay).collect()
    }
}

fn sign(people: &[Value]) -> Value {
    json!({"do": "sign_attendance", "people": people})
}

#[test]
fn att_1_a_host_signs_who_was_here_and_shows_by_whom_it_is_a_host() {
    let mut world = World::with(&["Bob", "Carol"]);
    let mut people = world.seen();
    let mut gone = people[1].clone();
    gone["until"] = json!(NINE + 60_000);
    gone["name"] = json!("Bob before he took another name");
    people.push(gone);
    let made = world.get("Alice").ok(&sign(&people));
    let text = made["attendance"].as_str().unwrap();
    let record: Value = serde_json::from_str(text).unwrap();
    assert_eq!(record["people"], json!(people));
    assert_eq!((&record["meeting"], &record["call"]), (&json!(world.meeting), &json!(world.call)));
    assert!(record["made"].as_u64().unwrap() >= NINE + 60_000);

    // Whoever knows the link's host hash follows the certificates from there to the key that signed.
    let (own, _) = world.get("Alice").instance.parts();
    let place = own.seat().unwrap().place.clone();
    let hosts: Vec<Host> = serde_json::from_value(record["hosts"].clone()).unwrap();
    let policy = Policy { hosts, ..Policy::first(1) };
    policy.check_chain(&Root::Hash(own.link.host_hash), &place.meeting, &place.call).unwrap();
    let key = policy.hosts.last().unwrap().key;
    assert_eq!(key, own.keys.public());
    let signature = unb64(made["signature"].as_str().unwrap()).unwrap();
    assert!(verify(&key, &labelled_text("conclave/attendance/1", text.as_bytes()), &signature));
    assert!(!verify(&key, &labelled_text("conclave/host-certificate/1", text.as_bytes()), &signature));
}

#[test]
fn att_1_a_co_host_signs_with_the_certificates_that_lead_to_it_and_nobody_else_does() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let people = world.seen();
    let bob = world.people["Bob"].key.clone();
    assert_eq!(world.get("Bob").err(&sign(&people)), "not_host");
    world.change("Alice", &json!({"host": bob}));
    let made = world.get("Bob").ok(&sign(&people));
    let record: Value = serde_json::from_str(made["attendance"].as_str().unwrap()).unwrap();
    assert_eq!(record["hosts"].as_array().unwrap().len(), 2);
    assert_eq!(record["hosts"][1]["key"], json!(bob));
    assert_eq!(world.get("Mallory").err(&sign(&people)), "not_host");
}

#[test]
fn att_2_nobody_is_signed_for_as_here_who_is_not_and_nobody_here_is_left_out() {
    let mut world = World::with(&["Bob", "Carol"]);
    let people = world.seen();
    let mut wrong: Vec<Vec<Value>> = vec![people[..2].to_vec(), vec![]];
    for (field, value) in [("name", json!("Dave")), ("participant", people[0]["participant"].clone()), ("incarnation", json!(world.call))] {
        let mut bent = people.clone();
        bent[2][field] = value;
        wrong.push(bent);
    }
    let mut twice = people.clone();
    twice.push(people[1].clone());
    wrong.push(twice);
    let mut left = people.clone();
    left[2]["until"] = json!(NINE + 1);
    wrong.push(left);
    for people in &wrong {
        assert_eq!(world.get("Alice").err(&sign(people)), "attendance_differs");
    }
    let mut late = people.clone();
    late[2]["until"] = json!(NINE - 1);
    let mut nameless = people.clone();
    nameless[2]["name"] = json!("");
    for people in [&late, &nameless] {
        assert_eq!(world.get("Alice").err(&sign(people)), "malformed");
    }
    world.get("Alice").ok(&sign(&people));
}
