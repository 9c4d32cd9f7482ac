//! Lists in layers.

use std::{fs, path::PathBuf, time::SystemTime};

use capsule_client::{Client, Error, Layer, ListFiles, ListTrouble, ServerWarning, Servers, Settings};
use rcgen::CertificateParams;

use crate::support::{Entry, Shown, in_days, list, new_key, server_params, servers};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("temporary folder"))
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).expect("written");
        path
    }
}

#[test]
fn the_more_specific_layer_replaces_an_entry_as_a_whole() {
    let (place, shown, other) = (Place::new(), Shown::new(), Shown::new());
    let system = place.file("system.json", list(&[Entry::new("a", 1, &shown), Entry::new("b", 2, &shown)]));
    let user = place.file("user.json", list(&[Entry::new("b", 3, &other), Entry::new("c", 4, &shown)]));
    let first = place.file("first.json", list(&[Entry::new("d", 5, &shown)]));
    let second = place.file("second.json", list(&[Entry::new("d", 6, &shown)]));
    let files = ListFiles {
        system: Some(system),
        user: Some(user.clone()),
        given: vec![first, second],
        ..ListFiles::default()
    };
    let servers = Servers::load(&files).expect("no mistakes");
    let found = |id| {
        let listed = servers.get(id).expect("listed");
        (listed.layer, listed.server.sender_url.port().expect("a port"))
    };
    assert_eq!(
        [found("a"), found("b"), found("c"), found("d")],
        [(Layer::System, 1), (Layer::User, 3), (Layer::User, 4), (Layer::Given, 6),]
    );
    let b = servers.get("b").expect("listed");
    assert_eq!(b.server.pins[0].der(), other.chain[0], "nothing of the other entry is kept");
    assert_eq!((b.server.pins.len(), b.origin.as_str()), (1, user.display().to_string().as_str()));
    // What is most specific is preferred, and what ships is there.
    let order: Vec<_> = servers.iter().map(|listed| listed.layer).collect();
    assert_eq!(order, [Layer::Given, Layer::User, Layer::User, Layer::System, Layer::Shipped]);
}

#[test]
fn layers_need_not_be_there_but_named_files_must() {
    let place = Place::new();
    let absent = || Some(place.0.path().join("absent.json"));
    let files = ListFiles { system: absent(), user: absent(), given: Vec::new(), ..ListFiles::default() };
    assert_eq!(Servers::load(&files).expect("the shipped list").iter().count(), 1);
    let files = ListFiles { given: vec![place.0.path().join("absent.json")], ..files };
    let error = Servers::load(&files).expect_err("a named file is missing");
    assert!(matches!(error, ListTrouble::NotReadable { .. }) && error.to_string().contains("absent.json"), "{error}");
    // A folder is no list, and no excuse.
    let files = ListFiles { system: Some(place.0.path().to_owned()), ..ListFiles::default() };
    assert!(matches!(Servers::load(&files), Err(ListTrouble::NotReadable { .. })));
}

#[test]
fn one_mistake_in_any_layer_refuses_all_and_is_named() {
    let (place, shown) = (Place::new(), Shown::new());
    let good = place.file("good.json", list(&[Entry::new("a", 1, &shown)]));
    let bad = list(&[Entry::new("b", 1, &shown)]).replace("https://localhost", "http://localhost");
    let bad = place.file("bad.json", bad);
    let files =
        ListFiles { system: Some(bad.clone()), user: Some(good.clone()), given: Vec::new(), ..ListFiles::default() };
    let error = Servers::load(&files).expect_err("a mistake").to_string();
    assert!(error.contains(&bad.display().to_string()) && error.contains("server `b`"), "{error}");
    let alike = place.file("alike.json", list(&[Entry::new("A", 1, &shown)]));
    let files = ListFiles { system: Some(good), user: Some(alike.clone()), given: Vec::new(), ..ListFiles::default() };
    let error = Servers::load(&files).expect_err("alike").to_string();
    assert!(
        error.starts_with(&format!("{}, server `A`", alike.display())) && error.contains("in case only"),
        "{error}"
    );
    let endless = place.file("long.json", vec![b' '; (4 << 20) + 100]);
    let files = ListFiles { given: vec![endless], ..ListFiles::default() };
    assert!(Servers::load(&files).expect_err("too long").to_string().contains("too large"));
}

#[test]
fn an_expired_list_stays_known_and_is_not_used() {
    let (place, shown) = (Place::new(), Shown::new());
    let text = list(&[Entry::new("a", 1, &shown)]);
    let over = text.replacen('{', r#"{"expires":"2024-01-01T00:00:00Z","#, 1);
    let files = ListFiles { user: Some(place.file("over.json", over)), ..ListFiles::default() };
    let servers = Servers::load(&files).expect("no mistake");
    let error = servers.usable("a").expect_err("expired").to_string();
    assert!(error.contains("expired on 2024-01-01T00:00:00Z") && error.contains("over.json"), "{error}");
    let client = Client::new(servers, Settings::default());
    assert!(matches!(client.examine("a", &Default::default()), Err(Error::Unusable { .. })));
}

#[test]
fn a_certificate_that_ends_soon_is_warned_of() {
    let key = new_key("P-384");
    let pin = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = server_params("localhost");
        change(&mut params);
        params.self_signed(&key).expect("signed").der().to_vec()
    };
    let ending = |days| pin(&move |params| params.not_after = rcgen::date_time_ymd(1970, 1, 1) + in_days(days));
    let shown = Shown::of(ending(365), &key);
    let warned = |pins: Vec<Vec<u8>>| {
        let servers = servers(&[Entry { pins, ..Entry::new("a", 1, &shown) }]);
        let warnings = servers.get("a").expect("listed").warnings(SystemTime::now());
        warnings
            .into_iter()
            .map(|warning| match warning {
                ServerWarning::CertificateEnds { replaced, .. } => replaced,
                _ => panic!("{warning:?}"),
            })
            .collect::<Vec<_>>()
    };
    assert!(warned(vec![ending(31)]).is_empty());
    assert_eq!(warned(vec![ending(29)]), [false]);
    assert_eq!(warned(vec![ending(29), ending(365)]), [true]);
}
