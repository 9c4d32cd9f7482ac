//! `decrypt` and `list`.

use std::{
    io,
    path::{Path, PathBuf},
};

use app::{
    Failure, Result,
    opening::{Key, Unlocked, unlock},
    places::private_place,
    recipients::base_name,
    servers::Access,
    view::Code,
};
use capsule_client::ListFiles;
use cdoc2::{Container, Control, Entry, Extraction, FileMasterKey, OnConflict, Reading};
use serde::Serialize;

use super::{check_folder_of, check_writable, is_pipe, open};
use crate::{
    arguments::{Accepted, Decrypt, Keys, List, Secrets},
    secrets,
    terminal::{Terminal, bytes, count},
};

/// A file in a container, or saved from one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileLine {
    name: String,
    size: u64,
    modified: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_as: Option<String>,
    /// In the archive, where `name` was not allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    original_name: Option<String>,
}

impl FileLine {
    fn new(entry: Entry, saved_as: Option<String>) -> Self {
        let Entry { name, original_name, size, modified } = entry;
        Self { name, size, modified, saved_as, original_name }
    }
}

fn reading(accepted: &Accepted, control: Control) -> Reading {
    Reading { limits: accepted.limits(), names: accepted.names(), control }
}

/// Unlocks a container, says what there is to say beside it, and lets go of the keys: a card or token is closed, and PINs and passwords are
/// wiped, before the content is read.
pub(super) fn unlocked(
    container: &Container,
    keys: Vec<Key>,
    access: &Access,
    control: &Control,
    terminal: &Terminal,
) -> Result<FileMasterKey> {
    let Unlocked { key, deceits } = unlock(container, &keys, access, control)?;
    if key.untried_records() > 0 {
        terminal.note(&format!("{} more records for this key were not tried", key.untried_records()));
    }
    for deceit in deceits {
        terminal.note(&format!("{}; the container opened without it. Tell whoever runs that server", deceit.detail));
    }
    Ok(key)
}

pub(crate) fn decrypt(arguments: &Decrypt, lists: &ListFiles, terminal: &Terminal) -> Result<()> {
    arguments.keys.card.check_reader(false);
    refuse_file(&arguments.output)?;
    let container = open(&arguments.container, arguments.secrets.password_stdin)?;
    let keys = secrets::keys(&arguments.keys, &arguments.secrets, container.header(), terminal)?;
    if arguments.dry_run {
        let files = listed(container, keys, &arguments.accepted, lists, terminal)?;
        check_destination(&arguments.output)?;
        if is_pipe(&arguments.output) && files.len() != 1 {
            return Err(cdoc2::Error::Refused(cdoc2::Refusal::NotOneFile(files.len())).into());
        }
        if arguments.on_conflict() == OnConflict::Refuse && !is_pipe(&arguments.output) {
            for file in &files {
                let path = arguments.output.join(&file.name);
                if path.symlink_metadata().is_ok() {
                    return Err(cdoc2::Error::AlreadyExists(path).into());
                }
            }
        }
        return show(&files, "Would save", Some(&arguments.output), terminal);
    }
    if is_pipe(&arguments.output) {
        return terminal.watch(|control, bar| {
            let key = unlocked(&container, keys, &bar.access(lists), &control, terminal)?;
            container.write_only_file(&key, &reading(&arguments.accepted, control), &mut io::stdout())?;
            Ok(())
        });
    }
    let extraction = Extraction {
        destination: arguments.output.clone(),
        on_conflict: arguments.on_conflict(),
        inputs: inputs(&arguments.keys, &arguments.secrets),
        private_place: private_place(),
    };
    let saved = terminal.watch(|control, bar| {
        let key = unlocked(&container, keys, &bar.access(lists), &control, terminal)?;
        Ok::<_, Failure>(container.extract(&key, &reading(&arguments.accepted, control), &extraction)?)
    })?;
    let files: Vec<_> = saved.into_iter().map(|file| FileLine::new(file.entry, Some(file.saved_as))).collect();
    show(&files, "Saved", Some(&arguments.output), terminal)
}

/// Every file that opening needs.
fn inputs(keys: &Keys, secrets: &Secrets) -> Vec<PathBuf> {
    let keys = keys.key.iter().chain(&keys.p12).chain(&keys.certificate).chain(&keys.card.pin_file);
    keys.chain(&secrets.secret_file).chain(&secrets.password_file).cloned().collect()
}

/// Files are saved into a folder, and no option replaces a file by one.
fn refuse_file(output: &Path) -> Result<()> {
    if is_pipe(output) || output.is_dir() || output.symlink_metadata().is_err() {
        return Ok(());
    }
    let words = format!("{} is not a folder, and the files are saved into one", output.display());
    Err(Failure::new(Code::NotWritable, words).about(base_name(output)))
}

/// What a destination would be refused for before anything is written to it.
fn check_destination(output: &Path) -> Result<()> {
    if is_pipe(output) {
        return Ok(());
    }
    if output.is_dir() {
        return check_writable(output);
    }
    check_folder_of(output)
}

pub(crate) fn list(arguments: &List, lists: &ListFiles, terminal: &Terminal) -> Result<()> {
    arguments.keys.card.check_reader(false);
    let container = open(&arguments.container, arguments.secrets.password_stdin)?;
    let keys = secrets::keys(&arguments.keys, &arguments.secrets, container.header(), terminal)?;
    let files = listed(container, keys, &arguments.accepted, lists, terminal)?;
    show(&files, "", None, terminal)
}

fn listed(
    container: Container,
    keys: Vec<Key>,
    accepted: &Accepted,
    lists: &ListFiles,
    terminal: &Terminal,
) -> Result<Vec<FileLine>> {
    let entries = terminal.watch(|control, bar| {
        let key = unlocked(&container, keys, &bar.access(lists), &control, terminal)?;
        Ok::<_, Failure>(container.list(&key, &reading(accepted, control))?)
    })?;
    Ok(entries.into_iter().map(|entry| FileLine::new(entry, None)).collect())
}

fn show(files: &[FileLine], verb: &str, destination: Option<&Path>, terminal: &Terminal) -> Result<()> {
    let value = serde_json::json!({ "destination": destination.map(Path::to_string_lossy), "files": files });
    terminal.result(&value, |output| {
        for file in files {
            let name = file.saved_as.as_deref().unwrap_or(&file.name);
            write!(output, "{:>12}  {name}", bytes(file.size))?;
            match &file.original_name {
                Some(original) => writeln!(output, "  (in the container: {original:?})")?,
                None if name != file.name => writeln!(output, "  (in the container: {:?})", file.name)?,
                None => writeln!(output)?,
            }
        }
        if let Some(destination) = destination {
            let total = bytes(files.iter().map(|file| file.size).sum());
            writeln!(output, "{verb} {}, {total}, to {}", count(files.len()), destination.display())?;
        }
        Ok(())
    })
}
