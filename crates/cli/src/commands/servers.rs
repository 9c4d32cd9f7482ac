//! `servers`: which capsule servers are trusted, whether they work, changing the person's own list, and lists as administrators keep them.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
    time::SystemTime,
};

use app::{
    Failure, Result,
    servers::{self, Imported, NewServer, PolicyView, Refreshing, SignedBy},
    view::Code,
};
use capsule_api::{CapsuleType, Edition, ImportSource, Pin, Server, ServerId, ServerList};
use capsule_client::{
    CheckStep, Client, Error, Examination, Layer, ListFiles, Listed, RemoteList, ServerWarning, Servers,
};
use cdoc2::Cancel;
use serde_json::{Value, json};

use crate::{
    arguments::{AddServer, CheckList, Confirmed, Import, ServersCommand, SignList, wrong_usage},
    secrets,
    terminal::{Terminal, harmless, print},
};

pub(crate) fn servers(command: ServersCommand, lists: &ListFiles, terminal: &Terminal) -> Result<()> {
    let client = || servers::client(lists, Refreshing::First);
    let known = || servers::known(lists, Refreshing::First);
    match command {
        ServersCommand::List => list(&known()?, terminal),
        ServersCommand::Show { id } => show(listed(&known()?, &id)?, terminal),
        ServersCommand::Test { id } => test(&client()?, &id, terminal),
        ServersCommand::Add(server) => add(&client()?, server, terminal),
        ServersCommand::Pin { id, confirmed } => pin(&client()?, &id, &confirmed, terminal),
        ServersCommand::Remove { id } => remove(&id, terminal),
        ServersCommand::Import(arguments) => import(&arguments, terminal),
        ServersCommand::Export { ids } => export(&known()?, &ids),
        ServersCommand::Refresh => refresh(lists, terminal),
        ServersCommand::Check(arguments) => check(&arguments, terminal),
        ServersCommand::Sign(arguments) => sign(&arguments, terminal),
    }
}

fn listed<'a>(servers: &'a Servers, id: &str) -> Result<&'a Listed> {
    Ok(servers.get(id).ok_or_else(|| Error::UnknownServer(id.to_owned()))?)
}

fn list(servers: &Servers, terminal: &Terminal) -> Result<()> {
    let lines: Vec<_> = servers.iter().map(value).collect();
    let (policy, remote) = (servers::policy_view(servers.policy()), servers.remote());
    let shown = json!({ "servers": lines, "policy": policy, "remote": remote.map(remote_value) });
    terminal.result(&shown, |output| {
        for listed in servers.iter() {
            let state =
                listed.unusable.as_ref().map_or("can be used".to_owned(), |reason| format!("not usable: {reason}"));
            writeln!(output, "{}  {} ({})", listed.server.id, listed.server.name, listed.server.organisation)?;
            writeln!(output, "     {}: {state}", from(listed))?;
            replaces(listed).into_iter().try_for_each(|which| writeln!(output, "     replaces {which}"))?;
            offer(&listed.server).into_iter().try_for_each(|offer| writeln!(output, "     {offer}"))?;
            warnings(listed).try_for_each(|warning| writeln!(output, "     warning: {warning}"))?;
        }
        if let Some(remote) = remote {
            writeln!(output, "Fetched by the administrator's policy: {}", remote_words(remote))?;
        }
        if let Some(PolicyView { file, closed, .. }) = policy.filter(|policy| !policy.closed.is_empty()) {
            let closed: Vec<_> = closed.into_iter().map(layer).collect();
            writeln!(output, "Locked by the administrator ({file}): lists of the layers {}", closed.join(", "))?;
        }
        Ok(())
    })
}

/// Which entries it covers: what was said there of its addresses and certificates does not count.
fn replaces(listed: &Listed) -> Option<String> {
    let layers: Vec<_> = listed.replaces.iter().map(|of| layer(*of)).collect();
    Some(layers.join(", "))
        .filter(|layers| !layers.is_empty())
        .map(|layers| format!("the entry of the lists: {layers}"))
}

/// What a server does, by its entry.
fn offer(server: &Server) -> Option<String> {
    let capsules = match (&server.recipient_url, &server.ticket_url) {
        (Some(_), Some(_)) => Some("gives capsules by client certificate and by ticket"),
        (Some(_), None) => Some("gives capsules by client certificate"),
        (None, Some(_)) => Some("gives capsules by ticket"),
        (None, None) => None,
    };
    let shares = server.shares_url.as_ref().map(|_| "keeps key shares");
    let offered: Vec<_> = capsules.into_iter().chain(shares).collect();
    Some(offered.join("; ")).filter(|offered| !offered.is_empty())
}

/// The list that the policy has fetched, for programs.
fn remote_value(remote: &RemoteList) -> Value {
    json!({
        "url": remote.url.as_str(),
        "serial": remote.serial,
        "expires": remote.expires.map(|expires| expires.to_string()),
        "fetched": remote.fetched.map(moment),
        "problem": remote.problem,
    })
}

