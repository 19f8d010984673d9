//! A patch after which another file does what a part of a function did, as two patches: one
//! after which the part is a function of its own, and one that moves what this does. In:
//! the candidate. Out: two candidates; the text between them is that of the claim.

use super::Candidate;
use crate::tree::TreePath;
use crate::verify::{Claim, lifted};

/// See the module.
pub(in crate::verify::ladder) struct Split {
    /// For each file with members the first patch: other files are as they were.
    lifted: Vec<(TreePath, Candidate)>,
    /// The second patch.
    pub moved: Candidate,
}

impl Split {
    /// `None` where the parts of functions stay in their file, or no parts are claimed.
    pub fn of(candidate: &Candidate) -> Option<Split> {
        let Candidate { before, after, claim } = candidate;
        let lift = claim.lift.as_ref().filter(|_| claim.is_across_files())?;
        let between = lifted::between(before, claim, lift)?;
        let steps = claim.members.iter().zip(&lift.parts).map(|((path, member), part)| {
            let mut split = before.clone();
            split.extend(between.files.get_key_value(path).map(|(k, v)| (k.clone(), v.clone())));
            let claim = Claim {
                members: vec![(path.clone(), member.clone())],
                helper: Some(part.clone()),
                helper_path: Some(path.clone()),
                ..Claim::default()
            };
            (path.clone(), Candidate { before: before.clone(), after: split, claim })
        });
        let lifted = steps.collect();
        let moved = Candidate { before: between.files, after: after.clone(), claim: between.claim };
        Some(Split { lifted, moved })
    }

    /// The first patches of the file at `path`.
    pub fn lifted(&self, path: &str) -> impl Iterator<Item = &Candidate> {
        let steps = self.lifted.iter().filter(move |(file, _)| file == path);
        steps.map(|(_, candidate)| candidate)
    }
}
