//! The playbook: what an executor that stopped may do, and what others may.

use std::sync::Arc;

use super::{ExploreError, Search};
use crate::model::{Action, Mode, Node, Record, Resume};

impl Search<'_> {
    /// What a stopped or finished executor may do.
    pub(super) fn resume(&mut self, at: u32, node: &Node) -> Result<(), ExploreError> {
        let steps = self.subject.steps.len();
        // Who has a good receipt of every step does not begin again.
        let complete =
            node.record.mode != Mode::Stopped && (0..steps).all(|step| node.record.is_mined(step));
        let resumes = if complete {
            Vec::new()
        } else {
            self.subject.resume.clone()
        };
        for resume in resumes {
            let mut next = node.clone();
            let record = &mut next.record;
            record.mode = Mode::Running;
            match resume {
                Resume::Retry => {
                    let Some(step) = record
                        .uncertain
                        .or((node.record.mode == Mode::Stopped).then_some(record.next))
                    else {
                        continue;
                    };
                    if step >= steps {
                        continue;
                    }
                    record.next = step;
                }
                Resume::Position => record.next = record.sent,
                Resume::Receipt => {
                    let Some(first) = (0..steps).find(|step| !record.is_mined(*step)) else {
                        continue;
                    };
                    record.next = first;
                    record.mode = Mode::Mending;
                }
                Resume::Rerun => {
                    let idle = node
                        .record
                        .before
                        .as_ref()
                        .is_some_and(|before| before.1 == node.fork.print());
                    if idle {
                        // It was begun again from this very chain, and did nothing.
                        continue;
                    }
                    if node.record.reruns >= self.limits.reruns {
                        self.bounded.push(at);
                        continue;
                    }
                    // What the first run left behind stays known, however often the script is begun again.
                    let first = match &node.record.before {
                        Some(before) => before.0.clone(),
                        None => Record {
                            mode: Mode::Stopped,
                            ..node.record.clone()
                        },
                    };
                    *record = Record {
                        reruns: node.record.reruns + 1,
                        before: Some(Arc::new((first, node.fork.print()))),
                        ..Record::new(steps)
                    };
                }
            }
            record.uncertain = None;
            self.link(at, next, Action::Resume(resume), None, false);
        }
        if !complete
            && self.subject.resume.contains(&Resume::Receipt)
            && let Some(before) = &node.record.before
        {
            // The receipts of the run before are still there.
            let mut next = node.clone();
            next.record = before.0.clone();
            self.link(at, next, Action::Resume(Resume::Receipt), None, false);
        }
        if complete && node.faults == 0 {
            return Ok(());
        }
        if !node.waited {
            let mut next = node.clone();
            next.waited = true;
            next.claims = self.claims_of(&next.fork, true)?;
            self.link(at, next, Action::Wait, None, false);
        }
        for (index, call) in self.subject.recovery.iter().enumerate() {
            if node.lost == Some(call.message.from) {
                continue;
            }
            let sent = self
                .sender
                .send(&node.fork, &self.moment(node.waited), &call.message, None);
            if sent.failed.is_some() {
                continue;
            }
            let mut next = node.clone();
            next.sent += 1;
            next.fork = sent.fork.clone();
            next.claims = self.claims_after(node, &sent)?;
            self.link(at, next, Action::Recovery(index), None, false);
        }
        Ok(())
    }
}
