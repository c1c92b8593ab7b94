//! A meeting with members and the delivery service, in memory; Mallory's tests bend it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Instance;
use crate::bytes::{Id, b64, labelled_text};
use crate::keys::SeedKey;

/// Calls an operation and gives `ok`, or the error's code.
pub fn call(instance: &mut Instance, request: &Value) -> Result<Value, String> {
    let answer: Value = serde_json::from_str(&instance.call(request.to_string().as_bytes())).unwrap();
    match answer.get("ok") {
        Some(ok) => Ok(ok.clone()),
        None => Err(answer["error"]["code"].as_str().unwrap().to_owned()),
    }
}

/// A deterministic id.
pub fn id(number: u64) -> String {
    let mut bytes = [0_u8; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    b64(&bytes)
}

/// Somebody with a link and a seat.
pub struct Person {
    pub instance: Instance,
    pub participant: String,
    pub key: String,
    pub identity: String,
    pub refused: Vec<String>,
    pub removed: bool,
    pub cursor: usize,
    /// The newest link that the group has given, null before.
    pub link: Value,
}

impl Person {
    pub fn ok(&mut self, request: &Value) -> Value {
        call(&mut self.instance, request).unwrap_or_else(|code| panic!("{request} gave {code}"))
    }

    pub fn err(&mut self, request: &Value) -> String {
        call(&mut self.instance, request).expect_err("the operation should have been refused")
    }

    pub fn state(&mut self) -> Value {
        self.ok(&json!({"do": "state"}))["state"].clone()
    }

    pub fn media_key(&mut self, leaf: u64) -> Result<Value, String> {
        call(&mut self.instance, &json!({"do": "media_key", "leaf": leaf}))
    }
}

/// The meeting, its gateway and everybody who ever had a seat.
pub struct World {
    pub meeting: String,
    pub call: String,
    pub incarnation: String,
    pub secret: String,
    pub host_key: String,
    pub host_hash: String,
    pub link_version: u32,
    pub signer: SeedKey,
    pub public: Instance,
    pub log: Vec<Value>,
    pub people: BTreeMap<String, Person>,
    pub spent: i64,
    pub reopened: Value,
    /// Keys of who was in the incarnation before when it ended, as the gateway keeps them.
    pub returning: Value,
    serial: u64,
}

impl World {
    pub fn new() -> Self {
        let meeting = id(1);
        let link = call(&mut Instance::default(), &json!({"do": "new_link", "meeting": meeting})).unwrap();
        Self {
            meeting,
            call: id(2),
            incarnation: id(3),
            secret: link["secret"].as_str().unwrap().to_owned(),
            host_key: link["host_key"].as_str().unwrap().to_owned(),
            host_hash: link["host_hash"].as_str().unwrap().to_owned(),
            link_version: 1,
            signer: SeedKey::new(&[9; 32]),
            public: Instance::default(),
            log: Vec::new(),
            people: BTreeMap::new(),
            spent: -1,
            reopened: Value::Null,
            returning: json!([]),
            serial: 100,
        }
    }

    pub fn attest(&self, participant: &str, key: &str, name: &str) -> (String, String) {
        self.attest_for(&self.meeting, &self.call, participant, key, name)
    }

    pub fn attest_for(&self, meeting: &str, call: &str, participant: &str, key: &str, name: &str) -> (String, String) {
        let text = format!(
            r#"{{"call":"{call}","key":"{key}","meeting":"{meeting}","name":"{name}","participant":"{participant}","role":"guest","v":1}}"#
        );
        let signature = b64(&self.signer.sign(&labelled_text("conclave/attestation/1", text.as_bytes())));
        (text, signature)
    }

    /// A person with a link and a seat, outside the group still. `identity` for a reload.
    pub fn person(&mut self, name: &str, host: bool, again: Option<(&str, &str)>) -> Person {
        let mut open = json!({"do": "open", "meeting": self.meeting, "secret": self.secret, "host_hash": self.host_hash});
        if host {
            open["host_key"] = json!(self.host_key);
        }
        if let Some((_, identity)) = again {
            open["identity"] = json!(identity);
        }
        self.serial += 1;
        let participant = again.map_or_else(|| id(self.serial), |(participant, _)| participant.to_owned());
        let mut instance = Instance::default();
        let opened = call(&mut instance, &open).unwrap();
        let key = opened["signature_key"].as_str().unwrap().to_owned();
        let mut person = Person {
            instance,
            participant: participant.clone(),
            key: key.clone(),
            identity: opened["identity"].as_str().unwrap().to_owned(),
            refused: Vec::new(),
            removed: false,
            cursor: 0,
            link: Value::Null,
        };
        self.seat(&mut person, name);
        person
    }

    pub fn seat(&self, person: &mut Person, name: &str) {
        let (attestation, signature) = self.attest(&person.participant, &person.key, name);
        let seated = json!({"do": "seated", "attestation": attestation, "attestation_signature": signature,
            "attestation_key": self.signer.public(), "link_version": self.link_version});
        person.ok(&seated);
    }

    /// A call whose creator is alone in it.
    pub fn started(host: bool) -> Self {
        let mut world = Self::new();
        let mut creator = world.person("Alice", host, None);
        let created = creator.ok(&json!({"do": "create", "incarnation": world.incarnation}));
        world.open_public(&created);
        world.people.insert("Alice".to_owned(), creator);
        world
    }

    pub fn open_public(&mut self, created: &Value) {
        let request = json!({"do": "public_open", "meeting": self.meeting, "call": self.call, "incarnation": self.incarnation,
            "attestation_key": self.signer.public(), "group_info": created["group_info"], "tree": created["tree"],
            "returning": self.returning});
        self.public = Instance::default();
        call(&mut self.public, &request).unwrap();
        self.reopened = request;
    }

    pub fn with(names: &[&str]) -> Self {
        let mut world = Self::started(true);
        world.join_all(names);
        world
    }

    pub fn get(&mut self, name: &str) -> &mut Person {
        self.people.get_mut(name).unwrap()
    }

    /// Appends to the log and feeds the gateway's public group.
    pub fn append(&mut self, entry: Value) -> i64 {
        let index = i64::try_from(self.log.len()).unwrap();
        let request = json!({"do": "public_entries", "from": index, "entries": [entry]});
        call(&mut self.public, &request).unwrap();
        self.log.push(entry);
        index
    }

    pub fn key_package(&mut self, person: &mut Person) -> Value {
        let made = person.ok(&json!({"do": "key_package", "incarnation": self.incarnation}));
        json!({"kind": "add", "participant": person.participant, "key_package": made["key_package"], "mac": made["mac"]})
    }

    pub fn announce(&mut self, name: &str) -> i64 {
        let mut person = self.person(name, false, None);
        let entry = self.key_package(&mut person);
        self.people.insert(name.to_owned(), person);
        self.append(entry)
    }

    pub fn announce_removal(&mut self, name: &str, reason: &str) -> i64 {
        let participant = self.people[name].participant.clone();
        self.append(json!({"kind": "remove", "participant": participant, "reason": reason}))
    }

    /// The named host changes the policy.
    pub fn change(&mut self, by: &str, changes: &Value) {
        let policy = self.get(by).ok(&json!({"do": "policy", "changes": changes}))["policy"].clone();
        let commit = self.commit(by, Some(&policy));
        self.deliver(&commit);
    }

    /// Alice's word, as a host, that somebody is to go; returns it.
    pub fn remove_by_host(&mut self, name: &str) -> Value {
        let participant = self.people[name].participant.clone();
        let by = self.get("Alice").ok(&json!({"do": "sign_remove", "participant": participant}));
        self.append(json!({"kind": "remove", "participant": participant, "reason": "removed", "by": by}));
        by
    }

    /// Covers as a lease would give it: the whole log.
    pub fn covers(&self) -> i64 {
        i64::try_from(self.log.len()).unwrap() - 1
    }

    /// The named member makes the commit for everything announced.
    pub fn commit(&mut self, by: &str, policy: Option<&Value>) -> Value {
        self.commit_up_to(self.covers(), by, policy)
    }

    /// The named member makes the commit for what was announced up to an index, as under a lease for part of a crowd (LOG-7).
    pub fn commit_up_to(&mut self, covers: i64, by: &str, policy: Option<&Value>) -> Value {
        self.everybody_reads();
        let mut request = json!({"do": "commit", "covers": covers});
        if let Some(policy) = policy {
            request["policy"] = policy.clone();
        }
        let mut commit = self.get(by).ok(&request);
        commit["covers"] = json!(covers);
        commit["participant"] = json!(self.people[by].participant);
        commit
    }

    /// The gateway checks and appends a commit, everybody reads it and joiners get their Welcomes.
    pub fn deliver(&mut self, commit: &Value) {
        self.stage(commit).expect("the gateway should accept this commit");
        self.accept(commit);
    }

    pub fn stage(&mut self, commit: &Value) -> Result<Value, String> {
        let request =
            json!({"do": "public_stage", "covers": commit["covers"], "commit": commit["commit"], "participant": commit["participant"]});
        call(&mut self.public, &request)
    }

    pub fn accept(&mut self, commit: &Value) {
        let index = i64::try_from(self.log.len()).unwrap();
        call(&mut self.public, &json!({"do": "public_merge", "index": index})).unwrap();
        self.spent = commit["covers"].as_i64().unwrap();
        self.log.push(json!({"kind": "commit", "participant": commit["participant"], "commit": commit["commit"]}));
        self.welcome(commit, index);
        self.everybody_reads();
    }

    pub fn welcome(&mut self, commit: &Value, index: i64) {
        let tree = call(&mut self.public, &json!({"do": "public_tree"})).unwrap()["tree"].clone();
        for part in commit["welcomes"].as_array().unwrap() {
            let join = json!({"do": "join", "incarnation": self.incarnation, "welcome": part["welcome"], "tree": tree,
                "covers": commit["covers"], "index": index});
            let covers = commit["covers"].as_i64().unwrap();
            let waiting = |person: &&mut Person| json!(person.participant) == part["participant"] && person.cursor == 0 && !person.removed;
            if let Some(person) = self.people.values_mut().find(waiting) {
                person.ok(&join);
                person.cursor = usize::try_from(covers + 1).unwrap();
            }
        }
    }

    /// Accepts a commit and gives the join request of the first joiner, who is not one of the people.
    pub fn deliver_to_stranger(&mut self, commit: &Value) -> Value {
        self.stage(commit).expect("the gateway should accept this commit");
        let index = i64::try_from(self.log.len()).unwrap();
        call(&mut self.public, &json!({"do": "public_merge", "index": index})).unwrap();
        self.spent = commit["covers"].as_i64().unwrap();
        self.log.push(json!({"kind": "commit", "participant": commit["participant"], "commit": commit["commit"]}));
        self.everybody_reads();
        let tree = call(&mut self.public, &json!({"do": "public_tree"})).unwrap()["tree"].clone();
        json!({"do": "join", "incarnation": self.incarnation, "welcome": commit["welcomes"][0]["welcome"], "tree": tree,
            "covers": commit["covers"], "index": index})
    }

    /// Somebody reloads the page: the same identity and participant, one commit by Alice replaces the leaf. Gives the old tab.
    pub fn reload(&mut self, name: &str) -> Person {
        let (participant, identity) = (self.people[name].participant.clone(), self.people[name].identity.clone());
        self.announce_removal(name, "replaced");
        let mut again = self.person(name, false, Some((&participant, &identity)));
        let entry = self.key_package(&mut again);
        self.append(entry);
        self.everybody_reads();
        let commit = self.commit("Alice", None);
        assert_eq!(commit["dropped"], json!([]));
        self.stage(&commit).unwrap();
        let index = self.log.len();
        let log_entry = json!({"kind": "commit", "participant": commit["participant"], "commit": commit["commit"]});
        let mut old = self.people.insert(name.to_owned(), again).unwrap();
        self.accept(&commit);
        assert_eq!(self.log[index], log_entry);
        let log = self.log.clone();
        read(&mut old, &log);
        old
    }

    /// Everybody in the group reads the log to its end.
    pub fn everybody_reads(&mut self) {
        let log = self.log.clone();
        for person in self.people.values_mut() {
            read(person, &log);
        }
    }

    pub fn join_all(&mut self, names: &[&str]) {
        for name in names {
            self.announce(name);
        }
        let commit = self.commit("Alice", None);
        assert_eq!(commit["dropped"], json!([]));
        self.deliver(&commit);
    }

    /// The codes of everybody who is in the group.
    pub fn codes(&mut self) -> Vec<String> {
        let inside = self.people.values_mut().filter(|person| !person.removed);
        inside
            .filter_map(|person| call(&mut person.instance, &json!({"do": "state"})).ok())
            .filter_map(|answer| answer["state"]["code"].as_str().map(str::to_owned))
            .collect()
    }

    pub fn assert_one_code(&mut self, members: usize) {
        let codes = self.codes();
        assert_eq!(codes.len(), members);
        assert!(codes.iter().all(|code| *code == codes[0] && code.len() == 30));
    }

    pub fn id(&self, text: &str) -> Id {
        Id::parse(text).unwrap()
    }
}

/// A member reads what it has not read; those without a group are left alone.
pub fn read(person: &mut Person, log: &[Value]) {
    if person.removed || person.cursor >= log.len() {
        return;
    }
    let request = json!({"do": "entries", "from": person.cursor, "entries": log[person.cursor..]});
    match call(&mut person.instance, &request) {
        Ok(answer) => {
            for event in answer["events"].as_array().unwrap() {
                if event["kind"] == "refused" {
                    person.refused.push(event["code"].as_str().unwrap().to_owned());
                }
                person.removed |= event["self_removed"] == true;
            }
            person.cursor = usize::try_from(answer["next"].as_i64().unwrap()).unwrap();
            if !answer["link"].is_null() {
                person.link = answer["link"].clone();
            }
        }
        Err(code) => assert_eq!(code, "wrong_state", "entries gave {code}"),
    }
}
