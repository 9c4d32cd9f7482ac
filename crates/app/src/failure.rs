//! One failure type for every use case: a cause that front ends have words for, and technical detail for support.

use capsule_client::ListTrouble;
use cdoc2::{
    Error, KeyError, LimitKind, NameProblem, NoServerAccess, Refusal, SecretKind, UnsafeName, shown, shown_name,
};
use eid::Holder;

use crate::{
    cards,
    recipients::base_name,
    servers, tokens,
    view::{Code, ErrorView, NameReason, RefusedName},
};

/// Result of a use case.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.detail)]
pub struct Failure(Box<ErrorView>);

impl Failure {
    /// A failure with the technical detail `detail`, which must not hold a secret.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (names, refused, detail) = (Vec::new(), Vec::new(), detail.into());
        Self(Box::new(ErrorView { code, subject: None, number: None, names, reason: None, refused, detail }))
    }

    /// Names what it happened to.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.0.subject = Some(subject.into());
        self
    }

    /// Adds the number that belongs to it: a limit, tries left.
    #[must_use]
    pub fn with_number(mut self, number: u64) -> Self {
        self.0.number = Some(number);
        self
    }

    /// Adds names that help: for whom the container is, password hints, whose card or token it is and where.
    #[must_use]
    pub fn with_names(mut self, names: Vec<String>) -> Self {
        self.0.names = names;
        self
    }

    /// Names the holder of the key that it happened to, and the reader or token.
    #[must_use]
    pub(crate) fn held_by(self, holder: &Holder) -> Self {
        self.with_names(vec![holder.name.clone(), holder.place.clone()])
    }

    /// Adds what is wrong with the name.
    fn because(mut self, problem: &NameProblem) -> Self {
        self.0.reason = Some(NameReason::from(problem));
        self
    }

    /// Adds names of files that are refused.
    pub(crate) fn with_refused(mut self, refused: Vec<RefusedName>) -> Self {
        self.0.refused = refused;
        self
    }

    /// Adds how many records were not tried.
    fn with_untried(mut self, untried: usize) -> Self {
        self.0.detail.push_str(&format!("; {untried} more records were not tried, to bound the work"));
        self.with_number(untried as u64)
    }

    /// Names the server; of several, each that did not give its capsule or share; of shares, how many are needed.
    fn of_servers(code: Code, detail: String, error: &capsule_client::Error) -> Self {
        let failure = Self::new(code, detail);
        let failure = match error.most_telling().server() {
            Some(server) => failure.about(shown(server)),
            None => failure,
        };
        match error {
            capsule_client::Error::Shares { needed, failures } => {
                failure.with_number(*needed as u64).with_names(servers_of(failures))
            }
            capsule_client::Error::Several(failures) => failure.with_names(servers_of(failures)),
            capsule_client::Error::List(trouble) => match &**trouble {
                ListTrouble::Policy { path, line, .. } => {
                    failure.about(shown_name(&path.display().to_string())).with_number(*line as u64)
                }
                ListTrouble::Remote { url, .. } => failure.about(shown(url)),
                _ => failure,
            },
            _ => failure,
        }
    }

    /// The cause.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What front ends show.
    pub fn view(&self) -> &ErrorView {
        &self.0
    }

    /// What front ends show, for good.
    pub fn into_view(self) -> ErrorView {
        *self.0
    }
}

impl From<ErrorView> for Failure {
    fn from(view: ErrorView) -> Self {
        Self(Box::new(view))
    }
}

/// The servers of failures that are sorted by them, each once.
fn servers_of(failures: &[capsule_client::Error]) -> Vec<String> {
    let mut names: Vec<_> = failures.iter().filter_map(capsule_client::Error::server).map(shown).collect();
    names.dedup();
    names
}

/// The error and everything behind it, in one line.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = error.source();
    }
    text
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let error = match error {
            // What fetches capsules may fail before it comes to that.
            Error::Fetch(error) => match error.downcast::<Self>() {
                Ok(failure) => return *failure,
                Err(error) => Error::Fetch(error),
            },
            Error::Deliver(error) => match error.downcast::<Self>() {
                Ok(failure) => return *failure,
                Err(error) => Error::Deliver(error),
            },
            Error::Untried { cause, untried } => return Self::from(*cause).with_untried(untried),
            error => error,
        };
        if let Some(error) = cards::behind(&error) {
            return cards::failure_of(error);
        }
        if let Some(error) = cards::behind(&error) {
            return tokens::failure_of(error);
        }
        let failure = Self::new(code_of(&error), with_sources(&error));
        match error {
            Error::UnsupportedVersion(version) => failure.about(version.to_string()),
            Error::NotARegularFile(name) => failure.about(shown_name(&name)),
            Error::UnsafeNames(names) => {
                let refused: Vec<_> = names.first.into_iter().map(RefusedName::from).collect();
                let first = refused.first().map(|refused| refused.name.clone()).unwrap_or_default();
                failure.about(first).with_number(names.count).with_refused(refused)
            }
            Error::LimitExceeded { kind, limit } => failure.about(limit_name(kind)).with_number(limit),
            Error::DiskFull(path)
            | Error::AlreadyExists(path)
            | Error::InputChanged(path)
            | Error::NotWritable { path, .. }
            | Error::NotReadable { path, .. } => failure.about(base_name(&path)),
            Error::Refused(refusal) => match refusal {
                Refusal::Name { name, problem } => failure.about(shown_name(&name)).because(&problem),
                Refusal::DuplicateName(name) => failure.about(shown_name(&name)),
                Refusal::NotAFile(path) | Refusal::OutputIsInput(path) => failure.about(base_name(&path)),
                Refusal::NotOneFile(number) => failure.with_number(number as u64),
                _ => failure,
            },
            Error::WrongCapsule(server) => failure.about(shown(&server)),
            Error::Fetch(error) | Error::Deliver(error) => match error.downcast_ref::<capsule_client::Error>() {
                Some(error) => Self::of_servers(failure.code(), failure.view().detail.clone(), error),
                None => match error.downcast::<NoServerAccess>() {
                    Ok(missing) => failure.about(shown(&missing.0)),
                    Err(_) => failure,
                },
            },
            _ => failure,
        }
    }
}

