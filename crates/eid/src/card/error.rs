//! Why a card is of no use.

use cdoc2::shown;

/// What stands between a person and the key on their card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// The system's smart-card service does not run.
    #[error("the smart-card service does not run")]
    NoService,
    /// It runs, and does not let this program in.
    #[error("the smart-card service does not let this program in")]
    NotPermitted,
    /// No reader is connected, or none of that name.
    #[error("no smart-card reader is connected{}", named(.0.as_deref()))]
    NoReader(Option<String>),
    /// The reader is empty.
    #[error("there is no card in the reader")]
    NoCard,
    /// No card that is known, by its ATR in hex; or it says it is one, and is not.
    #[error("the card is of an unknown kind (ATR {atr})")]
    Unsupported {
        /// The ATR in hex.
        atr: String,
    },
    /// The card does not answer when it is put in.
    #[error("the card does not answer; is it the right way round?")]
    Mute,
    /// The card, or its reader, was taken away.
    #[error("the card was removed")]
    Removed,
    /// Another program has the card for itself.
    #[error("another program uses the card")]
    Busy,
    /// No answer for a long time: another program holds the card, or the reader hangs.
    #[error("the card did not answer in time; another program may be using it")]
    TimedOut,
    /// Wrong PIN.
    #[error("PIN1 is wrong; {}", tries(*.left))]
    PinIncorrect {
        /// Tries that are left, at least one.
        left: u8,
    },
    /// One more wrong PIN would block it, and that risk was not taken. Nothing was sent.
    #[error("PIN1 has one try left; the card was not asked")]
    LastTry,
    /// Blocked by wrong PINs.
    #[error("PIN1 is blocked")]
    PinBlocked,
    /// A new card's PIN has to be changed before it can be used.
    #[error("PIN1 must be changed before it can be used")]
    PinChangeRequired,
    /// The person ended the entry on the reader's PIN pad.
    #[error("PIN1 was not entered: it was cancelled on the reader")]
    PadCancelled,
    /// Nothing, or not all of it, was entered on the reader's PIN pad in time.
    #[error("PIN1 was not entered on the reader in time")]
    PadTimedOut,
    /// What was entered on the reader's PIN pad cannot be a PIN. The card was not asked.
    #[error("PIN1 has 4 to 12 digits; the reader did not give the card what was entered")]
    PadRefused,
    /// The card has no certificate for this key.
    #[error("the card has no certificate for authentication")]
    NoCertificate,
    /// The certificate cannot be used, in words.
    #[error("the card's certificate cannot be used: {0}")]
    Certificate(String),
    /// The card refuses a command.
    #[error("the card refuses {command} ({status:04X})")]
    Refused {
        /// The command's name.
        command: &'static str,
        /// The status word.
        status: u16,
    },
    /// The card answers otherwise than such a card does.
    #[error("the card does not answer {command} as such a card does: {what}")]
    Misbehaved {
        /// The command's name.
        command: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// Another program reset the card. Whoever uses it begins anew.
    #[error("another program reset the card")]
    Reset,
    /// The service failed in another way, in its words.
    #[error("the smart-card service failed: {0}")]
    Service(String),
}

fn tries(left: u8) -> String {
    if left == 1 { "1 try left".to_owned() } else { format!("{left} tries left") }
}

fn named(reader: Option<&str>) -> String {
    reader.map(|name| format!(" by the name {}", shown(name))).unwrap_or_default()
}

impl From<pcsc::Error> for CardError {
    fn from(error: pcsc::Error) -> Self {
        use pcsc::Error::*;
        match error {
            // The connection to it broke: it died.
            NoService | ServiceStopped | InvalidHandle | CommError => Self::NoService,
            NoAccess | SecurityViolation => Self::NotPermitted,
            NoReadersAvailable => Self::NoReader(None),
            NoSmartcard | RemovedCard | ReaderUnavailable | UnknownReader => Self::Removed,
            UnresponsiveCard | UnpoweredCard => Self::Mute,
            SharingViolation => Self::Busy,
            ResetCard => Self::Reset,
            error => Self::Service(error.to_string()),
        }
    }
}
