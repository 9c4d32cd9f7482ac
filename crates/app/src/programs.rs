//! Files that run when they are opened. What came in a container is shown to people, never started for them.

use std::{fs::File, io::Read, path::Path};

/// Extensions of programs, scripts, installers, and of what points at such: on every system, for containers travel.
const EXTENSIONS: &str = "action apk app appimage application appref-ms appx appxbundle bash bat bin chm class cmd com command \
    cpl csh deb desktop dll dmg elf exe fileloc fish flatpak flatpakref gadget hta inetloc inf ins jar \
    jnlp js jse ksh lnk lua mjs mpkg msc msi msix msixbundle msp mst out php pif pkg pl ps1 psd1 psm1 py \
    pyc pyw pyz rb reg rpm run scf scpt scr sct service settingcontent-ms sh snap so terminal tool url \
    vb vbe vbs webloc workflow ws wsc wsf wsh xbap zsh";

/// How programs and scripts begin, whatever they are called: ELF, PE, Mach-O, a script's interpreter, a launcher.
const BEGINNINGS: &[&[u8]] = &[
    b"\x7fELF",
    b"MZ",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"#!",
    b"\xef\xbb\xbf#!",
    b"[Desktop Entry]",
];

/// Whether opening the file would run it, or might.
pub fn is_program(path: &Path) -> bool {
    match path.extension() {
        Some(extension) if EXTENSIONS.split(' ').any(|known| extension.eq_ignore_ascii_case(known)) => true,
        // On file systems without such a mark, every file bears it: then a name says what opens it.
        None if is_executable(path) => true,
        _ => begins_as_one(path),
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    false
}

fn begins_as_one(path: &Path) -> bool {
    let mut start = Vec::with_capacity(16);
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut start));
    read.is_ok() && BEGINNINGS.iter().any(|beginning| start.starts_with(beginning))
}
