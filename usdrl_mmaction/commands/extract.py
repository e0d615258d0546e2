"""Extract skeletons from videos with MMDetection and MMPose, and write them to an annotation file. This needs the
[full] extra. docs/infer.md shows an example."""

import argparse
from pathlib import Path

from mmengine.device import get_device

from usdrl_mmaction.datasets.annotations import make_annotation, write_annotations
from usdrl_mmaction.errors import UsdrlError
from usdrl_mmaction.recordings.clip import fit, keep_people
from usdrl_mmaction.recordings.video import DETECTOR, POSE, check_packages, load_model, read_video
from usdrl_mmaction.skeletons import get_skeleton

from .common import add_device


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('videos', nargs='+', type=Path, metavar='VIDEO', help='any file that OpenCV reads')
    parser.add_argument('--out', type=Path, default='skeletons.pkl', help='file to write')
    parser.add_argument('--detector', metavar='CONFIG', default=DETECTOR, help="MMDetection's config, detects people")
    parser.add_argument('--detector-checkpoint', metavar='FILE', help="by default MMDetection's, downloaded")
    parser.add_argument('--pose', metavar='CONFIG', default=POSE, help="MMPose's config, top-down")
    parser.add_argument('--pose-checkpoint', metavar='FILE', help="by default MMPose's, downloaded")
    parser.add_argument('--layout', default='coco', help='the joints that the pose model marks')
    parser.add_argument('--num-person', type=int, default=2, help='people to keep of each video, the most active ones')
    parser.add_argument('--score-thr', type=float, default=0.5, help='the least score of a detected person')
    add_device(parser)
    args = parser.parse_args(argv)
    check_packages()
    from mmdet.apis import init_detector
    from mmpose.apis import init_model

    skeleton, device = get_skeleton(args.layout), args.device or get_device()
    detector = load_model(init_detector, args.detector, args.detector_checkpoint, device, '--detector-checkpoint')
    pose = load_model(init_model, args.pose, args.pose_checkpoint, device, '--pose-checkpoint')
    annotations, rates, skipped = [], set(), []
    for path in args.videos:
        try:
            clip, fps = read_video(path, detector, pose, args.score_thr)
            clip = keep_people(fit(clip, skeleton, path), args.num_person)
        except UsdrlError as error:
            skipped.append(str(error))
            continue
        annotations.append(make_annotation(path.stem, -1, clip))
        rates.add(fps)
    fps = {'fps': rates.pop()} if len(rates) == 1 else {}
    meta = {'layout': args.layout, 'classes': [], 'source': 'videos', **fps}
    write_annotations(args.out, annotations, {'all': [item['frame_dir'] for item in annotations]}, meta, skipped)
