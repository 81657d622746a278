//! A small world around the core: a plan, a chain of two blocks over the contract model, and a driver
//! that performs effects at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use sealift_manifest::batch::{self, Digest, Staging};
use sealift_manifest::entry::{self, Format};
use sealift_manifest::head;
use sealift_manifest::holders::Holder;
use sealift_protocol::contract::{Call, Contract, Declared, Lane, Legacy, LegacyCall, Rules};
use sealift_protocol::event::{
    BlockId, FinalList, LaneView, Observation, Phase, Receipt, TxId, View,
};
use sealift_protocol::plan::{Control, LanePlan, Plan, Roles, Snapshot, Source};
use sealift_protocol::{Intent, Policy};

/// Owner, operator and recorded owner of legacy: the one key of the executor.
pub(crate) const KEY: Address = Address::repeat_byte(0xa1);
pub(crate) const GUARDIAN: Address = Address::repeat_byte(0xa3);
pub(crate) const MIGRATION: Address = Address::repeat_byte(0xb1);
pub(crate) const GUARD: Address = Address::repeat_byte(0xb2);
pub(crate) const START_SECS: u64 = 1_000;
pub(crate) const DEADLINE_SECS: u64 = 9_000;
const CHAIN_ID: u64 = 1;

pub(crate) fn plan(source: Source) -> Arc<Plan> {
    let lane = LanePlan {
        legacy: Address::repeat_byte(0xb4),
        legacy_code_hash: B256::repeat_byte(1),
        control: Control::Ownable,
        recorded_owner: KEY,
        source,
        guard: GUARD,
        guard_code_hash: B256::repeat_byte(2),
        ledger: Address::repeat_byte(0xb3),
        ledger_code_hash: B256::repeat_byte(3),
        name: "New".into(),
        symbol: "NEW".into(),
        decimals: 18,
        snapshot: Snapshot {
            block: BlockId::default_at(0),
            count: 2,
            sum: U256::from(30),
            digest: B256::ZERO,
        },
        batch_size: 1,
        stage_gas: 1_000,
        materialize: false,
        materialize_size: 1,
        materialize_gas: 1_000,
    };
    Arc::new(Plan {
        version: 1,
        chain_id: CHAIN_ID,
        genesis: B256::repeat_byte(9),
        nonce: B256::repeat_byte(8),
        roles: Roles {
            owner: KEY,
            operator: KEY,
            guardian: GUARDIAN,
        },
        deadline_secs: DEADLINE_SECS,
        max_freeze_secs: DEADLINE_SECS,
        preauthorised: false,
        migration: MIGRATION,
        lanes: vec![lane],
    })
}

pub(crate) fn policy() -> Policy {
    Policy {
        signers: BTreeSet::from([KEY]),
        resend_after_secs: 0,
        bump_after_secs: u64::MAX,
        ..Policy::default()
    }
}

trait DefaultAt {
    fn default_at(number: u64) -> Self;
}

impl DefaultAt for BlockId {
    fn default_at(number: u64) -> Self {
        Self {
            number,
            hash: B256::ZERO,
        }
    }
}

pub(crate) fn rows(holders: u8) -> Vec<Holder> {
    let row = |n: u8| Holder {
        account: Address::repeat_byte(n),
        balance: U256::from(n) * U256::from(10),
    };
    (1..=holders).map(row).collect()
}

fn format(source: Source) -> Format {
    match source {
        Source::Declared => Format::Narrow,
        Source::DeclaredWide => Format::Wide,
        _ => Format::Accounts,
    }
}

/// The two-block chain: the newest block may be reorganised away, the one before it is final.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Block {
    pub(crate) number: u64,
    pub(crate) fork: u8,
    pub(crate) timestamp: u64,
    pub(crate) contract: Contract,
    pub(crate) nonce: u64,
    pub(crate) tx: Option<(TxId, Sent)>,
}

