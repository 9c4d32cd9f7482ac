//! Keys that are in no file: what is in readers, who holds it, and how it asks for its secret.

use serde::Serialize;
use ts_rs::TS;

use super::{ErrorView, RecipientKind, RecipientWarning};

/// The keys at hand, told without asking for a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeysView {
    /// Every key that can be used, or could be but for its secret.
    pub identities: Vec<IdentityView>,
    /// Every reader, in the order of the system.
    pub readers: Vec<ReaderStateView>,
    /// PKCS#11 modules that are asked.
    pub modules: Vec<ModuleStateView>,
    /// Why no reader can be asked.
    pub problem: Option<ErrorView>,
    /// Whether the system has been asked yet.
    pub is_known: bool,
}

/// A key with its certificate, wherever it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct IdentityView {
    /// Names it in further commands: the SHA-256 of its certificate, in hex, or of its public key where it has none.
    pub id: String,
    /// What keeps it.
    pub kind: IdentityKind,
    /// Where: the reader's name, or the token's label.
    pub place: String,
    /// Which records it opens: those with this `key_id`.
    pub key_id: String,
    /// And those with this `person`, whose keys are split.
    pub person: Option<String>,
    /// The holder's name, or what a token calls a key without certificate.
    pub holder: String,
    /// Initials for the round picture, 1 or 2 letters.
    pub initials: String,
    /// Personal or registry code.
    pub code: Option<String>,
    /// What document it is, by its certificate.
    pub document: RecipientKind,
    /// The document's number, where it tells it.
    pub document_number: Option<String>,
    /// Who made it and when.
    pub model: String,
    /// End of the certificate's validity, unix seconds; absent where it has no certificate.
    pub valid_until: Option<i64>,
    /// What the holder should know of the certificate.
    pub warnings: Vec<RecipientWarning>,
    /// How it asks for its secret.
    pub secret: SecretView,
}

/// What keeps a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum IdentityKind {
    /// An ID-card in a reader.
    Card,
    /// A token of a PKCS#11 module.
    Token,
}

/// How a key asks for its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SecretView {
    /// Fewest characters; digits on a card.
    pub least: u8,
    /// Most characters.
    pub most: u8,
    /// How often a wrong one is still allowed, where that is known; with 0 it is blocked.
    pub tries_left: Option<u8>,
    /// A wrong one was entered since the last right one, and that is all that is known: a token says so, and tells no number.
    pub was_wrong: bool,
    /// It has to be changed before it can be used.
    pub must_change: bool,
    /// Where it is entered.
    pub entry: SecretEntry,
}

/// Where a key's secret is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SecretEntry {
    /// It is typed here.
    Typed,
    /// On the reader's PIN pad; it never comes into this computer.
    OnReader,
    /// The key needs none.
    NotNeeded,
}

/// A PKCS#11 module, and what it sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ModuleStateView {
    /// Its file's name.
    pub name: String,
    /// Its folder, shortened for reading.
    pub folder: String,
    /// The person has chosen it; others are known to the program.
    pub is_chosen: bool,
    /// It is being asked.
    pub is_busy: bool,
    /// The keys on its tokens, by their `id`.
    pub identities: Vec<String>,
    /// Why it cannot be used.
    pub problem: Option<ErrorView>,
    /// What of that is the module's own doing.
    pub fault: Option<ModuleFault>,
}

/// What is wrong with a PKCS#11 module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ModuleFault {
    /// It is not there, or is no module for this system.
    NotLoaded,
    /// It crashed.
    Crashed,
    /// It does not answer in time.
    Silent,
    /// It fails, or answers otherwise than such a module does.
    Failing,
}

/// A reader, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReaderStateView {
    /// The reader's name.
    pub name: String,
    /// What the card answered when it was put in, in hex.
    pub atr: Option<String>,
    /// How it stands with what is in it.
    pub state: ReaderState,
    /// The key in it, by its `id`.
    pub identity: Option<String>,
    /// Why there is none to use.
    pub problem: Option<ErrorView>,
}

/// How it stands with a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ReaderState {
    /// Nothing is in it.
    Empty,
    /// The card is being looked at.
    Reading,
    /// There is a card that is known.
    Ready,
    /// What is in it cannot be used.
    Failed,
}

/// What a test of a reader has found, step by step up to the first failure.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReaderReport {
    /// The reader's name.
    pub reader: String,
    /// The steps.
    pub steps: Vec<CardStepReport>,
    /// Why its card cannot be used.
    pub problem: Option<ErrorView>,
}

/// A step on the way to a card that can be used.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CardStepReport {
    /// What was looked at.
    pub step: CardStep,
    /// Whether it is in order.
    pub good: bool,
    /// What was found: an ATR, a name; technical, in English where it is a sentence.
    pub detail: String,
    /// A point in time that belongs to it, unix seconds.
    pub until: Option<i64>,
}

/// What a test of a reader looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CardStep {
    /// The system's smart-card service runs.
    Service,
    /// A card is in the reader and answers.
    Card,
    /// It is of a kind that is known, and is what it says.
    Application,
    /// Its certificate can be read.
    Holder,
    /// The certificate's validity.
    Certificate,
    /// The PIN's tries.
    Pin,
}

/// A card to try the program with, which `make run` put into a reader.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DemoView {
    /// Its holder, as it tells it.
    pub holder: String,
    /// Its PIN1, which is no secret.
    pub pin: String,
}
