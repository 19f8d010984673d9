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
    /// The proposal that a review goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

impl Default for DecisionsFile {
    fn default() -> DecisionsFile {
        DecisionsFile { schema: SCHEMA, decisions: BTreeMap::new(), place: None }
    }
}

impl Store {
    /// All decisions by the proposals' ids.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn decisions(&self) -> Result<BTreeMap<String, Decision>, StoreError> {
        Ok(self.read_decisions()?.decisions)
    }

    /// The proposal at which a review was left.
    ///
    /// # Errors
    /// As [`Store::decisions`].
    pub fn place(&self) -> Result<Option<String>, StoreError> {
        Ok(self.read_decisions()?.place)
    }

    /// Remembers where a review goes on.
    ///
    /// # Errors
    /// When the file cannot be read or written, and when another process is writing.
    pub fn set_place(&mut self, id: Option<&str>) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let file = self.read_decisions()?;
        let place = id.map(str::to_owned);
        match file.place == place {
            true => Ok(()),
            false => self.write_decisions(&DecisionsFile { place, ..file }),
        }
    }

    fn read_decisions(&self) -> Result<DecisionsFile, StoreError> {
        let path = self.decisions_path();
        let text = match read_regular(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(DecisionsFile::default());
            }
            read => read.map_err(StoreError::io("read the decisions", &path))?,
        };
        let file = serde_json::from_slice(&text).map_err(|error| error.to_string());
        let file = file.and_then(|file: DecisionsFile| known_schema(file.schema).map(|()| file));
        file.map_err(|problem| StoreError::Corrupt { path, problem })
    }

    fn write_decisions(&mut self, file: &DecisionsFile) -> Result<(), StoreError> {
        let path = self.decisions_path();
        self.disk.replace(&path, &to_json(file))
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
        self.decide(&[(ids, Some(Decision::accepted()))])
    }

    /// Rejects proposals and remembers why.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub fn reject(&mut self, ids: &[String], reason: &str) -> Result<(), StoreError> {
        self.decide(&[(ids, Some(Decision::rejected(reason)))])
    }

    /// Takes decisions back.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub fn forget_decision(&mut self, ids: &[String]) -> Result<(), StoreError> {
        self.decide(&[(ids, None)])
    }

    /// Decides several things at once: all, or with an error nothing. What comes later
    /// in the list holds.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub fn decide(&mut self, answers: &[(&[String], Option<Decision>)]) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let known = self.ids()?;
        let mut file = self.read_decisions()?;
        for (ids, decision) in answers {
            for id in *ids {
                let id = self.resolve(&id.to_ascii_lowercase(), &known)?;
                match decision {
                    Some(decision) => file.decisions.insert(id, decision.clone()),
                    None => file.decisions.remove(&id),
                };
            }
        }
        self.write_decisions(&file)
    }
}

impl Decision {
    /// A yes.
    pub fn accepted() -> Decision {
        Decision { choice: Choice::Accepted, reason: String::new() }
    }

    /// A no, and why.
    pub fn rejected(reason: &str) -> Decision {
        Decision { choice: Choice::Rejected, reason: reason.to_owned() }
    }
}
