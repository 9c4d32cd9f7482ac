//! `info`.

use std::{collections::HashMap, io::Write};

use app::{
    Result,
    opening::records_by,
    servers::Expiry,
    view::{Code, Needed, OpensWith, RecipientKind, RecordProblemKind, RecordView},
};
use capsule_client::{Error, ListFiles, Servers};

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
        let (ids, recipients) = (ServerIds::of(&records, lists), by_recipient(&records));
        let width = recipients.iter().map(|records| numbers(records).len()).max().unwrap_or_default();
        // Whoever writes many records makes no line of spaces longer.
        let width = width.clamp(3, 12);
        recipients.iter().try_for_each(|records| show(records, &ids, width, output))
    })
}

/// A person whose capsules stand on several servers has a record for each, and is one recipient.
fn by_recipient(records: &[RecordView]) -> Vec<Vec<&RecordView>> {
    let mut recipients: Vec<Vec<&RecordView>> = Vec::new();
    let mut places = HashMap::new();
    for record in records {
        let next = recipients.len();
        let whose = (kind(record.kind), &record.name, &record.code, &record.key_id);
        let on_server = record.opens_with == OpensWith::KeyFile && !record.servers.is_empty();
        match if on_server { *places.entry(whose).or_insert(next) } else { next } {
            place if place < next => recipients[place].push(record),
            _ => recipients.push(vec![record]),
        }
    }
    recipients
}

/// The identifiers that lists have for servers of shares, of which a container has base URLs.
struct ServerIds(Option<Servers>);

impl ServerIds {
    fn of(records: &[RecordView], lists: &ListFiles) -> Self {
        let has_shares = records.iter().any(|record| record.opens_with == OpensWith::Shares);
        Self(if has_shares { Servers::load(lists).ok() } else { None })
    }

    fn name(&self, server: &str) -> String {
        match self.0.as_ref().map(|servers| servers.holding_shares(server)) {
            Some(Ok(listed)) => listed.id.to_string(),
            Some(Err(Error::Unusable { server, .. })) => server.to_string(),
            _ => server.to_owned(),
        }
    }
}

/// Servers of a recipient, and how many of them are needed to open.
pub(crate) fn on_servers(needed: Needed, servers: &[String]) -> String {
    let names = servers.join(", ");
    match (needed, servers.len()) {
        (Needed::All, count) => format!("key shares on {names}; all {count} are needed"),
        (Needed::One, 1) => format!("capsule on {names}"),
        (Needed::One, _) => format!("capsules on {names}; one of them is enough"),
    }
}

/// Places in the header, from 1.
fn numbers(records: &[&RecordView]) -> String {
    records.iter().map(|record| (record.index + 1).to_string()).collect::<Vec<_>>().join(", ")
}

/// Records of one recipient, of which all but the server is the same; what is told of them stands to the right of their numbers.
fn show(records: &[&RecordView], ids: &ServerIds, width: usize, output: &mut dyn Write) -> std::io::Result<()> {
    let (record, indent) = (records[0], " ".repeat(width + 2));
    write!(output, "{:>width$}  {}", numbers(records), kind(record.kind))?;
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
    let servers: Vec<_> = records.iter().flat_map(|record| &record.servers).map(|server| ids.name(server)).collect();
    if !servers.is_empty() {
        let needed = if is_split { Needed::All } else { Needed::One };
        writeln!(output, "{indent}{}{}", on_servers(needed, &servers), until(records))?;
    }
    if let Some(problem) = &record.problem {
        let newer = if problem.kind == RecordProblemKind::Unknown { "; a newer version may read it" } else { "" };
        return writeln!(output, "{indent}not usable: {}{newer}", problem.detail);
    }
    let on_server = if record.servers.is_empty() || is_split { "" } else { ", with its certificate" };
    writeln!(output, "{indent}opens with {}{on_server}", opens_with(record.opens_with))?;
    records.iter().try_for_each(|record| match (record.server_problem, &record.problem_server) {
        (Some(Code::ServerUnknown), Some(server)) => {
            writeln!(output, "{indent}{server} is in no server list: kapsel servers import")
        }
        (Some(Code::ServerUnusable), Some(server)) => {
            writeln!(output, "{indent}{} cannot be used: kapsel servers list", ids.name(server))
        }
        (Some(_), _) => writeln!(output, "{indent}a server list has a mistake: kapsel servers list"),
        (None, _) => Ok(()),
    })
}

/// By the labels, when all tell it; when they differ, all servers keep it until the first ends.
fn until(records: &[&RecordView]) -> String {
    let Some(told) = records.iter().map(|record| record.until).collect::<Option<Vec<_>>>() else {
        return String::new();
    };
    let (earliest, latest) = (told.iter().min(), told.iter().max());
    match earliest.and_then(|until| Expiry::from_unix(*until).ok()) {
        Some(until) if earliest == latest => format!(", until {until}"),
        Some(until) => format!(", at least until {until}"),
        None => String::new(),
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
