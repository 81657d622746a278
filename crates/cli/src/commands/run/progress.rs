//! What a run tells while it goes: a bar on a terminal, a line every ten seconds elsewhere, NDJSON
//! with `--json`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use sealift_engine::driver::Progress;
use sealift_protocol::event::{BlockId, Phase};
use sealift_protocol::record::Record;
use sealift_protocol::{Intent, Plan};
use serde_json::{Value, json};

use crate::args::Until;
use crate::output::Output;

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Listens to the driver.
pub(super) struct Reporter<'a> {
    output: &'a Output,
    plan: Arc<Plan>,
    until: Option<Until>,
    stop: Arc<AtomicBool>,
    bar: Option<ProgressBar>,
    started: Instant,
    told: Instant,
    sequence: u64,
    /// The node did not answer the last time.
    is_away: bool,
    seen: Option<(Phase, BlockId, (u64, u64))>,
    intents: std::collections::BTreeMap<sealift_protocol::event::TxId, Intent>,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(
        output: &'a Output,
        plan: Arc<Plan>,
        until: Option<Until>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let now = Instant::now();
        Self {
            output,
            plan,
            until,
            stop,
            bar: output.bar(),
            started: now,
            told: now,
            sequence: 0,
            is_away: false,
            seen: None,
            intents: Default::default(),
        }
    }

    /// When the run began.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// Takes what an earlier run has bound already.
    pub(super) fn resume(&mut self, state: &sealift_protocol::State) {
        for (tx, known) in &state.txs {
            self.intents.insert(*tx, known.intent);
            self.bound(&known.intent);
        }
    }

    fn bound(&self, intent: &Intent) {
        if let (Intent::Stage { index, .. }, Some(Until::Batch(wanted))) = (intent, self.until)
            && *index >= wanted
        {
            self.stop.store(true, Ordering::SeqCst);
        }
    }

    /// Takes what the driver tells.
    pub(super) fn take(&mut self, progress: Progress) {
        match progress {
            Progress::Recorded(records) => {
                for record in &records {
                    self.recorded(record);
                }
            }
            Progress::Seen { phase, at, staged } => {
                self.is_away = false;
                self.seen(phase, at, staged);
            }
            Progress::Unreachable(reason) => {
                self.output
                    .event(&json!({ "type": "unreachable", "reason": reason }));
                if !std::mem::replace(&mut self.is_away, true) || self.told.elapsed() >= LINE_EVERY
                {
                    self.line(format!("trying on: {reason}"));
                }
            }
        }
        self.tick();
    }

    fn recorded(&mut self, record: &Record) {
        if let Record::Bound { tx, intent, .. } = record {
            self.intents.insert(*tx, *intent);
            self.bound(intent);
        }
        if self.output.is_json() {
            let mut value = self.describe(record);
            value["type"] = "record".into();
            value["number"] = self.sequence.into();
            self.output.event(&value);
        }
        self.sequence += 1;
    }

    /// A record, without the signed bytes.
    fn describe(&self, record: &Record) -> Value {
        let of = |tx: &sealift_protocol::event::TxId| {
            let intent = self.intents.get(tx);
            json!({
                "sender": tx.sender,
                "nonce": tx.nonce,
                "intent": intent.map(Intent::to_string),
                "batch": match intent {
                    Some(Intent::Stage { index, .. }) => Some(*index),
                    _ => None,
                },
            })
        };
        let with = |mut value: Value, kind: &str, more: Value| {
            value["record"] = kind.into();
            if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
                value.extend(more);
            }
            value
        };
        match record {
            Record::Began(binding) => with(json!({}), "began", json!({ "plan": binding.plan })),
            Record::Bound { tx, gas_limit, .. } => {
                with(of(tx), "bound", json!({ "gas_limit": gas_limit }))
            }
            Record::Signed { tx, variant } => with(
                of(tx),
                "signed",
                json!({ "hash": variant.hash, "max_fee": variant.max_fee.to_string() }),
            ),
            Record::Offered { tx, hash } => with(of(tx), "offered", json!({ "hash": hash })),
            Record::Included {
                tx,
                hash,
                block,
                succeeded,
            } => with(
                of(tx),
                "included",
                json!({ "hash": hash, "block": block.number, "succeeded": succeeded }),
            ),
            Record::Excluded { tx } => with(of(tx), "excluded", json!({})),
            Record::Finalized {
                tx,
                hash,
                block,
                succeeded,
                gas_used,
                paid_wei,
            } => with(
                of(tx),
                "finalized",
                json!({
                    "hash": hash, "block": block.number, "succeeded": succeeded,
                    "gas_used": gas_used, "paid_wei": paid_wei.to_string(),
                }),
            ),
            Record::Superseded { tx } => with(of(tx), "superseded", json!({})),
            Record::Finality(block) => {
                with(json!({}), "finality", json!({ "block": block.number }))
            }
            Record::ListFixed { lane, list } => with(
                json!({}),
                "list-fixed",
                json!({ "lane": lane, "holders": list.count, "digest": list.digest }),
            ),
            Record::Verified { gate, block } => with(
                json!({}),
                "verified",
                json!({ "gate": gate, "block": block.number }),
            ),
            Record::AbortRequested => with(json!({}), "abort-requested", json!({})),
            Record::Ended(outcome) => with(json!({}), "ended", json!({ "outcome": outcome })),
        }
    }

    fn seen(&mut self, phase: Phase, at: BlockId, staged: (u64, u64)) {
        let reached = match self.until {
            Some(Until::Frozen) => phase >= Phase::Frozen,
            Some(Until::Sealed) => phase >= Phase::Sealed,
            Some(Until::Batch(wanted)) => staged.0 > u64::from(wanted),
            None => false,
        };
        if reached {
            self.stop.store(true, Ordering::SeqCst);
        }
        let before = self.seen.replace((phase, at, staged));
        if before.is_some_and(|(old, _, old_staged)| (old, old_staged) == (phase, staged)) {
            return;
        }
        self.output.event(&json!({
            "type": "phase", "phase": phase, "block": at.number,
            "staged": staged.0, "batches": staged.1,
        }));
        if before.is_none_or(|(old, ..)| old != phase) {
            self.line(self.sentence());
        }
        if let Some(bar) = &self.bar {
            bar.set_message(self.sentence());
        }
    }

    fn sentence(&self) -> String {
        let lanes = self.plan.lanes.len();
        match self.seen {
            None => "looking at the chain".to_owned(),
            Some((phase, at, (_, 0))) => format!("{phase} at block {} ({lanes} lanes)", at.number),
            Some((phase, at, (done, all))) => {
                format!(
                    "{phase} at block {}, {done} of {all} batches staged",
                    at.number
                )
            }
        }
    }

    /// Called often; speaks rarely.
    pub(super) fn tick(&mut self) {
        if let Some(bar) = &self.bar {
            bar.tick();
        } else if self.told.elapsed() >= LINE_EVERY {
            self.line(self.sentence());
        }
    }

    fn line(&mut self, text: String) {
        self.told = Instant::now();
        match &self.bar {
            Some(bar) => bar.println(text),
            None => self.output.say(text),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
