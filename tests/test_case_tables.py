import pytest
from support.case_tables import make_table


def three(*names):
    return pytest.mark.parametrize(names, [tuple(range(n, n + len(names))) for n in range(3)])


def test_every_row_is_tried_and_each_that_fails_is_told_with_its_arguments():
    tried = []

    @pytest.mark.parametrize(("number", "text"), [(3, "one"), (3, "three"), (2, "two")], ids=str)
    @pytest.mark.parametrize("factor", [1, pytest.param(2, id="twice")])
    def case(number, text, factor):
        tried.append((number, text, factor))
        assert number == len(text)

    table = make_table(case)
    with pytest.raises(ExceptionGroup, match="4 of 6 rows fail") as raised:
        table()
    assert sorted(tried) == [
        (2, "two", 1),
        (2, "two", 2),
        (3, "one", 1),
        (3, "one", 2),
        (3, "three", 1),
        (3, "three", 2),
    ]
    assert [error.__notes__ for error in raised.value.exceptions] == [
        [f"factor = '{factor}', number = '{number}', text = '{text}'"]
        for factor in (1, 2)
        for number, text in ((3, "three"), (2, "two"))
    ]


def test_a_row_that_is_given_up_fails_and_one_that_is_skipped_hides_none():
    @three("number")
    def case(number):
        if number == 0:
            pytest.skip("not here")
        if number == failing:
            pytest.fail("no")

    failing, table = 2, make_table(case)
    with pytest.raises(ExceptionGroup, match="1 of 3 rows fail"):
        table()
    failing = None
    with pytest.raises(pytest.skip.Exception, match="not here"):
        table()


def test_a_table_passes_once_its_rows_pass_and_has_the_name_of_its_test():
    @three("number", "next_one")
    def case(number, next_one):
        assert next_one == number + 1

    table = make_table(case)
    assert table() is None
    assert table.__name__ == "case"


def test_rows_that_are_few_have_marks_or_need_fixtures_are_tests_of_their_own():
    marked = [1, 2, pytest.param(3, marks=pytest.mark.slow)]
    alone = (
        [pytest.mark.parametrize("number", [1, 2])],
        [pytest.mark.parametrize("number", marked)],
        [pytest.mark.parametrize("number", [1, 2, 3], scope="module")],
        [pytest.mark.parametrize("number", [1, 2, 3]), pytest.mark.slow],
        [pytest.mark.parametrize("other", [1, 2, 3])],
        [],
    )
    for marks, is_table in (*((marks, False) for marks in alone), ([three("number")], True)):

        def case(number):
            pass

        for mark in marks:
            mark(case)
        assert (make_table(case) is not None) == is_table, marks
