//! Traces: the way to a finding, line by line.

use alloy_primitives::{Address, U256};

use super::advice::help;
use super::standing;
use super::text::numbers;
use super::{Context, Decoder, FindingReport, MessageLine, TraceLine};
use crate::fork::{Print, print_of};
use crate::judge::Judge;
use crate::ledger::Claims;
use crate::model::{ANYONE, Action, CallBack, Fault, NEWCOMER, Node, Resume, STRANGER, Subject};
use crate::send::message_of;
use crate::verdict::{Finding, Verdict};
use sealift_evm::{Meddling, Misbehaving, Turn};

/// A fingerprint of what is checked.
pub(super) fn subject_print(subject: &Subject) -> Print {
    let steps = subject
        .steps
        .iter()
        .map(|step| (step.from, step.to, &step.data, step.value));
    print_of(&(
        subject.start.print(),
        subject.start.moment(),
        steps.collect::<Vec<_>>(),
        &subject.accounts,
        subject
            .ledgers
            .iter()
            .map(|ledger| {
                (
                    ledger.contract,
                    ledger.view.key(),
                    ledger.rate,
                    ledger.side,
                    ledger.asset,
                )
            })
            .collect::<Vec<_>>(),
        &subject.resume,
        &subject.off,
    ))
}

/// A finding with its trace.
pub(super) fn finding(
    context: &Context<'_>,
    judge: &Judge<'_>,
    finding: &Finding,
    path: &[Node],
    decoder: &dyn Decoder,
) -> FindingReport {
    let Context {
        subject, explored, ..
    } = context;
    let mut lines = Vec::new();
    let mut number = 0;
    let mut place = None;
    // From here on no way leads to an end, and the way goes on to where it is seen.
    let entry = path.len() - finding.way.len();
    for (index, pair) in path.windows(2).enumerate() {
        let (before, after) = (&pair[0], &pair[1]);
        let line = Lines {
            subject,
            judge,
            decoder,
            before,
            after,
        };
        line.write(&mut lines, &mut number);
        if index + 1 < entry
            && let Some(Action::Fault(step, _)) = after.parent.as_ref().map(|parent| &parent.action)
            && let Some(step) = subject.steps.get(*step)
        {
            place = Some(format!("{}:{}", step.place.file.display(), step.place.line));
        }
    }
    let node = path.last().expect("a path has a start");
    let accounts = standing::accounts(explored.ground.judged, judge, node, decoder);
    let actions: Vec<&Action> = path
        .iter()
        .filter_map(|node| node.parent.as_ref())
        .map(|parent| &parent.action)
        .collect();
    let id = format!(
        "{:032x}",
        print_of(&(finding.verdict, finding.cause, actions))
    );
    let outside: Vec<String> = finding
        .calls
        .iter()
        .map(|call| {
            let message = &subject.operator[*call];
            let call = decoder.call(message.to, &message.data);
            format!("{}: {call}", decoder.name(message.from))
        })
        .collect();
    let recovery = match finding.verdict {
        Verdict::NeedsOperator => format!(
            "only outside the playbook, by {}; declare it as [[recovery]] if it is one",
            outside.join(", then ")
        ),
        Verdict::Transient => "every way from here leads to an end".to_owned(),
        Verdict::Unmanaged | Verdict::Unknown | Verdict::Vacuous | Verdict::Safe => String::new(),
        _ if finding.closed == 0 => "not asked for: a promise is broken here".to_owned(),
        _ => format!(
            "none in the playbook (closed set of {} states explored)",
            finding.closed
        ),
    };
    FindingReport {
        id: id[..6].to_owned(),
        verdict: finding.verdict,
        faults: finding.faults,
        steps: node.sent,
        cause: finding.cause.to_owned(),
        trace: lines,
        help: help(finding, &accounts),
        accounts,
        recovery,
        place,
        note: finding.note.clone(),
        replay: super::replay::replay(context, judge, finding, &path[..entry], decoder),
    }
}

/// Writes the lines of one way.
struct Lines<'a> {
    subject: &'a Subject,
    judge: &'a Judge<'a>,
    decoder: &'a dyn Decoder,
    before: &'a Node,
    after: &'a Node,
}

