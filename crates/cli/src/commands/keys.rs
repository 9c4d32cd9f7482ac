//! `keys`: the keys at hand, why one cannot be used, and what is remembered.

use std::{
    io::{self, Write},
    path::Path,
};

use app::{
    Failure, Result,
    cards::{self, CardView, ReaderView},
    opening::read_secret_bytes,
    remembered::{self, Remembered, RememberedKind, Secret},
    servers::Expiry,
    tokens::{self, IdentityView, ModuleView, PinEntry, PinStanding, TokenView},
    view::{Code, RecipientWarning},
};
use cdoc2::shown;
use serde_json::{Value, json};

use super::inspect::kind;
use crate::{
    arguments::Secrets,
    cards::{HeldKeysCommand, Remember, Where},
    secrets::{PasswordSource, one_password},
    terminal::Terminal,
    words,
};

pub(crate) fn keys(command: HeldKeysCommand, terminal: &Terminal) -> Result<()> {
    match command {
        HeldKeysCommand::List(Where { pkcs11: Some(module), slot, .. }) => list_module(&module, slot, terminal),
        HeldKeysCommand::List(Where { reader, .. }) => list(reader.as_deref(), terminal),
        HeldKeysCommand::Test(Where { pkcs11: Some(module), slot, .. }) => test_module(&module, slot, terminal),
        HeldKeysCommand::Test(Where { reader, .. }) => test(reader.as_deref(), terminal),
        HeldKeysCommand::Remember(arguments) => remember(&arguments, terminal),
        HeldKeysCommand::Forget { label } => forget(&label, terminal),
    }
}

fn remember(arguments: &Remember, terminal: &Terminal) -> Result<()> {
    let secret = match &arguments.secret_file {
        Some(file) => Secret::Key(read_secret_bytes(file)?),
        None => {
            let secrets: Secrets = (&arguments.password).into();
            // What is typed wrong here would be found out much later.
            let typed = PasswordSource::Prompt { twice: true };
            Secret::Password(if secrets.is_named() { one_password(&secrets)? } else { typed.read()? })
        }
    };
    remembered::remember(&arguments.label, secret)?;
    let label = &arguments.label;
    terminal.result(&json!({ "remembered": label }), |output| writeln!(output, "Remembered under {label}"))
}

fn forget(label: &str, terminal: &Terminal) -> Result<()> {
    let was_there = remembered::forget(label)?;
    terminal.result(&json!({ "forgotten": was_there }), |output| match was_there {
        true => writeln!(output, "Forgotten: {label}"),
        false => writeln!(output, "Nothing was remembered under {label}"),
    })
}

/// Cards, the tokens of known modules, and labels: each in place of which there is nothing hides no other.
fn list(reader: Option<&str>, terminal: &Terminal) -> Result<()> {
    let readers = cards::readers(reader);
    // With a reader, cards are meant.
    let mut modules = if reader.is_none() { tokens::modules() } else { Vec::new() };
    leave_out_cards(&mut modules, readers.as_deref().unwrap_or_default());
    let labels = if reader.is_none() { remembered::labels()? } else { Vec::new() };
    let (readers, problem) = match readers {
        Ok(readers) => (readers, None),
        Err(failure) if modules.iter().all(|module| module.tokens.is_empty()) && labels.is_empty() => {
            return Err(failure);
        }
        Err(failure) => (Vec::new(), Some(failure.into_view())),
    };
    let value = json!({ "readers": readers, "problem": problem, "modules": modules, "remembered": labels });
    terminal.result(&value, |output| {
        if let Some(problem) = &problem {
            writeln!(output, "{}", words::cause(problem))?;
        }
        for reader in &readers {
            writeln!(output, "{}", reader.reader)?;
            match (&reader.card, &reader.problem) {
                (Some(card), _) => show(card, output)?,
                (None, Some(problem)) => writeln!(output, "  {}", words::cause(problem))?,
                (None, None) => {}
            }
        }
        modules.iter().try_for_each(|module| show_module(module, output))?;
        show_labels(&labels, output)
    })
}

