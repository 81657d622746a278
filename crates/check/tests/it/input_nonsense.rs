//! Nonsense in the place of `check.toml`: nothing panics, and what is a number stays that number.

use alloy_primitives::U256;
use proptest::prelude::*;
use sealift_check::input::Explain;

use crate::input_declaration::{WHOLE, call_of, claim, parse};

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,120}") {
        let _ = parse(&text);
        let quoted = toml::Value::String(text).to_string();
        for key in ["view", "exit", "rate", "side", "contract"] {
            let _ = parse(&claim(key, &quoted));
        }
        let _ = parse(&claim("exit", &format!("\"f(address[],uint8)\"\nexit_args = [[{quoted}], {quoted}]")));
        let _ = parse(&call_of("f(uint256)", &format!("[{quoted}]")));
        let _ = parse(&call_of("f(bytes)", &format!("[{quoted}]")));
    }

    #[test]
    fn no_signature_panics(text in r"[fa-z]{0,3}[\(\)\[\],a-z0-9 ]{0,40}", deep in 0..300_usize) {
        let _ = parse(&claim("view", &format!("\"{text}\"")));
        let nested = format!("\"f({}{})\"", "(".repeat(deep), ")".repeat(deep));
        let _ = parse(&claim("view", &nested));
        let _ = parse(&claim("view", &format!("\"f(uint256{})\"", "[]".repeat(deep))));
    }

    #[test]
    fn no_change_of_a_file_panics(at in 0..WHOLE.len(), with in any::<char>(), length in 0..12_usize) {
        let mut text = WHOLE.to_owned();
        text.replace_range(at..(at + length).min(WHOLE.len()), &with.to_string());
        if let Err(error) = parse(&text) {
            let span = error.span().unwrap();
            prop_assert!(span.start <= span.end && span.end <= text.len());
            prop_assert!(error.line().unwrap() <= text.lines().count() + 1);
        }
    }

    #[test]
    fn numbers_survive(amount: [u8; 32]) {
        let amount = U256::from_be_bytes(amount);
        for written in [format!("\"{amount}\""), format!("\"{amount:#x}\"")] {
            let data = parse(&call_of("f(uint256)", &format!("[{written}]"))).unwrap().steps[0].data.clone();
            prop_assert_eq!(U256::from_be_slice(&data[4..]), amount);
        }
    }
}
