"""The tar itself: entry types, numbers, extended headers, the end."""

from __future__ import annotations

from cdoc2py import tar

from .kit import LETTER, LETTER_TAR, Files, Kit

HELLO = b"hello\n"
HELLO_FILE: Files = [("hello.txt", HELLO)]
LETTER_MEMBER = LETTER_TAR[:-len(tar.END)]


def add(kit: Kit) -> None:
    _types(kit)
    _numbers(kit)
    _accepted_forms(kit)
    _pax(kit)
    _global_pax(kit)
    _pax_malformed(kit)
    _gnu_names(kit)
    _ends(kit)
    _cut(kit)


def _hello(content: bytes = HELLO, **fields: bytes) -> bytes:
    name = fields.pop("name", b"hello.txt")
    return tar.header(name, len(content), **fields) + tar.pad(content)


def _types(kit: Kit) -> None:
    refused = {
        "hardlink": (b"1", b"letter.txt"), "symlink": (b"2", b"/etc/passwd"), "symlink_relative": (b"2", b"letter.txt"),
        "character_device": (b"3", b""), "block_device": (b"4", b""), "folder": (b"5", b""), "fifo": (b"6", b""),
        "gnu_sparse": (b"S", b""), "gnu_multivolume": (b"M", b""), "gnu_volume": (b"V", b""),
        "gnu_dumpdir": (b"D", b""),
        "unknown_upper": (b"Z", b""), "unknown_digit": (b"9", b""), "unknown_byte": (b"\xff", b""),
        "solaris_pax": (b"X", b""), "solaris_acl": (b"A", b""),
    }
    for name, (kind, link) in refused.items():
        kit.add_tar(f"type_{name}", f"After a good file an entry of type {kind!r}.", "unsafe_content|malformed",
                    LETTER_MEMBER + tar.header(b"other", type=kind, link=link) + tar.END)
    kit.add_tar("type_symlink_then_file", "A symbolic link, then a file of the same name to write through it.",
                "unsafe_content|malformed",
                tar.header(b"hello.txt", type=b"2", link=b"/tmp/evil") + _hello() + tar.END)
    kit.add_tar("type_folder_then_file", "A folder, then a file in it.", "unsafe_content|malformed",
                tar.header(b"folder/", type=b"5") + _hello(name=b"folder/hello.txt") + tar.END)
    kit.add_tar("type_nul", "Type NUL: a regular file of old tars.", "success|unsafe_content|malformed",
                _hello(type=b"\0") + tar.END, files=HELLO_FILE, hostile=False)
    kit.add_tar("type_contiguous", "Type 7: a contiguous file, to be taken for a regular one or refused.",
                "success|unsafe_content|malformed", _hello(type=b"7") + tar.END, files=HELLO_FILE)
    kit.add_tar("type_file_with_link", "A regular file with a link name, which means nothing.",
                "success|malformed|unsafe_content", _hello(link=b"/etc/passwd") + tar.END, files=HELLO_FILE)
    kit.add_tar("type_pax_sparse", "A regular file that PAX says is sparse: read as it stands, or refused.",
                "success|unsafe_content|malformed",
                tar.pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"../evil"),
                        (b"GNU.sparse.realsize", b"99999999999")) + _hello() + tar.END, files=HELLO_FILE)


def _base256(value: int, width: int) -> bytes:
    return (value % (1 << 8 * width) | 1 << (8 * width - 1)).to_bytes(width, "big")


