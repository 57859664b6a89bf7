"""Lists that go on over several pages, walked as a reader does."""

import re
from collections.abc import Callable, Iterator

from django.test import Client


def pages(browser: Client, address: str, before: str = "before") -> Iterator[str]:
    """Each page of the list whose links name `before`, from the first to the last."""
    place = ""
    while True:
        page = browser.get(f"{address}{place}").content.decode()
        yield page
        following = re.search(rf'href="[^"?]*(\?{before}=[^"]+)"', page)
        if following is None:
            return
        place = following[1]


def whole(browser: Client, address: str, found: Callable[[str], list[str]], before: str = "before") -> list[str]:
    """What `found` finds on the pages, in their order."""
    return [one for page in pages(browser, address, before) for one in found(page)]
