"""Encryption, masks, logs, uploads, CSV."""

import pytest
from django.core.exceptions import FieldError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.models import User
from portal.kernel import files
from portal.kernel.access import mask_email, mask_name, mask_phone
from portal.kernel.crypto import blind_index, decrypt, encrypt
from portal.kernel.errors import InvalidInput
from portal.kernel.logs import scrub
from portal.kernel.sheets import safe_cell
from tests.factories import PDF


def test_ciphertext_differs_each_time_and_decrypts():
    assert encrypt("13800138000") != encrypt("13800138000")
    assert decrypt(encrypt("中文")) == "中文"


def test_blind_index_separates_purposes():
    assert blind_index("1", "phone") == blind_index("1", "phone") != blind_index("1", "id")


@pytest.mark.django_db
def test_phone_is_not_in_clear_in_the_database():
    User.objects.create_user(phone="+8613800138000")
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, phone_index FROM accounts_user")
        stored = cursor.fetchone()
    assert "13800138000" not in "".join(stored)
    assert User.objects.get().phone == "+8613800138000"


@pytest.mark.django_db
def test_encrypted_column_cannot_be_filtered():
    with pytest.raises(FieldError):
        User.objects.filter(phone="+8613800138000").exists()


def test_masks():
    assert (mask_phone("+8613800138000"), mask_name("林一帆"), mask_email("founder@demo.example")) == (
        "138****8000",
        "林**",
        "f***@demo.example",
    )


def test_log_lines_are_scrubbed():
    line = scrub("phone 13800138000 id 11010119900307109X mail a.b@c.com /invitations/abcdefghijklmnopqrstuvwxyz/ \x00")
    assert line == "phone 138****8000 id 110101********109X mail a***@c.com /invitations/…/ \\0"


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "＝1", "\tx"])
def test_formula_cells_are_defused(text):
    assert safe_cell(text).startswith("'")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pdf", b"<html>", "file_type"),
        ("a.exe", PDF, "file_type"),
        ("a.pdf", b"", "file_empty"),
        ("a.pdf", PDF + files.EICAR, "file_infected"),
        ("a.png", PDF, "file_type"),
    ],
)
def test_bad_upload_is_refused_with_its_reason(name, content, code):
    with pytest.raises(InvalidInput) as refused:
        files.store(SimpleUploadedFile(name, content))
    assert refused.value.code == code


def test_oversized_upload_says_both_sizes(settings):
    settings.UPLOAD_LIMIT = 1024 * 1024
    with pytest.raises(InvalidInput) as refused:
        files.store(SimpleUploadedFile("a.pdf", PDF + b"0" * 1024 * 1024))
    assert refused.value.message == "文件 2 MB，超过 1 MB。可以拆成两份上传"


def test_stored_name_says_nothing_and_file_name_is_cleaned():
    stored = files.store(SimpleUploadedFile("../../报\u202e表\n.pdf", PDF))
    assert stored.name == "报表.pdf"
    assert "报" not in stored.storage_key
