//! Runtime code as artifacts have it, and where the code of a proxy is.

use std::collections::BTreeMap;
use std::ops::Range;

use alloy_primitives::{Address, hex};
use serde::Deserialize;

/// Digits that stand for the address of a library: `__$..$__`.
const PLACEHOLDER_DIGITS: usize = 40;

/// Code of an artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    bytes: Vec<u8>,
    /// Ranges that match anything, in order.
    holes: Vec<Range<usize>>,
}

/// The code of an artifact, in forge's form or as a string.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum CodeFile {
    Text(String),
    #[serde(rename_all = "camelCase")]
    Object {
        object: String,
        #[serde(default)]
        immutable_references: BTreeMap<String, Vec<HoleFile>>,
    },
}

/// Where an immutable is.
#[derive(Debug, Deserialize)]
pub(crate) struct HoleFile {
    start: usize,
    length: usize,
}

impl Code {
    /// `None` where the text is no hexadecimal code.
    pub(crate) fn read(file: &CodeFile) -> Option<Self> {
        let none = BTreeMap::new();
        let (text, immutables) = match file {
            CodeFile::Text(text) => (text, &none),
            CodeFile::Object {
                object,
                immutable_references,
            } => (object, immutable_references),
        };
        let mut digits = text.strip_prefix("0x").unwrap_or(text).to_owned();
        let mut holes = Vec::new();
        while let Some(at) = digits.find("__") {
            let end = at + PLACEHOLDER_DIGITS;
            if end > digits.len() || !digits.is_char_boundary(end) {
                return None;
            }
            digits.replace_range(at..end, &"0".repeat(PLACEHOLDER_DIGITS));
            holes.push(at / 2..end / 2);
        }
        let bytes = hex::decode(&digits).ok()?;
        for hole in immutables.values().flatten() {
            let end = hole.start.checked_add(hole.length)?;
            holes.push(hole.start..end.min(bytes.len()));
        }
        if immutables.is_empty() {
            holes.extend(likely_immutables(&bytes));
        }
        if is_library(&bytes) {
            holes.push(1..21);
        }
        holes.sort_by_key(|hole| hole.start);
        Some(Self { bytes, holes })
    }

    /// Whether `code` is this code, byte by byte but for the holes.
    pub(crate) fn matches(&self, code: &[u8]) -> bool {
        !code.is_empty()
            && self.bytes.len() == code.len()
            && self.matches_start(code, self.bytes.len())
    }

    /// As [`Code::matches`], but for the metadata that a compiler appends.
    pub(crate) fn matches_without_metadata(&self, code: &[u8]) -> bool {
        let (own, other) = (without_metadata(&self.bytes), without_metadata(code));
        own > 0 && own == other && self.matches_start(code, own)
    }

    fn matches_start(&self, code: &[u8], length: usize) -> bool {
        if code.len() < length {
            return false;
        }
        let mut at = 0;
        for hole in &self.holes {
            let end = hole.start.min(length);
            if at < end && self.bytes[at..end] != code[at..end] {
                return false;
            }
            at = at.max(hole.end);
        }
        at >= length || self.bytes[at..length] == code[at..length]
    }
}

/// Where the artifact does not say: `PUSH32` of zero, which no compiler writes for a number.
fn likely_immutables(code: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let word = at + 1..at + 33;
        if code[at] == 0x7f && code.get(word.clone()).is_some_and(|word| *word == [0; 32]) {
            found.push(word);
        }
        // The operand of a PUSH is no code.
        at += 1 + usize::from(code[at].saturating_sub(0x5f).min(32) * u8::from(code[at] < 0x80));
    }
    found
}

/// A library starts with `PUSH20` of its own address, which is zero until it is deployed.
fn is_library(code: &[u8]) -> bool {
    code.len() > 23 && code[0] == 0x73 && code[1..21] == [0; 20] && code[21..23] == [0x30, 0x14]
}

/// The length of code without the CBOR map at its end, whose length stands in the last two bytes.
fn without_metadata(code: &[u8]) -> usize {
    let [.., high, low] = *code else {
        return code.len();
    };
    let length = usize::from(u16::from_be_bytes([high, low])) + 2;
    match code.len().checked_sub(length) {
        // A map of one to four pairs.
        Some(start) if matches!(code[start], 0xa1..=0xa4) && length > 2 => start,
        _ => code.len(),
    }
}

