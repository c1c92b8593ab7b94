//! Another link: LINK-5, LINK-7 and LINK-8.

use openmls_traits::OpenMlsProvider as _;
use serde_json::{Value, json};

use super::forge::{link_psk, psk, spoil, stranger};
use super::world::{Person, World, call};
use crate::bytes::{b64, unb64};
use crate::canonical;
use crate::key_package::read_key_package;
use crate::link::psk_id;

impl World {
    /// Alice moves the call to another link; gives it.
    pub fn rotate(&mut self) -> Value {
        let link_version = self.get("Alice").state()["policy"]["link_version"].as_u64().unwrap() + 1;
        self.change("Alice", &json!({"link_version": link_version}));
        self.get("Alice").link.clone()
    }

    /// From here on people come with the link that Alice has.
    pub fn follow_link(&mut self) {
        let link = self.get("Alice").link.clone();
        self.secret = link["secret"].as_str().unwrap().to_owned();
        self.link_version = u32::try_from(link["link_version"].as_u64().unwrap()).unwrap();
    }
}

#[test]
fn link_5_everybody_inside_holds_the_new_link() {
    let mut world = World::with(&["Bob", "Carol"]);
    let former = world.secret.clone();
    let link = world.rotate();
    assert_eq!(link["link_version"], 2);
    assert_ne!(link["secret"], json!(former));
    let derived = call(&mut crate::Instance::default(), &json!({"do": "link", "meeting": world.meeting, "secret": link["secret"]}));
    assert_eq!(derived.unwrap()["link_id"], link["link_id"]);
    for name in ["Bob", "Carol"] {
        assert_eq!(world.get(name).link, link);
    }
    // Dave comes with it, Carol comes back with it after a reload, and another follows it.
    world.follow_link();
    world.join_all(&["Dave"]);
    world.reload("Carol");
    assert_eq!(world.get("Dave").link, Value::Null, "he came with it");
    world.assert_one_code(4);
    assert_eq!(world.get("Alice").err(&json!({"do": "policy", "changes": {"link_version": 2}})), "policy_version", "it is done");
    let third = world.rotate();
    assert_eq!(third["link_version"], 3);
    assert_eq!((world.get("Dave").link.clone(), world.get("Carol").link.clone()), (third.clone(), third));
}

#[test]
fn link_5_who_was_removed_before_derives_nothing_of_the_new_link() {
    let mut world = World::with(&["Bob", "Mallory"]);
    world.remove_by_host("Mallory");
    let commit = world.commit("Alice", None);
    // All she has left is her last epoch, whatever her client makes of the removal; it gives another secret.
    let (_, member) = world.get("Mallory").instance.parts();
    let version = 2_u32.to_be_bytes();
    let hers = member.group.export_secret(member.provider.crypto(), "conclave/link-secret/1", &version, 16).unwrap();
    world.deliver(&commit);
    let link = world.rotate();
    assert_eq!(world.get("Mallory").link, Value::Null);
    assert_ne!(json!(b64(&hers)), link["secret"]);
    // Nor does the commit that began the new link's epoch open for her.
    let commit = unb64(world.log.last().unwrap()["commit"].as_str().unwrap()).unwrap();
    let (_, member) = world.get("Mallory").instance.parts();
    assert!(member.stage(&commit).is_err());
    // And with her old link she comes in no more, whatever she calls herself.
    let mut again = stranger(&mut world, "Eve");
    let entry = world.key_package(&mut again);
    world.append(entry);
    let commit = world.commit("Bob", None);
    assert_eq!(commit["dropped"], json!([{"participant": again.participant, "code": "bad_mac"}]));
    world.deliver(&commit);
    world.assert_one_code(2);
}

#[test]
fn link_5_the_former_link_opens_nothing() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let mut late = stranger(&mut world, "Eve");
    world.rotate();
    let entry = world.key_package(&mut late);
    let key_package =
        read_key_package(&openmls_rust_crypto::RustCrypto::default(), &unb64(entry["key_package"].as_str().unwrap()).unwrap()).unwrap();
    world.append(entry);
    // Mallory is inside and would let her in: under the former PSK, which not even she has any more…
    let (own, member) = world.get("Mallory").instance.parts();
    let builder = member.group.commit_builder().propose_adds([key_package.clone()]).add_proposal(psk(psk_id(1)));
    assert!(builder.load_psks(member.provider.storage()).is_err());
    assert_eq!(own.link_version(), Some(2));
    // …kept on purpose it convinces nobody…
    let kept = openmls::schedule::PreSharedKeyId::external(psk_id(1), vec![0; 32]);
    kept.store(&member.provider, &[7; 32]).unwrap();
    let commit = world.forge("Mallory", |builder, _| builder.propose_adds([key_package.clone()]).add_proposal(psk(psk_id(1))));
    assert_eq!(world.refusals(&commit, "Bob"), ("wrong_psk".into(), "wrong_psk".into()));
    // …and under the new PSK her link MAC is wrong, which the gateway cannot see and members do.
    let commit = world.forge("Mallory", |builder, own| builder.propose_adds([key_package]).add_proposal(link_psk(own)));
    assert!(world.stage(&commit).is_ok());
    call(&mut world.public, &json!({"do": "public_discard"})).unwrap();
    assert_eq!(world.member_refusal(&commit, "Bob"), "bad_mac");
}

