//! Every parser that reads what others wrote, fed with bent copies of a kept corpus (`mls/fuzz-corpus`, a text of b64 a line) and of
//! live messages: each input is refused with a code of mls/README.md or read to what can be written back, none takes more memory than
//! a multiple of its length, none panics (a trap would stop a gateway's group). What once broke something is added to the corpus.
//!
//! The dice fall the same in every run; `CONCLAVE_FUZZ_SECONDS` rolls new ones for so long, all targets together.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use openmls_rust_crypto::RustCrypto;
use serde_json::{Value, json};
use tls_codec::Serialize as _;

use super::dice::Dice;
use super::forge::{RawKeyPackage, identity_of, random_point, sign_with_label, vl};
use super::heap::height;
use super::world::{World, call};
use crate::Instance;
use crate::bytes::{B64, Fixed, Id, Key, b64, labelled_text, unb64};
use crate::canonical;
use crate::identity::{Place, check_attestation};
use crate::key_package::{message_of, read_key_package};
use crate::keys::SeedKey;
use crate::last::Last;
use crate::messages::Said;
use crate::path::{commit_head, external_psk_id, sealed_head};
use crate::policy::Policy;

const TARGETS: u64 = 13;
/// What reading may take: JSON trees are some tens of bytes for each of the text's, a tree's keys are checked beside each other.
const MEMORY: (usize, usize) = (1 << 20, 200);

/// Inputs of one kind.
struct Corpus {
    name: &'static str,
    inputs: Vec<Vec<u8>>,
    text: bool,
}

impl Corpus {
    fn kept(name: &'static str, text: bool) -> Self {
        let path = format!("{}/fuzz-corpus/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let lines = std::fs::read_to_string(path).unwrap();
        let inputs: Vec<_> = lines.lines().map(|line| unb64(line).unwrap()).collect();
        assert!(!inputs.is_empty());
        Self { name, inputs, text }
    }

    fn live(name: &'static str, inputs: Vec<Vec<u8>>) -> Self {
        Self { name, inputs, text: false }
    }

    /// Feeds the inputs as they are, then `rounds` bent ones (or as many as the time allows, where a time is given).
    fn feed(&self, rounds: usize, mut eat: impl FnMut(&[u8])) {
        let mut taste = |input: &[u8]| {
            let (outcome, held) = height(|| catch_unwind(AssertUnwindSafe(|| eat(input))));
            assert!(outcome.is_ok(), "{} broke on {}", self.name, b64(input));
            let most = MEMORY.0 + MEMORY.1 * input.len();
            assert!(held <= most, "{} took {held} bytes for {} of input: {}", self.name, input.len(), b64(input));
        };
        self.inputs.iter().for_each(|input| taste(input));
        let seconds: Option<u64> = std::env::var("CONCLAVE_FUZZ_SECONDS").ok().map(|text| text.parse().unwrap());
        let seed = seconds.map_or(7, |_| u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap() | 1);
        let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds) / u32::try_from(TARGETS).unwrap());
        let mut dice = Dice(seed);
        let mut round = 0;
        while end.map_or(round < rounds, |end| Instant::now() < end) {
            let (input, other) = (&self.inputs[dice.roll(self.inputs.len())], &self.inputs[dice.roll(self.inputs.len())]);
            taste(&dice.bent(input, other, self.text));
            round += 1;
        }
        if end.is_some() {
            eprintln!("{}: {round} bent inputs, seed {seed}", self.name); // with --nocapture
        }
    }
}

