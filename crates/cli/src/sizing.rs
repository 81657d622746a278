//! How many holders fit into a transaction: measured in the embedded chain, with this program's own
//! contracts, under the rules of Osaka. Never a constant.
//!
//! The sample is the list's own rows, spread over it and filled up with further accounts, so that the
//! answer does not depend on how short the list is. Every zero byte of the sample is charged as if it
//! were not zero (EIP-2028: 16 gas instead of 4), so that the limit holds for every other batch.

use alloy_primitives::{Address, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolConstructor};
use sealift_engine::chain::{Answer, At, Chain, ChainError, Query, Receipt};
use sealift_engine::contracts::{self, Call};
use sealift_engine::planning::{self, LaneRequest, Request, Sizing};
use sealift_engine::signer::{Signer, Unsigned};
use sealift_engine::verify;
use sealift_evm::{Config, DEV_ACCOUNTS, EmbeddedChain, TX_GAS_CAP};
use sealift_manifest::entry;
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::plan::{Plan, Roles, Source};

use crate::keys::Keys;

/// Rows that are simulated at most; above what any batch can hold below the transaction cap.
const SAMPLE: usize = 900;

/// Bytes of calldata of one transaction; nodes' pools refuse transactions above 128 KiB.
const MAX_DATA_BYTES: usize = 96 << 10;

/// Gas limit over measured gas, in percent.
const MARGIN_PERCENT: u64 = 103;

/// A transaction takes at most this share of a block, so that others are not crowded out.
const BLOCK_SHARE: u64 = 3;

/// What a non-zero byte costs more than a zero byte (EIP-2028).
const ZERO_BYTE_GAS: u64 = 12;

alloy_sol_types::sol! {
    interface Mintable {
        function mintBatch(address[] accounts, uint256[] amounts) external;
        function balanceOf(address account) external view returns (uint256);
    }
}

/// The legacy token of demo and simulation.
pub(crate) mod legacy_token {
    #![allow(missing_docs, unreachable_pub, reason = "generated from the contract")]
    alloy_sol_types::sol!(LegacyToken, "../../contracts/artifacts/LegacyToken.json");
}

/// What the real chain adds to the simulation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings {
    /// Gas limit of the chain's blocks.
    pub(crate) block_gas: u64,
    /// Gas that the real legacy's `balanceOf` needs in a transaction of its own, where known.
    pub(crate) balance_gas: Option<u64>,
    /// The user's own limit on holders a batch.
    pub(crate) max_holders: Option<u32>,
    /// Whether materializing is wanted, and so measured.
    pub(crate) materialize: bool,
}

/// Simulates a migration and measures it.
pub(crate) fn size(
    source: Source,
    rows: &[Holder],
    around: Surroundings,
) -> Result<Sizing, String> {
    let limit = TX_GAS_CAP.min(around.block_gas / BLOCK_SHARE);
    let mut sizing = Sizing {
        batch_size: u32::MAX,
        stage_gas: limit,
        materialize_size: 1,
        materialize_gas: limit,
    };
    let format = contracts::format(source);
    if format.is_none() && !around.materialize {
        return Ok(Sizing {
            batch_size: 1,
            ..sizing
        });
    }
    let sample = sample(rows)?;
    let mut lab = Lab::new(source, &sample)?;
    let extra = around
        .balance_gas
        .map_or(0, |real| real.saturating_sub(lab.balance_gas()));
    let cap = around
        .max_holders
        .map_or(SAMPLE, |max| (max.max(1) as usize).min(SAMPLE));
    if let Some(format) = format {
        let reads = if source == Source::ChainRead {
            extra
        } else {
            0
        };
        let most = cap.min(MAX_DATA_BYTES / format.entry_len());
        let (size, gas) = largest(most, limit, |count| {
            let data = entry::encode(&sample.rows()[..count], format).map_err(|e| e.to_string())?;
            let zeros = data.iter().filter(|byte| **byte == 0).count() as u64;
            let call = contracts::stage(&lab.plan, 0, 0, data);
            let added = zeros * ZERO_BYTE_GAS + reads * count as u64;
            Ok(lab.gas(lab.operator, &call)?.map(|gas| gas + added))
        })?;
        (sizing.batch_size, sizing.stage_gas) = (size, gas);
    }
    if around.materialize {
        lab.commit(sizing.batch_size as usize)?;
        let reads = if source == Source::ReadThrough {
            extra
        } else {
            0
        };
        let (size, gas) = largest(cap.min(MAX_DATA_BYTES / 32), limit, |count| {
            let accounts: Vec<Address> = sample.rows()[..count].iter().map(|h| h.account).collect();
            let zeros = accounts.iter().flatten().filter(|byte| **byte == 0).count() as u64;
            let call = contracts::materialize(&lab.plan.lanes[0], accounts);
            let added = zeros * ZERO_BYTE_GAS + reads * count as u64;
            Ok(lab.gas(lab.operator, &call)?.map(|gas| gas + added))
        })?;
        (sizing.materialize_size, sizing.materialize_gas) = (size, gas);
    }
    Ok(sizing)
}