fn remote_words(remote: &RemoteList) -> String {
    let copy = match (remote.serial, remote.expires, remote.fetched) {
        (Some(serial), Some(expires), Some(fetched)) => {
            format!("serial {serial}, fetched on {}, valid until {expires}", day(fetched))
        }
        _ => "nothing of it is here".to_owned(),
    };
    let problem = remote.problem.as_ref().map(|problem| format!("; not refreshed: {problem}")).unwrap_or_default();
    format!("{}, {copy}{problem}", remote.url)
}

fn show(listed: &Listed, terminal: &Terminal) -> Result<()> {
    terminal.result(&value(listed), |output| {
        let server = &listed.server;
        writeln!(output, "{}  {}", server.id, server.name)?;
        writeln!(output, "  organisation   {}", server.organisation)?;
        writeln!(output, "  from           {}", from(listed))?;
        replaces(listed).into_iter().try_for_each(|which| writeln!(output, "  replaces       {which}"))?;
        if let Some(ImportSource::CentralConfiguration) = server.imported_from {
            let whose =
                "the central configuration of Estonia's eID, which vouches for the authority of its certificates";
            writeln!(output, "  imported from  {whose}")?;
        }
        writeln!(output, "  for senders    {}", server.sender_url)?;
        let urls = [
            ("for recipients", &server.recipient_url),
            ("for tickets", &server.ticket_url),
            ("for key shares", &server.shares_url),
        ];
        for (what, url) in urls {
            url.iter().try_for_each(|url| writeln!(output, "  {what:14} {url}"))?;
        }
        let types: Vec<_> = server.capsule_types.iter().map(|capsule_type| key_kind(*capsule_type)).collect();
        if !types.is_empty() {
            writeln!(output, "  keys           {}", types.join(", "))?;
        }
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
        "serial": server.edition.serial,
        "expires": server.edition.expires.map(|expires| expires.to_string()),
        "signedBy": server.edition.signed_by.map(|key| key.to_string()),
        "signed": listed.signed,
        "replaces": listed.replaces,
        "importedFrom": server.imported_from,
        "usable": listed.unusable.is_none(),
        "problem": listed.unusable,
        "senderUrl": server.sender_url.as_str(),
        "recipientUrl": server.recipient_url.as_ref().map(url::Url::as_str),
        "ticketUrl": server.ticket_url.as_ref().map(url::Url::as_str),
        "sharesUrl": server.shares_base(),
        "capsuleTypes": server.capsule_types,
        "certificates": server.pins.iter().map(certificate).collect::<Vec<_>>(),
        "warnings": warnings(listed).collect::<Vec<_>>(),
    })
}

fn warnings(listed: &Listed) -> impl Iterator<Item = String> {
    listed.warnings(SystemTime::now()).into_iter().filter_map(|warning| match warning {
        ServerWarning::CertificateEnds { fingerprint, at, replaced } => {
            let next = if replaced { "another one follows" } else { "none follows: get a new list" };
            let is = if at <= SystemTime::now() { "was" } else { "is" };
            Some(format!("the certificate {}… {is} valid until {}; {next}", &fingerprint[..16], day(at)))
        }
        _ => None,
    })
}

