"""Uploaded files: type by content, size, virus scan, hash. Storage names say nothing about the owner."""

from __future__ import annotations

import hashlib
import secrets
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse

from portal.kernel.errors import InvalidInput, TransientError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# content type → (extensions, leading bytes)
TYPES: dict[str, tuple[tuple[str, ...], bytes]] = {
    "application/pdf": (("pdf",), b"%PDF-"),
    "image/jpeg": (("jpg", "jpeg"), b"\xff\xd8\xff"),
    "image/png": (("png",), b"\x89PNG\r\n\x1a\n"),
    XLSX: (("xlsx",), b"PK\x03\x04"),
    "application/ofd": (("ofd",), b"PK\x03\x04"),
}
ACCEPT = ",".join(f".{ext}" for exts, _ in TYPES.values() for ext in exts)
EICAR = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


@dataclass(frozen=True, slots=True)
class StoredFile:
    name: str  # what the user called it, cleaned
    storage_key: str
    content_type: str
    size: int
    sha256: str


class Scanner(Protocol):
    def is_clean(self, parts: Iterable[bytes]) -> bool:
        """Whether a file, handed over part by part, is free of known threats."""
        ...


class BuiltinScanner:
    """For demonstrations: knows the industry's test signature only. Production refuses to start with it."""

    def is_clean(self, parts: Iterable[bytes]) -> bool:
        tail = b""
        for part in parts:
            if EICAR in tail + part:
                return False
            tail = (tail + part)[-len(EICAR) :]
        return True


class ClamdScanner:
    """ClamAV's daemon over TCP, INSTREAM command."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.address = (host, int(port))

    def is_clean(self, parts: Iterable[bytes]) -> bool:
        try:
            with socket.create_connection(self.address, timeout=5) as link:
                link.sendall(b"zINSTREAM\0")
                for part in parts:
                    link.sendall(struct.pack("!L", len(part)) + part)
                link.sendall(struct.pack("!L", 0))
                answer = link.recv(4096)
        except OSError as error:
            raise TransientError("scanner_down", "文件安全检查暂时不可用，请稍后再传") from error
        return answer.rstrip(b"\0").endswith(b"OK")


def scanner() -> Scanner:
    return ClamdScanner(settings.CLAMD_ADDRESS) if settings.FILE_SCANNER == "clamd" else BuiltinScanner()


def store(upload: UploadedFile, *, field: str = "file") -> StoredFile:
    """Check and keep an upload. Raises InvalidInput at `field` with what to do, TransientError when the scanner is away."""
    content_type = _sniff(upload.name or "", upload.read(16))
    if upload.size and content_type is None:
        raise InvalidInput("file_type", "请上传 PDF、XLSX、OFD、JPG 或 PNG；文件内容要与扩展名一致", field=field)
    return _keep(upload, content_type or "", settings.UPLOAD_LIMIT, field)


def store_table(upload: UploadedFile, *, field: str = "file") -> StoredFile:
    """The same for a long table, `.csv` or `.xlsx`, up to TABLE_LIMIT. What a CSV holds is for its reader to say."""
    name = (upload.name or "").lower()
    content_type = "text/csv" if name.endswith(".csv") else _sniff(name, upload.read(16))
    if upload.size and content_type not in ("text/csv", XLSX):
        raise InvalidInput("file_type", "请上传 .xlsx 或 .csv 文件；内容要与扩展名一致", field=field)
    return _keep(upload, content_type or "", settings.TABLE_LIMIT, field)


def _keep(upload: UploadedFile, content_type: str, limit: int, field: str) -> StoredFile:
    if upload.size > limit:
        raise InvalidInput(
            "file_too_large",
            "文件 {size} MB，超过 {limit} MB。可以拆成两份上传",
            field=field,
            size=-(-upload.size // 1024 // 1024),
            limit=limit // 1024 // 1024,
        )
    if upload.size == 0:
        raise InvalidInput("file_empty", "文件是空的，请重新选择", field=field)
    if not scanner().is_clean(upload.chunks()):
        raise InvalidInput("file_infected", "安全检查没有通过，文件没有保存。请换一份文件", field=field)
    fingerprint = hashlib.sha256()
    for part in upload.chunks():
        fingerprint.update(part)
    upload.seek(0)
    key = default_storage.save(f"{secrets.token_hex(2)}/{secrets.token_hex(16)}", upload)
    return StoredFile(clean_filename(upload.name or ""), key, content_type, upload.size, fingerprint.hexdigest())


def _sniff(name: str, data: bytes) -> str | None:
    extension = name.rpartition(".")[2].lower()
    for content_type, (extensions, magic) in TYPES.items():
        if extension in extensions and data.startswith(magic):
            return content_type
    return None


def clean_filename(name: str) -> str:
    """The base name without control characters or path parts, at most 120 characters."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in base if c.isprintable())[-120:] or "file"


def as_attachment(storage_key: str, name: str) -> FileResponse:
    """The bytes as a download; the browser never interprets them on our origin."""
    response = FileResponse(
        default_storage.open(storage_key), as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
