//! What an operator can count: Prometheus' text format. Nothing here names a client or a capsule.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::net::{Interface, Refused};

/// Upper ends of the histogram's buckets, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Call {
    Post,
    Get,
    Nonce,
    PostShare,
    GetShare,
    Other,
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::Post => "post_capsule",
            Self::Get => "get_capsule",
            Self::Nonce => "post_nonce",
            Self::PostShare => "post_share",
            Self::GetShare => "get_share",
            Self::Other => "other",
        }
    }
}

/// How a question about a client certificate ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OcspOutcome {
    Good,
    Revoked,
    NoAnswer,
}

impl OcspOutcome {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked => "revoked",
            Self::NoAnswer => "no_answer",
        }
    }
}

/// What kind of proof was shown, as its metric is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proofs {
    Tickets,
    ShareTokens,
}

/// What came of a ticket, or of a token for a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ProofOutcome {
    Given,
    Malformed,
    Refused,
    TooOften,
    Stale,
    Revoked,
    NoAnswer,
    NotThere,
    Spent,
    Unavailable,
}

impl ProofOutcome {
    fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Malformed => "malformed",
            Self::Refused => "refused",
            Self::TooOften => "too_often",
            Self::Stale => "stale_nonce",
            Self::Revoked => "revoked",
            Self::NoAnswer => "no_ocsp_answer",
            Self::NotThere => "not_there",
            Self::Spent => "spent_nonce",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Everything that is counted.
#[derive(Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(Interface, Call, u16), u64>>,
    durations: Mutex<BTreeMap<Call, Histogram>>,
    refused: Mutex<BTreeMap<(Interface, Refused), u64>>,
    ocsp: Mutex<BTreeMap<OcspOutcome, u64>>,
    proofs: Mutex<BTreeMap<(Proofs, ProofOutcome), u64>>,
    pub(crate) nonces: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) expired: AtomicU64,
    pub(crate) stored: AtomicU64,
    pub(crate) reloads: AtomicU64,
    pub(crate) failed_reloads: AtomicU64,
    pub(crate) certificate_not_after: AtomicU64,
}

#[derive(Clone, Copy, Default)]
struct Histogram {
    /// How many fell between an upper end and the one before.
    counts: [u64; BUCKETS.len()],
    count: u64,
    sum: f64,
}

impl Metrics {
    /// A request was answered.
    pub(crate) fn answered(&self, interface: Interface, call: Call, status: u16, took: Duration) {
        let mut requests = self.requests.lock().expect("nobody panics while counting");
        *requests.entry((interface, call, status)).or_default() += 1;
        drop(requests);
        let seconds = took.as_secs_f64();
        let mut durations = self.durations.lock().expect("nobody panics while counting");
        let histogram = durations.entry(call).or_default();
        histogram.count += 1;
        histogram.sum += seconds;
        if let Some(bucket) = BUCKETS.iter().position(|upper| seconds <= *upper) {
            histogram.counts[bucket] += 1;
        }
    }

    /// A connection or a request was turned away before it was looked at.
    pub(crate) fn refused(&self, interface: Interface, reason: Refused) {
        let mut refused = self.refused.lock().expect("nobody panics while counting");
        *refused.entry((interface, reason)).or_default() += 1;
    }

    /// It was seen how a client certificate stands.
    pub(crate) fn ocsp(&self, outcome: OcspOutcome) {
        *self.ocsp.lock().expect("nobody panics while counting").entry(outcome).or_default() += 1;
    }

