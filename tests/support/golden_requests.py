"""What is asked for in the golden bodies of `wire/golden`: the parameters of a job file, and the same as flags."""

from base64 import b64encode
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "wire" / "golden"
PICTURE = "square.png"
BASE64 = b64encode((GOLDEN / PICTURE).read_bytes()).decode()
RAIN = 'Neon rain – "東京" <b>&\\ \N{MOVIE CAMERA}\r\nsecond line'
O1_PROMPT = "<<<image_1>>> meets <<<element_1>>> as in <<<video_1>>>"
STILL, MOVES, END = "https://example.com/still.png", "https://example.com/moves.jpg", "https://example.com/end.jpeg"
LINE = [{"x": 0, "y": 0}, {"x": 150, "y": 300}]
CURVE = [{"x": 10, "y": 20}, {"x": 30, "y": 40}, {"x": 50, "y": 60}]

# As a job file says it: numbers, booleans, bare pictures and other names where they are accepted.
PARAMS: dict[str, dict[str, object]] = {
    "kirin_v1_t2v": {
        "prompt": RAIN,
        "negative_prompt": "@blur, text",
        "duration": 5,
        "aspect_ratio": "9:16",
        "mode": "std",
        "cfg_scale": 0.7,
        "camera_control": {"type": "simple", "config": {"pan": -3.5, "tilt": None, "zoom": -0.0}},
        "watermark_info": {"enabled": False},
        "callback_url": "https://example.com/hook?a=1&b=2",
        "external_task_id": "order-17",
    },
    "kirin_v1_5_i2v": {
        "prompt": "slow orbit",
        "image": PICTURE,
        "negative_prompt": "",
        "duration": "5",
        "mode": "pro",
        "cfg_scale": 1.0,
        "seed": -7,
        "static_mask": STILL,
        "dynamic_masks": [
            {"mask": f"data:image/png;base64,{BASE64}", "trajectories": LINE},
            {"mask": MOVES, "trajectories": CURVE},
        ],
        "watermark_info": {"enabled": True},
        "camera_control": None,
    },
    "kirin_v1_6_multi_i2v": {
        "prompt": "-5 °C, e\N{COMBINING ACUTE ACCENT} combining",
        "image_list": [PICTURE, {"image": "HTTPS://EXAMPLE.COM/Cat.PNG"}, BASE64],
        "negative_prompt": "fog",
        "duration": 10,
        "aspect_ratio": "1:1",
        "mode": "pro",
        "watermark_info": {"enabled": True},
        "callback_url": "http://[::1]:8080/hook",
        "external_task_id": "a b",
    },
    "kirin_motion_control": {
        "prompt": "square.png",
        "image_url": PICTURE,
        "video_url": "https://example.com/dance.MOV?x=1",
        "character_orientation": "image",
        "mode": "pro",
        "keep_original_sound": False,
        "callback_url": "https://example.com/hook",
        "external_task_id": "order-18",
    },
    "kirin_video_o1": {
        "prompt": O1_PROMPT,
        "duration": 7,
        "aspect_ratio": "16:9",
        "mode": "std",
        "image_list": [{"image": PICTURE, "type": "first_frame"}, {"image_url": END, "type": "end_frame"}],
        "video_list": [
            {"video_url": "https://example.com/clip.mp4", "refer_type": "feature", "keep_original_sound": True}
        ],
        "element_list": [123456789012345678, {"element_id": 2}],
        "watermark_info": {"enabled": False},
    },
}
DELIVERY = ["--callback-url", "https://example.com/hook", "--external-task-id"]
COMMANDS: dict[str, list[str]] = {
    "kirin_v1_t2v": [
        *("v1-t2v", RAIN, "--negative-prompt", "@blur, text", "--duration", "5", "--aspect-ratio", "9:16"),
        *(
            "--mode",
            "std",
            "--cfg-scale",
            "0.7",
            "--camera-type",
            "simple",
            "--camera-pan",
            "-3.5",
            "--camera-zoom",
            "0",
        ),
        *("--no-watermark", "--callback-url", "https://example.com/hook?a=1&b=2", "--external-task-id", "order-17"),
    ],
    "kirin_v1_5_i2v": [
        *("v1-5-i2v", "slow orbit", "-i", PICTURE, "--negative-prompt", "", "--duration", "5", "--mode", "pro"),
        *("--cfg-scale", "1", "--seed", "-7", "--static-mask", STILL, "--dynamic-mask", f"{PICTURE}@0,0>150,300"),
        *("--dynamic-mask", f"{MOVES}@10,20>30,40>50,60", "--watermark"),
    ],
    "kirin_v1_6_multi_i2v": [
        *("v1-6-multi-i2v", "-i", PICTURE, "--image", "HTTPS://EXAMPLE.COM/Cat.PNG", "-i", BASE64, "--mode", "pro"),
        *("--negative-prompt", "fog", "--duration", "10", "--aspect-ratio", "1:1", "--watermark"),
        *("--callback-url", "http://[::1]:8080/hook", "--external-task-id", "a b"),
        *("--prompt", "-5 °C, e\N{COMBINING ACUTE ACCENT} combining"),
    ],
    "kirin_motion_control": [
        *("motion-control", "square.png", "-i", PICTURE, "--video", "https://example.com/dance.MOV?x=1"),
        *("--character-orientation", "image", "--mode", "pro", "--no-keep-original-sound", *DELIVERY, "order-18"),
    ],
    "kirin_video_o1": [
        *(
            "video-o1",
            O1_PROMPT,
            "--duration",
            "7",
            "--aspect-ratio",
            "16:9",
            "--mode",
            "std",
            "--first-frame",
            PICTURE,
        ),
        *("--end-frame", END, "--video", "https://example.com/clip.mp4", "--video-refer-type", "feature"),
        *("--keep-original-sound", "--element", "123456789012345678", "--element", "2", "--no-watermark"),
    ],
}