def _numbers(kit: Kit) -> None:
    bad_sizes = {
        "negative": (_base256(-1, 12), "minus one, in base 256", "malformed|limit_exceeded"),
        "negative_large": (_base256(-(1 << 62), 12), "far below zero", "malformed|limit_exceeded"),
        "64_bits": (_base256((1 << 64) + 6, 12), "2^64 + 6, which wraps to 6", "malformed|limit_exceeded"),
        "almost_64_bits": (_base256((1 << 64) - 1, 12), "2^64 - 1, which overflows when rounded up",
                           "malformed|limit_exceeded"),
        "63_bits": (_base256((1 << 63) - 1, 12), "2^63 - 1", "malformed|limit_exceeded"),
        "8_gib": (b"77777777777\0", "8 GiB - 1 and holds nothing", "limit_exceeded"),
        "octal_12": (b"777777777777", "64 GiB - 1, in twelve digits", "limit_exceeded|malformed"),
        "digit_8": (b"00000000008\0", "octal with a digit 8", "malformed"),
        "letters": (b"size=unknown", "text", "malformed"),
        "minus": (b"-0000000006\0", "octal with a sign", "malformed"),
        "hex": (b"0x000000006\0", "hexadecimal", "malformed"),
        "space_inside": (b"0000 00006 \0", "octal with a space inside", "malformed|success"),
        "too_large": (tar.octal(5000, 12), "more than is there", "malformed|truncated"),
        "too_small": (tar.octal(1, 12), "less than a block where two follow", "malformed"),
    }
    for name, (field, about, expect) in bad_sizes.items():
        content = bytes(range(1, 251)) * 3 if name == "too_small" else HELLO
        kit.add_tar(f"size_{name}", f"The size field says {about}.", expect,
                    tar.header(b"hello.txt", size_field=field) + tar.pad(content) + tar.END,
                    **({"files": HELLO_FILE} if "success" in expect else {}))
    harmless = {
        "base256": (_base256(len(HELLO), 12), "in base 256"),
        "spaces": (b"          6 ", "octal with leading spaces"),
        "no_end": (b"000000000006", "octal over the whole field"),
    }
    for name, (field, about) in harmless.items():
        kit.add_tar(f"size_{name}", f"A small size {about}.", "success|malformed",
                    tar.header(b"hello.txt", size_field=field) + tar.pad(HELLO) + tar.END, files=HELLO_FILE,
                    hostile=False)
    kit.add_tar("size_blank", "The size field is empty, the file too.", "success|malformed",
                tar.header(b"hello.txt", size_field=bytes(12)) + tar.END, files=[("hello.txt", b"")])
    _checksums(kit)
    _other_fields(kit)


def _checksums(kit: Kit) -> None:
    for name, checksum, about in (("zero", b"000000\0 ", "zero"), ("off_by_one", None, "one too high"),
                                  ("text", b"checksum", "text"), ("blank", bytes(8), "blank")):
        if checksum is None:
            checksum = b"%06o\0 " % (int(tar.header(b"hello.txt", 6)[148:154], 8) + 1)
        kit.add_tar(f"checksum_{name}", f"The header checksum is {about}.", "malformed",
                    _hello(checksum=checksum) + tar.END)
    kit.add_tar("checksum_second", "The header of the second file is altered against its checksum.", "malformed",
                LETTER_MEMBER + _hello().replace(b"hello.txt", b"jello.txt", 1) + tar.END)
    kit.add_tar("checksum_signed", "A checksum over signed bytes, as some old tars make it.", "success|malformed",
                _hello(name="õ.txt".encode(), signed_sum=True) + tar.END, files=[("õ.txt", HELLO)], hostile=False)


def _other_fields(kit: Kit) -> None:
    fields = {
        "mode_setuid": ({"mode": tar.octal(0o6777, 8)}, "mode 6777", "success"),
        "mode_zero": ({"mode": tar.octal(0, 8)}, "mode 0", "success"),
        "mode_with_type": ({"mode": b"0100644 "}, "mode 0100644, as one deployed writer has it", "success"),
        "mode_junk": ({"mode": b"rw-r--r-"}, "a mode that is no number", "success|malformed"),
        "owner": ({"uid": tar.octal(1000, 8), "gid": tar.octal(1000, 8), "owner": b"jaak"}, "an owner", "success"),
        "owner_junk": ({"uid": b"\xff" * 8}, "a user id of bytes FF", "success|malformed"),
        "mtime_zero": ({"mtime": tar.octal(0, 12)}, "modification time 0", "success"),
        "mtime_negative": ({"mtime": _base256(-1, 12)}, "a modification time before 1970", "success|malformed"),
        "mtime_huge": ({"mtime": b"777777777777"}, "a modification time in the year 4147", "success|malformed"),
        "mtime_junk": ({"mtime": b"yesterday"}, "a modification time that is no number", "success|malformed"),
    }
    for name, (values, about, expect) in fields.items():
        kit.add_tar(f"field_{name}", f"A file with {about}: none of it may matter.", expect,
                    _hello(**values) + tar.END, files=HELLO_FILE, hostile=name not in ("mode_with_type", "owner"))


