"""From a video to answers with MediaPipe, offline. The joints are looked at, not only their number."""

import json
import os
import zipfile
from pathlib import Path

import cv2
import flatbuffers
import mediapipe
import numpy as np
import pytest

from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.errors import CheckpointError, MissingFileError, RecordingError, UsageError
from usdrl_mmaction.recordings.clip import Clip
from usdrl_mmaction.recordings.video import PoseModels, open_estimator, read_video
from usdrl_mmaction.skeletons import LAYOUTS

MODULES = Path(mediapipe.__file__).parent / 'modules'


@pytest.fixture(scope='module')
def one() -> object:
    return open_estimator(PoseModels('mediapipe'))


@pytest.fixture(scope='module')
def clip(beam, one) -> Clip:
    return read_video(beam, one)


def joint(clip: Clip, name: str, person: int = 0) -> np.ndarray:
    """One joint, or the middle of both of its sides.  # (frames with the person, 2)"""
    found = clip.keypoint[person][clip.keypoint[person].any((1, 2))]
    numbers = [number for number, known in enumerate(clip.joints) if known in (name, f'left_{name}', f'right_{name}')]
    return found[:, numbers].mean(1)


def length(clip: Clip, first: str, second: str, person: int = 0) -> np.ndarray:
    return np.linalg.norm(joint(clip, first, person) - joint(clip, second, person), axis=-1)


def check_body(clip: Clip, person: int = 0):
    """Somebody upright: head and shoulders above hips above knees above ankles, and limbs of a body's lengths."""
    heights = {name: joint(clip, name, person)[:, 1] for name in ('nose', 'shoulder', 'hip', 'knee', 'ankle')}
    for upper, lower in (('nose', 'hip'), ('shoulder', 'hip'), ('hip', 'knee'), ('knee', 'ankle')):
        assert (heights[upper] < heights[lower]).all(), (upper, lower)
    torso = length(clip, 'shoulder', 'hip', person)
    for side in ('left', 'right'):
        for first, second, longest in (('shoulder', 'elbow', 0.9), ('elbow', 'wrist', 0.8), ('wrist', 'index', 0.5)):
            limb = length(clip, f'{side}_{first}', f'{side}_{second}', person)
            assert (limb < longest * torso).mean() >= 0.95  # within reach
            assert np.median(limb) > 0.05 * torso.mean()
    step = np.linalg.norm(np.diff(joint(clip, 'hip', person), axis=0), axis=-1)
    assert (step < 0.2 * torso.mean()).all()  # nobody jumps from frame to frame


def test_a_man_is_found_in_the_frames_of_a_portrait_video(clip):
    assert clip.joints == LAYOUTS['mediapipe'].names and clip.img_shape == (1920, 1080)
    assert clip.fps == pytest.approx(60, abs=0.1)
    assert clip.keypoint.shape == (1, 100, 33, 2) and clip.score.shape == (1, 100, 33)
    assert clip.keypoint.any((2, 3)).mean() >= 0.95
    assert clip.score.min() >= 0 and clip.score.max() <= 1 and clip.score.mean() > 0.8
    check_body(clip)


def test_he_is_where_one_sees_him(clip):
    """Measured by eye in two frames; he walks towards the camera and to the right."""
    for frame, name, place in ((10, 'nose', (572, 455)), (10, 'hip', (428, 745)), (80, 'hip', (530, 840))):
        assert np.linalg.norm(joint(clip, name)[frame] - place) < 60
    assert joint(clip, 'hip')[-1, 0] > joint(clip, 'hip')[0, 0] + 50
    side = joint(clip, 'left_shoulder')[:, 0] - joint(clip, 'right_shoulder')[:, 0]
    assert (side > 0).mean() > 0.95  # he faces the camera: his left is on the right


def test_size_and_width_of_the_picture_change_little(clip, one, frames, write_frames, tmp_path):
    wide = np.pad(frames, ((0, 0), (0, 0), (300, 300), (0, 0)))  # a landscape video
    for name, pictures, left in (('small', frames, 0), ('wide', wide, 300)):
        found = read_video(write_frames(tmp_path / f'{name}.mp4', pictures), one)
        assert found.img_shape == pictures.shape[1:3] and found.keypoint.any((2, 3)).mean() >= 0.95
        off = (found.keypoint - [left, 0]) * 3 - clip.keypoint
        assert np.median(np.linalg.norm(off, axis=-1)) < 30


def test_a_video_of_nobody_is_refused(one, write_frames, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (10, 120, 160, 3)).astype(np.uint8)
    with pytest.raises(RecordingError, match=r'noise\.mp4: nobody is seen in it'):
        read_video(write_frames(tmp_path / 'noise.mp4', noise), one)


