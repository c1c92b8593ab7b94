//! A KeyPackage on its own: what can be checked of it without a group (POL-11, POL-14).

use openmls::prelude::{KeyPackage, KeyPackageIn, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut, OpenMlsCrypto, ProtocolVersion};
use tls_codec::DeserializeBytes as _;

use crate::fault::{Fault, Outcome, from_library};
use crate::tree::{SUITE, check_leaf};

/// An MLSMessage(KeyPackage) of suite 1 and MLS 1.0, valid by RFC 9420 §10.1 at the host's time (POL-14).
pub fn read_key_package(crypto: &impl OpenMlsCrypto, bytes: &[u8]) -> Outcome<KeyPackage> {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| bad_key_package("cannot be read"))?;
    let MlsMessageBodyIn::KeyPackage(unchecked) = message.extract() else {
        return Err(bad_key_package("is another kind of message"));
    };
    let unchecked: KeyPackageIn = unchecked;
    let key_package =
        unchecked.validate(crypto, ProtocolVersion::Mls10).map_err(from_library("bad_key_package", "a KeyPackage is not valid"))?;
    check_key_package(&key_package)?;
    Ok(key_package)
}

/// POL-14: what a KeyPackage must be like beyond being valid, for one that the library has validated.
pub fn check_key_package(key_package: &KeyPackage) -> Outcome<()> {
    if key_package.ciphersuite() != SUITE {
        return Err(bad_key_package("is of another cipher suite"));
    }
    if key_package.extensions().iter().next().is_some() {
        return Err(bad_key_package("carries an extension"));
    }
    if !key_package.life_time().has_acceptable_range() {
        return Err(bad_key_package("lives too long"));
    }
    check_leaf(key_package.leaf_node()).map(|_| ())
}

/// MLSMessage(KeyPackage), as it is announced.
pub fn message_of(key_package: &KeyPackage) -> Outcome<Vec<u8>> {
    MlsMessageOut::from(key_package.clone()).to_bytes().map_err(from_library("internal", "a KeyPackage could not be written"))
}

/// KeyPackageRef (RFC 9420 §5.2).
pub fn reference_of(crypto: &impl OpenMlsCrypto, key_package: &KeyPackage) -> Outcome<Vec<u8>> {
    let reference = key_package.hash_ref(crypto).map_err(from_library("internal", "a KeyPackage could not be hashed"))?;
    Ok(reference.as_slice().to_vec())
}

fn bad_key_package(what: &str) -> Fault {
    Fault::new("bad_key_package", format!("a KeyPackage {what}"))
}
