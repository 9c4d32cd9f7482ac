//! What a front end shows: plain values without paths it could misuse, generated as TypeScript for the window.
//!
//! Files are named by [`FileId`], a number that stands for a path a person chose in a dialog, by a drop or as an
//! argument; the web view can name no other file.

mod keys;
mod remembered;
mod servers;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use self::keys::{
    CardStep, CardStepReport, DemoView, IdentityKind, IdentityView, KeysView, ModuleFault, ModuleStateView,
    ReaderReport, ReaderState, ReaderStateView, SecretEntry, SecretView,
};
pub use self::remembered::{RememberAs, RememberedSecret, RememberedView};
pub use self::servers::{
    AddressReport, DeceitKind, DeceitView, DeliveryDraft, DeliveryView, KeyCertificateView, LeftOut, Needed,
    NetworkDraft, NetworkView, NewServerDraft, PinView, ProxyKind, ServerOrigin, ServerProgress, ServerReport,
    ServerState, ServerStep, ServerView, ServersView, ShareView, ShownCertificate, StepReport,
};

/// Stands for a path that the person chose.
pub type FileId = u32;

/// What a chosen file is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ChosenKind {
    /// Anything to be encrypted.
    File,
    /// A CDOC2 container.
    Container,
    /// A CDOC 1 container.
    OldContainer,
    /// A certificate or public key.
    Recipient,
    /// A private key, which belongs to its owner alone.
    PrivateKey,
    /// Named as a container, and none: another file, an empty one, or what a broken download has left.
    Misnamed,
    /// Something that cannot be encrypted (a pipe, a device, unreadable); see `problem`.
    Unusable,
}

/// A file that the person chose.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Chosen {
    /// Names the file in further commands.
    pub id: FileId,
    /// Base name.
    pub name: String,
    /// The folder, shortened for people (`~/Documents`).
    pub folder: String,
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: ChosenKind,
    /// Why it is unusable.
    pub problem: Option<ErrorView>,
}

/// Files that arrived by a dialog, a drop, a double-click or a second launch.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Incoming {
    /// The files, folders already replaced by the files in them.
    pub files: Vec<Chosen>,
    /// Links inside chosen folders, which are not followed.
    pub links_left_out: u32,
    /// Where they were dropped, in CSS pixels of the window; absent for other ways.
    pub position: Option<Position>,
}

/// A place in the window, in CSS pixels.
#[derive(Clone, Copy, Debug, Serialize, TS)]
pub struct Position {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// What the window needs when it starts.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StartView {
    /// Version of the program.
    pub version: String,
    /// Chosen or the system's language.
    pub language: Language,
    /// Chosen appearance.
    pub appearance: Appearance,
    /// Containers used last, newest first, at most 5.
    pub recent: Vec<RecentView>,
    /// The servers of all lists.
    pub servers: ServersView,
    /// The keys at hand, as far as they are known yet.
    pub keys: KeysView,
    /// A card to try the program with.
    pub demo: Option<DemoView>,
    /// Files given as arguments.
    pub incoming: Option<Incoming>,
}

/// Languages of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Language {
    /// Estonian.
    Et,
    /// English.
    En,
    /// Russian.
    Ru,
}

/// Appearance of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Appearance {
    /// As the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// A container used before.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecentView {
    /// Names the container in further commands.
    pub id: FileId,
    /// Base name.
    pub name: String,
    /// The folder, shortened for people.
    pub folder: String,
    /// Whether it was encrypted here (else opened).
    pub encrypted: bool,
    /// For whom it is, in short.
    pub recipients: Vec<String>,
    /// When, in unix seconds.
    pub at: i64,
    /// Until when servers keep what somebody needs to open it, in unix seconds; none when somebody always can.
    pub until: Option<i64>,
}

/// Somebody who shall be able to open the container, from a certificate or public key file.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecipientView {
    /// Names the recipient in further commands.
    pub id: FileId,
    /// The person's or organisation's name, else the file's.
    pub name: String,
    /// Initials for the round picture, 1 or 2 letters.
    pub initials: String,
    /// What kind of key.
    pub kind: RecipientKind,
    /// Personal or registry code.
    pub code: Option<String>,
    /// The file it came from.
    pub file: String,
    /// End of validity, unix seconds.
    pub valid_until: Option<i64>,
    /// Algorithm in the field's terms: `P-384`, `RSA 2048`.
    pub algorithm: String,
    /// What the person should know before encrypting.
    pub warnings: Vec<RecipientWarning>,
    /// The number that certificates of the person bear, `PNOEE-38001085718`, when the recipient is a person by code and no file.
    pub person: Option<String>,
}