/// The largest count whose padded gas is below the limit, and that gas.
fn largest(
    most: usize,
    limit: u64,
    mut measure: impl FnMut(usize) -> Result<Option<u64>, String>,
) -> Result<(u32, u64), String> {
    let mut padded = |count: usize| -> Result<Option<u64>, String> {
        let gas = measure(count)?.map(|gas| gas.saturating_mul(MARGIN_PERCENT).div_ceil(100));
        Ok(gas.filter(|gas| *gas < limit))
    };
    let Some(one) = padded(1)? else {
        return Err(format!("not even one holder fits into {limit} gas"));
    };
    let (mut fits, mut gas, mut too_many) = (1, one, most + 1);
    while fits + 1 < too_many {
        let middle = fits + (too_many - fits) / 2;
        match padded(middle)? {
            Some(needed) => (fits, gas) = (middle, needed),
            None => too_many = middle,
        }
    }
    Ok((fits as u32, gas))
}

/// Rows spread over the list, and further accounts up to [`SAMPLE`].
fn sample(rows: &[Holder]) -> Result<Holders, String> {
    let stride = rows.len().div_ceil(SAMPLE).max(1);
    let mut sample: Vec<Holder> = rows.iter().step_by(stride).copied().collect();
    // OpenZeppelin's token, which stands in for legacy here, cannot mint to the zero address, and the
    // supply must stay below 2^208.
    let bound = U256::from(1) << 190;
    for holder in &mut sample {
        holder.balance = holder.balance.min(bound);
        if holder.account.is_zero() {
            holder.account = Address::with_last_byte(1);
        }
    }
    let balance = sample
        .first()
        .map_or(U256::from(1), |holder| holder.balance);
    let further =
        (0..SAMPLE as u64).map(|number| Address::from_word(keccak256(number.to_be_bytes())));
    sample.extend(
        further
            .take(SAMPLE - sample.len())
            .map(|account| Holder { account, balance }),
    );
    sample.sort_unstable_by_key(|holder| holder.account);
    sample.dedup_by_key(|holder| holder.account);
    Holders::from_rows(sample).map_err(|error| error.to_string())
}

/// A chain of our own with one migration, frozen and ready to stage.
struct Lab {
    chain: EmbeddedChain,
    keys: Keys,
    operator: Address,
    plan: Plan,
    nonce: u64,
}

