//! `keys`: the keys at hand, and why one cannot be used.

use std::io::{self, Write};

use app::{
    Failure, Result,
    cards::{self, CardView, ReaderView},
    servers::Expiry,
    view::{ErrorView, RecipientWarning},
};
use serde_json::{Value, json};

use super::inspect::kind;
use crate::{
    cards::{HeldKeysCommand, OfReader},
    terminal::Terminal,
    words,
};

pub(crate) fn keys(command: HeldKeysCommand, terminal: &Terminal) -> Result<()> {
    match command {
        HeldKeysCommand::List(OfReader { reader }) => list(reader.as_deref(), terminal),
        HeldKeysCommand::Test(OfReader { reader }) => test(reader.as_deref(), terminal),
    }
}

fn list(reader: Option<&str>, terminal: &Terminal) -> Result<()> {
    let readers = cards::readers(reader)?;
    terminal.result(&json!({ "readers": readers }), |output| {
        readers.iter().try_for_each(|reader| {
            writeln!(output, "{}", reader.reader)?;
            match (&reader.card, &reader.problem) {
                (Some(card), _) => show(card, output),
                (None, Some(problem)) => writeln!(output, "  {}", words::cause(problem)),
                (None, None) => Ok(()),
            }
        })
    })
}

fn show(card: &CardView, output: &mut dyn Write) -> io::Result<()> {
    write!(output, "  {} of {}", kind(card.document), card.holder)?;
    if let Some(code) = card.code.as_deref().filter(|code| *code != card.holder) {
        write!(output, ", {code}")?;
    }
    if let Some(number) = &card.document_number {
        write!(output, ", document {number}")?;
    }
    writeln!(output)?;
    writeln!(output, "  certificate valid until {}", day(card.valid_until))?;
    writeln!(output, "  PIN1: {}", pin(card))
}

fn pin(card: &CardView) -> String {
    match card.tries_left {
        0 => "blocked".to_owned(),
        _ if card.must_change_pin => "must be changed before it can be used".to_owned(),
        1 => "1 try left".to_owned(),
        tries => format!("{tries} tries left"),
    }
}

fn day(unix: i64) -> String {
    let moment = Expiry::from_unix(unix).map(|moment| moment.to_string()).unwrap_or_default();
    moment.chars().take(10).collect()
}

/// A step on the way to a card that can be used.
struct Step {
    name: &'static str,
    result: std::result::Result<String, String>,
}

fn test(reader: Option<&str>, terminal: &Terminal) -> Result<()> {
    let readers = cards::readers(reader)?;
    let steps: Vec<_> = readers.iter().map(|reader| (reader, steps(reader))).collect();
    let is_good = |steps: &[Step]| steps.iter().all(|step| step.result.is_ok());
    let value: Vec<_> = steps
        .iter()
        .map(|(reader, steps)| {
            let lines: Vec<_> = steps.iter().map(step_value).collect();
            json!({ "reader": reader.reader, "atr": reader.atr, "good": is_good(steps), "steps": lines })
        })
        .collect();
    let good = steps.iter().any(|(_, steps)| is_good(steps));
    terminal.result(&json!({ "good": good, "readers": value }), |output| {
        for (reader, steps) in &steps {
            writeln!(output, "{}", reader.reader)?;
            for step in steps {
                match &step.result {
                    Ok(words) => writeln!(output, "  ok      {:12} {words}", step.name)?,
                    Err(words) => writeln!(output, "  FAILED  {:12} {words}", step.name)?,
                }
            }
        }
        Ok(())
    })?;
    if good { Ok(()) } else { Err(telling(readers)) }
}

fn step_value(step: &Step) -> Value {
    let (good, detail) = match &step.result {
        Ok(words) => (true, words),
        Err(words) => (false, words),
    };
    json!({ "step": step.name, "good": good, "detail": detail })
}

/// What was found out about a reader, up to the first failure.
fn steps(reader: &ReaderView) -> Vec<Step> {
    let good = |name, words: String| Step { name, result: Ok(words) };
    let mut steps = vec![good("service", "it runs".to_owned())];
    if let Some(atr) = &reader.atr {
        steps.push(good("card", format!("ATR {atr}")));
    }
    let Some(card) = &reader.card else {
        let name = if reader.atr.is_some() { "application" } else { "card" };
        let words = reader.problem.as_ref().map(words::cause).unwrap_or_default();
        steps.push(Step { name, result: Err(words) });
        return steps;
    };
    steps.push(good("application", card.model.clone()));
    steps.push(good("holder", card.holder.clone()));
    let validity = if card.warnings.contains(&RecipientWarning::Expired) {
        // It still opens what is encrypted for it; servers give it nothing.
        format!("valid until {}: over; capsule servers will refuse it", day(card.valid_until))
    } else {
        format!("valid until {}", day(card.valid_until))
    };
    steps.push(good("certificate", validity));
    let result = if card.obstacle().is_none() { Ok(pin(card)) } else { Err(pin(card)) };
    steps.push(Step { name: "PIN1", result });
    steps
}

/// The failure of the reader that has something in it.
fn telling(readers: Vec<ReaderView>) -> Failure {
    let problem = |reader: ReaderView| match reader.card {
        Some(card) => card.obstacle(),
        None => reader.problem.map(|ErrorView { code, subject, detail, .. }| {
            let failure = Failure::new(code, detail);
            match subject {
                Some(subject) => failure.about(subject),
                None => failure,
            }
        }),
    };
    let failures = readers.into_iter().filter_map(problem);
    let telling = failures.max_by_key(|failure| failure.code() != app::view::Code::NoCard);
    telling.expect("a reader without failure would be good")
}
