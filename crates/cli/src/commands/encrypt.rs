//! `encrypt` and `re-encrypt`.

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use app::{
    Failure, Result,
    encryption::{self, JAVA_READER_FILES, Output, check_names},
    files::gather,
    opening::{records, unlock},
    recipients::NewRecipient,
    view::{Code, OpensWith, RecipientView},
};
use cdoc2::{Control, InputFile, Reading, Written};
use clap::ArgMatches;
use serde::Serialize;

use super::{check_folder_of, decrypt::say_untried, is_pipe, open, usage};
use crate::{
    arguments::{Encrypt, ReEncrypt, Secrets},
    secrets,
    terminal::{Terminal, bytes},
};

/// What was, or would be, encrypted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Encrypted {
    output: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    files: Vec<EncryptedFile>,
    content_size: u64,
    recipients: Vec<RecipientView>,
}

#[derive(Serialize)]
struct EncryptedFile {
    name: String,
    size: u64,
}

pub(crate) fn encrypt(arguments: &Encrypt, matches: &ArgMatches, terminal: &Terminal) -> Result<()> {
    if arguments.recipients.password_stdin && arguments.files.iter().any(|file| is_pipe(file)) {
        return Err(usage("standard input cannot be both a file and the password"));
    }
    refuse_terminal(&arguments.output)?;
    let output = Output { path: arguments.output.clone(), overwrite: arguments.writing.overwrite };
    // Nobody types a password twice for a container that has no place.
    check_output(&output)?;
    let files = input_files(arguments)?;
    let files = with_allowed_names(files, arguments.safe_names, terminal)?;
    if files.is_empty() {
        return Err(cdoc2::Error::Refused(cdoc2::Refusal::NoFiles).into());
    }
    say_many(files.len(), terminal);
    let recipients = secrets::recipients(&arguments.recipients, matches)?;
    let views = views(&recipients, terminal)?;
    let written = if arguments.writing.dry_run {
        None
    } else {
        let compression = arguments.writing.compression.into();
        Some(terminal.watch(|control| {
            if is_pipe(&output.path) {
                let encryptor = encryption::encryptor(recipients, compression, control)?;
                return Ok::<_, Failure>(encryptor.encrypt_to_writer(&files, &mut io::stdout())?);
            }
            encryption::encrypt(&files, recipients, compression, &output, control)
        })?)
    };
    let content_size = files.iter().map(InputFile::size).sum();
    let files = files.iter().map(|file| EncryptedFile { name: file.name().to_owned(), size: file.size() }).collect();
    let size = written.map(|written| written.size);
    report(&Encrypted { output: output.path, size, files, content_size, recipients: views }, terminal)
}

fn say_many(files: usize, terminal: &Terminal) {
    if files > JAVA_READER_FILES {
        terminal.note(&format!("note: more than {JAVA_READER_FILES} files; older programs refuse such a container"));
    }
}

/// A container on a terminal helps nobody.
fn refuse_terminal(output: &Path) -> Result<()> {
    if is_pipe(output) && io::stdout().is_terminal() {
        return Err(Failure::new(
            Code::NotWritable,
            "a container is not written to a terminal; redirect it or name a file",
        ));
    }
    Ok(())
}

/// What an output would be refused for before anything is written to it.
fn check_output(output: &Output) -> Result<()> {
    if is_pipe(&output.path) {
        return Ok(());
    }
    if !output.overwrite && output.path.symlink_metadata().is_ok() {
        return Err(cdoc2::Error::AlreadyExists(output.path.clone()).into());
    }
    check_folder_of(&output.path)
}

fn input_files(arguments: &Encrypt) -> Result<Vec<InputFile>> {
    let mut files = Vec::new();
    for path in &arguments.files {
        if is_pipe(path) {
            files.push(spooled(&arguments.name)?);
        } else {
            for gathered in gather(std::slice::from_ref(path)) {
                files.push(gathered.file?);
            }
        }
    }
    Ok(files)
}

/// Standard input in a file without a name: an archive tells the size before the content.
fn spooled(name: &str) -> Result<InputFile> {
    use std::io::Seek;
    let mut file = tempfile::tempfile().map_err(cdoc2::Error::Io)?;
    io::copy(&mut io::stdin().lock(), &mut file).map_err(cdoc2::Error::Io)?;
    file.rewind().map_err(cdoc2::Error::Io)?;
    Ok(InputFile::from_open(file, name)?)
}

