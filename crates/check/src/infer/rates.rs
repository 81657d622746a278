//! Rates: what holders got for what they had.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;

/// A fraction in lowest terms.
pub(super) type Rate = (U256, U256);

/// One to one.
pub(super) const ONE: Rate = (U256::ONE, U256::ONE);

/// The rate that most holders got, as a fraction in lowest terms; one to one where nobody got anything.
pub(super) fn rate_of(pairs: &[(U256, U256)]) -> (U256, U256) {
    let mut votes: BTreeMap<(U256, U256), usize> = BTreeMap::new();
    let candidates: BTreeSet<(U256, U256)> =
        pairs.iter().map(|(old, new)| simple(*old, *new)).collect();
    for (num, den) in candidates {
        let agree = pairs
            .iter()
            .filter(|(old, new)| fits((num, den), *old, *new));
        votes.insert((num, den), agree.count());
    }
    let best = votes
        .into_iter()
        .max_by_key(|((num, den), count)| (*count, std::cmp::Reverse((*den, *num))));
    best.map_or((U256::ONE, U256::ONE), |(rate, _)| rate)
}

/// A whole multiple or a whole divisor where rounding down explains it, else the fraction itself.
pub(super) fn simple(old: U256, new: U256) -> (U256, U256) {
    let (times, divided) = (new / old, old / new);
    if !times.is_zero() && old * times == new {
        return (times, U256::ONE);
    }
    if !divided.is_zero() && old / divided == new {
        return (U256::ONE, divided);
    }
    let mut gcd = (old, new);
    while !gcd.1.is_zero() {
        gcd = (gcd.1, gcd.0 % gcd.1);
    }
    (new / gcd.0, old / gcd.0)
}

/// The rate that everybody got, up to rounding; `None` where there is none, or where nobody got anything.
pub(super) fn common(pairs: &[(U256, U256)]) -> Option<Rate> {
    if pairs.is_empty()
        || pairs
            .iter()
            .any(|(old, new)| old.is_zero() || new.is_zero())
    {
        return None;
    }
    let rate = rate_of(pairs);
    let fits = |(old, new): &(U256, U256)| fits(rate, *old, *new);
    pairs.iter().all(fits).then_some(rate)
}

fn fits((num, den): Rate, old: U256, new: U256) -> bool {
    old.checked_mul(num)
        .is_some_and(|product| (product / den).abs_diff(new) <= U256::ONE)
}

/// Whether a rate is a whole multiple or a whole divisor, as those of migrations are.
pub(super) fn is_whole((num, den): Rate) -> bool {
    num == U256::ONE || den == U256::ONE
}

/// The product of two rates; one to one where it does not fit.
pub(super) fn times(one: Rate, other: Rate) -> Rate {
    let num = one.0.checked_mul(other.0);
    let den = one.1.checked_mul(other.1);
    match (num, den) {
        (Some(num), Some(den)) => simple(den, num),
        _ => ONE,
    }
}

/// Whether all pairs are of exactly one ratio.
pub(super) fn is_one_ratio(pairs: &[(U256, U256)]) -> bool {
    pairs
        .windows(2)
        .all(|two| two[0].0.checked_mul(two[1].1) == two[1].0.checked_mul(two[0].1))
}
