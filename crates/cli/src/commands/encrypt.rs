//! `encrypt` and `re-encrypt`.

use std::{
    collections::{BTreeMap, HashSet},
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use app::{
    Failure, Result,
    encryption::{self, JAVA_READER_FILES, NameTrouble, check_names},
    files::gather,
    recipients::{NewRecipient, Repeated, base_name},
    servers::{self, Delivery, DeliveryPlan, Expiry, Placed, Refreshing},
    view::{Code, Needed, ProgressStep, RecipientView},
};
use capsule_client::ListFiles;
use cdoc2::{Control, InputFile, Limits, Reading, Written};
use clap::ArgMatches;
use serde::Serialize;

use super::{check_folder_of, decrypt::unlocked, folder_of, inspect::on_servers, is_pipe, open};
use crate::{
    arguments::{Delivering, Encrypt, ReEncrypt, Recipients, Secrets, wrong_usage},
    cards::is_at_hand,
    secrets,
    terminal::{Terminal, bytes, count},
};

/// What was, or would be, encrypted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Encrypted {
    #[serde(serialize_with = "as_text")]
    output: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    files: Vec<EncryptedFile>,
    content_size: u64,
    recipients: Vec<RecipientView>,
    /// Which servers keep whose capsules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delivery: Vec<Placed>,
    /// The earliest end, unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_until: Option<i64>,
}

