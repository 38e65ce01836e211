"""The text in PDF and DOCX files, read by the real child process; and files made to hang or flood it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.attachments import reading
from app.attachments.errors import TooManyReadingsError, UnreadableFileError, UnsupportedFileError
from app.attachments.reading import DocumentReader
from app.attachments.reading_child import MAX_XML_BYTES, answer, read_pdf
from tests.fakes import files
from tests.fakes.files import MARKUP, paragraph

_ENTITIES = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
_OUTSIDE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.fixture
def reader() -> DocumentReader:
    return DocumentReader()


async def test_a_pdfs_pages_come_in_order(reader: DocumentReader) -> None:
    found = await reader.read(1, files.pdf("The first page.", "", "The last page."), "pdf")
    assert found.text == "The first page.\n\n\n\nThe last page."
    assert not found.is_truncated


async def test_a_word_documents_text_comes_in_order(reader: DocumentReader) -> None:
    table = (
        f"<w:tbl><w:tr><w:tc>{paragraph('Name')}</w:tc><w:tc>{paragraph('Age')}</w:tc></w:tr>"
        f"<w:tr><w:tc>{paragraph('Ada')}{paragraph('Lovelace')}</w:tc><w:tc>{paragraph('36')}</w:tc></w:tr></w:tbl>"
    )
    marks = (
        "<w:p><w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/>"
        "<w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>!</w:t></w:r></w:ins><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
    )
    choice = (
        f"<mc:AlternateContent xmlns:mc='{MARKUP}'><mc:Choice>{paragraph('once')}</mc:Choice>"
        f"<mc:Fallback>{paragraph('once')}</mc:Fallback></mc:AlternateContent>"
    )
    control = f"<w:sdt><w:sdtContent>{paragraph('in a form')}</w:sdtContent></w:sdt>"
    body = paragraph("Grüße ", "& <more>") + table + marks + choice + control
    found = await reader.read(1, files.docx(body), "docx")
    assert found.text.split("\n") == [
        "Grüße & <more>",
        "Name | Age",
        "Ada Lovelace | 36",
        "a\tb",
        "c-d!",
        "once",
        "in a form",
    ]


async def test_strict_documents_are_read_too(reader: DocumentReader) -> None:
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    data = files.docx(f"<s:p xmlns:s='{strict}'><s:r><s:t>strictly</s:t></s:r></s:p>")
    assert (await reader.read(1, data, "docx")).text == "strictly"


async def test_long_texts_are_cut_and_say_so(reader: DocumentReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_TEXT_CHARS", 10)
    for data, name in ((files.docx(paragraph("a" * 8) * 9), "docx"), (files.pdf("a" * 8, "b" * 8), "pdf")):
        found = await reader.read(1, data, name)  # type: ignore[arg-type]
        assert len(found.text) == 10
        assert found.is_truncated


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (files.locked_pdf("secret", "let me in"), "pdf", "password"),
        (files.pdf("hello")[:60], "pdf", "damaged"),
        (b"%PDF-1.7\n" + b"\xff" * 500, "pdf", "damaged"),
        (files.pdf("", ""), "pdf", "scans"),
        (files.docx(""), "docx", "no text"),
        (files.docx(paragraph("x"))[:-30], "docx", "damaged"),
        (files.docx("<w:p><w:r>"), "docx", "damaged"),
        (files.docx(paragraph("&b;"), prologue=_ENTITIES), "docx", "damaged"),
        (files.docx("<w:p><w:r><w:t>&x;</w:t></w:r></w:p>", prologue=_OUTSIDE), "docx", "damaged"),
        (files.docx("<w:p>" * 100_000), "docx", "damaged"),
    ],
)
async def test_what_cannot_be_read_is_told_from_one_another(
    reader: DocumentReader, data: bytes, name: str, words: str
) -> None:
    with pytest.raises(UnreadableFileError, match=words):
        await reader.read(1, data, name)  # type: ignore[arg-type]


async def test_a_pdf_that_only_forbids_printing_is_read(reader: DocumentReader) -> None:
    assert (await reader.read(1, files.locked_pdf("open to all", ""), "pdf")).text == "open to all"


@pytest.mark.parametrize(
    "data",
    [
        files.archive({"a.txt": "hello"}),
        files.archive({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}),
        files.docx(paragraph("macros"), content_types="<Types/>"),
    ],
)
async def test_other_archives_are_no_documents(reader: DocumentReader, data: bytes) -> None:
    with pytest.raises(UnsupportedFileError, match="Archives"):
        await reader.read(1, data, "docx")


async def test_a_zip_bomb_is_stopped_while_it_unpacks(reader: DocumentReader) -> None:
    data = files.bomb(4 * MAX_XML_BYTES)
    assert len(data) < 1_000_000
    with pytest.raises(UnreadableFileError, match="unpacks to more"):
        await reader.read(1, data, "docx")


async def test_a_pdf_whose_stream_swells_is_stopped(reader: DocumentReader) -> None:
    swollen = files.pdf_of_stream(b" " * 200_000_000)
    assert len(swollen) < 1_000_000
    with pytest.raises(UnreadableFileError):
        await reader.read(1, swollen, "pdf")


async def test_what_hangs_is_ended_and_its_slot_is_free_again(tmp_path: Path) -> None:
    child = tmp_path / "hangs.py"
    child.write_text("while True: pass")
    reader = DocumentReader(timeout_seconds=0.3, child=child)
    began = time.monotonic()
    answers = await asyncio.gather(
        *(reader.read(1, b"%PDF-", "pdf") for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(answer, UnreadableFileError) for answer in answers)
    assert time.monotonic() - began < 10


async def test_what_eats_memory_ends_itself_and_not_the_portal(tmp_path: Path) -> None:
    child = tmp_path / "swells.py"
    source = Path(reading.__file__).with_name("reading_child.py").read_text(encoding="utf-8")
    child.write_text(source.replace("sys.stdin.buffer.read()", "bytes(4 * 1024**3)"))
    with pytest.raises(UnreadableFileError, match="more than can be read"):
        await DocumentReader(child=child).read(1, b"%PDF-", "pdf")


async def test_the_child_knows_nothing_of_the_portals_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    child = tmp_path / "tells.py"
    child.write_text(
        "import os, json; print(json.dumps({'text': repr(dict(os.environ)) + '.', 'truncated': False}))"
    )
    found = await DocumentReader(child=child).read(1, b"", "pdf")
    assert "canary" not in found.text


async def test_too_many_at_once_are_told_to_come_back(tmp_path: Path) -> None:
    child = tmp_path / "slow.py"
    child.write_text("import time; time.sleep(30)")
    reader = DocumentReader(timeout_seconds=0.1, child=child)
    owners = [1] * 10 + [2] * 10
    answers = await asyncio.gather(
        *(reader.read(owner, b"", "pdf") for owner in owners), return_exceptions=True
    )
    refused = [
        owner
        for owner, answer in zip(owners, answers, strict=True)
        if isinstance(answer, TooManyReadingsError)
    ]
    assert refused == [1, 1, 2, 2]
    more = await asyncio.gather(
        *(reader.read(owner, b"", "pdf") for owner in (1, 2, 3) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(answer, TooManyReadingsError) for answer in more) == 8


@given(st.data())
def test_damaged_documents_are_refused_and_nothing_else(data: st.DataObject) -> None:
    whole = bytearray(files.docx(paragraph("some text") * 3))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found = answer(bytes(whole), "docx", 1000)
    assert "text" in found or found["refusal"] in ("damaged", "encrypted", "not_docx", "too_large")


def test_pages_are_not_read_past_the_limit() -> None:
    text, is_cut = read_pdf(files.pdf(*("page" for _ in range(30))), 20)
    assert is_cut
    assert len(text) == 20
