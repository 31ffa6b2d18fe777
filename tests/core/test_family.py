import pytest

from airmedic_core.errors import SpecError
from airmedic_core.sources import SOURCES


def test_members_are_the_files_of_the_folder():
    assert SOURCES.names() == ("file", "sql")


def test_a_member_is_its_module():
    assert SOURCES.member("file").__module__ == "airmedic_core.sources.file"


@pytest.mark.parametrize("name", ["_rows", "../spec", "os", "file.py", ""])
def test_nothing_but_a_member_can_be_imported(name):
    with pytest.raises(SpecError, match="is not one of the sources"):
        SOURCES.member(name)


def test_a_typing_error_is_answered_with_the_closest_member():
    with pytest.raises(SpecError, match="Did you mean 'file'"):
        SOURCES.member("files")
