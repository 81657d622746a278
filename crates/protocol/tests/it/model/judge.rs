//! What is asked of every world that the search reaches, and of all of them together.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use sealift_protocol::event::{Phase, TxId};
use sealift_protocol::{Halt, Outcome, State, invariants};
use stateright::Model;

use super::{Executor, World};
use crate::world::KEY;

impl Executor {
    /// What must hold in every world, and over every step.
    pub(super) fn judge(&self, before: &World, world: &mut World) {
        if world.broken.is_some() {
            return;
        }
        let (was, is) = (&before.chain.last.contract, &world.chain.last.contract);
        let newest = &world.chain.newest;
        let mut broken = invariants::final_phase(was, is).err();
        let moved = before.chain.newest.contract != newest.contract;
        for contract in [&newest.contract].into_iter().filter(|_| moved) {
            let result = invariants::check(contract, newest.timestamp, true);
            broken = broken.or(result.err());
        }
        let expected = match world.exec.outcome {
            Some(Outcome::Done) if is.phase != Phase::Committed => "DONE without COMMITTED",
            Some(Outcome::RolledBack) if is.lanes[0].is_held() => "ROLLED BACK without control",
            Some(Outcome::RolledBack) if is.lanes[0].legacy.paused => "ROLLED BACK and paused",
            _ => "",
        };
        if !expected.is_empty() {
            broken = Some(expected.into());
        }
        if let Some(
            halt @ (Halt::FinalityRegressed { .. }
            | Halt::Unexpected(_)
            | Halt::IllegalRecord(_)
            | Halt::Invalid { .. }
            | Halt::KeepsFailing { .. }),
        ) = &world.halted
        {
            broken = Some(format!("halted: {halt}"));
        }
        if world.journal.len() != before.journal.len() {
            let replayed = State::replay(self.plan.clone(), self.policy.clone(), &world.journal);
            let mut durable = world.exec.clone();
            durable.memory = Default::default();
            if replayed.as_ref() != Ok(&durable) {
                broken = Some("the journal is not the state".into());
            }
        }
        let first = newest.nonce;
        let is_filled = |nonce| {
            let id = TxId { sender: KEY, nonce };
            world.exec.txs.contains_key(&id) || world.chain.pool.contains_key(&id)
        };
        let mut waiting = world.exec.txs.keys().filter(|id| id.nonce > first);
        if waiting.any(|id| !(first..id.nonce).all(is_filled)) {
            broken = Some("a gap between nonces".into());
        }
        world.broken = world.broken.take().or(broken);
    }

    /// Worlds from which neither Done nor RolledBack can be reached, and how many worlds there are.
    pub(super) fn stuck(&self) -> (usize, Vec<World>) {
        let mut numbers = HashMap::new();
        let mut worlds = Vec::new();
        let mut before: Vec<Vec<u32>> = Vec::new();
        let number = |world: World, worlds: &mut Vec<World>, numbers: &mut HashMap<_, _>| {
            let mut hasher = DefaultHasher::new();
            world.hash(&mut hasher);
            *numbers.entry(hasher.finish()).or_insert_with(|| {
                worlds.push(world);
                worlds.len() - 1
            })
        };
        for world in self.init_states() {
            number(world, &mut worlds, &mut numbers);
        }
        let mut at = 0;
        while at < worlds.len() {
            for next in self.next_states(&worlds[at].clone()) {
                let to = number(next, &mut worlds, &mut numbers);
                before.resize_with(worlds.len(), Vec::new);
                before[to].push(at as u32);
            }
            at += 1;
        }
        before.resize_with(worlds.len(), Vec::new);
        let is_goal = |world: &World| world.exec.outcome.is_some();
        let mut reaches: Vec<bool> = worlds.iter().map(is_goal).collect();
        let mut queue: Vec<u32> = (0..)
            .zip(&reaches)
            .filter(|(_, r)| **r)
            .map(|(n, _)| n)
            .collect();
        while let Some(to) = queue.pop() {
            for from in &before[to as usize] {
                if !std::mem::replace(&mut reaches[*from as usize], true) {
                    queue.push(*from);
                }
            }
        }
        let count = worlds.len();
        let stuck = worlds
            .into_iter()
            .zip(reaches)
            .filter(|(_, reaches)| !reaches);
        (count, stuck.map(|(world, _)| world).collect())
    }
}
