//! What each person may do: POL-17, POL-18, POL-21, and what the gateway learns of it (POL-19).

use serde_json::{Value, json};

use super::world::World;
use crate::bytes::Fixed;
use crate::policy::Policy;
use crate::rights::{Exception, Right, Voice, may};

const EVERYTHING: [&str; 7] = ["chat", "pictures", "reactions", "rename", "share", "unmute", "video"];

fn change(world: &mut World, changes: &Value) -> Value {
    let policy = world.get("Alice").ok(&json!({"do": "policy", "changes": changes}))["policy"].clone();
    let commit = world.commit("Alice", Some(&policy));
    let staged = world.stage(&commit).unwrap();
    world.accept(&commit);
    staged
}

fn may_of(state: &Value, participant: &str) -> Value {
    let roster = state["roster"].as_array().unwrap();
    roster.iter().find(|entry| entry["participant"] == participant).unwrap()["may"].clone()
}

fn all_but(without: &[&str]) -> Value {
    json!(EVERYTHING.iter().filter(|right| !without.contains(right)).collect::<Vec<_>>())
}

#[test]
fn pol_17_what_is_as_by_default_is_absent() {
    let text = Policy::first(1).text().unwrap();
    assert_eq!(text, r#"{"hosts":[],"link_version":1,"locked":false,"strict":false,"suspended":false,"version":0}"#);
    assert_eq!(Policy::read(text.as_bytes()).unwrap(), Policy::first(1));
}

#[test]
fn pol_17_there_is_one_spelling() {
    let with = |extra: &str| {
        let text = format!(r#"{{"hosts":[],"link_version":1,"locked":false,{extra},"strict":false,"suspended":false,"version":0}}"#);
        Policy::read(text.as_bytes()).map_err(|fault| fault.code)
    };
    let one = |may: &str, not: &str| with(&format!(r#""people":[{{"key":"{}","may":[{may}],"not":[{not}]}}]"#, "A".repeat(43)));
    assert!(with(r#""rights":{"chat":"off","share":"few"}"#).is_ok());
    assert!(one(r#""chat""#, r#""share","video""#).is_ok());
    for rights in
        [r"{}", r#"{"chat":"all"}"#, r#"{"share":"few","chat":"off"}"#, r#"{"chat":"none"}"#, r#"{"fly":"all"}"#, r#"{"video":"off"}"#]
    {
        assert_eq!(with(&format!(r#""rights":{rights}"#)).unwrap_err(), "bad_policy", "{rights}");
    }
    for (may, not) in [("", ""), (r#""chat""#, r#""chat""#), (r#""share","chat""#, ""), (r#""chat","chat""#, ""), (r#""fly""#, "")] {
        assert_eq!(one(may, not).unwrap_err(), "bad_policy", "{may} {not}");
    }
    assert_eq!(with(r#""people":[]"#).unwrap_err(), "bad_policy");
}

#[test]
fn pol_17_exceptions_are_in_order_unique_and_at_most_five_hundred() {
    let entry = |number: u16| {
        let mut key = [0; 32];
        key[..2].copy_from_slice(&number.to_be_bytes());
        Exception { key: Fixed(key), may: [].into(), not: [Right::Chat].into() }
    };
    let read = |people: Vec<Exception>| Policy::read(Policy { people, ..Policy::first(1) }.text().unwrap().as_bytes());
    assert!(read((0..500).map(entry).collect()).is_ok());
    assert_eq!(read((0..501).map(entry).collect()).unwrap_err().code, "bad_policy");
    assert_eq!(read(vec![entry(2), entry(1)]).unwrap_err().code, "bad_policy");
    assert_eq!(read(vec![entry(1), entry(1)]).unwrap_err().code, "bad_policy");
}

#[test]
fn pol_18_what_stands_above_what() {
    let (key, other) = (Fixed([1; 32]), Fixed([2; 32]));
    let mut policy = Policy::first(1);
    let chat = |policy: &Policy, host: bool| may(policy, &key, host, 2, Right::Chat);
    assert!(chat(&policy, false));
    policy.rights.chat = Voice::Hosts;
    assert!(!chat(&policy, false) && chat(&policy, true));
    policy.except(&[Exception { key, may: [Right::Chat].into(), not: [Right::Share].into() }]);
    assert!(chat(&policy, false) && !may(&policy, &other, false, 2, Right::Chat));
    assert!(!may(&policy, &key, false, 2, Right::Share) && may(&policy, &key, true, 2, Right::Share));
    policy.suspended = true;
    assert!(!chat(&policy, false) && chat(&policy, true));
    assert!(!may(&policy, &other, false, 2, Right::Share), "what everybody may by the setting, neither");
    policy.suspended = false;
    policy.rights.chat = Voice::Off;
    assert!(!chat(&policy, false) && !chat(&policy, true));
}

#[test]
fn pol_18_a_few_share_while_they_are_few() {
    let mut world = World::with(&["Bob", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10"]);
    let staged = change(&mut world, &json!({"rights": {"share": "few"}}));
    assert_eq!(staged["may"], json!([]));
    assert_eq!(staged["newcomer"], all_but(&["share"]));
    world.announce("P11");
    let commit = world.commit("Alice", None);
    let staged = world.stage(&commit).unwrap();
    assert_eq!(staged["may"].as_array().unwrap().len(), 10);
    world.accept(&commit);
    let (alice, bob) = (world.people["Alice"].participant.clone(), world.people["Bob"].participant.clone());
    let state = world.get("P11").state();
    assert_eq!((may_of(&state, &bob), may_of(&state, &alice)), (all_but(&["share"]), json!(EVERYTHING)));
}

#[test]
fn pol_18_and_19_everybody_and_the_gateway_see_the_same() {
    let mut world = World::with(&["Bob", "Carol"]);
    let [bob, carol] = ["Bob", "Carol"].map(|name| (world.people[name].participant.clone(), world.people[name].key.clone()));
    let exception = json!([{"key": carol.1, "may": ["chat"], "not": ["video"]}]);
    let staged = change(&mut world, &json!({"rights": {"chat": "hosts", "unmute": "hosts"}, "people": exception}));
    let (bobs, carols) = (all_but(&["chat", "unmute"]), all_but(&["unmute", "video"]));
    assert_eq!(staged["may"], json!([{"participant": bob.0, "may": bobs}, {"participant": carol.0, "may": carols}]));
    assert_eq!(staged["newcomer"], bobs);
    let public = world.public.call(json!({"do": "public_entries", "from": world.log.len(), "entries": []}).to_string().as_bytes());
    let public: Value = serde_json::from_str(&public).unwrap();
    for state in [world.get("Bob").state(), world.get("Carol").state(), public["ok"]["state"].clone()] {
        assert_eq!((may_of(&state, &bob.0), may_of(&state, &carol.0)), (bobs.clone(), carols.clone()));
        assert_eq!(state["policy"]["rights"], json!({"chat": "hosts", "unmute": "hosts"}));
    }
    assert_eq!(public["ok"]["state"]["newcomer"], bobs);
    change(&mut world, &json!({"rights": {"chat": "all"}, "people": [{"key": carol.1, "may": [], "not": []}]}));
    let state = world.get("Bob").state();
    assert_eq!(state["policy"]["rights"], json!({"unmute": "hosts"}));
    assert!(state["policy"].get("people").is_none());
    assert_eq!(may_of(&state, &carol.0), all_but(&["unmute"]));
    world.assert_one_code(3);
}

#[test]
fn pol_17_what_members_would_refuse_is_not_prepared() {
    let mut world = World::with(&["Bob"]);
    let key = world.people["Bob"].key.clone();
    let both = json!({"people": [{"key": key, "may": ["chat"], "not": ["chat"]}]});
    assert_eq!(world.get("Alice").err(&json!({"do": "policy", "changes": both})), "bad_policy");
    assert_eq!(world.get("Alice").err(&json!({"do": "policy", "changes": {"rights": {"chat": "few"}}})), "malformed");
    assert_eq!(world.get("Bob").err(&json!({"do": "policy", "changes": {"rights": {"chat": "off"}}})), "not_host");
}

/// Somebody asks to come back into their own leaf under another name; gives the commit that Alice makes of it.
fn rename(world: &mut World, name: &str, to: &str) -> Value {
    let (participant, identity) = (world.people[name].participant.clone(), world.people[name].identity.clone());
    world.announce_removal(name, "replaced");
    let mut again = world.person(to, false, Some((&participant, &identity)));
    let entry = world.key_package(&mut again);
    world.append(entry);
    let commit = world.commit("Alice", None);
    world.people.insert(to.to_owned(), again);
    commit
}

#[test]
fn pol_21_a_rename_is_a_replacement_by_who_may() {
    let mut world = World::with(&["Bob", "Carol"]);
    let commit = rename(&mut world, "Bob", "Robert");
    assert_eq!(commit["dropped"], json!([]));
    world.people.remove("Bob");
    world.deliver(&commit);
    let state = world.get("Carol").state();
    assert!(state["roster"].as_array().unwrap().iter().any(|entry| entry["name"] == "Robert"));
    world.assert_one_code(3);
}

#[test]
fn pol_21_where_names_are_fixed_another_name_does_not_come_in() {
    let mut world = World::with(&["Bob", "Carol"]);
    change(&mut world, &json!({"rights": {"rename": "hosts"}}));
    let same = rename(&mut world, "Carol", "Carol");
    assert_eq!(same["dropped"], json!([]));
    world.deliver(&same);
    let bob = world.people["Bob"].participant.clone();
    let commit = rename(&mut world, "Bob", "Alice ");
    assert_eq!(commit["dropped"], json!([{"participant": bob, "code": "name_fixed"}]));
}

#[test]
fn pol_21_a_member_who_lets_another_name_in_is_refused() {
    let mut world = World::with(&["Bob", "Carol"]);
    change(&mut world, &json!({"rights": {"rename": "hosts"}}));
    let (participant, identity) = (world.people["Bob"].participant.clone(), world.people["Bob"].identity.clone());
    world.announce_removal("Bob", "replaced");
    let mut again = world.person("Alice", false, Some((&participant, &identity)));
    let entry = world.key_package(&mut again);
    world.append(entry);
    world.everybody_reads();
    // Mallory's member does not look: its policy says that everybody may.
    let (_, member) = world.get("Alice").instance.parts();
    let right = member.policy.clone();
    member.policy.rights = crate::rights::Rights::default();
    let commit = world.commit("Alice", None);
    let (_, member) = world.get("Alice").instance.parts();
    member.policy = right;
    assert_eq!(commit["dropped"], json!([]));
    assert_eq!(world.refusals(&commit, "Carol"), ("name_fixed".to_owned(), "name_fixed".to_owned()));
}
