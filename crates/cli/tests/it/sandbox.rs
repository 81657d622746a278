//! A chain in this process, a legacy token on it, a directory, and the binary.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use alloy_sol_types::{SolCall, SolConstructor};
use sealift_engine::chain::{Answer, At, Chain, Query, SendAnswer};
use sealift_engine::contracts::{self, Call};
use sealift_evm::rpc::{ServeOptions, Server, serve};
use sealift_evm::{Config, DEV_ACCOUNTS, EmbeddedChain};
use sealift_rpc::{LocalKeys, TxFields};
use serde_json::Value;

/// Longer than any command here may take.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) mod token {
    #![allow(missing_docs, unreachable_pub, reason = "generated from the artifact")]
    alloy_sol_types::sol!(LegacyToken, "../../contracts/artifacts/LegacyToken.json");
    alloy_sol_types::sol!(
        LegacyTwoStepToken,
        "../../contracts/artifacts/LegacyTwoStepToken.json"
    );
    alloy_sol_types::sol!(
        LegacyRoleToken,
        "../../contracts/artifacts/LegacyRoleToken.json"
    );
}

pub(crate) use token::{LegacyRoleToken, LegacyToken, LegacyTwoStepToken};

/// How a legacy token is controlled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `Ownable`.
    Owned,
    /// `Ownable2Step`.
    TwoStep,
    /// `AccessControlEnumerable`.
    Roles,
}

/// Accounts: owner, operator, guardian, owner of legacy, and a stranger.
pub(crate) const LEGACY_OWNER: usize = 3;
pub(crate) const STRANGER: usize = 7;
const VARIABLES: [&str; 4] = ["T_OWNER", "T_OPERATOR", "T_GUARDIAN", "T_LEGACY_OWNER"];

pub(crate) struct Sandbox {
    pub(crate) chain: EmbeddedChain,
    pub(crate) legacy: Address,
    pub(crate) holders: Vec<(Address, u64)>,
    pub(crate) url: String,
    dir: tempfile::TempDir,
    _server: Server,
}

/// What the binary said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    pub(crate) fn events(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub(crate) fn last(&self) -> Value {
        self.events().pop().unwrap()
    }

    /// The error's code; the exit code is checked on the way.
    #[track_caller]
    pub(crate) fn error(&self, exit: i32) -> String {
        assert_eq!(self.code, exit, "{self:#?}");
        let events = self.events();
        let error = events.iter().find(|event| event["type"] == "error");
        let error = error.unwrap_or_else(|| panic!("no error line: {self:#?}"));
        assert!(
            error["next"].is_string(),
            "an error names the next step: {error}"
        );
        error["code"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }
}

pub(crate) fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealift"));
    for name in ["SEALIFT_RPC", "SEALIFT_KEY"] {
        command.env_remove(name);
    }
    command.env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::null());
    command
}

/// Runs to the end, in bounded time.
pub(crate) fn finish(mut command: Command) -> Said {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let (done, waits) = std::sync::mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        if waits.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        }
    });
    let output = child.wait_with_output().unwrap();
    let _ = done.send(());
    watchdog.join().unwrap();
    said(output)
}

/// The only holders of a small token.
pub(crate) fn holders(count: u64) -> Vec<(Address, u64)> {
    let row = |n: u64| (Address::from_word(keccak256(n.to_be_bytes())), 1_000 + n);
    (0..count).map(row).collect()
}

impl Sandbox {
    pub(crate) fn new(count: u64) -> Self {
        Self::with(count, Config::default())
    }

    pub(crate) fn with(count: u64, config: Config) -> Self {
        Self::of(Kind::Owned, count, config)
    }

    pub(crate) fn of(kind: Kind, count: u64, config: Config) -> Self {
        let chain = EmbeddedChain::new(config);
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = serve(chain.clone(), addr, ServeOptions::default()).unwrap();
        let mut sandbox = Self {
            url: server.url(),
            chain,
            legacy: Address::ZERO,
            holders: holders(count),
            dir: tempfile::tempdir().unwrap(),
            _server: server,
        };
        sandbox.legacy = sandbox.token(kind, B256::ZERO);
        sandbox.write_list(&sandbox.holders);
        sandbox
    }

    /// Deploys a token with the same holders.
    pub(crate) fn token(&self, kind: Kind, salt: B256) -> Address {
        let arguments = LegacyToken::constructorCall {
            name_: "Legacy".into(),
            symbol_: "LGCY".into(),
            owner_: DEV_ACCOUNTS[LEGACY_OWNER].address,
        };
        let bytecode = match kind {
            Kind::Owned => &LegacyToken::BYTECODE,
            Kind::TwoStep => &LegacyTwoStepToken::BYTECODE,
            Kind::Roles => &LegacyRoleToken::BYTECODE,
        };
        let init: Bytes = [bytecode.as_ref(), &arguments.abi_encode()].concat().into();
        let token = contracts::address_of(salt, &init);
        self.send(LEGACY_OWNER, contracts::deploy(salt, &init));
        let mint = |data: Vec<u8>| {
            let data = data.into();
            self.send(LEGACY_OWNER, Call { to: token, data });
        };
        let amount = |row: &(Address, u64)| U256::from(row.1);
        if kind == Kind::Roles {
            for row in &self.holders {
                let (to, amount) = (row.0, amount(row));
                mint(LegacyRoleToken::mintCall { to, amount }.abi_encode());
            }
        } else {
            for rows in self.holders.chunks(500) {
                let accounts = rows.iter().map(|row| row.0).collect();
                let amounts = rows.iter().map(amount).collect();
                mint(LegacyToken::mintBatchCall { accounts, amounts }.abi_encode());
            }
        }
        token
    }

