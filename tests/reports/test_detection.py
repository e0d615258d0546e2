"""The drawn segments are the detected ones."""

import numpy as np
import pytest
from reports.run_folders import CLASSES, write_detections

from usdrl_mmaction.reports.detection import action_precisions, cells, read_detections, timelines
from usdrl_mmaction.reports.page import colours


@pytest.fixture
def found(work_dir):
    metrics = write_detections(work_dir / 'detection')
    return read_detections(str(work_dir / 'detection')), metrics


def test_the_mean_over_classes_is_the_one_that_the_metric_gives(found):
    part = action_precisions(found[0])
    assert f'(mAP) is {found[1]["detection/mAP_action@0.5"]:.4f}.' in part.text
    values = {bar.name: (bar.value, bar.note) for bar in part.bars}
    assert set(values) == set(CLASSES[:2])  # nobody waves
    assert sum(value for value, _ in values.values()) / 3 == pytest.approx(found[1]['detection/mAP_action@0.5'])
    assert values['sit'][1] == '3 segments'


def test_the_best_the_median_and_the_worst_video(found):
    part = timelines(found[0])
    assert [timeline.title.rsplit(', ')[0] for timeline in part.timelines] == [
        'Best: all',
        'Median: half',
        'Worst: none',
    ]


def test_segments_are_drawn_at_their_times(found):
    best, _, worst = timelines(found[0]).timelines
    assert best.duration == '10 s'
    for row in best.rows.values():
        assert [(span.start, span.length) for span in row] == [(0.1, pytest.approx(0.2)), (0.5, pytest.approx(0.4))]
        assert [span.colour for span in row] == colours(3)[:2]
    assert best.rows['ground truth'][0].title == 'sit, 1.0 to 3.0 s'
    assert best.rows['proposals'][0].title == 'sit, 1.0 to 3.0 s, score 1.00'
    assert [len(row) for row in worst.rows.values()] == [2, 0, 0]
    assert list(best.legend) == CLASSES[:2]


def test_one_video_is_best_and_worst_at_once(found):
    one = found[0]._replace(truth={'half': found[0].truth['half']})
    (timeline,) = timelines(one).timelines
    assert timeline.title.startswith('Best, Median, Worst: half')


def test_each_of_many_classes_has_a_different_colour():
    assert all(len(set(colours(count))) == count for count in (3, 18, 60, 120))


def test_the_table_has_both_protocols_of_each_class_that_occurs(found):
    table = action_precisions(found[0]).table
    assert list(table) == CLASSES[:2]
    sit = table['sit']
    assert (sit['segments'], sit['mean length']) == ('3', '2.0 s')
    # Two of three segments are found, none wrongly: ActivityNet interpolates the precision 1 up to the recall 2/3.
    assert sit['ActivityNet, IoU 0.5'] == '0.667'
    assert sit['PKU-MMD, IoU 0.5'] == f'{action_precisions(found[0]).bars[1].value:.3f}'


def test_boundaries_are_rows_of_their_own(found):
    scores = np.zeros((100, 2))
    scores[10, 0] = scores[30, 1] = 0.75
    best, *others = timelines(found[0]._replace(boundaries={'all': scores})).timelines
    starts, ends = best.rows['starts'], best.rows['ends']
    assert [span.start for span in starts if span.opacity] == [0.1]
    assert [(span.start, span.title) for span in ends if span.opacity] == [(0.3, '0.75')]
    assert all('starts' not in timeline.rows for timeline in others)


def test_a_long_row_shows_its_highest_scores():
    scores = np.zeros(1000)
    scores[503] = 1
    shown = cells(scores)
    assert len(shown) == 200 and sum(span.length for span in shown) == pytest.approx(1)
    assert [round(span.start, 3) for span in shown if span.opacity] == [0.5]
