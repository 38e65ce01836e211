"""Small files of every kind, made from nothing: what people attach, and what they had better not."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from xml.sax.saxutils import escape

from pypdf import PdfReader, PdfWriter

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MARKUP = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    f'<Override PartName="/word/document.xml" ContentType="{_MAIN}"/></Types>'
)


def png(width: int = 1, height: int = 1, after: bytes = b"") -> bytes:
    """Return a whole PNG; `after` is appended to it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00\x00") if width == height == 1 else zlib.compress(b"")
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return b"".join(parts) + after


def jpeg(width: int, height: int, marker: int = 0xC0) -> bytes:
    """Return a JPEG's skeleton: a thumbnail's segment that must be passed over, then the frame."""
    app1 = b"\xff\xe1" + struct.pack(">H", 10) + b"\xff\xc0\x00\x11\x08\x00\x01\x00"
    frame = struct.pack(">BBHBHHB", 0xFF, marker, 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + app1 + b"\xff" + frame + b"\xff\xda\x00\x02data\xff\xd9"


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00,\x00;"


def webp(width: int, height: int, kind: str = "VP8X") -> bytes:
    if kind == "VP8X":
        body = b"\x00" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif kind == "VP8L":
        body = b"\x2f" + ((width - 1) | ((height - 1) << 14)).to_bytes(4, "little") + b"\x00"
    else:
        body = b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height)
    chunk = kind.ljust(4).encode() + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def pdf(*pages: str) -> bytes:
    """Return a PDF with one line of text a page, in a standard font."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for text in pages:
        kids.append(f"{len(objects) + 1} 0 R")
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1") if text else b""
        page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {len(objects) + 2} 0 R"
        objects.append(page.encode() + b"/Resources<</Font<</F1 3 0 R>>>>>>")
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>".encode()
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return bytes(out) + end % (len(objects) + 1, table, len(objects) + 1, len(out))


def locked_pdf(text: str, password: str) -> bytes:
    """Return a PDF that a password opens; an empty one opens it for everybody, as programs do that only forbid printing."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(text))))
    writer.encrypt(password, "the owner's", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def paragraph(*runs: str) -> str:
    return (
        "<w:p>"
        + "".join(f'<w:r><w:t xml:space="preserve">{escape(run)}</w:t></w:r>' for run in runs)
        + "</w:p>"
    )


def docx(body: str, *, prologue: str = "", content_types: str = _CONTENT_TYPES) -> bytes:
    """Return a Word document with this WordprocessingML in its body."""
    document = f'<w:document xmlns:w="{WORD}" xmlns:mc="{MARKUP}"><w:body>{body}</w:body></w:document>'
    return archive({"[Content_Types].xml": content_types, "word/document.xml": prologue + document})


def archive(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def bomb(unpacked_bytes: int) -> bytes:
    """Return a small Word document that unpacks to very much: blanks inside its body."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", _CONTENT_TYPES)
        with made.open("word/document.xml", "w", force_zip64=True) as part:
            part.write(f'<w:document xmlns:w="{WORD}"><w:body>'.encode())
            blanks = b" " * 1_048_576
            for _ in range(unpacked_bytes // len(blanks)):
                part.write(blanks)
            part.write(b"</w:body></w:document>")
    return out.getvalue()


def pdf_of_stream(content: bytes) -> bytes:
    """Return a PDF of one page whose content is packed by Flate."""
    packed = zlib.compress(content, 9)
    whole = pdf("")
    old = b"<</Length 0>>stream\n\nendstream"
    assert old in whole
    return whole.replace(
        old, b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed)
    )
