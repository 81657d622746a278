//! What goes with a verdict: what is taken for granted, and what would help.

use crate::explore::Explored;
use crate::model::{Resume, Subject};
use crate::report::Decoder;
use crate::verdict::{CUSTODY, Finding, Verdict};

/// What a pass takes for granted.
pub(super) fn assumptions(
    subject: &Subject,
    explored: &Explored<'_>,
    decoder: &dyn Decoder,
) -> Vec<String> {
    let mut found = vec![
        "blocks have no reorganisation deeper than 3 of the script's transactions".to_owned(),
        "block number and base fee do not decide what the contracts do".to_owned(),
    ];
    let missing: Vec<&str> = Resume::ALL
        .iter()
        .filter(|resume| !subject.resume.contains(resume))
        .map(|resume| resume.name())
        .collect();
    if !missing.is_empty() {
        found.push(format!(
            "the executor never resumes by {}",
            missing.join(" or ")
        ));
    }
    found.extend(
        subject
            .off
            .iter()
            .map(|off| format!("{off} cannot happen, as check.toml declares")),
    );
    if !subject.wealth.is_empty() {
        let tokens = subject.wealth.iter().map(|(token, _)| decoder.name(*token));
        let tokens: Vec<String> = tokens.collect();
        found.push(format!(
            "a stranger has of {} as much as the contract that has most",
            tokens.join(", ")
        ));
    }
    if !explored.bounded.is_empty() {
        let reruns = explored.ground.limits.reruns;
        let mut limit = format!("the script is begun again at most {reruns} times");
        if !subject.recovery.is_empty() {
            let most = subject.patience();
            limit += &format!(
                ", and declared ways back that change nobody's claims are gone at most {most} times in a row"
            );
        }
        found.push(limit);
    }
    found
}

/// What would help against a finding.
pub(super) fn help(finding: &Finding) -> String {
    let text = match (finding.verdict, finding.cause) {
        (Verdict::DoubleCounted, "executor.answer-lost" | "transaction.duplicated") => {
            "make the step idempotent: a cursor or a mark for each holder, checked before it pays"
        }
        (Verdict::DoubleCounted, "undisturbed") => {
            "freeze the old side before the new one is live, in one transaction"
        }
        (_, "environment.holder-transfers" | "environment.holder-exits" | "environment.action") => {
            "freeze the old side before amounts are taken from it, or take them in the transaction that moves them"
        }
        (_, "environment.holder-revokes") => {
            "pass over who has taken an allowance back, and leave what he has where it can be moved"
        }
        (_, "environment.key-lost") => {
            "let anyone finish or bring back after a deadline that cannot be extended"
        }
        (_, "counterparty.stranger") => {
            "check who calls, and take addresses and accounts from storage instead of calldata"
        }
        (_, "counterparty.token-calls-back" | "evm.call-reenters") => {
            "write down what was done before anything is called, or lock the contract while it works"
        }
        (_, "counterparty.oracle") => {
            "do not pay by a number that somebody can move in one transaction, and set bounds to any other"
        }
        (
            _,
            "evm.gas-cut" | "evm.call-out-of-gas" | "evm.call-reverts" | "evm.call-returns-false",
        ) => {
            "let a failed inner call undo the mark that belongs to it, or undo the whole transaction"
        }
        (_, "transaction.reverted" | "transaction.dropped" | "transaction.reorged") => {
            "resume by receipts and by what the contract records, not by position"
        }
        (_, "environment.holder-gets-code") => {
            "let recipients pull, or skip and set aside those that refuse"
        }
        (Verdict::Unmanaged, _) => {
            "move it, or say who may claim it, before the old contract is retired"
        }
        (Verdict::Unknown, _) => "raise the limit of states, or split the work with --shard",
        (Verdict::NeedsOperator, _) => {
            "say who makes this call and when, or let anyone make it after a deadline"
        }
        (Verdict::Delayed, _) => "shorten the deadline, or declare the wait in check.toml",
        (Verdict::Livelock, _) => "let each resume do something that no other one takes back",
        (Verdict::Diverged, _) => "resume by receipts and by what the contract records",
        (Verdict::Vacuous, CUSTODY) => {
            "declare whose it is: [[claim]] in check.toml, and --config check.toml"
        }
        (Verdict::Vacuous, _) => "look at the [[action]]s and [faults] of check.toml",
        _ => {
            "give every state a way to the end or back to the start, with a mark of what was done in the contract"
        }
    };
    text.to_owned()
}
