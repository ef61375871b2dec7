"""Notes: which matter for a request, and which item each token of a prompt means."""

import pytest
from support.model_requests import FILM, PICTURE, checked

from kirin_cli.models import MODELS
from kirin_cli.modelspec.notes import describe_item, notes_of_request, numbered_items

O1 = "kirin_video_o1"
EDIT = {"video_url": FILM}
FEATURE = {"video_url": FILM, "refer_type": "feature"}


def texts(model, **changes):
    return " ".join(note.text for note in notes_of_request(MODELS[model], checked(model, **changes).values))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, set()),
        ({"image_list": [PICTURE]}, {"counted"}),
        ({"element_list": [7]}, {"counted", "kirin_custom_elements"}),
        ({"video_list": [EDIT]}, {"counted", "24 frames", "billed"}),
        ({"video_list": [FEATURE]}, {"counted", "24 frames"}),
    ],
)
def test_a_note_is_told_where_it_matters(changes, told):
    text = texts(O1, **changes)
    assert {words for words in ("counted", "24 frames", "billed", "kirin_custom_elements") if words in text} == told
    assert "negative prompt" in text


def test_of_a_model_as_a_whole_every_request_has_its_notes():
    assert "720p" in texts("kirin_v1_t2v")
    assert "not refunded" in texts("kirin_motion_control")
    assert notes_of_request(MODELS["kirin_v1_5_i2v"], checked("kirin_v1_5_i2v").values) == ()


def test_items_are_counted_by_kind_in_the_order_in_which_they_are_given():
    values = checked(
        O1,
        image_list=["a.png", {"image": "b.png", "type": "first_frame"}, "c.png"],
        video_list=[{**FEATURE, "keep_original_sound": True}],
        element_list=[7],
    ).values
    assert [(token, describe_item(item)) for token, item in numbered_items(MODELS[O1], values)] == [
        ("<<<image_1>>>", "a.png"),
        ("<<<image_2>>>", "b.png (type first_frame)"),
        ("<<<image_3>>>", "c.png"),
        ("<<<video_1>>>", f"{FILM} (refer_type feature, keep_original_sound yes)"),
        ("<<<element_1>>>", "7"),
    ]


def test_a_model_without_references_numbers_nothing():
    values = checked("kirin_v1_6_multi_i2v", image_list=[PICTURE, PICTURE]).values
    assert list(numbered_items(MODELS["kirin_v1_6_multi_i2v"], values)) == []
