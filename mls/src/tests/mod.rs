//! The rules, each tried by a small world of members and a gateway.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::unused_self,
    missing_docs
)]

mod additions;
mod attendance;
mod calls;
mod churn;
mod commits;
mod dice;
mod forge;
mod fuzz;
mod heap;
mod incarnations;
mod joining;
mod links;
mod other;
mod passive;
mod policies;
mod rights;
mod sayings;
mod vectors;
mod world;
mod wycheproof;