    /// It was seen what comes of a proof.
    pub(crate) fn proof(&self, kind: Proofs, outcome: ProofOutcome) {
        *self.proofs.lock().expect("nobody panics while counting").entry((kind, outcome)).or_default() += 1;
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(4096);
        self.write_requests(&mut text);
        self.write_durations(&mut text);
        self.write_refused(&mut text);
        head(&mut text, "ocsp_total", "counter", "How client certificates stood, as asked or remembered.");
        for (outcome, count) in &*self.ocsp.lock().expect("nobody panics while counting") {
            let _ = writeln!(text, "kapsel_ocsp_total{{outcome=\"{}\"}} {count}", outcome.name());
        }
        self.write_proofs(&mut text);
        let number = |atomic: &AtomicU64| atomic.load(Ordering::Relaxed);
        for (name, kind, help, value) in [
            ("connections", "gauge", "Open connections of senders and recipients.", number(&self.connections)),
            (
                "stored_capsules",
                "gauge",
                "Capsules in the store, as last counted and since added.",
                number(&self.stored),
            ),
            ("nonces_total", "counter", "Nonces that were given.", number(&self.nonces)),
            ("expired_capsules_total", "counter", "Capsules deleted because they expired.", number(&self.expired)),
            ("reloads_total", "counter", "Times that certificates were read again.", number(&self.reloads)),
            ("failed_reloads_total", "counter", "Times that they could not be used.", number(&self.failed_reloads)),
            (
                "certificate_not_after_seconds",
                "gauge",
                "Until when the server's certificate is valid, in seconds since 1970.",
                number(&self.certificate_not_after),
            ),
        ] {
            head(&mut text, name, kind, help);
            let _ = writeln!(text, "kapsel_{name} {value}");
        }
        text
    }

    fn write_requests(&self, text: &mut String) {
        head(text, "requests_total", "counter", "Answered requests.");
        for ((interface, call, status), count) in &*self.requests.lock().expect("nobody panics while counting") {
            let (interface, call) = (interface.name(), call.name());
            let _ = writeln!(
                text,
                "kapsel_requests_total{{interface=\"{interface}\",call=\"{call}\",status=\"{status}\"}} {count}"
            );
        }
    }

    fn write_durations(&self, text: &mut String) {
        head(text, "request_duration_seconds", "histogram", "From the end of a request's head to its answer.");
        for (call, histogram) in &*self.durations.lock().expect("nobody panics while counting") {
            let call = call.name();
            let mut below = 0;
            for (upper, count) in BUCKETS.iter().zip(histogram.counts) {
                below += count;
                let _ =
                    writeln!(text, "kapsel_request_duration_seconds_bucket{{call=\"{call}\",le=\"{upper}\"}} {below}");
            }
            let Histogram { count, sum, .. } = histogram;
            let _ = writeln!(text, "kapsel_request_duration_seconds_bucket{{call=\"{call}\",le=\"+Inf\"}} {count}");
            let _ = writeln!(text, "kapsel_request_duration_seconds_sum{{call=\"{call}\"}} {sum}");
            let _ = writeln!(text, "kapsel_request_duration_seconds_count{{call=\"{call}\"}} {count}");
        }
    }

    fn write_proofs(&self, text: &mut String) {
        let proofs = self.proofs.lock().expect("nobody panics while counting");
        for (kind, name, help) in [
            (Proofs::Tickets, "tickets_total", "What came of tickets."),
            (Proofs::ShareTokens, "share_tokens_total", "What came of tokens for shares."),
        ] {
            head(text, name, "counter", help);
            for ((_, outcome), count) in proofs.iter().filter(|((its, _), _)| *its == kind) {
                let _ = writeln!(text, "kapsel_{name}{{outcome=\"{}\"}} {count}", outcome.name());
            }
        }
    }

    fn write_refused(&self, text: &mut String) {
        head(text, "refused_total", "counter", "Connections and requests that were turned away.");
        for ((interface, reason), count) in &*self.refused.lock().expect("nobody panics while counting") {
            let (interface, reason) = (interface.name(), reason.name());
            let _ = writeln!(text, "kapsel_refused_total{{interface=\"{interface}\",reason=\"{reason}\"}} {count}");
        }
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP kapsel_{name} {help}\n# TYPE kapsel_{name} {kind}");
}
