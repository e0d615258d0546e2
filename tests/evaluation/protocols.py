"""The protocols of detection and segmentation read aloud, with lists and loops, as oracles."""

import numpy as np


def pku(ground_truth, proposals, num_classes, theta):
    """PKU-MMD's; proposals of equal score by label, then video, then as listed."""
    truths = [(video, *segment) for video in sorted(ground_truth) for segment in ground_truth[video]]
    founds = [(video, *segment) for video in sorted(proposals) for segment in proposals[video]]
    videos = sorted({*ground_truth, *proposals})
    f1, ap = f1_and_ap(truths, sorted(founds, key=lambda found: found[1]), theta)
    by_class = [
        f1_and_ap([t for t in truths if t[1] == label], [f for f in founds if f[1] == label], theta)[1]
        for label in range(1, num_classes + 1)
    ]
    by_video = [
        f1_and_ap([t for t in truths if t[0] == video], [f for f in founds if f[0] == video], theta)[1]
        for video in videos
    ]
    return dict(f1=f1, ap=ap, mAP_action=sum(by_class) / num_classes, mAP_video=sum(by_video) / max(len(videos), 1))


def f1_and_ap(truths, founds, theta):
    founds = sorted(founds, key=lambda found: found[4])
    matches = []
    for found in founds:
        best, most = None, 0
        for number, truth in enumerate(truths):
            if truth[:2] == found[:2] and (amount := overlap(truth, found)) >= theta and amount > most:
                best, most = number, amount
        matches.append(best)

    def precision_and_recall(matches):
        positives = len({match for match in matches if match is not None})
        return (positives / len(matches), positives / len(truths)) if positives else (0, 0)

    precision, recall = precision_and_recall(matches)
    f1 = 2 * precision * recall / (precision + recall) if recall else 0
    ap = 0
    for dropped, match in enumerate(matches, start=1):
        if match is not None:
            now, recall_now = precision_and_recall(matches[dropped:])
            precision = max(precision, now)
            ap += precision * (recall - recall_now)
            recall = recall_now
    return f1, ap


def overlap(truth, found):
    union = max(truth[3], found[3]) - min(truth[2], found[2])
    return (min(truth[3], found[3]) - max(truth[2], found[2])) / union if union else 0


def random_case(seed, num_classes=3, scores=4):
    """Few places, labels and scores, so that ties, duplicates, empty videos and absent classes abound."""
    rng = np.random.default_rng(seed)

    def segment(*more):
        start = int(rng.integers(0, 12))
        return (int(rng.integers(1, num_classes + 1)), start, start + int(rng.integers(0, 8)), *more)

    videos = [f'video{number}' for number in rng.permutation(12)[: rng.integers(1, 6)]]
    ground_truth = {video: [segment() for _ in range(rng.integers(0, 6))] for video in videos}
    proposals = {
        video: [segment(int(rng.integers(0, scores)) / scores) for _ in range(rng.integers(0, 12))]
        for video in ['another', *videos][rng.integers(0, 2) :]
    }
    return ground_truth, proposals


def activitynet(ground_truth, proposals, num_classes, theta):
    """ActivityNet's; the AP of each class, None without ground truth."""
    truths = [(video, *segment) for video in sorted(ground_truth) for segment in ground_truth[video]]
    founds = [(video, *segment) for video in sorted(proposals) for segment in proposals[video]]
    result = []
    for label in range(1, num_classes + 1):
        expected = [truth for truth in truths if truth[1] == label]
        offered = sorted((found for found in founds if found[1] == label), key=lambda found: -found[4])
        result.append(one_to_one_ap(expected, offered, theta) if expected else None)
    return result


def one_to_one_ap(truths, founds, theta):
    free, points, hits = list(truths), [], 0
    for rank, found in enumerate(founds, start=1):
        best = max((truth for truth in free if truth[0] == found[0]), key=lambda t: overlap(t, found), default=None)
        if best and overlap(best, found) >= theta:
            free.remove(best)
            hits += 1
        points.append((hits / len(truths), hits / rank))
    ap, reached = 0, 0
    for recall, _ in points:
        ap += (recall - reached) * max(precision for other, precision in points if other >= recall)
        reached = recall
    return ap


def segmentation(ground_truth, predictions, background=0):
    """MS-TCN's, with the 1e-7 that published F1 has in its denominator."""
    frames = [pair for sides in zip(ground_truth, predictions, strict=True) for pair in zip(*sides, strict=True)]
    result = dict(acc=100 * sum(truth == found for truth, found in frames) / len(frames), edit=0)
    hits, num_truth, num_found = {10: 0, 25: 0, 50: 0}, 0, 0
    for truth, found in zip(ground_truth, predictions, strict=True):
        truth, found = segments(truth, background), segments(found, background)
        longer = max(len(truth), len(found))
        distance = levenshtein([label for _, label, *_ in truth], [label for _, label, *_ in found])
        result['edit'] += (100 * (1 - distance / longer) if longer else 100) / len(ground_truth)
        num_truth, num_found = num_truth + len(truth), num_found + len(found)
        for percent in hits:
            taken = set()
            for other in found:
                amounts = [overlap(one, other) * (one[1] == other[1]) for one in truth]
                if amounts and max(amounts) >= percent / 100 and amounts.index(max(amounts)) not in taken:
                    taken.add(amounts.index(max(amounts)))
            hits[percent] += len(taken)
    for percent, count in hits.items():
        precision, recall = count / max(num_found, 1), count / max(num_truth, 1)
        f1 = 200 * precision * recall / (precision + recall + 1e-7)
        result[f'f1@{percent}'] = f1 if num_truth or num_found else 100
    return result


def segments(labels, background):
    """(None, label, start, end) of each run of labels; the last one ends at the last frame."""
    starts = [t for t in range(len(labels)) if t == 0 or labels[t] != labels[t - 1]]
    ends = [*starts[1:], len(labels) - 1]
    return [(None, labels[a], a, b) for a, b in zip(starts, ends, strict=True) if labels[a] != background]


def levenshtein(one, other):
    if not one or not other:
        return len(one) + len(other)
    return min(
        levenshtein(one[1:], other) + 1,
        levenshtein(one, other[1:]) + 1,
        levenshtein(one[1:], other[1:]) + (one[0] != other[0]),
    )
