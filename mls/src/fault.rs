//! The one error type of the crate: a stable code for programs, a sentence for people.

use std::fmt;

/// A refused or failed operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable, lower case, listed in `mls/README.md`.
    pub code: &'static str,
    /// Plain English; never holds a secret.
    pub message: String,
}

/// What every fallible function of this crate returns.
pub type Outcome<T> = Result<T, Fault>;

impl Fault {
    /// A fault with the given code and sentence.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A request, entry or message that is not what the protocol allows.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new("malformed", message)
    }

    /// The operation needs a state this instance is not in.
    pub fn state(message: impl Into<String>) -> Self {
        Self::new("wrong_state", message)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Fault {}

/// Turns a library error into a fault with the given code, keeping its text for the log.
pub fn from_library<E: fmt::Display>(code: &'static str, sentence: &'static str) -> impl Fn(E) -> Fault {
    move |error| Fault::new(code, format!("{sentence} ({error})"))
}