/// A path may be no Unicode, and JSON has no other text.
fn as_text<S: serde::Serializer>(path: &Path, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

#[derive(Serialize)]
struct EncryptedFile {
    name: String,
    size: u64,
}

pub(crate) fn encrypt(arguments: &Encrypt, matches: &ArgMatches, lists: &ListFiles, terminal: &Terminal) -> Result<()> {
    if arguments.recipients.password_stdin && arguments.files.iter().any(|file| is_pipe(file)) {
        wrong_usage(
            "standard input cannot be both a file and the password",
            "read the password from a file: --password-file",
        );
    }
    if arguments.reader.is_some() && !has_card(&arguments.recipients) {
        wrong_usage("--reader says where an ID-card is looked for", "it goes with --recipient card");
    }
    arguments.delivering.check(&arguments.recipients);
    refuse_terminal(&arguments.output)?;
    let (output, overwrite) = (&arguments.output, arguments.writing.overwrite);
    // Nobody types a password twice for a container that has no place.
    check_output(output, overwrite)?;
    let files = input_files(arguments, terminal)?;
    let files = with_allowed_names(files, arguments.safe_names, terminal)?;
    if files.is_empty() {
        return Err(cdoc2::Error::Refused(cdoc2::Refusal::NoFiles).into());
    }
    say_many(files.len(), terminal);
    tracing::debug!(files = files.len(), bytes = files.iter().map(InputFile::size).sum::<u64>(), "the files are there");
    let recipients = secrets::recipients(&arguments.recipients, arguments.reader.as_deref(), matches, terminal)?;
    let recipients = distinct(recipients, terminal);
    let views = views(&recipients, terminal)?;
    let mut plan = plan(&arguments.delivering, recipients, lists, terminal)?;
    let written = terminal.watch(|control, bar| {
        plan.tell(bar.servers(ProgressStep::Delivering));
        let encryptor = encryption::encryptor_for(&mut plan, arguments.writing.compression.into(), control);
        if arguments.writing.dry_run {
            cdoc2::check_files(&files)?;
            cdoc2::check_output(&files, output)?;
            encryptor.check_recipients()?;
            return Ok(None);
        }
        let written = if is_pipe(output) {
            encryptor.encrypt_to_writer(&files, &mut io::stdout())?
        } else {
            encryptor.encrypt_to_file(&files, output, overwrite)?
        };
        Ok::<_, Failure>(Some(written))
    })?;
    let content_size = files.iter().map(InputFile::size).sum();
    let files = files.iter().map(|file| EncryptedFile { name: file.name().to_owned(), size: file.size() }).collect();
    let size = written.map(|written| written.size);
    let (delivery, kept_until) = (plan.delivered(), plan.kept_until());
    let output = output.clone();
    report(&Encrypted { output, size, files, content_size, recipients: views, delivery, kept_until }, terminal)
}

/// Where the capsules go, with what a sender should know about it.
fn plan(
    delivering: &Delivering,
    recipients: Vec<NewRecipient>,
    lists: &ListFiles,
    terminal: &Terminal,
) -> Result<DeliveryPlan> {
    let delivery = Delivery::new(delivering.server.iter().cloned(), delivering.expires);
    for server in delivery.repeated() {
        terminal.note(&format!("the server {server} is named more than once; once is enough"));
    }
    if !delivery.is_needed(&recipients) {
        return Ok(DeliveryPlan::inside(recipients));
    }
    let mut without: Vec<_> = recipients.iter().filter(|recipient| !delivery.is_for(recipient)).map(opener).collect();
    without.dedup();
    if delivering.expires.is_some() && !without.is_empty() {
        let without = without.join(", ");
        terminal.note(&format!(
            "what --expires says is for servers; without one, and after that time, too, it opens with {without}"
        ));
    }
    let plan = delivery.plan(&servers::client(lists, Refreshing::First)?, recipients)?;
    for Placed { recipient, left_out, needed, .. } in plan.placed.iter().filter(|placed| !placed.left_out.is_empty()) {
        let servers = left_out.join(", ");
        terminal.note(&match needed {
            Needed::One => format!("{servers}: takes no capsules for the kind of key of {recipient}"),
            Needed::All => format!(
                "{servers}: gets no share of the key for {recipient}: keeps none, or its organisation has one already"
            ),
        });
    }
    Ok(plan)
}

/// What opens a container without a server.
fn opener(recipient: &NewRecipient) -> String {
    match recipient {
        NewRecipient::Password { .. } => "the password".to_owned(),
        NewRecipient::Secret { .. } => "the symmetric key".to_owned(),
        NewRecipient::Key { .. } | NewRecipient::Person { .. } => format!("the key of {}", recipient.view(0).name),
    }
}

/// For whom it is, and which servers keep what for each, until when.
fn recipient_lines(recipients: &[RecipientView], delivery: &[Placed], output: &mut dyn io::Write) -> io::Result<()> {
    for recipient in recipients {
        let line = format!("  for {} {}", super::inspect::kind(recipient.kind), recipient.name);
        writeln!(output, "{}", line.trim_end())?;
        for placed in delivery.iter().filter(|placed| placed.index == recipient.id) {
            writeln!(output, "     {}{}", on_servers(placed.needed, &placed.servers), kept(&placed.kept_until))?;
        }
    }
    Ok(())
}

/// When servers keep it for different times, it is there on all of them until the first ends.
fn kept(until: &BTreeMap<String, i64>) -> String {
    let (earliest, latest) = (until.values().min(), until.values().max());
    let until = earliest.and_then(|until| Expiry::from_unix(*until).ok());
    match until {
        Some(until) if earliest == latest => format!(", kept until {until}"),
        Some(until) => format!(", kept at least until {until}"),
        None => String::new(),
    }
}

fn say_many(files: usize, terminal: &Terminal) {
    let own = Limits::default().entries;
    if files as u64 > own {
        terminal.note(&format!(
            "more than {own} files; kapsel opens such a container only with --max-files, and other programs may refuse it"
        ));
    } else if files > JAVA_READER_FILES {
        terminal.note(&format!("more than {JAVA_READER_FILES} files; older programs refuse such a container"));
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
fn check_output(output: &Path, overwrite: bool) -> Result<()> {
    if is_pipe(output) {
        return Ok(());
    }
    if output.is_dir() {
        let words = format!("{} is a folder; a container is a file: name one in it", output.display());
        return Err(Failure::new(Code::NotWritable, words).about(base_name(output)));
    }
    if !overwrite && output.symlink_metadata().is_ok() {
        return Err(cdoc2::Error::AlreadyExists(output.to_owned()).into());
    }
    check_folder_of(output)
}

fn input_files(arguments: &Encrypt, terminal: &Terminal) -> Result<Vec<InputFile>> {
    let (mut files, mut seen, mut repeated) = (Vec::new(), HashSet::new(), 0);
    for path in &arguments.files {
        if is_pipe(path) {
            files.push(spooled(&arguments.name)?);
            continue;
        }
        let choice = gather(std::slice::from_ref(path));
        for gathered in choice.files {
            if seen.insert(place(&gathered.path)) {
                files.push(gathered.file?);
            } else {
                repeated += 1;
            }
        }
        for link in choice.links_left_out {
            terminal.note(&format!("left out, because it is a link: {}", link.display()));
        }
    }
    if repeated > 0 {
        terminal.note(&format!("{} named more than once; once is enough", count(repeated)));
    }
    Ok(files)
}

/// Where a file is, the same for every way of naming it; a link is another file than what it leads to.
fn place(path: &Path) -> PathBuf {
    let folder = folder_of(path);
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned()).join(path.file_name().unwrap_or(path.as_os_str()))
}

/// Standard input in a file without a name: an archive tells the size before the content.
fn spooled(name: &str) -> Result<InputFile> {
    use std::io::Seek;
    let spooling = |error| cdoc2::Error::writing(std::env::temp_dir(), error);
    let mut file = tempfile::tempfile().map_err(spooling)?;
    io::copy(&mut io::stdin().lock(), &mut file).map_err(|source| match spooling(source) {
        // What is neither full nor there already came from the other side.
        cdoc2::Error::NotWritable { source, .. } => cdoc2::Error::reading("standard input", source),
        full => full,
    })?;
    file.rewind().map_err(spooling)?;
    Ok(InputFile::from_open(file, name)?)
}

fn with_allowed_names(files: Vec<InputFile>, safe_names: bool, terminal: &Terminal) -> Result<Vec<InputFile>> {
    let troubles = check_names(files.iter().map(InputFile::name));
    if !safe_names {
        return match encryption::refusal(troubles.into_iter().flatten().collect()) {
            Some(failure) => Err(failure),
            None => Ok(files),
        };
    }
    let named = |(file, trouble): (InputFile, Option<NameTrouble>)| {
        let Some(NameTrouble { refused, .. }) = trouble else { return file };
        terminal.note(&format!("{:?} is encrypted as {:?}", file.name(), refused.safe_name));
        file.named(refused.safe_name)
    };
    Ok(files.into_iter().zip(troubles).map(named).collect())
}

fn distinct(recipients: Vec<NewRecipient>, terminal: &Terminal) -> Vec<NewRecipient> {
    let (recipients, again) = NewRecipient::distinct(recipients);
    for repeated in again {
        terminal.note(&match repeated {
            Repeated::Key(name) => format!("{name}: the same key stands twice; once is enough"),
            Repeated::Password => "the same password stands twice; once is enough".to_owned(),
        });
    }
    recipients
}

/// The recipients for people, of whom there must be one, with what a sender should know.
fn views(recipients: &[NewRecipient], terminal: &Terminal) -> Result<Vec<RecipientView>> {
    if recipients.is_empty() {
        return Err(cdoc2::Error::Refused(cdoc2::Refusal::NoRecipients).into());
    }
    let views: Vec<_> = recipients.iter().zip(0..).map(|(recipient, index)| recipient.view(index)).collect();
    for view in &views {
        tracing::debug!(kind = super::inspect::kind(view.kind), algorithm = view.algorithm, "a recipient");
        for warning in &view.warnings {
            terminal.warn(&format!("{}: {}", view.name, warning_words(*warning)));
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
        let (files, content) = (count(encrypted.files.len()), bytes(encrypted.content_size));
        writeln!(output, "{verb} {files}, {content}, to {}{size}", encrypted.output.display())?;
        recipient_lines(&encrypted.recipients, &encrypted.delivery, output)
    })
}

/// Whether the holder of the card at hand is one of the recipients.
fn has_card(recipients: &Recipients) -> bool {
    recipients.recipient.iter().any(|recipient| is_at_hand(recipient))
}

pub(crate) fn re_encrypt(
    arguments: ReEncrypt,
    matches: &ArgMatches,
    lists: &ListFiles,
    terminal: &Terminal,
) -> Result<()> {
    let ReEncrypt { container, output, keys, from, recipients, delivering, writing, accepted } = arguments;
    if is_pipe(&output) {
        let message = "re-encrypt writes a file: a pipe takes nothing back when the container turns out to be altered";
        return Err(Failure::new(Code::NotWritable, message));
    }
    keys.card.check_reader(has_card(&recipients));
    delivering.check(&recipients);
    check_output(&output, writing.overwrite)?;
    let opened = open(&container, recipients.password_stdin)?;
    let reader = keys.card.reader.clone();
    let keys = secrets::keys(&keys, &Secrets::from(from), opened.header(), terminal)?;
    let recipients = distinct(secrets::recipients(&recipients, reader.as_deref(), matches, terminal)?, terminal);
    let views = views(&recipients, terminal)?;
    let reading = |control| Reading { limits: accepted.limits(), names: accepted.names(), control };
    let mut plan = plan(&delivering, recipients, lists, terminal)?;
    let written = terminal.watch(|control, bar| {
        // Progress is told by reading; stopping must reach the delivery, too.
        let silent = Control::new(control.cancel().clone(), |_| {});
        plan.tell(bar.servers(ProgressStep::Delivering));
        let encryptor = encryption::encryptor_for(&mut plan, writing.compression.into(), silent);
        let key = unlocked(&opened, keys, &bar.access(lists), &control, terminal)?;
        if writing.dry_run {
            let files = opened.list(&key, &reading(control))?;
            encryptor.check_recipients()?;
            let content_size = files.iter().map(|file| file.size).sum();
            return Ok::<_, Failure>(Written { size: 0, content_size, files: files.len() });
        }
        Ok(opened.encrypt_again(&key, &reading(control), &encryptor, &output, writing.overwrite)?)
    })?;
    say_many(written.files, terminal);
    let (size, delivery) = ((!writing.dry_run).then_some(written.size), plan.delivered());
    let value = serde_json::json!({
        "output": output.to_string_lossy(), "size": size, "fileCount": written.files,
        "contentSize": written.content_size, "recipients": views,
        "delivery": delivery, "keptUntil": plan.kept_until(),
    });
    terminal.result(&value, |out| {
        let verb = if size.is_some() { "Encrypted" } else { "Would encrypt" };
        let content = bytes(written.content_size);
        writeln!(out, "{verb} {}, {content}, again to {}", count(written.files), output.display())?;
        recipient_lines(&views, &delivery, out)
    })
}