/// What kind of key a recipient has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RecipientKind {
    /// Estonian ID-card.
    IdCard,
    /// Digi-ID.
    DigiId,
    /// Digi-ID of an e-resident.
    EResident,
    /// Certificate of an organisation.
    Organisation,
    /// Another certificate.
    Certificate,
    /// A bare public key.
    PublicKey,
    /// A symmetric key.
    Secret,
    /// A password.
    Password,
    /// A person by code: key shares, fetched by whatever means of the person the servers accept.
    Shares,
    /// Not known to this version, or broken.
    Unknown,
}

/// What the person should know about a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RecipientWarning {
    /// The certificate is no longer valid.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The certificate is not meant for encryption.
    NotForEncryption,
    /// The key cannot decrypt (Mobile-ID, Smart-ID).
    CannotDecrypt,
    /// A curve that older programs do not read.
    RecentReaderNeeded,
}

/// What the person wants to encrypt.
#[derive(Clone, Debug, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EncryptionDraft {
    /// Files in the order shown.
    pub files: Vec<DraftFile>,
    /// Recipients from files.
    pub recipients: Vec<FileId>,
    /// Persons by code, `PNOEE-38001085718`.
    pub persons: Vec<String>,
    /// Whether a password will stand beside them (the password itself comes with `encrypt`).
    pub with_password: bool,
    /// Where the capsules of recipients with keys go.
    pub delivery: DeliveryDraft,
    /// Where to; absent: the proposal.
    pub output: Option<FileId>,
}

/// One file of a draft.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DraftFile {
    /// Which file.
    pub id: FileId,
    /// Another name in the container than the file has.
    pub name: Option<String>,
}

/// What would be encrypted, and what stands in the way.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EncryptionPlan {
    /// Each file of the draft, in order.
    pub files: Vec<PlannedFile>,
    /// Bytes of all files.
    pub total_size: u64,
    /// The recipients, a password among them.
    pub recipients: Vec<RecipientView>,
    /// Where their capsules would go; absent: inside the file.
    pub delivery: Option<DeliveryView>,
    /// Where to.
    pub output: OutputView,
    /// What hinders as a whole (no files, no recipients, too large).
    pub blockers: Vec<ErrorView>,
    /// What the person should know (more than 1000 files: older programs refuse).
    pub warnings: Vec<PlanWarning>,
}

/// What the person should know about a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PlanWarning {
    /// Above 1000 files: the Java reader refuses the container.
    ManyFiles,
    /// Above 10 000 files: Kapsel opens the container only when its recipient raises the limit.
    FilesBeyondLimit,
}

/// A file of a plan.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedFile {
    /// Which file.
    pub id: FileId,
    /// Name in the container.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Why it cannot be encrypted so.
    pub problem: Option<ErrorView>,
    /// A name that would be allowed, when the name is the problem.
    pub safe_name: Option<String>,
}

/// Where a container will be written.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OutputView {
    /// Names the place in further commands.
    pub id: FileId,
    /// Base name.
    pub name: String,
    /// The folder, shortened for people.
    pub folder: String,
}

/// A written container.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EncryptionDone {
    /// The container.
    pub output: OutputView,
    /// Its bytes.
    pub size: u64,
    /// Number of files in it.
    pub files: u32,
    /// Bytes of the files in it.
    pub content_size: u64,
    /// Who can open it.
    pub recipients: Vec<RecipientView>,
    /// Names of the servers that keep capsules of it, one of which is enough to open.
    pub servers: Vec<String>,
    /// Recipients whose keys are split over servers.
    pub shares: Vec<ShareView>,
    /// Until when they keep them, the earliest of them; unix seconds.
    pub kept_until: Option<i64>,
    /// Until when somebody can open it, in unix seconds; none when somebody always can.
    pub opens_until: Option<i64>,
    /// Servers that deceived while the container that was encrypted again was opened.
    pub deceits: Vec<DeceitView>,
}

