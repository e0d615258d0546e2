"""From a video to annotations with MMAction2's functions; those of MMDetection and MMPose are replaced by stubs."""

import pickle
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement, InstanceData

from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.recordings.video import mmpose

HEIGHT, WIDTH, FRAMES = 48, 64, 40
POSE = np.random.default_rng(0).uniform(-4, 4, (17, 2))


@pytest.fixture
def walk(tmp_path):
    """Two people are grey squares that move apart; nobody is in the frames from 10 to 15."""
    path = tmp_path / 'walk.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 25, (WIDTH, HEIGHT))
    for t in range(FRAMES):
        frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        if not 10 <= t < 15:
            frame[20:28, 28 - t // 4 : 36 - t // 4] = 120
            frame[20:28, 44 + t // 4 : 52 + t // 4] = 240
        writer.write(frame)
    writer.release()
    return path


def inference_detector(model, frame):
    """A person for every square, a cat, and a person of low score."""
    squares = [shown for low, high in ((80, 180), (181, 255)) if (shown := square(frame, low, high)) is not None]
    boxes = torch.tensor([[x - 4, y - 4, x + 4, y + 4] for x, y in squares] + [[0, 0, 9, 9]] * 2)
    scores = torch.tensor([0.9] * len(squares) + [0.9, 0.2])
    labels = torch.tensor([0] * len(squares) + [15, 0])
    return BaseDataElement(pred_instances=InstanceData(bboxes=boxes.float(), scores=scores, labels=labels))


def square(frame, low, high):
    rows, columns = np.nonzero((frame[..., 0] > low) & (frame[..., 0] <= high))
    return (columns.mean(), rows.mean()) if len(rows) > 30 else None


def inference_topdown(model, frame, boxes, bbox_format):
    """A sample for each box, as MMPose returns; without one, for the whole image."""
    assert bbox_format == 'xyxy' and boxes.shape[1] == 4
    boxes = boxes if len(boxes) else np.array([[0, 0, WIDTH, HEIGHT]])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    return [BaseDataElement(pred_instances=pose_at(centre)) for centre in centres]


def pose_at(centre):
    keypoints = (centre + POSE)[None]
    return InstanceData(keypoints=keypoints, keypoint_scores=np.full((1, 17), 0.8, np.float32))


def merge_data_samples(samples):
    return BaseDataElement(pred_instances=InstanceData.cat([sample.pred_instances for sample in samples]))


@pytest.fixture
def packages(monkeypatch):
    """What MMAction2 takes from them."""
    loaded = []

    def init(config, checkpoint, device):
        if not Path(checkpoint).exists():
            raise FileNotFoundError(f'{checkpoint} can not be found.')
        loaded.append(checkpoint)
        model = torch.nn.Identity()
        model.dataset_meta = dict(num_keypoints=17)
        return model

    contents = {
        'mmcv._ext': {},
        'mmdet': {},
        'mmdet.apis': dict(inference_detector=inference_detector, init_detector=init),
        'mmdet.structures': dict(DetDataSample=BaseDataElement),
        'mmpose': {},
        'mmpose.apis': dict(inference_topdown=inference_topdown, init_model=init),
        'mmpose.structures': dict(PoseDataSample=BaseDataElement, merge_data_samples=merge_data_samples),
    }
    for name, content in contents.items():
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    return loaded


@pytest.fixture
def flags(tmp_path):
    for name in ('det.py', 'det.pth', 'pose.py', 'pose.pth'):
        (tmp_path / name).write_text('')
    names = {'detector': 'det', 'pose': 'pose'}
    return [
        part
        for flag, name in names.items()
        for part in (f'--{flag}', tmp_path / f'{name}.py', f'--{flag}-checkpoint', tmp_path / f'{name}.pth')
    ]


def test_people_are_written_with_scores_and_the_size_of_the_image(walk, packages, flags, tmp_path, run_command, capsys):
    run_command('extract', walk, '--out', tmp_path / 'out.pkl', *flags)
    assert packages == [str(tmp_path / 'det.pth'), str(tmp_path / 'pose.pth')]
    content = read_annotations(str(tmp_path / 'out.pkl'))
    (item,) = content['annotations']
    assert (item['frame_dir'], item['label'], item['total_frames']) == ('walk', -1, FRAMES)
    assert item['img_shape'] == (HEIGHT, WIDTH) and content['split'] == {'all': ['walk']}
    assert content['meta']['layout'] == 'coco' and content['meta']['fps'] == 25
    assert item['keypoint'].shape == (2, FRAMES, 17, 2) and item['keypoint_score'].shape == (2, FRAMES, 17)
    there = [t for t in range(FRAMES) if not 10 <= t < 15]
    assert not item['keypoint'][:, 10:15].any() and not item['keypoint_score'][:, 10:15].any()
    np.testing.assert_allclose(item['keypoint_score'][:, there], 0.8)
    left, right = sorted(item['keypoint'], key=lambda person: person[0, 0, 0])
    for person, x in ((left, lambda t: 31.5 - t // 4), (right, lambda t: 47.5 + t // 4)):
        expected = np.array([(x(t), 23.5) for t in there])[:, None] + POSE
        np.testing.assert_allclose(person[there], expected, atol=0.6)  # what the compression blurs
    assert 'Performing' not in capsys.readouterr().out


def test_only_the_given_number_of_people_is_kept(walk, packages, flags, tmp_path, run_command):
    run_command('extract', walk, '--out', tmp_path / 'out.pkl', '--num-person', 1, *flags)
    (item,) = pickle.loads((tmp_path / 'out.pkl').read_bytes())['annotations']
    assert item['keypoint'].shape == (1, FRAMES, 17, 2)


def test_a_file_that_is_not_a_video_is_left_out(walk, packages, flags, tmp_path, run_command, capsys):
    (tmp_path / 'notes.mp4').write_text('no video')
    run_command('extract', tmp_path / 'notes.mp4', walk, '--out', tmp_path / 'out.pkl', *flags)
    assert 'notes.mp4 has no frames, or is not a video that OpenCV can read' in capsys.readouterr().err
    assert [item['frame_dir'] for item in read_annotations(str(tmp_path / 'out.pkl'))['annotations']] == ['walk']


def test_missing_packages_are_named_with_the_command_to_install_them(walk, run_command, monkeypatch):
    for name in ('mmcv._ext', 'mmdet', 'mmpose'):
        monkeypatch.setitem(sys.modules, name, None)
    message = r"error: mmpose needs mmcv with compiled .*, mmdet, mmpose: .* pip install 'usdrl-mmaction\[full\]'"
    with pytest.raises(SystemExit, match=message) as error:
        run_command('extract', walk, '--pose', 'mmpose')
    assert '\n' not in error.value.code


def test_missing_weights_are_named(walk, packages, flags, tmp_path, run_command):
    (tmp_path / 'pose.pth').unlink()
    with pytest.raises(SystemExit, match=r'error: the weights of .*pose\.py cannot be loaded .* as --pose-checkpoint'):
        run_command('extract', walk, *flags)
    with pytest.raises(SystemExit, match=r'error: a config file needs a checkpoint: .* --detector-checkpoint'):
        run_command('extract', walk, *flags[:2])


def test_the_packages_own_config_and_weights(monkeypatch):
    asked = []

    def get_config(name, pretrained):
        asked.append((name, pretrained))
        return SimpleNamespace(model_path='from the package')

    def load(checkpoint):
        return mmpose.load_model(lambda *given, device: given[1], mmpose.DETECTOR, checkpoint, 'cpu', '--flag')

    monkeypatch.setattr(mmpose, 'get_config', get_config)
    assert load(None) == 'from the package' and load('mine') == 'mine'
    assert asked == [(mmpose.DETECTOR, True), (mmpose.DETECTOR, False)]
