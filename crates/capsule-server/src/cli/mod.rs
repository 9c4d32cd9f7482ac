//! The commands of `kapsel-server`.

mod health;
mod init;
mod manager;
mod run;

use std::{
    fmt::Display,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use capsule_server::{
    Clock, Config, Imported, Postgres, SystemClock, check, doubts, entry, openapi, store, store::Resealed,
};
use clap::{Args, Parser, Subcommand};

/// Runs a capsule server, which keeps capsules for their recipients until they expire.
#[derive(Debug, Parser)]
#[command(name = "kapsel-server", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prepare a server in a new folder: configuration, key, certificate, and the list that its clients need
    Init(init::Init),
    /// Run the server until it is told to stop (SIGTERM, SIGINT); SIGHUP reads certificates again
    Run(Configured),
    /// Say every mistake of a configuration, with its line
    CheckConfig(Configured),
    /// Ask the server that runs by this configuration, on this machine, whether it is ready
    Health(Configured),
    /// Print the server list that clients need
    ExportList(Configured),
    /// Delete expired capsules now
    Purge(Configured),
    /// Seal everything in the store with the newest key, so that the others can be taken away; may be interrupted and begun again
    Reseal(Configured),
    /// Move the capsules of a reference server here, and compare; may be interrupted and begun again
    ImportReference(ImportReference),
    /// Print the OpenAPI document of the calls
    Openapi,
}

#[derive(Debug, Args)]
struct Configured {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Debug, Args)]
struct ImportReference {
    #[command(flatten)]
    configured: Configured,
    /// Connection string of the reference server's PostgreSQL, without its password
    #[arg(long, value_name = "CONNECTION")]
    from: String,
    /// File with the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Authorities (PEM) for the database's certificate; with them there is TLS
    #[arg(long, value_name = "FILE")]
    authorities: Option<PathBuf>,
    /// Without TLS to another machine, too
    #[arg(long)]
    without_tls: bool,
}

/// What went wrong, in words for whoever runs the program.
type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(crate) fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Init(init) => init::init(&init),
        Command::Run(Configured { config }) => run::run(&config),
        Command::CheckConfig(Configured { config }) => check_config(&config),
        Command::Health(Configured { config }) => health::health(&config),
        Command::ExportList(Configured { config }) => export_list(&config),
        Command::Purge(Configured { config }) => purge(&config),
        Command::Reseal(Configured { config }) => reseal(&config),
        Command::ImportReference(import) => import_reference(import),
        Command::Openapi => print(openapi()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: impl Display) -> Result<(), Failure> {
    Ok(write!(std::io::stdout(), "{text}")?)
}

/// The configuration, when neither it nor the files that it names have a mistake.
fn sound(path: &Path) -> Result<Config, Failure> {
    let (config, mut problems) = Config::look_at(path)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    if let Some(config) = &config {
        problems.extend(check(config, &clock));
        problems.sort_by_key(|problem| problem.line);
    }
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(capsule_server::ConfigError { path: path.to_owned(), problems }.into()),
    }
}

fn check_config(path: &Path) -> Result<(), Failure> {
    let config = sound(path)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let doubts = doubts(&config, &clock);
    if !doubts.is_empty() {
        let doubts = capsule_server::ConfigError { path: path.to_owned(), problems: doubts };
        writeln!(std::io::stderr(), "{doubts}")?;
    }
    print(format_args!("{}: no mistake\n", path.display()))
}

fn export_list(path: &Path) -> Result<(), Failure> {
    print(entry(&sound(path)?)?.to_json())
}

fn purge(path: &Path) -> Result<(), Failure> {
    let config = Config::read(path)?;
    let runtime = run::runtime()?;
    let deleted = runtime.block_on(store::purge(&config, SystemClock.now()))?;
    print(format_args!("{deleted} expired capsules deleted\n"))
}

fn reseal(path: &Path) -> Result<(), Failure> {
    let config = Config::read(path)?;
    run::log(&config);
    let done = run::runtime()?.block_on(store::reseal_all(&config))?;
    let Resealed { resealed, current, gone, refused, verified, left } = done;
    print(format_args!(
        "{resealed} sealed anew, {current} were so already, {gone} gone meanwhile, {refused} refused; \
         {verified} open with the newest key alone, {left} do not\n"
    ))?;
    if done.is_complete() { Ok(()) } else { Err("the other keys are still needed".into()) }
}

fn import_reference(import: ImportReference) -> Result<(), Failure> {
    let config = Config::read(&import.configured.config)?;
    run::log(&config);
    let source = Postgres {
        connection: import.from,
        password: import.password_file,
        authorities: import.authorities,
        without_tls: import.without_tls,
    };
    let imported = run::runtime()?.block_on(async {
        let target = store::open(&config).await.map_err(capsule_server::ImportError::from)?;
        capsule_server::import_reference(&source, &target, SystemClock.now()).await
    })?;
    let Imported { moved, there, expired, refused, verified } = imported;
    print(format_args!(
        "{moved} moved, {there} were here, {expired} expired, {refused} refused; {verified} compared and the same\n"
    ))?;
    if imported.is_complete() { Ok(()) } else { Err("not everything is here".into()) }
}
