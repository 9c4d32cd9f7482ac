//! Tokens of PKCS#11 modules: which are there, whose keys are on them, which one opens a container, and what goes wrong with them.
//!
//! Modules run in processes of their own. A program that is to use them begins its `main` with [`serve_modules`].

use std::{path::Path, thread};

use cdoc2::{Header, shown};
use eid::{HeldKeyError, Holder, Module, PinState, Token, TokenError, TokenIdentity, TokenPin, Tokens, known_modules};
pub use eid::{serve_modules, withhold_from_modules};
use serde::Serialize;

use crate::{
    cards::Readiness,
    failure::{Failure, Result},
    opening::{Key, for_key, key_id, person_of, recipients_in_short},
    recipients::{initials, now},
    view::{
        self, Code, ErrorView, IdentityKind, ModuleFault, RecipientKind, RecipientWarning, SecretEntry, SecretView,
    },
};

/// A PKCS#11 module, and the tokens that it sees.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModuleView {
    /// Where it is.
    pub module: String,
    /// Its tokens, at most 16.
    pub tokens: Vec<TokenView>,
    /// How many more slots it has, which were not looked at.
    pub left_out: u64,
    /// Why it cannot be used.
    pub problem: Option<ErrorView>,
}

/// A token, as far as it shows itself without a PIN.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenView {
    /// The number of its slot.
    pub slot: u64,
    /// What the module calls the slot, often the reader's name.
    pub place: String,
    /// Its label.
    pub label: String,
    /// Who made it, and its model.
    pub model: String,
    /// Its serial number.
    pub serial: String,
    /// How its PIN stands.
    pub pin: PinStanding,
    /// How it is told its PIN.
    pub pin_entry: PinEntry,
    /// Whose keys are on it.
    pub identities: Vec<IdentityView>,
    /// Why that cannot be told.
    pub problem: Option<ErrorView>,
}

/// Somebody's key, as far as it shows itself without a PIN.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityView {
    /// The holder's name, or what the token calls the key.
    pub holder: String,
    /// The holder's personal or registry code.
    pub code: Option<String>,
    /// What it belongs to, by its certificate.
    pub document: RecipientKind,
    /// The key's algorithm.
    pub algorithm: String,
    /// End of the certificate's validity, unix seconds.
    pub valid_until: Option<i64>,
    /// What a sender, and the holder, should know of the certificate.
    pub warnings: Vec<RecipientWarning>,
    /// SHA-256 of the certificate in hex; servers give nothing to a key without one.
    pub certificate_sha256: Option<String>,
    /// Whether the module can open containers with it, as far as it says so.
    pub can_decrypt: bool,
}

/// How a token's PIN stands; PKCS#11 knows no numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PinStanding {
    /// Nothing is known against it.
    Good,
    /// Some wrong PIN was entered.
    Low,
    /// One try is left.
    LastTry,
    /// Blocked.
    Blocked,
    /// To be changed first.
    MustChange,
}

/// How a key is told its PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PinEntry {
    /// It is typed here.
    Typed,
    /// It is entered at the reader.
    AtReader,
    /// None is needed.
    NotNeeded,
}

impl TokenView {
    fn new(token: &Token) -> Self {
        let info = &token.info;
        let (identities, problem) = match &token.identities {
            Ok(identities) => (identities.iter().map(|identity| IdentityView::new(token, identity)).collect(), None),
            Err(error) => (Vec::new(), Some(in_module(&token.module, error).into_view())),
        };
        Self {
            slot: info.slot,
            place: info.place.clone(),
            label: info.label.clone(),
            model: format!("{} {}", info.manufacturer, info.model).trim().to_owned(),
            serial: info.serial.clone(),
            pin: match info.pin {
                PinState::Low => PinStanding::Low,
                PinState::LastTry => PinStanding::LastTry,
                PinState::Blocked => PinStanding::Blocked,
                PinState::MustChange => PinStanding::MustChange,
                _ => PinStanding::Good,
            },
            pin_entry: pin_entry(token),
            identities,
            problem,
        }
    }
}

