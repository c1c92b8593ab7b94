//! Shared vectors of `tests/vectors/mls.json`; the Python and TypeScript tests read the same file.

use serde_json::Value;

use crate::bytes::{Id, b64, labelled_text, unb64, unb64_exact};
use crate::code::security_code;
use crate::keys::SeedKey;
use crate::link::{Link, hash_of_host, psk_id};
use crate::messages::{Moment, Said};

#[test]
fn the_shared_vectors_hold() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/mls.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = |section: &str, field: &str| vectors[section][field].as_str().unwrap().to_owned();
    let bytes = |section: &str, field: &str| unb64(&text(section, field)).unwrap();

    let meeting = Id::parse(&text("link", "meeting")).unwrap();
    let host = SeedKey::new(&unb64_exact(&text("link", "host_key")).unwrap());
    let link = Link::derive(&meeting, &unb64_exact(&text("link", "secret")).unwrap(), hash_of_host(&host.public()), None).unwrap();
    assert_eq!(b64(&link.link_id.0), text("link", "link_id"));
    assert_eq!(b64(&*link.psk), text("link", "psk"));
    assert_eq!(b64(&psk_id(7)), text("link", "psk_id_version_7"));
    assert_eq!(b64(&hash_of_host(&host.public()).0), text("link", "host_hash"));

    let (call, incarnation) = (Id::parse(&text("mac", "call")).unwrap(), Id::parse(&text("mac", "incarnation")).unwrap());
    assert_eq!(b64(&link.mac(&bytes("mac", "reference"), &call, &incarnation)), text("mac", "mac"));

    let signer = SeedKey::new(&unb64_exact(&text("attestation", "seed")).unwrap());
    assert_eq!(b64(&signer.public().0), text("attestation", "public"));
    let signed = labelled_text("conclave/attestation/1", text("attestation", "text").as_bytes());
    assert_eq!(b64(&signer.sign(&signed)), text("attestation", "signature"));

    let participant = Id::parse(&text("frank", "participant")).unwrap();
    let said = Said {
        frank_key: unb64_exact(&text("frank", "frank_key")).unwrap(),
        sequence: vectors["frank"]["sequence"].as_u64().unwrap(),
        content: text("frank", "content"),
    };
    let group_id = text("frank", "group_id");
    let epoch = vectors["frank"]["epoch"].as_u64().unwrap();
    let moment = Moment { group_id: group_id.as_bytes(), epoch, participant: &participant };
    assert_eq!(b64(&said.commitment(&moment)), text("frank", "commitment"));
    assert_eq!(b64(&said.to_bytes().unwrap()), text("frank", "plaintext"));

    let leaf = u32::try_from(vectors["media"]["leaf"].as_u64().unwrap()).unwrap();
    assert_eq!(b64(&crate::member::media_context(leaf, &participant)), text("media", "context"));
    assert_eq!(security_code(&bytes("code", "epoch_authenticator")), text("code", "code"));
}
