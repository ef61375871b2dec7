"""Lines of job files for jobs that need what other jobs make."""


def follower(name: str, needed: str) -> str:
    """A job that makes a video slower which the job `needed` of the same file makes."""
    video = f"{{video_url: '${{jobs.{needed}.url}}', refer_type: base}}"
    params = f"{{prompt: slower <<<video_1>>>, video_list: [{video}]}}"
    return f"  - {{name: {name}, model: kirin_video_o1, params: {params}}}"
