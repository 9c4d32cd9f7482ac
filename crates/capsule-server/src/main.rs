//! `kapsel-server`: runs a capsule server, and prepares one.
//!
//! [`cli`] says what can be asked for, and does it over the crate's library.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
