//! Encrypting: what would be encrypted and what stands in the way, and then doing it.

use cdoc2::{Compression, Control, Encryptor, NameProblem, NameSet, Refusal, UnsafeName, UnsafeNames, check_name};

use crate::{failure::Failure, recipients::NewRecipient, servers::DeliveryPlan, view::RefusedName};

/// More files than this, and the Java reader refuses the container.
pub const JAVA_READER_FILES: usize = 1000;

/// Why a name cannot stand in the container, and one that could.
#[derive(Debug)]
pub struct NameTrouble {
    /// The cause.
    pub failure: Failure,
    /// The same, with a name that is allowed and not taken.
    pub refused: RefusedName,
}

impl NameTrouble {
    fn new(name: &str, problem: NameProblem, proposal: String) -> Self {
        let refusal = match problem.clone() {
            NameProblem::Duplicate => Refusal::DuplicateName(name.to_owned()),
            problem => Refusal::Name { name: name.to_owned(), problem },
        };
        let refused = UnsafeName { name: name.to_owned(), problem, proposal }.into();
        Self { failure: cdoc2::Error::Refused(refusal).into(), refused }
    }
}

/// What is wrong with the first name, and all that are refused, but no more of them than anybody reads; `None` where none is.
pub fn refusal(troubles: Vec<NameTrouble>) -> Option<Failure> {
    let count = troubles.len() as u64;
    let refused = troubles.iter().take(UnsafeNames::MOST).map(|trouble| trouble.refused.clone()).collect();
    Some(troubles.into_iter().next()?.failure.with_number(count).with_refused(refused))
}

/// Checks the names of all files together; `None` where nothing is wrong.
pub fn check_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Option<NameTrouble>> {
    let names: Vec<_> = names.into_iter().collect();
    let mut taken = NameSet::default();
    let problems: Vec<_> = names
        .iter()
        .map(|name| match check_name(name) {
            Err(problem) => Some(problem),
            Ok(()) if !taken.insert(name) => Some(NameProblem::Duplicate),
            Ok(()) => None,
        })
        .collect();
    // Proposals come when all allowed names are known to be taken.
    let mut trouble = |name: &str, problem| NameTrouble::new(name, problem, taken.insert_safe(name));
    names.iter().zip(problems).map(|(name, problem)| problem.map(|problem| trouble(name, problem))).collect()
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