/// Tokens that show what a reader shows already, and those with no key to open with.
fn leave_out_cards(modules: &mut Vec<ModuleView>, readers: &[ReaderView]) {
    let cards: Vec<_> = readers.iter().filter_map(|reader| reader.card.as_ref()).collect();
    let is_card = |identity: &IdentityView| {
        let of = |card: &&CardView| identity.certificate_sha256.as_ref() == Some(&card.certificate_sha256);
        cards.iter().any(of)
    };
    for module in &mut *modules {
        module.tokens.retain(|token| token.problem.is_some() || !token.identities.iter().all(is_card));
    }
    modules.retain(|module| module.problem.is_some() || !module.tokens.is_empty());
}

fn list_module(path: &Path, slot: Option<u64>, terminal: &Terminal) -> Result<()> {
    let module = look_at(path, slot)?;
    terminal.result(&json!({ "modules": [module] }), |output| show_module(&module, output))
}

/// A module that can be used, with the tokens that are meant.
fn look_at(path: &Path, slot: Option<u64>) -> Result<ModuleView> {
    let module = tokens::module(path, slot);
    match module.problem {
        Some(problem) => Err(problem.into()),
        None => Ok(module),
    }
}

fn show_module(module: &ModuleView, output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, "{}", shown(&module.module))?;
    if let Some(problem) = &module.problem {
        return writeln!(output, "  {}", problem.detail);
    }
    if module.tokens.is_empty() {
        writeln!(output, "  it sees no token")?;
    }
    module.tokens.iter().try_for_each(|token| show_token(token, output))?;
    match module.left_out {
        0 => Ok(()),
        left_out => writeln!(output, "  {left_out} slots more, which were not looked at: --slot names one"),
    }
}

fn show_token(token: &TokenView, output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, "  slot {}: {}", token.slot, token.label)?;
    if let Some(problem) = &token.problem {
        return writeln!(output, "    {}", problem.detail);
    }
    if token.identities.is_empty() {
        writeln!(output, "    no key to open with")?;
    }
    for identity in &token.identities {
        writeln!(output, "    {}", who(identity))?;
        if let Some(until) = identity.valid_until {
            writeln!(output, "      certificate {}", validity(until, &identity.warnings))?;
        }
    }
    writeln!(output, "    PIN: {}", token_pin(token))
}

/// `ID-card of Mari Maasikas, 49001010005, P-384`.
fn who(identity: &IdentityView) -> String {
    let name = if identity.holder.is_empty() { "?" } else { &identity.holder };
    let code = identity.code.as_deref().filter(|code| *code != identity.holder);
    let code = code.map(|code| format!(", {code}")).unwrap_or_default();
    format!("{} of {name}{code}, {}", kind(identity.document), identity.algorithm)
}

fn token_pin(token: &TokenView) -> &'static str {
    match (token.pin_entry, token.pin) {
        (PinEntry::NotNeeded, _) => "not needed",
        (_, PinStanding::Blocked) => "blocked",
        (_, PinStanding::MustChange) => "must be changed before it can be used",
        (_, PinStanding::LastTry) => "1 try left",
        (_, PinStanding::Low) => "a wrong one was entered",
        (PinEntry::AtReader, PinStanding::Good) => "entered at the reader",
        (PinEntry::Typed, PinStanding::Good) => "good",
    }
}

fn show_labels(labels: &[Remembered], output: &mut dyn Write) -> io::Result<()> {
    if !labels.is_empty() {
        writeln!(output, "Remembered in the system's keyring")?;
    }
    labels.iter().try_for_each(|one| {
        let what = match one.kind {
            RememberedKind::Password => "password",
            RememberedKind::SymmetricKey => "symmetric key",
        };
        writeln!(output, "  {} ({what})", one.label)
    })
}

fn show(card: &CardView, output: &mut dyn Write) -> io::Result<()> {
    write!(output, "  {} of {}", kind(card.document), card.holder)?;
    if let Some(code) = card.code.as_deref().filter(|code| *code != card.holder) {
        write!(output, ", {code}")?;
    }
    if let Some(number) = &card.document_number {
        write!(output, ", document {number}")?;
    }
    writeln!(output)?;
    writeln!(output, "  certificate {}", validity(card.valid_until, &card.warnings))?;
    writeln!(output, "  PIN1: {}", pin(card))
}

