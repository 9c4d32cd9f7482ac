//! ID-cards as the command line names them: to open with, and to encrypt for.

use std::path::{Path, PathBuf};

use app::{
    Result,
    cards::{self, FittingCard},
    opening::Key,
    recipients::NewRecipient,
};
use cdoc2::Header;
use clap::{Args, Subcommand, ValueHint};

use crate::{
    arguments::wrong_usage,
    secrets::{PasswordSource, ask},
};

/// What `--recipient` takes for the card at hand. A file of this name is `./card`.
const AT_HAND: &str = "card";

/// The card to open with.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub(crate) struct CardOptions {
    /// Open with the ID-card in a reader; its PIN1 is asked for, on the reader's keys where it has some
    #[arg(long)]
    pub(crate) card: bool,
    /// Look only into the reader with this name, or a part of it
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: Option<String>,
    /// Read PIN1 from a file (its first line); /dev/fd/N reads a descriptor
    #[arg(long, value_name = "FILE", requires = "card", value_hint = ValueHint::FilePath)]
    pub(crate) pin_file: Option<PathBuf>,
    /// Use PIN1 even when one more wrong entry would block it
    #[arg(long, requires = "card")]
    pub(crate) last_try: bool,
}

impl CardOptions {
    /// The card of a recipient, with its PIN; `None` when no card was asked for.
    pub(crate) fn key(&self, header: &Header) -> Result<Option<Key>> {
        if !self.card {
            return Ok(None);
        }
        let card = cards::fitting(header, self.reader.as_deref())?;
        card.check(self.last_try)?;
        let pin = match &self.pin_file {
            Some(file) => PasswordSource::File(file).read()?,
            None if card.view().pin_pad => {
                // At once, also where results are JSON: the reader waits.
                eprintln!("{}", crate::terminal::harmless(&request(&card)));
                return Ok(Some(card.into_key_by_pad(self.last_try)));
            }
            None => ask(&question(&card), "--pin-file")?,
        };
        card.into_key(&pin, self.last_try).map(Some)
    }
}

fn question(card: &FittingCard) -> String {
    crate::terminal::harmless(&format!("PIN1 of {} ({}): ", card.view().holder, tries(card)))
}

fn request(card: &FittingCard) -> String {
    format!("Enter PIN1 of {} on the reader ({}).", card.view().holder, tries(card))
}

fn tries(card: &FittingCard) -> String {
    let left = card.view().tries_left;
    if left == 1 { "the last try".to_owned() } else { format!("{left} tries left") }
}

/// The holder of the card at hand, when `recipient` asks for that.
pub(crate) fn recipient(recipient: &Path, reader: Option<&str>) -> Result<Option<NewRecipient>> {
    if recipient.as_os_str() != AT_HAND {
        return Ok(None);
    }
    let mut recipients = cards::recipients(reader)?;
    if recipients.len() > 1 {
        wrong_usage("there are several cards; name the reader of one of them: --reader");
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
    /// Show readers and the cards in them; no PIN is asked for
    List(OfReader),
    /// Look at readers and cards step by step, and say why a card cannot be used; no PIN is asked for
    Test(OfReader),
}

/// Which reader.
#[derive(Debug, Args)]
pub(crate) struct OfReader {
    /// Look only into the reader with this name, or a part of it
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: Option<String>,
}
