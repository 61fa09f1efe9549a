"""Files of tickets: what is taken, what comes back, and that no browser ever shows one as a page."""

from __future__ import annotations

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from core.models import History
from workflow_ops import file_kinds
from workflow_ops.models import Attachment
from workflow_ops.services.attachments import MAX_FILES
from workflow_ops.tests.documents import TICKETS, flow

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture(scope="module")
def ticket(file_publish, cast):
    file_publish(flow("ask", ["answer"], []))
    return cast["user"].post(TICKETS, {"ticket_definition": "ask", "data": {}}).json()


@pytest.fixture(scope="module")
def files(ticket):
    return f"{TICKETS}{ticket['id']}/attachments/"


def send(person, path, name, content, **more):
    # The name goes as a person's program sends it: nothing is cleaned on this side.
    body = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="'.encode()
        + name.encode("utf-8", "surrogatepass")
        + b'"\r\nContent-Type: text/html\r\n\r\n'
        + content
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )
    return person.post(path, body, content_type=MULTIPART_CONTENT, **more)


def test_a_file_comes_back_as_it_was(api, ticket, files):
    uma, tom = api("user"), api("ticket_admin")
    made = send(uma, files, "Door of the warehouse.PNG", PNG)
    assert made.status_code == 201
    row = made.json()
    assert row == {
        "id": row["id"],
        "company": "acme",
        "ticket": ticket["id"],
        "name": "Door of the warehouse.PNG",
        "content_type": "image/png",
        "size": len(PNG),
        "sha256": hashlib.sha256(PNG).hexdigest(),
        "created_by": uma.user.pk,
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }
    assert tom.get(files).json()["results"] == [row]
    file = tom.get(f"{files}{row['id']}/")
    assert (file.status_code, file.content) == (200, PNG)
    assert {name: file.headers[name] for name in HEADERS} == {
        "Content-Type": "image/png",
        "Content-Disposition": 'attachment; filename="Door of the warehouse.PNG"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "no-store",
        "Content-Length": str(len(PNG)),
    }


HEADERS = (
    "Content-Type",
    "Content-Disposition",
    "X-Content-Type-Options",
    "Content-Security-Policy",
    "Cache-Control",
    "Content-Length",
)


def test_history_tells_of_it(api, ticket, files):
    made = send(api("user"), files, "a.txt", b"hello").json()
    entry = History.objects.latest("id")
    assert (entry.event, entry.subject_type, entry.subject_id) == ("ticket.attached", "ticket", ticket["id"])
    assert entry.detail == {"attachment": made["id"], "name": "a.txt", "size": 5, "sha256": made["sha256"]}


def test_only_who_sees_the_ticket_sees_its_files(api, ticket, files):
    uma, will = api("user"), api("task_worker")
    made = send(uma, files, "a.txt", b"hello").json()
    strangers = [will, api("admin"), api("workflow_creator")]
    before = History.objects.count()
    for stranger in strangers:
        assert stranger.get(files).status_code == 404
        assert stranger.get(f"{files}{made['id']}/").status_code == 404
        assert send(stranger, files, "b.txt", b"hello").status_code == 404
    assert (Attachment.objects.count(), History.objects.count()) == (1, before)
    other = uma.post(TICKETS, {"ticket_definition": "ask", "data": {}}).json()
    # A file is of one ticket: below another its id is nobody's.
    assert uma.get(f"{TICKETS}{other['id']}/attachments/{made['id']}/").status_code == 404
    assert uma.get(f"{TICKETS}{other['id']}/attachments/").json()["count"] == 0


