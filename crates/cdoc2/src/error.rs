//! Everything that can go wrong with a container, separated by who is at fault and what helps.

use std::{io, path::PathBuf};

use crate::{
    archive::{NameProblem, UnsafeNames},
    label::shown,
};

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a container could not be written, read or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes do not start as a CDOC2 container does.
    #[error("this is not a CDOC2 container")]
    NotCdoc2,
    /// The content is a CDOC 1.x container (XML), which this crate does not read.
    #[error("this is a container of the old format CDOC 1")]
    OldFormat,
    /// The container announces a version other than 2.
    #[error("the container has format version {0}, which is not supported")]
    UnsupportedVersion(u8),
    /// The container's structure breaks the format. Nothing secret was involved yet, or the sender wrote it so.
    #[error("the container is malformed: {0}")]
    Malformed(String),
    /// The container ends before its structure does.
    #[error("the container is cut off")]
    Truncated,
    /// The header HMAC or the payload's authentication tag does not match although the key does.
    #[error("the container was altered or damaged after it was encrypted")]
    Tampered,
    /// No record of the header is for any of the given keys.
    #[error("none of the given keys is a recipient of this container")]
    NoKeyFits,
    /// Records of the right kind are there, but the password or symmetric key opens none of them.
    #[error("wrong {0}")]
    WrongKey(SecretKind),
    /// No record opened, and some that might have were not tried, to bound the work.
    #[error("{cause}; {untried} more records were not tried, to bound the work")]
    Untried {
        /// What came of those that were tried.
        cause: Box<Error>,
        /// How many were not.
        untried: usize,
    },
    /// The key fits a record, but it could not be used (a card, a token or its password says no).
    #[error("the key could not be used: {0}")]
    Key(#[source] KeyError),
    /// The key fits a record, but its capsule or shares could not be fetched.
    #[error("the capsule could not be fetched: {0}")]
    Fetch(#[source] FetchError),
    /// The capsules or shares of a container to be written could not be brought to their servers. Nothing was written.
    #[error("the capsule could not be delivered: {0}")]
    Deliver(#[source] FetchError),
    /// What a server gave for a record opens nothing: it is not what was put there, or the header was altered. Nothing tells the two apart.
    #[error("the server {} gave a capsule that does not open the container: it is not the one that was put there, or the container was \
        altered", shown(.0))]
    WrongCapsule(String),
    /// The same of the shares of a key, one of which is not the one that was put there.
    #[error("the shares of the servers {} do not open the container: one of them is not the one that was put there, or the container was \
        altered", shown(.0))]
    WrongShares(String),
    /// The authenticated archive holds names that could harm the reader. Nothing was released.
    #[error("{0}")]
    UnsafeNames(UnsafeNames),
    /// The authenticated archive holds a folder, link or device of this name (lossily decoded, at most 1000 characters). Nothing was released.
    #[error("the container holds {0:?}, which is not a regular file")]
    NotARegularFile(String),
    /// The header exceeds a bound of every reader, or the authenticated archive one of the reader's [`Limits`](crate::Limits). Nothing was
    /// released.
    #[error("the container exceeds the limit of {}", .kind.counted(*.limit))]
    LimitExceeded {
        /// Which limit.
        kind: LimitKind,
        /// Its value in force.
        limit: u64,
    },
    /// What is to be encrypted cannot stand in a container.
    #[error("{0}")]
    Refused(Refusal),
    /// The volume that is written to is full.
    #[error("the disk is full: {}", .0.display())]
    DiskFull(PathBuf),
    /// The destination cannot be written to.
    #[error("cannot write to {}: {source}", .path.display())]
    NotWritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The destination exists, and replacing it was not asked for.
    #[error("{} exists already", .0.display())]
    AlreadyExists(PathBuf),
    /// A file that was read changed its size or content meanwhile.
    #[error("{} changed while it was read", .0.display())]
    InputChanged(PathBuf),
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The person stopped the operation. Nothing was released.
    #[error("cancelled")]
    Cancelled,
    /// Reading or writing failed in another way.
    #[error("input or output failed: {0}")]
    Io(#[source] io::Error),
}

/// What kind of secret was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// A password.
    Password,
    /// A symmetric key.
    SymmetricKey,
}

/// Which of the reader's limits was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// Number of files in the archive.
    Entries,
    /// Bytes of all files together.
    TotalSize,
    /// Bytes of one PAX header or GNU long name.
    PaxSize,
    /// Bytes of a file name.
    NameLength,
    /// PBKDF2 iterations of a password record.
    PasswordIterations,
    /// Records of a header.
    Records,
    /// Bytes of strings and vectors in the records of a header.
    RecordBytes,
    /// Key shares of a record.
    Shares,
}

/// Why files or recipients cannot be encrypted as asked; nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is nothing to encrypt.
    #[error("there are no files to encrypt")]
    NoFiles,
    /// Nobody could open the container.
    #[error("there is no recipient")]
    NoRecipients,
    /// A name that readers refuse.
    #[error("the file name {name:?} is not allowed: {problem}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: NameProblem,
    },
    /// Two files would have the same name after unpacking.
    #[error("two files are named {0:?}")]
    DuplicateName(String),
    /// Not a regular file (a folder, a pipe, a device).
    #[error("{} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The output file is also one of the inputs.
    #[error("{} is both input and output", .0.display())]
    OutputIsInput(PathBuf),
    /// The records do not fit in the format's header of 1 MiB or 8192 records.
    #[error("there are too many recipients for one container")]
    TooManyRecipients,
    /// The payload could exceed the format's 256 GiB.
    #[error("the files are larger than the format's 256 GiB")]
    PayloadTooLarge,
    /// A password or symmetric key that is too short for the format.
    #[error("the {0} is too short")]
    WeakSecret(SecretKind),
    /// One file was asked for, and the container holds another number.
    #[error("the container holds {0} files, not one")]
    NotOneFile(usize),
    /// Key shares on fewer than two servers protect nothing.
    #[error("key shares need at least two servers")]
    TooFewShareServers,
    /// A recipient's public key that its implementation does not encrypt with.
    #[error("the public key cannot be used to encrypt")]
    UnusableKey,
    /// A key label longer than a header can reasonably hold (4096 bytes).
    #[error("the label is longer than 4096 bytes")]
    LabelTooLong,
}

