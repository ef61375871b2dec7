"""A model's spec as the service gives it, as the content of a model's file. Whatever is in it is text of a stranger.

What cannot be taken in is left out and said in a note. The shape: wire/README.md, "The models of the service".
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final
from urllib.parse import urlsplit

from kirin_cli.errors import UsageError
from kirin_cli.model_files.field_reader import MAX_LENGTH, MAX_MINIMUM_LENGTH, MAX_NUMBER
from kirin_cli.model_files.names import clean_text, first_sentence, is_model_id, is_option, is_parameter_name
from kirin_cli.modelspec.fields import number_of
from kirin_cli.modelspec.text import pluralize, quote
from kirin_cli.wire import CREATE_PATH

MAX_PARAMETERS: Final = 500
"""Of one spec, those inside of others counted too."""
MAX_DEPTH: Final = 8
MAX_OPTIONS: Final = 500
MAX_TEXT: Final = 600
_INTEGER_TYPES: Final = frozenset({"integer", "int", "int32", "int64", "long"})
_NUMBER_TYPES: Final = frozenset({"number", "float", "double", "decimal"})
_TEXT_TYPES: Final = frozenset({"string", "text", "str"})
_LIST_TYPES: Final = frozenset({"array", "list"})
_MEDIA_TYPES: Final = frozenset({"image", "video", "file", "url", "uri"})
_BOOLEAN_TYPES: Final = frozenset({"boolean", "bool"})
_PICTURE: Final = frozenset({"image", "images", "img", "picture", "photo", "frame", "mask", "masks"})
_FILM: Final = frozenset({"video", "videos", "clip", "footage"})
_NOT_MEDIA: Final = frozenset(
    {
        "size", "count", "num", "number", "ratio", "width", "height", "strength", "weight", "type", "style", "format",
        "quality", "mode", "id", "ids", "prompt", "description", "name", "text", "position", "fidelity", "resolution",
        "guidance", "rate", "index", "duration", "length", "model", "scale", "setting", "settings", "caption",
        "interpolation", "only", "enabled", "frames", "orientation", "audio", "sound", "info", "language",
    }
)  # fmt: skip
"""Words in a name by which it is of something about a picture or a video, not that itself."""
_ADDRESS: Final = frozenset({"url", "urls", "uri", "uris", "base64", "file", "files", "link", "path"})
_MENTIONS: Final = re.compile(
    r"\b(?:url|uri|base64|upload|link|jpe?g|png|mp4|mov|file|image|picture|photo|frame|mask|video|clip)s?\b",
    re.IGNORECASE,
)
_MEGABYTES: Final = re.compile(
    r"(?:max\w*|up to|at most|less than|within|exceed\w*|≤|<=?)[^.\d]{0,20}(\d{1,4}) ?MB\b", re.IGNORECASE
)
_STEMS: Final[Mapping[str, str]] = {"video": "video", "image": "image|picture", "audio": "audio|music|speech|sound"}


@dataclass(slots=True)
class ModelSpec:
    """A spec that was taken in. `content` is what a model's file says; `remarks` are comments by path of a field.

    `notes` say what was left out, `media` are the paths of what was taken for pictures and videos. `sha256` is of the
    spec as the service gave it, written in one way.
    """

    model_id: str
    content: dict[str, Any]
    sha256: str
    remarks: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)


def convert_spec(document: object, model_id: str = "") -> ModelSpec:
    """The spec in a JSON document, wrapped as the service wraps it or not. Raises UsageError where there is none.

    `model_id` is the id that was asked for: a spec of another model is refused.
    """
    data = document.get("data", document) if isinstance(document, Mapping) else None
    parameters = data.get("parameters") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(parameters, list):
        raise UsageError("what came is no spec of a model: it has no list of parameters")
    named = data.get("model_id") or data.get("id") or model_id
    if not is_model_id(named):
        raise UsageError(f"the spec names the model {quote(named)}, which is no id: letters, digits and ._:/@+-")
    if model_id and named != model_id:
        raise UsageError(f"the spec that came is of {quote(named)}, not of {quote(model_id)}")
    digest = hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
    converter = _Converter()
    fields = converter.fields(parameters, "", 0)
    notes = converter.all_notes(data)
    spec = ModelSpec(str(named), {}, digest, converter.remarks, notes, converter.media)
    about = clean_text(_text(data.get("description")) or _text(data.get("name")))
    result = _result(data)
    spec.content = {
        "model": spec.model_id,
        **({"help": first_sentence(about)} if about and about != spec.model_id else {}),
        **({} if result == "video" else {"result": result}),
        "fields": fields,
    }
    return spec


def _result(data: Mapping[str, object]) -> str:
    """What the model makes, by the type of the model or by its output."""
    outputs = data.get("output_modalities")
    words = " ".join(map(str, outputs[:5] if isinstance(outputs, list) and outputs else [data.get("type")]))[
        :200
    ].lower()
    # "image-to-video" and "image2video" make videos: what comes last says what is made.
    last = {
        result: max((match.end() for match in re.finditer(stems, words)), default=0) for result, stems in _STEMS.items()
    }
    return max(last, key=lambda result: last[result])


class _Converter:
    """Turns parameters into fields, and keeps what there is to say of them."""

    def __init__(self) -> None:
        self.remarks: dict[str, str] = {}
        self.media: list[str] = []
        self._odd_names: list[str] = []
        self._odd_options: list[str] = []
        self._count = 0
        self._is_cut = False

    def fields(self, parameters: Iterable[object], prefix: str, depth: int) -> list[dict[str, Any]]:
        """A field for each parameter that can be one, the first of a name."""
        fields: dict[str, dict[str, Any]] = {}
        for parameter in parameters:
            self._count += 1
            if self._count > MAX_PARAMETERS or depth > MAX_DEPTH:
                self._is_cut = True
                break
            name = parameter.get("name") if isinstance(parameter, Mapping) else None
            if not isinstance(parameter, Mapping) or not is_parameter_name(name) or (not prefix and name == "model"):
                if name != "model" or prefix:
                    self._odd_names.append(quote(clean_text(str(name), 40)))
            elif name not in fields:
                fields[str(name)] = self._field(parameter, f"{prefix}{name}", depth)
        return list(fields.values())

    def all_notes(self, data: Mapping[str, object]) -> list[str]:
        """Everything that a person should know of the spec."""
        notes = []
        if self._odd_names:
            shown = ", ".join(self._odd_names[:5])
            message = f"left out: {pluralize(len(self._odd_names), 'parameter')} whose name cannot be one ({shown})"
            notes.append(f"{message}; extra_params sends such a one")
        if self._odd_options:
            notes.append(f"left out: words that cannot be shown, of {', '.join(dict.fromkeys(self._odd_options))}")
        if self._is_cut:
            notes.append(f"cut: the spec has over {MAX_PARAMETERS} parameters, or is nested over {MAX_DEPTH} deep")
        api = data.get("api")
        endpoint = api.get("endpoint") if isinstance(api, Mapping) else None
        if isinstance(endpoint, str) and not _is_create(endpoint):
            message = f"the spec names another address ({clean_text(endpoint, 120)}); kirin asks at {CREATE_PATH}"
            notes.append(f"{message} of its own base URL, and there alone")
        return notes

    def _field(self, parameter: Mapping[str, object], path: str, depth: int) -> dict[str, Any]:
        constraints = parameter.get("constraints")
        bounds: Mapping[str, object] = constraints if isinstance(constraints, Mapping) else {}
        children = parameter.get("children")
        members = self.fields(children, f"{path}.", depth + 1) if isinstance(children, list) and children else []
        field: dict[str, Any] = {"name": parameter["name"]}
        field |= self._kind(parameter, bounds, members, path)
        if parameter.get("required") in (True, "true"):
            field["required"] = True
        default = _default(field, bounds.get("default"))
        if default is not None:
            field["default"] = default
        help_text = clean_text(_text(parameter.get("description")), MAX_TEXT)
        return field | ({"help": help_text} if help_text else {})

    def _kind(
        self, parameter: Mapping[str, object], bounds: Mapping[str, object], members: list[dict[str, Any]], path: str
    ) -> dict[str, Any]:
        """The kind of the field, with what only fields of that kind have."""
        declared = clean_text(str(parameter.get("type") or "string"), 40).lower()
        if declared in _LIST_TYPES:
            return self._list(parameter, bounds, members, path)
        options = self._options(bounds.get("enum"), path)
        if members:
            kind: dict[str, Any] = {"kind": "object", "fields": members}
        elif options:
            kind = _choice(declared, options)
        elif declared in _INTEGER_TYPES | _NUMBER_TYPES:
            name = "integer" if declared in _INTEGER_TYPES else "number"
            is_seed = name == "integer" and path == "seed"
            kind = {
                "kind": name,
                **_bounds(bounds, minimum="min", maximum="max"),
                **({"counts_up": True} if is_seed else {}),
            }
        elif declared in _BOOLEAN_TYPES:
            kind = {"kind": "boolean"}
        elif declared in _TEXT_TYPES | _MEDIA_TYPES:
            lengths = _bounds(bounds, whole=True, min_length="min_length", max_length="max_length")
            is_url = declared in {"url", "uri"} or _is_url_by_name(parameter)
            plain = {"kind": "URL"} if is_url else {"kind": "text", **lengths}
            kind = self._media(parameter, path) or plain
        else:
            kind = {"kind": "any", **({"json_type": "object"} if declared == "object" else {})}
            if declared != "object":
                self.remarks[path] = f"the spec calls its type {declared!r}, of which nothing is known here"
        return kind

    def _list(
        self, parameter: Mapping[str, object], bounds: Mapping[str, object], members: list[dict[str, Any]], path: str
    ) -> dict[str, Any]:
        counts = _bounds(bounds, whole=True, min_items="min_items", max_items="max_items")
        if members:
            media = [member["name"] for member in members if member["kind"] in {"image", "video"}]
            shorthand = media if len(media) == 1 else [member["name"] for member in members if len(members) == 1]
            return {"kind": "list", **counts, **({"shorthand": shorthand[0]} if shorthand else {}), "fields": members}
        options = self._options(bounds.get("enum"), path)
        item = _choice("string", options) if options else self._media(parameter, path) or {"kind": "any"}
        return {"kind": "list", **counts, "item": item}

    def _options(self, words: object, path: str) -> list[str]:
        """The words of an enumeration; numbers are as good as their text."""
        if not isinstance(words, list):
            return []
        texts = [_word(word) for word in words[:MAX_OPTIONS]]
        options = list(dict.fromkeys(text for text in texts if text is not None and is_option(text)))
        if len(options) < len(set(texts)) or len(words) > MAX_OPTIONS:
            self._odd_options.append(path)
        return options

    def _media(self, parameter: Mapping[str, object], path: str) -> dict[str, Any] | None:
        """The kind of a parameter that is a picture or a video, and in a remark what tells so; None for any other."""
        text = _text(parameter.get("description"))[:2000]
        constraints = parameter.get("constraints")
        declared = [parameter.get("format"), parameter.get("type")]
        declared += [constraints.get("format")] if isinstance(constraints, Mapping) else []
        kind = next((word for word in map(str, declared) if word in {"image", "video"}), "")
        why = "the spec declares it"
        if not kind:
            kind, why = _kind_by_name(str(parameter["name"]), text), "by its name and description"
        if not kind:
            return None
        self.media.append(path)
        match = _MEGABYTES.search(text)
        limits = {"limits": {"max_megabytes": int(match[1])}} if match and int(match[1]) else {}
        self.remarks[path] = f"{why}; write text where it is none" + (", and no limits" if limits else "")
        return {"kind": kind, **limits}


def _kind_by_name(name: str, description: str) -> str:
    """`image`, `video` or "" by the words in a name, and where these do not say it alone by its description."""
    steps = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("-", "_").split("_")
    words = frozenset(steps)
    kind = "image" if words & _PICTURE else "video" if words & _FILM else ""
    if not kind or words & _NOT_MEDIA:
        return ""
    is_last = steps[-1].rstrip("0123456789") in _PICTURE | _FILM
    return kind if is_last or words & _ADDRESS or not description or _MENTIONS.search(description) else ""


def _is_url_by_name(parameter: Mapping[str, object]) -> bool:
    """Whether a text is a URL by its name, and may be no Base64 as well."""
    is_named_so = re.search(r"(?:^|_)ur[il]$", str(parameter["name"]).lower()) is not None
    return is_named_so and "base64" not in _text(parameter.get("description"))[:2000].lower()


def _choice(declared: str, options: list[str]) -> dict[str, Any]:
    """A field of these words; numbers where the declared type is one, and yes or no where these are all."""
    if declared in _INTEGER_TYPES | _NUMBER_TYPES and all(map(_is_number, options)):
        return {"kind": "number choice", "options": [number_of(option) for option in options]}
    if set(options) == {"yes", "no"}:
        return {"kind": "yes/no"}
    if declared in _BOOLEAN_TYPES and {option.lower() for option in options} <= {"true", "false"}:
        return {"kind": "boolean"}
    return {"kind": "choice", "options": options}


def _default(field: Mapping[str, Any], value: object) -> object:
    """The default where the field takes it, which the service may write as text; None for any other."""
    kind, text = field["kind"], _word(value)
    if text is None:
        return value if kind == "boolean" and isinstance(value, bool) else None
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower())
    if kind in {"number", "integer", "number choice"}:
        if not _is_number(text):
            return None
        number = number_of(text)
        low, high = field.get("minimum", number), field.get("maximum", number)
        is_kind = kind != "integer" or isinstance(number, int)
        return number if low <= number <= high and is_kind and number in field.get("options", [number]) else None
    if kind in {"choice", "yes/no"}:
        return text if text in field.get("options", ("yes", "no")) else None
    is_short = field.get("min_length", 0) <= len(text) <= min(field.get("max_length", MAX_TEXT), MAX_TEXT)
    return text if kind == "text" and is_option(text) and is_short else None


def _bounds(bounds: Mapping[str, object], *, whole: bool = False, **names: str) -> dict[str, Any]:
    """The numbers of some constraints, under the names that they have here; a pair that contradicts itself is none."""
    numbers: dict[str, Any] = {}
    for name, key in names.items():
        text = _word(bounds.get(key))
        number = number_of(text) if text is not None and _is_number(text) else None
        most = MAX_MINIMUM_LENGTH if name.startswith("min_") else MAX_LENGTH
        is_length = isinstance(number, int) and 0 <= number <= most
        if number is not None and (is_length if whole else abs(number) < MAX_NUMBER):
            numbers[name] = number
    values = list(numbers.values())
    return {} if len(values) == 2 and values[0] > values[1] else numbers


def _word(value: object) -> str | None:
    """Text or a number as text; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float):
        return str(number_of(str(value))) if isfinite(value) else None
    return str(value) if abs(value) < MAX_NUMBER else None


def _is_number(text: str) -> bool:
    try:
        number_of(text)
    except ValueError:
        return False
    return len(text) <= 40


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_create(endpoint: str) -> bool:
    try:
        return urlsplit(endpoint).path.rstrip("/") == CREATE_PATH
    except ValueError:
        return False
