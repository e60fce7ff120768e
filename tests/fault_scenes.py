"""The scenes: the stack before, the command, and its exit code without faults."""

from dataclasses import dataclass

_ONE = '[[routes]]\npath = "samples"\nkey = "payload.json"\n'
_TWO = f'{_ONE}[[routes]]\npath = "products/{{id}}"\nkey = "products/{{id}}.json"\n'
_PROTECTED = f"[stack]\ntermination_protection = true\n{_TWO}"
# CloudFormation looks for the policy only when it makes or changes the user.
_BAD = f'{_TWO}[writer]\npermissions_boundary = "arn:aws:iam::000000000000:policy/none"\n'


@dataclass(frozen=True)
class Scene:
    """A command on a stack: `before` and `expected` are texts of readmodel.toml.

    Without `before` there is no stack yet. `ends` is how the command ends, `again` how it may end
    when it is run again afterwards.
    """

    name: str
    before: str
    expected: str
    command: tuple[str, ...] = ("deploy", "--yes", "--events")
    ends: int = 0
    again: tuple[int, ...] = (0,)

    @property
    def deletes(self) -> bool:
        """Whether the command deletes the stack."""
        return self.command[0] == "delete"

    @property
    def purges(self) -> bool:
        """Whether the command deletes the documents too."""
        return "--with-data" in self.command


CREATE = Scene("create", "", _ONE)
CREATE_FAILS = Scene("create that fails", "", _BAD, ends=4, again=(1, 4))
UPDATE = Scene("update", _ONE, _TWO)
PROTECT = Scene("update and protect", _ONE, _PROTECTED)
UPDATE_FAILS = Scene("update that fails", _ONE, _BAD, ends=4, again=(4,))
NOTHING = Scene("no change", _ONE, _ONE)
DELETE = Scene("delete", _ONE, _ONE, ("delete", "--yes", "--events"))
PURGE = Scene("delete with data", _ONE, _ONE, ("delete", "--yes", "--events", "--with-data"))
DIFF = Scene("diff", _ONE, _TWO, ("diff",), ends=5, again=(5,))
FOLLOW = Scene("follow", _ONE, _ONE, ("follow",))

SCENES = (
    CREATE,
    CREATE_FAILS,
    UPDATE,
    PROTECT,
    UPDATE_FAILS,
    NOTHING,
    DELETE,
    PURGE,
    DIFF,
    FOLLOW,
)
