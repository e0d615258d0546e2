"""A dump of predictions comes out as it went in, and a file that asks for more runs nothing."""

import contextlib
import pickle
import subprocess

import numpy as np
import pytest
import torch
from mmengine.fileio import dump

from usdrl_mmaction.errors import MissingFileError, PredictionError
from usdrl_mmaction.evaluation.metrics import DumpPredictions
from usdrl_mmaction.evaluation.predictions import read_predictions


@pytest.fixture
def samples() -> list[dict]:
    scores = torch.rand(6, 4, generator=torch.manual_seed(0))
    return [
        dict(frame_dir=f'clip{row}', num_classes=4, pred_score=score, gt_label=torch.tensor([row % 4]))
        for row, score in enumerate(scores)
    ]


def read(samples, tmp_path, write=dump):
    write(samples, str(tmp_path / 'dump.pkl'))
    return read_predictions(tmp_path / 'dump.pkl')


def newest_protocol(content, path):
    with open(path, 'wb') as file:
        pickle.dump(content, file, protocol=pickle.HIGHEST_PROTOCOL)


@pytest.mark.parametrize('write', [dump, newest_protocol])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_names_labels_and_scores_come_out_as_they_went_in(samples, tmp_path, write, dtype):
    for sample in samples:
        sample['pred_score'] = sample['pred_score'].to(dtype)
    names, labels, scores = read(samples, tmp_path, write)
    assert names == [f'clip{row}' for row in range(6)]
    assert labels.tolist() == [0, 1, 2, 3, 0, 1]
    assert np.array_equal(scores, torch.stack([sample['pred_score'] for sample in samples]).double().numpy())


def test_rows_and_columns_of_one_tensor_keep_their_places(samples, tmp_path):
    table = torch.arange(24.0).reshape(4, 6)
    for row, sample in enumerate(samples):
        sample['pred_score'] = table[:, row]
    assert np.array_equal(read(samples, tmp_path).scores, table.T)


def test_plain_values_do_as_well(samples, tmp_path):
    plain = [dict(pred_score=sample['pred_score'].numpy(), gt_label=row % 4) for row, sample in enumerate(samples)]
    names, labels, scores = read(plain, tmp_path)
    assert names == ['0', '1', '2', '3', '4', '5'] and labels.tolist() == [0, 1, 2, 3, 0, 1]
    assert np.array_equal(scores, np.stack([sample['pred_score'] for sample in plain]))


class Call:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.how = function, arguments

    def __reduce__(self):
        return self.how


@pytest.mark.parametrize('hidden', [False, True])
def test_a_malicious_dump_runs_nothing_and_is_named(samples, tmp_path, hidden):
    executed = tmp_path / 'executed'
    call = Call(subprocess.check_call, ['touch', str(executed)])
    samples[3]['pred_score'] = Call(torch.storage._load_from_bytes, pickle.dumps(call, protocol=2)) if hidden else call
    with pytest.raises(PredictionError, match=r'dump.pkl asks for .*nothing in it was run'):
        read(samples, tmp_path, newest_protocol)
    assert not executed.exists()
    with contextlib.suppress(Exception), open(tmp_path / 'dump.pkl', 'rb') as file:
        pickle.load(file)
    assert executed.exists()  # so the trap was one


FAR = [((10**12,), (0,), 0), ((5,), (1,), 0), ((4,), (1,), 1), ((4,), (2,), 0), ((4,), (1,), -1)]


@pytest.mark.parametrize(('size', 'stride', 'offset'), FAR)
def test_a_tensor_reaches_no_further_than_its_numbers(samples, tmp_path, size, stride, offset):
    rebuild, (storage, *_) = torch.zeros(4).__reduce_ex__(2)
    samples[0]['pred_score'] = Call(rebuild, storage, offset, size, stride, False, {})
    with pytest.raises(PredictionError, match=r'dump\.pkl'):
        read(samples, tmp_path, newest_protocol)


def without(field):
    return lambda samples: samples[2].pop(field)


def put(field, value):
    return lambda samples: samples[2].update({field: value})


@pytest.mark.parametrize(
    ('fault', 'message'),
    [
        (without('pred_score'), "clip 2 has no 'pred_score', it has frame_dir, num_classes, gt_label"),
        (without('gt_label'), "clip 2 has no 'gt_label'"),
        (put('pred_score', torch.zeros(3)), r"clip 2 has a 'pred_score' of the shape \(3,\).* 4 as in the first clip"),
        (put('pred_score', torch.full((4,), torch.nan)), "clip 2 has a 'pred_score'.*finite numbers"),
        (put('pred_score', 'high'), "clip 2 has a 'pred_score'"),
        (put('gt_label', torch.tensor([4])), "'clip2' has the 'gt_label' 4, but the scores are of 4 classes"),
        (put('gt_label', torch.tensor([-1])), "'clip2' has the 'gt_label' -1"),
        (list.clear, 'is no list of clips'),
    ],
)
def test_a_fault_is_named_by_clip_and_field(samples, tmp_path, fault, message):
    fault(samples)
    with pytest.raises(PredictionError, match=message):
        read(samples, tmp_path)


def test_a_missing_a_cut_and_a_foreign_file_are_named(samples, tmp_path):
    path = tmp_path / 'dump.pkl'
    with pytest.raises(MissingFileError, match='There is no file of predictions'):
        read_predictions(path)
    dump(samples, str(path))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(PredictionError, match='is not a whole pickle file'):
        read_predictions(path)
    dump({'split': {}, 'annotations': []}, str(path))
    with pytest.raises(PredictionError, match='is no list of clips'):
        read_predictions(path)


def test_a_row_of_a_batch_is_dumped_without_its_batch(tmp_path):
    scores = torch.randn(20, 5000)
    metric = DumpPredictions(str(tmp_path / 'dump.pkl'))
    metric.process(None, [{'pred_score': row, 'gt_label': torch.tensor([1]), 'frame_dir': 'x'} for row in scores])
    metric.evaluate(20)
    assert (tmp_path / 'dump.pkl').stat().st_size < 2 * scores.nbytes  # twenty times otherwise
    np.testing.assert_array_equal(read_predictions(tmp_path / 'dump.pkl').scores, scores)
