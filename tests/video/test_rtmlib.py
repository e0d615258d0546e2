"""From a video to joints with rtmlib, by small models that see what is bright: its own would have to be downloaded."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from square_videos import FIGURE, FRAMES, HEIGHT, write_video

from usdrl_mmaction.errors import CheckpointError, MissingFileError, RecordingError, UsageError
from usdrl_mmaction.recordings.video import PoseModels, choose_backend, open_estimator, read_video
from usdrl_mmaction.skeletons import LAYOUTS

SIDE = 160  # of the images that the models take
BOX = np.float32([-16, -26, 16, 30])


class Graph:
    """Operators of a model, one after another."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, value) -> str:
        name = f'c{len(self.constants)}'
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def __call__(self, operator: str, *inputs: str, out: str | None = None, **attributes) -> str:
        out = out or f'v{len(self.nodes)}'
        self.nodes.append(helper.make_node(operator, inputs, [out], **attributes))
        return out

    def save(self, path, shape: list, outputs: list[str]):
        given = helper.make_tensor_value_info('image', TensorProto.FLOAT, shape)
        found = [helper.make_tensor_value_info(out, TensorProto.FLOAT, None) for out in outputs]
        graph = helper.make_graph(self.nodes, 'model', [given], found, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
        onnx.save(model, path)
        return str(path)


def bright_places(graph: Graph) -> tuple[str, str]:
    """Middle and brightness of the upper and of the lower half of an image.  # (1, 2, 2), (1, 2, 1)"""
    light = graph('ReduceMean', 'image', axes=[1], keepdims=0)  # (1, H, W)
    bright = graph('Cast', graph('Greater', light, graph.constant(np.float32(180))), to=TensorProto.FLOAT)
    halves = graph('Reshape', bright, graph.constant([1, 2, SIDE // 2 * SIDE]))
    y, x = np.divmod(np.arange(SIDE * SIDE), SIDE)
    where = np.float32(np.stack([x, y], axis=-1)).reshape(1, 2, -1, 2)
    total = graph('ReduceSum', halves, graph.constant([2]), keepdims=1)  # (1, 2, 1)
    weighted = graph('Mul', graph('Unsqueeze', halves, graph.constant([3])), graph.constant(where))
    summed = graph('ReduceSum', weighted, graph.constant([2]), keepdims=0)  # (1, 2, 2)
    middle = graph('Div', summed, graph('Max', total, graph.constant(np.float32(1))))
    return middle, graph('Min', graph('Div', total, graph.constant(np.float32(100))), graph.constant(np.float32(0.9)))


def boxes(graph: Graph, out: str):
    middle, brightness = bright_places(graph)
    corners = graph('Add', graph('Concat', middle, middle, axis=2), graph.constant(BOX))
    return middle, graph('Concat', corners, brightness, axis=2, out=out)  # (1, 2, 5)


@pytest.fixture
def one_stage(tmp_path) -> str:
    """As RTMO: boxes and joints of the whole image."""
    graph = Graph()
    middle, _ = boxes(graph, 'dets')
    joints = graph('Add', graph('Unsqueeze', middle, graph.constant([2])), graph.constant(FIGURE[None, None]))
    scores = graph.constant(np.full((1, 2, 17, 1), 0.8, np.float32))
    graph('Concat', joints, scores, axis=3, out='keypoints')
    return graph.save(tmp_path / 'rtmo.onnx', [1, 3, SIDE, SIDE], ['dets', 'keypoints'])


@pytest.fixture
def two_stages(tmp_path) -> dict:
    """As YOLOX and RTMPose: boxes, and where in a box each joint is, here down its middle line."""
    detector = Graph()
    boxes(detector, 'dets')
    pose, places, rows = Graph(), {}, np.linspace(0.2 * 512, 0.8 * 512, 17).astype(int)
    for name, size in (('x', 192), ('y', 256)):
        hot = np.zeros((1, 17, 2 * size), np.float32)
        hot[0, np.arange(17), rows if name == 'y' else size] = 0.7
        dark = pose('Mul', pose('ReduceMean', 'image', keepdims=0), pose.constant(np.float32(0)))
        places[name] = pose('Add', pose.constant(hot), dark, out=f'simcc_{name}')
    return dict(
        detector=detector.save(tmp_path / 'yolox.onnx', [1, 3, SIDE, SIDE], ['dets']),
        pose=pose.save(tmp_path / 'rtmpose.onnx', [1, 3, 256, 192], list(places.values())),
    )


def middles(person: int) -> np.ndarray:
    return np.stack([29.5 + np.arange(FRAMES), np.full(FRAMES, 39.5 + 80 * person)], axis=-1)


def test_one_model_finds_two_people_and_their_joints(one_stage, tmp_path):
    clip = read_video(write_video(tmp_path / 'walk.avi', people=2), open_estimator(PoseModels(one_stage)))
    assert clip.keypoint.shape == (2, FRAMES, 17, 2) and clip.joints == LAYOUTS['coco'].names
    for number, person in enumerate(sorted(clip.keypoint, key=lambda person: person[0, 0, 1])):
        np.testing.assert_allclose(person, middles(number)[:, None] + FIGURE, atol=1)
    np.testing.assert_allclose(clip.score, 0.8)


def test_a_detector_and_a_pose_model_are_put_together(two_stages, tmp_path):
    clip = read_video(write_video(tmp_path / 'walk.avi', people=2), open_estimator(PoseModels(**two_stages)))
    assert clip.keypoint.shape == (2, FRAMES, 17, 2)
    for number, person in enumerate(sorted(clip.keypoint, key=lambda person: person[0, 0, 1])):
        x, y = middles(number).T
        np.testing.assert_allclose(person[..., 0] - x[:, None], 0, atol=2)  # the middle line of the box
        assert (np.diff(person[..., 1], axis=1) > 0).all() and (np.abs(person[:, 8, 1] - y - 2) < 3).all()


def test_frames_without_people_have_none(one_stage, two_stages, tmp_path):
    shown = [not 5 <= frame < 9 for frame in range(FRAMES)]
    for number, models in enumerate((dict(pose=one_stage), two_stages)):
        estimator = open_estimator(PoseModels(**models))
        clip = read_video(write_video(tmp_path / f'{number}.avi', shown=shown.__getitem__), estimator)
        np.testing.assert_array_equal(clip.keypoint.any((0, 2, 3)), shown)
        with pytest.raises(RecordingError, match='nobody is seen in it'):
            read_video(write_video(tmp_path / f'none{number}.avi', people=0), estimator)


def test_a_higher_threshold_leaves_people_out(one_stage, tmp_path):
    with pytest.raises(RecordingError, match='nobody is seen in it'):
        read_video(write_video(tmp_path / 'walk.avi'), open_estimator(PoseModels(one_stage, score_thr=0.95)))


def test_models_that_are_missing_or_damaged_are_named(one_stage, tmp_path):
    with pytest.raises(MissingFileError, match=r'nowhere\.onnx'):
        open_estimator(PoseModels('nowhere.onnx'))
    (tmp_path / 'bad.onnx').write_text('no model')
    with pytest.raises(CheckpointError, match=r'bad\.onnx cannot be loaded'):
        open_estimator(PoseModels(str(tmp_path / 'bad.onnx')))
    with pytest.raises(UsageError, match='needs a pose model too'):
        open_estimator(PoseModels('rtmlib', detector=one_stage))


def test_without_a_network_the_message_says_how_to_give_files(monkeypatch, tmp_path):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))

    def offline(*args, **kwargs):
        raise OSError('no network')

    monkeypatch.setattr('rtmlib.tools.file.urlopen', offline)
    with pytest.raises(CheckpointError, match=r'cannot be downloaded \(no network\): give files, --pose rtmo\.onnx'):
        open_estimator(PoseModels('rtmlib'))


def test_rtmlib_goes_before_mediapipe():
    assert choose_backend() == 'rtmlib' and HEIGHT == SIDE
