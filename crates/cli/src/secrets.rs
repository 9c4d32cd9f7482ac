//! Passwords and symmetric keys, from a prompt, a file, a descriptor or the environment.

use std::{
    env::VarError,
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Read},
    path::{Path, PathBuf},
};

use app::{
    Failure, Result,
    opening::{Key, read_secret, recipients_in_short, records},
    password::{is_told_by, is_weak, is_written_in_two_ways},
    recipients::NewRecipient,
    remembered, tokens,
    view::{Code, OpensWith},
};
use cdoc2::{Header, Password, Zeroizing};
use clap::ArgMatches;

use crate::{
    arguments::{Keys, Recipients, Secrets, wrong_usage},
    cards,
    terminal::{Terminal, echo_goes_off, harmless},
};

/// Longest password that is read, in bytes.
const MAX_PASSWORD: u64 = 64 << 10;

/// The option that helps where nothing can be asked for.
const PASSWORD_FILE: &str = "--password-file";

/// Where a password comes from.
pub(crate) enum PasswordSource<'a> {
    Prompt { twice: bool },
    File(&'a Path),
    StandardInput,
    Environment(&'a str),
}

impl PasswordSource<'_> {
    pub(crate) fn read(&self) -> Result<Zeroizing<String>> {
        match self {
            Self::Prompt { twice } => prompted(*twice),
            Self::File(path) => {
                let failed = |source| Failure::from(cdoc2::Error::NotReadable { path: path.to_path_buf(), source });
                first_line(File::open(path).map_err(failed)?).map_err(failed)
            }
            Self::StandardInput => first_line(io::stdin()).map_err(|error| cdoc2::Error::Io(error).into()),
            Self::Environment(name) => {
                let unreadable = |error| {
                    let what = match error {
                        VarError::NotPresent => "is not set",
                        VarError::NotUnicode(_) => "is not UTF-8",
                    };
                    Failure::new(Code::NotReadable, format!("the environment variable {name} {what}"))
                };
                std::env::var(name).map(Zeroizing::new).map_err(unreadable)
            }
        }
    }
}

/// Keeps the variables in which passwords are from modules of tokens.
pub(crate) fn withhold_from_modules(matches: &ArgMatches) {
    let Some((_, matches)) = matches.subcommand() else { return };
    for option in ["password_env", "from_password_env"] {
        let names = matches.try_get_many::<String>(option).ok().flatten();
        names.into_iter().flatten().for_each(|name| tokens::withhold_from_modules(name));
    }
}

/// What some editors put before text in UTF-8; nobody types it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The same before text in UTF-16.
const OTHER_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// A line without its end and without a byte order mark; the rest is left alone.
fn first_line(input: impl Read) -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_PASSWORD as usize));
    BufReader::with_capacity(1, input.take(MAX_PASSWORD)).read_until(b'\n', &mut line)?;
    // Never cut: nobody would know which part of it opens the container.
    if line.len() as u64 == MAX_PASSWORD && line.last() != Some(&b'\n') {
        return Err(io::Error::other("its first line is longer than 64 KiB"));
    }
    while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        line.pop();
    }
    if OTHER_MARKS.iter().any(|mark| line.starts_with(mark)) {
        return Err(io::Error::other("the text is UTF-16; save it as UTF-8"));
    }
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line);
    let text = std::str::from_utf8(line).map_err(|_| io::Error::other("its first line is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn prompted(twice: bool) -> Result<Zeroizing<String>> {
    loop {
        let password = ask("Password: ", PASSWORD_FILE)?;
        if !twice || *password == *ask("Password again: ", PASSWORD_FILE)? {
            return Ok(password);
        }
        eprintln!("The two passwords differ. Once more:");
    }
}

/// Asks for a password or PIN, which nobody sees being typed; without a terminal, `option` helps.
pub(crate) fn ask(question: &str, option: &str) -> Result<Zeroizing<String>> {
    echo_goes_off();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => {
            Failure::new(Code::Cancelled, "cancelled: nothing was typed")
        }
        _ => {
            let message =
                format!("without a terminal nothing can be asked for; {option} reads it from a file: {error}");
            Failure::new(Code::NotReadable, message)
        }
    };
    let typed = rpassword::prompt_password(question).map(Zeroizing::new).map_err(failed)?;
    // It stands for bytes that are no UTF-8: other ones would open the same.
    if typed.contains(char::REPLACEMENT_CHARACTER) {
        let words = format!("what was typed is not UTF-8: switch the terminal to UTF-8; {option} reads it from a file");
        return Err(Failure::new(Code::NotReadable, words));
    }
    Ok(typed)
}

