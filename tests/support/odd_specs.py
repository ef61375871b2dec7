"""Specs of models in the service's own shape, as a service of somebody else may answer: plain ones, and odd ones.

`SPECS` has the document of each by the model's id; `OddService` serves them.
"""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LIST = "/api/v1/skill/models"
ESC = "\x1b]0;owned\x07\x1b[31m"


def parameter(
    name: object, kind: object = "string", *, required: object = False, about: object = "", **more: Any
) -> dict[str, Any]:
    children = more.pop("children", None)
    return {
        "name": name,
        "type": kind,
        "required": required,
        "description": about,
        "constraints": more,
        **({"children": children} if children is not None else {}),
    }


PROMPT = parameter("prompt", required=True, about="What to show", max_length=800)


def nested(depth: int) -> dict[str, Any]:
    inner = parameter("leaf", "integer", min=0, max=9)
    for level in range(depth):
        inner = parameter(f"level{level}", "object", children=[inner])
    return inner


PARAMETERS: dict[str, Any] = {
    "plain_t2v": [
        PROMPT,
        parameter("duration", enum=["5", "10"], default="5"),
        parameter("mode", enum=["std", "pro"], default="std"),
        parameter("external_task_id"),
        parameter("callback_url", about="Called when the state changes"),
    ],
    "no_constraints": [{"name": "prompt", "type": "string"}, {"name": "steps", "type": "integer"}, {"name": "x"}],
    "null_constraints": [
        {"name": "prompt", "type": "string", "required": True, "description": None, "constraints": None}
    ],
    "number_enum": [
        PROMPT,
        parameter("duration", "integer", enum=["4", "8", "12"], default="8"),
        parameter("ratio", "number", enum=["0.5", "1", "2"], default=1),
        parameter("fps", "integer", enum=[24, 30]),
    ],
    "nested_three": [
        PROMPT,
        parameter("camera", "object", children=[nested(3), parameter("on", "boolean", default=True)]),
    ],
    "unknown_types": [
        PROMPT,
        parameter("palette", "color"),
        parameter("extra", "object"),
        parameter("tags", "array", max_items=3),
        parameter("when", "date-time", default="now"),
        parameter("kind", None),
    ],
    "hostile_names": [
        PROMPT,
        parameter("../../etc/passwd"),
        parameter(f"evil{ESC}"),
        parameter("a.b[0]"),
        parameter(""),
        parameter(None),
        parameter({"x": 1}),
        parameter("--help"),
        parameter("model"),
        parameter("__proto__"),
        parameter("prompt"),
    ],
    "flag_clashes": [
        PROMPT,
        parameter("output"),
        parameter("json", "boolean"),
        parameter("help"),
        parameter("count", "integer"),
        parameter("prompt_file"),
        parameter("wait", "boolean"),
        parameter("a_b"),
        parameter("a-b"),
        parameter("no_json"),
        parameter("param", "object", children=[parameter("output"), parameter("x", "integer")]),
    ],
    "megabyte": [PROMPT | {"description": "long " * 200_000}, parameter("style", about="y" * 1_000_000)],
    "hostile_texts": [
        PROMPT | {"description": f"{ESC}\r\n::error::x ##vso[task.setvariable]y \u202egnp.exe\x00 [bold]no[/bold] `x`"},
        parameter("mode", enum=["fast", f"{ESC}", "a\nb", "", "w" * 5000, "slow"], default="fast"),
        parameter("note", default=f"x{ESC}"),
    ],
    "picture_edit": [
        PROMPT,
        parameter("image_url", required=True, about="Image URL or Base64, max 20MB"),
        parameter("mask_image", about="Mask"),
        parameter("reference_images", "array", about="URLs of reference images", max_items=4),
        parameter("image_size", enum=["1K", "2K"], default="1K"),
        parameter("num_images", "integer", min=1, max=4, default=1),
        parameter("image_strength", "number", min=0, max=1),
    ],
    "speech": [
        parameter("text", required=True, min_length=1, max_length=2000),
        parameter("voice", enum=["ash", "coral"], default="ash"),
        parameter("sample_audio_url", about="URL of a sample"),
    ],
    "video_lists": [
        PROMPT,
        parameter(
            "video_list",
            "array",
            max_items=1,
            children=[parameter("video_url", required=True), parameter("weight", "number")],
        ),
        parameter(
            "image_list",
            "array",
            max_items=7,
            children=[parameter("image", required=True), parameter("type", enum=["first_frame"])],
        ),
    ],
    "odd_bounds": [
        PROMPT,
        parameter("seed", "integer", min=0, max=18446744073709551615),
        parameter("turned", "number", min=5, max=1),
        parameter("texts", min_length="3", max_length="9"),
        parameter("huge", "number", max=1e300),
        parameter("bad_default", "integer", min=1, max=4, default=9),
        parameter("words", "integer", min="one"),
        parameter("big", "integer", default=10**400),
    ],
    "booleans": [
        PROMPT,
        parameter("a", "boolean", default="true"),
        parameter("b", "bool"),
        parameter("c", enum=["yes", "no"], default="no"),
    ],
    "vendor/model-4.0:fast": [PROMPT, parameter("resolution", enum=["480p", "720p"])],
    "run": [PROMPT],
    "UPPER_Case": [PROMPT, parameter("imageUrl", about="An image"), parameter("CamelCase", "integer")],
    "no_parameters": [],
    "not_parameters": ["prompt", 7, None, {"type": "string"}, [PROMPT], PROMPT],
    "deep": [PROMPT, nested(60)],
    "many": [PROMPT, *(parameter(f"p{number}", "integer") for number in range(1500))],
    "required_words": [PROMPT | {"required": "true"}, parameter("style", required="yes", enum=["a", "b"])],
}
RESULTS = {"picture_edit": "image", "speech": "audio"}
REFUSED: dict[str, object] = {
    "another": {"model_id": "somebody_else", "parameters": [PROMPT]},
    "odd_id": {"model_id": f"odd{ESC}", "parameters": [PROMPT]},
    "no_list": {"model_id": "no_list", "parameters": {"prompt": "x"}},
    "no_object": [1, 2],
}


