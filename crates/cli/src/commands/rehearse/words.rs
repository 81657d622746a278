//! A rehearsal in words and values.

use std::fmt::Write as _;

use alloy_primitives::{Address, U256};
use sealift_check::own::{Measure, Measured, Rehearsal, Spent, Wallet};
use sealift_protocol::Plan;
use serde_json::{Value, json};

use crate::commands::show::ether;
use crate::times;

/// What a unit of gas costs, and how long a block takes.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) gas_price_wei: u128,
    pub(super) block_secs: u64,
}

impl Terms {
    pub(super) fn cost(&self, gas: u64) -> U256 {
        U256::from(gas) * U256::from(self.gas_price_wei)
    }

    /// Seconds of so many blocks.
    pub(super) fn secs(&self, blocks: u64) -> u64 {
        blocks.saturating_mul(self.block_secs)
    }

    fn spent(&self, spent: &Spent) -> Value {
        json!({
            "transactions": spent.transactions, "gas": spent.gas,
            "cost_wei": self.cost(spent.gas).to_string(),
        })
    }
}

/// What a wallet has to pay, and whether it can.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due<'a> {
    pub(super) wallet: &'a Wallet,
    /// Wei of the gas that is used.
    pub(super) cost: U256,
    /// Wei of the gas that is asked for, as nodes look at it.
    pub(super) asked: U256,
}

impl Due<'_> {
    pub(super) fn is_short(&self) -> bool {
        self.wallet.balance < self.cost
    }
}

/// What every wallet that sends something has to pay.
pub(super) fn dues<'a>(rehearsal: &'a Rehearsal, terms: &Terms) -> Vec<Due<'a>> {
    let wallets = rehearsal.wallets.iter();
    wallets
        .filter_map(|wallet| {
            let spent = rehearsal.measure.senders.get(&wallet.account)?;
            Some(Due {
                wallet,
                cost: terms.cost(spent.gas),
                asked: terms.cost(spent.gas_limits),
            })
        })
        .collect()
}

/// What an account is in the migration.
pub(super) fn role(plan: &Plan, account: Address) -> String {
    let roles = [
        ("owner", plan.roles.owner),
        ("operator", plan.roles.operator),
        ("guardian", plan.roles.guardian),
    ];
    let mut names: Vec<&str> = roles
        .iter()
        .filter(|(_, who)| *who == account)
        .map(|(name, _)| *name)
        .collect();
    if plan.lanes.iter().any(|lane| lane.recorded_owner == account) {
        names.push("owner of legacy");
    }
    names.join(", ")
}

/// The undisturbed run as a table.
pub(super) fn table(plan: &Plan, rehearsal: &Rehearsal, terms: &Terms) -> String {
    let measure = &rehearsal.measure;
    let mut text = format!("{:<10}{:>14}{:>14}  ETH\n", "phase", "transactions", "gas");
    let mut row = |name: &str, spent: &Spent| {
        let cost = ether(terms.cost(spent.gas));
        let _ = writeln!(
            text,
            "{name:<10}{:>14}{:>14}  {cost}",
            spent.transactions, spent.gas
        );
    };
    for (part, spent) in &measure.parts {
        row(part.name(), spent);
    }
    row("all", &measure.total());
    text += &frozen(measure, terms);
    let _ = writeln!(
        text,
        " (a block is final {} blocks later)",
        rehearsal.finality_depth
    );
    for due in dues(rehearsal, terms) {
        let account = due.wallet.account;
        let _ = writeln!(
            text,
            "wallet    {account} ({}) pays {} ETH and has {}{}{}",
            role(plan, account),
            ether(due.cost),
            ether(due.wallet.balance),
            if due.is_short() {
                ": TOO LITTLE"
            } else if due.wallet.balance < due.asked {
                ": less than nodes want to see in advance"
            } else {
                ""
            },
            if due.wallet.is_contract {
                "; it is a contract, whose own gas is not counted"
            } else {
                ""
            },
        );
    }
    text
}

fn frozen(measure: &Measure, terms: &Terms) -> String {
    let blocks = measure.frozen_blocks();
    format!(
        "frozen    {blocks} blocks, {} at {} s a block",
        times::show_duration(terms.secs(blocks)),
        terms.block_secs
    )
}

/// The undisturbed run as a value.
pub(super) fn value(plan: &Plan, rehearsal: &Rehearsal, terms: &Terms) -> Value {
    let measure = &rehearsal.measure;
    let parts = measure.parts.iter();
    let parts: serde_json::Map<String, Value> = parts
        .map(|(part, spent)| (part.name().to_owned(), terms.spent(spent)))
        .collect();
    let wallets: Vec<Value> = dues(rehearsal, terms)
        .iter()
        .map(|due| {
            json!({
                "account": due.wallet.account, "role": role(plan, due.wallet.account),
                "pays_wei": due.cost.to_string(), "asked_wei": due.asked.to_string(),
                "has_wei": due.wallet.balance.to_string(), "short": due.is_short(),
                "contract": due.wallet.is_contract,
            })
        })
        .collect();
    json!({
        "type": "undisturbed", "phases": parts, "all": terms.spent(&measure.total()),
        "frozen_blocks": measure.frozen_blocks(),
        "frozen_secs": terms.secs(measure.frozen_blocks()),
        "finality_depth": rehearsal.finality_depth, "block_secs": terms.block_secs,
        "gas_price_wei": terms.gas_price_wei.to_string(), "wallets": wallets,
    })
}

/// The longest freeze of all scenarios in blocks. They are played with an early finality: what a fault adds is
/// added to the undisturbed run.
pub(super) fn longest(rehearsal: &Rehearsal, measured: &Measured) -> u64 {
    let usual = measured.undisturbed.frozen_blocks();
    let more = measured.worst.blocks.saturating_sub(usual);
    rehearsal.measure.frozen_blocks() + more
}

/// What faults cost at worst.
pub(super) fn worst(rehearsal: &Rehearsal, measured: &Measured, terms: &Terms) -> String {
    let worst = &measured.worst;
    let blocks = longest(rehearsal, measured);
    format!(
        "worst     {} gas, {} ETH ({})\n\
         worst     frozen for about {blocks} blocks, {} ({})\n",
        worst.gas,
        ether(terms.cost(worst.gas)),
        worst.gas_at,
        times::show_duration(terms.secs(blocks)),
        worst.blocks_at,
    )
}

/// The same as a value.
pub(super) fn worst_value(rehearsal: &Rehearsal, measured: &Measured, terms: &Terms) -> Value {
    let worst = &measured.worst;
    let blocks = longest(rehearsal, measured);
    json!({
        "gas": worst.gas, "cost_wei": terms.cost(worst.gas).to_string(), "gas_at": worst.gas_at,
        "frozen_blocks": blocks, "frozen_secs": terms.secs(blocks), "frozen_at": worst.blocks_at,
    })
}
