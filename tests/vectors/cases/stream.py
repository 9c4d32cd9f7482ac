"""The zlib stream inside an authentic payload."""

from __future__ import annotations

import gzip
import hashlib
import zlib

from cdoc2py import tar
from cdoc2py.archive import FileInfo
from cdoc2py.vectorfile import file_line

from .bomb import MIB, Bomb
from .kit import LETTER, LETTER_TAR, OPEN_SECRET, Files, Kit, flip

GIB = 1 << 30
NOISE = hashlib.shake_256(b"kapsel vectors noise").digest(100_000)


def add(kit: Kit) -> None:
    _accepted(kit)
    _broken(kit)
    _bombs(kit)
    _tag_first(kit)


def _deflated(data: bytes, level: int = 6, wbits: int = 15, **more: int) -> bytes:
    stream = zlib.compressobj(level, zlib.DEFLATED, wbits, **more)
    return stream.compress(data) + stream.flush()


def _accepted(kit: Kit) -> None:
    files: Files = [("noise.bin", NOISE), ("letter.txt", LETTER[0][1])]
    archive = tar.archive(files)
    for level in (1, 9):
        kit.add_stream(f"zlib_level_{level}", f"Compressed at level {level}.", "success", _deflated(archive, level),
                       files=files)
    kit.add_stream("zlib_stored", "Stored blocks only.", "success", _deflated(archive, 0), files=files)
    kit.add_stream("zlib_fixed", "Fixed Huffman codes only.", "success",
                   _deflated(LETTER_TAR, strategy=zlib.Z_FIXED))
    kit.add_stream("zlib_small_window", "A window of 512 bytes.", "success", _deflated(LETTER_TAR, wbits=9))

    stream = zlib.compressobj()
    flushed = b"".join(stream.compress(bytes([byte])) + stream.flush(zlib.Z_SYNC_FLUSH) for byte in LETTER_TAR)
    kit.add_stream("zlib_flushed", "A sync flush after every byte.", "success", flushed + stream.flush())

    empty_blocks = b"\x00\x00\x00\xff\xff" * 100_000
    good = _deflated(LETTER_TAR)
    kit.add_stream("zlib_empty_blocks", "100 000 empty stored blocks before the data.", "success",
                   good[:2] + empty_blocks + good[2:], hostile=True, time=10)
    zeros = 64 * MIB
    kit.add_stream("zlib_zeros_64_mib", "64 MiB of zeros, 1000:1, but within every limit.", "success",
                   Bomb().add(tar.header(b"zeros", zeros)).zeros(zeros).add(tar.END).finish(),
                   hostile=True, memory=64, time=20, file=[file_line(FileInfo("zeros", zeros, _zeros_digest(zeros)))],
                   files=None)