impl Lab {
    fn new(source: Source, sample: &Holders) -> Result<Self, String> {
        let account = DEV_ACCOUNTS[0];
        let operator = account.address;
        let chain = EmbeddedChain::new(Config {
            block_gas_limit: TX_GAS_CAP * 4,
            ..Config::default()
        });
        let keys = Keys::from_key(account.key).map_err(|error| error.to_string())?;
        let mut sender = Sender {
            chain: &chain,
            keys: &keys,
            from: operator,
            nonce: 0,
        };
        let legacy = deploy_legacy(&mut sender, operator, "Simulation", "SIM")?;
        for rows in sample.rows().chunks(400) {
            let call = Mintable::mintBatchCall {
                accounts: rows.iter().map(|holder| holder.account).collect(),
                amounts: rows.iter().map(|holder| holder.balance).collect(),
            };
            sender.send(Call {
                to: legacy,
                data: call.abi_encode().into(),
            })?;
        }
        let request = Request {
            roles: Roles {
                owner: operator,
                operator,
                guardian: operator,
            },
            deadline_secs: Config::default().genesis_secs + 10_000_000,
            max_freeze_secs: 1_000_000,
            preauthorised: false,
            nonce: Default::default(),
            lanes: vec![LaneRequest {
                legacy,
                source,
                pauser_role: planning::PAUSER_ROLE,
                name: None,
                symbol: None,
                materialize: false,
                snapshot_block: None,
            }],
        };
        let unsized_ = Sizing {
            batch_size: 1,
            stage_gas: 1,
            materialize_size: 1,
            materialize_gas: 1,
        };
        let lists = std::slice::from_ref(sample);
        let plan = planning::plan(&chain, &request, lists, &mut |_, _| Ok(unsized_))
            .map_err(|error| format!("the simulated migration cannot be planned: {error}"))?;
        let codes = contracts::init_codes(&plan);
        sender.send(contracts::deploy(plan.nonce, &codes.migration))?;
        for (guard, ledger) in &codes.lanes {
            sender.send(contracts::deploy(plan.nonce, guard))?;
            sender.send(contracts::deploy(plan.nonce, ledger))?;
        }
        for step in 0.. {
            let Some(call) = contracts::handover(&plan.lanes[0], step) else {
                break;
            };
            sender.send(call)?;
        }
        sender.send(contracts::open(&plan))?;
        sender.send(contracts::freeze(&plan))?;
        if source.is_declared() {
            let (count, sum) = (sample.len() as u64, sample.sum());
            sender.send(contracts::declare(
                &plan,
                0,
                1,
                count,
                sum,
                Default::default(),
            ))?;
        }
        let nonce = sender.nonce;
        Ok(Self {
            chain,
            keys,
            operator,
            plan,
            nonce,
        })
    }

    /// Gas of a call in a transaction of its own; `None` where it is more than a transaction may use.
    fn gas(&self, from: Address, call: &Call) -> Result<Option<u64>, String> {
        let query = Query::Gas {
            from,
            to: Some(call.to),
            data: call.data.clone(),
        };
        match self.chain.read(At::Latest, &[query]) {
            Ok(answers) => match answers.first() {
                Some(Answer::Word(gas)) => Ok(Some(gas.saturating_to())),
                // A call inside ran out of its 63/64 (EIP-150) and left no reason.
                Some(Answer::Reverted(data)) if data.is_empty() => Ok(None),
                Some(Answer::Reverted(data)) => Err(format!("the simulation reverts: {data}")),
                _ => Err("the simulation gives no answer".to_owned()),
            },
            // Out of gas below the cap.
            Err(ChainError::Refused(_)) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Gas of the simulated legacy's `balanceOf` in a transaction of its own.
    fn balance_gas(&self) -> u64 {
        let call = balance_of(self.plan.lanes[0].legacy, self.operator);
        self.gas(self.operator, &call).ok().flatten().unwrap_or(0)
    }

    /// Stages nothing or everything, seals and commits, so that tails can be measured.
    fn commit(&mut self, batch_size: usize) -> Result<(), String> {
        let lane = &self.plan.lanes[0];
        let staged = contracts::format(lane.source);
        let mut sender = Sender {
            chain: &self.chain,
            keys: &self.keys,
            from: self.operator,
            nonce: self.nonce,
        };
        if let Some(format) = staged {
            let list = self.sample_list()?;
            if lane.source.is_declared() {
                let batches = sealift_manifest::batch::Batches::split(&list, batch_size)
                    .map_err(|error| error.to_string())?;
                let staging = sealift_manifest::batch::Staging {
                    id: contracts::id(&self.plan),
                    lane: 0,
                    generation: 2,
                };
                let ours = batches
                    .commitments(&list, format, staging)
                    .map_err(|e| e.to_string())?;
                let head = ours.last().map(|batch| batch.head).unwrap_or_default();
                sender.send(contracts::restart(&self.plan, 0))?;
                let (count, sum) = (list.len() as u64, list.sum());
                sender.send(contracts::declare(
                    &self.plan,
                    0,
                    ours.len() as u32,
                    count,
                    sum,
                    head,
                ))?;
            }
            for (rows, index) in list.rows().chunks(batch_size).zip(0..) {
                let data = entry::encode(rows, format).map_err(|error| error.to_string())?;
                sender.send(contracts::stage(&self.plan, 0, index, data))?;
            }
        }
        sender.send(contracts::seal(&self.plan))?;
        let header = self
            .chain
            .header(At::Latest)
            .ok()
            .flatten()
            .ok_or("no newest block")?;
        let sight = sealift_engine::view::read(&self.chain, &self.plan, &header)
            .map_err(|error| error.to_string())?;
        sender.send(contracts::commit(
            &self.plan,
            verify::expected_head(&self.plan, &sight),
        ))?;
        self.nonce = sender.nonce;
        Ok(())
    }

    /// The sample again, from the simulated legacy's mint events.
    fn sample_list(&self) -> Result<Holders, String> {
        let legacy = self.plan.lanes[0].legacy;
        let to = self.plan.lanes[0].snapshot.block.number;
        let accounts = sealift_engine::balances::moved(&self.chain, legacy, 0, to)
            .map_err(|error| error.to_string())?;
        let held = sealift_engine::balances::holders(&self.chain, At::Latest, legacy, &accounts)
            .map_err(|error| error.to_string())?;
        Holders::from_rows(held.into_iter().filter(|h| !h.balance.is_zero()).collect())
            .map_err(|error| error.to_string())
    }
}

/// `balanceOf` as a call.
pub(crate) fn balance_of(token: Address, account: Address) -> Call {
    let data = Mintable::balanceOfCall { account }.abi_encode().into();
    Call { to: token, data }
}

/// Sends calls one by one and waits for each; for chains that mine at once.
pub(crate) struct Sender<'a, C: Chain + ?Sized> {
    pub(crate) chain: &'a C,
    pub(crate) keys: &'a Keys,
    pub(crate) from: Address,
    pub(crate) nonce: u64,
}

impl<C: Chain + ?Sized> Sender<'_, C> {
    /// Sends without waiting; the hash.
    pub(crate) fn offer(&mut self, call: Call) -> Result<alloy_primitives::B256, String> {
        let header = self
            .chain
            .header(At::Latest)
            .map_err(|error| error.to_string())?
            .ok_or("there is no newest block")?;
        let tip = 1_000_000_000;
        let unsigned = Unsigned {
            chain_id: self
                .chain
                .identity()
                .map_err(|error| error.to_string())?
                .chain_id,
            nonce: self.nonce,
            to: call.to,
            value: U256::ZERO,
            input: call.data,
            gas_limit: TX_GAS_CAP.min(header.gas_limit),
            max_fee: header.base_fee * 4 + tip,
            tip,
        };
        let (raw, hash) = self
            .keys
            .sign(self.from, &unsigned)
            .map_err(|e| e.to_string())?;
        use sealift_engine::chain::SendAnswer;
        match self.chain.send(&raw) {
            SendAnswer::Accepted => {
                self.nonce += 1;
                Ok(hash)
            }
            SendAnswer::Rejected(reason) => Err(format!("the node refuses: {reason:?}")),
            SendAnswer::Ambiguous(reason) => Err(format!("the node hesitates: {reason}")),
        }
    }

