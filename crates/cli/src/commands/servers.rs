//! `servers`: which capsule servers are trusted, whether they work, and changing the person's own list.

use std::{
    io::{self, IsTerminal, Write},
    time::SystemTime,
};

use app::{
    Failure, Result,
    servers::{self, NewServer},
    view::Code,
};
use capsule_api::{CapsuleType, Pin, ServerId, ServerList};
use capsule_client::{CheckStep, Client, Error, Examination, Layer, ListFiles, Listed, ServerWarning, Servers};
use cdoc2::Cancel;
use serde_json::{Value, json};

use crate::{
    arguments::{AddServer, Confirmed, Import, ServersCommand, wrong_usage},
    terminal::{Terminal, harmless, print},
};

pub(crate) fn servers(command: ServersCommand, lists: &ListFiles, terminal: &Terminal) -> Result<()> {
    let client = || servers::client(lists);
    match command {
        ServersCommand::List => list(client()?.servers(), terminal),
        ServersCommand::Show { id } => show(listed(client()?.servers(), &id)?, terminal),
        ServersCommand::Test { id } => test(&client()?, &id, terminal),
        ServersCommand::Add(server) => add(&client()?, server, terminal),
        ServersCommand::Pin { id, confirmed } => pin(&client()?, &id, &confirmed, terminal),
        ServersCommand::Remove { id } => remove(&id, terminal),
        ServersCommand::Import(arguments) => import(&arguments, terminal),
        ServersCommand::Export { ids } => export(client()?.servers(), &ids),
    }
}

fn listed<'a>(servers: &'a Servers, id: &str) -> Result<&'a Listed> {
    Ok(servers.get(id).ok_or_else(|| Error::UnknownServer(id.to_owned()))?)
}

fn list(servers: &Servers, terminal: &Terminal) -> Result<()> {
    let lines: Vec<_> = servers.iter().map(value).collect();
    terminal.result(&json!({ "servers": lines }), |output| {
        for listed in servers.iter() {
            let state = listed.unusable.as_ref().map_or("ready".to_owned(), |reason| format!("not usable: {reason}"));
            writeln!(output, "{}  {} ({})", listed.server.id, listed.server.name, listed.server.organisation)?;
            writeln!(output, "     {}: {state}", from(listed))?;
            warnings(listed).try_for_each(|warning| writeln!(output, "     warning: {warning}"))?;
        }
        Ok(())
    })
}

fn show(listed: &Listed, terminal: &Terminal) -> Result<()> {
    terminal.result(&value(listed), |output| {
        let server = &listed.server;
        writeln!(output, "{}  {}", server.id, server.name)?;
        writeln!(output, "  organisation   {}", server.organisation)?;
        writeln!(output, "  from           {}", from(listed))?;
        writeln!(output, "  for senders    {}", server.sender_url)?;
        for (what, url) in [("for recipients", &server.recipient_url), ("for tickets", &server.ticket_url)] {
            url.iter().try_for_each(|url| writeln!(output, "  {what:14} {url}"))?;
        }
        let types: Vec<_> = server.capsule_types.iter().map(|capsule_type| key_kind(*capsule_type)).collect();
        writeln!(output, "  keys           {}", types.join(", "))?;
        for pin in &server.pins {
            writeln!(output, "  certificate    {}, until {}", pin.fingerprint(), day(pin.not_after()))?;
        }
        warnings(listed).try_for_each(|warning| writeln!(output, "  warning: {warning}"))?;
        match &listed.unusable {
            Some(reason) => writeln!(output, "  not usable: {reason}"),
            None => Ok(()),
        }
    })
}

/// An entry for programs.
fn value(listed: &Listed) -> Value {
    let server = &listed.server;
    let certificate = |pin: &Pin| json!({ "sha256": pin.fingerprint(), "notAfter": moment(pin.not_after()) });
    json!({
        "id": server.id.as_str(),
        "name": server.name,
        "organisation": server.organisation,
        "layer": layer(listed.layer),
        "origin": listed.origin,
        "usable": listed.unusable.is_none(),
        "problem": listed.unusable,
        "senderUrl": server.sender_url.as_str(),
        "recipientUrl": server.recipient_url.as_ref().map(url::Url::as_str),
        "ticketUrl": server.ticket_url.as_ref().map(url::Url::as_str),
        "capsuleTypes": server.capsule_types,
        "certificates": server.pins.iter().map(certificate).collect::<Vec<_>>(),
        "warnings": warnings(listed).collect::<Vec<_>>(),
    })
}

fn warnings(listed: &Listed) -> impl Iterator<Item = String> {
    listed.warnings(SystemTime::now()).into_iter().filter_map(|warning| match warning {
        ServerWarning::CertificateEnds { fingerprint, at, replaced } => {
            let next = if replaced { "another one follows" } else { "none follows: get a new list" };
            Some(format!("the certificate {}… is valid until {}; {next}", &fingerprint[..16], day(at)))
        }
        _ => None,
    })
}

fn from(listed: &Listed) -> String {
    match listed.layer {
        Layer::Shipped => listed.origin.clone(),
        layer_of => format!("{} list {}", layer(layer_of), listed.origin),
    }
}

fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Shipped => "shipped",
        Layer::System => "system",
        Layer::User => "user",
        Layer::Given => "given",
    }
}

fn key_kind(capsule_type: CapsuleType) -> &'static str {
    match capsule_type {
        CapsuleType::EcP256 => "P-256",
        CapsuleType::EcP384 => "P-384",
        CapsuleType::EcP521 => "P-521",
        CapsuleType::Rsa => "RSA",
    }
}

