//! Wycheproof's cases for what this crate computes with (tests/vectors/wycheproof/): our own calls and those of the library's provider.

use hpke_rs_crypto::{HpkeCrypto as _, types::KemAlgorithm};
use hpke_rs_rust_crypto::HpkeRustCrypto;
use openmls_rust_crypto::RustCrypto;
use openmls_traits::crypto::OpenMlsCrypto as _;
use openmls_traits::types::{AeadType, HashType, SignatureScheme};
use serde_json::Value;

use crate::bytes::{Fixed, hmac_matches, hmac_sha256};
use crate::keys::{check_hpke_key, verify};

/// The cases of a file, at least as many as were copied.
fn cases(name: &str, count: usize) -> Vec<Value> {
    let path = format!("{}/../tests/vectors/wycheproof/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = file["tests"].as_array().unwrap().clone();
    assert_eq!(cases.len(), count);
    cases
}

fn bytes(case: &Value, field: &str) -> Vec<u8> {
    unhex(case[field].as_str().unwrap())
}

pub fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

#[test]
fn aes_128_gcm_is_right() {
    let crypto = RustCrypto::default();
    for case in cases("aes_gcm", 133).iter().filter(|case| bytes(case, "key").len() == 16) {
        let [key, iv, aad, msg] = ["key", "iv", "aad", "msg"].map(|field| bytes(case, field));
        let sealed = [bytes(case, "ct"), bytes(case, "tag")].concat();
        let opened = crypto.aead_decrypt(AeadType::Aes128Gcm, &key, &sealed, &iv, &aad);
        assert_eq!(opened.ok(), case["valid"].as_bool().unwrap().then_some(msg.clone()), "{case}");
        let made = crypto.aead_encrypt(AeadType::Aes128Gcm, &key, &msg, &iv, &aad).unwrap();
        assert_eq!(made == sealed, case["valid"], "{case}");
    }
}

#[test]
fn hkdf_sha_256_is_right() {
    let crypto = RustCrypto::default();
    for case in cases("hkdf_sha256", 86) {
        let [ikm, salt, info] = ["ikm", "salt", "info"].map(|field| bytes(&case, field));
        let size = usize::try_from(case["size"].as_u64().unwrap()).unwrap();
        let expected = case["valid"].as_bool().unwrap().then(|| bytes(&case, "okm"));
        let prk = crypto.hkdf_extract(HashType::Sha2_256, &salt, &ikm).unwrap();
        let theirs = crypto.hkdf_expand(HashType::Sha2_256, prk.as_slice(), &info, size).ok();
        assert_eq!(theirs.map(|okm| okm.as_slice().to_vec()), expected, "{case}");
        let mut ours = vec![0; size];
        let made = hkdf::Hkdf::<sha2::Sha256>::new(Some(&salt), &ikm).expand(&info, &mut ours); // as in link.rs
        assert_eq!(made.ok().map(|()| ours), expected, "{case}");
    }
}

#[test]
fn hmac_sha_256_is_right() {
    let crypto = RustCrypto::default();
    for case in cases("hmac_sha256", 87) {
        let [key, msg, tag] = ["key", "msg", "tag"].map(|field| bytes(&case, field));
        assert_eq!(hmac_matches(&key, &msg, &tag), case["valid"], "{case}");
        assert_eq!(hmac_sha256(&key, &msg).as_slice() == tag, case["valid"], "{case}");
        assert_eq!(crypto.hmac(HashType::Sha2_256, &key, &msg).unwrap().as_slice() == tag, case["valid"], "{case}");
        assert!(!hmac_matches(&key, &msg, &tag[..16]), "a cut tag is none: {case}");
    }
}

#[test]
fn x25519_is_right_and_keys_without_a_secret_are_refused() {
    for case in cases("x25519", 518) {
        let [public, private, shared] = ["public", "private", "shared"].map(|field| bytes(&case, field));
        let (zero, odd) = (case["zero"] == true, case["noncanonical"] == true);
        let found = HpkeRustCrypto::dh(KemAlgorithm::DhKem25519, &public, &private);
        assert_eq!(found.ok(), (!zero).then_some(shared), "{case}");
        assert_eq!(check_hpke_key(&public).is_err(), zero || odd, "POL-11: {case}");
    }
}

#[test]
fn ed25519_is_right() {
    let crypto = RustCrypto::default();
    for case in cases("ed25519", 151) {
        let [key, msg, signature] = ["key", "msg", "sig"].map(|field| bytes(&case, field));
        assert_eq!(verify(&Fixed(key.as_slice().try_into().unwrap()), &msg, &signature), case["valid"], "{case}");
        assert_eq!(crypto.verify_signature(SignatureScheme::ED25519, &msg, &key, &signature).is_ok(), case["valid"], "{case}");
    }
}
