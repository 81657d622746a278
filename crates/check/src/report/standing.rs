//! Who has what in a state, asset by asset.

use super::{AccountLine, Decoder};
use crate::judge::Judge;
use crate::model::{ANYONE, NEWCOMER, Node, STRANGER};

/// Lines of a finding at most.
const MAX_LINES: usize = 20;

/// What accounts have: those that are wrong, or all where they are few.
pub(super) fn accounts(
    judged: usize,
    judge: &Judge<'_>,
    node: &Node,
    decoder: &dyn Decoder,
) -> Vec<AccountLine> {
    let assets = judge.subject.assets.len();
    let all = (0..judged).flat_map(|account| (0..assets).map(move |asset| (account, asset)));
    all.map(|(account, asset)| account_line(judge, node, account, asset, decoder))
        .filter(|line| line.live != line.entitled || (judged <= 8 && assets == 1))
        .filter(|line| {
            ![STRANGER, ANYONE, NEWCOMER].contains(&line.address) || !line.live.is_zero()
        })
        .take(MAX_LINES)
        .collect()
}

fn account_line(
    judge: &Judge<'_>,
    node: &Node,
    account: usize,
    asset: usize,
    decoder: &dyn Decoder,
) -> AccountLine {
    let address = judge.accounts[account];
    let row = node.claims.row(account).iter().zip(judge.ledgers);
    let assets = &judge.subject.assets;
    AccountLine {
        name: decoder.name(address),
        address,
        asset: match assets.len() {
            1 => String::new(),
            _ => assets[asset].name.clone(),
        },
        entitled: judge.due(node, account, asset),
        live: judge.live(&node.claims, account, asset),
        claims: row
            .enumerate()
            .filter(|(index, (claim, ledger))| {
                ledger.asset == asset
                    && (judge.subject.groups[*index] == *index || !claim.recorded.is_zero())
            })
            .map(|(_, (claim, ledger))| (ledger.name.clone(), claim.recorded, claim.live))
            .collect(),
    }
}
