"""Archive: one table of text in a file, a zip's member for example, read in bounded blocks."""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from isal import igzip, isal_zlib

from backtests.importing.backfilling.archives.real_file import ArchiveError, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES: Final = 4 << 20
"""Text that is parsed at once."""
MOST_BYTES: Final = 1 << 38
"""The most text of one table; the largest monthly files of trades have a tenth of it."""
MOST_MEMBERS: Final = 1_000
"""The most tables of one zip."""
_DAMAGED: Final[Any] = (isal_zlib.error, zlib.error)
_LINE_BYTES: Final = 1 << 20
_READ_BYTES: Final = 1 << 18
_PIECE_BYTES: Final = 1 << 20
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_IS_ENCRYPTED: Final = 1
_NOT_PRINTED: Final = re.compile(r"[^\w .+=@()\[\]{}/-]")


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One table of text.

    Attributes
    ----------
    path : Path
        The file.
    relative : PurePosixPath
        The file's path in the folder that is backfilled: folders may name the kind of data.
    member : str
        The table's name in the zip; empty if the file itself is the table. Text from outside: it
        is never a path here.
    size : int
        Bytes of the file.
    text_bytes : int
        Bytes of the text as a zip states them; 0: unknown.

    """

    path: Path
    relative: PurePosixPath
    member: str
    size: int
    text_bytes: int

    @property
    def label(self) -> str:
        """Its name in messages, of printable characters only."""
        inner = PurePosixPath(self.member).name
        is_usual = not inner or PurePosixPath(inner).stem == self.relative.stem
        shown = str(self.relative) if is_usual else f"{self.relative} ({inner})"
        return _NOT_PRINTED.sub("?", shown)[:300]

    def blocks(self, block_bytes: int = BLOCK_BYTES, most: int = MOST_BYTES) -> Iterator[bytes]:
        """Yield the text in blocks of whole lines.

        Parameters
        ----------
        block_bytes : int
            About how large a block is.
        most : int
            The text ends after about this many bytes: a sample.

        Raises
        ------
        ArchiveError
            If the file is damaged, encrypted, or not text of lines.

        """
        pieces, size, total = [], 0, 0
        for piece in self._text():
            pieces.append(piece)
            size += len(piece)
            total += len(piece)
            if total > MOST_BYTES:
                msg = f"has more than {MOST_BYTES:,} bytes of text"
                raise ArchiveError(msg)
            if size < block_bytes and total < most:
                continue
            end = piece.rfind(b"\n") + 1
            if end:
                pieces[-1] = piece[:end]
                text, rest = b"".join(pieces), piece[end:]
            else:
                text = b"".join(pieces)
                end = text.rfind(b"\n") + 1
                if not end and len(text) > _LINE_BYTES:
                    msg = f"has a line of more than {_LINE_BYTES:,} bytes; it is no table of text"
                    raise ArchiveError(msg)
                text, rest = text[:end], text[end:]
            pieces, size = [rest], len(rest)
            if text:
                yield text
            if total >= most:
                return
        if last := b"".join(pieces):
            yield last

    def beginning(self, most: int) -> bytes:
        """Return the first bytes of the text.

        Raises
        ------
        ArchiveError
            If the file is damaged or encrypted.

        """
        pieces, size = [], 0
        for piece in self._text():
            pieces.append(piece)
            size += len(piece)
            if size >= most:
                break
        return b"".join(pieces)[:most]

    def whole(self, most: int) -> bytes:
        """Return all of the text.

        Raises
        ------
        ArchiveError
            If the file is damaged or encrypted, or has more than so many bytes of text.

        """
        text = self.beginning(most + 1)
        if len(text) > most:
            msg = f"has more than {most:,} bytes of text; split it"
            raise ArchiveError(msg)
        return text

    def _text(self) -> Iterator[bytes]:
        """Yield the uncompressed text in small pieces."""
        with opened(self.path) as file:
            if self.member:
                yield from _member(file, self.member)
            elif self.path.suffix == ".gz":
                yield from _gunzipped(file)
            else:
                while piece := file.read(_READ_BYTES):
                    yield piece


def tables_of(path: Path, relative: PurePosixPath) -> list[Archive]:
    """Return the tables of a file: its own text, or the members of a zip.

    Raises
    ------
    ArchiveError
        If the zip is damaged or has too many members.

    """
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if path.suffix.lower() != ".zip":
            return [Archive(path=path, relative=relative, member="", size=size, text_bytes=0)]
        infos = [i for i in _infos(file) if not i.is_dir()]
    if len(infos) > MOST_MEMBERS:
        msg = f"has {len(infos):,} members: expected at most {MOST_MEMBERS:,}"
        raise ArchiveError(msg)
    return [
        Archive(
            path=path,
            relative=relative,
            member=info.filename,
            size=size,
            text_bytes=info.file_size,
        )
        for info in infos
    ]


def _infos(file: Any) -> list[zipfile.ZipInfo]:
    try:
        return zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        msg = f"is no zip that can be read: {error}"
        raise ArchiveError(msg) from None


def _member(file: Any, name: str) -> Iterator[bytes]:
    info = next((i for i in _infos(file) if i.filename == name), None)
    if info is None:
        msg = "changed while it was read"
        raise ArchiveError(msg)
    if info.flag_bits & _IS_ENCRYPTED:
        msg = "is encrypted"
        raise ArchiveError(msg)
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
        msg = "is damaged: no header where the zip's directory says"
        raise ArchiveError(msg)
    _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    file.seek(info.header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes)
    if info.compress_type == zipfile.ZIP_STORED:
        yield from _stored(file, info)
    elif info.compress_type == zipfile.ZIP_DEFLATED:
        yield from _inflated(file, info)
    else:
        msg = f"is compressed with method {info.compress_type}: expected deflate"
        raise ArchiveError(msg)


def _stored(file: Any, info: zipfile.ZipInfo) -> Iterator[bytes]:
    left, crc = info.file_size, 0
    while left:
        piece = file.read(min(left, _READ_BYTES))
        if not piece:
            msg = "is cut off"
            raise ArchiveError(msg)
        left -= len(piece)
        crc = isal_zlib.crc32(piece, crc)
        yield piece
    _check_crc(crc, info)


def _inflated(file: Any, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield what a deflated member holds, never more than the zip states."""
    inflater, size, crc = isal_zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
    while not inflater.eof:
        compressed = inflater.unconsumed_tail or file.read(_READ_BYTES)
        if not compressed:
            msg = "is cut off"
            raise ArchiveError(msg)
        try:
            piece = inflater.decompress(compressed, _PIECE_BYTES)
        except _DAMAGED as error:
            msg = f"is damaged: {error}"
            raise ArchiveError(msg) from None
        size += len(piece)
        crc = isal_zlib.crc32(piece, crc)
        if size > info.file_size:
            msg = f"is damaged: it holds more than the {info.file_size:,} bytes that it states"
            raise ArchiveError(msg)
        yield piece
    if size != info.file_size:
        msg = f"is damaged: expected {info.file_size:,} bytes, found {size:,}"
        raise ArchiveError(msg)
    _check_crc(crc, info)


def _gunzipped(file: Any) -> Iterator[bytes]:
    try:
        opened_gzip: Any = igzip.open
        with opened_gzip(file) as text:
            while piece := text.read(_PIECE_BYTES):
                yield piece
    except _DAMAGED as error:
        msg = f"is damaged: {error}"
        raise ArchiveError(msg) from None


def _check_crc(crc: int, info: zipfile.ZipInfo) -> None:
    if crc != info.CRC:
        msg = "is damaged: its CRC-32 is another"
        raise ArchiveError(msg)
