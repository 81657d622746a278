//! Which scenarios there are: all single faults, lists by chance.

use alloy_primitives::{U256, keccak256};

use super::census::Census;
use super::faults::{Fault, Kind};

/// Every single fault.
pub(super) fn singles(census: &Census, kinds: &[Kind], every: bool) -> Vec<Fault> {
    let of_kind = |kind: &Kind| {
        let kind = *kind;
        let sites = kind.sites(census, every).into_iter();
        sites.map(move |(site, _)| Fault { kind, site })
    };
    kinds.iter().flat_map(of_kind).collect()
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
        let beyond = |at: usize| kind.beyond(*last, (at + 1 - sites.len()) as u64);
        let site = sites.get(at).map_or_else(|| beyond(at), |(site, _)| *site);
        faults.push(Fault { kind, site });
    }
    faults
}
