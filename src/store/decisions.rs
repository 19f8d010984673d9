//! What a reviewer decided about each proposal.

use super::Store;
use super::error::StoreError;
use super::journal::{SCHEMA, known_schema};
use super::proposals::to_json;
use crate::tree::read_regular;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// `apply` without ids takes it.
    Accepted,
    /// It is not offered again.
    Rejected,
}

/// A reviewer's answer. It outlives its proposal: a later plan that finds the same
/// group again finds the answer too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The answer.
    pub choice: Choice,
    /// Why, in the reviewer's words; may be empty.
    #[serde(default)]
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
struct DecisionsFile {
    schema: u32,
    decisions: BTreeMap<String, Decision>,
}

impl Store {
    /// All decisions by the proposals' ids.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn decisions(&self) -> Result<BTreeMap<String, Decision>, StoreError> {
        let path = self.decisions_path();
        let text = match read_regular(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            read => read.map_err(StoreError::io("read the decisions", &path))?,
        };
        let file = serde_json::from_slice(&text).map_err(|error| error.to_string());
        let file = file.and_then(|file: DecisionsFile| known_schema(file.schema).map(|()| file));
        file.map(|file| file.decisions).map_err(|problem| StoreError::Corrupt { path, problem })
    }

    /// Ids of the stored proposals that were accepted, sorted.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn accepted(&self) -> Result<Vec<String>, StoreError> {
        let decisions = self.decisions()?;
        let accepted = |id: &String| {
            decisions.get(id).is_some_and(|decision| decision.choice == Choice::Accepted)
        };
        Ok(self.ids()?.into_iter().filter(accepted).collect())
    }

    /// Accepts proposals, by ids or unique beginnings of ids.
    ///
    /// # Errors
    /// When an id is unknown or ambiguous: then none is accepted.
    pub fn accept(&mut self, ids: &[String]) -> Result<(), StoreError> {
        self.decide(ids, Some(Decision { choice: Choice::Accepted, reason: String::new() }))
    }

    /// Rejects proposals and remembers why.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub fn reject(&mut self, ids: &[String], reason: &str) -> Result<(), StoreError> {
        self.decide(ids, Some(Decision { choice: Choice::Rejected, reason: reason.to_owned() }))
    }

    /// Takes decisions back.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub fn forget_decision(&mut self, ids: &[String]) -> Result<(), StoreError> {
        self.decide(ids, None)
    }

    fn decide(&mut self, ids: &[String], decision: Option<Decision>) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let known = self.ids()?;
        let mut decisions = self.decisions()?;
        for id in ids {
            let id = self.resolve(id, &known)?;
            match &decision {
                Some(decision) => decisions.insert(id, decision.clone()),
                None => decisions.remove(&id),
            };
        }
        let path = self.decisions_path();
        self.disk.replace(&path, &to_json(&DecisionsFile { schema: SCHEMA, decisions }))
    }
}
