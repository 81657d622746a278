//! One finding: what happened, who has what, and what to do.

use alloy_primitives::U256;
use maud::{Markup, html as markup};

use super::{Untrusted, plural, sign};
use crate::report::text::signed;
use crate::report::{AccountLine, FindingReport, TraceLine, grouped};

/// The anchor of a finding.
pub(super) fn anchor(index: usize) -> String {
    format!("finding-{}", index + 1)
}

/// The card of a finding.
pub(super) fn card(found: &FindingReport, index: usize) -> Markup {
    let (symbol, class) = sign(found.verdict);
    markup! {
        article class="card" id=(anchor(index)) {
            h3 {
                span class=(class) { (symbol) " " (found.verdict.name()) }
                " " span class="faint" {
                    (plural(u64::from(found.steps), "transaction")) ", "
                    (plural(u64::from(found.faults), "fault")) ", " (Untrusted(&found.cause))
                }
            }
            (trace(&found.trace))
            @if !found.accounts.is_empty() { (accounts(&found.accounts)) }
            dl {
                @if let Some(note) = &found.note { dt { "Note" } dd { (Untrusted(note)) } }
                @if !found.recovery.is_empty() { dt { "Recovery" } dd { (Untrusted(&found.recovery)) } }
                @if let Some(place) = &found.place { dt { "At" } dd { code { (Untrusted(place)) } } }
                dt { "Help" } dd { (Untrusted(&found.help)) }
                dt { "Replay" }
                dd { code { "sealift check --replay " (Untrusted(&found.id)) } }
            }
        }
    }
}

fn trace(lines: &[TraceLine]) -> Markup {
    markup! {
        div class="wide" { table {
            caption { "Trace" }
            thead { tr {
                th scope="col" { "No." } th scope="col" { "What happens" } th scope="col" { "Outcome" }
                th scope="col" { "What can be moved" }
            } }
            tbody { @for line in lines { tr class=[line.number.is_none().then_some("fault")] {
                td { @match line.number {
                    Some(number) => (number),
                    None => span class="warn" { "!" },
                } }
                td class="call" { (Untrusted(&line.text)) }
                td { (outcome(&line.outcome)) }
                td { @for (ledger, by) in &line.changes {
                    div { (Untrusted(ledger)) " " (Untrusted(&signed(by))) }
                } }
            } } }
        } }
    }
}

fn outcome(outcome: &str) -> Markup {
    markup! {
        @if outcome == "mined" { span class="good" { "✓ mined" } }
        @else if !outcome.is_empty() { span class="bad" { "✗ " (Untrusted(outcome)) } }
    }
}

fn accounts(accounts: &[AccountLine]) -> Markup {
    let mut ledgers: Vec<&str> = Vec::new();
    for (name, ..) in accounts.iter().flat_map(|account| &account.claims) {
        if !ledgers.contains(&name.as_str()) {
            ledgers.push(name);
        }
    }
    markup! {
        div class="wide" { table {
            caption { "Accounts" }
            thead { tr {
                th scope="col" { "Account" } th scope="col" class="number" { "Entitled" }
                @for ledger in &ledgers {
                    th scope="col" class="number" { (Untrusted(ledger)) " recorded" }
                    th scope="col" class="number" { "can move" }
                }
                th scope="col" class="number" { "Difference" }
            } }
            tbody { @for account in accounts { tr {
                th scope="row" {
                    (Untrusted(&account.name))
                    @if !account.asset.is_empty() { ", " (Untrusted(&account.asset)) }
                }
                td class="number" { (grouped(account.entitled)) }
                @for ledger in &ledgers {
                    @let (recorded, live) = claim(account, ledger);
                    td class="number" { (grouped(recorded)) }
                    td class=(if live == recorded { "number" } else { "number warn" }) {
                        @if live != recorded { "▲ " } (grouped(live))
                    }
                }
                (difference(account))
            } } }
        } }
    }
}

/// What an account has in a ledger, places where it was created again included.
fn claim(account: &AccountLine, ledger: &str) -> (U256, U256) {
    let own = account.claims.iter().filter(|(name, ..)| name == ledger);
    own.fold((U256::ZERO, U256::ZERO), |sum, (_, recorded, live)| {
        (sum.0.saturating_add(*recorded), sum.1.saturating_add(*live))
    })
}

fn difference(account: &AccountLine) -> Markup {
    let (live, due) = (account.live, account.entitled);
    markup! {
        @if live > due { td class="number bad" { "▲ +" (grouped(live - due)) } }
        @else if live < due { td class="number bad" { "▼ −" (grouped(due - live)) } }
        @else { td class="number good" { "✓ 0" } }
    }
}
