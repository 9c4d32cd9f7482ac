//! The central configuration of Estonia's eID: signed JSON that names capsule servers, among much else.
//!
//! It names authorities (`CERT-BUNDLE`), under which a server's certificate stands, where a list of ours names the server's own
//! certificate. So an imported entry gets a pin only when the bundle holds a certificate of the very host. Otherwise it is incomplete, and
//! says so: a person adds the certificate after comparing it. Either way it is marked as imported.

use std::time::SystemTime;

use base64ct::{Base64, Encoding};
use capsule_api::{Expiry, ImportSource, Object, ServerList};
use rustls::{
    client::verify_server_name,
    pki_types::{CertificateDer, ServerName},
    server::ParsedCertificate,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;
use x509_cert::{Certificate, der::Decode, ext::pkix::BasicConstraints};

use crate::{
    error::ListTrouble,
    signature::{ListKeys, decoded},
};

/// Most certificates of a bundle that are looked at.
const MAX_BUNDLE: usize = 200;

/// What the configuration says of capsule servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Central {
    /// Grows with each version. Whoever imports one keeps it, and takes no lower one later.
    pub serial: u64,
    /// Its servers; those without a pin are incomplete. The list has this serial, and was signed by the key.
    pub list: ServerList,
}

/// The members that matter; there are many others.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
struct Members {
    meta_inf: Object<MetaInf>,
    cdoc2_conf: Map<String, Value>,
    #[serde(default)]
    cert_bundle: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct MetaInf {
    serial: u64,
    date: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Conf {
    name: String,
    post: String,
    fetch: String,
}

impl Central {
    /// Reads `config`, which `signature` (base64 of an ECDSA signature, as `config.ecc` holds it) proves to come from the holder of `key` (a
    /// public key, PEM or DER). `known` is the serial of the version before; `origin` names the file in errors.
    ///
    /// # Errors
    /// [`ListTrouble::Central`]: not signed by that key, older than the known version, dated in the future, not what it should be.
    /// [`ListTrouble::Mistake`] for an entry with a mistake.
    pub fn read(
        config: &[u8],
        signature: &[u8],
        key: &[u8],
        known: Option<u64>,
        now: SystemTime,
        origin: &str,
    ) -> Result<Self, ListTrouble> {
        let failed = |problem: String| ListTrouble::Central { origin: origin.to_owned(), problem };
        let signed_by = ListKeys::read(key).and_then(|keys| keys.check(config, signature)).map_err(failed)?;
        let Object::<Members>(members) = serde_json::from_slice(config).map_err(|error| failed(error.to_string()))?;
        let Object(MetaInf { serial, date }) = members.meta_inf;
        if let Some(known) = known.filter(|known| serial < *known) {
            return Err(failed(format!("its serial {serial} is lower than {known}, which was taken before")));
        }
        let dated = moment(&date).ok_or_else(|| failed(format!("its date {date:?} is none")))?;
        if !dated.is_over(now) {
            return Err(failed(format!("it is dated in the future: {dated}")));
        }
        let bundle: Vec<_> = members.cert_bundle.iter().take(MAX_BUNDLE).filter_map(|text| decoded(text)).collect();
        let entries = members.cdoc2_conf.into_iter().map(|(id, conf)| {
            let Object::<Conf>(conf) =
                Object::deserialize(conf).map_err(|error| failed(format!("server `{id}`: {error}")))?;
            Ok(entry(&id, conf, &bundle))
        });
        let list = json!({ "version": 1, "servers": entries.collect::<Result<Vec<_>, ListTrouble>>()? });
        let list = ServerList::parse(list.to_string().as_bytes(), origin)?;
        Ok(Self { serial, list: ServerList { serial: Some(serial), signed_by: Some(signed_by), ..list } })
    }
}

/// `20240612102015Z`.
fn moment(text: &str) -> Option<Expiry> {
    let digits =
        text.strip_suffix('Z').filter(|text| text.len() == 14 && text.bytes().all(|it| it.is_ascii_digit()))?;
    let part = |range: std::ops::Range<usize>| &digits[range];
    let (day, time) = ([part(0..4), part(4..6), part(6..8)], [part(8..10), part(10..12), part(12..14)]);
    Expiry::parse(&format!("{}T{}Z", day.join("-"), time.join(":"))).ok()
}

fn entry(id: &str, conf: Conf, bundle: &[Vec<u8>]) -> Value {
    let hosts: Vec<_> = [&conf.post, &conf.fetch].into_iter().filter_map(|url| host(url)).collect();
    let own = bundle.iter().filter(|der| !is_authority(der) && hosts.iter().any(|host| covers(der, host)));
    let pins: Vec<_> = own.map(|der| Base64::encode_string(der)).collect();
    let covered = |host: &String| bundle.iter().any(|der| !is_authority(der) && covers(der, host));
    let incomplete = (!hosts.iter().all(covered)).then_some(
        "The central configuration names the authority of this server, not its certificate. Add it after comparing its fingerprint: \
         kapsel servers pin",
    );
    json!({
        "id": id,
        "name": conf.name,
        "organisation": hosts.first().cloned().unwrap_or_default(),
        "capsuleTypes": ["ecc_secp256r1", "ecc_secp384r1", "ecc_secp521r1", "rsa"],
        "senderUrl": conf.post,
        "recipientUrl": conf.fetch,
        "certificates": pins,
        "incomplete": incomplete,
        "importedFrom": ImportSource::CentralConfiguration,
    })
}

fn host(url: &str) -> Option<String> {
    Some(Url::parse(url).ok()?.host_str()?.trim_matches(['[', ']']).to_owned())
}

fn covers(der: &[u8], host: &str) -> bool {
    let Ok(name) = ServerName::try_from(host) else { return false };
    let der = CertificateDer::from(der);
    ParsedCertificate::try_from(&der).is_ok_and(|parsed| verify_server_name(&parsed, &name).is_ok())
}

fn is_authority(der: &[u8]) -> bool {
    let Ok(certificate) = Certificate::from_der(der) else { return true };
    let constraints = certificate.tbs_certificate().get_extension::<BasicConstraints>();
    constraints.is_ok_and(|found| found.is_some_and(|(_, constraints)| constraints.ca))
}
