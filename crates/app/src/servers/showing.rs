//! Servers and what was found at them, as a window shows them.

use std::time::{SystemTime, UNIX_EPOCH};

use capsule_api::{CapsuleType, Pin};
use capsule_client::{CheckStep, Error, Examination, Layer, Listed, ServerWarning, Servers};
use url::Url;

use crate::{
    failure::Failure,
    view::{AddressReport, PinView, ServerOrigin, ServerReport, ServerStep, ServerView, ShownCertificate, StepReport},
};

pub(crate) fn server_views(servers: &Servers) -> Vec<ServerView> {
    servers.iter().map(server).collect()
}

fn server(listed: &Listed) -> ServerView {
    let server = &listed.server;
    let mut addresses: Vec<String> =
        [Some(&server.sender_url), server.recipient_url.as_ref()].into_iter().flatten().map(authority).collect();
    addresses.dedup();
    ServerView {
        id: server.id.to_string(),
        name: server.name.clone(),
        organisation: server.organisation.clone(),
        owner: server.owner().as_str().to_owned(),
        origin: match listed.layer {
            Layer::Shipped => ServerOrigin::Shipped,
            Layer::System => ServerOrigin::System,
            Layer::User => ServerOrigin::Own,
            Layer::Given => ServerOrigin::Given,
        },
        addresses,
        algorithms: server.capsule_types.iter().map(|kind| algorithm(*kind).to_owned()).collect(),
        shares: server.shares_base().map(str::to_owned),
        certificates: server.pins.iter().map(pin).collect(),
        ends_soon: ends_soon(listed),
        problem: listed.unusable.clone(),
        list_expired: listed.unusable.is_some() && server.incomplete.is_none(),
    }
}

fn ends_soon(listed: &Listed) -> Option<i64> {
    let ends = listed.warnings(SystemTime::now()).into_iter().map(|warning| match warning {
        ServerWarning::CertificateEnds { at, replaced: false, .. } => Some(unix(at)),
        _ => None,
    });
    ends.flatten().max()
}

fn algorithm(capsule_type: CapsuleType) -> &'static str {
    match capsule_type {
        CapsuleType::EcP256 => "P-256",
        CapsuleType::EcP384 => "P-384",
        CapsuleType::EcP521 => "P-521",
        CapsuleType::Rsa => "RSA",
    }
}

/// Host and port.
fn authority(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

fn pin(pin: &Pin) -> PinView {
    PinView { fingerprint: pin.fingerprint(), valid_from: unix(pin.not_before()), valid_until: unix(pin.not_after()) }
}

fn unix(time: SystemTime) -> i64 {
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -seconds(before.duration()), seconds)
}

pub(crate) fn shown(certificates: &[(Url, Pin)]) -> Vec<ShownCertificate> {
    let view = |(url, shown): &(Url, Pin)| ShownCertificate { address: authority(url), certificate: pin(shown) };
    certificates.iter().map(view).collect()
}

/// What was found at the server `id`.
pub(crate) fn report(servers: &Servers, id: &str, examined: &[Examination]) -> ServerReport {
    let mut failed = examined.iter().flat_map(|address| &address.steps).filter_map(|step| step.result.as_ref().err());
    let server = servers.get(id).map(|listed| listed.server.id.clone());
    let problem = failed.next().cloned().zip(server).map(|(cause, server)| Error::Server { server, cause });
    ServerReport {
        addresses: examined.iter().map(address).collect(),
        problem: problem.map(|error| Failure::from(error).into_view()),
    }
}

fn address(examined: &Examination) -> AddressReport {
    let steps = examined.steps.iter().map(|checked| StepReport {
        step: match checked.step {
            CheckStep::Resolve => ServerStep::Resolve,
            CheckStep::Connect => ServerStep::Connect,
            CheckStep::Tls => ServerStep::Tls,
            CheckStep::Pin => ServerStep::Pin,
            CheckStep::HostName => ServerStep::HostName,
            CheckStep::Validity => ServerStep::Validity,
            CheckStep::Ocsp => ServerStep::Ocsp,
            CheckStep::Api => ServerStep::Api,
        },
        good: checked.result.is_ok(),
        detail: checked.result.as_ref().map_or_else(ToString::to_string, String::clone),
    });
    AddressReport { address: authority(&examined.url), steps: steps.collect() }
}
