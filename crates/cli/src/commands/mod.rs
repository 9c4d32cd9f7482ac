//! One module a command.

mod decrypt;
mod encrypt;
mod inspect;
mod keys;
mod network;
mod servers;

use std::{fs, io, path::Path};

use app::{Failure, Result};
use capsule_client::ListFiles;
use cdoc2::Container;
use clap::{ArgMatches, CommandFactory};

use crate::{
    arguments::{Arguments, Command, wrong_usage},
    terminal::{Terminal, print},
};

/// Does what was asked for.
pub(crate) fn run(command: Command, matches: &ArgMatches, lists: &ListFiles, terminal: &Terminal) -> Result<()> {
    let own = matches.subcommand().map_or(matches, |(_, own)| own);
    match command {
        Command::Encrypt(arguments) => encrypt::encrypt(&arguments, own, lists, terminal),
        Command::ReEncrypt(arguments) => encrypt::re_encrypt(*arguments, own, lists, terminal),
        Command::Decrypt(arguments) => decrypt::decrypt(&arguments, lists, terminal),
        Command::List(arguments) => decrypt::list(&arguments, lists, terminal),
        Command::Info(arguments) => inspect::info(&arguments, lists, terminal),
        Command::Servers(arguments) => servers::servers(arguments.command, lists, terminal),
        Command::Network(arguments) => network::network(arguments.command, terminal),
        Command::Keys(arguments) => keys::keys(arguments.command, terminal),
        Command::Completions { shell } => {
            // Into memory first: the generator panics when its output takes no more.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "kapsel", &mut script);
            print(&script)
        }
        Command::Man { folder } => man(&folder),
    }
}

fn man(folder: &Path) -> Result<()> {
    let failed = |source| Failure::from(cdoc2::Error::NotWritable { path: folder.to_owned(), source });
    fs::create_dir_all(folder).map_err(failed)?;
    // What `kapsel help` shows stands in the pages.
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    pages(&command, folder).map_err(failed)
}

/// A page for the command and one for each below it.
fn pages(command: &clap::Command, folder: &Path) -> io::Result<()> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        pages(below, folder)?;
    }
    let page = clap_mangen::Man::new(command.clone());
    let mut text = Vec::new();
    page.render(&mut text)?;
    fs::write(folder.join(page.get_filename()), with_headings(&String::from_utf8_lossy(&text)))
}

/// The generator has one name for whatever stands after the options; in a man page its first line is the heading.
fn with_headings(page: &str) -> String {
    [("Examples:", "EXAMPLES"), ("Exit status:", "\"EXIT STATUS\"")]
        .into_iter()
        .fold(page.to_owned(), |page, (first, heading)| {
            page.replace(&format!("\n.SH EXTRA\n{first}\n"), &format!("\n.SH {heading}\n"))
        })
}

/// `-` stands for standard input or output.
fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Opens a container. From standard input, only when nothing else is read there.
fn open(path: &Path, password_stdin: bool) -> Result<Container> {
    if password_stdin && is_pipe(path) {
        wrong_usage(
            "standard input cannot be both the container and the password",
            "read the password from a file: --password-file",
        );
    }
    Ok(if is_pipe(path) { Container::from_stream(io::stdin())? } else { Container::open(path)? })
}

/// The folder that `output` would stand in has to be there.
fn check_folder_of(output: &Path) -> Result<()> {
    check_writable(folder_of(output))
}

/// What a path stands in, also when it is a name alone.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Begins a file without a name there, which is gone at once.
fn check_writable(folder: &Path) -> Result<()> {
    let failed = |error: io::Error| cdoc2::Error::writing(folder, as_the_system_said(&error));
    tempfile::tempfile_in(folder).map(drop).map_err(|error| failed(error).into())
}

/// The system's words about the folder, without the name of a file that nobody asked for.
fn as_the_system_said(error: &io::Error) -> io::Error {
    let behind = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    let number = error.raw_os_error().or_else(|| behind.and_then(io::Error::raw_os_error));
    number.map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}
