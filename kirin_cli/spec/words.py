"""How values and names read in messages. Knows no field."""


def shown(value: object) -> str:
    """A value as a message shows it: text in quotes, at most 60 characters. Takes any object whatever."""
    import json  # noqa: PLC0415  (help shows no values)

    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):  # keys that are no text; a circle, thousands of digits; too deep
        return f"a value that cannot be shown ({type(value).__name__})"
    return text if len(text) <= 60 else text[:57] + "…" + text[-1]


def counted(number: int, word: str = "item") -> str:
    """A number and its noun: `1 item`, `2 items`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def listed(words: tuple[str, ...]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def nearest(name: str, known: list[str]) -> str:
    """`; did you mean "x"?`, or the list of what there is."""
    from difflib import get_close_matches  # noqa: PLC0415  (2 ms that only a mistake should cost)

    close = get_close_matches(name, known, n=1) or [word for word in known if name and (name in word or word in name)]
    return f'; did you mean "{close[0]}"?' if close else f"; known are {', '.join(known)}"
