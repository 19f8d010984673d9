//! `drvdedup rewrites`.

use super::args::{Format, RewritesArgs};
use super::error::Hinted;
use super::exit::Exit;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::planning::{self, RuleText};
use super::project::Project;
use crate::report::json;
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use std::io;

/// Lists the rules in force, or prints one with its templates.
pub fn run(
    options: &Options,
    args: &RewritesArgs,
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    let project = Project::open(options)?;
    let rules = planning::rules(&project.config.rules)?;
    let rules = match &args.name {
        None => rules,
        Some(name) => vec![named(rules, name)?],
    };
    match (options.format, &args.name) {
        (Format::Json, _) => json::write_object(out, &rules),
        (Format::Human, None) => list(out, &rules),
        (Format::Human, Some(_)) => rules.iter().try_for_each(|rule| print(out, rule)),
    }
    .context(CANNOT_WRITE)?;
    Ok(Exit::Done)
}

fn named(rules: Vec<RuleText>, name: &str) -> Result<RuleText, Hinted> {
    let known: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    let hint = format!("known are {}", known.join(", "));
    let rule = rules.into_iter().find(|rule| rule.name == name);
    rule.ok_or_else(|| Hinted::new(format!("there is no rule `{name}`"), hint))
}

fn list(out: &mut dyn io::Write, rules: &[RuleText]) -> io::Result<()> {
    let longest = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    for rule in rules {
        let RuleText { name, description, origin, .. } = rule;
        writeln!(out, "{name:<longest$}  {description} ({origin})")?;
    }
    Ok(())
}

/// The rule's file, then each of its templates under its name.
fn print(out: &mut dyn io::Write, rule: &RuleText) -> io::Result<()> {
    writeln!(out, "# {} ({})\n{}", rule.name, rule.origin, rule.toml.trim_end())?;
    for (name, text) in &rule.templates {
        writeln!(out, "\n# {name}\n{}", text.trim_end())?;
    }
    Ok(())
}
