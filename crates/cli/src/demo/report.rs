//! What happened, in the end.

use std::path::Path;

use sealift_protocol::State;
use sealift_protocol::state::Status;
use serde_json::json;

use crate::args::Strategy;
use crate::commands::verify::Verdict;
use crate::output::Output;

/// The facts of a demo.
pub(crate) struct Summary<'a> {
    pub(crate) strategy: Strategy,
    pub(crate) verdict: &'a Verdict,
    pub(crate) kills: u32,
    pub(crate) state: Option<&'a State>,
    pub(crate) seconds: f64,
    pub(crate) kept: Option<&'a Path>,
    pub(crate) wrong: &'a [String],
}

impl Summary<'_> {
    /// Prints the facts; with `--json`, as the last line.
    pub(crate) fn print(&self, output: &Output) {
        let holders = self.verdict.holders();
        let transactions = self.state.map_or(0, |state| {
            let is_final = |status: &Status| matches!(status, Status::Finalized { .. });
            state.txs.values().filter(|tx| is_final(&tx.status)).count()
        });
        let gas_total = self.state.map_or(0, |state| state.gas_used);
        let gas_per_holder = gas_total as f64 / holders.max(1) as f64;
        let sum = |of: fn(&sealift_engine::verify::LaneResult) -> alloy_primitives::U256| {
            self.verdict
                .lanes
                .iter()
                .map(of)
                .fold(alloy_primitives::U256::ZERO, |a, b| a + b)
        };
        let (before, after) = (
            sum(|lane| lane.supply_before),
            sum(|lane| lane.supply_after),
        );
        let mut text = format!(
            "{}\n\
             strategy        {}\n\
             holders         {holders}, every one of them compared\n\
             supply before   {before}\n\
             supply after    {after}\n\
             mismatches      {}\n\
             transactions    {transactions}\n\
             gas             {gas_total}, {gas_per_holder:.0} a holder, deployments included\n\
             kills survived  {}\n\
             state digest    {}\n\
             time            {:.1} s\n",
            self.verdict.phase,
            self.strategy.name(),
            self.verdict.mismatches(),
            self.kills,
            self.verdict.digest(),
            self.seconds,
        );
        if let Some(path) = self.kept {
            text += &format!("files           {}\n", path.display());
        }
        for wrong in self.wrong {
            text += &format!("WRONG           {wrong}\n");
        }
        output.result(
            &text,
            &json!({
                "type": "summary",
                "phase": self.verdict.phase,
                "strategy": self.strategy.name(),
                "holders": holders,
                "supply_before": before.to_string(),
                "supply_after": after.to_string(),
                "mismatches": self.verdict.mismatches(),
                "kills": self.kills,
                "transactions": transactions,
                "gas_total": gas_total,
                "gas_per_holder": gas_per_holder,
                "state_digest": self.verdict.digest(),
                "seconds": self.seconds,
            }),
        );
    }
}
