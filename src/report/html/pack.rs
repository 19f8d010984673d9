//! Data in the page: JSON, deflated, in base64, which no markup can be in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use std::io::{self, BufWriter, IntoInnerError};

/// `value` as the page's script reads it.
pub fn pack(value: &impl Serialize) -> String {
    // A vector takes all, and our values have only strings as keys.
    deflated(value).map(|bytes| STANDARD.encode(bytes)).unwrap_or_default()
}

fn deflated(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
    // The encoder would be called for every bracket.
    let mut out = BufWriter::with_capacity(64 << 10, encoder);
    serde_json::to_writer(&mut out, value)?;
    out.into_inner().map_err(IntoInnerError::into_error)?.finish()
}

/// What [`pack`] packed.
#[cfg(test)]
pub fn unpack(packed: &str) -> serde_json::Value {
    use std::io::Read;
    let bytes = STANDARD.decode(packed).expect("it is base64");
    let mut text = String::new();
    let mut decoder = flate2::read::DeflateDecoder::new(bytes.as_slice());
    decoder.read_to_string(&mut text).expect("it is deflated");
    serde_json::from_str(&text).expect("it is JSON")
}