/// The codes that mls/README.md lists.
fn codes() -> BTreeSet<String> {
    let page = include_str!("../../README.md");
    let table = page.split("## Codes").nth(1).unwrap().split("## Files").next().unwrap();
    table.lines().filter_map(|line| line.split('|').nth(1)).flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// The answer is `ok` or an error with a listed code.
fn is_answer(answer: &str, codes: &BTreeSet<String>) {
    let answer: Value = serde_json::from_str(answer).unwrap();
    assert!(answer.get("ok").is_some() || codes.contains(answer["error"]["code"].as_str().unwrap()), "{answer}");
}

#[test]
fn commits_are_read_as_they_are_written() {
    Corpus::kept("commit", false).feed(2_000_000, |input| {
        if let Ok(head) = commit_head(input) {
            let mut start = vec![0, 1, 0, 1];
            start.extend(vl(&head.group_id));
            start.extend(head.epoch.to_be_bytes());
            start.push(1);
            start.extend(head.sender.to_be_bytes());
            start.extend(vl(&head.covers.to_be_bytes()));
            start.push(3);
            assert!(input.starts_with(&start));
            assert!(head.node_keys.len() <= 40 && head.leaf_key.is_some() >= !head.node_keys.is_empty());
        }
    });
}

#[test]
fn sealed_messages_are_read_as_they_are_written() {
    Corpus::kept("sealed", false).feed(2_000_000, |input| {
        if let Ok(head) = sealed_head(input) {
            let mut start = vec![0, 1, 0, 2];
            start.extend(vl(&head.group_id));
            start.extend(head.epoch.to_be_bytes());
            start.push(head.content_type);
            start.extend(vl(&head.authenticated_data));
            assert!(input.starts_with(&start));
        }
        if let Ok(id) = external_psk_id(input) {
            assert_eq!(input.len(), 1 + vl(&id).len() + 33);
        }
    });
}

#[test]
fn texts_of_bytes_have_one_spelling() {
    Corpus::kept("b64", true).feed(600_000, |input| {
        let text = String::from_utf8_lossy(input);
        if let Ok(bytes) = unb64(&text) {
            assert_eq!(b64(&bytes), text);
        }
        if let Ok(id) = Id::parse(&text) {
            assert_eq!((id.as_str(), id.text().len()), (&*text, 22));
        }
        let quoted = serde_json::to_string(&text).unwrap();
        if let Ok(key) = serde_json::from_str::<Key>(&quoted) {
            assert_eq!(serde_json::to_string(&key).unwrap(), quoted);
        }
        if let Ok(bytes) = serde_json::from_str::<B64>(&quoted) {
            assert_eq!(serde_json::to_string(&bytes).unwrap(), quoted);
        }
    });
}

#[test]
fn policies_have_one_spelling() {
    let (meeting, call) = (Id::parse("AAAAAAAAAAAAAAAAAAAAAQ").unwrap(), Id::parse("AAAAAAAAAAAAAAAAAAAAAg").unwrap());
    Corpus::kept("policy", true).feed(1_000_000, |input| {
        if let Ok(policy) = Policy::read(input) {
            assert_eq!(policy.text().unwrap().as_bytes(), input);
            let _ = policy.check_chain(&crate::policy::Root::Seen(None), &meeting, &call);
            let _ = policy.check_change(&policy, &Fixed([1; 32]), &crate::policy::Root::Seen(None));
        }
    });
}

#[test]
fn canonical_texts_have_one_spelling() {
    let codes = codes();
    Corpus::kept("canonical", true).feed(1_000_000, |input| {
        let text = String::from_utf8_lossy(input);
        match canonical::check_content(&text) {
            Ok(()) => assert_eq!(serde_json::from_str::<Value>(&text).unwrap().to_string(), text),
            Err(fault) => assert!(codes.contains(fault.code)),
        }
        if let Ok(last) = canonical::read::<Last>(&text) {
            assert_eq!(last.text().unwrap(), text);
        }
        let plaintext = [&[1; 40], input].concat();
        if let Ok(said) = Said::read(&plaintext) {
            assert_eq!(said.to_bytes().unwrap(), plaintext);
        }
    });
}

#[test]
fn attestations_by_the_gateways_own_key_are_read_strictly() {
    let (codes, signer) = (codes(), SeedKey::new(&[9; 32]));
    let id = |last: &str| Id::parse(&format!("AAAAAAAAAAAAAAAAAAAAA{last}")).unwrap();
    let place = Place { meeting: id("Q"), call: id("g"), attestation_key: signer.public() };
    Corpus::kept("attestation", true).feed(40_000, |input| {
        let text = String::from_utf8_lossy(input);
        let signature = signer.sign(&labelled_text("conclave/attestation/1", text.as_bytes()));
        match check_attestation(&place, &text, &signature) {
            Ok(read) => assert_eq!(canonical::text(&read).unwrap(), text),
            Err(fault) => assert!(codes.contains(fault.code)),
        }
    });
}

#[test]
fn requests_are_answered_whatever_they_are() {
    let codes = codes();
    let mut member = Instance::default();
    Corpus::kept("request", true).feed(400_000, |input| {
        is_answer(&Instance::default().call(input), &codes);
        is_answer(&member.call(input), &codes); // one that has taken all the others before
    });
}

#[test]
fn key_packages_are_read_as_they_are_written() {
    let crypto = RustCrypto::default();
    let inputs = (1..4).map(|seed| RawKeyPackage::good(seed, vec![seed; 100]).bytes(&SeedKey::new(&[seed; 32]))).collect();
    let mut read = 0;
    Corpus::live("key_package", inputs).feed(100_000, |input| {
        if let Ok(key_package) = read_key_package(&crypto, input) {
            assert_eq!(message_of(&key_package).unwrap(), input);
            read += 1;
        }
    });
    assert!(read >= 3);
}

/// A KeyPackage whose leaf or whose outside was bent before its owner signed it.
fn bent_key_package(signer: &SeedKey, credential: &[u8], dice: &mut Dice) -> Vec<u8> {
    let raw = RawKeyPackage { encryption: random_point(dice.roll(250).try_into().unwrap()), ..RawKeyPackage::good(1, credential.to_vec()) };
    let good = raw.bytes(signer);
    // version, format | version, suite, init key | leaf | signature | extensions | signature
    let (head, leaf) = (good[4..8 + 33].to_vec(), good[8 + 33..good.len() - 66 - 1 - 66].to_vec());
    let (bends_leaf, bends_head) = (dice.roll(3) > 0, dice.roll(3) == 0);
    let mut leaf = if bends_leaf { dice.bent(&leaf, &good, false) } else { leaf };
    leaf.extend(vl(&sign_with_label(signer, "LeafNodeTBS", &leaf)));
    let mut package = if bends_head { dice.bent(&head, &good, false) } else { head };
    package.extend(leaf);
    package.push(0);
    package.extend(vl(&sign_with_label(signer, "KeyPackageTBS", &package)));
    [vec![0, 1, 0, 5], package].concat()
}

#[test]
fn key_packages_that_their_owners_bend_and_sign_are_answered() {
    let (codes, world, signer) = (codes(), World::started(true), SeedKey::new(&[3; 32]));
    let participant = super::world::id(77);
    let (text, signature) = world.attest(&participant, &b64(&signer.public().0), "Mallory");
    let credential = identity_of(&text, &signature).clone();
    let seeds = (0..8_u8).map(|seed| vec![seed; 8]).collect();
    Corpus::live("signed_key_package", seeds).feed(20_000, |input| {
        let mut dice = Dice(input.iter().fold(1, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(*byte))) | 1);
        let bytes = bent_key_package(&signer, &credential, &mut dice);
        let request = json!({"do": "public_key_package", "incarnation": world.incarnation, "key_package": b64(&bytes),
            "participant": participant, "attestation_key": world.signer.public(), "meeting": world.meeting, "call": world.call});
        is_answer(&Instance::default().call(request.to_string().as_bytes()), &codes);
    });
}