/// What a container tells without a key.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ContainerView {
    /// Names the container in further commands.
    pub id: FileId,
    /// Base name.
    pub name: String,
    /// The folder, shortened for people.
    pub folder: String,
    /// Bytes.
    pub size: u64,
    /// A line a record, in the order of the header.
    pub records: Vec<RecordView>,
    /// What is remembered that may open it.
    pub remembered: Vec<RememberedView>,
    /// How its password would be remembered; absent where it would not be found again.
    pub remember_as: Option<RememberAs>,
    /// Where the files would be saved: a folder beside the container.
    pub destination: OutputView,
}

/// One recipient record.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecordView {
    /// Position in the header, from 0.
    pub index: u32,
    /// For whom, by the label (which anybody can write).
    pub name: String,
    /// Initials for the round picture.
    pub initials: String,
    /// What kind of key opens it.
    pub kind: RecipientKind,
    /// Personal code, when the label tells it.
    pub code: Option<String>,
    /// Algorithm in the field's terms.
    pub algorithm: String,
    /// SHA-256 of the public key that it is for, in hex; absent where it is for none.
    pub key_id: Option<String>,
    /// The person for whom its key is split, as shares name persons: `etsi/PNOEE-38001085718`.
    pub person: Option<String>,
    /// Identifier of the capsule server, or base URLs of the share servers.
    pub servers: Vec<String>,
    /// Until when the server keeps it, by the label; unix seconds.
    pub until: Option<i64>,
    /// Password hint, by the label.
    pub hint: Option<String>,
    /// Which key of this program opens it now.
    pub opens_with: OpensWith,
    /// Why the record is not usable, when it is not.
    pub problem: Option<RecordProblem>,
    /// Why its server cannot be asked: not in a list, not usable, or a list has a mistake. Of a split key, the first of its servers that cannot.
    pub server_problem: Option<Code>,
    /// Which server that is, as in `servers`.
    pub problem_server: Option<String>,
}

/// Why nobody can use a record with this version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecordProblem {
    /// Whose fault it is.
    pub kind: RecordProblemKind,
    /// Technical detail in English.
    pub detail: String,
}

/// Whose fault it is that a record is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RecordProblemKind {
    /// A newer program wrote it, of a kind that this version does not know.
    Unknown,
    /// It breaks the format.
    Broken,
    /// Its password would cost more work than is done.
    TooManyIterations,
}

/// What is needed to open a record with this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum OpensWith {
    /// A password.
    Password,
    /// A key file (PEM, DER or PKCS#12) with this public key; when a server holds the capsule, with its certificate.
    KeyFile,
    /// A symmetric key file.
    SecretFile,
    /// An ID-card of the person, or a key file with a certificate of the person; every server is needed.
    Shares,
    /// Nothing that this version knows.
    Nothing,
}

/// A key file that the person chose.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeyFileView {
    /// Names the key in further commands.
    pub id: FileId,
    /// Base name.
    pub name: String,
    /// Whether a password protects it.
    pub needs_password: bool,
    /// A server holds the capsule and wants a certificate, which the file has not. False when unknown until its password is given.
    pub needs_certificate: bool,
    /// Positions of the records it opens; empty when unknown until its password is given.
    pub fits: Vec<u32>,
    /// Why it cannot be used.
    pub problem: Option<ErrorView>,
}

/// How to open a container; passwords come beside this value and are wiped.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OpenDraft {
    /// The container.
    pub container: FileId,
    /// The key file; absent: the password itself opens it, or a key at hand.
    pub key_file: Option<FileId>,
    /// The key at hand, by its `id`, where a PIN opens it.
    pub identity: Option<String>,
    /// The label of what is remembered, where that opens it.
    pub remembered: Option<String>,
    /// The password shall be remembered once it has opened the container.
    pub remember: bool,
    /// The certificate of a key that comes without one, for servers.
    pub certificate: Option<FileId>,
    /// Where to; absent: the proposal.
    pub destination: Option<FileId>,
    /// What to do with names that exist or are not allowed here.
    pub names: NameChoice,
    /// The person raised the limits for this container.
    pub raise_limits: bool,
}

/// What to do with names that exist or are not allowed here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NameChoice {
    /// Files that exist.
    pub existing: Existing,
    /// Save names that are not allowed under their proposals.
    pub safe_names: bool,
}

/// What to do with files that exist at the destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Existing {
    /// Stop and say so.
    #[default]
    Refuse,
    /// Replace them.
    Overwrite,
    /// Keep both by a number in the new name.
    Rename,
}

