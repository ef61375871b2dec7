"""A table of commands for the tests of what is derived: the real models, and one command of every kind."""

from typing import Final

from kirin_cli.cli.help import MODEL_NAMES
from kirin_cli.docgen.commands import ArgumentInfo, CommandInfo, OptionInfo, option_for_flag
from kirin_cli.models import MODELS
from kirin_cli.modelspec.flags import model_flags

SHELL_NAMES = ("bash", "zsh", "fish", "powershell")

JSON = OptionInfo(long="--json", is_switch=True, help="Print JSON [for programs]: one object.")
COMMON = (
    OptionInfo(long="--output", short="-o", takes="folder", metavar="DIR", help="Where the videos go; it's made."),
    OptionInfo(long="--wait", is_switch=True, negative="--no-wait", help="Wait until done."),
    OptionInfo(long="--prompt-file", takes="file", metavar="FILE", help="Read the prompt from a file."),
    JSON,
)
REPORT = OptionInfo(long="--report", metavar="FORMAT=PATH", repeats=True, help="Write a report.")
PROMPT = ArgumentInfo(name="PROMPT", required=False)
TASKS = ArgumentInfo(name="ID", takes="task", repeats=True)
FILES = ArgumentInfo(name="FILE", takes="job file", repeats=True)

COMMANDS = (
    CommandInfo(
        name="",
        help="Make videos.",
        options=(
            OptionInfo(long="--version", short="-V", is_switch=True, help="Print the version."),
            OptionInfo(long="--color", choices=("auto", "always", "never"), help="When to use colour."),
        ),
    ),
    *(
        CommandInfo(
            name=model.command,
            aliases=(model.id,),
            panel="Generate",
            help=model.help,
            options=(*map(option_for_flag, model_flags(model)), *COMMON),
            arguments=(PROMPT,),
        )
        for model in MODELS.values()
    ),
    CommandInfo(name="run", panel="Job files", help="Make the videos.", options=(REPORT, JSON), arguments=(FILES,)),
    CommandInfo(name="wait", panel="Job files", help="Wait for tasks.", options=(JSON,), arguments=(TASKS,)),
    CommandInfo(name="schema", panel="Job files", help="Print the JSON Schema of job files."),
    CommandInfo(
        name="models",
        panel="Set-up",
        help="List the models: parameters and rules.",
        arguments=(ArgumentInfo(name="MODEL", choices=MODEL_NAMES, required=False),),
    ),
    CommandInfo(
        name="completion",
        panel="Set-up",
        help="Print a script.",
        options=(JSON,),
        arguments=(ArgumentInfo(name="SHELL", choices=SHELL_NAMES),),
    ),
)

ATTACKS: Final = (
    "x';; esac;; esac; }; touch attack; _z() { case a in b) case c in d) : '",
    "$(touch attack)",
    "`touch attack`",
    "(touch attack)",
    "=(touch attack)",
    "<(touch attack)",
    "a;touch attack",
    "\\';touch attack;'",
    '";touch attack;"',
    "a) touch attack ;; b",
    "a\ntouch attack\n",
    "@NAMES@ @FURTHER@",
)
"""Words that a shell would read as code, and do what they say."""
_ATTACK_TEXT: Final = " ".join(f"It's said: {' '.join(ATTACKS)} \\".split())
HOSTILE_COMMANDS: Final = (
    CommandInfo(
        name="hostile",
        help=_ATTACK_TEXT,
        aliases=ATTACKS,
        options=(
            OptionInfo(
                long="--word", help=_ATTACK_TEXT, metavar=_ATTACK_TEXT, choices=(*ATTACKS, "safe", "sound", "plain")
            ),
            OptionInfo(long="--text", help=_ATTACK_TEXT, metavar=_ATTACK_TEXT, negative=ATTACKS[0], short=ATTACKS[1]),
            *(OptionInfo(long=word, help=word, choices=(word,)) for word in ATTACKS),
            *(OptionInfo(long=f"--{word}", help=word, choices=(word,)) for word in ATTACKS),
        ),
        arguments=(ArgumentInfo(name=_ATTACK_TEXT, help=_ATTACK_TEXT, choices=(*ATTACKS, "first", "other")),),
    ),
    *(CommandInfo(name=word, help=word) for word in ATTACKS),
)
"""Commands as a checkout's models would like to have them."""
