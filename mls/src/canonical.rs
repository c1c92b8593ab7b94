//! Canonical JSON: RFC 8785 restricted to objects, arrays, strings, booleans and integers below 2^53 (ENC-1).

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::fault::{Fault, Outcome};

const LARGEST: u64 = 1 << 53;

/// The canonical text of a value whose struct fields are declared in alphabetical order.
pub fn text<T: Serialize>(value: &T) -> Outcome<String> {
    serde_json::to_string(value).map_err(|_| Fault::new("internal", "a value could not be written as JSON"))
}

/// Reads a struct from canonical text (ENC-1): unknown or duplicate keys, floats and any other spelling are refused.
pub fn read<T: Serialize + DeserializeOwned>(source: &str) -> Outcome<T> {
    let value: T = serde_json::from_str(source).map_err(|error| Fault::malformed(format!("not the expected JSON: {error}")))?;
    if text(&value)? == source { Ok(value) } else { Err(Fault::malformed("JSON is not in its canonical form")) }
}

/// Checks that a text is one canonical JSON object with a text `kind` (SAY-1 is decided on the result).
pub fn check_content(source: &str) -> Outcome<()> {
    let value: Value = serde_json::from_str(source).map_err(|_| Fault::malformed("the content is not JSON"))?;
    if !value.get("kind").is_some_and(Value::is_string) {
        return Err(Fault::malformed("the content has no kind"));
    }
    check_value(&value)?;
    if text(&value)? == source { Ok(()) } else { Err(Fault::malformed("the content is not canonical JSON")) }
}

// serde_json keeps objects sorted by UTF-8 and RFC 8785 by UTF-16: they agree on ASCII keys, the only ones allowed.
fn check_value(value: &Value) -> Outcome<()> {
    match value {
        Value::String(_) | Value::Bool(_) => Ok(()),
        Value::Number(number) => match number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs)) {
            Some(size) if size < LARGEST => Ok(()),
            _ => Err(Fault::malformed("a number is not an integer below 2^53")),
        },
        Value::Array(items) => items.iter().try_for_each(check_value),
        Value::Object(map) => map
            .iter()
            .try_for_each(|(key, item)| if key.is_ascii() { check_value(item) } else { Err(Fault::malformed("a key is not ASCII")) }),
        Value::Null => Err(Fault::malformed("null is not allowed")),
    }
}
