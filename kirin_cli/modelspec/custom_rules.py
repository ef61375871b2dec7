"""Rules that take code to tell: of the sizes of media, of points in a picture, of references in a text. Knows no model.

Each function makes a CustomRule for the paths that it is given.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kirin_cli.modelspec.fields import INVALID
from kirin_cli.modelspec.media_fields import length_tolerance
from kirin_cli.modelspec.request import RequestView
from kirin_cli.modelspec.rules import CustomRule, Is
from kirin_cli.modelspec.text import join_and, join_or, pluralize
from kirin_cli.modelspec.types import MediaFile


def same_aspect_ratio(rule: str, image: str, masks: tuple[str, ...], percent: int) -> CustomRule:
    """The media at `masks` have the aspect ratio of `image`, to so many percent, where both are known."""

    def find_breaches(request: RequestView) -> Iterator[tuple[str, str]]:
        for _, width, height in request.media_sizes(image):
            for path, *sides in request.media_sizes(*masks):
                is_like = _same_ratio(sides, (width, height), percent) or (
                    _is_turned(request, image) and _same_ratio(sides, (height, width), percent)
                )
                if not is_like:
                    sizes = f"{sides[0]} × {sides[1]} px, {image} is {width} × {height} px"
                    yield path, f"is {sizes}; a mask must have the aspect ratio of the image"

    return CustomRule(rule, " and ".join(masks), f"must have the aspect ratio of {image}", (), find_breaches)


def no_mask_on_turned(rule: str, image: str, masks: tuple[str, ...]) -> CustomRule:
    """Warn of a mask where viewers turn `image`: whether the service turns it too, nobody says."""

    def find_breaches(request: RequestView) -> Iterator[tuple[str, str]]:
        for _, width, height in request.media_sizes(image):  # asked first: where only names are known it is undecidable
            if not _is_turned(request, image):
                continue
            stored, shown = f"{width} × {height} px", f"{height} × {width} px"
            for path, mask_width, mask_height in request.media_sizes(*masks):
                like = "stored" if (mask_width > mask_height) == (width > height) else "shown"
                rotation = f"that carries a rotation (EXIF): stored {stored}, shown {shown}"
                advice = "Save the image without the rotation, so that there is one way to read both"
                yield path, f"lies like the {image} as it is {like}, and {rotation}. {advice}"

    return CustomRule(rule, " and ".join(masks), f"should not meet a rotation of {image}", (), find_breaches, "warning")


def _is_turned(request: RequestView, image: str) -> bool:
    value = request.values.get(image)
    return isinstance(value, MediaFile) and value.turned


def _same_ratio(sides: Sequence[int], others: Sequence[int], percent: int) -> bool:
    """Whether two rectangles, each width and height, have one aspect ratio, to so many percent."""
    return abs(sides[0] * others[1] - sides[1] * others[0]) * 100 <= percent * others[0] * sides[1]


def same_size(rule: str, paths: tuple[str, ...]) -> CustomRule:
    """All media at `paths` have one resolution, where known; the problem stands at those unlike the first."""

    def find_breaches(request: RequestView) -> Iterator[tuple[str, str]]:
        media = request.media_sizes(*paths)
        for path, width, height in media[1:]:
            first, first_width, first_height = media[0]
            if (width, height) != (first_width, first_height):
                sizes = f"{width} × {height} px, {first} is {first_width} × {first_height} px"
                yield path, f"is {sizes}; all masks must have one resolution"

    return CustomRule(rule, " and ".join(paths), "must have one and the same resolution", (), find_breaches)


def points_inside(rule: str, image: str, points: str) -> CustomRule:
    """Warn of a point {x, y} outside the image (origin bottom-left, px), where the image's size is known."""

    def find_breaches(request: RequestView) -> Iterator[tuple[str, str]]:
        for _, width, height in request.media_sizes(image):
            for path, point in request.find_all(points):
                x, y = (point.get("x"), point.get("y")) if isinstance(point, dict) else (INVALID, INVALID)
                if isinstance(x, int) and isinstance(y, int) and not (0 <= x <= width and 0 <= y <= height):
                    yield path, f"({x}, {y}) lies outside the {image} of {width} × {height} px (origin bottom-left)"

    return CustomRule(rule, points, f"should lie inside the {image}", (), find_breaches, "warning")


