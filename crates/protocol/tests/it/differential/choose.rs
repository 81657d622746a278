//! What a step means: a call that is chosen against the model, often with one thing wrong about it.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue;
use sealift_manifest::batch::{self, Digest};
use sealift_manifest::entry::Format;
use sealift_manifest::holders::Holder;
use sealift_protocol::contract::{Batch, Call, Declared, LegacyCall, Rules};
use sealift_protocol::event::Phase;
use sealift_protocol::plan::Source;

use super::{
    CALLERS, DEADLINE_SECS, GUARDIAN, LEGACY_OWNER, MAX_FREEZE_SECS, OPERATOR, OWNER, Run,
    STRANGER, Step, holder,
};

const BATCH: usize = 2;

fn format(source: Source) -> Format {
    match source {
        Source::Declared => Format::Narrow,
        Source::DeclaredWide => Format::Wide,
        _ => Format::Accounts,
    }
}

impl Run {
    fn lane(&self, step: &Step) -> u32 {
        u32::from(step.lane) % self.model.lanes.len() as u32
    }

    /// The rows that a lane has to stage: its balances.
    fn rows(&self, lane: u32) -> Vec<Holder> {
        let balances = &self.model.lanes[lane as usize].legacy.balances;
        let row = |(account, balance): (&Address, &U256)| Holder {
            account: *account,
            balance: *balance,
        };
        balances.iter().map(row).collect()
    }

    fn digests(&self, lane: u32) -> Vec<Digest> {
        let format = format(self.model.lanes[lane as usize].source);
        let rows = self.rows(lane);
        let digest = |rows| batch::digest(rows, format).ok();
        rows.chunks(BATCH).filter_map(digest).collect()
    }

    fn declared(&self, lane: u32) -> Declared {
        let digests = self.digests(lane);
        let generation = self.model.lanes[lane as usize].generation;
        let staging = batch::Staging {
            id: self.model.id,
            lane: u64::from(lane),
            generation,
        };
        let chain = batch::chain(staging, &digests);
        Declared {
            batches: digests.len() as u32,
            count: digests.iter().map(|digest| digest.count).sum(),
            sum: digests.iter().map(|digest| digest.sum).sum(),
            head: chain.last().map_or(B256::ZERO, |last| last.head),
        }
    }

    /// The data of a batch, with something wrong about it where `wrong` says so.
    fn data(&self, lane: u32, index: u32, wrong: u8) -> Bytes {
        let format = format(self.model.lanes[lane as usize].source);
        let rows = self.rows(lane);
        let start = (index as usize * BATCH).min(rows.len());
        let mut rows = rows[start..(start + BATCH).min(rows.len())].to_vec();
        match wrong {
            1 => rows.reverse(),                                          // unsorted
            2 => rows.extend(rows.last().copied()),                       // a duplicate
            3 => rows = self.rows(lane).into_iter().take(1).collect(),    // an account of before
            4 => rows.iter_mut().for_each(|row| row.account = holder(6)), // has nothing
            5 => rows.iter_mut().for_each(|row| row.balance = U256::ZERO),
            6 => rows.iter_mut().for_each(|row| row.balance += U256::ONE),
            7 => rows
                .iter_mut()
                .for_each(|row| row.balance = U256::ONE << 210),
            8 => rows.truncate(1),
            9 => rows.clear(),
            10 => rows.insert(
                0,
                Holder {
                    account: Address::ZERO,
                    balance: U256::from(7),
                },
            ),
            _ => {}
        }
        let mut data = Vec::new();
        for row in rows {
            match format {
                Format::Accounts => data.extend(row.account),
                Format::Narrow => {
                    data.extend(row.account);
                    data.extend(&row.balance.to_be_bytes::<32>()[20..]);
                }
                Format::Wide => {
                    data.extend(row.account.into_word());
                    data.extend(row.balance.to_be_bytes::<32>());
                }
            }
        }
        match wrong {
            11 => data.truncate(data.len().saturating_sub(1)),
            12 if !data.is_empty() => data[0] ^= 0x80, // wide: padding that is not zero
            13 if !data.is_empty() => *data.last_mut().unwrap() ^= 1,
            _ => {}
        }
        data.into()
    }

    fn rest(&self, lane: u32, index: u32, wrong: u8) -> Vec<Batch> {
        let digests = self.digests(lane);
        let mut rest: Vec<_> = digests
            .iter()
            .skip(index as usize + 1)
            .map(|digest| Batch {
                count: digest.count,
                sum: digest.sum,
                data_hash: digest.data_hash,
            })
            .collect();
        match wrong {
            1 => rest.reverse(),
            2 => drop(rest.pop()),
            3 => rest.extend(rest.last().copied()),
            4 => rest.iter_mut().for_each(|batch| batch.sum += U256::ONE),
            5 => rest.iter_mut().for_each(|batch| batch.sum = U256::MAX),
            6 => rest.iter_mut().for_each(|batch| batch.count += 1),
            7 => rest
                .iter_mut()
                .for_each(|batch| batch.data_hash = B256::ZERO),
            _ => {}
        }
        rest
    }

    /// The next call of a good migration, with its caller.
    fn forward(&self, step: &Step) -> (Address, Call) {
        let model = &self.model;
        let unheld = (0..).zip(&model.lanes).find(|(_, lane)| !lane.is_held());
        match model.phase {
            Phase::None => match unheld {
                Some((lane, state)) if !(6..10).contains(&step.wrong) => {
                    let call = LegacyCall::TransferOwnership { to: state.guard };
                    (LEGACY_OWNER, Call::Legacy { lane, call })
                }
                _ => (OWNER, self.open(step.wrong)),
            },
            Phase::Open => (OPERATOR, Call::Freeze),
            Phase::Frozen => self.forward_frozen(step),
            Phase::Sealed => {
                let head = if step.wrong == 1 {
                    B256::ZERO
                } else {
                    model.sealed_head
                };
                (OWNER, Call::Commit { head })
            }
            Phase::Committed => (
                STRANGER,
                Call::Retire {
                    lane: self.lane(step),
                },
            ),
            Phase::Aborted => (
                STRANGER,
                Call::Release {
                    lane: self.lane(step),
                },
            ),
        }
    }

