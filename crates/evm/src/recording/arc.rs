//! Arcs: for which start values of a word a comparison comes out as it did.

use alloy_primitives::U256;

/// The values from `low` to `high`, both included, around the ring of 256-bit words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arc {
    low: U256,
    high: U256,
}

impl Arc {
    /// The words below another one, which is not zero.
    pub(super) fn below(other: U256) -> Self {
        Self {
            low: U256::ZERO,
            high: other.wrapping_sub(U256::ONE),
        }
    }

    /// The words above another one, which is not the largest.
    pub(super) fn above(other: U256) -> Self {
        Self {
            low: other.wrapping_add(U256::ONE),
            high: U256::MAX,
        }
    }

    /// One word.
    pub(super) fn only(word: U256) -> Self {
        Self {
            low: word,
            high: word,
        }
    }

    /// All words that are not in it; it must not have all of them.
    pub(super) fn others(self) -> Self {
        Self {
            low: self.high.wrapping_add(U256::ONE),
            high: self.low.wrapping_sub(U256::ONE),
        }
    }

    /// The words that are in it once something is added to them.
    pub(super) fn before(self, added: U256) -> Self {
        Self {
            low: self.low.wrapping_sub(added),
            high: self.high.wrapping_sub(added),
        }
    }

    /// The words of `within`, around `start`, that are in it; `start` must be in both.
    pub(super) fn cut(self, within: (U256, U256), start: U256) -> (U256, U256) {
        let (low, high) = within;
        if self.low <= self.high {
            (low.max(self.low), high.min(self.high))
        } else if start >= self.low {
            (low.max(self.low), high)
        } else {
            (low, high.min(self.high))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(value: u64) -> U256 {
        U256::from(value)
    }

    const ALL: (U256, U256) = (U256::ZERO, U256::MAX);

    #[test]
    fn what_is_below_after_an_addition_wraps_around() {
        // c + 5 < 3 where c + 5 overflows: the five words that end at MAX - 2.
        let arc = Arc::below(word(3)).before(word(5));
        assert_eq!(
            arc.cut(ALL, U256::MAX - word(3)),
            (U256::MAX - word(4), U256::MAX - word(2))
        );
        // c + 5 >= 3, where it does not overflow.
        let arc = Arc::below(word(3)).others().before(word(5));
        assert_eq!(arc.cut(ALL, word(7)), (U256::ZERO, U256::MAX - word(5)));
        // And where it does, but far enough.
        assert_eq!(
            arc.cut(ALL, U256::MAX - word(1)),
            (U256::MAX - word(1), U256::MAX)
        );
    }

    #[test]
    fn cuts_only_get_smaller() {
        let first = Arc::above(word(9)).cut(ALL, word(20));
        assert_eq!(first, (word(10), U256::MAX));
        let second = Arc::only(word(15)).others().cut(first, word(12));
        assert_eq!(second, (word(10), word(14)));
        let third = Arc::only(word(15)).others().cut(first, word(20));
        assert_eq!(third, (word(16), U256::MAX));
    }
}