def max_seconds(rule: str, video: str, seconds: float, when: Is, near_rule: str = "V4") -> tuple[CustomRule, ...]:
    """A video lasts so many seconds at most where the parameter of `when` has that value.

    One that is over by the letter only is taken for the bound, with a warning (rule V4).
    """
    limit = f"at most {seconds:g} s with {when.path} {join_or(tuple(map(str, when.values)))}"

    def excesses(request: RequestView, *, near: bool) -> Iterator[tuple[str, str]]:
        for path, value in request.find_all(video) if when.holds(request) else ():
            over = (value.seconds or 0) - seconds if isinstance(value, MediaFile) else 0
            if isinstance(value, MediaFile) and over > 0 and (over <= length_tolerance(value)) is near:
                yield path, f"lasts {value.seconds:g} s; it may last {limit}" + "; taken for the bound" * near

    paths = (video, when.path)
    return (
        CustomRule(rule, video, f"may last {limit}", paths, lambda request: excesses(request, near=False)),
        CustomRule(
            near_rule, video, "should not be over its bound by a frame", paths,
            lambda request: excesses(request, near=True), "warning",
        ),
    )  # fmt: skip


def once_each(rule: str, path: str, words: tuple[str, ...]) -> CustomRule:
    """Every value that `path` leads to stands there once; `words` are those it can have."""

    def find_breaches(request: RequestView) -> Iterator[tuple[str, str]]:
        seen: set[object] = set()
        for concrete, value in request.find_all(path):
            if value in seen:
                yield concrete, f"is a second {value}; there can be one"
            seen.add(value)

    message = f"can be {' and '.join(f'{word} once' for word in words)}" if words else "can have each value once"
    return CustomRule(rule, path, message, (path,), find_breaches)


_TOKEN: Final = re.compile(r"<<<(?!<)((?:(?!<<<).)*?)>>>", re.DOTALL)  # the innermost, of "<<<<image_1>>>" too
_POINTER: Final = re.compile(r"([a-z]+)_(0|[1-9][0-9]*)")


def references(rule: str, odd_rule: str, text: str, lists: Mapping[str, str]) -> tuple[CustomRule, CustomRule]:
    """Every `<<<image_N>>>` in a text (N from 1) points at an item of its list; warn of any other `<<<…>>>`.

    `lists` has the lists by the words that stand for them.
    """

    def pointers(request: RequestView) -> Iterator[tuple[str, str, int]]:
        """The token, its list ("" for none) and its number."""
        value = request.value(text)
        for token in _TOKEN.findall(value) if isinstance(value, str) else ():
            pointer = _POINTER.fullmatch(token)
            name = lists.get(pointer[1], "") if pointer else ""
            yield token[:40], name, int(pointer[2]) if pointer and name else 0

    def dangling(request: RequestView) -> Iterator[tuple[str, str]]:
        for token, name, number in pointers(request):
            if name and not request.has_invalid((name,)) and not 1 <= number <= len(request.items(name)):
                yield text, f"refers to <<<{token}>>>, but {name} has {pluralize(len(request.items(name)))}"

    def odd(request: RequestView) -> Iterator[tuple[str, str]]:
        known = join_and([f"<<<{word}_N>>>" for word in lists])
        for token, name, _ in pointers(request):
            if not name:
                yield text, f"holds <<<{token}>>>, which means nothing to the model; known are {known}"

    return (
        CustomRule(rule, text, "may only refer to items that exist", (text,), dangling),
        CustomRule(odd_rule, text, "should hold no other <<<…>>>", (text,), odd, "warning"),
    )
