"""A client of yaml-language-server, the server behind YAML in VS Code and other editors: opens files and asks."""

import json
import queue
import subprocess
import threading
from itertools import count
from pathlib import Path

PATIENCE = 60  # seconds, for a machine that is busy with other tests
SETTINGS = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}


class LanguageServer:
    """A server with one folder open. A `|` in a text is where the cursor is; it is not part of the text."""

    def __init__(self, program: str, folder: Path) -> None:
        self.folder = folder
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([program, "--stdio"], cwd=folder, **pipes)
        self._ids, self._opened = count(1), count(1)
        self._answers: queue.Queue[dict] = queue.Queue()
        self._diagnostics: queue.Queue[dict] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        document = {
            "hover": {"contentFormat": ["markdown"]}, "publishDiagnostics": {},
            "completion": {"completionItem": {"snippetSupport": True}},
        }  # fmt: skip
        capabilities = {"textDocument": document, "workspace": {"configuration": True}}
        self.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": SETTINGS}})

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def ask(self, method: str, params: dict) -> object:
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        answer = self._answers.get(timeout=PATIENCE)
        assert answer["id"] == number
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def problems(self, *texts: str) -> list[list[tuple[int, str]]]:
        """What is underlined in each: line, counted from 1, and message. The server takes its time once for all."""
        known = dict.fromkeys([self._open(text)[0] for text in texts])
        while None in known.values():
            told = self._diagnostics.get(timeout=PATIENCE)
            if told["uri"] in known:
                known[told["uri"]] = [
                    (problem["range"]["start"]["line"] + 1, problem["message"]) for problem in told["diagnostics"]
                ]
        return list(known.values())

    def hover(self, text: str) -> str:
        answer = self.ask("textDocument/hover", self._at_cursor(text))
        assert isinstance(answer, dict)
        return answer["contents"]["value"]

    def completions(self, text: str) -> dict[str, str]:
        """What is inserted, by what is shown in the list."""
        answer = self.ask("textDocument/completion", self._at_cursor(text))
        assert isinstance(answer, dict)
        return {item["label"]: item["textEdit"]["newText"] for item in answer["items"]}

    def _at_cursor(self, text: str) -> dict:
        uri, position = self._open(text)
        return {"textDocument": {"uri": uri}, "position": position}

    def _open(self, text: str) -> tuple[str, dict[str, int]]:
        before, _, after = text.partition("|")
        path = self.folder / f"{next(self._opened)}.yaml"
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": before + after}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return document["uri"], {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}

    def _send(self, message: dict) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while line := stream.readline():
            size = int(line.partition(b":")[2])
            while stream.readline().strip():
                pass
            message = json.loads(stream.read(size))
            if message.get("method") == "textDocument/publishDiagnostics":
                self._diagnostics.put(message["params"])
            elif "method" not in message:
                self._answers.put(message)
            elif message["method"] == "workspace/configuration":
                wanted = [SETTINGS.get(item.get("section")) for item in message["params"]["items"]]
                self._send({"id": message["id"], "result": wanted})
            elif "id" in message:
                self._send({"id": message["id"], "result": None})
