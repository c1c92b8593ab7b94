//! A bounded reader of the parts of MLS messages the library does not show (RFC 9420 §2.1.2, §6, §7.6, §12.4).
//!
//! It decides nothing about validity: the library parses and checks the same bytes again.

use crate::fault::{Fault, Outcome};

const MOST_PROPOSALS: usize = 4096;
const MOST_NODES: usize = 40;

/// What a commit framed as PublicMessage says before anything is verified.
#[derive(Debug)]
pub struct CommitHead {
    /// The group it is for.
    pub group_id: Vec<u8>,
    /// The epoch it was made in.
    pub epoch: u64,
    /// The committer's leaf; a sender that is not a member is refused here (POL-6).
    pub sender: u32,
    /// The log index it covers (delivery.md).
    pub covers: i64,
    /// Encryption key of the new leaf, if there is a path.
    pub leaf_key: Option<Vec<u8>>,
    /// Encryption keys of the path's nodes.
    pub node_keys: Vec<Vec<u8>>,
}

/// The outside of a PrivateMessage.
#[derive(Debug)]
pub struct SealedHead {
    /// The group it is for.
    pub group_id: Vec<u8>,
    /// Its epoch.
    pub epoch: u64,
    /// 1 application, 2 proposal, 3 commit.
    pub content_type: u8,
    /// The franking commitment (messages.md).
    pub authenticated_data: Vec<u8>,
}

/// covers as authenticated_data: 8 bytes big-endian, two's complement; −1 while nothing was announced.
pub fn covers_bytes(covers: i64) -> [u8; 8] {
    covers.to_be_bytes()
}

/// Reads an MLSMessage(PublicMessage(Commit)); every other message is refused (POL-6).
pub fn commit_head(bytes: &[u8]) -> Outcome<CommitHead> {
    let mut at = Reader(bytes);
    at.framing(1)?;
    let group_id = at.opaque()?.to_vec();
    let epoch = at.u64()?;
    if at.u8()? != 1 {
        return Err(Fault::new("external_commit", "a commit must come from a member"));
    }
    let sender = at.u32()?;
    let data: [u8; 8] =
        at.opaque()?.try_into().map_err(|_| Fault::new("bad_commit", "a commit's authenticated data must be its covers"))?;
    if at.u8()? != 3 {
        return Err(Fault::new("bad_commit", "the message is not a commit"));
    }
    check_by_value(at.opaque()?)?;
    let (leaf_key, node_keys) = path(&mut at)?;
    Ok(CommitHead { group_id, epoch, sender, covers: i64::from_be_bytes(data), leaf_key, node_keys })
}

/// Reads the outside of an MLSMessage(PrivateMessage).
pub fn sealed_head(bytes: &[u8]) -> Outcome<SealedHead> {
    let mut at = Reader(bytes);
    at.framing(2)?;
    let group_id = at.opaque()?.to_vec();
    let epoch = at.u64()?;
    let content_type = at.u8()?;
    let authenticated_data = at.opaque()?.to_vec();
    at.opaque()?;
    at.opaque()?;
    at.end()?;
    Ok(SealedHead { group_id, epoch, content_type, authenticated_data })
}

/// The id in a serialised PreSharedKey proposal, if it is an external PSK with a 32-byte nonce (POL-9).
pub fn external_psk_id(proposal: &[u8]) -> Outcome<Vec<u8>> {
    let mut at = Reader(proposal);
    if at.u8()? != 1 {
        return Err(Fault::new("wrong_psk", "a commit may only carry the link's external PSK"));
    }
    let id = at.opaque()?.to_vec();
    if at.opaque()?.len() != 32 {
        return Err(Fault::new("wrong_psk", "a PSK nonce must be 32 bytes"));
    }
    at.end()?;
    Ok(id)
}

// POL-6: only by-value proposals. Their length is not in the encoding, so only the first kind byte can be read here;
// a reference further on cannot resolve, because members never keep standalone proposals.
fn check_by_value(proposals: &[u8]) -> Outcome<()> {
    if proposals.len() > MOST_PROPOSALS * 4096 {
        return Err(Fault::new("bad_commit", "a commit is too large"));
    }
    match proposals.first() {
        None | Some(1) => Ok(()),
        Some(_) => Err(Fault::new("bad_proposal", "a commit must hold its proposals by value")),
    }
}

