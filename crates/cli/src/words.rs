//! What went wrong and what helps, for every cause; and the exit status.

use app::{
    Failure,
    failure::{PASSWORD_ITERATIONS, RECORDS},
    view::{Code, ErrorView, RefusedName},
};

/// Exit status of a cause; see `kapsel --help`.
pub(crate) fn status(code: Code) -> u8 {
    use Code::*;
    match code {
        NotARecipient | WrongPassword | WrongKey | KeyFilePassword | KeyFilePasswordNeeded => 3,
        Damaged | NotAContainer | OldFormat | UnsupportedFormat => 4,
        ServerUnknown | ServerUnusable | ServerListClosed | ServerListInvalid | ServerListSuperseded
        | SettingsInvalid | ServerPinMismatch | ServerUnreachable | ServerTimeout | ServerMisbehaved
        | ProxyRequired | CapsuleNotFound | CapsuleWrong | TooFewShareServers | SignedTooLate | CertificateNeeded
        | CertificateExpired | CertificateRevoked | CertificateRefused | DirectoryUnavailable => 5,
        PinIncorrect | PinLastTry | PinBlocked | PinCancelled | PinTimeout | PinChangeRequired | NoPcsc | NoReader
        | NoCard | CardUnsupported | CardRemoved | CardBusy | NoToken | TokenUnusable => 6,
        UnsafeContent | LimitsExceeded => 7,
        NoFiles | NoRecipients | PersonalCodeWrong => 2,
        _ => 1,
    }
}

/// The cause in a sentence.
pub(crate) fn cause(error: &ErrorView) -> String {
    match (error.code, error.number) {
        (Code::NotARecipient | Code::WrongPassword | Code::WrongKey, Some(untried)) => format!(
            "{}; or its record was not tried: only the first 16 records for a key are, and 20 000 000 iterations of a password (not \
            tried: {untried})",
            cause_alone(error)
        ),
        _ => cause_alone(error),
    }
}

fn cause_alone(error: &ErrorView) -> String {
    let subject = error.subject.as_deref().unwrap_or_default();
    match error.code {
        Code::NotARecipient if error.names.is_empty() => "none of the given keys opens this container".to_owned(),
        Code::NotARecipient => {
            format!("none of the given keys opens this container; it is for {}", recipients(&error.names))
        }
        Code::WrongPassword if error.names.is_empty() => "the password is wrong".to_owned(),
        Code::WrongPassword => format!("the password is wrong; hint: {}", error.names.join(", ")),
        Code::WrongKey => "the symmetric key is wrong".to_owned(),
        Code::UnsafeContent if !error.refused.is_empty() => {
            refused_names(error, "the container holds file names that cannot be saved safely")
        }
        Code::NameNotAllowed | Code::DuplicateName if !error.refused.is_empty() => {
            let same = error.code == Code::DuplicateName;
            refused_names(error, if same { "these files share a name" } else { "these file names are not allowed" })
        }
        Code::KeyFilePassword => format!("the password of {subject} is wrong"),
        Code::KeyFilePasswordNeeded => format!("{subject} is protected by a password"),
        Code::KeyFileUnusable
        | Code::KeyFileIsPublic
        | Code::RecipientUnusable
        | Code::RecipientIsPrivate
        | Code::RecipientKeyWeak
        | Code::RecipientExpired
            if !subject.is_empty() =>
        {
            format!("{subject} cannot be used: {}", error.detail)
        }
        Code::TokenUnusable if !subject.is_empty() => format!("{subject}: {}", error.detail),
        Code::PinIncorrect
        | Code::PinLastTry
        | Code::PinBlocked
        | Code::PinCancelled
        | Code::PinTimeout
        | Code::PinChangeRequired => with_holder(error),
        _ => error.detail.clone(),
    }
}

/// The same with whose PIN it is: of several cards, a person has to know which one.
fn with_holder(error: &ErrorView) -> String {
    let [holder, place] = &error.names[..] else { return error.detail.clone() };
    let mut told = [("PIN1", "PIN1"), ("the token's PIN", "the PIN")]
        .into_iter()
        .filter_map(|(pin, short)| Some((short, error.detail.strip_prefix(pin)?)));
    match told.next() {
        Some((pin, rest)) => format!("{pin} of {holder} ({place}){rest}"),
        None => format!("{} ({holder}, {place})", error.detail),
    }
}

