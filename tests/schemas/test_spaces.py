import pytest

from factloom.schemas.errors import InvalidInputError, MissingScopeError
from factloom.schemas.spaces import Labels, SpaceSet, check_space, space_of


class TestSpaceOf:
    def test_the_user_comes_first(self) -> None:
        assert space_of(Labels(user_id="ana", agent_id="bot", run_id="r1")) == "user/ana"
        assert space_of(Labels(agent_id="bot", run_id="r1")) == "agent/bot"
        assert space_of(Labels(run_id="r1")) == "run/r1"

    def test_nobody_is_an_error_that_says_what_to_give(self) -> None:
        with pytest.raises(MissingScopeError, match="user_id, agent_id, run_id or space"):
            space_of(Labels())

    def test_ids_with_slashes_stay_apart(self) -> None:
        assert space_of(Labels(user_id="a/b")) != space_of(Labels(user_id="a"))


class TestCheckSpace:
    @pytest.mark.parametrize("name", ["", "  ", " x", "x\n", "a\x00b", "a\ud800", "x" * 257])
    def test_refuses(self, name: str) -> None:
        with pytest.raises(InvalidInputError):
            check_space(name)

    @pytest.mark.parametrize("name", ["user/ana", "team/billing", "日本/東京", "a b", "x" * 256, "*", "user/%"])
    def test_accepts(self, name: str) -> None:
        assert check_space(name) == name


class TestSpaceSet:
    def test_sees_what_it_names_and_nothing_else(self) -> None:
        some = SpaceSet.of("b", "a", "b")
        assert some.names == ("a", "b")
        assert "a" in some
        assert "c" not in some

    def test_everything_sees_all_and_has_no_list(self) -> None:
        everything = SpaceSet.everything()
        assert "anything" in everything
        with pytest.raises(InvalidInputError, match="ask the store"):
            everything.names  # noqa: B018

    def test_empty_sees_nothing(self) -> None:
        assert "a" not in SpaceSet(())

    def test_intersection(self) -> None:
        assert SpaceSet.of("a", "b").intersect(SpaceSet.of("b", "c")) == SpaceSet.of("b")
        assert SpaceSet.of("a").intersect(SpaceSet.everything()) == SpaceSet.of("a")
        assert SpaceSet.everything().intersect(SpaceSet.of("a")) == SpaceSet.of("a")

    def test_a_string_is_not_taken_for_a_list_of_letters(self) -> None:
        with pytest.raises(InvalidInputError, match="not the string 'user/ana'"):
            SpaceSet("user/ana")

    def test_equal_sets_hash_alike(self) -> None:
        assert len({SpaceSet.of("a", "b"), SpaceSet.of("b", "a"), SpaceSet.everything()}) == 2
