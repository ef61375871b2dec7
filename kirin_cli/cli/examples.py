"""Command lines that work, for every command: the help shows them, and tests parse them."""

from typing import Final

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "v1-t2v": (
        'kirin v1-t2v "Neon rain over a harbour" --aspect-ratio 9:16 -o harbour.mp4',
        'kirin v1-t2v "A paper boat" --camera-type simple --camera-zoom 5 --dry-run',
    ),
    "v1-5-i2v": (
        'kirin v1-5-i2v "Steam rises from the cup" --image cup.png',
        "kirin v1-5-i2v --image cup.png --image-tail empty.png --mode pro --sandbox",
    ),
    "v1-6-multi-i2v": (
        'kirin v1-6-multi-i2v "The cat finds the boat" --image cat.png --image boat.png',
        'kirin v1-6-multi-i2v "They sail away" --image cat.png --image boat.png --to-yaml > sail.yaml',
    ),
    "motion-control": ("kirin motion-control --image dancer.png --video https://example.com/dance.mp4 --mode std",),
    "video-o1": (
        'kirin video-o1 "A quiet street at dawn" --duration 5 --aspect-ratio 16:9',
        'kirin video-o1 "Make it snow" --video https://example.com/street.mp4 --video-refer-type base',
    ),
    "run": ("kirin run jobs.yaml", "kirin run jobs.yaml --max-cost 5 -j 4 --report html=gallery.html"),
    "validate": ("kirin validate jobs.yaml", "kirin validate jobs/*.yaml --strict --json"),
    "plan": ("kirin plan jobs.yaml", "kirin plan jobs.yaml --json"),
    "report": ("kirin report renders --report html=gallery.html", "kirin report --merge shards"),
    "schema": ("kirin schema > kirin-jobs.schema.json",),
    "init": ("kirin init v1-5-i2v > jobs.yaml", "kirin init v1-t2v -o jobs.yaml"),
    "list": ("kirin list --state accepted --since 2h", r"kirin list --format '{task_id}\t{path}'"),
    "show": ("kirin show 123456789",),
    "wait": ("kirin wait 123456789 --timeout 30m",),
    "download": ("kirin download 123456789 -o renders",),
    "resume": ("kirin resume",),
    "resolve": ("kirin resolve 123456789",),
    "usage": ("kirin usage --by day --since 7d", "kirin usage --csv > usage.csv"),
    "models": ("kirin models", "kirin models v1-t2v"),
    "auth": ("kirin auth login", "kirin auth login < key.txt", "kirin auth status"),
    "config": ("kirin config", "kirin config --json"),
    "doctor": ("kirin doctor", "kirin doctor --offline"),
    "sandbox": ("kirin sandbox --port 8080", "kirin sandbox --fault post:503@2 --seed 1"),
    "completion": ("kirin completion bash > ~/.local/share/bash-completion/completions/kirin",),
    "help": ("kirin help exit-codes", "kirin help --json"),
}