/// The request with the bytes as one b64 field.
fn with(request: &Value, field: &str, bytes: &[u8]) -> Value {
    let mut bent = request.clone();
    bent[field] = json!(b64(bytes));
    bent
}

fn field(request: &Value, field: &str) -> Vec<u8> {
    unb64(request[field].as_str().unwrap()).unwrap()
}

#[test]
fn groups_trees_and_welcomes_are_answered() {
    let mut world = World::with(&["Bob", "Carol"]);
    world.announce("Dave");
    let commit = world.commit("Bob", None);
    let mut dave = world.people.remove("Dave").unwrap();
    let join = world.deliver_to_stranger(&commit);
    for name in ["group_info", "tree"] {
        Corpus::live("public_open", vec![field(&world.reopened, name)]).feed(8_000, |input| {
            let _ = call(&mut Instance::default(), &with(&world.reopened, name, input));
        });
    }
    for name in ["welcome", "tree"] {
        let good = field(&join, name);
        Corpus::live("join", vec![good.clone()]).feed(8_000, |input| {
            if input != good {
                assert!(call(&mut dave.instance, &with(&join, name, input)).is_err());
            }
        });
    }
    dave.ok(&join);
}

#[test]
fn groups_that_their_creators_bend_and_sign_are_answered() {
    let (codes, mut world) = (codes(), World::started(true));
    let good = field(&world.reopened.clone(), "group_info");
    let body = good[4..good.len() - 66].to_vec(); // the signature comes last
    let request = world.reopened.clone();
    let (own, _) = world.get("Alice").instance.parts();
    let keys = SeedKey::new(&own.keys.seed());
    Corpus::live("signed_group_info", vec![body]).feed(40_000, |input| {
        let signature = vl(&sign_with_label(&keys, "GroupInfoTBS", input));
        let bytes = [&[0, 1, 0, 4], input, &signature].concat();
        is_answer(&Instance::default().call(with(&request, "group_info", &bytes).to_string().as_bytes()), &codes);
    });
}