    /// A chain with block 0 only, which is the block 0 of every other one here.
    pub(crate) fn empty_chain() -> (String, Server) {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let chain = EmbeddedChain::new(Config::default());
        let server = serve(chain, addr, ServeOptions::default()).unwrap();
        (server.url(), server)
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write_list(&self, rows: &[(Address, u64)]) {
        let lines = rows
            .iter()
            .map(|(account, balance)| format!("{account},{balance}\n"));
        let text = format!("holder,balance\n{}", lines.collect::<String>());
        std::fs::write(self.file("holders.csv"), text).unwrap();
    }

    /// The configuration of a staged or a read-through migration; `more` goes to the end.
    pub(crate) fn configure(&self, strategy: &str, more: &str) {
        let of = |index: usize| DEV_ACCOUNTS[index].address;
        let text = format!(
            "[chain]\nrpc = \"{}\"\nfinality = 0\npoll_millis = 10\n\n\
             [migration]\nowner = \"{}\"\noperator = \"{}\"\nguardian = \"{}\"\n\
             deadline = \"+7d\"\n\n\
             [[lane]]\nlegacy = \"{}\"\nholders = \"holders.csv\"\n{strategy}\n\n\
             [keys]\nowner = {{ env = \"T_OWNER\" }}\noperator = {{ env = \"T_OPERATOR\" }}\n\
             guardian = {{ env = \"T_GUARDIAN\" }}\n\
             legacy_owner = {{ env = \"T_LEGACY_OWNER\" }}\n\n{more}",
            self.url,
            of(0),
            of(1),
            of(2),
            self.legacy,
        );
        std::fs::write(self.file("sealift.toml"), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_in(self.dir.path(), arguments)
    }

    /// The binary with every key, in another directory.
    pub(crate) fn command_in(&self, dir: &Path, arguments: &[&str]) -> Command {
        let mut command = binary();
        command.args(["--json", "--dir"]).arg(dir).args(arguments);
        for (variable, account) in VARIABLES.iter().zip(DEV_ACCOUNTS) {
            command.env(variable, hex::encode(account.key));
        }
        command
    }

    pub(crate) fn sealift(&self, arguments: &[&str]) -> Said {
        finish(self.command(arguments))
    }

    /// Sends as a development account; it is mined at once.
    pub(crate) fn send(&self, from: usize, call: Call) {
        let account = DEV_ACCOUNTS[from];
        let keys = LocalKeys::from_private_key(&hex::encode(account.key)).unwrap();
        let nonce = self.chain.node().nonce(account.address);
        let fields = TxFields {
            chain_id: 31_337,
            nonce,
            to: Some(call.to),
            value: U256::ZERO,
            input: call.data,
            gas_limit: 16_777_216,
            max_fee_per_gas: 100_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
        };
        let signed = keys.sign(account.address, &fields).unwrap();
        assert_eq!(self.chain.send(&signed.raw), SendAnswer::Accepted);
        let receipt = self.chain.receipts(&[signed.hash]).unwrap().remove(0);
        assert!(
            receipt.is_some_and(|receipt| receipt.succeeded),
            "{:?}",
            call.to
        );
    }

    /// Gives somebody some of the legacy token.
    pub(crate) fn mint(&self, to: Address, amount: u64) {
        let (accounts, amounts) = (vec![to], vec![U256::from(amount)]);
        let data = LegacyToken::mintBatchCall { accounts, amounts }.abi_encode();
        let (to, data) = (self.legacy, data.into());
        self.send(LEGACY_OWNER, Call { to, data });
    }

    /// `token.balanceOf(account)` at the newest block.
    pub(crate) fn balance(&self, token: Address, account: Address) -> U256 {
        let data = LegacyToken::balanceOfCall { account }.abi_encode().into();
        self.word(token, data)
    }

    pub(crate) fn word(&self, to: Address, data: Bytes) -> U256 {
        let query = Query::Call {
            from: Address::ZERO,
            to: Some(to),
            data,
            code_override: None,
        };
        match self.chain.read(At::Latest, &[query]).unwrap().remove(0) {
            Answer::Bytes(word) => U256::from_be_slice(&word),
            other => panic!("{other:?}"),
        }
    }

    /// Legacy is as it was: every balance, its owner, not paused.
    #[track_caller]
    pub(crate) fn is_back(&self) {
        self.is_unchanged();
        let owner = self.word(self.legacy, LegacyToken::ownerCall {}.abi_encode().into());
        let recorded = DEV_ACCOUNTS[LEGACY_OWNER].address;
        assert_eq!(owner, U256::from_be_slice(recorded.as_slice()));
    }

    /// Every legacy balance is what it was, and legacy is not paused.
    #[track_caller]
    pub(crate) fn is_unchanged(&self) {
        for (account, amount) in &self.holders {
            assert_eq!(self.balance(self.legacy, *account), U256::from(*amount));
        }
        let paused = self.word(self.legacy, LegacyToken::pausedCall {}.abi_encode().into());
        assert_eq!(paused, U256::ZERO);
    }
}
