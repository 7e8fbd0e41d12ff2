"""The way of one dossier from a year to its neighbour: what steps between years work with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.dossier.v1.document_pb2 import Document
from oso_dossier.labels import codes
from oso_dossier.plan import dossier_plan
from oso_dossier.years.outcome import Cause, Reason
from oso_dossier.years.tree import Block, Leaf, Node, facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_dossier.data_set import Year
    from oso_dossier.plan import ElementPlan, MessagePlan
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
            if number == code_list and self._is_gone(code_list, str(leaf.value)):
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
        missing = self._prune(self.root, plan)
        self.pupil.put("overigdocumentlijst", self._rescued)
        self._rescued = []
        return missing or self._prune(self.root, plan)

    def _prune(self, block: Block, plan: MessagePlan) -> str:
        """Take away what a block may not have; give the name of what it cannot do without."""
        admitted = {one.field: one for one in plan.elements}
        values = {one.field for one in plan.attributes.values()}
        if plan.text is not None:
            values.add(plan.text.field)
        for name in list(block.children):
            if name in admitted:
                self._prune_field(block, name, admitted[name])
            elif name not in values:
                for node in block.take(name):
                    self.drop(node, self.cause(Reason.NOT_IN_YEAR))
        if plan.text is not None and plan.text.field not in block.children:
            return plan.text.field
        filled = {element.slot for element in plan.elements if element.field in block.children}
        for slot in sorted(plan.required - filled):
            if not any(one.always for one in plan.slots[slot]):
                return plan.slots[slot][0].name
        return ""

    def _prune_field(self, block: Block, name: str, element: ElementPlan) -> None:
        one = block.descriptor.fields_by_name[name]
        code_list = facts_of(one).code_list
        kept: list[Node] = []
        for node in block.take(name):
            cause = self._wrong(node, element, code_list)
            if cause is None and kept and not one.is_repeated:
                cause = self.cause(Reason.ONLY_ONE)
            if cause is None:
                kept.append(node)
            else:
                self.drop(node, cause)
        block.put(name, kept)

    def _wrong(self, node: Node, element: ElementPlan, code_list: int) -> Cause | None:
        """Tell why the new year does not admit something, after pruning it; None when it does."""
        if isinstance(node, Leaf):
            if code_list and self._is_gone(code_list, str(node.value)):
                return self.cause(Reason.CODE, str(code_list))
            return None
        if element.message is None:  # a message that is nothing in the XML, around values
            return None
        if element.inner:
            self._prune_items(node, element)
            missing = "" if node.children else element.item
        else:
            missing = self._prune(node, element.message)
        return self.cause(Reason.INCOMPLETE, missing) if missing else None

    def _prune_items(self, block: Block, element: ElementPlan) -> None:
        """Prune the items of a message that is nothing but a list around them."""
        kept: list[Node] = []
        for node in block.take(element.inner):
            missing = (
                self._prune(node, element.message)
                if isinstance(node, Block) and element.message is not None
                else ""
            )
            if missing:
                self.drop(node, self.cause(Reason.INCOMPLETE, missing))
            else:
                kept.append(node)
        block.put(element.inner, kept)

    def _is_gone(self, code_list: int, code: str) -> bool:
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
