"""Lines of job files for jobs that need what other jobs make, and what is wrong with the lines of a file."""

from kirin_cli.jobs.parser import JobFile


def problem_rows(file: JobFile) -> list[tuple[int, int, str]]:
    """Line, column and message of every problem of a file that was read."""
    return [(problem.line, problem.column, problem.message) for problem in file.problems]


def follower(name: str, needed: str) -> str:
    """A job that makes a video slower which the job `needed` of the same file makes."""
    video = f"{{video_url: '${{jobs.{needed}.url}}', refer_type: base}}"
    params = f"{{prompt: slower <<<video_1>>>, video_list: [{video}]}}"
    return f"  - {{name: {name}, model: kirin_video_o1, params: {params}}}"
