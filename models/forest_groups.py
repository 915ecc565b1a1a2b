"""Groups of neighbouring leaves of a tree, and what a group adds to a row by the row's answers.

The contribution of a leaf depends only on which of the features on its path agree with it (Lundberg
et al. 2020). So some leaves together are a table: the answers at their nodes, at most 8 bits, look
up what they add to each feature. A leaf whose path has more features is worked out row by row.

A *step* of a path is `node * 2 + 1` to the left, `node * 2` to the right.
"""

import numpy as np
from numba import njit

from leads.arrays import Floats, Int32s, Int64s

# What one group costs a row beside its features, in features.
_OVERHEAD = 2.0
# What a feature of a leaf without a table costs a row, in features.
_WITHOUT_TABLE = 8.0


@njit(cache=True, nogil=True)  # pragma: no cover
def leaf_paths(left: Int32s, right: Int32s) -> tuple[Int64s, Int32s, Int64s]:
    """The leaves from one side to the other, the steps to each, and how many those are.

    At each node the side with fewer leaves comes first: a long stem's leaves are neighbours.
    """
    nodes = len(left)
    leaves_below = np.zeros(nodes, np.int64)
    depth = np.zeros(nodes, np.int64)
    for node in range(nodes - 1, -1, -1):
        for child in (left[node], right[node]):
            leaves_below[node] += 1 if child < 0 else leaves_below[child]
            below = 0 if child < 0 else depth[child]
            depth[node] = max(depth[node], below + 1)
    leaf = np.empty(nodes + 1, np.int64)
    steps = np.empty((nodes + 1, depth[0]), np.int32)
    length = np.zeros(nodes + 1, np.int64)
    # Where a node's leaves begin; its own row there holds the steps to it.
    begin = np.zeros(nodes, np.int64)
    for node in range(nodes):
        at = begin[node]
        to_node = length[at]
        left_leaves = 1 if left[node] < 0 else leaves_below[left[node]]
        left_first = 2 * left_leaves <= leaves_below[node]
        for side in range(2):
            to_left = (side == 0) == left_first
            child = left[node] if to_left else right[node]
            below = 1 if child < 0 else leaves_below[child]
            for row in range(at, at + below):
                steps[row, to_node] = 2 * node + (1 if to_left else 0)
                length[row] = to_node + 1
            if child < 0:
                leaf[at] = ~child
            else:
                begin[child] = at
            at += below
    return leaf, steps, length


@njit(cache=True, nogil=True)  # pragma: no cover
def partition(
    steps: Int32s, length: Int64s, feature: Int32s, most_bits: int, most_alone: int
) -> Int64s:
    """Where each group of neighbouring leaves begins, and the end; the cheapest such division.

    A leaf with more than `most_alone` bits is alone, without a table.
    """
    leaves = len(steps)
    cost = np.full(leaves + 1, np.inf)
    previous = np.zeros(leaves + 1, np.int64)
    cost[0] = 0.0
    for first in range(leaves):
        for stop in range(first + 1, leaves + 1):
            bits, features = _size(steps, length, feature, first, stop)
            if bits <= (most_alone if stop == first + 1 else most_bits):
                own = _OVERHEAD + features
            elif stop == first + 1:
                own = _WITHOUT_TABLE * features
            else:
                break
            if cost[first] + own < cost[stop]:
                cost[stop] = cost[first] + own
                previous[stop] = first
    bounds = [leaves]
    while bounds[-1] > 0:
        bounds.append(previous[bounds[-1]])
    return np.array(bounds[::-1])


@njit(cache=True, nogil=True)  # pragma: no cover
def _size(steps: Int32s, length: Int64s, feature: Int32s, first: int, stop: int) -> tuple[int, int]:
    """The bits and distinct features of a group."""
    terms = group_terms(steps, length, feature, first, stop)
    features = np.unique(feature[terms[:, 0] >> 1])
    return terms[:, 1].max() + 1, len(features)


@njit(cache=True, nogil=True)  # pragma: no cover
def group_terms(steps: Int32s, length: Int64s, feature: Int32s, first: int, stop: int) -> Int64s:
    """The steps whose being taken a group asks for, and the bit that each is part of.

    On the stem that all its leaves share a feature's steps are one bit, which is set where all of
    them are taken. Beyond it each node is a bit, set where the answer is left.
    """
    shared = length[first]
    for leaf in range(first + 1, stop):
        same = 0
        while same < shared and steps[leaf, same] == steps[first, same]:
            same += 1
        shared = same
    own = 0
    for leaf in range(first, stop):
        own += length[leaf] - shared
    terms = np.empty((shared + own, 2), np.int64)
    bits = 0
    for k in range(shared):
        terms[k, 0] = steps[first, k]
        terms[k, 1] = -1
        for earlier in range(k):
            if feature[terms[earlier, 0] >> 1] == feature[terms[k, 0] >> 1]:
                terms[k, 1] = terms[earlier, 1]
        if terms[k, 1] < 0:
            terms[k, 1] = bits
            bits += 1
    n = shared
    for leaf in range(first, stop):
        for k in range(shared, length[leaf]):
            step = steps[leaf, k] | 1
            # Neighbours share what they share from the stem on.
            if leaf == first or k >= length[leaf - 1] or steps[leaf - 1, k] | 1 != step:
                terms[n, 0] = step
                terms[n, 1] = bits
                bits += 1
                n += 1
    return terms[:n]


