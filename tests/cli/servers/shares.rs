//! A letter whose key is split over servers of three organisations: real servers, and the client as a library.

use std::{fs, path::PathBuf, sync::Arc};

use capsule_api::ServerList;
use capsule_client::{Client, Error, Proxy, Servers, Settings, ShareDownload, Upload};
use cdoc2::{Container, Control, Encryptor, InputFile, Keyring, Recipient};
use eid::{Authenticator, KeyFile};
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384};

use crate::organisation::{Organisation, list};

const PERSON: &str = "etsi/PNOEE-48010010101";

/// Three organisations, a person with an eID, and a folder.
struct Stage {
    folder: tempfile::TempDir,
    servers: [Organisation; 3],
    holder: Arc<dyn Authenticator>,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), "PNOEE-48010010101");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        let path = folder.path().join("mari.crt");
        fs::write(&path, &certificate).expect("written");
        let file = KeyFile::read((key.serialize_pem() + &certificate).as_bytes(), None).expect("a key").remove(0);
        let servers = ["css-a", "css-b", "css-c"].map(|id| Organisation::with_tickets(id, std::slice::from_ref(&path)));
        Self { folder, servers, holder: Arc::new(file.authenticator().expect("a certificate")) }
    }

    fn client(&self) -> Client {
        let list = list(&self.servers.each_ref().map(Organisation::entry));
        let list = ServerList::parse(list.as_bytes(), "test.json").expect("a list");
        let settings = Settings { proxy: Proxy::None, ..Settings::default() };
        Client::new(Servers::of(list, "test.json").expect("servers"), settings)
    }

    fn encrypted(&self) -> PathBuf {
        let (letter, container) = (self.folder.path().join("letter.txt"), self.folder.path().join("c.cdoc2"));
        fs::write(&letter, "for your eyes only").expect("written");
        let urls = self.servers.iter().map(|server| server.entry()["sharesUrl"].as_str().expect("a URL").to_owned());
        let recipient = Recipient::shares(PERSON, urls.collect(), "data:,SN=etsi%2FPNOEE-48010010101&TYPE=auth&V=1");
        let upload = Upload::new(self.client());
        let input = InputFile::examine(&letter).expect("there");
        let encryptor = Encryptor::new(vec![recipient]).delivery(&upload);
        encryptor.encrypt_to_file(&[input], &container, false).expect("encrypted");
        container
    }

    fn opened(&self, container: &PathBuf) -> cdoc2::Result<()> {
        let container = Container::open(container)?;
        let download = ShareDownload::new(self.client(), Arc::clone(&self.holder)).expect("a person");
        let key = container.unlock(&Keyring::new([]).with_shares(&download), &Control::default())?;
        let mut content = Vec::new();
        container.write_only_file(&key, &Default::default(), &mut content)?;
        assert_eq!(content, b"for your eyes only");
        Ok(())
    }
}

#[test]
fn a_letter_in_three_shares_opens_with_all_of_them_and_with_no_fewer() {
    let mut stage = Stage::new();
    let container = stage.encrypted();
    stage.opened(&container).expect("all are up");
    stage.opened(&container).expect("as often as one likes");
    stage.servers[1].stop();
    let error = stage.opened(&container).expect_err("one is down");
    let cdoc2::Error::Fetch(error) = error else { panic!("{error:?}") };
    match error.downcast_ref().map(Error::most_telling) {
        Some(Error::Server { server, .. }) => assert_eq!(server.as_str(), "css-b"),
        other => panic!("{other:?}"),
    }
}
