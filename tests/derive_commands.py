"""A table of commands for the tests of what is derived: the real models, and one command of every kind."""

from kirin_cli.derive.commands import Argument, Command, Option, model_words, option_of
from kirin_cli.models import MODELS
from kirin_cli.spec.flags import flags_of

SHELL_NAMES = ("bash", "zsh", "fish", "powershell")

JSON = Option(spelled="--json", switch=True, help="Print JSON [for programs]: one object.")
COMMON = (
    Option(spelled="--output", short="-o", takes="folder", metavar="DIR", help="Where the videos go; it's made."),
    Option(spelled="--wait", switch=True, negative="--no-wait", help="Wait until done."),
    Option(spelled="--prompt-file", takes="file", metavar="FILE", help="Read the prompt from a file."),
    JSON,
)
REPORT = Option(spelled="--report", metavar="FORMAT=PATH", repeats=True, help="Write a report.")
PROMPT = Argument(name="PROMPT", required=False)
FILES = Argument(name="FILE", takes="job file", repeats=True)

COMMANDS = (
    Command(
        name="",
        help="Make videos.",
        options=(
            Option(spelled="--version", short="-V", switch=True, help="Print the version."),
            Option(spelled="--color", choices=("auto", "always", "never"), help="When to use colour."),
        ),
    ),
    *(
        Command(
            name=model.command,
            also=(model.id,),
            panel="Generate",
            help=model.help,
            options=(*map(option_of, flags_of(model)), *COMMON),
            arguments=(PROMPT,),
        )
        for model in MODELS.values()
    ),
    Command(name="run", panel="Job files", help="Make the videos.", options=(REPORT, JSON), arguments=(FILES,)),
    Command(name="schema", panel="Job files", help="Print the JSON Schema of job files."),
    Command(
        name="models",
        panel="Set-up",
        help="List the models: parameters and rules.",
        arguments=(Argument(name="MODEL", choices=model_words(MODELS.values()), required=False),),
    ),
    Command(
        name="completion",
        panel="Set-up",
        help="Print a script.",
        options=(JSON,),
        arguments=(Argument(name="SHELL", choices=SHELL_NAMES),),
    ),
)
