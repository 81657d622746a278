//! What a correct executor keeps (DESIGN section 3), one test a rule, as far as the core decides it.

mod fees;
mod refusals;
mod settlement;
mod workflow;

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::B256;
use proptest::prelude::*;
use sealift_protocol::event::{BlockId, Observation, Phase, Receipt, SendAnswer, TxId, Variant};
use sealift_protocol::plan::Source;
use sealift_protocol::{Effect, Event, Halt, Intent, Policy, Record, State, Stepped, step};

use crate::world::{self, Chain, KEY};

/// A core that is fed by hand.
struct Core {
    state: State,
    records: Vec<Record>,
    look: Observation,
}

impl Core {
    fn new() -> Self {
        Self::with(world::policy())
    }

    fn with(policy: Policy) -> Self {
        let plan = world::plan(Source::ChainRead);
        let look = Chain::new(Source::ChainRead, 2).look(None, true);
        Self {
            state: State::new(plan, Arc::new(policy)),
            records: Vec::new(),
            look,
        }
    }

    /// A core whose list is fixed and whose chain is frozen and final.
    fn frozen(policy: Policy) -> Self {
        let mut core = Self::with(policy);
        core.look.latest.phase = Phase::Frozen;
        core.look.latest.lanes[0].generation = 1;
        core.look.latest.lanes[0].ours = Some(true);
        core.look.latest.lanes[0].settled = false;
        core.look.latest.lanes[0].handover = vec![true];
        core.look.latest.lanes[0].supply = Chain::new(Source::ChainRead, 2).list().sum;
        core.look.finalized = core.look.latest.clone();
        core.look.finalized.at = BlockId {
            number: 0,
            hash: B256::ZERO,
        };
        core.observe();
        core.feed(Event::ListFixed(0, Chain::new(Source::ChainRead, 2).list()));
        core
    }

    fn try_feed(&mut self, event: Event) -> Result<Vec<Effect>, Halt> {
        let Stepped {
            state,
            records,
            effects,
        } = step(self.state.clone(), event)?;
        self.state = state;
        self.records.extend(records);
        Ok(effects)
    }

    #[track_caller]
    fn feed(&mut self, event: Event) -> Vec<Effect> {
        self.try_feed(event).unwrap()
    }

    #[track_caller]
    fn observe(&mut self) -> Vec<Effect> {
        self.look.walked_to = self.state.finality;
        let look = self.look.clone();
        self.feed(Event::Observed(Box::new(look)))
    }

    /// Observes, then signs and offers what is asked for; what was sent.
    fn turn(&mut self, answer: SendAnswer) -> Vec<(TxId, B256)> {
        self.turn_with(|_| answer.clone()).unwrap()
    }

    /// The same, the answer depending on what is offered; stops where the core halts.
    fn turn_with(
        &mut self,
        answer: impl Fn(Intent) -> SendAnswer,
    ) -> Result<Vec<(TxId, B256)>, Halt> {
        let mut effects = self.observe();
        let mut sent = Vec::new();
        while let Some(effect) = (!effects.is_empty()).then(|| effects.remove(0)) {
            let event = match effect {
                Effect::Prepare { intent, .. } => Event::Prepared(intent, Ok(100)),
                Effect::Sign {
                    tx, max_fee, tip, ..
                } => Event::Signed(vec![(tx, variant(tx, max_fee, tip))]),
                Effect::Send { tx, hash, .. } => {
                    sent.push((tx, hash));
                    let answer = answer(self.state.txs[&tx].intent);
                    Event::Answered(vec![(tx, hash, answer)])
                }
                _ => continue,
            };
            effects.extend(self.try_feed(event)?);
        }
        Ok(sent)
    }

    /// What the process that is started after this one begins with.
    fn restart(&mut self) {
        let (plan, policy) = (self.state.plan.clone(), self.state.policy.clone());
        self.state = State::replay(plan, policy, &self.records).unwrap();
    }

    fn mined(&mut self, hash: B256, number: u64, succeeded: bool) {
        let block = BlockId {
            number,
            hash: B256::with_last_byte(number as u8),
        };
        let receipt = Receipt {
            transaction: hash,
            block,
            succeeded,
            gas_used: 1,
            effective_gas_price: 1,
        };
        self.look.receipts.insert(hash, receipt);
        self.look.latest.at = BlockId { number, ..block };
    }

