//! Conclave's end-to-end encryption core: one MLS group per incarnation of a call (OpenMLS), our group policy,
//! and the byte ABI of `mls/README.md`. Specification: `docs/protocol/`.
#![deny(unsafe_code)]

mod abi;
mod attendance;
pub mod bytes;
pub mod canonical;
pub mod code;
mod commit;
mod contents;
mod context;
mod entries;
pub mod fault;
mod hosting;
pub mod identity;
mod instance;
mod join;
mod key_package;
pub mod keys;
mod last;
pub mod link;
mod log;
mod member;
mod messages;
pub mod path;
pub mod policy;
mod public;
pub mod rights;
mod roster;
mod rules;
mod say;
mod sealed;
mod store;
#[cfg(test)]
mod tests;
mod tree;
mod welcome;
mod wire;
mod words;

pub use instance::Instance;