impl IdentityView {
    fn new(token: &Token, identity: &TokenIdentity) -> Self {
        let certificate = identity.certificate.as_ref();
        let warnings = certificate.map(|certificate| certificate.warnings(now())).unwrap_or_default();
        Self {
            holder: identity.holder(),
            code: certificate.and_then(|certificate| certificate.code()).map(str::to_owned),
            document: certificate.map_or(RecipientKind::PublicKey, |certificate| certificate.document.into()),
            algorithm: identity.algorithm(),
            valid_until: certificate.map(|certificate| certificate.not_after),
            warnings: warnings.into_iter().map(RecipientWarning::from).collect(),
            certificate_sha256: certificate.map(|certificate| certificate.sha256.clone()),
            can_decrypt: token.can_open_with(identity).is_ok(),
        }
    }
}

fn pin_entry(token: &Token) -> PinEntry {
    match (token.info.needs_no_pin, token.info.has_pin_pad) {
        (true, _) => PinEntry::NotNeeded,
        (false, true) => PinEntry::AtReader,
        (false, false) => PinEntry::Typed,
    }
}

/// Looks at the tokens of every known module that is installed; no PIN is asked for.
pub fn modules() -> Vec<ModuleView> {
    // At once: a module that hangs delays no other.
    let looks: Vec<_> = known_modules().into_iter().map(|path| thread::spawn(move || module(&path, None))).collect();
    looks.into_iter().filter_map(|look| look.join().ok()).collect()
}

/// Looks at the tokens of a module, or at the one in a slot; no PIN is asked for.
pub fn module(path: &Path, slot: Option<u64>) -> ModuleView {
    let module = path.display().to_string();
    match listed(path, slot) {
        Ok(Tokens { tokens, left_out }) => {
            ModuleView { module, tokens: tokens.iter().map(TokenView::new).collect(), left_out, problem: None }
        }
        Err(failure) => ModuleView { module, tokens: Vec::new(), left_out: 0, problem: Some(failure.into_view()) },
    }
}

fn listed(module: &Path, slot: Option<u64>) -> Result<Tokens> {
    look(module, slot).map_err(|error| in_module(module, &error))
}

fn look(module: &Path, slot: Option<u64>) -> Result<Tokens, TokenError> {
    Module::open(module).and_then(|module| module.tokens(slot))
}

/// A token with a key for a container.
#[derive(Debug)]
pub struct FittingToken {
    token: Token,
    identity: TokenIdentity,
}

impl FittingToken {
    /// What people see before they enter the PIN.
    pub fn view(&self) -> TokenView {
        TokenView::new(&self.token)
    }

    /// Whose key it is, and on which token.
    pub fn holder(&self) -> Holder {
        self.token.holder(&self.identity)
    }

    /// Says whether a PIN can be asked for, and whether it would be of use. With one try left, only with `risk_last_try`.
    ///
    /// # Errors
    /// [`Code::TokenUnusable`] for a module without the mechanism, [`Code::PinBlocked`], [`Code::PinChangeRequired`],
    /// [`Code::PinLastTry`].
    pub fn check(&self, risk_last_try: bool) -> Result<()> {
        let ready = self.token.can_open_with(&self.identity).and_then(|()| self.token.ready(risk_last_try));
        ready.map_err(|error| in_module(&self.token.module, &error).held_by(&self.holder()))
    }

    /// How it is told its PIN.
    pub fn pin_entry(&self) -> PinEntry {
        pin_entry(&self.token)
    }

    /// The token as a key at hand. The PIN, where it is typed, is checked by the token when a key is used.
    ///
    /// # Errors
    /// [`Code::PinIncorrect`] without a number when it cannot be a PIN: the token is not asked then.
    pub fn into_key(self, pin: Option<&str>, risk_last_try: bool) -> Result<Key> {
        let read = |pin| TokenPin::new(pin).ok_or_else(|| no_pin().held_by(&self.holder()));
        let pin = pin.map(read).transpose()?;
        Ok(self.with_pin(pin, risk_last_try))
    }

    /// The same with a PIN that was taken already.
    pub(crate) fn with_pin(self, pin: Option<TokenPin>, risk_last_try: bool) -> Key {
        Key::Token(self.token.with_pin(pin, risk_last_try))
    }
}

