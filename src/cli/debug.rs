//! `drvdedup debug`: what the stages see, for people who work on them. Hidden from
//! the help; the format is for eyes and may change.

use super::args::DebugCommand;
use super::error::Hinted;
use super::exit::Exit;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::project::Project;
use crate::report::source::{printable, printable_line};
use crate::syntax::decl::{
    Definition, DefinitionKind, Fact, MacroFacts, ParamFacts, TagKind, Unit, Universe,
};
use crate::syntax::{Function, FunctionTree, LoopMacros, lexer, line_at, mask, split};
use crate::tree::{Drivers, SourceFile};
use anyhow::Context;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Prints the view that was asked for.
pub fn run(
    options: &Options,
    command: &DebugCommand,
    out: &mut (impl Write + ?Sized),
) -> anyhow::Result<Exit> {
    let project = Project::open(options)?;
    let printed = match command {
        DebugCommand::Functions { files } => {
            let mut print = |file: &PathBuf| functions(out, &Subject::open(&project, file)?);
            files.iter().try_for_each(&mut print)
        }
        DebugCommand::Tokens { file } => tokens(out, &Subject::open(&project, file)?),
        DebugCommand::Mask { place } => {
            let (subject, chosen) = subject_and_functions(&project, place)?;
            masked(out, &subject, &chosen, &LoopMacros::new(&project.tree.loop_macros))
        }
        DebugCommand::Tree { place } => {
            let (subject, chosen) = subject_and_functions(&project, place)?;
            let loops = LoopMacros::new(&project.tree.loop_macros);
            chosen.iter().try_for_each(|function| tree(out, &subject, function, &loops))
        }
        DebugCommand::Name { file, name } => {
            let subject = Subject::open(&project, file)?;
            let unit = subject.unit(&project)?;
            meaning(out, &unit, name)
        }
    };
    printed.map(|()| Exit::Done)
}

/// One file of the tree.
struct Subject {
    file: SourceFile,
    source: Vec<u8>,
}

impl Subject {
    fn open(project: &Project, file: &PathBuf) -> anyhow::Result<Subject> {
        let walk = project.tree.walk(std::slice::from_ref(file), &[])?;
        let [file] = <[SourceFile; 1]>::try_from(walk.files).map_err(|_| {
            let message = format!("{} is not one C file of the tree", file.display());
            Hinted::new(message, "name a .c or .h file")
        })?;
        let path = project.tree.root.join(&file.path);
        let source =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Subject { file, source })
    }

    fn line(&self, offset: usize) -> u32 {
        line_at(&self.source, offset)
    }

    fn unit(&self, project: &Project) -> anyhow::Result<Arc<Unit>> {
        let drivers = Drivers::read(&project.tree, std::slice::from_ref(&self.file));
        let universe = Arc::new(Universe::new(project.tree.root.clone()));
        let dirs = drivers.include_dirs(&self.file.path);
        universe.unit(&self.file.path, &dirs).context("the file cannot be read any more")
    }
}

/// The file of `FILE[:FUNCTION]`, and the functions of that name, or all.
fn subject_and_functions(
    project: &Project,
    place: &str,
) -> anyhow::Result<(Subject, Vec<Function>)> {
    let (file, name) = match place.rsplit_once(':') {
        Some((file, name)) => (file, Some(name)),
        None => (place, None),
    };
    let subject = Subject::open(project, &PathBuf::from(file))?;
    let (mut found, _) = split::functions(&subject.source);
    if let Some(name) = name {
        found.retain(|function| function.name(&subject.source) == name.as_bytes());
        if found.is_empty() {
            let message = format!("{file} defines no function `{name}`");
            let hint = format!("drvdedup debug functions {file} lists those that it does");
            return Err(Hinted::new(message, hint).into());
        }
    }
    Ok((subject, found))
}

