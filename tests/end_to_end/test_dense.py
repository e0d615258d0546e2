"""Detection, segmentation and early prediction: whole runs, from an annotation file to numbers."""

import json
import pickle

import pytest
import torch
from mmengine.runner import Runner

from usdrl_mmaction.datasets.synthetic import make_trimmed, make_untrimmed
from usdrl_mmaction.evaluation.functional import load_tracks


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """A few synthetic clips, and whole videos."""
    folder = tmp_path_factory.mktemp('made')
    (folder / 'clips.pkl').write_bytes(pickle.dumps(make_trimmed(36)))
    (folder / 'videos.pkl').write_bytes(pickle.dumps(make_untrimmed(2)))
    return folder


def options(ann_file, **changes):
    every = {f'{loader}_dataloader.dataset.ann_file': str(ann_file) for loader in ('train', 'val', 'test')}
    brief = {'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 1, 'param_scheduler': []}
    return {**every, **brief, **changes}


@pytest.mark.parametrize('name, key', [('detect_synthetic', 'detection/mAP_action@0.5'), ('segment_synthetic', 'acc')])
def test_whole_videos_are_scored_after_training_on_windows(tiny, files, tmp_path, name, key):
    runner = Runner.from_cfg(tiny(name, options(files / 'videos.pkl')))
    before = runner.model.backbone.spatial_position.clone()
    runner.train()
    assert not runner.model.backbone.spatial_position.equal(before)
    metrics = runner.test()
    assert metrics[next(metric for metric in metrics if metric.endswith(key))] >= 0


def test_tracks_are_as_long_as_the_videos(tiny, files, tmp_path):
    changes = {'test_evaluator.outfile_prefix': str(tmp_path / 'out'), 'val_evaluator.outfile_prefix': None}
    Runner.from_cfg(tiny('detect_synthetic', options(files / 'videos.pkl', **changes))).test()
    videos = {item['frame_dir']: item for item in pickle.loads((files / 'videos.pkl').read_bytes())['annotations']}
    tracks = load_tracks(tmp_path / 'out_tracks.npz')
    for name, scores in tracks.scores.items():
        assert scores.shape == (videos[name]['total_frames'], 19)
        torch.testing.assert_close(torch.from_numpy(scores).sum(1), torch.ones(len(scores)))
    told = json.loads((tmp_path / 'out_ground_truth.json').read_text())['database']
    assert {name: len(video['annotations']) for name, video in told.items()} == {
        name: len(videos[name]['segments']) for name in tracks.scores
    }


def test_early_prediction_starts_from_an_encoder_that_sees_all(tiny, files, tmp_path):
    pretrain = Runner.from_cfg(tiny('pretrain_synthetic'))
    path = tmp_path / 'pretrained.pth'
    torch.save({'state_dict': pretrain.model.state_dict()}, path)
    runner = Runner.from_cfg(tiny('early_synthetic', options(files / 'clips.pkl', load_from=str(path))))
    runner.load_or_resume()
    assert runner.model.backbone.spatial_position.equal(pretrain.model.backbone.spatial_position)
    runner.train()
    metrics = runner.test()
    assert [key for key in metrics if 'acc@' in key] == [f'early/acc@{ratio / 10:g}' for ratio in range(1, 11)]
