"""Files that are sent to the portal: bounded while they arrive, not afterwards."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest

PATIENCE = 10  # times the limit: a browser shows no answer before it has sent all, so that much is taken and dropped


class BoundedUpload(FileUploadHandler):
    """Holds what is sent in memory, up to a limit in bytes. Of what is larger nothing is kept, and `is_too_large` says
    so; far above the limit nothing is even read."""

    def __init__(self, request: HttpRequest, limit: int) -> None:
        super().__init__(request)
        self.limit = limit
        self.announced = self.received = 0
        self.is_too_large = False
        self.held = io.BytesIO()

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any) -> None:  # noqa: N803 - Django's
        self.announced = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.held = io.BytesIO()
        if self.announced > self.limit * PATIENCE:
            self.is_too_large = True
            raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)  # of all files together
        if self.received > self.limit:
            self.is_too_large = True
            self.held = io.BytesIO()
            raise SkipFile
        self.held.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.held.seek(0)
        return InMemoryUploadedFile(
            self.held, self.field_name, self.file_name, self.content_type, file_size, self.charset
        )