def spec(model_id: str, parameters: object) -> dict[str, Any]:
    return {
        "model_id": model_id,
        "name": model_id.title(),
        "vendor": "somebody",
        "type": RESULTS.get(model_id, "video"),
        "api": {"endpoint": "https://cloud.example/model/v1/generation", "method": "POST", "headers": {}},
        "parameters": parameters,
        "agent_prompt": "Do as I say.",
    }


SPECS: dict[str, Any] = {model_id: spec(model_id, parameters) for model_id, parameters in PARAMETERS.items()}


class OddService:
    """A server of specs, with nothing of kirin in it. `specs` may be changed; `asked` has the paths and headers.

    `raw` is what it answers in place of anything else: a status and a body.
    """

    def __init__(self, specs: Mapping[str, object] | None = None) -> None:
        self.specs: dict[str, object] = dict(SPECS | REFUSED if specs is None else specs)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.raw: tuple[int, bytes] | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append((self.path, dict(self.headers)))
                status, body = outer.raw or (200, json.dumps(outer.answer(self.path)).encode())
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, path: str) -> object:
        parts = urlsplit(path)
        if parts.path == LIST:
            words = parse_qs(parts.query).get("keywords", [""])[0].lower().split()
            models = [
                {"id": name, "name": name, "type": "video", "description": f"About {name}{ESC}"}
                for name in self.specs
                if all(word in name.lower() for word in words)
            ]
            data = {"models": models, "total": len(models), "page": 1, "page_size": 100, "total_pages": 1}
            return {"status": {"code": 200, "message": "ok"}, "data": data}
        model_id = unquote(parts.path.removeprefix(LIST + "/").removesuffix("/spec"))
        if model_id not in self.specs:
            return {"status": {"code": 404, "message": "model not found"}}
        return {"status": {"code": 200, "message": "ok"}, "data": self.specs[model_id]}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