fn with_allowed_names(files: Vec<InputFile>, safe_names: bool, terminal: &Terminal) -> Result<Vec<InputFile>> {
    let troubles = check_names(files.iter().map(InputFile::name));
    let named = files.into_iter().zip(troubles).map(|(file, trouble)| match trouble {
        None => Ok(file),
        Some(trouble) if safe_names => {
            terminal.note(&format!("note: {:?} is encrypted as {:?}", file.name(), trouble.proposal));
            Ok(file.named(trouble.proposal))
        }
        Some(trouble) => {
            terminal.note(&format!("note: --safe-names would call it {:?}", trouble.proposal));
            Err(trouble.failure)
        }
    });
    named.collect()
}

/// The recipients for people, of whom there must be one, with what a sender should know.
fn views(recipients: &[NewRecipient], terminal: &Terminal) -> Result<Vec<RecipientView>> {
    if recipients.is_empty() {
        return Err(cdoc2::Error::Refused(cdoc2::Refusal::NoRecipients).into());
    }
    let views: Vec<_> = recipients.iter().zip(0..).map(|(recipient, index)| recipient.view(index)).collect();
    for view in &views {
        for warning in &view.warnings {
            terminal.note(&format!("warning: {}: {}", view.name, warning_words(*warning)));
        }
    }
    Ok(views)
}

fn warning_words(warning: app::view::RecipientWarning) -> &'static str {
    use app::view::RecipientWarning::*;
    match warning {
        Expired => "the certificate is no longer valid",
        NotYetValid => "the certificate is not valid yet",
        NotForEncryption => "the certificate is not meant for encryption",
        CannotDecrypt => "Mobile-ID and Smart-ID keys cannot decrypt",
        RecentReaderNeeded => "older programs do not read this curve",
    }
}

fn report(encrypted: &Encrypted, terminal: &Terminal) -> Result<()> {
    if is_pipe(&encrypted.output) {
        return Ok(());
    }
    terminal.result(encrypted, |output| {
        let (verb, size) = match encrypted.size {
            Some(size) => ("Encrypted", format!(" ({})", bytes(size))),
            None => ("Would encrypt", String::new()),
        };
        let count = encrypted.files.len();
        let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        let content = bytes(encrypted.content_size);
        writeln!(output, "{verb} {files}, {content}, to {}{size}", encrypted.output.display())?;
        for recipient in &encrypted.recipients {
            let name = if recipient.name.is_empty() { "(no label)" } else { recipient.name.as_str() };
            writeln!(output, "  for {} {name}", super::inspect::kind(recipient.kind))?;
        }
        Ok(())
    })
}

pub(crate) fn re_encrypt(arguments: ReEncrypt, matches: &ArgMatches, terminal: &Terminal) -> Result<()> {
    let ReEncrypt { container, output, keys, from, recipients, writing, accepted } = arguments;
    if is_pipe(&output) {
        let message = "re-encrypt writes a file: a pipe takes nothing back when the container turns out to be altered";
        return Err(Failure::new(Code::NotWritable, message));
    }
    let output = Output { path: output, overwrite: writing.overwrite };
    check_output(&output)?;
    let opened = open(&container, recipients.password_stdin)?;
    let has_password = || records(opened.header()).iter().any(|record| record.opens_with == OpensWith::Password);
    let keys = secrets::keys(&keys, &Secrets::from(from), has_password)?;
    let recipients = secrets::recipients(&recipients, matches)?;
    let views = views(&recipients, terminal)?;
    let reading = |control| Reading { limits: accepted.limits(), names: accepted.names(), control };
    let written = terminal.watch(|control| {
        let key = unlock(&opened, &keys, &control)?;
        say_untried(&key, terminal);
        if writing.dry_run {
            let files = opened.list(&key, &reading(control))?;
            let content_size = files.iter().map(|file| file.size).sum();
            return Ok::<_, Failure>(Written { size: 0, content_size, files: files.len() });
        }
        let encryptor = encryption::encryptor(recipients, writing.compression.into(), Control::default())?;
        Ok(opened.encrypt_again(&key, &reading(control), &encryptor, &output.path, output.overwrite)?)
    })?;
    say_many(written.files, terminal);
    let size = (!writing.dry_run).then_some(written.size);
    let value = serde_json::json!({
        "output": output.path, "size": size, "fileCount": written.files,
        "contentSize": written.content_size, "recipients": views,
    });
    terminal.result(&value, |out| {
        let verb = if size.is_some() { "Encrypted" } else { "Would encrypt" };
        let content = bytes(written.content_size);
        writeln!(out, "{verb} {} file(s), {content}, again to {}", written.files, output.path.display())
    })
}
