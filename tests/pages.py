"""Reading pages as a reader's browser has them."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from django.test import Client


def page(client: Client, address: str, status: int = 200) -> BeautifulSoup:
    response = client.get(address)
    assert response.status_code == status, (address, response.status_code)
    return BeautifulSoup(response.content, "html.parser")


def text(soup: BeautifulSoup) -> str:
    """The words of the page's main part, without white space."""
    main = soup.find("main")
    assert main is not None
    return re.sub(r"\s+", "", main.get_text())