TAKEN = {
    "report.pdf": (b"%PDF-1.7\n...", "application/pdf"),
    "photo.JPEG": (b"\xff\xd8\xff\xe0 a photo", "image/jpeg"),
    "notes.txt": ("Wänd < 5 cm".encode(), "text/plain; charset=utf-8"),
    "list.csv": (b"a;b\n1;2", "text/csv; charset=utf-8"),
    "MZ.txt": (b"MZ is no program without a NUL", "text/plain; charset=utf-8"),
    "data.json": (b'{"a": "<html>"}', "application/octet-stream"),
    "invoice.xml": (b'<?xml version="1.0"?>\n<Invoice xmlns="urn:invoice"/>', "application/octet-stream"),
    "mail.eml": (b"Subject: Hi\n\n<html></html>", "application/octet-stream"),
    "table.xlsx": (b"PK\x03\x04 a table", "application/octet-stream"),
    "old.msg": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 a mail", "application/octet-stream"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken_and_what_it_is_served_as(api, files, name):
    content, served = TAKEN[name]
    made = send(api("user"), files, name, content)
    assert (made.status_code, made.json()["content_type"]) == (201, served)
    file = api("user").get(f"{files}{made.json()['id']}/")
    assert (file.headers["Content-Type"], file.content) == (served, content)


REFUSED = {
    "page.html": b"<html></html>",
    "page.HTM": b"harmless",
    "picture.svg": b"<svg/>",
    "program.exe": b"MZ\0",
    "script.js": b"alert(1)",
    "sheet.xlsm": b"PK\x03\x04",
    "letter.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "report.pdf.exe": b"%PDF-1.7",
    "Makefile": b"all:",
    "empty.txt": b"",
    "page.txt": b" \n<!DOCTYPE html><script>alert(1)</script>",
    "bom.txt": b"\xef\xbb\xbf<html>",
    "utf16.txt": "<html>".encode("utf-16"),
    "bare16.txt": "<script>".encode("utf-16-le"),
    "comment.md": b"<!-- --><html>",
    "script.csv": b"<script >alert(1)</script>",
    "picture.xml": b'<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg"/>',
    "strict.xml": b'<?xml version="1.0"?><x:page xmlns:x="http://www.w3.org/1999/xhtml"/>',
    "page.heic": b"<html>",
    "fake.pdf": b"<html>%PDF-",
    "fake.png": b"GIF89a",
    "fake.docx": b"<html>",
    "windows.txt": b"MZ\x90\0\x03",
    "linux.json": b"\x7fELF\x02",
    "shell.txt": b"#!/bin/sh\n",
    "php.log": b"<?php system('x');",
    "java.mp3": b"\xca\xfe\xba\xbe\0",
    "wasm.mp4": b"\0asm\x01",
    "shortcut.mp4": b"L\0\0\0\x01\x14\x02\0",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_taken(api, files, name):
    answer = send(api("user"), files, name, REFUSED[name])
    [fault] = answer.json()["errors"]
    assert (answer.status_code, fault["attr"], fault["code"]) == (400, "file", "file_not_taken")
    assert not Attachment.objects.exists()


NAMES = {
    "plan.txt": "plan.txt",
    "../../etc/passwd.txt": "passwd.txt",
    "C:\\Users\\x\\plan.txt": "plan.txt",
    "  ..  spaced   out .txt ": "spaced out .txt",
    "a\u202egnp.txt": "agnp.txt",
    "zero\u200bwidth\ufeff.txt": "zerowidth.txt",
    "bell\a\x7f\x85.txt": "bell.txt",
    'quo"te<b>|?*:.txt': "quo_te_b_____.txt",
    "Äpfel und 東京.txt": "Äpfel und 東京.txt",
    "A\u0308.txt": "Ä.txt",
    "x" * 300 + ".txt": "x" * 146 + ".txt",
    ".txt": "txt",
    "..": "",
    "\u2028": "",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_as_people_may_see_them(name):
    clean = file_kinds.clean_name(name)
    assert clean == NAMES[name]
    assert file_kinds.clean_name(clean) == clean


def test_name_of_other_letters_in_the_header(api, files):
    made = send(api("user"), files, "東京\u202e.txt", b"hello").json()
    file = api("user").get(f"{files}{made['id']}/")
    assert file.headers["Content-Disposition"] == "attachment; filename*=utf-8''%E6%9D%B1%E4%BA%AC.txt"


def test_largest_file(api, files, settings):
    settings.MAX_ATTACHMENT_BYTES = 1000
    assert send(api("user"), files, "a.txt", b"a" * 1000).status_code == 201
    answer = send(api("user"), files, "a.txt", b"a" * 1001)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "too_large")
    assert Attachment.objects.count() == 1


def test_request_over_the_limit(api, files):
    answer = send(api("user"), files, "a.txt", b"a" * 10_485_760)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "too_large")


def test_a_ticket_takes_so_many_files(api, ticket, files):
    uma = api("user")
    Attachment.objects.bulk_create(
        Attachment(
            ticket_id=ticket["id"],
            created_by=uma.user,
            name="a.txt",
            content_type="text/plain",
            size=1,
            sha256=b"",
            content=b"a",
        )
        for _ in range(MAX_FILES)
    )
    answer = send(uma, files, "a.txt", b"hello")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "too_many_files")


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400),
        ({"file": "text, not a file"}, 400),
        ({"other": SimpleUploadedFile("a.txt", b"a")}, 400),
        ({"file": [SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")]}, 400),
    ],
)
def test_forms_without_one_file(api, files, form, status):
    body = encode_multipart(BOUNDARY, form)
    assert api("user").post(files, body, content_type=MULTIPART_CONTENT).status_code == status
    assert not Attachment.objects.exists()


def test_bodies_that_are_no_form(api, files):
    uma = api("user")
    assert uma.post(files, {"file": "x"}).status_code == 415
    assert uma.post(files, b"nothing of the kind", content_type=MULTIPART_CONTENT).status_code == 400
    assert uma.post(files, b"x", content_type="multipart/form-data").status_code == 400


def test_files_are_in_the_companys_schema_and_never_change(api, files):
    send(api("user"), files, "a.txt", b"hello")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM acme.ticket_attachments")
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT to_regclass('public.ticket_attachments') IS NULL")
        assert cursor.fetchone() == (True,)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in ("UPDATE ticket_attachments SET name = ''", "DELETE FROM ticket_attachments"):
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                cursor.execute(statement)
