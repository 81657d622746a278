//! Every kind of legacy token, of lane and of key, through the binary.

use alloy_primitives::{Address, B256, U256, hex};
use alloy_sol_types::{SolCall, SolEvent};
use sealift_engine::chain::{At, Chain, LogFilter};
use sealift_engine::contracts::Call;
use sealift_evm::{Config, DEV_ACCOUNTS};
use sealift_rpc::LocalKeys;

use crate::sandbox::{
    Kind, LEGACY_OWNER, LegacyRoleToken, LegacyToken, LegacyTwoStepToken, Sandbox,
};

const SMALL_BATCHES: &str = "[limits]\nbatch_holders = 4\n";

fn planned(kind: Kind, strategy: &str) -> Sandbox {
    let sandbox = Sandbox::of(kind, 9, Config::default());
    sandbox.configure(strategy, SMALL_BATCHES);
    sandbox.sealift(&["plan"]).ok();
    sandbox
}

/// Stops a migration of this kind in FROZEN, and brings it back.
fn aborted(kind: Kind) -> Sandbox {
    let sandbox = planned(kind, "");
    assert_eq!(sandbox.sealift(&["run", "--until", "frozen"]).code, 130);
    let paused = sandbox.word(
        sandbox.legacy,
        LegacyToken::pausedCall {}.abi_encode().into(),
    );
    assert_eq!(paused, U256::ONE);
    let said = sandbox.sealift(&["abort"]).ok();
    assert_eq!(said.last()["phase"], "ABORTED");
    let must_accept = said.stderr.contains("acceptOwnership()");
    assert_eq!(must_accept, kind == Kind::TwoStep, "{}", said.stderr);
    sandbox.is_unchanged();
    sandbox
}

#[test]
fn every_kind_of_control_is_migrated() {
    for kind in [Kind::TwoStep, Kind::Roles] {
        for strategy in ["", "strategy = \"staged\""] {
            let sandbox = planned(kind, strategy);
            sandbox.sealift(&["run"]).ok();
            let verified = sandbox.sealift(&["verify"]).ok().last();
            assert_eq!(verified["phase"], "COMMITTED", "{kind:?} {strategy}");
            assert_eq!(verified["holders"], 9);
            assert_eq!(verified["mismatches"], 0);
        }
    }
}

/// The recorded owner of an `Ownable2Step` token has to accept what it is given back.
#[test]
fn an_owner_who_must_accept_gets_control_back() {
    let sandbox = aborted(Kind::TwoStep);
    let accept = LegacyTwoStepToken::acceptOwnershipCall {}
        .abi_encode()
        .into();
    let to = sandbox.legacy;
    sandbox.send(LEGACY_OWNER, Call { to, data: accept });
    sandbox.is_back();
}

#[test]
fn a_pauser_gets_its_roles_back() {
    let sandbox = aborted(Kind::Roles);
    let pauser = LegacyRoleToken::PAUSER_ROLECall {}.abi_encode().into();
    let pauser = B256::from(sandbox.word(sandbox.legacy, pauser));
    for role in [pauser, B256::ZERO] {
        let account = DEV_ACCOUNTS[LEGACY_OWNER].address;
        let count = LegacyRoleToken::getRoleMemberCountCall { role };
        assert_eq!(
            sandbox.word(sandbox.legacy, count.abi_encode().into()),
            U256::ONE
        );
        let has = LegacyRoleToken::hasRoleCall { role, account };
        assert_eq!(
            sandbox.word(sandbox.legacy, has.abi_encode().into()),
            U256::ONE
        );
    }
}

/// Two tokens of two kinds with two strategies under one decision, and a Transfer event for each holder.
#[test]
fn lanes_are_decided_together_and_tell_indexers() {
    let sandbox = Sandbox::new(9);
    let second = sandbox.token(Kind::Roles, B256::repeat_byte(1));
    let lane = format!(
        "materialize = true\n\n[[lane]]\nlegacy = \"{second}\"\nholders = \"holders.csv\"\n\
         strategy = \"staged\"\namounts = \"uploaded\"\nmaterialize = true\n"
    );
    sandbox.configure(&lane, SMALL_BATCHES);
    sandbox.sealift(&["plan"]).ok();
    sandbox.sealift(&["run"]).ok();
    let verified = sandbox.sealift(&["verify"]).ok().last();
    assert_eq!(
        (&verified["holders"], &verified["mismatches"]),
        (&18.into(), &0.into())
    );

    let shown = sandbox.sealift(&["show"]).ok().last();
    let head = sandbox.chain.header(At::Latest).unwrap().unwrap().number;
    for lane in 0..2 {
        let successor: Address = shown["lanes"][lane]["successor"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let filter = LogFilter {
            address: successor,
            topic0: LegacyToken::Transfer::SIGNATURE_HASH,
            from: 0,
            to: head,
        };
        let logs = sandbox.chain.logs(&filter).unwrap();
        let mut named: Vec<Address> = logs
            .iter()
            .map(|log| Address::from_word(log.topics[2]))
            .collect();
        named.sort();
        let mut holders: Vec<Address> = sandbox.holders.iter().map(|row| row.0).collect();
        holders.sort();
        assert_eq!(named, holders, "lane {lane}");
    }
}

/// A key of the web3 secret storage definition, version 3; the password is `testpassword`.
const KEYSTORE: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},"mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;
const KEYSTORE_KEY: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

#[test]
fn a_key_in_a_keystore_signs() {
    let sandbox = Sandbox::new(9);
    let keys = LocalKeys::from_private_key(KEYSTORE_KEY).unwrap();
    let operator = keys.addresses().next().unwrap();
    sandbox
        .chain
        .set_balance(operator, U256::from(10).pow(U256::from(19)));
    let keystore = sandbox.file("operator.json");
    std::fs::write(&keystore, KEYSTORE).unwrap();
    sandbox.configure("strategy = \"staged\"", SMALL_BATCHES);
    let text = std::fs::read_to_string(sandbox.file("sealift.toml")).unwrap();
    let named = format!(
        "operator = {{ keystore = \"{}\", password_env = \"T_PASSWORD\" }}",
        keystore.display()
    );
    let text = text
        .replace("operator = { env = \"T_OPERATOR\" }", &named)
        .replace(
            &format!("operator = \"{}\"", DEV_ACCOUNTS[1].address),
            &format!("operator = \"{operator}\""),
        );
    std::fs::write(sandbox.file("sealift.toml"), text).unwrap();
    let with = |password: &str, verb: &str| {
        let mut command = sandbox.command(&[verb]);
        command.env("T_PASSWORD", password);
        crate::sandbox::finish(command)
    };
    with("testpassword", "plan").ok();
    let refused = with("not the password", "run");
    assert_eq!(refused.error(2), "sealift::keys::unreadable");
    let said = with("testpassword", "run").ok();
    let verified = sandbox.sealift(&["verify"]).ok().last();
    assert_eq!(
        (&verified["holders"], &verified["mismatches"]),
        (&9.into(), &0.into())
    );

    // Neither password nor key is in anything that was said or written.
    let mut written = format!("{refused:?}{said:?}").into_bytes();
    for entry in std::fs::read_dir(sandbox.dir()).unwrap() {
        written.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let key = hex::decode(KEYSTORE_KEY).unwrap();
    for secret in [
        &b"testpassword"[..],
        b"not the password",
        KEYSTORE_KEY.as_bytes(),
        &key,
    ] {
        let found = written.windows(secret.len()).any(|window| window == secret);
        assert!(!found, "a secret was written down");
    }
}
