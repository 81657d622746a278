//! What goes with a verdict: what is taken for granted, and what would help.

use alloy_primitives::U256;

use crate::explore::Explored;
use crate::model::{Resume, Subject};
use crate::report::{AccountLine, Decoder};
use crate::verdict::{CUSTODY, Finding, Verdict};

use super::text::grouped;

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
    let rounded = subject
        .assets
        .iter()
        .filter(|asset| !asset.tolerance.is_zero());
    found.extend(rounded.map(|asset| {
        format!(
            "rounding may cost or give an account {} units of {}",
            grouped(asset.tolerance),
            asset.name
        )
    }));
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

/// What would help against a finding that shows on these accounts.
pub(super) fn help(finding: &Finding, accounts: &[AccountLine]) -> String {
    if let Some(most) = rounding(accounts) {
        return format!(
            "if rounding may cost or give {most} of an account's units, tolerance = {most} under [goal] in check.toml \
             says so; else {}",
            help_against(finding)
        );
    }
    help_against(finding).to_owned()
}

/// By how much accounts differ from what is due, where that may be rounding: a few units, of more than a million each.
fn rounding(accounts: &[AccountLine]) -> Option<U256> {
    const FEW: u64 = 4;
    let off = accounts.iter().filter(|line| line.live != line.entitled);
    let by = off.map(|line| {
        let by = line.live.abs_diff(line.entitled);
        let is_small = line.entitled / U256::from(1_000_000) >= by;
        (by <= U256::from(FEW) && is_small).then_some(by)
    });
    by.collect::<Option<Vec<U256>>>()?.into_iter().max()
}

fn help_against(finding: &Finding) -> &'static str {
    match (finding.verdict, finding.cause) {
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
        (_, "evm.call-returns-false") => {
            "take false for a failure, as SafeERC20 does; if the code that is called never answers so but reverts, \
             [faults] off = [\"call-returns-false\"] in check.toml says it"
        }
        (_, "evm.gas-cut" | "evm.call-out-of-gas" | "evm.call-reverts") => {
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
    }
}
