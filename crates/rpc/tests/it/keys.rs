//! Local keys.

use alloy_consensus::{Transaction, TxEnvelope, transaction::SignerRecoverable};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, U256, address, bytes, keccak256};
use sealift_rpc::{KeyError, LocalKeys, SignError, TxFields};

/// The first well-known development key.
pub(crate) const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// Its address.
pub(crate) const ADDRESS: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

fn fields() -> TxFields {
    TxFields {
        chain_id: 31337,
        nonce: 7,
        to: Some(Address::repeat_byte(1)),
        value: U256::from(5),
        input: bytes!("c0ffee"),
        gas_limit: 50_000,
        max_fee_per_gas: 3_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
    }
}

#[test]
fn signs_what_it_was_given() {
    let keys = LocalKeys::from_private_key(KEY).unwrap();
    assert_eq!(keys.addresses().collect::<Vec<_>>(), [ADDRESS]);
    for to in [Some(Address::repeat_byte(1)), None] {
        let fields = TxFields { to, ..fields() };
        let signed = keys.sign(ADDRESS, &fields).unwrap();
        assert_eq!(signed.hash, keccak256(&signed.raw));
        let decoded = TxEnvelope::decode_2718(&mut signed.raw.as_ref()).unwrap();
        assert!(decoded.is_eip1559());
        assert_eq!(decoded.recover_signer().unwrap(), ADDRESS);
        assert_eq!(decoded.chain_id(), Some(fields.chain_id));
        assert_eq!(decoded.nonce(), fields.nonce);
        assert_eq!(decoded.to(), to);
        assert_eq!(decoded.value(), fields.value);
        assert_eq!(decoded.input(), &fields.input);
        assert_eq!(decoded.gas_limit(), fields.gas_limit);
        assert_eq!(decoded.max_fee_per_gas(), fields.max_fee_per_gas);
        assert_eq!(
            decoded.max_priority_fee_per_gas(),
            Some(fields.max_priority_fee_per_gas)
        );
    }
}

#[test]
fn signing_is_deterministic() {
    let sign = || {
        LocalKeys::from_private_key(KEY)
            .unwrap()
            .sign(ADDRESS, &fields())
            .unwrap()
    };
    assert_eq!(sign(), sign());
    let bumped = TxFields {
        max_fee_per_gas: 4_000_000_000,
        ..fields()
    };
    let other = LocalKeys::from_private_key(KEY)
        .unwrap()
        .sign(ADDRESS, &bumped)
        .unwrap();
    assert_ne!(sign().hash, other.hash);
}

#[test]
fn refuses_what_it_cannot_sign() {
    let keys = LocalKeys::from_private_key(KEY).unwrap();
    let stranger = Address::repeat_byte(9);
    assert!(matches!(keys.sign(stranger, &fields()), Err(SignError::NoKey(a)) if a == stranger));
    let upside_down = TxFields {
        max_priority_fee_per_gas: 4_000_000_000,
        ..fields()
    };
    let refused = keys.sign(ADDRESS, &upside_down);
    assert!(
        matches!(refused, Err(SignError::TipAboveFee { .. })),
        "{refused:?}"
    );
}

#[test]
fn several_keys() {
    let second = B256::repeat_byte(2).to_string();
    let keys = LocalKeys::from_private_key(KEY)
        .unwrap()
        .with(LocalKeys::from_private_key(&second).unwrap());
    let addresses: Vec<Address> = keys.addresses().collect();
    assert_eq!(addresses.len(), 2);
    for address in addresses {
        let signed = keys.sign(address, &fields()).unwrap();
        let decoded = TxEnvelope::decode_2718(&mut signed.raw.as_ref()).unwrap();
        assert_eq!(decoded.recover_signer().unwrap(), address);
    }
}

#[test]
fn keys_are_in_no_text() {
    let digits = KEY.trim_start_matches("0x");
    let keys = LocalKeys::from_private_key(digits).unwrap();
    let shown = format!("{keys:?}");
    assert!(shown.contains(&format!("{ADDRESS:?}")), "{shown}");
    let broken = digits.replace("ac09", "ac0!");
    let failed = LocalKeys::from_private_key(&broken);
    let texts = [
        shown,
        format!("{failed:?}"),
        failed.unwrap_err().to_string(),
    ];
    for text in texts {
        for part in [&digits[..8], &digits[40..], "!"] {
            assert!(!text.contains(part), "{part} in {text}");
        }
    }
    for wrong in [
        "",
        "0x",
        "00",
        &"0".repeat(64),
        &"f".repeat(64),
        &"a".repeat(63),
    ] {
        assert!(
            matches!(LocalKeys::from_private_key(wrong), Err(KeyError::Key(_))),
            "{wrong}"
        );
    }
}

#[test]
fn keys_from_the_environment() {
    // Set by cargo for every test; not a key.
    assert!(matches!(
        LocalKeys::from_env("CARGO_PKG_NAME"),
        Err(KeyError::Key(_))
    ));
    let absent = LocalKeys::from_env("SEALIFT_NO_SUCH_VARIABLE").unwrap_err();
    assert!(absent.to_string().contains("SEALIFT_NO_SUCH_VARIABLE"));
}

/// The PBKDF2 vector of the Web3 secret storage definition.
const KEYSTORE: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},"mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;

#[test]
fn keys_from_a_keystore() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    let missing = LocalKeys::from_keystore(&path, "testpassword");
    assert!(
        matches!(missing, Err(KeyError::Keystore { .. })),
        "{missing:?}"
    );
    std::fs::write(&path, KEYSTORE).unwrap();
    let keys = LocalKeys::from_keystore(&path, "testpassword").unwrap();
    let expected = LocalKeys::from_private_key(
        "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d",
    )
    .unwrap();
    assert!(keys.addresses().eq(expected.addresses()));
    let wrong = LocalKeys::from_keystore(&path, "another word")
        .unwrap_err()
        .to_string();
    assert!(!wrong.contains("another word"), "{wrong}");
    std::fs::write(&path, "{}").unwrap();
    assert!(LocalKeys::from_keystore(&path, "testpassword").is_err());
}
