"""The way of one dossier from a year to its neighbour: what steps between years work with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.dossier.v1.document_pb2 import Document
from oso_dossier.labels import codes
from oso_dossier.plan import dossier_plan
from oso_dossier.years.outcome import Cause, Reason
from oso_dossier.years.pruning import prune
from oso_dossier.years.tree import Block, Leaf, Node, facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_dossier.data_set import Year
    from oso_dossier.years.policy import Policy

_OTHER_DOCUMENTS = "cat_bijlagedocs"
_OPEN = {"", "VERPLICHT", "OPTIONEEL"}  # switches that let contents through; empty: there is none


class Passage:
    """A dossier on its way from one year to the next or the one before.

    Attributes:
        root: The dossier.
        source: The year it comes from.
        target: The year it goes to.
        policy: What to do where there is a choice.
        causes: Why values were dropped, by where they stood in the old dossier.

    """

    def __init__(
        self, root: Block, source: Year, target: Year, policy: Policy, causes: dict[str, Cause]
    ) -> None:
        """Take the dossier, and where causes are kept over all steps."""
        self.root = root
        self.source = source
        self.target = target
        self.policy = policy
        self.causes = causes
        self._rescued: list[Node] = []

    @property
    def pupil(self) -> Block:
        """The pupil. Every dossier that is built as the standard says has one."""
        school = self.root.block("huidigeschool")
        pupil = school.block("leerling") if school is not None else None
        if pupil is None:
            raise TypeError("leerling")
        return pupil

    @property
    def metadata(self) -> Block:
        """The header. Every dossier that is built as the standard says has one."""
        metadata = self.root.block("metadata")
        if metadata is None:
            raise TypeError("metadata")
        return metadata

    def switch(self, category: str) -> Leaf | None:
        """Give the switch of a category; None when the dossier has no switches."""
        switches = self.metadata.block("categorie_uitlevering")
        return switches.leaf(category) if switches is not None else None

    def is_open(self, category: str) -> bool:
        """Tell whether the switch of a category, if there is one, lets contents through."""
        switch = self.switch(category)
        return switch is None or switch.value in _OPEN

    def cause(self, reason: Reason, detail: str = "") -> Cause:
        """Give a reason of this step."""
        return Cause(reason, self.target.name, detail)

    def drop(self, node: Node, cause: Cause, *, keep_documents: bool = True) -> None:
        """Say why something that was taken away is gone; documents may find a place elsewhere."""
        if isinstance(node, Leaf):
            self.causes.setdefault(node.origin, cause)
            return
        if keep_documents and node.descriptor is Document.DESCRIPTOR:
            if self.policy.documents == "other" and self.is_open(_OTHER_DOCUMENTS):
                self._rescued.append(node)
                return
            if self.policy.documents == "other":
                cause = self.cause(Reason.SWITCHED_OFF, _OTHER_DOCUMENTS)
        for nodes in node.children.values():
            for one in nodes:
                self.drop(one, cause, keep_documents=keep_documents)

    def replace_codes(self, code_list: int, code: str) -> None:
        """Give values whose code the new year does not have another one."""
        for leaf, number in coded(self.root):
            if number == code_list and self.is_gone(code_list, str(leaf.value)):
                value = type(leaf.value)(code)
                leaf.set(value, self.cause(Reason.CODE_REPLACED, code), is_loss=True)

    def categories(self) -> set[str]:
        """Give the categories that have contents."""
        return {category for category, _ in _in_categories(self.root, "")}

    def drop_category(self, category: str, cause: Cause) -> None:
        """Take away the contents of a category."""
        self._drop_category(self.root, category, cause)

    def _drop_category(self, block: Block, category: str, cause: Cause) -> None:
        """Take away what belongs to a category below a block of another one."""
        for name, nodes in list(block.children.items()):
            own = _category(block, name)
            if own == category:
                kept = [one for one in nodes if not self._cleared(one, cause)]
            else:
                kept = nodes
                for one in nodes:
                    if isinstance(one, Block):
                        self._drop_category(one, category, cause)
            block.children[name] = kept
            if not kept:
                del block.children[name]

    def _cleared(self, node: Node, cause: Cause) -> bool:
        """Drop all of something but what belongs to a category of its own; True when all is."""
        if isinstance(node, Leaf):
            self.drop(node, cause)
            return True
        for name in list(node.children):
            if not _category(node, name):
                for one in node.take(name):
                    self.drop(one, cause, keep_documents=False)
        return not node.children

    def finish(self) -> str:
        """Drop what the new year does not admit; give the name of what is missing for good, if any.

        Documents that lose their place this way are put among the other documents.
        """
        plan = dossier_plan(self.target)
        missing = prune(self, self.root, plan)
        self.pupil.put("overigdocumentlijst", self._rescued)
        self._rescued = []
        return missing or prune(self, self.root, plan)

    def is_gone(self, code_list: int, code: str) -> bool:
        """Tell whether a code was there in the old year and is not in the new one."""
        return code in codes(code_list, self.source.name) and code not in codes(
            code_list, self.target.name
        )


def _category(block: Block, name: str) -> str:
    return facts_of(block.descriptor.fields_by_name[name]).category


def _in_categories(block: Block, above: str) -> Iterator[tuple[str, Leaf]]:
    for name, nodes in block.children.items():
        category = _category(block, name) or above
        for node in nodes:
            if isinstance(node, Leaf):
                yield category, node
            else:
                yield from _in_categories(node, category)


def coded(block: Block) -> Iterator[tuple[Leaf, int]]:
    """Give all values with the number of their code list."""
    for name, nodes in block.children.items():
        code_list = facts_of(block.descriptor.fields_by_name[name]).code_list
        for node in nodes:
            if isinstance(node, Block):
                yield from coded(node)
            elif code_list:
                yield node, code_list