/// What was given cannot be a token's PIN.
pub(crate) fn no_pin() -> Failure {
    let words = "the token's PIN has 1 to 255 bytes; the token was not asked";
    Failure::new(Code::PinIncorrect, words).about(TOKEN)
}

/// A key on a token, to be remembered as long as it is there.
#[derive(Clone)]
pub(crate) struct Held {
    /// What people see.
    pub(crate) identity: view::IdentityView,
    /// The slot's name: the reader, where the token is in one.
    pub(crate) place: String,
    /// Its certificate in DER.
    pub(crate) certificate: Option<Vec<u8>>,
}

/// Why a module shows no keys.
#[derive(Clone)]
pub(crate) struct ModuleProblem {
    pub(crate) view: Box<ErrorView>,
    pub(crate) fault: Option<ModuleFault>,
}

impl ModuleProblem {
    fn new(module: &Path, error: &TokenError) -> Self {
        let fault = match error {
            TokenError::NoModule(_) | TokenError::NoHelper(_) => Some(ModuleFault::NotLoaded),
            TokenError::Crashed(_) => Some(ModuleFault::Crashed),
            TokenError::TimedOut(_) => Some(ModuleFault::Silent),
            TokenError::Misbehaved(_) | TokenError::Failed(_) => Some(ModuleFault::Failing),
            _ => None,
        };
        Self { view: Box::new(in_module(module, error).into_view()), fault }
    }
}

/// The keys on a module's tokens that can open containers; no PIN is asked for.
///
/// # Errors
/// When no token can be asked.
pub(crate) fn held_by(module: &Path) -> Result<Vec<Held>, ModuleProblem> {
    let (mut held, mut problem) = (Vec::new(), None);
    for token in look(module, None).map_err(|error| ModuleProblem::new(module, &error))?.tokens {
        match &token.identities {
            Ok(identities) => {
                let usable = identities.iter().filter(|identity| token.can_open_with(identity).is_ok());
                held.extend(usable.map(|identity| self::held(&token, identity)));
            }
            Err(error) => problem = problem.or_else(|| Some(ModuleProblem::new(module, error))),
        }
    }
    problem.filter(|_| held.is_empty()).map_or(Ok(held), Err)
}

fn held(token: &Token, key: &TokenIdentity) -> Held {
    let IdentityView { holder, code, document, valid_until, warnings, .. } = IdentityView::new(token, key);
    let TokenView { label, model, place, .. } = TokenView::new(token);
    let certificate = key.certificate.as_ref().map(|certificate| certificate.der.clone());
    let identity = view::IdentityView {
        id: id(key),
        kind: IdentityKind::Token,
        place: shown(if label.is_empty() { &place } else { &label }),
        key_id: key_id(&key.public_key),
        person: certificate.as_deref().and_then(person_of),
        initials: initials(&holder),
        holder,
        code,
        document,
        document_number: None,
        model: shown(&model),
        valid_until,
        warnings,
        secret: SecretView {
            least: TokenPin::LENGTHS.0,
            most: TokenPin::LENGTHS.1,
            tries_left: match token.info.pin {
                _ if token.info.needs_no_pin => None,
                PinState::Blocked => Some(0),
                PinState::LastTry => Some(1),
                _ => None,
            },
            was_wrong: !token.info.needs_no_pin && token.info.pin == PinState::Low,
            must_change: !token.info.needs_no_pin && token.info.pin == PinState::MustChange,
            entry: match pin_entry(token) {
                PinEntry::Typed => SecretEntry::Typed,
                PinEntry::AtReader => SecretEntry::OnReader,
                PinEntry::NotNeeded => SecretEntry::NotNeeded,
            },
        },
    };
    Held { identity, place, certificate }
}

/// Names a key of a token: by its certificate, where it has one.
fn id(key: &TokenIdentity) -> String {
    key.certificate.as_ref().map_or_else(|| key_id(&key.public_key), |certificate| certificate.sha256.clone())
}

