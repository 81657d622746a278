//! Which scenarios there are: all single faults, pairs near each other, lists by chance.

use alloy_primitives::{U256, keccak256};

use super::census::Census;
use super::faults::{Fault, Kind};

/// Sites between two faults that one pair has within the window of the executor.
const WINDOW: usize = 3;

/// Every single fault.
pub(super) fn singles(census: &Census, kinds: &[Kind], every: bool) -> Vec<Fault> {
    let of_kind = |kind: &Kind| {
        let kind = *kind;
        let sites = kind.sites(census, every).into_iter();
        sites.map(move |(site, _)| Fault { kind, site })
    };
    kinds.iter().flat_map(of_kind).collect()
}

/// For each first fault and each kind, the second fault at the same moment, at the next site, within the
/// window and far (FAULTS: pruning).
pub(super) fn pairs(census: &Census, kinds: &[Kind], every: bool) -> Vec<[Fault; 2]> {
    let seconds: Vec<(Kind, Vec<(u64, u64)>)> = kinds
        .iter()
        .map(|kind| (*kind, kind.sites(census, every)))
        .collect();
    let mut pairs = Vec::new();
    for (kind, sites) in &seconds {
        for (site, moment) in sites {
            let first = Fault {
                kind: *kind,
                site: *site,
            };
            for (kind, sites) in &seconds {
                let same = sites.partition_point(|(_, at)| at < moment);
                let far = same + sites.len().saturating_sub(same) / 2;
                let mut chosen = vec![same, same + 1, same + WINDOW, far];
                chosen.sort_unstable();
                chosen.dedup();
                for (site, _) in chosen.into_iter().filter_map(|at| sites.get(at)) {
                    let second = Fault {
                        kind: *kind,
                        site: *site,
                    };
                    if second != first {
                        pairs.push([first, second]);
                    }
                }
            }
        }
    }
    pairs
}

/// Three to six faults, as the seed and the number decide. Recoveries make a run longer: sites reach up to
/// half as far again as an undisturbed run.
pub(super) fn random(census: &Census, kinds: &[Kind], seed: u64, number: u64) -> Vec<Fault> {
    let mut thrown = 0u64;
    let mut below = |bound: usize| {
        thrown += 1;
        let words = [seed, number, thrown].map(u64::to_be_bytes).concat();
        let word = U256::from_be_bytes(keccak256(words).0);
        (word % U256::from(bound.max(1))).saturating_to::<usize>()
    };
    let count = 3 + below(4);
    let mut faults = Vec::new();
    while faults.len() < count {
        let kind = kinds[below(kinds.len())];
        let sites = kind.sites(census, true);
        let Some((last, _)) = sites.last() else {
            continue;
        };
        let at = below(sites.len() + sites.len() / 2);
        let beyond = |at: usize| last + (at + 1 - sites.len()) as u64;
        let site = sites.get(at).map_or_else(|| beyond(at), |(site, _)| *site);
        faults.push(Fault { kind, site });
    }
    faults
}
