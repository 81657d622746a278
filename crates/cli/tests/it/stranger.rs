//! The deadline has passed and the operator is gone: anybody brings everything back, with no more
//! than the plan.

use alloy_primitives::hex;
use sealift_engine::contracts::Call;
use sealift_evm::DEV_ACCOUNTS;

use crate::sandbox::{LEGACY_OWNER, LegacyToken, STRANGER, Sandbox, binary, finish};

#[test]
fn a_stranger_ends_it_after_the_deadline() {
    let sandbox = Sandbox::new(40);
    sandbox.configure(
        "strategy = \"staged\"",
        "[limits]\nbatch_holders = 4\nwindow = 1\n",
    );
    sandbox.sealift(&["plan"]).ok();
    assert_eq!(sandbox.sealift(&["run", "--until", "batch:5"]).code, 130);

    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::copy(
        sandbox.file("plan.json"),
        elsewhere.path().join("plan.json"),
    )
    .unwrap();
    let stranger = |verb: &str| {
        let mut command = binary();
        command
            .args(["--json", "--rpc", &sandbox.url, "--dir"])
            .arg(elsewhere.path())
            .arg(verb);
        command.env("SEALIFT_KEY", hex::encode(DEV_ACCOUNTS[STRANGER].key));
        finish(command)
    };
    // Before the deadline it is not theirs to decide; what would have to be sent is printed.
    let said = stranger("abort");
    assert_eq!(said.code, 30, "{said:#?}");
    let external = said
        .events()
        .into_iter()
        .find(|event| event["type"] == "external")
        .unwrap();
    assert_eq!(external["intent"], "abort");

    sandbox.chain.advance(7 * 86_400);
    sandbox.chain.mine();
    let said = stranger("abort").ok();
    assert_eq!(said.last()["phase"], "ABORTED");
    assert_eq!(said.last()["transactions"], 1, "one transaction is enough");
    sandbox.is_back();
    assert_eq!(sandbox.sealift(&["run"]).code, 31);
    assert_eq!(sandbox.sealift(&["verify"]).ok().last()["phase"], "ABORTED");
}

#[test]
fn a_role_without_a_key_is_told_what_to_send() {
    let sandbox = Sandbox::new(4);
    sandbox.configure("", "");
    sandbox.sealift(&["plan"]).ok();
    let mut command = sandbox.command(&["run"]);
    command.env_remove("T_LEGACY_OWNER");
    let said = finish(command);
    assert_eq!(said.code, 30, "{said:#?}");
    let external = said
        .events()
        .into_iter()
        .find(|event| event["type"] == "external")
        .unwrap();
    assert_eq!(external["intent"], "hand over lane 0, step 0");
    let hex = external["data"].as_str().unwrap().to_owned();
    let to = external["to"].as_str().unwrap().parse().unwrap();
    assert_eq!(to, sandbox.legacy);
    let data = hex::decode(hex).unwrap().into();
    sandbox.send(3, Call { to, data });
    let mut command = sandbox.command(&["run"]);
    command.env_remove("T_LEGACY_OWNER");
    finish(command).ok();
}

#[test]
fn who_joins_after_the_plan_is_not_lost() {
    use alloy_primitives::{Address, U256};
    use alloy_sol_types::SolCall;
    for strategy in [
        "",
        "strategy = \"staged\"",
        "strategy = \"staged\"\namounts = \"uploaded\"",
    ] {
        let sandbox = Sandbox::new(5);
        sandbox.configure(strategy, "");
        sandbox.sealift(&["plan"]).ok();
        let late = Address::repeat_byte(0x77);
        let mint = LegacyToken::mintCall {
            to: late,
            amount: U256::from(5),
        }
        .abi_encode()
        .into();
        sandbox.send(
            LEGACY_OWNER,
            Call {
                to: sandbox.legacy,
                data: mint,
            },
        );
        sandbox.sealift(&["run"]).ok();
        let verified = sandbox.sealift(&["verify"]).ok().last();
        assert_eq!(verified["holders"], 6, "{strategy}");
        assert_eq!(verified["mismatches"], 0);
        let shown = sandbox.sealift(&["show"]).ok().last();
        let successor: Address = shown["lanes"][0]["successor"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(sandbox.balance(successor, late), U256::from(5));
    }
}