    fn open(&self, wrong: u8) -> Call {
        let uploaded = self
            .model
            .lanes
            .iter()
            .any(|lane| lane.source.is_declared());
        let mut rules = Rules {
            deadline_secs: DEADLINE_SECS,
            max_freeze_secs: MAX_FREEZE_SECS,
            operator: OPERATOR,
            guardian: GUARDIAN,
            preauthorised: !uploaded && self.model.lanes.len() == 1,
        };
        match wrong {
            2 => rules.deadline_secs = self.evm.now_secs,
            3 => rules.max_freeze_secs = 0,
            4 => rules.operator = Address::ZERO,
            5 => rules.preauthorised = true,
            6 => rules.max_freeze_secs = 30 * 86_400 + 1,
            7 => rules.max_freeze_secs = 30 * 86_400,
            _ => {}
        }
        Call::Open {
            rules,
            rules_hash: keccak256(self.evm.rules(&rules).abi_encode()),
            nonce: B256::repeat_byte(7),
        }
    }

    fn forward_frozen(&self, step: &Step) -> (Address, Call) {
        let unfinished = (0..).zip(&self.model.lanes).find(|(_, lane)| {
            lane.source.is_staged() && lane.sum != lane.supply && step.wrong != 14
        });
        let Some((lane, state)) = unfinished else {
            return (STRANGER, Call::Seal);
        };
        if state.source.is_declared() && state.declared.is_none() && step.wrong != 15 {
            let mut declared = self.declared(lane);
            match step.wrong {
                1 => declared.batches = 0,
                2 => declared.batches += 1,
                3 => declared.count += 1,
                4 => declared.sum += U256::ONE,
                5 => declared.head = B256::ZERO,
                _ => {}
            }
            return (OPERATOR, Call::Declare { lane, declared });
        }
        let index = state.cursor;
        let data = self.data(lane, index, step.wrong);
        if state.source.is_declared() && step.pick.is_multiple_of(3) {
            let rest = self.rest(lane, index, step.pick / 3 % 24);
            return (
                STRANGER,
                Call::StageProven {
                    lane,
                    index,
                    data,
                    rest,
                },
            );
        }
        let index = index + u32::from(step.pick.is_multiple_of(17));
        (OPERATOR, Call::Stage { lane, index, data })
    }

    /// A call that a good migration does not make now.
    fn sideways(&self, step: &Step) -> (Address, Call) {
        let lane = self.lane(step);
        let beyond = if (1..6).contains(&step.wrong) {
            self.model.lanes.len() as u32
        } else {
            lane
        };
        let someone = holder(u64::from(step.pick % 7));
        let other = match step.wrong {
            1 | 3 | 5 => Address::ZERO,
            2 => someone,
            _ => holder(u64::from(step.lane % 7)),
        };
        let amount = match step.pick % 5 {
            0 => U256::ZERO,
            1 => U256::MAX,
            n => U256::from(n) * U256::from(300),
        };
        let legacy = |caller, call| (caller, Call::Legacy { lane, call });
        match step.kind % 20 {
            0..=3 => legacy(someone, LegacyCall::Transfer { to: other, amount }),
            4 => legacy(LEGACY_OWNER, LegacyCall::Mint { to: other, amount }),
            5 => legacy(LEGACY_OWNER, LegacyCall::Pause),
            6 => legacy(LEGACY_OWNER, LegacyCall::Unpause),
            7 => legacy(LEGACY_OWNER, LegacyCall::TransferOwnership { to: other }),
            8..=10 => {
                let (to, lane) = (other, lane);
                (someone, Call::SuccessorTransfer { lane, to, amount })
            }
            11 => (
                someone,
                Call::SuccessorApprove {
                    lane,
                    spender: other,
                },
            ),
            12 => {
                let accounts = vec![someone, other];
                (STRANGER, Call::Materialize { lane, accounts })
            }
            13 => (OPERATOR, Call::Restart { lane: beyond }),
            14 => {
                let caller = [GUARDIAN, OWNER, STRANGER, STRANGER][usize::from(step.pick % 4)];
                (caller, Call::Abort)
            }
            15 => (STRANGER, Call::Release { lane }),
            16 => (STRANGER, Call::Retire { lane }),
            17 => (LEGACY_OWNER, Call::Reclaim { lane }),
            18 => {
                let (index, data) = (0, self.data(lane, 0, 0));
                (
                    OPERATOR,
                    Call::Stage {
                        lane: beyond,
                        index,
                        data,
                    },
                )
            }
            _ => {
                let declared = self.declared(lane);
                (
                    OPERATOR,
                    Call::Declare {
                        lane: beyond,
                        declared,
                    },
                )
            }
        }
    }

    /// The call that a step means where the model is, with its caller.
    pub(super) fn choose(&self, step: &Step) -> (Address, Call) {
        let (caller, call) = match step.kind {
            0..=60 => self.sideways(step),
            _ => self.forward(step),
        };
        let other = step.caller.map(|n| {
            let strangers = (0..5).map(holder);
            CALLERS
                .into_iter()
                .chain(strangers)
                .nth(usize::from(n))
                .unwrap()
        });
        (other.unwrap_or(caller), call)
    }
}
