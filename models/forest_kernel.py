"""The compiled walks over a forest: margins of rows by member, and contributions to their mean.

Rows come in blocks with the row as the inner loop; nothing is added in another order for one row
than for many, so that a row alone has the bits that it has in company. The arrays are those of
`models.forest`, unpacked first: read through a tuple inside the loops they cost 2 to 9 times.
"""

from typing import Any

import numpy as np
from numba import njit

from leads.arrays import Bools, Floats, Int32s

# What a slot does with a value before it is compared. Values that LightGBM takes for zero are zero.
# Missing values become a side of every threshold: `x <= threshold` then is all there is to ask.
NAN_IS_ZERO, NAN_LEFT, NAN_RIGHT, ZERO_LEFT, ZERO_RIGHT, CATEGORY = range(6)
BLOCK_ROWS = 1_024
# So many rows are faster one by one.
FEW_ROWS = 4

_ZERO = float(np.float32(1e-35))
# Beyond every set of categories, and beyond every whole number that LightGBM reads.
_NO_CATEGORY = 2.0**31
_ALL = np.uint16(2**16 - 1)
_ALL = np.uint16(2**16 - 1)


@njit(cache=True, nogil=True)  # pragma: no cover
def _fill_slots(rows: Floats, slot_feature: Int32s, slot_kind: Int32s, values: Floats) -> None:
    """(slot x row) the values as the nodes compare them."""
    n = len(rows)
    for slot in range(len(slot_feature)):
        kind, feature = slot_kind[slot], slot_feature[slot]
        # NaN is beyond every threshold, infinity not.
        side = np.nan if kind in (NAN_RIGHT, ZERO_RIGHT) else -np.inf
        nan = 0.0 if kind == NAN_IS_ZERO else side
        zero = side if kind in (ZERO_LEFT, ZERO_RIGHT) else 0.0
        for r in range(n):
            value = rows[r, feature]
            if kind == CATEGORY:
                # Not so for NaN: as for all that is no category, the answer is no.
                is_one = -1.0 < value < _NO_CATEGORY
                values[slot, r] = np.floor(max(value, 0.0)) if is_one else _NO_CATEGORY
            elif np.isnan(value):
                values[slot, r] = nan
            else:
                values[slot, r] = zero if abs(value) <= _ZERO else value


@njit(cache=True, nogil=True)  # pragma: no cover
def _answer(values, threshold, set_begin, in_set, answers):  # type: ignore[no-untyped-def]
    """Whether each row goes left at a node; of a set `threshold` is the number of categories."""
    if set_begin < 0:
        for r in range(len(answers)):
            answers[r] = values[r] <= threshold
    else:
        # One more than its categories: no.
        members = in_set[set_begin : set_begin + np.int64(threshold) + 1]
        for r in range(len(answers)):
            answers[r] = members[np.uint64(min(values[r], threshold))]


@njit(cache=True, nogil=True)  # pragma: no cover
def _answers_of_one(values: Floats, nodes: Any) -> Bools:
    """Whether one row goes left at each node of the forest.

    Places are unsigned: numba asks of signed ones whether they are negative.
    """
    (_, _, slot, threshold, set_begin, in_set, with_set, _) = nodes
    answers = np.empty(len(slot), np.bool_)
    for every in range(len(slot)):
        answers[every] = values[np.uint64(slot[every])] <= threshold[every]
    for k in range(len(with_set)):
        node = np.uint64(with_set[k])
        place = np.int64(min(values[np.uint64(slot[node])], threshold[node]))
        answers[node] = in_set[np.uint64(set_begin[node] + place)]
    return answers


@njit(cache=True, nogil=True)  # pragma: no cover
def add_margins(rows: Floats, nodes: Any, trees: Any, margins: Floats) -> None:
    """Add each tree's leaf to its member's column of (row x member)."""
    slot_feature, slot_kind = nodes[0], nodes[1]
    width = BLOCK_ROWS if len(rows) > FEW_ROWS else 1
    all_values = np.empty((len(slot_feature), width))
    for begin in range(0, len(rows), width):
        block = rows[begin : begin + width]
        values = all_values[:, : len(block)]
        _fill_slots(block, slot_feature, slot_kind, values)
        if width > 1:
            _add_leaves(values, nodes, trees, margins[begin : begin + width])
        else:
            _add_leaves_of_one(values[:, 0], nodes, trees, margins[begin])