def _accepted_forms(kit: Kit) -> None:
    files: Files = [("a.txt", b"a"), ("empty", b""), ("block", bytes(512)), ("over", bytes(513)), ("õ.txt", b"o\n")]
    kit.add_tar("tar_several", "Several files, of sizes around a block.", "success", tar.archive(files), files=files)
    kit.add_tar("tar_gnu", "GNU's magic and version.", "success", _hello(magic=b"ustar  \0") + tar.END,
                files=HELLO_FILE)
    kit.add_tar("tar_v7", "No magic at all: a tar older than ustar.", "success|malformed", _hello(magic=b"") + tar.END,
                files=HELLO_FILE, hostile=False)
    kit.add_tar("tar_utf8_without_pax", "A name outside ASCII in the header, without PAX.", "success",
                _hello(name="õ.txt".encode()) + tar.END, files=[("õ.txt", HELLO)])
    kit.add_tar("tar_dirty_padding", "Bytes other than zero between a file and the next block.", "success|malformed",
                tar.header(b"hello.txt", len(HELLO)) + HELLO + b"X" * (512 - len(HELLO)) + tar.END, files=HELLO_FILE)
    empty_expect = "success|malformed"
    kit.add_tar("tar_no_files", "An archive of no files.", empty_expect, tar.END, files=[], hostile=True)
    kit.add_tar("tar_no_files_record", "An archive of no files, padded to a record.", empty_expect, bytes(10_240),
                files=[], hostile=True)


def _pax(kit: Kit) -> None:
    long_path = b"p" * 300
    kit.add_tar("pax_path", "A name of 300 bytes by PAX.", "success", tar.member(long_path, HELLO) + tar.END,
                files=[("p" * 300, HELLO)], note_unusual="most file systems take 255 bytes at most")
    accepted = {
        "size": ((b"size", b"6"), "the size, which the header says too"),
        "mtime_fraction": ((b"mtime", b"1700000000.123456789"), "a modification time with a fraction"),
        "mtime_negative": ((b"mtime", b"-1.5"), "a modification time before 1970"),
        "mtime_many_digits": ((b"mtime", b"1700000000." + b"1" * 1000), "a modification time with 1000 digits"),
        "unknown_key": ((b"KAPSEL.something", b"else"), "a key that nobody knows"),
        "comment": ((b"comment", "õ\nsecond line=x".encode()), "a comment with a newline and an equals sign"),
        "xattr": ((b"SCHILY.xattr.user.x", bytes(range(256))), "an extended attribute of any bytes"),
        "linkpath": ((b"linkpath", b"/etc/passwd"), "a link path, which means nothing for a file"),
        "owner": ((b"uname", b"root"), "an owner"),
        "60_kb": ((b"comment", b"c" * 60_000), "a comment of 60 kB"),
    }
    for name, (record, about) in accepted.items():
        kit.add_tar(f"pax_{name}", f"PAX gives {about}.", "success", tar.pax(record) + _hello() + tar.END,
                    files=HELLO_FILE, hostile=name in ("mtime_many_digits", "linkpath", "mtime_negative"))
    kit.add_tar("pax_size_only", "PAX gives the size, the header says 0: PAX counts.", "success",
                tar.pax((b"size", b"6")) + tar.header(b"hello.txt", 0) + tar.pad(HELLO) + tar.END, files=HELLO_FILE)
    kit.add_tar("pax_path_twice", "The path twice in one PAX header: the last counts.", "success|malformed",
                tar.pax((b"path", b"first.txt"), (b"path", b"hello.txt")) + _hello(name=b"x") + tar.END,
                files=HELLO_FILE)
    kit.add_tar("pax_path_twice_bad", "The path twice in one PAX header, the last one bad.",
                "unsafe_content|malformed",
                tar.pax((b"path", b"hello.txt"), (b"path", b"../evil")) + _hello(name=b"x") + tar.END)
    kit.add_tar("pax_only_once", "PAX is for the next file only: the second has the name of its header.", "success",
                tar.pax((b"path", b"first.txt")) + _hello(name=b"x") + _hello() + tar.END,
                files=[("first.txt", HELLO), *HELLO_FILE])
    _pax_lies(kit)


