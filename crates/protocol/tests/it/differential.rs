//! The compiled contracts and the Rust model of them, run side by side on random traces.
//!
//! A step is chosen against the model, mostly the next one of a good migration, often with one thing
//! wrong about it. After each step both must have given the same answer and show the same.
//! `SEALIFT_CASES` scales the number of traces (default 64).

mod choose;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use alloy_primitives::{Address, U256, keccak256};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use sealift_protocol::contract::{Call, Contract, Declared, Lane, Legacy};
use sealift_protocol::event::Phase;
use sealift_protocol::invariants;
use sealift_protocol::plan::Source;

use crate::evm::{self, CHAIN_ID, Evm};

const OWNER: Address = Address::repeat_byte(0xa1);
const OPERATOR: Address = Address::repeat_byte(0xa2);
const GUARDIAN: Address = Address::repeat_byte(0xa3);
const LEGACY_OWNER: Address = Address::repeat_byte(0xa4);
const STRANGER: Address = Address::repeat_byte(0xa5);
const CALLERS: [Address; 5] = [OWNER, OPERATOR, GUARDIAN, LEGACY_OWNER, STRANGER];

const DEADLINE_SECS: u64 = 1_100_000;
const MAX_FREEZE_SECS: u64 = 50_000;
const STEPS: usize = 40;

/// Which lanes a trace has; every source alone, and all of them together.
const WORLDS: [&[Source]; 6] = [
    &[Source::ReadThrough],
    &[Source::ChainRead],
    &[Source::Declared],
    &[Source::DeclaredWide],
    &[Source::ReadThrough, Source::ChainRead],
    &[Source::ChainRead, Source::DeclaredWide, Source::Declared],
];

fn holder(number: u64) -> Address {
    // Spread over the address space, so that the order is not the order of creation.
    Address::from_slice(&keccak256(number.to_be_bytes())[12..])
}

fn balances(source: Source) -> Vec<(Address, U256)> {
    let unit = match source {
        Source::DeclaredWide => U256::ONE << 100, // more than a narrow entry can hold
        _ => U256::from(1_000),
    };
    (0..5).map(|n| (holder(n), unit + U256::from(n))).collect()
}

fn world(number: usize) -> &'static (Evm, Contract) {
    static DEPLOYED: OnceLock<Vec<(Evm, Contract)>> = OnceLock::new();
    let deploy = |sources: &&[Source]| {
        let lanes: Vec<_> = sources.iter().map(|s| (*s, balances(*s))).collect();
        let evm = Evm::deploy(OWNER, LEGACY_OWNER, &lanes);
        let lanes = evm.lanes.iter().map(|at| {
            let legacy = Legacy::new(LEGACY_OWNER, balances(at.source));
            Lane::new(at.source, at.guard, legacy, evm.code_hash(at.legacy))
        });
        let model = Contract::new(CHAIN_ID, evm.migration, OWNER, lanes.collect());
        (evm, model)
    };
    &DEPLOYED.get_or_init(|| WORLDS.iter().map(deploy).collect())[number]
}

/// One random step; what it means depends on where the model is.
#[derive(Clone, Debug)]
struct Step {
    kind: u8,
    lane: u8,
    caller: Option<u8>,
    wrong: u8,
    pick: u8,
    wait_secs: u64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let caller = prop_oneof![6 => Just(None), 1 => (0u8..10).prop_map(Some)];
    let wrong = prop_oneof![3 => Just(0u8), 1 => 1u8..16];
    let wait_secs = prop_oneof![
        60 => Just(12u64),
        1 => Just(MAX_FREEZE_SECS),
        1 => Just(DEADLINE_SECS - 1_000_000),
    ];
    let step = (
        any::<u8>(),
        any::<u8>(),
        caller,
        wrong,
        any::<u8>(),
        wait_secs,
    )
        .prop_map(|(kind, lane, caller, wrong, pick, wait_secs)| Step {
            kind,
            lane,
            caller,
            wrong,
            pick,
            wait_secs,
        });
    prop::collection::vec(step, 1..=STEPS)
}