/// How far into code a minimal proxy has its callee.
const MINIMAL_PROXY_BYTES: usize = 64;

/// Whose code runs when this code is called: the delegate of EIP-7702, or the callee of a minimal
/// proxy (EIP-1167, ERC-7511 and their kin). What proxies keep in storage is not looked at.
pub(crate) fn callee(code: &[u8]) -> Option<Address> {
    if let Some(delegate) = code.strip_prefix(&[0xef, 0x01, 0x00]) {
        return Address::try_from(delegate).ok();
    }
    // PUSH20 callee GAS DELEGATECALL, near the start.
    let start = &code[..code.len().min(MINIMAL_PROXY_BYTES)];
    let found = start
        .windows(23)
        .find(|window| window[0] == 0x73 && window[21..] == [0x5a, 0xf4])?;
    Address::try_from(&found[1..21]).ok()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;

    use super::*;

    fn code(json: &str) -> Code {
        Code::read(&serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn only_holes_match_anything() {
        let word = "00".repeat(32);
        let listed = code(&format!(
            r#"{{"object": "0x7f{word}6000", "immutableReferences": {{"3": [{{"start": 1, "length": 32}}]}}}}"#
        ));
        let guessed = code(&format!("\"7f{word}6000\""));
        let with = |filler: u8, number: u8| [&[0x7f][..], &[filler; 32], &[0x60, number]].concat();
        for code in [listed, guessed] {
            assert!(code.matches(&with(0, 0)));
            assert!(code.matches(&with(9, 0)));
            // The zero of PUSH1 is a number, not a hole.
            assert!(!code.matches(&with(0, 1)));
            assert!(!code.matches(&with(0, 0)[..34]));
        }
        // Within the operand of another instruction, 0x7f is no PUSH32.
        let operand = code(&format!("\"607f{word}\""));
        assert!(!operand.matches(&[&[0x60, 0x7f][..], &[9; 32]].concat()));
    }

    #[test]
    fn addresses_of_libraries() {
        let placeholder = format!("__${}$__", "a".repeat(34));
        let linked = code(&format!("\"73{placeholder}6001\""));
        assert!(linked.matches(&[&[0x73][..], &[7; 20], &[0x60, 1]].concat()));
        assert!(!linked.matches(&[&[0x73][..], &[7; 20], &[0x60, 2]].concat()));
        let library = code(&format!("\"73{}3014600055\"", "00".repeat(20)));
        assert!(library.matches(&[&[0x73][..], &[7; 20], &[0x30, 0x14, 0x60, 0, 0x55]].concat()));
        for odd in ["\"__$a\"", "\"0x6\"", "\"zz\""] {
            assert_eq!(
                Code::read(&serde_json::from_str(odd).unwrap()),
                None,
                "{odd}"
            );
        }
    }

    #[test]
    fn metadata_may_differ() {
        let own = code("\"6001600255a16000ff0004\"");
        assert!(own.matches_without_metadata(&hex!("6001600255a16000aa0004")));
        assert!(!own.matches(&hex!("6001600255a16000aa0004")));
        assert!(own.matches_without_metadata(&hex!("6001600255")));
        assert!(!own.matches_without_metadata(&hex!("6001600355a16000ff0004")));
        assert!(!code("\"0x\"").matches_without_metadata(&[]));
        assert!(!code("\"0x\"").matches(&[]));
    }

    #[test]
    fn callees() {
        let target = address!("0x00000000000000000000000000000000000000aa");
        let of = |before: &str, after: &str| {
            callee(&hex::decode(format!("{before}{}{after}", hex::encode(target))).unwrap())
        };
        assert_eq!(
            of("363d3d373d3d3d363d73", "5af43d82803e903d91602b57fd5bf3"),
            Some(target)
        );
        assert_eq!(of("ef0100", ""), Some(target));
        assert_eq!(of("ef0100", "00"), None);
        assert_eq!(of("73", "5af1"), None);
        assert_eq!(of(&"5b".repeat(64), "5af4"), None);
        assert_eq!(callee(&[]), None);
    }
}