/// What was saved.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OpenDone {
    /// The folder.
    pub destination: OutputView,
    /// The files in it, at most the first 1000.
    pub files: Vec<SavedFile>,
    /// Number of files in all.
    pub count: u32,
    /// Bytes of all files.
    pub total_size: u64,
    /// Servers that deceived while others opened it.
    pub deceits: Vec<DeceitView>,
    /// Why its password was not remembered, where it was to be.
    pub not_remembered: Option<ErrorView>,
}

/// A saved file.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedFile {
    /// Names the file in further commands.
    pub id: FileId,
    /// Name as saved.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Name in the container, when it was saved under another one.
    pub original_name: Option<String>,
    /// A program or script, which would run: it is shown in its folder and not opened.
    pub is_program: bool,
}

/// How far the running operation is.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProgressView {
    /// What is being done.
    pub step: ProgressStep,
    /// Bytes of this step done.
    pub done: u64,
    /// Bytes of this step in all, when known.
    pub total: Option<u64>,
    /// Bytes a second, over the last seconds.
    pub rate: u64,
    /// Seconds left of this step, when they can be told.
    pub remaining: Option<u64>,
    /// The servers of this step, when it has some.
    pub servers: Vec<ServerProgress>,
}

/// Steps that a person sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ProgressStep {
    /// Trying the key.
    Unlocking,
    /// Fetching capsules from servers.
    Fetching,
    /// Checking that nothing was altered.
    Verifying,
    /// Decrypting and unpacking.
    Unpacking,
    /// Bringing capsules to servers.
    Delivering,
    /// Encrypting.
    Encrypting,
    /// Moving the result to its place.
    Releasing,
}

/// How strong a password is.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PasswordStrength {
    /// 0 (guessed at once) to 4 (strong).
    pub score: u8,
    /// At least 20 characters, as the format recommends.
    pub long_enough: bool,
    /// Upper case, lower case and digits.
    pub has_upper: bool,
    /// Lower case.
    pub has_lower: bool,
    /// A digit.
    pub has_digit: bool,
}

/// A failure: the window chooses words by `code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ErrorView {
    /// What happened.
    pub code: Code,
    /// What it happened to: a file name, a limit, a server, a format version.
    pub subject: Option<String>,
    /// Numbers that belong to it: tries left, the limit, bits of a key, how many servers a split key needs, records that were not tried, refused
    /// names.
    pub number: Option<u64>,
    /// Names for whom the container is (`not_a_recipient`), hints (`wrong_password`), servers that did not give their capsule,
    /// or their share of a split key.
    pub names: Vec<String>,
    /// What is wrong with the name (`name_not_allowed`).
    pub reason: Option<NameReason>,
    /// The first file names that are refused, of `number` in all: those in a container (`unsafe_content`; none when what is unsafe is no
    /// file), and those of files that the command line is to encrypt.
    pub refused: Vec<RefusedName>,
    /// Technical detail in English, to be copied for support. Never a secret.
    pub detail: String,
}

/// A file name in a container that is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RefusedName {
    /// The name, safe to show.
    pub name: String,
    /// Why.
    pub reason: NameReason,
    /// Under which name the file is saved when safe names are accepted.
    pub safe_name: String,
    /// The reason in English, for support.
    pub detail: String,
}

/// What is wrong with a file's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum NameReason {
    /// There is none, or nothing of it can be seen.
    Empty,
    /// A path, or a character that Windows forbids.
    Character {
        /// The first of them.
        character: char,
    },
    /// A character that nobody sees: it controls something, or reorders text.
    Hidden,
    /// It begins or ends with a space.
    OuterSpace,
    /// It begins with a dash, as options of commands do.
    LeadingDash,
    /// It ends with a dot.
    TrailingDot,
    /// It means a device on Windows.
    Device,
    /// More than 1000 bytes.
    TooLong,
    /// Its bytes are no UTF-8.
    Encoding,
    /// Another file has it, perhaps in other letters of the same meaning.
    Duplicate,
}