/// A trace in progress.
struct Run {
    evm: Evm,
    model: Contract,
    accounts: BTreeSet<Address>,
}

impl Run {
    fn new(number: usize) -> Self {
        let (evm, model) = world(number).clone();
        let accounts = (0..7).map(holder).chain(CALLERS).chain([Address::ZERO]);
        Self {
            evm,
            model,
            accounts: accounts.collect(),
        }
    }

    /// Takes a step on both sides, and compares. Returns the answer.
    fn step(&mut self, step: &Step) -> String {
        self.evm.block += 1;
        self.evm.now_secs += step.wait_secs;
        let (caller, call) = self.choose(step);
        let before = self.model.clone();
        let (block, now) = (self.evm.block, self.evm.now_secs);
        let expected = self.model.apply(caller, block, now, &call);
        let expected = expected.map_err(|revert| format!("{revert:?}"));
        let found = self.evm.apply(caller, &call);
        assert_eq!(
            expected, found,
            "model and EVM answer differently: {caller} {call:?}"
        );
        self.compare(&call);
        invariants::check_step(&before, &call, &self.model).unwrap();
        invariants::check(&self.model, now, false).unwrap();
        expected.map_or_else(|name| name, |()| self.model.phase.to_string())
    }

    fn compare(&self, call: &Call) {
        let (evm, model) = (&self.evm, &self.model);
        let at = evm.migration;
        assert_eq!(evm.phase(), model.phase, "phase after {call:?}");
        let deadline = evm.read(at, evm::deadlineCall {});
        assert_eq!(deadline, U256::from(model.deadline_secs), "deadline");
        let frozen = evm.read(at, evm::frozenBlockCall {});
        assert_eq!(frozen, U256::from(model.frozen_block), "frozen block");
        assert_eq!(evm.read(at, evm::idCall {}), model.id, "id");
        assert_eq!(
            evm.read(at, evm::sealedHeadCall {}),
            model.sealed_head,
            "sealed head"
        );
        for (index, lane) in (0u32..).zip(&model.lanes) {
            self.compare_lane(index, lane, call);
        }
    }

    fn compare_lane(&self, index: u32, lane: &Lane, call: &Call) {
        let evm = &self.evm;
        let at = evm.lanes[index as usize];
        let legacy = &lane.legacy;
        assert_eq!(
            evm.read(at.legacy, evm::pausedCall {}),
            legacy.paused,
            "paused"
        );
        assert_eq!(
            evm.read(at.legacy, evm::ownerCall {}),
            legacy.owner,
            "legacy owner"
        );
        assert_eq!(
            evm.read(at.legacy, evm::totalSupplyCall {}),
            legacy.supply,
            "supply"
        );
        assert_eq!(
            evm.read(at.guard, evm::frozenCall {}),
            lane.guard_frozen,
            "guard"
        );
        assert_eq!(
            evm.read(at.guard, evm::wasPausedCall {}),
            lane.was_paused,
            "was paused"
        );
        let supply = evm.read(at.ledger, evm::totalSupplyCall {});
        assert_eq!(
            supply,
            self.model.successor_supply(index),
            "successor supply"
        );
        for account in self.accounts.iter().copied() {
            let balance = evm.read(at.legacy, evm::balanceOfCall { account });
            assert_eq!(
                balance,
                legacy.balance(account),
                "legacy balance of {account}"
            );
            let balance = evm.read(at.ledger, evm::balanceOfCall { account });
            let expected = self.model.successor_balance(index, account);
            assert_eq!(
                balance, expected,
                "successor balance of {account} after {call:?}"
            );
            let live = evm.read(at.ledger, evm::materializedCall { account });
            assert_eq!(live, lane.ledger.is_live(account), "materialized {account}");
        }
        if self.model.phase != Phase::None {
            let lane_number = U256::from(index);
            let state = evm.read(evm.migration, evm::laneCall { lane: lane_number });
            assert_eq!(state.generation, lane.generation, "generation");
            assert_eq!(state.cursor, lane.cursor, "cursor");
            assert_eq!(state.count, lane.count, "count");
            assert_eq!(state.sum, lane.sum, "sum");
            assert_eq!(state.head, lane.head, "head");
            assert_eq!(state.floor, lane.floor, "floor");
            assert_eq!(state.supply, lane.supply, "recorded supply");
            let declared = (state.declaredBatches != 0).then_some(Declared {
                batches: state.declaredBatches,
                count: state.declaredCount,
                sum: state.declaredSum,
                head: state.declaredHead,
            });
            assert_eq!(declared, lane.declared, "declared");
        }
    }
}

