"""Which keys publishing sends and deletes, and that what it passes over is neither."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.local.serve.folder import Folder
from readmodel_cfn.local.serve.permissions import Permissions
from readmodel_cfn.local.serve.source import Storage
from readmodel_cfn.publish.files import File, PassedOver, files
from readmodel_cfn.publish.selection import Selection, hidden_path
from readmodel_cfn.template.routes import Route

ROUTES = [
    Route("links/{name}", ".well-known/{name}.json"),
    Route("hidden/{id}", "a/.{id}.json"),
    Route("one", "b/.c/d.json"),
    Route("all/{rest+}", "{rest}"),
    Route("mixed/{id}/{rest+}", "a/{id}/.b/{rest}"),
]
PARTS = st.sampled_from(["a", "b", "d.json", ".a", ".b", ".c", "..a", ".well-known", ".a.json"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
PATTERNS = st.lists(
    st.sampled_from(["a", "a/*", "*.json", "*/.b", ".well-known/", "?", "[ab]/*", "*[/]", "b*d*"])
    | st.text("ab.*?[]!/-", min_size=1, max_size=6),
    max_size=3,
)
SELECTIONS = st.builds(
    Selection, st.none() | st.lists(st.sampled_from(ROUTES), unique_by=id), PATTERNS
)


@given(SELECTIONS, PATHS, PATHS)
def test_neither_a_passed_over_name_nor_a_key_below_it_is_published(
    selection: Selection, name: str, below: str
) -> None:
    if selection.passes_over(name):
        assert not selection.publishes(name)
        assert not selection.publishes(f"{name}/{below}")


@given(SELECTIONS, st.sets(PATHS, max_size=8), st.sets(PATHS, max_size=8))
def test_no_name_that_a_folder_has_counts_as_missing(
    tmp_path_factory: pytest.TempPathFactory,
    selection: Selection,
    local: set[str],
    remote: set[str],
) -> None:
    """Whatever the folder has below a name, sent or passed over, stays in the bucket."""
    folder = tmp_path_factory.mktemp("folder")
    made = {path for path in local if _write(folder / path)}
    found = list(files([folder], selection))
    sent = {file.key for file in found if isinstance(file, File)}
    over = [name.key.rstrip("/") for name in found if isinstance(name, PassedOver)]
    deleted = {key for key in remote | made if selection.publishes(key) and key not in sent}
    assert not deleted & made
    assert not [key for key in deleted for name in over if f"{key}/".startswith(f"{name}/")]
    assert made == sent | {key for key in made for name in over if f"{key}/".startswith(f"{name}/")}


@given(SELECTIONS, st.sets(PATHS, min_size=1, max_size=8))
def test_serve_finds_the_files_that_are_published_and_no_others(
    tmp_path_factory: pytest.TempPathFactory, selection: Selection, local: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("folder")
    made = {path for path in local if _write(folder / path)}
    found = files([folder], selection)
    sent = {file.key for file in found if isinstance(file, File) and selection.serves(file.key)}
    permissions = Permissions({}, frozenset(), {})
    served = Folder(folder, permissions, Storage(publishes=selection.publishes))
    assert {key for key in made if served.find(key)} == sent


def _write(file: Path) -> bool:
    """Is it made? Not where a file is in the place of its directory, or the reverse."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    except OSError:
        return False
    return file.is_file()


@given(PATHS)
def test_without_routes_every_key_is_served_but_for_hidden_ones(key: str) -> None:
    assert Selection().publishes(key) != bool(hidden_path(key))
    assert Selection().passes_over(key) == bool(hidden_path(key))


@pytest.mark.parametrize(
    ("pattern", "path", "excluded"),
    [
        ("drafts", "drafts", True),
        ("drafts", "drafts/a/b.json", True),
        ("drafts/", "drafts/a.json", True),
        ("drafts/*", "drafts/a/b.json", True),
        ("drafts", "drafts.json", False),
        ("drafts", "a/drafts/b.json", False),
        ("*/drafts", "a/drafts/b.json", True),
        ("*.tmp.json", "a/b.tmp.json", True),
        ("a?.json", "ab.json", True),
        ("[ab].json", "c.json", False),
        ("[!ab].json", "c.json", True),
        ("A.json", "a.json", False),
        ("a.json", "aXjson", False),
    ],
)
def test_a_pattern_is_compared_with_the_whole_key_and_the_directories_above_it(
    pattern: str, path: str, excluded: bool
) -> None:
    selection = Selection(None, ["other", pattern])
    assert selection.excludes(path) == excluded
    assert selection.publishes(path) != excluded


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        (".a", ".a"),
        ("a/.b/c", "a/.b"),
        (".a/b/.c/d.json", ".a/b/.c"),
        ("..a/b", "..a"),
        ("a.b/c", ""),
        ("./a", ""),
        ("../.a/b", "../.a"),
        ("a/..", ""),
    ],
)
def test_a_path_is_hidden_up_to_its_last_segment_that_begins_with_a_dot(
    path: str, hidden: str
) -> None:
    assert hidden_path(path) == hidden