impl Block {
    pub(crate) fn id(&self) -> BlockId {
        let mut hash = B256::ZERO;
        hash[0] = self.fork;
        hash[24..].copy_from_slice(&self.number.to_be_bytes());
        BlockId {
            number: self.number,
            hash,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sent {
    pub(crate) hash: B256,
    pub(crate) call: Call,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Chain {
    pub(crate) source: Source,
    pub(crate) holders: u8,
    pub(crate) last: Block,
    pub(crate) newest: Block,
    pub(crate) pool: BTreeMap<TxId, Sent>,
    pub(crate) receipts: BTreeMap<B256, (BlockId, bool)>,
}

impl Chain {
    pub(crate) fn new(source: Source, holders: u8) -> Self {
        let balances = rows(holders)
            .into_iter()
            .map(|row| (row.account, row.balance));
        let lane = Lane::new(
            source,
            GUARD,
            Legacy::new(KEY, balances),
            B256::repeat_byte(1),
        );
        let block = |number| Block {
            number,
            fork: 0,
            timestamp: START_SECS,
            contract: Contract::new(CHAIN_ID, MIGRATION, KEY, vec![lane.clone()]),
            nonce: 0,
            tx: None,
        };
        Self {
            source,
            holders,
            last: block(0),
            newest: block(1),
            pool: BTreeMap::new(),
            receipts: BTreeMap::new(),
        }
    }

    /// Adds a block, with a call by somebody in it, or of the pool, or with nothing.
    fn grow(&mut self, tx: Option<(TxId, Sent)>, outside: Option<(Address, Call)>, late: bool) {
        let mut block = self.newest.clone();
        block.number += 1;
        block.tx = None;
        if late {
            block.timestamp = DEADLINE_SECS;
        }
        let (number, now) = (block.number, block.timestamp);
        if let Some((caller, call)) = outside {
            let _ = block.contract.apply(caller, number, now, &call);
        }
        if let Some((id, sent)) = tx {
            let done = block
                .contract
                .apply(id.sender, number, now, &sent.call)
                .is_ok();
            block.nonce += 1;
            self.receipts.insert(sent.hash, (block.id(), done));
            block.tx = Some((id, sent));
        }
        self.last = std::mem::replace(&mut self.newest, block);
        self.last.tx = None;
    }

    /// Mines the pool's next transaction, if there is one that can be executed.
    pub(crate) fn mine(&mut self) -> bool {
        let next = TxId {
            sender: KEY,
            nonce: self.newest.nonce,
        };
        let Some(sent) = self.pool.remove(&next) else {
            return false;
        };
        self.grow(Some((next, sent)), None, false);
        true
    }

    pub(crate) fn mine_empty(&mut self) {
        self.grow(None, None, false);
    }

    pub(crate) fn outside(&mut self, caller: Address, call: Call) {
        self.grow(None, Some((caller, call)), false);
    }

    pub(crate) fn pass_deadline(&mut self) {
        self.grow(None, None, true);
    }

    /// Whether the newest block holds what is not final.
    pub(crate) fn is_settled(&self) -> bool {
        let (a, b) = (&self.last, &self.newest);
        (&a.contract, a.nonce, a.timestamp) == (&b.contract, b.nonce, b.timestamp)
    }

    /// The newest block gives way to an empty one; what it held goes back to the pool, or is dropped.
    pub(crate) fn reorg(&mut self, dropped: bool) {
        let late = self.newest.timestamp > self.last.timestamp;
        let mut block = self.last.clone();
        block.number = self.newest.number;
        block.fork = self.newest.fork + 1;
        if late {
            block.timestamp = DEADLINE_SECS;
        }
        if let Some((id, sent)) = self.newest.tx.take() {
            self.receipts.remove(&sent.hash);
            if !dropped {
                self.pool.entry(id).or_insert(sent);
            }
        }
        self.newest = block;
    }

    fn digests(&self) -> Vec<Digest> {
        type Known = Mutex<BTreeMap<(u8, u8), Vec<Digest>>>;
        static KNOWN: OnceLock<Known> = OnceLock::new();
        let mut known = KNOWN.get_or_init(Default::default).lock().unwrap();
        let digests = || {
            let of = |row: &Holder| batch::digest(&[*row], format(self.source)).unwrap();
            rows(self.holders).iter().map(of).collect()
        };
        let key = (self.source as u8, self.holders);
        known.entry(key).or_insert_with(digests).clone()
    }

    /// The final list.
    pub(crate) fn list(&self) -> FinalList {
        let rows = rows(self.holders);
        FinalList {
            block: self.last.id(),
            count: rows.len() as u64,
            sum: rows.iter().map(|row| row.balance).sum(),
            digest: B256::ZERO,
        }
    }

    /// The call that an intent means, signed at this moment.
    pub(crate) fn call(&self, intent: Intent) -> Call {
        match intent {
            Intent::Handover { lane, .. } => {
                let call = LegacyCall::TransferOwnership { to: GUARD };
                Call::Legacy { lane, call }
            }
            Intent::Open => {
                let rules = Rules {
                    deadline_secs: DEADLINE_SECS,
                    max_freeze_secs: DEADLINE_SECS,
                    operator: KEY,
                    guardian: GUARDIAN,
                    preauthorised: false,
                };
                let rules_hash = B256::repeat_byte(5);
                Call::Open {
                    rules,
                    rules_hash,
                    nonce: B256::repeat_byte(8),
                }
            }
            Intent::Freeze => Call::Freeze,
            Intent::Declare { lane, .. } => {
                let state = &self.newest.contract.lanes[0];
                let declared = self.declared(self.newest.contract.id, state.generation);
                Call::Declare { lane, declared }
            }
            Intent::Stage { lane, index, .. } => {
                let row = rows(self.holders)[index as usize];
                let data = entry::encode(&[row], format(self.source)).unwrap();
                Call::Stage { lane, index, data }
            }
            Intent::Restart { lane, .. } => Call::Restart { lane },
            Intent::Seal => Call::Seal,
            Intent::Commit => Call::Commit {
                head: self.newest.contract.sealed_head,
            },
            Intent::Abort => Call::Abort,
            Intent::Release { lane } => Call::Release { lane },
            Intent::Reclaim { lane } => Call::Reclaim { lane },
            Intent::Retire { lane } => Call::Retire { lane },
            other => panic!("this world does not do '{other}'"),
        }
    }

    fn declared(&self, id: B256, generation: u32) -> Declared {
        let digests = self.digests();
        let chain = batch::chain(
            Staging {
                id,
                lane: 0,
                generation,
            },
            &digests,
        );
        Declared {
            batches: digests.len() as u32,
            count: digests.len() as u64,
            sum: digests.iter().map(|digest| digest.sum).sum(),
            head: chain.last().unwrap().head,
        }
    }

    fn view(&self, block: &Block, is_listed: bool) -> View {
        let contract = &block.contract;
        let lane = &contract.lanes[0];
        let ours = || {
            let staging = Staging {
                id: contract.id,
                lane: 0,
                generation: lane.generation,
            };
            let chain = batch::chain(staging, &self.digests());
            let head = match lane.cursor {
                0 => head::head0(contract.id, 0, lane.generation),
                n => chain
                    .get(n as usize - 1)
                    .map_or(B256::ZERO, |batch| batch.head),
            };
            let declared = lane.declared;
            let as_ours = |d| d == self.declared(contract.id, lane.generation);
            head == lane.head && declared.is_none_or(as_ours)
        };
        let is_none = contract.phase == Phase::None;
        View {
            at: block.id(),
            timestamp: block.timestamp,
            deployed: true,
            phase: contract.phase,
            deadline_secs: if is_none {
                DEADLINE_SECS
            } else {
                contract.deadline_secs
            },
            frozen_block: contract.frozen_block,
            lanes: vec![LaneView {
                guard_deployed: true,
                ledger_deployed: true,
                handover: vec![lane.is_held()],
                exclusive: lane.is_held(),
                settled: !lane.is_held(),
                generation: lane.generation,
                cursor: lane.cursor,
                declared: lane.declared.is_some(),
                supply: lane.supply,
                ours: (is_listed && lane.generation > 0).then(ours),
                materialized: Vec::new(),
            }],
        }
    }

    /// What a driver sees.
    pub(crate) fn look(&self, mark: Option<BlockId>, is_listed: bool) -> Observation {
        let fin = self.last.id();
        let mut final_blocks = BTreeMap::from([(fin.number, fin.hash)]);
        let receipt = |(hash, (block, succeeded)): (&B256, &(BlockId, bool))| {
            let receipt = Receipt {
                transaction: *hash,
                block: *block,
                succeeded: *succeeded,
                gas_used: 100,
                effective_gas_price: 1,
            };
            (*hash, receipt)
        };
        let old = self.receipts.values().map(|(block, _)| *block);
        let old = old.filter(|block| block.number <= fin.number);
        final_blocks.extend(old.map(|block| (block.number, block.hash)));
        Observation {
            now_secs: 0,
            latest: self.view(&self.newest, is_listed),
            finalized: self.view(&self.last, is_listed),
            final_blocks,
            walked_to: mark,
            nonces: BTreeMap::from([(KEY, self.newest.nonce)]),
            final_nonces: BTreeMap::from([(KEY, self.last.nonce)]),
            receipts: self.receipts.iter().map(receipt).collect(),
            base_fee: 1,
            tip: 1,
        }
    }
}

/// The bytes of a transaction: different for each nonce, call and fee.
pub(crate) fn sign(tx: TxId, call: &Call, max_fee: u128) -> (B256, Bytes) {
    let text = format!("{tx:?} {call:?} {max_fee}");
    let hash = keccak256(text);
    (hash, Bytes::copy_from_slice(&hash[..]))
}
