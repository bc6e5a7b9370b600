"""A small classifier, honest and without dependencies: nearest neighbours and
naive Bayes over features, cross-validated; and how far from guessing it is."""
import math
import statistics

NEIGHBOURS = 5
FOLDS = 5
LEAST = 1e-3   # of a spread: what never varies tells when it does


def scale(rows):
    """Mean and spread of each feature."""
    columns = list(zip(*rows))
    return [(statistics.fmean(c), max(statistics.pstdev(c), LEAST))
            for c in columns]


def scaled(row, by):
    return [(x - mean) / spread for x, (mean, spread) in zip(row, by)]


def vote(labels):
    """The most frequent; of several the first in the alphabet."""
    return min(sorted(set(labels)), key=lambda x: -labels.count(x))


def nearest(rows, labels, row):
    """By the sum of differences, which one wild feature does not rule."""
    far = sorted((sum(abs(a - b) for a, b in zip(row, r)), i)
                 for i, r in enumerate(rows))
    return vote([labels[i] for _, i in far[:NEIGHBOURS]])


def bayes(rows, labels, row):
    """Each feature normally distributed within its label."""
    def score(label):
        mine = [r for r, x in zip(rows, labels) if x == label]
        total = math.log(len(mine))
        for x, (mean, spread) in zip(row, scale(mine)):
            spread = max(spread, 0.05)
            total -= math.log(spread) + min((x - mean) / spread, 20) ** 2 / 2
        return total
    return max(sorted(set(labels)), key=score)


def bins(rows, labels, row):
    """Naive Bayes over quarters of each feature: bends to any distribution."""
    cuts = [statistics.quantiles(c, n=4) if len(c) > 1 else [c[0]]
            for c in zip(*rows)]
    place = [[sum(x > cut for cut in cs) for x, cs in zip(r, cuts)]
             for r in [*rows, row]]
    here = place.pop()

    def score(label):
        mine = [p for p, x in zip(place, labels) if x == label]
        return math.log(len(mine)) + sum(
            math.log((1 + sum(p[i] == here[i] for p in mine))
                     / (4 + len(mine))) for i in range(len(here)))
    return max(sorted(set(labels)), key=score)


METHODS = {"nearest neighbours": nearest, "naive Bayes": bayes,
           "naive Bayes over quarters": bins}


def guesses(rows, labels, method):
    """For each row what is said of it by who learnt from the other folds.
    Every n-th row of each label, in order of time, is in one fold."""
    seen, fold = {}, []
    for label in labels:
        seen[label] = seen.get(label, -1) + 1
        fold.append(seen[label] % FOLDS)
    out = [None] * len(rows)
    for f in range(FOLDS):
        train = [i for i in range(len(rows)) if fold[i] != f]
        by = scale([rows[i] for i in train])
        known = [scaled(rows[i], by) for i in train]
        named = [labels[i] for i in train]
        for i in range(len(rows)):
            if fold[i] == f:
                out[i] = method(known, named, scaled(rows[i], by))
    return out


def interval(right, n, z=1.96):
    """Wilson's, of a share: 95 per cent."""
    p = right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) \
        / (1 + z * z / n)
    return max(0, middle - half), min(1, middle + half)


def cliffs_delta(a, b):
    """How much more often one of a is above one of b than below: -1 to 1."""
    b = sorted(b)
    n, total = len(b), 0
    for x in a:
        below = sum_below(b, x, False)
        total += below - (n - sum_below(b, x, True))
    return total / (len(a) * n)


def sum_below(values, x, with_equal):
    """How many sorted values are below x, or not above it."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < x or (with_equal and values[middle] == x):
            low = middle + 1
        else:
            high = middle
    return low


def separation(rows, labels, names):
    """Of each feature the largest |Cliff's delta| between two labels."""
    out = []
    for i, name in enumerate(names):
        by = {x: [r[i] for r, y in zip(rows, labels) if y == x]
              for x in sorted(set(labels))}
        pairs = [(abs(cliffs_delta(by[a], by[b])), a, b)
                 for a in by for b in by if a < b]
        out.append((*max(pairs), name))
    return sorted(out, reverse=True)
