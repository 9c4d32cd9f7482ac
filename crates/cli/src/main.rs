//! `kapsel`: encrypt files for people, and open what others sent, from a terminal or a script.
//!
//! [`arguments`] says what can be asked for, [`commands`] does it over the crate `app`, [`terminal`] shows it, and [`words`] says what went
//! wrong and what helps. Results go to standard output, everything else to standard error.

mod arguments;
mod commands;
mod secrets;
mod terminal;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::{arguments::Arguments, terminal::Terminal};

fn main() -> ExitCode {
    // A reader that goes away, `kapsel list | head`, is no failure of ours: writing says so, and nobody panics.
    let matches = Arguments::command().get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let terminal = Terminal::new(&arguments.global);
    app::places::clean_up();
    let lists = app::servers::list_files(&arguments.global.server_list);
    match commands::run(arguments.command, &matches, &lists, &terminal) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => terminal.fail(&failure),
    }
}
