//! An index over all logs of the canonical chain.

use crate::block::Block;
use alloy_primitives::map::{AddressMap, B256Map};
use alloy_primitives::{Address, B256, Log};

/// Where a log is: block, transaction in the block, log in the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPlace {
    /// Height of the block.
    pub block: u64,
    /// Index of the transaction in its block.
    pub transaction: u32,
    /// Index of the log in its transaction.
    pub log: u32,
}

/// Which logs are asked for. An empty list means "any".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// First block, inclusive.
    pub from: u64,
    /// Last block, inclusive.
    pub to: u64,
    /// Emitting contracts.
    pub addresses: Vec<Address>,
    /// Allowed values a topic position; positions that are not given match anything.
    pub topics: Vec<Vec<B256>>,
}

impl LogQuery {
    /// Whether a log is asked for, its block aside.
    pub fn matches(&self, log: &Log) -> bool {
        let topics = log.data.topics();
        (self.addresses.is_empty() || self.addresses.contains(&log.address))
            && self.topics.iter().enumerate().all(|(position, allowed)| {
                allowed.is_empty()
                    || topics
                        .get(position)
                        .is_some_and(|topic| allowed.contains(topic))
            })
    }
}

/// Places of logs by emitting contract, by first topic, and in all.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogIndex {
    all: Vec<LogPlace>,
    by_address: AddressMap<Vec<LogPlace>>,
    by_topic: B256Map<Vec<LogPlace>>,
}

impl LogIndex {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn push(&mut self, block: &Block) {
        for (place, log) in places(block) {
            self.all.push(place);
            self.by_address.entry(log.address).or_default().push(place);
            if let Some(topic) = log.data.topics().first() {
                self.by_topic.entry(*topic).or_default().push(place);
            }
        }
    }

    /// Forgets the newest block.
    pub(crate) fn pop(&mut self, block: &Block) {
        self.all.truncate(block.first_log);
        let kept = |places: &mut Vec<LogPlace>| {
            let end = places.partition_point(|place| place.block < block.header.number);
            places.truncate(end);
        };
        for (_, log) in places(block) {
            if let Some(places) = self.by_address.get_mut(&log.address) {
                kept(places);
            }
            if let Some(topic) = log.data.topics().first()
                && let Some(places) = self.by_topic.get_mut(topic)
            {
                kept(places);
            }
        }
    }

    /// Candidates in order: a superset of what matches the query, from the shortest index list.
    pub(crate) fn candidates(&self, query: &LogQuery) -> &[LogPlace] {
        let mut lists = vec![self.all.as_slice()];
        if let [address] = query.addresses.as_slice() {
            lists.push(self.by_address.get(address).map_or(&[], Vec::as_slice));
        }
        if let Some([topic]) = query.topics.first().map(Vec::as_slice) {
            lists.push(self.by_topic.get(topic).map_or(&[], Vec::as_slice));
        }
        let ranges = lists.into_iter().map(|places| {
            let start = places.partition_point(|place| place.block < query.from);
            let end = places.partition_point(|place| place.block <= query.to);
            places.get(start..end).unwrap_or_default()
        });
        ranges.min_by_key(|places| places.len()).unwrap_or_default()
    }
}

fn places(block: &Block) -> impl Iterator<Item = (LogPlace, &Log)> {
    block
        .outcomes
        .iter()
        .enumerate()
        .flat_map(move |(transaction, outcome)| {
            outcome.logs.iter().enumerate().map(move |(log, entry)| {
                let place = LogPlace {
                    block: block.header.number,
                    transaction: transaction as u32,
                    log: log as u32,
                };
                (place, entry)
            })
        })
}