    fn finalize(&mut self, number: u64, nonces: u64) {
        let hash = B256::with_last_byte(number as u8);
        self.look.finalized = self.look.latest.clone();
        self.look.finalized.at = BlockId { number, hash };
        self.look.final_blocks = BTreeMap::from([(number, hash)]);
        self.look.nonces = BTreeMap::from([(KEY, nonces)]);
        self.look.final_nonces = BTreeMap::from([(KEY, nonces)]);
    }

    fn status(&self, nonce: u64) -> String {
        let text = format!("{:?}", self.state.txs[&id(nonce)].status);
        text.split(' ').next().unwrap_or_default().to_owned()
    }

    fn bound(&self) -> Vec<(u64, Intent)> {
        self.state
            .txs
            .iter()
            .map(|(id, tx)| (id.nonce, tx.intent))
            .collect()
    }
}

fn id(nonce: u64) -> TxId {
    TxId { sender: KEY, nonce }
}

fn variant(tx: TxId, max_fee: u128, tip: u128) -> Variant {
    let hash = alloy_primitives::keccak256(format!("{tx:?}{max_fee}{tip}"));
    Variant {
        hash,
        max_fee,
        tip,
        raw: hash.to_vec().into(),
    }
}

fn stage(index: u32) -> Intent {
    Intent::Stage {
        lane: 0,
        generation: 1,
        index,
    }
}

fn ambiguous() -> SendAnswer {
    SendAnswer::Ambiguous("already known".into())
}

fn is_halt<T>(result: Result<T, Halt>) -> bool {
    result.is_err()
}

#[test]
fn rule_01_signed_bytes_are_recorded_by_the_step_that_sends_them() {
    let mut core = Core::frozen(world::policy());
    core.observe();
    let variant = variant(id(0), 3, 1);
    let stepped = step(
        core.state.clone(),
        Event::Signed(vec![(id(0), variant.clone())]),
    )
    .unwrap();
    assert_eq!(
        stepped.records,
        [Record::Signed {
            tx: id(0),
            variant: variant.clone()
        }]
    );
    assert!(matches!(&stepped.effects[..], [Effect::Send { hash, .. }] if *hash == variant.hash));
    // Bytes that are not in the journal cannot have been offered.
    let record = Record::Offered {
        tx: id(0),
        hash: variant.hash,
    };
    assert!(is_halt(core.state.apply(&record)));
}

#[test]
fn rule_02_one_nonce_one_intent() {
    let mut core = Core::frozen(world::policy());
    core.observe();
    assert_eq!(core.bound(), [(0, stage(0)), (1, stage(1))]);
    let again = |tx, intent| Record::Bound {
        tx,
        intent,
        gas_limit: 1,
    };
    assert!(is_halt(
        core.state.clone().apply(&again(id(0), Intent::Seal))
    ));
    core.feed(Event::Signed(vec![(id(0), variant(id(0), 3, 1))]));
    let abort = again(id(0), Intent::Abort);
    assert!(is_halt(core.state.clone().apply(&abort)), "bytes exist");
    assert!(
        is_halt(core.state.clone().apply(&again(id(9), stage(0)))),
        "a second nonce"
    );
    // The way back takes over what goes forward and has no bytes, and never what leads back itself.
    let reclaim = |lane| again(id(1), Intent::Reclaim { lane });
    core.state.apply(&reclaim(0)).unwrap();
    assert!(is_halt(core.state.apply(&reclaim(1))));
}

#[test]
fn rule_10_a_nonce_and_its_intent_are_one_record() {
    let mut core = Core::frozen(world::policy());
    core.observe();
    let bound = core
        .records
        .iter()
        .filter(|record| matches!(record, Record::Bound { .. }));
    assert_eq!(bound.count(), 2);
}