@njit(cache=True, nogil=True)  # pragma: no cover
def _add_leaves(values: Floats, nodes: Any, trees: Any, margins: Floats) -> None:
    (_, _, slot, threshold, set_begin, in_set, _, _) = nodes
    (child, leaf_value, tree_root, tree_member) = trees
    for tree in range(len(tree_root)):
        member = tree_member[tree]
        for r in range(values.shape[1]):
            node = tree_root[tree]
            while node >= 0:
                at = np.uint64(node)
                value, bound = values[np.uint64(slot[at]), r], threshold[at]
                if set_begin[at] < 0:
                    left = np.uint64(value <= bound)
                else:
                    place = np.uint64(set_begin[at]) + np.uint64(min(value, bound))
                    left = np.uint64(in_set[place])
                node = child[np.uint64(2) * at + left]
            margins[r, member] += leaf_value[~node]


@njit(cache=True, nogil=True)  # pragma: no cover
def _add_leaves_of_one(values: Floats, nodes: Any, trees: Any, margins: Floats) -> None:
    """The same for one row: a step in all trees, then in those that go on; nothing to guess."""
    (child, leaf_value, tree_root, tree_member) = trees
    answers = _answers_of_one(values, nodes)
    at = tree_root.copy()
    going = np.empty(len(at) + 1, np.uint32)
    n = 0
    for tree in range(len(at)):
        going[n] = tree
        n += at[tree] >= 0
    while n > 0:
        still = 0
        for k in range(n):
            tree = going[k]
            node = np.uint64(at[tree])
            after = child[np.uint64(2) * node + np.uint64(answers[node])]
            at[tree] = after
            going[still] = tree
            still += after >= 0
        n = still
    for tree in range(len(at)):
        margins[tree_member[tree]] += leaf_value[~at[tree]]


@njit(cache=True, nogil=True)  # pragma: no cover
def add_contributions(rows: Floats, nodes: Any, groups: Any, long_paths: Any, sums: Floats) -> None:
    """Add what each tree contributes to each feature used: (row x feature used).

    First all groups in order, then all long paths, for few rows as for many.
    """
    slot_feature, slot_kind = nodes[0], nodes[1]
    width = BLOCK_ROWS if len(rows) > FEW_ROWS else 1
    all_values = np.empty((len(slot_feature), width))
    all_added = np.empty((sums.shape[1], width))
    for begin in range(0, len(rows), width):
        block = rows[begin : begin + width]
        values, added = all_values[:, : len(block)], all_added[:, : len(block)]
        _fill_slots(block, slot_feature, slot_kind, values)
        added[:] = 0.0
        if width > 1:
            _add_groups(values, nodes, groups, added)
        else:
            _add_groups_of_one(values[:, 0], nodes, groups, added[:, 0])
        _add_long_paths(values, nodes, long_paths, added)
        for u in range(len(added)):
            for r in range(len(block)):
                sums[begin + r, u] += added[u, r]


@njit(cache=True, nogil=True)  # pragma: no cover
def _add_groups(values: Floats, nodes: Any, groups: Any, added: Floats) -> None:
    (_, _, slot, threshold, set_begin, in_set, _, first_node) = nodes
    (tree_group, first_term, term_node, term_wanted, term_others, first_feature, feature,
     first_entry, all_bits, table) = groups  # fmt: skip
    n = values.shape[1]
    answers = np.empty((np.max(np.diff(first_node)), n), np.bool_)
    pattern, index = np.empty(n, np.uint16), np.empty(n, np.uint16)
    for tree in range(len(first_node) - 1):
        root = first_node[tree]
        for node in range(root, first_node[tree + 1]):
            _answer(values[slot[node]], threshold[node], set_begin[node], in_set,
                    answers[node - root])  # fmt: skip
        for group in range(tree_group[tree], tree_group[tree + 1]):
            pattern[:] = all_bits[group]
            for term in range(first_term[group], first_term[group + 1]):
                wanted, others = term_wanted[term], term_others[term]
                answer = answers[term_node[term] - root]
                for r in range(n):
                    pattern[r] &= _ALL if answer[r] == wanted else others
            first, stop = first_feature[group], first_feature[group + 1]
            for r in range(n):
                index[r] = pattern[r] * (stop - first)
            for i in range(stop - first):
                entries = table[first_entry[group] + i : first_entry[group + 1]]
                column = added[feature[first + i]]
                for r in range(n):
                    column[r] += entries[index[r]]


