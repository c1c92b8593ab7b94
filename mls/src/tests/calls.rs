//! Whole calls that go well.

use serde_json::json;

use super::world::World;

#[test]
fn people_join_talk_and_leave() {
    let mut world = World::with(&["Bob", "Carol", "Dave"]);
    world.assert_one_code(4);
    for leaf in 0..4 {
        let key = world.get("Alice").media_key(leaf).unwrap();
        assert_eq!(world.get("Dave").media_key(leaf).unwrap(), key);
    }
    let alice = world.people["Alice"].participant.clone();
    let sealed = world.get("Alice").ok(&json!({"do": "seal", "content": r#"{"kind":"chat","text":"hello"}"#}));
    let heard = world.get("Carol").ok(&json!({"do": "open_message", "message": sealed["message"], "participant": alice}));
    assert_eq!(heard["content"], r#"{"kind":"chat","text":"hello"}"#);
    assert_eq!(heard["sequence"], 0);

    world.announce_removal("Bob", "left");
    let commit = world.commit("Carol", None);
    world.deliver(&commit);
    assert!(world.people["Bob"].removed);
    world.assert_one_code(3);
    assert_eq!(world.get("Bob").media_key(0).unwrap_err(), "removed");
}
