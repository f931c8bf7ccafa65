"""Personal values as they may leave the intake schema: the first character of each word, the rest hidden."""

import re


def mask(value: str) -> str:
    """``Nguyễn Văn An`` -> ``N*** V*** A***``. The SQL function audit.mask does the same; a test compares them."""
    return re.sub(r"(\S)\S*", r"\1***", value)