def _pax_lies(kit: Kit) -> None:
    def sized(value: bytes) -> bytes:
        return tar.pax((b"size", value)) + _hello() + tar.END

    lies = {
        "smaller": (sized(b"0"), "0 where a block of content follows", "malformed"),
        "larger": (sized(b"600"), "600, which takes in the end", "malformed|truncated"),
        "negative": (sized(b"-6"), "-6", "malformed|limit_exceeded"),
        "plus": (sized(b"+6"), "+6", "malformed|success"),
        "hex": (sized(b"0x6"), "0x6", "malformed"),
        "fraction": (sized(b"6.5"), "6.5", "malformed"),
        "space": (sized(b" 6"), "6 after a space", "malformed|success"),
        "text": (sized(b"six"), "six", "malformed"),
        "64_bits": (sized(b"18446744073709551622"), "2^64 + 6", "malformed|limit_exceeded"),
        "almost_64_bits": (sized(b"18446744073709551615"), "2^64 - 1", "malformed|limit_exceeded"),
        "63_bits": (sized(b"9223372036854775807"), "2^63 - 1", "malformed|limit_exceeded"),
        "1000_digits": (sized(b"9" * 1000), "a number of 1000 digits", "malformed|limit_exceeded"),
        "empty": (sized(b""), "nothing", "malformed|success"),
    }
    for name, (archive, about, expect) in lies.items():
        kit.add_tar(f"pax_size_{name}", f"PAX says the size is {about}.", expect, archive,
                    **({"files": HELLO_FILE} if "success" in expect else {}))
    kit.add_tar("pax_path_empty", "PAX gives an empty path, which takes it back or is an empty name.",
                "success|unsafe_content|malformed", tar.pax((b"path", b"")) + _hello() + tar.END, files=HELLO_FILE)
    kit.add_tar("pax_path_dot_dot", "PAX gives `..` as the path.", "unsafe_content",
                tar.pax((b"path", b"..")) + _hello() + tar.END)
    kit.add_tar("pax_two_headers", "Two PAX headers for one file.", "malformed|success",
                tar.pax((b"path", b"x.txt")) + tar.pax((b"path", b"hello.txt")) + _hello(name=b"y") + tar.END,
                files=HELLO_FILE)
    kit.add_tar("pax_two_headers_bad", "Two PAX headers for one file, the second with a bad path.",
                "malformed|unsafe_content",
                tar.pax((b"path", b"x.txt")) + tar.pax((b"path", b"/evil")) + _hello(name=b"y") + tar.END)
    kit.add_tar("pax_for_symlink", "PAX for a symbolic link.", "unsafe_content|malformed",
                tar.pax((b"linkpath", b"/etc/passwd")) + tar.header(b"x", type=b"2") + tar.END)
    kit.add_tar("pax_without_file", "A PAX header before the end.", "malformed|truncated|success",
                LETTER_MEMBER + tar.pax((b"path", b"x.txt")) + tar.END, files=LETTER)
    kit.add_tar("pax_over_64_kib", "A PAX header of more than 64 KiB.", "limit_exceeded|malformed",
                tar.pax((b"comment", b"c" * 65_600)) + _hello() + tar.END)
    kit.add_tar("pax_1_mib", "A PAX header of 1 MiB.", "limit_exceeded|malformed",
                tar.pax((b"comment", b"c" * (1 << 20))) + _hello() + tar.END)
    kit.add_tar("pax_claims_300_gib", "A PAX header that claims 300 GiB.", "limit_exceeded|malformed",
                tar.header(b"pax", type=b"x", size_field=_base256(300 << 30, 12)) + _hello() + tar.END)
    kit.add_tar("pax_negative", "A PAX header of negative size.", "limit_exceeded|malformed",
                tar.header(b"pax", type=b"x", size_field=_base256(-512, 12)) + _hello() + tar.END)


def _global_pax(kit: Kit) -> None:
    expect = "success|malformed|unsafe_content"
    for name, record, about in (("comment", (b"comment", b"a commit id"), "a comment, as version control exports do"),
                                ("path", (b"path", b"../evil"), "a bad path for every file"),
                                ("size", (b"size", b"1000000"), "a size for every file")):
        kit.add_tar(f"global_pax_{name}", f"A global PAX header with {about}.",
                    expect if name != "size" else expect + "|truncated|limit_exceeded",
                    tar.extension(b"g", tar.pax_record(*record)) + _hello() + tar.END, files=HELLO_FILE,
                    hostile=name != "comment")
    kit.add_tar("global_pax_malformed", "A global PAX header that is malformed.", expect,
                tar.extension(b"g", b"99 path=x\n") + _hello() + tar.END, files=HELLO_FILE)