fn from(listed: &Listed) -> String {
    let Edition { serial, expires, signed_by } = listed.server.edition;
    let mut marks = serial.map(|serial| format!(", serial {serial}")).unwrap_or_default();
    if let Some(expires) = expires {
        marks.push_str(&format!(", until {expires}"));
    }
    if signed_by.is_some() {
        marks.push_str(", signed");
    }
    match listed.layer {
        Layer::Shipped => listed.origin.clone() + &marks,
        layer_of => format!("{} list {}{marks}", layer(layer_of), listed.origin),
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
    if !confirmed.fingerprint.is_empty() {
        return servers::confirmed_by(id, &confirmed.fingerprint)(url, shown);
    }
    if !io::stdin().is_terminal() {
        wrong_usage("without a terminal nobody can compare the certificate", "give its fingerprint: --fingerprint");
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
        _ => {
            let words = "the certificate was not confirmed; nothing was changed";
            Err(Failure::new(Code::ServerPinMismatch, words).about(id))
        }
    }
}

fn add(client: &Client, new: AddServer, terminal: &Terminal) -> Result<()> {
    let AddServer { id, sender_url, recipient_url, name, organisation, confirmed } = new;
    let server = NewServer { id: id.clone(), name, organisation, sender_url, recipient_url };
    let confirm = |url: &url::Url, shown: &Pin| confirm(&id, &confirmed, url, shown);
    let added = servers::trust_new(client, server, &Cancel::default(), confirm)?;
    say_added(&[added], terminal)
}

/// Where the server shows nothing new, nothing is confirmed: whoever gives a fingerprint is told all the same when it is another one.
fn check_known(client: &Client, id: &str, confirmed: &Confirmed) -> Result<()> {
    let Some(listed) = client.servers().get(id).filter(|_| !confirmed.fingerprint.is_empty()) else { return Ok(()) };
    let is_given = |pin: &Pin| confirmed.fingerprint.contains(&pin.fingerprint());
    if listed.server.pins.iter().any(is_given) || !servers::look_at_listed(client, id, &Cancel::default())?.is_empty() {
        return Ok(());
    }
    let words =
        "the server shows a certificate that the list has already, and it has another fingerprint; nothing was changed";
    Err(Failure::new(Code::ServerPinMismatch, words).about(id))
}

fn pin(client: &Client, id: &str, confirmed: &Confirmed, terminal: &Terminal) -> Result<()> {
    check_known(client, id, confirmed)?;
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
    let signed = signed_by(import.list_key.as_deref(), import.signature.as_deref());
    let Imported { servers, left, changed } = match &import.central_key {
        None => servers::import(&import.file, signed)?,
        Some(key) => {
            let signature = import.signature.clone().unwrap_or_else(|| import.file.with_extension("ecc"));
            servers::import_central(&import.file, &signature, key)?
        }
    };
    for id in changed {
        terminal.note(&format!(
            "{id} stood in your own list with another certificate key: now another server may answer for it. Was that not expected, then: \
             kapsel servers remove {id}"
        ));
    }
    for id in left {
        terminal.note(&format!(
            "{id} came from an older list of the same key, and does not stand in this one; when it was withdrawn: kapsel servers remove {id}"
        ));
    }
    say_added(&servers, terminal)
}

fn signed_by<'a>(keys: Option<&'a Path>, signature: Option<&'a Path>) -> Option<SignedBy<'a>> {
    Some(SignedBy { keys: keys?, signature })
}

fn refresh(lists: &ListFiles, terminal: &Terminal) -> Result<()> {
    let remote = terminal.watch(|control, _| servers::refresh(lists, control.cancel()))?;
    terminal.result(&json!({ "remote": remote.as_ref().map(remote_value) }), |output| match &remote {
        Some(remote) => writeln!(output, "{}", remote_words(remote)),
        None => writeln!(output, "The administrator's policy names no list that is fetched."),
    })
}

fn check(arguments: &CheckList, terminal: &Terminal) -> Result<()> {
    let signed = signed_by(arguments.list_key.as_deref(), arguments.signature.as_deref());
    let list = servers::check(&arguments.file, signed)?;
    say_checked(&arguments.file, &list, terminal);
    let ids: Vec<_> = list.servers.iter().map(|server| server.id.as_str()).collect();
    let expires = list.expires.map(|expires| expires.to_string());
    let shown = json!({ "servers": ids, "serial": list.serial, "expires": expires, "signed": signed.is_some() });
    terminal.result(&shown, |output| {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
        writeln!(output, "{}: without a mistake", arguments.file.display())?;
        writeln!(output, "  servers    {}", ids.join(", "))?;
        writeln!(output, "  serial     {}", or_none(list.serial.map(|serial| serial.to_string())))?;
        writeln!(output, "  expires    {}", or_none(expires))?;
        writeln!(output, "  signature  {}", if signed.is_some() { "right" } else { "not checked: give --list-key" })
    })
}

/// What is allowed, and may not be what was meant.
fn say_checked(file: &Path, list: &ServerList, terminal: &Terminal) {
    for (member, missing) in [("serial", list.serial.is_none()), ("expires", list.expires.is_none())] {
        if missing {
            terminal
                .note(&format!("{}: without `{member}`, it cannot be distributed as a remote list", file.display()));
        }
    }
    let servers = Servers::of(list.clone(), &file.display().to_string());
    for listed in servers.iter().flat_map(Servers::iter) {
        for warning in warnings(listed) {
            terminal.note(&format!("{}: {warning}", listed.server.id));
        }
    }
}

fn sign(arguments: &SignList, terminal: &Terminal) -> Result<()> {
    let key = secrets::key_file(&arguments.key, &(&arguments.secrets).into())?;
    let signature = servers::sign(&arguments.file, &key)?;
    say_checked(&arguments.file, &servers::check(&arguments.file, None)?, terminal);
    let shown = signature.display().to_string();
    terminal.result(&json!({ "signature": shown }), |output| writeln!(output, "Signed: {shown}"))
}

/// Prints a list.
fn export(servers: &Servers, ids: &[String]) -> Result<()> {
    let chosen = match ids {
        [] => servers.iter().map(|listed| listed.server.clone()).collect(),
        ids => ids.iter().map(|id| Ok(listed(servers, id)?.server.clone())).collect::<Result<Vec<_>>>()?,
    };
    print(ServerList { servers: chosen, ..ServerList::default() }.to_json().as_bytes())
}