@njit(cache=True, nogil=True)  # pragma: no cover
def _add_groups_of_one(values: Floats, nodes: Any, groups: Any, added: Floats) -> None:
    """The same for one row, step by step for the whole forest.

    Most of its time is waiting for entries of tables; a loop that does nothing else has many of
    them on the way.
    """
    (_, first_term, term_node, term_wanted, term_others, first_feature, feature,
     first_entry, all_bits, table) = groups  # fmt: skip
    answers = _answers_of_one(values, nodes)
    entry = np.empty(len(all_bits), np.uint64)
    for group in range(len(all_bits)):
        pattern = all_bits[group]
        for term in range(np.uint64(first_term[group]), np.uint64(first_term[group + 1])):
            agrees = answers[np.uint64(term_node[term])] == term_wanted[term]
            pattern &= _ALL if agrees else term_others[term]
        features = first_feature[group + 1] - first_feature[group]
        entry[group] = first_entry[group] + np.int64(pattern) * features
    for group in range(len(all_bits)):
        first, stop = np.uint64(first_feature[group]), np.uint64(first_feature[group + 1])
        begin = entry[group] - first
        for place in range(first, stop):
            added[np.uint64(feature[place])] += table[begin + place]


@njit(cache=True, nogil=True)  # pragma: no cover
def _add_long_paths(values: Floats, nodes: Any, long_paths: Any, added: Floats) -> None:
    """Add the leaves without a table: their sums over Gauss-Legendre points, row by row."""
    (_, _, slot, threshold, set_begin, in_set, _, _) = nodes
    (first_term, term_node, term_wanted, term_bit, first_feature, feature, follow, leaf_value,
     points, weights) = long_paths  # fmt: skip
    n = values.shape[1]
    answer = np.empty(n, np.bool_)
    agrees = np.empty((points.shape[1] * 2, n), np.bool_)
    before, sums = np.empty((len(agrees), n)), np.empty((len(agrees), n))
    for path in range(len(leaf_value)):
        first, stop = first_feature[path], first_feature[path + 1]
        k = stop - first
        agrees[:k] = True
        for term in range(first_term[path], first_term[path + 1]):
            node, agreed = term_node[term], agrees[term_bit[term]]
            _answer(values[slot[node]], threshold[node], set_begin[node], in_set, answer)
            for r in range(n):
                agreed[r] &= answer[r] == term_wanted[term]
        rule = (k + 1) // 2
        _integrate(agrees[:k], follow[first:stop], points[rule, :rule], weights[rule, :rule],
                   before, sums)  # fmt: skip
        for i in range(k):
            column, to = sums[i], added[feature[first + i]]
            for r in range(n):
                to[r] += leaf_value[path] * (agrees[i, r] - follow[first + i]) * column[r]


@njit(cache=True, nogil=True)  # pragma: no cover
def _integrate(agrees, follow, points, weights, before, sums) -> None:  # type: ignore[no-untyped-def]
    """(feature x row) the integral of `forest_groups.leaf_table`, the products of the others."""
    n = agrees.shape[1]
    product = np.empty(n)
    sums[:] = 0.0
    for k in range(len(points)):
        product[:] = weights[k]
        for i in range(len(follow)):
            no = follow[i] * (1.0 - points[k])
            yes = no + points[k]
            for r in range(n):
                before[i, r] = product[r]
                product[r] *= yes if agrees[i, r] else no
        product[:] = 1.0
        for i in range(len(follow) - 1, -1, -1):
            no = follow[i] * (1.0 - points[k])
            yes = no + points[k]
            for r in range(n):
                sums[i, r] += before[i, r] * product[r]
                product[r] *= yes if agrees[i, r] else no
