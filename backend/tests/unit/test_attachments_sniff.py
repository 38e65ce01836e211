"""What a file is, by its bytes: names lie, headers lie, and some files are two things at once."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.attachments.errors import UnreadableFileError, UnsupportedFileError
from app.attachments.file_names import clean_name, content_disposition
from app.attachments.image_headers import BrokenImageError, read_image
from app.attachments.sniff import MAX_SIDE_PIXELS, sniff
from tests.fakes import files

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (files.png(640, 480), "image/png"),
        (files.jpeg(640, 480), "image/jpeg"),
        (files.jpeg(640, 480, marker=0xC2), "image/jpeg"),
        (files.gif(640, 480), "image/gif"),
        (files.webp(640, 480), "image/webp"),
        (files.webp(640, 480, "VP8L"), "image/webp"),
        (files.webp(640, 480, "VP8"), "image/webp"),
    ],
)
def test_an_images_size_is_read_from_its_header(data: bytes, media_type: str) -> None:
    found = sniff(data)
    assert (found.format, found.media_type, found.width, found.height) == ("image", media_type, 640, 480)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (files.pdf("hello"), "pdf"),
        (files.docx(files.paragraph("hello")), "docx"),
        ("print('grüß')\n".encode(), "text"),
        (b"\xef\xbb\xbfname,age\n", "text"),
        (b"<!doctype html><script>alert(1)</script>", "text"),
        (b'{"a": 1}', "text"),
        (b"\x1b[31mred\x1b[0m", "text"),
    ],
)
def test_documents(data: bytes, kind: str) -> None:
    found = sniff(data)
    assert found.format == kind
    if kind == "text":
        assert found.media_type == "text/plain"
        assert found.text == data.decode("utf-8-sig")


@pytest.mark.parametrize(
    "data",
    [
        SVG.encode(),
        b"\xef\xbb\xbf \n" + SVG.encode(),
        b'<?xml version="1.0"?>\n<!-- a\n> comment --><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">'
        + SVG.encode(),
        b"<!DOCTYPE svg [<!ENTITY a 'b'>]><SVG>",
        b"<s:svg xmlns:s='http://www.w3.org/2000/svg'/>",
        b"\x7fELF\x02\x01\x01\x00",
        b"MZ\x90\x00",
        b"\x00\x01\x02",
        "UTF-16 text".encode("utf-16"),
        "Käse".encode("latin-1"),
        b"BM\x00\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old Word file",
        b"\x1f\x8b\x08\x00",
    ],
)
def test_other_kinds_are_refused_with_what_works(data: bytes) -> None:
    with pytest.raises(UnsupportedFileError) as caught:
        sniff(data)
    assert caught.value.status == 415
    for kind in ("PNG", "JPEG", "WebP", "GIF", "PDF", "DOCX", "UTF-8"):
        assert kind in caught.value.message


def test_code_about_svg_is_text() -> None:
    assert sniff(f"# how to draw\n{SVG}".encode()).format == "text"


def test_what_begins_as_one_kind_is_that_kind_only() -> None:
    """A polyglot is handed out as what it was taken for, never as the other thing."""
    page = b"<html><script>alert(1)</script>"
    assert sniff(files.png(2, 2, after=page)).media_type == "image/png"
    assert sniff(files.gif(2, 2) + files.pdf("x")).media_type == "image/gif"
    assert sniff(files.pdf("x") + files.archive({"a": "b"})).media_type == "application/pdf"
    with pytest.raises(UnsupportedFileError):
        sniff(page + files.archive({"a": b"\x00" * 99}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n\t",
        files.png(4, 4)[:-8],
        files.png(4, 4)[:20],
        files.png(4, 4).replace(b"IHDR", b"IXDR"),
        files.png(4, 4)[:17] + b"\xff" + files.png(4, 4)[18:],
        files.png(0, 4),
        files.jpeg(0, 4),
        files.jpeg(4, 4)[:30],
        b"\xff\xd8\xff\xd9",
        files.gif(4, 4)[:9],
        files.webp(4, 4)[:24],
        files.webp(4, 4)[:-1] + b"",
        b"RIFF\x10\x00\x00\x00WEBPVP9 aaaaaaaaaaaa",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
    ],
)
def test_damaged_empty_and_locked_files_are_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        sniff(data)
    assert (caught.value.status, caught.value.code) == (422, "unreadable_file")


@pytest.mark.parametrize(("width", "height"), [(MAX_SIDE_PIXELS + 1, 1), (16_000, 16_000), (2**31, 2**31)])
def test_absurd_sizes_are_refused_with_the_figures(width: int, height: int) -> None:
    with pytest.raises(UnreadableFileError, match=f"{width} × {height}"):
        sniff(files.png(width, height))


_BEGINNINGS = [files.png(3, 3), files.jpeg(3, 3), files.gif(3, 3), files.webp(3, 3), files.webp(3, 3, "VP8L")]


@given(st.sampled_from(_BEGINNINGS), st.integers(0, 60), st.binary(max_size=80))
def test_no_bytes_break_the_header_reader(beginning: bytes, cut: int, rest: bytes) -> None:
    with contextlib.suppress(BrokenImageError):
        read_image(beginning[:cut] + rest)


@given(st.binary(max_size=300))
def test_whatever_comes_is_taken_or_refused(data: bytes) -> None:
    with contextlib.suppress(UnsupportedFileError, UnreadableFileError):
        assert sniff(data).format in ("image", "pdf", "docx", "text")


def test_a_long_prologue_ends_soon() -> None:
    for piece in (b"<!-- x", b"<!DOCTYPE [", b"<?x ", b" ", b"<!--x-->"):
        assert sniff(piece * 200_000 + b"text").format == "text"


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("notes.txt", "notes.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\plan.docx", "plan.docx"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie: x.txt"),
        ("evil\u202etxt.exe", "evil txt.exe"),
        ("  ..  ", "file"),
        ("/", "file"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("Käse 🧀.md", "Käse 🧀.md"),
    ],
)
def test_names_are_made_harmless(given_name: str, name: str) -> None:
    assert clean_name(given_name) == name


def test_a_name_cannot_end_its_header() -> None:
    header = content_disposition('a"; filename=b.exe\r\nx: y ü.txt', is_inline=False)
    assert header == "attachment; filename*=UTF-8''a%22%3B%20filename%3Db.exe%0D%0Ax%3A%20y%20%C3%BC.txt"