/// The key of this name on a module's tokens.
///
/// # Errors
/// [`Code::NoToken`] when it is not there, and whatever hides the token.
pub(crate) fn with_id(module: &Path, wanted: &str) -> Result<FittingToken> {
    for token in listed(module, None)?.tokens {
        let identities = token.identities.as_deref().unwrap_or_default();
        if let Some(identity) = identities.iter().find(|identity| id(identity) == wanted).cloned() {
            return Ok(FittingToken { token, identity });
        }
    }
    Err(in_module(module, &TokenError::NoToken(None)))
}

/// The tokens of a module, or in one of its slots, that hold a key for a container, at least one: first those whose PIN may be asked for at
/// no risk, last those whose PIN is blocked.
///
/// # Errors
/// [`Code::NotARecipient`], [`Code::NoToken`], and whatever hides the token.
pub fn fitting(header: &Header, module: &Path, slot: Option<u64>) -> Result<Vec<FittingToken>> {
    let Tokens { mut tokens, left_out } = listed(module, slot)?;
    if tokens.is_empty() {
        return Err(in_module(module, &TokenError::NoToken(slot)));
    }
    let looked_at = tokens.len();
    tokens.sort_by_key(|token| match token.info.pin {
        _ if token.info.needs_no_pin => Readiness::Good,
        PinState::Blocked => Readiness::Blocked,
        PinState::MustChange => Readiness::ToBeChanged,
        PinState::LastTry => Readiness::LastTry,
        _ => Readiness::Good,
    });
    let (mut fitting, mut holders, mut problem) = (Vec::new(), Vec::new(), None);
    for token in tokens {
        match &token.identities {
            Err(error) => problem = problem.or(Some(error.clone())),
            Ok(identities) => {
                let fits = |identity: &&TokenIdentity| {
                    header.records().iter().any(|record| for_key(record, &identity.public_key))
                };
                if let Some(identity) = identities.iter().find(fits).cloned() {
                    fitting.push(FittingToken { token, identity });
                    continue;
                }
                holders.extend(identities.iter().map(TokenIdentity::holder));
            }
        }
    }
    match problem {
        _ if !fitting.is_empty() => Ok(fitting),
        // It may be in one of those.
        _ if left_out > 0 => {
            let words =
                format!("no key of the first {} tokens fits, and the module has {left_out} slots more", looked_at);
            Err(Failure::new(Code::NoToken, words).about(shown_path(module)).with_number(left_out))
        }
        Some(error) if holders.is_empty() => Err(in_module(module, &error)),
        _ => {
            let words = format!("the token ({}) is no recipient of this container", holders.join(", "));
            Err(Failure::new(Code::NotARecipient, words).with_names(recipients_in_short(header)))
        }
    }
}

/// Tells a token's PIN from a card's.
const TOKEN: &str = "token";

fn shown_path(module: &Path) -> String {
    shown(&module.display().to_string())
}

fn in_module(module: &Path, error: &TokenError) -> Failure {
    let failure = failure(error);
    match failure.code() {
        Code::TokenUnusable | Code::NoToken => failure.about(shown_path(module)),
        _ => failure,
    }
}

/// What went wrong with a token's key, and whose it is.
pub(crate) fn failure_of(error: &HeldKeyError<TokenError>) -> Failure {
    failure(&error.cause).held_by(&error.holder)
}

/// What went wrong with a token, in the terms of this crate.
pub(crate) fn failure(error: &TokenError) -> Failure {
    let code = match error {
        TokenError::PinIncorrect { .. } | TokenError::PinLength { .. } => Code::PinIncorrect,
        TokenError::LastTry => Code::PinLastTry,
        TokenError::PinBlocked => Code::PinBlocked,
        TokenError::PinChangeRequired => Code::PinChangeRequired,
        TokenError::PinCancelled => Code::PinCancelled,
        TokenError::NoToken(_) => Code::NoToken,
        TokenError::Removed => Code::CardRemoved,
        _ => Code::TokenUnusable,
    };
    let failure = Failure::new(code, error.to_string());
    match error {
        TokenError::PinIncorrect { last_try_next: true } | TokenError::LastTry => failure.about(TOKEN).with_number(1),
        _ if matches!(code, Code::PinIncorrect | Code::PinBlocked | Code::PinChangeRequired) => failure.about(TOKEN),
        _ => failure,
    }
}
