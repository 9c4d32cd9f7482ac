//! `info`.

use std::io::Write;

use app::{
    Result,
    opening::records_by,
    servers::Expiry,
    view::{Code, OpensWith, RecipientKind, RecordProblemKind, RecordView},
};
use capsule_client::ListFiles;

use super::open;
use crate::{
    arguments::Info,
    terminal::{Terminal, bytes},
};

pub(crate) fn info(arguments: &Info, lists: &ListFiles, terminal: &Terminal) -> Result<()> {
    let container = open(&arguments.container, false)?;
    let records = records_by(container.header(), lists);
    let value = serde_json::json!({ "format": "CDOC2", "size": container.size(), "records": records });
    terminal.result(&value, |output| {
        match container.size() {
            Some(size) => writeln!(output, "CDOC2 container, {}", bytes(size))?,
            None => writeln!(output, "CDOC2 container")?,
        }
        if records.is_empty() {
            writeln!(output, "  for nobody")?;
        }
        records.iter().try_for_each(|record| show(record, output))
    })
}

fn show(record: &RecordView, output: &mut dyn Write) -> std::io::Result<()> {
    write!(output, "{:>3}  {}", record.index + 1, kind(record.kind))?;
    match record.name.as_str() {
        // A password or a key of one's own needs none.
        "" if matches!(record.kind, RecipientKind::Password | RecipientKind::Secret) => {}
        "" => write!(output, " (no label)")?,
        name => write!(output, " {name}")?,
    }
    if let Some(code) = record.code.as_deref().filter(|code| *code != record.name) {
        write!(output, ", {code}")?;
    }
    if !record.algorithm.is_empty() {
        write!(output, " [{}]", record.algorithm)?;
    }
    writeln!(output)?;
    let is_split = record.opens_with == OpensWith::Shares;
    if !record.servers.is_empty() {
        let servers = record.servers.join(", ");
        match record.servers.len() {
            count if is_split => write!(output, "     key shares on {servers}; all {count} are needed")?,
            _ => write!(output, "     capsule on server {servers}")?,
        }
        match record.until.and_then(|until| Expiry::from_unix(until).ok()) {
            Some(until) => writeln!(output, ", until {until}")?,
            None => writeln!(output)?,
        }
    }
    if let Some(problem) = &record.problem {
        let newer = if problem.kind == RecordProblemKind::Unknown { "; a newer version may read it" } else { "" };
        return writeln!(output, "     not usable: {}{newer}", problem.detail);
    }
    let on_server = if record.servers.is_empty() || is_split { "" } else { ", with its certificate" };
    writeln!(output, "     opens with {}{on_server}", opens_with(record.opens_with))?;
    let which = if is_split { "one of its servers" } else { "its server" };
    match record.server_problem {
        Some(Code::ServerUnknown) => writeln!(output, "     {which} is in no server list: kapsel servers import"),
        Some(Code::ServerUnusable) => writeln!(output, "     {which} cannot be used: kapsel servers list"),
        Some(_) => writeln!(output, "     a server list has a mistake: kapsel servers list"),
        None => Ok(()),
    }
}

/// What kind of recipient, in a word or two.
pub(crate) fn kind(kind: RecipientKind) -> &'static str {
    match kind {
        RecipientKind::IdCard => "ID-card",
        RecipientKind::DigiId => "Digi-ID",
        RecipientKind::EResident => "e-resident's Digi-ID",
        RecipientKind::Organisation => "organisation",
        RecipientKind::Certificate => "certificate",
        RecipientKind::PublicKey => "public key",
        RecipientKind::Secret => "symmetric key",
        RecipientKind::Password => "password",
        RecipientKind::Shares => "person",
        RecipientKind::Unknown => "unknown",
    }
}

fn opens_with(what: OpensWith) -> &'static str {
    match what {
        OpensWith::Password => "the password: --password",
        OpensWith::KeyFile => "the private key: --card, --pkcs11, --key or --p12",
        OpensWith::SecretFile => "the symmetric key: --secret-file",
        OpensWith::Shares => {
            "the ID-card of this person: --card, or a key with the person's certificate: --p12, --key and --certificate"
        }
        OpensWith::Nothing => "nothing that this version knows",
    }
}
