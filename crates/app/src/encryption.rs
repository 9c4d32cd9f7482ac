//! Encrypting: what would be encrypted and what stands in the way, and then doing it.

use cdoc2::{Compression, Control, Encryptor, NameSet, Refusal, check_name};

use crate::{failure::Failure, recipients::NewRecipient, servers::DeliveryPlan};

/// More files than this, and the Java reader refuses the container.
pub const JAVA_READER_FILES: usize = 1000;

/// Why a name cannot stand in the container, and one that could.
#[derive(Debug)]
pub struct NameTrouble {
    /// The cause.
    pub failure: Failure,
    /// A name that is allowed and not taken.
    pub proposal: String,
}

/// Checks the names of all files together; `None` where nothing is wrong.
pub fn check_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Option<NameTrouble>> {
    let names: Vec<_> = names.into_iter().collect();
    let mut taken = NameSet::default();
    let refusals: Vec<_> = names
        .iter()
        .map(|name| match check_name(name) {
            Err(problem) => Some(Refusal::Name { name: (*name).to_owned(), problem }),
            Ok(()) if !taken.insert(name) => Some(Refusal::DuplicateName((*name).to_owned())),
            Ok(()) => None,
        })
        .collect();
    // Proposals come when all allowed names are known to be taken.
    let mut trouble = |name: &str, refusal| NameTrouble {
        failure: cdoc2::Error::Refused(refusal).into(),
        proposal: taken.insert_safe(name),
    };
    names.iter().zip(refusals).map(|(name, refusal)| refusal.map(|refusal| trouble(name, refusal))).collect()
}

/// An encryptor for `recipients`, with every capsule inside the container.
pub fn encryptor(recipients: Vec<NewRecipient>, compression: Compression, control: Control) -> Encryptor<'static> {
    let recipients = recipients.into_iter().map(NewRecipient::into_recipient).collect();
    Encryptor::new(recipients).compression(compression).control(control)
}

/// An encryptor for the recipients of a plan, which takes their capsules where the plan says; once a plan.
pub fn encryptor_for(plan: &mut DeliveryPlan, compression: Compression, control: Control) -> Encryptor<'_> {
    if let Some(upload) = &mut plan.upload {
        upload.stop_by(control.cancel().clone());
    }
    let recipients = std::mem::take(&mut plan.recipients);
    let encryptor = Encryptor::new(recipients).compression(compression).control(control);
    match &plan.upload {
        Some(upload) => encryptor.delivery(upload),
        None => encryptor,
    }
}