/// The key of the path's leaf and those of its nodes.
type PathKeys = (Option<Vec<u8>>, Vec<Vec<u8>>);

fn path(at: &mut Reader<'_>) -> Outcome<PathKeys> {
    match at.u8()? {
        0 => return Ok((None, Vec::new())),
        1 => {}
        _ => return Err(Reader::broken()),
    }
    let leaf_key = at.opaque()?.to_vec();
    at.skip_leaf_tail()?;
    let mut nodes = Reader(at.opaque()?);
    let mut keys = Vec::new();
    while !nodes.0.is_empty() {
        if keys.len() == MOST_NODES {
            return Err(Fault::new("bad_commit", "a path is too long"));
        }
        keys.push(nodes.opaque()?.to_vec());
        nodes.opaque()?;
    }
    Ok((Some(leaf_key), keys))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn broken() -> Fault {
        Fault::malformed("an MLS message is cut or not well formed")
    }

    fn take(&mut self, length: usize) -> Outcome<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length).ok_or_else(Self::broken)?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| Self::broken())
    }

    fn u8(&mut self) -> Outcome<u8> {
        self.array().map(|[byte]: [u8; 1]| byte)
    }

    fn u16(&mut self) -> Outcome<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Outcome<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Outcome<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// RFC 9420 §2.1.2: the two top bits give the width; the shortest form is required.
    fn length(&mut self) -> Outcome<usize> {
        let first = self.u8()?;
        let head = u32::from(first & 0x3f);
        let (value, least) = match first >> 6 {
            0 => (head, 0),
            1 => (head << 8 | u32::from(self.u8()?), 0x40),
            2 => {
                let [a, b, c] = self.array()?;
                (head << 24 | u32::from(a) << 16 | u32::from(b) << 8 | u32::from(c), 0x4000)
            }
            _ => return Err(Self::broken()),
        };
        if value < least {
            return Err(Self::broken());
        }
        usize::try_from(value).map_err(|_| Self::broken())
    }

    /// `opaque x<V>`.
    fn opaque(&mut self) -> Outcome<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    /// MLS 1.0 and the given wire format.
    fn framing(&mut self, wire_format: u16) -> Outcome<()> {
        if self.u16()? != 1 || self.u16()? != wire_format {
            return Err(Fault::malformed("the message is not of the expected kind"));
        }
        Ok(())
    }

    /// What follows the encryption key in the LeafNode of a path (RFC 9420 §7.2): signature key … signature.
    fn skip_leaf_tail(&mut self) -> Outcome<()> {
        self.opaque()?;
        if self.u16()? != 1 {
            return Err(Fault::new("bad_leaf", "a leaf must hold a basic credential"));
        }
        self.opaque()?;
        for _ in 0..5 {
            self.opaque()?;
        }
        if self.u8()? != 3 {
            return Err(Fault::new("bad_leaf", "a path's leaf must come from a commit"));
        }
        for _ in 0..3 {
            self.opaque()?;
        }
        Ok(())
    }

    fn end(&self) -> Outcome<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Self::broken()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_their_shortest_form_only() {
        assert_eq!(Reader(&[0x3f]).length(), Ok(63));
        assert_eq!(Reader(&[0x40, 0x40]).length(), Ok(64));
        assert!(Reader(&[0x40, 0x3f]).length().is_err());
        assert_eq!(Reader(&[0x80, 0, 0x40, 0]).length(), Ok(0x4000));
        assert!(Reader(&[0x80, 0, 0x3f, 0xff]).length().is_err());
        assert!(Reader(&[0xc0, 0, 0, 0]).length().is_err());
    }

    #[test]
    fn garbage_is_refused_without_a_panic() {
        for length in 0..64 {
            assert!(commit_head(&vec![0x40; length]).is_err());
            assert!(sealed_head(&vec![0xff; length]).is_err());
        }
    }
}