fn functions(out: &mut (impl Write + ?Sized), subject: &Subject) -> anyhow::Result<()> {
    let (found, outline) = split::functions(&subject.source);
    for function in &found {
        let name = printable(function.name(&subject.source));
        let signature = printable(&subject.source[function.signature()]);
        let signature: Vec<&str> = signature.split_whitespace().collect();
        let flags = [
            (function.macro_defined, " [macro]"),
            (function.disabled, " [disabled]"),
            (function.unbalanced, " [unbalanced]"),
        ];
        let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, text)| *text).collect();
        let (path, lines) = (&subject.file.path, (function.start_line, function.end_line));
        writeln!(out, "{path}:{}-{}: {name}{flags}: {}", lines.0, lines.1, signature.join(" "))
            .context(CANNOT_WRITE)?;
    }
    if let Some(offset) = outline.unclosed {
        let line = subject.line(offset as usize);
        writeln!(out, "{}:{line}: never closed", subject.file.path).context(CANNOT_WRITE)?;
    }
    Ok(())
}

fn tokens(out: &mut (impl Write + ?Sized), subject: &Subject) -> anyhow::Result<()> {
    for token in lexer::tokens(&subject.source) {
        let line = subject.line(token.start as usize);
        let kind = format!("{:?}", token.kind).to_lowercase();
        let text = printable_line(&printable(token.text(&subject.source)));
        writeln!(out, "{line:>6} {:>8} {kind:<9} {text}", token.start).context(CANNOT_WRITE)?;
    }
    Ok(())
}

/// The text of each function as the parser sees it.
fn masked(
    out: &mut (impl Write + ?Sized),
    subject: &Subject,
    functions: &[Function],
    loops: &LoopMacros,
) -> anyhow::Result<()> {
    for function in functions {
        let text = mask::mask(&subject.source[function.range()], loops);
        writeln!(out, "{}", printable(&text)).context(CANNOT_WRITE)?;
    }
    Ok(())
}

/// The syntax tree, a line a node: field, kind, and the text of a leaf.
fn tree(
    out: &mut (impl Write + ?Sized),
    subject: &Subject,
    function: &Function,
    loops: &LoopMacros,
) -> anyhow::Result<()> {
    let tree = FunctionTree::parse(&subject.source, function, loops);
    if let Some(gap) = &tree.gap {
        let line = subject.line(gap.offset as usize);
        writeln!(out, "gap at line {line}, {} nodes", gap.nodes).context(CANNOT_WRITE)?;
    }
    if tree.first_branch_only {
        writeln!(out, "only one branch of each #if").context(CANNOT_WRITE)?;
    }
    let mut open: Vec<u32> = Vec::new();
    for (id, node) in (0u32..).zip(&tree.nodes) {
        open.retain(|&end| end > id);
        let field = if node.field.is_empty() { String::new() } else { format!("{}: ", node.field) };
        let range = node.range.start as usize..node.range.end as usize;
        let text = match node.subtree_end == id + 1 && node.named {
            true => subject.source.get(range.clone()).map(printable).unwrap_or_default(),
            false => String::new(),
        };
        let line = subject.line(range.start);
        let indent = "  ".repeat(open.len());
        writeln!(out, "{line:>6} {indent}{field}{} {}", node.kind, printable_line(&text))
            .context(CANNOT_WRITE)?;
        open.push(node.subtree_end);
    }
    Ok(())
}

fn meaning(out: &mut (impl Write + ?Sized), unit: &Unit, name: &str) -> anyhow::Result<()> {
    write_meaning(out, unit, name).context(CANNOT_WRITE)
}

