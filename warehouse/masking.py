"""Personal values as they may leave the intake schema: the first character of each word, the rest hidden."""

import re


def mask(value: str) -> str:
    """``Nguyễn Văn An`` -> ``N*** V*** A***``. The SQL function audit.mask does the same; a test compares them."""
    if value.isprintable():  # then a space is its only kind of gap
        return " ".join([f"{word[0]}***" if word else "" for word in value.split(" ")])
    return re.sub(r"(\S)\S*", r"\1***", value)