#[test]
fn rule_10_no_nonce_above_one_that_is_neither_ours_nor_final() {
    let mut core = Core::frozen(world::policy());
    core.look.nonces.insert(KEY, 1);
    core.observe();
    assert_eq!(core.bound(), []);
    core.look.final_nonces.insert(KEY, 1);
    core.observe();
    assert_eq!(core.bound()[0], (1, stage(0)));
    core.look.nonces.clear();
    let mut blind = Core::frozen(world::policy());
    blind.look.nonces.clear();
    blind.observe();
    assert_eq!(blind.bound(), [], "an unknown count is not zero");
}

#[test]
fn a_view_with_other_lanes_than_the_plan_halts() {
    for (latest, finalized) in [(0, 1), (1, 0), (2, 1), (1, 2)] {
        let mut core = Core::new();
        core.look.latest.lanes.resize(latest, Default::default());
        core.look
            .finalized
            .lanes
            .resize(finalized, Default::default());
        let look = Box::new(core.look.clone());
        assert!(is_halt(core.try_feed(Event::Observed(look))));
    }
}

#[test]
fn rule_15_records_that_do_not_follow_are_refused() {
    let mut core = Core::frozen(world::policy());
    core.observe();
    let mark = |number| {
        let hash = B256::with_last_byte(number as u8);
        Record::Finality(BlockId { number, hash })
    };
    core.state.apply(&mark(7)).unwrap();
    core.state.apply(&mark(7)).unwrap();
    assert!(
        is_halt(core.state.clone().apply(&mark(6))),
        "finality went back"
    );
    core.state.apply(&mark(8)).unwrap();
    let tx = id(0);
    let signed = |fee| Record::Signed {
        tx,
        variant: variant(tx, fee, 1),
    };
    core.state.apply(&signed(3)).unwrap();
    assert!(
        is_halt(core.state.clone().apply(&signed(3))),
        "signed twice"
    );
    core.state.apply(&Record::Superseded { tx }).unwrap();
    for late in [
        signed(4),
        Record::Superseded { tx },
        Record::Excluded { tx },
    ] {
        assert!(
            is_halt(core.state.clone().apply(&late)),
            "{late:?} of what is settled"
        );
    }
    let unbound = Record::Superseded { tx: id(9) };
    assert!(is_halt(core.state.apply(&unbound)));
}

#[test]
fn rule_13_a_journal_of_another_plan_is_refused() {
    let mut core = Core::new();
    core.observe();
    let other = world::plan(Source::Declared);
    let policy = Arc::new(world::policy());
    assert!(is_halt(State::replay(other, policy, &core.records)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is fed, every prefix of the records replays, and all of them are the state.
    #[test]
    fn every_prefix_of_the_records_replays(feeds in prop::collection::vec((0u8..8, 0u64..4), 0..30)) {
        let mut core = Core::frozen(Policy { bump_after_secs: 3, ..world::policy() });
        for (kind, pick) in feeds {
            core.look.now_secs += pick;
            let before = (core.state.clone(), core.records.clone());
            core.look.walked_to = core.state.finality;
            let tx = id(pick);
            let known = core.state.txs.get(&tx).and_then(|tx| tx.variants.first()).map(|v| v.hash);
            let event = match kind {
                0 => Event::Signed(vec![(tx, variant(tx, 3, u128::from(pick)))]),
                1 => Event::Answered(vec![(tx, known.unwrap_or_default(), ambiguous())]),
                2 => Event::AbortRequested,
                3 => {
                    core.mined(known.unwrap_or_default(), 2 + pick, pick != 0);
                    core.look.latest.at.number = 9;
                    Event::Observed(Box::new(core.look.clone()))
                }
                4 => {
                    core.look.receipts.clear();
                    Event::Observed(Box::new(core.look.clone()))
                }
                5 => Event::Prepared(Intent::Abort, Ok(1)),
                _ => Event::Observed(Box::new(core.look.clone())),
            };
            if core.try_feed(event).is_err() {
                (core.state, core.records) = before;
            }
        }
        let (plan, policy) = (core.state.plan.clone(), core.state.policy.clone());
        for end in 0..=core.records.len() {
            let replayed = State::replay(plan.clone(), policy.clone(), &core.records[..end]);
            prop_assert!(replayed.is_ok());
            if end == core.records.len() {
                let mut durable = core.state.clone();
                durable.memory = Default::default();
                prop_assert_eq!(replayed.unwrap(), durable);
            }
        }
    }
}
