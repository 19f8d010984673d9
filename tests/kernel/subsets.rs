//! Subsets of the proposals. The random ones are chosen by a seed that the failing
//! run prints.

use crate::mutate::Random;
use crate::support::plan::Proposal;

impl Random {
    /// Two subsets without a common proposal, each about a quarter of all.
    pub fn two_quarters<'p>(
        &mut self,
        proposals: &'p [Proposal],
    ) -> (Vec<&'p Proposal>, Vec<&'p Proposal>) {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for proposal in proposals {
            match self.next() % 4 {
                0 => first.push(proposal),
                1 => second.push(proposal),
                _ => {}
            }
        }
        assert!(!first.is_empty() && !second.is_empty(), "too few proposals for subsets");
        (first, second)
    }

    /// `count` of `all`, or all where there are fewer, in their order.
    pub fn some<'p, T>(&mut self, all: &'p [T], count: usize) -> Vec<&'p T> {
        let mut left = count.min(all.len());
        let mut chosen = Vec::new();
        for (at, one) in all.iter().enumerate() {
            if self.below(all.len() - at) < left {
                chosen.push(one);
                left -= 1;
            }
        }
        chosen
    }

    /// A half of the proposals, more or less, and the rest.
    pub fn halves<'p>(
        &mut self,
        proposals: &'p [Proposal],
    ) -> (Vec<&'p Proposal>, Vec<&'p Proposal>) {
        let (half, rest): (Vec<_>, Vec<_>) =
            proposals.iter().partition(|_| self.next().is_multiple_of(2));
        assert!(!half.is_empty() && !rest.is_empty(), "too few proposals for halves");
        (half, rest)
    }
}