def _pax_malformed(kit: Kit) -> None:
    malformed = {
        "length_zero": (b"0 path=x\n", "a length of 0"),
        "length_short": (b"5 path=x\n", "a length that ends inside the record"),
        "length_one": (b"1 path=x\n", "a length of 1, less than its own digit and space"),
        "length_long": (b"99 path=x\n", "a length beyond the header"),
        "length_off_by_one": (b"11 path=x\n\n", "a length that takes in a byte more, though it is a newline"),
        "length_negative": (b"-9 path=x\n", "a negative length"),
        "length_hex": (b"0xA path=x\n", "a hexadecimal length"),
        "length_huge": (b"99999999999999999999999999 path=x\n", "a length over 64 bits"),
        "length_missing": (b" path=x\n", "no length"),
        "no_space": (b"9path=xy\n", "no space after the length"),
        "no_equals": (b"10 pathxx\n", "no equals sign"),
        "no_newline": (b"10 path=xx", "no newline at its end"),
        "no_key": (b"6 =xx\n", "no key"),
        "zero_bytes": (bytes(20), "zero bytes only"),
        "text": (b"this is not PAX at all", "text"),
        "second": (tar.pax_record(b"comment", b"fine") + b"nonsense\n", "a second record that is nonsense"),
    }
    for name, (data, about) in malformed.items():
        # Where the length is off by one the value has a newline more: then the name is refused.
        expect = "malformed|unsafe_content" if name == "length_off_by_one" else "malformed"
        kit.add_tar(f"pax_bad_{name}", f"A PAX record with {about}.", expect,
                    tar.extension(b"x", data) + _hello() + tar.END)
    kit.add_tar("pax_bad_length_zeros", "A PAX record whose length has leading zeros.", "success|malformed",
                tar.extension(b"x", b"0020 path=hello.txt\n") + _hello(name=b"x") + tar.END, files=HELLO_FILE)
    kit.add_tar("pax_empty", "A PAX header of no records.", "success|malformed",
                tar.extension(b"x", b"") + _hello() + tar.END, files=HELLO_FILE)


def _gnu_names(kit: Kit) -> None:
    name = "g" * 150
    kit.add_tar("gnu_long_name", "A name of 150 bytes by GNU's extension.", "success",
                tar.gnu_long(name.encode()) + _hello(name=name[:100].encode(), magic=b"ustar  \0") + tar.END,
                files=[(name, HELLO)])
    unicode_name = "õ" * 80
    kit.add_tar("gnu_long_name_unicode", "A name of 160 bytes outside ASCII by GNU's extension.", "success",
                tar.gnu_long(unicode_name.encode()) + _hello(name=b"x", magic=b"ustar  \0") + tar.END,
                files=[(unicode_name, HELLO)])
    kit.add_tar("gnu_long_name_2000", "A GNU long name of 2000 bytes.", "limit_exceeded|unsafe_content",
                tar.gnu_long(b"g" * 2000) + _hello() + tar.END)
    kit.add_tar("gnu_long_name_100_kb", "A GNU long name of 100 kB.", "limit_exceeded|unsafe_content|malformed",
                tar.gnu_long(b"g" * 100_000) + _hello() + tar.END)
    kit.add_tar("gnu_long_name_claims", "A GNU long name that claims 300 GiB.", "limit_exceeded|malformed",
                tar.header(b"././@LongLink", type=b"L", size_field=_base256(300 << 30, 12)) + _hello() + tar.END)
    kit.add_tar("gnu_long_name_empty", "An empty GNU long name.", "unsafe_content|malformed|success",
                tar.gnu_long(b"") + _hello() + tar.END, files=HELLO_FILE)
    kit.add_tar("gnu_long_name_nul", "A GNU long name with a NUL inside.", "unsafe_content|malformed|success",
                tar.gnu_long(b"hello.txt\0/../evil") + _hello(name=b"x") + tar.END, files=HELLO_FILE)
    kit.add_tar("gnu_long_name_twice", "Two GNU long names for one file, the second bad.",
                "malformed|unsafe_content",
                tar.gnu_long(b"good.txt") + tar.gnu_long(b"../evil") + _hello() + tar.END)
    kit.add_tar("gnu_long_name_without_file", "A GNU long name before the end.", "malformed|truncated|success",
                LETTER_MEMBER + tar.gnu_long(b"x.txt") + tar.END, files=LETTER)
    kit.add_tar("gnu_long_name_for_folder", "A GNU long name for a folder.", "unsafe_content|malformed",
                tar.gnu_long(b"folder") + tar.header(b"f", type=b"5") + tar.END)
    kit.add_tar("gnu_long_link", "A GNU long link before a symbolic link.", "unsafe_content|malformed",
                tar.gnu_long(b"/etc/passwd", b"K") + tar.header(b"x", type=b"2") + tar.END)
    kit.add_tar("gnu_long_link_file", "A GNU long link before a regular file, where it means nothing.",
                "unsafe_content|malformed|success", tar.gnu_long(b"/etc/passwd", b"K") + _hello() + tar.END,
                files=HELLO_FILE)


