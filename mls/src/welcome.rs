//! One Welcome per joiner, with nothing but its own EncryptedGroupSecrets (delivery.md, "Join"; RFC 9420 §12.4.3.1).

use openmls::prelude::Welcome;
use tls_codec::{Serialize as _, VLBytes};

use crate::fault::{Fault, Outcome};

/// The joiners' parts, in the order of `references`, each an MLSMessage(Welcome).
pub fn parts(welcome: &Welcome, references: &[&[u8]]) -> Outcome<Vec<Vec<u8>>> {
    let group_info = encrypted_group_info(welcome)?;
    references.iter().map(|reference| part(welcome, reference, &group_info)).collect()
}

fn part(welcome: &Welcome, reference: &[u8], group_info: &[u8]) -> Outcome<Vec<u8>> {
    let own = welcome.secrets().iter().find(|secrets| secrets.new_member().as_slice() == reference);
    let own = own.ok_or_else(|| Fault::new("internal", "a Welcome lacks the secrets of a joiner"))?;
    let secrets = VLBytes::new(own.tls_serialize_detached().map_err(unwritten)?);
    let mut message = vec![0, 1, 0, 3]; // MLS 1.0, mls_welcome
    message.extend(welcome.ciphersuite().tls_serialize_detached().map_err(unwritten)?);
    message.extend(secrets.tls_serialize_detached().map_err(unwritten)?);
    message.extend(group_info);
    Ok(message)
}

/// The library keeps `encrypted_group_info<V>` to itself: it is what follows suite and secrets in the encoding.
fn encrypted_group_info(welcome: &Welcome) -> Outcome<Vec<u8>> {
    let whole = welcome.tls_serialize_detached().map_err(unwritten)?;
    let secrets = welcome.secrets().tls_serialize_detached().map_err(unwritten)?;
    whole.get(2 + secrets.len()..).map(<[u8]>::to_vec).ok_or_else(|| Fault::new("internal", "a Welcome is cut"))
}

fn unwritten(_: tls_codec::Error) -> Fault {
    Fault::new("internal", "a Welcome could not be written")
}
