"""File names: which are refused, which accepted, which collide."""

from __future__ import annotations

from cdoc2py import tar

from .kit import LETTER_TAR, Kit

HELLO = b"hello\n"


def add(kit: Kit) -> None:
    _accepted(kit)
    _refused(kit)
    _devices(kit)
    _lengths(kit)
    _not_utf8(kit)
    _collisions(kit)
    _header_fields(kit)


def _accepted(kit: Kit) -> None:
    accepted = {
        "plain": "letter.txt", "space_inside": "a letter.txt", "no_extension": "README", "dot_first": ".hidden",
        "dots_inside": "a..b...c", "hyphen_inside": "a-b", "one_character": "x", "tilde": "~root",
        "percent": "100%.txt",
        "quote": "it's; $HOME & `x` (1) {2} [3] #4 !5 @6 =7 +8 ^9,txt", "estonian": "õäöüšž ÕÄÖÜŠŽ.txt",
        "cyrillic": "письмо.txt", "emoji": "🔑👩‍👩‍👧.png", "hebrew": "מכתב.txt", "nfd": "o\u0303.txt", "com0": "COM0",
        "com10": "com10.txt", "console": "console.log", "device_inside": "my.con", "lpt": "LPT",
        "nbsp_end": "letter.txt\u00a0", "astral": "\U0002000b.txt",
    }
    for name, text in accepted.items():
        kit.add_tar(f"name_ok_{name}", "A name that is unusual at most.", "success", tar.archive([(text, HELLO)]),
                    files=[(text, HELLO)])


def _refused(kit: Kit) -> None:
    refused = {
        "absolute": "/etc/passwd", "parent": "../evil", "parent_deep": "a/../../evil", "dot_dot": "..", "dot": ".",
        "dots": "...", "folder": "folder/file", "folder_slash": "folder/", "slash": "/", "current": "./file",
        "backslash": "..\\evil", "backslash_folder": "a\\b", "drive": "C:evil", "drive_backslash": "C:\\evil",
        "unc": "\\\\host\\share\\x", "stream": "file.txt:hidden", "less": "a<b", "greater": "a>b", "quote": 'a"b',
        "pipe": "a|b", "question": "a?b", "star": "a*b", "colon": "a:b", "space_end": "file.txt ",
        "dot_end": "file.txt.", "space_dot_end": "file.txt .", "space_first": " file.txt", "space_only": " ",
        "hyphen_first": "-rf", "hyphen_only": "-", "newline": "a\nb", "return": "a\rb", "tab": "a\tb", "bell": "a\x07b",
        "escape": "a\x1b[2Jb", "delete": "a\x7fb", "c1_nel": "a\u0085b", "c1_csi": "a\u009bb", "rlo": "a\u202egpj.exe",
        "fffe": "a\ufffeb", "ffff": "a\uffffb", "newline_end": "file.txt\n",
    }
    for name, text in refused.items():
        kit.add_tar(f"name_bad_{name}", f"The name {text!r}.".replace("\n", " "), "unsafe_content",
                    tar.archive([("good.txt", HELLO), (text, HELLO)]))
    kit.add_tar("name_bad_empty", "An empty name in the header.", "unsafe_content|malformed",
                tar.header(b"", len(HELLO)) + tar.pad(HELLO) + tar.END)
    kit.add_tar("name_bad_nul_pax", "A NUL inside a PAX path.", "unsafe_content|malformed",
                tar.pax((b"path", b"good.txt\0../evil")) + tar.header(b"x") + tar.END)


def _devices(kit: Kit) -> None:
    devices = {
        "con_upper": "CON", "con_lower": "con", "con_mixed": "CoN.TXT", "prn_upper": "PRN.txt", "prn_lower": "prn.txt",
        "aux": "AUX", "aux_extensions": "aux.tar.gz", "nul": "NUL", "nul_dot": "nul.", "com1": "COM1",
        "com9": "com9.log", "lpt1": "Lpt1", "lpt9": "LPT9.x",
    }
    for name, text in devices.items():
        kit.add_tar(f"name_device_{name}", f"The Windows device name {text}.", "unsafe_content",
                    tar.archive([(text, HELLO)]))
    for name, text in {"superscript": "COM¹", "space": "CON .txt", "conin": "CONIN$"}.items():
        kit.add_tar(f"name_device_maybe_{name}", f"{text} is special on Windows, though no rule here names it.",
                    "unsafe_content|success", tar.archive([(text, HELLO)]), files=[(text, HELLO)])


def _lengths(kit: Kit) -> None:
    for length in (99, 100, 101, 255):
        text = "n" * length
        kit.add_tar(f"name_length_{length}", f"A name of {length} bytes.", "success", tar.archive([(text, HELLO)]),
                    files=[(text, HELLO)])
    text = "n" * 1000
    kit.add_tar("name_length_1000", "A name of 1000 bytes, the longest there may be.", "success",
                tar.archive([(text, HELLO)]), files=[(text, HELLO)],
                note_unusual="most file systems take 255 bytes at most: only unpacking in memory can succeed")
    text = "õ" * 500
    kit.add_tar("name_length_1000_unicode", "A name of 500 characters and 1000 bytes.", "success",
                tar.archive([(text, HELLO)]), files=[(text, HELLO)],
                note_unusual="most file systems take 255 bytes at most: only unpacking in memory can succeed")
    for length in (1001, 5000):
        kit.add_tar(f"name_length_{length}", f"A name of {length} bytes.", "limit_exceeded|unsafe_content",
                    tar.archive([("n" * length, HELLO)]))
    kit.add_tar("name_length_1001_unicode", "A name of 501 characters and 1001 bytes.",
                "limit_exceeded|unsafe_content", tar.archive([("õ" * 500 + "n", HELLO)]))


