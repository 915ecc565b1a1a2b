"""LightGBM's text of a model, read as trees: every number is checked before anything follows it.

LightGBM itself reads such a text without checks, and goes where it points.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from leads.arrays import Floats, Int32s, Int64s
from leads.errors import DamagedArtifactError

REMEDY = "train again or promote another version"

_END_OF_TREES = "end of trees"
_FORMAT = "v4"
_LARGEST = 2**31 - 1
_LARGEST_WORD = 2**32 - 1
# Bits of a decision type: categorical, default left, then how a missing value is told.
_LARGEST_DECISION = 1 | 2 | 2 << 2

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Tree:
    """One tree: inner nodes in LightGBM's order, the root first, and leaves; a leaf is `~number`.

    A single leaf has no nodes. `threshold` of a categorical node is the place of its set: its
    words of 32 categories are `words[boundaries[place]:boundaries[place + 1]]`.
    """

    feature: Int32s
    threshold: Floats
    decision: Int32s
    left: Int32s
    right: Int32s
    node_count: Int64s
    leaf_count: Int64s
    leaf_value: Floats
    boundaries: Int64s
    words: Int64s


@dataclass(frozen=True)
class BoosterTrees:
    """The trees of one model with one output, in order, and how many features its rows have."""

    n_features: int
    trees: tuple[Tree, ...]


def tree_blocks(text: str) -> list[str]:
    """The texts of the trees; raises `DamagedArtifactError` where the header is not right."""
    header, found, _ = text.partition("\n\nTree=0\n")
    sizes = header.rpartition("tree_sizes=")[2].split()
    if not found or not all(size.isascii() and size.isdecimal() for size in sizes):
        raise DamagedArtifactError(f"the text of a booster holds no trees; {REMEDY}")
    trees = text.encode(errors="surrogatepass")
    place = len(header.encode(errors="surrogatepass")) + 2
    blocks = []
    for tree, size in enumerate(sizes):
        # So many digits are no size, and too many for int().
        stop = place + int(size[:12])
        if not trees.startswith(b"Tree=%d\n" % tree, place):
            raise DamagedArtifactError(
                f"the text of a booster has no tree {tree} at byte {place}; {REMEDY}"
            )
        blocks.append(trees[place:stop].decode(errors="replace"))
        place = stop
    if not trees.startswith(_END_OF_TREES.encode(), place) or b"\0" in trees:
        raise DamagedArtifactError(f"the trees of a booster do not end properly; {REMEDY}")
    return blocks


def read_trees(text: str) -> BoosterTrees:
    """The trees of a text. Raises `DamagedArtifactError` for one that is not whole and sound.

    So it does for what leadscore does not train: several outputs, averages, linear leaves.
    """
    blocks = tree_blocks(text)
    header = text.partition("\n\nTree=0\n")[0].split("\n")
    for name, wanted in (("version", _FORMAT), ("num_class", "1"), ("num_tree_per_iteration", "1")):
        if f"{name}={wanted}" not in header:
            raise _damaged(f"does not say {name}={wanted}")
    if "average_output" in header:
        raise _damaged("averages its trees instead of adding them")
    stated = [line for line in header if line.startswith("max_feature_idx=")]
    if len(stated) != 1:
        raise _damaged("does not say how many features it has")
    (most,) = _integers(stated[0].partition("=")[2], 1, 0, _LARGEST - 1, "max_feature_idx")
    trees = tuple(_tree(block, number, most) for number, block in enumerate(blocks))
    return BoosterTrees(most + 1, trees)


def _tree(block: str, number: int, most_feature: int) -> Tree:
    fields: dict[str, str] = {}
    for line in block.split("\n")[1:]:
        name, found, value = line.partition("=")
        if found and name in fields:
            raise _damaged(f"says {name} twice in tree {number}")
        fields[name] = value
    try:
        return _checked_tree(fields, most_feature)
    except KeyError as missing:
        raise _damaged(f"has no {missing.args[0]} in tree {number}") from None
    except DamagedArtifactError as error:
        raise _damaged(f"is wrong in tree {number}: {error}") from None


def _checked_tree(fields: dict[str, str], most_feature: int) -> Tree:
    (leaves,) = _integers(fields["num_leaves"], 1, 1, _LARGEST, "num_leaves")
    (sets,) = _integers(fields["num_cat"], 1, 0, leaves - 1, "num_cat")
    _integers(fields["is_linear"], 1, 0, 0, "is_linear")
    nodes = leaves - 1
    value = np.array(_floats(fields["leaf_value"], leaves, "leaf_value", math.isfinite))
    if not nodes:
        return _single_leaf(value)

    def integers(name: str, size: int, least: int, most: int) -> list[int]:
        return _integers(fields[name], size, least, most, name)

    words = integers("cat_threshold", -1, 0, _LARGEST_WORD) if sets else []
    bounds = integers("cat_boundaries", sets + 1, 0, len(words)) if sets else [0]
    if bounds[0] != 0 or bounds[-1] != len(words) or bounds != sorted(bounds):
        raise DamagedArtifactError("cat_boundaries do not divide cat_threshold")
    tree = Tree(
        feature=np.array(integers("split_feature", nodes, 0, most_feature), np.int32),
        threshold=np.array(_floats(fields["threshold"], nodes, "threshold", _is_threshold)),
        decision=np.array(integers("decision_type", nodes, 0, _LARGEST_DECISION), np.int32),
        left=np.array(integers("left_child", nodes, -leaves, nodes - 1), np.int32),
        right=np.array(integers("right_child", nodes, -leaves, nodes - 1), np.int32),
        node_count=np.array(integers("internal_count", nodes, 1, _LARGEST), np.int64),
        leaf_count=np.array(integers("leaf_count", leaves, 0, _LARGEST), np.int64),
        leaf_value=value,
        boundaries=np.array(bounds, np.int64),
        words=np.array(words, np.int64),
    )
    _check_sets(tree, sets)
    _check_children(tree)
    return tree


def _single_leaf(value: Floats) -> Tree:
    none, numbers = np.zeros(0, np.int32), np.zeros(0, np.int64)
    return Tree(none, np.zeros(0), none, none, none, numbers, numbers, value, numbers, numbers)


def _is_threshold(number: float) -> bool:
    """Whether it can divide: all that is known from what is missing, too."""
    return not math.isnan(number)


def _check_sets(tree: Tree, sets: int) -> None:
    """Each categorical node names one of the sets of categories."""
    places = tree.threshold[(tree.decision & 1) == 1]
    if ((places != np.floor(places)) | (places < 0) | (places >= sets)).any():
        raise DamagedArtifactError("a categorical threshold names no set of categories")


def _check_children(tree: Tree) -> None:
    """Every node but the root, and every leaf, is the child of one node that comes before it."""
    children = np.concatenate([tree.left, tree.right])
    parents = np.tile(np.arange(len(tree.left)), 2)
    inner = children >= 0
    once = np.array_equal(np.sort(children), np.delete(np.arange(-len(tree.leaf_value),
                          len(tree.left)), len(tree.leaf_value)))  # fmt: skip
    if not once or (children[inner] <= parents[inner]).any():
        raise DamagedArtifactError("left_child and right_child do not make a tree")


def _integers(text: str, size: int, least: int, most: int, name: str) -> list[int]:
    numbers = _numbers(int, text, size, name)
    if numbers and (min(numbers) < least or max(numbers) > most):
        raise DamagedArtifactError(f"{name} is not within {least} to {most}")
    return numbers


def _floats(text: str, size: int, name: str, usable: Callable[[float], bool]) -> list[float]:
    numbers = _numbers(float, text, size, name)
    if not all(map(usable, numbers)):
        raise DamagedArtifactError(f"{name} is not a number that can be used")
    return numbers


def _numbers(read: Callable[[str], Number], text: str, size: int, name: str) -> list[Number]:
    """The numbers of a line; -1 for any size."""
    words: Sequence[str] = text.split()
    try:
        numbers = [] if "_" in text else [read(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) != len(words) or size not in (-1, len(numbers)):
        raise DamagedArtifactError(
            f"{name} is not {'' if size < 0 else f'{size} '}numbers: {text[:40]!r}"
        )
    return numbers


def _damaged(what: str) -> DamagedArtifactError:
    return DamagedArtifactError(f"the text of a booster {what}; {REMEDY}")
