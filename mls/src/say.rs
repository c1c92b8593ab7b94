//! A member says and hears (docs/protocol/messages.md).

use openmls::prelude::{MlsMessageIn, OpenMlsRand as _, ProcessedMessageContent, ProtocolMessage, Sender};
use openmls_traits::OpenMlsProvider as _;
use serde_json::{Value, json};
use tls_codec::DeserializeBytes as _;

use crate::bytes::{Id, b64};
use crate::fault::{Fault, Outcome, from_library};
use crate::member::{Member, Own};
use crate::messages::{Moment, Said};
use crate::path::sealed_head;

impl Member {
    /// `seal`: a PrivateMessage whose authenticated data is the franking commitment.
    pub fn seal(&mut self, own: &Own, content: String) -> Outcome<Value> {
        self.check_usable()?;
        let frank_key = self.provider.rand().random_array().map_err(|_| Fault::new("internal", "no randomness"))?;
        let said = Said { frank_key, sequence: self.said, content };
        let plaintext = said.to_bytes()?;
        let epoch = self.group.epoch().as_u64();
        let moment = Moment { group_id: self.group.group_id().as_slice(), epoch, participant: &own.seat()?.participant };
        let commitment = said.commitment(&moment);
        self.group.set_aad(commitment.to_vec());
        let message = self
            .group
            .create_message(&self.provider, &own.keys, &plaintext)
            .map_err(from_library("internal", "the message could not be sealed"))?;
        let message = message.to_bytes().map_err(from_library("internal", "the message could not be written"))?;
        self.said += 1;
        Ok(json!({ "message": b64(&message) }))
    }

    /// `open_message` (SAY-1, SAY-2, SAY-3, SAY-5): a refused message changes nothing but its own ratchet step.
    pub fn open_message(&mut self, message: &[u8], participant: &Id) -> Outcome<Value> {
        self.check_usable()?;
        let head = sealed_head(message)?;
        if head.content_type != 1 || head.group_id != self.group.group_id().as_slice() {
            return Err(Fault::malformed("the message is not said in this group"));
        }
        self.check_age(head.epoch)?;
        let (leaf, plaintext) = self.decrypt(message)?;
        let seat = self.roster.at(openmls::prelude::LeafNodeIndex::new(leaf));
        // SAY-3: the leaf that spoke must be in the tree still; one that came later under its index is another.
        let seat = seat.filter(|seat| seat.since <= head.epoch).ok_or_else(|| Fault::new("left", "the sender has left"))?;
        if seat.participant != *participant {
            return Err(Fault::new("wrong_sender", "the message is not by whom the gateway says")); // SAY-2
        }
        let said = Said::read(&plaintext)?;
        let moment = Moment { group_id: &head.group_id, epoch: head.epoch, participant };
        said.check_commitment(&moment, &head.authenticated_data)?;
        Ok(json!({
            "participant": participant,
            "leaf": leaf,
            "sequence": said.sequence,
            "content": said.content,
            "frank_key": b64(&said.frank_key),
            "commitment": b64(&head.authenticated_data),
        }))
    }

    // SAY-3: the current epoch and the two before it.
    fn check_age(&self, epoch: u64) -> Outcome<()> {
        let now = self.group.epoch().as_u64();
        match now.checked_sub(epoch) {
            Some(0..=2) => Ok(()),
            Some(_) => Err(Fault::new("too_old", "the message is of an epoch long gone")),
            None => Err(Fault::new("too_new", "the message is of an epoch still to come")),
        }
    }

    fn decrypt(&mut self, message: &[u8]) -> Outcome<(u32, Vec<u8>)> {
        let message = MlsMessageIn::tls_deserialize_exact_bytes(message).map_err(|_| Fault::malformed("the message cannot be read"))?;
        let message: ProtocolMessage = message.try_into_protocol_message().map_err(|_| Fault::malformed("the message cannot be read"))?;
        let processed = self
            .group
            .process_message(&self.provider, message)
            .map_err(from_library("undecryptable", "the message cannot be decrypted"))?;
        let Sender::Member(leaf) = *processed.sender() else {
            return Err(Fault::new("undecryptable", "the message is not by a member"));
        };
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(plaintext) => Ok((leaf.u32(), plaintext.into_bytes())),
            ProcessedMessageContent::OwnPrivateMessage => Err(Fault::new("own_message", "the message is our own")),
            _ => Err(Fault::new("undecryptable", "the message is not something said")),
        }
    }
}