def _zeros_digest(count: int) -> str:
    digest = hashlib.sha256()
    for _ in range(count // MIB):
        digest.update(bytes(MIB))
    return digest.hexdigest()


def _broken(kit: Kit) -> None:
    good = _deflated(LETTER_TAR)
    dictionary = zlib.compressobj(zdict=b"For your eyes only.")
    too_far = b"\x78\x9c" + bytes([0b011, 0b10]) + b"\xff" * 20
    broken = {
        "empty": (b"", "nothing at all", "malformed|truncated"),
        "header_only": (good[:2], "only the zlib header", "malformed|truncated"),
        "adler_wrong": (flip(good, len(good) - 1), "a wrong Adler-32, seen only after everything", "malformed"),
        "adler_zero": (good[:-4] + bytes(4), "a zero Adler-32", "malformed"),
        "adler_missing": (good[:-4], "no Adler-32", "malformed|truncated"),
        "adler_cut": (good[:-1], "three bytes of Adler-32", "malformed|truncated"),
        "truncated": (good[:len(good) // 2], "half of it", "malformed|truncated"),
        "trailing_byte": (good + b"\0", "a byte after it", "malformed"),
        "trailing_zeros": (good + bytes(MIB // 4), "256 KiB of zeros after it", "malformed"),
        "second_stream": (good + good, "a second zlib stream after it", "malformed"),
        "second_empty_stream": (good + zlib.compress(b""), "an empty zlib stream after it", "malformed"),
        "raw": (_deflated(LETTER_TAR, wbits=-15), "raw deflate", "malformed"),
        "gzip": (gzip.compress(LETTER_TAR, mtime=0), "gzip", "malformed"),
        "none": (LETTER_TAR, "the tar, not compressed", "malformed"),
        "dictionary": (dictionary.compress(LETTER_TAR) + dictionary.flush(), "a preset dictionary", "malformed"),
        "method": (b"\x77\x85" + good[2:], "another method than deflate", "malformed"),
        "window_64k": (b"\x88\x1c" + good[2:], "a window of 64 KiB", "malformed"),
        "check_bits": (bytes([good[0], good[1] ^ 1]) + good[2:], "wrong check bits of the zlib header", "malformed"),
        "block_type_3": (good[:2] + b"\x07" + good[3:], "a block of reserved type", "malformed"),
        "distance": (too_far, "a match that reaches before the beginning", "malformed|truncated"),
        "stored_length": (b"\x78\x01\x01\x10\x00\x10\x00" + bytes(16), "a stored block whose lengths disagree",
                          "malformed"),
        "random": (b"\x78\x9c" + NOISE[:1000], "random bytes", "malformed|truncated"),
        "xz": (b"\xfd7zXZ\0" + bytes(200), "xz", "malformed"),
    }
    for name, (stream, about, expect) in broken.items():
        kit.add_stream(f"zlib_{name}", f"The zlib stream is {about}." if name != "empty" else "The payload is empty.",
                       expect, stream)
    kit.add_stream("zlib_of_nothing", "A zlib stream of no bytes: no archive at all.", "malformed|truncated",
                   zlib.compress(b""))


def _bombs(kit: Kit) -> None:
    over = 4 * GIB + MIB
    kit.add_stream("bomb_one_file", "One file of just over 4 GiB of zeros in 4 MiB.", "limit_exceeded",
                   Bomb().add(tar.header(b"zeros", over)).zeros(over).add(tar.END).finish(), memory=64, time=10)
    kit.add_stream("bomb_claims_300_gib", "An entry that claims 300 GiB, in base 256, and holds nothing.",
                   "limit_exceeded", zlib.compress(tar.header(b"a", size_field=_base256(300 << 30)) + tar.END), time=5)
    kit.add_stream("bomb_claims_300_gib_pax", "An entry that claims 300 GiB by PAX, and holds nothing.",
                   "limit_exceeded",
                   zlib.compress(tar.pax((b"size", b"%d" % (300 << 30))) + tar.header(b"a") + tar.END), time=5)

    many = Bomb()
    for number in range(300):
        many.add(tar.header(b"%d" % number, MIB)).zeros(MIB)
    kit.add_stream("bomb_many_files", "300 files of a MiB of zeros each: 256 MiB pass before the set limit.",
                   "limit_exceeded", many.add(tar.END).finish(), limit_total_size=256 * MIB, memory=64, time=20)

    summed = Bomb()
    for number in range(3):
        summed.add(tar.header(b"%d" % number, MIB // 2)).zeros(MIB // 2)
    kit.add_stream("bomb_sum_of_files", "Three files that exceed a set limit of 1 MiB only together.",
                   "limit_exceeded", summed.add(tar.END).finish(), limit_total_size=MIB)
    kit.add_stream("bomb_limit_exact", "Two files that together are exactly the set limit of 1 MiB.", "success",
                   zlib.compress(tar.archive([("a", bytes(MIB // 2)), ("b", bytes(MIB // 2))])),
                   files=[("a", bytes(MIB // 2)), ("b", bytes(MIB // 2))], limit_total_size=MIB)
    kit.add_stream("bomb_limit_one_over", "One file that is one byte above the set limit of 1 MiB.", "limit_exceeded",
                   zlib.compress(tar.archive([("a", bytes(MIB + 1))])), limit_total_size=MIB)
    kit.add_stream("bomb_after_end", "512 MiB of zeros after the end of the archive.", "malformed|limit_exceeded",
                   Bomb().add(LETTER_TAR).zeros(GIB // 2).finish(), memory=64, time=10)
    kit.add_stream("bomb_pax", "A PAX header of 512 MiB of zeros.", "limit_exceeded|malformed",
                   Bomb().add(tar.header(b"pax", GIB // 2, type=b"x")).zeros(GIB // 2).add(LETTER_TAR).finish(),
                   memory=64, time=10)
    kit.add_stream("bomb_long_name", "A GNU long name of 512 MiB of zeros.", "limit_exceeded|malformed",
                   Bomb().add(tar.header(b"x", GIB // 2, type=b"L")).zeros(GIB // 2).add(LETTER_TAR).finish(),
                   memory=64, time=10)
    kit.add_stream("bomb_global_pax", "A global PAX header of 512 MiB of zeros.",
                   "limit_exceeded|malformed|unsafe_content",
                   Bomb().add(tar.header(b"x", GIB // 2, type=b"g")).zeros(GIB // 2).add(LETTER_TAR).finish(),
                   memory=64, time=10)
    kit.add_stream("bomb_skipped_entry", "A folder entry of 512 MiB: nothing that may be skipped.",
                   "unsafe_content|malformed|limit_exceeded",
                   Bomb().add(tar.header(b"x", GIB // 2, type=b"5")).zeros(GIB // 2).add(LETTER_TAR).finish(),
                   memory=64, time=10)
    _entry_bombs(kit)


def _base256(value: int) -> bytes:
    return b"\x80" + value.to_bytes(11, "big")


def _entry_bombs(kit: Kit) -> None:
    def empty_files(count: int) -> Files:
        return [(f"{number:05}", b"") for number in range(count)]

    kit.add_tar("bomb_10000_files", "10 000 empty files: the most that are accepted.", "success",
                tar.archive(empty_files(10_000)), files=empty_files(10_000), hostile=True, time=30)
    kit.add_tar("bomb_10001_files", "10 001 empty files: one too many.", "limit_exceeded",
                tar.archive(empty_files(10_001)), time=30)
    comment = tar.pax((b"comment", bytes(60_000)))
    members = [(f"{number}", b"") for number in range(1000)]
    kit.add_tar("bomb_pax_each", "1000 files with a PAX comment of 60 kB each: nothing may pile up.", "success",
                b"".join(comment + tar.member(name.encode(), data) for name, data in members) + tar.END,
                files=members, hostile=True, memory=64, time=20)
    chain = tar.pax((b"comment", b"x")) * 100_000
    kit.add_tar("bomb_pax_chain", "100 000 PAX headers in a row, for one file.", "malformed|limit_exceeded|success",
                chain + LETTER_TAR, memory=64, time=20)
    kit.add_tar("bomb_long_name_chain", "100 000 GNU long names in a row, for one file.",
                "malformed|limit_exceeded|success", tar.gnu_long(b"letter.txt") * 100_000 + LETTER_TAR, memory=64,
                time=20)
    kit.add_tar("bomb_global_chain", "100 000 global PAX headers.",
                "malformed|limit_exceeded|unsafe_content|success",
                tar.extension(b"g", tar.pax_record(b"comment", b"x")) * 100_000 + LETTER_TAR, memory=64, time=20)


def _tag_first(kit: Kit) -> None:
    """Authentic content is looked at only when it is authentic: what is wrong inside must not be told before."""
    evil = {
        "name": zlib.compress(tar.archive([("../evil", b"x")])),
        "symlink": zlib.compress(tar.header(b"x", type=b"2", link=b"/etc/passwd") + tar.END),
        "bomb": zlib.compress(tar.header(b"a", size_field=_base256(300 << 30)) + tar.END),
        "zlib": b"\x78\x9c" + NOISE[:500],
        "adler": _deflated(LETTER_TAR)[:-4] + bytes(4),
        "empty": b"",
    }
    for name, stream in evil.items():
        body = kit.of_stream(f"tampered_{name}", stream)
        kit.add(f"tampered_{name}", f"Content that would be refused ({name}) under a wrong tag: only the tag may be "
                "told.", "tampered", flip(body, len(body) - 1))
    first = kit.of_tar("tampered_after_file", tar.archive([("good.txt", b"good\n"), ("noise.bin", NOISE)]))
    kit.add("tampered_after_file", "A whole good file comes before the altered byte: nothing of it may be left.",
            "tampered", flip(first, len(first) - 1000))
    large = kit.of_tar("tampered_large", tar.archive([("noise.bin", NOISE * 10)]))
    kit.add("tampered_large", "1 MB whose last byte before the tag is altered.", "tampered",
            flip(large, len(large) - 17))
    symmetric = kit.of_records("tampered_symmetric", lambda fmk, seed: [kit.symmetric_record(fmk, seed)])
    kit.add("tampered_symmetric", "A symmetric key that fits, and an altered payload: no wrong key.", "tampered",
            flip(symmetric, len(symmetric) - 20), open_with=[OPEN_SECRET])