#[test]
fn link_5_nobody_enters_or_makes_a_group_of_another_link_version() {
    let mut world = World::with(&["Bob"]);
    world.rotate();
    let last = world.get("Bob").ok(&json!({"do": "remember"}))["text"].clone();
    let create = json!({"do": "create", "incarnation": super::world::id(4), "last": last});
    // A device that has not kept the new link, and whose ticket speaks of the first.
    let mut behind = stranger(&mut world, "Bob");
    assert_eq!(behind.err(&create), "link_version");
    // One that has goes on.
    world.follow_link();
    let mut keeps = stranger(&mut world, "Bob");
    assert_eq!(keeps.ok(&create)["state"]["policy"]["link_version"], 2);
}

/// Somebody with the former link, and what they show at the door.
fn knocker(world: &mut World, name: &str) -> (Person, Value) {
    let mut person = stranger(world, name);
    let shown = person.ok(&json!({"do": "seal_key"}));
    let ask = json!({"do": "seal_link", "to": shown["seal_key"], "signature_key": person.key, "signature": shown["seal_signature"]});
    (person, ask)
}

#[test]
fn link_7_a_host_hands_the_new_link_to_who_knocks_with_a_former_one() {
    let mut world = World::with(&["Bob"]);
    let bob = world.people["Bob"].key.clone();
    world.change("Alice", &json!({"host": bob}));
    let (mut carol, carols) = knocker(&mut world, "Carol");
    let (mut dave, daves) = knocker(&mut world, "Dave");
    let link = world.rotate();
    // The co-host's word is as good as the host's: it chains to the same key.
    for (person, ask, host) in [(&mut carol, carols, "Alice"), (&mut dave, daves, "Bob")] {
        let sealed = world.get(host).ok(&ask)["sealed"].clone();
        assert_eq!(person.ok(&json!({"do": "open_link", "sealed": sealed})), link);
        assert_eq!(person.err(&json!({"do": "open_link", "sealed": sealed})), "wrong_state", "the key is used up");
    }
    // The ticket that she gets now is for the new link, and it lets her in.
    world.link_version = 2;
    world.seat(&mut carol, "Carol");
    let entry = world.key_package(&mut carol);
    world.people.insert("Carol".to_owned(), carol);
    world.append(entry);
    let commit = world.commit("Bob", None);
    assert_eq!(commit["dropped"], json!([]));
    world.deliver(&commit);
    world.assert_one_code(3);
    assert_eq!(world.get("Carol").err(&json!({"do": "seal_key"})), "wrong_state", "who is inside has the link from the group");
}

#[test]
fn link_7_a_host_seals_only_to_a_key_of_who_is_admitted() {
    let mut world = World::with(&["Bob"]);
    let (carol, ask) = knocker(&mut world, "Carol");
    let (mallory, hers) = knocker(&mut world, "Mallory");
    world.rotate();
    assert_eq!(world.get("Bob").err(&ask), "not_host");
    let mut swapped = ask.clone();
    swapped["to"] = hers["to"].clone();
    assert_eq!(world.get("Alice").err(&swapped), "bad_seal", "the server puts its key in the place of hers");
    swapped["signature"] = hers["signature"].clone();
    assert_eq!(world.get("Alice").err(&swapped), "bad_seal");
    let (own, _) = world.get("Alice").instance.parts();
    let low = crate::keys::SeedKey::new(&[4; 32]);
    let signature = low.sign(&crate::bytes::labelled("conclave/seal-key/1", &[&[0; 32], own.link.meeting.text()]));
    let low = json!({"do": "seal_link", "to": b64(&[0; 32]), "signature_key": low.public(), "signature": b64(&signature)});
    assert_eq!(world.get("Alice").err(&low), "bad_key");
    drop((carol, mallory));
}

#[test]
fn link_8_only_a_hosts_seal_for_us_is_opened() {
    let mut world = World::with(&["Bob", "Mallory"]);
    let (mut carol, ask) = knocker(&mut world, "Carol");
    let (mut dave, _) = knocker(&mut world, "Dave");
    world.rotate();
    let sealed = world.get("Alice").ok(&ask)["sealed"].clone();
    assert_eq!(dave.err(&json!({"do": "open_link", "sealed": sealed})), "bad_seal", "it is for Carol");
    let text = String::from_utf8(unb64(sealed.as_str().unwrap()).unwrap()).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let mut bent: Vec<Value> = Vec::new();
    for field in ["ciphertext", "enc", "signature"] {
        let mut other = whole.clone();
        other[field] = spoil(&whole[field]);
        bent.push(other);
    }
    let mut other = whole.clone();
    other["link_version"] = json!(3);
    bent.push(other);
    let mut other = whole.clone();
    other["call"] = json!(super::world::id(77));
    bent.push(other);
    let mut other = whole.clone();
    other["hosts"] = json!([]);
    bent.push(other);
    bent.push(json!({"call": whole["call"]}));
    // Mallory is inside, has the new link and would rather hand out one of her own; she can certify nobody but by herself.
    let (own, member) = world.get("Mallory").instance.parts();
    let place = own.seat().unwrap().place.clone();
    member.policy.hosts = vec![crate::policy::certify(&own.keys, &place.meeting, &place.call, own.keys.public(), 0).unwrap()];
    let hers = world.get("Mallory").ok(&ask)["sealed"].clone();
    bent.push(serde_json::from_slice(&unb64(hers.as_str().unwrap()).unwrap()).unwrap());
    for one in bent {
        let sealed = b64(canonical::text(&one).unwrap().as_bytes());
        assert_eq!(carol.err(&json!({"do": "open_link", "sealed": sealed})), "bad_seal", "{one}");
    }
    assert_eq!(carol.err(&json!({"do": "open_link", "sealed": b64(&[0xff; 9])})), "bad_seal");
    assert_eq!(carol.ok(&json!({"do": "open_link", "sealed": sealed}))["link_version"], 2, "what failed has changed nothing (LOG-6)");
}
