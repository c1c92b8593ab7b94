//! The group's security code (mls/README.md): 30 digits of the epoch authenticator (RFC 9420 §8.7).

/// 6 groups of 5 digits; group i is bytes 5i…5i+4 as a big-endian number modulo 100 000.
pub fn security_code(epoch_authenticator: &[u8]) -> String {
    epoch_authenticator
        .chunks_exact(5)
        .take(6)
        .map(|group| group.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte)) % 100_000)
        .fold(String::with_capacity(30), |code, number| code + &format!("{number:05}"))
}