/// Why a private key gave no secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key works, but cannot decrypt this record (bad padding, bad point): the next record may do.
    #[error("the record does not fit the key")]
    Rejected,
    /// The key cannot be used now (PIN, card, module): trying on could cost PIN tries.
    #[error(transparent)]
    Unusable(Box<dyn std::error::Error + Send + Sync>),
}
/// A capsule or share fetcher's own failure.
pub type FetchError = Box<dyn std::error::Error + Send + Sync>;

impl Error {
    /// A structure that breaks the format, in words.
    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed(what.into())
    }

    /// Sorts what the system said when `path` was written: [`Error::DiskFull`], [`Error::AlreadyExists`] or
    /// [`Error::NotWritable`].
    pub fn writing(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(path),
            io::ErrorKind::AlreadyExists => Self::AlreadyExists(path),
            _ => Self::NotWritable { path, source },
        }
    }

    /// What the system said when `path` was read.
    pub fn reading(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::NotReadable { path: path.into(), source }
    }
}

impl std::fmt::Display for SecretKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Password => "password",
            Self::SymmetricKey => "symmetric key",
        })
    }
}

impl std::fmt::Display for LimitKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (thing, of) = self.words();
        write!(f, "{thing}s{of}")
    }
}

impl LimitKind {
    /// One of what is counted, and what of.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Entries => ("file", ""),
            Self::TotalSize => ("byte", " of content"),
            Self::PaxSize => ("byte", " of extended header"),
            Self::NameLength => ("byte", " of file name"),
            Self::PasswordIterations => ("iteration", " for a password"),
            Self::Records => ("recipient record", ""),
            Self::RecordBytes => ("byte", " in its recipient records"),
            Self::Shares => ("key share", " in a record"),
        }
    }

    /// `1 file`, `2 files`.
    fn counted(self, count: u64) -> String {
        let (thing, of) = self.words();
        if count == 1 { format!("1 {thing}{of}") } else { format!("{count} {self}") }
    }
}