/// What a `--label` names.
enum Labelled<'a> {
    Password(PasswordSource<'a>),
    Secret(&'a Path),
}

/// The recipients in the order given; a label belongs to the password or symmetric key before it.
/// `reader` is where a card is looked for.
pub(crate) fn recipients(
    arguments: &Recipients,
    reader: Option<&str>,
    matches: &ArgMatches,
    terminal: &Terminal,
) -> Result<Vec<NewRecipient>> {
    let mut recipients = Vec::new();
    for file in &arguments.recipient {
        match cards::recipient(file, reader)? {
            Some(holder) => recipients.push(holder),
            None => recipients.extend(NewRecipient::read(file)?),
        }
    }
    let persons = arguments.person.iter().cloned();
    recipients.extend(persons.map(|person| NewRecipient::Person { person, name: None }));
    let indices = |name: &str| matches.indices_of(name).into_iter().flatten();
    let mut labelled: Vec<(usize, Labelled<'_>)> = Vec::new();
    let files = indices("password_file").zip(&arguments.password_file);
    labelled.extend(files.map(|(at, file)| (at, Labelled::Password(PasswordSource::File(file)))));
    let names = indices("password_env").zip(&arguments.password_env);
    labelled.extend(names.map(|(at, name)| (at, Labelled::Password(PasswordSource::Environment(name)))));
    let secrets = indices("secret_file").zip(&arguments.secret_file);
    labelled.extend(secrets.map(|(at, file)| (at, Labelled::Secret(file))));
    if arguments.password {
        let at = indices("password").next().unwrap_or_default();
        labelled.push((at, Labelled::Password(PasswordSource::Prompt { twice: true })));
    }
    if arguments.password_stdin {
        let at = indices("password_stdin").next().unwrap_or_default();
        labelled.push((at, Labelled::Password(PasswordSource::StandardInput)));
    }
    labelled.sort_by_key(|(at, _)| *at);
    let mut labels: Vec<Option<String>> = labelled.iter().map(|_| None).collect();
    for (at, label) in indices("label").zip(&arguments.label) {
        let Some(before) = labelled.iter().rposition(|(position, _)| *position < at) else {
            wrong_usage(
                "--label names the password or symmetric key before it, and there is none",
                "give it after that one",
            );
        };
        if labels[before].replace(label.clone()).is_some() {
            wrong_usage("--label stands twice for one password or symmetric key", "give one label for each");
        }
    }
    for ((_, source), label) in labelled.into_iter().zip(labels) {
        recipients.push(match source {
            Labelled::Password(source) => {
                let password = new_password(&source, label.as_deref(), terminal)?;
                NewRecipient::Password { password, hint: label }
            }
            Labelled::Secret(path) => NewRecipient::Secret {
                key: read_secret(path)?,
                label,
                file: path.file_name().map(|name| name.to_string_lossy().into_owned()),
            },
        });
    }
    Ok(recipients)
}

/// A password to encrypt with, which its label does not tell; a weak one is said to be so.
fn new_password(source: &PasswordSource<'_>, label: Option<&str>, terminal: &Terminal) -> Result<Password> {
    let password = source.read()?;
    if label.is_some_and(|label| is_told_by(&password, label)) {
        drop(password);
        wrong_usage("the label holds the password, and everybody can read the label", "choose another label");
    }
    if !password.is_empty() && is_weak(&password) {
        terminal.note(
            "the password is weak: whoever has the file can try passwords for as long as they like; only a long one withstands that",
        );
    }
    Ok(Password::new(password)?)
}

/// The password that is named; a person is asked when none is.
pub(crate) fn one_password(secrets: &Secrets) -> Result<Zeroizing<String>> {
    source(secrets).unwrap_or(PasswordSource::Prompt { twice: false }).read()
}

fn source(secrets: &Secrets) -> Option<PasswordSource<'_>> {
    match secrets {
        Secrets { password: true, .. } => Some(PasswordSource::Prompt { twice: false }),
        Secrets { password_file: Some(file), .. } => Some(PasswordSource::File(file)),
        Secrets { password_stdin: true, .. } => Some(PasswordSource::StandardInput),
        Secrets { password_env: Some(name), .. } => Some(PasswordSource::Environment(name)),
        _ => None,
    }
}

/// The private keys of a file, and the password that is named when it needs one; a person is asked when none is.
pub(crate) fn key_file(file: &Path, secrets: &Secrets) -> Result<Key> {
    let password = source(secrets).map(|source| source.read()).transpose()?;
    read_key(file, password.as_ref())
}

fn read_key(file: &Path, password: Option<&Zeroizing<String>>) -> Result<Key> {
    let read = |password: Option<&Zeroizing<String>>| Key::read_file(file, password.map(|password| password.as_str()));
    match read(password) {
        Err(failure) if failure.code() == Code::KeyFilePasswordNeeded && io::stdin().is_terminal() => {
            read(Some(&ask(&format!("Password of {}: ", harmless(&file.display().to_string())), PASSWORD_FILE)?))
        }
        result => result,
    }
}

/// Keys to open with. When none is named, what is remembered for the container is tried, or a person is asked for its password.
pub(crate) fn keys(keys: &Keys, secrets: &Secrets, header: &Header, terminal: &Terminal) -> Result<Vec<Key>> {
    let source = source(secrets);
    let files: Vec<&PathBuf> = keys.key.iter().chain(&keys.p12).collect();
    let nothing = files.is_empty() && !keys.card.is_named() && secrets.secret_file.is_empty() && source.is_none();
    let mut found = Vec::new();
    if keys.remembered {
        found.extend(remembered(header)?);
    } else if nothing {
        found.extend(remembered_by_chance(header, terminal));
    }
    let source = if nothing && found.is_empty() { Some(asking(header)) } else { source };
    let password = source.map(|source| source.read()).transpose()?;
    if password.as_ref().is_some_and(|password| is_written_in_two_ways(password)) {
        terminal.password_has_marks();
    }
    found.extend(keys.card.key(header, terminal)?);
    for file in files {
        found.push(read_key(file, password.as_ref())?);
    }
    for certificate in &keys.certificate {
        let belongs = found.iter_mut().try_fold(false, |any, key| key.certify(certificate).map(|its| any | its))?;
        if !belongs {
            let words = "it has no certificate of a key that was given";
            return Err(Failure::new(Code::KeyFileUnusable, words).about(certificate.display().to_string()));
        }
    }
    for file in &secrets.secret_file {
        found.push(Key::read_secret(file)?);
    }
    if let Some(password) = password {
        found.push(Key::password(password)?);
    }
    Ok(found)
}

/// A person who is there can be asked for the container's password.
fn asking(header: &Header) -> PasswordSource<'static> {
    let has_password = records(header).iter().any(|record| record.opens_with == OpensWith::Password);
    if has_password && io::stdin().is_terminal() {
        return PasswordSource::Prompt { twice: false };
    }
    wrong_usage(
        "no key is named, and none is remembered for this container",
        "name a key: --card, --pkcs11, --key, --p12, --secret-file, --password or --remembered (for re-encrypt: --from-secret-file or --from-password)",
    );
}

/// What is remembered for a container, where that was asked for.
fn remembered(header: &Header) -> Result<Vec<Key>> {
    let keys = remembered::keys(&remembered::fitting(header)?)?;
    if keys.is_empty() {
        let words = "nothing is remembered under a label of this container";
        return Err(Failure::new(Code::NotARecipient, words).with_names(recipients_in_short(header)));
    }
    Ok(keys)
}

/// The same where nothing was asked for: a keyring that cannot be used stands in nobody's way.
fn remembered_by_chance(header: &Header, terminal: &Terminal) -> Vec<Key> {
    let labels = remembered::fitting(header).unwrap_or_default();
    match remembered::keys(&labels) {
        Ok(keys) if keys.is_empty() => keys,
        Ok(keys) => {
            let labels: Vec<_> = labels.iter().map(|one| one.label.as_str()).collect();
            terminal.note(&format!("opening with what is remembered under {}", labels.join(", ")));
            keys
        }
        Err(failure) => {
            terminal.note(&format!("what is remembered cannot be used: {failure}"));
            Vec::new()
        }
    }
}
