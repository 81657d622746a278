//! A run, and what was written down of it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::faults::{Fault, Kind};
use super::fork::Snapshot;
use super::inside::Before;
use super::lives::Story;
use super::world::World;

/// A run and what was written down of it.
pub(super) struct Recorded {
    pub(super) story: Story,
    /// By the number of the append.
    pub(super) snapshots: BTreeMap<u64, Snapshot>,
    /// Those with transactions.
    pub(super) blocks: Vec<Before>,
}

impl Recorded {
    /// Everything as it is where a fault of the journal strikes.
    pub(super) fn at(&self, fault: Fault) -> Option<&Snapshot> {
        let is_death = fault.kind.is_of_journal();
        self.snapshots.get(&fault.site).filter(|_| is_death)
    }

    /// Finds what can go wrong inside the transactions of blocks that are made then.
    pub(super) fn look_inside(&mut self, world: &World, kinds: &[Kind], when: RangeInclusive<u64>) {
        let blocks = self.blocks.iter();
        for before in blocks.filter(|before| when.contains(&before.moment)) {
            let probes = before.probes(world, kinds).into_iter();
            let found = probes.flat_map(|probe| before.tried(world, probe, false));
            self.story.census.inside.extend(found);
        }
    }
}
