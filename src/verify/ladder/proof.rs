//! What is stored of a climb.

use crate::tree::TreePath;
use crate::verify::Verdict;
use crate::verify::build::{Identity, Level};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What saw that the code before and after is the same. The greater, the later it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// Both objects are decoded, and compared instruction by instruction.
    Instructions,
    /// clang's IR of both texts is compared, by this program and by `llvm-diff`.
    Ir,
    /// The functions whose code differs return the same: they were run. The rest is as
    /// for [`Engine::Instructions`].
    Results {
        /// For so many arguments, all that those functions have.
        arguments: u64,
    },
    /// The ladder and what stands for it give the same for all keys: apart from their
    /// function, whose text is the same but for them, both were run on all that an array
    /// can have, or that a search knows, and are the same code for all others.
    Keys,
}

impl Engine {
    /// [`Proof::engine`]; `clang` is the version of that.
    pub fn name(self, clang: &str) -> String {
        match self {
            Self::Instructions => "x86-64 instructions".to_owned(),
            Self::Ir => format!("LLVM IR of {clang}, by llvm-diff as well"),
            Self::Results { .. } => {
                "results on all arguments, and x86-64 instructions of the rest".to_owned()
            }
            Self::Keys => "results on all keys, and the text of the rest".to_owned(),
        }
    }
}

/// How the code was made the same. The greater, the more it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// What saw that it is the same.
    pub engine: Engine,
    /// Whether the loops that the patch added had to be unrolled.
    pub unrolled: bool,
    /// Whether constants had to be put in the place of the helper's parameters, and
    /// words into the messages that print them.
    pub constants: bool,
    /// How both were optimised.
    pub level: Level,
}

impl Way {
    /// The machine code with nothing done to it.
    pub fn plain(level: Level) -> Way {
        Way { engine: Engine::Instructions, unrolled: false, constants: false, level }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.engine {
            Engine::Instructions => "the same machine code",
            Engine::Ir => "the same LLVM IR",
            Engine::Keys => "the same values for all keys",
            Engine::Results { arguments: 1 } => "the same result",
            Engine::Results { arguments } => {
                &format!("the same results for all {arguments} arguments")
            }
        };
        write!(f, "{what} at {}", self.level.flag())?;
        if self.unrolled {
            write!(f, " with the new loops unrolled")?;
        }
        if self.constants {
            write!(f, " with constant arguments in the place of parameters")?;
        }
        Ok(())
    }
}

/// How far a proposal came on one kernel, and what that holds for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The highest rung reached; [`Verdict::Failed`] where one found a fault.
    pub verdict: Verdict,
    /// How it was proved, or why it came no higher; lines after the first quote
    /// the patched text.
    pub detail: String,
    /// The optimisation level at which the code is the same (`-O2`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Touched files that the configuration does not build, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_built: Vec<TreePath>,
    /// SHA-256 of the kernel's `.config`, in hexadecimal.
    pub configuration: String,
    /// First line of the compiler's `--version`.
    pub compiler: String,
    /// `x86_64`, `arm64`, …
    pub architecture: String,
    /// What compared the code; empty where it came to no comparison.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub engine: String,
    /// As `uname -r` would say.
    pub release: String,
    /// Digest of the patch and of the texts that it was planned against: the proof
    /// holds for no other.
    pub of: String,
}

impl Proof {
    /// Whether it was made with this kernel, configuration and compiler.
    pub fn is_from(&self, identity: &Identity) -> bool {
        self.configuration == identity.configuration
            && self.compiler == identity.compiler
            && self.architecture == identity.architecture
            && self.release == identity.release
    }

    /// Whether a touched file was compiled at all.
    pub fn is_built(&self) -> bool {
        self.not_built.is_empty()
    }

    /// What it holds for: `gcc 12, x86_64 6.1.0, configuration 0123456789ab`.
    pub fn holds_for(&self) -> String {
        let Proof { compiler, architecture, release, .. } = self;
        let configuration: String = self.configuration.chars().take(12).collect();
        format!("{compiler}, {architecture} {release}, configuration {configuration}")
    }
}
