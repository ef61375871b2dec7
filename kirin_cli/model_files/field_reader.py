"""Fields of a model from the YAML of its file, with every problem at its line. Knows no rules and no flag parser."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from kirin_cli.jobs.problems import ProblemCollector
from kirin_cli.jobs.yaml_nodes import YamlMapping, YamlSequence
from kirin_cli.model_files.names import MAX_HELP, clean_text, is_flag_name, is_option, is_parameter_name
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import (
    AnyValue,
    Boolean,
    CheckContext,
    Choice,
    Field,
    Integer,
    Number,
    NumberChoice,
    Text,
    Url,
    YesNo,
    number_of,
    whole_number,
)
from kirin_cli.modelspec.media_fields import Image, ImageLimits, Video, VideoLimits
from kirin_cli.modelspec.text import did_you_mean, join_or, quote
from kirin_cli.modelspec.types import assume_url

RULE: Final = "A10"
"""What a value breaks that is not as the file of an added model says, where the file names no rule of its own."""
MAX_FIELDS: Final = 1000
MAX_DEPTH: Final = 12
"""Objects and lists in one another."""
MAX_LENGTH: Final = 10_000_000
MAX_MINIMUM_LENGTH: Final = 1000
"""Of the items or characters that a value must have: a sample of it is made."""
MAX_NUMBER: Final = 10**30
KINDS: Final[Mapping[str, type[Field]]] = {
    kind.kind: kind
    for kind in (
        Text, Choice, NumberChoice, YesNo, Boolean, Number, Integer, Url, Image, Video, ObjectField, ListField,
        AnyValue,
    )
}  # fmt: skip
_COMMON: Final = (
    "name", "kind", "help", "rule", "required", "default", "unit", "flag", "short", "panel", "metavar",
)  # fmt: skip
_GROUP: Final = ("fields", "shorthand", "aliases")
_OWN_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("min_length", "max_length"),
    "choice": ("options",),
    "number choice": ("options",),
    "number": ("minimum", "maximum"),
    "integer": ("minimum", "maximum", "counts_up"),
    "image": ("limits",),
    "video": ("limits",),
    "object": _GROUP,
    "list": (*_GROUP, "item", "min_items", "max_items", "variants"),
    "any": ("json_type",),
}


class FieldReader:
    """Reads the fields of one file; what is wrong goes to `problems`, and the field is left out."""

    def __init__(self, problems: ProblemCollector) -> None:
        self._problems = problems
        self._count = 0

    def fields(self, node: YamlMapping, key: str, depth: int = 0) -> tuple[Field, ...]:
        """The fields of the list at `key`."""
        items = node.get(key)
        if not isinstance(items, YamlSequence):
            if items is not None:
                self._problems.add_error(node.position(key), f"{key} must be a list of fields, not {quote(items)}")
            return ()
        fields: dict[str, Field] = {}
        for item, position in zip(items, items.positions, strict=True):
            field = self.field(item, position, depth)
            if field is not None and field.name in fields:
                self._problems.add_error(position, f"{field.name} stands twice among these fields")
            elif field is not None:
                fields[field.name] = field
        return tuple(fields.values())

    def field(self, node: object, position: int, depth: int = 0, *, name: str = "") -> Field | None:
        """One field; `name` is that of one that has none of its own, the item of a list."""
        self._count += 1
        if self._count > MAX_FIELDS or depth > MAX_DEPTH:
            bound = f"more than {MAX_FIELDS} fields" if depth <= MAX_DEPTH else f"fields nested {MAX_DEPTH} deep"
            if all(bound not in problem.message for problem in self._problems.problems):
                self._problems.add_error(position, f"the file has {bound}, which is no model")
            return None
        problem, kind = self._heading_problem(node, name)
        if problem or not isinstance(node, YamlMapping):
            self._problems.add_error(position, problem)
            return None
        self._problems.check_keys(node, (*_COMMON, *_OWN_KEYS.get(kind, ())), lambda key: _advise(key, kind))
        errors = self._problems.error_count
        own = {"name": name or str(node["name"]), "rule": RULE}
        values: dict[str, Any] = {**own, **self._common(node), **self._own(node, kind, depth)}
        return None if self._problems.error_count > errors else self._with_default(KINDS[kind](**values), node)

    def _heading_problem(self, node: object, name: str) -> tuple[str, str]:
        """What is wrong with the name or the kind of a field, "" for nothing; and the kind."""
        if not isinstance(node, YamlMapping):
            return f"a field is a mapping with name and kind, not {quote(node)}", ""
        kind = node.get("kind", "text")
        if not name and not is_parameter_name(node.get("name")):
            return f"{quote(node.get('name'))} is no name: letters, digits, _ and -, at most 64", ""
        if not isinstance(kind, str) or kind not in KINDS:
            near = did_you_mean(str(kind), KINDS)
            return f"{name or node['name']}: unknown kind {quote(kind)}{near}", ""
        return "", kind

    def _common(self, node: YamlMapping) -> dict[str, object]:
        values: dict[str, object] = {}
        for key, limit in (("help", MAX_HELP), ("unit", 20), ("panel", 40), ("metavar", 40), ("rule", 20)):
            text = self.text(node, key, limit)
            if text:
                values[key] = text
        if (required := self.get(node, "required", _boolean, "true or false")) is not None:
            values["required"] = required
        for key, is_good in (("flag", is_flag_name), ("short", _is_short)):
            value = node.get(key)
            if value is not None and not is_good(value) and not (key == "flag" and value == ""):
                self._problems.add_error(node.position(key), f"{key} is {quote(value)}, which is no flag")
            elif value is not None:
                values[key] = value
        return values

    def text(self, node: YamlMapping, key: str, limit: int) -> str:
        """The text at a key as help may print it; "" where there is none."""
        value = node.get(key)
        if value is not None and not isinstance(value, str | int | float):
            self._problems.add_error(node.position(key), f"{key} must be text, not {quote(value)}")
            return ""
        return "" if value is None else clean_text(str(value), limit)

    def get(self, node: YamlMapping, key: str, convert: Callable[[object], object], expected: str) -> Any:  # noqa: ANN401
        """The value at a key, None where there is none; a problem where `convert` raises ValueError or TypeError."""
        value = node.get(key)
        if value is None:
            return None
        try:
            return convert(value)
        except (ValueError, TypeError):
            self._problems.add_error(node.position(key), f"{key} is {quote(value)}; it must be {expected}")
            return None

    def _own(self, node: YamlMapping, kind: str, depth: int) -> dict[str, object]:
        """What only fields of this kind have."""
        match kind:
            case "choice" | "number choice":
                return self._options(node, are_numbers=kind == "number choice")
            case "image" | "video":
                return {"limits": self._limits(node, kind)}
            case "object":
                return self._group(node, depth)
            case "list":
                return self._list(node, depth)
        values = {
            "min_length": self.get(node, "min_length", _least, f"a whole number from 0 to {MAX_MINIMUM_LENGTH}"),
            "max_length": self.get(node, "max_length", _count, "a whole number from 0"),
            "minimum": self.get(node, "minimum", _number, "a number"),
            "maximum": self.get(node, "maximum", _number, "a number"),
            "json_type": self.get(node, "json_type", str, "a word"),
            "counts_up": self.get(node, "counts_up", _boolean, "true or false"),
        }
        for least, most in (("min_length", "max_length"), ("minimum", "maximum")):
            low, high = values[least], values[most]
            if low is not None and high is not None and low > high:
                self._problems.add_error(node.position(least), f"{least} is {low:g}, more than {most}, {high:g}")
        return {name: value for name, value in values.items() if value is not None and name in _OWN_KEYS.get(kind, ())}

    def _options(self, node: YamlMapping, *, are_numbers: bool) -> dict[str, object]:
        value = node.get("options")
        options: list[str] = []
        if not isinstance(value, YamlSequence) or not value:
            position = node.position("options") if "options" in node else node.positions[0]
            self._problems.add_error(position, "options must be a list of the words that it takes")
            return {}
        for item, position in zip(value, value.positions, strict=True):
            try:
                text = str(number_of(str(item))) if are_numbers else _word(item)
            except (ValueError, TypeError):
                text = ""
            if not is_option(text):
                what = "a number" if are_numbers else "a word: text that can be seen, at most 200 characters"
                self._problems.add_error(position, f"{quote(item)} is no option; it must be {what}")
            elif text not in options:
                options.append(text)
        return {"options": tuple(options)}

    def _limits(self, node: YamlMapping, kind: str) -> ImageLimits | VideoLimits:
        limits = self._problems.get_mapping(node, "limits")
        values: dict[str, Any] = {}
        if kind == "image":
            self._problems.check_keys(limits, ("max_megabytes", "exclusive", "min_side", "max_side", "max_ratio"))
            for key in ("max_megabytes", "min_side", "max_side"):
                values[key] = self.get(limits, key, _count, "a whole number")
            values["max_ratio"] = self.get(limits, "max_ratio", _number, "a number such as 2.5")
            values["exclusive"] = bool(self.get(limits, "exclusive", _boolean, "true or false"))
            values["min_side"] = values["min_side"] or 1
            return ImageLimits(**values)
        self._problems.check_keys(limits, ("rule", "max_megabytes", "side_range", "seconds_range", "fps_range"))
        values["max_megabytes"] = self.get(limits, "max_megabytes", _count, "a whole number")
        for key in ("side_range", "seconds_range", "fps_range"):
            values[key] = self.get(limits, key, _range, "two numbers: [least, most]")
        return VideoLimits(rule=self.text(limits, "rule", 20) or RULE, **values)

    def _group(self, node: YamlMapping, depth: int) -> dict[str, object]:
        fields = self.fields(node, "fields", depth + 1)
        names = [field.name for field in fields]
        values: dict[str, object] = {"fields": fields}
        if not fields:
            message = "an object needs fields; kind any with json_type: object takes what it may be"
            self._problems.add_error(node.position("kind"), message)
        shorthand = node.get("shorthand")
        if shorthand is not None and shorthand not in names:
            near = did_you_mean(str(shorthand), names)
            self._problems.add_error(node.position("shorthand"), f"there is no field {quote(shorthand)}{near}")
        elif shorthand is not None:
            values["shorthand_field"] = shorthand
        aliases = self._problems.get_mapping(node, "aliases")
        for alias, name in aliases.items():
            if name not in names or not is_parameter_name(alias):
                self._problems.add_error(aliases.position(alias), f"{quote(alias)} must stand for one of the fields")
        if aliases:
            values["aliases"] = dict(aliases)
        return values

    def _list(self, node: YamlMapping, depth: int) -> dict[str, object]:
        if "item" in node:
            item = self.field(node["item"], node.position("item"), depth + 1, name="item")
            if isinstance(item, ListField):
                self._problems.add_error(node.position("item"), "a list of lists is of kind any, with json_type: array")
        else:
            group = self._group(node, depth)
            item = ObjectField(name="item", rule=self.text(node, "rule", 20) or RULE, **group)  # type: ignore[arg-type]
        values: dict[str, object] = {"item": item}
        for key in ("min_items", "max_items"):
            convert = _least if key == "min_items" else _count
            if (number := self.get(node, key, convert, "a whole number from 0, not too large")) is not None:
                values[key] = number
        variants = self._problems.get_mapping(node, "variants")
        flags: dict[str, tuple[str, dict[str, str]]] = {}
        for flag, variant in variants.items():
            members = variant.get("with") if isinstance(variant, YamlMapping) else None
            if not is_flag_name(flag) or not isinstance(variant, YamlMapping) or not isinstance(members, YamlMapping):
                message = f"{quote(flag)} must be a flag: {{help: …, with: {{member: value}}}}"
                self._problems.add_error(variants.position(flag), message)
            else:
                fixed = {str(name): str(value) for name, value in members.items()}
                flags[flag] = self.text(variant, "help", MAX_HELP), fixed
        return values | ({"variants": flags} if flags else {})

    def _with_default(self, field: Field, node: YamlMapping) -> Field:
        """The field with the default that the file gives it, as it is sent."""
        default = node.get("default")
        if default is None:
            return field
        context = CheckContext(assume_url)
        value = field.check(default, "default", context)
        is_plain = value.isprintable() if isinstance(value, str) else isinstance(value, int | float)
        if context.problems or not is_plain:
            why = context.problems[0].message if context.problems else f"default {quote(default)} is no plain value"
            self._problems.add_error(node.position("default"), f"{field.name}: {why}")
            return field
        return field.replace(default=value)


def _advise(key: str, kind: str) -> str:
    """What to say of a key that only fields of other kinds have."""
    others = tuple(other for other, keys in _OWN_KEYS.items() if key in keys)
    return f"; a field of kind {kind} has none, that is for kind {join_or(others)}" if others else ""


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) == 2 and value[0] == "-" and value[1].isascii() and value[1].isalnum()


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _count(value: object) -> int:
    whole = whole_number(value)
    if type(whole) is not int or not 0 <= whole <= MAX_LENGTH:
        raise ValueError
    return whole


def _least(value: object) -> int:
    number = _count(value)
    if number > MAX_MINIMUM_LENGTH:
        raise ValueError
    return number


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MAX_NUMBER:
        raise ValueError
    return value if isinstance(value, int) else number_of(str(value))


def _range(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError
    low, high = map(_number, value)
    if low > high:
        raise ValueError
    return low, high


def _word(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    return value if isinstance(value, str) else str(number_of(str(value)))
