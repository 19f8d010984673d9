//! `drvdedup` finds duplicated functions in Linux drivers, plans the remedy,
//! writes the patch and proves it.
//!
//! Data flows one way, one type at each door; a stage reads only the types of
//! the stages before it:
//!
//! ```text
//! tree      what is in the kernel tree      KernelTree, SourceFile, Drivers
//! syntax    what the C text says            Function, Token, FunctionTree
//! detect    which code is the same          CloneGroup
//! plan      what to do about it             Plan | Refusal
//! generate  the C text of the plan          EditSet -> Patch
//! verify    is it the same program          Verdict
//! store     proposals, decisions, apply     Proposal
//! export    mails for `git am`              Series
//! report    human, json, sarif, html        (writers over the types above)
//! review    a person decides                Candidate -> Task
//! changes   what git says is new           Changes       (scan --since)
//! baseline  which groups are known         Baseline      (scan --baseline)
//! staged    files replaced as a whole
//! cli       one file a command, thin
//! ```
//!
//! Invariants:
//! * what is compared, planned and printed are the file's own bytes, never the
//!   masked text that the parser sees;
//! * only [`store`] writes to the tree; nothing before it does;
//! * the same input gives the same bytes out, at any number of threads;
//! * in doubt the planner refuses, and says why: a refusal costs nothing, a
//!   patch that changes behaviour is the worst thing the program can do.

#![warn(missing_docs)]

pub mod baseline;
pub mod changes;
pub mod cli;
pub mod config;
pub mod detect;
pub mod export;
pub mod extract;
pub mod generate;
pub mod overrides;
pub mod plan;
pub mod propose;
pub mod report;
pub mod review;
pub mod staged;
pub mod store;
pub mod syntax;
pub mod tree;
pub mod verify;