/// Every cause that a person can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// None of the keys at hand opens the container.
    NotARecipient,
    /// The password opens no record.
    WrongPassword,
    /// The symmetric key opens no record.
    WrongKey,
    /// The key file's own password is wrong.
    KeyFilePassword,
    /// The key file is protected, and no password was given.
    KeyFilePasswordNeeded,
    /// The file holds no usable private key.
    KeyFileUnusable,
    /// It is a certificate or public key, which opens nothing: the private key to it does.
    KeyFileIsPublic,
    /// The file holds no usable certificate or public key.
    RecipientUnusable,
    /// It is a private key, for which nobody encrypts: the certificate to it does.
    RecipientIsPrivate,
    /// Its RSA key is too short to protect anything; `number` bits, and 2048 are needed.
    RecipientKeyWeak,
    /// Its certificate has expired, and no server keeps a capsule for it.
    RecipientExpired,
    /// No personal code, or one with a mistyped digit.
    PersonalCodeWrong,
    /// The recipient is no person, and key shares are for persons.
    NotAPerson,
    /// Truncated or altered.
    Damaged,
    /// Not a CDOC2 container.
    NotAContainer,
    /// CDOC 1.
    OldFormat,
    /// Another version of the format.
    UnsupportedFormat,
    /// A hostile or unusual file name in the archive.
    UnsafeContent,
    /// A limit of the reader.
    LimitsExceeded,
    /// No space left.
    DiskFull,
    /// The destination cannot be written.
    NotWritable,
    /// The file cannot be read.
    NotReadable,
    /// It is a program or script, which would run: the window does not open it.
    ProgramNotOpened,
    /// A file exists at the destination.
    AlreadyExists,
    /// A file changed while it was read.
    InputChanged,
    /// Nothing to encrypt.
    NoFiles,
    /// Nobody to encrypt for.
    NoRecipients,
    /// A file name that the format forbids.
    NameNotAllowed,
    /// Two files of the same name.
    DuplicateName,
    /// Not a regular file.
    NotAFile,
    /// The output is also an input.
    OutputIsInput,
    /// Too many recipients.
    TooManyRecipients,
    /// More than the format's 256 GiB.
    TooLarge,
    /// Password or symmetric key too short.
    SecretTooShort,
    /// The list has no such server.
    ServerUnknown,
    /// The list has the server, but it cannot be used: incomplete, expired, or for other keys.
    ServerUnusable,
    /// The administrator's policy closes the list.
    ServerListClosed,
    /// Fewer than two organisations' servers keep key shares; `number` do.
    TooFewShareServers,
    /// A server list has a mistake.
    ServerListInvalid,
    /// A server list to be imported is older than what is there, or not signed as that was.
    ServerListSuperseded,
    /// The network settings have a mistake.
    SettingsInvalid,
    /// The server's key is not the listed one.
    ServerPinMismatch,
    /// The server does not answer.
    ServerUnreachable,
    /// The server answers too late.
    ServerTimeout,
    /// The server answers otherwise than a capsule server does.
    ServerMisbehaved,
    /// A proxy stands in the way.
    ProxyRequired,
    /// Expired, never there, or for another key.
    CapsuleNotFound,
    /// What a server gave does not open the container: not the capsule that was put there, or the container was altered. `subject` is the server,
    /// when it is one.
    CapsuleWrong,
    /// Signing took longer than the servers' nonces count.
    SignedTooLate,
    /// The server wants the certificate of the key, and the key comes without one.
    CertificateNeeded,
    /// The certificate is out of date, by the server.
    CertificateExpired,
    /// The certificate was revoked.
    CertificateRevoked,
    /// The server does not accept the certificate.
    CertificateRefused,
    /// Wrong PIN; `number` tries left.
    PinIncorrect,
    /// One wrong PIN more would block it, and that was not risked.
    PinLastTry,
    /// PIN blocked.
    PinBlocked,
    /// The person cancelled PIN entry.
    PinCancelled,
    /// No PIN was entered on the reader in time.
    PinTimeout,
    /// The PIN must be changed first.
    PinChangeRequired,
    /// The smart-card service does not run.
    NoPcsc,
    /// No reader.
    NoReader,
    /// No card in the reader.
    NoCard,
    /// An unknown card.
    CardUnsupported,
    /// The card was removed.
    CardRemoved,
    /// Another program uses the card, or it does not answer.
    CardBusy,
    /// A PKCS#11 module sees no token.
    NoToken,
    /// A PKCS#11 module cannot be used, or not for this: it cannot be loaded, crashes, hangs, or lacks what is needed.
    TokenUnusable,
    /// The system's keyring is absent, locked or broken.
    KeyringUnavailable,
    /// One directory failed.
    DirectoryUnavailable,
    /// The person cancelled.
    Cancelled,
    /// A defect of this program or the system.
    Internal,
}