    /// Waits for a transaction and demands that it succeeded.
    pub(crate) fn settle(&self, hash: alloy_primitives::B256) -> Result<Receipt, String> {
        for round in 0..2_000u64 {
            let found = self
                .chain
                .receipts(&[hash])
                .map_err(|error| error.to_string())?;
            match found.into_iter().next().flatten() {
                Some(receipt) if receipt.succeeded => return Ok(receipt),
                Some(receipt) => {
                    return Err(format!(
                        "transaction {} failed on chain",
                        receipt.transaction
                    ));
                }
                None => std::thread::sleep(std::time::Duration::from_millis(5 + round.min(45))),
            }
        }
        Err(format!("transaction {hash} is not mined"))
    }

    /// Both.
    pub(crate) fn send(&mut self, call: Call) -> Result<Receipt, String> {
        let hash = self.offer(call)?;
        self.settle(hash)
    }
}

/// Deploys the legacy token of demo and simulation through the CREATE2 deployer.
pub(crate) fn deploy_legacy<C: Chain + ?Sized>(
    sender: &mut Sender<'_, C>,
    owner: Address,
    name: &str,
    symbol: &str,
) -> Result<Address, String> {
    let arguments = legacy_token::LegacyToken::constructorCall {
        name_: name.to_owned(),
        symbol_: symbol.to_owned(),
        owner_: owner,
    };
    let init: Bytes = [
        legacy_token::LegacyToken::BYTECODE.as_ref(),
        &arguments.abi_encode(),
    ]
    .concat()
    .into();
    let salt = keccak256(sender.nonce.to_be_bytes());
    sender.send(contracts::deploy(salt, &init))?;
    Ok(contracts::address_of(salt, &init))
}
