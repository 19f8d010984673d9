//! What tells one content from another.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// SHA-256 of bytes, in hexadecimal.
pub fn content_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
