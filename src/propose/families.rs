//! Functions that are reached through rows: as one function that takes what differs from the
//! row, or as thin functions that call a helper, whichever removes more lines. In: what else
//! there is for a group. Out: the better of the two, with a note on the other.

use super::Proposer;
use super::carry::Carried;
use crate::detect::CloneGroup;
use crate::generate::templates::TemplateError;
use crate::plan::{OpenFile, Plan, Refusal, family};

impl Proposer<'_> {
    /// Whether attributes name all functions of a group of `file`.
    pub(super) fn is_family(&self, file: &OpenFile, group: &CloneGroup) -> bool {
        family::rule(self.rules, group).is_some()
            && family::is_one(&file.context, group, self.carriers)
    }

    /// The better of what was `planned` for a group of one file and of a family, carried out,
    /// with its plan.
    pub(super) fn better(
        &self,
        (file, group): (&OpenFile, &CloneGroup),
        planned: Result<Plan, Refusal>,
    ) -> Result<(Option<Plan>, Carried), TemplateError> {
        let carry = |planned: Result<Plan, Refusal>| match planned {
            Ok(plan) => Ok((Some(plan.clone()), self.carry_out(&[file], &[], group, &plan)?)),
            Err(refusal) => Ok((None, Carried::Refused(refusal))),
        };
        let (plan, carried) = carry(planned)?;
        let Some(rule) = family::rule(self.rules, group) else { return Ok((plan, carried)) };
        let rows = family::plan(file, group, rule, (self.loops, self.carriers));
        let Some(rows) = rows else { return Ok((plan, carried)) };
        let (of_rows, by_rows) = carry(rows)?;
        Ok(match (carried, by_rows) {
            (Carried::Out(mut one), Carried::Out(mut other)) => {
                if other.saved() > one.saved() {
                    other.note(one.in_short());
                    (of_rows, Carried::Out(other))
                } else {
                    one.note(other.in_short());
                    (plan, Carried::Out(one))
                }
            }
            (Carried::Refused(_), Carried::Out(other)) => (of_rows, Carried::Out(other)),
            (Carried::Out(mut one), Carried::Refused(refusal)) => {
                one.note(format!("{} instead: {}, {}", rule.name, refusal.reason, refusal.detail));
                (plan, Carried::Out(one))
            }
            (refused, Carried::Refused(_)) => (plan, refused),
        })
    }
}