/// Unix seconds.
fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// RFC 3339.
fn moment(time: SystemTime) -> String {
    servers::Expiry::from_unix(seconds(time)).map(|moment| moment.to_string()).unwrap_or_default()
}

fn day(time: SystemTime) -> String {
    moment(time).chars().take(10).collect()
}

fn test(client: &Client, id: &str, terminal: &Terminal) -> Result<()> {
    let examined = terminal.watch(|control, _| client.examine(id, control.cancel()))?;
    let value: Vec<_> = examined.iter().map(examination).collect();
    let failed = examined.iter().flat_map(|address| &address.steps).find_map(|step| step.result.as_ref().err());
    let shown = json!({ "server": id, "good": failed.is_none(), "addresses": value });
    terminal.result(&shown, |output| {
        for address in &examined {
            writeln!(output, "{}", address.url)?;
            for checked in &address.steps {
                match &checked.result {
                    Ok(words) => writeln!(output, "  ok      {:12} {words}", step(checked.step))?,
                    Err(cause) => writeln!(output, "  FAILED  {:12} {cause}", step(checked.step))?,
                }
            }
        }
        Ok(())
    })?;
    match failed {
        None => Ok(()),
        Some(cause) => {
            let server = listed(client.servers(), id)?.server.id.clone();
            Err(Error::Server { server, cause: cause.clone() }.into())
        }
    }
}

fn examination(address: &Examination) -> Value {
    let steps: Vec<_> = address
        .steps
        .iter()
        .map(|checked| {
            let (good, words) = match &checked.result {
                Ok(words) => (true, words.clone()),
                Err(cause) => (false, cause.to_string()),
            };
            json!({ "step": step(checked.step), "good": good, "detail": words })
        })
        .collect();
    json!({ "url": address.url.as_str(), "good": address.is_good(), "steps": steps })
}

fn step(step: CheckStep) -> &'static str {
    match step {
        CheckStep::Resolve => "resolve",
        CheckStep::Connect => "connect",
        CheckStep::Tls => "TLS",
        CheckStep::Pin => "pin",
        CheckStep::HostName => "host name",
        CheckStep::Validity => "validity",
        CheckStep::Ocsp => "OCSP",
        CheckStep::Api => "interface",
    }
}

/// Lets a certificate pass that has the fingerprint given, or that a person at the terminal says yes to.
fn confirm(id: &str, confirmed: &Confirmed, url: &url::Url, shown: &Pin) -> Result<()> {
    let refused = |words: String| Failure::new(Code::ServerPinMismatch, words).about(id);
    if !confirmed.fingerprint.is_empty() {
        let plain = |text: &String| text.replace([':', ' '], "").to_lowercase();
        if confirmed.fingerprint.iter().map(plain).any(|expected| expected == shown.fingerprint()) {
            return Ok(());
        }
        let words = format!("{url} shows another certificate, {}; nothing was changed", shown.fingerprint());
        return Err(refused(words));
    }
    if !io::stdin().is_terminal() {
        wrong_usage("without a terminal, give the certificate's --fingerprint");
    }
    let mut output = io::stderr().lock();
    let question = format!(
        "{url} shows a certificate that is valid until {}.\n  SHA-256: {}\n\
         Compare it with what the server's owner told you in another way. Is it the same? [y/N] ",
        day(shown.not_after()),
        shown.fingerprint()
    );
    let mut answer = String::new();
    let asked = write!(output, "{}", harmless(&question)).and_then(|()| output.flush());
    asked.and_then(|()| io::stdin().read_line(&mut answer)).map_err(cdoc2::Error::Io)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(refused("the certificate was not confirmed; nothing was changed".to_owned())),
    }
}

fn add(client: &Client, new: AddServer, terminal: &Terminal) -> Result<()> {
    let AddServer { id, sender_url, recipient_url, name, organisation, confirmed } = new;
    let server = NewServer { id: id.clone(), name, organisation, sender_url, recipient_url };
    let confirm = |url: &url::Url, shown: &Pin| confirm(&id, &confirmed, url, shown);
    let added = servers::trust_new(client, server, &Cancel::default(), confirm)?;
    say_added(&[added], terminal)
}

fn pin(client: &Client, id: &str, confirmed: &Confirmed, terminal: &Terminal) -> Result<()> {
    let confirm = |url: &url::Url, shown: &Pin| confirm(id, confirmed, url, shown);
    let added = servers::add_pin(client, id, &Cancel::default(), confirm)?;
    say_added(&[added], terminal)
}

fn say_added(ids: &[ServerId], terminal: &Terminal) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(ServerId::as_str).collect();
    terminal.result(&json!({ "added": ids }), |output| writeln!(output, "In your own list now: {}", ids.join(", ")))
}

fn remove(id: &str, terminal: &Terminal) -> Result<()> {
    servers::forget(id)?;
    terminal.result(&json!({ "removed": id }), |output| writeln!(output, "No longer in your own list: {id}"))
}

fn import(import: &Import, terminal: &Terminal) -> Result<()> {
    let ids = match &import.central_key {
        None => servers::import(&import.file)?,
        Some(key) => {
            let signature = import.signature.clone().unwrap_or_else(|| import.file.with_extension("ecc"));
            servers::import_central(&import.file, &signature, key)?
        }
    };
    say_added(&ids, terminal)
}

/// Prints a list.
fn export(servers: &Servers, ids: &[String]) -> Result<()> {
    let chosen = match ids {
        [] => servers.iter().map(|listed| listed.server.clone()).collect(),
        ids => ids.iter().map(|id| Ok(listed(servers, id)?.server.clone())).collect::<Result<Vec<_>>>()?,
    };
    print(ServerList { servers: chosen, ..ServerList::default() }.to_json().as_bytes())
}