@njit(cache=True, nogil=True)  # pragma: no cover
def path_features(steps: Int32s, feature: Int32s, share: Floats) -> tuple[Int32s, Floats]:
    """The distinct features of a path, and the share of rows that follow all steps of each.

    `share` says it of each step.
    """
    found = np.empty(len(steps), np.int32)
    follow = np.ones(len(steps))
    n = 0
    for step in steps:
        place = 0
        while place < n and found[place] != feature[step >> 1]:
            place += 1
        if place == n:
            found[n] = feature[step >> 1]
            n += 1
        follow[place] *= share[step]
    return found[:n], follow[:n]


@njit(cache=True, nogil=True)  # pragma: no cover
def leaf_table(value: float, follow: Floats, points: Floats, weights: Floats) -> Floats:
    """(pattern x feature) what a leaf adds; bit i of a pattern: the row agrees on feature i.

    The Shapley value of feature i is `value * (agrees_i - follow_i)` times the integral over t from
    0 to 1 of the product over the others of `agrees * t + follow * (1 - t)`; `points` and `weights`
    are a Gauss-Legendre rule that is exact for it.
    """
    n = len(follow)
    table = np.zeros((1 << n, n))
    factor, before = np.empty(n), np.empty(n)
    for pattern in range(1 << n):
        for k in range(len(points)):
            product = weights[k]
            for i in range(n):
                factor[i] = follow[i] * (1.0 - points[k]) + ((pattern >> i) & 1) * points[k]
                before[i] = product
                product *= factor[i]
            product = 1.0
            for i in range(n - 1, -1, -1):
                table[pattern, i] += before[i] * product
                product *= factor[i]
        for i in range(n):
            table[pattern, i] *= value * (((pattern >> i) & 1) - follow[i])
    return table


@njit(cache=True, nogil=True)  # pragma: no cover
def add_leaf(
    table: Floats,
    terms: Int64s,
    features: Int32s,
    own: Floats,
    own_features: Int32s,
    steps: Int32s,
    feature: Int32s,
) -> None:
    """Add a leaf's table `own` to its group's (pattern of the group's bits x feature)."""
    n = len(own_features)
    mask, wanted = np.zeros(n, np.int64), np.zeros(n, np.int64)
    column = np.searchsorted(features, own_features)
    for step in steps:
        i = 0
        while own_features[i] != feature[step >> 1]:
            i += 1
        for term in range(len(terms)):
            if terms[term, 0] >> 1 == step >> 1:
                bit = 1 << terms[term, 1]
                mask[i] |= bit
                wanted[i] |= bit if terms[term, 0] == step else 0
    for pattern in range(len(table)):
        agrees = 0
        for i in range(n):
            agrees |= (1 << i) if pattern & mask[i] == wanted[i] else 0
        for i in range(n):
            table[pattern, column[i]] += own[agrees, i]


@njit(cache=True, nogil=True)  # pragma: no cover
def group_table(
    leaf_value: Floats,
    leaf: Int64s,
    steps: Int32s,
    length: Int64s,
    feature: Int32s,
    share: Floats,
    terms: Int64s,
    features: Int32s,
    first: int,
    stop: int,
    points: Floats,
    weights: Floats,
) -> Floats:
    """(pattern x feature) what the leaves of a group add; row n of `points` is the rule of n."""
    table = np.zeros((1 << (terms[:, 1].max() + 1), len(features)))
    for row in range(first, stop):
        path = steps[row, : length[row]]
        own_features, follow = path_features(path, feature, share)
        rule = (len(follow) + 1) // 2
        own = leaf_table(leaf_value[leaf[row]], follow, points[rule, :rule], weights[rule, :rule])
        add_leaf(table, terms, features, own, own_features, path, feature)
    return table


@njit(cache=True, nogil=True)  # pragma: no cover
def mean_value(
    leaf_value: Floats, leaf: Int64s, steps: Int32s, length: Int64s, share: Floats
) -> float:
    """The mean of a tree over the rows that it was counted on."""
    total = 0.0
    for row in range(len(leaf)):
        value = leaf_value[leaf[row]]
        for step in steps[row, : length[row]]:
            value *= share[step]
        total += value
    return total
