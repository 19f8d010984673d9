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

/// The proposals in rounds: in one round no two touch the same file, so that each
/// stands alone in its files.
pub fn rounds(proposals: &[Proposal]) -> Vec<Vec<&Proposal>> {
    let mut rounds: Vec<Vec<&Proposal>> = Vec::new();
    for proposal in proposals {
        let meets = |other: &&Proposal| other.files.iter().any(|f| proposal.files.contains(f));
        match rounds.iter_mut().find(|round| !round.iter().any(meets)) {
            Some(round) => round.push(proposal),
            None => rounds.push(vec![proposal]),
        }
    }
    rounds
}
