"""Sound files of every kind, and functions that use them."""

import json
import pickle
import shutil
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from as_written import FORMATS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from raw_files import mmpose_instance, moving, write_openpose, write_pkummd, write_skeleton

from usdrl_mmaction.apis import ActionClassifier, BodyEncoder, load
from usdrl_mmaction.body import BODY
from usdrl_mmaction.commands import run
from usdrl_mmaction.datasets import SkeletonDataset, read_annotations
from usdrl_mmaction.datasets.segments import are_segments
from usdrl_mmaction.recordings.readers import read_clip

from .isolated import LIMIT, fork, wait

ROOT = Path(__file__).resolve().parents[2]


BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 0 90 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Spine
  {
    OFFSET 0 20 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 30 0
    }
  }
  JOINT LeftUpLeg
  {
    OFFSET 10 0 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -40 0
    }
  }
}
MOTION
Frames: 3
Frame Time: 0.033333
0 90 0 0 0 0 1 2 3 4 5 6
1 90 0 5 0 0 2 2 3 4 5 6
2 90 0 9 0 0 3 2 3 4 5 6
"""


def annotation_file(folder: Path) -> Path:
    path = folder / 'clips.pkl'
    if not path.exists():
        draw = np.random.default_rng(0)
        clips = [
            dict(frame_dir=f'clip{i}', label=i % 3, total_frames=30 + i,
                 keypoint=draw.normal(size=(1 + i % 2, 30 + i, 25, 3)).astype(np.float32))
            for i in range(24)
        ]  # fmt: skip
        names = [clip['frame_dir'] for clip in clips]
        path.write_bytes(
            pickle.dumps({'split': {'xsub_train': names[:16], 'xsub_val': names[16:]}, 'annotations': clips})
        )
    return path


PIPELINE = Config.fromfile(ROOT / 'configs/usdrl/benchmarks/linear_synthetic.py').train_dataloader.dataset.pipeline


def read_dataset(path: Path) -> str | None:
    init_default_scope('mmaction')
    dataset = SkeletonDataset(ann_file=str(path), split='xsub_train', pipeline=PIPELINE)
    shapes = {tuple(dataset[index]['inputs'].shape) for index in range(len(dataset))}
    return None if shapes <= {(1, 2, 64, 25, 3)} else f'clips of {shapes}'


def command(name: str, *arguments):
    """Run ``usdrl NAME`` in this process."""
    run(name, [*map(str, arguments)])


def write_recordings(folder: Path) -> list[Path]:
    """One sound recording in each format."""
    folder.mkdir(parents=True)
    clip = moving(persons=2)
    np.savez(folder / 'a.npz', keypoint=clip, keypoint_score=np.ones(clip.shape[:3], np.float32))
    np.save(folder / 'b.npy', clip)
    write_skeleton(folder / 'c.skeleton', clip)
    write_pkummd(folder / 'd.txt', clip)
    frames = [
        {'frame_id': t, 'instances': [mmpose_instance(pose) for pose in clip[:, t]]} for t in range(clip.shape[1])
    ]
    (folder / 'e.json').write_text(json.dumps({'meta_info': {}, 'instance_info': frames}))
    header = ','.join(f'{joint}_{axis}' for joint in range(25) for axis in 'xyz')
    rows = '\n'.join(','.join(map(str, frame.ravel())) for frame in clip[0])
    (folder / 'f.csv').write_text(f'{header}\n{rows}\n')
    (folder / 'h.bvh').write_text(BVH)
    write_openpose(folder / 'g', {t: [np.c_[pose[:, :2], np.ones(25)] for pose in clip[:, t]] for t in range(3)})
    return sorted(folder.iterdir())


def write_formats(folder: Path) -> list[Path]:
    """A sound recording in each format of other tools that the installed packages read."""
    paths = []
    for number, form in enumerate(FORMATS):
        if not form.package or find_spec(form.package):
            (folder / f'{number:02d}').mkdir(parents=True)
            paths.append(form.write(folder / f'{number:02d}'))
    return paths


def read(path: Path) -> str | None:
    clip = read_clip(path)
    sound = clip.keypoint.ndim == 4 and clip.keypoint.dtype == np.float32 and np.isfinite(clip.keypoint).all()
    return None if sound else f'a clip of {clip.keypoint.shape}, {clip.keypoint.dtype}'


def write_model(folder: Path) -> Path:
    """A classifier of two actions, as ``usdrl enrol`` writes it, from a process whose threads end with it."""
    wait(fork(partial(fit_model, folder))[0], LIMIT)
    return folder


def fit_model(folder: Path):
    clips = [np.random.default_rng(seed).normal(size=(1, 20, len(BODY.parents), 3)) for seed in range(6)]
    model = ActionClassifier('body', layout='body', convolutions=False, unknown=True)
    model.fit(clips, ['wave', 'sit'] * 3).save(folder)


def use_model(folder: str | Path) -> str | None:
    """Recognises a clip with a model that may be damaged."""
    model, clip = load(folder, 'cpu'), moving(joints=len(BODY.parents))
    found = model.embed([clip], 'body') if isinstance(model, BodyEncoder) else model.predict_proba([clip])
    return None if np.isfinite(found).all() else f'answers {found}'


def convert_segments(table: Path, video: Path, out: Path):
    """Converts a video with a table of its segments."""
    folder = table.with_suffix('.videos')
    folder.mkdir(exist_ok=True)
    shutil.copy(video, folder / 'v.npy')
    command('convert', folder, out, '--layout', 'nturgb+d', '--segments', table, '--workers', 1)
    dataset = read_annotations(str(out))
    for item in dataset['annotations']:
        if not are_segments(item['segments']) or item['segments'].max() > item['total_frames']:
            return f'segments {item["segments"]}'
    return None