/// Everything that the planner can learn about a name.
fn write_meaning(out: &mut (impl Write + ?Sized), unit: &Unit, name: &str) -> io::Result<()> {
    let tags = [TagKind::Struct, TagKind::Union, TagKind::Enum];
    let tags = tags.into_iter().flat_map(|kind| unit.lookup_tag(kind, name));
    for definition in unit.lookup(name).into_iter().chain(tags) {
        writeln!(out, "{}", definition_text(&definition))?;
    }
    match unit.constant(name) {
        Ok(constant) => {
            let value = constant.value.map_or("not known".to_owned(), |value| value.to_string());
            writeln!(out, "constant: {:?}, value {value}", constant.ctype)?;
        }
        Err(error) => writeln!(out, "no constant: {error}")?,
    }
    match unit.function(name) {
        Ok(sig) => writeln!(
            out,
            "function: {} from {} parameters, declared at {}:{}",
            sig.return_type,
            sig.params.len(),
            sig.file,
            sig.line
        )?,
        Err(error) => writeln!(out, "no function: {error}")?,
    }
    match unit.macro_facts(name) {
        Some(facts) => write_macro(out, &facts),
        None => writeln!(out, "no macro"),
    }
}

fn definition_text(definition: &Definition) -> String {
    let Definition { file, line, conditions, kind, .. } = definition;
    let what = match kind {
        DefinitionKind::Macro(_) => "macro".to_owned(),
        DefinitionKind::Undef => "undef".to_owned(),
        DefinitionKind::Enumerator { position, .. } => format!("enumerator {position}"),
        DefinitionKind::Typedef { target } => format!("typedef of {target}"),
        DefinitionKind::Tag { kind, has_body } => {
            let members = if *has_body { "with members" } else { "without members" };
            format!("{} tag {members}", format!("{kind:?}").to_lowercase())
        }
        DefinitionKind::Function(function) => {
            let body = if function.body.is_some() { "definition" } else { "declaration" };
            format!("function {body}, returns {}", function.return_type)
        }
        DefinitionKind::Variable { type_text, .. } => format!("variable of type {type_text}"),
        DefinitionKind::MacroArgument { macro_name } => format!("declared by {macro_name}()"),
    };
    match conditions.is_empty() {
        true => format!("{file}:{line}: {what}"),
        false => format!("{file}:{line}: {what}, if {}", printable_line(&conditions.join(" && "))),
    }
}

fn write_macro(out: &mut (impl Write + ?Sized), facts: &MacroFacts) -> io::Result<()> {
    let shape = if facts.function_like { "function-like" } else { "object-like" };
    writeln!(out, "macro: {shape}")?;
    let whole = [
        ("names the function", &facts.names_function),
        ("names the place", &facts.names_place),
        ("has static state", &facts.static_state),
        ("returns or jumps", &facts.returns_or_jumps),
    ];
    write_facts(out, "", &whole)?;
    for (name, fact) in &facts.free_names {
        writeln!(out, "  free name {name}{}", via(fact))?;
    }
    for param in &facts.params {
        writeln!(out, "  parameter {}", param.name)?;
        write_facts(out, "  ", &param_facts(param))?;
    }
    Ok(())
}

fn param_facts(param: &ParamFacts) -> [(&'static str, &Option<Fact>); 8] {
    [
        ("stringified", &param.stringified),
        ("pasted", &param.pasted),
        ("needs a constant", &param.needs_constant),
        ("tests for a constant", &param.tests_constant),
        ("joined to a string", &param.joined_to_string),
        ("type or name", &param.is_type_or_name),
        ("measured", &param.measured),
        ("value used", &param.value_used),
    ]
}

fn write_facts(
    out: &mut (impl Write + ?Sized),
    indent: &str,
    facts: &[(&str, &Option<Fact>)],
) -> io::Result<()> {
    for (label, fact) in facts {
        if let Some(fact) = fact {
            writeln!(out, "{indent}  {label}{}", via(fact))?;
        }
    }
    Ok(())
}

/// The macros between the one asked about and the one whose body shows the fact.
fn via(fact: &Fact) -> String {
    match fact.via.split_first() {
        Some((_asked, others)) if !others.is_empty() => format!(", through {}", others.join(" > ")),
        _ => String::new(),
    }
}
