use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use app::{
    desk::Desk,
    servers::ListFiles,
    view::{DraftFile, EncryptionDraft},
};
use virtual_card::{Holder, Inserted, Kind, Service, Slot, VirtualCard};

use super::{Stage, Window};

pub(crate) const CODE: &str = "38001085718";

/// A person with a card, a letter for them, and readers that nobody else uses meanwhile. Taken apart in this order.
pub(crate) struct Person {
    pub(crate) card: VirtualCard,
    pub(crate) holder: Holder,
    pub(crate) certificate: PathBuf,
    pub(crate) letter: PathBuf,
    pub(crate) stage: Stage,
    pub(crate) service: Service,
}

impl Person {
    pub(crate) fn with(kind: Kind) -> Self {
        Self::with_pin(kind, "1234")
    }

    pub(crate) fn with_pin(kind: Kind, pin: &str) -> Self {
        Self::of(Holder::new("JÕEORG", "JAAK-KRISTJAN", CODE), kind, pin)
    }

    /// Whose certificate will be valid tomorrow.
    pub(crate) fn of_tomorrow(kind: Kind) -> Self {
        let validity = [1, 30].map(|days| SystemTime::now() + Duration::from_secs(days * 24 * 60 * 60));
        Self::of(Holder::valid_between("JÕEORG", "JAAK-KRISTJAN", CODE, validity), kind, "1234")
    }

    fn of(holder: Holder, kind: Kind, pin: &str) -> Self {
        let service = Service::private();
        let stage = Stage::with_readers(service.socket());
        let certificate = stage.home().join("jaak.crt");
        fs::write(&certificate, holder.pem()).expect("written");
        let letter = stage.file("letter.txt", "hello");
        Self { card: VirtualCard::new(kind, holder.clone(), pin), holder, certificate, letter, stage, service }
    }

    pub(crate) fn insert(&self) -> Inserted {
        self.service.insert(&self.card, Slot::First)
    }

    /// The letter for this person, with the capsule inside.
    pub(crate) fn sealed(&self) -> PathBuf {
        self.sealed_as(None)
    }

    /// The same under another name of the letter.
    pub(crate) fn sealed_as(&self, name: Option<&str>) -> PathBuf {
        let desk = Desk::new(None, None, ListFiles::default());
        let recipient = desk.recipients(std::slice::from_ref(&self.certificate)).expect("a certificate").remove(0);
        let draft = EncryptionDraft {
            files: vec![DraftFile { id: desk.chosen(&self.letter).id, name: name.map(str::to_owned) }],
            recipients: vec![recipient.id],
            ..EncryptionDraft::default()
        };
        let done = desk.encrypt(&draft, None, None, |_| {}).expect("encrypted");
        desk.path(done.output.id).expect("it was just made")
    }

    /// The window with a container for this person, and the dialog for the PIN.
    pub(crate) fn asked(&self, sealed: &Path) -> Window<'_> {
        let window = self.stage.window(&[sealed]);
        window.wait_for("Open with ID-card");
        self.card.trace();
        window.press("Open with ID-card");
        window.wait_for("Enter PIN1");
        window
    }

    pub(crate) fn is_opened(&self, folder: &str) -> bool {
        fs::read_to_string(self.stage.documents().join(folder).join("letter.txt")).is_ok_and(|text| text == "hello")
    }
}

/// Presses the button of the dialog, not one of the screen below.
pub(crate) fn enter(window: &Window<'_>, pin: &str) {
    window.fill("PIN1", pin);
    window.press("Open");
}