fn pin(card: &CardView) -> String {
    match card.tries_left {
        0 => "blocked".to_owned(),
        _ if card.must_change_pin => "must be changed before it can be used".to_owned(),
        1 => "1 try left".to_owned(),
        tries => format!("{tries} tries left"),
    }
}

fn day(unix: i64) -> String {
    let moment = Expiry::from_unix(unix).map(|moment| moment.to_string()).unwrap_or_default();
    moment.chars().take(10).collect()
}

/// A step on the way to a card that can be used.
struct Step {
    name: &'static str,
    found: Found,
}

/// What a step has found, in words.
enum Found {
    Good(String),
    Bad(String),
    /// Nothing to open with, and nothing wrong either.
    NotMeant(String),
}

impl Step {
    fn good(name: &'static str, words: String) -> Self {
        Self { name, found: Found::Good(words) }
    }

    fn bad(name: &'static str, words: String) -> Self {
        Self { name, found: Found::Bad(words) }
    }

    fn is_good(&self) -> bool {
        matches!(self.found, Found::Good(_))
    }

    fn words(&self) -> &str {
        let (Found::Good(words) | Found::Bad(words) | Found::NotMeant(words)) = &self.found;
        words
    }
}

fn is_good(steps: &[Step]) -> bool {
    steps.iter().all(Step::is_good)
}

fn test(reader: Option<&str>, terminal: &Terminal) -> Result<()> {
    let readers = cards::readers(reader)?;
    let steps: Vec<_> = readers.iter().map(|reader| (reader, steps(reader))).collect();
    let value: Vec<_> = steps
        .iter()
        .map(|(reader, steps)| {
            let lines: Vec<_> = steps.iter().map(step_value).collect();
            json!({ "reader": reader.reader, "atr": reader.atr, "good": is_good(steps), "steps": lines })
        })
        .collect();
    let good = steps.iter().any(|(_, steps)| is_good(steps));
    terminal.result(&json!({ "good": good, "readers": value }), |output| {
        steps.iter().try_for_each(|(reader, steps)| show_steps(&reader.reader, steps, output))
    })?;
    if good { Ok(()) } else { Err(telling(readers)) }
}

fn show_steps(of: &str, steps: &[Step], output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, "{of}")?;
    steps.iter().try_for_each(|step| {
        let mark = match step.found {
            Found::Good(_) => "ok",
            Found::Bad(_) => "FAILED",
            Found::NotMeant(_) => "-",
        };
        writeln!(output, "  {mark:6}  {:12} {}", step.name, step.words())
    })
}

fn test_module(path: &Path, slot: Option<u64>, terminal: &Terminal) -> Result<()> {
    let module = look_at(path, slot)?;
    if module.tokens.is_empty() {
        let words = "the PKCS#11 module runs, and sees no token";
        return Err(Failure::new(Code::NoToken, words).about(module.module));
    }
    let steps: Vec<_> = module.tokens.iter().map(|token| (token, token_steps(token))).collect();
    let good = steps.iter().any(|(_, steps)| is_good(steps));
    let value: Vec<_> = steps
        .iter()
        .map(|(token, steps)| {
            let lines: Vec<_> = steps.iter().map(step_value).collect();
            json!({ "slot": token.slot, "label": token.label, "good": is_good(steps), "steps": lines })
        })
        .collect();
    terminal.result(&json!({ "good": good, "module": module.module, "tokens": value }), |output| {
        writeln!(output, "{}", shown(&module.module))?;
        steps.iter().try_for_each(|(token, steps)| show_steps(&format!("slot {}", token.slot), steps, output))
    })?;
    if good { Ok(()) } else { Err(telling_token(&module, &steps)) }
}

