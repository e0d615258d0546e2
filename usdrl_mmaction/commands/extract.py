"""Extract skeletons from videos with MediaPipe, rtmlib or MMPose, and write them to an annotation file without labels.
docs/video.md shows examples."""

import argparse
from pathlib import Path

from usdrl_mmaction.datasets.annotations import make_annotation, write_annotations
from usdrl_mmaction.errors import UsdrlError
from usdrl_mmaction.recordings.clip import fit, keep_people
from usdrl_mmaction.recordings.video import PoseModels, read_videos
from usdrl_mmaction.skeletons import get_skeleton

from .common import add_device


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('videos', nargs='+', type=Path, metavar='VIDEO', help='any file that OpenCV reads')
    parser.add_argument('--out', type=Path, default='skeletons.pkl', help='file to write')
    parser.add_argument(
        '--pose', metavar='MODEL', help="mediapipe, rtmlib, mmpose, a .task or .onnx file, or MMPose's config"
    )
    parser.add_argument('--pose-checkpoint', metavar='FILE', help="by default MMPose's, downloaded")
    parser.add_argument(
        '--detector', metavar='MODEL', help="detector of people: an .onnx file, or MMDetection's config"
    )
    parser.add_argument('--detector-checkpoint', metavar='FILE', help="by default MMDetection's, downloaded")
    parser.add_argument('--layout', default='coco', help='the joints to write')
    parser.add_argument('--num-person', type=int, default=2, help='people to keep of each video, the most active ones')
    parser.add_argument('--score-thr', type=float, default=0.5, help='the least score of a detected person')
    add_device(parser)
    args = parser.parse_args(argv)
    skeleton, models = (
        get_skeleton(args.layout),
        PoseModels(**{name: getattr(args, name) for name in PoseModels._fields}),
    )
    clips, faults = read_videos(args.videos, models)
    annotations, skipped = [], [str(fault) for fault in faults]
    for path, clip in clips.items():
        try:
            clip = keep_people(fit(clip, skeleton, path), args.num_person)
        except UsdrlError as error:
            skipped.append(str(error))
            continue
        annotations.append(make_annotation(path.stem, -1, clip))
    rates = {clip.fps for clip in clips.values()}
    fps = {'fps': rates.pop()} if len(rates) == 1 and None not in rates else {}
    meta = {'layout': args.layout, 'classes': [], 'source': 'videos', **fps}
    write_annotations(args.out, annotations, {'all': [item['frame_dir'] for item in annotations]}, meta, skipped)
