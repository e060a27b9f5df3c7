from collections.abc import Callable

from csp.constants import SELF
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from portal.revision import Busy, is_busy
from portal.views import error_page


class BusyMiddleware:
    """A write that waited too long for another is told so, in the reader's language, and may try again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Busy) and not (isinstance(exception, OperationalError) and is_busy(exception)):
            return None
        response = error_page(request, 503, str(Busy.message))
        response["Retry-After"] = "5"
        return response


class AdminPolicyMiddleware:
    """The admin's own scripts run, and nobody else's; public pages have none at all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.resolver_match is not None and request.resolver_match.app_name == "admin":
            response._csp_update = {"script-src": [SELF], "connect-src": [SELF]}  # type: ignore[attr-defined]
        return response
