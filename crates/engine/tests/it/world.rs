//! A legacy token with holders on the embedded chain, a plan for it, and an executor to run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use sealift_engine::chain::{At, Chain, SendAnswer};
use sealift_engine::driver::{Control, Driver, Exit, Parts, Progress, RunError};
use sealift_engine::planning::{self, LaneRequest, PAUSER_ROLE, PlanError, Request, Sizing};
use sealift_engine::signer::{SignError, Signer, Unsigned};
use sealift_engine::verify::{self, LaneResult};
use sealift_engine::{balances, view};
use sealift_evm::{Config, DEV_ACCOUNTS, EmbeddedChain, Mining};
use sealift_journal::faulty::Fault;
use sealift_journal::{Faulty, Journal, Memory, Storage};
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::event::Phase;
use sealift_protocol::plan::{Roles, Source};
use sealift_protocol::{Plan, Policy};

use crate::tokens::{LegacyToken, generated, owned_token};

pub(crate) const OWNER: usize = 0;
pub(crate) const OPERATOR: usize = 1;
pub(crate) const GUARDIAN: usize = 2;
pub(crate) const STRANGER: usize = 9;
/// An account that no list has seen.
pub(crate) const NEWCOMER: Address = address!("00000000000000000000000000000000feedface");

/// Keys of development accounts.
pub(crate) struct Keys(pub Vec<usize>);

impl Keys {
    fn key(account: Address) -> Option<PrivateKeySigner> {
        let dev = DEV_ACCOUNTS.iter().find(|dev| dev.address == account)?;
        PrivateKeySigner::from_bytes(&dev.key).ok()
    }
}

impl Signer for Keys {
    fn accounts(&self) -> Vec<Address> {
        self.0
            .iter()
            .map(|index| DEV_ACCOUNTS[*index].address)
            .collect()
    }

    fn sign(&self, from: Address, tx: &Unsigned) -> Result<(Bytes, B256), SignError> {
        let key = self.accounts().contains(&from).then(|| Self::key(from));
        let key = key.flatten().ok_or(SignError::NoKey(from))?;
        let tx = TxEip1559 {
            chain_id: tx.chain_id,
            nonce: tx.nonce,
            gas_limit: tx.gas_limit,
            max_fee_per_gas: tx.max_fee,
            max_priority_fee_per_gas: tx.tip,
            to: if tx.to.is_zero() {
                TxKind::Create
            } else {
                TxKind::Call(tx.to)
            },
            value: tx.value,
            access_list: Default::default(),
            input: tx.input.clone(),
        };
        let signature = key
            .sign_hash_sync(&tx.signature_hash())
            .expect("a local key signs");
        let envelope = TxEnvelope::from(tx.into_signed(signature));
        Ok((envelope.encoded_2718().into(), *envelope.tx_hash()))
    }
}

pub(crate) fn account(index: usize) -> Address {
    DEV_ACCOUNTS[index].address
}

/// Signs one call by hand, as a second program with the same key would.
pub(crate) fn by_hand(
    from: usize,
    nonce: u64,
    to: Address,
    data: Vec<u8>,
    gas_limit: u64,
) -> (Bytes, B256) {
    let tx = Unsigned {
        chain_id: 31_337,
        nonce,
        to,
        value: U256::ZERO,
        input: data.into(),
        gas_limit,
        max_fee: 100_000_000_000,
        tip: 1,
    };
    let signed = Keys(vec![from]).sign(account(from), &tx);
    signed.expect("a development key")
}

/// Sends and mines one transaction from a development account; whether it succeeded.
pub(crate) fn act(chain: &EmbeddedChain, from: usize, to: Address, data: Vec<u8>) -> bool {
    let nonce = chain.node().pending_nonce(account(from));
    let (raw, hash) = by_hand(from, nonce, to, data, 16_000_000);
    assert_eq!(chain.send(&raw), SendAnswer::Accepted);
    let mined = |hash| chain.receipts(&[hash]).expect("receipts").remove(0);
    let receipt = mined(hash).or_else(|| {
        chain.mine();
        mined(hash)
    });
    receipt.expect("mined").succeeded
}

pub(crate) struct Setup {
    pub(crate) source: Source,
    pub(crate) holders: u64,
    pub(crate) batch_size: u32,
    pub(crate) finality_depth: u64,
    pub(crate) materialize: bool,
    pub(crate) preauthorised: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            source: Source::ChainRead,
            holders: 23,
            batch_size: 5,
            finality_depth: 0,
            materialize: false,
            preauthorised: false,
        }
    }
}

