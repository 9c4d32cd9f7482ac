//! The picture in the README: `tests/desktop/picture` puts it there.

use std::fs;

use crate::support::{Stage, big_file, certificate};

#[test]
fn the_window_as_the_readme_shows_it() {
    let stage = Stage::sharp();
    let files = ["Contract with annexes.pdf", "Budget 2027.xlsx", "Site plan.png"];
    let files = files.map(|name| big_file(&stage, name, 0));
    for (file, size) in files.iter().zip([2_104_332, 84_120, 640_377]) {
        fs::File::options().write(true).open(file).and_then(|file| file.set_len(size)).expect("a sparse file");
    }
    let people = ["Mari Maasikas", "Toomas Tamm"].map(|name| certificate(&stage, name).0);
    let window = stage.window(&files.each_ref().map(AsRef::as_ref));
    window.wait_for("Encrypt 3 files");
    for person in &people {
        assert!(stage.kapsel(&[person]).status().expect("it starts").success());
        window.wait_for("A certificate: use it as a recipient");
        window.press("A certificate: use it as a recipient");
        window.wait_for("Encrypt 3 files");
    }
    window.choose("Light");
    for (language, button) in [
        ("Русский", "Зашифровать для 2 получателей"),
        ("Eesti", "Krüpteeri 2 adressaadile"),
        ("English", "Encrypt for 2 recipients"),
    ] {
        window.choose(language);
        window.wait_for(button);
        window.rest();
        let picture = window.picture(&format!("readme-{language}"));
        assert!(fs::metadata(&picture).expect("the picture").len() > 30_000, "{} is empty", picture.display());
    }
}
