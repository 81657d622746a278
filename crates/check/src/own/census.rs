//! What an undisturbed run does, counted: the sites of faults.

/// Everything that a fault can strike at, in the order in which it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    moment: u64,
    /// Durable appends.
    pub(super) appends: Vec<Append>,
    /// Calls of the chain port.
    pub(super) calls: Vec<Call>,
    /// Blocks that were made.
    pub(super) blocks: Vec<BlockMade>,
}

/// A durable append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Append {
    pub(super) moment: u64,
    pub(super) records: usize,
}

/// A call of the chain port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) moment: u64,
    pub(super) kind: CallKind,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    Send,
    Receipts,
    Finalized,
    Other,
}

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockMade {
    pub(super) moment: u64,
    /// Whether something waited for it.
    pub(super) is_busy: bool,
}

impl Census {
    fn tick(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    pub(super) fn append(&mut self, records: usize) {
        let moment = self.tick();
        self.appends.push(Append { moment, records });
    }

    pub(super) fn call(&mut self, kind: CallKind) {
        let moment = self.tick();
        self.calls.push(Call { moment, kind });
    }

    pub(super) fn block(&mut self, is_busy: bool) {
        let moment = self.tick();
        self.blocks.push(BlockMade { moment, is_busy });
    }
}