pub(crate) struct World {
    pub(crate) chain: EmbeddedChain,
    pub(crate) legacy: Address,
    pub(crate) list: Holders,
    /// The lists of further lanes.
    pub(crate) more: Vec<Holders>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) memory: Memory,
    pub(crate) policy: Policy,
    pub(crate) keys: Keys,
}

pub(crate) fn chain(finality_depth: u64) -> EmbeddedChain {
    EmbeddedChain::new(Config {
        finality_depth,
        mining: Mining::Auto,
        ..Config::default()
    })
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        let (chain, list) = (chain(setup.finality_depth), generated(setup.holders));
        let legacy = owned_token(&chain, OWNER, &list);
        Self::over(chain, vec![(legacy, list)], &setup)
    }

    /// A world over tokens that exist, a lane each.
    pub(crate) fn over(
        chain: EmbeddedChain,
        lanes: Vec<(Address, Holders)>,
        setup: &Setup,
    ) -> Self {
        // What went before the migration is final.
        for _ in 0..=setup.finality_depth {
            chain.mine();
        }
        let (tokens, lists): (Vec<_>, Vec<_>) = lanes.into_iter().unzip();
        let mut request = request(setup, tokens[0]);
        let first = request.lanes[0].clone();
        request
            .lanes
            .extend(tokens[1..].iter().map(|legacy| LaneRequest {
                legacy: *legacy,
                source: Source::ReadThrough,
                ..first.clone()
            }));
        let plan = make_plan(&chain, &request, &lists, setup.batch_size).expect("a plan");
        Self {
            chain,
            legacy: tokens[0],
            list: lists[0].clone(),
            more: lists[1..].to_vec(),
            plan: Arc::new(plan),
            dir: tempfile::tempdir().expect("a directory"),
            memory: Memory::default(),
            policy: Policy {
                window: 3,
                ..Policy::default()
            },
            keys: Keys(vec![OWNER, OPERATOR, GUARDIAN]),
        }
    }

    /// A world whose run died at the journal, in a state that is looked for.
    pub(crate) fn died_where(make: impl Fn() -> Self, wanted: impl Fn(&Self) -> bool) -> Self {
        for append in 0..200 {
            let world = make();
            let faulty = Faulty::new(world.memory.clone(), Fault::CrashAfter(append));
            let _ = world.run_on(faulty, false);
            if wanted(&world) {
                return world;
            }
        }
        panic!("no append leads there");
    }

    /// An executor over this journal medium; `idle` mines.
    pub(crate) fn run_on<S: Storage>(&self, storage: S, abort: bool) -> Result<Exit, Failure> {
        self.run_with(&self.chain, storage, abort, &mut |_| ())
    }

    pub(crate) fn run_with<C: Chain + ?Sized, S: Storage>(
        &self,
        chain: &C,
        storage: S,
        abort: bool,
        watch: &mut dyn FnMut(Progress),
    ) -> Result<Exit, Failure> {
        self.run_at(chain, storage, abort, watch, 1)
    }

    /// A run on a chain that makes a block only every `idles_a_block` times that the executor waits.
    pub(crate) fn run_at<C: Chain + ?Sized, S: Storage>(
        &self,
        chain: &C,
        storage: S,
        abort: bool,
        watch: &mut dyn FnMut(Progress),
        idles_a_block: u32,
    ) -> Result<Exit, Failure> {
        let plan = self.plan.clone();
        let binding = sealift_protocol::State::new(plan.clone(), Arc::default()).binding();
        let (journal, records, _) =
            Journal::open(storage, &binding).map_err(|error| Failure::Open(error.to_string()))?;
        let mut driver = Driver::new(Parts {
            chain,
            signer: &self.keys,
            journal,
            records,
            plan,
            policy: self.policy.clone(),
            snapshots: [std::slice::from_ref(&self.list), &self.more].concat(),
            dir: self.path(),
        })?;
        if abort {
            driver.request_abort(watch)?;
        }
        let mut seconds = 0;
        let stop = AtomicBool::new(false);
        let mut idles = 0;
        let mut idle = || {
            idles += 1;
            assert!(idles < 10_000, "the run does not come to an end");
            if idles % idles_a_block == 0 {
                self.chain.mine();
            }
        };
        let mut control = Control {
            stop: &stop,
            idle: &mut idle,
            clock: &mut || {
                seconds += 1;
                seconds
            },
            progress: watch,
            tip: &mut || 1_000_000_000,
        };
        Ok(driver.run(&mut control)?)
    }

    pub(crate) fn run(&self) -> Exit {
        self.run_on(self.memory.clone(), false)
            .expect("a run to its end")
    }

    pub(crate) fn abort(&self) -> Exit {
        self.run_on(self.memory.clone(), true)
            .expect("an abort to its end")
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    pub(crate) fn sight(&self) -> view::Sight {
        let header = self
            .chain
            .header(At::Latest)
            .expect("a header")
            .expect("a block");
        view::read(&self.chain, &self.plan, &header).expect("the contracts")
    }

    pub(crate) fn phase(&self) -> Phase {
        self.sight().view.phase
    }

    pub(crate) fn supply(&self) -> U256 {
        self.list.sum()
    }

    /// The result as an outsider computes it: who holds what, in the contract that must hold it.
    pub(crate) fn result(&self, list: &Holders) -> LaneResult {
        let phase = self.phase();
        let lane = &self.plan.lanes[0];
        verify::result(&self.chain, At::Latest, lane, phase, list.sum(), list).expect("a result")
    }

    /// Every holder has its amount in the successor, and legacy is dead.
    #[track_caller]
    pub(crate) fn assert_committed(&self, list: &Holders) {
        assert_eq!(self.phase(), Phase::Committed);
        let result = self.result(list);
        assert_eq!(result.mismatches, []);
        assert_eq!(
            (result.supply_after, result.live_twice),
            (self.supply(), false)
        );
        assert_eq!(result.digest, list.digest());
        let transfer = LegacyToken::transferCall {
            to: NEWCOMER,
            value: U256::ONE,
        }
        .abi_encode();
        assert!(
            !act(&self.chain, STRANGER, self.legacy, transfer),
            "legacy is frozen for ever"
        );
    }

    /// Every holder has what it had, transfers work, and control is back.
    #[track_caller]
    pub(crate) fn assert_rolled_back(&self, list: &Holders) {
        let result = self.result(list);
        assert_eq!(result.custody, self.legacy);
        assert_eq!(result.mismatches, []);
        assert_eq!(
            (result.supply_after, result.live_twice),
            (self.supply(), false)
        );
        let one = LegacyToken::transferCall {
            to: account(OWNER),
            value: U256::ONE,
        }
        .abi_encode();
        assert!(
            act(&self.chain, STRANGER, self.legacy, one),
            "transfers work again"
        );
        let pause = LegacyToken::pauseCall {}.abi_encode();
        assert!(
            act(&self.chain, OWNER, self.legacy, pause),
            "control is back"
        );
    }

    /// The legacy balance of an account.
    pub(crate) fn legacy_balance(&self, account: Address) -> U256 {
        balances::read(&self.chain, At::Latest, self.legacy, &[account]).expect("a balance")[0]
    }
}