/// Every refused name in a line of its own, with why, and the name that it would get.
fn refused_names(error: &ErrorView, what: &str) -> String {
    let mut text = what.to_owned();
    for RefusedName { name, detail, safe_name, .. } in &error.refused {
        text.push_str(&format!("\n  {name:?}: {detail}; the safe name is {safe_name:?}"));
    }
    match error.number.unwrap_or_default().saturating_sub(error.refused.len() as u64) {
        0 => {}
        more => text.push_str(&format!("\n  and {more} more")),
    }
    text
}

/// Names; an empty one stands for whoever knows the password.
fn recipients(names: &[String]) -> String {
    let name = |name: &String| if name.is_empty() { "whoever knows the password".to_owned() } else { name.clone() };
    names.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// What to do next about a wrong password with letters such as õ.
pub(crate) const TWO_WAYS: &str = "try again, or ask the sender for the password; letters with marks, such as õ, may be written in two ways \
    that look the same: try it as another system or keyboard writes it";

/// What to do next about a protected key file, where a container is encrypted again.
pub(crate) const FROM_PASSWORD: &str =
    "give its password: --from-password, --from-password-file or --from-password-env";

/// What to do next, when something helps.
pub(crate) fn next_step(failure: &Failure) -> Option<&'static str> {
    Some(match failure.code() {
        _ if is_about_the_fetched_list(failure) => {
            "nothing was changed; try again, or tell the administrator, whose policy names it. `kapsel servers list` shows what is in force"
        }
        Code::NotARecipient => "`kapsel info` shows every recipient; open with the key of one of them",
        Code::WrongPassword | Code::WrongKey if failure.view().number.is_some() => {
            "ask the sender to encrypt again for fewer passwords and keys"
        }
        Code::WrongPassword => "try again, or ask the sender for the password",
        Code::WrongKey => "open with the key that the sender used",
        Code::KeyFilePassword | Code::KeyFilePasswordNeeded => {
            "give its password: --password, --password-file, --password-stdin or --password-env"
        }
        Code::KeyFileIsPublic => "a certificate opens nothing; give the private key that belongs to it",
        Code::RecipientUnusable | Code::RecipientIsPrivate => "give a certificate or public key in PEM or DER",
        Code::RecipientKeyWeak => "ask the recipient for a certificate with a longer key",
        Code::RecipientExpired => {
            "ask the recipient for a certificate that is valid; without --server, the capsule stands in the container, which the old key \
            opens as long as it is there"
        }
        Code::Damaged => "nothing was saved; ask the sender to send it again",
        Code::NotAContainer => "check that this is the file you were sent",
        Code::OldFormat => "open it with an older program, or ask the sender for a CDOC2 container",
        Code::UnsupportedFormat => "a newer version of Kapsel may read it",
        Code::UnsafeContent if failure.view().refused.is_empty() => "nothing was saved; ask the sender for plain files",
        Code::UnsafeContent => "nothing was saved; --safe-names saves such files under their safe names",
        Code::LimitsExceeded if failure.view().subject.as_deref() == Some(PASSWORD_ITERATIONS) => {
            "nothing was saved; ask the sender to encrypt again with fewer iterations, or for your key"
        }
        Code::LimitsExceeded if failure.view().subject.as_deref() == Some(RECORDS) => {
            "nothing was read beyond it; ask the sender to encrypt for fewer recipients"
        }
        Code::LimitsExceeded => {
            "nothing was saved; when you trust the sender, raise the limit: --max-files, --max-size, --max-name, --max-pax"
        }
        Code::ServerUnknown => "`kapsel servers list` shows those that are known; --server-list names another list",
        Code::ServerUnusable => {
            "`kapsel servers show ID` says why, and for which keys it takes capsules; --server names another one"
        }
        Code::ServerListClosed => "ask the administrator to add the server",
        Code::ServerListInvalid => {
            "mend that list, or name the one that is meant; while one that is in force has a mistake, no server is used"
        }
        Code::ServerListSuperseded => {
            "nothing was changed; get the newest list, and import it as the one before (--list-key); to take this one all the same, remove the \
            server first: `kapsel servers remove ID`"
        }
        Code::SettingsInvalid => "mend the file: nothing is sent until then",
        Code::ServerPinMismatch => {
            "do not continue: somebody may stand between; compare `kapsel servers test` with what the server's owner says"
        }
        Code::ServerUnreachable | Code::ServerTimeout => "try again; `kapsel servers test` shows each step on the way",
        Code::ServerMisbehaved => {
            "tell whoever runs the server; meanwhile use another one. `kapsel servers test` shows what it does at each step"
        }
        Code::ProxyRequired => {
            "`kapsel network show` tells which proxy is used (the system's: HTTPS_PROXY, NO_PROXY), and where its password is"
        }
        Code::TooFewShareServers => {
            "`kapsel servers list --json` shows which keep shares, and whose they are; --server chooses among them"
        }
        Code::CapsuleNotFound => "ask the sender to encrypt again",
        Code::CapsuleWrong => {
            "nothing was saved; ask the sender to send it again, and when that one does not open, to encrypt again for another server; tell \
            whoever runs this one"
        }
        Code::SignedTooLate => "run it again, and sign within five minutes",
        Code::CertificateNeeded => "give the key as a PKCS#12 file (--p12), or its certificate by --certificate",
        Code::CertificateExpired | Code::CertificateRevoked | Code::CertificateRefused => {
            "open with another key, or ask the sender to encrypt again for a certificate in use"
        }
        Code::PinIncorrect if failure.view().number == Some(1) => {
            "one more wrong PIN blocks it; when you are sure of it, run it again with --last-try"
        }
        Code::PinIncorrect => "run it again with the right PIN",
        Code::PinLastTry => {
            "when you are sure of the PIN, run it again with --last-try; a wrong one blocks it (--reader or --slot takes another card)"
        }
        Code::PinBlocked | Code::PinChangeRequired if failure.view().subject.is_some() => {
            "set a new PIN by the software that the token came with; until then, open with another key"
        }
        Code::NoToken if failure.view().number.is_some() => "name the slot of the token: --slot",
        Code::NoToken => "connect the token; `kapsel keys list --pkcs11 MODULE` shows those that the module sees",
        Code::TokenUnusable => "`kapsel keys test --pkcs11 MODULE` shows how far it comes; open with another key",
        Code::KeyringUnavailable => "unlock the system's keyring, or give the secret by another option",
        Code::PinBlocked => "unblock it by the PUK in DigiDoc4 Client; until then, open with another key",
        Code::PinCancelled | Code::PinTimeout => {
            "run it again, and enter the PIN on the reader in time; for a card, --pin-file reads it from a file instead"
        }
        Code::PinChangeRequired => "change it in DigiDoc4 Client first",
        Code::NoPcsc => "start it (on Linux: pcscd, as root or by systemctl start pcscd.socket), and run it again",
        Code::NoReader => "connect the reader; `kapsel keys list` shows those that are seen",
        Code::NoCard => "put the card in, with the chip first",
        Code::CardUnsupported => "`kapsel keys test` says what it is; open with another key",
        Code::CardRemoved => "put it in again, leave it there, and run it again",
        Code::CardBusy => "close the other program, or take the card out and put it in again",
        Code::DiskFull => "nothing was saved; make room or choose another place",
        Code::AlreadyExists => "choose another place, or use --overwrite (or --rename when opening)",
        Code::NotWritable => "choose another place",
        Code::NotReadable if failure.view().subject.is_some() => {
            "mend that (`ls -l` shows whether it is there and who may read it), or name another file"
        }
        Code::NotAFile => "name a regular file; what comes from a pipe is read from standard input: -",
        Code::InputChanged => "nothing was written; run it again when the file is at rest",
        Code::NameNotAllowed if failure.view().subject.is_none() => "give a shorter label",
        Code::NameNotAllowed | Code::DuplicateName => "rename the file, or use --safe-names",
        Code::NoRecipients => "name one: --recipient, --person, --password or --secret-file",
        Code::OutputIsInput => "nothing was written; choose another place",
        Code::SecretTooShort => "a symmetric key has at least 32 bytes, a password at least one character",
        Code::TooManyRecipients => "encrypt several containers",
        Code::TooLarge => "split the files over several containers",
        Code::Internal if is_about_one_file(failure) => "name a folder to save them to: -o DIR",
        _ => return None,
    })
}

/// Whoever gives a server's address as its identifier names no list: that one is not known then.
fn is_about_the_fetched_list(failure: &Failure) -> bool {
    let view = failure.view();
    status(view.code) == 5
        && view.code != Code::ServerUnknown
        && view.subject.as_ref().is_some_and(|it| it.starts_with("https://"))
}

/// Standard output takes one file; nothing else that has no code of its own comes with a number.
fn is_about_one_file(failure: &Failure) -> bool {
    failure.view().number.is_some()
}