#[test]
fn commits_and_messages_are_answered() {
    let mut world = World::with(&["Bob", "Carol"]);
    world.announce_removal("Carol", "left");
    world.announce("Dave");
    let commit = world.commit("Bob", None);
    let message = world.get("Bob").ok(&json!({"do": "seal", "content": r#"{"kind":"hand","up":false}"#}))["message"].clone();
    let bob = world.people["Bob"].participant.clone();
    let from = world.log.len();
    let stage = json!({"do": "public_stage", "covers": commit["covers"], "commit": commit["commit"], "participant": bob});
    let open = json!({"do": "open_message", "message": message, "participant": bob});
    let good = field(&stage, "commit");
    Corpus::live("stage", vec![good.clone()]).feed(12_000, |input| {
        if call(&mut world.public, &with(&stage, "commit", input)).is_ok() {
            call(&mut world.public, &json!({"do": "public_discard"})).unwrap(); // only the two tags may differ
        }
        if input != good {
            let entry = with(&json!({"kind": "commit", "participant": bob, "commit": ""}), "commit", input);
            let answer = world.get("Alice").ok(&json!({"do": "entries", "from": from, "entries": [entry]}));
            assert_eq!(answer["events"][0]["kind"], "refused");
        }
    });
    let sealed = field(&open, "message");
    Corpus::live("open_message", vec![sealed.clone()]).feed(30_000, |input| {
        let _ = call(&mut Instance::default(), &with(&json!({"do": "message_header", "message": ""}), "message", input));
        if input != sealed {
            let _ = call(&mut world.get("Alice").instance, &with(&open, "message", input));
        }
    });
    world.get("Alice").ok(&open);
    world.deliver(&commit);
    world.assert_one_code(3);
}

#[test]
fn commits_that_their_committers_bend_and_sign_are_answered() {
    let codes = codes();
    let mut world = World::with(&["Bob", "Carol"]);
    world.announce_removal("Carol", "left");
    world.announce("Dave");
    let commit = world.commit("Bob", None);
    let bob = world.people["Bob"].participant.clone();
    let stage = json!({"do": "public_stage", "covers": commit["covers"], "commit": commit["commit"], "participant": bob});
    let good = field(&stage, "commit");
    // version, format | content | signature | confirmation tag | membership tag
    let (content, tags) = good[4..].split_at(good.len() - 4 - 66 - 33 - 33);
    let (own, member) = world.get("Bob").instance.parts();
    let keys = SeedKey::new(&own.keys.seed());
    let context = member.group.public_group().group_context().tls_serialize_detached().unwrap();
    let before = call(&mut world.public, &json!({"do": "public_tree"})).unwrap();
    Corpus::live("signed_commit", vec![content.to_vec()]).feed(40_000, |input| {
        let signed = sign_with_label(&keys, "FramedContentTBS", &[&[0, 1, 0, 1], input, &context].concat());
        let bytes = [&[0, 1, 0, 1], input, &vl(&signed), &tags[66..]].concat();
        is_answer(&world.public.call(with(&stage, "commit", &bytes).to_string().as_bytes()), &codes);
        call(&mut world.public, &json!({"do": "public_discard"})).unwrap();
    });
    assert_eq!(call(&mut world.public, &json!({"do": "public_tree"})).unwrap(), before);
    world.deliver(&commit);
    world.assert_one_code(3);
}
