"""Find the people in videos and where their joints are, by MMDetection and MMPose, and write an annotation file that
everything here takes. Needs the [full] extra. The page docs/infer.md shows it."""

import argparse
import contextlib
import io
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2
import mmaction.apis.inference as stock
import numpy as np
from mmengine.device import get_device
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from rich.progress import track
from torch import nn

from usdrl_mmaction.datasets.annotations import make_annotation, write_annotations
from usdrl_mmaction.errors import AnnotationError, UsageError
from usdrl_mmaction.recordings.clip import fit, keep_people
from usdrl_mmaction.recordings.readers.mmpose import to_clip
from usdrl_mmaction.skeletons import get_skeleton

NEEDED = {'mmcv._ext': 'mmcv with compiled operators', 'mmdet': 'mmdet', 'mmpose': 'mmpose'}
DETECTOR = 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_2x_coco.py'
POSE = 'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py'
PERSON = 0  # in COCO
TOGETHER = 32  # frames that are in memory at a time


def main(argv=None):
    args = parse_args(argv)
    check_packages()
    from mmdet.apis import init_detector
    from mmpose.apis import init_model

    device = args.device or get_device()
    detector = load(init_detector, args.detector, args.detector_checkpoint, device, '--detector-checkpoint')
    pose = load(init_model, args.pose, args.pose_checkpoint, device, '--pose-checkpoint')
    annotations, skipped = [], []
    for path in args.videos:
        try:
            annotations.append(read_video(path, detector, pose, args.layout, args.num_person, args.score_thr))
        except AnnotationError as error:
            skipped.append(str(error))
    rates = {item.pop('fps') for item in annotations}
    meta = {'layout': args.layout, 'classes': [], 'fps': rates.pop() if len(rates) == 1 else None, 'source': 'videos'}
    meta = {key: value for key, value in meta.items() if value is not None}
    write_annotations(args.out, annotations, {'all': [item['frame_dir'] for item in annotations]}, meta, skipped)


def parse_args(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('videos', nargs='+', type=Path, metavar='VIDEO', help='any file that OpenCV reads')
    parser.add_argument('--out', type=Path, default='skeletons.pkl', help='file to write')
    parser.add_argument('--detector', metavar='CONFIG', default=DETECTOR, help="MMDetection's config, detects people")
    parser.add_argument('--detector-checkpoint', metavar='FILE', help="default: that of MMDetection's, downloaded")
    parser.add_argument('--pose', metavar='CONFIG', default=POSE, help="MMPose's config, top-down")
    parser.add_argument('--pose-checkpoint', metavar='FILE', help="default: that of MMPose's, downloaded")
    parser.add_argument('--layout', default='coco', help='the joints that the pose model marks')
    parser.add_argument('--num-person', type=int, default=2, help='people to keep a video, the most active ones')
    parser.add_argument('--score-thr', type=float, default=0.5, help='score from which a detection is somebody')
    parser.add_argument('--device', help='default: an accelerator if there is one')
    return parser.parse_args(argv)


def check_packages():
    missing = [what for name, what in NEEDED.items() if not find_spec(name)]
    if missing:
        raise UsageError(
            f'skeletons are found in videos by packages that are not here ({", ".join(missing)}): '
            "pip uninstall -y mmcv-lite && pip install 'usdrl-mmaction[full]'"
        )


def load(init: Callable, config: str, checkpoint: str | None, device: str, flag: str) -> nn.Module:
    """A model of a package ('mmdet::…', with the weights that the package names for it) or of a file."""
    if '::' not in config and not (Path(config).is_file() and checkpoint):
        raise UsageError(f'a config file goes with a checkpoint: {config} is to be there, and {flag} to be given.')
    try:
        cfg = get_config(config, pretrained=checkpoint is None) if '::' in config else config
        return init(cfg, checkpoint or cfg.model_path, device=device)
    except (OSError, AssertionError) as error:  # no network, no such file, or a package that names no weights
        raise UsageError(
            f'the weights of {config} cannot be loaded ({str(error).splitlines()[0]}): download them where there is a '
            f'network, and give the file as {flag}.'
        ) from error


def read_video(
    path: Path, detector: nn.Module, pose: nn.Module, layout: str, num_person: int, score_thr: float
) -> dict:
    """The annotation of a video."""
    video = cv2.VideoCapture(str(path))
    batches = -(-max(video.get(cv2.CAP_PROP_FRAME_COUNT), 0) // TOGETHER)  # a guess in some files
    people, shape = [], None
    for frames in track(read_frames(video), path.name, batches, transient=True):
        people += find_people(detector, pose, frames, score_thr)
        shape = frames[0].shape[:2]
    if not people:
        raise AnnotationError(f'{path} is no video that OpenCV reads, or has no frames.')
    clip = fit(to_clip(people, path), get_skeleton(layout), path)._replace(img_shape=shape)
    return make_annotation(path.stem, -1, keep_people(clip, num_person), fps=video.get(cv2.CAP_PROP_FPS))


def read_frames(video: cv2.VideoCapture) -> Iterator[list[np.ndarray]]:
    while batch := [frame for there, frame in (video.read() for _ in range(TOGETHER)) if there]:
        yield batch


def find_people(
    detector: nn.Module, pose: nn.Module, frames: list[np.ndarray], score_thr: float
) -> list[list[np.ndarray]]:
    """The people of each frame, (V, 3) of x, y and score.

    Both functions take frames as well as their paths, and look for transforms in the package of the model that was
    loaded last, unless they are told. Frames without people are kept from MMPose: given no box it takes the whole image
    for a person.
    """
    people = [[] for _ in frames]
    with without_bars():
        with DefaultScope.overwrite_default_scope('mmdet'):
            boxes, _ = stock.detection_inference(detector, None, frames, score_thr, PERSON)
        shown = [number for number, found in enumerate(boxes) if len(found)]
        with DefaultScope.overwrite_default_scope('mmpose'):
            results, _ = stock.pose_inference(pose, None, [frames[i] for i in shown], [boxes[i] for i in shown])
    for number, result in zip(shown, results, strict=True):
        joints = [result['keypoints'], np.asarray(result['keypoint_scores'])[..., None]]  # (P, V, 2), (P, V, 1)
        people[number] = list(np.concatenate(joints, axis=-1).astype(np.float32))
    return people


@contextlib.contextmanager
def without_bars():
    """MMAction2 shows a bar each time it is called; here that is every second."""
    bar, stock.track_iter_progress = stock.track_iter_progress, iter
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        stock.track_iter_progress = bar
