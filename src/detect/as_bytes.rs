//! Lists of hashes as plain bytes: a number that uses all of its bits gains nothing from
//! an encoding of its own, and millions of them cost time.

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};
use std::fmt;

/// For `#[serde(with)]`.
pub fn serialize<S: Serializer>(hashes: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
    serializer.serialize_bytes(&bytes)
}

/// For `#[serde(with)]`.
///
/// # Errors
/// Where the number of bytes is no multiple of four.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    deserializer.deserialize_bytes(Hashes)
}

struct Hashes;

impl Visitor<'_> for Hashes {
    type Value = Vec<u32>;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("four bytes a hash")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u32>, E> {
        let (hashes, rest) = bytes.as_chunks();
        if !rest.is_empty() {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        Ok(hashes.iter().map(|hash| u32::from_le_bytes(*hash)).collect())
    }
}
