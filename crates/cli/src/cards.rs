//! ID-cards and tokens as the command line names them: to open with, and to encrypt for.

use std::path::{Path, PathBuf};

use app::{
    Result,
    cards::{self, FittingCard, Holder},
    opening::Key,
    recipients::NewRecipient,
    tokens::{self, FittingToken, PinEntry, PinStanding},
};
use cdoc2::{Header, Zeroizing};
use clap::{ArgGroup, Args, Subcommand, ValueHint};

use crate::{
    arguments::{OneSecret, wrong_usage},
    secrets::{PasswordSource, ask},
    terminal::{Terminal, harmless},
};

/// What `--recipient` takes for the card at hand. A file of this name is `./card`.
const AT_HAND: &str = "card";

/// The card or token to open with.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys", group = ArgGroup::new("held").args(["card", "pkcs11"]))]
pub(crate) struct CardOptions {
    /// Open with the ID-card in a reader; its PIN1 is asked for, on the reader's keys where it has some
    #[arg(long)]
    pub(crate) card: bool,
    /// Look only into the reader with this name, or a part of it
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: Option<String>,
    /// Open with a token by this PKCS#11 module: its file, or the name of one that `kapsel keys list` finds; the token's PIN is
    /// asked for
    #[arg(long, value_name = "MODULE", value_hint = ValueHint::FilePath)]
    pub(crate) pkcs11: Option<PathBuf>,
    /// Take only the token in this slot
    #[arg(long, value_name = "SLOT", requires = "pkcs11")]
    pub(crate) slot: Option<u64>,
    /// Read the PIN from a file (its first line); /dev/fd/N reads a descriptor
    #[arg(long, value_name = "FILE", requires = "held", value_hint = ValueHint::FilePath)]
    pub(crate) pin_file: Option<PathBuf>,
    /// Use the PIN even when one more wrong entry would block it
    #[arg(long, requires = "held")]
    pub(crate) last_try: bool,
}

impl CardOptions {
    /// Whether a card or token was asked for.
    pub(crate) fn is_named(&self) -> bool {
        self.card || self.pkcs11.is_some()
    }

    /// Refuses a reader that nothing is looked for in.
    pub(crate) fn check_reader(&self, is_for_recipient: bool) {
        if self.reader.is_some() && !self.card && !is_for_recipient {
            wrong_usage("--reader says where an ID-card is looked for", "it goes with --card");
        }
    }

    /// The card or token of a recipient, with its PIN; `None` when none was asked for.
    pub(crate) fn key(&self, header: &Header, terminal: &Terminal) -> Result<Option<Key>> {
        match &self.pkcs11 {
            Some(module) => self.token(header, module, terminal).map(Some),
            None if self.card => self.card(header).map(Some),
            None => Ok(None),
        }
    }

    fn card(&self, header: &Header) -> Result<Key> {
        let fitting = cards::fitting(header, self.reader.as_deref())?;
        let is_usable = |card: &FittingCard| card.check(true).is_ok();
        self.refuse_any_of(fitting.iter().filter(|card| is_usable(card)).map(FittingCard::holder), "reader");
        let is_alone = fitting.len() == 1;
        let card = best(fitting, is_usable);
        card.check(self.last_try)?;
        if card.view().pin_pad && self.pin_file.is_none() {
            // At once, also where results are JSON: the reader waits.
            eprintln!("{}", harmless(&request(&card, is_alone)));
            return Ok(card.into_key_by_pad(self.last_try));
        }
        let pin = self.pin(&question(&card, is_alone))?;
        card.into_key(&pin, self.last_try)
    }

    fn token(&self, header: &Header, module: &Path, terminal: &Terminal) -> Result<Key> {
        let fitting = tokens::fitting(header, module, self.slot)?;
        let is_usable = |token: &FittingToken| token.check(true).is_ok();
        self.refuse_any_of(fitting.iter().filter(|token| is_usable(token)).map(FittingToken::holder), "slot");
        let token = best(fitting, is_usable);
        token.check(self.last_try)?;
        let pin = match token.pin_entry() {
            PinEntry::Typed => Some(self.pin(&token_question(&token))?),
            PinEntry::AtReader => {
                terminal.request(&format!("enter the PIN of {} at the reader", token.holder().name));
                None
            }
            PinEntry::NotNeeded => None,
        };
        token.into_key(pin.as_ref().map(|pin| pin.as_str()), self.last_try)
    }