fn cases() -> u32 {
    let scale = std::env::var("SEALIFT_CASES").ok();
    scale.map_or(64, |cases| {
        cases.parse().expect("SEALIFT_CASES is a number")
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        rng_seed: prop::test_runner::RngSeed::Fixed(2),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_model_and_the_contracts_agree(number in 0..WORLDS.len(), steps in steps()) {
        let mut run = Run::new(number);
        for step in &steps {
            run.step(step);
        }
    }
}

/// A step that only goes forward.
const FORWARD: Step = Step {
    kind: 255,
    lane: 0,
    caller: None,
    wrong: 0,
    pick: 1,
    wait_secs: 12,
};

#[test]
fn every_world_can_be_committed() {
    for number in 0..WORLDS.len() {
        let mut run = Run::new(number);
        let mut left = STEPS;
        while run.model.phase != Phase::Committed {
            run.step(&FORWARD);
            left -= 1;
            assert!(left > 0, "world {number} does not arrive at COMMITTED");
        }
    }
}

/// The random traces are worth something only if they meet what they are made for.
#[test]
fn the_traces_meet_every_answer() {
    let mut met = BTreeMap::<String, usize>::new();
    let config = ProptestConfig::with_cases(1);
    let seed = prop::test_runner::RngSeed::Fixed(3);
    let mut runner = prop::test_runner::TestRunner::new(ProptestConfig {
        rng_seed: seed,
        ..config
    });
    let strategy = steps();
    for trace in 0..400 {
        let mut run = Run::new(trace % WORLDS.len());
        for step in strategy.new_tree(&mut runner).unwrap().current() {
            let (caller, call) = run.choose(&step);
            run.evm.block += 1;
            run.evm.now_secs += step.wait_secs;
            let answer = run
                .model
                .apply(caller, run.evm.block, run.evm.now_secs, &call);
            let name = answer.map_or_else(
                |revert| format!("{revert:?}"),
                |()| run.model.phase.to_string(),
            );
            *met.entry(name).or_default() += 1;
        }
    }
    let never: Vec<_> = EVERY_ANSWER
        .iter()
        .filter(|name| !met.contains_key(**name))
        .collect();
    assert!(never.is_empty(), "never met: {never:?}; met: {met:#?}");
}

/// What can be answered to a call. `SupplyTooLarge`, `Panic`, `NotFrozen`, `SupplyChanged` and
/// `CannotUnpause` need an asset or a legacy token that these worlds do not have.
const EVERY_ANSWER: [&str; 33] = [
    "NONE",
    "OPEN",
    "FROZEN",
    "SEALED",
    "COMMITTED",
    "ABORTED",
    "NotOwner",
    "NotOperator",
    "NotAllowed",
    "WrongPhase",
    "DeadlinePassed",
    "BadRules",
    "NoSuchLane",
    "NotStaged",
    "WrongBatch",
    "AlreadyDeclared",
    "NotDeclared",
    "NotAsDeclared",
    "WrongHead",
    "NotLive",
    "BadData",
    "NotAscending",
    "EmptyEntry",
    "AmountTooLarge",
    "NotRecordedOwner",
    "NotExclusive",
    "GuardWrongPhase",
    "OwnableUnauthorizedAccount",
    "OwnableInvalidOwner",
    "EnforcedPause",
    "ExpectedPause",
    "ERC20InsufficientBalance",
    "ERC20InvalidReceiver",
];