/// What was found out about a token, up to the first failure.
fn token_steps(token: &TokenView) -> Vec<Step> {
    let (good, bad) = (Step::good, Step::bad);
    let mut steps = vec![good("module", "it runs".to_owned())];
    steps.push(good("token", format!("{}, {}, {}", token.label, token.model, token.serial)));
    if let Some(problem) = &token.problem {
        steps.push(bad("keys", problem.detail.clone()));
        return steps;
    }
    if token.identities.is_empty() {
        let words = "not for decryption: it shows no certificate or public key to open with".to_owned();
        steps.push(Step { name: "keys", found: Found::NotMeant(words) });
        return steps;
    }
    for identity in &token.identities {
        steps.push(good("key", who(identity)));
        steps.push(match identity.valid_until {
            None => good("certificate", "none: capsule servers will ask for one".to_owned()),
            Some(until) => good("certificate", validity(until, &identity.warnings)),
        });
        let name = "mechanism";
        steps.push(match identity.can_decrypt {
            true => good(name, "it can open containers, by its own word".to_owned()),
            false => bad(name, "it cannot open containers: neither ECDH nor RSA-OAEP for this key".to_owned()),
        });
    }
    let is_usable =
        token.pin_entry == PinEntry::NotNeeded || !matches!(token.pin, PinStanding::Blocked | PinStanding::MustChange);
    steps.push(if is_usable {
        good("PIN", token_pin(token).to_owned())
    } else {
        bad("PIN", token_pin(token).to_owned())
    });
    steps
}

/// The failure of the token that came furthest.
fn telling_token(module: &ModuleView, steps: &[(&TokenView, Vec<Step>)]) -> Failure {
    let furthest = steps.iter().max_by_key(|(_, steps)| steps.iter().take_while(|step| step.is_good()).count());
    let (token, steps) = furthest.expect("there is a token");
    let words = steps.iter().find(|step| !step.is_good()).map(Step::words).unwrap_or_default();
    let is_pin_bad = steps.iter().filter(|step| !step.is_good()).all(|step| step.name == "PIN");
    match (is_pin_bad, token.pin) {
        (true, PinStanding::Blocked) => Failure::new(Code::PinBlocked, "the token's PIN is blocked").about("token"),
        (true, _) => Failure::new(Code::PinChangeRequired, format!("the token's PIN {words}")).about("token"),
        (false, _) => Failure::new(Code::TokenUnusable, words).about(&module.module),
    }
}

fn validity(until: i64, warnings: &[RecipientWarning]) -> String {
    if warnings.contains(&RecipientWarning::Expired) {
        // It still opens what is encrypted for it; servers give it nothing.
        format!("expired on {}; capsule servers will refuse it", day(until))
    } else if warnings.contains(&RecipientWarning::NotYetValid) {
        "not valid yet; capsule servers will refuse it".to_owned()
    } else {
        format!("valid until {}", day(until))
    }
}

fn step_value(step: &Step) -> Value {
    json!({ "step": step.name, "good": step.is_good(), "detail": step.words() })
}

/// What was found out about a reader, up to the first failure.
fn steps(reader: &ReaderView) -> Vec<Step> {
    let good = Step::good;
    let mut steps = vec![good("service", "it runs".to_owned())];
    if let Some(atr) = &reader.atr {
        steps.push(good("card", format!("ATR {atr}")));
    }
    let Some(card) = &reader.card else {
        let name = if reader.atr.is_some() { "application" } else { "card" };
        let words = reader.problem.as_ref().map(words::cause).unwrap_or_default();
        steps.push(Step::bad(name, words));
        return steps;
    };
    steps.push(good("application", card.model.clone()));
    steps.push(good("holder", card.holder.clone()));
    steps.push(good("certificate", validity(card.valid_until, &card.warnings)));
    steps.push(if card.obstacle().is_none() { good("PIN1", pin(card)) } else { Step::bad("PIN1", pin(card)) });
    steps
}

/// The failure of the reader that has something in it.
fn telling(readers: Vec<ReaderView>) -> Failure {
    let problem = |reader: ReaderView| match reader.card {
        Some(card) => card.obstacle(),
        None => reader.problem.map(Failure::from),
    };
    let failures = readers.into_iter().filter_map(problem);
    let telling = failures.max_by_key(|failure| failure.code() != Code::NoCard);
    telling.expect("a reader without failure would be good")
}
