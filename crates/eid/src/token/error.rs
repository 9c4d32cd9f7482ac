//! Why a token is of no use.

use cdoc2::shown;

/// What stands between a person and the key on their token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is no module, or none for this system, in words.
    #[error("the PKCS#11 module cannot be loaded: {0}")]
    NoModule(String),
    /// The module ended the process that it was in, in words.
    #[error("the PKCS#11 module crashed ({0})")]
    Crashed(String),
    /// The module did not answer for so many seconds.
    #[error("the PKCS#11 module did not answer for {0} seconds")]
    TimedOut(u64),
    /// The module answers otherwise than such a module does.
    #[error("the PKCS#11 module does not answer as such a module does: {0}")]
    Misbehaved(String),
    /// The module cannot do what the key is needed for.
    #[error("the PKCS#11 module cannot do this: {0}")]
    NoMechanism(String),
    /// The module refuses or fails, in its words.
    #[error("the PKCS#11 module failed: {0}")]
    Failed(String),
    /// No process can be started for the module, in the system's words.
    #[error("no process can be started for the PKCS#11 module: {0}")]
    NoHelper(String),
    /// The module sees no token, or none in the slot that was named.
    #[error("there is no token{}", in_slot(.0))]
    NoToken(Option<u64>),
    /// The token was taken away.
    #[error("the token was removed")]
    Removed,
    /// The certificate is there, and its private key is not.
    #[error("the token has no private key for this certificate")]
    NoKey,
    /// Wrong PIN.
    #[error("the token's PIN is wrong{}", if *.last_try_next { "; 1 try left" } else { "" })]
    PinIncorrect {
        /// Whether one try is left.
        last_try_next: bool,
    },
    /// It cannot be the PIN by its length, in bytes; the token was not asked.
    #[error("the token's PIN has {least} to {most} characters; the token was not asked")]
    PinLength {
        /// Fewest.
        least: u32,
        /// Most.
        most: u32,
    },
    /// One more wrong PIN would block it, and that risk was not taken. Nothing was sent.
    #[error("the token's PIN has one try left; the token was not asked")]
    LastTry,
    /// Blocked by wrong PINs.
    #[error("the token's PIN is blocked")]
    PinBlocked,
    /// The PIN has to be changed, or set, before it can be used.
    #[error("the token's PIN must be changed before it can be used")]
    PinChangeRequired,
    /// Entering the PIN at the reader was cancelled, or took too long.
    #[error("the PIN was not entered at the reader")]
    PinCancelled,
    /// The token forgot that the PIN was right. Whoever uses it logs in again.
    #[error("the token wants the PIN again")]
    NotLoggedIn,
    /// The key does not fit what it was given.
    #[error("the token's key does not fit this record")]
    Rejected,
}

fn in_slot(slot: &Option<u64>) -> String {
    slot.map(|slot| format!(" in slot {slot}")).unwrap_or_default()
}

impl TokenError {
    /// Stands for it between the two processes, with its number.
    pub(super) fn to_wire(&self) -> (u8, u64, &str) {
        match self {
            Self::NoModule(words) => (1, 0, words),
            Self::Crashed(words) => (2, 0, words),
            Self::TimedOut(seconds) => (3, *seconds, ""),
            Self::Misbehaved(words) => (4, 0, words),
            Self::NoMechanism(words) => (5, 0, words),
            Self::Failed(words) => (6, 0, words),
            Self::NoHelper(words) => (7, 0, words),
            Self::NoToken(None) => (8, 0, ""),
            Self::NoToken(Some(slot)) => (9, *slot, ""),
            Self::Removed => (10, 0, ""),
            Self::NoKey => (11, 0, ""),
            Self::PinIncorrect { last_try_next } => (12, u64::from(*last_try_next), ""),
            Self::PinLength { least, most } => (13, u64::from(*least) << 32 | u64::from(*most), ""),
            Self::LastTry => (14, 0, ""),
            Self::PinBlocked => (15, 0, ""),
            Self::PinChangeRequired => (16, 0, ""),
            Self::PinCancelled => (17, 0, ""),
            Self::NotLoggedIn => (18, 0, ""),
            Self::Rejected => (19, 0, ""),
        }
    }

    pub(super) fn from_wire(code: u8, number: u64, words: &str) -> Option<Self> {
        let words = shown(words);
        Some(match code {
            1 => Self::NoModule(words),
            2 => Self::Crashed(words),
            3 => Self::TimedOut(number),
            4 => Self::Misbehaved(words),
            5 => Self::NoMechanism(words),
            6 => Self::Failed(words),
            7 => Self::NoHelper(words),
            8 => Self::NoToken(None),
            9 => Self::NoToken(Some(number)),
            10 => Self::Removed,
            11 => Self::NoKey,
            12 => Self::PinIncorrect { last_try_next: number != 0 },
            13 => Self::PinLength { least: (number >> 32) as u32, most: number as u32 },
            14 => Self::LastTry,
            15 => Self::PinBlocked,
            16 => Self::PinChangeRequired,
            17 => Self::PinCancelled,
            18 => Self::NotLoggedIn,
            19 => Self::Rejected,
            _ => return None,
        })
    }
}