def _ends(kit: Kit) -> None:
    member = _hello()
    full = member + tar.END
    record = full.ljust(10_240, b"\0")
    ends = {
        "record": (record, "Padded with zeros to a record of 10 240 bytes.", "success"),
        "exact_record": (_hello(bytes(10_240 - 512 - 1024)) + tar.END, "The end falls on a full record.", "success"),
        "third_block": (full + bytes(512), "Three zero blocks: padding, though not up to a record.",
                        "success|malformed"),
        "odd_padding": (full + bytes(100), "Padding that ends inside a block.", "success|malformed"),
        "two_records": (record + bytes(10_240), "A whole record of zeros more than needed.", "success|malformed"),
        "missing": (member, "No zero blocks at the end.", "malformed|truncated|success"),
        "one_block": (member + bytes(512), "One zero block at the end.", "malformed|truncated|success"),
        "half_block": (member + bytes(256), "Half a zero block at the end.", "malformed|truncated|success"),
        "data_after": (full + b"X" * 512, "A block of data after the end.", "malformed"),
        "byte_after": (full + b"X", "One byte of data after the end.", "malformed"),
        "byte_in_padding": (record[:-1] + b"X", "The padding's last byte is not zero.", "malformed"),
        "byte_in_end": (member + bytes(1023) + b"X", "The last byte of the second zero block is not zero.",
                        "malformed"),
        "file_after": (full + _hello(name=b"second.txt") + tar.END, "A second archive after the end.", "malformed"),
        "file_after_record": (record + _hello(name=b"second.txt") + tar.END, "A second archive after a full record.",
                              "malformed"),
        "zero_block_between": (member + bytes(512) + _hello(name=b"second.txt") + tar.END,
                               "A zero block between two files.", "malformed"),
    }
    kit.add_tar("end_alone", "An archive of no files: two zero blocks. Nothing comes out, and that is no error.", "success",
                tar.END, files=[], hostile=True)
    for name, (archive, about, expect) in ends.items():
        files = HELLO_FILE if name != "exact_record" else [("hello.txt", bytes(10_240 - 512 - 1024))]
        kit.add_tar(f"end_{name}", about, expect, archive, **({"files": files} if "success" in expect else {}))


def _cut(kit: Kit) -> None:
    full = _hello(b"x" * 1000) + tar.END
    for name, length in {"in_header": 300, "in_content": 800, "after_header": 512, "in_padding": 512 + 1010,
                         "at_one_byte": 1}.items():
        kit.add_tar(f"cut_{name}", f"The archive ends {name.replace('_', ' ')}, in a whole zlib stream.",
                    "malformed|truncated", full[:length])
    kit.add_tar("cut_in_pax", "The archive ends inside a PAX header.", "malformed|truncated",
                tar.pax((b"comment", b"c" * 2000))[:1000])
    kit.add_tar("tar_text", "Text instead of an archive.", "malformed|truncated", b"This is no archive. " * 100)
    kit.add_tar("tar_zip", "A ZIP archive instead of a tar.", "malformed|truncated", b"PK\x05\x06" + b"\x01" * 1020)