impl From<capsule_client::Error> for Failure {
    fn from(error: capsule_client::Error) -> Self {
        Self::of_servers(servers::code_of(&error), error.to_string(), &error)
    }
}

fn code_of(error: &Error) -> Code {
    match error {
        Error::NotCdoc2 => Code::NotAContainer,
        Error::OldFormat => Code::OldFormat,
        Error::UnsupportedVersion(_) => Code::UnsupportedFormat,
        Error::Malformed(_) | Error::Truncated | Error::Tampered => Code::Damaged,
        Error::NoKeyFits => Code::NotARecipient,
        Error::WrongKey(SecretKind::Password) => Code::WrongPassword,
        Error::WrongKey(SecretKind::SymmetricKey) => Code::WrongKey,
        Error::Key(KeyError::Rejected | KeyError::Unusable(_)) => Code::KeyFileUnusable,
        Error::WrongCapsule(_) | Error::WrongShares(_) => Code::CapsuleWrong,
        Error::Fetch(error) if error.is::<NoServerAccess>() => Code::ServerUnknown,
        Error::Fetch(error) | Error::Deliver(error) => {
            error.downcast_ref::<capsule_client::Error>().map_or(Code::ServerUnreachable, servers::code_of)
        }
        Error::UnsafeNames(_) | Error::NotARegularFile(_) => Code::UnsafeContent,
        Error::LimitExceeded { .. } => Code::LimitsExceeded,
        Error::DiskFull(_) => Code::DiskFull,
        Error::NotWritable { .. } => Code::NotWritable,
        Error::NotReadable { .. } => Code::NotReadable,
        Error::AlreadyExists(_) => Code::AlreadyExists,
        Error::InputChanged(_) => Code::InputChanged,
        Error::Cancelled => Code::Cancelled,
        Error::Refused(refusal) => match refusal {
            Refusal::NoFiles => Code::NoFiles,
            Refusal::NoRecipients => Code::NoRecipients,
            Refusal::TooFewShareServers => Code::TooFewShareServers,
            Refusal::Name { .. } | Refusal::LabelTooLong => Code::NameNotAllowed,
            Refusal::DuplicateName(_) => Code::DuplicateName,
            Refusal::NotAFile(_) => Code::NotAFile,
            Refusal::OutputIsInput(_) => Code::OutputIsInput,
            Refusal::TooManyRecipients => Code::TooManyRecipients,
            Refusal::PayloadTooLarge => Code::TooLarge,
            Refusal::UnusableKey => Code::RecipientUnusable,
            Refusal::WeakSecret(_) => Code::SecretTooShort,
            _ => Code::Internal,
        },
        _ => Code::Internal,
    }
}

impl From<UnsafeName> for RefusedName {
    fn from(UnsafeName { name, problem, proposal }: UnsafeName) -> Self {
        let (reason, detail) = (NameReason::from(&problem), problem.to_string());
        Self { name: shown_name(&name), reason, safe_name: proposal, detail }
    }
}

impl From<&NameProblem> for NameReason {
    fn from(problem: &NameProblem) -> Self {
        match problem {
            NameProblem::Empty | NameProblem::Invisible => Self::Empty,
            NameProblem::ForbiddenCharacter(character) => Self::Character { character: *character },
            NameProblem::ControlCharacter(_) | NameProblem::MisleadingCharacter(_) => Self::Hidden,
            NameProblem::OuterSpace => Self::OuterSpace,
            NameProblem::LeadingDash => Self::LeadingDash,
            NameProblem::TrailingDot => Self::TrailingDot,
            NameProblem::DeviceName => Self::Device,
            NameProblem::TooLong => Self::TooLong,
            NameProblem::Duplicate => Self::Duplicate,
            // Bytes that are no text are shown as what they are not.
            _ => Self::Encoding,
        }
    }
}

/// The limits that no option or setting raises.
pub const PASSWORD_ITERATIONS: &str = "password iterations";
/// Records of a header, their bytes, and key shares in one.
pub const RECORDS: &str = "recipient records";

/// Names a limit as the options and settings do.
fn limit_name(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::Entries => "files",
        LimitKind::TotalSize => "total size",
        LimitKind::PaxSize => "extended header",
        LimitKind::NameLength => "name length",
        LimitKind::PasswordIterations => PASSWORD_ITERATIONS,
        LimitKind::Records | LimitKind::RecordBytes | LimitKind::Shares => RECORDS,
    }
}
