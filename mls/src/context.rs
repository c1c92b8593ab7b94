//! What a GroupContext and a GroupInfo of ours hold, and how they are written (policy.md, delivery.md).

use openmls::ciphersuite::signable::{Signable, SignatureError, SignedStruct};
use openmls::ciphersuite::signature::Signature;
use openmls::group::MlsGroup;
use openmls::prelude::{
    CredentialType, Extension, ExtensionType, Extensions, GroupContext, RequiredCapabilitiesExtension, UnknownExtension,
};
use tls_codec::Serialize as _;

use crate::fault::{Fault, Outcome, from_library};
use crate::keys::SeedKey;
use crate::policy::{EXTENSION, Policy};

/// The GroupContext extensions: the policy, and that every leaf must know it.
pub fn extensions(policy: &Policy) -> Outcome<Extensions<GroupContext>> {
    let required = RequiredCapabilitiesExtension::new(&[ExtensionType::Unknown(EXTENSION)], &[], &[CredentialType::Basic]);
    let ours = Extension::Unknown(EXTENSION, UnknownExtension(policy.text()?.into_bytes()));
    Extensions::from_vec(vec![Extension::RequiredCapabilities(required), ours])
        .map_err(from_library("internal", "the group's extensions could not be written"))
}

/// Reads the policy; any extension but the two of ours, or another RequiredCapabilities, is refused (POL-2).
pub fn read_policy(found: &Extensions<GroupContext>) -> Outcome<Policy> {
    let bytes = found.unknown(EXTENSION).ok_or_else(|| Fault::new("bad_policy", "the group has no policy"))?;
    let policy = Policy::read(&bytes.0)?;
    if *found != extensions(&policy)? {
        return Err(Fault::new("bad_policy", "the group holds other extensions than the policy"));
    }
    Ok(policy)
}

/// An MLSMessage(GroupInfo) without `external_pub` and without the tree: the library always adds the former.
pub fn group_info(group: &MlsGroup, signer: &SeedKey) -> Outcome<Vec<u8>> {
    let wrong = |_| Fault::new("internal", "the GroupInfo could not be written");
    let context = group.public_group().group_context();
    let mut payload = context.tls_serialize_detached().map_err(wrong)?;
    payload.push(0); // extensions<V>: none
    payload.extend(group.confirmation_tag().tls_serialize_detached().map_err(wrong)?);
    payload.extend(group.own_leaf_index().u32().to_be_bytes());
    let signed = Unsigned(payload).sign(signer).map_err(|_: SignatureError| Fault::new("internal", "the GroupInfo could not be signed"))?;
    let mut message = vec![0, 1, 0, 4]; // MLS 1.0, mls_group_info
    message.extend(signed.payload);
    message.extend(signed.signature.tls_serialize_detached().map_err(wrong)?);
    Ok(message)
}

/// GroupInfoTBS (RFC 9420 §12.4.3) as bytes.
struct Unsigned(Vec<u8>);

struct Signed {
    payload: Vec<u8>,
    signature: Signature,
}

impl Signable for Unsigned {
    type SignedOutput = Signed;

    fn unsigned_payload(&self) -> Result<Vec<u8>, tls_codec::Error> {
        Ok(self.0.clone())
    }

    fn label(&self) -> &'static str {
        "GroupInfoTBS"
    }
}

impl SignedStruct<Unsigned> for Signed {
    fn from_payload(_: Unsigned, signature: Signature, payload: Vec<u8>) -> Self {
        Self { payload, signature }
    }
}