impl Lines<'_> {
    fn write(&self, lines: &mut Vec<TraceLine>, number: &mut u32) {
        let Some(parent) = &self.after.parent else {
            return;
        };
        match &parent.action {
            Action::Step(step) => {
                if self.after.sent > self.before.sent {
                    self.step(lines, number, *step, None);
                }
            }
            Action::Steps(first, end) => {
                *number += self.after.sent - self.before.sent;
                let how = if self.before.fork.print() == self.after.fork.print() {
                    "which change nothing"
                } else {
                    "as they go undisturbed"
                };
                lines.push(TraceLine {
                    number: Some(*number),
                    outcome: "mined".into(),
                    changes: self.changes(),
                    ..remark(format!("steps {} to {end}, {how}", first + 1))
                });
            }
            Action::Fault(step, fault) => self.fault(lines, number, *step, fault),
            Action::Resume(resume) => {
                let next = self.after.record.next + 1;
                let how = match resume {
                    Resume::Retry => {
                        format!("the step is sent again without looking (step {next})")
                    }
                    Resume::Position => {
                        format!("the script goes on after everything that was sent (step {next})")
                    }
                    Resume::Receipt => {
                        format!("the script goes on with what has no good receipt (step {next})")
                    }
                    Resume::Rerun => "the script begins again at step 1".to_owned(),
                };
                lines.push(remark(how));
            }
            Action::PassOver(step) => lines.push(remark(format!(
                "step {} is made already, or given up by its sender; the script goes on after it",
                step + 1
            ))),
            Action::Wait => lines.push(remark(format!("{} pass", seconds(self.subject.wait_secs)))),
            Action::Recovery(index) => {
                let call = &self.subject.recovery[*index];
                let text = format!("{}: {}", call.name, self.call(&call.message));
                self.sent(lines, number, text, &call.message, None);
            }
            Action::Helps(who, call) => {
                let message = crate::explore::counterparty::own_call(self.subject, *who, *call);
                self.sent(
                    lines,
                    number,
                    format!("{}: {}", self.decoder.name(*who), self.call(&message)),
                    &message,
                    None,
                );
            }
            Action::Takes(holder, ledger) => {
                *number += 1;
                let ledger = &self.subject.ledgers[*ledger].name;
                let who = self.decoder.name(*holder);
                lines.push(TraceLine {
                    number: Some(*number),
                    outcome: "mined".into(),
                    changes: self.changes(),
                    ..remark(format!("{who} takes everything out of {ledger}"))
                });
            }
            Action::Again(call) => {
                let message = &self.subject.hostile[*call];
                self.sent(
                    lines,
                    number,
                    format!("a stranger: {}", self.call(message)),
                    message,
                    None,
                );
            }
        }
    }

    fn fault(&self, lines: &mut Vec<TraceLine>, number: &mut u32, step: usize, fault: &Fault) {
        let n = step + 1;
        let remark_of = |text: &str| remark(format!("fault: {text}"));
        match fault {
            Fault::CrashBeforeSend => lines.push(remark_of(&format!("the executor dies before step {n} is sent"))),
            Fault::AnswerLost => {
                self.step(lines, number, step, None);
                lines.push(remark_of("answer lost; the executor does not know that the step was mined"));
            }
            Fault::Reverted => {
                *number += 1;
                lines.push(TraceLine { number: Some(*number), outcome: "failed".into(), ..remark(self.scripted(step)) });
                lines.push(remark_of("the step is mined without effect"));
            }
            Fault::Dropped => lines.push(remark_of(&format!("step {n} is recorded as sent and never mined"))),
            Fault::Duplicated => {
                self.step(lines, number, step, Some("twice"));
                lines.push(remark_of("the step is mined twice"));
            }
            Fault::Swapped => {
                self.step(lines, number, step, Some("after the next step"));
                lines.push(remark_of(&format!("step {} is mined before step {n}", n + 1)));
            }
            Fault::Reorged(depth) => lines.push(remark_of(&format!(
                "a reorganisation takes the last {depth} step(s) off the chain; the record has them as mined"
            ))),
            Fault::Reordered(depth) => {
                lines.push(remark_of(&format!("a reorganisation mines the last {depth} steps the other way round")));
            }
            Fault::Delay => lines.push(remark_of(&format!("{} pass before step {n}", seconds(self.subject.wait_secs)))),
            Fault::KeyLost(sender) => {
                lines.push(remark_of(&format!("{} never acts again, from step {n} on", self.decoder.name(*sender))));
            }
            Fault::Inner(interference) => {
                self.step(lines, number, step, None);
                let what = match &interference.meddling {
                    Meddling::Reverts => "reverts".to_owned(),
                    Meddling::ReturnsFalse => "returns false".to_owned(),
                    Meddling::OutOfGas => "runs out of gas".to_owned(),
                    Meddling::Answers(data) => format!("answers {}", numbers(data)),
                };
                lines.push(remark_of(&format!("inner call {} of the step {what}", interference.call + 1)));
            }
            Fault::Token(misbehaviour) => {
                self.step(lines, number, step, None);
                let what = match misbehaviour.how {
                    Misbehaving::TakesFee => "keeps a hundredth of what is transferred".to_owned(),
                    Misbehaving::Rebases => "says a hundredth more than an account has".to_owned(),
                    Misbehaving::ReturnsFalse => "answers transfers with false, and does nothing".to_owned(),
                    Misbehaving::Pauses => "reverts every transfer".to_owned(),
                    Misbehaving::Blocks(account) => format!("reverts transfers of {}", self.decoder.name(account)),
                };
                lines.push(remark_of(&format!("in this step {} {what}", self.decoder.name(misbehaviour.token))));
            }
            Fault::CallsBack(CallBack { hook, call }) => {
                self.step(lines, number, step, None);
                let inner = crate::explore::counterparty::own_call(self.subject, hook.account, *call);
                let (who, token) = (self.decoder.name(hook.account), self.decoder.name(hook.token));
                let turn = match hook.turn {
                    Turn::Before => "before",
                    Turn::After => "after",
                };
                lines.push(remark_of(&format!(
                    "{token} calls {who} back {turn} inner call {} of the step does its work, and {who} calls {}",
                    hook.inner + 1,
                    self.call(&inner)
                )));
            }
            Fault::Reenters { account, call } => {
                self.step(lines, number, step, None);
                let inner = crate::explore::counterparty::own_call(self.subject, *account, *call);
                let who = self.decoder.name(*account);
                lines.push(remark_of(&format!("{who} is called, and calls {} before it returns", self.call(&inner))));
            }
            Fault::GasCut(gas) => {
                self.step(lines, number, step, None);
                lines.push(remark_of(&format!("the step gets {gas} gas, and succeeds in part (EIP-150)")));
            }
            Fault::HolderTransfers { ledger, from, to } => {
                *number += 1;
                let ledger = &self.subject.ledgers[*ledger];
                let name = |address| self.decoder.name(address);
                let text = format!("{} moves everything in {} to {}", name(*from), ledger.name, name(*to));
                lines.push(TraceLine { number: Some(*number), outcome: "mined".into(), changes: self.changes(), ..remark(text) });
                lines.push(remark_of(&format!("a holder transfers before step {n}")));
            }
            Fault::HolderExits { ledger, holder } => {
                *number += 1;
                let ledger = &self.subject.ledgers[*ledger];
                let text = format!("{} takes everything out of {}", self.decoder.name(*holder), ledger.name);
                lines.push(TraceLine { number: Some(*number), outcome: "mined".into(), changes: self.changes(), ..remark(text) });
                lines.push(remark_of(&format!("a holder takes out what it has before step {n}")));
            }
            Fault::HolderRevokes { allowance, holder } => {
                let message = self.subject.allowances[*allowance].revoked(*holder);
                self.sent(lines, number, format!("{}: {}", self.decoder.name(*holder), self.call(&message)), &message, None);
                lines.push(remark_of(&format!("a holder takes an allowance back before step {n}")));
            }
            Fault::HolderGetsCode { account, refuses } => {
                let what = if *refuses { "refuses every call" } else { "accepts every call" };
                lines.push(remark_of(&format!(
                    "the account of {} gets code that {what} (EIP-7702), before step {n}",
                    self.decoder.name(*account)
                )));
            }
            Fault::Action(index) => {
                let call = &self.subject.actions[*index];
                self.sent(lines, number, format!("{}: {}", call.name, self.call(&call.message)), &call.message, None);
                lines.push(remark_of(&format!("a holder acts before step {n}")));
            }
            Fault::Stranger(call) => {
                let message = &self.subject.hostile[*call];
                self.sent(lines, number, format!("a stranger: {}", self.call(message)), message, None);
            }
        }
    }

    fn call(&self, message: &sealift_evm::Message) -> String {
        self.decoder.call(message.to, &message.data)
    }

    fn scripted(&self, step: usize) -> String {
        let tx = &self.subject.steps[step];
        self.decoder.call(tx.to, &tx.data)
    }

    fn step(&self, lines: &mut Vec<TraceLine>, number: &mut u32, step: usize, how: Option<&str>) {
        let tx = &self.subject.steps[step];
        let from = if self.before.lost == Some(tx.from) {
            ANYONE
        } else {
            tx.from
        };
        let message = message_of(tx, &self.before.record, from);
        let text = match how {
            Some(how) => format!("{}, {how}", self.call(&message)),
            None => self.call(&message),
        };
        self.sent(lines, number, text, &message, None);
    }

    fn sent(
        &self,
        lines: &mut Vec<TraceLine>,
        number: &mut u32,
        text: String,
        message: &sealift_evm::Message,
        gas: Option<u64>,
    ) {
        let Some(parent) = &self.after.parent else {
            return;
        };
        *number += (self.after.sent - self.before.sent).max(1);
        let outcome = match &parent.failed {
            None => "mined".to_owned(),
            Some(data) => format!("failed: {}", self.decoder.error(data)),
        };
        lines.push(TraceLine {
            number: Some(*number),
            text,
            outcome,
            changes: self.changes(),
            message: Some(MessageLine {
                from: message.from,
                to: message.to,
                data: message.data.clone(),
                value: message.value,
                gas,
                wait_secs: self.before.fork.moment().timestamp_secs
                    - self.subject.start.moment().timestamp_secs,
            }),
        });
    }

    /// What changed in live claims, ledger by ledger, over all judged accounts.
    fn changes(&self) -> Vec<(String, String)> {
        let sum = |claims: &Claims, ledger: usize| {
            (0..self.judge.judged).fold(U256::ZERO, |sum, account| {
                sum.saturating_add(claims.row(account)[ledger].live)
            })
        };
        let ledgers = self.judge.ledgers.iter().enumerate();
        ledgers
            .filter_map(|(index, ledger)| {
                let (old, new) = (
                    sum(&self.before.claims, index),
                    sum(&self.after.claims, index),
                );
                let by = if new >= old {
                    format!("+{}", new - old)
                } else {
                    format!("-{}", old - new)
                };
                (old != new).then(|| (ledger.name.clone(), by))
            })
            .collect()
    }
}

fn remark(text: String) -> TraceLine {
    TraceLine {
        number: None,
        text,
        outcome: String::new(),
        changes: Vec::new(),
        message: None,
    }
}

fn seconds(secs: u64) -> String {
    if secs.is_multiple_of(86_400) {
        format!("{} days", secs / 86_400)
    } else {
        format!("{secs} seconds")
    }
}

/// An address as a name, for those without a decoder.
impl dyn Decoder + '_ {
    /// The name of an account of the checker's own cast.
    pub fn cast(address: Address) -> Option<&'static str> {
        match address {
            STRANGER => Some("a stranger"),
            ANYONE => Some("anyone"),
            NEWCOMER => Some("a newcomer"),
            crate::model::ANSWERS_ONE => Some("hostile(1)"),
            crate::model::ANSWERS_MUCH => Some("hostile(10^24)"),
            crate::ledger::NOBODY => Some("nobody"),
            _ => None,
        }
    }
}