    /// A PIN that stands in a file is one card's: of several that would take it, it is sent to none, which would lose a try.
    fn refuse_any_of(&self, holders: impl Iterator<Item = Holder>, option: &str) {
        let all: Vec<_> = holders.map(|Holder { name, place }| format!("{name} ({place})")).collect();
        if self.pin_file.is_some() && all.len() > 1 {
            wrong_usage(
                &format!("several fit, and the PIN in the file is for one of them: {}", all.join(", ")),
                &format!("name the {option} of that one: --{option}"),
            );
        }
    }

    fn pin(&self, question: &str) -> Result<Zeroizing<String>> {
        match &self.pin_file {
            Some(file) => PasswordSource::File(file).read(),
            None => ask(&harmless(question), "--pin-file"),
        }
    }
}

/// The first that can be used; where none can, the first says why.
fn best<T>(mut fitting: Vec<T>, is_usable: impl Fn(&T) -> bool) -> T {
    let at = fitting.iter().position(is_usable).unwrap_or_default();
    // Where none fits, that is told before.
    fitting.swap_remove(at)
}

fn question(card: &FittingCard, is_alone: bool) -> String {
    format!("PIN1 of {} ({}): ", who(card, is_alone), tries(card))
}

fn request(card: &FittingCard, is_alone: bool) -> String {
    format!("Enter PIN1 of {} on the reader ({}).", who(card, is_alone), tries(card))
}

/// The holder, and the reader where another card would fit, too.
fn who(card: &FittingCard, is_alone: bool) -> String {
    let Holder { name, place } = card.holder();
    if is_alone { name } else { format!("{name} in {place}") }
}

fn tries(card: &FittingCard) -> String {
    let left = card.view().tries_left;
    if left == 1 { "the last try".to_owned() } else { format!("{left} tries left") }
}

fn token_question(token: &FittingToken) -> String {
    let view = token.view();
    let tries = match view.pin {
        PinStanding::LastTry => ", the last try",
        PinStanding::Low => ", a wrong one was entered before",
        _ => "",
    };
    format!("PIN of {} (token {}{tries}): ", token.holder().name, view.label)
}

/// Whether a recipient is the holder of the card at hand.
pub(crate) fn is_at_hand(recipient: &Path) -> bool {
    recipient.as_os_str() == AT_HAND
}

/// The holder of the card at hand, when `recipient` asks for that.
pub(crate) fn recipient(recipient: &Path, reader: Option<&str>) -> Result<Option<NewRecipient>> {
    if !is_at_hand(recipient) {
        return Ok(None);
    }
    let mut recipients = cards::recipients(reader)?;
    if recipients.len() > 1 {
        wrong_usage("there are several cards", "name the reader of one of them: --reader");
    }
    Ok(recipients.pop())
}

#[derive(Debug, Args)]
pub(crate) struct HeldKeys {
    #[command(subcommand)]
    pub(crate) command: HeldKeysCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HeldKeysCommand {
    /// Show ID-cards in readers, tokens, and the labels of remembered secrets; no PIN is asked for
    List(Where),
    /// Look at cards or tokens step by step, and say why one cannot be used; no PIN is asked for
    Test(Where),
    /// Keep a password or symmetric key in the system's keyring, under the label that containers name it by
    Remember(Remember),
    /// Remove what is kept under a label from the system's keyring
    Forget {
        /// The label
        label: String,
    },
}

/// Where keys are looked for.
#[derive(Debug, Args)]
pub(crate) struct Where {
    /// Look only into the reader with this name, or a part of it
    #[arg(long, value_name = "NAME", conflicts_with = "pkcs11")]
    pub(crate) reader: Option<String>,
    /// Look only at the tokens of this PKCS#11 module
    #[arg(long, value_name = "MODULE", value_hint = ValueHint::FilePath)]
    pub(crate) pkcs11: Option<PathBuf>,
    /// Look only at the token in this slot
    #[arg(long, value_name = "SLOT", requires = "pkcs11")]
    pub(crate) slot: Option<u64>,
}

/// What is to be remembered; without an option, the password is asked for.
#[derive(Debug, Args)]
pub(crate) struct Remember {
    /// The label, as the sender's `--label` names it
    pub(crate) label: String,
    #[command(flatten)]
    pub(crate) password: OneSecret,
    /// Read a symmetric key from a file: its bytes as they are
    #[arg(long, value_name = "FILE", group = "one_password", value_hint = ValueHint::FilePath)]
    pub(crate) secret_file: Option<PathBuf>,
}