def test_from_videos_to_answers_drawn_over_a_video(beam, frames, write_frames, tmp_path, run_command, capfd):
    """A classifier is taught by the first half of the video and answers for the second."""
    walk, mirrored = frames[:45], frames[:45, :, ::-1]
    taught = {'walk': (walk, mirrored, frames[5:50]), 'stand': [frames[[at] * 45] for at in (3, 20, 40)]}
    for name, clips in taught.items():
        for number, pictures in enumerate(clips):
            write_frames(tmp_path / f'taught/{name}/{number}.mp4', pictures)
    model, out = tmp_path / 'actions', tmp_path / 'out'
    run_command('convert', tmp_path / 'taught', tmp_path / 'taught.pkl', '--layout', 'body', '--pose', 'mediapipe')
    content = read_annotations(str(tmp_path / 'taught.pkl'))
    assert content['meta']['classes'] == ['stand', 'walk'] and content['meta']['fps'] == pytest.approx(60, abs=0.1)
    assert len(content['annotations']) == 6
    run_command('enrol', tmp_path / 'taught', '--model', model, '--pose', 'mediapipe')
    walks = write_frames(tmp_path / 'walks.mp4', frames[55:])
    stands = write_frames(tmp_path / 'stands.mp4', frames[[80] * 45])
    capfd.readouterr()
    flags = ['--model', model, '--pose', 'mediapipe', '--draw', tmp_path / 'drawn', '--out', out, '--no-unknown']
    run_command('infer', walks, stands, *flags)
    assert 'read 2 of 2 videos with mediapipe, which follows one person' in (said := capfd.readouterr().err)
    assert len(said.splitlines()) == 1  # MediaPipe and TensorFlow are silent
    results = json.loads((out / 'results.json').read_text())
    assert [result['actions'][0]['name'] for result in results] == ['walk', 'stand']
    drawn = cv2.VideoCapture(str(tmp_path / 'drawn/walks.mp4'))
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == 45


# Several people: the Tasks API


@pytest.fixture(scope='module')
def task(tmp_path_factory) -> Path:
    """A pose landmarker as the Tasks API takes it: a zip of the wheel's models, with how images are scaled."""
    path = tmp_path_factory.mktemp('task') / 'pose_landmarker.task'
    models = {
        'pose_detector.tflite': ('pose_detection/pose_detection.tflite', 127.5, 127.5, -1.0),
        'pose_landmarks_detector.tflite': ('pose_landmark/pose_landmark_full.tflite', 0.0, 255.0, 0.0),
    }
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_STORED) as bundle:
        for name, (file, *scaling) in models.items():
            bundle.writestr(name, with_scaling((MODULES / file).read_bytes(), *scaling))
    return path


def with_scaling(model: bytes, mean: float, std: float, least: float) -> bytes:
    from mediapipe.tasks.metadata import metadata_schema_py_generated as schema
    from mediapipe.tasks.metadata import schema_py_generated as tflite
    from mediapipe.tasks.python.metadata.metadata import MetadataPopulator

    image, unit, scaling = schema.TensorMetadataT(), schema.ProcessUnitT(), schema.NormalizationOptionsT()
    scaling.mean, scaling.std = [mean], [std]
    unit.optionsType, unit.options = schema.ProcessUnitOptions.NormalizationOptions, scaling
    image.processUnits, image.stats, image.content = [unit], schema.StatsT(), schema.ContentT()
    image.stats.min, image.stats.max = [least], [1.0]
    image.content.contentPropertiesType = schema.ContentProperties.ImageProperties
    image.content.contentProperties = schema.ImagePropertiesT()
    image.content.contentProperties.colorSpace = schema.ColorSpaceType.RGB
    outputs = tflite.ModelT.InitFromObj(tflite.Model.GetRootAsModel(model, 0)).subgraphs[0].outputs
    graph, whole = schema.SubGraphMetadataT(), schema.ModelMetadataT()
    graph.inputTensorMetadata, graph.outputTensorMetadata = [image], [schema.TensorMetadataT() for _ in outputs]
    whole.subgraphMetadata = [graph]
    builder = flatbuffers.Builder(0)
    builder.Finish(whole.Pack(builder), MetadataPopulator.METADATA_FILE_IDENTIFIER)
    populator = MetadataPopulator.with_model_buffer(model)
    populator.load_metadata_buffer(bytes(builder.Output()))
    populator.populate()
    return bytes(populator.get_model_buffer())


def test_several_people_are_followed_with_a_models_file(task, clip, frames, write_frames, tmp_path):
    """The man twice, side by side, the right one mirrored and 20 frames ahead."""
    pair = np.concatenate([frames[:60, :, :300], frames[20:80, :, 300::-1]], axis=2)
    found = read_video(write_frames(tmp_path / 'pair.mp4', pair), open_estimator(PoseModels(str(task))))
    people = np.flatnonzero(found.keypoint.any((2, 3)).mean(1) >= 0.95)
    assert len(people) == 2
    left, right = sorted(people, key=lambda person: joint(found, 'hip', person)[0, 0])
    for person in (left, right):
        check_body(found, person)
    whole = joint(clip, 'hip') / 3
    assert np.linalg.norm(joint(found, 'hip', left) - whole[:60], axis=-1).max() < 15
    mirrored = np.stack([600 - whole[20:80, 0], whole[20:80, 1]], axis=-1)
    assert np.linalg.norm(joint(found, 'hip', right) - mirrored, axis=-1).max() < 15


def test_a_file_that_is_no_model_is_named(beam, tmp_path):
    path = tmp_path / 'bad.task'
    with pytest.raises(MissingFileError, match=r'bad\.task'):
        open_estimator(PoseModels(str(path)))
    path.write_text('no model')
    with pytest.raises(CheckpointError, match=r'bad\.task is no pose landmarker of MediaPipe'):
        read_video(beam, open_estimator(PoseModels(str(path))))


def test_a_version_without_models_asks_for_a_file(monkeypatch):
    monkeypatch.delattr(mediapipe, 'solutions')
    with pytest.raises(UsageError, match=r'carries no models: give a file, --pose .*\.task, or pip install'):
        open_estimator(PoseModels('mediapipe'))


def test_standard_error_is_left_as_it_was(beam, one, capfd):
    read_video(beam, one)
    os.write(2, b'still here')
    assert capfd.readouterr().err == 'still here'


def test_a_detector_is_refused():
    with pytest.raises(UsageError, match=r'MediaPipe takes no detector: leave out yolox\.onnx'):
        open_estimator(PoseModels('mediapipe', detector='yolox.onnx'))
