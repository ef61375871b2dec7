"""A very small terminal: what is seen after these characters. Fails on any escape sequence it does not know."""

import io
import re

_PIECE = re.compile(
    r"\x1b\[(?P<count>\d*)(?P<what>[A-Za-z])|\x1b\[[\d;]*m|(?P<control>[\r\n])|(?P<text>[^\x1b\r\n]+)|(?P<odd>.)"
)


class TerminalText(io.StringIO):
    """Text that says of itself that it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


def seen(written):
    lines, row, column = [""], 0, 0
    for piece in _PIECE.finditer(written):
        if text := piece["text"]:
            line = lines[row].ljust(column)
            lines[row] = line[:column] + text + line[column + len(text) :]
            column += len(text)
        elif piece["control"]:
            column = 0
            row += piece["control"] == "\n"
            lines += [""] * (row + 1 - len(lines))
        elif piece["what"] == "A":
            row -= int(piece["count"] or 1)
            assert row >= 0
        elif piece["what"] == "K":
            assert piece["count"] == "2"
            lines[row] = ""
        else:
            assert piece["what"] in {None, "m"}, piece[0]
            assert not piece["odd"], piece[0]
    return [line.rstrip() for line in lines]