def _not_utf8(kit: Kit) -> None:
    bad = {"latin1": "käsi".encode("latin-1"), "surrogate": b"a\xed\xa0\x80b", "overlong_slash": b"..\xc0\xafevil",
           "cut": b"a\xc3", "ff": b"\xff\xff"}
    for name, raw in bad.items():
        kit.add_tar(f"name_not_utf8_{name}", f"A name in the header that is not UTF-8: {raw!r}.",
                    "unsafe_content|malformed", tar.header(raw, len(HELLO)) + tar.pad(HELLO) + tar.END)
        kit.add_tar(f"name_not_utf8_{name}_pax", f"A PAX path that is not UTF-8: {raw!r}.",
                    "unsafe_content|malformed",
                    tar.pax((b"path", raw)) + tar.header(b"x", len(HELLO)) + tar.pad(HELLO) + tar.END)


def _collisions(kit: Kit) -> None:
    pairs = {
        "exact": ("letter.txt", "letter.txt"), "case": ("letter.txt", "LETTER.TXT"),
        "case_one": ("Letter.txt", "letter.txt"), "case_unicode": ("ÕHTU.txt", "õhtu.txt"),
        "nfc_nfd": ("\u00f5.txt", "o\u0303.txt"), "nfc_nfd_case": ("\u00d5.txt", "o\u0303.txt"),
        "sharp_s": ("straße.txt", "STRASSE.TXT"), "sharp_s_capital": ("stra\u1e9ee.txt", "straße.txt"),
        "sigma": ("ΟΔΟΣ.txt", "οδος.txt"), "kelvin": ("\u212a.txt", "k.txt"), "angstrom": ("\u212b.txt", "å.txt"),
        "dotted_i": ("\u0130.txt", "i\u0307.txt"), "ligature": ("ﬁle.txt", "FILE.TXT"),
        "combining_order": ("q\u0323\u0307", "q\u0307\u0323"), "hangul": ("한.txt", "\u1112\u1161\u11ab.txt"),
        "iota": ("\u1fb3.txt", "\u03b1\u0345.txt"),
    }
    for name, (first, second) in pairs.items():
        kit.add_tar(f"name_twice_{name}", f"{first!r} and {second!r} are one name on some system.", "unsafe_content",
                    tar.archive([(first, HELLO), (second, HELLO)]))
    kit.add_tar("name_twice_late", "The first and the last of 2000 names are the same but for case.",
                "unsafe_content",
                tar.archive([("first.txt", HELLO), *((f"{n}", b"") for n in range(1998)), ("FIRST.txt", HELLO)]))
    distinct = [("kass.txt", HELLO), ("kaß.txt", HELLO), ("tass.txt", HELLO)]
    kit.add_tar("name_twice_sharp_s_short", "kass.txt and kaß.txt: the same under full case folding.",
                "unsafe_content", tar.archive(distinct))
    similar = [("a.txt", HELLO), ("а.txt", HELLO), ("à.txt", HELLO), ("ı.txt", HELLO), ("i.txt", HELLO)]
    kit.add_tar("name_similar", "Names that look alike and are not the same: Latin and Cyrillic a, dotless i.",
                "success", tar.archive(similar), files=similar)


def _header_fields(kit: Kit) -> None:
    """Where the name comes from."""
    def one(**fields: bytes) -> bytes:
        return tar.header(size=len(HELLO), **fields) + tar.pad(HELLO) + tar.END

    kit.add_tar("name_prefix_folder", "The ustar prefix field makes a folder of it.", "unsafe_content",
                one(name=b"file", prefix=b"folder"))
    kit.add_tar("name_prefix_parent", "The ustar prefix field leads up.", "unsafe_content",
                one(name=b"evil", prefix=b".."))
    kit.add_tar("name_prefix_absolute", "Only the ustar prefix field makes the name absolute.", "unsafe_content",
                one(name=b"etc", prefix=b"/"))
    kit.add_tar("name_prefix_gnu", "A GNU header has times where ustar has its prefix.", "success|unsafe_content",
                one(name=b"file", magic=b"ustar  \0", prefix=tar.octal(tar.MTIME, 12)), files=[("file", HELLO)],
                hostile=False)
    kit.add_tar("name_pax_overrides_bad", "A bad name in the header, a good one by PAX.", "success|unsafe_content",
                tar.pax((b"path", b"good.txt")) + one(name=b"../evil"), files=[("good.txt", HELLO)])
    kit.add_tar("name_pax_overrides_good", "A good name in the header, a bad one by PAX.", "unsafe_content",
                tar.pax((b"path", b"../evil")) + one(name=b"good.txt"))
    kit.add_tar("name_pax_prefix", "A PAX path where the header has a prefix: PAX replaces both.", "success",
                tar.pax((b"path", b"good.txt")) + one(name=b"x", prefix=b"folder"), files=[("good.txt", HELLO)],
                hostile=True)
    kit.add_tar("name_gnu_overrides_good", "A good name in the header, a bad GNU long name.", "unsafe_content",
                tar.gnu_long(b"../../evil") + one(name=b"good.txt", magic=b"ustar  \0"))
    kit.add_tar("name_second_file_bad", "The second of two files has a bad name.", "unsafe_content",
                LETTER_TAR[:-1024] + one(name=b"-evil"))
    kit.add_tar("name_nul_header", "Bytes after the NUL in the header's name do not belong to it.", "success",
                one(name=b"good.txt\0/../evil"), files=[("good.txt", HELLO)], hostile=True)
