//! `drvdedup completions` and `drvdedup man`: texts made from the declaration of
//! the command line.

use super::args::Cli;
use super::exit::Exit;
use super::output::CANNOT_WRITE;
use anyhow::Context;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::io::{self, Write};

/// Writes the completion script of `shell`.
pub fn completions(
    shell: clap_complete::Shell,
    out: &mut (impl Write + ?Sized),
) -> anyhow::Result<Exit> {
    // clap_complete panics when its writer fails, a vector does not.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "drvdedup", &mut script);
    out.write_all(&script).context(CANNOT_WRITE)?;
    Ok(Exit::Done)
}

/// Writes the manual page in roff: the program, then each command.
pub fn man(out: &mut (impl Write + ?Sized)) -> anyhow::Result<Exit> {
    let mut page = Vec::new();
    write_page(&mut page).context("cannot make the manual page")?;
    out.write_all(&page).context(CANNOT_WRITE)?;
    Ok(Exit::Done)
}

fn write_page(page: &mut Vec<u8>) -> io::Result<()> {
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    Man::new(cli.clone()).render(page)?;
    for command in cli.get_subcommands().filter(|command| !command.is_hide_set()) {
        write_command(page, command)?;
    }
    Ok(())
}

/// One command as a section of the page. The options that all commands share
/// stand in the main part already.
fn write_command(page: &mut Vec<u8>, command: &Command) -> io::Result<()> {
    writeln!(page, ".SH \"DRVDEDUP {}\"", command.get_name().to_uppercase())?;
    let is_global = |arg: &clap::Arg| arg.is_global_set() || arg.get_id() == "help";
    let globals: Vec<clap::Id> = command
        .get_arguments()
        .filter(|arg| is_global(arg))
        .map(|arg| arg.get_id().clone())
        .collect();
    let own = globals
        .into_iter()
        .fold(command.clone(), |command, id| command.mut_arg(id, |arg| arg.hide(true)));
    let man = Man::new(own);
    let mut section = Vec::new();
    man.render_description_section(&mut section)?;
    man.render_synopsis_section(&mut section)?;
    man.render_options_section(&mut section)?;
    man.render_extra_section(&mut section)?;
    // Sections of a command are subsections of the page.
    page.extend(String::from_utf8_lossy(&section).replace("\n.SH ", "\n.SS ").bytes());
    Ok(())
}