pub(crate) fn request(setup: &Setup, legacy: Address) -> Request {
    Request {
        roles: Roles {
            owner: account(OWNER),
            operator: account(OPERATOR),
            guardian: account(GUARDIAN),
        },
        deadline_secs: 1_700_000_000 + 100_000,
        max_freeze_secs: 50_000,
        preauthorised: setup.preauthorised,
        nonce: keccak256(b"engine test"),
        lanes: vec![LaneRequest {
            legacy,
            source: setup.source,
            pauser_role: PAUSER_ROLE,
            name: Some("New".into()),
            symbol: Some("NEW".into()),
            materialize: setup.materialize,
            snapshot_block: None,
        }],
    }
}

pub(crate) fn make_plan(
    chain: &EmbeddedChain,
    request: &Request,
    lists: &[Holders],
    batch_size: u32,
) -> Result<Plan, PlanError> {
    let mut size = |_, _: &[Holder]| {
        Ok(Sizing {
            batch_size,
            stage_gas: 2_000_000,
            materialize_size: batch_size,
            materialize_gas: 2_000_000,
        })
    };
    planning::plan(chain, request, lists, &mut size)
}

#[derive(Debug)]
pub(crate) enum Failure {
    Open(String),
    Run(Box<RunError>),
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::Run(Box::new(error))
    }
}

impl Failure {
    /// Whether the simulated process died at the journal.
    pub(crate) fn is_crash(&self) -> bool {
        matches!(self, Self::Run(error) if matches!(**error, RunError::Journal(_)))
    }
}
