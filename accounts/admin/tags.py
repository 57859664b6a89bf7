"""A state in color and word, as lists of the back office show it."""

from django.utils.html import format_html


def tag(tone: str, word: str) -> str:
    """`tone` is ok, warn, bad or idle; the word says the same without the color."""
    return format_html('<span class="status status--{}">{}</span>', tone, word)
