//! `kapsel`: encrypt files for people, and open what others sent, from a terminal or a script.
//!
//! [`arguments`] says what can be asked for, [`commands`] does it over the crate `app`, [`terminal`] shows it, and [`words`] says what went
//! wrong and what helps. Results go to standard output, everything else to standard error.

mod arguments;
mod cards;
mod commands;
mod secrets;
mod terminal;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::{
    arguments::{Arguments, refuse},
    terminal::Terminal,
};

fn main() -> ExitCode {
    app::tokens::serve_modules();
    app::forbid_core_dumps();
    // A reader that goes away, `kapsel list | head`, is no failure of ours: writing says so, and nobody panics.
    let read = Arguments::command().try_get_matches();
    let read = read.and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
    let (arguments, matches) = read.unwrap_or_else(|error| refuse(&error));
    secrets::withhold_from_modules(&matches);
    let terminal = Terminal::new(&arguments.global, &arguments.command);
    app::places::clean_up();
    let lists = app::servers::list_files(&arguments.global.server_list);
    match commands::run(arguments.command, &matches, &lists, &terminal) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => terminal.fail(&failure),
    }
}
